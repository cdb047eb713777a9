//! Losses and metrics of many batches.

use crate::batches::Picked;
use crate::checkpoint::{State, Under};
use crate::compile::{Asked, Compile};
use crate::logs::Logs;
use crate::plan::Plan;
use steadygrad_data::Dataset;
use steadygrad_kernels::arena::Arena;
use steadygrad_kernels::{Error, Place, Result};
use steadygrad_nn::metrics::{self, Accumulator, Batch, Direction};
use steadygrad_nn::recipe::Recipe;
use steadygrad_nn::{Model, Shape};

/// A mean weighted by the number of rows.
#[derive(Debug, Default)]
struct Mean {
    sum: f64,
    rows: f64,
}

impl Mean {
    fn add(&mut self, value: f64, rows: usize) {
        self.sum += value * rows as f64;
        self.rows += rows as f64;
    }
    fn value(&self) -> f64 {
        self.sum / self.rows
    }
}

#[derive(Debug)]
struct Measure {
    key: String,
    output: usize,
    weighted: bool,
    direction: Direction,
    accumulator: Box<dyn Accumulator>,
}

/// All that is measured, under the keys of a history.
#[derive(Debug)]
pub(crate) struct Measures {
    total: Mean,
    losses: Vec<(String, Mean)>,
    metrics: Vec<Measure>,
    /// Rows of targets and weights of the batch, gathered.
    targets: Vec<f32>,
    weights: Vec<f32>,
}

impl Measures {
    /// What the settings ask for, made to fit these outputs and targets.
    pub fn new(model: &Model, compile: &Compile, recipe: &Recipe, data: &Dataset) -> Result<Measures> {
        let names = model.output_names();
        let several = names.len() > 1;
        let key = |output: usize, key: &str| {
            if several { format!("{}_{key}", names[output]) } else { key.to_string() }
        };
        let losses =
            recipe.losses.iter().filter(|_| several).map(|l| (key(l.output, "loss"), Mean::default()));
        let losses: Vec<_> = losses.collect();
        let mut metrics: Vec<Measure> = Vec::new();
        for spec in &compile.metrics {
            if let Some(name) = spec.output.as_ref().filter(|n| !names.contains(n)) {
                let known: Vec<&str> = names.iter().map(String::as_str).collect();
                return Err(Error::name("output of the model", name, &known).at("metrics"));
            }
            for (output, name) in names.iter().enumerate() {
                if spec.output.as_ref().is_some_and(|o| o != name) {
                    continue;
                }
                let Some(y) = data.y.get(output) else { continue };
                let shape = &recipe.output_shapes[output];
                let target = Shape::from(y.row_shape());
                let loss = compile.losses.iter().find(|l| l.output.as_ref().is_none_or(|o| o == name));
                let (metric, own) = match &spec.metric {
                    Asked::Metric(metric) => (metric.clone(), metric.name()),
                    Asked::As(name, metric) => (metric.clone(), name.clone()),
                    Asked::Named(value) => {
                        metrics::resolve(value, shape, &target, loss.map(|l| &*l.loss)).place(|| "metrics")?
                    }
                };
                let mut name = key(output, &own);
                if spec.weighted && metrics.iter().any(|m| m.key == name) {
                    name = key(output, &format!("weighted_{own}"));
                }
                let loss = name == "loss" || losses.iter().any(|(key, _)| *key == name);
                if loss || metrics.iter().any(|m| m.key == name) {
                    let taken = if loss { "the name of a loss" } else { "the name of another metric" };
                    return Err(Error::argument(format!("a metric is called `{name}`, which is {taken}"))
                        .at("metrics")
                        .help(
                            "give it a `name` of its own: { class_name = \"…\", config = { name = \"…\" } }, \
                             in code .metric_as(\"…\", …)",
                        ));
                }
                metrics.push(Measure {
                    key: name,
                    output,
                    weighted: spec.weighted,
                    direction: metric.direction(),
                    accumulator: metric.start(),
                });
            }
        }
        Ok(Measures { total: Mean::default(), losses, metrics, targets: Vec::new(), weights: Vec::new() })
    }

    /// All keys, as they were asked for: the loss, those of the outputs, metrics.
    pub fn asked(&self) -> Vec<String> {
        let own = self.losses.iter().map(|(key, _)| key.clone());
        std::iter::once("loss".to_string())
            .chain(own)
            .chain(self.metrics.iter().map(|m| m.key.clone()))
            .collect()
    }

