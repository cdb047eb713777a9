//! The examination: looks at a network before it is trained and while it is, asks what the doctor asks, and says what ails it.
//!
//! Everything is done on copies: the experiment stays as it is.

use crate::experiment::{Experiment, Prepared};
use crate::setup::{recipe, setup, signals};
use crate::trial::Limit;
use serde_json::{Value as Json, json};
use steadygrad_chart::{Chart, Kind, Ledger, Schedule, number};
use steadygrad_data::Dataset;
use steadygrad_doctor::{
    Answer, Case, Curves, Edit, Finding, Flow, Forecast, Opinion, Question, Setup, Verdict, diagnose,
};
use steadygrad_engine::system::Clock;
use steadygrad_engine::{Fit, History, Learner};
use steadygrad_kernels::Result;

/// How thoroughly a network is looked at.
///
/// ```
/// let short = steadygrad_lab::Examination { epochs: 0, ..Default::default() };
/// assert_eq!(short.draws, 9);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Examination {
    /// Epochs of training that are watched; 0 for a look at the start alone.
    pub epochs: usize,
    /// Seconds of training after which no more is watched.
    pub seconds: f64,
    /// Draws of the weights that are looked at.
    pub draws: usize,
    /// Samples of a look.
    pub samples: usize,
    /// Threads.
    pub threads: usize,
}

impl Default for Examination {
    fn default() -> Examination {
        Examination { epochs: 3, seconds: 10.0, draws: 9, samples: 256, threads: 1 }
    }
}

/// What ails a network, and all that was measured to find out.
#[derive(Debug, Clone)]
pub struct Diagnosis {
    /// Healthy, sick, or unsure.
    pub verdict: Verdict,
    /// What was found, the root first.
    pub findings: Vec<Finding>,
    /// What theory expects.
    pub forecast: Forecast,
    /// Data, model and training, as they were written down.
    pub setup: Setup,
    /// The look at the start, with the network's own weights.
    pub start: Chart,
    /// Looks while it was trained.
    pub chart: Chart,
    /// The losses while it was trained.
    pub curves: Curves,
    /// Steps that were watched.
    pub steps: u64,
    /// How long it took.
    pub seconds: f64,
}

/// Looks at an experiment's network: at its start, then at some epochs of training.
///
/// ```
/// use steadygrad_lab::{Examination, Experiment, examine};
/// let mut experiment = Experiment::parse(steadygrad_lab::DEFAULT)?;
/// experiment.set("let.depth=6")?;
/// let diagnosis = examine(&experiment, &Examination { epochs: 1, ..Default::default() })?;
/// assert_eq!(diagnosis.verdict.to_string(), "healthy");
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// If the experiment cannot be run.
pub fn examine(experiment: &Experiment, how: &Examination) -> Result<Diagnosis> {
    let prepared = experiment.prepare(how.threads)?;
    let mut patient = Patient::new(experiment, &prepared, how)?;
    let mut opinion = patient.opinion(Answers::All);
    let epochs = how.epochs.min(prepared.fit.epochs.max(1));
    let mut steps = 0;
    if epochs > 0 {
        let (mut learner, history) = patient.train(&prepared, epochs, Schedule::Default)?;
        steps = learner.iterations();
        patient.observe(&mut learner, &history)?;
        opinion = patient.opinion(Answers::All);
    }
    Ok(patient.diagnosis(opinion, steps))
}

/// A doctor beside a training that somebody else runs: warns when something turns sick, and has the last word.
///
/// ```
/// use steadygrad_engine::Fit;
/// use steadygrad_chart::Schedule;
/// use steadygrad_lab::{Experiment, Watcher};
/// let mut experiment = Experiment::parse(steadygrad_lab::DEFAULT)?;
/// experiment.set("let.depth=3")?;
/// let prepared = experiment.prepare(1)?;
/// let watcher = Watcher::new(&experiment, &prepared)?;
/// let mut learner = prepared.learner()?;
/// learner.watch(Schedule::Default);
/// let history = learner.fit(&prepared.data.train, Fit::epochs(2))?;
/// assert!(watcher.alarm(&learner, &history.get("loss").unwrap_or_default()).is_none());
/// assert_eq!(watcher.conclude(&mut learner, &history)?.verdict.to_string(), "healthy");
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
pub struct Watcher<'a> {
    patient: Patient<'a>,
}

