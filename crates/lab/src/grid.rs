//! The grid of a `[lab]` table: every combination of what is varied, trained over seeds and compared.

use crate::examine::{Examination, draws};
use crate::experiment::Experiment;
use crate::trial::{Arm, Measure, Progress, Trial, Trials};
use crate::vary::Seeds;
use serde_json::{Value as Json, json};
use std::fmt;
use steadygrad_chart::number;
use steadygrad_doctor::Flow;
use steadygrad_kernels::{Error, Result};
use steadygrad_nn::config::Value;

/// One combination.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Its value of every key.
    pub values: Vec<Value>,
    /// Its trainings.
    pub arm: Arm,
    /// What gradient and signal do before training, median over the draws of the weights.
    pub flow: Flow,
}

/// All combinations of a `[lab]` table.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// What is varied: "let.depth".
    pub keys: Vec<String>,
    /// What is compared.
    pub measure: Measure,
    /// Every combination; the last key varies fastest.
    pub settings: Vec<Setting>,
    /// How long it took.
    pub seconds: f64,
}

/// More combinations than anybody would wait for.
const MOST: usize = 10_000;

/// Trains every combination of what the experiment's `[lab]` table varies, and compares them.
///
/// ```
/// use steadygrad_lab::{Experiment, grid};
/// let text = format!("{}\n[lab]\nvary = {{ \"let.depth\" = [1, 2] }}\nseeds = 1\n", steadygrad_lab::DEFAULT);
/// let mut experiment = Experiment::parse(&text)?;
/// experiment.set("fit.epochs=1")?;
/// let grid = grid(&experiment, 2, None)?;
/// assert_eq!(grid.settings.len(), 2);
/// assert_eq!(grid.keys, ["let.depth"]);
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// If there is nothing to vary, or a combination cannot be run.
pub fn grid(experiment: &Experiment, threads: usize, progress: Option<Progress>) -> Result<Grid> {
    let plan = experiment.plan()?;
    let many = plan.keys.iter().try_fold(1_usize, |n, (_, values)| n.checked_mul(values.len()));
    if plan.keys.is_empty() {
        return Err(Error::argument("the experiment varies nothing").at("[lab]").help(
            "say what to vary: vary = { \"let.depth\" = [5, 20], \"let.act\" = [\"relu\", \"elu\"] }",
        ));
    }
    let Some(many) = many.filter(|&n| n <= MOST) else {
        return Err(Error::argument(format!("more than {MOST} combinations")).at("[lab], `vary`"));
    };
    let mut combinations: Vec<Vec<Value>> = vec![Vec::new()];
    for (_, values) in &plan.keys {
        let longer =
            |c: &Vec<Value>| values.iter().map(|v| [c.clone(), vec![v.clone()]].concat()).collect::<Vec<_>>();
        combinations = combinations.iter().flat_map(longer).collect();
    }
    debug_assert_eq!(combinations.len(), many);
    let keys: Vec<String> = plan.keys.iter().map(|(key, _)| key.clone()).collect();
    let (offsets, base) = match plan.seeds {
        Seeds::Count(n) => ((0..n).collect::<Vec<u64>>(), None),
        // Seeds that are named stand for themselves.
        Seeds::List(list) => (list, Some(Value::Int(0))),
    };
    let mut experiments = Vec::new();
    let mut flows = Vec::new();
    for combination in &combinations {
        let mut values: Vec<(String, Value)> =
            keys.iter().cloned().zip(combination.iter().cloned()).collect();
        values.extend(base.clone().map(|seed| ("fit.seed".to_string(), seed)));
        let changed = experiment.with_values(&values)?;
        let prepared = changed.prepare(1)?;
        let how = Examination::default();
        let look = prepared.data.train.take(0..prepared.data.train.len().min(how.samples));
        let charts = draws(&prepared, &look, offsets.len().min(how.draws))?;
        let all: Vec<Flow> = charts.iter().flat_map(|c| c.samples.first().map(|s| Flow::of(c, s))).collect();
        flows.push(median(all));
        experiments.push((name(&keys, combination), changed));
    }
    let trial = Trial::of(experiments).offsets(offsets).threads(threads).progress(progress);
    let Trials { measure, arms, seconds } = trial.run()?;
    let settings = combinations.into_iter().zip(arms).zip(flows);
    let settings = settings.map(|((values, arm), flow)| Setting { values, arm, flow }).collect();
    Ok(Grid { keys, measure, settings, seconds })
}

/// The flow in the middle, by what the gradient does.
fn median(mut flows: Vec<Flow>) -> Flow {
    flows.sort_by(|a, b| a.gradient.total_cmp(&b.gradient));
    let middle = flows.len() / 2;
    flows.get(middle).copied().unwrap_or(Flow {
        gradient: f64::NAN,
        signal: f64::NAN,
        dead: 0.0,
        alive: f64::INFINITY,
        saturated: 0.0,
        kernel: f64::NAN,
        loss: f64::NAN,
        finite: false,
    })
}

