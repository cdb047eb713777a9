//! The state of the units behind every hidden activation: saturated, zero, dead; before training and in the end.

use crate::plot::{Drawing, Panel, edge_keys, label, legend, n, picture, square_key, table};
use crate::text::{escape, or_blank, percent};
use crate::view::{View, seen};
use steadygrad_chart::{Observation, Sample};

type Get = fn(&Observation) -> Option<f64>;

/// What is counted: word, explanation, class, and where it is.
const KINDS: [(&str, &str, &str, Get); 3] = [
    ("saturated", "values near a bound, where the slope is almost 0", "saturated", |o| {
        o.signal.as_ref().map(|s| s.saturated)
    }),
    ("zero", "values that are exactly 0; half of them are for a healthy ReLU", "zeros", |o| {
        o.signal.as_ref().map(|s| s.zero)
    }),
    ("dead", "units that are 0 for every sample", "dead", |o| o.dead),
];

/// The picture with its numbers.
pub fn html(view: &View<'_>, id: &str, width: f64) -> String {
    if view.hidden().next().is_none() || view.start().is_none() {
        return "<p class=\"quiet\">There is no activation between layers with weights.</p>".into();
    }
    let worst = |kind: usize| {
        let all = looks(view).into_iter().flat_map(|(_, s)| values(view, s, kind)).flatten();
        all.filter(|x| x.is_finite()).fold(0.0, f64::max)
    };
    let said: Vec<String> = (0..3).map(|k| format!("{} {}", KINDS[k].0, percent(worst(k)))).collect();
    let shown: Vec<usize> = (0..3).filter(|&k| worst(k) > 0.0).collect();
    if shown.is_empty() {
        let broken = looks(view).into_iter().flat_map(|(_, s)| values(view, s, 1)).flatten().any(f64::is_nan);
        let but = if broken { ", as far as values are finite" } else { "" };
        return format!(
            "<p>No hidden layer has saturated values, zeros, or dead units{but}.</p>{}",
            numbers(view)
        );
    }
    let words = format!("<p class=\"about\">In the worst layer, {}.</p>", said.join("; "));
    let title = "Saturated, zero and dead units of every hidden layer";
    words
        + &picture(&format!("{id}-bars"), title, &said.join("; "), width, |w| drawing(view, &shown, w))
        + &numbers(view)
}

/// Before training, and the last look while it trained.
fn looks<'a>(view: &View<'a>) -> Vec<(&'static str, &'a Sample)> {
    let end = view.end().filter(|_| view.diagnosis.chart.samples.len() > 1);
    [("before training", view.start()), ("in the end", end)]
        .into_iter()
        .filter_map(|(word, sample)| Some((word, sample?)))
        .collect()
}

fn values(view: &View<'_>, sample: &Sample, kind: usize) -> Vec<Option<f64>> {
    let bounded = |i: usize| kind != 0 || view.layers()[i].bounded;
    view.hidden().map(|(_, i)| seen(sample, i).filter(|_| bounded(i)).and_then(KINDS[kind].3)).collect()
}

fn drawing(view: &View<'_>, shown: &[usize], width: f64) -> Drawing {
    let left = 50.0;
    let w = width - left - 10.0;
    let looks = looks(view);
    let names: Vec<&str> = view.hidden().map(|(b, _)| b.name.as_str()).collect();
    let mut items = vec![(square_key("before"), "before training".to_string())];
    if looks.len() > 1 {
        items.push((square_key("now"), "in the end".into()));
    }
    let all: Vec<f64> = shown
        .iter()
        .flat_map(|&kind| looks.iter().flat_map(move |(_, s)| values(view, s, kind)))
        .flatten()
        .collect();
    items.extend(edge_keys(all.iter()));
    let keys = legend(&items, left, 0.0, w);
    let (mut body, mut y) = (keys.body, keys.height + 26.0);
    for &kind in shown {
        let (word, what, class, _) = KINDS[kind];
        let head = format!("{word}: {what}");
        let head = if head.len() as f64 * 6.6 < w { &head } else { word };
        body += &label(left, y - 8.0, "start", "head", &escape(head));
        let panel = Panel { x: left, y, w, h: 64.0, values: 0.0..1.0 };
        body += &panel.grid(&[0.0, 0.5, 1.0], |t| format!("{:.0} %", 100.0 * t));
        let all: Vec<Vec<Option<f64>>> = looks.iter().map(|(_, s)| values(view, s, kind)).collect();
        let cw = w / names.len() as f64;
        let bar = (cw * 0.7 / looks.len() as f64).clamp(1.0, 22.0);
        for (k, values) in all.iter().enumerate() {
            for (i, value) in values.iter().enumerate() {
                let Some(value) = value else { continue };
                let x = panel.middle(i, names.len()) + bar * (k as f64 - looks.len() as f64 / 2.0);
                if !value.is_finite() {
                    body += &panel.marks(&[(x + bar / 2.0, *value)], 3.0, "");
                } else if *value > 0.0 {
                    let top = panel.at(*value);
                    let state = if k == 0 { "before" } else { "now" };
                    let h = (panel.y + panel.h - top).max(1.0);
                    body += &format!(
                        "<rect class=\"{state} {class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
                        n(x),
                        n(panel.y + panel.h - h),
                        n(bar),
                        n(h)
                    );
                }
            }
        }
        let tip = |(i, name): (usize, &&str)| {
            let one = |(k, (when, _)): (usize, &(&str, &Sample))| {
                format!("{} {when}", or_blank(all[k][i], percent))
            };
            let parts: Vec<String> = looks.iter().enumerate().map(one).collect();
            format!("{}: {word} {}", escape(name), parts.join(", "))
        };
        body += &panel.hits(&names.iter().enumerate().map(tip).collect::<Vec<_>>());
        y += 64.0;
        if Some(&kind) == shown.last() {
            body += &panel.names(&names, y + 18.0);
        }
        y += 34.0;
    }
    Drawing { height: y - 4.0, body }
}

fn numbers(view: &View<'_>) -> String {
    let looks = looks(view);
    let mut head = vec!["layer".to_string()];
    let mut columns = Vec::new();
    for (kind, (word, ..)) in KINDS.iter().enumerate() {
        for (when, sample) in &looks {
            head.push(format!("{word} {when}"));
            columns.push(values(view, sample, kind));
        }
    }
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let row = |(i, (block, _)): (usize, (&steadygrad_lab::Block, usize))| {
        let cells = columns.iter().map(|c| or_blank(c[i], percent));
        [escape(&block.name)].into_iter().chain(cells).collect()
    };
    let rows: Vec<Vec<String>> = view.hidden().enumerate().map(row).collect();
    table("Units of every hidden layer", &head, &rows)
}
