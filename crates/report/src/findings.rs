//! What was found: evidence, cause and cure of each finding, and what follows from it.

use crate::markdown;
use crate::text::{escape, figure, sentence, typeset, words};
use crate::verdict::{causes, shape};
use steadygrad_doctor::{Applicability, Finding, Severity, checks};
use steadygrad_lab::Diagnosis;

/// All findings, each root with its consequences.
pub fn html(diagnosis: &Diagnosis) -> String {
    if diagnosis.findings.is_empty() {
        return "<p>No check found anything.</p>".into();
    }
    let all = &diagnosis.findings;
    // A consequence whose root is not there stands for itself.
    let is_root = |f: &&Finding| {
        f.follows_from.is_none_or(|code| !all.iter().any(|r| r.code == code && r.follows_from.is_none()))
    };
    all.iter().filter(is_root).map(|root| card(root, all)).collect()
}

fn card(found: &Finding, all: &[Finding]) -> String {
    let state = match found.severity {
        Severity::Sick => "sick",
        Severity::Warning | Severity::Note => "unsure",
    };
    let mut out = format!(
        "<article class=\"finding {state}\"><h3>{}{} <span class=\"code\">{}</span></h3><p class=\"summary\">{}</p><dl>",
        shape(state),
        words(found.condition),
        escape(found.code),
        sentence(&found.summary)
    );
    out += &format!("<dt>How bad</dt><dd>{}</dd>", found.severity);
    if !found.layers.is_empty() {
        out += &format!("<dt>Where</dt><dd>{}</dd>", layers(&found.layers));
    }
    if !found.causes.is_empty() || found.severity == Severity::Sick {
        out += &format!("<dt>Cause</dt><dd>{}</dd>", causes(found));
    }
    if !found.prescriptions.is_empty() {
        let one = |p: &steadygrad_doctor::Prescription| {
            format!("<li>{} <span class=\"chip\">{}</span></li>", sentence(&p.title), how(p.applicability))
        };
        let list: String = found.prescriptions.iter().map(one).collect();
        out += &format!("<dt>Cure</dt><dd><ol>{list}</ol></dd>");
    }
    out += "</dl>";
    if !found.evidence.is_empty() {
        let row = |e: &steadygrad_doctor::Evidence| {
            format!(
                "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>",
                escape(&e.what),
                figure(e.measured),
                escape(&typeset(&e.expected))
            )
        };
        out += &format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Evidence\"><table class=\"evidence\"><thead><tr>\
             <th scope=\"col\">evidence</th><th scope=\"col\">measured</th><th scope=\"col\">healthy</th></tr></thead><tbody>{}\
             </tbody></table></div>",
            found.evidence.iter().map(row).collect::<String>()
        );
    }
    let follows: Vec<&Finding> = all.iter().filter(|f| f.follows_from == Some(found.code)).collect();
    if !follows.is_empty() {
        let one = |f: &&Finding| {
            format!(
                "<li><b>{}</b> <span class=\"code\">{}</span>: {}</li>",
                words(f.condition),
                f.code,
                sentence(&f.summary)
            )
        };
        out += &format!("<p>And so:</p><ul>{}</ul>", follows.iter().map(one).collect::<String>());
    }
    out + &explained(found.code) + "</article>"
}

/// How sure it is that a change does no harm.
fn how(applicability: Applicability) -> &'static str {
    match applicability {
        Applicability::Safe => "safe: the same function",
        Applicability::Trial => "try it and measure",
        Applicability::Advice => "advice",
    }
}

/// What a check says of itself, folded away.
fn explained(code: &str) -> String {
    let Ok(check) = checks::find(code) else { return String::new() };
    format!(
        "<details class=\"explain\"><summary>What this means</summary><div class=\"prose\">{}</div></details>",
        markdown(&check.explain())
    )
}

/// Names of layers; those in the middle left out where they are many.
fn layers(names: &[String]) -> String {
    let one = |name: &String| format!("<code>{}</code>", escape(name));
    match names {
        [first, .., last] if names.len() > 6 => {
            format!("{} … {} ({} layers)", one(last), one(first), names.len())
        }
        _ => names.iter().map(one).collect::<Vec<_>>().join(", "),
    }
}
