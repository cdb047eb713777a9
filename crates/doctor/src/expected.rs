//! What one stage does to a signal and to its gradient, as the theory of wide random networks expects it.
//!
//! A signal is three numbers: units are taken as alike, and what comes to an activation as normally distributed. Weighted sums are
//! so; sums of activations are so only roughly (some 5 % of the variance for each), and the parts of a concatenation need not be
//! alike (half a decibel behind a normalization). The gradients of two samples are taken as unrelated where they start.
//!
//! Of a convolution the units are the channels: its samples are the places of all samples of the batch.

mod merge;
mod normalize;
mod pool;

use merge::merge;
use normalize::normalize;
use pool::pool;
use steadygrad_kernels::conv::Pass;
use steadygrad_nn::activations::Activation;
use steadygrad_nn::initializers::{Initializer, fans};
use steadygrad_nn::layers::Role;
use steadygrad_nn::moments::Moments;
use steadygrad_nn::noise::Noise;
use steadygrad_nn::recipe::{Parameter, Recipe};
use steadygrad_nn::stage::Stage;
use steadygrad_nn::step::{ConvStep, Step};

/// A signal as the theory sees it: what its values look like over samples, units and draws of the weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Signal {
    /// E h, over units and samples.
    pub mean: f64,
    /// q = E h²
    pub square: f64,
    /// E h·h′ for two different samples: what all samples have in common. At most q.
    pub common: f64,
}

impl Default for Signal {
    /// Standardized data: mean 0, variance 1, samples that have nothing in common.
    fn default() -> Signal {
        Signal { mean: 0.0, square: 1.0, common: 0.0 }
    }
}

impl Signal {
    /// No signal at all.
    pub(crate) const NOTHING: Signal = Signal { mean: 0.0, square: 0.0, common: 0.0 };

    /// The signal that these samples are, row by row, all of one length.
    ///
    /// ```
    /// use steadygrad_doctor::Signal;
    /// let s = Signal::of(&[1.0, 0.0, 3.0, 0.0], 2);
    /// assert_eq!((s.mean, s.square, s.common), (1.0, 2.5, 1.5));
    /// assert_eq!(s.deviation(), 1.0);
    /// ```
    pub fn of(samples: &[f32], rows: usize) -> Signal {
        let (rows, n) = (rows.max(1), samples.len() as f64);
        if samples.is_empty() {
            return Signal::default();
        }
        let width = samples.len() / rows;
        let sum = |f: &dyn Fn(f64) -> f64| samples.iter().map(|&x| f(f64::from(x))).sum::<f64>();
        let (mean, square) = (sum(&|x| x) / n, sum(&|x| x * x) / n);
        let mut sums = vec![0.0; width];
        for row in samples.chunks_exact(width.max(1)) {
            sums.iter_mut().zip(row).for_each(|(s, &x)| *s += f64::from(x));
        }
        // Σ over pairs of different samples = (Σ h)² − Σ h², unit by unit.
        let pairs: f64 = sums.iter().map(|s| s * s).sum::<f64>() - square * n;
        let others = (rows - 1).max(1) as f64;
        let common = if rows > 1 { pairs / (n * others) } else { square };
        Signal { mean, square, common: common.min(square) }
    }

    /// The standard deviation over many samples, unit by unit: √(q − common). Over n of them it is √(1 − 1/n) of that.
    pub fn deviation(&self) -> f64 {
        (self.square - self.common).max(0.0).sqrt()
    }

    /// The correlation of two samples, −1 … 1; 1 where there is no signal.
    pub fn correlation(&self) -> f64 {
        if self.square > 0.0 { (self.common / self.square).clamp(-1.0, 1.0) } else { 1.0 }
    }

    fn scaled(self, factor: f64) -> Signal {
        let square = factor * factor;
        Signal { mean: self.mean * factor, square: self.square * square, common: self.common * square }
    }
}

/// What a stage makes of its inputs: the signal behind it, and the factor of ‖gradient‖² to each of its inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// The signal behind the stage.
    pub signal: Signal,
    /// E‖δ to this input‖² / E‖δ of the output‖².
    pub factors: Vec<f64>,
    /// What a finite number of units adds to the variance of ln |h|².
    pub spread: f64,
    /// What is left of the correlation between the gradients of two samples, going back.
    pub keeps: f64,
}

impl Effect {
    fn new(signal: Signal, factors: Vec<f64>) -> Effect {
        Effect { signal, factors, spread: 0.0, keeps: 1.0 }
    }
}

