//! Units are 0 for every sample, and nothing can bring them back.
//!
//! # What it sees
//!
//! The units of every activation that were exactly 0 for all samples seen.
//!
//! # Why it matters
//!
//! A rectifier that is 0 for every sample has slope 0 for every sample: its weights get no gradient and never change again.
//! Where a whole layer is dead the network's output no longer depends on its input.
//!
//! # Cause
//!
//! Layers so narrow or a network so deep that a draw of the weights shuts a layer; a step so large that it throws the biases
//! far below 0; inputs that are not scaled.
//!
//! # Cure
//!
//! An activation with a slope on the left: Leaky ReLU, ELU, SELU; more units; a smaller learning rate; batch normalization before
//! the activation.
//!
//! # Evidence
//!
//! ```text
//! the fraction of units that are 0 for all samples seen ≥ 0.9 in some hidden layer:  sick
//! ≥ 0.5:  a warning, of 20 samples or more
//! ```
//!
//! A network that learns all the same, to below 0.9 of the loss of the best constant answer, is not sick: then it is a warning.
//! But it stays sick where its whole training takes off that loss (or off the error of a guess, if
//! that says more) less than half of what it takes off with the first prescription,
//! and that takes off a half of it or more (measured).
//!
//! After a training the least of the last five looks counts: what is dead in one batch may live in the next.
//!
//! Zeros alone are no death: a healthy rectifier is 0 for half of its samples, each unit for others.
//!
//! # Reference
//!
//! Lu, Shin, Su and Karniadakis 2019 (dying ReLU and initialization); Maas, Hannun and Ng 2013 (Leaky ReLU).

use super::check::{Check, root};
use crate::case::{Case, Outcome};
use crate::causes;
use crate::finding::{Evidence, Finding, Severity};
use crate::flow::{MOST_DEAD, Trouble, hidden};
use steadygrad_chart::Sample;

pub(crate) const CHECK: Check =
    Check { code: "SG107", name: "dead_units", source: include_str!("dead_units.rs"), run };

/// Looks at the end.
const LOOKS: usize = 5;
/// Samples below which half of a layer is 0 for all of them by chance.
const FEW: usize = 20;
/// Of a layer's units: from here on it is worth a word.
const MANY: f64 = 0.5;

fn run(case: &Case<'_>) -> Outcome {
    let chart = case.looked_at();
    // A unit is dead at the end only where it is in all of the last looks.
    let late = &chart.samples[chart.samples.len().saturating_sub(LOOKS)..];
    let seen = |s: &Sample, i: usize| s.layers.get(i).and_then(|seen| seen.dead).unwrap_or(0.0);
    let dead = |i: usize| late.iter().map(|s| seen(s, i)).reduce(f64::min).unwrap_or(0.0);
    let worst = hidden(chart).map(dead).fold(0.0, f64::max);
    let found = root(case, Trouble::Dead);
    if found.is_none() && (worst < MANY || case.setup.samples < FEW) {
        return Outcome::Fine;
    }
    let sick = found.is_some();
    let (causes, prescriptions) = match causes::of_flow(case) {
        Ok(known) if sick => known,
        Ok(_) => (Vec::new(), Vec::new()),
        Err(question) if sick => return Outcome::Ask(question),
        Err(_) => (Vec::new(), Vec::new()),
    };
    let layers = hidden(chart).filter(|&i| dead(i) >= MANY).map(|i| chart.layers[i].whole.clone());
    let share = found.map_or(0.0, |f| f.share);
    Outcome::Found(Box::new(Finding {
        code: CHECK.code,
        condition: CHECK.name,
        severity: if sick { Severity::Sick } else { Severity::Warning },
        summary: if sick {
            "whole layers are dead: their units are 0 for every sample".into()
        } else {
            format!("{:.0} % of the units of a layer are 0 for every sample", 100.0 * worst)
        },
        layers: layers.collect(),
        evidence: vec![
            Evidence::new("largest fraction of dead units in a hidden layer", worst, format!("below {MANY}")),
            Evidence::new(
                format!("share of the draws in which {:.0} % or more are dead", 100.0 * MOST_DEAD),
                share,
                "0",
            ),
        ],
        causes,
        prescriptions,
        follows_from: None,
    }))
}
