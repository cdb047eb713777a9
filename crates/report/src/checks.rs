//! All checks that looked, what each of them said, and its text.

use crate::markdown;
use crate::text::{escape, words};
use crate::verdict::shape;
use steadygrad_doctor::{Severity, checks::CATALOG};
use steadygrad_lab::Diagnosis;

/// A line for each check, to be opened.
pub fn html(diagnosis: &Diagnosis) -> String {
    let one = |check: &steadygrad_doctor::checks::Check| {
        let found = diagnosis.findings.iter().find(|f| f.code == check.code);
        let (state, said) = match found.map(|f| f.severity) {
            None => ("healthy", "nothing found"),
            Some(Severity::Sick) => ("sick", "found"),
            Some(_) => ("unsure", "a warning"),
        };
        format!(
            "<details class=\"check\"><summary>{}<span><b>{}</b> <span class=\"code\">{}</span> <span class=\"quiet\">{said}</span>\
             </span></summary><div class=\"prose\">{}</div></details>",
            shape(state),
            words(check.name),
            escape(check.code),
            markdown(&check.explain())
        )
    };
    CATALOG.iter().map(one).collect()
}
