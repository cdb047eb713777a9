//! An experiment that is ready, told in the words of the doctor.

use crate::{Experiment, Prepared};
use std::borrow::Cow;
use steadygrad_data::{Array, Dataset};
use steadygrad_doctor::{Forecast, Setup, Signal, Spread, channels_of_inputs, parts, scaled_inside};
use steadygrad_kernels::Result;
use steadygrad_nn::Model;
use steadygrad_nn::config::Value;
use steadygrad_nn::layers::{Layer, Role, Standard};
use steadygrad_nn::model::{Objective, Purpose};
use steadygrad_nn::recipe::Recipe;
use steadygrad_nn::schedules::Rate;
use steadygrad_nn::stage::stages;

/// So many samples are looked at for their numbers.
const SAMPLES: usize = 2048;

/// Some of the samples of an array, from all over it, and how many: data may be sorted by its classes.
fn some(array: &Array) -> (Cow<'_, [f32]>, usize) {
    let n = array.shape().first().copied().unwrap_or(0);
    if n <= SAMPLES {
        return (Cow::Borrowed(array.data()), n);
    }
    let rows = spread_rows(n, SAMPLES);
    (rows.iter().flat_map(|&i| array.row(i)).copied().collect(), rows.len())
}

/// So many of n rows, spread evenly and without a period of their own, in their order: every row from its own part of the data, at
/// a place in it that goes by the golden ratio.
pub(crate) fn spread_rows(n: usize, most: usize) -> Vec<usize> {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let count = n.min(most);
    let row = |k: usize| {
        let (from, to) = (k * n / count, (k + 1) * n / count);
        from + ((to - from) as f64 * (k as f64 * GOLDEN).fract()) as usize
    };
    (0..count).map(row).collect()
}

/// The samples of a look, from all over the data.
pub(crate) fn look_at(train: &Dataset, most: usize) -> Dataset {
    if train.len() <= most { train.clone() } else { train.select(&spread_rows(train.len(), most)) }
}

/// The signals that the inputs are.
pub(crate) fn signals(prepared: &Prepared) -> Vec<Signal> {
    let channels = recipe(prepared).map(|recipe| channels_of_inputs(&recipe)).unwrap_or_default();
    let signal = |(i, x): (usize, &Array)| {
        let (values, rows) = some(x);
        match channels.get(i).copied().flatten() {
            Some(channels) => Signal::of(&values, values.len() / channels.max(1)),
            None => Signal::of(&values, rows),
        }
    };
    prepared.data.train.x.iter().enumerate().map(signal).collect()
}

/// Classes up to which being of one of them is a target of its own.
const CLASSES: usize = 32;

/// The largest correlation, without its sign, of one input with one target.
fn correlation(prepared: &Prepared) -> Option<f64> {
    let ([x], [y]) = (&prepared.data.train.x[..], &prepared.data.train.y[..]) else { return None };
    let ((x_values, rows), (y_values, _)) = (some(x), some(y));
    let (inputs, outputs) = (x.row_len(), y.row_len());
    let column = |values: &[f32], width: usize, k: usize| -> Vec<f64> {
        values.iter().skip(k).step_by(width.max(1)).map(|v| f64::from(*v)).collect()
    };
    let mut targets: Vec<Vec<f64>> =
        (0..outputs.min(CLASSES)).map(|k| column(&y_values, outputs, k)).collect();
    let most = y_values.iter().fold(0.0_f32, |a, v| a.max(*v));
    let labels = outputs == 1 && y_values.iter().all(|v| v.fract() == 0.0 && *v >= 0.0);
    if labels && most < CLASSES as f32 {
        let of = |class: usize| y_values.iter().map(|v| f64::from(u8::from(*v == class as f32))).collect();
        targets = (0..=most as usize).map(of).collect();
    }
    // From 0 and to length 1; what does not vary has no correlation with anything.
    let unit = |mut values: Vec<f64>| -> Option<Vec<f64>> {
        let mean = values.iter().sum::<f64>() / rows.max(1) as f64;
        values.iter_mut().for_each(|v| *v -= mean);
        let length = values.iter().map(|v| v * v).sum::<f64>().sqrt();
        (length.is_finite() && length > 1e-9 * mean.abs())
            .then(|| values.iter().map(|v| v / length).collect())
    };
    let targets: Vec<Vec<f64>> = targets.into_iter().filter_map(unit).collect();
    let of_input = |k: usize| {
        let x = unit(column(&x_values, inputs, k))?;
        let with = |y: &Vec<f64>| x.iter().zip(y).map(|(a, b)| a * b).sum::<f64>().abs();
        targets.iter().map(with).reduce(f64::max)
    };
    (0..inputs.min(INPUTS)).filter_map(of_input).reduce(f64::max)
}

/// Inputs that are compared with the targets; more would take longer than a look.
const INPUTS: usize = 1024;

/// The recipe of a training step.
pub(crate) fn recipe(prepared: &Prepared) -> Result<Recipe> {
    let outputs = prepared.model.output_names().len();
    let losses = &prepared.compile.losses;
    let one = |output: usize| {
        let name = &prepared.model.output_names()[output];
        let own = losses.iter().find(|l| l.output.as_ref() == Some(name));
        let spec = own.or_else(|| losses.iter().find(|l| l.output.is_none()))?;
        Some(Objective { output, loss: spec.loss.clone(), weight: spec.weight })
    };
    prepared.model.lower(&Purpose::training(prepared.compile.seed, (0..outputs).filter_map(one).collect()))
}

