//! Optimizers and schedules: trajectories of 20 steps, the memory they leave, names and settings.

use crate::harness::{close, family, json};
use crate::npz::{self, Numbers};
use serde_json::Value as Json;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use steadygrad_engine::apply::{Applier, Ask, ParamSpec, Stored};
use steadygrad_kernels::{Cpu, Isa};
use steadygrad_nn::config::{Config, Value};
use steadygrad_nn::optimizers::Optimizer;
use steadygrad_nn::schedules::{CATALOG, Schedule};

type Arrays = HashMap<String, Numbers>;
type Check = Result<(), String>;

const STEPS: usize = 20;
const KERNEL: usize = 12;
const BIAS: usize = 4;

fn spec(case: &Json) -> Value {
    let class = case["cls"].as_str().unwrap();
    let config = Config::from_json(&case["kwargs"]).unwrap();
    Config::new().with("class_name", class).with("config", config).into()
}

/// Equal as Keras writes them: numbers as f32, and 1 and 1.0 alike. Names without their running number.
fn same_settings(what: &str, got: &Json, want: &Json) -> Check {
    let plain =
        |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_').to_string();
    match (got, want) {
        (Json::Object(got), Json::Object(want)) => {
            let keys = |map: &serde_json::Map<String, Json>| -> Vec<String> {
                // A schedule inside of an optimizer is written by Keras with its module.
                map.keys().filter(|k| !["module", "registered_name"].contains(&k.as_str())).cloned().collect()
            };
            if keys(got) != keys(want) {
                return Err(format!("{what}: settings {:?}, expected {:?}", keys(got), keys(want)));
            }
            keys(got)
                .iter()
                .try_for_each(|key| same_settings(&format!("{what}.{key}"), &got[key], &want[key]))
        }
        (Json::Array(got), Json::Array(want)) if got.len() == want.len() => {
            got.iter().zip(want).try_for_each(|(got, want)| same_settings(what, got, want))
        }
        (Json::Number(got), Json::Number(want)) if single(got) == single(want) => Ok(()),
        (Json::String(got), Json::String(want)) if what.ends_with(".name") && plain(got) == plain(want) => {
            Ok(())
        }
        (got, want) if got == want => Ok(()),
        (got, want) => Err(format!("{what}: {got}, expected {want}")),
    }
}

fn single(number: &serde_json::Number) -> f32 {
    number.as_f64().unwrap() as f32
}

/// The mean of (XW + b − Y)², and its gradient.
fn problem(arrays: &Arrays, weights: &[f32], gradients: &mut [f32]) -> f64 {
    let (x, y) = (&arrays["X"], &arrays["Y"]);
    let (rows, inputs, outputs) = (x.shape[0], x.shape[1], y.shape[1]);
    let mut exact = vec![0.0; gradients.len()];
    let mut loss = 0.0;
    let share = 1.0 / (rows * outputs) as f64;
    for row in 0..rows {
        for j in 0..outputs {
            let mut error = f64::from(weights[KERNEL + j]) - y.data[row * outputs + j];
            for i in 0..inputs {
                error += x.data[row * inputs + i] * f64::from(weights[i * outputs + j]);
            }
            loss += error * error * share;
            for i in 0..inputs {
                exact[i * outputs + j] += 2.0 * share * error * x.data[row * inputs + i];
            }
            exact[KERNEL + j] += 2.0 * share * error;
        }
    }
    for (out, exact) in gradients.iter_mut().zip(&exact) {
        *out = *exact as f32;
    }
    loss
}

struct Case<'a> {
    key: &'a str,
    arrays: &'a Arrays,
    optimizer: &'a Optimizer,
    atol: f64,
}

