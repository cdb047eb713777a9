//! The weights are drawn with another variance than the activations ask for.
//!
//! # What it sees
//!
//! The variance of every hidden kernel's initializer beside the one that keeps the size of a signal through the activation behind
//! it. What is too much or too little adds up over the layers.
//!
//! # Why it matters
//!
//! A factor of 2 in one layer is nothing; in twenty it is a million.
//!
//! # Cause
//!
//! An initializer with a fixed size, such as RandomNormal(0.05), in layers of another width; Glorot before rectifiers in a deep
//! network; He before tanh.
//!
//! # Cure
//!
//! He for rectifiers, LeCun or Glorot for tanh and SELU, VarianceScaling with the activation's own scale for all others.
//!
//! # Evidence
//!
//! ```text
//! |Σ 10·log₁₀(Var[W] / (g²/fan_in))| > 40 dB  over the hidden layers,  g² = 1 / E[f(z)²] for z ~ N(0, 1)
//! and the measured gradient or signal changes by more than 26 dB, in the median of the draws:  a warning
//! ```
//!
//! 40 dB are a factor of 100 in size: three layers of sigmoid with Glorot's weights, as many tutorials have them, are below it.
//! Layers that a normalization follows do not count, and where the measured flow keeps its size nothing is said, whatever the
//! formula thinks.
//!
//! # Reference
//!
//! LeCun et al. 1998; Glorot and Bengio 2010; He et al. 2015.

use super::check::{Check, found};
use crate::case::{Case, Outcome};
use crate::edit::Edit;
use crate::finding::{Cause, Evidence, Prescription, Severity};
use crate::forecast::{FAR, TRAINABLE};
use crate::looks::{hidden_parts, measured, mismatch};

pub(crate) const CHECK: Check = Check {
    code: "SG201",
    name: "initializer_mismatch",
    source: include_str!("initializer_mismatch.rs"),
    run,
};

fn run(case: &Case<'_>) -> Outcome {
    let total = mismatch(case);
    // Without a look nobody knows whether it hurts.
    let Some((gradient, signal)) = measured(case) else { return Outcome::Fine };
    let moved = gradient.abs().max(signal.abs());
    if case.setup.loaded || total.abs() <= FAR || moved <= TRAINABLE {
        return Outcome::Fine;
    }
    let off = |variance: f64, wanted: f64| wanted > 0.0 && (10.0 * (variance / wanted).log10()).abs() > 1.0;
    let parts = hidden_parts(case);
    let wrong =
        parts.iter().filter(|p| !p.normalized && p.variance.zip(p.wanted).is_some_and(|(v, w)| off(v, w)));
    let mut finding = CHECK.finding(
        Severity::Warning,
        format!(
            "the weights are drawn too {}: by {:.0} dB over all hidden layers",
            if total > 0.0 { "large" } else { "small" },
            total.abs()
        ),
    );
    finding.layers = wrong.map(|p| p.path.clone()).collect();
    finding.evidence = vec![
        Evidence::new("variance of the weights against what the activations ask for, dB", total, "about 0"),
        Evidence::new("gradient at the first layer against the last, dB", gradient, "about 0"),
        Evidence::new("signal behind the last hidden layer against the first, dB", signal, "about 0"),
    ];
    finding.causes = vec![Cause::Initializer];
    finding.prescriptions = vec![Prescription::trial(Edit::Initializers)];
    found(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Patient;

    fn drawn(times: f64) -> Patient {
        let mut patient = Patient::healthy(6);
        for part in &mut patient.setup.parts {
            part.variance = part.variance.map(|v| v * times);
        }
        patient
    }

    #[test]
    fn wrong_weights_that_move_the_signal_are_told() {
        let mut patient = drawn(0.1);
        patient.signals(|i, s| s.deviation = 0.3_f64.powi(i as i32));
        let finding = patient.found(&CHECK);
        assert_eq!((finding.severity, finding.layers.len()), (Severity::Warning, 6));
        assert!((finding.evidence[0].measured + 60.0).abs() < 1e-9);
        assert!(finding.summary.contains("too small"));
    }

    #[test]
    fn a_flow_that_is_fine_normalization_and_unknown_variances_end_it() {
        assert!(drawn(0.1).fine(&CHECK) && Patient::healthy(6).fine(&CHECK) && Patient::empty().fine(&CHECK));
        let mut patient = drawn(0.1);
        patient.signals(|i, s| s.deviation = 0.3_f64.powi(i as i32));
        let sick = patient.clone();
        patient.setup.parts.iter_mut().for_each(|p| p.normalized = true);
        assert!(patient.fine(&CHECK));
        for variance in [None, Some(0.0), Some(f64::NAN), Some(f64::INFINITY)] {
            let mut patient = sick.clone();
            patient.setup.parts.iter_mut().for_each(|p| p.variance = variance);
            assert!(patient.fine(&CHECK), "{variance:?}");
        }
    }
}
