//! The checks: one file each, found by code or by the name of its condition.

pub(crate) mod check;
mod signal;

pub mod batch_norm_gap;
pub mod clipping_always;
pub mod dead_units;
pub mod exploding_gradient;
pub mod growing_signal;
pub mod initializer_mismatch;
pub mod learning_rate_too_high;
pub mod learning_rate_too_low;
pub mod mismatched_head;
pub mod non_finite;
pub mod not_learning;
pub mod off_center_activations;
pub mod oscillating_loss;
pub mod overfitting;
pub mod saturated_units;
pub mod shrinking_signal;
pub mod symmetric_initialization;
pub mod under_trained;
pub mod unscaled_input;
pub mod unscaled_target;
pub mod useless_bias;
pub mod vanishing_gradient;
pub mod zero_gradient;

pub use check::Check;
pub(crate) use mismatched_head::impossible;
use steadygrad_kernels::{Error, Result};

/// All checks, in the order of their codes.
pub const CATALOG: &[Check] = &[
    non_finite::CHECK,
    vanishing_gradient::CHECK,
    exploding_gradient::CHECK,
    zero_gradient::CHECK,
    shrinking_signal::CHECK,
    growing_signal::CHECK,
    saturated_units::CHECK,
    dead_units::CHECK,
    off_center_activations::CHECK,
    batch_norm_gap::CHECK,
    initializer_mismatch::CHECK,
    symmetric_initialization::CHECK,
    unscaled_input::CHECK,
    unscaled_target::CHECK,
    mismatched_head::CHECK,
    useless_bias::CHECK,
    learning_rate_too_high::CHECK,
    learning_rate_too_low::CHECK,
    oscillating_loss::CHECK,
    not_learning::CHECK,
    overfitting::CHECK,
    clipping_always::CHECK,
    under_trained::CHECK,
];

/// The check of this code or name, or whose name alone begins so.
///
/// ```
/// let check = steadygrad_doctor::checks::find("SG101")?;
/// assert_eq!(check.name, "vanishing_gradient");
/// assert_eq!(steadygrad_doctor::checks::find("vanishing")?.code, "SG101");
/// assert!(check.explain().contains("# Cure"));
/// assert!(steadygrad_doctor::checks::find("vanishing_gradients").unwrap_err().to_string().contains("vanishing_gradient"));
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// If there is none, or several begin so: then they are named.
pub fn find(name: &str) -> Result<&'static Check> {
    let found = CATALOG.iter().find(|c| c.code.eq_ignore_ascii_case(name) || c.name == name);
    let begin: Vec<&Check> =
        CATALOG.iter().filter(|c| !name.is_empty() && c.name.starts_with(name)).collect();
    found.or(if let [one] = begin[..] { Some(one) } else { None }).ok_or_else(|| {
        let part = |c: &&Check| name.len() > 2 && c.name.contains(name);
        let near: Vec<String> = CATALOG.iter().filter(part).map(|c| format!("`{}`", c.name)).collect();
        let known: Vec<&str> = CATALOG.iter().flat_map(|c| [c.name, c.code]).collect();
        let error = Error::name("condition", name, &known);
        if near.is_empty() { error } else { error.help(format!("did you mean {}?", near.join(" or "))) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Patient;
    use crate::{Outcome, Severity};

    #[test]
    fn every_file_is_a_check_in_the_catalog_and_says_all_that_explain_promises() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/checks");
        let files = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = files.map(|f| f.trim_end_matches(".rs").to_string()).collect();
        names.retain(|n| n != "mod" && n != "check" && n != "signal");
        names.sort();
        let mut known: Vec<&str> = CATALOG.iter().map(|c| c.name).collect();
        known.sort();
        assert_eq!(names, known);
        for check in CATALOG {
            let text = check.explain();
            for heading in ["What it sees", "Why it matters", "Cause", "Cure", "Evidence", "Reference"] {
                assert!(text.contains(&format!("# {heading}\n")), "{}: {heading}", check.name);
            }
            assert!(text.contains("```text\n"), "{}: a formula", check.name);
        }
        let mut codes: Vec<&str> = CATALOG.iter().map(|c| c.code).collect();
        assert!(codes.is_sorted());
        codes.dedup();
        assert_eq!(codes.len(), CATALOG.len());
    }

    #[test]
    fn a_check_is_found_by_the_beginning_of_its_name_and_near_ones_are_named() {
        for (name, code) in [("sg101", "SG101"), ("vanishing", "SG101"), ("dead", "SG107")] {
            assert_eq!(find(name).unwrap().code, code);
        }
        let help = |name: &str| find(name).unwrap_err().to_string();
        assert!(help("unscaled").contains("did you mean `unscaled_input` or `unscaled_target`?"));
        assert!(help("head").contains("did you mean `mismatched_head`?"));
        assert!(help("vanising_gradient").contains("did you mean `vanishing_gradient`?"));
        assert!(help("").contains("known") && help("xyz").contains("known"));
    }

    #[test]
    fn a_healthy_network_is_told_nothing_and_what_nobody_looked_at_neither() {
        for patient in [1, 2, 6].map(Patient::healthy).into_iter().chain([Patient::empty()]) {
            for check in CATALOG {
                assert!(patient.fine(check), "{}: {:?}", check.name, patient.ask(check));
            }
        }
    }

    #[test]
    fn odd_numbers_never_panic_and_none_are_called_sick_by_comparison() {
        for x in [0.0, -1.0, 1e300, 1e-300, f64::MIN_POSITIVE, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut patient = Patient::all(x);
            for hidden in [0, 1, 3] {
                patient.chart.layers.truncate(2 * hidden + 1);
                for check in CATALOG {
                    let outcome = patient.ask(check);
                    if let Outcome::Found(finding) = outcome
                        && x.is_nan()
                    {
                        assert!(finding.severity < Severity::Sick, "{x}: {finding:?}");
                    }
                }
            }
        }
    }
}