impl Case<'_> {
    fn numbers(&self, name: &str) -> Option<Vec<f32>> {
        self.arrays.get(&format!("{}__{name}", self.key)).map(Numbers::f32)
    }

    fn start(&self) -> (Applier, Vec<f32>) {
        let param = |path: &str, shape: &[usize], offset, len| ParamSpec {
            path: path.into(),
            shape: shape.to_vec(),
            offset,
            len,
            constraint: None,
        };
        let params = [param("kernel", &[3, 4], 0, KERNEL), param("bias", &[BIAS], KERNEL, BIAS)];
        let weights = [self.arrays["W0"].f32(), self.arrays["b0"].f32()].concat();
        (Applier::new(self.optimizer, &params).unwrap(), weights)
    }

    fn compare(&self, what: &str, got: &[f32], want: &[f32]) -> Check {
        close(what, got, want, 1e-5, self.atol)
    }

    fn step_compare(&self, mode: &str, t: usize, weights: &[f32]) -> Check {
        let (kernel, bias) = weights.split_at(KERNEL);
        for (name, got) in [("W", kernel), ("b", bias)] {
            let name = format!("{mode}_{name}_f32");
            let want = self.numbers(&name).ok_or(format!("{name} is missing"))?;
            self.compare(&format!("{name}[{t}]"), got, &want[t * got.len()..][..got.len()])?;
        }
        Ok(())
    }

    fn given(&self, isa: Isa, case: &Json) -> Check {
        let (mut applier, mut weights) = self.start();
        let (gw, gb) = (self.arrays["GW"].f32(), self.arrays["GB"].f32());
        let gradients = |t: usize| [&gw[t * KERNEL..][..KERNEL], &gb[t * BIAS..][..BIAS]].concat();
        let mut resumed: Option<(Applier, Vec<f32>)> = None;
        for t in 0..STEPS {
            applier.apply(Cpu::alone(isa), Ask::default(), &mut weights, &mut gradients(t));
            self.step_compare("given", t, &weights)?;
            if let Some((applier, other)) = &mut resumed {
                applier.apply(Cpu::alone(isa), Ask::default(), other, &mut gradients(t));
                if *other != weights {
                    return Err(format!("going on from saved variables is another path at step {t}"));
                }
            }
            if t == 7 {
                let mut fresh = self.start().0;
                fresh.set_variables(&applier.variables()).map_err(|e| e.to_string())?;
                resumed = Some((fresh, weights.clone()));
            }
        }
        self.slots(&applier, case)?;
        close(
            "lr_after",
            &[applier.learning_rate() as f32],
            &[case["lr_after"].as_f64().unwrap() as f32],
            1e-6,
            0.0,
        )?;
        applier.finalize(&mut weights);
        let finals = [self.numbers("ema_final_W"), self.numbers("ema_final_b")];
        if let [Some(kernel), Some(bias)] = finals {
            self.compare("ema_final", &weights, &[kernel, bias].concat())?;
        }
        Ok(())
    }

    fn slots(&self, applier: &Applier, case: &Json) -> Check {
        let variables = applier.variables();
        let names = case["variables"].as_array().unwrap();
        if variables.len() != names.len() {
            return Err(format!("{} variables, expected {names:?}", variables.len()));
        }
        for (j, (variable, name)) in variables.iter().zip(names).enumerate() {
            let name = name.as_str().unwrap();
            // Keras makes two placeholders and one scalar outside of the optimizer's name, and counts the scalars.
            let bare = |s: &str| s.rsplit('/').next().unwrap_or(s).to_string();
            let (got, want) = (bare(&variable.name), bare(name));
            if got != want && !(got == "variable" && want.starts_with("variable_")) {
                return Err(format!("variable {j} is called {}, expected {name}", variable.name));
            }
            let want = self.arrays.get(&format!("{}__slot{j}", self.key)).ok_or("a slot is missing")?;
            if variable.shape != want.shape {
                return Err(format!("{name}: shape {:?}, expected {:?}", variable.shape, want.shape));
            }
            match &variable.value {
                Stored::Count(count) if *count as f64 == want.data[0] => {}
                Stored::Count(count) => return Err(format!("{name}: {count}, expected {:?}", want.data)),
                Stored::Numbers(numbers) => self.compare(name, numbers, &want.f32())?,
            }
        }
        Ok(())
    }

    fn problem(&self, isa: Isa) -> Check {
        let (mut applier, mut weights) = self.start();
        let mut gradients = vec![0.0; KERNEL + BIAS];
        let want = self.numbers("problem_loss_f32").ok_or("problem_loss_f32 is missing")?;
        for (t, &want) in want.iter().enumerate() {
            let loss = problem(self.arrays, &weights, &mut gradients);
            self.compare(&format!("problem_loss[{t}]"), &[loss as f32], &[want])?;
            applier.apply(Cpu::alone(isa), Ask::default(), &mut weights, &mut gradients);
            self.step_compare("problem", t, &weights)?;
        }
        Ok(())
    }
}

