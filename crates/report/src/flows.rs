//! Gradient and signal of every setting of a grid before training: layer by layer, measured beside expected, on one scale.

use crate::plot::{Drawing, Panel, WIDE, legend, line_key, n, picture, range, square_key, table};
use crate::text::{decibels, escape, figure, or_blank, whole_decibels};
use crate::trellis::{Inside, Trellis, across, below, shown};
use std::ops::Range;
use steadygrad_doctor::FAR;
use steadygrad_lab::{Grid, Level, Setting};

/// What is beyond so many dB runs along the edge: it would press all the rest flat.
const CAP: f64 = 160.0;

/// What is shown of a level.
#[derive(Clone, Copy, PartialEq)]
enum What {
    Gradient,
    Signal,
}

type Get = fn(&Level) -> Option<f64>;

impl What {
    fn measured(self) -> Get {
        match self {
            What::Gradient => |l| l.gradient,
            What::Signal => |l| l.signal,
        }
    }

    fn expected(self) -> Get {
        match self {
            What::Gradient => |l| l.expected_gradient,
            What::Signal => |l| l.expected_signal,
        }
    }
}

/// Both trellises with their numbers.
pub fn html(grid: &Grid) -> String {
    if grid.settings.iter().all(|s| s.profile.levels.is_empty()) {
        return "<p class=\"quiet\">No network was looked at before training.</p>".into();
    }
    let figure = |id: &str, title: &str, what: What| {
        format!(
            "<figure><figcaption>{title}</figcaption>{}</figure>",
            picture(id, title, &description(grid), WIDE, |w| drawing(grid, what, w))
        )
    };
    let mut out =
        figure("flow-gradient", "Gradient at each layer, dB against the last layer", What::Gradient);
    out += &figure(
        "flow-signal",
        "Signal behind each layer (deviation over the batch), dB against 1",
        What::Signal,
    );
    out + &numbers(grid)
}

fn description(grid: &Grid) -> String {
    let steady = grid.settings.iter().filter(|s| s.trouble().is_none()).count();
    format!("The gradient is steady in {steady} of {} settings.", grid.settings.len())
}

fn drawing(grid: &Grid, what: What, width: f64) -> Drawing {
    let gradient = what == What::Gradient;
    let dot = "<circle class=\"start-dot\" cx=\"11\" cy=\"6\" r=\"2.5\"/>";
    let mut items = vec![
        (line_key("start", dot), "measured".to_string()),
        (line_key("expected", ""), "expected by theory".into()),
    ];
    if gradient {
        items.push((square_key("band"), "steady".into()));
    }
    let shown = shown(grid);
    let levels = grid.settings.iter().flat_map(|s| &s.profile.levels);
    let all: Vec<f64> = levels
        .flat_map(|l| [what.measured()(l), what.expected()(l)])
        .flatten()
        .map(|x| x.clamp(-CAP, CAP))
        .collect();
    let edge = if gradient { FAR + 20.0 } else { 20.0 };
    let trellis = Trellis {
        shown: &shown,
        across: across(grid),
        values: range(all.iter(), -edge, edge, 20.0),
        say: &figure,
        ends: ["← data", "loss →"],
    };
    let keys = legend(&items, 48.0, 0.0, width - 60.0);
    below(keys, trellis.drawing(width, |panel, i| inside(panel, &grid.settings[i], what)))
}

fn inside(panel: &Panel, setting: &Setting, what: What) -> Inside {
    let gradient = what == What::Gradient;
    let levels = &setting.profile.levels;
    let points = |get: Get| -> Vec<(f64, f64)> {
        let at = |(i, l): (usize, &Level)| Some((panel.middle(i, levels.len()), get(l)?));
        levels.iter().enumerate().filter_map(at).collect()
    };
    let mut body = String::new();
    if gradient {
        let Range { start: low, end: high } = panel.values;
        let (top, bottom) = (panel.at(setting.profile.growth().min(high)), panel.at((-FAR).max(low)));
        body += &format!(
            "<rect class=\"band\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
            n(panel.x),
            n(top),
            n(panel.w),
            n(bottom - top)
        );
    }
    body += &panel.across(0.0, "zero");
    let (measured, expected) = (points(what.measured()), points(what.expected()));
    body += &panel.line(&measured, "start");
    body += &panel.line(&expected, "expected");
    let broken: Vec<(f64, f64)> = measured.iter().copied().filter(|p| !p.1.is_finite()).collect();
    // Marks that touch each other say no more than the line does.
    body += &panel.marks(
        if panel.w / levels.len().max(1) as f64 > 5.0 { &measured } else { &broken },
        2.0,
        "start-dot",
    );
    let ends: Vec<Option<f64>> = levels.iter().map(what.measured()).collect();
    // The last layer is what the gradient is measured against, and its sums are no signal for another layer.
    let end = if gradient { ends.first() } else { ends.iter().rev().nth(1).or(ends.last()) };
    let end = or_blank(end.copied().flatten(), whole_decibels);
    let words = setting.words().join(", ");
    let what = if gradient { "gradient at the first layer" } else { "signal behind the last hidden layer" };
    Inside { body, tip: format!("{}: {what} {end}", escape(&words)), corner: end }
}

fn numbers(grid: &Grid) -> String {
    let head = [
        "setting",
        "layers",
        "gradient, first layer",
        "expected",
        "signal, first layer",
        "expected",
        "signal, last layer",
        "expected",
    ];
    let row = |(s, labels): (&Setting, &Vec<String>)| {
        let levels = &s.profile.levels;
        let get = |level: Option<&Level>, get: Get| or_blank(level.and_then(get), decibels);
        let (first, last) = (levels.first(), levels.last());
        vec![
            escape(&labels.join(", ")),
            levels.len().to_string(),
            get(first, What::Gradient.measured()),
            get(first, What::Gradient.expected()),
            get(first, What::Signal.measured()),
            get(first, What::Signal.expected()),
            get(last, What::Signal.measured()),
            get(last, What::Signal.expected()),
        ]
    };
    let rows: Vec<Vec<String>> = grid.settings.iter().zip(&crate::grid::names(grid)).map(row).collect();
    table("Gradient and signal before training", &head, &rows)
}