/// The momentum of the slowest batch normalization, nested models looked through.
fn momentum(model: &Model) -> Option<f64> {
    let one = |layer: &dyn Layer| match (layer.role(), layer.config().get("momentum")) {
        (Role::Normalize(Standard::OverBatch), Some(Value::Float(momentum))) => Some(*momentum),
        _ => layer.as_model().and_then(momentum),
    };
    model.entries.iter().filter_map(|e| one(&*e.layer)).reduce(f64::max)
}

/// The loss is not the plain mean over the samples: samples, classes or the loss have weights. Penalties only add to it: what is
/// below a guess with them has learnt all the more.
fn weighted(prepared: &Prepared) -> bool {
    let (compile, fit, data) = (&prepared.compile, &prepared.fit, &prepared.data);
    let loss = compile.losses.iter().any(|l| l.weight != 1.0);
    loss || data.train.weights.is_some() || !fit.class_weight.is_empty()
}

/// The steps of the training; of very many the first million.
fn planned(prepared: &Prepared) -> std::ops::Range<u64> {
    let samples = prepared.data.train.len();
    let batch = prepared.fit.batch_size.unwrap_or(32).clamp(1, samples.max(1));
    0..prepared.fit.epochs.saturating_mul(samples.div_ceil(batch)).clamp(1, 1_000_000) as u64
}

/// Data, model and training as they were written down.
pub(crate) fn setup(prepared: &Prepared, recipe: &Recipe) -> Setup {
    let (compile, fit, data) = (&prepared.compile, &prepared.fit, &prepared.data);
    let spread = |array: &Array| {
        let (values, rows) = some(array);
        Spread::of(&values, rows)
    };
    let all = stages(recipe);
    let head = all.last().map_or("linear".to_string(), |last| match &last.role {
        Role::Pointwise(f) => f.name().to_string(),
        Role::Linear { .. } => "linear".into(),
        _ => last.class.to_lowercase(),
    });
    let loss = compile.losses.first();
    let logits = |l: &steadygrad_engine::LossSpec| {
        matches!(l.loss.config().get("from_logits"), Some(Value::Bool(true)))
    };
    Setup {
        inputs: data.train.x.iter().map(spread).collect(),
        targets: data.train.y.iter().map(spread).collect(),
        correlation: correlation(prepared),
        weighted: weighted(prepared),
        samples: data.train.len(),
        validation: data.validation.as_ref().map_or(0, |v| v.len()),
        parts: parts(recipe),
        loaded: prepared.weights.is_some(),
        momentum: momentum(&prepared.model),
        scaled_inside: scaled_inside(recipe),
        head,
        outputs: all.last().map_or(0, |s| s.units),
        loss: loss.map_or(String::new(), |l| l.loss.class().to_string()),
        from_logits: loss.is_some_and(logits),
        optimizer: compile.optimizer.rule.class().to_string(),
        learning_rate: match &compile.optimizer.learning_rate {
            Rate::Constant(rate) => *rate,
            Rate::Schedule(schedule) => planned(prepared).map(|step| schedule.rate(step)).fold(0.0, f64::max),
        },
        clips: compile.optimizer.clip.is_some(),
        regularized: !recipe.penalties.is_empty() || compile.optimizer.weight_decay.is_some(),
        noisy: all.iter().any(|s| matches!(s.role, Role::Noise(_))),
        batch_size: fit.batch_size.unwrap_or(32).min(data.train.len().max(1)),
        epochs: fit.epochs,
    }
}

impl Experiment {
    /// What theory expects of the network: fed with the experiment's own data where they can be read, and then `true`; else with
    /// standardized ones.
    ///
    /// ```
    /// use steadygrad_lab::Experiment;
    /// let (forecast, of_data) = Experiment::parse(steadygrad_lab::DEFAULT)?.forecast()?;
    /// assert!(of_data && forecast.decibels().unwrap().abs() < 30.0);
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the model is not right.
    pub fn forecast(&self) -> Result<(Forecast, bool)> {
        match self.prepare(1) {
            Ok(prepared) => {
                let rows = prepared.fit.batch_size.unwrap_or(32).min(prepared.data.train.len());
                Ok((Forecast::of_batch(&recipe(&prepared)?, &signals(&prepared), Some(rows)), true))
            }
            // Data that are not here are no mistake of the experiment; all else is.
            Err(_) if !self.has_data() => Ok((Forecast::of(&self.model()?, &[])?, false)),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::spread_rows;

    #[test]
    fn rows_come_from_all_over_and_follow_no_period() {
        for (n, most) in [(0, 5), (1, 5), (5, 5), (6, 5), (2560, 256), (60_000, 2048)] {
            let rows = spread_rows(n, most);
            assert_eq!(rows.len(), n.min(most));
            assert!(rows.is_sorted_by(|a, b| a < b) && rows.iter().all(|&r| r < n), "{n} {most}");
            for period in [2, 3, 10] {
                let of = |k: usize| rows.iter().filter(|&&r| r % period == k).count() as f64;
                let fair = rows.len() as f64 / period as f64;
                let enough = rows.len() >= 256;
                assert!(
                    !enough || (0..period).all(|k| (of(k) / fair - 1.0).abs() < 0.35),
                    "{n} {most} {period}"
                );
            }
        }
    }
}
