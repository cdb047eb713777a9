//! The diagnosis: all checks over one case, the root first, its consequences under it.

use crate::case::{Case, Outcome, Question, Setup, Spread};
use crate::checks::CATALOG;
use crate::checks::{impossible, misread};
use crate::finding::{Finding, Severity};
use crate::hampered::hampered;
use crate::hopeless::{hangs, hopeless};
use crate::learning::{STEPS, Standing, learnt, standing, steps_seen};
use std::fmt;

/// What a network is, all in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// No check found anything that keeps it from learning.
    Healthy,
    /// Some check did.
    Sick,
    /// It could not be looked at, or does not learn for a reason that nobody found.
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

/// What explains what: a condition, and those that follow from it. What stands first is nearer to the root.
const EXPLAINS: &[(&str, &[&str])] = &[
    (
        "symmetric_initialization",
        &[
            "vanishing_gradient",
            "dead_units",
            "zero_gradient",
            "shrinking_signal",
            "not_learning",
            "under_trained",
        ],
    ),
    (
        "mismatched_head",
        &[
            "non_finite",
            "exploding_gradient",
            "vanishing_gradient",
            "dead_units",
            "zero_gradient",
            "learning_rate_too_high",
            "learning_rate_too_low",
            "oscillating_loss",
            "not_learning",
            "under_trained",
        ],
    ),
    ("unscaled_input", OF_SCALE),
    ("unscaled_target", OF_SCALE),
    (
        "learning_rate_too_high",
        &[
            "non_finite",
            "exploding_gradient",
            "vanishing_gradient",
            "dead_units",
            "zero_gradient",
            "growing_signal",
            "shrinking_signal",
            "saturated_units",
            "batch_norm_gap",
            "oscillating_loss",
            "not_learning",
            "clipping_always",
        ],
    ),
    ("non_finite", OF_FLOW),
    ("exploding_gradient", OF_FLOW),
    ("vanishing_gradient", OF_FLOW),
    ("dead_units", &["zero_gradient", "shrinking_signal", "not_learning", "learning_rate_too_low"]),
    ("zero_gradient", &["not_learning"]),
    ("initializer_mismatch", &["growing_signal", "shrinking_signal", "saturated_units", "clipping_always"]),
    ("growing_signal", &["saturated_units", "clipping_always"]),
    ("saturated_units", &["shrinking_signal", "not_learning"]),
    ("learning_rate_too_low", &["not_learning", "under_trained"]),
    ("not_learning", &["under_trained"]),
];

/// What follows from numbers that are far too large.
const OF_SCALE: &[&str] = &[
    "learning_rate_too_high",
    "learning_rate_too_low",
    "non_finite",
    "exploding_gradient",
    "vanishing_gradient",
    "dead_units",
    "zero_gradient",
    "growing_signal",
    "saturated_units",
    "oscillating_loss",
    "not_learning",
    "clipping_always",
    "under_trained",
];

/// What follows from a gradient that does not arrive as it left.
const OF_FLOW: &[&str] = &[
    "exploding_gradient",
    "vanishing_gradient",
    "dead_units",
    "zero_gradient",
    "growing_signal",
    "shrinking_signal",
    "saturated_units",
    "off_center_activations",
    "initializer_mismatch",
    "batch_norm_gap",
    "learning_rate_too_low",
    "oscillating_loss",
    "not_learning",
    "clipping_always",
    "under_trained",
];

/// How near to the root a condition stands.
fn place(finding: &Finding) -> usize {
    EXPLAINS.iter().position(|(c, _)| *c == finding.condition).unwrap_or(EXPLAINS.len())
}

fn explains(root: &Finding, other: &Finding) -> bool {
    EXPLAINS.iter().any(|(c, follow)| *c == root.condition && follow.contains(&other.condition))
}

/// Hangs every finding under the one nearest to the root that explains it and is no less severe; one that is no worse than a
/// warning and names no other cause than the root goes with it too. The order is that of [`EXPLAINS`], so there is no circle.
fn hang(findings: &mut [Finding]) {
    for i in 1..findings.len() {
        let (before, rest) = findings.split_at_mut(i);
        let finding = &mut rest[0];
        let root = before
            .iter()
            .find(|g| g.severity >= finding.severity && place(g) < place(finding) && explains(g, finding));
        let same = |g: &&Finding| {
            g.severity == Severity::Sick
                && finding.severity < Severity::Sick
                && !finding.causes.is_empty()
                && finding.causes.iter().all(|c| g.causes.contains(c))
        };
        let root = root.or_else(|| before.first().filter(same));
        finding.follows_from = root.map(|g| g.follows_from.unwrap_or(g.code));
    }
}

/// All inputs or all targets are the same.
pub(crate) fn blank(setup: &Setup) -> bool {
    let same = |all: &[Spread]| {
        let known = |s: &&Spread| s.finite && s.features > 0;
        all.iter().filter(known).count() > 0 && all.iter().filter(known).all(|s| s.constant == s.features)
    };
    same(&setup.inputs) || same(&setup.targets)
}

