//! Stages: the network cut at every place where the signal or its gradient is changed, layers inside of layers included.
//!
//! A Dense layer with an activation is two stages, so that what its weights do to a gradient and what its activation does
//! are two numbers. A model inside of a model is its own stages.

use crate::initializers::Initializer;
use crate::layers::layer::Role;
use crate::recipe::{Recipe, Trace};
use crate::shape::Extent;
use crate::step::Slot;
use std::collections::HashMap;
use std::sync::Arc;

/// Where a stage gets an input from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// From the stage of this index, which comes before.
    Stage(usize),
    /// From the input of the model of this index.
    Feed(usize),
}

impl Source {
    /// The index of the stage, if it is one.
    pub fn stage(self) -> Option<usize> {
        match self {
            Source::Stage(i) => Some(i),
            Source::Feed(_) => None,
        }
    }
}

/// One stage of a recipe, with the slots where its signal and its gradients are.
#[derive(Debug, Clone)]
pub struct Stage {
    /// `dense_1`, `tower/dense`; `dense_1/activation` for the activation inside of a layer.
    pub path: String,
    /// The class of its layer: "Dense".
    pub class: String,
    /// What it does.
    pub role: Role,
    /// Where its inputs come from.
    pub inputs: Vec<Source>,
    /// The numbers of one sample in each input.
    pub input_sizes: Vec<usize>,
    /// The numbers of one sample in its output.
    pub size: usize,
    /// The axes of one sample of its output.
    pub rank: usize,
    /// The size of the axis of its output that holds the units, or channels.
    pub units: usize,
    /// How many numbers lie from one unit to the next: 1 where their axis is the last.
    pub apart: usize,
    /// Its output.
    pub output: Slot,
    /// The gradient of the loss for its output, if there is one.
    pub delta: Option<Slot>,
    /// What it adds to the gradient for each of its inputs, where that is wanted.
    pub passed: Vec<Option<Slot>>,
    /// Its own parameters: indices into [`Recipe::parameters`].
    pub parameters: Vec<usize>,
}

impl Stage {
    /// The layer of the model that it belongs to.
    pub fn layer(&self) -> &str {
        self.path.split('/').next().unwrap_or(&self.path)
    }

    /// The kernel of a linear stage: its shape and how it is drawn.
    pub fn kernel<'a>(&self, recipe: &'a Recipe) -> Option<(&'a [usize], &'a Arc<dyn Initializer>)> {
        let first = &recipe.parameters[*self.parameters.first()?];
        matches!(self.role, Role::Linear { .. }).then_some((first.shape.dims(), &first.initializer))
    }
}

/// The stages of a recipe in the order of its forward pass.
///
/// ```
/// use steadygrad_nn::{Sequential, Model, activations::Tanh, layers::Dense, model::Purpose, stage::{Source, stages}};
/// let model: Model = Sequential::new([3]).add(Dense::new(4).activation(Tanh)).add(Dense::new(1)).into();
/// let recipe = model.lower(&Purpose::inference())?;
/// let stages = stages(&recipe);
/// let paths: Vec<&str> = stages.iter().map(|s| s.path.as_str()).collect();
/// assert_eq!(paths, ["dense", "dense/activation", "dense_1"]);
/// assert_eq!(stages[0].inputs, [Source::Feed(0)]);
/// assert_eq!(stages[2].inputs, [Source::Stage(1)]);
/// # Ok::<(), steadygrad_nn::Error>(())
/// ```
pub fn stages(recipe: &Recipe) -> Vec<Stage> {
    let size = |slot: Slot| match recipe.slot(slot).extent {
        Extent::Rows(n) | Extent::Fixed(n) => n,
    };
    let mut made: HashMap<Slot, Source> =
        recipe.inputs.iter().enumerate().map(|(i, s)| (*s, Source::Feed(i))).collect();
    let mut all: Vec<Stage> = Vec::new();
    for (i, trace) in recipe.traces.iter().enumerate() {
        let inner = inside(&recipe.traces[i..]);
        let linear = matches!(trace.role, Role::Linear { .. });
        // What only holds other layers is seen through them.
        if trace.outputs.is_empty() || matches!(trace.role, Role::Input) || (inner.is_some() && !linear) {
            continue;
        }
        let (output, delta) = match inner.filter(|_| linear) {
            Some(inner) => (inner.inputs[0], inner.input_gradients.first().copied().flatten()),
            None => (trace.outputs[0], trace.deltas.first().copied().flatten()),
        };
        let sources: Vec<Source> = trace.inputs.iter().filter_map(|s| made.get(s).copied()).collect();
        let dims = trace.shapes.first().map_or(&[][..], |s| s.dims());
        let before = sources.first().and_then(|s| s.stage()).map(|i| &all[i]);
        // A layer that is not told keeps the axes as they come.
        let kept = before.filter(|s| s.apart > 1 && s.rank == dims.len()).map(|_| 1);
        let axis = trace.channel_axis.or(kept).filter(|a| (1..dims.len()).contains(a));
        let apart = axis.map_or(1, |axis| dims[axis..].iter().product());
        let others: usize = match axis {
            Some(axis) => dims.iter().enumerate().filter(|(i, _)| i + 1 != axis).map(|(_, d)| d).product(),
            None => dims.iter().rev().skip(1).product(),
        };
        made.insert(output, Source::Stage(all.len()));
        all.push(Stage {
            path: trace.path.clone(),
            class: trace.class.clone(),
            role: trace.role.clone(),
            inputs: sources,
            input_sizes: trace.inputs.iter().map(|s| size(*s)).collect(),
            size: size(output),
            rank: dims.len(),
            units: size(output) / others.max(1),
            apart,
            output,
            delta,
            passed: trace.input_deltas.clone(),
            parameters: trace.parameters.clone(),
        });
    }
    all
}

