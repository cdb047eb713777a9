//! What a learner remembers: weights, layer state, optimizer, what was measured and seen.

use super::state::{State, Under};
use crate::learner::Learner;
use crate::store::Kept;
use std::ops::Range;
use steadygrad_kernels::{Error, Place, Result};
use steadygrad_nn::optimizers::Mode;

impl Learner {
    /// Everything that training changes, to the last bit: weights, layer state, the optimizer's memory, what was measured since the epoch
    /// began, and what was seen. A learner of the same model and settings goes on from it with [`Learner::restore`].
    ///
    /// ```
    /// use steadygrad_data::digits;
    /// use steadygrad_engine::{Compile, Fit, Trainable};
    /// use steadygrad_nn::{Sequential, layers::{Dense, Flatten}, losses::SparseCategoricalCrossentropy, optimizers::Adam};
    /// let model = Sequential::new([8, 8]).add(Flatten).add(Dense::new(10));
    /// let compile = Compile::new(Adam::new(0.01), SparseCategoricalCrossentropy.from_logits());
    /// let (mut one, mut other) = (model.compile(compile.clone())?, model.compile(compile.seed(7))?);
    /// let batch = digits::all()?;
    /// one.train_on_batch(&batch)?;
    /// other.restore(&one.state())?;
    /// one.train_on_batch(&batch)?;
    /// other.train_on_batch(&batch)?;
    /// assert_eq!(one.weight("dense/kernel")?, other.weight("dense/kernel")?);
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    pub fn state(&self) -> State {
        let mut state = State::default();
        self.save(&mut state.under("learner"));
        state
    }

    fn save(&self, state: &mut Under<'_>) {
        self.save_numbers(self.arena.all(), &mut state.under("weights"));
        self.applier.save(&mut state.under("optimizer"));
        self.save_guard(&mut state.under("rollback"));
        state.put_count("missed", self.missed);
        state.put_count("evaluates", (self.at == Mode::Evaluate).into());
        if let Some(measures) = &self.measures {
            measures.save(&mut state.under("measures"));
        }
        if let Some(watch) = &self.watch {
            watch.save(&mut state.under("watch"));
        }
    }

    /// Goes on from what [`Learner::state`] told.
    ///
    /// # Errors
    /// If it is that of another model, or of other settings; weights and optimizer are as before then.
    pub fn restore(&mut self, state: &State) -> Result<()> {
        let state = state.within("learner");
        let weights = state.within("weights");
        let all = self.weights_of(&weights)?;
        let evaluates = state.count("evaluates")? != 0;
        let missed = state.count("missed")?;
        self.restore_guard(&state.within("rollback")).place(|| "the state to go back to")?;
        if let Some(measures) = self.measures.as_mut().filter(|_| state.has("measures/loss")) {
            for key in measures.restore(&state.within("measures")).place(|| "what was measured")? {
                self.warnings.push(format!(
                    "the metric `{key}` cannot go on in the middle of an epoch: it is of the batches since the stop"
                ));
            }
        }
        if let Some(watch) = self.watch.as_mut().filter(|_| state.has("watch/chart")) {
            watch.restore(&state.within("watch")).place(|| "what was seen")?;
            self.sick.clone_from(&watch.chart.first_non_finite);
        }
        // Last, as nothing can fail any more when the weights are set.
        self.applier.restore(&state.within("optimizer")).place(|| "optimizer")?;
        for (range, numbers) in all {
            self.arena.all_mut()[range].copy_from_slice(numbers);
        }
        self.at = if evaluates { Mode::Evaluate } else { Mode::Train };
        self.missed = missed;
        Ok(())
    }

    /// Weights and layer state, as they lie among these numbers.
    pub(crate) fn save_numbers(&self, all: &[f32], state: &mut Under<'_>) {
        for (i, kept) in self.store.weights.iter().enumerate() {
            // By their order: names of layers may be counted on within a process.
            state.put_numbers(&format!("{i:06}/{}", kept.path), &all[kept.range.clone()]);
        }
    }

    /// The same again: where each of them lies, and its numbers.
    pub(crate) fn weights_of<'a>(&self, state: &'a State) -> Result<Vec<(Range<usize>, &'a [f32])>> {
        let (found, expected) = (state.iter().len(), self.store.weights.len());
        if found != expected {
            let what = format!("it has {found} weights, and the model {expected}");
            return Err(Error::format(what).help("go on with the model that was trained"));
        }
        let one = |(kept, (name, _)): (&Kept, (&str, _))| {
            let numbers = state.numbers_of(name, kept.range.len());
            Ok((kept.range.clone(), numbers.place(|| format!("the weight `{}`", kept.path))?))
        };
        self.store.weights.iter().zip(state.iter()).map(one).collect()
    }
}
