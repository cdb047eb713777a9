//! The examination: looks at a network before it is trained and while it is, asks what the doctor asks, and says what ails it.
//!
//! Everything is done on copies: the experiment stays as it is.

use crate::setup::{look_at, recipe, setup, signals};
use crate::trial::Limit;
use crate::{Diagnosis, Experiment, Prepared};
use steadygrad_chart::{Chart, Schedule};
use steadygrad_data::Dataset;
use steadygrad_doctor::{
    Answer, Case, Curves, Edit, Flow, Forecast, Opinion, Question, STEPS, Setup, diagnose,
};
use steadygrad_engine::system::Clock;
use steadygrad_engine::{Fit, History, Learner};
use steadygrad_kernels::Result;
use steadygrad_nn::stage::stages;

/// A doctor, and how thoroughly it looks at a network.
///
/// ```
/// use steadygrad_lab::{Doctor, Experiment};
/// let mut experiment = Experiment::parse(steadygrad_lab::DEFAULT)?;
/// experiment.set("let.depth=6")?;
/// let diagnosis = Doctor { epochs: 1, ..Doctor::default() }.examine(&experiment)?;
/// assert_eq!(diagnosis.verdict.to_string(), "healthy");
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Doctor {
    /// Epochs of training that are watched; 0 for a look at the start alone.
    pub epochs: usize,
    /// Seconds after which a training ends; up to three times as many if it then has the steps that it is judged by.
    pub seconds: f64,
    /// Draws of the weights that are looked at.
    pub draws: usize,
    /// Samples of a look; fewer where they are large: eight million numbers in all layers together.
    pub samples: usize,
    /// Threads.
    pub threads: usize,
    /// Whom to tell what is being done.
    pub progress: Option<fn(&str)>,
}

impl Default for Doctor {
    fn default() -> Doctor {
        Doctor { epochs: 3, seconds: 10.0, draws: 9, samples: 256, threads: 1, progress: None }
    }
}

/// Looks at an experiment's network, at its start and at three epochs of training: `Doctor::default().examine(experiment)`.
///
/// # Errors
/// If the experiment cannot be run.
pub fn examine(experiment: &Experiment) -> Result<Diagnosis> {
    Doctor::default().examine(experiment)
}

impl Doctor {
    /// Looks at an experiment's network: at its start, then at some epochs of training. The experiment stays as it is.
    ///
    /// # Errors
    /// If the experiment cannot be run.
    pub fn examine(&self, experiment: &Experiment) -> Result<Diagnosis> {
        self.tell("reading data and model");
        let prepared = experiment.prepare(self.threads)?;
        self.tell("looking at the start");
        let mut patient = Patient::new(experiment, &prepared, self)?;
        let mut opinion = patient.opinion(Answers::All);
        let epochs = self.epochs.min(prepared.fit.epochs.max(1));
        let mut steps = 0;
        if epochs > 0 {
            self.tell("watching it train");
            let clock = Clock::start();
            let mut done = patient.train(&prepared, epochs, Schedule::Default)?;
            steps = done.learner.iterations();
            let curves = done.curves();
            patient.observe(&mut done.learner, curves)?;
            patient.allow(done.steps, clock.seconds());
            opinion = patient.opinion(Answers::All);
        }
        Ok(patient.diagnosis(opinion, steps))
    }

    fn tell(&self, what: &str) {
        if let Some(progress) = self.progress {
            progress(what);
        }
    }
}

/// Which questions are answered.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Answers {
    All,
    /// Those that need no training.
    OfTheStart,
}

pub(crate) fn unanswered(question: Question) -> Answer {
    Answer { question, flows: Vec::new(), loss: None, curves: Curves::default() }
}

/// Numbers of signal that a look takes in at the most, all layers together, unless these are fewer samples than [`FEWEST`].
const LOOK: usize = 1 << 23;
const FEWEST: usize = 16;

/// A network that is being looked at.
pub(crate) struct Patient<'a> {
    clock: Clock,
    experiment: &'a Experiment,
    how: Doctor,
    prepared: &'a Prepared,
    look: Dataset,
    pub(crate) setup: Setup,
    forecast: Forecast,
    draws: Vec<Chart>,
    pub(crate) chart: Chart,
    pub(crate) curves: Curves,
    answers: Vec<Answer>,
    /// Steps of training that may be taken in one go, and the seconds after which it ends all the same.
    pace: (usize, f64),
    /// Trainings that were asked for so far.
    trainings: usize,
}

