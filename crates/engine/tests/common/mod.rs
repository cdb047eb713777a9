//! What the law tests share: a model with random numbers in it, run by the executor and by the oracle.
#![allow(dead_code)] // each test file uses a part

use std::collections::HashSet;
use std::sync::Arc;
use steadygrad_engine::fuse::fuse;
use steadygrad_engine::oracle::Oracle;
use steadygrad_engine::plan::Plan;
use steadygrad_engine::run::{Batch, run};
use steadygrad_kernels::arena::Arena;
use steadygrad_kernels::random::{Purpose as Draws, Stream};
use steadygrad_kernels::{Cpu, Isa};
use steadygrad_nn::builder::Mode;
use steadygrad_nn::losses::{Loss, MeanSquaredError};
use steadygrad_nn::model::{Objective, Purpose};
use steadygrad_nn::recipe::{Home, Recipe};
use steadygrad_nn::step::Slot;
use steadygrad_nn::{Model, Shape};

/// Standard normal numbers of this key.
pub fn normals(key: &str, n: usize) -> Vec<f32> {
    let stream = Stream::new(0, Draws::Other, key);
    (0..n).map(|i| stream.normal(0, i as u64) as f32).collect()
}

/// A model lowered for training with a loss on every output, and gradients for its inputs.
pub fn training(model: &Model, loss: Arc<dyn Loss>, mode: Mode) -> Recipe {
    let outputs = model.output_shapes().expect("shapes fit").len();
    let objectives = (0..outputs)
        .map(|output| Objective { output, loss: loss.clone(), weight: 0.5 + output as f64 })
        .collect();
    let purpose = Purpose { mode, seed: 7, objectives, input_gradients: true };
    model.lower(&purpose).expect("the model can be lowered")
}

/// Mean squared error.
pub fn mse() -> Arc<dyn Loss> {
    Arc::new(MeanSquaredError)
}

/// Numbers for everything that is fed or kept: inputs, targets, weights of samples, parameters, state.
pub fn feed(recipe: &Recipe, rows: usize, target: impl Fn(usize) -> f32) -> Vec<(Slot, Vec<f32>)> {
    let mut all = Vec::new();
    for (slot, info) in recipe.slots.iter().enumerate() {
        let n = info.extent.at(rows);
        let slot = Slot(slot as u32);
        match info.home {
            Home::Parameter => {
                all.push((slot, normals(&format!("p{slot}"), n).iter().map(|x| 0.5 * x + 0.1).collect()));
            }
            // Variances must be positive.
            Home::State => {
                all.push((slot, normals(&format!("s{slot}"), n).iter().map(|x| x.abs() + 0.3).collect()))
            }
            Home::Feed if recipe.targets.contains(&slot) => all.push((slot, (0..n).map(&target).collect())),
            Home::Feed if recipe.sample_weights.contains(&slot) => {
                all.push((slot, (0..n).map(|i| 0.5 + (i % 3) as f32).collect()));
            }
            Home::Feed => all.push((slot, normals(&format!("f{slot}"), n))),
            _ => {}
        }
    }
    all
}

/// The slots to compare after a run: results, gradients, state.
pub fn results(recipe: &Recipe) -> Vec<Slot> {
    let mut slots: Vec<Slot> = recipe.outputs.clone();
    slots.extend(recipe.losses.iter().map(|l| l.value));
    slots.extend(&recipe.penalties);
    slots.extend(recipe.input_gradients.iter().flatten());
    slots.extend(recipe.parameters.iter().filter_map(|p| p.gradient));
    slots.extend(recipe.states.iter().map(|s| s.value));
    slots
}

/// Runs the executor on all of it.
pub fn execute(
    recipe: &Recipe,
    rows: usize,
    feed: &[(Slot, Vec<f32>)],
    isa: Isa,
    fused: bool,
    plan_rows: usize,
) -> Vec<(Slot, Vec<f32>)> {
    let (steps, forward) = if fused {
        fuse(recipe, &HashSet::new())
    } else {
        (recipe.steps().cloned().collect(), recipe.forward.len())
    };
    // Everything that is kept gets a place in front.
    let mut fixed = Vec::new();
    let mut base = 0;
    for (slot, info) in recipe.slots.iter().enumerate() {
        if matches!(info.home, Home::Parameter | Home::State | Home::Gradient) {
            fixed.push((Slot(slot as u32), base));
            base += info.extent.at(plan_rows);
        }
    }
    let plan = Plan::new(recipe, steps, forward, &fixed, base, plan_rows);
    let mut arena = Arena::new(plan.size).expect("small");
    arena.all_mut().fill(f32::NAN); // nothing may be read before it is written
    for (slot, values) in feed {
        arena.all_mut()[plan.range(*slot, rows)].copy_from_slice(values);
    }
    let cpu = Cpu::alone(isa);
    run(&plan, 0..plan.steps.len(), &mut arena, cpu, Batch { rows, step: 3, weighted: true }, |_, _| {});
    results(recipe)
        .into_iter()
        .filter(|s| {
            recipe.steps().any(|step| step.slots().iter().any(|(r, _)| r == s))
                || recipe.slot(*s).home != Home::Gradient
        })
        .map(|s| (s, arena.all()[plan.range(s, rows)].to_vec()))
        .collect()
}

