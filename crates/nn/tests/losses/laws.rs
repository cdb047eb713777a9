//! Slopes, precisions, ends, logits and reductions.

use super::{CASES, Kind, build, draw, gradient, narrow, values};
use steadygrad_kernels::Isa;
use steadygrad_nn::Shape;
use steadygrad_nn::config::Value;
use steadygrad_nn::losses::{Block, Head, Reduction, reduce};

const SHAPES: [&[usize]; 2] = [&[3, 4], &[2, 4]];
const ROWS: usize = 5;

#[test]
fn the_gradient_is_the_slope() {
    for (class, config, kind) in CASES {
        let loss = build(class, config);
        for shape in SHAPES {
            let (t, mut p) = draw(&*loss, *kind, ROWS, shape);
            let n = values(&*loss, ROWS, shape, &t, &p).len();
            let cotangent: Vec<f64> = (0..n).map(|i| 0.5 + (i as f64 * 0.7).sin()).collect();
            let got = gradient(&*loss, ROWS, shape, &t, &p, &cotangent);
            let sum = |p: &[f64]| -> f64 {
                values(&*loss, ROWS, shape, &t, p).iter().zip(&cotangent).map(|(v, c)| v * c).sum()
            };
            for i in 0..p.len() {
                let (x, h) = (p[i], 1e-6);
                p[i] = x + h;
                let above = sum(&p);
                p[i] = x - h;
                let slope = (above - sum(&p)) / (2.0 * h);
                p[i] = x;
                let close = (got[i] - slope).abs() <= 1e-6 + 1e-6 * slope.abs() * 10.0;
                assert!(close, "{class} {config} {shape:?} [{i}]: gradient {}, slope {slope}", got[i]);
            }
        }
    }
}

#[test]
fn single_precision_agrees_with_double() {
    for (class, config, kind) in CASES {
        let loss = build(class, config);
        for shape in SHAPES {
            let (t, p) = draw(&*loss, *kind, ROWS, shape);
            // What f32 sees, in f64.
            let (t32, p32) = (narrow(&t), narrow(&p));
            let wide = |x: &[f32]| x.iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
            let (t, p) = (wide(&t32), wide(&p32));
            let want = values(&*loss, ROWS, shape, &t, &p);
            let slopes = gradient(&*loss, ROWS, shape, &t, &p, &vec![1.0; want.len()]);
            for isa in Isa::available() {
                let block = Block { rows: ROWS, shape };
                let mut got = vec![f32::NAN; want.len()];
                loss.values(isa, block, &t32, &p32, &mut got);
                let mut got_slopes = vec![f32::NAN; p.len()];
                loss.gradients(isa, block, &t32, &p32, &vec![1.0; want.len()], &mut got_slopes);
                for (got, want) in got.iter().chain(&got_slopes).zip(want.iter().chain(&slopes)) {
                    let error = (f64::from(*got) - want).abs();
                    assert!(error <= 2e-6 + 1e-5 * want.abs(), "{class} {config} {isa}: {got}, not {want}");
                }
            }
        }
    }
}

