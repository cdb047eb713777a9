//! The cure: what the doctor prescribes is applied, trained beside the sick network, and kept only where it is better.

use crate::experiment::Experiment;
use crate::trial::{Arm, Measure, Progress, Trial, Trials};
use crate::words::wrapped;
use crate::{Diagnosis, Doctor};
use serde_json::{Value as Json, json};
use std::fmt;
use steadygrad_chart::number;
use steadygrad_doctor::{Edit, Prescription, Severity, Verdict};
use steadygrad_kernels::Result;

/// How much a cure may cost.
///
/// ```
/// let quick = steadygrad_lab::Treatment { seeds: 2, seconds: 20.0, ..Default::default() };
/// assert_eq!(quick.doctor.epochs, 3);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Treatment {
    /// How the network is looked at, before and after.
    pub doctor: Doctor,
    /// Seeds that every prescription is tried with. What is kept is proved with as many others.
    pub seeds: u64,
    /// Seconds of training in all, about.
    pub seconds: f64,
    /// Trainings at once.
    pub threads: usize,
    /// Whom to tell how far it is.
    pub progress: Option<Progress>,
}

impl Default for Treatment {
    fn default() -> Treatment {
        let threads = crate::parallel::available();
        Treatment { doctor: Doctor::default(), seeds: 5, seconds: 300.0, threads, progress: None }
    }
}

/// What came of a treatment.
#[derive(Debug, Clone)]
pub struct Cure {
    /// What ailed the network.
    pub diagnosis: Diagnosis,
    /// What was tried, and how it did: the first arm is the network as it was.
    pub tried: Option<Trials>,
    /// What is kept; empty where nothing helped, or nothing was sick.
    pub edits: Vec<Edit>,
    /// The network as it was beside the cured one, over seeds that took no part in the choice.
    pub proof: Option<Trials>,
    /// The cured experiment, if it is one.
    pub cured: Option<Experiment>,
    /// What the doctor says of it.
    pub after: Option<Diagnosis>,
}

/// Looks at an experiment, tries what is prescribed, and keeps what is better on validation data beyond the spread of the seeds.
/// A network of which the doctor is unsure is treated against its warnings.
///
/// # Errors
/// If the experiment cannot be run.
pub fn cure(experiment: &Experiment, how: &Treatment) -> Result<Cure> {
    let diagnosis = how.doctor.examine(experiment)?;
    let mut cure = Cure { diagnosis, tried: None, edits: Vec::new(), proof: None, cured: None, after: None };
    if cure.diagnosis.verdict == Verdict::Healthy {
        return Ok(cure);
    }
    let sick = experiment.edited(&[])?;
    let candidates = candidates(&cure.diagnosis, &sick);
    if candidates.is_empty() {
        return Ok(cure);
    }
    // The same for all arms of all rounds, the proof included.
    let jobs = (2 * candidates.len() as u64 + 3) * how.seeds;
    let seconds = how.seconds * how.threads.max(1) as f64 / jobs as f64;
    let trial = |arms: Vec<(String, Experiment)>, first: u64, measure: Option<Measure>| {
        let trial = Trial::of(arms).offsets((first..first + how.seeds).collect()).measure(measure);
        trial.seconds(seconds).threads(how.threads).progress(how.progress).run()
    };
    let made = |edits: &[Edit]| sick.edited(edits).ok();
    let mut arms = vec![("as it is".to_string(), sick.clone())];
    let mut lists: Vec<Vec<Edit>> = vec![Vec::new()];
    for prescription in &candidates {
        if let Some(changed) = made(&prescription.edits) {
            arms.push((prescription.title.clone(), changed));
            lists.push(prescription.edits.clone());
        }
    }
    let mut trials = trial(arms, 0, None)?;
    let measure = Some(trials.measure.clone());
    let best = trials.best();
    if best > 0 && trials.better(best, 0, CHOICE) {
        // More than one thing may be wrong.
        let more: Vec<Vec<Edit>> = lists[1..].iter().filter(|l| **l != lists[best]).cloned().collect();
        let together: Vec<Vec<Edit>> = more.into_iter().map(|l| [lists[best].clone(), l].concat()).collect();
        let able = together.into_iter().filter_map(|l| Some((made(&l)?, l)));
        let (experiments, combined): (Vec<_>, Vec<_>) =
            able.map(|(changed, l)| ((words(&l), changed), l)).unzip();
        let best_arm = trials.arms[best].clone();
        if !experiments.is_empty() {
            let second = trial(experiments, 0, measure.clone())?;
            trials.arms.extend(second.arms);
            trials.seconds += second.seconds;
            lists.extend(combined);
        }
        let top = trials.best();
        let keep = if trials.better_than(&trials.arms[top], &best_arm, CHOICE) { top } else { best };
        let cured = made(&lists[keep]).unwrap_or_else(|| sick.clone());
        let both = vec![("as it is".into(), sick.clone()), (words(&lists[keep]), cured.clone())];
        let proof = trial(both, 1000, measure)?;
        let after = how.doctor.examine(&cured)?;
        if proof.better(1, 0, PROOF) && after.verdict != Verdict::Sick {
            cure.edits = lists[keep].clone();
            cure.cured = Some(cured);
        }
        (cure.proof, cure.after) = (Some(proof), Some(after));
    }
    cure.tried = Some(trials);
    Ok(cure)
}

