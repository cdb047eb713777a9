//! A doctor beside a training that somebody else runs.

use crate::examine::{Answers, MOST_QUESTIONS, Patient, curves, of_history, unanswered};
use crate::{Diagnosis, Doctor, Experiment, Prepared};
use steadygrad_chart::Chart;
use steadygrad_doctor::{Answer, Curves, Finding, Verdict};
use steadygrad_engine::{History, Learner};
use steadygrad_kernels::Result;

/// A doctor beside a training: warns when something turns sick, and has the last word.
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
pub(crate) const SHORT: Doctor =
    Doctor { epochs: 0, seconds: 0.0, draws: 3, samples: 128, threads: 1, progress: None };

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
        self.patient.observe(learner, of_history(history))?;
        let opinion = self.patient.opinion(Answers::OfTheStart);
        Ok(self.patient.diagnosis(opinion, learner.iterations()))
    }
}
