//! What an optimizer is: a rule that turns gradients into new weights, and the settings that all rules share.

use crate::config::{Args, Config, Value};
use crate::schedules::Rate;
use std::fmt::Debug;
use std::sync::Arc;
use steadygrad_kernels::{Isa, Result};

/// What a rule keeps for every parameter: velocities, second moments.
#[derive(Debug, Clone, PartialEq)]
pub struct Memory {
    /// Keras' name: "momentum", "velocity".
    pub name: &'static str,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its value at the start.
    pub initial: f64,
}

/// The moment of an update.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tick {
    /// Which update this is, from 1.
    pub step: u64,
    /// The learning rate now.
    pub learning_rate: f64,
}

/// One parameter (or, for elementwise rules, all of them in a row) with its gradient and memories.
#[derive(Debug)]
pub struct Tensor<'a, R> {
    /// The parameter's shape; one axis for a row of all.
    pub shape: &'a [usize],
    /// The weights, to be changed.
    pub weights: &'a mut [R],
    /// The gradient.
    pub gradient: &'a [R],
    /// The memories, in the order of [`Rule::memories`].
    pub memories: &'a mut [&'a mut [R]],
}

/// A rule of update.
pub trait Rule: Debug + Send + Sync + 'static {
    /// Keras' class name: "Adam".
    fn class(&self) -> &'static str;

    /// The rule's own settings under Keras' names, without the learning rate and what all rules share.
    fn config(&self) -> Config;

    /// The learning rate.
    fn learning_rate(&self) -> &Rate;

    /// What is kept for a parameter of this shape.
    fn memories(&self, shape: &[usize]) -> Vec<Memory>;

    /// Every weight is changed by itself alone, so that one loop runs over all parameters.
    fn elementwise(&self) -> bool {
        true
    }

    /// Numbers kept for the optimizer as a whole: how many, and their values at the start.
    fn scalars(&self) -> Vec<f64> {
        Vec::new()
    }

    /// Brings the scalars to this step; called once, before the parameters are updated.
    fn advance(&self, tick: &Tick, scalars: &mut [f64]) {
        let _ = (tick, scalars);
    }

    /// Changes the weights.
    fn update(&self, isa: Isa, tick: &Tick, scalars: &[f64], tensor: Tensor<'_, f32>);

    /// The same in double precision.
    fn update64(&self, tick: &Tick, scalars: &[f64], tensor: Tensor<'_, f64>);
}

/// Clipping of gradients.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Clip {
    /// Each parameter's gradient to this norm: g · c / max(‖g‖, c).
    Norm(f64),
    /// All gradients together to this norm: g · c · min(1/‖g‖, 1/c).
    GlobalNorm(f64),
    /// Each number into −c … c.
    Value(f64),
}

/// Moving average of the weights, as Keras' `use_ema`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ema {
    /// How much of the average stays at each step.
    pub momentum: f64,
    /// Every so many steps the weights become their average.
    pub overwrite_frequency: Option<u64>,
}

/// A rule with the settings that all rules share.
///
/// ```
/// use steadygrad_nn::optimizers::{Optimizer, Sgd};
/// let optimizer = Optimizer::new(Sgd::new(0.1).momentum(0.9)).clipnorm(1.0).weight_decay(1e-4);
/// assert_eq!(optimizer.rule.class(), "SGD");
/// ```
#[derive(Debug, Clone)]
pub struct Optimizer {
    /// The rule.
    pub rule: Arc<dyn Rule>,
    /// The learning rate.
    pub learning_rate: Rate,
    /// w ← w − w · decay · learning rate, before each update (Loshchilov and Hutter 2019).
    pub weight_decay: Option<f64>,
    /// Clipping, before weight decay and update.
    pub clip: Option<Clip>,
    /// Moving average of the weights.
    pub ema: Option<Ema>,
    /// Gradients are divided by this first.
    pub loss_scale_factor: Option<f64>,
    /// Updates once in so many steps, with the mean of their gradients.
    pub gradient_accumulation_steps: Option<u64>,
}

impl Optimizer {
    /// A rule, with nothing added.
    pub fn new(rule: impl Rule) -> Optimizer {
        Optimizer::from_rule(Arc::new(rule))
    }

    /// A rule that is shared already.
    pub fn from_rule(rule: Arc<dyn Rule>) -> Optimizer {
        Optimizer {
            learning_rate: rule.learning_rate().clone(),
            rule,
            weight_decay: None,
            clip: None,
            ema: None,
            loss_scale_factor: None,
            gradient_accumulation_steps: None,
        }
    }

    /// Clips each parameter's gradient to this norm.
    pub fn clipnorm(mut self, norm: f64) -> Optimizer {
        self.clip = Some(Clip::Norm(norm));
        self
    }