/// The oracle with the same numbers.
pub fn oracle<'a>(recipe: &'a Recipe, rows: usize, feed: &[(Slot, Vec<f32>)]) -> Oracle<'a> {
    let mut oracle = Oracle::new(recipe, rows);
    for (slot, values) in feed {
        oracle.set(*slot, &values.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>());
    }
    oracle
}

/// Law 1: executor and oracle agree, fused or not, on every instruction set, also for a batch smaller than the plan.
pub fn agrees_with_the_oracle(
    name: &str,
    model: &Model,
    loss: Arc<dyn Loss>,
    target: impl Fn(usize) -> f32 + Copy,
) {
    for mode in [Mode::Train, Mode::Frozen] {
        let recipe = training(model, loss.clone(), mode);
        for rows in [1, 2, 7] {
            let feed = feed(&recipe, rows, target);
            let mut oracle = oracle(&recipe, rows, &feed);
            oracle.forward(3);
            oracle.backward(3);
            for isa in Isa::available() {
                let plain = execute(&recipe, rows, &feed, isa, false, rows);
                let fused = execute(&recipe, rows, &feed, isa, true, rows + 5);
                for ((slot, plain), (_, fused)) in plain.iter().zip(&fused) {
                    let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                    assert_eq!(
                        bits(plain),
                        bits(fused),
                        "{name} {mode:?} {isa} {slot}: fused and unfused differ"
                    );
                    let want = oracle.get(*slot);
                    let size = want.iter().fold(0.05_f64, |m, x| m.max(x.abs()));
                    for (i, (&got, &want)) in plain.iter().zip(want).enumerate() {
                        let off = (f64::from(got) - want).abs();
                        assert!(
                            off <= 2e-5 * want.abs() + 2e-5 * size,
                            "{name} {mode:?} {isa} rows {rows} {slot}[{i}]: {got} is not {want}\n{recipe}"
                        );
                    }
                }
            }
        }
    }
}

/// Law 2: every gradient is the slope of the total loss, by central differences through the oracle.
pub fn gradients_are_slopes(
    name: &str,
    model: &Model,
    loss: Arc<dyn Loss>,
    target: impl Fn(usize) -> f32 + Copy,
) {
    for mode in [Mode::Train, Mode::Frozen] {
        let rows = 3;
        let recipe = training(model, loss.clone(), mode);
        let feed = feed(&recipe, rows, target);
        let mut oracle = oracle(&recipe, rows, &feed);
        oracle.forward(3);
        oracle.backward(3);
        let mut pairs: Vec<(Slot, Slot)> =
            recipe.parameters.iter().filter_map(|p| Some((p.value, p.gradient?))).collect();
        let inputs = recipe.inputs.iter().zip(&recipe.input_gradients);
        pairs.extend(inputs.filter_map(|(x, g)| Some((*x, (*g)?))));
        assert!(!pairs.is_empty(), "{name}: nothing to check");
        for (value, gradient) in pairs {
            let gradient = oracle.get(gradient).to_vec();
            for (i, &slope) in gradient.iter().enumerate().take(40) {
                let at = |d: f64| {
                    let mut moved = oracle_at(&recipe, rows, &feed);
                    *moved.number(value, i) += d;
                    moved.forward(3);
                    moved.total_loss()
                };
                let h = 1e-5;
                let difference = (at(h) - at(-h)) / (2.0 * h);
                let off = (difference - slope).abs();
                assert!(
                    off <= 1e-5 * (1.0 + difference.abs()),
                    "{name} {mode:?} {value}[{i}]: gradient {slope}, difference quotient {difference}\n{recipe}"
                );
            }
        }
    }
}

fn oracle_at<'a>(recipe: &'a Recipe, rows: usize, feed: &[(Slot, Vec<f32>)]) -> Oracle<'a> {
    oracle(recipe, rows, feed)
}

/// Both laws, with mean squared error against targets of about the size of the outputs.
pub fn both_laws(name: &str, model: impl Into<Model>) {
    let model = model.into();
    let target = |i: usize| ((i * 7) % 5) as f32 / 4.0 - 0.5;
    agrees_with_the_oracle(name, &model, mse(), target);
    gradients_are_slopes(name, &model, mse(), target);
}

/// A shape, for short.
pub fn shape<const N: usize>(dims: [usize; N]) -> Shape {
    Shape::from(dims)
}
