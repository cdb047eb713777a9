//! A trial: experiments trained side by side over the same seeds, and compared on data that none of them was trained on.

use crate::data::Data;
use crate::experiment::Experiment;
use crate::parallel;
use steadygrad_data::{Dataset, Scaler};
use steadygrad_engine::callbacks::{Callback, Training};
use steadygrad_engine::system::Clock;
use steadygrad_engine::{Fit, Logs};
use steadygrad_kernels::{Error, Result};
use steadygrad_nn::metrics::R2Score;

/// What is compared: the accuracy, where it is asked for, or the loss. Where targets are scaled in some of the experiments only,
/// losses are in different units; then it is R², which has none.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// Its name in a history: "val_accuracy", "val_loss".
    pub name: String,
    /// Larger is better.
    pub up: bool,
}

/// One training of a trial.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// The measure after every epoch.
    pub curve: Vec<f64>,
    /// The training loss after every epoch.
    pub loss: Vec<f64>,
    /// How long it took.
    pub seconds: f64,
    /// It was cut off, as there was no more time.
    pub cut: bool,
}

impl Outcome {
    /// The measure after the last epoch; NaN where there was none.
    pub fn last(&self) -> f64 {
        self.curve.last().copied().unwrap_or(f64::NAN)
    }
}

/// All trainings of one experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    /// What it is: "sick", or the edits.
    pub name: String,
    /// One for every seed.
    pub outcomes: Vec<Outcome>,
}

impl Arm {
    /// The median over the seeds of the measure at the end; NaN counts as worst.
    pub fn median(&self, measure: &Measure) -> f64 {
        let worst = if measure.up { f64::NEG_INFINITY } else { f64::INFINITY };
        let mut all: Vec<f64> =
            self.outcomes.iter().map(|o| if o.last().is_nan() { worst } else { o.last() }).collect();
        all.sort_by(f64::total_cmp);
        match all.len() {
            0 => f64::NAN,
            n if n % 2 == 1 => all[n / 2],
            n => (all[n / 2 - 1] + all[n / 2]) / 2.0,
        }
    }

    /// The standard deviation over the seeds of the measure at the end; of those that are numbers.
    pub fn spread(&self) -> f64 {
        let all: Vec<f64> = self.outcomes.iter().map(Outcome::last).filter(|x| x.is_finite()).collect();
        let n = all.len() as f64;
        if all.len() < 2 {
            return 0.0;
        }
        let mean = all.iter().sum::<f64>() / n;
        (all.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt()
    }
}

/// Experiments trained over the same seeds.
///
/// ```
/// use steadygrad_doctor::Edit;
/// use steadygrad_lab::{Experiment, Trial};
/// let mut sick = Experiment::parse(steadygrad_lab::DEFAULT)?;
/// for assignment in ["let.depth=1", "fit.epochs=1", "fit.batch_size=256"] {
///     sick.set(assignment)?;
/// }
/// let cured = sick.edited(&[Edit::Set("fit.batch_size", 32.into())])?;
/// let trial = Trial::new(&sick, &cured).seeds(2).run()?;
/// assert_eq!(trial.arms.len(), 2);
/// assert_eq!(trial.measure.name, "val_accuracy");
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Trial {
    experiments: Vec<(String, Experiment)>,
    seeds: Vec<u64>,
    seconds: f64,
    threads: usize,
    progress: Option<Progress>,
    measure: Option<Measure>,
}

/// Is told how many trainings are done, and of how many.
pub type Progress = fn(usize, usize);

/// What came of a trial.
#[derive(Debug, Clone, PartialEq)]
pub struct Trials {
    /// What is compared.
    pub measure: Measure,
    /// One for every experiment, in their order.
    pub arms: Vec<Arm>,
    /// How long it took.
    pub seconds: f64,
}

/// The name of R² in a history.
const EXPLAINED: &str = "explained_variance";

/// The part of the training data that is held back where an experiment has none for validation.
const HELD_BACK: f64 = 0.2;

impl Trial {
    /// A sick experiment and a cured one.
    pub fn new(sick: &Experiment, cured: &Experiment) -> Trial {
        Trial::of(vec![("sick".into(), sick.clone()), ("cured".into(), cured.clone())])
    }

