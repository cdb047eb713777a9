//! Histograms of several layers on one scale, as Glorot and Bengio (2010) drew them: a gradient that is lost becomes a needle.

use crate::plot::{Drawing, HALF, Panel, label, legend, line_key, picture, spread, ticks};
use crate::style::depth;
use crate::text::{escape, figure};
use crate::view::{View, seen};
use steadygrad_chart::{Histogram, Sample};

/// Layers that have a line.
const LINES: usize = 5;

/// A layer's place among all of them, its name, and its histogram.
type One<'a> = (usize, &'a str, &'a Histogram);

/// Values and gradients beside each other; nothing where there are not two layers with either.
pub fn html(view: &View<'_>, sample: &Sample) -> String {
    // The last layer gives its sums to the loss, which are of another kind.
    let hidden = view.blocks.len().saturating_sub(1);
    let layers: Vec<usize> = spread(hidden, LINES);
    let all = |gradient: bool| -> Vec<One<'_>> {
        let one = |&i: &usize| {
            let block = &view.blocks[i];
            let histogram = if gradient {
                seen(sample, block.linear)?.delta_histogram.as_deref()
            } else {
                seen(sample, block.out)?.signal_histogram.as_deref()
            };
            let sound = |h: &&Histogram| h.not_finite == 0 && h.bound.is_finite() && h.bound > 0.0;
            Some((i, block.name.as_str(), histogram.filter(sound)?))
        };
        layers.iter().filter_map(one).collect()
    };
    let figure = |id: &str, title: &str, all: Vec<One<'_>>| {
        if all.len() < 2 {
            return String::new();
        }
        let reach = |one: &One<'_>| format!("{} reaches ±{}", one.1, figure(one.2.bound));
        let said: Vec<String> = all.iter().map(reach).collect();
        format!(
            "<figure><figcaption>{title}</figcaption>{}</figure>",
            picture(id, title, &said.join("; "), HALF, |w| drawing(&all, hidden, w))
        )
    };
    let both = figure("histograms-values", "Values that layers give on", all(false))
        + &figure("histograms-gradients", "Gradients that come back to them", all(true));
    if both.is_empty() {
        return both;
    }
    format!(
        "<h3>Hidden layers on one scale</h3><p class=\"about\">As Glorot and Bengio (2010) drew them, each as high as the others: a wide \
         line is large, a needle at 0 is small. Where the needles are the layers near the data, the gradient is lost on its \
         way.</p><div class=\"pair overlay\">{both}</div>"
    )
}

fn drawing(all: &[One<'_>], of: usize, width: f64) -> Drawing {
    let (left, tall) = (12.0, 150.0);
    let w = width - left - 12.0;
    let key =
        |(i, name, _): &One<'_>| (line_key(&depth(*i, of), ""), name.chars().take(20).collect::<String>());
    let keys = legend(&all.iter().map(key).collect::<Vec<_>>(), left, 0.0, w);
    let top = keys.height + 8.0;
    let reach = all.iter().map(|o| o.2.bound).fold(0.0, f64::max);
    let panel = Panel { x: left, y: top, w, h: tall, values: 0.0..1.04 };
    let mut body = keys.body + &panel.grid(&[], figure);
    let at = |x: f64| left + w * (0.5 + 0.5 * x / reach);
    for tick in ticks(&(-reach..reach), if width > 400.0 { 5.0 } else { 4.0 }) {
        body += &format!(
            "<path class=\"grid\" d=\"M{0} {1}v{tall}\"/>",
            crate::plot::n(at(tick)),
            crate::plot::n(top)
        );
        body += &label(at(tick), top + tall + 16.0, "middle", "tick", &figure(tick));
    }
    for (i, name, histogram) in all {
        let most = histogram.counts.iter().copied().max().unwrap_or(0).max(1) as f64;
        let bins = histogram.counts.len().max(1) as f64;
        let middle = |k: usize| histogram.bound * (2.0 * (k as f64 + 0.5) / bins - 1.0);
        let mut points: Vec<(f64, f64)> = vec![(at(-histogram.bound), 0.0)];
        points.extend(histogram.counts.iter().enumerate().map(|(k, &c)| (at(middle(k)), c as f64 / most)));
        points.push((at(histogram.bound), 0.0));
        body += &format!(
            "<g class=\"series\"><title>{}: ±{}</title>{}</g>",
            escape(name),
            figure(histogram.bound),
            panel.line(&points, &depth(*i, of))
        );
    }
    Drawing { height: top + tall + 22.0, body }
}
