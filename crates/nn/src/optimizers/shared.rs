//! What every rule can be told at once: Keras' defaults, and the settings that all optimizers share.
//!
//! They belong to [`Optimizer`]; here each rule passes them on, so that `Adam::new(0.001).clipnorm(1.0)` is an optimizer.

use super::optimizer::Optimizer;
use super::{
    Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Ftrl, Lamb, Lion, Muon, Nadam, RmsProp,
    ScheduleFreeAdamW, Sgd,
};

macro_rules! shared {
    ($($rule:ident: $learning_rate:literal),* $(,)?) => {$(
        /// Keras' defaults.
        impl Default for $rule {
            fn default() -> $rule {
                $rule::new($learning_rate)
            }
        }

        /// Settings that all optimizers share; the rule becomes an [`Optimizer`].
        impl $rule {
            /// Clips each parameter's gradient to this norm: [`Optimizer::clipnorm`].
            pub fn clipnorm(self, norm: f64) -> Optimizer {
                Optimizer::new(self).clipnorm(norm)
            }

            /// Clips all gradients together to this norm: [`Optimizer::global_clipnorm`].
            pub fn global_clipnorm(self, norm: f64) -> Optimizer {
                Optimizer::new(self).global_clipnorm(norm)
            }

            /// Clips each number of each gradient: [`Optimizer::clipvalue`].
            pub fn clipvalue(self, value: f64) -> Optimizer {
                Optimizer::new(self).clipvalue(value)
            }

            /// Leaves some parameters undecayed: [`Optimizer::exclude_from_weight_decay`].
            pub fn exclude_from_weight_decay<S: Into<String>>(
                self,
                words: impl IntoIterator<Item = S>,
            ) -> Optimizer {
                Optimizer::new(self).exclude_from_weight_decay(words)
            }

            /// Keeps a moving average of the weights: [`Optimizer::ema`].
            pub fn ema(self, momentum: f64) -> Optimizer {
                Optimizer::new(self).ema(momentum)
            }

            /// Every so many steps the weights become their average: [`Optimizer::ema_overwrite_frequency`].
            pub fn ema_overwrite_frequency(self, steps: u64) -> Optimizer {
                Optimizer::new(self).ema_overwrite_frequency(steps)
            }

            /// Divides gradients by this first: [`Optimizer::loss_scale_factor`].
            pub fn loss_scale_factor(self, factor: f64) -> Optimizer {
                Optimizer::new(self).loss_scale_factor(factor)
            }

            /// Updates once in this many steps: [`Optimizer::gradient_accumulation_steps`].
            pub fn gradient_accumulation_steps(self, steps: u64) -> Optimizer {
                Optimizer::new(self).gradient_accumulation_steps(steps)
            }
        }
    )*};
}

shared! {
    Adadelta: 0.001,
    Adafactor: 0.001,
    Adagrad: 0.001,
    Adam: 0.001,
    AdamW: 0.001,
    Adamax: 0.001,
    Ftrl: 0.001,
    Lamb: 0.001,
    Lion: 0.001,
    Muon: 0.001,
    Nadam: 0.001,
    RmsProp: 0.001,
    ScheduleFreeAdamW: 0.0025,
    Sgd: 0.01,
}

macro_rules! decayed {
    ($($rule:ident),* $(,)?) => {$(
        impl $rule {
            /// Decoupled weight decay: [`Optimizer::weight_decay`].
            pub fn weight_decay(self, decay: f64) -> Optimizer {
                Optimizer::new(self).weight_decay(decay)
            }
        }
    )*};
}

// All but AdamW, which has a decay of its own.
decayed! {
    Adadelta, Adafactor, Adagrad, Adam, Adamax, Ftrl, Lamb, Lion, Muon, Nadam, RmsProp, ScheduleFreeAdamW, Sgd,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Value;

    #[test]
    fn every_rule_starts_with_keras_defaults() {
        let mut all = Vec::new();
        let mut check = |optimizer: Optimizer| {
            let named = Optimizer::from_value(&Value::from(optimizer.rule.class())).unwrap();
            assert_eq!(optimizer.config(), named.config());
            all.push(optimizer.rule.class());
        };
        check(Adadelta::default().into());
        check(Adafactor::default().into());
        check(Adagrad::default().into());
        check(Adam::default().into());
        check(AdamW::default().into());
        check(Adamax::default().into());
        check(Ftrl::default().into());
        check(Lamb::default().into());
        check(Lion::default().into());
        check(Muon::default().into());
        check(Nadam::default().into());
        check(RmsProp::default().into());
        check(ScheduleFreeAdamW::default().into());
        check(Sgd::default().into());
        assert_eq!(all, crate::optimizers::CATALOG.iter().map(|e| e.class).collect::<Vec<_>>());
    }

    #[test]
    fn a_rule_takes_the_settings_of_all_optimizers() {
        let short = Adam::new(0.001).clipnorm(1.0).weight_decay(0.01).ema(0.9);
        let long = Optimizer::new(Adam::new(0.001)).clipnorm(1.0).weight_decay(0.01).ema(0.9);
        assert_eq!(short.config(), long.config());
        assert_eq!(Sgd::new(0.1).weight_decay(0.01).weight_decay, Some(0.01));
    }
}
