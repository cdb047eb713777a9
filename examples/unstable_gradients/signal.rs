//! The signal on its way forward, and its gradient on the way back, before anything is learnt.

use super::Story;
use super::table::{Progress, Table, accuracy, conclude, headline, percent, short};
use steadygrad::chart::{Chart, Observation};
use steadygrad::extend::{Initializer, Layer};
use steadygrad::prelude::*;

/// One way to begin.
struct Setup {
    name: &'static str,
    chart: Chart,
    accuracy: Option<f64>,
}

impl Setup {
    /// What was seen of the n-th weighted sums, n from 1, and of the activations behind them.
    fn layer(&self, n: usize) -> [&Observation; 2] {
        let seen = &self.chart.samples[0].layers;
        // Before them stand the input and the flattened input.
        let first = self.chart.layers.iter().position(|l| l.class == "Dense").unwrap_or(0);
        [&seen[first + 2 * (n - 1)], &seen[first + 2 * (n - 1) + 1]]
    }

    /// The variance of what goes into the first layer.
    fn input(&self) -> f64 {
        let first = self.chart.layers.iter().position(|l| l.class == "Dense").unwrap_or(1);
        variance(&self.chart.samples[0].layers[first - 1])
    }
}

/// The variance of a unit over the samples, mean over the units.
fn variance(seen: &Observation) -> f64 {
    seen.signal.map_or(f64::NAN, |s| s.deviation.powi(2))
}

fn delta(seen: &Observation) -> f64 {
    seen.delta.unwrap_or(f64::NAN)
}

/// Builds it, looks at it before it is trained, and trains it a little.
fn try_out(
    story: &Story,
    name: &'static str,
    depth: usize,
    initializer: impl Initializer + Clone,
    activation: impl Layer + Clone,
) -> Result<Setup> {
    let mut model = story.model();
    for _ in 0..depth {
        model = model.add(Dense::new(100).kernel_initializer(initializer.clone())).add(activation.clone());
    }
    let mut learner = story.learner(model, 0.05)?;
    let chart = learner.watch_on_batch(&story.train.take(0..2_000))?;
    let fit = Fit::epochs(EPOCHS).validation(&story.valid);
    let history = learner.fit(&story.train, fit)?;
    let sound = history.last("val_loss").is_some_and(f64::is_finite);
    let accuracy = history.last("val_accuracy").filter(|_| sound);
    Ok(Setup { name, chart, accuracy })
}

const EPOCHS: usize = 3;

/// Four ways to begin, layer by layer.
pub fn tell(story: &Story) -> Result<()> {
    let depth = story.pick(12, 6);
    headline(
        "1  The signal at initialization, and its gradient",
        &format!(
            "{depth} layers of 100 units, before any training. “W ×” and “f ×”: what the weights and the activation multiply \
             the variance by (of a unit over the samples; out over in). “sat”: activations beyond 97 % of the way to a bound."
        ),
    );
    let mut progress = Progress::new(4);
    let mut next = |name| {
        progress.next(name);
        name
    };
    let setups = [
        try_out(story, next("N(0, 1) + sigmoid"), depth, RandomNormal.stddev(1.0), Sigmoid)?,
        try_out(story, next("Glorot + sigmoid"), depth, GlorotNormal, Sigmoid)?,
        try_out(story, next("Glorot + tanh"), depth, GlorotNormal, Tanh)?,
        try_out(story, next("He + ReLU"), depth, HeNormal, Relu)?,
    ];
    drop(progress);
    forward(&setups, depth);
    backward(&setups, depth);
    Ok(())
}

fn forward(setups: &[Setup], depth: usize) {
    let titles = ["layer"].into_iter().chain(setups.iter().flat_map(|_| ["W ×", "f ×", "sat"]));
    let groups = setups.iter().map(|s| (s.name.to_string(), 3));
    let mut table = Table::new(titles).groups([(String::new(), 1)].into_iter().chain(groups).collect());
    for n in 1..=depth {
        let mut row = vec![n.to_string()];
        for setup in setups {
            let before = if n == 1 { setup.input() } else { variance(setup.layer(n - 1)[1]) };
            let [sums, active] = setup.layer(n);
            row.push(short(variance(sums) / before));
            row.push(short(variance(active) / variance(sums)));
            row.push(active.signal.map_or(String::new(), |s| percent(s.saturated)));
        }
        table.row(row);
    }
    print!("{table}");
    let kept = setups.iter().map(|s| {
        let last = variance(s.layer(depth)[1]);
        format!("{} leaves {}", s.name, short(last / s.input()))
    });
    let most =
        |s: &Setup| (1..=depth).filter_map(|n| s.layer(n)[1].signal).map(|s| s.saturated).fold(0.0, f64::max);
    let worst = setups.iter().max_by(|a, b| most(a).total_cmp(&most(b)));
    let worst = worst.map_or(String::new(), |s| {
        format!("Most saturated is {}: up to {} of a layer's units.", s.name, percent(most(s)))
    });
    conclude(&format!(
        "Of the input's variance, {} behind {depth} layers. {worst}",
        kept.collect::<Vec<_>>().join(", ")
    ));
}

fn backward(setups: &[Setup], depth: usize) {
    println!(
        "\nThe gradient on its way back: root mean square of ∂loss/∂(output of the layer), last layer first.\n"
    );
    let titles = ["layer"].into_iter().chain(setups.iter().map(|s| s.name));
    let mut table = Table::new(titles);
    for n in (1..=depth).rev() {
        let cells = setups.iter().map(|s| short(delta(s.layer(n)[1])));
        table.row([n.to_string()].into_iter().chain(cells).collect());
    }
    let per_layer =
        |s: &Setup| (delta(s.layer(1)[1]) / delta(s.layer(depth)[1])).powf(1.0 / (depth - 1) as f64);
    let summary = |name: &str, cell: &dyn Fn(&Setup) -> String| {
        [name.to_string()].into_iter().chain(setups.iter().map(cell)).collect::<Vec<_>>()
    };
    table.row(summary("× per layer", &|s| short(per_layer(s))));
    table.row(summary("accuracy", &|s| accuracy(s.accuracy)));
    print!("{table}");
    println!("  (accuracy: of validation, after {EPOCHS} epochs of gradient descent with rate 0.05)");
    let total = |s: &Setup| delta(s.layer(1)[1]) / delta(s.layer(depth)[1]);
    let least = setups.iter().min_by(|a, b| total(a).total_cmp(&total(b)));
    let best = setups.iter().max_by(|a, b| a.accuracy.unwrap_or(0.0).total_cmp(&b.accuracy.unwrap_or(0.0)));
    if let (Some(least), Some(best)) = (least, best) {
        conclude(&format!(
            "The gradient shrinks most with {}: a layer multiplies it by {}, so that the first layer gets {} of what the \
             last one gets. After the same training, {} is the most accurate ({}), {} reaches {}.",
            least.name,
            short(per_layer(least)),
            short(total(least)),
            best.name,
            accuracy(best.accuracy),
            least.name,
            accuracy(least.accuracy),
        ));
    }
}
