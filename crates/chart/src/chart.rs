//! The chart: layers, what was seen of them at which step, and where the first number that is none appeared.

use serde_json::{Value as Json, json};
use std::fmt;
use steadygrad_kernels::histogram::Histogram;
use steadygrad_kernels::statistics::Statistics;
use steadygrad_kernels::{Error, Result};

/// A layer of the patient, or a part of one: what is between two places where the signal is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layer {
    /// Its path: "dense_1", "dense_1/activation".
    pub path: String,
    /// The layer of the model that it is, or is a part of: "dense_1".
    pub whole: String,
    /// Its class: "Dense".
    pub class: String,
    /// What it does: "linear", "activation", "normalization", …
    pub role: String,
    /// The layers that its inputs come from, by their index; none for an input of the network.
    pub inputs: Vec<Option<usize>>,
    /// The numbers of one sample in its output.
    pub size: usize,
    /// Paths of its parameters; the first is its kernel, if it has one.
    pub parameters: Vec<String>,
    /// Its output is bounded on both sides, so that it can saturate.
    pub bounded: bool,
}

/// What was seen of one layer at one step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observation {
    /// Its output.
    pub signal: Option<Statistics>,
    /// The root mean square of the loss' gradient for its output.
    pub delta: Option<f64>,
    /// The root mean square of what it adds to the gradient for each of its inputs, where that is wanted.
    pub passed: Vec<Option<f64>>,
    /// The root mean square of the gradient of every parameter.
    pub gradients: Vec<f64>,
    /// ‖change‖ / ‖weights‖ of every parameter, with the step that the optimizer really made; of a large parameter over a
    /// part of its weights.
    pub updates: Vec<f64>,
    /// Fraction of units that were 0 for all samples seen since the epoch began.
    pub dead: Option<f64>,
    /// How its output is distributed, where that is asked for; apart, as a chart of every step is long and has none.
    pub signal_histogram: Option<Box<Histogram>>,
    /// How the loss' gradient for its output is distributed, where that is asked for.
    pub delta_histogram: Option<Box<Histogram>>,
}

/// All layers at one step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sample {
    /// The step, from 0.
    pub step: u64,
    /// The loss of the batch.
    pub loss: f64,
    /// The norm of all gradients together, before clipping.
    pub gradient_norm: Option<f64>,
    /// The same after clipping; nothing where no update was made of it.
    pub clipped_norm: Option<f64>,
    /// Whether clipping changed a gradient; nothing where no update was made of it.
    pub clipped: Option<bool>,
    /// One for each layer.
    pub layers: Vec<Observation>,
}

/// Where in a step something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// In the data that was fed.
    Input,
    /// On the way forward.
    Forward,
    /// In the loss.
    Loss,
    /// On the way back.
    Backward,
    /// In the step of the optimizer.
    Update,
}

impl Phase {
    const ALL: [Phase; 5] = [Phase::Input, Phase::Forward, Phase::Loss, Phase::Backward, Phase::Update];

    /// Its word in JSON: "forward".
    pub fn name(self) -> &'static str {
        match self {
            Phase::Input => "input",
            Phase::Forward => "forward",
            Phase::Loss => "loss",
            Phase::Backward => "backward",
            Phase::Update => "update",
        }
    }

    /// The phase of this word.
    ///
    /// ```
    /// use steadygrad_chart::Phase;
    /// assert_eq!(Phase::of("backward")?, Phase::Backward);
    /// assert!(Phase::of("sideward").is_err());
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is none.
    pub fn of(name: &str) -> Result<Phase> {
        let found = Phase::ALL.into_iter().find(|phase| phase.name() == name);
        found.ok_or_else(|| Error::name("phase", name, &Phase::ALL.map(Phase::name)))
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The first value that is not a finite number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sick {
    /// The step, from 0.
    pub step: u64,
    /// The layer, or the parameter for an update.
    pub place: String,
    /// Where in the step.
    pub phase: Phase,
}

impl Sick {
    /// What is not finite for the one who trains: "the loss", "a gradient", "a weight".
    pub fn sign(&self) -> &'static str {
        match self.phase {
            Phase::Backward => "a gradient",
            Phase::Update => "a weight",
            Phase::Input | Phase::Forward | Phase::Loss => "the loss",
        }
    }
}

impl Sick {
    /// Where it is, without the step: "the output of `dense_1`, on the way forward".
    pub fn where_first(&self) -> String {
        let place = &self.place;
        match self.phase {
            Phase::Input => format!("the data fed to `{place}`"),
            Phase::Forward => format!("the output of `{place}`, on the way forward"),
            Phase::Loss => "the loss, with all outputs finite".into(),
            Phase::Backward => format!("the gradient at `{place}`, on the way back"),
            Phase::Update => format!("`{place}`, after the update"),
        }
    }
}

impl fmt::Display for Sick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: {}", self.step, self.where_first())
    }
}

/// The record of a training.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chart {
    /// The layers in the order of their forward pass.
    pub layers: Vec<Layer>,
    /// What was seen, step by step.
    pub samples: Vec<Sample>,
    /// Where the first value appeared that is not finite.
    pub first_non_finite: Option<Sick>,
}

