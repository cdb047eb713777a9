//! The laws that every activation keeps: both precisions agree, the derivative is the slope, settings come back.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use steadygrad_kernels::Isa;
use steadygrad_kernels::random::{Purpose, Stream};
use steadygrad_nn::activations::{
    Activation, CATALOG, Celu, Elu, Gelu, GluLanes, HardShrink, LeakyRelu, LogSoftmaxLanes, Pointwise, Relu,
    Rowwise, Saved, SoftShrink, SoftmaxLanes, SparsemaxLanes, Squareplus, Swish, Threshold,
};
use steadygrad_nn::catalog;
use steadygrad_nn::config::{Config, FromValue, Value};
use steadygrad_nn::layers::{self, Layer, Role};

/// Names that Keras has, aliases last: each must be found.
const KERAS: &[&str] = &[
    "celu",
    "elu",
    "exponential",
    "gelu",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "tanh",
    "tanh_shrink",
    "threshold",
    "swish",
    "hard_swish",
];

/// All names of the catalog, each with the name that its member says of itself.
fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = |entry: &'static catalog::Entry<dyn Layer>| {
        std::iter::once(entry.class).chain(entry.names.iter().copied()).map(|name| (name, entry.class))
    };
    CATALOG.iter().flat_map(all)
}

fn named(name: &str) -> Arc<dyn Layer> {
    let config = match name {
        "threshold" => Config::new().with("threshold", 0.25).with("default_value", -1.0),
        _ => Config::new(),
    };
    catalog::build_named("activation", CATALOG, name, &config)
        .unwrap_or_else(|e| panic!("{e}\ngive it an example of its settings here"))
}

/// Every pointwise activation of the catalog, and some with other parameters.
fn pointwise() -> Vec<Arc<dyn Activation>> {
    let mut all: Vec<Arc<dyn Layer>> = CATALOG.iter().map(|entry| named(entry.class)).collect();
    all.push(Arc::new(Relu.negative_slope(0.25).max_value(4.0).threshold(0.5)));
    all.push(Arc::new(Relu.max_value(0.0).negative_slope(0.5)));
    all.push(Arc::new(LeakyRelu.negative_slope(0.0)));
    all.push(Arc::new(Elu.alpha(0.3)));
    all.push(Arc::new(Celu.alpha(2.5)));
    all.push(Arc::new(Gelu.approximate(true)));
    all.push(Arc::new(Swish::new(1.702)));
    all.push(Arc::new(Swish::new(-0.5)));
    all.push(Arc::new(HardShrink.threshold(0.0)));
    all.push(Arc::new(SoftShrink.threshold(2.0)));
    all.push(Arc::new(Threshold::new(-0.5, 3.0)));
    all.push(Arc::new(Squareplus.b(0.01)));
    let roles = all.iter().map(|layer| layer.role());
    roles.filter_map(|role| if let Role::Pointwise(f) = role { Some(f) } else { None }).collect()
}

fn grid() -> Vec<f32> {
    (-3000..=3000).map(|i| 0.010_37 * i as f32).collect()
}

const SPECIAL: [f32; 16] = [
    0.0,
    -0.0,
    1e-30,
    -1e-30,
    1e-8,
    -1e-8,
    1e-3,
    -1e-3,
    1e4,
    -1e4,
    1e10,
    -1e10,
    1e30,
    -1e30,
    f32::INFINITY,
    f32::NEG_INFINITY,
];

/// Equal in kind, and close. Where f32 has left its range, f64 rounded to f32 has too.
fn close(got: f32, want: f64, rtol: f64, atol: f64) -> bool {
    let want = want as f32;
    if want.is_nan() || want.is_infinite() {
        return got == want || (got.is_nan() && want.is_nan());
    }
    (f64::from(got) - f64::from(want)).abs() <= atol + rtol * f64::from(want).abs()
}

fn saved64(f: &dyn Activation, x: f64) -> f64 {
    if f.saved() == Saved::Input { x } else { f.value(x) }
}

