//! From layers to steps: every layer writes its forward steps, and right under them its backward steps.
//!
//! Values flow through *ports*. A port knows its slot, its shape, and who reads it: every reader gets a gradient slot
//! of its own, and where there are several, one `Sum` adds them in the order of the readers.

use crate::args::Args;
use crate::builder::{Builder, Mode, Param, ParamInfo, Port};
use crate::constraints::Constraint;
use crate::initializers::Initializer;
use crate::layers::layer::Layer;
use crate::losses::Head;
use crate::recipe::{Home, Parameter, State, Trace, Weight};
use crate::regularizers::Regularizer;
use crate::shape::{Extent, Shape};
use crate::step::{Slot, Step};
use std::sync::Arc;
use steadygrad_kernels::random::{Purpose, Stream};
use steadygrad_kernels::shuffle::RANK;
use steadygrad_kernels::{Error, Place, Result};

/// What a layer sees while it is lowered.
pub struct Lowering<'a> {
    pub(crate) build: &'a mut Builder,
    path: String,
    key: String,
    trainable: bool,
    depth: usize,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    parameters: Vec<usize>,
}

/// How a parameter starts and what it is subject to.
#[derive(Debug, Clone)]
pub struct ParamSpec {
    /// Its initial values.
    pub initializer: Arc<dyn Initializer>,
    /// Its penalty in the loss.
    pub regularizer: Option<Arc<dyn Regularizer>>,
    /// Its bounds.
    pub constraint: Option<Arc<dyn Constraint>>,
}

impl ParamSpec {
    /// This initializer, and nothing else.
    pub fn new(initializer: impl Initializer) -> ParamSpec {
        ParamSpec { initializer: Arc::new(initializer), regularizer: None, constraint: None }
    }

    /// `<name>_initializer`, `<name>_regularizer` and `<name>_constraint` of a layer's settings.
    pub fn read(args: &mut Args<'_>, name: &str, initializer: Arc<dyn Initializer>) -> Result<ParamSpec> {
        Ok(ParamSpec {
            initializer: args.or(&format!("{name}_initializer"), initializer)?,
            regularizer: args.or(&format!("{name}_regularizer"), None)?,
            constraint: args.or(&format!("{name}_constraint"), None)?,
        })
    }
}

/// Where a layer stands: its names and whether it may learn.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub path: String,
    pub key: String,
    pub trainable: bool,
    pub depth: usize,
}

impl Builder {
    /// Lowers one layer on these inputs.
    pub(crate) fn layer(
        &mut self,
        layer: &dyn Layer,
        context: &Context,
        inputs: Vec<Port>,
    ) -> Result<Vec<Port>> {
        let shapes: Vec<Shape> = inputs.iter().map(|p| self.shape_of(*p).clone()).collect();
        let expected = layer.output_shapes(&shapes).place(|| context.path.clone())?;
        if let Some(shape) = shapes.iter().chain(&expected).find(|s| s.rank() >= RANK) {
            let most = RANK - 1;
            return Err(Error::unsupported(format!(
                "values have {most} axes and the batch at most, got {shape}"
            ))
            .at(context.path.clone())
            .help("merge axes with Reshape"));
        }
        let (trace, first) = (self.traces.len(), self.forward.len());
        self.traces.push((
            Trace {
                path: context.path.clone(),
                class: layer.class().to_string(),
                role: layer.role(),
                depth: context.depth,
                inputs: inputs.iter().map(|p| self.slot_of(*p)).collect(),
                outputs: Vec::new(),
                deltas: Vec::new(),
                input_deltas: Vec::new(),
                input_gradients: Vec::new(),
                shapes: expected.clone(),
                channel_axis: layer.channel_axis(),
                parameters: Vec::new(),
                steps: first..first,
            },
            inputs.clone(),
            Vec::new(),
        ));
        let before: Vec<usize> = inputs.iter().map(|p| self.ports[p.0].readers.len()).collect();
        let mut at = Lowering {
            build: self,
            path: context.path.clone(),
            key: context.key.clone(),
            trainable: context.trainable,
            depth: context.depth,
            inputs: inputs.clone(),
            outputs: Vec::new(),
            parameters: Vec::new(),
        };
        layer.lower(&mut at).place(|| context.path.clone())?;
        let (outputs, parameters) = (at.outputs, at.parameters);
        debug_assert_eq!(
            outputs.iter().map(|p| self.shape_of(*p).clone()).collect::<Vec<_>>(),
            expected,
            "{}: output_shapes and lower disagree",
            context.path
        );
        let input_deltas =
            inputs.iter().zip(before).map(|(p, n)| self.ports[p.0].readers.get(n).copied()).collect();
        let behind = self.forward.len();
        let entry = &mut self.traces[trace];
        entry.0.steps = first..behind;
        entry.0.parameters = parameters;
        entry.0.input_deltas = input_deltas;
        entry.2 = outputs.clone();
        Ok(outputs)
    }
}