    /// Clips all gradients together to this norm (Pascanu, Mikolov, Bengio 2013).
    pub fn global_clipnorm(mut self, norm: f64) -> Optimizer {
        self.clip = Some(Clip::GlobalNorm(norm));
        self
    }

    /// Clips each number of each gradient.
    pub fn clipvalue(mut self, value: f64) -> Optimizer {
        self.clip = Some(Clip::Value(value));
        self
    }

    /// Decoupled weight decay.
    pub fn weight_decay(mut self, decay: f64) -> Optimizer {
        self.weight_decay = Some(decay);
        self
    }

    /// Keeps a moving average of the weights, which they become at the end of training.
    pub fn ema(mut self, momentum: f64) -> Optimizer {
        self.ema = Some(Ema { momentum, overwrite_frequency: None });
        self
    }

    /// Updates once in this many steps.
    pub fn gradient_accumulation_steps(mut self, steps: u64) -> Optimizer {
        self.gradient_accumulation_steps = Some(steps);
        self
    }

    /// The settings under Keras' names, in Keras' order.
    pub fn config(&self) -> Config {
        let clip = |want: fn(Clip) -> Option<f64>| self.clip.and_then(want);
        let mut config = Config::new()
            .with("learning_rate", &self.learning_rate)
            .with("weight_decay", self.weight_decay)
            .with("clipnorm", clip(|c| if let Clip::Norm(v) = c { Some(v) } else { None }))
            .with("global_clipnorm", clip(|c| if let Clip::GlobalNorm(v) = c { Some(v) } else { None }))
            .with("clipvalue", clip(|c| if let Clip::Value(v) = c { Some(v) } else { None }))
            .with("use_ema", self.ema.is_some())
            .with("ema_momentum", self.ema.map_or(0.99, |e| e.momentum))
            .with("ema_overwrite_frequency", self.ema.and_then(|e| e.overwrite_frequency))
            .with("loss_scale_factor", self.loss_scale_factor)
            .with("gradient_accumulation_steps", self.gradient_accumulation_steps);
        for (name, value) in self.rule.config().iter() {
            config.set(name, value.clone());
        }
        config
    }

    /// From a name ("adam", any case) or `{class_name, config}`.
    pub fn from_value(value: &Value) -> Result<Optimizer> {
        let (name, config) = crate::catalog::class_and_config("optimizer", value)?;
        let entry = crate::catalog::find("optimizer", super::CATALOG, &name.to_lowercase())?;
        let mut args = Args::new(entry.class, &config);
        let mut optimizer = Optimizer::from_rule((entry.build)(&mut args)?);
        optimizer.read_shared(&mut args)?;
        args.finish()?;
        Ok(optimizer)
    }

    fn read_shared(&mut self, args: &mut Args<'_>) -> Result<()> {
        args.ignore(&["name"]);
        if let Some(decay) = args.given::<Option<f64>>("weight_decay")? {
            self.weight_decay = decay;
        } else if self.rule.class() == "AdamW" || self.rule.class() == "Muon" {
            self.weight_decay = Some(0.004);
        }
        let clips = [
            args.or::<Option<f64>>("clipnorm", None)?.map(Clip::Norm),
            args.or::<Option<f64>>("global_clipnorm", None)?.map(Clip::GlobalNorm),
            args.or::<Option<f64>>("clipvalue", None)?.map(Clip::Value),
        ];
        let mut clips = clips.into_iter().flatten();
        self.clip = clips.next();
        if clips.next().is_some() {
            return args.reject(
                "clipnorm",
                "the only one of clipnorm, global_clipnorm and clipvalue",
                "two of them",
            );
        }
        let use_ema = args.or("use_ema", false)?;
        let momentum = args.or("ema_momentum", 0.99)?;
        let overwrite_frequency = args.or::<Option<u64>>("ema_overwrite_frequency", None)?;
        self.ema = use_ema.then_some(Ema { momentum, overwrite_frequency });
        if !(0.0..=1.0).contains(&momentum) {
            return args.reject("ema_momentum", "between 0 and 1", momentum);
        }
        self.loss_scale_factor = args.or("loss_scale_factor", None)?;
        self.gradient_accumulation_steps = args.or("gradient_accumulation_steps", None)?;
        if matches!(self.gradient_accumulation_steps, Some(0 | 1)) {
            return args.reject("gradient_accumulation_steps", "2 or more", "less");
        }
        Ok(())
    }
}

impl<R: Rule> From<R> for Optimizer {
    fn from(rule: R) -> Optimizer {
        Optimizer::new(rule)
    }
}

impl From<&Optimizer> for Value {
    fn from(optimizer: &Optimizer) -> Value {
        crate::catalog::spec(optimizer.rule.class(), optimizer.config())
    }
}
