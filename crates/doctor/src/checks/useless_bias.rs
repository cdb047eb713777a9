//! A bias right before a batch normalization does nothing.
//!
//! # What it sees
//!
//! Layers with a bias whose output is batch-normalized before any activation.
//!
//! # Why it matters
//!
//! The normalization subtracts the mean, and with it any bias. Its gradient is 0 but for rounding. It costs memory and time, and
//! an optimizer with decay or noise moves it for nothing. The network learns as well with it.
//!
//! # Cause
//!
//! use_bias, which is on unless it is turned off.
//!
//! # Cure
//!
//! use_bias = false; the normalization's own offset, beta, takes its place.
//!
//! # Evidence
//!
//! ```text
//! (z + b) − E[z + b] = z − E[z]
//! ```
//!
//! There is no threshold: it is so for every batch.
//!
//! # Reference
//!
//! Ioffe and Szegedy 2015, section 3.2.

use super::check::{Check, found};
use crate::case::{Case, Outcome, Part};
use crate::edit::Edit;
use crate::finding::{Cause, Evidence, Prescription, Severity};

pub(crate) const CHECK: Check =
    Check { code: "SG206", name: "useless_bias", source: include_str!("useless_bias.rs"), run };

fn run(case: &Case<'_>) -> Outcome {
    let useless: Vec<&Part> =
        case.setup.parts.iter().filter(|p| p.bias && p.batch_normalized && p.trainable).collect();
    if useless.is_empty() {
        return Outcome::Fine;
    }
    let numbers: usize = useless.iter().map(|p| p.units).sum();
    let mut finding = CHECK.finding(
        Severity::Note,
        format!("{numbers} biases stand before a batch normalization, which takes them out"),
    );
    finding.layers = useless.iter().map(|p| p.path.clone()).collect();
    finding.evidence = vec![Evidence::new("biases that do nothing", numbers as f64, "0")];
    finding.causes = vec![Cause::BatchNorm];
    finding.prescriptions = vec![Prescription::safe(Edit::DropBias)];
    found(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Applicability;
    use crate::testing::Patient;

    #[test]
    fn a_bias_before_a_batch_normalization_is_a_note_with_a_safe_cure() {
        let mut patient = Patient::healthy(3);
        assert!(patient.fine(&CHECK) && Patient::empty().fine(&CHECK));
        patient.setup.parts[1].batch_normalized = true;
        let finding = patient.found(&CHECK);
        assert_eq!((finding.severity, finding.layers), (Severity::Note, vec!["dense_1".to_string()]));
        assert_eq!(finding.prescriptions[0].applicability, Applicability::Safe);
        patient.setup.parts[1].bias = false;
        assert!(patient.fine(&CHECK));
    }
}
