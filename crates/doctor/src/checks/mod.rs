//! The checks: one file each, found by code or by the name of its condition.

pub(crate) mod check;

mod dead_units;
mod exploding_gradient;
mod non_finite;
mod vanishing_gradient;

pub use check::Check;
use steadygrad_kernels::{Error, Result};

/// All checks, in the order of their codes.
pub const CATALOG: &[Check] =
    &[non_finite::CHECK, vanishing_gradient::CHECK, exploding_gradient::CHECK, dead_units::CHECK];

/// The check of this code or name.
///
/// ```
/// let check = steadygrad_doctor::checks::find("SG101")?;
/// assert_eq!(check.name, "vanishing_gradient");
/// assert!(check.explain().contains("# Cure"));
/// assert!(steadygrad_doctor::checks::find("vanishing_gradients").unwrap_err().to_string().contains("vanishing_gradient"));
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// If there is none.
pub fn find(name: &str) -> Result<&'static Check> {
    let found = CATALOG.iter().find(|c| c.code.eq_ignore_ascii_case(name) || c.name == name);
    found.ok_or_else(|| {
        let known: Vec<&str> = CATALOG.iter().flat_map(|c| [c.name, c.code]).collect();
        Error::name("condition", name, &known)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_check_in_the_catalog_and_says_all_that_explain_promises() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/checks");
        let files = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = files.map(|f| f.trim_end_matches(".rs").to_string()).collect();
        names.retain(|n| n != "mod" && n != "check");
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
}
