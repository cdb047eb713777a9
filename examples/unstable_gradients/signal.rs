//! The signal on its way forward, and its gradient on the way back, before anything is learnt.

use crate::Story;
use crate::table::{Progress, Table, accuracy, conclude, headline, percent, say, short};
use steadygrad::chart::{Chart, Observation};
use steadygrad::extend::{Initializer, Layer};
use steadygrad::prelude::*;

/// One way to begin.
struct Setup {
    name: &'static str,
    /// Before training.
    chart: Chart,
    /// Of validation, after a little training; none if it diverged.
    accuracy: Option<f64>,
}

impl Setup {
    /// What was seen of the n-th weighted sums, n from 1, and of the activations behind them.
    fn layer(&self, n: usize) -> [&Observation; 2] {
        let first = self.chart.layers.iter().position(|l| l.class == "Dense").unwrap_or(0) + 2 * (n - 1);
        let seen = &self.chart.samples[0].layers;
        [&seen[first], &seen[first + 1]]
    }

    /// The variance of a unit over the samples, mean over the units: of the weighted sums, and of the activations.
    fn variances(&self, n: usize) -> [f64; 2] {
        self.layer(n).map(|seen| {
            let Some(signal) = seen.signal else { return f64::NAN };
            // In single precision, samples that differ by less do not differ.
            if signal.deviation < 1e-6 * signal.rms { f64::NAN } else { signal.deviation.powi(2) }
        })
    }

    fn delta(&self, n: usize) -> f64 {
        self.layer(n)[1].delta.unwrap_or(f64::NAN)
    }

    /// What part of the last layer's gradient reaches the first.
    fn reaches(&self, depth: usize) -> f64 {
        self.delta(1) / self.delta(depth)
    }

    /// What part of the gradient passes the n-th activation.
    fn passed(&self, n: usize) -> f64 {
        let [sums, active] = self.layer(n).map(|seen| seen.delta.unwrap_or(f64::NAN));
        sums / active
    }

    fn saturated(&self, n: usize) -> f64 {
        self.layer(n)[1].signal.map_or(0.0, |s| s.saturated)
    }
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
    let mut learner = story.learner(model, Sgd::new(0.05))?;
    let chart = learner.watch_on_batch(&story.train.take(0..SAMPLES))?;
    let fit = Fit::epochs(EPOCHS).validation(&story.valid);
    let history = learner.fit(&story.train, fit)?;
    let sound = history.last("val_loss").is_some_and(f64::is_finite);
    let accuracy = history.last("val_accuracy").filter(|_| sound);
    Ok(Setup { name, chart, accuracy })
}

const EPOCHS: usize = 3;
/// How many samples are looked at.
const SAMPLES: usize = 2_000;

