//! Weights whose variance keeps the size of a signal: VarianceScaling, and the Glorot, He and LeCun cases of it.

use super::initializer::{Draw, Initializer, fans};
use crate::catalog::Entry;
use crate::config::{Args, Config};
use std::sync::Arc;
use steadygrad_kernels::random::normal_quantile;
use steadygrad_kernels::{Error, Result};

/// Which fan the variance is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FanMode {
    /// Inputs of a unit: keeps the signal's size on the way forward.
    FanIn,
    /// Units of an input: keeps the gradient's size on the way back.
    FanOut,
    /// The mean of both: a compromise (Glorot and Bengio 2010).
    FanAvg,
}

impl FanMode {
    fn name(self) -> &'static str {
        match self {
            FanMode::FanIn => "fan_in",
            FanMode::FanOut => "fan_out",
            FanMode::FanAvg => "fan_avg",
        }
    }
}

/// The shape of the distribution; the variance is the same for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distribution {
    /// Normal, redrawn beyond two standard deviations, and widened to keep the variance.
    TruncatedNormal,
    /// Normal.
    UntruncatedNormal,
    /// Uniform in ±√(3·variance).
    Uniform,
}

impl Distribution {
    fn name(self) -> &'static str {
        match self {
            Distribution::TruncatedNormal => "truncated_normal",
            Distribution::UntruncatedNormal => "untruncated_normal",
            Distribution::Uniform => "uniform",
        }
    }
}

/// The standard deviation of N(0, 1) cut off at ±2: √(1 − 4·φ(2) / (2·Φ(2) − 1)).
pub const TRUNCATED_STDDEV: f64 = 0.879_625_661_034_239_8;

/// Weights of mean 0 and variance scale / n, where n is a fan of the shape.
///
/// ```text
/// s = scale / max(1, n),  n = fan_in, fan_out or (fan_in + fan_out)/2
/// truncated_normal    N(0, s/0.8796²) redrawn outside of ±2σ: the variance is s
/// untruncated_normal  N(0, s)
/// uniform             U(−√(3s), √(3s))
/// ```
///
/// The cases with names: Glorot (scale 1, fan_avg; Glorot and Bengio 2010), He (scale 2, fan_in; He et al. 2015),
/// LeCun (scale 1, fan_in; LeCun et al. 1998).
///
/// ```
/// use steadygrad_nn::initializers::{Draw, FanMode, Initializer, VarianceScaling};
/// let he = VarianceScaling::new(2.0, FanMode::FanIn);
/// assert_eq!(he.variance(&[50, 10]), Some(0.04));
/// let mut w = vec![0.0; 500];
/// he.fill(&Draw::new(1, "dense#0/kernel"), &[50, 10], &mut w).unwrap();
/// assert!(w.iter().all(|w| w.abs() < 2.2738 * 0.2));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VarianceScaling {
    scale: f64,
    mode: FanMode,
    distribution: Distribution,
    seed: Option<u64>,
}

impl VarianceScaling {
    /// Truncated normal with this scale and fan.
    pub fn new(scale: f64, mode: FanMode) -> VarianceScaling {
        VarianceScaling { scale, mode, distribution: Distribution::TruncatedNormal, seed: None }
    }

    /// Another distribution.
    pub fn distribution(mut self, distribution: Distribution) -> VarianceScaling {
        self.distribution = distribution;
        self
    }

    /// A seed of its own, which then decides alone.
    pub fn seed(mut self, seed: u64) -> VarianceScaling {
        self.seed = Some(seed);
        self
    }
}

impl Initializer for VarianceScaling {
    fn class(&self) -> &'static str {
        "VarianceScaling"
    }

    fn config(&self) -> Config {
        Config::new()
            .with("seed", self.seed)
            .with("scale", self.scale)
            .with("mode", self.mode.name())
            .with("distribution", self.distribution.name())
    }

    fn fill(&self, draw: &Draw, shape: &[usize], out: &mut [f32]) -> Result<()> {
        if self.scale.is_nan() || self.scale <= 0.0 {
            return Err(
                Error::argument(format!("`scale` must be above 0, got {}", self.scale)).at("VarianceScaling")
            );
        }
        let stream = draw.stream(self.seed);
        let stddev = self.variance(shape).unwrap_or(1.0).sqrt();
        match self.distribution {
            Distribution::Uniform => {
                let limit = 3.0_f64.sqrt() * stddev;
                for (i, w) in out.iter_mut().enumerate() {
                    *w = (limit * (2.0 * stream.uniform(0, i as u64) - 1.0)) as f32;
                }
            }
            Distribution::UntruncatedNormal => {
                for (i, w) in out.iter_mut().enumerate() {
                    *w = (stddev * stream.normal(0, i as u64)) as f32;
                }
            }
            Distribution::TruncatedNormal => {
                for (i, w) in out.iter_mut().enumerate() {
                    *w = (stddev / TRUNCATED_STDDEV * truncated_normal(stream.uniform(0, i as u64))) as f32;
                }
            }
        }
        Ok(())
    }

    fn variance(&self, shape: &[usize]) -> Option<f64> {
        let (fan_in, fan_out) = fans(shape);
        let n = match self.mode {
            FanMode::FanIn => fan_in as f64,
            FanMode::FanOut => fan_out as f64,
            FanMode::FanAvg => (fan_in + fan_out) as f64 / 2.0,
        };
        Some(self.scale / n.max(1.0))
    }
}

