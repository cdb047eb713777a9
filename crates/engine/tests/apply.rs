//! The laws of the applier: its order of doing things, gathering, averages, clipping, its state, and its errors.

use std::sync::Arc;
use steadygrad_engine::apply::{Applier, Ask, ParamSpec, Stored};
use steadygrad_kernels::{Cpu, Isa, Kind};
use steadygrad_nn::config::{Config, Value};
use steadygrad_nn::constraints::{NonNeg, UnitNorm};
use steadygrad_nn::optimizers::{Adam, AdamW, CATALOG, Mode, Optimizer, ScheduleFreeAdamW, Sgd};
use steadygrad_nn::schedules::ExponentialDecay;

fn table(shapes: &[(&str, &[usize])]) -> Vec<ParamSpec> {
    let mut offset = 0;
    shapes
        .iter()
        .map(|&(path, shape)| {
            let len = shape.iter().product();
            offset += len;
            ParamSpec {
                path: path.into(),
                shape: shape.to_vec(),
                offset: offset - len,
                len,
                constraint: None,
            }
        })
        .collect()
}

fn one(len: usize) -> Vec<ParamSpec> {
    table(&[("dense/kernel", &[len])])
}

fn two() -> Vec<ParamSpec> {
    table(&[("dense/kernel", &[5, 3]), ("dense/bias", &[3])])
}

fn numbers(n: usize, seed: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 37 + seed * 101) % 67) as f32 / 33.0 - 1.0).collect()
}

fn apply(applier: &mut Applier, weights: &mut [f32], gradient: &[f32]) -> steadygrad_engine::apply::Applied {
    let ask = Ask { norms: true, ..Ask::default() };
    applier.apply(Cpu::best(), ask, weights, &mut gradient.to_vec())
}

#[test]
fn decay_comes_before_the_update_and_constraints_come_last() {
    let mut params = one(2);
    params[0].constraint = Some(Arc::new(NonNeg));
    let optimizer = Optimizer::new(Sgd::new(0.5)).weight_decay(0.5).clipvalue(1.0).loss_scale_factor(2.0);
    let mut applier = Applier::new(&optimizer, &params).unwrap();
    let mut weights = [4.0, 0.25];
    let applied = apply(&mut applier, &mut weights, &[8.0, 1.0]);
    // 8/2 is clipped to 1: 4 − 4·¼ − ½; 1/2 is not: 0.25·¾ − ¼ < 0.
    assert_eq!(weights, [2.5, 0.0]);
    assert!(applied.clipped && applied.updated);
    assert!((applied.gradient_norm_before.unwrap() - 16.25_f64.sqrt()).abs() < 1e-12);
    assert!((applied.gradient_norm_after.unwrap() - 1.25_f64.sqrt()).abs() < 1e-12);
    assert_eq!(applied.learning_rate, 0.5);
}

#[test]
fn gathered_steps_do_nothing_and_then_use_the_mean() {
    let plain = Optimizer::new(AdamW::new(0.1)).ema(0.5);
    let gathering = plain.clone().gradient_accumulation_steps(3);
    let (mut a, mut b) = (Applier::new(&plain, &one(4)).unwrap(), Applier::new(&gathering, &one(4)).unwrap());
    let (mut wa, mut wb) = (vec![1.0; 4], vec![1.0; 4]);
    for round in 0..4 {
        let parts: Vec<Vec<f32>> = (0..3).map(|i| numbers(4, 3 * round + i)).collect();
        let mean: Vec<f32> = (0..4).map(|i| (parts[2][i] + (parts[0][i] + parts[1][i])) / 3.0).collect();
        let before = wb.clone();
        for part in &parts[..2] {
            assert!(!apply(&mut b, &mut wb, part).updated);
            assert_eq!(wb, before);
        }
        assert!(apply(&mut b, &mut wb, &parts[2]).updated);
        apply(&mut a, &mut wa, &mean);
        assert_eq!(wa, wb);
    }
    assert_eq!((b.iterations(), b.updates()), (12, 4));
    a.finalize(&mut wa);
    b.finalize(&mut wb);
    assert_eq!(wa, wb);
}

