//! From layers to steps: every layer writes its forward steps, and right under them its backward steps.
//!
//! Values flow through *ports*. A port knows its slot, its shape, and who reads it: every reader gets a gradient slot
//! of its own, and where there are several, one `Sum` adds them in the order of the readers.

use crate::config::Args;
use crate::constraints::Constraint;
use crate::initializers::Initializer;
use crate::layers::layer::Layer;
use crate::losses::Head;
use crate::names::Counter;
use crate::recipe::{Access, Home, Parameter, Recipe, Slot, SlotInfo, State, Step, Trace, Weight};
use crate::regularizers::Regularizer;
use crate::shape::{Extent, Shape};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use steadygrad_kernels::random::{Purpose, Stream};
use steadygrad_kernels::shuffle::RANK;
use steadygrad_kernels::{Error, Place, Result};

/// What the recipe is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Forward and backward, layers in training mode.
    Train,
    /// Forward only, layers in inference mode.
    Infer,
    /// Backward too, but layers in inference mode: gradients of a network as it is used.
    Frozen,
}

/// A value on its way through the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Port(usize);

/// A parameter as a layer sees it.
#[derive(Debug, Clone, Copy)]
pub struct Param {
    /// Its values.
    pub slot: Slot,
    index: usize,
}

struct PortInfo {
    slot: Slot,
    shape: Shape,
    gradient: Slot,
    readers: Vec<Slot>,
    first_reader: usize,
    wanted: bool,
    head: Option<(Port, Head)>,
}

struct ParamInfo {
    parameter: Parameter,
    readers: Vec<Slot>,
    first_reader: usize,
}

/// A recipe under construction.
pub(crate) struct Builder {
    mode: Mode,
    seed: u64,
    slots: Vec<SlotInfo>,
    same: Vec<u32>,
    forward: Vec<Step>,
    groups: Vec<Vec<Step>>,
    ports: Vec<PortInfo>,
    params: Vec<ParamInfo>,
    states: Vec<State>,
    /// Where parameters and state of these paths are; a path is one or the other.
    kept: HashMap<String, usize>,
    weights: Vec<Weight>,
    penalties: Vec<Slot>,
    traces: Vec<(Trace, Vec<Port>, Vec<Port>)>,
    streams: Counter,
}

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

impl Builder {
    pub(crate) fn new(mode: Mode, seed: u64) -> Builder {
        Builder {
            mode,
            seed,
            slots: Vec::new(),
            same: Vec::new(),
            forward: Vec::new(),
            groups: Vec::new(),
            ports: Vec::new(),
            params: Vec::new(),
            states: Vec::new(),
            kept: HashMap::new(),
            weights: Vec::new(),
            penalties: Vec::new(),
            traces: Vec::new(),
            streams: Counter::default(),
        }
    }

    pub(crate) fn new_slot(&mut self, home: Home, extent: Extent) -> Slot {
        let slot = Slot(self.slots.len() as u32);
        self.slots.push(SlotInfo { home, extent });
        self.same.push(slot.0);
        slot
    }

    /// A new port; `wanted`: its gradient is needed by something before it.
    pub(crate) fn new_port(&mut self, home: Home, shape: Shape, wanted: bool) -> Port {
        let extent = Extent::Rows(shape.size());
        let slot = self.new_slot(home, extent);
        let gradient = self.new_slot(Home::Value, extent);
        self.ports.push(PortInfo {
            slot,
            shape,
            gradient,
            readers: Vec::new(),
            first_reader: 0,
            wanted,
            head: None,
        });
        Port(self.ports.len() - 1)
    }

