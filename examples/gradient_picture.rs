//! Draws how the gradient passes through twenty layers before anything is learnt, as the SVG of the README.
//!
//! ```text
//! cargo run --release -p steadygrad --example gradient_picture > docs/gradient-flow.svg
//! ```
#![allow(clippy::print_stdout)] // the picture goes to standard output

use steadygrad::extend::{Initializer, Layer};
use steadygrad::prelude::*;

const DEPTH: usize = 20;
/// The field of the lines within the picture: left, top, width, height.
const FIELD: [f64; 4] = [76.0, 24.0, 470.0, 250.0];

/// One line of the picture.
struct Line {
    name: &'static str,
    colour: &'static str,
    /// Root mean square of the loss' gradient for the output of every layer, first to last, against the last.
    gradient: Vec<f64>,
}

fn line(
    (name, colour): (&'static str, &'static str),
    data: &Dataset,
    initializer: impl Initializer + Clone,
    activation: impl Layer + Clone,
    normalized: bool,
) -> Result<Line> {
    let mut model = Sequential::new([8, 8]).add(Flatten);
    for i in 0..DEPTH {
        model = model.add_as(&format!("dense{i}"), Dense::new(100).kernel_initializer(initializer.clone()));
        if normalized {
            model = model.add(BatchNormalization::new());
        }
        model = model.add(activation.clone());
    }
    let model = model.add(Dense::new(10).activation(Softmax));
    let mut learner = model.compile(Compile::new(Sgd::new(0.01), SparseCategoricalCrossentropy).seed(1))?;
    let chart = learner.watch_on_batch(data)?;
    let seen = chart.layers.iter().zip(&chart.samples[0].layers);
    let deltas: Vec<f64> = seen
        .filter(|(l, _)| l.path.starts_with("dense") && l.path != "dense")
        .filter_map(|(_, s)| s.delta)
        .collect();
    let last = deltas.last().copied().unwrap_or(1.0);
    Ok(Line { name, colour, gradient: deltas.iter().map(|d| d / last).collect() })
}

fn main() -> Result<()> {
    let mut data = digits::all()?.take(0..512);
    Scaler::fit(Scale::Standard, &data)?.apply(&mut data)?;
    let lines = [
        line(("N(0, 1), ReLU", "#d55e00"), &data, RandomNormal.stddev(1.0), Relu, false)?,
        line(("He, ReLU", "#0072b2"), &data, HeNormal, Relu, false)?,
        line(("He, batch norm, ELU", "#009e73"), &data, HeNormal, Elu, true)?,
        line(("Glorot, sigmoid", "#cc79a7"), &data, GlorotUniform, Sigmoid, false)?,
    ];
    println!("{}", svg(&lines));
    Ok(())
}

fn svg(lines: &[Line]) -> String {
    let [left, top, width, height] = FIELD;
    let decades = |x: f64| x.max(1e-30).log10();
    let all = || lines.iter().flat_map(|l| &l.gradient).map(|&g| decades(g));
    let low = all().fold(0.0, f64::min).floor();
    let high = all().fold(0.0, f64::max).ceil().max(low + 1.0);
    let x = |layer: usize| left + width * layer as f64 / (DEPTH - 1) as f64;
    let y = |g: f64| top + height * (high - decades(g)) / (high - low);
    let mut out = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 330\" font-family=\"system-ui, sans-serif\" \
         font-size=\"13\" role=\"img\" aria-label=\"Size of the gradient by layer, at initialization\">\n\
         <rect width=\"760\" height=\"330\" fill=\"#ffffff\"/>\n",
    );
    let step = ((high - low) / 6.0).ceil().max(1.0);
    let mut decade = high;
    while decade >= low {
        let at = y(10_f64.powf(decade));
        out += &format!(
            "<line x1=\"{left}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#dddddd\"/>\n",
            left + width
        );
        let exponent = format!("<tspan dy=\"-5\" font-size=\"9\">{decade:.0}</tspan>");
        out += &format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">10{exponent}</text>\n",
            left - 8.0,
            at + 5.0
        );
        decade -= step;
    }
    for layer in [0, 4, 9, 14, 19] {
        let (at, below) = (x(layer), top + height + 20.0);
        out += &format!("<text x=\"{at:.1}\" y=\"{below:.1}\" text-anchor=\"middle\">{}</text>\n", layer + 1);
    }
    out += &format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">layer</text>\n\
         <text x=\"16\" y=\"{2:.1}\" text-anchor=\"middle\" transform=\"rotate(-90 16 {2:.1})\">gradient, against the last layer's</text>\n",
        left + width / 2.0,
        top + height + 40.0,
        top + height / 2.0
    );
    for (i, line) in lines.iter().enumerate() {
        let points: Vec<String> =
            line.gradient.iter().enumerate().map(|(l, &g)| format!("{:.1},{:.1}", x(l), y(g))).collect();
        let at = top + 14.0 + 24.0 * i as f64;
        out += &format!(
            "<polyline points=\"{0}\" fill=\"none\" stroke=\"{1}\" stroke-width=\"2.5\"/>\n\
             <line x1=\"562\" x2=\"586\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"{1}\" stroke-width=\"2.5\"/>\n\
             <text x=\"592\" y=\"{2:.1}\">{3}</text>\n",
            points.join(" "),
            line.colour,
            at + 4.0,
            line.name
        );
    }
    out + "</svg>"
}
