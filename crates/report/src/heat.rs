//! Heat maps: layers × steps, of the gradient against the last layer, and of the size of the updates.

use crate::plot::{Drawing, NARROW, WIDE, label, legend, n, picture, ramp, spread, square_key, table};
use crate::style::{level, level_of_decibels, strongest};
use crate::text::{decibels, escape, figure, short};
use crate::view::View;
use std::collections::BTreeMap;
use steadygrad_chart::Sample;

/// The size of an update against the weights that is right more often than not.
pub const GOOD_UPDATE: f64 = 1e-3;
/// Decades on either side of it that have the strongest colour.
const DECADES: f64 = 3.0;

/// One map: a value for every layer and step, and its class.
struct Map<'a> {
    id: &'a str,
    title: &'a str,
    description: &'a str,
    /// Words for the ends of the colours: too small, too large.
    ends: [String; 2],
    /// The same where there is little room.
    few: [String; 2],
    nothing: &'a str,
    values: Vec<Vec<Option<f64>>>,
    class: &'a dyn Fn(f64) -> String,
}

/// Both maps with a switch, and their numbers.
pub fn html(view: &View<'_>, id: &str) -> String {
    let samples = &view.diagnosis.chart.samples;
    if samples.is_empty() || view.blocks.is_empty() {
        return "<p class=\"quiet\">The network was looked at before training only.</p>".into();
    }
    let gradients: Vec<Vec<Option<f64>>> = samples.iter().map(|s| view.gradient_decibels(s)).collect();
    let strong = strongest(gradients.iter().flatten().flatten());
    let few = [decibels(-strong), decibels(strong)].map(|d| d.replace(".0", ""));
    let gradient = Map {
        id: &format!("{id}-gradient"),
        title: "Gradient of every layer at every step that was looked at, against the last layer",
        description: "Rows are layers, from the loss at the top down to the data; columns are steps.",
        ends: [format!("lost, {} against the last layer", few[0]), format!("grown, {}", few[1])],
        few,
        nothing: "nothing arrives",
        values: gradients,
        class: &|x| level_of_decibels(x, strong),
    };
    let update = Map {
        id: &format!("{id}-update"),
        title: "Size of the update of every layer against its weights, at every step that was looked at",
        description: "Rows are layers, from the loss at the top down to the data; columns are steps.",
        ends: [
            "a millionth of the weights: stands still".into(),
            "as large as the weights: thrown about".into(),
        ],
        few: ["10⁻⁶ of the weights".into(), "all of them".into()],
        nothing: "no change",
        values: samples.iter().map(|s| view.updates(s)).collect(),
        class: &|x| if x == 0.0 { "hz".into() } else { level((x / GOOD_UPDATE).log10() / DECADES) },
    };
    let switch = format!(
        "<div class=\"switch\" role=\"group\" aria-label=\"What the map shows\"><button type=\"button\" aria-pressed=\"true\" \
         data-show=\"{id}-a\" data-hide=\"{id}-b\">gradient</button><button type=\"button\" aria-pressed=\"false\" \
         data-show=\"{id}-b\" data-hide=\"{id}-a\">update</button></div>"
    );
    let one = |map: &Map<'_>, name: &str| {
        format!(
            "<div id=\"{id}-{name}\" class=\"map\"><h3>{}</h3>{}{}{}</div>",
            map.title,
            cells(map),
            picture(map.id, map.title, map.description, WIDE, |w| drawing(view, samples, map, w)),
            numbers(view, samples, map)
        )
    };
    switch + &one(&gradient, "a") + &one(&update, "b")
}

/// The coloured cells, once for all widths: one square a value, one path a colour.
fn cells(map: &Map<'_>) -> String {
    let mut paths: BTreeMap<String, String> = BTreeMap::new();
    let layers = map.values.iter().map(Vec::len).max().unwrap_or(0);
    for row in 0..layers {
        let class = |step: usize| map.values[step].get(row).copied().flatten().map(|x| (map.class)(x));
        let mut step = 0;
        while step < map.values.len() {
            let here = class(step);
            let run = (step..map.values.len()).take_while(|&s| class(s) == here).count();
            if let Some(class) = here {
                *paths.entry(class).or_default() += &format!("M{step} {}h{run}v1h-{run}z", layers - 1 - row);
            }
            step += run;
        }
    }
    let paths: String =
        paths.iter().map(|(class, d)| format!("<path class=\"{class}\" d=\"{d}\"/>")).collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"0\" height=\"0\" class=\"store\" aria-hidden=\"true\"><defs>\
         <g id=\"{}-cells\" shape-rendering=\"crispEdges\">{paths}</g></defs></svg>",
        map.id
    )
}

