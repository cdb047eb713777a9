//! Pages as text: they are well formed, have all parts, escape everything, and stand numbers that are none.
// A test that fails may panic, its helpers too.
#![allow(clippy::unwrap_used)]

mod common;

use common::{HOSTILE, Numbers, cure, diagnosis, grid, nothing, trials};
use steadygrad_doctor::checks::CATALOG;
use steadygrad_report::{CURE_PARTS, FORECAST_PARTS, GRID_PARTS, PARTS, TRIAL_PARTS, svg};
use steadygrad_report::{page, page_of_checks, page_of_cure, page_of_forecast, page_of_grid, page_of_trials};

const ALL: [Numbers; 4] = [Numbers::Plain, Numbers::Nan, Numbers::Zero, Numbers::Infinite];

/// Elements of HTML that have no end.
const VOID: [&str; 2] = ["meta", "br"];

/// Walks over all tags: each is closed, in order; attributes are quoted; ids are there once. Returns the ids.
fn walk(text: &str) -> Vec<String> {
    let (mut open, mut ids): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut rest = text.strip_prefix("<!DOCTYPE html>").unwrap_or(text);
    while let Some(at) = rest.find('<') {
        assert!(
            !rest[..at].contains('>') || open.last().is_some_and(|t| t == "style" || t == "script"),
            "{}",
            &rest[..at]
        );
        rest = &rest[at..];
        // An end of a tag within a quoted value is none.
        let mut quoted = false;
        let end = rest.char_indices().find(|&(_, c)| {
            quoted ^= c == '"';
            c == '>' && !quoted
        });
        let (end, _) = end.expect("a tag ends");
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        let name = tag.trim_start_matches('/').split([' ', '/', '\n']).next().unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "near {}", &rest[..rest.len().min(80)]);
            continue;
        }
        let allowed = name.bytes().all(|b| b.is_ascii_alphanumeric());
        assert!(allowed && !name.is_empty(), "<{tag}>");
        for (i, part) in tag.split('"').enumerate().filter(|(i, _)| i % 2 == 0) {
            let inside = part.trim();
            assert!(
                i == 0 || inside.is_empty() || inside == "/" || inside.ends_with('=') || inside == "hidden",
                "<{tag}>"
            );
            assert!(!inside.trim_start_matches(name).trim().starts_with("on"), "<{tag}>");
        }
        for name in tag.split('"').step_by(2).filter_map(|p| p.strip_suffix('=')?.rsplit(' ').next()) {
            assert!(!["src", "srcset", "style", "action", "xlink:href"].contains(&name), "<{tag}>");
            assert!(name != "href" || tag.contains(" href=\"#"), "<{tag}>");
        }
        if let Some(id) = tag.split(" id=\"").nth(1) {
            ids.push(id.split('"').next().unwrap().to_string());
        }
        if tag.ends_with('/') || VOID.contains(&name) {
            continue;
        }
        open.push(name.to_string());
        if name == "style" || name == "script" {
            rest = &rest[rest.find(&format!("</{name}>")).expect("it ends")..];
        }
    }
    assert_eq!(open, Vec::<String>::new());
    let mut sorted = ids.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(sorted.len(), ids.len(), "ids are there once");
    ids
}

