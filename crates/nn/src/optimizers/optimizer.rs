//! What an optimizer is: a rule of update, and the settings that all rules share.

use super::rule::Rule;
use crate::args::Args;
use crate::config::{Config, Value};
use crate::schedules::Rate;
use std::sync::Arc;
use steadygrad_kernels::{Error, Place, Result};

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

impl Clip {
    /// Keras' name, and the bound.
    fn parts(self) -> (&'static str, f64) {
        match self {
            Clip::Norm(limit) => ("clipnorm", limit),
            Clip::GlobalNorm(limit) => ("global_clipnorm", limit),
            Clip::Value(limit) => ("clipvalue", limit),
        }
    }

    fn name(self) -> &'static str {
        self.parts().0
    }
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
    /// The name of a clipping that was asked for after another one; told by [`Optimizer::check`].
    second_clip: Option<&'static str>,
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
            second_clip: None,
        }
    }

    fn clipped(mut self, clip: Clip) -> Optimizer {
        if self.clip.is_some_and(|first| first.name() != clip.name()) {
            self.second_clip = Some(clip.name());
        }
        self.clip = Some(clip);
        self
    }

    /// Clips each parameter's gradient to this norm.
    pub fn clipnorm(self, norm: f64) -> Optimizer {
        self.clipped(Clip::Norm(norm))
    }

    /// Clips all gradients together to this norm (Pascanu, Mikolov, Bengio 2013).
    pub fn global_clipnorm(self, norm: f64) -> Optimizer {
        self.clipped(Clip::GlobalNorm(norm))
    }

    /// Clips each number of each gradient.
    pub fn clipvalue(self, value: f64) -> Optimizer {
        self.clipped(Clip::Value(value))
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
        // In any case; what is not found is named as it was written.
        let find = |name: &str| crate::catalog::find("optimizer", super::CATALOG, name);
        let entry = find(&name.to_lowercase()).or_else(|_| find(&name))?;
        let mut args = Args::new(entry.class, &config);
        let mut optimizer = Optimizer::from_rule((entry.build)(&mut args)?);
        optimizer.read_shared(&mut args)?;
        args.finish()?;
        Ok(optimizer)
    }

    fn read_shared(&mut self, args: &mut Args<'_>) -> Result<()> {
        // These three stand in files of Keras 2; Keras 3 no longer knows the first.
        let none = |value: &Value| matches!(value, Value::Int(0) | Value::Float(0.0));
        args.neutral("decay", "0 or left out: a schedule says how the rate decays", none)?;
        args.neutral("jit_compile", "true, false or \"auto\"", |value| {
            matches!(value, Value::Bool(_)) || *value == Value::from("auto")
        })?;
        args.switch("is_legacy_optimizer")?;
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
        for clip in [Clip::Norm, Clip::GlobalNorm, Clip::Value] {
            if let Some(limit) = args.or::<Option<f64>>(clip(1.0).name(), None)? {
                *self = self.clone().clipped(clip(limit));
            }
        }
        let used = args.or("use_ema", false)?;
        let momentum = args.or("ema_momentum", 0.99)?;
        let overwrite_frequency = args.or::<Option<u64>>("ema_overwrite_frequency", None)?;
        let ema = Ema { momentum, overwrite_frequency };
        check_ema(ema).map_err(|e| e.at(args.owner().to_string()))?;
        self.ema = used.then_some(ema);
        self.loss_scale_factor = args.or("loss_scale_factor", None)?;
        self.gradient_accumulation_steps = args.or("gradient_accumulation_steps", None)?;
        self.check_shared().map_err(|e| e.at(args.owner().to_string()))
    }

    /// Whether all settings are ones that can be trained with. Asked when a model is compiled, and of what is read from files.
    ///
    /// ```
    /// use steadygrad_nn::optimizers::{Adam, Sgd};
    /// assert!(Adam::new(0.001).clipnorm(1.0).check().is_ok());
    /// let error = Sgd::new(0.1).clipnorm(-1.0).check().unwrap_err().to_string();
    /// assert_eq!(error, "SGD: `clipnorm` must be above 0 (leave it out for no clipping), got -1");
    /// ```
    ///
    /// # Errors
    /// The first setting that is not: its name, what it must be, what it is.
    pub fn check(&self) -> Result<()> {
        let place = || self.rule.class();
        self.learning_rate.check().place(|| "`learning_rate`").place(place)?;
        crate::catalog::check(super::CATALOG, self.rule.class(), &self.rule.config())?;
        self.check_shared().place(place)
    }

    fn check_shared(&self) -> Result<()> {
        let finite = |x: f64| x.is_finite() && x >= 0.0;
        if let Some(decay) = self.weight_decay.filter(|decay| !finite(*decay)) {
            return wrong("weight_decay", "a finite number of 0 or more (leave it out for none)", decay);
        }
        if let Some((name, limit)) = self.clip.map(Clip::parts)
            && (limit.is_nan() || limit <= 0.0)
        {
            return wrong(name, "above 0 (leave it out for no clipping)", limit);
        }
        if let Some(name) = self.second_clip {
            let only = "the only one of clipnorm, global_clipnorm and clipvalue";
            return wrong(name, only, "a second one");
        }
        self.ema.map_or(Ok(()), check_ema)?;
        if let Some(factor) = self.loss_scale_factor.filter(|factor| !(factor.is_finite() && *factor > 0.0)) {
            return wrong("loss_scale_factor", "a finite number above 0", factor);
        }
        if let Some(steps) = self.gradient_accumulation_steps.filter(|steps| *steps < 2) {
            return wrong("gradient_accumulation_steps", "2 or more (leave it out for none)", steps);
        }
        Ok(())
    }
}

fn check_ema(ema: Ema) -> Result<()> {
    if !(0.0..=1.0).contains(&ema.momentum) {
        return wrong("ema_momentum", "between 0 and 1", ema.momentum);
    }
    if ema.overwrite_frequency == Some(0) {
        return wrong("ema_overwrite_frequency", "1 or more (leave it out for none)", 0);
    }
    Ok(())
}

fn wrong<T>(name: &str, must: &str, is: impl std::fmt::Display) -> Result<T> {
    Err(Error::argument(format!("`{name}` must be {must}, got {is}")))
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
