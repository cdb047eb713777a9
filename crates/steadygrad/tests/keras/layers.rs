//! Layers against Keras: outputs, gradients of inputs and weights, and state after a step.

use super::harness::{close, family, json};
use super::runner::{Arrays, Engine, compute, lower, model, weight};
use serde_json::Value as Json;
use steadygrad_nn::builder::Mode;
use steadygrad_nn::config::Config;
use steadygrad_nn::recipe::Recipe;
use steadygrad_nn::step::Slot;

#[test]
fn layers() {
    family("layers", |family, path| {
        let arrays = Arrays::read(&path.join("layers.npz"));
        let index = json(&path.join("layers.json"));
        for case in index["cases"].as_array().expect("a list of cases") {
            let id = case["id"].as_str().expect("an id");
            family.case(id, || hold(id, case, &arrays));
        }
    });
}

fn names(case: &Json, key: &str) -> Vec<String> {
    let list = case[key].as_array().map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(Json::as_str).map(str::to_string).collect()
}

fn hold(id: &str, case: &Json, arrays: &Arrays) -> Result<(), String> {
    let class = case["cls"].as_str().ok_or("no class")?;
    let settings = Config::from_json(&case["kwargs"]).map_err(|e| e.to_string())?;
    let x = arrays.get(&format!("{id}__x"))?;
    let mask = arrays.get(&format!("{id}__mask")).ok();
    let model = model(class, &settings, &x.shape[1..], mask.map(|m| &m.shape[1..]))?;
    if case["training"] == true {
        return check(id, case, arrays, &lower(&model, Mode::Train)?);
    }
    check(id, case, arrays, &lower(&model, Mode::Infer)?)?;
    check(id, case, arrays, &lower(&model, Mode::Frozen)?)
}

/// A slot, and the name of the array that holds what is expected of it.
fn expected(case: &Json, recipe: &Recipe) -> Result<Vec<(Slot, String)>, String> {
    let mut all = vec![(recipe.outputs[0], "y".to_string())];
    for name in names(case, "non_trainable_after") {
        all.push((
            weight(recipe, &name).ok_or_else(|| format!("no weight `{name}`"))?,
            format!("after_{name}"),
        ));
    }
    if !recipe.targets.is_empty() {
        all.push((recipe.input_gradients[0].ok_or("no gradient for x")?, "dx".into()));
        for name in names(case, "trainable") {
            let path = format!("layer/{name}");
            let gradient = recipe.parameters.iter().find(|p| p.path == path).and_then(|p| p.gradient);
            all.push((gradient.ok_or_else(|| format!("no gradient for `{name}`"))?, format!("d_{name}")));
        }
    }
    Ok(all)
}

fn check(id: &str, case: &Json, arrays: &Arrays, recipe: &Recipe) -> Result<(), String> {
    let array = |name: String| arrays.numbers(&format!("{id}__{name}")).map(<[f64]>::to_vec);
    let rows = arrays.get(&format!("{id}__x"))?.shape[0];
    let mut feed = vec![(recipe.inputs[0], array("x".into())?)];
    if let Some(&mask) = recipe.inputs.get(1) {
        feed.push((mask, array("mask".into())?));
    }
    if let Some(&target) = recipe.targets.first() {
        feed.push((target, array("gy".into())?));
    }
    let weights: Vec<&str> = recipe
        .parameters
        .iter()
        .map(|p| p.path.as_str())
        .chain(recipe.states.iter().map(|s| s.path.as_str()))
        .filter_map(|path| path.strip_prefix("layer/"))
        .collect();
    if weights != names(case, "weights") {
        return Err(format!("weights {weights:?}, expected {:?}", names(case, "weights")));
    }
    for name in weights {
        let slot = weight(recipe, name).ok_or("a weight without a slot")?;
        feed.push((slot, array(format!("w_{name}"))?));
    }
    let expected = expected(case, recipe)?;
    let ask: Vec<Slot> = expected.iter().map(|(slot, _)| *slot).collect();
    for engine in Engine::all() {
        let got = compute(recipe, rows, &feed, engine, &ask);
        for ((_, name), got) in expected.iter().zip(got) {
            let (precision, rtol, atol) = match (engine, id) {
                // Keras' constants of these activations are rounded to f32 in its f64 too.
                (Engine::Oracle, id) if id.contains("leaky") || id.contains("gelu") => ("f64", 1e-6, 1e-8),
                (Engine::Oracle, _) => ("f64", 1e-8, 1e-10),
                // A mean of 1000 at a deviation of 0.01: Keras' own f32 numbers are off by twice as much.
                (_, "bn_bigoffset_train") => ("f64", 2e-2, 3e-3),
                (_, "bn_const_train") => ("f32", 1e-5, 5e-6),
                _ => ("f32", 1e-5, 2e-6),
            };
            let want = array(format!("{name}_{precision}"))?;
            close(&format!("{name} ({engine:?})"), &got, &want, rtol, atol)?;
        }
    }
    Ok(())
}

/// What Keras writes of a layer is understood, and what is written of it in turn says the same.
#[test]
fn configs() {
    family("layer_configs", |family, path| {
        let index = json(&path.join("configs.json"));
        for (name, spec) in index["serialized"].as_object().expect("named specs") {
            if spec["module"] == "keras.layers" {
                family.case(name, || says_the_same(spec));
            }
        }
    });
}

fn says_the_same(spec: &Json) -> Result<(), String> {
    let theirs = Config::from_json(&spec["config"]).map_err(|e| e.to_string())?;
    let class = spec["class_name"].as_str().ok_or("no class")?;
    let made = steadygrad_nn::layers::from_config(class, &theirs).map_err(|e| e.to_string())?;
    part_of(&made.layer.config().to_json(), &spec["config"], class)?;
    let again = steadygrad_nn::layers::from_config(class, &made.layer.config()).map_err(|e| e.to_string())?;
    match again.layer.config() == made.layer.config() {
        true => Ok(()),
        false => Err("its own settings do not make it again".into()),
    }
}

/// Every setting of `ours` stands in `theirs` with the same value.
fn part_of(ours: &Json, theirs: &Json, at: &str) -> Result<(), String> {
    match (ours, theirs) {
        (Json::Object(ours), Json::Object(theirs)) => ours.iter().try_for_each(|(name, value)| {
            let there = theirs.get(name).ok_or_else(|| format!("{at} has no `{name}`"))?;
            part_of(value, there, &format!("{at}/{name}"))
        }),
        (Json::Number(a), Json::Number(b)) if a.as_f64() == b.as_f64() => Ok(()),
        _ if ours == theirs => Ok(()),
        _ => Err(format!("{at}: {ours}, expected {theirs}")),
    }
}
