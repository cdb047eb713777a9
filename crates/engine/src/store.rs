//! What a model keeps: where every weight lies in the arena.

use crate::apply::ParamSpec;
use crate::plan::Fixed;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use steadygrad_kernels::arena::{Arena, LINE};
use steadygrad_kernels::{Error, Place, Result};
use steadygrad_nn::initializers::{Draw, Initializer};
use steadygrad_nn::recipe::{Recipe, Weight};

/// A weight of the model: a parameter or a piece of state.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Layer path and name: `dense_1/kernel`.
    pub path: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Where it lies.
    pub range: Range<usize>,
    /// It learns.
    pub trainable: bool,
    /// It is a parameter, learning or frozen, and no state.
    pub parameter: bool,
    key: String,
    initializer: Arc<dyn Initializer>,
}

/// The persistent part of the arena: trainable parameters, frozen ones, state, then the gradients of the first.
#[derive(Debug, Clone)]
pub struct Store {
    /// All weights in Keras' order.
    pub weights: Vec<Kept>,
    /// The trainable ones in the order of the arena.
    pub params: Vec<ParamSpec>,
    /// Where the trainable parameters lie.
    pub trainable: Range<usize>,
    /// Where their gradients lie, in the same order.
    pub gradients: Range<usize>,
    /// Where everything else begins.
    pub end: usize,
}

impl Store {
    /// Places everything that the recipe keeps.
    pub fn new(recipe: &Recipe) -> Store {
        let mut at = 0;
        let mut take = |len: usize| {
            at += len;
            at - len..at
        };
        let parameters: Vec<Range<usize>> = recipe.parameters.iter().map(|p| take(p.shape.size())).collect();
        let states: Vec<Range<usize>> = recipe.states.iter().map(|s| take(s.shape.size())).collect();
        let learning = recipe.parameters.iter().filter(|p| p.gradient.is_some()).count();
        let trainable = 0..parameters[..learning].last().map_or(0, |r| r.end);
        let gradients = (at.div_ceil(LINE) * LINE)..(at.div_ceil(LINE) * LINE + trainable.len());
        let weights = recipe.weights.iter().map(|w| match *w {
            Weight::Parameter(i) => {
                let p = &recipe.parameters[i];
                Kept {
                    path: p.path.clone(),
                    shape: p.shape.dims().to_vec(),
                    range: parameters[i].clone(),
                    trainable: p.gradient.is_some(),
                    parameter: true,
                    key: p.key.clone(),
                    initializer: p.initializer.clone(),
                }
            }
            Weight::State(i) => {
                let s = &recipe.states[i];
                Kept {
                    path: s.path.clone(),
                    shape: s.shape.dims().to_vec(),
                    range: states[i].clone(),
                    trainable: false,
                    parameter: false,
                    key: s.key.clone(),
                    initializer: s.initializer.clone(),
                }
            }
        });
        let params = recipe.parameters[..learning].iter().zip(&parameters).map(|(p, range)| ParamSpec {
            path: p.path.clone(),
            shape: p.shape.dims().to_vec(),
            offset: range.start,
            len: range.len(),
            constraint: p.constraint.clone(),
        });
        Store {
            weights: weights.collect(),
            params: params.collect(),
            trainable,
            end: gradients.end.div_ceil(LINE) * LINE,
            gradients,
        }
    }

    /// Places for the slots of a recipe of the same model, whatever it is for.
    ///
    /// # Errors
    /// If the recipe has a weight that is not kept here: it is of another model.
    pub fn fixed(&self, recipe: &Recipe) -> Result<Fixed> {
        let starts: HashMap<&str, usize> =
            self.weights.iter().map(|w| (w.path.as_str(), w.range.start)).collect();
        let place = |path: &str| {
            starts.get(path).copied().ok_or_else(|| {
                let known: Vec<&str> = self.weights.iter().map(|w| w.path.as_str()).collect();
                Error::name("weight of this model", path, &known)
            })
        };
        let mut fixed: Fixed = Vec::new();
        for p in &recipe.parameters {
            let start = place(&p.path)?;
            fixed.push((p.value, start));
            if let Some(gradient) = p.gradient {
                fixed.push((gradient, self.gradients.start + start));
            }
        }
        for s in &recipe.states {
            fixed.push((s.value, place(&s.path)?));
        }
        Ok(fixed)
    }

    /// Gives every weight its first values.
    pub fn initialize(&self, seed: u64, arena: &mut Arena) -> Result<()> {
        for w in &self.weights {
            let values = &mut arena.all_mut()[w.range.clone()];
            w.initializer.fill(&Draw::new(seed, &w.key), &w.shape, values).place(|| w.path.clone())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steadygrad_nn::layers::Dense;
    use steadygrad_nn::model::Purpose;
    use steadygrad_nn::{Model, Sequential};

    #[test]
    fn a_recipe_of_another_model_has_no_place() {
        let recipe = |name: &str| {
            let model: Model = Sequential::new([2]).add_as(name, Dense::new(3)).into();
            model.lower(&Purpose::inference()).unwrap()
        };
        let store = Store::new(&recipe("head"));
        assert_eq!(store.fixed(&recipe("head")).unwrap().len(), 2);
        let error = store.fixed(&recipe("heat")).unwrap_err().to_string();
        assert!(error.contains("heat/kernel") && error.contains("head/kernel"), "{error}");
    }
}