    /// All keys, in the order of the alphabet.
    pub fn names(&self) -> Vec<String> {
        let losses = self.losses.iter().map(|(key, _)| key.clone());
        let metrics = self.metrics.iter().map(|m| m.key.clone());
        let mut names: Vec<String> = losses.chain(metrics).chain(["loss".to_string()]).collect();
        names.sort();
        names
    }

    /// Forgets all batches.
    pub fn reset(&mut self) {
        self.total = Mean::default();
        for (_, mean) in &mut self.losses {
            *mean = Mean::default();
        }
        for m in &mut self.metrics {
            m.accumulator.reset();
        }
    }

    /// Whether anything was seen since the last reset.
    pub fn any(&self) -> bool {
        self.total.rows > 0.0
    }

    /// What was seen since the last reset.
    pub fn save(&self, state: &mut Under<'_>) {
        let mean = |mean: &Mean| vec![mean.sum, mean.rows];
        state.put_doubles("loss", mean(&self.total));
        for (key, of) in &self.losses {
            state.put_doubles(&format!("losses/{key}"), mean(of));
        }
        for m in &self.metrics {
            if let Some(seen) = m.accumulator.state() {
                state.put_doubles(&format!("metrics/{}", m.key), seen);
            }
        }
    }

    /// Goes on from what [`Measures::save`] kept. The metrics that cannot: they begin anew.
    ///
    /// # Errors
    /// If it is that of other losses or metrics.
    pub fn restore(&mut self, state: &State) -> Result<Vec<String>> {
        let mean = |key: &str| match state.doubles(key)? {
            &[sum, rows] => Ok(Mean { sum, rows }),
            _ => Err(Error::format(format!("`{key}` is no mean"))),
        };
        self.total = mean("loss")?;
        for (key, of) in &mut self.losses {
            *of = mean(&format!("losses/{key}"))?;
        }
        let mut anew = Vec::new();
        for m in &mut self.metrics {
            let key = format!("metrics/{}", m.key);
            if !state.has(&key) {
                anew.push(m.key.clone());
            } else if !m.accumulator.restore(state.doubles(&key)?) {
                return Err(Error::format(format!("`{key}` is that of another metric")));
            }
        }
        Ok(anew)
    }

    /// Adds the batch that was just run.
    pub fn update(
        &mut self,
        recipe: &Recipe,
        plan: &Plan,
        arena: &Arena,
        data: &Dataset,
        picked: &Picked<'_>,
        loss: f64,
    ) -> Result<()> {
        let rows = picked.len();
        self.total.add(loss, rows);
        for ((_, mean), info) in self.losses.iter_mut().zip(&recipe.losses) {
            mean.add(f64::from(arena.all()[plan.range(info.value, rows)][0]), rows);
        }
        if self.metrics.iter().any(|m| m.weighted) {
            self.weights.clear();
            self.weights.extend(picked.iter().map(|i| picked.weights.map_or(1.0, |w| w[i])));
        }
        let mut gathered = None;
        for m in &mut self.metrics {
            let y = &data.y[m.output];
            if gathered != Some(m.output) {
                self.targets.clear();
                for i in picked.iter() {
                    self.targets.extend_from_slice(y.row(i));
                }
                gathered = Some(m.output);
            }
            m.accumulator
                .update(Batch {
                    rows,
                    target_shape: y.row_shape(),
                    prediction_shape: recipe.output_shapes[m.output].dims(),
                    target: &self.targets,
                    prediction: &arena.all()[plan.range(recipe.outputs[m.output], rows)],
                    weights: m.weighted.then_some(&self.weights),
                })
                .place(|| format!("metric `{}`", m.key))?;
        }
        Ok(())
    }

    /// All keys with their values, in the order of the alphabet; into logs without other keys.
    pub fn logs_into(&self, logs: &mut Logs) {
        logs.set("loss", self.total.value());
        for (key, mean) in &self.losses {
            logs.set(key, mean.value());
        }
        for m in &self.metrics {
            let result = m.accumulator.result();
            match result.as_slice() {
                [one] => logs.set(&m.key, *one),
                // One number for a history: the mean, as Keras shows it.
                many => logs.set(&m.key, many.iter().sum::<f64>() / many.len() as f64),
            }
        }
        logs.sort();
    }

    /// Which way the number of this key improves.
    pub fn direction(&self, key: &str) -> Direction {
        if key == "loss" || self.losses.iter().any(|(k, _)| k == key) {
            return Direction::Down;
        }
        self.metrics.iter().find(|m| m.key == key).map_or(Direction::None, |m| m.direction)
    }
}