/// What may be tried: every prescription with edits that change something, each once; where nobody is sure that the network is sick,
/// of those against warnings.
fn candidates(diagnosis: &Diagnosis, sick: &Experiment) -> Vec<Prescription> {
    let mut all: Vec<Prescription> = Vec::new();
    let unsure = diagnosis.verdict == Verdict::Unsure;
    let told = diagnosis.findings.iter().filter(|f| !unsure || f.severity >= Severity::Warning);
    for prescription in told.flat_map(|f| &f.prescriptions) {
        let known = all.iter().any(|p| p.edits == prescription.edits);
        let changes = sick.edited(&prescription.edits).is_ok_and(|e| e.config() != sick.config());
        if !prescription.edits.is_empty() && !known && changes {
            all.push(prescription.clone());
        }
    }
    all
}

fn words(edits: &[Edit]) -> String {
    edits.iter().map(Edit::to_string).collect::<Vec<_>>().join(" + ")
}

impl Trials {
    /// The arm with the best median.
    pub fn best(&self) -> usize {
        let value = |arm: &Arm| {
            let median = arm.median(&self.measure);
            if self.measure.up { median } else { -median }
        };
        (0..self.arms.len())
            .max_by(|&a, &b| value(&self.arms[a]).total_cmp(&value(&self.arms[b])).then(b.cmp(&a)))
            .unwrap_or(0)
    }

    /// Whether one arm is better than another: by more than so many standard errors of the difference over the seeds, or with
    /// every seed than the other with any, of three or more (Mann and Whitney 1947: 1 in 20 by chance). A network that blows up
    /// ends anywhere, and its spread would hide every cure.
    pub fn better(&self, one: usize, other: usize, errors: f64) -> bool {
        self.better_than(&self.arms[one], &self.arms[other], errors)
    }

    fn better_than(&self, one: &Arm, other: &Arm, errors: f64) -> bool {
        let Measure { up, .. } = self.measure;
        let (a, b) = (one.median(&self.measure), other.median(&self.measure));
        let gain = if up { a - b } else { b - a };
        let error = |arm: &Arm| arm.spread().powi(2) / arm.outcomes.len().max(1) as f64;
        let noise = errors * (error(one) + error(other)).sqrt();
        let floor = if up { SMALLEST } else { SMALLEST * b.abs().min(1.0) };
        let beats = |x: f64, y: f64| y.is_nan() || if up { x > y } else { x < y };
        let apart = one.outcomes.len().min(other.outcomes.len()) >= 3
            && one.outcomes.iter().all(|o| other.outcomes.iter().all(|p| beats(o.last(), p.last())));
        !gain.is_nan() && gain > floor && (gain > noise || apart) && a.is_finite()
    }
}

