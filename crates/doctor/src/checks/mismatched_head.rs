//! The last layer, the loss and the targets do not go together.
//!
//! # What it sees
//!
//! The activation and the units of the output beside the loss and the range of the targets.
//!
//! # Why it matters
//!
//! A softmax over one unit is 1 whatever comes, and has no gradient. A sigmoid never reaches a target of 5. A cross-entropy of
//! numbers that are no probabilities is cut off where the logarithm ends, and has no gradient there.
//!
//! # Cause
//!
//! A head that was copied from another task: softmax for two classes in one unit, a sigmoid for a regression, ReLU as the last
//! activation; from_logits forgotten or given twice; labels of another form than the loss wants.
//!
//! # Cure
//!
//! Two classes: one unit with sigmoid and binary cross-entropy. More: as many units with softmax and (sparse) categorical
//! cross-entropy. A regression: no activation and a squared error.
//!
//! # Evidence
//!
//! ```text
//! sick:     softmax over 1 unit;  a cross-entropy over 1 unit that is not binary
//!           cross-entropy without from_logits on linear, tanh or relu
//!           labels < 0, ≥ the units, or not whole, for the sparse loss;  targets outside of 0..1 for the others
//!           sigmoid, tanh or relu against targets of which a quarter of the range is out of reach
//! warning:  from_logits on softmax or sigmoid;  targets that are a little out of reach;  rows that do not sum to 1
//!           sigmoid units of which just one can be true;  softmax with binary cross-entropy
//! note:     squared error of a softmax or sigmoid against labels;  relu in front of a regression
//! ```
//!
//! A loss that takes numbers for probabilities is a warning only where the training was seen to learn by its metric: its own loss
//! says nothing then. Before any training it leaves the verdict "unsure", as some networks find their way.
//!
//! These follow from the formulas; the quarter keeps noise at the end of a range from being more than a warning. Only networks
//! with one output are looked at.
//!
//! # Reference
//!
//! Bishop 2006, section 4.3; Goodfellow, Bengio and Courville 2016, section 6.2.2.

use super::check::{Check, found};
use crate::case::{Case, Outcome, Setup, Spread};
use crate::edit::Edit;
use crate::finding::{Cause, Evidence, Prescription, Severity};
use crate::looks::word;
use crate::targets::REGRESSION;

pub(crate) const CHECK: Check =
    Check { code: "SG205", name: "mismatched_head", source: include_str!("mismatched_head.rs"), run };

/// The part of the targets' range that is out of reach.
const QUARTER: f64 = 0.25;

/// What does not fit.
struct Misfit {
    severity: Severity,
    summary: String,
    evidence: Evidence,
    causes: Vec<Cause>,
    cures: Vec<Prescription>,
}

fn misfit(severity: Severity, summary: String, evidence: Evidence, causes: &[Cause]) -> Option<Misfit> {
    Some(Misfit { severity, summary, evidence, causes: causes.to_vec(), cures: Vec::new() })
}

impl Misfit {
    fn cured(mut self, cure: Prescription) -> Option<Misfit> {
        self.cures.push(cure);
        Some(self)
    }
}

fn head(to: &str) -> Prescription {
    Prescription::trial(Edit::Head(to.into()))
}

fn loss(to: &str) -> Prescription {
    Prescription::trial(Edit::Set("compile.loss", to.into()))
}

fn run(case: &Case<'_>) -> Outcome {
    let setup = case.setup;
    if setup.outputs == 0 || setup.targets.len() > 1 {
        return Outcome::Fine;
    }
    let target = setup.targets.first().filter(|t| t.finite && t.features > 0);
    let of_targets = || target.and_then(|t| labels(setup, t).or_else(|| reach(setup, t)));
    let Some(it) =
        units(setup).or_else(|| probabilities(setup)).or_else(of_targets).or_else(|| style(setup, target))
    else {
        return Outcome::Fine;
    };
    let mut finding = CHECK.finding(it.severity, it.summary);
    finding.layers = setup.parts.last().map(|p| p.path.clone()).into_iter().collect();
    (finding.evidence, finding.causes, finding.prescriptions) = (vec![it.evidence], it.causes, it.cures);
    found(finding)
}

