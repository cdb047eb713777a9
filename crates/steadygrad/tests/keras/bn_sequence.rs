//! BatchNormalization over six steps of training and one of inference: outputs and moving averages after every step.

use super::harness::{close, family, json};
use super::runner::{Arrays, Engine, compute, lower, model, weight};
use serde_json::Value as Json;
use steadygrad_nn::builder::Mode;
use steadygrad_nn::config::Config;
use steadygrad_nn::recipe::Recipe;
use steadygrad_nn::step::Slot;

#[test]
fn bn_sequence() {
    family("bn_sequence", |family, path| {
        let arrays = Arrays::read(&path.join("bn_sequence.npz"));
        let index = json(&path.join("bn_sequence.json"));
        for case in index["cases"].as_array().expect("a list of cases") {
            let id = case["id"].as_str().expect("an id");
            family.case(id, || Engine::all().into_iter().try_for_each(|e| sequence(id, case, &arrays, e)));
        }
    });
}

fn sequence(id: &str, case: &Json, arrays: &Arrays, engine: Engine) -> Result<(), String> {
    let settings = Config::from_json(&case["kwargs"]).map_err(|e| e.to_string())?;
    let sample = &arrays.get(&format!("{id}__x0"))?.shape[1..];
    let model = model("BatchNormalization", &settings, sample, None)?;
    let steps = case["steps"].as_u64().ok_or("no steps")?;
    let trained = lower(&model, Mode::Train)?;
    let mut states: Vec<(String, Vec<f64>)> = trained
        .states
        .iter()
        .map(|s| {
            let name = s.path.trim_start_matches("layer/").to_string();
            let start = if name.ends_with("mean") { 0.0 } else { 1.0 };
            (name, vec![start; s.shape.size()])
        })
        .collect();
    let (precision, rtol, atol) = match (engine, id) {
        (Engine::Oracle, _) => ("f64", 1e-9, 1e-11),
        (_, "2d_batch1" | "2d_varying_batch") => ("f32", 1e-5, 1e-5),
        _ => ("f32", 1e-5, 2e-6),
    };
    let compare = |what: &str, got: &[f64]| -> Result<(), String> {
        let want = arrays.numbers(&format!("{id}__{what}_{precision}"))?;
        close(&format!("{what} ({engine:?})"), got, want, rtol, atol)
    };
    for step in 0..steps {
        let got = one(id, arrays, &trained, &format!("x{step}"), &states, engine)?;
        compare(&format!("y{step}"), &got[0])?;
        for ((name, state), got) in states.iter_mut().zip(&got[1..]) {
            compare(&format!("{name}{step}"), got)?;
            *state = got.clone();
        }
    }
    let got = one(id, arrays, &lower(&model, Mode::Infer)?, "xtest", &states, engine)?;
    compare("ytest", &got[0])?;
    let kept = states.iter().zip(&got[1..]).all(|((_, before), after)| before == after);
    if kept { Ok(()) } else { Err("inference changed the moving averages".into()) }
}

/// One pass: the output, then every state as it is afterwards.
fn one(
    id: &str,
    arrays: &Arrays,
    recipe: &Recipe,
    x: &str,
    states: &[(String, Vec<f64>)],
    engine: Engine,
) -> Result<Vec<Vec<f64>>, String> {
    let name = format!("{id}__{x}");
    let x = arrays.get(&name)?;
    let mut feed = vec![(recipe.inputs[0], x.data.clone())];
    // Any gradient will do: only the forward pass is looked at.
    feed.extend(recipe.targets.iter().map(|&target| (target, x.data.clone())));
    for parameter in &recipe.parameters {
        let weight = parameter.path.trim_start_matches("layer/");
        feed.push((parameter.value, arrays.numbers(&format!("{id}__{weight}"))?.to_vec()));
    }
    let mut ask: Vec<Slot> = vec![recipe.outputs[0]];
    for (name, values) in states {
        let slot = weight(recipe, name).ok_or_else(|| format!("no state `{name}`"))?;
        feed.push((slot, values.clone()));
        ask.push(slot);
    }
    Ok(compute(recipe, x.shape[0], &feed, engine, &ask))
}