/// Nothing that turns the direction of writing, or that has no place in XML; no end of a comment or of raw text.
fn only_plain_letters(text: &str) {
    let bad = |c: char| {
        c.is_control() && c != '\n' && c != '\t' || "\u{61c}\u{200e}\u{200f}\u{fffe}\u{ffff}".contains(c)
    };
    let turns = |c: char| ('\u{2028}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c);
    assert_eq!(text.find(|c| bad(c) || turns(c)), None);
    assert!(!text.contains("<!-") && !text.contains("]]>"));
}

/// Well formed, self-contained, and all words of it escaped.
fn check(page: &str, parts: &[&str]) {
    let ids = walk(page);
    for part in parts {
        assert!(ids.iter().any(|id| id == part), "#{part}");
    }
    // What is referred to is there.
    for kind in ["href=\"#", "data-show=\"", "data-hide=\""] {
        for place in page.split(kind).skip(1) {
            let id = place.split('"').next().unwrap();
            assert!(ids.iter().any(|i| i == id), "{kind}{id}");
        }
    }
    let plain = page.replace("http://www.w3.org/2000/svg", "");
    for word in
        ["http:", "https:", "@import", "url(", "<link", "<iframe", "<img", "<base", "<form", "alert('x')"]
    {
        assert!(!plain.contains(word), "{word}");
    }
    only_plain_letters(page);
    assert_eq!(page.matches("<script>").count(), page.matches("</script>").count());
    for place in page.split(" d=\"").skip(1).chain(page.split(" y=\"").skip(1)) {
        let value = place.split('"').next().unwrap();
        assert!(!value.contains("NaN") && !value.contains("inf"), "{value}");
    }
}

#[test]
fn pages_of_all_numbers_and_depths_are_whole() {
    for numbers in ALL {
        for depth in [1, 2, 7, 60] {
            for steps in [0, 1, 30] {
                let page = page(&diagnosis(depth, steps, "dense", numbers), "a network");
                check(&page, &PARTS);
                assert_eq!(page.matches("<script>").count(), 1);
            }
        }
    }
    check(&page(&nothing(), ""), &PARTS);
}

#[test]
fn forecasts_and_conditions_are_whole_pages() {
    for numbers in ALL {
        for (depth, name) in [(1, "dense"), (7, HOSTILE), (60, "dense")] {
            let forecast = diagnosis(depth, 1, name, numbers).forecast;
            check(&page_of_forecast(&forecast, name), &FORECAST_PARTS);
        }
    }
    check(&page_of_forecast(&nothing().forecast, ""), &FORECAST_PARTS);
    let all = page_of_checks(CATALOG);
    let names: Vec<&str> = CATALOG.iter().map(|c| c.name).collect();
    check(&all, &names);
    check(&page_of_checks(&CATALOG[1..2]), &[CATALOG[1].name]);
    for check in CATALOG {
        assert!(all.contains(&steadygrad_report::markdown(&check.explain())), "{}", check.name);
    }
}

#[test]
fn hostile_names_stay_text_everywhere() {
    for numbers in ALL {
        let diagnosis = diagnosis(4, 6, HOSTILE, numbers);
        let page = page(&diagnosis, HOSTILE);
        check(&page, &PARTS);
        assert_eq!(page.matches("<script>").count(), 1, "our own");
        assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)"));
        walk(&svg::flow(&diagnosis));
        only_plain_letters(&svg::flow(&diagnosis));
        assert!(!svg::flow(&diagnosis).contains("<script"));
        let diff = format!("- {HOSTILE}\n+ <b>\n  same");
        let page = page_of_cure(&cure(HOSTILE, numbers), &diff, HOSTILE);
        check(&page, &[&CURE_PARTS[..], &PARTS].concat());
        assert_eq!(page.matches("<script>").count(), 1);
        check(&page_of_trials(&trials(HOSTILE, numbers), HOSTILE), &TRIAL_PARTS);
        let page = page_of_grid(&grid(&[2, 3], HOSTILE, numbers), HOSTILE);
        check(&page, &GRID_PARTS);
        assert_eq!(page.matches("<script>").count(), 1);
        assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)"));
    }
}

#[test]
fn a_page_lets_nothing_run_but_its_own_script() {
    let policy = |page: &str| {
        let meta = page.split("http-equiv=\"Content-Security-Policy\" content=\"").nth(1).unwrap();
        // Before anything that it is about.
        assert!(page.find("Content-Security-Policy") < page.find("<style>"));
        meta.split('"').next().unwrap().to_string()
    };
    let [one, other] = ["a", HOSTILE].map(|name| policy(&page(&diagnosis(4, 6, name, Numbers::Plain), name)));
    assert_eq!(one, other, "it does not depend on what is told");
    let parts: Vec<&str> = one.split("; ").collect();
    let hash = |part: &str, name: &str| {
        let hash =
            part.strip_prefix(name).and_then(|rest| rest.strip_prefix(" 'sha256-")?.strip_suffix('\''));
        assert_eq!(hash.map(str::len), Some(44), "{part}");
    };
    assert_eq!(
        [parts[0], parts[3], parts[4]],
        ["default-src 'none'", "base-uri 'none'", "form-action 'none'"]
    );
    hash(parts[1], "style-src");
    hash(parts[2], "script-src");
    assert_eq!(parts.len(), 5);
    for name in ["a", HOSTILE] {
        let numbers = Numbers::Plain;
        let all = [
            page_of_cure(&cure(name, numbers), name, name),
            page_of_trials(&trials(name, numbers), name),
            page_of_grid(&grid(&[2, 3], name, numbers), name),
            page_of_forecast(&diagnosis(4, 1, name, numbers).forecast, name),
            page_of_checks(CATALOG),
        ];
        assert!(all.iter().all(|page| policy(page) == one));
    }
}

#[test]
fn pages_of_grids_of_all_sizes_are_whole() {
    for values in [&[1][..], &[4], &[3, 5], &[5, 3], &[2, 2, 2], &[1, 3], &[12, 12], &[20, 20]] {
        for numbers in ALL {
            let page = page_of_grid(&grid(values, "key", numbers), "a grid");
            check(&page, &GRID_PARTS);
            // A page of hundreds of settings is still one that a browser opens at once.
            assert!(page.len() < 2_500_000, "{values:?}: {}", page.len());
        }
    }
    let mut empty = grid(&[2], "key", Numbers::Plain);
    empty.settings.clear();
    check(&page_of_grid(&empty, ""), &GRID_PARTS);
    for setting in [true, false] {
        let mut bare = grid(&[2, 2], "key", Numbers::Plain);
        for s in &mut bare.settings {
            s.profile.levels.clear();
            s.arm.outcomes.iter_mut().filter(|_| setting).for_each(|o| o.curve.clear());
            s.arm.outcomes.iter_mut().for_each(|o| o.loss.clear());
        }
        check(&page_of_grid(&bare, ""), &GRID_PARTS);
    }
}