    /// These experiments, each with a name.
    pub fn of(experiments: Vec<(String, Experiment)>) -> Trial {
        Trial {
            experiments,
            seeds: (0..3).collect(),
            seconds: f64::INFINITY,
            threads: parallel::available(),
            progress: None,
            measure: None,
        }
    }

    /// What is compared, where it is not to be chosen anew: that of a trial before.
    pub fn measure(mut self, measure: Option<Measure>) -> Trial {
        self.measure = measure;
        self
    }

    /// Whom to tell how far it is.
    pub fn progress(mut self, progress: Option<Progress>) -> Trial {
        self.progress = progress;
        self
    }

    /// So many seeds: the experiments' own and those after it.
    pub fn seeds(mut self, count: u64) -> Trial {
        self.seeds = (0..count.max(1)).collect();
        self
    }

    /// What is added to each experiment's seed, one training for each.
    pub fn offsets(mut self, offsets: Vec<u64>) -> Trial {
        self.seeds = offsets;
        self
    }

    /// A training ends after so many seconds.
    pub fn seconds(mut self, seconds: f64) -> Trial {
        self.seconds = seconds;
        self
    }

    /// Trainings at once.
    pub fn threads(mut self, threads: usize) -> Trial {
        self.threads = threads.max(1);
        self
    }