#[test]
fn the_average_begins_with_the_first_weights_and_overwrites_in_time() {
    let optimizer = Optimizer::new(Sgd::new(1.0)).ema(0.5).ema_overwrite_frequency(3);
    let mut applier = Applier::new(&optimizer, &one(1)).unwrap();
    let mut weights = [8.0];
    // Without an update there is no average.
    applier.finalize(&mut weights);
    assert_eq!(weights, [8.0]);
    let seen: Vec<f32> = (0..3)
        .map(|_| {
            apply(&mut applier, &mut weights, &[2.0]);
            weights[0]
        })
        .collect();
    // Weights 6, 4, 2; averages 6, 5, 3.5, which is what the weights become.
    assert_eq!(seen, [6.0, 4.0, 3.5]);
}

#[test]
fn norms_are_clipped_by_parameter_or_together() {
    let gradient: Vec<f32> = [vec![0.0; 13], vec![3.0, 4.0], vec![0.3, 0.0, 0.4]].concat();
    let mut weights = vec![0.0; 18];
    let each = Optimizer::new(Sgd::new(1.0)).clipnorm(1.0);
    let applied = apply(&mut Applier::new(&each, &two()).unwrap(), &mut weights, &gradient);
    assert_eq!(weights[13..], [-0.6, -0.8, -0.3, 0.0, -0.4]);
    assert!((applied.gradient_norm_before.unwrap() - 25.25_f64.sqrt()).abs() < 1e-6);
    assert!((applied.gradient_norm_after.unwrap() - 1.25_f64.sqrt()).abs() < 1e-6);

    let together = Optimizer::new(Sgd::new(1.0)).global_clipnorm(1.0);
    weights.fill(0.0);
    let applied = apply(&mut Applier::new(&together, &two()).unwrap(), &mut weights, &gradient);
    let norm = 25.25_f32.sqrt();
    assert!((weights[13] + 3.0 / norm).abs() < 1e-6 && (weights[17] + 0.4 / norm).abs() < 1e-6);
    assert!((applied.gradient_norm_after.unwrap() - 1.0).abs() < 1e-12);

    let loose = Optimizer::new(Sgd::new(1.0)).global_clipnorm(6.0);
    weights.fill(0.0);
    let applied = apply(&mut Applier::new(&loose, &two()).unwrap(), &mut weights, &gradient);
    assert_eq!(weights[13], -3.0);
    assert!(!applied.clipped);
}

#[test]
fn a_nan_stays_in_its_parameter_unless_all_are_clipped_together() {
    for entry in CATALOG {
        let optimizer = Optimizer::from_value(&entry.class.into()).unwrap();
        for (clip, spreads) in [(None, false), (Some("clipnorm"), false), (Some("global_clipnorm"), true)] {
            let mut optimizer = optimizer.clone();
            match clip {
                Some("clipnorm") => optimizer = optimizer.clipnorm(1.0),
                Some(_) => optimizer = optimizer.global_clipnorm(1.0),
                None => {}
            }
            let mut applier = Applier::new(&optimizer, &two()).unwrap();
            let mut weights = numbers(18, 1);
            let mut gradient = numbers(18, 2);
            gradient[16] = f32::NAN;
            let applied = apply(&mut applier, &mut weights, &gradient);
            assert!(applied.gradient_norm_before.unwrap().is_nan(), "{}", entry.class);
            assert!(weights[16].is_nan(), "{} {clip:?}", entry.class);
            assert_eq!(weights[..15].iter().any(|w| w.is_nan()), spreads, "{} {clip:?}", entry.class);
        }
    }
}