/// Standard errors by which a prescription must be better to be chosen among several.
const CHOICE: f64 = 2.0;
/// The same for what was chosen, with seeds that took no part in the choice.
const PROOF: f64 = 1.0;
/// A gain in accuracy that is worth a change.
const SMALLEST: f64 = 0.01;

impl Cure {
    /// As JSON; the diagnosis as in [`Diagnosis::to_json`].
    ///
    /// ```text
    /// { "schema": 1, "cured": bool, "edits": […], "measure": "val_accuracy",
    ///   "tried": [{name, median, spread, values: […]}], "proof": […], "diagnosis": {…}, "after": {…} }
    /// ```
    pub fn to_json(&self) -> Json {
        let arms = |trials: &Option<Trials>| {
            trials.as_ref().map(|t| {
                let one = |arm: &Arm| {
                    json!({
                        "name": arm.name,
                        "median": number(arm.median(&t.measure)),
                        "spread": number(arm.spread()),
                        "values": arm.outcomes.iter().map(|o| number(o.last())).collect::<Vec<_>>(),
                    })
                };
                t.arms.iter().map(one).collect::<Vec<_>>()
            })
        };
        json!({
            "schema": 1,
            "cured": self.cured.is_some(),
            "edits": self.edits.iter().map(Edit::to_string).collect::<Vec<_>>(),
            "measure": self.tried.as_ref().map(|t| t.measure.name.clone()),
            "tried": arms(&self.tried),
            "proof": arms(&self.proof),
            "diagnosis": self.diagnosis.to_json(),
            "after": self.after.as_ref().map(Diagnosis::to_json),
        })
    }

    /// The change as a diff of the experiment file, lines with `-` and `+`; nothing where nothing is changed.
    pub fn diff(&self, experiment: &Experiment) -> Result<String> {
        let Some(cured) = &self.cured else { return Ok(String::new()) };
        let (before, after) = (experiment.edited(&[])?.to_toml()?, cured.to_toml()?);
        Ok(crate::diff::lines(&before, &after))
    }
}

impl fmt::Display for Trials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seeds = self.arms.first().map_or(0, |a| a.outcomes.len());
        writeln!(f, "{}, median of {seeds} seeds (± spread)", self.measure.name)?;
        for arm in &self.arms {
            let (median, spread) = (arm.median(&self.measure), arm.spread());
            let figure = if median.is_finite() {
                format!("{median:.3} ± {spread:.3}")
            } else {
                "not finite".to_string()
            };
            writeln!(f, "  {figure:>15}  {}", wrapped(&arm.name, 19))?;
        }
        let all = || self.arms.iter().flat_map(|a| &a.outcomes);
        let cut = all().filter(|o| o.cut).count();
        if cut > 0 {
            writeln!(f, "  ({cut} of {} trainings were cut off for want of time)", all().count())?;
        }
        Ok(())
    }
}

impl fmt::Display for Cure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.diagnosis)?;
        let Some(tried) = &self.tried else {
            return match self.diagnosis.verdict {
                Verdict::Healthy => writeln!(f, "\nthere is nothing to cure"),
                Verdict::Sick | Verdict::Unsure => writeln!(f, "\nthere is nothing that could be tried"),
            };
        };
        if self.diagnosis.verdict == Verdict::Unsure {
            writeln!(
                f,
                "\nnobody is sure that it is sick: what is prescribed against the warnings is tried"
            )?;
        }
        writeln!(f, "\ntried: {tried}")?;
        match (&self.proof, self.cured.is_some()) {
            (Some(proof), true) => {
                writeln!(f, "cured by: {}", wrapped(&words(&self.edits), 10))?;
                write!(f, "proof, with other seeds: {proof}")
            }
            (Some(proof), false) => {
                writeln!(f, "not cured: what did best did not stand the proof")?;
                write!(f, "proof, with other seeds: {proof}")
            }
            (None, _) => {
                writeln!(f, "not cured: nothing that was tried is better by more than the seeds differ")
            }
        }
    }
}
