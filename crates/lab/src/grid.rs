//! The grid of a `[lab]` table: every combination of what is varied, trained over seeds and compared.

use crate::examine::{Doctor, draws};
use crate::experiment::Experiment;
use crate::labels::{labels, word};
use crate::parallel;
use crate::profile::Profile;
use crate::setup::{look_at, recipe, signals};
use crate::trial::{Arm, Measure, Progress, Trial, Trials};
use crate::vary::Seeds;
use serde_json::{Value as Json, json};
use steadygrad_chart::{Chart, number};
use steadygrad_doctor::{Flow, Forecast, Trouble};
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
    /// The same layer by layer, of the draw in the middle, beside what theory expects.
    pub profile: Profile,
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
    for combination in &combinations {
        let mut values: Vec<(String, Value)> =
            keys.iter().cloned().zip(combination.iter().cloned()).collect();
        values.extend(base.clone().map(|seed| ("fit.seed".to_string(), seed)));
        experiments.push((name(&keys, combination), experiment.with_values(&values)?));
    }
    let looks = parallel::map(&experiments, threads, |(_, changed)| look(changed, offsets.len()));
    // Before anything is trained: what cannot be run should be told soon.
    let looks = looks.into_iter().collect::<Result<Vec<_>>>()?;
    let trial = Trial::of(experiments).offsets(offsets).threads(threads).progress(progress);
    let Trials { measure, arms, seconds } = trial.run()?;
    let settings = combinations.into_iter().zip(arms).zip(looks);
    let settings = settings.map(|((values, arm), (flow, profile))| Setting { values, arm, flow, profile });
    Ok(Grid { keys, measure, settings: settings.collect(), seconds })
}

/// What gradient and signal do before training: the draw of the weights in the middle, by what the gradient does.
fn look(experiment: &Experiment, seeds: usize) -> Result<(Flow, Profile)> {
    let prepared = experiment.prepare(1)?;
    let how = Doctor::default();
    let samples = look_at(&prepared.data.train, how.samples);
    let charts = draws(&prepared, &samples, seeds.min(how.draws))?;
    let forecast = Forecast::of_batch(&recipe(&prepared)?, &signals(&prepared), Some(samples.len()));
    let flow = |chart: Chart| chart.samples.first().map(|s| Flow::of(&chart, s)).map(|flow| (flow, chart));
    let mut all: Vec<(Flow, Chart)> = charts.into_iter().filter_map(flow).collect();
    all.sort_by(|a, b| a.0.gradient.total_cmp(&b.0.gradient));
    let middle = all.get(all.len() / 2);
    Ok(middle.map_or((NOTHING, Profile::default()), |(flow, chart)| (*flow, Profile::of(chart, &forecast))))
}

/// The flow of what was not looked at.
const NOTHING: Flow = Flow {
    gradient: f64::NAN,
    signal: f64::NAN,
    dead: 0.0,
    alive: f64::INFINITY,
    saturated: 0.0,
    kernel: f64::NAN,
    loss: f64::NAN,
    finite: false,
};

fn name(keys: &[String], values: &[Value]) -> String {
    let short = |key: &str| key.rsplit('.').next().unwrap_or(key).to_string();
    let one = |(key, value): (&String, &Value)| format!("{} = {}", short(key), word(value));
    keys.iter().zip(values).map(one).collect::<Vec<_>>().join(", ")
}

impl Setting {
    /// Its values in full words.
    pub fn words(&self) -> Vec<String> {
        self.values.iter().map(word).collect()
    }

    /// What is wrong with its flow before training, if anything is.
    pub fn trouble(&self) -> Option<Trouble> {
        self.flow.trouble(steadygrad_doctor::FAR, self.profile.growth())
    }
}

impl Grid {
    /// All combinations as arms of one trial.
    pub fn trials(&self) -> Trials {
        let arms = self.settings.iter().map(|s| s.arm.clone()).collect();
        Trials { measure: self.measure.clone(), arms, seconds: self.seconds }
    }

    /// The different values of a key, in the order in which they were written down.
    pub fn values(&self, key: usize) -> Vec<&Value> {
        let mut all: Vec<&Value> = Vec::new();
        for value in self.settings.iter().filter_map(|s| s.values.get(key)) {
            if !all.contains(&value) {
                all.push(value);
            }
        }
        all
    }

    /// The values of every setting in few words that tell them apart: one list a setting, one label a key.
    pub fn labels(&self) -> Vec<Vec<String>> {
        let column = |k: usize| {
            labels(&self.settings.iter().filter_map(|s| s.values.get(k).cloned()).collect::<Vec<_>>())
        };
        let columns: Vec<Vec<String>> = (0..self.keys.len()).map(column).collect();
        let row = |i: usize| columns.iter().filter_map(|c| c.get(i).cloned()).collect();
        (0..self.settings.len()).map(row).collect()
    }

    /// As JSON; NaN and infinities are strings. Decibels are 20·log₁₀ of a ratio; lists are one entry a seed.
    ///
    /// ```text
    /// { "schema": 1, "keys": […], "measure": "val_accuracy", "seconds",
    ///   "settings": [{values: {key: value}, median, spread, results: […],
    ///                 curves: [[the measure after every epoch]], loss: [[the training loss after every epoch]],
    ///                 gradient, signal, dead, saturated,
    ///                 layers: [{layer, gradient, expected_gradient, signal, expected_signal}]}] }
    /// ```
    ///
    /// `gradient` of a setting is that at the first layer with weights against the last, `signal` that behind the last hidden
    /// layer against the first, `dead` and `saturated` are shares in the worst hidden layer; all before training. `layers` has
    /// every layer with weights, from the data to the loss: its gradient in dB against the last one's, its signal in dB against 1,
    /// and what theory expects, or null.
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
                "curves": s.arm.outcomes.iter().map(|o| numbers(&o.curve)).collect::<Vec<_>>(),
                "loss": s.arm.outcomes.iter().map(|o| numbers(&o.loss)).collect::<Vec<_>>(),
                "gradient": number(s.flow.gradient),
                "signal": number(s.flow.signal),
                "dead": number(s.flow.dead),
                "saturated": number(s.flow.saturated),
                "layers": s.profile.to_json(),
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
