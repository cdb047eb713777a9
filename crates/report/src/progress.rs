//! The curves of every setting of a grid: the measure and the loss after every epoch, one panel a setting, the others behind it.

use crate::curves::extent_of;
use crate::plot::{Drawing, NARROW, Panel, WIDE, legend, line_key, n, picture, table};
use crate::text::capital;
use crate::text::{escape, figure, measure, score};
use crate::trellis::{Inside, Trellis, across, below, shown};
use std::ops::Range;
use steadygrad_lab::{Grid, Outcome, Setting};

type Get = fn(&Outcome) -> &Vec<f64>;

/// Lines behind the own ones of a panel; of more settings some are left out.
const BEHIND: usize = 60;

/// Both trellises with their numbers.
pub fn html(grid: &Grid) -> String {
    let epochs = grid.settings.iter().flat_map(|s| &s.arm.outcomes).map(|o| o.curve.len().max(o.loss.len()));
    let epochs = epochs.max().unwrap_or(0);
    if epochs == 0 {
        return "<p class=\"quiet\">Nothing was trained.</p>".into();
    }
    let one = |id: &str, title: &str, get: Get, values: Range<f64>, last: fn(&Outcome) -> f64| {
        let best = format!("{} settings over {epochs} epochs.", grid.settings.len());
        format!(
            "<figure><figcaption>{}</figcaption>{}</figure>",
            escape(title),
            picture(id, title, &best, WIDE, |w| drawing(grid, id, get, values.clone(), epochs, last, w))
        )
    };
    let all = |get: Get| grid.settings.iter().flat_map(|s| &s.arm.outcomes).flat_map(get).copied();
    let name = capital(&measure(&grid.measure.name));
    let mut out = one("curves-measure", &name, |o| &o.curve, extent_of(all(|o| &o.curve)), Outcome::last);
    let loss = |o: &Outcome| o.loss.last().copied().unwrap_or(f64::NAN);
    out += &one("curves-loss", "Training loss", |o| &o.loss, losses(grid), loss);
    out + &numbers(grid, epochs)
}

/// What losses lie within that did not grow far beyond where training began: those would press the rest flat.
fn losses(grid: &Grid) -> Range<f64> {
    let outcomes = || grid.settings.iter().flat_map(|s| &s.arm.outcomes);
    let first = middle(outcomes().filter_map(|o| o.loss.first().copied()).collect()).abs();
    let most = if first.is_finite() { 3.0 * first } else { f64::INFINITY };
    extent_of(outcomes().flat_map(|o| &o.loss).copied().filter(|v| *v <= most))
}

/// The middle of the seeds after every epoch.
fn median(setting: &Setting, get: Get) -> Vec<f64> {
    let longest = setting.arm.outcomes.iter().map(|o| get(o).len()).max().unwrap_or(0);
    let at = |epoch: usize| {
        middle(setting.arm.outcomes.iter().filter_map(|o| get(o).get(epoch).copied()).collect())
    };
    (0..longest).map(at).collect()
}

/// After `n` epochs the part n/epochs of the width is behind.
fn points(values: &[f64], panel: &Panel, epochs: usize) -> Vec<(f64, f64)> {
    let at = |(e, v): (usize, &f64)| (panel.x + panel.w * (e as f64 + 0.5) / epochs as f64, *v);
    values.iter().enumerate().map(at).collect()
}

fn drawing(
    grid: &Grid,
    id: &str,
    get: Get,
    values: Range<f64>,
    epochs: usize,
    last: fn(&Outcome) -> f64,
    width: f64,
) -> Drawing {
    let shown = shown(grid);
    let seeds = grid.settings.first().map_or(0, |s| s.arm.outcomes.len());
    let own = if seeds == 1 { "this setting" } else { "this setting, a line for each seed" };
    let items =
        [(line_key("arm", ""), own.to_string()), (line_key("behind", ""), "the other settings".into())];
    let end = format!("epoch {epochs}");
    let trellis = Trellis {
        shown: &shown,
        across: across(grid),
        values,
        say: &figure,
        ends: [if epochs > 1 { "epoch 1" } else { "" }, &end],
    };
    // All of them are written once, and repeated behind every panel.
    let all = format!("{id}-all-{}", if width > NARROW { "w" } else { "s" });
    let define = |panel: &Panel| {
        let whole = Panel { x: 0.0, y: 0.0, ..panel.clone() };
        let behind = crate::plot::spread(grid.settings.len(), BEHIND).into_iter();
        let lines: String = behind
            .map(|i| whole.line(&points(&median(&grid.settings[i], get), &whole, epochs), "behind"))
            .collect();
        format!("<g id=\"{all}\">{lines}</g>")
    };
    let first = std::cell::Cell::new(true);
    let made = trellis.drawing(width, |panel, i| {
        let mut body = String::new();
        if first.replace(false) {
            body += &format!("<defs>{}</defs>", define(panel));
        }
        body += &format!("<use href=\"#{all}\" transform=\"translate({} {})\"/>", n(panel.x), n(panel.y));
        let arm = &grid.settings[i].arm;
        for outcome in &arm.outcomes {
            let at = points(get(outcome), panel, epochs);
            body += &panel.line(&at, "arm");
            if at.len() == 1 {
                body += &panel.marks(&at, 2.5, "arm-dot");
            }
            let broken: Vec<(f64, f64)> = at.into_iter().find(|p| !p.1.is_finite()).into_iter().collect();
            body += &panel.marks(&broken, 3.0, "arm");
        }
        let end = middle(arm.outcomes.iter().map(last).collect());
        let corner = if end.is_finite() { score(end) } else { "not finite".into() };
        let words = escape(&grid.settings[i].words().join(", "));
        Inside { body, tip: format!("{words}: {corner} at the end"), corner }
    });
    below(legend(&items, 48.0, 0.0, width - 60.0), made)
}

/// What is no number comes last: it is in the middle where it is most of them.
fn middle(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}

fn numbers(grid: &Grid, epochs: usize) -> String {
    let some = crate::plot::spread(epochs, 8);
    let heads: Vec<String> = some.iter().map(|e| format!("epoch {}", e + 1)).collect();
    let head: Vec<&str> = ["setting"].into_iter().chain(heads.iter().map(String::as_str)).collect();
    let rows: Vec<Vec<String>> = grid
        .settings
        .iter()
        .zip(crate::grid::names(grid))
        .map(|(s, labels)| {
            let curve = median(s, |o| &o.curve);
            let cells = some.iter().map(|&e| curve.get(e).map_or("–".into(), |v| score(*v)));
            [escape(&labels.join(", "))].into_iter().chain(cells).collect()
        })
        .collect();
    let name = escape(&measure(&grid.measure.name));
    table(&format!("{}, median of the seeds (some epochs)", capital(&name)), &head, &rows)
}
