//! The laws of the optimizers' rules: loops agree with their f64 oracle, special values stay where they are, settings are
//! read and written alike, and bad ones are refused in words.
// A test that fails may panic, its helpers too.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use steadygrad_kernels::Isa;
use steadygrad_nn::config::{Config, Value};
use steadygrad_nn::optimizers::{CATALOG, Initial, Optimizer, Rule, Tensor, Tick};

fn built(class: &str, config: Config) -> Result<Optimizer, String> {
    let spec = Config::new().with("class_name", class).with("config", config);
    Optimizer::from_value(&spec.into()).map_err(|e| e.to_string())
}

/// Every rule with its defaults, and with the settings that lead to other formulas.
fn rules() -> Vec<Arc<dyn Rule>> {
    let mut specs: Vec<(&str, Config)> = CATALOG.iter().map(|entry| (entry.class, Config::new())).collect();
    specs.push(("SGD", Config::new().with("momentum", 0.9)));
    specs.push(("SGD", Config::new().with("momentum", 0.9).with("nesterov", true)));
    specs.push(("Adam", Config::new().with("amsgrad", true)));
    specs.push(("AdamW", Config::new().with("amsgrad", true)));
    for (momentum, centered) in [(0.5, false), (0.0, true), (0.5, true)] {
        specs.push(("RMSprop", Config::new().with("momentum", momentum).with("centered", centered)));
    }
    let ftrl = Config::new().with("learning_rate_power", -0.3).with("l1_regularization_strength", 0.05);
    specs.push(("Ftrl", ftrl.with("l2_shrinkage_regularization_strength", 0.1).with("beta", 0.2)));
    specs.push(("Muon", Config::new().with("nesterov", false).with("rms_rate", Value::Null)));
    specs.push(("ScheduleFreeAdamW", Config::new().with("warmup_steps", 4)));
    specs.into_iter().map(|(class, config)| built(class, config).unwrap().rule).collect()
}

fn numbers(n: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect()
}

/// A parameter under a rule, in both precisions.
struct Run<'a> {
    rule: &'a dyn Rule,
    shape: &'a [usize],
    weights: Vec<f32>,
    memories: Vec<Vec<f32>>,
    scratch: Vec<f32>,
    scalars: Vec<f64>,
}

impl<'a> Run<'a> {
    fn new(rule: &'a dyn Rule, shape: &'a [usize]) -> Run<'a> {
        let weights = numbers(shape.iter().product(), 7);
        let memories = rule
            .memories("dense/kernel", shape)
            .iter()
            .map(|memory| match memory.initial {
                Initial::Value(value) => vec![value as f32; memory.shape.iter().product()],
                Initial::Weights => weights.clone(),
            })
            .collect();
        let scratch = vec![f32::NAN; rule.scratch(shape)];
        Run { rule, shape, weights, memories, scratch, scalars: rule.scalars() }
    }

    fn step(&mut self, isa: Isa, step: u64, gradient: &[f32]) {
        let tick = Tick { step, learning_rate: 0.05 };
        self.rule.advance(&tick, &mut self.scalars);
        let mut memories: Vec<&mut [f32]> = self.memories.iter_mut().map(Vec::as_mut_slice).collect();
        let tensor = Tensor {
            shape: self.shape,
            weights: &mut self.weights,
            gradient,
            memories: &mut memories,
            scratch: &mut self.scratch,
        };
        self.rule.update(isa, &tick, &self.scalars, tensor);
    }
}

fn run64(rule: &dyn Rule, shape: &[usize], gradients: &[Vec<f32>]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let start = Run::new(rule, shape);
    let double = |x: &[f32]| -> Vec<f64> { x.iter().map(|&x| x.into()).collect() };
    let (mut weights, mut scalars) = (double(&start.weights), start.scalars);
    let mut memories: Vec<Vec<f64>> = start.memories.iter().map(|m| double(m)).collect();
    let mut scratch = vec![f64::NAN; start.scratch.len()];
    for (t, gradient) in gradients.iter().enumerate() {
        let tick = Tick { step: t as u64 + 1, learning_rate: 0.05 };
        rule.advance(&tick, &mut scalars);
        let mut memories: Vec<&mut [f64]> = memories.iter_mut().map(Vec::as_mut_slice).collect();
        let (gradient, memories) = (&double(gradient)[..], &mut memories[..]);
        let tensor = Tensor { shape, weights: &mut weights, gradient, memories, scratch: &mut scratch };
        rule.update64(&tick, &scalars, tensor);
    }
    (weights, memories)
}

const SHAPES: [&[usize]; 8] = [&[], &[1], &[37], &[5, 7], &[70, 3], &[1, 9], &[2, 3, 4], &[0, 4]];

