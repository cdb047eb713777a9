//! What a check finds: a condition with its evidence, its causes, and what to do about it.

use crate::edit::Edit;
use serde_json::{Value as Json, json};
use std::fmt;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Note,
    /// It may hurt.
    Warning,
    /// It keeps the network from learning.
    Sick,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Sick => "sick",
        })
    }
}

/// Why a network is sick: a closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each is the word that it prints as")]
pub enum Cause {
    Initializer,
    Activation,
    Depth,
    Width,
    LearningRate,
    Optimizer,
    InputScale,
    TargetScale,
    OutputHead,
    Loss,
    Labels,
    BatchSize,
    BatchNorm,
    Regularization,
    Epochs,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cause::Initializer => "initializer",
            Cause::Activation => "activation",
            Cause::Depth => "depth",
            Cause::Width => "width",
            Cause::LearningRate => "learning_rate",
            Cause::Optimizer => "optimizer",
            Cause::InputScale => "input_scale",
            Cause::TargetScale => "target_scale",
            Cause::OutputHead => "output_head",
            Cause::Loss => "loss",
            Cause::Labels => "labels",
            Cause::BatchSize => "batch_size",
            Cause::BatchNorm => "batch_norm",
            Cause::Regularization => "regularization",
            Cause::Epochs => "epochs",
        })
    }
}

/// What was measured, beside what was expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// What was measured, in words, with its unit.
    pub what: String,
    /// The number.
    pub measured: f64,
    /// What a healthy network has, in words.
    pub expected: String,
}

impl Evidence {
    /// This measurement against this expectation.
    pub fn new(what: impl Into<String>, measured: f64, expected: impl Into<String>) -> Evidence {
        Evidence { what: what.into(), measured, expected: expected.into() }
    }
}

/// How sure a prescription is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Applicability {
    /// The same function, better conditioned.
    Safe,
    /// To be measured first.
    Trial,
    /// Words only.
    Advice,
}

impl fmt::Display for Applicability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Applicability::Safe => "safe",
            Applicability::Trial => "trial",
            Applicability::Advice => "advice",
        })
    }
}

/// What to do: edits that belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct Prescription {
    /// What it does, in words.
    pub title: String,
    /// The edits; none for advice.
    pub edits: Vec<Edit>,
    /// How sure it is.
    pub applicability: Applicability,
}

impl Prescription {
    /// One edit, to be tried.
    pub fn trial(edit: Edit) -> Prescription {
        Prescription { title: edit.to_string(), edits: vec![edit], applicability: Applicability::Trial }
    }

    /// Edits that belong together, to be tried.
    pub(crate) fn trial_of(edits: Vec<Edit>) -> Prescription {
        let title = edits.iter().map(Edit::to_string).collect::<Vec<_>>().join(" + ");
        Prescription { title, edits, applicability: Applicability::Trial }
    }

    /// One edit that changes no function.
    pub fn safe(edit: Edit) -> Prescription {
        Prescription { applicability: Applicability::Safe, ..Prescription::trial(edit) }
    }

    /// Words.
    pub fn advice(title: impl Into<String>) -> Prescription {
        Prescription { title: title.into(), edits: Vec::new(), applicability: Applicability::Advice }
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The code of the check: "SG101".
    pub code: &'static str,
    /// The condition: "vanishing_gradient".
    pub condition: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence.
    pub summary: String,
    /// The layers it is about.
    pub layers: Vec<String>,
    /// What was measured.
    pub evidence: Vec<Evidence>,
    /// Why it is so, the likeliest first; none where nobody knows.
    pub causes: Vec<Cause>,
    /// What to do, the best first.
    pub prescriptions: Vec<Prescription>,
    /// Its root: the code of the finding that this one follows from.
    pub follows_from: Option<&'static str>,
}

impl Finding {
    /// As JSON.
    pub fn to_json(&self) -> Json {
        let words = |items: &[Cause]| items.iter().map(Cause::to_string).collect::<Vec<_>>();
        let evidence = self.evidence.iter().map(|e| {
            json!({ "what": e.what, "measured": steadygrad_chart::number(e.measured), "expected": e.expected })
        });
        let prescriptions = self.prescriptions.iter().map(|p| {
            json!({ "title": p.title, "applicability": p.applicability.to_string(),
                    "edits": p.edits.iter().map(Edit::to_string).collect::<Vec<_>>() })
        });
        json!({
            "code": self.code,
            "condition": self.condition,
            "severity": self.severity.to_string(),
            "summary": self.summary,
            "layers": self.layers,
            "causes": words(&self.causes),
            "evidence": evidence.collect::<Vec<_>>(),
            "prescriptions": prescriptions.collect::<Vec<_>>(),
            "follows_from": self.follows_from,
        })
    }
}
