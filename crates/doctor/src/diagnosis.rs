//! The diagnosis: all checks over one case, the root first, its consequences under it.

use crate::case::{Case, Outcome, Question, Setup, Spread};
use crate::checks::CATALOG;
use crate::checks::check::calm_start;
use crate::checks::impossible;
use crate::failing::stands;
use crate::finding::{Cause, Finding, Severity};
use crate::hampered::{Rank, hampered};
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
    ("clipping_always", &["learning_rate_too_low"]),
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

/// What this case says of the order, beyond the table.
#[derive(Clone, Copy)]
struct Order {
    /// Steps were too small, and the flow was well before them: what it is at the end follows from them.
    slow: bool,
    /// Small batches are why it does not learn.
    batch: bool,
}

impl Order {
    fn of(case: &Case<'_>, findings: &[Finding]) -> Order {
        let told = |condition: &str| findings.iter().find(|f| f.condition == condition);
        let started = !case.flows().is_empty() && calm_start(case);
        let small = |f: &Finding| f.causes.contains(&Cause::BatchSize);
        Order {
            slow: started && told("learning_rate_too_low").is_some(),
            batch: told("not_learning").is_some_and(small) && told("batch_norm_gap").is_some_and(small),
        }
    }

    /// How near to the root a condition stands.
    fn place(self, finding: &Finding) -> (usize, u8) {
        let at = |c: &str| EXPLAINS.iter().position(|(known, _)| *known == c).unwrap_or(EXPLAINS.len());
        match finding.condition {
            "clipping_always" if self.slow => (at("learning_rate_too_high"), 2),
            "learning_rate_too_low" if self.slow => (at("learning_rate_too_high"), 3),
            "batch_norm_gap" if self.batch => (at("not_learning"), 0),
            condition => (at(condition), 1),
        }
    }

    fn explains(self, root: &Finding, other: &Finding) -> bool {
        let table = |name: &str| EXPLAINS.iter().any(|(c, f)| *c == name && f.contains(&other.condition));
        let slow = self.slow && root.condition == "learning_rate_too_low";
        let batch = self.batch && (root.condition, other.condition) == ("batch_norm_gap", "not_learning");
        // Small steps leave a flow in the same ways as large ones do.
        table(root.condition) || slow && table("learning_rate_too_high") || batch
    }

    /// What only follows is no worse than its root, and a root no less bad than what it explains here.
    fn level(self, findings: &mut [Finding]) {
        let of = |findings: &[Finding], c: &str| {
            findings.iter().find(|f| f.condition == c).map_or(Severity::Note, |f| f.severity)
        };
        if self.slow {
            let most = of(findings, "learning_rate_too_low");
            let late = |f: &&mut Finding| FLOW.contains(&f.condition);
            findings.iter_mut().filter(late).for_each(|f| f.severity = f.severity.min(most));
        }
        if self.batch {
            let least = of(findings, "not_learning");
            let gap = findings.iter_mut().filter(|f| f.condition == "batch_norm_gap");
            gap.for_each(|f| f.severity = f.severity.max(least));
        }
    }
}

/// Conditions of the flow.
const FLOW: [&str; 4] = ["exploding_gradient", "vanishing_gradient", "dead_units", "zero_gradient"];

/// What healed a failing training is the cause of a flow too that was well at the start, and of which nothing else is known.
fn pass_on(case: &Case<'_>, findings: &mut [Finding]) {
    let healed = |f: &&Finding| f.condition == "not_learning" && f.severity == Severity::Sick;
    let Some(reason) = findings.iter().find(healed).filter(|_| calm_start(case)).cloned() else { return };
    for finding in findings.iter_mut().filter(|f| FLOW.contains(&f.condition) && f.causes.is_empty()) {
        finding.causes.clone_from(&reason.causes);
        finding.prescriptions.splice(0..0, reason.prescriptions.iter().cloned());
    }
}

