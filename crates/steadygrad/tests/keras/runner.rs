//! One layer in a model of its own, run by the executor and by the oracle on given numbers.

use crate::npz::{self, Numbers};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use steadygrad_engine::fuse::fuse;
use steadygrad_engine::oracle::Oracle;
use steadygrad_engine::plan::Plan;
use steadygrad_engine::run::{Batch, run};
use steadygrad_kernels::arena::Arena;
use steadygrad_kernels::{Cpu, Isa, Real};
use steadygrad_nn::builder::Mode;
use steadygrad_nn::config::Config;
use steadygrad_nn::functional::{input, shared};
use steadygrad_nn::losses::{Block, LossRule, Reduction};
use steadygrad_nn::model::{Objective, Purpose};
use steadygrad_nn::recipe::{Home, Recipe};
use steadygrad_nn::step::Slot;
use steadygrad_nn::{Model, Shape, layers};

/// Σ target · prediction: its gradient is the target, so a target is what Keras calls the upstream gradient.
#[derive(Debug)]
struct Upstream;

impl LossRule for Upstream {
    const CLASS: &'static str = "Upstream";
    const NAME: &'static str = "upstream";

    fn values<R: Real>(&self, block: Block<'_>, target: &[R], prediction: &[R], out: &mut [R]) {
        let n = block.last();
        for ((out, t), p) in out.iter_mut().zip(target.chunks(n)).zip(prediction.chunks(n)) {
            *out = t.iter().zip(p).fold(R::ZERO, |sum, (&t, &p)| t.mul_add(p, sum));
        }
    }

    fn gradients<R: Real>(&self, block: Block<'_>, target: &[R], _: &[R], cotangent: &[R], out: &mut [R]) {
        let n = block.last();
        for ((out, t), &c) in out.chunks_mut(n).zip(target.chunks(n)).zip(cotangent) {
            for (out, &t) in out.iter_mut().zip(t) {
                *out = c * t;
            }
        }
    }

    fn reduction(&self) -> Reduction {
        Reduction::Sum
    }
}

/// Who computes.
#[derive(Debug, Clone, Copy)]
pub enum Engine {
    /// The kernels, in f32, the plan fused or not.
    Executor(Isa, bool),
    /// The loops in f64.
    Oracle,
}

impl Engine {
    /// The oracle, and every instruction set of this machine.
    pub fn all() -> Vec<Engine> {
        let isas = Isa::available().into_iter();
        let executors = isas.flat_map(|isa| [Engine::Executor(isa, true), Engine::Executor(isa, false)]);
        executors.chain([Engine::Oracle]).collect()
    }
}

/// A layer of this class and these settings in a model; a mask is its second input. Its path is `layer`.
pub fn model(
    class: &str,
    settings: &Config,
    sample: &[usize],
    mask: Option<&[usize]>,
) -> Result<Model, String> {
    let made = layers::from_config(class, settings).map_err(|e| e.to_string())?;
    let layer = shared(made.layer).named("layer");
    let layer = if made.trainable { layer } else { layer.frozen() };
    let x = input(Shape::from(sample));
    Ok(match mask {
        None => Model::new(&[&x], &[&layer.on(&x)]),
        Some(mask) => {
            let mask = input(Shape::from(mask));
            Model::new(&[&x, &mask], &[&layer.on_all(&[&x, &mask])])
        }
    })
}

/// The model with gradients for weights and inputs (none for [`Mode::Infer`]).
pub fn lower(model: &Model, mode: Mode) -> Result<Recipe, String> {
    let purpose = match mode {
        Mode::Infer => Purpose::inference(),
        _ => {
            let objective = Objective { output: 0, loss: Arc::new(Upstream), weight: 1.0 };
            Purpose { mode, seed: 0, objectives: vec![objective], input_gradients: true }
        }
    };
    model.lower(&purpose).map_err(|e| e.to_string())
}

/// The weight of this name: parameter or state.
pub fn weight(recipe: &Recipe, name: &str) -> Option<Slot> {
    let path = format!("layer/{name}");
    let parameter = recipe.parameters.iter().find(|p| p.path == path).map(|p| p.value);
    parameter.or_else(|| recipe.states.iter().find(|s| s.path == path).map(|s| s.value))
}

/// Runs all steps on these numbers, and reads the slots asked for.
pub fn compute(
    recipe: &Recipe,
    rows: usize,
    feed: &[(Slot, Vec<f64>)],
    engine: Engine,
    ask: &[Slot],
) -> Vec<Vec<f64>> {
    let ones: Vec<(Slot, Vec<f64>)> =
        recipe.sample_weights.iter().map(|&s| (s, vec![1.0; recipe.slot(s).extent.at(rows)])).collect();
    let feed = feed.iter().chain(&ones);
    let Engine::Executor(isa, fused) = engine else {
        let mut oracle = Oracle::new(recipe, rows);
        feed.for_each(|(slot, values)| oracle.set(*slot, values));
        oracle.forward(0);
        oracle.backward(0);
        return ask.iter().map(|s| oracle.get(*s).to_vec()).collect();
    };
    let (steps, forward) = match fused {
        true => fuse(recipe, &HashSet::new()),
        false => (recipe.steps().cloned().collect(), recipe.forward.len()),
    };
    let (mut fixed, mut base) = (Vec::new(), 0);
    for (i, info) in recipe.slots.iter().enumerate() {
        if matches!(info.home, Home::Parameter | Home::State | Home::Gradient) {
            fixed.push((Slot(i as u32), base));
            base += info.extent.at(rows);
        }
    }
    let plan = Plan::new(recipe, steps, forward, &fixed, base, rows);
    let mut arena = Arena::new(plan.size).expect("small");
    arena.all_mut().fill(f32::NAN);
    for (slot, values) in feed {
        let place = &mut arena.all_mut()[plan.range(*slot, rows)];
        assert_eq!(place.len(), values.len(), "{slot}");
        place.iter_mut().zip(values).for_each(|(to, &from)| *to = from as f32);
    }
    run(
        &plan,
        0..plan.steps.len(),
        &mut arena,
        Cpu::alone(isa),
        Batch { rows, step: 0, weighted: true },
        |_, _| {},
    );
    ask.iter().map(|s| arena.all()[plan.range(*s, rows)].iter().map(|&v| f64::from(v)).collect()).collect()
}

/// The reference's arrays, by name.
pub struct Arrays(HashMap<String, Numbers>);

impl Arrays {
    /// All arrays of a file.
    pub fn read(path: &Path) -> Arrays {
        Arrays(npz::read(path))
    }

    /// The array of this name.
    pub fn get(&self, name: &str) -> Result<&Numbers, String> {
        self.0.get(name).ok_or_else(|| format!("the reference has no `{name}`"))
    }

    /// Its numbers.
    pub fn numbers(&self, name: &str) -> Result<&[f64], String> {
        self.get(name).map(|array| array.data.as_slice())
    }
}