/// The first layer inside of the first of these.
fn inside(traces: &[Trace]) -> Option<&Trace> {
    traces.get(1).filter(|inner| inner.depth > traces[0].depth)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sequential;
    use crate::activations::{Glu, Relu, Softmax};
    use crate::functional::{add, input};
    use crate::layers::{BatchNormalization, Conv2D, DataFormat, Dense, Flatten};
    use crate::losses::SparseCategoricalCrossentropy;
    use crate::model::{Model, Objective, Purpose};

    #[test]
    fn units_are_counted_along_the_channels() {
        let of = |format, axis| {
            let model: Model = Sequential::new([4, 6, 5])
                .add(Conv2D::new(3, 2).data_format(format).activation(Relu))
                .add(BatchNormalization::new().axis(axis))
                .add(Relu)
                .add(Flatten)
                .add(Dense::new(8).activation(Glu))
                .into();
            let all = stages(&model.lower(&Purpose::inference()).unwrap());
            all.iter().map(|s| (s.units, s.apart)).collect::<Vec<_>>()
        };
        let first = of(DataFormat::ChannelsFirst, 1);
        assert_eq!(first, [(3, 20), (3, 20), (3, 20), (3, 20), (60, 1), (8, 1), (4, 1)]);
        let last = of(DataFormat::ChannelsLast, -1);
        assert_eq!(last, [(3, 1), (3, 1), (3, 1), (3, 1), (45, 1), (8, 1), (4, 1)]);
    }

    #[test]
    fn a_residual_network_has_edges_and_a_head_that_starts_at_its_logits() {
        let x = input([4]).then(Dense::new(4));
        let h = x.then(BatchNormalization::new()).then(Dense::new(4).activation(Relu));
        let model = Model::of(&add([&x, &h]).then(Dense::new(3).activation(Softmax)));
        let loss = Arc::new(SparseCategoricalCrossentropy);
        let objective = Objective { output: 0, loss, weight: 1.0 };
        let recipe = model.lower(&Purpose::training(0, vec![objective])).unwrap();
        let all = stages(&recipe);
        let paths: Vec<&str> = all.iter().map(|s| s.path.as_str()).collect();
        let expected = [
            "dense",
            "batch_normalization",
            "dense_1",
            "dense_1/activation",
            "add",
            "dense_2",
            "dense_2/activation",
        ];
        assert_eq!(paths, expected);
        assert_eq!(all[4].inputs, [Source::Stage(0), Source::Stage(3)]);
        assert!(all[..6].iter().all(|s| s.delta.is_some()), "{all:#?}");
        assert!(all[6].delta.is_none() && all[6].passed == [None]);
        assert!(all[1..6].iter().all(|s| s.passed.iter().all(Option::is_some)));
        assert_eq!(all[0].passed, [None]);
        assert_eq!(all[2].layer(), "dense_1");
        assert_eq!(all[3].layer(), "dense_1");
    }
}
