//! What all pictures share: a frame with axes, a legend, lines that break where a number is none, and a table beside it.

use crate::text::escape;
use std::ops::Range;

/// Widths for which every picture is drawn: a wide window, and a phone. Style shows the one that fits.
pub const WIDE: f64 = 920.0;
/// The width of a picture on a phone.
pub const NARROW: f64 = 344.0;
/// The width of one of two pictures that stand side by side.
pub const HALF: f64 = 452.0;

/// A drawing: its height, and what is in it.
#[derive(Debug, Clone, Default)]
pub struct Drawing {
    /// Its height.
    pub height: f64,
    /// SVG elements.
    pub body: String,
}

/// A picture for wide windows and for phones, with a title and a description for those who do not see it.
pub fn picture(id: &str, title: &str, description: &str, wide: f64, draw: impl Fn(f64) -> Drawing) -> String {
    let narrow = if wide > NARROW {
        image(&format!("{id}-s"), "narrow", title, description, NARROW, draw(NARROW))
    } else {
        String::new()
    };
    image(&format!("{id}-w"), if wide > NARROW { "wide" } else { "" }, title, description, wide, draw(wide))
        + &narrow
}

fn image(id: &str, class: &str, title: &str, description: &str, width: f64, drawing: Drawing) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart {class}\" id=\"{id}\" viewBox=\"0 0 {} {}\" role=\"img\" \
         aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>{}</svg>",
        n(width),
        n(drawing.height),
        escape(title),
        escape(description),
        drawing.body
    )
}

/// A number in SVG: two digits behind the point, no needless ones.
pub fn n(x: f64) -> String {
    if !x.is_finite() {
        return "0".into();
    }
    let text = format!("{x:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".into() } else { text.into() }
}

/// The numbers of a picture, to be opened. The first cell of a row is its heading.
pub fn table(caption: &str, head: &[&str], rows: &[Vec<String>]) -> String {
    let heads: String = head.iter().map(|h| format!("<th scope=\"col\">{h}</th>")).collect();
    let row = |cells: &Vec<String>| {
        let cell = |(i, c): (usize, &String)| match i {
            0 => format!("<th scope=\"row\">{c}</th>"),
            _ => format!("<td>{c}</td>"),
        };
        format!("<tr>{}</tr>", cells.iter().enumerate().map(cell).collect::<String>())
    };
    let rows: String = rows.iter().map(row).collect();
    format!(
        "<details class=\"numbers\"><summary>The numbers</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" \
         aria-label=\"{caption}\"><table><caption>{caption}</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody>\
         </table></div></details>"
    )
}

/// A place for a curve: its corner, its size, and the values at its lower and upper end.
#[derive(Debug, Clone)]
pub struct Panel {
    /// The left edge.
    pub x: f64,
    /// The upper edge.
    pub y: f64,
    /// Its width.
    pub w: f64,
    /// Its height.
    pub h: f64,
    /// The values of its lower and upper edge.
    pub values: Range<f64>,
}

impl Panel {
    /// Where a value is; what is no number is at the upper edge, as infinity is.
    pub fn at(&self, value: f64) -> f64 {
        let span = self.values.end - self.values.start;
        let part = if value.is_nan() { 1.0 } else { (value - self.values.start) / span };
        self.y + self.h * (1.0 - part.clamp(0.0, 1.0))
    }

    /// The middle of the i-th of so many columns.
    pub fn middle(&self, i: usize, of: usize) -> f64 {
        self.x + self.w * (i as f64 + 0.5) / of.max(1) as f64
    }

    /// Lines across at these values, each with a word.
    pub fn grid(&self, ticks: &[f64], say: impl Fn(f64) -> String) -> String {
        let mut out = format!(
            "<rect class=\"panel\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
            n(self.x),
            n(self.y),
            n(self.w),
            n(self.h)
        );
        let mut last = String::new();
        for &tick in ticks {
            let y = self.at(tick);
            out += &format!("<path class=\"grid\" d=\"M{} {}H{}\"/>", n(self.x), n(y), n(self.x + self.w));
            // Ticks closer together than their words tell apart have one word.
            let words = say(tick);
            if words != last {
                out += &label(self.x - 6.0, y + 4.0, "end", "tick", &escape(&words));
            }
            last = words;
        }
        out
    }

    /// A line across at a value.
    pub fn across(&self, value: f64, class: &str) -> String {
        format!("<path class=\"{class}\" d=\"M{} {}H{}\"/>", n(self.x), n(self.at(value)), n(self.x + self.w))
    }

    /// The band between two values, as far as it is within the panel.
    pub fn band(&self, from: f64, to: f64) -> String {
        let (top, bottom) = (self.at(to.min(self.values.end)), self.at(from.max(self.values.start)));
        format!(
            "<rect class=\"band\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
            n(self.x),
            n(top),
            n(self.w),
            n(bottom - top)
        )
    }

