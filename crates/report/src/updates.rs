//! How large the updates of each layer are against its weights, step by step, with the line at a thousandth.

use crate::heat::GOOD_UPDATE;
use crate::plot::{Drawing, NARROW, Panel, edge_keys, label, legend, line_key, picture, spread, table};
use crate::style::depth;
use crate::text::{escape, figure, or_blank, power};
use crate::view::View;
use steadygrad_chart::Sample;

/// Layers that have a line; of more than these some are left out.
const MOST: usize = 24;

/// The picture with its numbers.
pub fn html(view: &View<'_>, id: &str, width: f64) -> String {
    let samples: Vec<&Sample> = view.diagnosis.chart.samples.iter().collect();
    let values: Vec<Vec<Option<f64>>> = samples.iter().map(|s| view.updates(s)).collect();
    if !values.iter().flatten().any(Option::is_some) {
        return "<p class=\"quiet\">No update was looked at.</p>".into();
    }
    if !values.iter().flatten().flatten().any(|v| v.is_finite()) {
        return "<p class=\"quiet\">No update is a finite number.</p>".into();
    }
    let title = "Size of each layer's update against its weights";
    let description =
        "‖change‖ / ‖weights‖ at each step that was looked at; a thousandth is right more often than not.";
    picture(&format!("{id}-lines"), title, description, width, |w| drawing(view, &samples, &values, w))
        + &numbers(view, &samples, &values)
}

fn drawing(view: &View<'_>, samples: &[&Sample], values: &[Vec<Option<f64>>], width: f64) -> Drawing {
    let left = 50.0;
    let w = width - left - 10.0;
    let of = view.blocks.len();
    let items: Vec<(String, String)> = match of {
        1 => vec![(line_key("d0", ""), view.blocks[0].name.clone())],
        _ => vec![
            (line_key(&depth(0, of), ""), "first layer".into()),
            (line_key(&depth(of / 2, of), ""), "middle".into()),
            (line_key(&depth(of - 1, of), ""), "last layer".into()),
            (line_key("good", ""), "a thousandth: right more often than not".into()),
        ],
    };
    let broken = edge_keys(values.iter().flatten().flatten().filter(|v| !v.is_finite()));
    let items: Vec<(String, String)> =
        items.into_iter().chain(broken).map(|(k, s)| (k, s.chars().take(48).collect())).collect();
    let keys = legend(&items, left, 0.0, w);
    let top = keys.height + 8.0;
    let logs: Vec<f64> =
        values.iter().flatten().flatten().map(|v| v.log10()).filter(|v| v.is_finite()).collect();
    // What is smaller than a billionth is at the lower edge.
    let fold = |f: fn(f64, f64) -> f64, start: f64| logs.iter().copied().fold(start, f);
    let (low, high) = (fold(f64::min, -4.0).floor().max(-9.0), fold(f64::max, -2.0).ceil().min(3.0));
    let tall = if width > 600.0 { 240.0 } else { 200.0 };
    let panel = Panel { x: left, y: top, w, h: tall, values: low..high };
    let decades: Vec<f64> = (low as i32..=high as i32).map(f64::from).collect();
    let mut body = keys.body + &panel.grid(&decades, |d| power(d as i32));
    let names = view.names();
    for (layer, name) in spread(of, MOST).into_iter().map(|i| (i, names[i])) {
        let at = |(s, v): (usize, &Vec<Option<f64>>)| {
            let value = v.get(layer).copied().flatten()?;
            Some((panel.middle(s, samples.len()), value.log10()))
        };
        let points: Vec<(f64, f64)> = values.iter().enumerate().filter_map(at).collect();
        let class = depth(layer, of);
        let lone = points.iter().filter(|p| p.1.is_finite()).count() == 1;
        body += &format!(
            "<g class=\"series\"><title>{}</title>{}{}</g>",
            escape(name),
            panel.line(&points, &class),
            if lone || samples.len() == 1 { panel.marks(&points, 2.5, &class) } else { String::new() }
        );
    }
    body += &panel.across(GOOD_UPDATE.log10(), "good");
    for i in spread(samples.len(), (w / 70.0) as usize) {
        let x = panel.middle(i, samples.len());
        body += &label(x, top + tall + 16.0, "middle", "tick", &samples[i].step.to_string());
    }
    let word = if width > NARROW { "step (close together at first, then farther apart)" } else { "step" };
    body += &label(left, top + tall + 34.0, "start", "tick", word);
    Drawing { height: top + tall + 40.0, body }
}

fn numbers(view: &View<'_>, samples: &[&Sample], values: &[Vec<Option<f64>>]) -> String {
    let shown = spread(samples.len(), 7);
    let head: Vec<String> = shown.iter().map(|&i| format!("step {}", samples[i].step)).collect();
    let head: Vec<&str> = ["layer"].into_iter().chain(head.iter().map(String::as_str)).collect();
    let row = |(i, name): (usize, &&str)| {
        let cells = shown.iter().map(|&s| or_blank(values[s].get(i).copied().flatten(), figure));
        [escape(name)].into_iter().chain(cells).collect()
    };
    let rows: Vec<Vec<String>> = view.names().iter().enumerate().map(row).collect();
    table("Size of the updates (some steps)", &head, &rows)
}