#[test]
fn both_precisions_agree_on_every_instruction_set() {
    for isa in Isa::available() {
        for f in pointwise() {
            let x =
                [grid(), SPECIAL.to_vec(), vec![f32::NAN, 20.5, -20.5, 88.0, -88.0, 103.0, -103.0]].concat();
            let mut y = vec![0.0; x.len()];
            f.map(isa, &x, &mut y);
            let saved = if f.saved() == Saved::Input { &x } else { &y };
            let mut dx = vec![0.0; x.len()];
            f.map_grad(isa, saved, &vec![1.0; x.len()], &mut dx);
            for i in 0..x.len() {
                let (exact, name) = (f64::from(x[i]), f.name());
                let value = f.value(exact);
                assert!(close(y[i], value, 4e-6, 3e-7), "{isa} {name}({}): {} {value}", x[i], y[i]);
                let slope = f.slope(saved64(&*f, exact));
                // Where a kink lies between a number and its f32, either side is right.
                let near = f.slope(saved64(&*f, exact - 1e-6 * exact.abs().max(1.0)));
                let beyond = f.slope(saved64(&*f, exact + 1e-6 * exact.abs().max(1.0)));
                let right = [slope, near, beyond].iter().any(|s| close(dx[i], *s, 1e-5, 1e-6));
                assert!(right, "{isa} {name}'({}): {} {slope}", x[i], dx[i]);
            }
        }
    }
}

#[test]
fn the_derivative_is_the_slope() {
    let h = 1e-6;
    for f in pointwise() {
        let mut kinks = 0;
        for i in -1500..=1500 {
            let x = 0.013_791 * f64::from(i) + 0.000_31;
            let (below, at, above) = (f.value(x - h), f.value(x), f.value(x + h));
            let (left, right) = ((at - below) / h, (above - at) / h);
            if (left - right).abs() > 1e-3 * left.abs().max(1.0) {
                kinks += 1;
                continue;
            }
            let (want, got) = (0.5 * (left + right), f.slope(saved64(&*f, x)));
            let slack = 1e-8 * want.abs().max(1.0) + 2e-9 * at.abs();
            assert!((got - want).abs() < slack, "{}'({x}) = {got}, but the slope is {want}", f.name());
        }
        assert!(kinks <= 2, "{}: {kinks} kinks", f.name());
    }
}

#[test]
fn slopes_are_finite_for_all_finite_inputs_and_never_above_what_theory_says() {
    for f in pointwise() {
        for x in SPECIAL.iter().filter(|x| x.is_finite()).map(|&x| f64::from(x)).chain([1e300, -1e300]) {
            let (y, s) = (f.value(x), f.slope(saved64(&*f, x)));
            let overflows = f.name() == "exponential" && x > 700.0;
            assert!(overflows || (y.is_finite() && s.is_finite()), "{}({x}) = {y}, slope {s}", f.name());
            assert!(overflows || s.abs() <= 1.8, "{}'({x}) = {s}", f.name());
        }
    }
}

#[test]
fn a_flat_rectifier_makes_0_of_minus_infinity_and_keeps_nan() {
    for f in [Relu.max_value(6.0), Relu, Relu.threshold(1.0)] {
        assert_eq!(f.value(f64::NEG_INFINITY), 0.0);
        assert!(f.value(f64::NAN).is_nan());
    }
    assert_eq!(LeakyRelu.negative_slope(0.0).value(f64::NEG_INFINITY), 0.0);
    assert_eq!(Relu.negative_slope(0.5).value(f64::NEG_INFINITY), f64::NEG_INFINITY);
}

#[test]
fn bounds_are_kept_and_neared() {
    let mut bounded = 0;
    for f in pointwise() {
        let ys: Vec<f64> = (-4000..=4000).map(|i| f.value(0.5 * f64::from(i))).collect();
        let (low, high) = ys.iter().fold((f64::MAX, f64::MIN), |(l, h), y| (l.min(*y), h.max(*y)));
        match f.bounds() {
            Some((l, h)) => {
                bounded += 1;
                assert!(l <= low && high <= h && low - l < 1e-3 && h - high < 1e-3, "{}", f.name());
            }
            None => assert!(high - low > 100.0, "{} seems bounded: {low} to {high}", f.name()),
        }
    }
    assert!(bounded >= 7);
}

