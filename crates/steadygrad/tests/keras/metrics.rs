//! Metrics: the result after each of three batches, with and without weights.

use crate::harness::{close, family, json};
use crate::npz::{self, Numbers};
use std::sync::Arc;
use steadygrad_nn::config::{Config, FromValue};
use steadygrad_nn::metrics::{Batch, Metric};

const RTOL: f64 = 1e-5;
const ATOL: f64 = 1e-6;

/// The shape of a sample. Where Keras takes the mean of a batch without a second axis, it is one sample of that length.
fn rows(numbers: &Numbers, whole: bool) -> (usize, &[usize]) {
    if whole { (1, &numbers.shape) } else { (numbers.shape[0], &numbers.shape[1..]) }
}

#[test]
fn metrics() {
    family("metrics", |family, path| {
        let (info, arrays) = (json(&path.join("metrics.json")), npz::read(&path.join("metrics.npz")));
        for case in info["cases"].as_array().unwrap() {
            let text = |name: &str| case[name].as_str().unwrap();
            let (key, class) = (text("key"), text("cls"));
            let data = text("data").split(' ').next().unwrap();
            family.case(&format!("{key} {class}"), || {
                let spec = Config::new()
                    .with("class_name", class)
                    .with("config", Config::from_json(&case["kwargs"]).unwrap());
                let metric = Arc::<dyn Metric>::from_value(&spec.into()).map_err(|e| e.to_string())?;
                let weighted = case["weighted"].as_bool().unwrap();
                if case["error"].is_null() {
                    let name =
                        text("name").trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_');
                    let known = metric.name();
                    if known != name && known != text("name") {
                        return Err(format!("its name is {known}, expected {name}"));
                    }
                }
                let mut seen = metric.start();
                let mut results = Vec::new();
                for i in 0..3 {
                    let target = &arrays[&format!("{data}__t{i}")];
                    // Keras' Mean and Sum are shown one array, here the targets.
                    let prediction =
                        if key.starts_with("red") { target } else { &arrays[&format!("{data}__p{i}")] };
                    let whole = data == "reg1";
                    let (rows, shape) = rows(prediction, whole);
                    let (t, p, w) = (target.f32(), prediction.f32(), arrays[&format!("sw{i}")].f32());
                    let update = seen.update(Batch {
                        rows,
                        target_shape: if whole { shape } else { &target.shape[1..] },
                        prediction_shape: shape,
                        target: &t,
                        prediction: &p,
                        weights: weighted.then_some(&w),
                    });
                    match (update, case["error"].is_string()) {
                        (Err(_), true) => return Ok(()),
                        (Ok(()), true) => return Err("Keras refuses this".into()),
                        (result, false) => result.map_err(|e| e.to_string())?,
                    }
                    results.extend(seen.result().iter().map(|&x| x as f32));
                }
                close("result", &results, &arrays[&format!("{key}__r")].f32(), RTOL, ATOL)?;
                Ok(())
            });
        }
    });
}