    /// A line through points; it breaks where there is no finite number.
    pub fn line(&self, points: &[(f64, f64)], class: &str) -> String {
        let (mut d, mut open) = (String::new(), false);
        for &(x, value) in points {
            if value.is_finite() {
                d += &format!("{}{} {}", if open { "L" } else { "M" }, n(x), n(self.at(value)));
            }
            open = value.is_finite();
        }
        if d.is_empty() { d } else { format!("<path class=\"line {class}\" d=\"{d}\"/>") }
    }

    /// Marks at points: circles; a cross at the upper edge for what is no number or too large for one, an empty triangle at the
    /// lower edge for nothing at all.
    pub fn marks(&self, points: &[(f64, f64)], radius: f64, class: &str) -> String {
        points
            .iter()
            .map(|&(x, value)| {
                let y = self.at(value);
                if value.is_finite() {
                    format!("<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"{}\"/>", n(x), n(y), n(radius))
                } else if value == f64::NEG_INFINITY {
                    format!("<path class=\"nothing\" d=\"M{} {}h8l-4 7z\"/>", n(x - 4.0), n(y - 8.0))
                } else {
                    format!("<path class=\"broken\" d=\"M{} {}l8 8m0 -8l-8 8\"/>", n(x - 4.0), n(y + 2.0))
                }
            })
            .collect()
    }

    /// Columns that answer when they are pointed at.
    pub fn hits(&self, tips: &[String]) -> String {
        let w = self.w / tips.len().max(1) as f64;
        let one = |(i, tip): (usize, &String)| {
            format!(
                "<rect class=\"hit\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"><title>{tip}</title></rect>",
                n(self.x + w * i as f64),
                n(self.y),
                n(w),
                n(self.h)
            )
        };
        tips.iter().enumerate().map(one).collect()
    }

    /// Names under the columns, as many as there is room for. Escaped here.
    pub fn names(&self, names: &[&str], y: f64) -> String {
        let longest = names.iter().map(|s| s.chars().count()).max().unwrap_or(1).min(16) as f64;
        let room = (self.w / (longest * 6.6 + 14.0)).floor().max(1.0) as usize;
        let shown = spread(names.len(), room);
        let most = ((self.w / shown.len().max(1) as f64 - 8.0) / 6.6).max(5.0) as usize;
        let one = |&i: &usize| {
            let text = crate::text::short(names[i], most.min(18));
            let half = 3.3 * names[i].chars().count().min(most.min(18)) as f64;
            let x = self.middle(i, names.len());
            // Names at the edges stay within the picture.
            if x - half < self.x - 30.0 {
                label(self.x - 30.0, y, "start", "tick", &text)
            } else if x + half > self.x + self.w + 8.0 {
                label(self.x + self.w + 8.0, y, "end", "tick", &text)
            } else {
                label(x, y, "middle", "tick", &text)
            }
        };
        shown.iter().map(one).collect()
    }
}

/// Up to so many of n places, evenly, with the first and the last where there is room for two.
pub fn spread(n: usize, most: usize) -> Vec<usize> {
    match n {
        0 => Vec::new(),
        1 => vec![0],
        _ if n <= most => (0..n).collect(),
        _ if most < 2 => vec![n / 2],
        _ => {
            let step = (n - 1).div_ceil(most - 1);
            let mut all: Vec<usize> = (0..n - 1).step_by(step).collect();
            // What comes nearer than the others do would be written into its neighbour.
            if all.len() > 1 && n - 1 - all.last().copied().unwrap_or(0) < step {
                all.pop();
            }
            all.push(n - 1);
            all
        }
    }
}

/// A word at a place. The text is already escaped.
pub fn label(x: f64, y: f64, anchor: &str, class: &str, text: &str) -> String {
    format!("<text class=\"{class}\" x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\">{text}</text>", n(x), n(y))
}

/// Round values within a range, some five of them.
pub fn ticks(values: &Range<f64>, about: f64) -> Vec<f64> {
    let span = (values.end - values.start).abs();
    if !(span > 0.0 && span.is_finite()) {
        return vec![values.start];
    }
    let raw = span / about;
    let size = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * size).find(|s| *s >= raw).unwrap_or(raw);
    let first = (values.start / step).ceil() as i64;
    let last = (values.end / step).floor() as i64;
    (first..=last.min(first + 50)).map(|i| i as f64 * step).collect()
}

/// Round whole numbers within a range, no more than there is room for.
pub fn whole_ticks(values: &Range<f64>, most: f64) -> Vec<f64> {
    ticks(values, most.max(1.0)).into_iter().filter(|t| t.fract() == 0.0).collect()
}

/// The range of all finite values, these two among them, with a little room, to whole steps.
pub fn range<'a>(values: impl Iterator<Item = &'a f64>, low: f64, high: f64, step: f64) -> Range<f64> {
    let (low, high) =
        values.filter(|v| v.is_finite()).fold((low, high), |(low, high), &v| (low.min(v), high.max(v)));
    let room = (high - low) * 0.04;
    let (low, high) = (((low - room) / step).floor() * step, ((high + room) / step).ceil() * step);
    if high > low { low..high } else { low..low + step }
}