/// The head can never answer what is wanted, by formula: no training changes that. A loss that takes numbers for probabilities
/// is wrong too, and yet some networks find their way between the ends where its logarithm is cut off.
pub(crate) fn impossible(setup: &Setup) -> bool {
    let sick = |it: Misfit| it.severity == Severity::Sick;
    if setup.outputs == 0 || setup.targets.len() > 1 {
        return false;
    }
    let target = setup.targets.first().filter(|t| t.finite && t.features > 0);
    units(setup).is_some_and(sick)
        || target.is_some_and(|t| labels(setup, t).or_else(|| reach(setup, t)).is_some_and(sick))
}

/// What the number of units alone says.
fn units(setup: &Setup) -> Option<Misfit> {
    let categorical = setup.loss.contains("Categorical") && setup.loss.contains("Crossentropy");
    let evidence = || Evidence::new("units of the output", setup.outputs as f64, "one for each class");
    if setup.outputs > 1 {
        None
    } else if setup.head == "softmax" {
        let what = "a softmax over one unit is always 1".to_string();
        let it = misfit(Severity::Sick, what, evidence(), &[Cause::OutputHead])?;
        // Two classes in one unit.
        let edits =
            vec![Edit::Head("sigmoid".into()), Edit::Set("compile.loss", "binary_crossentropy".into())];
        let title = "sigmoid on the last layer, with binary_crossentropy";
        it.cured(Prescription { edits, title: title.into(), ..head("sigmoid") })
    } else if categorical {
        let what = format!("{} over one unit: there is only one class", setup.loss);
        misfit(Severity::Sick, what, evidence(), &[Cause::Loss, Cause::OutputHead])?
            .cured(loss("binary_crossentropy"))
    } else {
        None
    }
}

/// Whether the loss gets the probabilities or the logits that it takes.
fn probabilities(setup: &Setup) -> Option<Misfit> {
    if !setup.loss.contains("Crossentropy") {
        return None;
    }
    let right = if setup.loss.starts_with("Binary") { "sigmoid" } else { "softmax" };
    let (name, logits) = (setup.head.as_str(), setup.from_logits);
    let evidence =
        Evidence::new("from_logits", f64::from(u8::from(logits)), format!("1 with linear, 0 with {right}"));
    match (name, logits) {
        _ if setup.misread() => {
            let what = format!("{} takes the output of {name} for probabilities", setup.loss);
            misfit(Severity::Sick, what, evidence, &[Cause::OutputHead, Cause::Loss])?.cured(head(right))
        }
        ("softmax" | "sigmoid", true) => {
            let what = format!("{name} acts twice: in the last layer, and in the loss with from_logits");
            misfit(Severity::Warning, what, evidence, &[Cause::OutputHead, Cause::Loss])?
                .cured(head("linear"))
        }
        ("relu" | "tanh", true) => {
            let what = format!("{name} cuts the logits off");
            misfit(Severity::Warning, what, evidence, &[Cause::OutputHead])?.cured(head("linear"))
        }
        _ => None,
    }
}

