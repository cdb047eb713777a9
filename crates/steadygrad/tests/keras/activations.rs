//! Activations: values and gradients of all functions, on every instruction set.
//!
//! A number holds if it is within the tolerance of what Keras computes in f32, or of what it computes in f64 from the same
//! inputs, which is the exact value: so TensorFlow's own rounding (squareplus below −80, the slope of gelu's tanh form near −5,
//! the slope of selu near −1e-8) counts neither way. Points that do not count at all are listed in [`POINTS`] with their
//! reasons, and for sparsemax in [`faulty_sparsemax`] and [`at_the_edge`].
#![allow(clippy::unwrap_used)]

use crate::harness::{close, family, json};
use crate::npz::{self, Numbers};
use std::collections::HashMap;
use std::sync::Arc;
use steadygrad::nn::activations::{
    CATALOG, GluLanes, LogSoftmaxLanes, Rowwise, Saved, SoftmaxLanes, SparsemaxLanes,
};
use steadygrad::nn::catalog;
use steadygrad::nn::config::Config;
use steadygrad::nn::layers::Role;
use steadygrad::nn::{Layout, Shape};
use steadygrad_kernels::Isa;

const RTOL: f64 = 1e-5;
const ATOL: f64 = 1e-6;

/// Of which numbers a point is left out.
#[derive(Clone, Copy, PartialEq)]
enum Of {
    Value,
    Gradient,
}

/// (function, of what, at which inputs, why).
type Point = (&'static str, Of, fn(f32) -> bool, &'static str);

/// What is left out.
const POINTS: &[Point] = &[
    (
        "*",
        Of::Gradient,
        |x| !x.is_finite(),
        "a slope at ±∞ or NaN has no meaning: TensorFlow's are NaN, 0 or 1",
    ),
    ("selu", Of::Gradient, |x| x == 0.0, "TensorFlow takes λ from above; ours is λ·α from below, as for elu"),
    ("celu", Of::Gradient, |x| x == 0.0, "TensorFlow adds the slopes of both pieces: 2 instead of 1"),
    (
        "squareplus",
        Of::Value,
        |x| x == f32::NEG_INFINITY,
        "TensorFlow has −∞ + ∞ = NaN; ours is the limit, 0",
    ),
    ("relu, threshold=1", Of::Value, f32::is_nan, "TensorFlow makes 0 of NaN only here; our NaN stays"),
];

struct Case {
    key: String,
    function: String,
    config: Config,
    x: String,
    gy: Option<String>,
}

type Arrays = HashMap<String, Numbers>;

#[test]
fn activations() {
    family("activations", |family, folder| {
        let arrays = npz::read(&folder.join("activations.npz"));
        for case in json(&folder.join("activations.json"))["cases"].as_array().unwrap() {
            let text = |name: &str| case[name].as_str().map(str::to_string);
            let case = Case {
                key: text("key").unwrap(),
                function: text("fn").unwrap(),
                config: Config::from_json(&case["kwargs"]).unwrap(),
                x: text("x").unwrap(),
                gy: text("gy"),
            };
            family.case(&case.key.clone(), || {
                Isa::available().into_iter().try_for_each(|isa| match &case.gy {
                    None => pointwise(isa, &case, &arrays),
                    Some(gy) => lanes(isa, &case, gy, &arrays),
                })
            });
        }
    });
}

/// One function of single numbers.
fn pointwise(isa: Isa, case: &Case, arrays: &Arrays) -> Result<(), String> {
    let layer = catalog::build_named("activation", CATALOG, &case.function, &case.config)
        .map_err(|e| e.to_string())?;
    let Role::Pointwise(f) = layer.role() else { return Err("is not a function of single numbers".into()) };
    let x = &arrays[&case.x].f32();
    let (mut y, mut dx) = (vec![0.0; x.len()], vec![0.0; x.len()]);
    f.map(isa, x, &mut y);
    let saved = if f.saved() == Saved::Input { x } else { &y };
    f.map_grad(isa, saved, &vec![1.0; x.len()], &mut dx);
    let threshold = case.config.get("threshold").map_or(0.0, |t| t.to_json().as_f64().unwrap());
    let special = format!("{}, threshold={threshold}", case.function);
    for (got, name, of) in [(&y, "y", Of::Value), (&dx, "dx", Of::Gradient)] {
        let want = |precision: &str| arrays[&format!("{}__{name}_{precision}", case.key)].f32();
        let (single, double) = (want("f32"), want("f64"));
        for i in 0..x.len() {
            let left_out = POINTS.iter().any(|(which, what, at, _)| {
                let named = ["*", &case.function].contains(which) || *which == special;
                named && *what == of && at(x[i])
            });
            if !left_out {
                either(&format!("{isa} {name} at {}", x[i]), &got[i..=i], &single[i..=i], &double[i..=i])?;
            }
        }
    }
    Ok(())
}