#[test]
fn settings_come_back() {
    let mut all: Vec<Arc<dyn Layer>> = names().map(|(name, _)| named(name)).collect();
    all.push(Arc::new(Swish::new(1.0)));
    all.push(Arc::new(Gelu.approximate(true)));
    all.push(Arc::new(LeakyRelu.negative_slope(0.3)));
    all.push(Arc::new(Elu.alpha(0.3)));
    all.push(Arc::new(Squareplus.b(1.0)));
    for name in ["glu", "log_softmax", "sparsemax", "softmax"] {
        let config = Config::new().with("axis", 1);
        all.push(catalog::build_named("activation", CATALOG, name, &config).unwrap());
    }
    for layer in all {
        let said = layer.as_activation();
        let again = Arc::<dyn Layer>::from_value(&said).unwrap();
        assert_eq!(again.as_activation(), said);
        assert_eq!(
            Arc::<dyn Layer>::from_value(&Value::from_json(&said.to_json())).unwrap().as_activation(),
            said
        );
        let made = layers::from_config(layer.class(), &layer.config()).unwrap();
        assert_eq!((made.layer.class(), made.layer.config()), (layer.class(), layer.config()), "{layer:?}");
    }
}

#[test]
fn names_are_those_of_keras_and_each_stands_for_one() {
    for (name, class) in names() {
        let said = named(name).as_activation();
        assert!(name == "threshold" || said == Value::from(class), "{name} says {said}");
        assert_eq!(names().filter(|(other, _)| *other == name).count(), 1, "`{name}` stands for two");
    }
    for name in KERAS {
        assert!(names().any(|(known, _)| known == *name), "{name}");
    }
    for name in ["ReLU", "LeakyReLU", "prelu", "Swish", "GELU", "nope", "Relu", ""] {
        assert!(catalog::find("activation", CATALOG, name).is_err(), "{name}");
    }
    let error = catalog::find("activation", CATALOG, "LeakyReLU").unwrap_err().to_string();
    assert!(error.contains("did you mean `leaky_relu`?"), "{error}");
    for class in
        ["LeakyReLU", "leaky_re_lu", "leaky_relu", "PReLU", "p_re_lu", "prelu", "ReLU", "ELU", "Softmax"]
    {
        assert!(catalog::find("layer", layers::CATALOG, class).is_ok(), "{class}");
    }
}

#[test]
fn a_leaky_rectifier_has_one_slope_as_activation_and_another_as_layer() {
    let layer = |config: Config| layers::from_config("LeakyReLU", &config).unwrap().layer.config();
    assert_eq!(layer(Config::new()), Config::new().with("negative_slope", 0.3));
    assert_eq!(layer(Config::new().with("alpha", 0.1)), Config::new().with("negative_slope", 0.1));
    assert_eq!(Activation::config(&LeakyRelu), Config::new().with("negative_slope", 0.2));
    assert_eq!(named("leaky_relu").as_activation(), Value::from("leaky_relu"));
}

#[test]
fn parameters_that_make_no_sense_are_refused_with_their_name() {
    let refused = |class: &str, name: &str, value: f64| {
        let config = Config::new().with(name, value);
        let error = Arc::<dyn Layer>::from_value(&catalog::spec(class, config)).unwrap_err().to_string();
        assert!(error.contains(&format!("`{name}`")), "{class}: {error}");
    };
    for (class, name) in [
        ("relu", "negative_slope"),
        ("ReLU", "max_value"),
        ("relu", "threshold"),
        ("leaky_relu", "negative_slope"),
        ("LeakyReLU", "negative_slope"),
        ("elu", "alpha"),
        ("celu", "alpha"),
        ("hard_shrink", "threshold"),
        ("soft_shrink", "threshold"),
        ("squareplus", "b"),
    ] {
        refused(class, name, -1.0);
        refused(class, name, f64::NAN);
    }
    refused("celu", "alpha", 0.0);
    refused("swish", "beta", f64::INFINITY);
    refused("gelu", "aproximate", 1.0);
    let error = Arc::<dyn Layer>::from_value(&"threshold".into()).unwrap_err().to_string();
    assert!(error.contains("`threshold` is missing"), "{error}");
    assert!(Celu.alpha(-1.0).check().is_err());
}

