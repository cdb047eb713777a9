//! Weights whose variance keeps the size of a signal: VarianceScaling, and the Glorot, He and LeCun cases of it.

use super::initializer::{
    Draw, Initializer, TRUNCATED_STDDEV, fans_along, require, truncated_normal, within,
};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
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
#[derive(Debug, Clone, PartialEq)]
pub struct VarianceScaling {
    scale: f64,
    mode: FanMode,
    distribution: Distribution,
    common: Common,
}

/// What all of the family have: a seed of their own, and axes that count as inputs and outputs.
#[derive(Debug, Clone, PartialEq)]
struct Common {
    seed: Option<u64>,
    input_axes: Option<Vec<i64>>,
    output_axes: Option<Vec<i64>>,
}

impl Common {
    const NONE: Common = Common { seed: None, input_axes: None, output_axes: None };

    fn read(args: &mut Args<'_>) -> Result<Common> {
        Ok(Common {
            seed: args.or("seed", None)?,
            input_axes: args.or("input_axes", None)?,
            output_axes: args.or("output_axes", None)?,
        })
    }

    fn write(&self, config: Config) -> Config {
        config.with("input_axes", self.input_axes.clone()).with("output_axes", self.output_axes.clone())
    }
}

impl VarianceScaling {
    /// Truncated normal with this scale and fan.
    pub fn new(scale: f64, mode: FanMode) -> VarianceScaling {
        VarianceScaling { scale, mode, distribution: Distribution::TruncatedNormal, common: Common::NONE }
    }

    /// Another distribution.
    pub fn distribution(mut self, distribution: Distribution) -> VarianceScaling {
        self.distribution = distribution;
        self
    }

    /// A seed of its own, which then decides alone.
    pub fn seed(mut self, seed: u64) -> VarianceScaling {
        self.common.seed = Some(seed);
        self
    }

    /// The axes whose product is the fan in; taken only together with [`VarianceScaling::output_axes`].
    pub fn input_axes(mut self, axes: impl Into<Vec<i64>>) -> VarianceScaling {
        self.common.input_axes = Some(axes.into());
        self
    }

    /// The axes whose product is the fan out; taken only together with [`VarianceScaling::input_axes`].
    pub fn output_axes(mut self, axes: impl Into<Vec<i64>>) -> VarianceScaling {
        self.common.output_axes = Some(axes.into());
        self
    }

    fn scaled(&self, shape: &[usize]) -> Result<f64> {
        let Common { input_axes, output_axes, .. } = &self.common;
        let (fan_in, fan_out) = fans_along(shape, input_axes.as_deref(), output_axes.as_deref())?;
        let n = match self.mode {
            FanMode::FanIn => fan_in as f64,
            FanMode::FanOut => fan_out as f64,
            FanMode::FanAvg => (fan_in + fan_out) as f64 / 2.0,
        };
        Ok(self.scale / n.max(1.0))
    }
}

impl Initializer for VarianceScaling {
    fn class(&self) -> &'static str {
        "VarianceScaling"
    }

    fn config(&self) -> Config {
        let config = Config::new()
            .with("seed", self.common.seed)
            .with("scale", self.scale)
            .with("mode", self.mode.name())
            .with("distribution", self.distribution.name());
        self.common.write(config)
    }

    fn fill(&self, draw: &Draw, shape: &[usize], out: &mut [f32]) -> Result<()> {
        require(
            self.scale > 0.0 && self.scale.is_finite(),
            "VarianceScaling",
            "scale",
            "above 0",
            self.scale,
        )?;
        let stream = draw.stream(self.common.seed);
        let stddev = self.scaled(shape).map_err(|e| e.at("VarianceScaling"))?.sqrt();
        match self.distribution {
            Distribution::Uniform => {
                let limit = 3.0_f64.sqrt() * stddev;
                for (i, w) in out.iter_mut().enumerate() {
                    *w = within(limit * (2.0 * stream.uniform(0, i as u64) - 1.0), -limit, limit);
                }
            }
            Distribution::UntruncatedNormal => {
                for (i, w) in out.iter_mut().enumerate() {
                    *w = (stddev * stream.normal(0, i as u64)) as f32;
                }
            }
            Distribution::TruncatedNormal => {
                let sigma = stddev / TRUNCATED_STDDEV;
                for (i, w) in out.iter_mut().enumerate() {
                    *w = within(
                        sigma * truncated_normal(stream.uniform(0, i as u64)),
                        -2.0 * sigma,
                        2.0 * sigma,
                    );
                }
            }
        }
        Ok(())
    }

    fn variance(&self, shape: &[usize]) -> Option<f64> {
        self.scaled(shape).ok()
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Initializer>> {
    let scale: f64 = args.or("scale", 1.0)?;
    let mode: String = args.or("mode", "fan_in".into())?;
    let distribution: String = args.or("distribution", "truncated_normal".into())?;
    let common = Common::read(args)?;
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
    Ok(Arc::new(VarianceScaling { scale, mode, distribution, common }))
}

pub(crate) const ENTRY: Entry<dyn Initializer> =
    Entry { class: "VarianceScaling", names: &["variance_scaling"], build };

/// The six cases with names differ in three values only.
macro_rules! named {
    ($type:ident, $entry:ident, $class:literal, $snake:literal, $scale:expr, $mode:expr, $distribution:expr, $doc:literal) => {
        #[doc = $doc]
        ///
        /// A case of [`VarianceScaling`].
        #[derive(Debug, Clone, PartialEq)]
        pub struct $type {
            common: Common,
        }

        #[doc = $doc]
        #[allow(non_upper_case_globals)]
        pub const $type: $type = $type { common: Common::NONE };

        impl $type {
            /// A seed of its own, which then decides alone.
            pub fn seed(mut self, seed: u64) -> $type {
                self.common.seed = Some(seed);
                self
            }

            /// The axes whose product is the fan in; taken only together with the output axes.
            pub fn input_axes(mut self, axes: impl Into<Vec<i64>>) -> $type {
                self.common.input_axes = Some(axes.into());
                self
            }

            /// The axes whose product is the fan out; taken only together with the input axes.
            pub fn output_axes(mut self, axes: impl Into<Vec<i64>>) -> $type {
                self.common.output_axes = Some(axes.into());
                self
            }

            fn general(&self) -> VarianceScaling {
                let common = self.common.clone();
                VarianceScaling { scale: $scale, mode: $mode, distribution: $distribution, common }
            }
        }

        impl Initializer for $type {
            fn class(&self) -> &'static str {
                $class
            }
            fn config(&self) -> Config {
                self.common.write(Config::new().with("seed", self.common.seed))
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
            build: |args| Ok(Arc::new($type { common: Common::read(args)? })),
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