/// What may be spent in all before no more trainings are begun to find out why one fails, in [`Doctor::seconds`].
const PATIENCE: f64 = 3.0;
/// Trainings that are begun in any case: the whole of the planned one, and one with a change beside it.
const LEAST: usize = 2;
/// What a training may take against what is expected of it: the machine may be busier than it was.
const SAFETY: f64 = 3.0;

/// More questions than checks could sensibly ask.
pub(crate) const MOST_QUESTIONS: usize = 32;

impl<'a> Patient<'a> {
    pub(crate) fn new(
        experiment: &'a Experiment,
        prepared: &'a Prepared,
        how: &Doctor,
    ) -> Result<Patient<'a>> {
        let clock = Clock::start();
        let recipe = recipe(prepared)?;
        // Large images have as much to look at in fewer samples.
        let numbers: usize = stages(&recipe).iter().map(|stage| stage.size).sum();
        let samples = how.samples.min((LOOK / numbers.max(1)).max(FEWEST));
        let how = &Doctor { samples, ..*how };
        let look = look_at(&prepared.data.train, how.samples);
        let draws = draws(prepared, &look, how.draws)?;
        Ok(Patient {
            clock,
            experiment,
            how: *how,
            setup: setup(prepared, &recipe),
            // What is measured beside it is measured on so many rows.
            forecast: Forecast::of_batch(&recipe, &signals(prepared), Some(look.len())),
            look,
            prepared,
            draws,
            chart: Chart::default(),
            curves: Curves::default(),
            answers: Vec::new(),
            pace: (usize::MAX, how.seconds),
            trainings: 0,
        })
    }

    /// The steps that the doctor judges a training by, in whole epochs.
    fn least(&self) -> usize {
        let epoch = self.setup.samples.div_ceil(self.setup.batch_size.max(1)).max(1);
        STEPS.div_ceil(epoch) * epoch
    }

    /// What may be asked for after so many steps took so many seconds: as much as is done within [`Doctor::seconds`], and no less
    /// than what the doctor judges a training by, if that is not much longer. In steps, so that how far a training comes does not
    /// depend on what else the machine does at that time.
    fn allow(&mut self, steps: usize, seconds: f64) {
        let each = seconds.max(1e-3 * self.how.seconds) / steps.max(1) as f64;
        let least = self.least();
        let most = ((self.how.seconds / each) as usize).max(steps).max(1);
        let steps = if least as f64 * each <= SAFETY * self.how.seconds { most.max(least) } else { most };
        self.pace = (steps, SAFETY * self.how.seconds.max(steps as f64 * each));
    }

    /// Takes in what a training showed.
    pub(crate) fn observe(&mut self, learner: &mut Learner, curves: Curves) -> Result<()> {
        self.chart = learner.chart().cloned().unwrap_or_default();
        self.curves = curves;
        if self.setup.momentum.is_some() {
            self.curves.modes = modes(learner, &self.look).map_err(|e| self.prepared.located(e))?;
        }
        Ok(())
    }

    /// Data, model and training as they are written down, and what theory expects of them.
    pub(crate) fn expected(self) -> (Setup, Forecast) {
        (self.setup, self.forecast)
    }

    /// Takes in what somebody else recorded: its first look stands in the place of the first draw.
    pub(crate) fn of_record(&mut self, start: Chart, chart: Chart, curves: Curves) {
        if let Some(own) = self.draws.first_mut().filter(|_| !start.samples.is_empty()) {
            *own = start;
        }
        (self.chart, self.curves) = (chart, curves);
    }

    pub(crate) fn ask(&self, chart: &Chart, curves: &Curves, answers: &[Answer]) -> Opinion {
        let (setup, forecast, draws) = (&self.setup, &self.forecast, self.draws.as_slice());
        diagnose(&Case { setup, forecast, draws, chart, curves, answers })
    }

    /// What the checks say, with their questions answered.
    pub(crate) fn opinion(&mut self, which: Answers) -> Opinion {
        loop {
            let opinion = self.ask(&self.chart, &self.curves, &self.answers);
            if opinion.questions.is_empty() || self.answers.len() > MOST_QUESTIONS {
                return opinion;
            }
            for question in opinion.questions {
                let able = which == Answers::All || matches!(question, Question::Start(_));
                // Trainings are for as long as there is patience.
                let training = !matches!(&question, Question::Start(_));
                let late = self.trainings >= LEAST && self.clock.seconds() > PATIENCE * self.how.seconds;
                let able = able && !(training && late);
                self.trainings += usize::from(training && able);
                let answer = if able { self.answer(&question).ok() } else { None };
                // An edit that cannot be made is an answer too: it heals nothing.
                self.answers.push(answer.unwrap_or_else(|| unanswered(question)));
            }
        }
    }

    pub(crate) fn diagnosis(self, opinion: Opinion, steps: u64) -> Diagnosis {
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
        let change = edits.iter().map(Edit::to_string).collect::<Vec<_>>().join(" + ");
        self.how.tell(&if change.is_empty() {
            "training it to the end".into()
        } else {
            format!("trying {change}")
        });
        let changed = self.experiment.edited(edits)?;
        // Another scale of the data is another look at it.
        let touches_data = edits.iter().any(|e| matches!(e, Edit::Set(key, _) if key.starts_with("data.")));
        let prepared =
            changed.prepare_on(Some(&self.prepared.data).filter(|_| !touches_data), self.how.threads)?;
        let mut answer = unanswered(question.clone());
        match question {
            Question::Start(_) => {
                let look = if touches_data {
                    look_at(&prepared.data.train, self.how.samples)
                } else {
                    self.look.clone()
                };
                let charts = draws(&prepared, &look, self.how.draws)?;
                answer.flows =
                    charts.iter().flat_map(|c| c.samples.first().map(|s| Flow::of(c, s))).collect();
            }
            Question::Train(_) => {
                let epochs = self.curves.loss.len().max(1);
                answer.loss = self.train(&prepared, epochs, Schedule::Never)?.history.last("loss");
            }
            Question::Finish(_) => {
                let epochs = prepared.fit.epochs.saturating_sub(prepared.fit.initial_epoch).max(1);
                let done = self.train(&prepared, epochs, Schedule::Never)?;
                answer.loss = done.history.last("loss");
                answer.curves = done.curves();
            }
        }
        Ok(answer)
    }

    fn train(&self, prepared: &Prepared, epochs: usize, schedule: Schedule) -> Result<Done> {
        let mut learner = prepared.learner()?;
        learner.watch(schedule);
        let (steps, patience) = self.pace;
        let longest = SAFETY * self.how.seconds;
        let mut limit = Limit::of(patience).steps(steps).least(self.least(), longest);
        let settings = steadygrad_engine::FitSettings {
            epochs: prepared.fit.initial_epoch + epochs,
            // What a training would go on without is what is looked for.
            on_non_finite: None,
            ..prepared.fit.clone()
        };
        let mut fit = Fit::with(settings).callback(&mut limit);
        if let Some(validation) = &prepared.data.validation {
            fit = fit.validation(validation);
        }
        let history = learner.fit(&prepared.data.train, fit)?;
        let batch = prepared.fit.batch_size.unwrap_or(32).max(1);
        let each = prepared.fit.steps_per_epoch.unwrap_or_else(|| prepared.data.train.len().div_ceil(batch));
        let whole = if limit.cut { Some(limit.taken / each.max(1)) } else { None };
        Ok(Done { learner, history, whole, steps: limit.taken, every: prepared.fit.validation_freq.max(1) })
    }
}

