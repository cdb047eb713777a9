//! Where the first number is that is not finite.

use crate::learner::Learner;
use crate::run::{Batch, run};
use steadygrad_chart::{Phase, Sick};
use steadygrad_kernels::Cpu;
use steadygrad_nn::step::Access;

impl Learner {
    /// Where the first number is that is not finite, for the batch that was fed last. It runs the step once more, and leaves
    /// all that is kept as it was.
    pub(crate) fn first_non_finite(&mut self, batch: Batch) -> Option<Sick> {
        let kept = self.arena.all()[..self.store.end].to_vec();
        let found = self.search_non_finite(batch);
        self.arena.all_mut()[..self.store.end].copy_from_slice(&kept);
        found
    }

    fn search_non_finite(&mut self, batch: Batch) -> Option<Sick> {
        let rows = batch.rows;
        let bad = |values: &[f32]| values.iter().any(|x| !x.is_finite());
        let sick = |place: &str, phase| Some(Sick { step: batch.step, place: place.to_string(), phase });
        let names = self.model.input_names();
        for (slot, name) in self.train.recipe.inputs.iter().zip(&names) {
            if bad(&self.arena.all()[self.train.seen.range(*slot, rows)]) {
                return sick(name, Phase::Input);
            }
        }
        for w in &self.store.weights {
            if bad(&self.arena.all()[w.range.clone()]) {
                // It became so in the update of the step before.
                return Some(Sick {
                    step: batch.step.saturating_sub(1),
                    place: w.path.clone(),
                    phase: Phase::Update,
                });
            }
        }
        let (program, mut found) = (&self.train, None);
        let cpu = Cpu { threads: 1, ..self.cpu };
        run(&program.seen, 0..program.seen.steps.len(), &mut self.arena, cpu, batch, |i, arena| {
            if found.is_some() {
                return;
            }
            let step = &program.seen.steps[i];
            for (slot, access) in step.slots() {
                let written = access == Access::Write;
                if written && bad(&arena.all()[program.seen.range(slot, rows)]) {
                    let phase = if i < program.seen.forward { Phase::Forward } else { Phase::Backward };
                    let owner = program.recipe.traces.iter().rev().find(|t| {
                        t.outputs.contains(&slot)
                            || t.deltas.contains(&Some(slot))
                            || t.input_deltas.contains(&Some(slot))
                    });
                    let loss = program.recipe.losses.iter().any(|l| l.value == slot || l.values == slot);
                    found = match owner {
                        Some(trace) => sick(&trace.path, phase),
                        None if loss => sick("loss", Phase::Loss),
                        None => None,
                    };
                }
            }
        });
        found
    }
}
