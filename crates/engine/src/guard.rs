//! What is kept of a training so that a step in which a number is not finite can be taken back.

use crate::apply::Memory;
use crate::checkpoint::{State, Under};
use crate::learner::Learner;
use crate::on_non_finite::OnNonFinite;
use crate::system::check_memory;
use steadygrad_chart::{Phase, Sick};
use steadygrad_kernels::norm::all_finite;
use steadygrad_kernels::{Place, Result};

/// A state that is finite, to go back to: that before the step, or for [`OnNonFinite::Rollback`] that before the epoch.
#[derive(Debug)]
pub(crate) struct Guard {
    how: OnNonFinite,
    /// Weights and layer state.
    before: Vec<f32>,
    /// The optimizer's memory, where that is taken back too.
    memory: Option<Memory>,
    /// It is to be taken before the next step.
    due: bool,
}

impl Guard {
    /// Whether an earlier state than that before a step is gone back to.
    pub(crate) fn goes_back_far(&self) -> bool {
        self.how == OnNonFinite::Rollback
    }
}

impl Learner {
    /// Undoes every step of training in which the loss, a gradient, or a weight after the update is not finite: weights and
    /// layer state stay as they were before it, and `fit` ends, as if stopped by a callback. Where the number appeared
    /// first says [`Learner::non_finite`]. This is [`OnNonFinite::Stop`] for every `fit` that is not told otherwise, and for
    /// single steps.
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
        self.guard = on.then(|| self.guard_that(OnNonFinite::Stop));
        self.sick = None;
    }

    fn guard_that(&self, how: OnNonFinite) -> Guard {
        let memory = (how != OnNonFinite::Stop).then(|| self.applier.memory.clone());
        Guard { how, before: vec![0.0; self.store.gradients.start], memory, due: true }
    }

    /// What the training that begins now is told to do.
    pub(crate) fn ask_for(&mut self, how: Option<OnNonFinite>) -> Result<()> {
        if let Some(how) = how {
            let memory = if how == OnNonFinite::Stop { 0 } else { self.applier.memory.bytes() };
            let bytes = 4 * self.store.gradients.start as u128 + memory as u128;
            check_memory("the state that `on_non_finite` goes back to", bytes)?;
            self.sick = None;
        }
        self.asked = how.map(|how| self.guard_that(how));
        Ok(())
    }

    /// What is done about a number that is not finite; nothing where a training goes on with it.
    pub(crate) fn on_non_finite(&self) -> Option<OnNonFinite> {
        self.asked.as_ref().or(self.guard.as_ref()).map(|guard| guard.how)
    }

    /// Bytes of what is kept.
    pub(crate) fn guarded_bytes(&self) -> usize {
        let guards = self.asked.iter().chain(&self.guard);
        guards.map(|g| size_of_val(g.before.as_slice()) + g.memory.as_ref().map_or(0, Memory::bytes)).sum()
    }

    /// Whether somebody wants to know of numbers that are not finite, before they come into the weights: a guard always, who
    /// only watches where there is a `reason` to look at the gradients.
    pub(crate) fn wary(&self, reason: bool) -> bool {
        self.on_non_finite().is_some() || (reason && self.watch.is_some() && self.sick.is_none())
    }

    /// Remembers the state before a step, where it may have to be gone back to.
    pub(crate) fn remember(&mut self) {
        let Some(guard) = self.asked.as_mut().or(self.guard.as_mut()) else { return };
        if guard.how == OnNonFinite::Rollback && !guard.due {
            return;
        }
        guard.due = false;
        guard.before.copy_from_slice(&self.arena.all()[..self.store.gradients.start]);
        if let Some(memory) = &mut guard.memory {
            memory.copy(&self.applier.memory);
        }
    }

    /// The next state is the one to go back to from then on.
    pub(crate) fn remember_anew(&mut self) {
        if let Some(guard) = &mut self.asked {
            guard.due = true;
        }
    }

    /// Goes back to what was remembered last.
    pub(crate) fn undo(&mut self) {
        let Some(guard) = self.asked.as_ref().or(self.guard.as_ref()) else { return };
        self.arena.all_mut()[..guard.before.len()].copy_from_slice(&guard.before);
        if let Some(memory) = &guard.memory {
            self.applier.memory.copy(memory);
        }
    }

    /// What is not finite of all that is kept, if anything is, for a step that was guarded.
    pub(crate) fn bad_update(&self, step: u64) -> Option<Sick> {
        let how = self.on_non_finite()?;
        let fine = all_finite(self.isa, &self.arena.all()[..self.store.gradients.start])
            && (how == OnNonFinite::Stop || self.applier.memory.finite(self.isa));
        if fine {
            return None;
        }
        let weight = self.bad_weight(|_| true).map(|w| &*w.path);
        let place = weight.or_else(|| self.applier.bad_memory()).unwrap_or_default().to_string();
        Some(Sick { step, place, phase: Phase::Update })
    }

    /// The end of a training: a moving average of the weights takes their place.
    pub(crate) fn finalize(&mut self) {
        // Of the others the average is finite, as all that the optimizer remembers.
        let stops = self.on_non_finite() == Some(OnNonFinite::Stop);
        if stops {
            self.remember();
        }
        let range = self.store.trainable.clone();
        self.applier.finalize(&mut self.arena.all_mut()[range]);
        // The average of a step that was undone may hold what the weights must not.
        if stops && let Some(sick) = self.bad_update(self.step()) {
            self.note(sick);
            self.undo();
        }
    }

    /// The state that is gone back to, where it is an earlier one than that before the next step.
    pub(crate) fn save_guard(&self, state: &mut Under<'_>) {
        let early = |guard: &&Guard| guard.how == OnNonFinite::Rollback && !guard.due;
        let Some(Guard { before, memory: Some(memory), .. }) = self.asked.as_ref().filter(early) else {
            return;
        };
        self.save_numbers(before, &mut state.under("weights"));
        memory.save(&mut state.under("optimizer"));
    }

    /// Goes on with what [`Learner::save_guard`] kept.
    ///
    /// # Errors
    /// If it is that of another model.
    pub(crate) fn restore_guard(&mut self, state: &State) -> Result<()> {
        let Some(mut guard) = self.asked.take_if(|guard| guard.how == OnNonFinite::Rollback) else {
            return Ok(());
        };
        // Where there is none, it is taken before the next step.
        guard.due = !state.has("optimizer/iterations");
        if !guard.due {
            let weights = state.within("weights");
            for (range, numbers) in self.weights_of(&weights)? {
                guard.before[range].copy_from_slice(numbers);
            }
            let memory = self.applier.memory.restored(&state.within("optimizer")).place(|| "optimizer")?;
            guard.memory = Some(memory);
        }
        self.asked = Some(guard);
        Ok(())
    }
}
