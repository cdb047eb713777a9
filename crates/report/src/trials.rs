//! Trials: what was tried, seed by seed, and the curves of it.

use crate::curves::{Line, figure_of};
use crate::plot::{Drawing, NARROW, Panel, WIDE, label, n, picture, table, ticks};
use crate::text::capital;
use crate::text::{escape, figure, measure, score, short};
use std::ops::Range;
use steadygrad_lab::{Arm, Trials};

/// What a picture of arms shows: which of them, in which order, and under which names.
pub struct Rows<'a> {
    /// The trials.
    pub trials: &'a Trials,
    /// The arms, by their place, each with its name.
    pub order: Vec<(usize, String)>,
    /// The first arm is what the others are held against.
    pub marked: bool,
}

impl<'a> Rows<'a> {
    /// All arms in their own order; the first is the network as it was.
    pub fn all(trials: &'a Trials) -> Rows<'a> {
        let order = trials.arms.iter().enumerate().map(|(i, a)| (i, a.name.clone())).collect();
        Rows { trials, order, marked: true }
    }
}

/// A row for each arm: a mark for each seed, a line from the least to the most, a bar for the median.
pub fn dots(rows: &Rows<'_>, id: &str, title: &str) -> String {
    let trials = rows.trials;
    if rows.order.is_empty() {
        return "<p class=\"quiet\">Nothing was tried.</p>".into();
    }
    let best = &trials.arms[trials.best()];
    let description = format!(
        "Best median of {}: {} with {}.",
        measure(&trials.measure.name),
        figure(best.median(&trials.measure)),
        best.name
    );
    let row = |(i, name): &(usize, String)| {
        let arm = &trials.arms[*i];
        let values: Vec<String> = arm.outcomes.iter().map(|o| figure(o.last())).collect();
        vec![escape(name), median(trials, arm), figure(arm.spread()), values.join("; ")]
    };
    let cells: Vec<Vec<String>> = rows.order.iter().map(row).collect();
    let first = if rows.marked { "what was changed" } else { "setting" };
    picture(id, title, &description, WIDE, |w| drawing(rows, w))
        + &table(title, &[first, "median", "spread", "seeds"], &cells)
}

fn median(trials: &Trials, arm: &Arm) -> String {
    let median = arm.median(&trials.measure);
    if median.is_finite() { score(median) } else { "not finite".into() }
}

/// Letters in a line of a name.
const LINE: usize = 44;

fn drawing(rows: &Rows<'_>, width: f64) -> Drawing {
    let trials = rows.trials;
    let narrow = width <= NARROW;
    let names: Vec<Vec<String>> = rows.order.iter().map(|(_, name)| lines(name, LINE)).collect();
    let longest = names.iter().flatten().map(|l| l.chars().count()).max().unwrap_or(0);
    // Bold letters, some of which the best has, are seven and a half points wide.
    let left = if narrow { 12.0 } else { (7.2 * longest as f64 + 16.0).clamp(60.0, 334.0) };
    let right = 66.0;
    let w = width - left - right;
    let most = names.iter().map(Vec::len).max().unwrap_or(1) as f64;
    let tall = if narrow { 30.0 + 14.0 * most } else { 14.0 + 14.0 * most };
    let h = tall * names.len() as f64;
    let axis = Panel { x: left, y: 6.0, w, h, values: extent(trials) };
    let at =
        |v: f64| left + w * ((v - axis.values.start) / (axis.values.end - axis.values.start)).clamp(0.0, 1.0);
    let mut body =
        format!("<rect class=\"panel\" x=\"{}\" y=\"6\" width=\"{}\" height=\"{}\"/>", n(left), n(w), n(h));
    for tick in ticks(&axis.values, if narrow { 3.0 } else { 6.0 }) {
        let x = at(tick);
        body += &format!("<path class=\"grid\" d=\"M{} 6v{}\"/>", n(x), n(h));
        body += &label(x, h + 22.0, "middle", "tick", &figure(tick));
    }
    let words = format!("{}, at the end", measure(&trials.measure.name));
    body += &label(left, h + 40.0, "start", "tick", &escape(&words));
    let best = trials.best();
    for (place, ((i, name), lines)) in rows.order.iter().zip(&names).enumerate() {
        let arm = &trials.arms[*i];
        let above = 6.0 + tall * place as f64;
        let y = above + if narrow { tall - 16.0 } else { tall / 2.0 };
        let class = if *i == best { "name best" } else { "name" };
        let (x, anchor) = if narrow { (left + 4.0, "start") } else { (left - 10.0, "end") };
        let middle = if narrow { above + 7.0 + 7.0 * lines.len() as f64 } else { y };
        let first = middle + 4.0 - 7.0 * (lines.len() as f64 - 1.0);
        for (k, line) in lines.iter().enumerate() {
            body += &label(x, first + 14.0 * k as f64, anchor, class, line);
        }
        let state = if *i == 0 && rows.marked { "first" } else { "arm" };
        let ends: Vec<f64> = arm.outcomes.iter().map(|o| o.last()).filter(|x| x.is_finite()).collect();
        let low = ends.iter().copied().fold(f64::INFINITY, f64::min);
        let high = ends.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if low < high {
            body += &format!("<path class=\"reach\" d=\"M{} {}H{}\"/>", n(at(low)), n(y), n(at(high)));
        }
        for &end in &ends {
            body += &format!("<circle class=\"{state}-dot\" cx=\"{}\" cy=\"{}\" r=\"4\"/>", n(at(end)), n(y));
        }
        let broken = arm.outcomes.len() - ends.len();
        if broken > 0 {
            body +=
                &format!("<path class=\"broken\" d=\"M{} {}l8 8m0 -8l-8 8\"/>", n(left + 3.0), n(y - 4.0));
        }
        let value = arm.median(&trials.measure);
        if value.is_finite() && arm.outcomes.len() > 1 {
            body += &format!("<path class=\"median\" d=\"M{} {}v16\"/>", n(at(value)), n(y - 8.0));
        }
        body += &label(left + w + 8.0, y + 4.0, "start", class, &median(trials, arm));
        body += &format!(
            "<rect class=\"hit\" x=\"0\" y=\"{}\" width=\"{}\" height=\"{}\"><title>{}: median {}, spread {}{}</title></rect>",
            n(above),
            n(width),
            n(tall),
            escape(name),
            median(trials, arm),
            figure(arm.spread()),
            if broken > 0 { format!(", {broken} not finite") } else { String::new() }
        );
    }
    Drawing { height: h + 48.0, body }
}

/// A name in up to three lines of about the same length, escaped.
fn lines(name: &str, most: usize) -> Vec<String> {
    let many = broken(name, most).len();
    let even = name.chars().count().div_ceil(many);
    (even..=most)
        .map(|width| broken(name, width))
        .find(|lines| lines.len() == many && lines.iter().all(|l| l.chars().count() <= most))
        .unwrap_or_else(|| broken(name, most))
        .iter()
        .map(|line| short(line, most))
        .collect()
}

/// Broken between words, into three lines at most; the last may be too long.
fn broken(name: &str, most: usize) -> Vec<String> {
    let mut all: Vec<String> = vec![String::new()];
    for word in name.split(' ') {
        let last = all.len() - 1;
        let room = all[last].chars().count() + 1 + word.chars().count() <= most;
        if all[last].is_empty() {
            all[last] = word.to_string();
        } else if room || last == 2 {
            all[last] += &format!(" {word}");
        } else {
            all.push(word.to_string());
        }
    }
    all
}

fn extent(trials: &Trials) -> Range<f64> {
    let all = trials.arms.iter().flat_map(|a| &a.outcomes).map(|o| o.last()).filter(|x| x.is_finite());
    let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
    if low > high {
        return 0.0..1.0;
    }
    let room = ((high - low) * 0.08).max(1e-3 * high.abs()).max(1e-6);
    // A share has its own limits.
    let bounded = trials.measure.up && low >= 0.0 && high <= 1.0;
    let (low, high) = (low - room, high + room);
    if bounded { low.max(-0.02)..high.min(1.02) } else { low..high }
}

/// The curves of some arms over the epochs, one line a seed: the measure, and the training loss.
pub fn curves(trials: &Trials, arms: &[usize], id: &str) -> String {
    let chosen: Vec<(usize, &Arm)> = arms.iter().filter_map(|&i| Some((i, trials.arms.get(i)?))).collect();
    let epochs = chosen.iter().flat_map(|(_, a)| &a.outcomes).map(|o| o.curve.len()).max().unwrap_or(0);
    if epochs == 0 {
        return String::new();
    }
    let lines = |get: fn(&steadygrad_lab::Outcome) -> &Vec<f64>| -> Vec<Line> {
        let mut all = Vec::new();
        for (i, arm) in &chosen {
            let class = if *i == 0 { "first" } else { "arm" };
            for outcome in &arm.outcomes {
                let at = |(e, v): (usize, &f64)| ((e as f64 + 1.0) / epochs as f64, *v);
                let points = get(outcome).iter().enumerate().map(at).collect();
                all.push((class.to_string(), short_words(&arm.name), points, false));
            }
        }
        all
    };
    let axis = (0.0, epochs as f64, "epoch");
    format!(
        "<div class=\"pair\">{}{}</div>",
        figure_of(
            &format!("{id}-measure"),
            &capital(&measure(&trials.measure.name)),
            &lines(|o| &o.curve),
            axis
        ),
        figure_of(&format!("{id}-loss"), "Training loss", &lines(|o| &o.loss), axis)
    )
}

fn short_words(name: &str) -> String {
    let mut out: String = name.chars().take(26).collect();
    if name.chars().count() > 26 {
        out.push('…');
    }
    out
}
