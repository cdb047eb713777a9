//! The signal grows from layer to layer.
//!
//! # What it sees
//!
//! How far the values of a unit differ between samples, behind every hidden activation. Behind the last it is far more than
//! behind the first.
//!
//! # Why it matters
//!
//! A loss that reads huge values has huge gradients, saturates every bounded activation on the way, and ends in infinity.
//!
//! # Cause
//!
//! Weights too large for the activation behind them, such as N(0, 1) in a wide layer; an activation that grows faster than what it
//! reads.
//!
//! # Cure
//!
//! An initializer that keeps the variance: Glorot, He, LeCun, each for its activation; normalization; an activation that grows
//! no faster than its input.
//!
//! # Evidence
//!
//! ```text
//! 20·log₁₀(σ last / σ first) > 40 dB,  σ the deviation over the batch, per unit, root mean square over the units
//! in half of the draws of the weights, and still so at the last look:  a warning;  where the gradient is in trouble too:  sick
//! ```
//!
//! It is taken between one normalization and the next, as a normalization gives the signal its size back.
//!
//! # Reference
//!
//! Glorot and Bengio 2010; Poole et al. 2016; He et al. 2015.

use super::check::{Check, found, suffers};
use crate::case::{Case, Outcome};
use crate::causes;
use crate::edit::Edit;
use crate::finding::{Cause, Evidence, Prescription, Severity};
use crate::forecast::FAR;
use crate::looks::{mismatch, stretches};
use steadygrad_chart::{Chart, Sample};

pub(crate) const CHECK: Check =
    Check { code: "SG105", name: "growing_signal", source: include_str!("growing_signal.rs"), run };

/// The stretch with the largest growth in dB, and the layer at its end.
fn worst(chart: &Chart, sample: &Sample) -> Option<(f64, usize)> {
    stretches(chart, sample).into_iter().max_by(|a, b| a.0.total_cmp(&b.0))
}

fn run(case: &Case<'_>) -> Outcome {
    let starts: Vec<(f64, usize)> = case.draws.iter().filter_map(|c| worst(c, c.samples.first()?)).collect();
    let far = |d: &(f64, usize)| d.0 > FAR;
    let share = starts.iter().filter(|d| far(d)).count() as f64 / case.draws.len().max(1) as f64;
    let now = case.chart.samples.last().and_then(|s| worst(case.chart, s));
    let chart = case.looked_at();
    let last = match now.or(starts.first().copied()) {
        Some(last) if share >= 0.5 && far(&last) => last,
        _ => return Outcome::Fine,
    };
    let sick = suffers(case);
    let (causes, prescriptions) = if sick {
        match causes::of_flow(case) {
            Ok(known) => known,
            Err(question) => return Outcome::Ask(question),
        }
    } else if mismatch(case) > 10.0 {
        (vec![Cause::Initializer], vec![Prescription::trial(Edit::Initializers)])
    } else {
        (Vec::new(), vec![Prescription::trial(Edit::Normalize("batch_normalization"))])
    };
    let mut finding = CHECK.finding(
        if sick { Severity::Sick } else { Severity::Warning },
        format!(
            "the signal grows to {:.0e} times its size along the hidden layers",
            10_f64.powf(last.0 / 20.0)
        ),
    );
    finding.layers = chart.layers.get(last.1).map(|l| l.whole.clone()).into_iter().collect();
    finding.evidence = vec![
        Evidence::new(
            "deviation over the batch, last hidden layer against first, dB",
            last.0,
            format!("below {FAR:.0} dB"),
        ),
        Evidence::new("share of the draws of the weights in which it is so", share, "0"),
    ];
    (finding.causes, finding.prescriptions) = (causes, prescriptions);
    found(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Patient;

    #[test]
    fn it_is_found_by_what_it_does_over_all_layers() {
        let mut patient = Patient::healthy(6);
        assert!(patient.fine(&CHECK));
        patient.signals(|i, s| s.deviation = 10.0_f64.powi(i as i32));
        let finding = patient.found(&CHECK);
        assert_eq!(
            (finding.severity, &finding.layers[..]),
            (Severity::Warning, &["dense_5".to_string()][..])
        );
        assert!((finding.evidence[0].measured.abs() - 100.0).abs() < 1e-6);
        // A small factor in few layers is nothing.
        patient.signals(|i, s| s.deviation = 2.0_f64.powi(i as i32));
        assert!(patient.fine(&CHECK));
    }

    #[test]
    fn a_training_that_mends_it_and_a_normalization_between_end_it() {
        let mut patient = Patient::healthy(6);
        let healthy = patient.chart.clone();
        patient.signals(|i, s| s.deviation = 10.0_f64.powi(i as i32));
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
