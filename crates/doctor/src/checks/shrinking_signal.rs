//! The signal loses its size from layer to layer.
//!
//! # What it sees
//!
//! How far the values of a unit differ between samples, behind every hidden activation. Behind the last it is far less than
//! behind the first.
//!
//! # Why it matters
//!
//! A layer can only tell apart what differs. Where the differences shrink, all samples look the same to the last layer, and the
//! weights that read such a signal get small gradients.
//!
//! # Cause
//!
//! Weights too small for the activation behind them; an activation that flattens, such as sigmoid, many times over.
//!
//! # Cure
//!
//! An initializer that keeps the variance: Glorot, He, LeCun, each for its activation; normalization; residual connections.
//!
//! # Evidence
//!
//! ```text
//! 20·log₁₀(σ last / σ first) < −40 dB,  σ the deviation over the batch, per unit, root mean square over the units
//! in half of the draws of the weights, and still so at the last look:  a warning;  where the gradient is in trouble too:  sick
//! ```
//!
//! It is taken between one normalization and the next, as a normalization gives the signal its size back. A bias does not count,
//! as it is the same for all samples.
//!
//! # Reference
//!
//! Glorot and Bengio 2010; Poole et al. 2016; He et al. 2015.

use super::check::Check;
use super::signal::signal;
use crate::case::{Case, Outcome};

pub(crate) const CHECK: Check =
    Check { code: "SG104", name: "shrinking_signal", source: include_str!("shrinking_signal.rs"), run };

fn run(case: &Case<'_>) -> Outcome {
    signal(case, &CHECK, -1.0, |times| {
        if times == 0.0 {
            return "the signal is lost along the hidden layers: it is the same for all samples".into();
        }
        format!("the signal shrinks to {times:.0e} of its size along the hidden layers")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;
    use crate::testing::Patient;

    #[test]
    fn it_is_found_by_what_it_does_over_all_layers() {
        let mut patient = Patient::healthy(6);
        assert!(patient.fine(&CHECK));
        patient.signals(|i, s| s.deviation = 0.1_f64.powi(i as i32));
        let finding = patient.found(&CHECK);
        assert_eq!(
            (finding.severity, &finding.layers[..]),
            (Severity::Warning, &["dense_5".to_string()][..])
        );
        assert!((finding.evidence[0].measured.abs() - 100.0).abs() < 1e-6);
        // A small factor in few layers is nothing.
        patient.signals(|i, s| s.deviation = 0.5_f64.powi(i as i32));
        assert!(patient.fine(&CHECK));
    }

    #[test]
    fn a_training_that_mends_it_and_a_normalization_between_end_it() {
        let mut patient = Patient::healthy(6);
        let healthy = patient.chart.clone();
        patient.signals(|i, s| s.deviation = 0.1_f64.powi(i as i32));
        let sick = patient.clone();
        patient.chart = healthy;
        assert!(patient.fine(&CHECK));
        let mut patient = sick;
        for chart in patient.draws.iter_mut().chain([&mut patient.chart]) {
            for layer in chart.layers.iter_mut().filter(|l| l.role == "linear").skip(1).take(5) {
                layer.role = "normalization".into();
            }
            if let Some(last) = chart.layers.last_mut() {
                last.role = "linear".into();
            }
        }
        assert!(patient.fine(&CHECK));
    }

    #[test]
    fn nothing_and_numbers_that_are_none_say_nothing() {
        let mut patient = Patient::healthy(4);
        for x in [0.0, f64::NAN, f64::INFINITY] {
            patient.signals(|_, s| s.deviation = x);
            assert!(patient.fine(&CHECK), "{x}");
        }
        assert!(Patient::healthy(1).fine(&CHECK) && Patient::empty().fine(&CHECK));
    }
}