impl std::fmt::Debug for Watcher<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watcher").field("setup", &self.patient.setup).finish_non_exhaustive()
    }
}

/// What a training of somebody else's may be kept waiting for: a few small looks.
const SHORT: Examination = Examination { epochs: 0, seconds: 0.0, draws: 3, samples: 128, threads: 1 };

impl<'a> Watcher<'a> {
    /// Looks at the start.
    ///
    /// # Errors
    /// If the experiment cannot be run.
    pub fn new(experiment: &'a Experiment, prepared: &'a Prepared) -> Result<Watcher<'a>> {
        Ok(Watcher { patient: Patient::new(experiment, prepared, &SHORT)? })
    }

    /// The root of what is sick by now, if anything is, after these losses; causes are not asked for.
    pub fn alarm(&self, learner: &Learner, loss: &[f64]) -> Option<Finding> {
        let chart = learner.chart()?;
        let curves = Curves { loss: loss.to_vec(), ..Curves::default() };
        let mut answers: Vec<Answer> = Vec::new();
        // Nobody answers: every check has to say what it knows by itself.
        loop {
            let opinion = self.patient.ask(chart, &curves, &answers);
            if opinion.questions.is_empty() || answers.len() > MOST_QUESTIONS {
                let sick = opinion.verdict == Verdict::Sick;
                return opinion.findings.into_iter().next().filter(|_| sick);
            }
            answers.extend(opinion.questions.into_iter().map(unanswered));
        }
    }

    /// The diagnosis of a training that is over, from what was kept of it.
    pub fn conclude_record(mut self, chart: Chart, history: &[(String, Vec<f64>)]) -> Diagnosis {
        let steps = chart.samples.last().map_or(0, |s| s.step + 1);
        self.patient.chart = chart;
        let get = |name: &str| history.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
        self.patient.curves = curves(&get, history.iter().map(|(name, _)| name.as_str()));
        let opinion = self.patient.opinion(Answers::OfTheStart);
        self.patient.diagnosis(opinion, steps)
    }

    /// The diagnosis of the whole training.
    ///
    /// # Errors
    /// If the learner cannot be looked at.
    pub fn conclude(mut self, learner: &mut Learner, history: &History) -> Result<Diagnosis> {
        self.patient.observe(learner, history)?;
        let opinion = self.patient.opinion(Answers::OfTheStart);
        Ok(self.patient.diagnosis(opinion, learner.iterations()))
    }
}

/// Which questions are answered.
#[derive(Clone, Copy, PartialEq)]
enum Answers {
    All,
    /// Those that need no training.
    OfTheStart,
}

fn unanswered(question: Question) -> Answer {
    Answer { question, flows: Vec::new(), loss: None, curves: Curves::default() }
}

struct Patient<'a> {
    clock: Clock,
    experiment: &'a Experiment,
    how: Examination,
    prepared: &'a Prepared,
    look: Dataset,
    setup: Setup,
    forecast: Forecast,
    draws: Vec<Chart>,
    chart: Chart,
    curves: Curves,
    answers: Vec<Answer>,
}

/// What may be spent before no more whole trainings are begun to find out why one fails, in [`Examination::seconds`].
const PATIENCE: f64 = 3.0;

/// More questions than checks could sensibly ask.
const MOST_QUESTIONS: usize = 32;