    pub(crate) fn slot_of(&self, port: Port) -> Slot {
        self.ports[port.0].slot
    }
    pub(crate) fn shape_of(&self, port: Port) -> &Shape {
        &self.ports[port.0].shape
    }
    pub(crate) fn head_of(&self, port: Port) -> Option<(Port, Head)> {
        self.ports[port.0].head
    }
    pub(crate) fn forward(&mut self, step: Step) {
        self.forward.push(step);
    }
    pub(crate) fn backward(&mut self, steps: impl IntoIterator<Item = Step>) {
        if self.mode != Mode::Infer {
            self.groups.push(steps.into_iter().collect());
        }
    }

    /// A slot for one reader's contribution to the port's gradient, if anything before the port wants it.
    pub(crate) fn gradient_into(&mut self, port: Port) -> Option<Slot> {
        if self.mode == Mode::Infer || !self.ports[port.0].wanted {
            return None;
        }
        let extent = Extent::Rows(self.ports[port.0].shape.size());
        let slot = self.new_slot(Home::Value, extent);
        self.add_reader(port, slot);
        Some(slot)
    }

    fn add_reader(&mut self, port: Port, slot: Slot) {
        let group = self.groups.len();
        let info = &mut self.ports[port.0];
        if info.readers.is_empty() {
            info.first_reader = group;
        }
        info.readers.push(slot);
    }

    fn find(&self, slot: Slot) -> Slot {
        let mut at = slot.0;
        while self.same[at as usize] != at {
            at = self.same[at as usize];
        }
        Slot(at)
    }

