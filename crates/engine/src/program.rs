//! A recipe made ready to run: fused, planned, and with the places where it is looked at.

use crate::fuse::fuse;
use crate::plan::Plan;
use crate::store::Store;
use crate::system::check_memory;
use std::collections::{HashMap, HashSet};
use steadygrad_kernels::Result;
use steadygrad_nn::recipe::{Home, Recipe};
use steadygrad_nn::shape::Extent;
use steadygrad_nn::stage::{Stage, stages};
use steadygrad_nn::step::{Access, Slot};

/// What of a stage is looked at behind a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tap {
    /// Its output.
    Signal(usize),
    /// The gradient of the loss for its output.
    Delta(usize),
    /// What it adds to the gradient for this one of its inputs.
    Passed(usize, usize),
}

/// What is looked at behind a step, while it is in the cache.
#[derive(Debug, Clone, Default)]
pub struct Taps {
    /// Signals and their gradients, and where they are.
    pub stages: Vec<(Tap, Slot)>,
    /// Parameters that learn, whose gradient is complete: indices into the recipe's.
    pub parameters: Vec<usize>,
}

/// A recipe with its plans.
#[derive(Debug)]
pub struct Program {
    /// What is computed.
    pub recipe: Recipe,
    /// The recipe cut where signal and gradient are looked at.
    pub stages: Vec<Stage>,
    /// The plan of a step that nobody looks at.
    pub plan: Plan,
    /// The plan of a step that is looked at: the same numbers, less fused.
    pub seen: Plan,
    /// What is looked at behind each step of `seen`.
    pub taps: Vec<Taps>,
}

impl Program {
    /// Makes it ready for batches of up to `rows`, in an arena that holds `held` numbers already.
    ///
    /// # Errors
    /// If it needs more memory than there is.
    pub fn new(recipe: Recipe, store: &Store, rows: usize, held: usize) -> Result<Program> {
        // What it takes at the least: what lives for the whole run. Products of sizes may not fit in a machine word.
        let size = |extent: Extent| match extent {
            Extent::Fixed(n) => n as u128,
            Extent::Rows(n) => n as u128 * rows as u128,
        };
        let lasting = |home: Home| home != Home::Value;
        let least: u128 = recipe.slots.iter().filter(|s| lasting(s.home)).map(|s| size(s.extent)).sum();
        let largest = recipe.slots.iter().map(|s| size(s.extent)).max().unwrap_or(0);
        let check =
            |size: u128| check_memory(&format!("a batch of {rows}"), 4 * size.saturating_sub(held as u128));
        check(least.max(largest))?;
        let fixed = store.fixed(&recipe)?;
        let stages = stages(&recipe);
        let looked_at: HashSet<Slot> =
            stages.iter().enumerate().flat_map(|(i, s)| watched(i, s)).map(|(slot, _)| slot).collect();
        let (steps, forward) = fuse(&recipe, &HashSet::new());
        let plan = Plan::new(&recipe, steps, forward, &fixed, store.end, rows);
        let (steps, forward) = fuse(&recipe, &looked_at);
        let seen = Plan::new(&recipe, steps, forward, &fixed, store.end, rows);
        check(plan.size.max(seen.size) as u128)?;
        let taps = taps(&recipe, &stages, &seen);
        Ok(Program { taps, recipe, stages, plan, seen })
    }

    /// The numbers of arena that it takes.
    pub fn size(&self) -> usize {
        self.plan.size.max(self.seen.size)
    }
}

/// What is looked at of the i-th stage, with its slot.
fn watched(i: usize, stage: &Stage) -> Vec<(Slot, Tap)> {
    let passed = stage.passed.iter().enumerate().filter_map(|(k, s)| s.map(|s| (s, Tap::Passed(i, k))));
    let delta = stage.delta.map(|s| (s, Tap::Delta(i)));
    std::iter::once((stage.output, Tap::Signal(i))).chain(delta).chain(passed).collect()
}

/// Where what is looked at is made; what is fed is there before the first step.
fn taps(recipe: &Recipe, stages: &[Stage], plan: &Plan) -> Vec<Taps> {
    let mut last: HashMap<Slot, usize> = HashMap::new();
    for (i, step) in plan.steps.iter().enumerate() {
        last.extend(step.slots().into_iter().filter(|(_, a)| *a == Access::Write).map(|(s, _)| (s, i)));
    }
    let deltas: HashSet<Slot> = stages.iter().filter_map(|s| s.delta).collect();
    let mut taps = vec![Taps::default(); plan.steps.len()];
    for (slot, tap) in stages.iter().enumerate().flat_map(|(i, s)| watched(i, s)) {
        match (tap, last.get(&slot).copied()) {
            // The only contribution to a gradient is that gradient: looked at once.
            (Tap::Passed(..), _) if deltas.contains(&slot) => {}
            // What is fed is there before the first step.
            (Tap::Signal(_), made) => {
                if let Some(taps) = taps.get_mut(made.unwrap_or(0)) {
                    taps.stages.push((tap, slot));
                }
            }
            (_, made) => {
                if let Some(step) = made {
                    taps[step].stages.push((tap, slot));
                }
            }
        }
    }
    for (i, parameter) in recipe.parameters.iter().enumerate() {
        if let Some(step) = parameter.gradient.and_then(|slot| last.get(&slot)) {
            taps[*step].parameters.push(i);
        }
    }
    taps
}
