//! The diagnosis: all checks over one case, the root first, its consequences under it.

use crate::case::{Case, Outcome, Question};
use crate::checks::CATALOG;
use crate::finding::{Finding, Severity};
use std::fmt;

/// What a network is, all in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// No check found anything that keeps it from learning.
    Healthy,
    /// Some check did.
    Sick,
    /// It could not be looked at.
    Unsure,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Healthy => "healthy",
            Verdict::Sick => "sick",
            Verdict::Unsure => "unsure",
        })
    }
}

/// What all checks say together.
#[derive(Debug, Clone, PartialEq)]
pub struct Opinion {
    /// The verdict.
    pub verdict: Verdict,
    /// What was found, the root first.
    pub findings: Vec<Finding>,
    /// What is still asked.
    pub questions: Vec<Question>,
}

/// Conditions in the order in which one explains the others.
const ROOTS: [&str; 12] = [
    "symmetric_initialization",
    "mismatched_head",
    "non_finite",
    "exploding_gradient",
    "vanishing_gradient",
    "dead_units",
    "zero_gradient",
    "growing_signal",
    "shrinking_signal",
    "saturated_units",
    "learning_rate_too_high",
    "unscaled_input",
];

/// Runs every check.
pub fn diagnose(case: &Case<'_>) -> Opinion {
    let (mut findings, mut questions) = (Vec::new(), Vec::new());
    for check in CATALOG {
        match check.run(case) {
            Outcome::Fine => {}
            Outcome::Found(finding) => findings.push(*finding),
            Outcome::Ask(question) if questions.contains(&question) => {}
            Outcome::Ask(question) => questions.push(question),
        }
    }
    let place = |f: &Finding| ROOTS.iter().position(|r| *r == f.condition).unwrap_or(ROOTS.len());
    findings.sort_by_key(|f| (std::cmp::Reverse(f.severity), place(f)));
    let root = findings.first().filter(|f| f.severity == Severity::Sick).map(|f| (f.code, place(f)));
    if let Some((code, at)) = root {
        for finding in findings.iter_mut().skip(1).filter(|f| place(f) > at || f.severity == Severity::Sick) {
            finding.follows_from = Some(code);
        }
    }
    let looked = case.draws.iter().chain([case.chart]).any(|c| !c.samples.is_empty());
    let sick = findings.iter().any(|f| f.severity == Severity::Sick);
    let verdict = match (sick, looked) {
        (true, _) => Verdict::Sick,
        (false, true) => Verdict::Healthy,
        (false, false) => Verdict::Unsure,
    };
    Opinion { verdict, findings, questions }
}