#[test]
fn a_batch_may_be_cut_where_it_is_said() {
    for (class, config, kind) in CASES {
        let loss = build(class, config);
        let shape: &[usize] = &[3, 4];
        if !loss.row_by_row(&shape.into()) {
            continue;
        }
        let (t, p) = draw(&*loss, *kind, ROWS, shape);
        let whole = values(&*loss, ROWS, shape, &t, &p);
        let (k, m) = (t.len() / ROWS, p.len() / ROWS);
        let pieces: Vec<f64> = (0..ROWS)
            .flat_map(|i| values(&*loss, 1, shape, &t[i * k..(i + 1) * k], &p[i * m..(i + 1) * m]))
            .collect();
        assert_eq!(whole, pieces, "{class} {config}");
    }
    let shape = Shape::from([3, 4]);
    for (class, config) in [("Hinge", "{}"), ("Dice", "{}"), ("CosineSimilarity", r#"{"axis": 0}"#)] {
        assert!(!build(class, config).row_by_row(&shape), "{class}");
    }
    assert!(!build("CosineSimilarity", r#"{"axis": -3}"#).row_by_row(&shape));
    assert!(build("Dice", r#"{"axis": [1, 2]}"#).row_by_row(&shape));
}

fn softmax(z: &[f64]) -> Vec<f64> {
    z.chunks(4)
        .flat_map(|row| {
            let sum: f64 = row.iter().map(|z| z.exp()).sum();
            row.iter().map(move |z| z.exp() / sum).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn from_the_logits_of_a_head_it_is_the_same_loss() {
    let mut paired = 0;
    for (class, config, kind) in CASES {
        let loss = build(class, config);
        for head in [Head::Softmax, Head::Sigmoid] {
            let Some(exact) = loss.on_logits(head) else { continue };
            if loss.config().get("from_logits") == Some(&Value::Bool(true)) {
                // Keras trains on the logits, too, where a loss from logits meets a softmax.
                assert_eq!(format!("{loss:?}"), format!("{exact:?}"));
                continue;
            }
            paired += 1;
            let (t, p) = draw(&*loss, *kind, ROWS, &[4]);
            let z: Vec<f64> = p.iter().map(|p| 4.0 * p - 2.0).collect();
            let p = match head {
                Head::Softmax => softmax(&z),
                Head::Sigmoid => z.iter().map(|z| 1.0 / (1.0 + (-z).exp())).collect(),
            };
            let (a, b) = (values(&*loss, ROWS, &[4], &t, &p), values(&*exact, ROWS, &[4], &t, &z));
            for (a, b) in a.iter().zip(&b) {
                assert!((a - b).abs() < 1e-9, "{class} {config}: {a} and {b}");
            }
            assert_eq!(loss.reduction(), exact.reduction());
        }
    }
    assert!(paired >= 8, "{paired}");
}

/// The gradient of the exact loss behind a softmax, which the cases above do not reach.
#[test]
fn generalized_cross_entropy_is_finite_where_the_class_is_impossible() {
    let exact = build("CategoricalGeneralizedCrossEntropy", "{}").on_logits(Head::Softmax).unwrap();
    let (t, z) = ([0.0], [-2000.0, 0.0, 1.0, 2.0]);
    assert_eq!(values(&*exact, 1, &[4], &t, &z), [2.0]);
    assert!(gradient(&*exact, 1, &[4], &t, &z, &[1.0]).iter().all(|g| g.is_finite()));
    let z = [0.3, -0.2, 1.0, 0.1];
    let got = gradient(&*exact, 1, &[4], &t, &z, &[1.0]);
    for i in 0..4 {
        let at = |h: f64| {
            let mut z = z;
            z[i] += h;
            values(&*exact, 1, &[4], &t, &z)[0]
        };
        assert!((got[i] - (at(1e-6) - at(-1e-6)) / 2e-6).abs() < 1e-8);
    }
}

#[test]
fn nothing_overflows_at_the_ends() {
    let run = |class: &str, config: &str, target: &[f32], prediction: &[f32]| -> (f32, Vec<f32>) {
        let loss = build(class, config);
        let block = Block { rows: 1, shape: &[prediction.len()] };
        let (mut value, mut slope) = ([f32::NAN], vec![f32::NAN; prediction.len()]);
        for isa in Isa::available() {
            loss.values(isa, block, target, prediction, &mut value);
            loss.gradients(isa, block, target, prediction, &[1.0], &mut slope);
            assert!(
                value[0].is_finite() && slope.iter().all(|g| g.is_finite()),
                "{class} {isa}: {value:?} {slope:?}"
            );
        }
        (value[0], slope)
    };
    let logits = r#"{"from_logits": true}"#;
    assert_eq!(run("BinaryCrossentropy", logits, &[1.0], &[-1e4]), (1e4, vec![-1.0]));
    assert_eq!(run("BinaryCrossentropy", logits, &[0.0], &[-200.0]).0, 0.0);
    run("BinaryFocalCrossentropy", logits, &[0.0], &[1e4]);
    run("BinaryFocalCrossentropy", r#"{"gamma": 0.5}"#, &[1.0, 0.0], &[1.0, 0.0]);
    let one_hot = [1.0, 0.0, 0.0];
    assert_eq!(run("CategoricalCrossentropy", logits, &one_hot, &[-1e4, 1e4, 0.0]).0, 2e4);
    // A class that cannot be, and is not.
    assert_eq!(run("CategoricalCrossentropy", logits, &one_hot, &[0.0, f32::NEG_INFINITY, 0.0]).1[1], 0.0);
    run("CategoricalCrossentropy", "{}", &one_hot, &[0.0, 1.0, 0.0]);
    run("CategoricalFocalCrossentropy", logits, &one_hot, &[-1e4, 1e4, 0.0]);
    run("SparseCategoricalCrossentropy", logits, &[0.0], &[-1e4, 1e4, 0.0]);
    run("SparseCategoricalCrossentropy", "{}", &[0.0], &[0.0, 1.0, 0.0]);
    run("LogCosh", "{}", &[0.0], &[3e38]);
    run("CosineSimilarity", "{}", &[0.0, 0.0], &[0.0, 0.0]);
    run("KLDivergence", "{}", &[1.0, 0.0], &[0.0, 1.0]);
    run("Dice", "{}", &[0.0, 0.0], &[0.0, 0.0]);
    // Near 0 no digit is lost: ln cosh e ≈ e²/2.
    let small = run("LogCosh", "{}", &[0.0], &[1e-3]).0;
    assert!((small - 5e-7).abs() < 1e-12, "{small}");
    // What is not a number stays visible.
    let mut value = [0.0];
    for (class, config, kind) in CASES.iter().filter(|c| !matches!(c.2, Kind::Labels)) {
        let loss = build(class, config);
        let target: &[f64] = if *kind == Kind::LabelsOfLogits { &[0.0] } else { &[1.0, 0.0] };
        if loss.extent(&Shape::from([1, 2])).at(1) == 1 {
            loss.values64(Block { rows: 1, shape: &[1, 2] }, target, &[f64::NAN, 0.5], &mut value);
            assert!(value[0].is_nan(), "{class} {config}: {value:?}");
        }
    }
}

#[test]
fn the_reduction_is_the_slope_of_its_value() {
    let (values, weights, target) = ([1.0, -2.0, 0.5, 4.0], [0.3, 1.7], [0.0, 9.0, 1.0, 2.0]);
    for kind in [Reduction::Mean, Reduction::Sum, Reduction::WeightedMean] {
        for ignore in [None, Some(9.0)] {
            for weights in [None, Some(&weights[..])] {
                let at = |values: &[f64; 4]| {
                    let mut cotangent = [f64::NAN; 4];
                    (reduce(kind, values, weights, &target, ignore, 3.0, &mut cotangent), cotangent)
                };
                let (value, cotangent) = at(&values);
                for i in 0..4 {
                    let mut moved = values;
                    moved[i] += 1.0;
                    assert!((3.0 * (at(&moved).0 - value) - cotangent[i]).abs() < 1e-12, "{kind:?} {i}");
                }
            }
        }
    }
}
