//! Trials: what was tried, seed by seed, and the curves of it.

use crate::curves::{Line, figure_of};
use crate::plot::{Drawing, NARROW, Panel, WIDE, label, n, picture, table, ticks};
use crate::text::{escape, figure, short};
use std::ops::Range;
use steadygrad_lab::{Arm, Trials};

/// A row for each arm: a mark for each seed, a bar for the median.
pub fn dots(trials: &Trials, id: &str, title: &str) -> String {
    if trials.arms.is_empty() {
        return "<p class=\"quiet\">Nothing was tried.</p>".into();
    }
    let best = &trials.arms[trials.best()];
    let description = format!(
        "Best median of {}: {} with {}.",
        trials.measure.name,
        figure(best.median(&trials.measure)),
        best.name
    );
    let row = |arm: &Arm| {
        let values: Vec<String> = arm.outcomes.iter().map(|o| figure(o.last())).collect();
        vec![escape(&arm.name), figure(arm.median(&trials.measure)), figure(arm.spread()), values.join("; ")]
    };
    let rows: Vec<Vec<String>> = trials.arms.iter().map(row).collect();
    picture(id, title, &description, WIDE, |w| drawing(trials, w))
        + &table(title, &["arm", "median", "spread", "seeds"], &rows)
}

fn drawing(trials: &Trials, width: f64) -> Drawing {
    let narrow = width <= NARROW;
    let longest = trials.arms.iter().flat_map(|a| two_lines(&a.name, 50)).map(|l| l.chars().count()).max();
    let left = if narrow { 12.0 } else { (6.8 * longest.unwrap_or(0) as f64 + 20.0).clamp(60.0, 330.0) };
    let right = 64.0;
    let w = width - left - right;
    let tall = if narrow { 58.0 } else { 38.0 };
    let h = tall * trials.arms.len() as f64;
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
    body += &label(left, h + 40.0, "start", "tick", &escape(&format!("{}, at the end", trials.measure.name)));
    let best = trials.best();
    for (i, arm) in trials.arms.iter().enumerate() {
        let y = 6.0 + tall * i as f64 + if narrow { 42.0 } else { tall / 2.0 };
        let (x, name_y, anchor) =
            if narrow { (left + 4.0, y - 16.0, "start") } else { (left - 10.0, y + 4.0, "end") };
        let class = if i == best { "name best" } else { "name" };
        let lines = two_lines(&arm.name, if narrow { 46 } else { 50 });
        let first = name_y - if narrow { 14.0 } else { 7.0 } * (lines.len() as f64 - 1.0);
        for (k, line) in lines.iter().enumerate() {
            body += &label(x, first + 14.0 * k as f64, anchor, class, line);
        }
        let state = if i == 0 { "first" } else { "arm" };
        let median = arm.median(&trials.measure);
        for outcome in arm.outcomes.iter().filter(|o| o.last().is_finite()) {
            body += &format!(
                "<circle class=\"{state}-dot\" cx=\"{}\" cy=\"{}\" r=\"4\"/>",
                n(at(outcome.last())),
                n(y)
            );
        }
        let broken = arm.outcomes.iter().filter(|o| !o.last().is_finite()).count();
        if broken > 0 {
            body += &axis.marks(&[], 0.0, "");
            body +=
                &format!("<path class=\"broken\" d=\"M{} {}l8 8m0 -8l-8 8\"/>", n(left - 4.0), n(y - 4.0));
        }
        if median.is_finite() {
            body += &format!("<path class=\"median\" d=\"M{} {}v18\"/>", n(at(median)), n(y - 9.0));
        }
        body += &label(left + w + 8.0, y + 4.0, "start", class, &figure(median));
        body += &format!(
            "<rect class=\"hit\" x=\"0\" y=\"{}\" width=\"{}\" height=\"{}\"><title>{}: median {}, spread {}{}</title></rect>",
            n(6.0 + tall * i as f64),
            n(width),
            n(tall),
            escape(&arm.name),
            figure(median),
            figure(arm.spread()),
            if broken > 0 { format!(", {broken} not finite") } else { String::new() }
        );
    }
    Drawing { height: h + 48.0, body }
}

/// A name in one line or two, escaped.
fn two_lines(name: &str, most: usize) -> Vec<String> {
    let n = name.chars().count();
    let near = |at: usize| at <= most && at > 0 && n - at <= most;
    // At the space nearest to the middle.
    let spaces = name.chars().enumerate().filter(|(at, c)| *c == ' ' && near(*at)).map(|(at, _)| at);
    match spaces.min_by_key(|at| at.abs_diff(n / 2)).filter(|_| n > most) {
        Some(at) => {
            let (one, two): (String, String) =
                (name.chars().take(at).collect(), name.chars().skip(at + 1).collect());
            vec![escape(&one), escape(&two)]
        }
        None => vec![short(name, most)],
    }
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
        figure_of(&format!("{id}-measure"), &escape(&trials.measure.name), &lines(|o| &o.curve), axis),
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