impl<'a> Patient<'a> {
    fn new(experiment: &'a Experiment, prepared: &'a Prepared, how: &Examination) -> Result<Patient<'a>> {
        let clock = Clock::start();
        let look = prepared.data.train.take(0..prepared.data.train.len().min(how.samples));
        let draws = draws(prepared, &look, how.draws)?;
        let recipe = recipe(prepared)?;
        Ok(Patient {
            clock,
            experiment,
            how: *how,
            look,
            setup: setup(prepared, &recipe),
            forecast: Forecast::of_recipe(&recipe, &signals(prepared)),
            prepared,
            draws,
            chart: Chart::default(),
            curves: Curves::default(),
            answers: Vec::new(),
        })
    }

    /// Takes in what a training showed.
    fn observe(&mut self, learner: &mut Learner, history: &History) -> Result<()> {
        self.chart = learner.chart().cloned().unwrap_or_default();
        self.curves = of_history(history);
        if self.setup.momentum.is_some() {
            self.curves.modes = modes(learner, &self.look).map_err(|e| self.prepared.located(e))?;
        }
        Ok(())
    }

    fn ask(&self, chart: &Chart, curves: &Curves, answers: &[Answer]) -> Opinion {
        let (setup, forecast, draws) = (&self.setup, &self.forecast, self.draws.as_slice());
        diagnose(&Case { setup, forecast, draws, chart, curves, answers })
    }

    /// What the checks say, with their questions answered.
    fn opinion(&mut self, which: Answers) -> Opinion {
        loop {
            let opinion = self.ask(&self.chart, &self.curves, &self.answers);
            if opinion.questions.is_empty() || self.answers.len() > MOST_QUESTIONS {
                return opinion;
            }
            for question in opinion.questions {
                let able = which == Answers::All || matches!(question, Question::Start(_));
                // Whole trainings with something changed are for as long as there is patience.
                let whole = matches!(&question, Question::Finish(edits) if !edits.is_empty());
                let able = able && !(whole && self.clock.seconds() > PATIENCE * self.how.seconds);
                let answer = if able { self.answer(&question).ok() } else { None };
                // An edit that cannot be made is an answer too: it heals nothing.
                self.answers.push(answer.unwrap_or_else(|| unanswered(question)));
            }
        }
    }

    fn diagnosis(self, opinion: Opinion, steps: u64) -> Diagnosis {
        Diagnosis {
            verdict: opinion.verdict,
            findings: opinion.findings,
            forecast: self.forecast,
            setup: self.setup,
            start: self.draws.into_iter().next().unwrap_or_default(),
            chart: self.chart,
            curves: self.curves,
            steps,
            seconds: self.clock.seconds(),
        }
    }

    fn answer(&self, question: &Question) -> Result<Answer> {
        let (Question::Start(edits) | Question::Train(edits) | Question::Finish(edits)) = question;
        let changed = self.experiment.edited(edits)?;
        // Another scale of the data is another look at it.
        let touches_data = edits.iter().any(|e| matches!(e, Edit::Set(key, _) if key.starts_with("data.")));
        let prepared =
            changed.prepare_on(Some(&self.prepared.data).filter(|_| !touches_data), self.how.threads)?;
        let mut answer = unanswered(question.clone());
        match question {
            Question::Start(_) => {
                let look = if touches_data {
                    prepared.data.train.take(0..self.look.len())
                } else {
                    self.look.clone()
                };
                let charts = draws(&prepared, &look, self.how.draws)?;
                answer.flows =
                    charts.iter().flat_map(|c| c.samples.first().map(|s| Flow::of(c, s))).collect();
            }
            Question::Train(_) => {
                let epochs = self.curves.loss.len().max(1);
                let (_, history) = self.train(&prepared, epochs, Schedule::Never)?;
                answer.loss = history.last("loss");
            }
            Question::Finish(_) => {
                let epochs = prepared.fit.epochs.saturating_sub(prepared.fit.initial_epoch).max(1);
                let (_, history) = self.train(&prepared, epochs, Schedule::Never)?;
                answer.loss = history.last("loss");
                answer.curves = of_history(&history);
            }
        }
        Ok(answer)
    }

    fn train(&self, prepared: &Prepared, epochs: usize, schedule: Schedule) -> Result<(Learner, History)> {
        let mut learner = prepared.learner()?;
        learner.watch(schedule);
        let mut limit = Limit::of(self.how.seconds);
        let settings = steadygrad_engine::FitSettings {
            epochs: prepared.fit.initial_epoch + epochs,
            ..prepared.fit.clone()
        };
        let mut fit = Fit::with(settings).callback(&mut limit);
        if let Some(validation) = &prepared.data.validation {
            fit = fit.validation(validation);
        }
        let history = learner.fit(&prepared.data.train, fit)?;
        Ok((learner, history))
    }
}

