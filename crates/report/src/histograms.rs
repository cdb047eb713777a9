//! Histograms of every layer before training, as in the figures of Glorot and Bengio: what goes forward, and what comes back.

use crate::plot::{label, n, spread, table};
use crate::text::{escape, figure, short};
use crate::view::{View, seen};
use steadygrad_chart::{Histogram, Sample};

/// Cards that are shown before the rest is folded away.
const SHOWN: usize = 12;
/// Layers that have a card; of more than these some are left out.
const MOST: usize = 48;

/// A card for each layer.
pub fn html(view: &View<'_>) -> String {
    let none = "<p class=\"quiet\">No histograms were taken.</p>";
    let Some(sample) = view.start() else { return none.into() };
    let cards: Vec<(String, Vec<String>)> =
        spread(view.blocks.len(), MOST).into_iter().filter_map(|i| card(view, sample, i)).collect();
    if cards.is_empty() {
        return none.into();
    }
    let first = spread(cards.len(), SHOWN);
    let grid = |wanted: &dyn Fn(usize) -> bool| -> String {
        let shown = cards.iter().enumerate().filter(|(i, _)| wanted(*i));
        format!("<div class=\"cards\">{}</div>", shown.map(|(_, c)| c.0.as_str()).collect::<String>())
    };
    let one_scale = crate::overlay::html(view, sample);
    let words = "<h3>Each layer on its own scale</h3><p class=\"about\">Above the line, in blue, the values that the layer gives to the \
                 next one; below it, in orange, the gradients that come back to it. ± is where the scale ends; heights are roots of \
                 the counts.</p>";
    let mut out = one_scale + words + &grid(&|i| first.contains(&i));
    if cards.len() > SHOWN {
        out += &format!(
            "<details class=\"numbers\"><summary>The other {} layers</summary>{}</details>",
            cards.len() - first.len(),
            grid(&|i| !first.contains(&i))
        );
    }
    let rows: Vec<Vec<String>> = cards.into_iter().map(|c| c.1).collect();
    let head = [
        "layer",
        "values reach",
        "within a tenth of it",
        "beyond",
        "gradients reach",
        "within a tenth of it",
        "beyond",
    ];
    out + &table("Histograms of every layer before training", &head, &rows)
}

/// The picture of a layer, and its row in the table.
fn card(view: &View<'_>, sample: &Sample, i: usize) -> Option<(String, Vec<String>)> {
    let block = &view.blocks[i];
    let signal = seen(sample, block.out)?.signal_histogram.as_deref();
    let delta = seen(sample, block.linear)?.delta_histogram.as_deref();
    if signal.is_none() && delta.is_none() {
        return None;
    }
    let name = escape(&block.name);
    let say = |h: Option<&Histogram>| h.map_or("not measured".into(), |h| format!("±{}", figure(h.bound)));
    let (w, h) = (152.0, 40.0);
    let mut body = label(0.0, 11.0, "start", "head", &short(&block.name, 11));
    body += &area(signal, w, 18.0, h, true, "signal-area");
    body += &format!("<path class=\"zero\" d=\"M0 {}H{w}\"/>", n(18.0 + h));
    body += &area(delta, w, 18.0 + h, h, false, "delta-area");
    body += &label(w, 11.0, "end", "note", &say(signal));
    body += &label(w, 29.0 + 2.0 * h, "end", "note", &say(delta));
    let tip = format!("{name}: values {}, gradients {}", say(signal), say(delta));
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart card\" viewBox=\"0 0 {w} {}\" role=\"img\" aria-label=\"{tip}\">{body}\
         <rect class=\"hit\" x=\"0\" y=\"0\" width=\"{w}\" height=\"{}\"><title>{tip}</title></rect></svg>",
        n(34.0 + 2.0 * h),
        n(34.0 + 2.0 * h)
    );
    let cells = |h: Option<&Histogram>| match h {
        None => ["–", "–", "–"].map(String::from),
        Some(h) => {
            // Counts may come from a file: they are added as they can be.
            let sum = |counts: &[u64]| counts.iter().map(|&c| c as f64).sum::<f64>();
            let all = (sum(&h.counts) + h.beyond as f64).max(1.0);
            let (middle, reach) = (h.counts.len() / 2, h.counts.len() / 20);
            let near = sum(h.counts.get(middle - reach..=middle + reach).unwrap_or(&h.counts));
            [figure(h.bound), crate::text::percent(near / all), crate::text::percent(h.beyond as f64 / all)]
        }
    };
    Some((svg, [name].into_iter().chain(cells(signal)).chain(cells(delta)).collect()))
}

/// Steps as high as the root of the counts, so that what is rare is seen beside a needle.
fn area(histogram: Option<&Histogram>, w: f64, y: f64, h: f64, up: bool, class: &str) -> String {
    let Some(histogram) = histogram else { return String::new() };
    if histogram.not_finite > 0 {
        let at = if up { y + h - 8.0 } else { y + 18.0 };
        return label(w / 2.0, at, "middle", "note", "not finite");
    }
    let most = histogram.counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let base = if up { y + h } else { y };
    let step = w / histogram.counts.len().max(1) as f64;
    let mut d = format!("M0 {}", n(base));
    for (i, &count) in histogram.counts.iter().enumerate() {
        let tall = (count as f64 / most).sqrt() * (h - 3.0);
        let top = if up { base - tall } else { base + tall };
        d += &format!("V{}H{}", n(top), n(step * (i + 1) as f64));
    }
    format!("<path class=\"{class}\" d=\"{d}V{}z\"/>", n(base))
}