impl Lowering<'_> {
    /// The i-th input.
    pub fn input(&self, i: usize) -> Port {
        self.inputs[i]
    }

    /// All inputs.
    pub fn inputs(&self) -> Vec<Port> {
        self.inputs.clone()
    }

    /// What was handed out so far.
    pub fn outputs(&self) -> Vec<Port> {
        self.outputs.clone()
    }

    /// Layers behave as in training (batch statistics, noise).
    pub fn training(&self) -> bool {
        self.build.mode == Mode::Train
    }

    /// The layer may learn: neither it nor a model around it is frozen.
    pub fn trainable(&self) -> bool {
        self.trainable
    }

    /// The layer's path, for steps that want to say where they are.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The shape of one sample at this port.
    pub fn shape(&self, port: Port) -> &Shape {
        self.build.shape_of(port)
    }

    /// Where the port's values are.
    pub fn slot(&self, port: Port) -> Slot {
        self.build.slot_of(port)
    }

    /// A new value of this shape. Its gradient is computed if any input of the layer wants one, or any parameter of it.
    pub fn port(&mut self, shape: Shape) -> Port {
        let wanted = self.inputs.iter().any(|p| self.build.ports[p.0].wanted)
            || self.parameters.iter().any(|&i| self.build.params[i].parameter.gradient.is_some());
        self.build.new_port(Home::Value, shape, wanted)
    }

    /// The same numbers under another shape: no step.
    pub fn reshaped(&mut self, from: Port, shape: Shape) -> Port {
        let wanted = self.build.ports[from.0].wanted;
        let to = self.build.new_port(Home::Value, shape, wanted);
        let (source, slot) = (self.slot(from), self.slot(to));
        self.build.unite(slot, source);
        self.same_gradient(from, to);
        to
    }

    /// A scratch or saved value.
    pub fn scratch(&mut self, extent: Extent) -> Slot {
        self.build.new_slot(Home::Value, extent)
    }

    /// Numbers that are the same in every run.
    pub(crate) fn constant(&mut self, values: Vec<f64>) -> Slot {
        let out = self.scratch(Extent::Fixed(values.len()));
        self.forward(Step::Constant { out, values: values.into() });
        out
    }

    /// Writes a forward step.
    pub fn forward(&mut self, step: Step) {
        self.build.forward(step);
    }

    /// Writes backward steps, run in this order, and before the backward steps of all that was lowered earlier.
    pub fn backward(&mut self, steps: impl IntoIterator<Item = Step>) {
        self.build.backward(steps);
    }

    /// The gradient of the loss for this value: what backward steps read.
    pub fn gradient(&self, port: Port) -> Slot {
        self.build.ports[port.0].gradient
    }

    /// Where this reader of the port writes the gradient it passes back; `None` where nobody wants it.
    pub fn gradient_into(&mut self, port: Port) -> Option<Slot> {
        self.build.gradient_into(port)
    }

    /// The gradient passed back to `from` is the gradient of `to`, unchanged.
    pub fn same_gradient(&mut self, from: Port, to: Port) {
        if self.build.mode != Mode::Infer && self.build.ports[from.0].wanted {
            let gradient = self.build.ports[to.0].gradient;
            // A group of its own, so that the readers of `to` come before the sum at `from`.
            self.build.add_reader(from, gradient);
            self.build.groups.push(Vec::new());
        }
    }

    /// A parameter; the same one at every node of a shared layer.
    pub fn param(&mut self, name: &str, shape: impl Into<Shape>, spec: &ParamSpec) -> Result<Param> {
        let shape = shape.into();
        let path = format!("{}/{name}", self.path);
        if let Some(index) = self.build.kept.get(&path).copied() {
            if !self.parameters.contains(&index) {
                self.parameters.push(index);
            }
            return Ok(Param { slot: self.build.params[index].parameter.value, index });
        }
        shape.check().place(|| path.clone())?;
        let extent = Extent::Fixed(shape.size());
        let value = self.build.new_slot(Home::Parameter, extent);
        let gradient = (self.trainable && self.build.mode != Mode::Infer)
            .then(|| self.build.new_slot(Home::Gradient, extent));
        let index = self.build.params.len();
        self.build.params.push(ParamInfo {
            parameter: Parameter {
                path: path.clone(),
                key: format!("{}/{name}", self.key),
                shape: shape.clone(),
                value,
                gradient,
                initializer: spec.initializer.clone(),
                constraint: spec.constraint.clone(),
            },
            readers: Vec::new(),
            first_reader: 0,
        });
        self.build.weights.push(Weight::Parameter(index));
        self.parameters.push(index);
        let param = Param { slot: value, index };
        self.build.kept.insert(path, index);
        if let Some(regularizer) = &spec.regularizer {
            regularizer.check(shape.dims()).place(|| name.to_string())?;
            let out = self.build.new_slot(Home::Result, Extent::ONE);
            self.build.penalties.push(out);
            let regularizer = regularizer.clone();
            self.forward(Step::Penalty {
                regularizer: regularizer.clone(),
                w: value,
                out,
                shape: shape.clone(),
                per_row: false,
            });
            if let Some(dw) = self.param_gradient(&param) {
                self.backward([Step::PenaltyGrad { regularizer, w: value, out: dw, shape, per_row: false }]);
            }
        }
        Ok(param)
    }

    /// Where this use of the parameter writes its gradient; `None` if frozen.
    pub fn param_gradient(&mut self, param: &Param) -> Option<Slot> {
        let gradient = self.build.params[param.index].parameter.gradient?;
        let extent = self.build.slots[gradient.0 as usize].extent;
        let slot = self.build.new_slot(Home::Value, extent);
        let group = self.build.groups.len();
        let info = &mut self.build.params[param.index];
        if info.readers.is_empty() {
            info.first_reader = group;
        }
        info.readers.push(slot);
        Some(slot)
    }

    /// State that is kept and saved, and that no optimizer sees.
    pub fn state(&mut self, name: &str, shape: impl Into<Shape>, initializer: &Arc<dyn Initializer>) -> Slot {
        let shape = shape.into();
        let path = format!("{}/{name}", self.path);
        if let Some(&index) = self.build.kept.get(&path) {
            return self.build.states[index].value;
        }
        self.build.kept.insert(path.clone(), self.build.states.len());
        let value = self.build.new_slot(Home::State, Extent::Fixed(shape.size()));
        self.build.weights.push(Weight::State(self.build.states.len()));
        self.build.states.push(State {
            path,
            key: format!("{}/{name}", self.key),
            shape,
            value,
            initializer: initializer.clone(),
        });
        value
    }

    /// Adds the penalty of a value (an activity) to the loss, divided by the number of rows as Keras does.
    pub fn activity_penalty(&mut self, port: Port, regularizer: &Arc<dyn Regularizer>) {
        let out = self.build.new_slot(Home::Result, Extent::ONE);
        self.build.penalties.push(out);
        let (w, shape) = (self.slot(port), self.shape(port).clone());
        let regularizer = regularizer.clone();
        self.forward(Step::Penalty {
            regularizer: regularizer.clone(),
            w,
            out,
            shape: shape.clone(),
            per_row: true,
        });
        if let Some(dw) = self.gradient_into(port) {
            self.backward([Step::PenaltyGrad { regularizer, w, out: dw, shape, per_row: true }]);
        }
    }

    /// The stream of this layer's random numbers; a seed of its own overrides the run's. Every use of a shared layer
    /// gets one of its own.
    pub fn stream(&mut self, seed: Option<u64>) -> Stream {
        let key = self.build.streams.next(&self.key);
        Stream::new(seed.unwrap_or(self.build.seed), Purpose::Noise, &key)
    }

    /// Lowers a layer inside this one, such as its activation, under the name given.
    pub fn apply(&mut self, layer: &dyn Layer, name: &str, input: Port) -> Result<Port> {
        let context = Context {
            path: format!("{}/{name}", self.path),
            key: format!("{}/{name}", self.key),
            trainable: self.trainable,
            depth: self.depth + 1,
        };
        let outputs = self.build.layer(layer, &context, vec![input])?;
        Ok(outputs[0])
    }

    /// Lowers a layer inside this one with all that it may have: several inputs and outputs, a name and key of its own.
    pub(crate) fn apply_entry(
        &mut self,
        layer: &dyn Layer,
        name: &str,
        key: &str,
        trainable: bool,
        inputs: Vec<Port>,
    ) -> Result<Vec<Port>> {
        let context = Context {
            path: format!("{}/{name}", self.path),
            key: format!("{}/{key}", self.key),
            trainable: self.trainable && trainable,
            depth: self.depth + 1,
        };
        self.build.layer(layer, &context, inputs)
    }

    /// `port` came from `logits` through a softmax or sigmoid: a cross-entropy may take the logits themselves.
    pub fn mark_head(&mut self, port: Port, logits: Port, head: Head) {
        self.build.ports[port.0].head = Some((logits, head));
    }

    /// Hands out the next output. A reshaped or passed-on value keeps the mark of [`Lowering::mark_head`].
    pub fn output(&mut self, port: Port) {
        self.outputs.push(port);
    }
}
