//! The gradient grows on its way from the loss to the first layers.
//!
//! # What it sees
//!
//! The norm of the gradient at the weighted sums of every layer. At the first layer it is far larger than at the last.
//!
//! # Why it matters
//!
//! One step that is right for the last layer throws the first ones far away; the loss jumps, and ends as NaN.
//!
//! # Cause
//!
//! Going back, every layer multiplies the gradient by its slope and its weights. Where these factors are above 1 their product
//! grows exponentially with the depth: weights drawn from N(0, 1), an activation such as exp that grows without bound, residual
//! blocks that add without being scaled. Batch normalization before ReLU lets it grow by 1.21 a layer, which is harmless for some
//! forty layers.
//!
//! # Cure
//!
//! An initializer that fits the activation; an activation that grows no faster than its input; normalization; until then clipping
//! by the global norm keeps the training alive.
//!
//! # Evidence
//!
//! ```text
//! 20·log₁₀(‖δ first‖ / ‖δ last‖) > 40 dB (70 dB in a normalized network)  in half of the draws of the weights
//! ```
//!
//! A network that learns all the same, to below 0.9 of the loss of the best constant answer, is not sick: then it is a warning.
//! But it stays sick where its whole training takes off that loss (or off the error of a guess, if
//! that says more) less than half of what it takes off with the first prescription,
//! and that takes off a half of it or more (measured).
//! Where it was not seen to train, it is sick only with one rate for all weights and 10 dB more, or where an activation such as exp
//! multiplies every error by more than 1.5 a layer; an optimizer that divides by the gradient's size does not feel a mere scale,
//! and the verdict is "unsure".
//!
//! # Reference
//!
//! Pascanu, Mikolov and Bengio 2013; He et al. 2015; Yang et al. 2019 (growth under batch normalization).

use super::check::{Check, root, worst_layers};
use crate::case::{Case, Outcome};
use crate::causes;
use crate::edit::Edit;
use crate::finding::{Evidence, Finding, Prescription, Severity};
use crate::flow::Trouble;

pub(crate) const CHECK: Check =
    Check { code: "SG102", name: "exploding_gradient", source: include_str!("exploding_gradient.rs"), run };

fn run(case: &Case<'_>) -> Outcome {
    let Some(found) = root(case, Trouble::Exploding) else { return Outcome::Fine };
    let (causes, mut prescriptions) = match causes::of_flow(case) {
        Ok(known) => known,
        Err(question) => return Outcome::Ask(question),
    };
    if !case.setup.clips {
        prescriptions
            .push(Prescription::trial(Edit::Set("compile.optimizer.config.global_clipnorm", 1.0.into())));
    }
    let limit = case.growth();
    let times = 10_f64.powf(found.decibels / 20.0);
    Outcome::Found(Box::new(Finding {
        code: CHECK.code,
        condition: CHECK.name,
        severity: Severity::Sick,
        summary: format!("the gradient at the first layer is {times:.0e} times that at the last"),
        layers: worst_layers(case, true),
        evidence: vec![
            found.evidence(&format!("below {limit:.0} dB"), case.forecast.judged_decibels()),
            Evidence::new("share of the draws of the weights in which it grows so", found.share, "0"),
        ],
        causes,
        prescriptions,
        follows_from: None,
    }))
}
