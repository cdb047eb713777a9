//! A trellis: one small picture for each setting of a grid, all on one scale, as many beside each other as there is room for.

use crate::plot::{Drawing, NARROW, Panel, label, ticks};
use crate::text::short;
use std::ops::Range;
use steadygrad_lab::Grid;

/// Settings that have a picture; of more than these some are left out.
const MOST: usize = 60;
/// Pictures beside each other in a wide window.
const ACROSS: usize = 6;
/// The height of the words over a panel.
const WORDS: f64 = 36.0;

/// What all panels of a trellis share.
pub struct Trellis<'a> {
    /// What is shown of every setting: its place in the grid, and its labels.
    pub shown: &'a [(usize, Vec<String>)],
    /// Panels in a row of a wide window.
    pub across: usize,
    /// The values of the lower and upper edge.
    pub values: Range<f64>,
    /// How a tick is written.
    pub say: &'a dyn Fn(f64) -> String,
    /// A word under the panels of the lowest row, at their left and right.
    pub ends: [&'a str; 2],
}

/// One panel of it: elements, and the word at its corner.
pub struct Inside {
    /// SVG elements.
    pub body: String,
    /// What is most worth knowing, in a few letters. Escaped.
    pub corner: String,
    /// All of it, for those who point at it. Escaped.
    pub tip: String,
}

/// The settings that a trellis shows, with their labels: where they are too many, from the best to the worst those between.
pub fn shown(grid: &Grid) -> Vec<(usize, Vec<String>)> {
    let ranking = ranking(grid);
    let mut all: Vec<usize> =
        crate::plot::spread(ranking.len(), MOST).into_iter().map(|i| ranking[i]).collect();
    all.sort_unstable();
    let labels = crate::grid::names(grid);
    all.into_iter().filter_map(|i| Some((i, labels.get(i)?.clone()))).collect()
}

/// The settings from the best to the worst.
pub fn ranking(grid: &Grid) -> Vec<usize> {
    let value = |i: &usize| {
        let median = grid.settings[*i].arm.median(&grid.measure);
        let value = if grid.measure.up { median } else { -median };
        if value.is_nan() { f64::NEG_INFINITY } else { value }
    };
    let mut all: Vec<usize> = (0..grid.settings.len()).collect();
    all.sort_by(|a, b| value(b).total_cmp(&value(a)).then(a.cmp(b)));
    all
}

/// Panels in a row: a row for each value of the keys before the last one, where that is not too wide.
pub fn across(grid: &Grid) -> usize {
    match grid.values(grid.keys.len().saturating_sub(1)).len() {
        n if grid.keys.len() > 1 && (3..=ACROSS).contains(&n) && grid.settings.len() <= MOST => n,
        _ => grid.settings.len().clamp(1, 5),
    }
}

impl Trellis<'_> {
    /// The panels, so wide, with what this draws in each.
    pub fn drawing(&self, width: f64, draw: impl Fn(&Panel, usize) -> Inside) -> Drawing {
        let across = if width > NARROW { self.across } else { self.across.min(2) };
        let (left, gap) = (48.0, 16.0);
        let w = (width - left - 4.0 - gap * (across as f64 - 1.0)) / across as f64;
        let h = if width > NARROW { 92.0 } else { 80.0 };
        let (mut body, mut y) = (String::new(), 0.0);
        for row in self.shown.chunks(across.max(1)) {
            let mut x = left;
            for (k, (setting, labels)) in row.iter().enumerate() {
                let panel = Panel { x, y: y + WORDS, w, h, values: self.values.clone() };
                let ticks = ticks(&self.values, 4.0);
                let say = |t: f64| if k == 0 { (self.say)(t) } else { String::new() };
                body += &panel.grid(&ticks, say);
                let inside = draw(&panel, *setting);
                body += &inside.body;
                let (first, rest) = labels
                    .split_first()
                    .map_or((String::new(), String::new()), |(f, r)| (f.clone(), r.join(", ")));
                // Some seven points a letter; bold ones are wider.
                let corner = 7.0 * inside.corner.chars().count() as f64;
                body +=
                    &label(x, y + 13.0, "start", "head", &short(&first, ((w - corner - 6.0) / 7.6) as usize));
                body += &label(x + w, y + 13.0, "end", "tick", &inside.corner);
                body += &label(x, y + 27.0, "start", "tick", &short(&rest, (w / 6.6) as usize));
                body += &panel.hits(&[inside.tip]);
                x += w + gap;
            }
            y += WORDS + h + 12.0;
        }
        body += &label(left, y + 4.0, "start", "tick", self.ends[0]);
        body += &label(left + w, y + 4.0, "end", "tick", self.ends[1]);
        Drawing { height: y + 10.0, body }
    }
}

/// Under the legend.
pub fn below(keys: Drawing, mut drawing: Drawing) -> Drawing {
    let down = keys.height + 8.0;
    drawing.body = format!("{}<g transform=\"translate(0 {down})\">{}</g>", keys.body, drawing.body);
    drawing.height += down;
    drawing
}
