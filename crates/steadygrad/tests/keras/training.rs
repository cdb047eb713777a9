//! Whole trainings: weights, histories, predictions, against those of Keras from the same start.

use crate::harness::{close, family, json};
use crate::npz::{self, Numbers};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::callbacks::{self, Callback, LambdaCallback};
use steadygrad_engine::{
    Asked, Compile, Fit, FitSettings, History, Learner, LossSpec, MetricSpec, Shuffle, Trainable,
};
use steadygrad_formats::keras::model_from_config;
use steadygrad_nn::catalog::spec;
use steadygrad_nn::config::{Config, FromValue, Value};
use steadygrad_nn::losses::Loss;
use steadygrad_nn::optimizers::Optimizer;

/// As the reference's README gives them.
const WEIGHTS: (f64, f64) = (1e-4, 1e-5);
const HISTORY: (f64, f64) = (1e-4, 1e-7);

type Check = Result<(), String>;

pub fn array(numbers: &Numbers) -> Array {
    Array::new(numbers.shape.clone(), numbers.f32()).unwrap()
}

fn member(pair: &Json) -> Value {
    spec(pair[0].as_str().unwrap(), Config::from_json(&pair[1]).unwrap())
}

fn compiled(case: &Json, arrays: &HashMap<String, Numbers>) -> Result<Learner, String> {
    let text = |e: steadygrad_kernels::Error| e.to_string();
    let model = model_from_config(&case["config_json"]).map_err(text)?;
    let optimizer = Optimizer::from_value(&member(&case["optimizer"])).map_err(text)?;
    let loss = Arc::<dyn Loss>::from_value(&member(&case["loss"])).map_err(text)?;
    let mut compile = Compile::without_loss(optimizer);
    compile.losses.push(LossSpec { output: None, loss, weight: 1.0 });
    for (list, weighted) in [("metrics", false), ("weighted_metrics", true)] {
        for metric in case[list].as_array().into_iter().flatten() {
            let metric = Asked::Named(Value::from_json(metric));
            compile.metrics.push(MetricSpec { output: None, metric, weighted });
        }
    }
    let mut learner = model.compile(compile).map_err(text)?;
    let weights: Vec<Array> = (0..).map_while(|j| arrays.get(&format!("init_w{j}"))).map(array).collect();
    learner.set_weights(&weights).map_err(text)?;
    Ok(learner)
}

fn settings(fit: &Json) -> FitSettings {
    let mut settings = FitSettings { shuffle: Shuffle::No, ..FitSettings::default() };
    for (name, value) in fit.as_object().unwrap() {
        let count = || value.as_u64().unwrap() as usize;
        match name.as_str() {
            "batch_size" => settings.batch_size = Some(count()),
            "epochs" => settings.epochs = count(),
            "initial_epoch" => settings.initial_epoch = count(),
            "steps_per_epoch" => settings.steps_per_epoch = Some(count()),
            "validation_split" => settings.validation_split = value.as_f64().unwrap(),
            "class_weight" => {
                let weights = value.as_object().unwrap().iter();
                let weights = weights.map(|(class, w)| (class.parse().unwrap(), w.as_f64().unwrap()));
                settings.class_weight = weights.collect::<BTreeMap<usize, f64>>();
            }
            "shuffle" => assert_eq!(value, &Json::from(false)),
            other => panic!("no such argument of fit: {other}"),
        }
    }
    settings
}

fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&v| v as f32).collect()
}

fn run(case: &Json, path: &Path) -> Check {
    let arrays = npz::read(&path.join(case["data"].as_str().unwrap()));
    let mut learner = compiled(case, &arrays)?;
    let mut data = Dataset::new(array(&arrays["x"]), array(&arrays["y"])).map_err(|e| e.to_string())?;
    if let Some(weights) = arrays.get("sample_weight") {
        data = data.with_weights(weights.f32()).map_err(|e| e.to_string())?;
    }
    let mut batches: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut watcher = LambdaCallback::new().on_train_batch_end(|_, _, logs| {
        for (key, value) in logs.iter() {
            batches.entry(key.to_string()).or_default().push(value);
        }
        Ok(())
    });
    let mut others: Vec<Box<dyn Callback>> = Vec::new();
    for pair in case["callbacks"].as_array().into_iter().flatten() {
        others.push(callbacks::from_value(&member(pair)).map_err(|e| e.to_string())?);
    }
    let mut fit = Fit::with(settings(&case["fit"])).callback(&mut watcher);
    for callback in &mut others {
        fit = fit.callback(&mut **callback);
    }
    let history = learner.fit(&data, fit).map_err(|e| e.to_string())?;
    drop(watcher);
    same_history(case, &arrays, &history, &batches)?;
    for (j, (name, values)) in learner.weights().iter().enumerate() {
        let want = arrays.get(&format!("final_w{j}_f32")).ok_or(format!("no final_w{j} for {name}"))?;
        close(name, values.data(), &want.f32(), WEIGHTS.0, WEIGHTS.1)?;
    }
    close(
        "rate",
        &[learner.learning_rate() as f32],
        &[case["lr_final_f32"].as_f64().unwrap() as f32],
        1e-6,
        0.0,
    )?;
    if learner.iterations() != case["iterations"].as_u64().unwrap() {
        return Err(format!("{} iterations, expected {}", learner.iterations(), case["iterations"]));
    }
    let prediction = learner.predict(&data.x[0]).map_err(|e| e.to_string())?;
    close("prediction", prediction.data(), &arrays["pred_f32"].f32(), WEIGHTS.0, WEIGHTS.1)?;
    let evaluation = learner.evaluate(&data).map_err(|e| e.to_string())?;
    for (key, value) in case["evaluate_f32"].as_object().unwrap() {
        let got = evaluation.get(key).ok_or(format!("no {key} in the evaluation"))?;
        close(
            &format!("evaluate {key}"),
            &[got as f32],
            &[value.as_f64().unwrap() as f32],
            HISTORY.0,
            HISTORY.1,
        )?;
    }
    Ok(())
}

fn same_history(
    case: &Json,
    arrays: &HashMap<String, Numbers>,
    history: &History,
    batches: &BTreeMap<String, Vec<f64>>,
) -> Check {
    let epochs: Vec<Json> = history.epochs.iter().map(|&e| Json::from(e)).collect();
    if Json::from(epochs) != case["epochs_run"] {
        return Err(format!("epochs {:?}, expected {}", history.epochs, case["epochs_run"]));
    }
    let keys: Vec<&str> = history.iter().map(|(key, _)| key).collect();
    if Json::from(keys.clone()) != case["history_keys"] {
        return Err(format!("keys {keys:?}, expected {}", case["history_keys"]));
    }
    for key in keys {
        let got = narrow(history.get(key).unwrap());
        close(
            &format!("history {key}"),
            &got,
            &arrays[&format!("hist_{key}_f32")].f32(),
            HISTORY.0,
            HISTORY.1,
        )?;
    }
    for (key, got) in batches {
        let want = arrays.get(&format!("batchlog_{key}_f32")).ok_or(format!("no batches of {key}"))?;
        close(&format!("batches {key}"), &narrow(got), &want.f32(), HISTORY.0, HISTORY.1)?;
    }
    Ok(())
}

#[test]
fn training() {
    family("training", |family, path| {
        for case in json(&path.join("training.json"))["cases"].as_array().unwrap() {
            family.case(case["id"].as_str().unwrap(), || run(case, &path));
        }
    });
}