#[test]
fn a_huge_gradient_is_clipped_and_an_infinite_one_shows() {
    let optimizer = Optimizer::new(Sgd::new(1.0)).clipnorm(1.0);
    let mut applier = Applier::new(&optimizer, &one(2)).unwrap();
    let mut weights = [0.0; 2];
    // Its square is no f32.
    apply(&mut applier, &mut weights, &[3e30, 4e30]);
    assert!((weights[0] + 0.6).abs() < 1e-6 && (weights[1] + 0.8).abs() < 1e-6);
    let applied = apply(&mut applier, &mut weights, &[f32::INFINITY, 1.0]);
    assert_eq!(applied.gradient_norm_before, Some(f64::INFINITY));
    assert!(applied.gradient_norm_after.unwrap().is_nan(), "nothing is left of it");
    assert!(applied.clipped && weights[0].is_nan());
}

#[test]
fn norms_are_taken_only_where_somebody_reads_them() {
    let mut weights = vec![0.0; 2];
    let plain = Optimizer::new(Sgd::new(1.0));
    let mut applier = Applier::new(&plain, &one(2)).unwrap();
    let applied = applier.apply(Cpu::best(), Ask::default(), &mut weights, &mut [3.0, 4.0]);
    assert_eq!((applied.gradient_norm_before, applied.gradient_norm_after), (None, None));
    let mut applier = Applier::new(&plain.global_clipnorm(1.0), &one(2)).unwrap();
    let applied = applier.apply(Cpu::best(), Ask::default(), &mut weights, &mut [3.0, 4.0]);
    assert_eq!((applied.gradient_norm_before, applied.clipped), (Some(5.0), true));
}

#[test]
fn a_gradient_that_is_not_finite_is_held_if_asked() {
    let hold = Ask { hold: true, ..Ask::default() };
    for entry in CATALOG {
        for gathering in [None, Some(2)] {
            let mut optimizer = Optimizer::from_value(&entry.class.into()).unwrap().loss_scale_factor(3.0);
            optimizer.gradient_accumulation_steps = gathering;
            let mut applier = Applier::new(&optimizer, &two()).unwrap();
            let mut weights = numbers(18, 1);
            for step in 0..3 {
                assert!(!applier.apply(Cpu::best(), hold, &mut weights, &mut numbers(18, step)).held);
            }
            let (kept, state) = (weights.clone(), applier.variables());
            let mut gradient = numbers(18, 9);
            gradient[3] = f32::INFINITY;
            let fed = gradient.clone();
            let applied = applier.apply(Cpu::best(), hold, &mut weights, &mut gradient);
            assert!(applied.held && !applied.updated && gradient == fed, "{}", entry.class);
            assert_eq!((weights, applier.variables()), (kept, state), "{}", entry.class);
        }
    }
}

#[test]
fn every_rule_goes_on_from_its_saved_state_bit_for_bit() {
    for entry in CATALOG {
        for accumulate in [false, true] {
            let mut optimizer = Optimizer::from_value(&entry.class.into()).unwrap().ema(0.9);
            optimizer.gradient_accumulation_steps = accumulate.then_some(2);
            let mut applier = Applier::new(&optimizer, &two()).unwrap();
            let mut weights = numbers(18, 0);
            for step in 0..5 {
                apply(&mut applier, &mut weights, &numbers(18, step));
            }
            let mut other = Applier::new(&optimizer, &two()).unwrap();
            other.set_variables(&applier.variables()).unwrap();
            assert_eq!(other.variables(), applier.variables());
            let (mut copy, mut cloned, mut clone) = (weights.clone(), weights.clone(), applier.clone());
            for step in 5..10 {
                apply(&mut applier, &mut weights, &numbers(18, step));
                apply(&mut other, &mut copy, &numbers(18, step));
                apply(&mut clone, &mut cloned, &numbers(18, step));
            }
            assert_eq!(weights, copy, "{}", entry.class);
            assert_eq!(weights, cloned, "{}", entry.class);
        }
    }
}