/// A training that is over.
struct Done {
    learner: Learner,
    history: History,
    /// Where it was cut off: the epochs before that.
    whole: Option<usize>,
    steps: usize,
    every: usize,
}

impl Done {
    /// Its curves, without an epoch that was not ended.
    fn curves(&self) -> Curves {
        let mut curves = of_history(&self.history);
        if let Some(whole) = self.whole {
            curves.loss.truncate(whole);
            curves.metric.truncate(whole);
            curves.val_loss.truncate(whole / self.every);
            curves.val_metric.truncate(whole / self.every);
        }
        curves
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
pub(crate) fn curves<'n>(
    get: &dyn Fn(&str) -> Option<Vec<f64>>,
    mut names: impl Iterator<Item = &'n str>,
) -> Curves {
    let metric =
        |name: &&str| !name.starts_with("val_") && !name.ends_with("loss") && *name != "learning_rate";
    let metric = names.find(metric).unwrap_or_default().to_string();
    let series = |name: &str| get(name).unwrap_or_default();
    Curves {
        loss: series("loss"),
        val_loss: series("val_loss"),
        metric: series(&metric),
        val_metric: series(&format!("val_{metric}")),
        metric_name: metric,
        modes: None,
    }
}

pub(crate) fn of_history(history: &History) -> Curves {
    curves(&|name| history.get(name).map(<[f64]>::to_vec), history.iter().map(|(name, _)| name))
}
