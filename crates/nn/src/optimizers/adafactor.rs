//! Adafactor: the mean squares of a matrix from those of its rows and columns.

use super::rule::{Memory, Rule, Tensor, Tick, not_negative};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::schedules::Rate;
use std::sync::Arc;
use steadygrad_kernels::norm::{squares, sum};
use steadygrad_kernels::update::{WholeUpdate, update_whole};
use steadygrad_kernels::{Isa, Real, Result};

/// Adaptive learning rates with factored second moments.
///
/// ```text
/// ρ = min(η, 1/√t);  α = max(ε₂, rms(w))·ρ;  β = 1 − t^beta_2_decay
/// matrices   r ← β·r + (1 − β)·mean over a row of (g² + ε₁)
///            c ← β·c + (1 − β)·mean over a column of (g² + ε₁)
///            v = r·c/mean(r)
/// others     v ← β·v + (1 − β)·(g² + ε₁)
/// u = g/√v
/// w ← w − α·u/max(1, rms(u)/clip_threshold)
/// ```
///
/// A parameter with more than two axes is a stack of matrices, its last two axes. As in Keras, v is kept although it follows
/// from r and c, and ρ is cut at 1/√t whether `relative_step` is set or not: the setting is read, saved, and changes
/// nothing. (Shazeer and Stern 2018.)
///
/// ```
/// use steadygrad_nn::optimizers::Adafactor;
/// let adafactor = Adafactor::new(0.01).clip_threshold(1.0);
/// ```
#[derive(Debug, Clone)]
pub struct Adafactor {
    learning_rate: Rate,
    beta_2_decay: f64,
    epsilon_1: f64,
    epsilon_2: f64,
    clip_threshold: f64,
    relative_step: bool,
}

impl Adafactor {
    /// With this learning rate (a number or a schedule) and Keras' defaults.
    pub fn new(learning_rate: impl Into<Rate>) -> Adafactor {
        Adafactor {
            learning_rate: learning_rate.into(),
            beta_2_decay: -0.8,
            epsilon_1: 1e-30,
            epsilon_2: 1e-3,
            clip_threshold: 1.0,
            relative_step: true,
        }
    }

    /// How fast the mean squares become slow: β = 1 − t^this.
    pub fn beta_2_decay(mut self, beta_2_decay: f64) -> Adafactor {
        self.beta_2_decay = beta_2_decay;
        self
    }

    /// Added to squared gradients, against division by 0.
    pub fn epsilon_1(mut self, epsilon_1: f64) -> Adafactor {
        self.epsilon_1 = epsilon_1;
        self
    }

    /// The least size that a parameter is taken to have.
    pub fn epsilon_2(mut self, epsilon_2: f64) -> Adafactor {
        self.epsilon_2 = epsilon_2;
        self
    }

    /// The root mean square above which a direction is shortened.
    pub fn clip_threshold(mut self, clip_threshold: f64) -> Adafactor {
        self.clip_threshold = clip_threshold;
        self
    }

    /// Keras' setting, without effect.
    pub fn relative_step(mut self, relative_step: bool) -> Adafactor {
        self.relative_step = relative_step;
        self
    }

    fn now(&self, tick: &Tick) -> Now {
        let t = tick.step as f64;
        Now {
            rho: tick.learning_rate.min(1.0 / t.sqrt()),
            beta: 1.0 - t.powf(self.beta_2_decay),
            epsilon_1: self.epsilon_1,
            epsilon_2: self.epsilon_2,
            clip_threshold: self.clip_threshold,
        }
    }
}

struct Now {
    rho: f64,
    beta: f64,
    epsilon_1: f64,
    epsilon_2: f64,
    clip_threshold: f64,
}

impl Now {
    /// One matrix with rows of `r`'s and columns of `c`'s number.
    #[inline(always)]
    fn factor<R: Real>(&self, gradient: &[R], r: &mut [R], c: &mut [R], v: &mut [R]) {
        let (rows, columns) = (r.len() as f64, c.len() as f64);
        let (old, new, epsilon) = (R::of(self.beta), 1.0 - self.beta, R::of(self.epsilon_1));
        for (row, r) in gradient.chunks_exact(c.len()).zip(r.iter_mut()) {
            let mean = sum(row, |g| g * g) / columns + self.epsilon_1;
            *r = old * *r + R::of(new * mean);
        }
        let new = R::of(new / rows);
        for c in c.iter_mut() {
            *c = old * *c;
        }
        for row in gradient.chunks_exact(c.len()) {
            for (c, &g) in c.iter_mut().zip(row) {
                *c = *c + new * (g * g + epsilon);
            }
        }
        let mean = R::of(sum(r, |r| r) / rows);
        for (row, &r) in v.chunks_exact_mut(c.len()).zip(r.iter()) {
            for (v, &c) in row.iter_mut().zip(c.iter()) {
                *v = r / mean * c;
            }
        }
    }
}

