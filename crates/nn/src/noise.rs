//! Noise that layers add while they learn: what one number becomes given a random one, which numbers share one, and
//! the steps that it takes.

use crate::builder::Port;
use crate::config::Value;
use crate::lowering::Lowering;
use crate::shape::{Extent, Shape};
use crate::step::Step;
use steadygrad_kernels::random::normal_quantile;
use steadygrad_kernels::{Error, Real, Result};

/// The kinds of noise. `u` is uniform in (0, 1).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Noise {
    /// 0 where u < rate, else x / (1 − rate)  (Srivastava et al. 2014)
    Dropout {
        /// The fraction dropped, 0 … 1.
        rate: f64,
    },
    /// Keeps mean 0 and variance 1 of SELU's outputs: α′ where u < rate, then an affine map  (Klambauer et al. 2017)
    AlphaDropout {
        /// The fraction dropped, 0 … 1.
        rate: f64,
    },
    /// x · N(1, rate / (1 − rate))
    GaussianDropout {
        /// The rate of the dropout with the same variance, below 1.
        rate: f64,
    },
    /// x + N(0, stddev²)
    Gaussian {
        /// The standard deviation.
        stddev: f64,
    },
}

/// −λ·α of SELU: what its outputs approach for large negative inputs.
const ALPHA_PRIME: f64 = -1.758_099_340_847_376_6;

impl Noise {
    /// (factor, offset) such that x becomes factor · x + offset: both the value and the slope.
    #[inline]
    pub fn factor_and_offset(&self, u: f64) -> (f64, f64) {
        match *self {
            Noise::Dropout { rate } if u < rate => (0.0, 0.0),
            Noise::Dropout { rate } => (1.0 / (1.0 - rate), 0.0),
            Noise::AlphaDropout { rate } => {
                let (a, b) = alpha_dropout(rate);
                if u < rate { (0.0, a * ALPHA_PRIME + b) } else { (a, b) }
            }
            Noise::GaussianDropout { rate } => (1.0 + (rate / (1.0 - rate)).sqrt() * normal_quantile(u), 0.0),
            Noise::Gaussian { stddev } => (1.0, stddev * normal_quantile(u)),
        }
    }

    /// x with the noise of u.
    #[inline]
    pub fn value<R: Real>(&self, x: R, u: f64) -> R {
        match self.factor_and_offset(u) {
            // A dropped infinity is 0, not NaN.
            (0.0, offset) => R::of(offset),
            (factor, offset) => x * R::of(factor) + R::of(offset),
        }
    }

    /// dy times the slope at u.
    #[inline]
    pub fn gradient<R: Real>(&self, dy: R, u: f64) -> R {
        match self.factor_and_offset(u) {
            (0.0, _) => R::ZERO,
            (factor, _) => dy * R::of(factor),
        }
    }

    /// Whether it changes anything.
    pub fn is_none(&self) -> bool {
        match *self {
            Noise::Dropout { rate } | Noise::AlphaDropout { rate } | Noise::GaussianDropout { rate } => {
                rate == 0.0
            }
            Noise::Gaussian { stddev } => stddev == 0.0,
        }
    }
}

/// The affine map a·x + b of alpha dropout at drop rate r; at r = 1, where nothing is left, 0.
///
/// ```text
/// a = ((1 − r)·(1 + r·α′²))^(−1/2),  b = −a·α′·r
/// ```
/// ```
/// let (a, b) = steadygrad_nn::noise::alpha_dropout(0.5);
/// assert!((a - 0.886404894665932).abs() < 1e-9 && (b - 0.7791939305180317).abs() < 1e-9);
/// ```
pub fn alpha_dropout(rate: f64) -> (f64, f64) {
    if rate >= 1.0 {
        return (0.0, 0.0);
    }
    let a = 1.0 / ((1.0 - rate) * (1.0 + rate * ALPHA_PRIME * ALPHA_PRIME)).sqrt();
    (a, -a * ALPHA_PRIME * rate)
}

/// Keras' `noise_shape`, batch first: an axis of 1 shares its random numbers, `None` (or the axis' own size) does not.
///
/// The batch is `None`, 1, or any other number, which then stands for the batch, whatever its size.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NoiseShape(Option<Vec<Option<usize>>>);

impl NoiseShape {
    /// These axes.
    pub fn new(axes: impl Into<Vec<Option<usize>>>) -> NoiseShape {
        NoiseShape(Some(axes.into()))
    }

    /// Sizes as Keras' settings say them, or none.
    pub(crate) fn given(axes: Option<Vec<Option<usize>>>) -> NoiseShape {
        NoiseShape(axes)
    }

    /// The random numbers for values of this shape: the size of every axis, batch first.
    pub fn draws(&self, shape: &Shape) -> Result<Vec<Extent>> {
        let mut draws = with_batch(shape);
        let Some(axes) = &self.0 else { return Ok(draws) };
        let bad = |what: String| {
            let shown = Value::from(axes.clone());
            Err(Error::argument(format!(
                "`noise_shape` {shown} does not fit values of shape {shape}: {what}"
            ))
            .help("give one entry for each axis, batch first: null for numbers of its own, 1 to share them"))
        };
        if axes.len() != draws.len() {
            return bad(format!("expected {} entries, got {}", draws.len(), axes.len()));
        }
        for (i, (draw, axis)) in draws.iter_mut().zip(axes).enumerate() {
            match axis {
                None => {}
                Some(1) => *draw = Extent::ONE,
                Some(0) => return bad("an entry must be 1 or more, got 0".into()),
                Some(_) if i == 0 => {}
                Some(n) if *draw == Extent::Fixed(*n) => {}
                Some(n) => return bad(format!("axis {i} must be {draw}, 1 or null, got {n}")),
            }
        }
        Ok(draws)
    }
}

impl From<&NoiseShape> for Value {
    fn from(shape: &NoiseShape) -> Value {
        shape.0.clone().into()
    }
}

fn with_batch(shape: &Shape) -> Vec<Extent> {
    std::iter::once(Extent::Rows(1)).chain(shape.dims().iter().map(|&d| Extent::Fixed(d))).collect()
}

/// The value with noise in training, the value itself otherwise. Values at the same place of `noise_shape` share a
/// random number; a `seed` overrides the run's.
pub fn noisy(
    at: &mut Lowering<'_>,
    noise: Noise,
    noise_shape: &NoiseShape,
    seed: Option<u64>,
    x: Port,
) -> Result<Port> {
    let shape = at.shape(x).clone();
    let draws = noise_shape.draws(&shape)?;
    if !at.training() || noise.is_none() {
        return Ok(at.reshaped(x, shape));
    }
    let (dims, stream) = (with_batch(&shape), at.stream(seed));
    let y = at.port(shape);
    let step = |x, out, gradient| Step::Noise {
        noise,
        stream,
        x,
        out,
        dims: dims.clone(),
        draws: draws.clone(),
        gradient,
    };
    let (from, to, dy) = (at.slot(x), at.slot(y), at.gradient(y));
    at.forward(step(from, to, false));
    if let Some(dx) = at.gradient_into(x) {
        at.backward([step(dy, dx, true)]);
    }
    Ok(y)
}

/// An error if this is no fraction.
pub fn check_rate(rate: f64) -> Result<()> {
    if (0.0..=1.0).contains(&rate) {
        return Ok(());
    }
    Err(Error::argument(format!("`rate` must be between 0 and 1, got {rate}"))
        .help("it is the fraction that is dropped: 0.2 drops every fifth value"))
}
