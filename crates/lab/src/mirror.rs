//! A network that another framework trains, run here too with its weights: for frameworks that let nobody look inside a step.

use crate::examine::{Answers, Patient};
use crate::record::{bare, start};
use crate::watcher::SHORT;
use crate::{Diagnosis, Experiment, Prepared};
use std::sync::Arc;
use steadygrad_chart::{Chart, Phase, Sick};
use steadygrad_data::{Array, Dataset};
use steadygrad_doctor::{Curves, Finding, Forecast, Setup, Verdict};
use steadygrad_engine::system::Clock;
use steadygrad_engine::{Compile, Fit, FitSettings, Learner};
use steadygrad_kernels::{Error, Isa, Place, Result, change};
use steadygrad_nn::Model;
use steadygrad_nn::config::{FromValue, Value};
use steadygrad_nn::losses::{Loss, MeanSquaredError};
use steadygrad_nn::optimizers::Optimizer;

/// The same network with the weights of another program, looked at in its place.
///
/// ```
/// use steadygrad_data::digits;
/// use steadygrad_doctor::Curves;
/// use steadygrad_lab::Mirror;
/// use steadygrad_nn::{Sequential, activations::Sigmoid, layers::{Dense, Flatten}};
/// let mut model = Sequential::new([8, 8]).add(Flatten);
/// for _ in 0..12 {
///     model = model.add(Dense::new(32).activation(Sigmoid));
/// }
/// let words = r#"{"optimizer": "adam", "loss": {"class_name": "SparseCategoricalCrossentropy", "config": {"from_logits": true}}}"#;
/// let mut mirror = Mirror::new(model.add(Dense::new(10)).into(), &serde_json::from_str(words).unwrap(), 2, 32, 1797, &digits::all()?.take(0..128))?;
/// let weights = mirror.weights();
/// mirror.look(0, Some(2.3), &weights, None)?;
/// let diagnosis = mirror.conclude(&Curves::default())?;
/// assert_eq!(diagnosis.findings[0].condition, "vanishing_gradient");
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
#[derive(Debug)]
pub struct Mirror {
    experiment: Experiment,
    prepared: Prepared,
    learner: Learner,
    /// The names of its weights.
    paths: Vec<String>,
    look: Dataset,
    setup: Setup,
    forecast: Forecast,
    chart: Chart,
    clock: Clock,
    /// What of the settings has no word here.
    left_out: Vec<String>,
}

impl Mirror {
    /// Of a model that is compiled so (Keras' words: `optimizer`, `loss`), trained for so many epochs in batches of so many of all the
    /// samples; `look` are some of them.
    ///
    /// # Errors
    /// If model and data do not fit.
    pub fn new(
        model: Model,
        compile: &serde_json::Value,
        epochs: usize,
        batch_size: usize,
        samples: usize,
        look: &Dataset,
    ) -> Result<Mirror> {
        let mut left_out = Vec::new();
        let optimizer = Optimizer::from_value(&Value::from_json(&compile["optimizer"])).unwrap_or_else(|e| {
            left_out.push(format!("the optimizer: {}", e.what()));
            steadygrad_nn::optimizers::Sgd::new(0.01).into()
        });
        let loss = Arc::<dyn Loss>::from_value(&Value::from_json(&compile["loss"])).unwrap_or_else(|e| {
            left_out.push(format!("the loss: {}", e.what()));
            Arc::new(MeanSquaredError)
        });
        let mut compiled = Compile::without_loss(optimizer);
        compiled.losses.push(steadygrad_engine::LossSpec { output: None, loss, weight: 1.0 });
        let settings = FitSettings { epochs, batch_size: Some(batch_size.max(1)), ..FitSettings::default() };
        let experiment = Experiment::new(model, compiled, Fit::with(settings)).data(look);
        let prepared = experiment.prepare(1)?;
        let learner = prepared.learner()?;
        let paths = learner.weights().into_iter().map(|(path, _)| path).collect();
        let (setup, forecast) = Patient::new(&experiment, &prepared, &SHORT)?.expected();
        let setup = Setup { samples, ..setup };
        Ok(Mirror {
            experiment,
            prepared,
            learner,
            paths,
            look: look.clone(),
            setup,
            forecast,
            chart: Chart::default(),
            clock: Clock::start(),
            left_out,
        })
    }

