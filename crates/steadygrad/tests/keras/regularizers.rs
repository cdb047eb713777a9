//! Regularizers: penalty and gradient. Constraints: what a weight becomes.

use crate::harness::{close, family, json};
use crate::npz;
use std::sync::Arc;
use steadygrad_nn::config::{Config, FromValue, Value};
use steadygrad_nn::constraints::Constraint;
use steadygrad_nn::regularizers::Regularizer;

#[test]
fn regularizers_and_constraints() {
    family("regularizers", |family, path| {
        let description = json(&path.join("regularizers.json"));
        let arrays = npz::read(&path.join("regularizers.npz"));
        for case in description["cases"].as_array().unwrap() {
            let key = case["key"].as_str().unwrap();
            let config = Config::from_json(&case["kwargs"]).unwrap();
            let spec: Value =
                Config::new().with("class_name", case["cls"].as_str().unwrap()).with("config", config).into();
            let x = &arrays[case["x"].as_str().unwrap()];
            let want = |name: &str| arrays[&format!("{key}__{name}")].f32();
            family.case(key, || {
                let same_config = |got: Config| {
                    let pairs = |config: &Config| -> Config {
                        let single = |value: &Value| match value {
                            Value::Float(x) => Value::Float(f64::from(*x as f32)),
                            other => other.clone(),
                        };
                        config.iter().map(|(name, value)| (name.to_string(), single(value))).collect()
                    };
                    let wanted = Config::from_json(&case["config"]).unwrap();
                    let same = pairs(&got) == pairs(&wanted);
                    same.then_some(()).ok_or(format!("config {got:?}, expected {wanted:?}"))
                };
                if case["kind"] == "regularizer" {
                    let rule = Arc::<dyn Regularizer>::from_value(&spec).map_err(|e| e.to_string())?;
                    same_config(rule.config())?;
                    let mut gradient = vec![f32::NAN; x.data.len()];
                    rule.gradient(&x.f32(), &x.shape, &mut gradient);
                    close("value", &[rule.value(&x.f32(), &x.shape) as f32], &want("v"), 1e-6, 1e-9)?;
                    close("gradient", &gradient, &want("g"), 1e-6, 1e-8)
                } else {
                    let rule = Arc::<dyn Constraint>::from_value(&spec).map_err(|e| e.to_string())?;
                    same_config(rule.config())?;
                    rule.check(&x.shape).map_err(|e| e.to_string())?;
                    let mut y = x.f32();
                    rule.apply(&mut y, &x.shape);
                    close("y", &y, &want("y"), 1e-6, 1e-9)
                }
            });
        }
    });
}