#[test]
fn optimizers() {
    family("optimizers", |family, path| {
        let (description, arrays) = load(&path);
        for case in description["cases"].as_array().unwrap() {
            let key = case["key"].as_str().unwrap();
            family.case(key, || {
                let optimizer = Optimizer::from_value(&spec(case)).map_err(|e| e.to_string())?;
                same_settings("config", &optimizer.config().to_json(), &case["config"])?;
                let atol = if case["cls"] == "Muon" { 1e-4 } else { 2e-6 };
                let case_of = Case { key, arrays: &arrays, optimizer: &optimizer, atol };
                for isa in Isa::available() {
                    case_of.given(isa, case).map_err(|e| format!("{isa}: {e}"))?;
                    case_of.problem(isa).map_err(|e| format!("{isa}: {e}"))?;
                }
                Ok(())
            });
        }
    });
}

fn load(path: &Path) -> (Json, Arrays) {
    (json(&path.join("optimizers.json")), npz::read(&path.join("optimizers.npz")))
}

#[test]
fn schedules() {
    family("schedules", |family, path| {
        let (description, arrays) = load(&path);
        let steps = &arrays["sched__steps"].data;
        for case in description["schedules"].as_array().unwrap() {
            let key = case["key"].as_str().unwrap();
            family.case(key, || {
                let schedule: Arc<dyn Schedule> =
                    steadygrad_nn::catalog::build("schedule", CATALOG, &spec(case))
                        .map_err(|e| e.to_string())?;
                same_settings("config", &schedule.config().to_json(), &case["config"])?;
                let got: Vec<f32> = steps.iter().map(|&step| schedule.rate(step as u64) as f32).collect();
                close("rate", &got, &arrays[&format!("{key}__lr")].f32(), 1e-6, 0.0)
            });
        }
    });
}

/// The settings in `configs.json`, which other parts of Keras' files are made of.
#[test]
fn settings() {
    family("optimizer_settings", |family, path| {
        let configs = json(&path.join("configs.json"));
        for class in
            ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam", "Lion", "Ftrl"]
        {
            let want = &configs["serialized"][class];
            family.case(class, || {
                let built = Optimizer::from_value(&Value::from_json(want)).map_err(|e| e.to_string())?;
                same_settings("built", &built.config().to_json(), &want["config"])?;
                let named = Optimizer::from_value(&class.into()).map_err(|e| e.to_string())?;
                same_settings("named", &named.config().to_json(), &want["config"])
            });
        }
        family.case("Adam_sched", || {
            let want = &configs["serialized"]["Adam_sched"];
            let built = Optimizer::from_value(&Value::from_json(want)).map_err(|e| e.to_string())?;
            same_settings("built", &built.config().to_json(), &want["config"])
        });
    });
}

/// The reason of the one exempt case: with the new z in place of the old, the weights are the plain average of all z.
#[test]
fn the_exempt_numbers_average_all_z() {
    family("schedule_free_as_tensorflow_runs_it", |family, path| {
        let arrays = load(&path).1;
        for (start, gradient, name) in [("W0", "GW", "W"), ("b0", "GB", "b")] {
            family.case(name, || {
                let (start, gradient) = (&arrays[start].data, &arrays[gradient].data);
                let want = &arrays[&format!("o46_ScheduleFreeAdamW__given_{name}_f64")].data;
                let n = start.len();
                for i in 0..n {
                    let (mut z, mut y, mut v) = (start[i], start[i], 0.0);
                    for t in 1..=STEPS {
                        let (g, time) = (gradient[(t - 1) * n + i], t as f64);
                        v += (g * g - v) * (1.0 - 0.999);
                        let root = (v / (1.0 - 0.999_f64.powf(time))).sqrt();
                        z -= 0.05 * (time / 3.0).min(1.0) * g / (root + 1e-8);
                        y += (z - y) / time;
                        let error = (y - want[(t - 1) * n + i]).abs();
                        if error > 1e-7 {
                            return Err(format!("{i} at step {t}: off by {error}"));
                        }
                    }
                }
                Ok(())
            });
        }
    });
}