impl WholeUpdate for Now {
    #[inline(always)]
    fn step<R: Real>(&self, tensor: Tensor<'_, '_, R>) {
        let Tensor { shape, weights, gradient, memories, scratch } = tensor;
        let [r, c, v] = memories else { return };
        let count = weights.len();
        if count == 0 {
            return;
        }
        if let [.., rows, columns] = *shape {
            let stack = gradient.chunks_exact(rows * columns).zip(v.chunks_exact_mut(rows * columns));
            for (((g, v), r), c) in stack.zip(r.chunks_exact_mut(rows)).zip(c.chunks_exact_mut(columns)) {
                self.factor(g, r, c, v);
            }
        } else {
            let (old, new) = (R::of(self.beta), R::of(1.0 - self.beta));
            for (v, &g) in v.iter_mut().zip(gradient) {
                *v = old * *v + new * (g * g + R::of(self.epsilon_1));
            }
        }
        let direction = &mut scratch[..count];
        for ((u, &g), v) in direction.iter_mut().zip(gradient).zip(v.iter()) {
            *u = g / v.sqrt();
        }
        let rms = |x: &[R]| (squares(x) / count as f64).sqrt();
        let size = rms(direction) / self.clip_threshold;
        let alpha = self.epsilon_2.max(rms(weights)) * self.rho;
        // Not f64::max, which loses a NaN.
        let step = R::of(if size <= 1.0 { alpha } else { alpha / size });
        for (w, &u) in weights.iter_mut().zip(direction.iter()) {
            *w = *w - step * u;
        }
    }
}

impl Rule for Adafactor {
    fn class(&self) -> &'static str {
        "Adafactor"
    }

    fn config(&self) -> Config {
        Config::new()
            .with("beta_2_decay", self.beta_2_decay)
            .with("epsilon_1", self.epsilon_1)
            .with("epsilon_2", self.epsilon_2)
            .with("clip_threshold", self.clip_threshold)
            .with("relative_step", self.relative_step)
    }

    fn learning_rate(&self) -> &Rate {
        &self.learning_rate
    }

    /// Rows, columns, and all; for a vector the first two are a single number that stands unused in Keras' files.
    fn memories(&self, _: &str, shape: &[usize]) -> Vec<Memory> {
        let (rows, columns) = match shape {
            [stack @ .., rows, columns] => ([stack, &[*rows]].concat(), [stack, &[*columns]].concat()),
            _ => (Vec::new(), Vec::new()),
        };
        vec![Memory::zeros("", &rows), Memory::zeros("", &columns), Memory::zeros("velocity", shape)]
    }

    fn elementwise(&self) -> bool {
        false
    }

    fn scratch(&self, shape: &[usize]) -> usize {
        shape.iter().product()
    }

    fn update(&self, isa: Isa, tick: &Tick, _: &[f64], tensor: Tensor<'_, '_, f32>) {
        update_whole(isa, &self.now(tick), tensor);
    }

    fn update64(&self, tick: &Tick, _: &[f64], tensor: Tensor<'_, '_, f64>) {
        self.now(tick).step(tensor);
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Rule>> {
    let rule = Adafactor {
        learning_rate: args.or("learning_rate", 0.001.into())?,
        beta_2_decay: args.or("beta_2_decay", -0.8)?,
        epsilon_1: not_negative(args, "epsilon_1", 1e-30)?,
        epsilon_2: not_negative(args, "epsilon_2", 1e-3)?,
        clip_threshold: args.or("clip_threshold", 1.0)?,
        relative_step: args.or("relative_step", true)?,
    };
    if rule.beta_2_decay.is_nan() || rule.beta_2_decay > 0.0 {
        return args.reject("beta_2_decay", "0 or less", rule.beta_2_decay);
    }
    if rule.clip_threshold.is_nan() || rule.clip_threshold <= 0.0 {
        return args.reject("clip_threshold", "above 0", rule.clip_threshold);
    }
    Ok(Arc::new(rule))
}

pub(crate) const ENTRY: Entry<dyn Rule> = Entry { class: "Adafactor", names: &["adafactor"], build };
