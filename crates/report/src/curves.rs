//! The curves of a training: the loss of every step and epoch, and the metric.

use crate::plot::{
    Drawing, HALF, Panel, edge_keys, label, legend, line_key, picture, table, ticks, whole_ticks,
};
use crate::text::capital;
use crate::text::{escape, figure, measure, or_blank};
use crate::view::View;
use std::ops::Range;

/// A series of a picture: class, word, points of (position 0 … 1, value), and whether it has marks.
pub type Line = (String, String, Vec<(f64, f64)>, bool);

/// Loss and metric beside each other, with their numbers.
pub fn html(view: &View<'_>, id: &str) -> String {
    let (curves, samples) = (&view.diagnosis.curves, &view.diagnosis.chart.samples);
    if curves.loss.is_empty() && samples.is_empty() {
        return "<p class=\"quiet\">The network was not trained.</p>".into();
    }
    let steps = view.diagnosis.steps.max(samples.last().map_or(1, |s| s.step + 1)) as f64;
    let batches = samples.iter().map(|s| ((s.step as f64 + 0.5) / steps, s.loss)).collect();
    let epochs = |values: &[f64]| -> Vec<(f64, f64)> {
        let n = values.len().max(1) as f64;
        values.iter().enumerate().map(|(e, &v)| ((e as f64 + 1.0) / n, v)).collect()
    };
    let loss: Vec<Line> = vec![
        ("batch".into(), "batch".into(), batches, false),
        ("train".into(), "training".into(), epochs(&curves.loss), true),
        ("valid".into(), "validation".into(), epochs(&curves.val_loss), true),
    ];
    let metric: Vec<Line> = vec![
        ("train".into(), "training".into(), epochs(&curves.metric), true),
        ("valid".into(), "validation".into(), epochs(&curves.val_metric), true),
    ];
    let axis = (0.0, steps, "step");
    let mut out = figure_of(&format!("{id}-loss"), "Loss", &loss, axis);
    let name = metric_name(view);
    if !curves.metric.is_empty() || !curves.val_metric.is_empty() {
        out += &figure_of(&format!("{id}-metric"), &capital(&name), &metric, axis);
    }
    let rows: Vec<Vec<String>> = (0..curves.loss.len())
        .map(|e| {
            let get = |v: &Vec<f64>| or_blank(v.get(e).copied(), figure);
            vec![
                (e + 1).to_string(),
                get(&curves.loss),
                get(&curves.val_loss),
                get(&curves.metric),
                get(&curves.val_metric),
            ]
        })
        .collect();
    let name = escape(&name);
    let head = ["epoch", "loss", "validation loss", &name, &format!("validation {name}")];
    let caption = format!("Loss and {name} after every epoch");
    format!("<div class=\"pair\">{out}</div>{}", table(&caption, &head, &rows))
}

/// What the metric is called, in words. Not escaped.
pub fn metric_name(view: &View<'_>) -> String {
    let name = measure(&view.diagnosis.curves.metric_name);
    if name.trim().is_empty() { "metric".into() } else { name }
}

/// One picture under its heading, which is plain text.
pub fn figure_of(id: &str, title: &str, lines: &[Line], axis: (f64, f64, &str)) -> String {
    let lines: Vec<&Line> = lines.iter().filter(|l| !l.2.is_empty()).collect();
    let last = |l: &&Line| l.2.last().map(|p| format!("{} ends at {}", l.1, figure(p.1)));
    let mut said: Vec<String> = lines.iter().filter_map(last).collect();
    said.dedup();
    said.truncate(6);
    format!(
        "<figure><figcaption>{}</figcaption>{}</figure>",
        escape(title),
        picture(id, title, &said.join("; "), HALF, |w| drawing(&lines, axis, w))
    )
}

fn drawing(lines: &[&Line], axis: (f64, f64, &str), width: f64) -> Drawing {
    let left = 50.0;
    let w = width - left - 12.0;
    let mut items: Vec<(String, String)> = Vec::new();
    for (class, word, _, marks) in lines {
        let mark = if *marks {
            format!("<circle class=\"{class}-dot\" cx=\"11\" cy=\"6\" r=\"3\"/>")
        } else {
            String::new()
        };
        if !items.iter().any(|i| i.1 == *word) {
            items.push((line_key(class, &mark), word.clone()));
        }
    }
    items.extend(edge_keys(lines.iter().flat_map(|l| l.2.iter().map(|p| &p.1))));
    let keys = legend(&items, left, 0.0, w);
    let top = keys.height + 8.0;
    let values = extent(lines);
    let panel = Panel { x: left, y: top, w, h: 190.0, values };
    let mut body = keys.body + &panel.grid(&ticks(&panel.values, 5.0), figure);
    for (class, _, points, marks) in lines {
        let at: Vec<(f64, f64)> = points.iter().map(|&(x, v)| (left + w * x, v)).collect();
        body += &panel.line(&at, class);
        let broken = at.iter().copied().find(|p| !p.1.is_finite());
        if *marks && points.len() <= 40 {
            body += &panel.marks(&at, 3.0, &format!("{class}-dot"));
        } else if let Some(first) = broken {
            body += &panel.marks(&[first], 3.0, class);
        }
    }
    let (from, to, word) = axis;
    for tick in whole_ticks(&(from..to), w / 70.0) {
        let x = left + w * (tick - from) / (to - from).max(1e-9);
        body += &label(x, top + 206.0, "middle", "tick", &figure(tick));
    }
    body += &label(left, top + 224.0, "start", "tick", word);
    Drawing { height: top + 230.0, body }
}

/// From the smallest to the largest value; spikes that would press all the rest flat are cut off.
fn extent(lines: &[&Line]) -> Range<f64> {
    extent_of(lines.iter().flat_map(|l| l.2.iter().map(|p| p.1)))
}

/// The same of any values.
pub fn extent_of(values: impl Iterator<Item = f64>) -> Range<f64> {
    let mut all: Vec<f64> = values.filter(|v| v.is_finite()).collect();
    all.sort_by(f64::total_cmp);
    let (Some(&low), Some(&most)) = (all.first(), all.last()) else { return 0.0..1.0 };
    let typical = all[(all.len() - 1) * 9 / 10];
    let high =
        if most - low > 20.0 * (typical - low) && typical > low { low + 4.0 * (typical - low) } else { most };
    if high == low {
        // One value alone: a scale on which it is in the middle.
        let room = if high == 0.0 { 1.0 } else { high.abs() * 0.5 };
        return low - room..high + room;
    }
    let room = ((high - low) * 0.06).max(high.abs() * 0.02).max(1e-9);
    let low = if low >= 0.0 && low < 0.35 * high { 0.0 } else { low - room };
    low..high + room
}
