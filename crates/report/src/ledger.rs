//! The ledger as stacked bars: what weights, activation, normalization and the rest of every layer do to the gradient, in dB.

use crate::plot::{Drawing, Panel, label, legend, n, picture, range, square_key, table, ticks};
use crate::text::{decibels, escape, figure, or_blank};
use crate::view::View;
use steadygrad_lab::{Cell, Row};

type Entry = (&'static str, &'static str, fn(&Row) -> Cell);

/// The kinds of entries: class, word, and where they are in a row.
const KINDS: [Entry; 4] = [
    ("weights", "weights", |r| r.weights),
    ("activation", "activation", |r| r.activation),
    ("normalization", "normalization", |r| r.normalization),
    ("other", "sums and the rest", |r| r.other),
];

/// The bars with their numbers.
pub fn html(view: &View<'_>, id: &str, width: f64) -> String {
    let mut rows = view.diagnosis.rows();
    // As everywhere on the page: from the data to the loss.
    rows.reverse();
    let measured = rows.iter().any(|r| KINDS.iter().any(|k| k.2(r).measured.is_some()));
    if !measured {
        return "<p class=\"quiet\">There is one layer with weights, or none that passes a gradient on: nothing multiplies \
                the gradient on its way.</p>"
            .into();
    }
    let total: f64 = view.diagnosis.ledger().total();
    let description = format!("All entries together: {}.", decibels(total));
    let title = "What each part of each layer does to the gradient";
    // What stands beside it has the same scale and the same legend.
    let mut both = rows.clone();
    both.extend(view.beside.iter().flat_map(|d| d.rows()));
    let ends = ends(&both);
    let used: Vec<&Entry> = KINDS.iter().filter(|k| both.iter().any(|r| k.2(r).measured.is_some())).collect();
    picture(&format!("{id}-bars"), title, &description, width, |w| drawing(&rows, &used, &ends, w))
        + &numbers(&rows)
}

/// Where bars begin and end.
fn ends(rows: &[Row]) -> Vec<f64> {
    rows.iter()
        .flat_map(|r| [stack(r, |c| c.measured), stack(r, |c| c.expected)])
        .flat_map(|s| s.into_iter().flat_map(|(_, from, to)| [from, to]))
        .collect()
}

fn drawing(rows: &[Row], used: &[&Entry], ends: &[f64], width: f64) -> Drawing {
    let left = 50.0;
    let w = width - left - 10.0;
    let mut items: Vec<_> = used.iter().map(|k| (square_key(k.0), k.1.to_string())).collect();
    let faint = |k: &str| format!("<rect class=\"{k} faint\" x=\"13\" y=\"0\" width=\"7\" height=\"12\"/>");
    items.push((faint(used.first().map_or("weights", |k| k.0)), "expected by theory".into()));
    let keys = legend(&items, left, 0.0, w);
    let top = keys.height + 24.0;
    let head = if width > 400.0 {
        "What each layer does to the gradient that passes it, dB"
    } else {
        "Change of the gradient, dB"
    };
    let head = label(left, top - 8.0, "start", "head", head);
    let tall = if width > 600.0 { 220.0 } else { 180.0 };
    let values = range(ends.iter(), -6.0, 6.0, 2.0);
    let panel = Panel { x: left, y: top, w, h: tall, values };
    let mut body = keys.body + &head + &panel.grid(&ticks(&panel.values, tall / 36.0), figure);
    let cw = w / rows.len().max(1) as f64;
    let bar = (cw * 0.55).clamp(1.5, 46.0);
    let thin = (cw * 0.2).clamp(1.0, 14.0);
    for (i, row) in rows.iter().enumerate() {
        let x = panel.middle(i, rows.len()) - (bar + thin) / 2.0;
        for (x, bar, faint, get) in [
            (x, bar, "", (|c| c.measured) as fn(Cell) -> Option<f64>),
            (x + bar + 1.0, thin, " faint", |c| c.expected),
        ] {
            for (class, from, to) in stack(row, get) {
                let (y, end) = (panel.at(from.max(to)), panel.at(from.min(to)));
                body += &format!(
                    "<rect class=\"{class}{faint}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
                    n(x),
                    n(y),
                    n(bar),
                    n((end - y).max(0.3))
                );
                if !to.is_finite() {
                    body += &panel.marks(&[(x + bar / 2.0, to)], 3.0, "");
                }
            }
        }
    }
    body += &panel.across(0.0, "zero");
    let tip = |row: &Row| {
        let cell = |k: &&Entry| {
            let Cell { measured, expected } = k.2(row);
            let expected = expected.map_or(String::new(), |e| format!(" (expected {})", decibels(e)));
            Some(format!("{} {}{expected}", k.1, decibels(measured?)))
        };
        let parts: Vec<String> = used.iter().filter_map(cell).collect();
        format!("{}: {}; reached {}", escape(&row.layer), parts.join(", "), decibels(row.reached))
    };
    body += &panel.hits(&rows.iter().map(tip).collect::<Vec<_>>());
    let names: Vec<&str> = rows.iter().map(|r| r.layer.as_str()).collect();
    body += &panel.names(&names, top + tall + 18.0);
    Drawing { height: top + tall + 26.0, body }
}

/// Bars on top of each other: gains above 0, losses below. (class, from, to)
fn stack(row: &Row, get: fn(Cell) -> Option<f64>) -> Vec<(&'static str, f64, f64)> {
    let (mut up, mut down) = (0.0, 0.0);
    let mut all = Vec::new();
    for (class, _, cell) in KINDS {
        let Some(value) = get(cell(row)) else { continue };
        let side = if value < 0.0 { &mut down } else { &mut up };
        all.push((class, *side, *side + value));
        if value.is_finite() {
            *side += value;
        }
    }
    all
}

fn numbers(rows: &[Row]) -> String {
    let row = |r: &Row| {
        let cells = KINDS.iter().flat_map(|k| {
            let Cell { measured, expected } = k.2(r);
            [or_blank(measured, decibels), or_blank(expected, decibels)]
        });
        [escape(&r.layer)].into_iter().chain(cells).chain([decibels(r.reached)]).collect()
    };
    let rows: Vec<Vec<String>> = rows.iter().map(row).collect();
    let head = [
        "layer",
        "weights",
        "expected",
        "activation",
        "expected",
        "normalization",
        "expected",
        "sums and the rest",
        "expected",
        "reached",
    ];
    table("The ledger of the gradient before training", &head, &rows)
}
