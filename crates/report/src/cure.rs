//! The parts of a page that only a cure has: what came of it, the change, what was tried, the proof, sick beside cured.

use crate::plot::HALF;
use crate::text::capital;
use crate::text::{escape, measure, score};
use crate::verdict::{condition, shape};
use crate::view::View;
use crate::{ledger, strip};
use steadygrad_doctor::Verdict;
use steadygrad_lab::{Cure, Diagnosis, Trials};

/// What came of it, in big words.
pub fn head(cure: &Cure) -> String {
    let sick = cure.diagnosis.verdict == Verdict::Sick;
    let (state, heading) = match (cure.cured.is_some(), sick) {
        (true, _) => ("healthy", "Cured"),
        (false, true) => ("sick", "Not cured"),
        (false, false) if cure.diagnosis.verdict == Verdict::Healthy => {
            ("healthy", "Healthy: nothing to cure")
        }
        (false, false) => ("unsure", "Unsure: nothing to cure"),
    };
    let mut lead = String::new();
    let edits: Vec<String> = cure.edits.iter().map(|e| escape(&e.to_string())).collect();
    if cure.cured.is_some() {
        lead += &format!(
            "<p class=\"lead\"><b>{}</b> was cured by: {}.</p>",
            capital(&condition(&cure.diagnosis)),
            edits.join("; ")
        );
    } else if sick {
        let why = match (&cure.tried, &cure.proof) {
            (None, _) => "There is nothing that could be tried.",
            (Some(_), None) => "Nothing that was tried is better by more than the seeds differ.",
            (Some(_), Some(_)) => "What did best did not stand the proof with other seeds.",
        };
        lead += &format!("<p class=\"lead\"><b>{}</b>. {why}</p>", capital(&condition(&cure.diagnosis)));
    }
    lead += &cure.proof.as_ref().map_or(String::new(), gain);
    format!("<div class=\"hero {state}\">{}<div><h1>{heading}</h1>{lead}</div></div>", shape(state))
}

/// The measure before and after, with seeds that took no part in the choice.
fn gain(proof: &Trials) -> String {
    let [before, after, ..] = &proof.arms[..] else { return String::new() };
    let say = |arm: &steadygrad_lab::Arm| {
        format!(
            "<dd>{}<small>± {} over {} seeds</small></dd>",
            score(arm.median(&proof.measure)),
            score(arm.spread()),
            arm.outcomes.len()
        )
    };
    let name = capital(&escape(&measure(&proof.measure.name)));
    format!(
        "<dl class=\"vitals\"><div><dt>{name}, as it was</dt>{}</div><div><dt>{name}, changed</dt>{}</div></dl>",
        say(before),
        say(after)
    )
}

/// The change of the experiment file, line by line.
pub fn diff(text: &str) -> String {
    if text.trim().is_empty() {
        return "<p class=\"quiet\">Nothing is changed.</p>".into();
    }
    let line = |line: &str| {
        let (tag, class) = match line.chars().next() {
            Some('-') => ("del", "gone"),
            Some('+') => ("ins", "come"),
            _ => ("span", "same"),
        };
        format!("<{tag} class=\"{class}\">{}</{tag}>", escape(line))
    };
    format!("<pre class=\"diff\">{}</pre>", text.lines().map(line).collect::<String>())
}

/// The flow of the sick network beside that of the changed one.
pub fn side(cure: &Cure) -> String {
    let column = |diagnosis: &Diagnosis, other: &Diagnosis, name: &str, id: &str| {
        let view = View { beside: Some(other), ..View::of(diagnosis) };
        let state = diagnosis.verdict.to_string();
        format!(
            "<div><h3>{}{name}: {}</h3>{}{}</div>",
            shape(&state),
            condition(diagnosis),
            strip::html(&view, &format!("{id}-flow"), HALF),
            ledger::html(&view, &format!("{id}-ledger"), HALF)
        )
    };
    let Some(after) = &cure.after else {
        return "<p class=\"quiet\">There is nothing to stand beside it.</p>".into();
    };
    let name = if cure.cured.is_some() { "cured" } else { "changed" };
    format!(
        "<div class=\"pair\">{}{}</div>",
        column(&cure.diagnosis, after, "as it was", "before"),
        column(after, &cure.diagnosis, name, "after")
    )
}
