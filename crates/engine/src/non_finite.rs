//! Where the first number is that is not finite.

use crate::learner::Learner;
use crate::run::{Batch, run};
use crate::store::Kept;
use steadygrad_chart::{Phase, Sick};
use steadygrad_kernels::Cpu;
use steadygrad_nn::step::{Access, Slot};

fn bad(values: &[f32]) -> bool {
    values.iter().any(|x| !x.is_finite())
}

impl Learner {
    /// Where the first number appeared that is not finite, since the learner is watched or guarded. What a training went on
    /// without, or went back for, is not told here but in [`History::non_finite`](crate::History::non_finite).
    pub fn non_finite(&self) -> Option<&Sick> {
        self.sick.as_ref()
    }

    /// Keeps the first place.
    pub(crate) fn note(&mut self, sick: Sick) {
        if self.sick.is_none() {
            if let Some(watch) = &mut self.watch {
                watch.chart.first_non_finite.get_or_insert_with(|| sick.clone());
            }
            self.sick = Some(sick);
        }
    }

    /// Where the first number is that is not finite, for the batch that was fed last: the step is run once more. All that
    /// is kept stays as it is.
    pub(crate) fn first_non_finite(&mut self, batch: Batch) -> Sick {
        let kept = self.arena.all()[..self.store.end].to_vec();
        // Where the step was not undone, it is run again from the moving statistics that it left itself. In training they
        // are read only for the correction of a renormalization, behind the values that they come from.
        let found = self.search_non_finite(batch);
        self.arena.all_mut()[..self.store.end].copy_from_slice(&kept);
        found.unwrap_or_else(|| {
            // No value of the step: what was made of the gradient afterwards, or a penalty.
            let gradient = |p: &&crate::apply::ParamSpec| {
                bad(&self.arena.all()[self.store.gradients.clone()][p.offset..p.offset + p.len])
            };
            match self.store.params.iter().find(gradient) {
                Some(p) => Sick { step: batch.step, place: p.path.clone(), phase: Phase::Backward },
                None => Sick { step: batch.step, place: "loss".into(), phase: Phase::Loss },
            }
        })
    }

    /// The first weight with a number that is not finite.
    pub(crate) fn bad_weight(&self, which: impl Fn(&Kept) -> bool) -> Option<&Kept> {
        self.store.weights.iter().find(|w| which(w) && bad(&self.arena.all()[w.range.clone()]))
    }

    fn search_non_finite(&mut self, batch: Batch) -> Option<Sick> {
        let rows = batch.rows;
        let sick = |place: &str, phase| Some(Sick { step: batch.step, place: place.to_string(), phase });
        let names = self.model.input_names();
        for (slot, name) in self.train.recipe.inputs.iter().zip(&names) {
            if bad(&self.arena.all()[self.train.seen.range(*slot, rows)]) {
                return sick(name, Phase::Input);
            }
        }
        // Not the state: what is wrong with it came from the values of this step, and they are asked below.
        if let Some(w) = self.bad_weight(|w| w.parameter) {
            // It became so in the update of the step before.
            let step = batch.step.saturating_sub(1);
            return Some(Sick { step, place: w.path.clone(), phase: Phase::Update });
        }
        let (program, mut found) = (&self.train, None);
        let cpu = Cpu::alone(self.isa);
        run(&program.seen, 0..program.seen.steps.len(), &mut self.arena, cpu, batch, |i, arena| {
            if found.is_some() {
                return;
            }
            let step = &program.seen.steps[i];
            let phase = if i < program.seen.forward { Phase::Forward } else { Phase::Backward };
            for (slot, access) in step.slots() {
                let written = access == Access::Write;
                if written && found.is_none() && bad(&arena.all()[program.seen.range(slot, rows)]) {
                    let loss = program.recipe.losses.iter().any(|l| l.value == slot || l.values == slot);
                    found = match place(&program.recipe, slot) {
                        Some(place) => sick(place, phase),
                        None if loss => sick("loss", Phase::Loss),
                        None => None,
                    };
                }
            }
        });
        found
    }
}

/// The layer whose output or gradient this is, or the parameter whose gradient it is.
fn place(recipe: &steadygrad_nn::recipe::Recipe, slot: Slot) -> Option<&str> {
    let layer = recipe.traces.iter().rev().find(|t| {
        t.outputs.contains(&slot) || t.deltas.contains(&Some(slot)) || t.input_deltas.contains(&Some(slot))
    });
    let parameter = || recipe.parameters.iter().find(|p| p.gradient == Some(slot));
    layer.map(|t| t.path.as_str()).or_else(|| Some(parameter()?.path.as_str()))
}
