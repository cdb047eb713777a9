//! The gradient is lost on its way from the loss to the first layers.
//!
//! # What it sees
//!
//! The norm of the gradient at the weighted sums of every layer. At the first layer it is far smaller than at the last.
//!
//! # Why it matters
//!
//! A layer learns from its gradient alone. Where next to nothing of it arrives, the layer stays as it was drawn, and the
//! layers above it learn from noise.
//!
//! # Cause
//!
//! Going back, every layer multiplies the gradient by its slope and its weights. Where these factors are below 1 their
//! product falls exponentially with the depth: sigmoid has a slope of 1/4 at most; weights drawn too small; rectifiers in
//! layers so narrow that the way is often shut.
//!
//! # Cure
//!
//! An initializer that fits the activation (He for rectifiers, Glorot or LeCun for tanh and SELU); an activation that does not
//! saturate; batch normalization before the activation (layer normalization where batches are small); residual connections;
//! fewer layers; weights from a file can be scaled (LSUV). With plain SGD, an optimizer that has a rate for every weight.
//!
//! # Evidence
//!
//! ```text
//! 20·log₁₀(‖δ first‖ / ‖δ last‖) < −40 dB  in half of the draws of the weights, and still so while it trains
//! ```
//!
//! A network that learns all the same, to below 0.9 of the loss of the best constant answer, is not sick: then it is a warning.
//! But it stays sick where its whole training takes off that loss (or off the error of a guess, if
//! that says more) less than half of what it takes off with the first prescription,
//! and that takes off a half of it or more (measured).
//! Where it was not seen to train, it is sick only where no training mends it, and else the verdict is "unsure":
//!
//! ```text
//! nothing arrives at all;  or one rectifier alone is alive in a layer
//! optimizers that divide by the gradient's size:  rms ∂L/∂W of the first kernel < 10⁻⁷, which is what they add to it
//!   (but not where inputs and targets correlate by more than 0.2 and nothing is squashed or shut: that escapes)
//! one rate for all weights:  < −70 dB
//! ```
//!
//! Where only a training made it so, and another rate heals that, the rate is told first, and this follows from it.
//!
//! The ratio is relative, so a small loss, a small learning rate or a converged training is no reason. A layer that is frozen or
//! a last layer that starts at 0 is none either: it is looked at again some steps later.
//!
//! # Reference
//!
//! Hochreiter 1991; Bengio, Simard and Frasconi 1994; Glorot and Bengio 2010; Schoenholz et al. 2017 (trainable depth).

use super::check::{Check, root, worst_layers};
use crate::case::{Case, Outcome};
use crate::causes;
use crate::edit::Edit;
use crate::finding::{Evidence, Finding, Prescription, Severity};
use crate::flow::Trouble;
use crate::forecast::FAR;

pub(crate) const CHECK: Check =
    Check { code: "SG101", name: "vanishing_gradient", source: include_str!("vanishing_gradient.rs"), run };

fn run(case: &Case<'_>) -> Outcome {
    let Some(found) = root(case, Trouble::Vanishing) else { return Outcome::Fine };
    let (causes, mut prescriptions) = match causes::of_flow(case) {
        Ok(known) => known,
        Err(question) => return Outcome::Ask(question),
    };
    // A rate for every weight stands more loss than one for all.
    if ["SGD", "Sgd"].contains(&case.setup.optimizer.as_str()) && found.decibels.is_finite() {
        prescriptions.push(Prescription::trial(Edit::Set("compile.optimizer", "adam".into())));
    }
    Outcome::Found(Box::new(Finding {
        code: CHECK.code,
        condition: CHECK.name,
        severity: Severity::Sick,
        summary: match found.decibels {
            d if d == f64::NEG_INFINITY => "no gradient at all reaches the first layer".into(),
            d => format!(
                "the gradient that reaches the first layer is {:.0e} of that at the last",
                10_f64.powf(d / 20.0)
            ),
        },
        layers: worst_layers(case, false),
        evidence: vec![
            found.evidence(&format!("above −{FAR:.0} dB"), case.forecast.judged_decibels()),
            Evidence::new("share of the draws of the weights in which it is lost", found.share, "0"),
        ],
        causes,
        prescriptions,
        follows_from: None,
    }))
}
