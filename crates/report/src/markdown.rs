//! The Markdown that checks explain themselves in, as HTML: headings, paragraphs, lists, blocks, code, emphasis.

use crate::text::escape;

/// Markdown as HTML. Everything else in it, tags included, is text. Headings begin at `h4`.
///
/// ```
/// let html = steadygrad_report::markdown("# Cause\n\nA *step* of `0.1` <br>.\n\n```text\na < b\n```");
/// assert_eq!(html, "<h4>Cause</h4><p>A <em>step</em> of <code>0.1</code> &lt;br&gt;.</p><pre>a &lt; b</pre>");
/// ```
pub fn html(text: &str) -> String {
    let mut out = String::new();
    let mut lines = text.lines().peekable();
    let (mut paragraph, mut items): (Vec<&str>, Vec<String>) = (Vec::new(), Vec::new());
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        let item = trimmed.strip_prefix("- ").or_else(|| trimmed.strip_prefix("* "));
        let starts = trimmed.is_empty() || trimmed.starts_with('#') || trimmed.starts_with("```");
        if starts || item.is_some() {
            close_paragraph(&mut out, &mut paragraph);
        }
        if starts {
            close_list(&mut out, &mut items);
        }
        if trimmed.starts_with("```") {
            let block: Vec<&str> = lines.by_ref().take_while(|l| !l.trim().starts_with("```")).collect();
            out += &format!("<pre>{}</pre>", escape(&block.join("\n")));
        } else if let Some(rest) = trimmed.strip_prefix('#') {
            let deep = rest.bytes().take_while(|b| *b == b'#').count();
            let level = (4 + deep).min(6);
            out += &format!("<h{level}>{}</h{level}>", inline(rest[deep..].trim()));
        } else if let Some(item) = item {
            items.push(item.to_string());
        } else if let Some(last) = items.last_mut().filter(|_| !trimmed.is_empty()) {
            *last += " ";
            *last += trimmed;
        } else if !trimmed.is_empty() {
            paragraph.push(trimmed);
        }
    }
    close_paragraph(&mut out, &mut paragraph);
    close_list(&mut out, &mut items);
    out
}

fn close_paragraph(out: &mut String, lines: &mut Vec<&str>) {
    if !lines.is_empty() {
        *out += &format!("<p>{}</p>", inline(&lines.join(" ")));
        lines.clear();
    }
}

fn close_list(out: &mut String, items: &mut Vec<String>) {
    if !items.is_empty() {
        let all: String = items.iter().map(|i| format!("<li>{}</li>", inline(i))).collect();
        *out += &format!("<ul>{all}</ul>");
        items.clear();
    }
}

/// Code, strong and emphasis within a line; a mark without its partner is a letter.
fn inline(text: &str) -> String {
    const MARKS: [(&str, &str); 3] = [("`", "code"), ("**", "strong"), ("*", "em")];
    let (mut out, mut rest) = (String::new(), text);
    'text: while let Some(at) = rest.find(['`', '*']) {
        out += &escape(&rest[..at]);
        rest = &rest[at..];
        for (mark, tag) in MARKS {
            let Some(after) = rest.strip_prefix(mark) else { continue };
            // "3 * 4" is a product.
            let end = after.find(mark).filter(|&e| e > 0 && !after.starts_with(' '));
            if let Some(end) = end {
                let inside = if tag == "code" { escape(&after[..end]) } else { inline(&after[..end]) };
                out += &format!("<{tag}>{inside}</{tag}>");
                rest = &after[end + mark.len()..];
                continue 'text;
            }
        }
        out += &rest[..1];
        rest = &rest[1..];
    }
    out + &escape(rest)
}

#[cfg(test)]
mod tests {
    use super::html;

    #[test]
    fn lists_marks_without_partners_and_open_blocks() {
        assert_eq!(html("- a\n  b\n- **c**"), "<ul><li>a b</li><li><strong>c</strong></li></ul>");
        assert_eq!(html("3 * 4 * 5 ` x"), "<p>3 * 4 * 5 ` x</p>");
        assert_eq!(html("```\na"), "<pre>a</pre>");
        assert_eq!(html("## Deep"), "<h5>Deep</h5>");
        assert_eq!(html("<script>"), "<p>&lt;script&gt;</p>");
        assert_eq!(html(""), "");
    }

    #[test]
    fn every_check_explains_itself_without_a_mark_left_over() {
        for check in steadygrad_doctor::checks::CATALOG {
            let page = html(&check.explain());
            for heading in ["What it sees", "Why it matters", "Cause", "Cure", "Evidence", "Reference"] {
                assert!(page.contains(&format!("<h4>{heading}</h4>")), "{}: {heading}", check.name);
            }
            assert!(page.contains("<pre>") && !page.contains("```"), "{}", check.name);
        }
    }
}