/// The effect of a stage on these inputs in batches of so many rows, or why the theory has nothing to say.
pub(crate) fn effect(stage: &Stage, inputs: &[Signal], recipe: &Recipe, rows: f64) -> Result<Effect, String> {
    let Some(&x) = inputs.first() else { return Err("it has no input".into()) };
    let one = |signal, factor: f64| Ok(Effect::new(signal, vec![factor]));
    match &stage.role {
        Role::Linear { .. } => linear(stage, x, recipe),
        Role::Pointwise(f) => pointwise(&**f, x, stage.size),
        Role::Normalize(standard) => normalize(stage, *standard, x, recipe, rows),
        Role::Merge(merging) => merge(stage, *merging, inputs),
        Role::Shape => one(x, 1.0),
        Role::Affine { scale, offset } => {
            let y = x.scaled(*scale);
            let shift = |v: f64| v + 2.0 * y.mean * offset + offset * offset;
            let signal = Signal { mean: y.mean + offset, square: shift(y.square), common: shift(y.common) };
            one(signal, scale * scale)
        }
        Role::Noise(noise) => Ok(noisy(*noise, x)),
        Role::Pool(pooled) => Ok(pool(stage, *pooled, x, recipe)),
        Role::Input | Role::Model | Role::Unknown => Err("the theory does not know this layer".into()),
    }
}

/// The value of an initializer that gives every weight the same.
fn constant(initializer: &dyn Initializer) -> Option<f64> {
    match initializer.class() {
        "Zeros" => Some(0.0),
        "Ones" => Some(1.0),
        "Constant" => initializer.config().get("value").and_then(|v| match v {
            steadygrad_nn::config::Value::Float(x) => Some(*x),
            steadygrad_nn::config::Value::Int(x) => Some(*x as f64),
            _ => None,
        }),
        _ => None,
    }
}

/// (mean, variance) of the values of a parameter, if they are known.
fn drawn(parameter: &Parameter) -> Option<(f64, f64)> {
    let (initializer, shape) = (&*parameter.initializer, parameter.shape.dims());
    constant(initializer).map(|c| (c, 0.0)).or_else(|| Some((0.0, initializer.variance(shape)?)))
}

fn named<'a>(stage: &Stage, recipe: &'a Recipe, name: &str) -> Option<&'a Parameter> {
    let own = stage.parameters.iter().map(|&i| &recipe.parameters[i]);
    own.into_iter().find(|p| p.path.rsplit('/').next() == Some(name))
}

/// z = W·h + b: q_z = n·σ²·q + σ_b²,  ‖δ_h‖² = n·σ²·‖δ_z‖², with n inputs a unit. Where there are two kernels, one behind the other.
fn linear(stage: &Stage, x: Signal, recipe: &Recipe) -> Result<Effect, String> {
    let (offset, bias) = match named(stage, recipe, "bias") {
        None => (0.0, 0.0),
        Some(bias) => drawn(bias).ok_or("the biases are not known")?,
    };
    let kernels = stage.parameters.iter().map(|&i| &recipe.parameters[i]);
    let (mut gain, mut known) = (1.0, false);
    for kernel in kernels.filter(|p| p.path.ends_with("kernel")) {
        known = true;
        let (shape, initializer) = (kernel.shape.dims(), &kernel.initializer);
        let variance = match constant(&**initializer) {
            Some(0.0) => 0.0,
            Some(_) => return Err(format!("weights of {} are all equal", initializer.class())),
            None => initializer
                .variance(shape)
                .ok_or_else(|| format!("the variance of {} is not known", initializer.class()))?,
        };
        gain *= fan_in(recipe, kernel) * variance;
    }
    if !known {
        return Err("its weights are not known".into());
    }
    let shift = offset * offset + bias;
    let signal = Signal { mean: offset, square: gain * x.square + shift, common: gain * x.common + shift };
    Ok(Effect::new(signal, vec![gain]))
}

/// How many inputs a unit sees through this kernel: of a convolution receptive field × channels of its group, less what of it is
/// padding, on average over the places. Each input is then seen so often by all units together that the same number counts on the
/// way back: n·(units) pairs in all.
pub(crate) fn fan_in(recipe: &Recipe, kernel: &Parameter) -> f64 {
    let Some(conv) = convolution(recipe, kernel) else { return fans(kernel.shape.dims()).0 as f64 };
    let (of, pairs) = (conv.of, conv.of.window.pairs() as f64);
    match conv.pass {
        Pass::Input => pairs / of.window.inputs().max(1) as f64 * (of.filters / of.groups) as f64,
        _ => pairs / of.window.outputs().max(1) as f64 * (of.channels / of.groups) as f64,
    }
}

/// The convolution that these weights are of, if they are of one that is no product over the channels.
pub(crate) fn convolution<'a>(recipe: &'a Recipe, kernel: &Parameter) -> Option<&'a ConvStep> {
    recipe.forward.iter().find_map(|step| match step {
        Step::Conv(conv) if conv.b == kernel.value => Some(conv),
        _ => None,
    })
}

/// Variances below this are too small for quadrature; such signals see only the slope at one point.
const SMALL: f64 = 1e-30;

