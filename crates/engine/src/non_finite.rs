//! Where the first number is that is not finite, and a guard that undoes the step in which it appears.

use crate::learner::Learner;
use crate::run::{Batch, run};
use crate::store::Kept;
use steadygrad_chart::{Phase, Sick};
use steadygrad_kernels::Cpu;
use steadygrad_kernels::norm::all_finite;
use steadygrad_nn::step::{Access, Slot};

/// Weights and layer state as they were before the step.
#[derive(Debug)]
pub(crate) struct Guard {
    before: Vec<f32>,
}

fn bad(values: &[f32]) -> bool {
    values.iter().any(|x| !x.is_finite())
}

impl Learner {
    /// Undoes every step of training in which the loss, a gradient, or a weight after the update is not finite: weights and
    /// layer state stay as they were before it, and `fit` ends, as if stopped by a callback. Where the number appeared
    /// first says [`Learner::non_finite`].
    ///
    /// Without it a training goes on, as in Keras. A guarded step copies the weights and reads gradients and weights once
    /// more (`tests/costs.rs` measures it). Where only the update went wrong, what the optimizer remembers is not undone.
    ///
    /// ```
    /// use steadygrad_data::{Array, Dataset};
    /// use steadygrad_engine::{Compile, Fit, Trainable};
    /// use steadygrad_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
    /// let data = Dataset::new(Array::new([2, 1], vec![0.0, 1.0])?, Array::new([2, 1], vec![1.0; 2])?)?;
    /// let mut learner =
    ///     Sequential::new([1]).add(Dense::new(1)).compile(Compile::new(Sgd::new(1e30), MeanSquaredError))?;
    /// learner.guard(true);
    /// let history = learner.fit(&data, Fit::epochs(100))?;
    /// assert!(history.epochs.len() < 5 && learner.non_finite().is_some());
    /// assert!(learner.weight("dense/kernel")?[0].is_finite());
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    pub fn guard(&mut self, on: bool) {
        self.guard = on.then(|| Guard { before: vec![0.0; self.store.gradients.start] });
        self.sick = None;
    }

    /// Where the first number appeared that is not finite, since the learner is watched or guarded.
    pub fn non_finite(&self) -> Option<&Sick> {
        self.sick.as_ref()
    }

    /// Whether somebody wants to know of numbers that are not finite, before they come into the weights: a guard always, who
    /// only watches where there is a `reason` to look at the gradients.
    pub(crate) fn wary(&self, reason: bool) -> bool {
        self.guard.is_some() || (reason && self.watch.is_some() && self.sick.is_none())
    }

    /// Remembers the state before a step, where it may have to be undone.
    pub(crate) fn remember(&mut self) {
        if let Some(guard) = &mut self.guard {
            guard.before.copy_from_slice(&self.arena.all()[..self.store.gradients.start]);
        }
    }

    /// Takes back the step since [`Learner::remember`].
    pub(crate) fn undo(&mut self) {
        if let Some(guard) = &self.guard {
            self.arena.all_mut()[..guard.before.len()].copy_from_slice(&guard.before);
        }
    }

    /// Undoes the step if something that is kept is not finite now. Whether it was.
    pub(crate) fn undo_bad_update(&mut self, step: u64) -> bool {
        let kept = &self.arena.all()[..self.store.gradients.start];
        if self.guard.is_none() || all_finite(self.isa, kept) {
            return false;
        }
        let place = self.bad_weight(|_| true).map_or_else(String::new, |w| w.path.clone());
        self.note(Sick { step, place, phase: Phase::Update });
        self.undo();
        true
    }

    /// Keeps the first place.
    fn note(&mut self, sick: Sick) {
        if self.sick.is_none() {
            if let Some(watch) = &mut self.watch {
                watch.chart.first_non_finite.get_or_insert_with(|| sick.clone());
            }
            self.sick = Some(sick);
        }
    }

    /// Finds and keeps the first place, for the batch that was fed last, unless one is known already. All that is kept
    /// stays as it is.
    pub(crate) fn find_non_finite(&mut self, batch: Batch) {
        if self.sick.is_none() {
            let sick = self.first_non_finite(batch);
            self.note(sick);
        }
    }

    /// Where the first number is that is not finite, for the batch that was fed last: the step is run once more. All that
    /// is kept stays as it is.
    pub(crate) fn first_non_finite(&mut self, batch: Batch) -> Sick {
        let kept = self.arena.all()[..self.store.end].to_vec();
        // Where there is no guard, the step is run again from the moving statistics that it left itself. In training they
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
    fn bad_weight(&self, which: impl Fn(&Kept) -> bool) -> Option<&Kept> {
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