/// What the marks of a picture mean: (a drawing of 22 × 12 at 0, words). The height, and the elements.
pub fn legend(items: &[(String, String)], x: f64, y: f64, width: f64) -> Drawing {
    let (mut at, mut row, mut body) = (x, 0.0, String::new());
    for (mark, words) in items {
        let long = 34.0 + 6.3 * words.chars().count() as f64 + 14.0;
        if at > x && at + long > x + width + 12.0 {
            (at, row) = (x, row + 1.0);
        }
        let top = y + 18.0 * row;
        body += &format!("<g transform=\"translate({} {})\">{mark}</g>", n(at), n(top));
        body += &label(at + 28.0, top + 10.0, "start", "legend", &escape(words));
        at += long;
    }
    Drawing { height: if items.is_empty() { 0.0 } else { 18.0 * (row + 1.0) }, body }
}

/// A line in a legend, with a mark in its middle.
pub fn line_key(class: &str, mark: &str) -> String {
    format!("<path class=\"line {class}\" d=\"M0 6H22\"/>{mark}")
}

/// A small square in a legend.
pub fn square_key(class: &str) -> String {
    format!("<rect class=\"{class}\" x=\"10\" y=\"0\" width=\"12\" height=\"12\"/>")
}

/// What marks at the edges mean, where there are some: (a drawing, words).
pub fn edge_keys<'a>(values: impl Iterator<Item = &'a f64>) -> Vec<(String, String)> {
    let (mut broken, mut nothing) = (false, false);
    for value in values {
        broken |= value.is_nan() || *value == f64::INFINITY;
        nothing |= *value == f64::NEG_INFINITY;
    }
    let mark = |class: &str, d: &str, words: &str| {
        (format!("<path class=\"{class}\" d=\"{d}\"/>"), words.to_string())
    };
    let broken = broken.then(|| mark("broken", "M10 2l8 8m0 -8l-8 8", "not a number"));
    let nothing = nothing.then(|| mark("nothing", "M10 3h8l-4 7z", "nothing arrives"));
    broken.into_iter().chain(nothing).collect()
}

/// The colours from too small to too large between the words for both ends: what a colour means.
pub fn ramp(ends: [&str; 2], x: f64, y: f64) -> String {
    let (mut body, start) = (String::new(), x + 6.6 * ends[0].chars().count() as f64 + 10.0);
    const CELL: f64 = 5.0;
    let steps = 12;
    for i in 0..=2 * steps {
        let class = crate::style::level(f64::from(i - steps) / f64::from(steps));
        body += &format!(
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{CELL}\" height=\"12\"/>",
            n(start + CELL * f64::from(i)),
            n(y)
        );
    }
    let end = start + CELL * f64::from(2 * steps + 1) + 8.0;
    label(start - 7.0, y + 10.0, "end", "legend", &escape(ends[0]))
        + &body
        + &label(end, y + 10.0, "start", "legend", &escape(ends[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_values_and_places() {
        assert_eq!(ticks(&(-47.0..10.0), 5.0), [-40.0, -20.0, 0.0]);
        assert_eq!(ticks(&(3.0..3.0), 5.0), [3.0]);
        assert_eq!(spread(5, 9), [0, 1, 2, 3, 4]);
        assert_eq!(spread(21, 5), [0, 5, 10, 15, 20]);
        assert_eq!(spread(59, 11), [0, 6, 12, 18, 24, 30, 36, 42, 48, 58]);
        assert_eq!(whole_ticks(&(0.0..3.0), 5.0), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!((spread(0, 5), spread(1, 5)), (vec![], vec![0]));
        for n in 2..60 {
            for most in 2..20 {
                let s = spread(n, most);
                assert!(s.len() <= most && s[0] == 0 && s[s.len() - 1] == n - 1, "{n} {most} {s:?}");
                assert!(s.is_sorted_by(|a, b| a < b), "{n} {most} {s:?}");
            }
        }
    }

    #[test]
    fn what_is_no_number_breaks_a_line_and_leaves_the_drawing_whole() {
        let panel = Panel { x: 0.0, y: 0.0, w: 10.0, h: 10.0, values: 0.0..1.0 };
        let points = [(0.0, 0.0), (1.0, f64::NAN), (2.0, 1.0), (3.0, f64::NEG_INFINITY)];
        assert_eq!(panel.line(&points, "a"), "<path class=\"line a\" d=\"M0 10M2 0\"/>");
        let all = panel.marks(&points, 2.0, "m") + &panel.line(&points, "a");
        assert!(!all.contains("NaN") && !all.contains("inf"), "{all}");
        assert_eq!(range([f64::NAN, f64::INFINITY].iter(), 0.0, 0.0, 10.0), 0.0..10.0);
    }
}