fn drawing(view: &View<'_>, samples: &[Sample], map: &Map<'_>, width: f64) -> Drawing {
    let layers = view.blocks.len();
    let left = if width > NARROW { 130.0 } else { 76.0 };
    let w = width - left - 10.0;
    let wide = width > NARROW;
    let [small, large] = if wide { &map.ends } else { &map.few };
    let start = if wide { left } else { 0.0 };
    let mut body = ramp([small, large], start, 0.0);
    let mut items: Vec<(String, String)> = Vec::new();
    let all = || map.values.iter().flatten().flatten();
    if all().any(|&x| (map.class)(x) == "hz") {
        items.push((square_key("hz"), map.nothing.into()));
    }
    if all().any(|x| x.is_nan()) {
        items.push((square_key("hn"), "not a number".into()));
    }
    let keys = legend(&items, start - 10.0, 20.0, width - 20.0);
    body += &keys.body;
    let top = 20.0 + keys.height + if items.is_empty() { 0.0 } else { 6.0 };
    let ch = (320.0 / layers as f64).clamp(5.0, 26.0);
    let cw = w / samples.len() as f64;
    body += &format!(
        "<use href=\"#{}-cells\" transform=\"translate({} {}) scale({cw:.3} {ch:.3})\"/>",
        map.id,
        n(left),
        n(top)
    );
    for i in spread(layers, ((ch * layers as f64) / 15.0) as usize + 1) {
        let y = top + ch * ((layers - 1 - i) as f64 + 0.5) + 4.0;
        let most = if width > NARROW { 18 } else { 10 };
        body += &label(left - 6.0, y, "end", "tick", &short(&view.blocks[i].name, most));
    }
    let bottom = top + ch * layers as f64;
    for i in spread(samples.len(), (w / 70.0) as usize) {
        let x = left + cw * (i as f64 + 0.5);
        body += &label(x, bottom + 16.0, "middle", "tick", &samples[i].step.to_string());
    }
    let word = if wide { "step (close together at first, then farther apart)" } else { "step" };
    body += &label(left, bottom + 34.0, "start", "tick", word);
    // Answers to the pointer are made by the script from these.
    let said = |row: usize| {
        let one = |v: &Vec<Option<f64>>| v.get(row).copied().flatten().map_or(String::new(), plain);
        map.values.iter().map(one).collect::<Vec<_>>().join(" ")
    };
    let rows: Vec<String> = if width > NARROW { (0..layers).rev().map(said).collect() } else { Vec::new() };
    // What parts the names must not be in one.
    let names: Vec<String> = view.blocks.iter().rev().map(|b| escape(&b.name.replace('|', "¦"))).collect();
    let steps: Vec<String> = samples.iter().map(|s| s.step.to_string()).collect();
    body += &format!(
        "<rect class=\"hit grid-hit\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" data-rows=\"{}\" data-steps=\"{}\" \
         data-names=\"{}\" data-unit=\"{}\"/>",
        n(left),
        n(top),
        n(w),
        n(bottom - top),
        rows.join("|"),
        steps.join(" "),
        names.join("|"),
        if map.id.ends_with("gradient") { "dB" } else { "of the weights" },
    );
    Drawing { height: bottom + 40.0, body }
}

/// A value that a script shows as it is.
fn plain(x: f64) -> String {
    match x {
        _ if x.is_nan() => "nan".into(),
        _ if x.is_infinite() => figure(x),
        _ if x == 0.0 => "0".into(),
        _ if (0.1..1e4).contains(&x.abs()) => format!("{x:.1}"),
        _ => format!("{x:.1e}"),
    }
}

fn numbers(view: &View<'_>, samples: &[Sample], map: &Map<'_>) -> String {
    let shown = spread(samples.len(), 9);
    let head: Vec<String> = shown.iter().map(|&i| format!("step {}", samples[i].step)).collect();
    let head: Vec<&str> = ["layer"].into_iter().chain(head.iter().map(String::as_str)).collect();
    let row = |(i, name): (usize, &&str)| {
        let cells = shown.iter().map(|&s| {
            let value = map.values[s].get(i).copied().flatten();
            crate::text::or_blank(value, figure)
        });
        [escape(name)].into_iter().chain(cells).collect()
    };
    let rows: Vec<Vec<String>> = view.names().iter().enumerate().map(row).collect();
    table(&format!("{} (some steps)", map.title), &head, &rows)
}
