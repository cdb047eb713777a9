//! The doctor for a network that another framework trains: the record is somebody else's, the judgement is ours.

use crate::examine::{Answers, Patient};
use crate::record::{bare, start};
use crate::watcher::SHORT;
use crate::{Diagnosis, Experiment};
use steadygrad_chart::{Chart, Form, Layer, Recorder};
use steadygrad_doctor::{Curves, Expected, Finding, Forecast, Setup, Verdict};
use steadygrad_engine::system::Clock;
use steadygrad_kernels::Result;

/// A doctor beside a training of another framework, or of a loop of one's own.
///
/// Whoever attaches it hands the numbers of each step to the [`Recorder`]. A *twin*, the same network in the words of an
/// experiment, is what theory is asked about and changes are tried on; without one a finding has the causes that the record
/// itself shows, or none.
///
/// ```
/// use steadygrad_chart::{Form, Layer};
/// use steadygrad_doctor::{Curves, Setup};
/// use steadygrad_lab::Attached;
/// let layer = |name: &str, role: &str, from| Layer {
///     path: name.into(), whole: name.into(), role: role.into(), inputs: vec![from], size: 4, ..Layer::default()
/// };
/// let layers = vec![
///     layer("first", "linear", None), layer("sigmoid", "activation", Some(0)), layer("last", "linear", Some(1)),
/// ];
/// let mut attached = Attached::new(layers, vec![Form { units: 4, ..Form::default() }; 3], Setup::default())?;
/// for (layer, delta) in [1e-6, 1e-3, 1.0].into_iter().enumerate() {
///     attached.recorder().delta(layer, &[delta; 4])?;
/// }
/// attached.recorder().end_step(0, 0.7);
/// let diagnosis = attached.conclude(&Curves::default());
/// assert_eq!(diagnosis.findings[0].condition, "vanishing_gradient");
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
#[derive(Debug)]
pub struct Attached {
    recorder: Recorder,
    setup: Setup,
    twin: Option<Experiment>,
    clock: Clock,
}

impl Attached {
    /// For a network of these layers, with what is known of how it is trained.
    ///
    /// # Errors
    /// If the layers do not fit together.
    pub fn new(layers: Vec<Layer>, forms: Vec<Form>, setup: Setup) -> Result<Attached> {
        Ok(Attached { recorder: Recorder::new(layers, forms)?, setup, twin: None, clock: Clock::start() })
    }

    /// The same with a twin: an experiment with the same network, its layers called as in the record, and with some of its data.
    /// Its targets and its loss may be made up: what is known of the real ones stands in the setup.
    pub fn twin(mut self, twin: Experiment) -> Attached {
        self.twin = Some(twin);
        self
    }

    /// Where the numbers of a step are handed in.
    pub fn recorder(&mut self) -> &mut Recorder {
        &mut self.recorder
    }

    /// What is known of data and training; more may become known while it runs.
    pub fn setup(&mut self) -> &mut Setup {
        &mut self.setup
    }

    /// The root of what is sick by now, if anything is; nothing is tried to find causes.
    pub fn alarm(&self, curves: &Curves) -> Option<Finding> {
        let chart = self.recorder.chart();
        let opinion = bare(&self.setup, &unknown(&self.setup), &[start(chart)], chart, curves);
        let sick = opinion.verdict == Verdict::Sick;
        opinion.findings.into_iter().next().filter(|_| sick)
    }

    /// The diagnosis of what was recorded, with these losses. Only changes at the start are tried, on the twin: nothing is
    /// trained.
    pub fn conclude(&self, curves: &Curves) -> Diagnosis {
        let chart = self.recorder.chart();
        // A twin that cannot be made ready is none.
        self.by_twin(chart, curves).unwrap_or_else(|| {
            let (forecast, start) = (unknown(&self.setup), start(chart));
            let opinion = bare(&self.setup, &forecast, std::slice::from_ref(&start), chart, curves);
            Diagnosis {
                verdict: opinion.verdict,
                findings: opinion.findings,
                forecast,
                setup: self.setup.clone(),
                start,
                chart: chart.clone(),
                curves: curves.clone(),
                steps: steps(chart),
                seconds: self.clock.seconds(),
            }
        })
    }

    fn by_twin(&self, chart: &Chart, curves: &Curves) -> Option<Diagnosis> {
        let twin = self.twin.as_ref()?;
        let prepared = twin.prepare(1).ok()?;
        let mut patient = Patient::new(twin, &prepared, &SHORT).ok()?;
        let seen = std::mem::take(&mut patient.setup);
        patient.setup = Setup {
            parts: seen.parts,
            momentum: seen.momentum,
            scaled_inside: seen.scaled_inside,
            head: seen.head,
            outputs: seen.outputs,
            noisy: seen.noisy,
            ..self.setup.clone()
        };
        patient.of_record(start(chart), chart.clone(), curves.clone());
        let opinion = patient.opinion(Answers::OfTheStart);
        let mut diagnosis = patient.diagnosis(opinion, steps(chart));
        diagnosis.forecast = in_order(diagnosis.forecast, chart);
        Some(Diagnosis { seconds: self.clock.seconds(), ..diagnosis })
    }
}

/// What a theory says that knows nothing but whether something normalizes.
fn unknown(setup: &Setup) -> Forecast {
    let normalized = setup.parts.iter().any(|part| part.normalized);
    Forecast { stages: Vec::new(), left_out: Vec::new(), normalized, judged: Vec::new() }
}

/// The stages of a forecast in the order of the record's layers; what is not foreseen stands there without numbers.
fn in_order(forecast: Forecast, chart: &Chart) -> Forecast {
    let place = |path: &str| forecast.stages.iter().position(|s| s.path == path);
    let places: Vec<Option<usize>> = chart.layers.iter().map(|layer| place(&layer.path)).collect();
    let stages = chart.layers.iter().zip(&places).map(|(layer, place)| match place {
        Some(i) => Expected { inputs: layer.inputs.clone(), ..forecast.stages[*i].clone() },
        None => Expected {
            path: layer.path.clone(),
            layer: layer.whole.clone(),
            role: "unknown",
            inputs: layer.inputs.clone(),
            signal: None,
            gradient: None,
            factors: vec![None; layer.inputs.len()],
            spread: 0.0,
        },
    });
    let judged = places.iter().map(|place| place.and_then(|i| forecast.judged.get(i).copied().flatten()));
    Forecast { stages: stages.collect(), judged: judged.collect(), ..forecast }
}

fn steps(chart: &Chart) -> u64 {
    chart.samples.last().map_or(0, |sample| sample.step + 1)
}