#[test]
fn variables_are_named_and_ordered_as_in_keras() {
    let optimizer = Optimizer::from_value(&Value::from(
        Config::new()
            .with("class_name", "Adam")
            .with("config", Config::new().with("amsgrad", true).with("use_ema", true)),
    ))
    .unwrap()
    .gradient_accumulation_steps(2);
    let params = table(&[("sequential/dense/kernel", &[2, 3]), ("sequential/dense/bias", &[3])]);
    let variables = Applier::new(&optimizer, &params).unwrap().variables();
    let names: Vec<&str> = variables.iter().map(|v| v.name.strip_prefix("adam/").unwrap()).collect();
    let want = [
        "iteration",
        "learning_rate",
        "sequential_dense_kernel_average",
        "sequential_dense_kernel_gradient_accumulator",
        "sequential_dense_bias_average",
        "sequential_dense_bias_gradient_accumulator",
        "sequential_dense_kernel_momentum",
        "sequential_dense_kernel_velocity",
        "sequential_dense_bias_momentum",
        "sequential_dense_bias_velocity",
        "sequential_dense_kernel_velocity_hat",
        "sequential_dense_bias_velocity_hat",
    ];
    assert_eq!(names, want);
    assert_eq!(variables[6].shape, [2, 3]);
    let scheduled = Optimizer::new(Sgd::new(ExponentialDecay::new(0.1, 10, 0.5)));
    assert_eq!(Applier::new(&scheduled, &params).unwrap().variables().len(), 1);
}

#[test]
fn a_state_that_does_not_fit_is_refused_and_changes_nothing() {
    let mut applier = Applier::new(&Optimizer::new(Adam::new(0.1)), &two()).unwrap();
    apply(&mut applier, &mut numbers(18, 0), &numbers(18, 1));
    let before = applier.variables();
    let mut short = before.clone();
    short.pop();
    let mut bent = before.clone();
    bent[2].shape = vec![3, 5];
    let mut negative = before.clone();
    negative[0].value = Stored::Numbers(vec![-1.0]);
    let mut counted = before.clone();
    counted[3].value = Stored::Count(3);
    for (state, words) in [
        (short, "5 variables"),
        (bent, "[5, 3]"),
        (negative, "whole number"),
        (counted, "dense_kernel_velocity"),
    ] {
        let error = applier.set_variables(&state).unwrap_err();
        assert_eq!(error.kind(), Kind::Shape);
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(applier.variables(), before);
    }
}

#[test]
fn the_learning_rate_is_kept_as_f32_and_a_schedule_cannot_be_set() {
    let mut applier = Applier::new(&Optimizer::new(Sgd::new(0.1)), &one(1)).unwrap();
    assert_eq!(applier.learning_rate(), f64::from(0.1_f32));
    for _ in 0..3 {
        applier.set_learning_rate(applier.learning_rate() * 0.5).unwrap();
    }
    assert_eq!(applier.learning_rate(), f64::from(0.1_f32 * 0.5 * 0.5 * 0.5));
    for rate in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(applier.set_learning_rate(rate).is_err());
    }
    let mut weights = [1.0];
    let ask = Ask { learning_rate: Some(0.5), ..Ask::default() };
    let applied = applier.apply(Cpu::best(), ask, &mut weights, &mut [1.0]);
    assert_eq!((weights[0], applied.learning_rate), (0.5, 0.5));

    let scheduled =
        Optimizer::new(Sgd::new(ExponentialDecay::new(1.0, 1, 0.5))).gradient_accumulation_steps(2);
    let mut applier = Applier::new(&scheduled, &one(1)).unwrap();
    assert!(applier.set_learning_rate(0.1).unwrap_err().to_string().contains("ExponentialDecay"));
    // A schedule counts all steps, also those that only gather.
    let rates: Vec<f64> = (0..3).map(|_| apply(&mut applier, &mut weights, &[0.0]).learning_rate).collect();
    assert_eq!(rates, [1.0, 0.5, 0.25]);
}

#[test]
fn words_exclude_parameters_from_decay_across_pieces() {
    let params = table(&[("a/kernel", &[9000]), ("a/bias", &[3]), ("b/kernel", &[20_000]), ("b/bias", &[5])]);
    let optimizer = Optimizer::new(Sgd::new(1.0)).weight_decay(0.5).exclude_from_weight_decay(["bias"]);
    let mut applier = Applier::new(&optimizer, &params).unwrap();
    let mut weights = vec![1.0; 29_008];
    apply(&mut applier, &mut weights, &vec![0.0; 29_008]);
    for param in &params {
        let want = if param.path.ends_with("bias") { 1.0 } else { 0.5 };
        let own = &weights[param.offset..param.offset + param.len];
        assert!(own.iter().all(|w| *w == want), "{}", param.path);
    }
}