/// Four ways to begin, layer by layer.
pub fn tell(story: &Story) -> Result<()> {
    let depth = story.pick(12, 6);
    headline(
        "1  The signal at initialization, and its gradient",
        &format!(
            "{depth} layers of 100 units, before any training. “W ×” and “f ×”: what the weights and the activation multiply \
             the variance by (of a unit over the samples; out over in). “sat”: \
             activations beyond 97 % of the way to a bound. “–”: samples do not differ any more."
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
    progress.clear();
    forward(&setups, depth, input_variance(&story.train.take(0..SAMPLES)));
    backward(&setups, depth);
    Ok(())
}

/// The variance of a pixel over the samples, mean over the pixels.
fn input_variance(data: &Dataset) -> f64 {
    let (x, n, pixels) = (&data.x[0], data.len() as f64, data.x[0].row_len());
    let moments = (0..pixels).map(|pixel| {
        let values = (0..data.len()).map(|i| f64::from(x.row(i)[pixel]));
        let (sum, squares) = values.fold((0.0, 0.0), |(s, q), v| (s + v, q + v * v));
        squares / n - (sum / n).powi(2)
    });
    moments.sum::<f64>() / pixels as f64
}

/// A factor; a dash where there is nothing left to compare.
fn factor(x: f64) -> String {
    if x.is_finite() { short(x) } else { "–".into() }
}

fn forward(setups: &[Setup], depth: usize, input: f64) {
    let titles = ["layer"].into_iter().chain(setups.iter().flat_map(|_| ["W ×", "f ×", "sat"]));
    let groups = setups.iter().map(|s| (s.name.to_string(), 3));
    let mut table = Table::new(titles).groups([(String::new(), 1)].into_iter().chain(groups).collect());
    for n in 1..=depth {
        let mut row = vec![n.to_string()];
        for setup in setups {
            let before = if n == 1 { input } else { setup.variances(n - 1)[1] };
            let [sums, active] = setup.variances(n);
            row.extend([factor(sums / before), factor(active / sums), percent(setup.saturated(n))]);
        }
        table.row(row);
    }
    print!("{table}");
    let kept = setups.iter().map(|s| {
        let left = s.variances(depth)[1] / input;
        format!("{} {}", s.name, if left.is_finite() { short(left) } else { "nothing".into() })
    });
    conclude(&format!(
        "What is left of the input's variance behind {depth} layers: {}.",
        kept.collect::<Vec<_>>().join(", ")
    ));
    let most = |s: &Setup| (1..=depth).map(|n| s.saturated(n)).fold(0.0, f64::max);
    if let Some(worst) = setups.iter().max_by(|a, b| most(a).total_cmp(&most(b))) {
        conclude(&format!(
            "Most saturated is {}: up to {} of a layer's activations.",
            worst.name,
            percent(most(worst))
        ));
    }
}

fn backward(setups: &[Setup], depth: usize) {
    println!();
    say(
        "The gradient on its way back: root mean square of ∂loss/∂(output of the layer), the last layer first.",
    );
    println!();
    let mut table = Table::new(["layer"].into_iter().chain(setups.iter().map(|s| s.name)));
    for n in (1..=depth).rev() {
        let cells = setups.iter().map(|s| short(s.delta(n)));
        table.row([n.to_string()].into_iter().chain(cells).collect());
    }
    let per_layer = |s: &Setup| s.reaches(depth).powf(1.0 / (depth - 1) as f64);
    let summary = |name: &str, cell: &dyn Fn(&Setup) -> String| {
        [name.to_string()].into_iter().chain(setups.iter().map(cell)).collect::<Vec<_>>()
    };
    table.row(summary("× per layer", &|s| short(per_layer(s))));
    table.row(summary("accuracy", &|s| accuracy(s.accuracy)));
    print!("{table}");
    let least = setups.iter().min_by(|a, b| a.reaches(depth).total_cmp(&b.reaches(depth)));
    let score = |s: &Setup| s.accuracy.unwrap_or(0.0);
    let best = setups.iter().max_by(|a, b| score(a).total_cmp(&score(b)));
    let (Some(least), Some(best)) = (least, best) else { return };
    conclude(&format!(
        "Least of the gradient arrives with {}: a layer multiplies it by {}, and the first layer gets {} of what the last one \
         gets.",
        least.name,
        short(per_layer(least)),
        short(least.reaches(depth)),
    ));
    let most = |s: &Setup| (1..=depth).map(|n| s.saturated(n)).fold(0.0, f64::max);
    if let Some(worst) = setups.iter().max_by(|a, b| most(a).total_cmp(&most(b))) {
        let slopes = (1..=depth).map(|n| worst.passed(n).ln()).sum::<f64>() / depth as f64;
        conclude(&format!(
            "{} is the most saturated: an activation lets {} of the gradient through (root mean square, mean of the layers), \
             the weights multiply it by {}.",
            worst.name,
            short(slopes.exp()),
            short(per_layer(worst) / slopes.exp()),
        ));
    }
    conclude(&format!(
        "After {EPOCHS} epochs of gradient descent at rate 0.05, {} is the most accurate on the samples of validation ({}); {} \
         reaches {}.",
        best.name,
        accuracy(best.accuracy),
        least.name,
        accuracy(least.accuracy),
    ));
}