/// N(0, 1) cut off at ±2, from a uniform number: by the inverse of its distribution function, so without redrawing.
pub(crate) fn truncated_normal(u: f64) -> f64 {
    const PHI_2: f64 = 0.977_249_868_051_820_8;
    normal_quantile(1.0 - PHI_2 + u * (2.0 * PHI_2 - 1.0))
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Initializer>> {
    let scale: f64 = args.or("scale", 1.0)?;
    let mode: String = args.or("mode", "fan_in".into())?;
    let distribution: String = args.or("distribution", "truncated_normal".into())?;
    let seed = args.or("seed", None)?;
    if scale.is_nan() || scale <= 0.0 {
        return args.reject("scale", "above 0", scale);
    }
    let mode = match mode.as_str() {
        "fan_in" => FanMode::FanIn,
        "fan_out" => FanMode::FanOut,
        "fan_avg" => FanMode::FanAvg,
        _ => return Err(Error::name("mode", &mode, &["fan_in", "fan_out", "fan_avg"]).at("VarianceScaling")),
    };
    let distribution = match distribution.to_lowercase().as_str() {
        "truncated_normal" | "normal" => Distribution::TruncatedNormal,
        "untruncated_normal" => Distribution::UntruncatedNormal,
        "uniform" => Distribution::Uniform,
        other => {
            let known = ["truncated_normal", "untruncated_normal", "uniform"];
            return Err(Error::name("distribution", other, &known).at("VarianceScaling"));
        }
    };
    Ok(Arc::new(VarianceScaling { scale, mode, distribution, seed }))
}

pub(crate) const ENTRY: Entry<dyn Initializer> =
    Entry { class: "VarianceScaling", names: &["variance_scaling"], build };

/// The six cases with names differ in three values only.
macro_rules! named {
    ($type:ident, $entry:ident, $class:literal, $snake:literal, $scale:expr, $mode:expr, $distribution:expr, $doc:literal) => {
        #[doc = $doc]
        ///
        /// A case of [`VarianceScaling`].
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $type {
            seed: Option<u64>,
        }

        #[doc = $doc]
        #[allow(non_upper_case_globals)]
        pub const $type: $type = $type { seed: None };

        impl $type {
            /// A seed of its own, which then decides alone.
            pub fn seed(self, seed: u64) -> $type {
                $type { seed: Some(seed) }
            }

            fn general(&self) -> VarianceScaling {
                VarianceScaling { scale: $scale, mode: $mode, distribution: $distribution, seed: self.seed }
            }
        }

        impl Initializer for $type {
            fn class(&self) -> &'static str {
                $class
            }
            fn config(&self) -> Config {
                Config::new().with("seed", self.seed)
            }
            fn fill(&self, draw: &Draw, shape: &[usize], out: &mut [f32]) -> Result<()> {
                self.general().fill(draw, shape, out)
            }
            fn variance(&self, shape: &[usize]) -> Option<f64> {
                self.general().variance(shape)
            }
        }

        pub(crate) const $entry: Entry<dyn Initializer> = Entry {
            class: $class,
            names: &[$snake],
            build: |args| Ok(Arc::new($type { seed: args.or("seed", None)? })),
        };
    };
}

named!(
    GlorotUniform,
    GLOROT_UNIFORM,
    "GlorotUniform",
    "glorot_uniform",
    1.0,
    FanMode::FanAvg,
    Distribution::Uniform,
    "U(−√(6/(fan_in+fan_out)), +…): Keras' default for kernels; for tanh and the like (Glorot and Bengio 2010)."
);
named!(
    GlorotNormal,
    GLOROT_NORMAL,
    "GlorotNormal",
    "glorot_normal",
    1.0,
    FanMode::FanAvg,
    Distribution::TruncatedNormal,
    "Truncated normal of variance 2/(fan_in+fan_out) (Glorot and Bengio 2010)."
);
named!(
    HeUniform,
    HE_UNIFORM,
    "HeUniform",
    "he_uniform",
    2.0,
    FanMode::FanIn,
    Distribution::Uniform,
    "U(−√(6/fan_in), +…): for ReLU and its kin (He et al. 2015)."
);
named!(
    HeNormal,
    HE_NORMAL,
    "HeNormal",
    "he_normal",
    2.0,
    FanMode::FanIn,
    Distribution::TruncatedNormal,
    "Truncated normal of variance 2/fan_in: for ReLU and its kin (He et al. 2015)."
);
named!(
    LecunUniform,
    LECUN_UNIFORM,
    "LecunUniform",
    "lecun_uniform",
    1.0,
    FanMode::FanIn,
    Distribution::Uniform,
    "U(−√(3/fan_in), +…) (LeCun et al. 1998)."
);
named!(
    LecunNormal,
    LECUN_NORMAL,
    "LecunNormal",
    "lecun_normal",
    1.0,
    FanMode::FanIn,
    Distribution::TruncatedNormal,
    "Truncated normal of variance 1/fan_in: for SELU (LeCun et al. 1998; Klambauer et al. 2017)."
);