/// Makes warnings of what does not keep this network from learning: no profile is an illness where the loss comes down. Whether
/// nobody knows: then it is unsure.
fn weigh(case: &Case<'_>, findings: &mut [Finding]) -> Result<bool, Question> {
    // From what is the same for all samples nobody learns, and no network is to blame.
    let blank = blank(case.setup) && case.setup.samples > 0;
    if !findings.iter().any(|f| f.severity == Severity::Sick) || impossible(case.setup) && !blank {
        return Ok(blank);
    }
    let standing = if blank { Standing::NotSeen } else { standing(case)? };
    let doubt = match standing {
        _ if blank => true,
        // What was seen to learn is well, whatever it hangs by. What learns late, by one living unit or against its own loss,
        // does so by luck.
        Standing::Learns if (hangs(case) || misread(case.setup)) && !learnt(case, case.curves) => {
            return Ok(false);
        }
        Standing::Learns if hampered(case, findings)? => return Ok(false),
        Standing::Learns => false,
        Standing::Fails => return Ok(false),
        Standing::NotSeen if hopeless(case) => return Ok(false),
        Standing::Open if hopeless(case) || steps_seen(case) >= STEPS => return Ok(false),
        Standing::NotSeen | Standing::Open => true,
    };
    findings.iter_mut().for_each(|f| f.severity = f.severity.min(Severity::Warning));
    Ok(doubt)
}

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
    let doubt = match weigh(case, &mut findings) {
        Ok(doubt) => doubt,
        Err(question) => {
            questions.extend((!questions.contains(&question)).then_some(question));
            false
        }
    };
    // What explains others comes first among its equals.
    findings.sort_by_key(|f| (std::cmp::Reverse(f.severity), place(f)));
    hang(&mut findings);
    let looked = case.draws.iter().chain([case.chart]).any(|c| !c.samples.is_empty());
    let sick = findings.iter().any(|f| f.severity == Severity::Sick);
    // Hundreds of steps without a trace of learning, and nobody knows why: that is not healthy either.
    let slow = |code| findings.iter().any(|f| Some(f.code) == code && f.condition == "learning_rate_too_low");
    let stuck = findings.iter().any(|f| f.condition == "not_learning" && !slow(f.follows_from));
    let verdict = match (sick, looked && !stuck && !doubt) {
        (true, _) => Verdict::Sick,
        (false, true) => Verdict::Healthy,
        (false, false) => Verdict::Unsure,
    };
    Opinion { verdict, findings, questions }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Patient;

    #[test]
    fn every_word_of_the_table_is_a_condition_and_explains_only_what_comes_later() {
        let known: Vec<&str> = CATALOG.iter().map(|c| c.name).collect();
        let at = |name: &str| EXPLAINS.iter().position(|(c, _)| *c == name).unwrap_or(EXPLAINS.len());
        for (condition, follow) in EXPLAINS {
            assert!(known.contains(condition), "{condition}");
            for other in *follow {
                assert!(known.contains(other), "{other}");
                let shared = [OF_FLOW, OF_SCALE].contains(follow);
                assert!(shared || at(condition) < at(other), "{condition} explains {other}");
            }
        }
    }

    #[test]
    fn notes_and_warnings_make_no_network_sick() {
        let mut patient = Patient::healthy(4);
        patient.setup.parts[1].batch_normalized = true;
        patient.signals(|_, s| (s.mean, s.rms, s.saturated) = (0.9, 0.91, 0.8));
        let opinion = diagnose(&patient.case());
        assert_eq!((opinion.verdict, opinion.findings.len()), (Verdict::Healthy, 3));
        assert!(opinion.findings.is_sorted_by_key(|f| std::cmp::Reverse(f.severity)));
    }

    #[test]
    fn consequences_hang_under_one_root() {
        let mut patient = Patient::healthy(4);
        patient.setup.head = "linear".into();
        patient.curves.loss = vec![f64::NAN; 3];
        for rate in [1e-4, 1e-5, 1e-6] {
            let edit = crate::Edit::Set("compile.optimizer.config.learning_rate", rate.into());
            patient.trains_to(vec![edit], 0.5);
        }
        let opinion = diagnose(&patient.case());
        let told: Vec<_> = opinion.findings.iter().map(|f| (f.condition, f.follows_from)).collect();
        assert_eq!(told, [("mismatched_head", None), ("learning_rate_too_high", Some("SG205"))]);
        assert_eq!(opinion.verdict, Verdict::Sick);
    }

    #[test]
    fn what_was_not_looked_at_is_unsure() {
        let opinion = diagnose(&Patient::empty().case());
        assert_eq!((opinion.verdict, opinion.findings.len()), (Verdict::Unsure, 0));
    }
}