/// The version of [`Chart::to_json`].
const SCHEMA: u32 = 1;

impl Chart {
    /// An empty record of these layers.
    pub fn new(layers: Vec<Layer>) -> Chart {
        Chart { layers, ..Chart::default() }
    }

    /// The share of the updates looked at in which clipping changed a gradient; nothing where no update was looked at.
    ///
    /// ```
    /// use steadygrad_chart::{Chart, Sample};
    /// let sample = |clipped| Sample { clipped, ..Sample::default() };
    /// let samples = vec![sample(Some(true)), sample(None), sample(Some(false))];
    /// let chart = Chart { samples, ..Chart::default() };
    /// assert_eq!((chart.clip_rate(), Chart::default().clip_rate()), (Some(0.5), None));
    /// ```
    pub fn clip_rate(&self) -> Option<f64> {
        let updates = self.samples.iter().filter_map(|s| s.clipped);
        let (all, clipped) =
            updates.fold((0_usize, 0), |(all, n), clipped| (all + 1, n + usize::from(clipped)));
        (all > 0).then(|| clipped as f64 / all as f64)
    }

    /// As JSON; NaN and infinities are the strings "nan", "inf", "-inf".
    ///
    /// ```text
    /// { "schema": 1,
    ///   "layers": [{path, whole, class, role, inputs, size, parameters, bounded}],
    ///   "samples": [{step, loss, gradient_norm, clipped_norm, clipped,
    ///                layers: [{mean, rms, deviation, zero, saturated, dead, delta, passed, gradients, updates,
    ///                          signal_histogram, delta_histogram}]}],
    ///   "first_non_finite": {step, place, phase} or null }
    /// ```
    ///
    /// A histogram is `{bound, counts, beyond, not_finite}`; without one its key is not there.
    pub fn to_json(&self) -> Json {
        let layers = self.layers.iter().map(|l| {
            json!({ "path": l.path, "whole": l.whole, "class": l.class, "role": l.role, "inputs": l.inputs,
                    "size": l.size, "parameters": l.parameters, "bounded": l.bounded })
        });
        let samples = self.samples.iter().map(|s| {
            let layers: Vec<Json> = s.layers.iter().map(Observation::to_json).collect();
            json!({ "step": s.step, "loss": number(s.loss), "gradient_norm": s.gradient_norm.map(number),
                    "clipped_norm": s.clipped_norm.map(number), "clipped": s.clipped, "layers": layers })
        });
        json!({
            "schema": SCHEMA,
            "layers": layers.collect::<Vec<_>>(),
            "samples": samples.collect::<Vec<_>>(),
            "first_non_finite": self.first_non_finite.as_ref().map(|s| {
                json!({ "step": s.step, "place": s.place, "phase": s.phase.to_string() })
            }),
        })
    }
}

impl Observation {
    fn to_json(&self) -> Json {
        let s = |f: fn(&Statistics) -> f64| self.signal.as_ref().map(|s| number(f(s)));
        let all = |values: &[f64]| values.iter().map(|&v| number(v)).collect::<Vec<Json>>();
        let mut object = json!({
            "mean": s(|s| s.mean),
            "rms": s(|s| s.rms),
            "deviation": s(|s| s.deviation),
            "zero": s(|s| s.zero),
            "saturated": s(|s| s.saturated),
            "dead": self.dead.map(number),
            "delta": self.delta.map(number),
            "passed": self.passed.iter().map(|p| p.map(number)).collect::<Vec<_>>(),
            "gradients": all(&self.gradients),
            "updates": all(&self.updates),
        });
        let histograms =
            [("signal_histogram", &self.signal_histogram), ("delta_histogram", &self.delta_histogram)];
        for (key, h) in histograms.into_iter().filter_map(|(key, h)| Some((key, h.as_ref()?))) {
            object[key] = json!({ "bound": number(h.bound), "counts": h.counts, "beyond": h.beyond,
                                  "not_finite": h.not_finite });
        }
        object
    }
}

/// A number as JSON can say it: NaN and infinities are the strings "nan", "inf", "-inf".
///
/// ```
/// use steadygrad_chart::number;
/// assert_eq!([number(0.5).to_string(), number(f64::NEG_INFINITY).to_string()], ["0.5", "\"-inf\""]);
/// ```
pub fn number(x: f64) -> Json {
    if x.is_nan() {
        "nan".into()
    } else if x.is_infinite() {
        if x > 0.0 { "inf".into() } else { "-inf".into() }
    } else {
        x.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_is_in_the_json_where_it_was_taken_and_nowhere_else() {
        let taken = Observation {
            signal_histogram: Some(Histogram::of(&[1.0, -1.0]).into()),
            ..Observation::default()
        };
        let json = taken.to_json();
        assert_eq!(json["signal_histogram"]["bound"], 1.0);
        assert_eq!(json["signal_histogram"]["counts"].as_array().map(Vec::len), Some(41));
        assert!(json.get("delta_histogram").is_none());
        assert!(Observation::default().to_json().get("signal_histogram").is_none());
    }
}
