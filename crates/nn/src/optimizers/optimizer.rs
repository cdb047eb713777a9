//! What an optimizer is: a rule of update, and the settings that all rules share.

use super::rule::Rule;
use crate::args::Args;
use crate::config::{Config, Value};
use crate::schedules::Rate;
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};

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
/// A step takes them in this order: divide by the loss scale, gather, clip, decay the weights, update, average, constrain.
///
/// ```
/// use steadygrad_nn::optimizers::{Optimizer, Sgd};
/// let optimizer = Optimizer::new(Sgd::new(0.1).momentum(0.9)).clipnorm(1.0).weight_decay(1e-4);
/// assert_eq!(optimizer.rule.class(), "SGD");
/// ```
#[derive(Debug, Clone)]
pub struct Optimizer {
    /// Its name, by which its variables are called: "adam".
    pub name: String,
    /// The rule.
    pub rule: Arc<dyn Rule>,
    /// The learning rate.
    pub learning_rate: Rate,
    /// w ← w − w · decay · learning rate, before each update (Loshchilov and Hutter 2019).
    pub weight_decay: Option<f64>,
    /// Parameters whose path contains one of these words are not decayed.
    pub exclude_from_weight_decay: Vec<String>,
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
            name: crate::names::snake_case(rule.class()),
            learning_rate: rule.learning_rate().clone(),
            weight_decay: rule.weight_decay(),
            rule,
            exclude_from_weight_decay: Vec::new(),
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

    /// Leaves parameters undecayed whose path contains one of these words, such as "bias" or "gamma".
    ///
    /// ```
    /// use steadygrad_nn::optimizers::{Adam, Optimizer};
    /// let optimizer = Optimizer::new(Adam::new(0.001)).weight_decay(0.004).exclude_from_weight_decay(["bias", "gamma", "beta"]);
    /// assert_eq!(optimizer.decay_of("dense/bias", &[10]), None);
    /// assert_eq!(optimizer.decay_of("dense/kernel", &[784, 10]), Some(0.004));
    /// ```
    pub fn exclude_from_weight_decay<S: Into<String>>(
        mut self,
        words: impl IntoIterator<Item = S>,
    ) -> Optimizer {
        self.exclude_from_weight_decay = words.into_iter().map(Into::into).collect();
        self
    }

    /// The weight decay of this parameter.
    pub fn decay_of(&self, path: &str, shape: &[usize]) -> Option<f64> {
        let excluded = self.exclude_from_weight_decay.iter().any(|word| path.contains(word));
        if excluded { None } else { self.rule.decay_of(path, shape, self.weight_decay) }
    }

    /// Keeps a moving average of the weights, which they become at the end of training.
    pub fn ema(mut self, momentum: f64) -> Optimizer {
        let overwrite_frequency = self.ema.and_then(|ema| ema.overwrite_frequency);
        self.ema = Some(Ema { momentum, overwrite_frequency });
        self
    }

    /// Every so many steps the weights become their average; without an average of their own, with Keras' 0.99.
    pub fn ema_overwrite_frequency(mut self, steps: u64) -> Optimizer {
        let momentum = self.ema.map_or(0.99, |ema| ema.momentum);
        self.ema = Some(Ema { momentum, overwrite_frequency: Some(steps) });
        self
    }

    /// Divides gradients by this first: the loss was multiplied by it.
    pub fn loss_scale_factor(mut self, factor: f64) -> Optimizer {
        self.loss_scale_factor = Some(factor);
        self
    }

    /// Updates once in this many steps.
    pub fn gradient_accumulation_steps(mut self, steps: u64) -> Optimizer {
        self.gradient_accumulation_steps = Some(steps);
        self
    }

    /// The settings under Keras' names, in Keras' order. Words that exclude parameters from weight decay come last and only
    /// if there are any: Keras does not save them.
    pub fn config(&self) -> Config {
        let clip = |want: fn(Clip) -> Option<f64>| self.clip.and_then(want);
        let mut config = Config::new()
            .with("name", self.name.as_str())
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
        if !self.exclude_from_weight_decay.is_empty() {
            config.set("exclude_from_weight_decay", self.exclude_from_weight_decay.clone());
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
        // Keras says that `decay` is no longer used and goes on; the other two stand in files of Keras 2.
        args.ignore(&["decay", "jit_compile", "is_legacy_optimizer"]);
        if args.given::<Value>("lr")?.is_some() {
            return Err(Error::name("argument", "lr", &[]).at(args.owner().to_string()).help(LR));
        }
        if let Some(name) = args.given::<Option<String>>("name")?.flatten() {
            self.name = name;
        }
        if let Some(decay) = args.given::<Option<f64>>("weight_decay")? {
            self.weight_decay = decay;
        }
        self.exclude_from_weight_decay = args.or("exclude_from_weight_decay", Vec::new())?;
        self.read_clip(args)?;
        self.read_ema(args)?;
        self.loss_scale_factor = args.or("loss_scale_factor", None)?;
        if let Some(factor) = self.loss_scale_factor.filter(|factor| !(factor.is_finite() && *factor > 0.0)) {
            return args.reject("loss_scale_factor", "a finite number above 0", factor);
        }
        self.gradient_accumulation_steps = args.or("gradient_accumulation_steps", None)?;
        if let Some(steps) = self.gradient_accumulation_steps.filter(|steps| *steps < 2) {
            return args.reject("gradient_accumulation_steps", "2 or more (leave it out for none)", steps);
        }
        Ok(())
    }

    fn read_clip(&mut self, args: &mut Args<'_>) -> Result<()> {
        self.clip = None;
        for name in ["clipnorm", "global_clipnorm", "clipvalue"] {
            let Some(limit) = args.or::<Option<f64>>(name, None)? else { continue };
            if limit.is_nan() || limit <= 0.0 {
                return args.reject(name, "above 0 (leave it out for no clipping)", limit);
            }
            if self.clip.is_some() {
                let only = "the only one of clipnorm, global_clipnorm and clipvalue";
                return args.reject(name, only, "a second one");
            }
            self.clip = Some(match name {
                "clipnorm" => Clip::Norm(limit),
                "global_clipnorm" => Clip::GlobalNorm(limit),
                _ => Clip::Value(limit),
            });
        }
        Ok(())
    }

    fn read_ema(&mut self, args: &mut Args<'_>) -> Result<()> {
        let used = args.or("use_ema", false)?;
        let momentum = args.or("ema_momentum", 0.99)?;
        let overwrite_frequency = args.or::<Option<u64>>("ema_overwrite_frequency", None)?;
        self.ema = used.then_some(Ema { momentum, overwrite_frequency });
        if !(0.0..=1.0).contains(&momentum) {
            return args.reject("ema_momentum", "between 0 and 1", momentum);
        }
        if overwrite_frequency == Some(0) {
            return args.reject("ema_overwrite_frequency", "1 or more (leave it out for none)", 0);
        }
        Ok(())
    }
}

const LR: &str = "write `learning_rate`";

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
