//! The frame of every page: head, style, sections, script.

use crate::policy::policy;
use crate::style::{SCRIPT, page_rules};
use crate::text::escape;

/// A section: id, heading, what it says in a sentence, and what is in it.
pub struct Section {
    /// Its id.
    pub id: &'static str,
    /// Its heading, if it has one of its own.
    pub heading: &'static str,
    /// How it is read, in a sentence or two of HTML.
    pub about: &'static str,
    /// What is in it: HTML.
    pub body: String,
}

impl Section {
    /// A section of these.
    pub fn new(id: &'static str, heading: &'static str, about: &'static str, body: String) -> Section {
        Section { id, heading, about, body }
    }

    fn html(&self) -> String {
        let Section { id, heading, about, body } = self;
        if heading.is_empty() {
            return format!("<section id=\"{id}\" class=\"top\">{body}</section>\n");
        }
        let about = if about.is_empty() { String::new() } else { format!("<p class=\"about\">{about}</p>") };
        format!(
            "<section id=\"{id}\" aria-labelledby=\"{id}-h\"><h2 id=\"{id}-h\">{heading}</h2>{about}{body}</section>\n"
        )
    }
}

/// A whole page. The title is plain text.
pub fn whole(title: &str, sections: &[Section]) -> String {
    let links: String = sections
        .iter()
        .filter(|s| !s.heading.is_empty())
        .map(|s| format!("<a href=\"#{}\">{}</a>", s.id, s.heading))
        .collect();
    let body: String = sections.iter().map(Section::html).collect();
    let title = escape(title);
    // A browser reads the end of a line as one letter, however a checkout has written it; the hash must be of what it reads.
    let [style, script] = [page_rules().as_str(), SCRIPT].map(|text| format!("\n{text}\n").replace('\r', ""));
    let policy = policy(&style, &script);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">To the verdict</a>\n\
         <header class=\"bar\"><span class=\"brand\">steadygrad</span><span class=\"title\">{title}</span>\
         <button type=\"button\" id=\"theme\" class=\"script\" hidden>theme: auto</button></header>\n\
         <main id=\"main\">\n<nav aria-label=\"Sections\">{links}</nav>\n{body}</main>\n\
         <footer><p>Decibels are 20·log₁₀ of a ratio: 20 dB is a factor of ten, 6 dB a factor of two. Made by steadygrad {}; \
         the page loads nothing.</p></footer>\n<div id=\"tip\" role=\"status\" aria-live=\"polite\"></div>\n\
         <script>{script}</script>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION")
    )
}