    /// Trains them all.
    ///
    /// # Errors
    /// If an experiment cannot be run.
    pub fn run(&self) -> Result<Trials> {
        let clock = Clock::start();
        let mut jobs = Vec::new();
        let (mut usual, mut scales) = (None, Vec::new());
        for (arm, (_, experiment)) in self.experiments.iter().enumerate() {
            let prepared = experiment.prepare(1)?;
            let data = with_validation(prepared.data.clone())?;
            usual.get_or_insert_with(|| measured(&prepared.compile));
            scales.push(data.form.target_scaler.as_ref().map(Scaler::scale));
            for &offset in &self.seeds {
                jobs.push((arm, offset, experiment, data.clone()));
            }
        }
        let usual = usual.ok_or_else(|| Error::argument("a trial of no experiments"))?;
        let same_units = scales.windows(2).all(|two| two[0] == two[1]);
        let explained = Measure { name: format!("val_{EXPLAINED}"), up: true };
        let measure = self.measure.clone().unwrap_or(if same_units || usual.up { usual } else { explained });
        let ready = std::sync::atomic::AtomicUsize::new(0);
        let tell = || {
            let n = ready.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            if let Some(progress) = self.progress {
                progress(n, jobs.len());
            }
        };
        let done = parallel::map(&jobs, self.threads, |(_, offset, experiment, data)| {
            let outcome = train(experiment, data, *offset, &measure, self.seconds);
            tell();
            outcome
        });
        let mut arms: Vec<Arm> = self
            .experiments
            .iter()
            .map(|(name, _)| Arm { name: name.clone(), outcomes: Vec::new() })
            .collect();
        for ((arm, ..), outcome) in jobs.iter().zip(done) {
            arms[*arm].outcomes.push(outcome?);
        }
        Ok(Trials { measure, arms, seconds: clock.seconds() })
    }
}

/// The data, with a part held back for validation where there is none.
pub(crate) fn with_validation(mut data: Data) -> Result<Data> {
    if data.validation.is_none() && data.train.len() > 1 {
        let (train, held): (Dataset, Dataset) = data.train.split(1.0 - HELD_BACK)?;
        (data.train, data.validation) = (train, Some(held));
    }
    Ok(data)
}

/// The first metric whose name says which way is better, or the loss.
fn measured(compile: &steadygrad_engine::Compile) -> Measure {
    use steadygrad_engine::Asked;
    let named = compile.metrics.iter().find_map(|spec| match &spec.metric {
        Asked::Named(name) => match name.to_string().trim_matches('"') {
            "accuracy" | "acc" => Some("accuracy".to_string()),
            _ => None,
        },
        Asked::Metric(_) | Asked::As(..) => None,
    });
    match named.filter(|_| compile.losses.len() == 1) {
        Some(name) => Measure { name: format!("val_{name}"), up: true },
        None => Measure { name: "val_loss".into(), up: false },
    }
}

fn train(
    experiment: &Experiment,
    data: &Data,
    offset: u64,
    measure: &Measure,
    seconds: f64,
) -> Result<Outcome> {
    let mut prepared = experiment.prepare_on(Some(data), 1)?;
    prepared.compile.seed = prepared.compile.seed.wrapping_add(offset);
    if measure.name.ends_with(EXPLAINED) {
        prepared.compile = prepared.compile.metric_as(EXPLAINED, R2Score);
    }
    let mut learner = prepared.learner()?;
    learner.guard(true);
    let mut limit = Limit::of(seconds);
    let mut callbacks = prepared.callbacks()?;
    let mut fit = Fit::with(prepared.fit.clone()).callback(&mut limit);
    // What writes files is left out: a trial leaves nothing behind.
    for callback in callbacks.iter_mut().filter(|c| !c.writes()) {
        fit = fit.callback(&mut **callback);
    }
    if let Some(validation) = &prepared.data.validation {
        fit = fit.validation(validation);
    }
    let history = learner.fit(&prepared.data.train, fit)?;
    let get = |name: &str| history.get(name).map(<[f64]>::to_vec).unwrap_or_default();
    let mut curve = get(&measure.name);
    if learner.non_finite().is_some() {
        curve.push(f64::NAN);
    }
    let seed = prepared.compile.seed;
    Ok(Outcome { seed, curve, loss: get("loss"), seconds: history.seconds, cut: limit.cut })
}

/// Ends a training after some time, or after so many steps.
#[derive(Debug)]
pub(crate) struct Limit {
    clock: Clock,
    seconds: f64,
    /// Steps that are taken all the same, while it looks as if they were done by that second.
    least: (usize, f64),
    steps: usize,
    /// The training ends where a loss is no number.
    finite: bool,
    /// Steps that were taken.
    pub taken: usize,
    /// It ended the training.
    pub cut: bool,
}

impl Limit {
    pub(crate) fn of(seconds: f64) -> Limit {
        let (clock, steps) = (Clock::start(), usize::MAX);
        Limit { clock, seconds, least: (0, 0.0), steps, finite: false, taken: 0, cut: false }
    }

    /// The same, and no end before so many steps if those are done within so many seconds.
    pub(crate) fn least(self, steps: usize, seconds: f64) -> Limit {
        Limit { least: (steps, seconds), ..self }
    }

    /// The same with a number of steps, and with losses that are numbers.
    pub(crate) fn steps(self, steps: usize) -> Limit {
        Limit { steps, finite: true, ..self }
    }
}

impl Callback for Limit {
    fn wants_batches(&self) -> bool {
        self.seconds.is_finite()
    }
    fn on_train_batch_end(&mut self, training: &mut Training<'_>, _: usize, logs: &Logs) -> Result<()> {
        self.taken += 1;
        let (seconds, (least, longest)) = (self.clock.seconds(), self.least);
        let soon = self.taken < least && seconds * least as f64 <= longest * self.taken as f64;
        self.cut |= self.taken >= self.steps || (seconds > self.seconds && !soon);
        let lost = self.finite && logs.get("loss").is_some_and(|loss| !loss.is_finite());
        training.stop |= self.cut || lost;
        Ok(())
    }
}
