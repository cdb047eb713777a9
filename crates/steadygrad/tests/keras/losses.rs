//! Losses: values and gradients, with every reduction, with and without weights; and the hidden channel of logits.

use crate::harness::{close, family, json};
use crate::npz::{self, Numbers};
use serde_json::Value as Json;
use std::collections::HashMap;
use std::sync::Arc;
use steadygrad_kernels::Isa;
use steadygrad_nn::Shape;
use steadygrad_nn::config::{Config, FromValue, Value};
use steadygrad_nn::losses::{Block, Head, Loss, Reduction, reduce};

const RTOL: f64 = 1e-5;
const ATOL: f64 = 1e-6;

fn build(class: &str, kwargs: &Json, reduction: &Json) -> Arc<dyn Loss> {
    let config = Config::from_json(kwargs).unwrap().with("reduction", Value::from_json(reduction));
    let spec = Config::new().with("class_name", class).with("config", config);
    Arc::<dyn Loss>::from_value(&spec.into()).unwrap()
}

/// Rows and the shape of a sample. Keras takes the mean of a batch without a second axis as one sample of that length.
fn block(prediction: &Numbers) -> (usize, Vec<usize>) {
    match &prediction.shape[..] {
        [n] => (1, vec![*n]),
        shape => (shape[0], shape[1..].to_vec()),
    }
}

/// Value (or values) and gradient in f32.
fn run(
    loss: &dyn Loss,
    isa: Isa,
    target: &Numbers,
    prediction: &Numbers,
    weights: Option<&Numbers>,
) -> (Vec<f32>, Vec<f32>) {
    let (rows, shape) = block(prediction);
    let block = Block { rows, shape: &shape };
    let n = loss.extent(&Shape::from(&shape[..])).at(rows);
    let (t, p, w) = (target.f32(), prediction.f32(), weights.map(Numbers::f32));
    let (mut values, mut cotangent, mut gradient) =
        (vec![f32::NAN; n], vec![f32::NAN; n], vec![f32::NAN; p.len()]);
    loss.values(isa, block, &t, &p, &mut values);
    let value = reduce(loss.reduction(), &values, w.as_deref(), &t, loss.ignore(), 1.0, &mut cotangent);
    loss.gradients(isa, block, &t, &p, &cotangent, &mut gradient);
    let value = match loss.reduction() {
        Reduction::None => values.iter().zip(&cotangent).map(|(v, c)| v * c).collect(),
        _ => vec![value as f32],
    };
    (value, gradient)
}

/// The same in f64.
fn run64(
    loss: &dyn Loss,
    target: &Numbers,
    prediction: &Numbers,
    weights: Option<&Numbers>,
) -> (Vec<f32>, Vec<f32>) {
    let narrow = |a: Vec<f64>| a.into_iter().map(|x| x as f32).collect::<Vec<_>>();
    let (rows, shape) = block(prediction);
    let block = Block { rows, shape: &shape };
    let n = loss.extent(&Shape::from(&shape[..])).at(rows);
    let (t, p, w) = (&target.data, &prediction.data, weights.map(|w| &w.data[..]));
    let (mut values, mut cotangent, mut gradient) = (vec![0.0; n], vec![0.0; n], vec![0.0; p.len()]);
    loss.values64(block, t, p, &mut values);
    let value = reduce(loss.reduction(), &values, w, t, loss.ignore(), 1.0, &mut cotangent);
    loss.gradients64(block, t, p, &cotangent, &mut gradient);
    let value = match loss.reduction() {
        Reduction::None => values.iter().zip(&cotangent).map(|(v, c)| v * c).collect(),
        _ => vec![value],
    };
    (narrow(value), narrow(gradient))
}

fn agree(
    got: &(Vec<f32>, Vec<f32>),
    key: &str,
    suffix: &str,
    from: &HashMap<String, Numbers>,
) -> Result<(), String> {
    close("value", &got.0, &from[&format!("{key}__v_{suffix}")].f32(), RTOL, ATOL)?;
    close("gradient", &got.1, &from[&format!("{key}__g_{suffix}")].f32(), RTOL, ATOL)
}

#[test]
fn losses() {
    family("losses", |family, path| {
        let (info, arrays) = (json(&path.join("losses.json")), npz::read(&path.join("losses.npz")));
        for case in info["cases"].as_array().unwrap() {
            let text = |name: &str| case[name].as_str().unwrap();
            let (key, data) = (text("key"), text("data"));
            family.case(&format!("{key} {} {data}", text("cls")), || {
                let loss = build(text("cls"), &case["kwargs"], &case["reduction"]);
                let target = &arrays[&format!("{data}__y_true")];
                let prediction = &arrays[&format!("{data}__y_pred")];
                let weights = case["sample_weight"].as_str().map(|name| &arrays[name]);
                let (_, sample) = block(prediction);
                loss.check(&Shape::from(&sample[..]), &target.f32()).map_err(|e| e.to_string())?;
                for isa in Isa::available() {
                    let got = run(&*loss, isa, target, prediction, weights);
                    agree(&got, key, "f32", &arrays).map_err(|e| format!("{isa}: {e}"))?;
                }
                agree(&run64(&*loss, target, prediction, weights), key, "f64", &arrays)
                    .map_err(|e| format!("f64: {e}"))
            });
        }
        for case in info["logits_cache"].as_array().unwrap() {
            let name = case["name"].as_str().unwrap();
            family.case(&format!("logits_cache {name}"), || {
                let (class, logits, target) = match name {
                    "sparse" => ("SparseCategoricalCrossentropy", "cache__logits", "cache__labels"),
                    "cat" => ("CategoricalCrossentropy", "cache__logits", "cache__onehot"),
                    _ => ("BinaryCrossentropy", "cache__blogits", "cache__btrue"),
                };
                let head = if case["activation"] == "softmax" { Head::Softmax } else { Head::Sigmoid };
                let loss = build(class, &serde_json::json!({}), &serde_json::json!("sum_over_batch_size"));
                let exact = loss.on_logits(head).ok_or("no loss from logits")?;
                let number = |field: &str| [case[field].as_f64().unwrap() as f32];
                let (logits, target) = (&arrays[logits], &arrays[target]);
                let probabilities = &arrays[&format!("cache__{name}_probs")];
                for isa in Isa::available() {
                    let (value, gradient) = run(&*exact, isa, target, logits, None);
                    close("in the model", &value, &number("loss_in_model"), RTOL, ATOL)?;
                    close("in the model", &value, &number("evaluate"), RTOL, ATOL)?;
                    let want = &arrays[&format!("cache__{name}_dlogits")];
                    close("gradient in the model", &gradient, &want.f32(), RTOL, ATOL)?;
                    let (value, gradient) = run(&*loss, isa, target, probabilities, None);
                    close("alone", &value, &number("loss_standalone_on_probs"), RTOL, ATOL)?;
                    let want = &arrays[&format!("cache__{name}_dprobs_standalone")];
                    close("gradient alone", &gradient, &want.f32(), RTOL, ATOL)?;
                }
                Ok(())
            });
        }
    });
}