/// Whether the targets are labels of the loss' kind.
fn labels(setup: &Setup, t: &Spread) -> Option<Misfit> {
    let causes = [Cause::Labels, Cause::Loss];
    let classes = setup.outputs as f64;
    if setup.loss.starts_with("SparseCategorical") {
        let sound = t.whole && t.least >= 0.0 && t.most < classes;
        let what = format!(
            "the labels lie between {} and {}, and the output has {classes} classes",
            word(t.least),
            word(t.most)
        );
        let evidence = Evidence::new("largest label", t.most, format!("whole numbers below {classes}"));
        return misfit(Severity::Sick, what, evidence, &causes).filter(|_| !sound);
    }
    let probabilities = setup.loss.starts_with("BinaryCross")
        || setup.loss.starts_with("BinaryFocal")
        || setup.loss.starts_with("CategoricalCross")
        || setup.loss.starts_with("CategoricalFocal");
    if !probabilities {
        return None;
    }
    if t.least < 0.0 || t.most > 1.0 {
        let what = format!(
            "the targets lie between {} and {}, and {} takes 0 to 1",
            word(t.least),
            word(t.most),
            setup.loss
        );
        let evidence = Evidence::new("largest target", t.most, "from 0 to 1");
        return misfit(Severity::Sick, what, evidence, &causes);
    }
    let sum = t.mean * t.features as f64;
    let rows = setup.loss.starts_with("Categorical") && t.features > 1;
    let what = format!("a row of targets sums to {} on average, and should to 1", word(sum));
    let evidence = Evidence::new("mean sum of a row of targets", sum, "1");
    misfit(Severity::Warning, what, evidence, &causes).filter(|_| rows && (sum - 1.0).abs() > 1e-3)
}

/// Whether the head can put out what is wanted, in a regression.
fn reach(setup: &Setup, t: &Spread) -> Option<Misfit> {
    if !REGRESSION.contains(&setup.loss.as_str()) {
        return None;
    }
    let (low, high) = match setup.head.as_str() {
        "sigmoid" | "softmax" => (0.0, 1.0),
        "tanh" => (-1.0, 1.0),
        "relu" => (0.0, f64::INFINITY),
        _ => return None,
    };
    let range = t.most - t.least;
    let beyond = (low - t.least).max(0.0) + (t.most - high).max(0.0);
    // A single value has no range; then all of it is out of reach or none.
    let part = if range > 0.0 { (beyond / range).min(1.0) } else { f64::from(u8::from(beyond > 0.0)) };
    let severity = if part > QUARTER { Severity::Sick } else { Severity::Warning };
    let what = format!(
        "the targets lie between {} and {}, where {} does not reach",
        word(t.least),
        word(t.most),
        setup.head
    );
    let evidence = Evidence::new("part of the targets' range that is out of reach", part, "0");
    let it = misfit(severity, what, evidence, &[Cause::OutputHead]).filter(|_| part > 0.0)?;
    it.cured(head("linear"))
}

/// What works, and could work better.
fn style(setup: &Setup, target: Option<&Spread>) -> Option<Misfit> {
    let evidence = |expected: &str| Evidence::new("units of the output", setup.outputs as f64, expected);
    let several = setup.outputs > 1;
    let label_like = target.is_some_and(|t| t.whole && t.least == 0.0 && t.most == 1.0);
    match (setup.head.as_str(), setup.loss.as_str()) {
        ("sigmoid", l) if several && l.starts_with("SparseCategorical") => {
            let what = "one class is right, and each unit has a sigmoid of its own".to_string();
            misfit(Severity::Warning, what, evidence("softmax"), &[Cause::OutputHead])?.cured(head("softmax"))
        }
        ("softmax", l) if several && l.starts_with("BinaryCross") => {
            let what = "binary cross-entropy looks at each unit alone, and softmax ties them".to_string();
            misfit(
                Severity::Warning,
                what,
                evidence("sigmoid, or categorical cross-entropy"),
                &[Cause::Loss],
            )?
            .cured(loss("categorical_crossentropy"))
        }
        (name @ ("softmax" | "sigmoid"), "MeanSquaredError") if label_like => {
            let better = if name == "softmax" { "categorical_crossentropy" } else { "binary_crossentropy" };
            let what = format!("a squared error of {name} has next to no gradient where it is quite wrong");
            misfit(Severity::Note, what, evidence(better), &[Cause::Loss])?.cured(loss(better))
        }
        ("relu", l) if REGRESSION.contains(&l) => {
            let what = "an output of relu that is 0 for a sample has no gradient there".to_string();
            misfit(Severity::Note, what, evidence("linear or softplus"), &[Cause::OutputHead])?
                .cured(head("linear"))
        }
        _ => None,
    }
}

#[cfg(test)]
#[path = "../testing/mismatched_head.rs"]
mod tests;