/// Lanes with ties, large and small numbers.
fn lanes(n: usize) -> Vec<Vec<f64>> {
    let stream = Stream::new(3, Purpose::Other, "lanes");
    let draw = |step: u64, scale: f64| (0..n as u64).map(|i| scale * stream.normal(step, i)).collect();
    vec![
        draw(0, 1.0),
        draw(1, 0.01),
        draw(2, 30.0),
        draw(3, 3.0),
        (0..n).map(|i| (i / 2) as f64 * 0.3).collect(),
    ]
}

fn lane_functions() -> [Arc<dyn Rowwise>; 4] {
    [Arc::new(SoftmaxLanes), Arc::new(LogSoftmaxLanes), Arc::new(SparsemaxLanes), Arc::new(GluLanes)]
}

#[test]
fn lane_functions_have_their_derivative_and_agree_in_both_precisions() {
    let h = 1e-6;
    for f in lane_functions() {
        for x in [lanes(8), lanes(2), lanes(30)].concat() {
            let width = f.width(x.len());
            let (mut y, mut dx) = (vec![0.0; width], vec![0.0; x.len()]);
            f.map64(&x, &mut y);
            let dy: Vec<f64> = (0..width).map(|i| (1.7 * i as f64 + 0.4).sin()).collect();
            f.map_grad64(&x, &y, &dy, &mut dx);
            let loss = |i: usize, by: f64| -> f64 {
                let (mut x, mut y) = (x.clone(), vec![0.0; width]);
                x[i] += by;
                f.map64(&x, &mut y);
                y.iter().zip(&dy).map(|(y, dy)| y * dy).sum()
            };
            for (i, got) in dx.iter().enumerate() {
                let (left, right) = ((loss(i, 0.0) - loss(i, -h)) / h, (loss(i, h) - loss(i, 0.0)) / h);
                let kink = (left - right).abs() > 1e-3;
                let want = 0.5 * (left + right);
                assert!(kink || (got - want).abs() < 1e-6, "{} dx[{i}] at {x:?}: {got} {want}", f.name());
            }
            let single = |x: &[f64]| x.iter().map(|&x| x as f32).collect::<Vec<f32>>();
            // What is rounded to f32 is another lane: the oracle gets the rounded one.
            let x32 = single(&x);
            let x: Vec<f64> = x32.iter().map(|&x| x.into()).collect();
            f.map64(&x, &mut y);
            f.map_grad64(&x, &y, &dy, &mut dx);
            for isa in Isa::available() {
                let (mut y32, mut dx32) = (vec![0.0; width], vec![0.0; x.len()]);
                f.map(isa, x.len(), &x32, &mut y32);
                f.map_grad(isa, x.len(), &x32, &y32, &single(&dy), &mut dx32);
                for (got, want) in y32.iter().zip(&y).chain(dx32.iter().zip(&dx)) {
                    assert!(close(*got, *want, 1e-5, 2e-6), "{isa} {}: {got} {want} at {x:?}", f.name());
                }
            }
        }
    }
}

#[test]
fn sparsemax_is_a_projection() {
    for x in [lanes(8), lanes(1), lanes(200)].concat() {
        let mut y = vec![0.0; x.len()];
        SparsemaxLanes.map64(&x, &mut y);
        assert!((y.iter().sum::<f64>() - 1.0).abs() < 1e-12 && y.iter().all(|y| *y >= 0.0));
        // Of two numbers the larger one stays at least as large, and the support keeps its differences.
        for i in 0..x.len() {
            for j in 0..x.len() {
                assert!(x[i] < x[j] || y[i] >= y[j]);
                assert!(y[i] == 0.0 || y[j] == 0.0 || ((x[i] - x[j]) - (y[i] - y[j])).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn empty_and_odd_lanes_do_not_panic() {
    for f in lane_functions() {
        f.map(Isa::best(), 0, &[], &mut []);
        f.map_grad(Isa::best(), 0, &[], &[], &[], &mut []);
        let mut y = vec![0.0; f.width(1)];
        f.map64(&[f64::NAN], &mut y);
    }
}
