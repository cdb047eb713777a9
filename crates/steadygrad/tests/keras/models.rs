//! Models from Keras' configurations: names, weights, summaries and predictions.

use crate::harness::{close, family, json};
use crate::npz;
use crate::training::array;
use serde_json::Value as Json;
use std::path::Path;
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::{Compile, Learner, Trainable};
use steadygrad_formats::keras::model_from_config;
use steadygrad_nn::config::Value;
use steadygrad_nn::losses::MeanSquaredError;
use steadygrad_nn::optimizers::Optimizer;

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, got: T, want: T) -> Result<(), String> {
    if got == want { Ok(()) } else { Err(format!("{what}: got {got:?}, expected {want:?}")) }
}

/// One step on zeros: it gives the optimizer its memory.
fn one_step(learner: &mut Learner) -> Result<(), steadygrad_kernels::Error> {
    let zeros = |shapes: &[steadygrad_nn::Shape]| {
        shapes.iter().map(|s| Array::zeros([&[1], s.dims()].concat())).collect::<Result<Vec<_>, _>>()
    };
    let model = learner.model();
    let (x, y) = (zeros(&model.input_shapes())?, zeros(&model.output_shapes()?)?);
    learner.train_on_batch(&Dataset::multi(x, y)?).map(|_| ())
}

fn same(case: &Json, path: &Path) -> Result<(), String> {
    let text = |e: steadygrad_kernels::Error| e.to_string();
    let name = case["name"].as_str().unwrap();
    let model = model_from_config(&json(&path.join(format!("models/{name}.to_json.json")))).map_err(text)?;
    let layers =
        model.entries.iter().filter(|e| model.class != "Sequential" || e.layer.class() != "InputLayer");
    let (names, classes): (Vec<_>, Vec<_>) = layers.map(|e| (e.name.clone(), e.layer.class())).unzip();
    equal("names", Json::from(names), case["layer_names"].clone())?;
    equal("classes", Json::from(classes), case["layer_classes"].clone())?;

    let optimizer = case.get("compiled").map_or("sgd", |c| c["optimizer"].as_str().unwrap());
    let optimizer = Optimizer::from_value(&Value::from(optimizer)).map_err(text)?;
    let mut learner = model.compile(Compile::new(optimizer, MeanSquaredError)).map_err(text)?;
    let weights = learner.weights();
    let wanted = case["weights"].as_array().unwrap();
    equal("number of weights", weights.len(), wanted.len())?;
    let mut sum = 0;
    for ((path, values), want) in weights.iter().zip(wanted) {
        // Keras puts the name of a Sequential before the names of its own layers, and nothing before those of a graph.
        let (full, want_path) = (format!("{}/{path}", model.name), want["path"].as_str().unwrap());
        if want_path != path && want_path != full {
            return Err(format!("the weight `{path}` is called `{want_path}`"));
        }
        equal(path, Json::from(values.shape()), want["shape"].clone())?;
        sum += values.data().len() as u64;
    }
    equal("numbers", Some(sum), case["count_params"].as_u64())?;
    if case.get("compiled").is_some() {
        one_step(&mut learner).map_err(text)?;
    }
    equal("summary", format!("{}\n", learner.summary()).as_str(), case["summary"].as_str().unwrap())?;

    let arrays = npz::read(&path.join(case["data"].as_str().unwrap()));
    let all = |letter: char| {
        (0..).map_while(|j| arrays.get(&format!("{letter}{j}"))).map(array).collect::<Vec<_>>()
    };
    let (x, y, weights) = (all('x'), all('y'), all('w'));
    if !weights.is_empty() {
        learner.set_weights(&weights).map_err(text)?;
        for (i, (got, want)) in learner.predict_all(&x).map_err(text)?.iter().zip(&y).enumerate() {
            close(&format!("output {i}"), got.data(), want.data(), 1e-4, 1e-5)?;
        }
    }
    Ok(())
}

#[test]
fn model_configs() {
    family("model_configs", |family, path| {
        for case in json(&path.join("models.json"))["models"].as_array().unwrap() {
            family.case(case["name"].as_str().unwrap(), || same(case, &path));
        }
    });
}