#[test]
fn pieces_and_parameters_do_not_show_in_the_bits() {
    for entry in CATALOG {
        let optimizer = Optimizer::from_value(&entry.class.into()).unwrap();
        if !optimizer.rule.elementwise() {
            continue;
        }
        for isa in Isa::available() {
            let whole = one(20_011);
            let parts = table(&[("a", &[7]), ("b", &[12_345]), ("c", &[0]), ("d", &[7659])]);
            let start = numbers(20_011, 3);
            let (mut a, mut b) = (start.clone(), start);
            let mut first = Applier::new(&optimizer, &whole).unwrap();
            let mut second = Applier::new(&optimizer, &parts).unwrap();
            for step in 0..3 {
                first.apply(Cpu::alone(isa), Ask::default(), &mut a, &mut numbers(20_011, step));
                second.apply(Cpu::alone(isa), Ask::default(), &mut b, &mut numbers(20_011, step));
            }
            assert_eq!(a, b, "{} {isa}", entry.class);
        }
    }
}

#[test]
fn nothing_to_train_is_fine() {
    for entry in CATALOG {
        let optimizer = Optimizer::from_value(&entry.class.into()).unwrap().global_clipnorm(1.0).ema(0.9);
        for params in [vec![], table(&[("empty", &[0, 3])])] {
            let mut applier = Applier::new(&optimizer, &params).unwrap();
            assert!(applier.is_empty());
            let applied = applier.apply(Cpu::best(), Ask::default(), &mut [], &mut []);
            assert!(!applied.updated && applied.gradient_norm_before == Some(0.0));
            assert!(!applier.variables().is_empty());
        }
    }
}

#[test]
fn tables_and_constraints_that_do_not_fit_are_refused() {
    let optimizer = Optimizer::new(Adam::new(0.1));
    let mut gap = two();
    gap[1].offset += 1;
    assert!(Applier::new(&optimizer, &gap).unwrap_err().to_string().contains("dense/bias"));
    let mut wrong = two();
    wrong[0].shape = vec![4, 4];
    assert!(Applier::new(&optimizer, &wrong).unwrap_err().to_string().contains("dense/kernel"));
    let mut axis = two();
    axis[1].constraint = Some(Arc::new(UnitNorm::new().axis(1)));
    let error = Applier::new(&optimizer, &axis).unwrap_err().to_string();
    assert!(error.contains("dense/bias") && error.contains("axis 1"), "{error}");
    assert_eq!(Applier::bytes(&optimizer, &two()).unwrap(), 18 * 2 * 4);
}

#[test]
fn schedule_free_weights_go_to_their_average_and_back() {
    let optimizer = Optimizer::new(ScheduleFreeAdamW::new(0.1));
    let mut applier = Applier::new(&optimizer, &one(4)).unwrap();
    let mut weights = numbers(4, 1);
    let start = weights.clone();
    applier.swap(Isa::best(), Mode::Evaluate, &mut weights);
    assert_eq!(weights, start, "nothing to go to before the first update");
    let mut steps = Vec::new();
    for step in 0..6 {
        apply(&mut applier, &mut weights, &numbers(4, step));
        let Stored::Numbers(z) = applier.variables()[2].value.clone() else { panic!("z is an array") };
        steps.push(z);
    }
    let train = weights.clone();
    applier.swap(Isa::best(), Mode::Evaluate, &mut weights);
    for i in 0..4 {
        let mean = steps.iter().map(|z| z[i]).sum::<f32>() / 6.0;
        assert!((weights[i] - mean).abs() < 1e-5, "the average of all z: {} {mean}", weights[i]);
    }
    applier.swap(Isa::best(), Mode::Train, &mut weights);
    assert!(weights.iter().zip(&train).all(|(a, b)| (a - b).abs() < 1e-6));
}
