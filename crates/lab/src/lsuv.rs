//! LSUV: weights that are there are scaled until every layer puts out a signal of deviation 1 on real data.
//!
//! "All you need is a good init" (Mishkin and Matas 2016). It needs no theory of the layers: it measures. So it also serves
//! weights that come from a file, and activations nobody has a gain for.

use steadygrad_chart::Chart;
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::Learner;
use steadygrad_kernels::{Error, Result};

/// What became of one layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Rescaled {
    /// The layer's path: "dense_1".
    pub path: String,
    /// What its weights were multiplied by, in all.
    pub factor: f64,
    /// The deviation of its weighted sums in the end.
    pub deviation: f64,
    /// Looks that it took.
    pub tries: usize,
    /// Whether the deviation is within the tolerance of 1.
    pub reached: bool,
}

/// Scales the kernel of every linear layer, from the first to the last, until its weighted sums have deviation 1.
///
/// ```text
/// W ← W / std(W·h + b)   until |std − 1| ≤ tolerance,  `tries` times at most
/// ```
/// The deviation is that over the samples, unit by unit, with the network in training mode. Mishkin and Matas take that of all
/// values, which is the same where biases start at 0 and data is centred; over the samples a bias cannot hold a dead signal up.
/// They begin with orthogonal weights, a tolerance of 0.1 and 10 tries. Biases stay as they are. Where nothing varies no factor
/// helps: the layer is left as it is, and the answer says so. Nothing is learnt; only kernels change.
///
/// ```
/// use steadygrad_data::digits;
/// use steadygrad_engine::{Compile, Trainable};
/// use steadygrad_lab::lsuv;
/// use steadygrad_nn::{Sequential, activations::Tanh, initializers::Orthogonal, layers::{Dense, Flatten}};
/// use steadygrad_nn::{losses::SparseCategoricalCrossentropy, optimizers::Sgd};
/// let mut net = Sequential::new([8, 8]).add(Flatten);
/// for _ in 0..5 {
///     net = net.add(Dense::new(30).kernel_initializer(Orthogonal).activation(Tanh));
/// }
/// let compile = Compile::new(Sgd::new(0.1), SparseCategoricalCrossentropy.from_logits());
/// let mut learner = net.add(Dense::new(10)).compile(compile)?;
/// let layers = lsuv::rescale(&mut learner, &digits::all()?.take(0..256), 0.1, 10)?;
/// assert!(layers.len() == 6 && layers.iter().all(|l| (l.deviation - 1.0).abs() <= 0.1));
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// If the tolerance is no number above 0, or data and model do not fit.
pub fn rescale(learner: &mut Learner, data: &Dataset, tolerance: f64, tries: usize) -> Result<Vec<Rescaled>> {
    if !(tolerance > 0.0 && tolerance.is_finite()) {
        return Err(Error::argument(format!("`tolerance` must be a number above 0, got {tolerance}"))
            .help("Mishkin and Matas take 0.1"));
    }
    let first = learner.watch_on_batch(data)?;
    let kernel = |i: usize| Some((i, first.layers[i].parameters.first()?.clone()));
    let linear = (0..first.layers.len()).filter(|&i| first.layers[i].role == "linear");
    let mut seen: Option<Chart> = Some(first.clone());
    let mut done: Vec<Rescaled> = Vec::new();
    let mut scaled: Vec<String> = Vec::new();
    for (stage, kernel) in linear.filter_map(kernel) {
        let mut one = Rescaled {
            path: first.layers[stage].path.clone(),
            factor: 1.0,
            deviation: f64::NAN,
            tries: 0,
            reached: false,
        };
        loop {
            let chart = match seen.take() {
                Some(chart) => chart,
                None => learner.watch_on_batch(data)?,
            };
            one.deviation = deviation(&chart, stage);
            one.reached = (one.deviation - 1.0).abs() <= tolerance;
            let factor = 1.0 / one.deviation;
            // A kernel that serves at several places has been scaled where it came first.
            let fixed = scaled.contains(&kernel);
            if one.reached || fixed || one.tries >= tries || !(factor.is_finite() && factor > 0.0) {
                // Nothing changed since: the next layer needs no new look.
                seen = Some(chart);
                break;
            }
            multiply(learner, &kernel, factor)?;
            one.factor *= factor;
            one.tries += 1;
        }
        scaled.push(kernel);
        done.push(one);
    }
    Ok(done)
}

fn deviation(chart: &Chart, stage: usize) -> f64 {
    let seen = chart.samples.first().and_then(|s| s.layers.get(stage));
    seen.and_then(|s| s.signal).map_or(f64::NAN, |s| s.deviation)
}

fn multiply(learner: &mut Learner, path: &str, factor: f64) -> Result<()> {
    let mut weights = learner.weights();
    for (_, array) in weights.iter_mut().filter(|(name, _)| name == path) {
        array.data_mut().iter_mut().for_each(|w| *w = (f64::from(*w) * factor) as f32);
    }
    let arrays: Vec<Array> = weights.into_iter().map(|(_, array)| array).collect();
    learner.set_weights(&arrays)
}