    /// Makes two slots one: `from` is where `to` is.
    fn unite(&mut self, from: Slot, to: Slot) {
        let (from, to) = (self.find(from), self.find(to));
        if from != to {
            self.same[from.0 as usize] = to.0;
        }
    }

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
        let trace = self.traces.len();
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
                parameters: Vec::new(),
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
        let entry = &mut self.traces[trace];
        entry.0.parameters = parameters;
        entry.0.input_deltas = input_deltas;
        entry.2 = outputs.clone();
        Ok(outputs)
    }

    /// Settles who adds to which gradient, and drops what nobody needs.
    pub(crate) fn finish(mut self, outputs: &[Port], inputs: &[Port], want_inputs: bool) -> Recipe {
        let mut absent: HashSet<Slot> =
            self.ports.iter().filter(|p| p.readers.is_empty()).map(|p| p.gradient).collect();
        let mut backward: Vec<Step> = Vec::new();
        let mut due = self.due();
        for group in (0..self.groups.len()).rev() {
            for step in std::mem::take(&mut self.groups[group]) {
                let slots = step.slots();
                if slots.iter().any(|(s, a)| *a != Access::Write && absent.contains(&self.find(*s))) {
                    absent.extend(
                        slots.iter().filter(|(_, a)| *a == Access::Write).map(|(s, _)| self.find(*s)),
                    );
                } else {
                    backward.push(step);
                }
            }
            for (readers, gradient) in std::mem::take(&mut due[group]) {
                self.settle(readers, gradient, &mut absent, &mut backward);
            }
        }
        self.recipe(backward, &absent, outputs, inputs, want_inputs)
    }

    /// The gradients that are complete behind each group, with the contributions of their readers: ports, then parameters.
    fn due(&self) -> Vec<Vec<(Vec<Slot>, Slot)>> {
        let mut due = vec![Vec::new(); self.groups.len()];
        for port in self.ports.iter().filter(|p| !p.readers.is_empty()) {
            due[port.first_reader].push((port.readers.clone(), port.gradient));
        }
        for param in self.params.iter().filter(|p| !p.readers.is_empty()) {
            if let Some(gradient) = param.parameter.gradient {
                due[param.first_reader].push((param.readers.clone(), gradient));
            }
        }
        due
    }

    /// One gradient from its readers' contributions: none, the only one, or their sum.
    fn settle(
        &mut self,
        readers: Vec<Slot>,
        gradient: Slot,
        absent: &mut HashSet<Slot>,
        backward: &mut Vec<Step>,
    ) {
        let present: Vec<Slot> =
            readers.into_iter().map(|s| self.find(s)).filter(|s| !absent.contains(s)).collect();
        match present.as_slice() {
            [] => {
                absent.insert(gradient);
            }
            [one] if self.slots[gradient.0 as usize].home == Home::Value => self.unite(gradient, *one),
            [one] if self.slots[one.0 as usize].home == Home::Value => self.unite(*one, gradient),
            _ => backward.push(Step::Sum { inputs: present, out: gradient }),
        }
    }

    fn recipe(
        mut self,
        mut backward: Vec<Step>,
        absent: &HashSet<Slot>,
        outputs: &[Port],
        inputs: &[Port],
        want_inputs: bool,
    ) -> Recipe {
        for port in outputs {
            let slot = self.find(self.slot_of(*port));
            let info = &mut self.slots[slot.0 as usize];
            if info.home == Home::Value {
                info.home = Home::Result;
            }
        }
        let present = |build: &Builder, slot: Slot| {
            let slot = build.find(slot);
            (!absent.contains(&slot)).then_some(slot)
        };
        let mut input_gradients = Vec::new();
        for port in inputs {
            let slot = if want_inputs { present(&self, self.ports[port.0].gradient) } else { None };
            if let Some(slot) = slot {
                self.slots[slot.0 as usize].home = Home::Result;
            }
            input_gradients.push(slot);
        }
        let written: HashSet<Slot> = backward
            .iter()
            .flat_map(Step::slots)
            .filter(|(_, a)| *a == Access::Write)
            .map(|(s, _)| self.find(s))
            .collect();
        let traces = self
            .traces
            .iter()
            .map(|(trace, inputs, out)| {
                let alive = |slot: Slot| present(&self, slot).filter(|s| written.contains(s));
                let mut trace = trace.clone();
                trace.inputs = trace.inputs.iter().map(|s| self.find(*s)).collect();
                trace.outputs = out.iter().map(|p| self.find(self.slot_of(*p))).collect();
                trace.deltas = out.iter().map(|p| alive(self.ports[p.0].gradient)).collect();
                trace.input_gradients = inputs.iter().map(|p| alive(self.ports[p.0].gradient)).collect();
                trace.input_deltas = trace.input_deltas.iter().map(|s| s.and_then(alive)).collect();
                trace
            })
            .collect();
        let mut forward = std::mem::take(&mut self.forward);
        for step in forward.iter_mut().chain(&mut backward) {
            step.visit(&mut |slot, _| *slot = self.find(*slot));
        }
        let mut recipe = Recipe {
            inputs: inputs.iter().map(|p| self.slot_of(*p)).collect(),
            outputs: outputs.iter().map(|p| self.find(self.slot_of(*p))).collect(),
            output_shapes: outputs.iter().map(|p| self.shape_of(*p).clone()).collect(),
            penalties: self.penalties.iter().map(|s| self.find(*s)).collect(),
            slots: self.slots,
            forward,
            backward,
            parameters: self.params.into_iter().map(|p| p.parameter).collect(),
            states: self.states,
            weights: self.weights,
            input_gradients,
            traces,
            ..Recipe::default()
        };
        trainable_first(&mut recipe);
        recipe
    }
}

/// Orders the parameters so that the trainable ones are one piece of memory.
fn trainable_first(recipe: &mut Recipe) {
    let old = std::mem::take(&mut recipe.parameters);
    let mut order: Vec<usize> = (0..old.len()).collect();
    order.sort_by_key(|&i| old[i].gradient.is_none());
    let mut place = vec![0; old.len()];
    for (new, &i) in order.iter().enumerate() {
        place[i] = new;
    }
    recipe.parameters = order.iter().map(|&i| old[i].clone()).collect();
    for weight in &mut recipe.weights {
        if let Weight::Parameter(i) = weight {
            *i = place[*i];
        }
    }
    for trace in &mut recipe.traces {
        for i in &mut trace.parameters {
            *i = place[*i];
        }
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