/// A value in a table: a name, a number, or `Class(key=value)`.
fn word(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Float(x) => format!("{}", (x * 1e4).round() / 1e4),
        Value::Map(map) => match (map.get("class_name"), map.get("config")) {
            (Some(Value::Text(class)), Some(Value::Map(config))) => {
                let entries: Vec<String> = config.iter().map(|(k, v)| format!("{k}={}", word(v))).collect();
                format!("{class}({})", entries.join(", "))
            }
            _ => value.to_string(),
        },
        other => other.to_string(),
    }
}

fn name(keys: &[String], values: &[Value]) -> String {
    let short = |key: &str| key.rsplit('.').next().unwrap_or(key).to_string();
    let one = |(key, value): (&String, &Value)| format!("{} = {}", short(key), word(value));
    keys.iter().zip(values).map(one).collect::<Vec<_>>().join(", ")
}

impl Setting {
    /// Its values in words.
    pub fn words(&self) -> Vec<String> {
        self.values.iter().map(word).collect()
    }
}

impl Grid {
    /// All combinations as arms of one trial.
    pub fn trials(&self) -> Trials {
        let arms = self.settings.iter().map(|s| s.arm.clone()).collect();
        Trials { measure: self.measure.clone(), arms, seconds: self.seconds }
    }

    /// As JSON; NaN and infinities are strings.
    ///
    /// ```text
    /// { "schema": 1, "keys": […], "measure": "val_accuracy", "seconds",
    ///   "settings": [{values: {key: value}, median, spread, results: […], loss: [[…]], gradient, signal, dead, saturated}] }
    /// ```
    pub fn to_json(&self) -> Json {
        let one = |s: &Setting| {
            let values: serde_json::Map<String, Json> =
                self.keys.iter().zip(&s.values).map(|(k, v)| (k.clone(), v.to_json())).collect();
            let numbers = |x: &[f64]| x.iter().map(|v| number(*v)).collect::<Vec<_>>();
            json!({
                "values": values,
                "median": number(s.arm.median(&self.measure)),
                "spread": number(s.arm.spread()),
                "results": s.arm.outcomes.iter().map(|o| number(o.last())).collect::<Vec<_>>(),
                "loss": s.arm.outcomes.iter().map(|o| numbers(&o.loss)).collect::<Vec<_>>(),
                "gradient": number(s.flow.gradient),
                "signal": number(s.flow.signal),
                "dead": number(s.flow.dead),
                "saturated": number(s.flow.saturated),
            })
        };
        json!({
            "schema": 1,
            "keys": self.keys,
            "measure": self.measure.name,
            "seconds": number(self.seconds),
            "settings": self.settings.iter().map(one).collect::<Vec<_>>(),
        })
    }
}

impl fmt::Display for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seeds = self.settings.first().map_or(0, |s| s.arm.outcomes.len());
        writeln!(
            f,
            "{}: median of {seeds} seeds ± spread; gradient and signal before training, in dB",
            self.measure.name
        )?;
        writeln!(
            f,
            "(gradient: at the first layer against the last; signal: behind the last hidden layer against the first)\n"
        )?;
        let short: Vec<&str> = self.keys.iter().map(|k| k.rsplit('.').next().unwrap_or(k)).collect();
        let widths: Vec<usize> = (0..short.len())
            .map(|k| {
                let longest =
                    self.settings.iter().map(|s| word(&s.values[k]).chars().count()).max().unwrap_or(0);
                longest.max(short[k].chars().count())
            })
            .collect();
        for (key, width) in short.iter().zip(&widths) {
            write!(f, "  {key:width$}")?;
        }
        writeln!(
            f,
            "  {:>15}  {:>8}  {:>8}  {:>5}  {:>9}",
            self.measure.name, "gradient", "signal", "dead", "saturated"
        )?;
        let decibels = |x: f64| if x.is_finite() { format!("{x:+.0}") } else { format!("{x}") };
        for s in &self.settings {
            for (value, width) in s.values.iter().zip(&widths) {
                write!(f, "  {:width$}", word(value))?;
            }
            let median = s.arm.median(&self.measure);
            let spread = s.arm.spread();
            let result = if median.is_finite() {
                format!("{median:.3} ± {spread:.3}")
            } else {
                "not finite".to_string()
            };
            writeln!(
                f,
                "  {result:>15}  {:>8}  {:>8}  {:>4.0}%  {:>8.0}%",
                decibels(s.flow.gradient),
                decibels(s.flow.signal),
                100.0 * s.flow.dead,
                100.0 * s.flow.saturated,
            )?;
        }
        Ok(())
    }
}
