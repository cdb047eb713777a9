//! What an optimizer remembers from step to step: copied where a step may have to be taken back, and kept in checkpoints.

use super::Applier;
use crate::checkpoint::{State, Under};
use steadygrad_kernels::norm::all_finite;
use steadygrad_kernels::{Error, Isa, Result};

/// All that a step of an optimizer changes beside the weights. The learning rate is a setting, and not among it.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    /// For elementwise rules one array per memory, laid out as the parameters; else one per parameter and memory.
    pub(super) arrays: Vec<Vec<f32>>,
    pub(super) average: Vec<f32>,
    pub(super) gathered: Vec<f32>,
    pub(super) scalars: Vec<f64>,
    pub(super) iterations: u64,
    pub(super) started: bool,
}

impl Memory {
    fn numbers(&self) -> impl Iterator<Item = &Vec<f32>> {
        self.arrays.iter().chain([&self.average, &self.gathered])
    }

    /// Becomes what the other is, in the memory that it has: both are of the same optimizer.
    pub(crate) fn copy(&mut self, from: &Memory) {
        let own = self.arrays.iter_mut().chain([&mut self.average, &mut self.gathered]);
        for (to, from) in own.zip(from.numbers()) {
            to.copy_from_slice(from);
        }
        self.scalars.copy_from_slice(&from.scalars);
        (self.iterations, self.started) = (from.iterations, from.started);
    }

    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.numbers().map(|numbers| size_of_val(numbers.as_slice())).sum()
    }

    pub(crate) fn finite(&self, isa: Isa) -> bool {
        self.numbers().all(|numbers| all_finite(isa, numbers)) && self.scalars.iter().all(|s| s.is_finite())
    }

    /// All of it, to the last bit.
    pub(crate) fn save(&self, state: &mut Under<'_>) {
        for (i, array) in self.arrays.iter().enumerate() {
            state.put_numbers(&format!("array_{i}"), array);
        }
        state.put_numbers("average", &self.average);
        state.put_numbers("gathered", &self.gathered);
        state.put_doubles("scalars", self.scalars.clone());
        state.put_count("iterations", self.iterations);
        state.put_count("started", self.started.into());
    }

    /// What [`Memory::save`] kept, if it is that of the same optimizer.
    ///
    /// # Errors
    /// If it is that of another one, or of other parameters.
    pub(crate) fn restored(&self, state: &State) -> Result<Memory> {
        let mut new = self.clone();
        for (i, array) in new.arrays.iter_mut().enumerate() {
            let len = array.len();
            array.copy_from_slice(state.numbers_of(&format!("array_{i}"), len)?);
        }
        new.average.copy_from_slice(state.numbers_of("average", self.average.len())?);
        new.gathered.copy_from_slice(state.numbers_of("gathered", self.gathered.len())?);
        let scalars = state.doubles("scalars")?;
        if scalars.len() != self.scalars.len() {
            return Err(Error::format("`scalars` are those of another optimizer"));
        }
        new.scalars.copy_from_slice(scalars);
        new.iterations = state.count("iterations")?;
        new.started = state.count("started")? != 0;
        Ok(new)
    }
}

impl Applier {
    /// The parameter of which something is remembered that is not finite; the optimizer where it is of no parameter.
    pub(crate) fn bad_memory(&self) -> Option<&str> {
        let bad = |numbers: &[f32]| numbers.iter().any(|x| !x.is_finite());
        let slot = self.layout.slots.iter().find(|s| bad(&self.memory.arrays[s.array][s.range.clone()]));
        let whole = [&self.memory.average, &self.memory.gathered];
        let whole =
            || self.params.iter().find(|p| whole.iter().any(|all| all.get(p.range()).is_some_and(bad)));
        if let Some(param) = slot.map(|slot| &self.params[slot.param]).or_else(whole) {
            return Some(&param.path);
        }
        self.memory.scalars.iter().any(|s| !s.is_finite()).then_some(&*self.optimizer.name)
    }
}