/// Looks at the start of several draws of the weights; the first is the experiment's own.
pub(crate) fn draws(prepared: &Prepared, look: &Dataset, draws: usize) -> Result<Vec<Chart>> {
    // Weights that are given are not drawn.
    let draws = if prepared.weights.is_some() { 1 } else { draws.max(1) };
    let one = |draw: usize| {
        let mut learner = prepared.learner_of_draw(draw as u64)?;
        learner.watch_on_batch(look).map_err(|e| prepared.located(e))
    };
    (0..draws).map(one).collect()
}

/// The loss of this data as training computes it, and as inference does.
fn modes(learner: &mut Learner, look: &Dataset) -> Result<Option<(f64, f64)>> {
    let training = learner.watch_on_batch(look)?.samples.first().map(|s| s.loss);
    let inference = learner.evaluate(look)?.get("loss");
    Ok(training.zip(inference))
}

/// The curves among these series; the first one that is neither loss, validation nor rate is the metric.
fn curves<'n>(get: &dyn Fn(&str) -> Option<Vec<f64>>, mut names: impl Iterator<Item = &'n str>) -> Curves {
    let metric =
        |name: &&str| !name.starts_with("val_") && !name.ends_with("loss") && *name != "learning_rate";
    let metric = names.find(metric).unwrap_or_default().to_string();
    let series = |name: &str| get(name).unwrap_or_default();
    Curves {
        loss: series("loss"),
        val_loss: series("val_loss"),
        metric: series(&metric),
        val_metric: series(&format!("val_{metric}")),
        modes: None,
    }
}

fn of_history(history: &History) -> Curves {
    curves(&|name| history.get(name).map(<[f64]>::to_vec), history.iter().map(|(name, _)| name))
}

impl Diagnosis {
    /// As JSON: `{schema, verdict, findings, ledger, forecast, steps, seconds}`; NaN and infinities are strings.
    ///
    /// ```text
    /// { "schema": 1, "verdict": "healthy" | "sick" | "unsure",
    ///   "findings": [{code, condition, severity, summary, layers, causes, evidence, prescriptions, follows_from}],
    ///   "ledger": [{layer, part, kind, decibels, expected}],
    ///   "forecast": {outlook, decibels, decibels_per_layer, depth_scale, left_out},
    ///   "steps": n, "seconds": s }
    /// ```
    pub fn to_json(&self) -> Json {
        let ledger = self.ledger();
        let entries = ledger.way.iter().map(|e| {
            let layer = &self.start.layers[e.layer];
            json!({
                "layer": layer.whole,
                "part": layer.path,
                "kind": if e.kind == Kind::Branch { "sum" } else { layer.role.as_str() },
                "decibels": number(e.decibels),
                "expected": self.expected(e.layer, e.input).filter(|_| e.kind == Kind::Layer).map(number),
            })
        });
        json!({
            "schema": 1,
            "verdict": self.verdict.to_string(),
            "findings": self.findings.iter().map(Finding::to_json).collect::<Vec<_>>(),
            "ledger": entries.collect::<Vec<_>>(),
            "forecast": {
                "outlook": self.forecast.outlook().to_string(),
                "decibels": self.forecast.decibels().map(number),
                "decibels_per_layer": self.forecast.decibels_per_layer().map(number),
                "depth_scale": self.forecast.depth_scale().map(number),
                "left_out": self.forecast.left_out,
            },
            "steps": self.steps,
            "seconds": (self.seconds * 1000.0).round() / 1000.0,
        })
    }

    /// The ledger at the start.
    pub fn ledger(&self) -> Ledger {
        self.start.samples.first().map(|s| Ledger::of(&self.start, s)).unwrap_or_default()
    }

    /// What theory expects of an entry of the ledger, in dB.
    pub fn expected(&self, layer: usize, input: usize) -> Option<f64> {
        let factor = (*self.forecast.stages.get(layer)?.factors.get(input)?)?;
        Some(10.0 * factor.log10()).filter(|d| !d.is_nan())
    }
}