/// One function of lanes along an axis, which are gathered here.
fn lanes(isa: Isa, case: &Case, gy: &str, arrays: &Arrays) -> Result<(), String> {
    let f: Arc<dyn Rowwise> = match case.function.as_str() {
        "softmax" => Arc::new(SoftmaxLanes),
        "log_softmax" => Arc::new(LogSoftmaxLanes),
        "sparsemax" => Arc::new(SparsemaxLanes),
        "glu" => Arc::new(GluLanes),
        other => return Err(format!("{other} is not known")),
    };
    let Numbers { shape, .. } = &arrays[&case.x];
    let axis = case.config.get("axis").map_or(-1, |axis| axis.to_json().as_i64().unwrap());
    let layout = Layout::along(&Shape::from(&shape[1..]), axis).unwrap();
    let (outer, n, inner) = layout.at(shape[0]);
    let width = f.width(n);
    // Lane after lane, and back.
    let gather = |key: &str, n: usize| -> Vec<f32> {
        let values = arrays[key].f32();
        let at = |lane: usize, i: usize| values[(lane / inner * n + i) * inner + lane % inner];
        (0..outer * inner).flat_map(|lane| (0..n).map(move |i| (lane, i))).map(|(l, i)| at(l, i)).collect()
    };
    let (x, dy) = (gather(&case.x, n), gather(gy, width));
    let (mut y, mut dx) = (vec![0.0; dy.len()], vec![0.0; x.len()]);
    f.map(isa, n, &x, &mut y);
    f.map_grad(isa, n, &x, &y, &dy, &mut dx);
    let want = |name: &str, n: usize| ["f32", "f64"].map(|p| gather(&format!("{}__{name}_{p}", case.key), n));
    let ([y32, y64], [dx32, dx64]) = (want("y", width), want("dx", n));
    for lane in 0..outer * inner {
        let (of_x, of_y) = (lane * n..(lane + 1) * n, lane * width..(lane + 1) * width);
        if case.function == "sparsemax" && faulty_sparsemax(&y[of_y.clone()]) {
            continue;
        }
        let at = |name: &str| format!("{isa} {name} of lane {lane}");
        either(&at("y"), &y[of_y.clone()], &y32[of_y.clone()], &y64[of_y])?;
        if case.function == "sparsemax" && at_the_edge(&x[of_x.clone()]) {
            continue;
        }
        either(&at("dx"), &dx[of_x.clone()], &dx32[of_x.clone()], &dx64[of_x])?;
    }
    Ok(())
}

/// Lanes where Keras' sparsemax is no sparsemax: its τ is made from the sum of the cumulated sums over the support, and not
/// from the last of them, so with a support of two or more the numbers do not sum to 1 (for four times −10⁴ they are 15000.25).
/// Ours are the projection of the paper.
fn faulty_sparsemax(y: &[f32]) -> bool {
    y.iter().filter(|y| **y > 0.0).count() > 1
}

/// Where a number lies exactly on τ (1 below the only one of the support) the slope has a kink: TensorFlow's is that from above.
fn at_the_edge(x: &[f32]) -> bool {
    let top = x.iter().copied().fold(f32::MIN, f32::max);
    x.contains(&(top - 1.0))
}

/// Close to Keras in f32, or to Keras in f64.
fn either(what: &str, got: &[f32], single: &[f32], double: &[f32]) -> Result<(), String> {
    close(what, got, single, RTOL, ATOL).or_else(|e| close(what, got, double, RTOL, ATOL).map_err(|_| e))
}

#[test]
fn names() {
    family("activation_names", |family, folder| {
        let aliases = json(&folder.join("aliases.json"));
        for (name, function) in aliases["registry"]["activations"].as_object().unwrap() {
            family.case(name, || {
                let entry = catalog::find("activation", CATALOG, name).map_err(|e| e.to_string())?;
                if *function == entry.class { Ok(()) } else { Err(entry.class.to_string()) }
            });
        }
        for (name, probe) in aliases["get_probe"]["activations"].as_object().unwrap() {
            family.case(&format!("probe {name}"), || match catalog::find("activation", CATALOG, name) {
                Err(_) if probe.as_str().unwrap().starts_with('!') => Ok(()),
                Err(e) => Err(e.to_string()),
                Ok(entry) if *probe == entry.class => Ok(()),
                Ok(entry) => Err(entry.class.to_string()),
            });
        }
    });
}
