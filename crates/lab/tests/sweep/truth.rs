//! What really becomes of a network: full trainings over several seeds, judged on validation data against the best constant answer.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use steadygrad_engine::callbacks::{Callback, Training};
use steadygrad_engine::{Fit, Logs};
use steadygrad_kernels::Result;
use steadygrad_lab::Experiment;

/// What a training of each seed came to: 0 is the best constant answer, 1 is perfect.
pub type Skills = Vec<f64>;

/// Better than the best constant answer beyond doubt, on 160 samples or more.
pub const LEARNT: f64 = 0.3;
/// Not better: three standard deviations of a guess over 180 samples are 0.2 of what is above it for two classes.
pub const GUESSED: f64 = 0.15;
/// The epochs at the end whose median counts, so that no single one decides.
const LAST: usize = 5;

/// What is known of a network by training it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    Learns,
    Fails,
    Between,
}

pub fn truth(skills: &[f64]) -> Truth {
    match skills {
        [] => Truth::Between,
        all if all.iter().all(|s| *s >= LEARNT) => Truth::Learns,
        all if all.iter().all(|s| s.is_nan() || *s <= GUESSED) => Truth::Fails,
        _ => Truth::Between,
    }
}

/// Ends a training that has plainly learnt, or that has turned into numbers that are none.
#[derive(Debug)]
struct Enough {
    skill: fn(f64, f64, f64) -> f64,
    constant: f64,
    good: usize,
    classes: bool,
}

impl Callback for Enough {
    fn on_epoch_end(&mut self, training: &mut Training<'_>, _: usize, logs: &mut Logs) -> Result<()> {
        let value = |name: &str| logs.get(name).unwrap_or(f64::NAN);
        let measure = value(if self.classes { "val_accuracy" } else { "val_loss" });
        let skill = (self.skill)(measure, self.constant, 0.0);
        self.good = if skill > 0.6 { self.good + 1 } else { 0 };
        training.stop |= self.good >= LAST || !value("loss").is_finite();
        Ok(())
    }
}

fn of_accuracy(accuracy: f64, most: f64, _: f64) -> f64 {
    (accuracy - most) / (1.0 - most)
}

fn of_error(error: f64, variance: f64, _: f64) -> f64 {
    1.0 - error / variance
}

/// Trains it with this seed added to its own.
fn train(experiment: &Experiment, offset: u64) -> Result<f64> {
    let mut prepared = experiment.prepare(1)?;
    prepared.compile.seed += 7919 * offset;
    let Some(validation) = prepared.data.validation.clone() else { return Ok(f64::NAN) };
    let classes = !prepared.compile.metrics.is_empty();
    let y: Vec<f64> = validation.y[0].data().iter().map(|v| f64::from(*v)).collect();
    let constant = if classes {
        let mut counts: HashMap<i64, usize> = HashMap::new();
        y.iter().for_each(|v| *counts.entry(*v as i64).or_default() += 1);
        counts.values().copied().max().unwrap_or(0) as f64 / y.len() as f64
    } else {
        let mean = y.iter().sum::<f64>() / y.len() as f64;
        y.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / y.len() as f64
    };
    let skill = if classes { of_accuracy } else { of_error };
    let mut enough = Enough { skill, constant, good: 0, classes };
    let mut learner = prepared.learner()?;
    let fit = Fit::with(prepared.fit.clone()).validation(&validation).callback(&mut enough);
    let history = learner.fit(&prepared.data.train, fit)?;
    let curve = history.get(if classes { "val_accuracy" } else { "val_loss" }).unwrap_or_default();
    if history.get("loss").unwrap_or_default().iter().any(|l| !l.is_finite()) {
        return Ok(f64::NAN);
    }
    let mut late: Vec<f64> = curve[curve.len().saturating_sub(LAST)..].to_vec();
    late.sort_by(f64::total_cmp);
    Ok(skill(late[late.len() / 2], constant, 0.0))
}

/// The skills of experiments that were trained before, kept in a file beside the build; delete it where training itself changes.
pub struct Known {
    file: PathBuf,
    known: Mutex<HashMap<u64, Skills>>,
}

/// FNV-1a: the same on every machine and in every version.
fn key(text: &str, seeds: u64) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325 ^ seeds, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3))
}

impl Known {
    pub fn open() -> Known {
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("sweep_truth.txt");
        let mut known = HashMap::new();
        for line in std::fs::read_to_string(&file).unwrap_or_default().lines() {
            let mut words = line.split(' ');
            let at = words.next().and_then(|k| k.parse().ok());
            let skills = words.filter_map(|w| w.parse().ok()).collect();
            known.extend(at.map(|k: u64| (k, skills)));
        }
        Known { file, known: Mutex::new(known) }
    }

    /// Trains it over so many seeds; an experiment that cannot be run has no skills. Seeds that would change nothing any more are
    /// left out: one that learns and one that does not are already in between.
    pub fn skills(&self, experiment: &Experiment, text: &str, seeds: u64) -> Skills {
        let key = key(text, seeds);
        if let Some(skills) = self.known.lock().unwrap().get(&key) {
            return skills.clone();
        }
        let mut skills = Skills::new();
        for offset in 0..seeds {
            let Ok(skill) = train(experiment, offset) else { break };
            skills.push(skill);
            if truth(&skills) == Truth::Between {
                break;
            }
        }
        let words: Vec<String> = skills.iter().map(|s| format!(" {s:.4}")).collect();
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&self.file).unwrap();
        file.write_all(format!("{key}{}\n", words.concat()).as_bytes()).unwrap();
        self.known.lock().unwrap().insert(key, skills.clone());
        skills
    }
}

/// What `f` makes of every item, on all cores, in their order.
pub fn parallel<T: Sync, R: Send>(items: &[T], f: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(i) else { return };
                    let made = f(item);
                    done.lock().unwrap().push((i, made));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(i, _)| *i);
    done.into_iter().map(|(_, made)| made).collect()
}
