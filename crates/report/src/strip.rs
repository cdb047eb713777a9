//! The flow strip: gradient and signal behind every layer, what was measured beside what theory expects, in decibels.

use crate::plot::{
    Drawing, Panel, edge_keys, label, legend, line_key, n, picture, range, square_key, table, ticks,
};
use crate::style::{level_of_decibels, strongest};
use crate::text::{decibels, escape, figure, or_blank};
use crate::view::View;
use steadygrad_doctor::{FAR, FAR_NORMALIZED};

/// The strip with its numbers.
pub fn html(view: &View<'_>, id: &str, width: f64) -> String {
    if view.start().is_none() || view.blocks.is_empty() {
        return "<p class=\"quiet\">No layer was looked at.</p>".into();
    }
    if view.blocks.len() == 1 {
        return "<p class=\"quiet\">There is one layer with weights: the gradient comes to it straight from the loss, and nothing \
                on its way can change it.</p>"
            .to_string()
            + &numbers(view);
    }
    picture(
        &format!("{id}-strip"),
        "How gradient and signal pass through the layers",
        &description(view),
        width,
        |w| drawing(view, w),
    ) + &numbers(view)
}

/// One sentence for those who do not see the picture.
pub fn description(view: &View<'_>) -> String {
    let first = |values: Vec<Option<f64>>| values.into_iter().flatten().next();
    let measured = view.start().and_then(|s| first(view.gradient_decibels(s)));
    let expected = first(view.expected_gradient());
    match (measured, expected) {
        (Some(m), Some(e)) => format!(
            "Before training the gradient at the first layer is {} of that at the last; theory expects {}.",
            decibels(m),
            decibels(e)
        ),
        (Some(m), None) => {
            format!("Before training the gradient at the first layer is {} of that at the last.", decibels(m))
        }
        _ => "No gradient was measured.".into(),
    }
}

/// Two series of a panel, and that of theory.
struct Series {
    start: Vec<Option<f64>>,
    end: Vec<Option<f64>>,
    expected: Vec<Option<f64>>,
}

impl Series {
    fn values(self) -> Vec<Option<f64>> {
        [self.start, self.end, self.expected].concat()
    }
}

fn gradients_of(view: &View<'_>) -> Series {
    let of = |s| view.gradient_decibels(s);
    let expected = view.expected_gradient();
    Series {
        start: view.start().map(of).unwrap_or_default(),
        end: later(view).map(of).unwrap_or_default(),
        expected,
    }
}

fn signals_of(view: &View<'_>) -> Series {
    let of = |s| view.signal_decibels(s);
    let expected = view.expected_signal();
    Series {
        start: view.start().map(of).unwrap_or_default(),
        end: later(view).map(of).unwrap_or_default(),
        expected,
    }
}

fn later<'a>(view: &View<'a>) -> Option<&'a steadygrad_chart::Sample> {
    view.end().filter(|_| view.diagnosis.chart.samples.len() > 1)
}

/// The drawing, so wide.
pub fn drawing(view: &View<'_>, width: f64) -> Drawing {
    let names = view.names();
    let left = 50.0;
    let w = width - left - 10.0;
    let dot = |class: &str| format!("<circle class=\"{class}\" cx=\"11\" cy=\"6\" r=\"3.5\"/>");
    let mut items = vec![
        (line_key("start", &dot("start-dot")), "measured before training".to_string()),
        (line_key("expected", ""), "expected by theory".to_string()),
        (square_key("band"), "steady".to_string()),
    ];
    if let Some(end) = later(view) {
        items.insert(1, (line_key("late", ""), format!("measured at step {}", end.step)));
    }
    let (gradients, signals) = (gradients_of(view), signals_of(view));
    // What theory expects has no marks.
    items.extend(edge_keys(
        [&gradients.start, &gradients.end, &signals.start, &signals.end].into_iter().flatten().flatten(),
    ));
    let keys = legend(&items, left, 0.0, w);
    let mut out = keys.body;
    let mut y = keys.height + 24.0;

    // The strip itself: a cell for each layer, coloured by what the gradient has lost or gained.
    let cells = if gradients.start.iter().any(Option::is_some) { &gradients.start } else { &signals.start };
    let cw = w / names.len() as f64;
    let strong =
        strongest(all(view, |v| v.start().map(|s| v.gradient_decibels(s)).unwrap_or_default()).iter());
    let head = if width > 400.0 {
        "Gradient at each layer, dB against the last layer"
    } else {
        "Gradient, dB against the last layer"
    };
    out += &label(left, y - 8.0, "start", "head", head);
    for (i, value) in cells.iter().enumerate() {
        let gap = if cw > 12.0 { 1.5 } else { 0.0 };
        out += &format!(
            "<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"16\"/>",
            value.map_or("hn".into(), |x| level_of_decibels(x, strong)),
            n(left + cw * i as f64),
            n(y),
            n(cw - gap)
        );
    }
    y += 24.0;
    let far = if view.diagnosis.forecast.normalized { FAR_NORMALIZED } else { FAR };
    let tall = if width > 600.0 { 190.0 } else { 150.0 };
    let panel = panel(left, y, w, tall, &all(view, |v| gradients_of(v).values()), -20.0, 20.0);
    out += &one(&panel, &gradients, Some((-FAR, far)), &tips(&names, &gradients, "gradient"));
    y += tall + 46.0;
    out += &label(
        left,
        y - 10.0,
        "start",
        "head",
        if width > 500.0 {
            "Signal behind each layer (deviation over the batch), dB against 1"
        } else {
            "Signal behind each layer, dB against 1"
        },
    );
    let panel = self::panel(left, y, w, tall * 0.75, &all(view, |v| signals_of(v).values()), -10.0, 10.0);
    out += &one(&panel, &signals, None, &tips(&names, &signals, "signal"));
    y += tall * 0.75;
    out += &panel.names(&names, y + 18.0);
    out += &label(left, y + 36.0, "start", "tick", "← data");
    out += &label(left + w, y + 36.0, "end", "tick", "loss →");
    Drawing { height: y + 42.0, body: out }
}

