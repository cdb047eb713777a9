//! An optimizer's state for saving and going on: its variables in Keras' order, under Keras' names.

use super::{Applier, single};
use crate::checkpoint::{State, Under};
use steadygrad_kernels::{Error, Result};
use steadygrad_nn::schedules::Rate;

/// A variable of an optimizer, as Keras saves it.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// Its name, such as "adam/dense_kernel_momentum".
    pub name: String,
    /// Its shape; none for a single number.
    pub shape: Vec<usize>,
    /// Its value.
    pub value: Stored,
}

/// The value of a variable.
#[derive(Debug, Clone, PartialEq)]
pub enum Stored {
    /// A whole number: the iterations.
    Count(u64),
    /// Numbers, row-major.
    Numbers(Vec<f32>),
}

/// What a variable of an optimizer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// How many updates there were.
    Iteration,
    /// The learning rate, where no schedule says it.
    LearningRate,
    /// The moving average of the parameter at this path.
    Average(String),
    /// Its gradients, while they are gathered.
    Gathered(String),
    /// A memory of the rule.
    Memory {
        /// Whose it is.
        parameter: String,
        /// Keras' name of it: "momentum". Empty where Keras has none.
        name: &'static str,
        /// Which of the parameter's memories, from 0.
        number: usize,
    },
    /// A number of the rule, for all parameters.
    Scalar(usize),
}

/// What stands at a place in the list of variables.
enum Item {
    Iteration,
    LearningRate,
    Average(usize),
    Gathered(usize),
    Slot(usize),
    Scalar(usize),
}

impl Applier {
    /// The learning rate of the next step.
    pub fn learning_rate(&self) -> f64 {
        match &self.optimizer.learning_rate {
            Rate::Constant(_) => f64::from(self.learning_rate),
            Rate::Schedule(schedule) => single(schedule.rate(self.memory.iterations) * self.slowed),
        }
    }

    /// Sets the learning rate of all steps to come. It is kept as an f32, as in Keras.
    ///
    /// # Errors
    /// If a schedule says what it is, or it is not a finite number of 0 or more.
    pub fn set_learning_rate(&mut self, rate: f64) -> Result<()> {
        if let Rate::Schedule(schedule) = &self.optimizer.learning_rate {
            return Err(Error::argument(format!(
                "the learning rate follows the schedule {} and cannot be set",
                schedule.class()
            ))
            .help("build the optimizer with a number as its learning rate"));
        }
        if !(rate.is_finite() && rate >= 0.0) {
            return Err(Error::argument(format!(
                "a learning rate must be a finite number of 0 or more, got {rate}"
            )));
        }
        self.learning_rate = rate as f32;
        Ok(())
    }

    /// Multiplies the learning rate of all steps to come: the rate itself, or what a schedule says.
    pub(crate) fn slow_down(&mut self, factor: f64) {
        match self.optimizer.learning_rate {
            Rate::Constant(_) => self.learning_rate = (f64::from(self.learning_rate) * factor) as f32,
            Rate::Schedule(_) => self.slowed *= factor,
        }
    }

    /// All state to the last bit, where [`Applier::variables`] is what Keras' files hold of it.
    pub(crate) fn save(&self, state: &mut Under<'_>) {
        self.memory.save(state);
        state.put_numbers("learning_rate", &[self.learning_rate]);
        state.put_doubles("slowed", [self.slowed]);
    }

    /// Goes on from what [`Applier::save`] kept.
    ///
    /// # Errors
    /// If it is that of another optimizer, or of other parameters; nothing is changed then.
    pub(crate) fn restore(&mut self, state: &State) -> Result<()> {
        let memory = self.memory.restored(state)?;
        let learning_rate = state.numbers_of("learning_rate", 1)?[0];
        let slowed = state.maybe("slowed")?.unwrap_or(1.0);
        (self.memory, self.learning_rate, self.slowed) = (memory, learning_rate, slowed);
        Ok(())
    }

    /// All state: what [`Applier::set_variables`] takes.
    pub fn variables(&self) -> Vec<Variable> {
        self.items()
            .into_iter()
            .map(|(item, name, shape)| {
                let value = match item {
                    Item::Iteration => Stored::Count(self.memory.iterations),
                    Item::LearningRate => Stored::Numbers(vec![self.learning_rate]),
                    Item::Average(i) => Stored::Numbers(self.memory.average[self.params[i].range()].to_vec()),
                    Item::Gathered(i) => {
                        Stored::Numbers(self.memory.gathered[self.params[i].range()].to_vec())
                    }
                    Item::Slot(i) => {
                        let slot = &self.layout.slots[i];
                        Stored::Numbers(self.memory.arrays[slot.array][slot.range.clone()].to_vec())
                    }
                    Item::Scalar(i) => Stored::Numbers(vec![self.memory.scalars[i] as f32]),
                };
                Variable { name, shape, value }
            })
            .collect()
    }