    /// What of the settings has no word here, and was replaced.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// The weights of the last look, in Keras' order; before the first one those that were drawn.
    pub fn weights(&self) -> Vec<Array> {
        self.learner.weights().into_iter().map(|(_, weight)| weight).collect()
    }

    /// Looks at this step: the weights before its update in Keras' order, its loss where that is known, and where they are known the
    /// weights after it.
    ///
    /// # Errors
    /// If the weights are another network's.
    pub fn look(
        &mut self,
        step: u64,
        loss: Option<f64>,
        before: &[Array],
        after: Option<&[Array]>,
    ) -> Result<()> {
        self.learner.set_weights(before).place(|| format!("step {step}"))?;
        // A chart of many steps is long without histograms.
        let mut seen = self.learner.watch_on_batch_with(&self.look, after.is_none())?;
        let paths = &self.paths;
        let lost = |weights: &[Array]| {
            let bad = weights.iter().position(|w| !w.data().iter().all(|x| x.is_finite()));
            let place = bad.and_then(|i| paths.get(i).cloned());
            place.map(|place| Sick { step, place, phase: Phase::Update })
        };
        let first = lost(before).or_else(|| seen.first_non_finite.take().map(|sick| Sick { step, ..sick }));
        let first = first.or_else(|| lost(after?));
        if self.chart.layers.is_empty() {
            self.chart.layers = seen.layers;
        }
        self.chart.first_non_finite = self.chart.first_non_finite.take().or(first);
        let Some(mut sample) = seen.samples.pop() else { return Ok(()) };
        sample.step = step;
        sample.loss = loss.unwrap_or(sample.loss);
        for (layer, seen) in self.chart.layers.iter().zip(&mut sample.layers) {
            let Some(after) = after else { continue };
            seen.updates = layer.parameters.iter().map(|path| moved(path, paths, before, after)).collect();
        }
        self.chart.samples.push(sample);
        Ok(())
    }

    /// The root of what is sick by now, if anything is; nothing is tried to find causes.
    pub fn alarm(&self, curves: &Curves) -> Option<Finding> {
        let opinion = bare(&self.setup, &self.forecast, &[start(&self.chart)], &self.chart, curves);
        let sick = opinion.verdict == Verdict::Sick;
        opinion.findings.into_iter().next().filter(|_| sick)
    }

    /// The diagnosis of what was seen, with these losses. Only changes at the start are tried: nothing is trained.
    ///
    /// # Errors
    /// If the network cannot be looked at.
    pub fn conclude(&self, curves: &Curves) -> Result<Diagnosis> {
        let steps = self.chart.samples.last().map_or(0, |s| s.step + 1);
        let mut patient = Patient::new(&self.experiment, &self.prepared, &SHORT)?;
        patient.setup = self.setup.clone();
        patient.of_record(start(&self.chart), self.chart.clone(), curves.clone());
        let opinion = patient.opinion(Answers::OfTheStart);
        let diagnosis = patient.diagnosis(opinion, steps);
        Ok(Diagnosis { seconds: self.clock.seconds(), ..diagnosis })
    }

    /// The layers of the network with the edits of a prescription, as an experiment file says them.
    ///
    /// # Errors
    /// If the edits cannot be made.
    pub fn edited(
        &self,
        diagnosis: &Diagnosis,
        finding: usize,
        prescription: usize,
    ) -> Result<serde_json::Value> {
        let found = diagnosis.findings.get(finding).and_then(|f| f.prescriptions.get(prescription));
        let found = found.ok_or_else(|| Error::argument("there is no such prescription"))?;
        let changed = self.experiment.edited(&found.edits)?;
        let both = [&self.experiment, &changed].map(|e| e.config().get("model").map(Value::to_json));
        let [before, after] = both.map(|m| m.unwrap_or_default());
        Ok(serde_json::json!({ "before": before, "after": after }))
    }
}

/// ‖change‖ / ‖weights‖ of the parameter of this path.
fn moved(path: &str, paths: &[String], before: &[Array], after: &[Array]) -> f64 {
    let Some(i) = paths.iter().position(|p| p == path) else { return 0.0 };
    let (Some(before), Some(after)) = (before.get(i), after.get(i)) else { return 0.0 };
    let mut kept = vec![0.0; change::kept(before.data().len())];
    change::keep(before.data(), &mut kept);
    if before.data().len() != after.data().len() {
        return 0.0;
    }
    let (size, change) = change::squares(Isa::best(), &kept, after.data());
    if change == 0.0 { 0.0 } else { (change / size).sqrt() }
}