fn panel(x: f64, y: f64, w: f64, h: f64, values: &[f64], low: f64, high: f64) -> Panel {
    Panel { x, y, w, h, values: range(values.iter(), low, high, 10.0) }
}

/// The values of this picture and of the one beside it: both have one scale.
fn all(view: &View<'_>, values: fn(&View<'_>) -> Vec<Option<f64>>) -> Vec<f64> {
    let beside = view.beside.map(|d| values(&View::of(d))).unwrap_or_default();
    values(view).into_iter().chain(beside).flatten().collect()
}

fn one(panel: &Panel, series: &Series, steady: Option<(f64, f64)>, tips: &[String]) -> String {
    let mut out = panel.grid(&ticks(&panel.values, panel.h / 36.0), figure);
    if let Some((from, to)) = steady {
        out += &panel.band(from, to);
    }
    out += &panel.across(0.0, "zero");
    let points = |values: &[Option<f64>]| -> Vec<(f64, f64)> {
        let at = |(i, v): (usize, &Option<f64>)| Some((panel.middle(i, values.len()), (*v)?));
        values.iter().enumerate().filter_map(at).collect()
    };
    let (start, end, expected) = (points(&series.start), points(&series.end), points(&series.expected));
    let broken: Vec<(f64, f64)> = end.iter().copied().filter(|p| !p.1.is_finite()).collect();
    let radius = if panel.w / tips.len().max(1) as f64 > 9.0 { 3.5 } else { 2.0 };
    out += &panel.line(&end, "late");
    out += &panel.marks(&broken, radius, "late");
    out += &panel.line(&start, "start");
    out += &panel.line(&expected, "expected");
    if expected.len() == 1 {
        out += &panel.marks(&expected, 5.0, "expected-dot");
    }
    out += &panel.marks(&start, radius, "start-dot");
    out + &panel.hits(tips)
}

fn tips(names: &[&str], series: &Series, what: &str) -> Vec<String> {
    let get = |values: &[Option<f64>], i: usize| values.get(i).copied().flatten();
    let one = |(i, name): (usize, &&str)| {
        let mut tip = format!("{}: {what} {}", escape(name), or_blank(get(&series.start, i), decibels));
        tip += &get(&series.expected, i).map_or(String::new(), |e| format!(", expected {}", decibels(e)));
        tip + &get(&series.end, i).map_or(String::new(), |e| format!(", in the end {}", decibels(e)))
    };
    names.iter().enumerate().map(one).collect()
}

fn numbers(view: &View<'_>) -> String {
    let (g, s) = (gradients_of(view), signals_of(view));
    let get = |values: &[Option<f64>], i: usize| or_blank(values.get(i).copied().flatten(), decibels);
    let row = |(i, name): (usize, &&str)| {
        let cells = [&g.start, &g.expected, &g.end, &s.start, &s.expected, &s.end];
        let cells = cells.iter().map(|v| get(v, i));
        [escape(name)].into_iter().chain(cells).collect()
    };
    let rows: Vec<Vec<String>> = view.names().iter().enumerate().map(row).collect();
    let head = ["layer", "gradient", "expected", "in the end", "signal", "expected", "in the end"];
    table("Gradient and signal of every layer", &head, &rows)
}
