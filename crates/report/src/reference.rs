//! The page of what conditions mean: the text of their checks, as `explain` prints it.

use crate::markdown;
use crate::page::{Section, whole};
use crate::text::{escape, words};
use steadygrad_doctor::checks::Check;

/// The texts of these checks as one HTML file.
///
/// ```
/// let page = steadygrad_report::page_of_checks(steadygrad_doctor::checks::CATALOG);
/// assert!(page.contains("id=\"vanishing_gradient\"") && page.contains("SG101"));
/// ```
pub fn page_of_checks(checks: &[Check]) -> String {
    let links: String = checks
        .iter()
        .map(|c| format!("<li><a href=\"#{0}\">{0}</a>: {1}</li>", escape(c.name), escape(&c.title())))
        .collect();
    let (title, list) = match checks {
        [one] => (format!("{} {}", one.code, one.name.replace('_', " ")), String::new()),
        _ => ("What the doctor finds".to_string(), format!("<ul>{links}</ul>")),
    };
    let text = |check: &Check| {
        format!(
            "<article id=\"{}\"><h3>{} <span class=\"code\">{}</span></h3><div class=\"prose\">{}</div></article>",
            escape(check.name),
            words(check.name),
            escape(check.code),
            markdown(&check.explain())
        )
    };
    let head = format!("<div class=\"hero\"><div><h1>{}</h1>{list}</div></div>", escape(&title));
    let sections = [
        Section::new("conditions", "", "", head),
        Section::new("texts", "", "", checks.iter().map(text).collect()),
    ];
    whole(&title, &sections)
}