#[test]
fn a_grid_has_curves_and_flow_for_every_setting_and_heat_where_two_keys_vary() {
    let page = page_of_grid(&grid(&[3, 5], "key", Numbers::Plain), "a grid");
    for id in ["flow-gradient-w", "flow-signal-w", "curves-measure-w", "curves-loss-s", "arms-dots-w"] {
        let picture = page.split(&format!("id=\"{id}\"")).nth(1).unwrap();
        let picture = picture.split("</svg>").next().unwrap();
        assert_eq!(picture.matches("class=\"hit\"").count(), 15, "{id}");
    }
    assert_eq!(page.matches("class=\"heat\"").count(), 2);
    assert!(page.contains("<h1 class=\"long\">Best: ") && page.contains("Validation accuracy"));
    assert!(page.len() < 700_000, "{}", page.len());
    for values in [&[5][..], &[2, 2, 2], &[1, 4]] {
        assert!(!page_of_grid(&grid(values, "key", Numbers::Plain), "x").contains("class=\"heat\""));
    }
    // The tables agree with the settings: the key with fewer values goes across.
    let turned = page_of_grid(&grid(&[2, 3], "key", Numbers::Plain), "a grid");
    let table = turned.split("class=\"heat\"").nth(2).unwrap().split("</table>").next().unwrap();
    let said: Vec<&str> = table.split("<td ").skip(1).map(|c| c.split(['>', '<']).nth(1).unwrap()).collect();
    let expected = ["0\u{a0}dB", "−60\u{a0}dB", "−20\u{a0}dB", "−80\u{a0}dB", "−40\u{a0}dB", "−100\u{a0}dB"];
    assert_eq!(said, expected);
}

#[test]
fn the_metric_is_called_by_its_name() {
    let mut diagnosis = diagnosis(5, 5, "dense", Numbers::Plain);
    diagnosis.curves.metric_name = "mean_absolute_error".into();
    let named = page(&diagnosis, "x");
    assert!(named.contains("<figcaption>Mean absolute error</figcaption>"));
    assert!(
        named.contains("<dt>Mean absolute error</dt>") && named.contains("validation mean absolute error")
    );
    diagnosis.curves.metric_name.clear();
    assert!(page(&diagnosis, "x").contains("<figcaption>Metric</figcaption>"));
}

#[test]
fn a_cure_that_did_not_help_says_so() {
    let mut cure = cure("dense", Numbers::Plain);
    (cure.cured, cure.edits) = (None, vec![]);
    let page = page_of_cure(&cure, "", "x");
    check(&page, &[&CURE_PARTS[..], &PARTS].concat());
    assert!(page.contains("Not cured") && page.contains("did not stand the proof"));
    (cure.tried, cure.proof, cure.after) = (None, None, None);
    let page = page_of_cure(&cure, "", "x");
    check(&page, &[&CURE_PARTS[..], &PARTS].concat());
    assert!(page.contains("nothing that could be tried"));
    let mut empty = trials("x", Numbers::Plain);
    empty.arms.clear();
    check(&page_of_trials(&empty, ""), &TRIAL_PARTS);
}

#[test]
fn the_verdict_is_a_word_a_shape_and_a_colour_and_is_on_top() {
    let sick = page(&diagnosis(5, 5, "dense", Numbers::Plain), "x");
    let head = &sick[sick.find("<main").unwrap()..];
    let head = &head[..head.find("id=\"flow\"").unwrap()];
    for part in ["<h1>Sick: vanishing gradient</h1>", "hero sick", "shape sick", "initializer and activation"]
    {
        assert!(head.contains(part), "{part}");
    }
    let blank = page(&nothing(), "x");
    assert!(blank.contains("<h1>Unsure</h1>") && blank.contains("It could not be looked at."));
    let mut unsure = diagnosis(5, 5, "dense", Numbers::Plain);
    unsure.verdict = steadygrad_doctor::Verdict::Unsure;
    let first = unsure.findings[0].summary.chars().skip(1).take(12).collect::<String>();
    let unsure = page(&unsure, "x");
    let lead = &unsure[unsure.find("nobody knows yet").unwrap()..];
    assert!(
        lead[..lead.find("</p>").unwrap()].contains(&first) && !unsure.contains("could not be looked at.")
    );
}

#[test]
fn the_page_says_what_explain_says() {
    let page = page(&diagnosis(5, 5, "dense", Numbers::Plain), "x");
    for check in CATALOG {
        assert!(page.contains(&steadygrad_report::markdown(&check.explain())), "{}", check.code);
    }
}

#[test]
fn the_same_diagnosis_is_the_same_page() {
    let one = page(&diagnosis(5, 5, "dense", Numbers::Plain), "x");
    assert_eq!(one, page(&diagnosis(5, 5, "dense", Numbers::Plain), "x"));
    assert!(one.len() < 300_000, "{}", one.len());
}

#[test]
fn the_flow_is_a_file_of_its_own() {
    let svg = svg::flow(&diagnosis(5, 5, "dense", Numbers::Plain));
    walk(&svg);
    assert!(svg.starts_with("<svg xmlns=") && svg.contains("<style>") && svg.contains("<desc"));
}
