//! A recipe made ready to run: fused, planned, and with the places where it is looked at.

use crate::fuse::fuse;
use crate::plan::Plan;
use crate::store::Store;
use crate::system::check_memory;
use std::collections::{HashMap, HashSet};
use steadygrad_kernels::Result;
use steadygrad_nn::recipe::{Home, Recipe, Trace};
use steadygrad_nn::shape::Extent;
use steadygrad_nn::step::{Access, Slot, Step};

/// What of a layer is looked at behind a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tap {
    /// The output of the layer of this trace.
    Signal(usize),
    /// The gradient of the loss for the output of the layer of this trace.
    Delta(usize),
}

/// A recipe with its plans.
#[derive(Debug)]
pub struct Program {
    /// What is computed.
    pub recipe: Recipe,
    /// The plan of a step that nobody looks at.
    pub plan: Plan,
    /// The plan of a step that is looked at: the same numbers, less fused.
    pub seen: Plan,
    /// What is looked at behind which step of `seen`, in the order of the steps.
    pub taps: Vec<(usize, Tap)>,
    /// Some step is large enough to be shared among threads.
    pub heavy: bool,
}

/// Elements of a step, or multiply-adds of a product for each thousand, from which on threads may help.
const HEAVY: usize = 1 << 11;

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
        let looked_at: HashSet<Slot> = recipe
            .traces
            .iter()
            .flat_map(|t| t.outputs.iter().chain(t.deltas.iter().flatten()).copied())
            .collect();
        let (steps, forward) = fuse(&recipe, &HashSet::new());
        let plan = Plan::new(&recipe, steps, forward, &fixed, store.end, rows);
        let (steps, forward) = fuse(&recipe, &looked_at);
        let seen = Plan::new(&recipe, steps, forward, &fixed, store.end, rows);
        check(plan.size.max(seen.size) as u128)?;
        let heavy = plan.steps.iter().any(|step| weight(step, &plan, rows) >= HEAVY << 10);
        Ok(Program { taps: taps(&recipe, &seen), recipe, plan, seen, heavy })
    }

    /// The numbers of arena that it takes.
    pub fn size(&self) -> usize {
        self.plan.size.max(self.seen.size)
    }
}

/// A measure of the work of a step: multiply-adds, or 64 for each element.
fn weight(step: &Step, plan: &Plan, rows: usize) -> usize {
    match step {
        Step::Gemm { m, k, n, .. } => m.at(rows) * k.at(rows) * n.at(rows),
        other => other.slots().iter().map(|(s, _)| plan.len(*s, rows)).max().unwrap_or(0) * 64,
    }
}

/// The gradient of the loss for a layer's output; where the loss reads the logits of a softmax or sigmoid instead, for
/// what goes into the layer's activation.
pub(crate) fn delta(recipe: &Recipe, trace: &Trace) -> Option<Slot> {
    let inside = || {
        let path = format!("{}/activation", trace.path);
        recipe.traces.iter().find(|t| t.path == path)?.input_gradients.first().copied().flatten()
    };
    trace.deltas.first().copied().flatten().or_else(inside)
}

/// Where outputs and deltas of the model's own layers are made.
fn taps(recipe: &Recipe, plan: &Plan) -> Vec<(usize, Tap)> {
    let mut last: HashMap<Slot, usize> = HashMap::new();
    for (i, step) in plan.steps.iter().enumerate() {
        last.extend(step.slots().into_iter().filter(|(_, a)| *a == Access::Write).map(|(s, _)| (s, i)));
    }
    let made = |slot: Slot| last.get(&slot).copied();
    let mut taps = Vec::new();
    for (i, trace) in recipe.traces.iter().enumerate().filter(|(_, t)| t.depth == 0) {
        if let Some(step) = trace.outputs.first().and_then(|s| made(*s)) {
            taps.push((step, Tap::Signal(i)));
        }
        if let Some(step) = delta(recipe, trace).and_then(made) {
            taps.push((step, Tap::Delta(i)));
        }
    }
    taps.sort_by_key(|(step, _)| *step);
    taps
}
