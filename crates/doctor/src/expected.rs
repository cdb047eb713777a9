//! What one stage does to a signal and to its gradient, as the theory of wide random networks expects it.

use steadygrad_nn::activations::Activation;
use steadygrad_nn::initializers::Initializer;
use steadygrad_nn::layers::{Merging, Role, Standard};
use steadygrad_nn::moments::Moments;
use steadygrad_nn::noise::Noise;
use steadygrad_nn::recipe::{Parameter, Recipe};
use steadygrad_nn::stage::Stage;

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

    /// The standard deviation over the samples, unit by unit: √(q − common).
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
}

/// The effect of a stage on these inputs, or why the theory has nothing to say.
pub(crate) fn effect(stage: &Stage, inputs: &[Signal], recipe: &Recipe) -> Result<Effect, String> {
    let Some(&x) = inputs.first() else { return Err("it has no input".into()) };
    let one = |signal, factor: f64| Ok(Effect { signal, factors: vec![factor], spread: 0.0 });
    match &stage.role {
        Role::Linear { .. } => linear(stage, x, recipe),
        Role::Pointwise(f) => pointwise(&**f, x, stage.size),
        Role::Normalize(standard) => normalize(stage, *standard, x, recipe),
        Role::Merge(merging) => merge(stage, *merging, inputs),
        Role::Shape => one(x, 1.0),
        Role::Affine { scale, offset } => {
            let y = x.scaled(*scale);
            let shift = |v: f64| v + 2.0 * y.mean * offset + offset * offset;
            let signal = Signal { mean: y.mean + offset, square: shift(y.square), common: shift(y.common) };
            one(signal, scale * scale)
        }
        Role::Noise(noise) => Ok(noisy(*noise, x)),
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

/// z = W·h + b: q_z = n·σ²·q + σ_b²,  ‖δ_h‖² = n·σ²·‖δ_z‖², with n inputs a unit.
fn linear(stage: &Stage, x: Signal, recipe: &Recipe) -> Result<Effect, String> {
    let (shape, initializer) = stage.kernel(recipe).ok_or("its weights are not known")?;
    let fan_in = steadygrad_nn::initializers::fans(shape).0 as f64;
    let variance = match constant(&**initializer) {
        Some(0.0) => 0.0,
        Some(_) => return Err(format!("weights of {} are all equal", initializer.class())),
        None => initializer
            .variance(shape)
            .ok_or_else(|| format!("the variance of {} is not known", initializer.class()))?,
    };
    let (offset, bias) = match named(stage, recipe, "bias") {
        None => (0.0, 0.0),
        Some(bias) => drawn(bias).ok_or("the biases are not known")?,
    };
    let (gain, shift) = (fan_in * variance, offset * offset + bias);
    let signal = Signal { mean: offset, square: gain * x.square + shift, common: gain * x.common + shift };
    Ok(Effect { signal, factors: vec![gain], spread: 0.0 })
}

/// h = f(z), z ~ N(0, q): q_h = E f²,  ‖δ_z‖² = E f′²·‖δ_h‖².
fn pointwise(f: &dyn Activation, z: Signal, size: usize) -> Result<Effect, String> {
    if !z.square.is_finite() {
        return Err("the signal before it is not finite".into());
    }
    // Signals this small see only the slope at 0, and quadrature sees nothing.
    let m = Moments::at(f, 0.0, z.square.max(1e-30));
    let common = pair(f, z.square, z.correlation()).min(m.square);
    let signal = Signal { mean: m.mean, square: m.square, common };
    let spread = if m.square > 0.0 { m.kappa().max(0.0) / size.max(1) as f64 } else { 0.0 };
    Ok(Effect { signal, factors: vec![m.slope_square], spread })
}

/// E f(z)·f(z′) for z, z′ ~ N(0, q) of correlation c, on a grid: accurate to some 1e-4 of E f².
pub(crate) fn pair(f: &dyn Activation, q: f64, c: f64) -> f64 {
    const POINTS: i32 = 40;
    const STEP: f64 = 0.16;
    let (deviation, rest) = (q.sqrt(), (1.0 - c * c).max(0.0).sqrt());
    let (mut sum, mut weight) = (0.0, 0.0);
    for i in -POINTS..=POINTS {
        // Half a step off 0, where activations have their kink.
        let u = (f64::from(i) + 0.5) * STEP;
        let density = (-0.5 * u * u).exp();
        let first = f.value(deviation * u);
        for j in -POINTS..=POINTS {
            let v = (f64::from(j) + 0.5) * STEP;
            let w = density * (-0.5 * v * v).exp();
            sum += w * first * f.value(deviation * (c * u + rest * v));
            weight += w;
        }
    }
    sum / weight
}

fn normalize(stage: &Stage, standard: Standard, x: Signal, recipe: &Recipe) -> Result<Effect, String> {
    let of = |name: &str, default: f64| match named(stage, recipe, name) {
        None => Ok(default),
        Some(p) => match drawn(p) {
            Some((value, 0.0)) => Ok(value),
            _ => Err(format!("`{name}` does not start at one value")),
        },
    };
    let (gamma, beta) = (of("gamma", 1.0)?, of("beta", 0.0)?);
    let variance = match standard {
        Standard::OverBatch => x.square - x.common,
        Standard::OverUnits => x.square - x.mean * x.mean,
        Standard::MeanSquare | Standard::Length => x.square,
    };
    if variance <= 0.0 {
        return Err("what it divides by is 0".into());
    }
    let plain = match standard {
        Standard::OverBatch => Signal { mean: 0.0, square: 1.0, common: 0.0 },
        Standard::OverUnits => {
            Signal { mean: 0.0, square: 1.0, common: ((x.common - x.mean * x.mean) / variance).min(1.0) }
        }
        Standard::MeanSquare => x.scaled(1.0 / variance.sqrt()),
        Standard::Length => x.scaled(1.0 / (variance * stage.units.max(1) as f64).sqrt()),
    };
    let y = plain.scaled(gamma);
    let shift = |v: f64| v + 2.0 * beta * y.mean + beta * beta;
    let signal = Signal { mean: y.mean + beta, square: shift(y.square), common: shift(y.common) };
    let length = if standard == Standard::Length { stage.units.max(1) as f64 } else { 1.0 };
    Ok(Effect { signal, factors: vec![gamma * gamma / (variance * length)], spread: 0.0 })
}

/// Inputs are taken as independent, as they are at the start.
fn merge(stage: &Stage, merging: Merging, inputs: &[Signal]) -> Result<Effect, String> {
    let n = inputs.len() as f64;
    let sum = |sign: f64| {
        let mut total = Signal { mean: 0.0, square: 0.0, common: 0.0 };
        let mut means: f64 = 0.0;
        for (i, x) in inputs.iter().enumerate() {
            let sign = if i > 0 { sign } else { 1.0 };
            // E(a + b)² = E a² + E b² + 2·E a·E b
            total.square += x.square + 2.0 * means * sign * x.mean;
            total.common += x.common + 2.0 * means * sign * x.mean;
            means += sign * x.mean;
        }
        Signal { mean: means, ..total }
    };
    let (signal, factors) = match merging {
        Merging::Sum => (sum(1.0), vec![1.0; inputs.len()]),
        Merging::Difference => (sum(-1.0), vec![1.0; inputs.len()]),
        Merging::Mean => (sum(1.0).scaled(1.0 / n), vec![1.0 / (n * n); inputs.len()]),
        Merging::Product => {
            let all = |f: fn(&Signal) -> f64, but: usize| -> f64 {
                inputs.iter().enumerate().filter(|(i, _)| *i != but).map(|(_, x)| f(x)).product()
            };
            let none = inputs.len();
            let signal = Signal {
                mean: all(|x| x.mean, none),
                square: all(|x| x.square, none),
                common: all(|x| x.common, none),
            };
            (signal, (0..inputs.len()).map(|i| all(|x| x.square, i)).collect())
        }
        Merging::Join => {
            let size: f64 = stage.input_sizes.iter().map(|&s| s as f64).sum();
            let share: Vec<f64> = stage.input_sizes.iter().map(|&s| s as f64 / size.max(1.0)).collect();
            let mean = |f: fn(&Signal) -> f64| inputs.iter().zip(&share).map(|(x, s)| f(x) * s).sum();
            let signal =
                Signal { mean: mean(|x| x.mean), square: mean(|x| x.square), common: mean(|x| x.common) };
            (signal, share)
        }
        Merging::Extreme => return Err("the theory does not know the largest or smallest of signals".into()),
    };
    Ok(Effect { signal, factors, spread: 0.0 })
}

fn noisy(noise: Noise, x: Signal) -> Effect {
    let (signal, factor) = match noise {
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
    Effect { signal, factors: vec![factor], spread: 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steadygrad_nn::activations::{Relu, Selu, Tanh};
    use steadygrad_nn::moments::{correlation, relu_correlation};

    #[test]
    fn pairs_on_the_grid_agree_with_quadrature() {
        for c in [0.0, 0.3, 0.9, 0.99, 1.0] {
            let relu = pair(&Relu, 2.0, c);
            assert!((relu - relu_correlation(c)).abs() < 2e-3, "{c}: {relu}");
            let tanh = pair(&Tanh, 1.5, c) / Moments::at(&Tanh, 0.0, 1.5).square;
            assert!((tanh - correlation(&Tanh, 1.5, c)).abs() < 1e-6, "{c}: {tanh}");
        }
    }

    #[test]
    fn alpha_dropout_keeps_what_selu_makes() {
        let made = pointwise(&Selu, Signal::default(), 100).unwrap().signal;
        let after = noisy(Noise::AlphaDropout { rate: 0.1 }, made);
        assert!(after.signal.mean.abs() < 1e-6 && (after.signal.square - 1.0).abs() < 1e-6, "{after:?}");
    }

    #[test]
    fn samples_that_are_all_equal_have_everything_in_common() {
        let s = Signal::of(&[2.0, -1.0, 2.0, -1.0, 2.0, -1.0], 3);
        assert_eq!((s.square, s.common, s.correlation(), s.deviation()), (2.5, 2.5, 1.0, 0.0));
        let one = Signal::of(&[3.0], 1);
        assert_eq!(one.deviation(), 0.0);
        assert_eq!(Signal::of(&[], 0), Signal::default());
    }
}
