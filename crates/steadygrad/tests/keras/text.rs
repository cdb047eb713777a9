//! Texts: names of layers, keys of histories, paths of weights, progress lines and summaries.

use crate::harness::{family, json};
use serde_json::Value as Json;
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::callbacks::progress::{epoch_line, progress_line};
use steadygrad_engine::{Asked, Compile, Fit, Logs, MetricSpec, Summary, Trainable};
use steadygrad_nn::activations::Relu;
use steadygrad_nn::config::{Config, Value};
use steadygrad_nn::functional::{add, input};
use steadygrad_nn::layers::{ActivationLayer, BatchNormalization, Dense, Flatten};
use steadygrad_nn::losses::MeanSquaredError;
use steadygrad_nn::names::{Counter, snake_case};
use steadygrad_nn::optimizers::Sgd;
use steadygrad_nn::{Model, Sequential};

type Check = Result<(), String>;

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, got: T, want: T) -> Check {
    if got == want { Ok(()) } else { Err(format!("{what}: got {got:?}, expected {want:?}")) }
}

/// Times of a line replaced: they are not the same twice.
fn without_times(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let (digits, after) = from.split_at(end);
        text += before;
        let unit =
            ["s\x1b", "s -", "ms/step", "us/step", "s/step"].into_iter().find(|u| after.starts_with(u));
        match unit {
            Some(unit @ ("s\x1b" | "s -")) => (text, rest) = (text + "T" + unit, &after[unit.len()..]),
            Some(unit) => (text, rest) = (text + "T/step", &after[unit.len()..]),
            None => (text, rest) = (text + digits, after),
        }
    }
    text + rest
}

/// The lines of a captured output are those that we write for the same numbers.
fn progress(capture: &str) -> Check {
    let plain = capture.replace('\u{8}', "");
    let mut lines = 0;
    for line in plain.split(['\n', '\r']).filter(|l| !l.is_empty() && !l.starts_with("Epoch ")) {
        let colored = line.contains('\x1b');
        let count = line.trim_start_matches("\x1b[1m").split(['\x1b', ' ']).next().unwrap();
        let (batch, steps) = count.split_once('/').unwrap();
        let mut logs = Logs::default();
        for part in line.split(" - ").filter(|part| part.contains(": ")) {
            let (name, value) = part.split_once(": ").unwrap();
            logs.set(name, value.parse().unwrap());
        }
        let (batch, steps) = (batch.parse().unwrap(), steps.parse().unwrap());
        let ours = if colored {
            progress_line(batch, steps, 0.5, &logs, 20, true)
        } else {
            epoch_line(steps, 0.5, &logs)
        };
        equal("line", without_times(&ours), without_times(line))?;
        lines += 1;
    }
    if lines == 0 { Err("no lines".into()) } else { Ok(()) }
}

fn snippet() -> Sequential {
    Sequential::new([28, 28])
        .add(Flatten)
        .add(Dense::new(100).use_bias(false))
        .add(BatchNormalization::new())
        .add(ActivationLayer::new(Relu))
        .add(Dense::new(10))
}

fn residual() -> Model {
    let x = input([4]).then(Dense::new(5));
    let h = x.then(BatchNormalization::new()).then(ActivationLayer::new(Relu)).then(Dense::new(5));
    Model::of(&add([&x, &h]).then(Dense::new(2))).named("resmlp")
}

fn summary(case: &str) -> steadygrad_kernels::Result<Summary> {
    match case {
        "compiled_trained" => {
            let model = Sequential::new([3]).add(Dense::new(2)).add(Dense::new(1));
            let mut learner = model.compile(Compile::new(Sgd::new(0.01), MeanSquaredError))?;
            learner.train_on_batch(&Dataset::new(Array::zeros([1, 3])?, Array::zeros([1, 1])?)?)?;
            Ok(learner.summary())
        }
        "show_trainable" => Ok(Summary::of(&snippet().build())?.show_trainable(true)),
        "show_trainable_frozen" => {
            Ok(Summary::of(&snippet().build().with_trainable("dense", false)?)?.show_trainable(true))
        }
        "functional_residual" => Summary::of(&residual()),
        "snippet_bn_80_columns" => Ok(Summary::of(&snippet().build())?.columns(80)),
        _ => Summary::of(&snippet().build()),
    }
}

/// Two Dense layers, trained with five metrics.
fn keys(want: &Json, what: &str) -> Check {
    let model = Sequential::new([3]).add(Dense::new(2)).add(Dense::new(1));
    let mut compile =
        Compile::new(Sgd::new(0.01), MeanSquaredError).accuracy().named_metric("mae").named_metric("mse");
    let auc = Config::new().with("class_name", "AUC").with("config", Config::new().with("name", "auc1"));
    let huber = Config::new().with("class_name", "MeanMetricWrapper");
    let huber = huber.with("config", Config::new().with("fn", "huber").with("name", "huber"));
    for metric in [auc, huber] {
        compile.metrics.push(MetricSpec {
            output: None,
            metric: Asked::Named(Value::from(metric)),
            weighted: false,
        });
    }
    let mut learner = model.compile(compile).map_err(|e| e.to_string())?;
    let got = match what {
        "weight_paths" => {
            learner.weights().into_iter().map(|(path, _)| format!("sequential/{path}")).collect()
        }
        "optimizer_paths" => learner.optimizer_variables().into_iter().map(|v| v.name).collect(),
        _ => {
            let x = Array::new([4, 3], (0..12).map(|i| i as f32 / 10.0).collect()).unwrap();
            let y = Array::new([4, 1], vec![0.0, 1.0, 1.0, 0.0]).unwrap();
            let data = Dataset::new(x, y).unwrap();
            let history = learner.fit(&data, Fit::epochs(1).validation(&data)).map_err(|e| e.to_string())?;
            let evaluation = learner.evaluate(&data).map_err(|e| e.to_string())?;
            if what == "evaluate_list" {
                return equal(what, Json::from(evaluation.names().len()), want.clone());
            }
            history.iter().map(|(key, _)| key.to_string()).collect::<Vec<_>>()
        }
    };
    equal(what, Json::from(got), want.clone())
}

#[test]
fn text() {
    family("text", |family, path| {
        let info = json(&path.join("text.json"));
        let mut counter = Counter::default();
        for pair in info["naming"].as_array().unwrap() {
            let (class, want) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
            let plain = match class {
                "Model(functional)" | "Functional 2nd" => "Functional",
                "InputLayer (via Input)" | "Input 2nd" => "InputLayer",
                class => class,
            };
            let name = counter.next(&snake_case(plain));
            family.case(&format!("naming {class} {want}"), || equal("name", name.as_str(), want));
        }
        for (what, want) in info["naming2"].as_object().unwrap() {
            family.case(&format!("names {what}"), || match what.as_str() {
                "metrics_names" => Err("our metrics are not wrapped in one".into()),
                _ => keys(want, what),
            });
        }
        for (what, capture) in info["progress_bar"].as_object().unwrap() {
            family.case(&format!("progress {what}"), || progress(capture.as_str().unwrap()));
        }
        for (case, want) in info["summary"].as_object().unwrap() {
            family.case(&format!("summary {case}"), || {
                let summary = summary(case).map_err(|e| e.to_string())?;
                equal("summary", format!("{summary}\n").as_str(), want.as_str().unwrap())
            });
        }
    });
}