/// Hangs every finding under the one nearest to the root that explains it and is no less severe; one that is no worse than a
/// warning and names no other cause than the root goes with it too. The order is that of [`Order::place`], so there is no circle.
fn hang(findings: &mut [Finding], order: Order) {
    for i in 1..findings.len() {
        let (before, rest) = findings.split_at_mut(i);
        let finding = &mut rest[0];
        let nearer = |g: &Finding| order.place(g) < order.place(finding) && order.explains(g, finding);
        let root = before.iter().find(|g| g.severity >= finding.severity && nearer(g));
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
        Standing::Learns if (hangs(case) || case.setup.misread()) && !learnt(case, case.curves) => {
            return Ok(false);
        }
        // The same where the loss alone says so, and nobody knows of what.
        Standing::Learns if case.setup.targets.is_empty() && hopeless(case) => return Ok(false),
        Standing::Learns => match hampered(case, findings)? {
            Rank::Hampered => return Ok(false),
            rank => rank == Rank::Open,
        },
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
    let order = Order::of(case, &findings);
    order.level(&mut findings);
    pass_on(case, &mut findings);
    findings.sort_by_key(|f| (std::cmp::Reverse(f.severity), order.place(f)));
    hang(&mut findings, order);
    let looked = case.draws.iter().chain([case.chart]).any(|c| !c.samples.is_empty());
    let sick = findings.iter().any(|f| f.severity == Severity::Sick);
    // Hundreds of steps without a trace of learning, and nobody knows why: that is not healthy either.
    let small = ["learning_rate_too_low", "clipping_always"];
    let slow = |code| findings.iter().any(|f| Some(f.code) == code && small.contains(&f.condition));
    let stuck = findings.iter().any(|f| f.condition == "not_learning" && !slow(f.follows_from));
    let verdict = match (sick, looked && !stuck && !doubt && !stands(case)) {
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

    /// A calm start, a gradient that is lost at the end, a training that fails, and one that learns with another rate.
    fn lost_at_the_end(update: f64, times: f64) -> Patient {
        let mut patient = Patient::healthy(4);
        patient.answers.clear();
        for (i, sample) in patient.chart.samples.iter_mut().enumerate().skip(1) {
            sample.layers[0].delta = sample.layers[0].delta.map(|d| d * if i > 30 { 1e-5 } else { 1.0 });
            sample.layers.iter_mut().flat_map(|l| &mut l.updates).for_each(|u| *u = update);
        }
        patient.curves.loss = vec![1.1; 3];
        patient.finishes_at(Vec::new(), 1.1);
        let rate = crate::failing::rounded(1e-3 * times);
        let edit = crate::Edit::Set("compile.optimizer.config.learning_rate", rate.into());
        patient.trains_to(vec![edit.clone()], 0.3);
        patient.finishes_at(vec![edit], 0.3);
        // Whatever else is asked does not help.
        loop {
            let questions = diagnose(&patient.case()).questions;
            if questions.is_empty() {
                return patient;
            }
            for question in questions {
                match question {
                    Question::Finish(edits) => patient.finishes_at(edits, 1.1),
                    Question::Train(edits) => patient.trains_to(edits, 1.1),
                    Question::Start(_) => panic!("the start is calm"),
                }
            }
        }
    }

    #[test]
    fn a_flow_that_is_lost_at_the_end_follows_from_a_rate_that_is_to_blame() {
        let opinion = diagnose(&lost_at_the_end(2e-5, 100.0).case());
        let told: Vec<_> = opinion.findings.iter().map(|f| (f.condition, f.follows_from)).collect();
        assert_eq!(told, [("learning_rate_too_low", None), ("vanishing_gradient", Some("SG302"))]);
        assert!(opinion.findings[1].evidence[0].what.contains("at the end"));
        let opinion = diagnose(&lost_at_the_end(0.01, 0.1).case());
        let told: Vec<_> = opinion.findings.iter().map(|f| (f.condition, f.follows_from)).collect();
        assert_eq!(told, [("learning_rate_too_high", None), ("vanishing_gradient", Some("SG301"))]);
        assert_eq!(opinion.verdict, Verdict::Sick);
    }

    #[test]
    fn what_was_not_looked_at_is_unsure() {
        let opinion = diagnose(&Patient::empty().case());
        assert_eq!((opinion.verdict, opinion.findings.len()), (Verdict::Unsure, 0));
    }
}