#[test]
fn every_loop_agrees_with_its_oracle_on_every_instruction_set() {
    for rule in rules() {
        // Newton and Schulz's iteration multiplies small errors: its factors are above 3.
        let tolerance = if rule.class() == "Muon" { 1e-4 } else { 2e-5 };
        for shape in SHAPES {
            let n = shape.iter().product();
            let gradients: Vec<Vec<f32>> = (0..8).map(|t| numbers(n, 100 + t)).collect();
            let (weights, memories) = run64(&*rule, shape, &gradients);
            for isa in Isa::available() {
                let mut run = Run::new(&*rule, shape);
                for (t, gradient) in gradients.iter().enumerate() {
                    run.step(isa, t as u64 + 1, gradient);
                }
                let all = std::iter::once((&run.weights, &weights)).chain(run.memories.iter().zip(&memories));
                for (j, (got, want)) in all.enumerate() {
                    for (got, want) in got.iter().zip(want) {
                        let error = (f64::from(*got) - want).abs();
                        assert!(
                            error <= tolerance * (1.0 + want.abs()),
                            "{rule:?} {shape:?} {isa} array {j}: {got} instead of {want}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn the_gradient_is_gone_down() {
    for rule in rules().iter().filter(|rule| rule.class() != "Ftrl") {
        for shape in [&[6, 4][..], &[24]] {
            let mut run = Run::new(&**rule, shape);
            let size = |w: &[f32]| w.iter().map(|w| w * w).sum::<f32>();
            let before = size(&run.weights);
            for step in 1..=10 {
                let gradient: Vec<f32> = run.weights.iter().map(|w| 2.0 * w).collect();
                run.step(Isa::best(), step, &gradient);
            }
            assert!(size(&run.weights) < before, "{rule:?}");
        }
    }
}

#[test]
fn without_a_gradient_nothing_moves() {
    for rule in rules() {
        let mut run = Run::new(&*rule, &[4, 3]);
        let before = run.weights.clone();
        for step in 1..=3 {
            run.step(Isa::best(), step, &[0.0; 12]);
        }
        match rule.class() {
            // The leader is followed from the memories alone, which say 0; shrinkage is a gradient of its own.
            "Ftrl" => assert!(run.weights.iter().all(|w| w.is_finite())),
            // From the average and back is not exact.
            "ScheduleFreeAdamW" => {
                assert!(run.weights.iter().zip(&before).all(|(a, b)| (a - b).abs() < 1e-6), "{rule:?}");
            }
            _ => assert_eq!(run.weights, before, "{rule:?}"),
        }
    }
}

#[test]
fn elementwise_rules_keep_nan_and_infinity_to_their_element() {
    for rule in rules().iter().filter(|rule| rule.elementwise()) {
        for special in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for isa in Isa::available() {
                let (mut ill, mut well) = (Run::new(&**rule, &[40]), Run::new(&**rule, &[40]));
                for step in 1..=3 {
                    let mut gradient = numbers(40, step);
                    well.step(isa, step, &gradient);
                    gradient[17] = special;
                    ill.step(isa, step, &gradient);
                }
                for i in (0..40).filter(|&i| i != 17) {
                    assert_eq!(ill.weights[i], well.weights[i], "{rule:?} {isa}");
                }
                if special.is_nan() {
                    assert!(ill.weights[17].is_nan(), "{rule:?} hides a NaN");
                }
            }
        }
    }
}

#[test]
fn rules_over_whole_parameters_show_a_nan() {
    for rule in rules().iter().filter(|rule| !rule.elementwise()) {
        let mut run = Run::new(&**rule, &[4, 5]);
        let mut gradient = numbers(20, 3);
        gradient[6] = f32::NAN;
        run.step(Isa::best(), 1, &gradient);
        assert!(run.weights[6].is_nan(), "{rule:?}");
    }
}

#[test]
fn settings_go_out_as_they_came_in() {
    for entry in CATALOG {
        for name in std::iter::once(&entry.class).chain(entry.names) {
            for name in [name.to_string(), name.to_uppercase(), name.to_lowercase()] {
                let optimizer = Optimizer::from_value(&name.as_str().into()).unwrap();
                assert_eq!(optimizer.rule.class(), entry.class);
                let again = Optimizer::from_value(&Value::from(&optimizer)).unwrap();
                assert_eq!(again.config(), optimizer.config());
            }
        }
        let full = Config::new()
            .with(
                "learning_rate",
                Config::new().with("class_name", "ExponentialDecay").with(
                    "config",
                    Config::new()
                        .with("initial_learning_rate", 0.1)
                        .with("decay_steps", 4)
                        .with("decay_rate", 0.5),
                ),
            )
            .with("name", "mine")
            .with("weight_decay", 0.25)
            .with("clipvalue", 0.5)
            .with("use_ema", true)
            .with("ema_momentum", 0.75)
            .with("ema_overwrite_frequency", 3)
            .with("loss_scale_factor", 8.0)
            .with("gradient_accumulation_steps", 2)
            .with("exclude_from_weight_decay", vec!["bias"]);
        let optimizer = built(entry.class, full.clone()).unwrap();
        let config = optimizer.config();
        for (name, value) in full.iter().filter(|(name, _)| *name != "learning_rate") {
            assert_eq!(config.get(name), Some(value), "{}", entry.class);
        }
        let again = Optimizer::from_value(&Value::from(&optimizer)).unwrap();
        assert_eq!(again.config(), config);
        assert_eq!(Config::from_json(&config.to_json()).unwrap(), config);
    }
}

#[test]
fn bad_settings_are_refused_and_named() {
    let one = |name: &str, value: f64| Config::new().with(name, value);
    let null = |name: &str| Config::new().with(name, Value::Null);
    let cases: Vec<(&str, Config, &str)> = vec![
        ("AdamW", null("weight_decay"), "use Adam"),
        ("Lion", one("beta_1", 0.0), "above 0"),
        ("Lion", one("beta_1", 1.5), "below 1"),
        ("ScheduleFreeAdamW", one("beta_1", 0.0), "above 0"),
        ("SGD", one("momentum", -0.1), "between 0 and 1"),
        ("Adam", one("beta_2", 1.0), "below 1"),
        ("Adam", one("epsilon", -1.0), "0 or more"),
        ("Adam", one("learning_rate", f64::NAN), "finite"),
        ("Adam", one("clipnorm", -1.0), "above 0"),
        ("Adam", one("clipnorm", 1.0).with("clipvalue", 1.0), "the only one"),
        ("Adam", one("loss_scale_factor", 0.0), "above 0"),
        ("Adam", Config::new().with("gradient_accumulation_steps", 1), "2 or more"),
        ("Adam", Config::new().with("ema_overwrite_frequency", 0).with("use_ema", true), "1 or more"),
        ("Adam", one("ema_momentum", 1.5).with("use_ema", true), "between 0 and 1"),
        ("Adam", one("lr", 0.1), "write `learning_rate`"),
        ("Adam", one("betta_1", 0.1), "did you mean `beta_1`?"),
        ("Adamm", Config::new(), "did you mean `adam`?"),
        ("Ftrl", one("learning_rate_power", 0.5), "0 or less"),
        ("Ftrl", one("l1_regularization_strength", -1.0), "0 or more"),
        ("Adagrad", one("initial_accumulator_value", -1.0), "0 or more"),
        ("Adafactor", one("clip_threshold", 0.0), "above 0"),
        ("Adafactor", one("beta_2_decay", 0.8), "0 or less"),
    ];
    for (class, config, words) in cases {
        let shown = format!("{config:?}");
        let error = built(class, config).expect_err(&shown);
        assert!(error.contains(words), "{shown}: {error}");
    }
    // What files of Keras 2 have, and a decay that Keras 3 would pass over.
    let legacy = one("decay", 0.0).with("jit_compile", false).with("is_legacy_optimizer", false);
    assert!(built("SGD", legacy).is_ok());
    let error = built("SGD", one("decay", 1e-6)).unwrap_err();
    assert!(error.contains("`decay` must be 0 or left out"), "{error}");
}

#[test]
fn muon_leaves_to_adam_what_is_no_plain_matrix() {
    let config = Config::new().with("exclude_layers", vec!["head"]).with("adam_weight_decay", Value::Null);
    let muon = built("Muon", config).unwrap();
    let adam = |path: &str, shape: &[usize]| muon.rule.memories(path, shape).len() == 2;
    assert!(!adam("dense/kernel", &[4, 4]));
    assert!(adam("dense/bias", &[4]) && adam("head/kernel", &[4, 4]) && adam("conv/kernel", &[3, 3, 4, 4]));
    assert!(adam("Embedding/table", &[100, 4]));
    assert_eq!(muon.decay_of("dense/kernel", &[4, 4]), Some(0.004));
    assert_eq!(muon.decay_of("head/kernel", &[4, 4]), None);
}

#[test]
fn muons_step_is_nearly_orthogonal() {
    let muon = built("Muon", Config::new().with("rms_rate", Value::Null).with("ns_steps", 8)).unwrap();
    for shape in [&[6, 6][..], &[4, 9], &[9, 4]] {
        let mut run = Run::new(&*muon.rule, shape);
        let before = run.weights.clone();
        run.step(Isa::best(), 1, &numbers(shape[0] * shape[1], 5));
        let step: Vec<f32> = run.weights.iter().zip(&before).map(|(a, b)| (b - a) / 0.05).collect();
        let square: f32 = step.iter().map(|x| x * x).sum();
        // The squared singular values add up to the squared norm; each is between 0.7 and 1.2, squared.
        let mean = square / shape[0].min(shape[1]) as f32;
        assert!((0.4..1.5).contains(&mean), "{shape:?}: {mean}");
    }
}