    /// Goes on from this state. Names do not count, order does: as in Keras' files.
    ///
    /// # Errors
    /// If there are not as many variables as this optimizer has, or one has another shape; nothing is changed then.
    pub fn set_variables(&mut self, variables: &[Variable]) -> Result<()> {
        let items = self.items();
        if variables.len() != items.len() {
            return Err(Error::shape(format!(
                "the state has {} variables, and {} has {}",
                variables.len(),
                self.optimizer.rule.class(),
                items.len()
            ))
            .help("load it into an optimizer with the same settings, over the same trainable parameters"));
        }
        let mut iterations = 0;
        for ((item, name, shape), variable) in items.iter().zip(variables) {
            let size: usize = shape.iter().product();
            match (&item, &variable.value) {
                (Item::Iteration, Stored::Count(count)) => iterations = *count,
                (Item::Iteration, Stored::Numbers(x)) if x.len() == 1 && x[0] >= 0.0 => {
                    iterations = x[0] as u64;
                }
                (Item::Iteration, _) => return Err(misfit(name, "one whole number of 0 or more", variable)),
                (_, Stored::Numbers(x)) if x.len() == size && same_shape(&variable.shape, shape) => {}
                _ => return Err(misfit(name, &format!("numbers of shape {shape:?}"), variable)),
            }
        }
        for ((item, _, _), variable) in items.into_iter().zip(variables) {
            let Stored::Numbers(numbers) = &variable.value else { continue };
            let range = |i: usize| self.params[i].range();
            match item {
                Item::Iteration => {}
                Item::LearningRate => self.learning_rate = numbers[0],
                Item::Average(i) => self.memory.average[range(i)].copy_from_slice(numbers),
                Item::Gathered(i) => self.memory.gathered[range(i)].copy_from_slice(numbers),
                Item::Slot(i) => {
                    let slot = &self.layout.slots[i];
                    self.memory.arrays[slot.array][slot.range.clone()].copy_from_slice(numbers);
                }
                Item::Scalar(i) => self.memory.scalars[i] = f64::from(numbers[0]),
            }
        }
        self.memory.iterations = iterations;
        self.memory.started = self.updates() > 0;
        Ok(())
    }

    /// What each of the [`Applier::variables`] is.
    pub fn held(&self) -> Vec<Held> {
        let path = |i: usize| self.params[i].path.clone();
        let one = |(item, _, _)| match item {
            Item::Iteration => Held::Iteration,
            Item::LearningRate => Held::LearningRate,
            Item::Average(i) => Held::Average(path(i)),
            Item::Gathered(i) => Held::Gathered(path(i)),
            Item::Slot(i) => {
                let slot = &self.layout.slots[i];
                let before = self.layout.slots[..i].iter().filter(|other| other.param == slot.param);
                Held::Memory { parameter: path(slot.param), name: slot.name, number: before.count() }
            }
            Item::Scalar(i) => Held::Scalar(i),
        };
        self.items().into_iter().map(one).collect()
    }

    fn items(&self) -> Vec<(Item, String, Vec<usize>)> {
        let name = &self.optimizer.name;
        let mut items = vec![(Item::Iteration, format!("{name}/iteration"), Vec::new())];
        if matches!(self.optimizer.learning_rate, Rate::Constant(_)) {
            items.push((Item::LearningRate, format!("{name}/learning_rate"), Vec::new()));
        }
        for (i, param) in self.params.iter().enumerate() {
            let path = param.path.replace('/', "_");
            if self.optimizer.ema.is_some() {
                items.push((Item::Average(i), format!("{name}/{path}_average"), param.shape.clone()));
            }
            if self.optimizer.gradient_accumulation_steps.is_some() {
                let own = format!("{name}/{path}_gradient_accumulator");
                items.push((Item::Gathered(i), own, param.shape.clone()));
            }
        }
        for (i, slot) in self.layout.slots.iter().enumerate() {
            let path = &self.params[slot.param].path;
            let own = match slot.name {
                "" => format!("{name}/{}", path.rsplit('/').next().unwrap_or(path)),
                memory => format!("{name}/{}_{memory}", path.replace('/', "_")),
            };
            items.push((Item::Slot(i), own, slot.shape.clone()));
        }
        for i in 0..self.memory.scalars.len() {
            let own = if i == 0 { "variable".to_string() } else { format!("variable_{i}") };
            items.push((Item::Scalar(i), own, Vec::new()));
        }
        items
    }
}

/// A single number may be saved with or without an axis.
fn same_shape(a: &[usize], b: &[usize]) -> bool {
    let one = |shape: &[usize]| shape.iter().all(|&n| n == 1) && shape.len() <= 1;
    a == b || (one(a) && one(b))
}

fn misfit(name: &str, expected: &str, found: &Variable) -> Error {
    let kind = match &found.value {
        Stored::Count(count) => format!("the whole number {count}"),
        Stored::Numbers(numbers) => format!("{} numbers of shape {:?}", numbers.len(), found.shape),
    };
    Error::shape(format!("expected {expected}, found {kind}")).at(name.to_string())
}
