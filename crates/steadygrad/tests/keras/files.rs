//! Keras' files: the same predictions, the same optimizer, and the same bits when they were written and read again.

use crate::harness::{close, family, json};
use crate::npz;
use crate::training::array;
use std::path::Path;
use steadygrad_data::Array;
use steadygrad_engine::apply::Stored;
use steadygrad_engine::{Compile, Learner, Trainable};
use steadygrad_lab::{load_model, load_model_with, load_weights, save_model};
use steadygrad_nn::losses::MeanSquaredError;
use steadygrad_nn::optimizers::Sgd;

type Check = Result<(), String>;

fn text(e: steadygrad_kernels::Error) -> String {
    e.to_string()
}

fn numbered(arrays: &std::collections::HashMap<String, npz::Numbers>, letters: &[&str]) -> Vec<Array> {
    let name = |j: usize| {
        let numbered = letters.iter().map(|l| format!("{l}{j}")).find(|n| arrays.contains_key(n));
        numbered.or_else(|| letters.iter().map(|l| l.to_string()).find(|n| j == 0 && arrays.contains_key(n)))
    };
    (0..).map_while(|j| arrays.get(&name(j)?)).map(array).collect()
}

fn predicts(learner: &mut Learner, data: &Path) -> Check {
    let arrays = npz::read(data);
    let (x, y) = (numbered(&arrays, &["x"]), numbered(&arrays, &["y"]));
    if x.is_empty() || y.is_empty() {
        return Err("there are no numbers to compare".into());
    }
    for (i, (got, want)) in learner.predict_all(&x).map_err(text)?.iter().zip(&y).enumerate() {
        close(&format!("output {i}"), got.data(), want.data(), 1e-4, 1e-5)?;
    }
    let variables = learner.optimizer_variables();
    for (j, want) in (0..).map_while(|j| Some((j, arrays.get(&format!("opt{j}"))?))) {
        let got = match &variables.get(j).ok_or("the optimizer has too few variables")?.value {
            Stored::Count(n) => vec![*n as f32],
            Stored::Numbers(numbers) => numbers.clone(),
        };
        close(&format!("variable {j} of the optimizer"), &got, &want.f32(), 0.0, 0.0)?;
    }
    Ok(())
}

/// Written and read again: the same bits, compiled the same, and the optimizer where it was.
fn comes_back(learner: &Learner, own: &Path, data: &Path) -> Check {
    save_model(learner, own).map_err(text)?;
    let mut again = load_model(own).map_err(text)?;
    predicts(&mut again, data)?;
    // A metric may have been asked for by its name; its file says the same in full.
    let how = |learner: &Learner| {
        let settings = learner.settings();
        format!("{:?} {:?} {}", settings.optimizer, settings.losses, settings.metrics.len())
    };
    for (what, same) in [
        ("the weights", again.weights() == learner.weights()),
        ("the optimizer", again.optimizer_variables() == learner.optimizer_variables()),
        ("how it is compiled", how(&again) == how(learner)),
    ] {
        if !same {
            return Err(format!("{what} is not the same when {} was written and read", own.display()));
        }
    }
    Ok(())
}

#[test]
fn keras_files() {
    let folder = tempfile::tempdir().unwrap();
    family("keras_files", |family, path| {
        for case in json(&path.join("models.json"))["models"].as_array().unwrap() {
            for kind in ["keras", "h5"] {
                let name = case["name"].as_str().unwrap();
                family.case(&format!("{name}.{kind}"), || {
                    let file = path.join(case[kind].as_str().unwrap());
                    let data = path.join(case["data"].as_str().unwrap());
                    let mut learner = load_model(&file).map_err(text)?;
                    predicts(&mut learner, &data)?;
                    for ending in ["keras", "h5"] {
                        comes_back(&learner, &folder.path().join(format!("{name}.{ending}")), &data)?;
                    }
                    Ok(())
                });
            }
        }
    });
}

#[test]
fn keras_2_files() {
    family("keras_2_files", |family, path| {
        let folder = path.join("legacy_keras2");
        for case in json(&folder.join("index.json")).as_array().unwrap() {
            let name = case["name"].as_str().unwrap();
            let data = folder.join(case["data"].as_str().unwrap());
            let whole = folder.join(format!("{name}.h5"));
            family.case(&format!("{name}.h5"), || predicts(&mut load_model(&whole).map_err(text)?, &data));
            family.case(&format!("{name}.weights_only.h5"), || {
                let compile = Compile::new(Sgd::new(0.1), MeanSquaredError);
                let mut learner = load_model_with(&whole, compile).map_err(text)?;
                let zeros: Vec<Array> = learner
                    .weights()
                    .iter()
                    .map(|(_, w)| Array::zeros(w.shape().to_vec()).unwrap())
                    .collect();
                learner.set_weights(&zeros).map_err(text)?;
                load_weights(&mut learner, folder.join(format!("{name}.weights_only.h5"))).map_err(text)?;
                predicts(&mut learner, &data)
            });
        }
    });
}

#[test]
fn weights_alone() {
    family("keras_weights", |family, path| {
        family.case("bn_before_only.weights.h5", || {
            let model = steadygrad_formats::keras::model_from_config(&json(
                &path.join("models/bn_before.to_json.json"),
            ));
            let compile = Compile::new(Sgd::new(0.1), MeanSquaredError);
            let mut learner = model.and_then(|m| m.compile(compile)).map_err(text)?;
            load_weights(&mut learner, path.join("models/bn_before_only.weights.h5")).map_err(text)?;
            let bytes = std::fs::read(path.join("models/bn_before_only.weights.h5")).unwrap();
            let tree = steadygrad_formats::hdf5::read(bytes).map_err(text)?;
            let variance =
                tree.array("layers/batch_normalization_1/vars/3").ok_or("it has no such weight")?;
            let own = learner.weight("batch_normalization_1/moving_variance").map_err(text)?;
            close("moving variance", own, &variance.values.floats(), 0.0, 0.0)
        });
    });
}