/// h = f(z), z ~ N(mean, v): q_h = E f²,  ‖δ_z‖² = E f′²·‖δ_h‖².
fn pointwise(f: &dyn Activation, z: Signal, size: usize) -> Result<Effect, String> {
    let variance = (z.square - z.mean * z.mean).max(0.0);
    if !(z.square.is_finite() && variance.is_finite()) {
        return Err("the signal before it is not finite".into());
    }
    let m = Moments::at(f, z.mean, variance.max(SMALL));
    if m.square.is_nan() || m.slope_square.is_nan() {
        return Err(format!("{} has no finite moments for this signal", f.name()));
    }
    let keeps = if m.slope_square > 0.0 { (m.slope * m.slope / m.slope_square).min(1.0) } else { 1.0 };
    let spread = if m.square > 0.0 { m.kappa().max(0.0) / size.max(1) as f64 } else { 0.0 };
    let c = if variance > 0.0 { ((z.common - z.mean * z.mean) / variance).clamp(-1.0, 1.0) } else { 1.0 };
    let signal = if m.square.is_infinite() {
        Signal { mean: m.mean, square: m.square, common: 0.0 }
    } else {
        let whole = Signal { mean: m.mean, square: m.square, common: m.square };
        // What goes through 0 goes on shrinking with what came.
        let small = variance < SMALL && z.mean == 0.0 && f.value(0.0) == 0.0;
        let whole = if small { whole.scaled((variance / SMALL).sqrt()) } else { whole };
        let apart = match c {
            _ if small => (1.0 - c) * whole.square,
            // Of samples that have nothing in common it is known better than on a grid.
            0.0 => m.variance,
            _ => apart(f, z.mean, variance, c),
        };
        Signal { common: whole.square - apart.max(0.0), ..whole }
    };
    Ok(Effect { signal, factors: vec![m.slope_square], spread, keeps: keeps + (1.0 - keeps) * c })
}

/// E (f(z) − f(z′))²/2 for z, z′ ~ N(mean, v) of correlation c: what two samples do not have in common, E f² − E f·f′.
///
/// On a grid, to some 1e-3 of it, however alike the samples are.
///
/// ```text
/// z, z′ = mean + √v·(√((1 + c)/2)·s ± √((1 − c)/2)·t),  s, t ~ N(0, 1)
/// ```
pub(crate) fn apart(f: &dyn Activation, mean: f64, variance: f64, c: f64) -> f64 {
    const POINTS: i32 = 40;
    const STEP: f64 = 0.16;
    let deviation = variance.sqrt();
    let (both, one) = (deviation * (0.5 * (1.0 + c)).sqrt(), deviation * (0.5 * (1.0 - c)).max(0.0).sqrt());
    let (mut sum, mut weight) = (0.0, 0.0);
    for i in -POINTS..=POINTS {
        // Half a step off 0, where activations have their kink.
        let s = (f64::from(i) + 0.5) * STEP;
        let (middle, density) = (mean + both * s, (-0.5 * s * s).exp());
        for j in 0..=POINTS {
            let t = (f64::from(j) + 0.5) * STEP;
            let w = density * (-0.5 * t * t).exp();
            sum += w * (f.value(middle + one * t) - f.value(middle - one * t)).powi(2);
            weight += w;
        }
    }
    0.5 * sum / weight
}

fn noisy(noise: Noise, x: Signal) -> Effect {
    let keeps = match noise {
        Noise::Dropout { rate } | Noise::GaussianDropout { rate } | Noise::AlphaDropout { rate } => {
            1.0 - rate
        }
        Noise::Gaussian { .. } => 1.0,
    };
    let (signal, factor) = match noise {
        // Nothing is left of it.
        Noise::Dropout { rate } if rate >= 1.0 => (x.scaled(0.0), 0.0),
        Noise::Dropout { rate } | Noise::GaussianDropout { rate } => {
            let growth = 1.0 / (1.0 - rate);
            (Signal { square: x.square * growth, ..x }, growth)
        }
        Noise::Gaussian { stddev } => (Signal { square: x.square + stddev * stddev, ..x }, 1.0),
        Noise::AlphaDropout { rate } => {
            // Kept: a·h + b. Dropped: one value.
            let ((a, b), (_, dropped)) = (noise.factor_and_offset(1.0), noise.factor_and_offset(0.0));
            let kept = 1.0 - rate;
            let offset = kept * b + rate * dropped;
            let mean = kept * a * x.mean + offset;
            let square = kept * (a * a * x.square + 2.0 * a * b * x.mean + b * b) + rate * dropped * dropped;
            let common = (kept * a).powi(2) * x.common + 2.0 * kept * a * x.mean * offset + offset * offset;
            (Signal { mean, square, common }, kept * a * a)
        }
    };
    Effect { keeps, ..Effect::new(signal, vec![factor]) }
}

#[cfg(test)]
mod tests;
