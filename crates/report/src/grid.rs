//! The page of a grid: which setting did best, all of them in a table, and what was compared.

use crate::text::capital;
use crate::text::{decibels, escape, figure, measure, percent, score};
use crate::trellis::ranking;
use crate::verdict::shape;
use steadygrad_doctor::Trouble;
use steadygrad_lab::{Grid, Setting};

/// The last part of a key: "act" of "let.act". Not escaped.
pub fn short_key(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// The settings in words that stand for themselves: a number says what it is a number of, "depth 20". Not escaped.
pub fn names(grid: &Grid) -> Vec<Vec<String>> {
    let mut all = grid.labels();
    for (labels, setting) in all.iter_mut().zip(&grid.settings) {
        for ((label, value), key) in labels.iter_mut().zip(&setting.values).zip(&grid.keys) {
            let value = value.to_json();
            if !value.is_string() && !value.is_object() {
                *label = format!("{} {label}", short_key(key));
            }
        }
    }
    all
}

/// A result as it is written: the median, and the spread where there are several seeds.
pub fn result(grid: &Grid, setting: &Setting) -> (String, Option<String>) {
    let median = setting.arm.median(&grid.measure);
    if !median.is_finite() {
        return ("not finite".into(), None);
    }
    // Beside a result near 1 what rounding leaves of nothing is nothing.
    let spread = setting.arm.spread();
    let spread =
        if (5e-4..10.0).contains(&median.abs()) && spread < 5e-4 { "0.000".into() } else { score(spread) };
    (score(median), (setting.arm.outcomes.len() > 1).then(|| format!("±\u{a0}{spread}")))
}

/// Both in one line.
fn in_a_line((median, spread): (String, Option<String>)) -> String {
    spread.map_or(median.clone(), |spread| format!("{median}\u{a0}{spread}"))
}

/// What the gradient does before training, in a word, and whether that is healthy.
fn state(setting: &Setting) -> (&'static str, &'static str) {
    match setting.trouble() {
        None => ("healthy", "steady"),
        Some(Trouble::NonFinite) => ("sick", "not finite"),
        Some(Trouble::Exploding) => ("sick", "exploding"),
        Some(Trouble::Vanishing) => ("sick", "vanishing"),
        Some(Trouble::Dead) => ("sick", "dead units"),
    }
}

/// The best setting in big words, and what became of the others.
pub fn head(grid: &Grid) -> String {
    let (ranking, labels) = (ranking(grid), names(grid));
    let [best, .., worst] = ranking[..] else {
        let only =
            ranking.first().map_or("Nothing was tried".to_string(), |&i| escape(&labels[i].join(", ")));
        return format!("<div class=\"hero\"><div><h1>{only}</h1></div></div>");
    };
    let name = escape(&measure(&grid.measure.name));
    let say = |i: usize| in_a_line(result(grid, &grid.settings[i]));
    let finite = grid.settings[best].arm.median(&grid.measure).is_finite();
    let heading = if finite {
        format!("Best: {}", escape(&labels[best].join(", ")))
    } else {
        "None ended with a number".into()
    };
    let seeds = grid.settings[best].arm.outcomes.len();
    let over = if seeds == 1 { "one seed".to_string() } else { format!("median of {seeds} seeds") };
    let count = |word: &str| grid.settings.iter().filter(|s| state(s).1 == word).count();
    let all = grid.settings.len();
    let others = ["vanishing", "exploding", "dead units", "not finite"].map(|w| (count(w), w));
    let others: Vec<String> =
        others.into_iter().filter(|(n, _)| *n > 0).map(|(n, w)| format!("{w} in {n}")).collect();
    let steady = match count("steady") {
        n if n == all => "Before training the gradient is steady in all of them.".to_string(),
        n => format!("Before training the gradient is steady in {n} of them, {}.", others.join(", ")),
    };
    let vital = |name: &str, value: String, small: &str| {
        format!("<div><dt>{name}</dt><dd>{value}<small>{small}</small></dd></div>")
    };
    let trainings: usize = grid.settings.iter().map(|s| s.arm.outcomes.len()).sum();
    let vitals = [
        vital(&format!("Best {name}"), say(best), &over),
        vital(&format!("Worst {name}"), say(worst), &escape(&labels[worst].join(", "))),
        vital("Steady gradient", format!("{} of {all}", count("steady")), "settings, before training"),
        vital("Trainings", trainings.to_string(), &format!("in {} s", figure(grid.seconds))),
    ];
    format!(
        "<div class=\"hero\"><div><h1 class=\"long\">{heading}</h1><p class=\"lead\">{} {}, {over}; it did best of {all} settings. \
         {steady}</p></div></div><dl class=\"vitals\">{}</dl>",
        capital(&name),
        say(best),
        vitals.concat()
    )
}

/// A table with one row a setting.
pub fn table(grid: &Grid) -> String {
    let name = escape(&measure(&grid.measure.name));
    let keys: String = grid
        .keys
        .iter()
        .map(|k| format!("<th scope=\"col\" class=\"key\">{}</th>", escape(short_key(k))))
        .collect();
    let row = |(s, labels): (&Setting, Vec<String>)| {
        let values: String = labels.iter().map(|w| format!("<th scope=\"row\">{}</th>", escape(w))).collect();
        let (healthy, word) = state(s);
        let cells = [
            in_a_line(result(grid, s)),
            format!("{}{word}", shape(healthy)),
            decibels(s.flow.gradient),
            decibels(s.flow.signal),
            percent(s.flow.dead),
            percent(s.flow.saturated),
        ];
        let cells: String = cells.iter().map(|c| format!("<td>{c}</td>")).collect();
        format!("<tr>{values}{cells}</tr>")
    };
    let rows: String = grid.settings.iter().zip(grid.labels()).map(row).collect();
    format!(
        "<div class=\"scroll grid\" role=\"region\" aria-label=\"Every setting\" tabindex=\"0\"><table><caption>Gradient: at the first \
         layer against the last. Signal: behind the last hidden layer against the first. Dead and saturated: in the worst hidden \
         layer. All before training.</caption><thead><tr>{keys}<th scope=\"col\">{name}</th><th scope=\"col\">state</th>\
         <th scope=\"col\">gradient</th><th scope=\"col\">signal</th><th scope=\"col\">dead units</th>\
         <th scope=\"col\">saturated</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )
}

/// What was varied, in full words, and over which seeds.
pub fn compared(grid: &Grid) -> String {
    let mut facts: Vec<(String, String)> = Vec::new();
    for (k, key) in grid.keys.iter().enumerate() {
        let mut words: Vec<String> = Vec::new();
        for setting in &grid.settings {
            words.extend(setting.words().into_iter().nth(k).filter(|w| !words.contains(w)));
        }
        let words: Vec<String> = words.iter().map(|w| format!("<code>{}</code>", escape(w))).collect();
        facts.push((format!("<code>{}</code>", escape(key)), words.join(", ")));
    }
    let seeds: Vec<String> = grid
        .settings
        .first()
        .map(|s| s.arm.outcomes.iter().map(|o| o.seed.to_string()).collect())
        .unwrap_or_default();
    let better = if grid.measure.up { "more is better" } else { "less is better" };
    facts.push((
        "Compared by".into(),
        format!("{}, after the last epoch; {better}", escape(&measure(&grid.measure.name))),
    ));
    facts.push(("Seeds".into(), seeds.join(", ")));
    let facts: String = facts.iter().map(|(k, v)| format!("<dt>{k}</dt><dd>{v}</dd>")).collect();
    format!("<dl class=\"facts\">{facts}</dl>")
}
