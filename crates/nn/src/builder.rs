//! A recipe under construction: ports, who reads them, and where gradients meet.

use crate::losses::Head;
use crate::names::Counter;
use crate::recipe::{Home, Parameter, Recipe, SlotInfo, State, Trace, Weight};
use crate::shape::{Extent, Shape};
use crate::step::{Access, Slot, Step};
use std::collections::{HashMap, HashSet};

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
pub struct Port(pub(crate) usize);

/// A parameter as a layer sees it.
#[derive(Debug, Clone, Copy)]
pub struct Param {
    /// Its values.
    pub slot: Slot,
    pub(crate) index: usize,
}

pub(crate) struct PortInfo {
    pub(crate) slot: Slot,
    pub(crate) shape: Shape,
    pub(crate) gradient: Slot,
    pub(crate) readers: Vec<Slot>,
    pub(crate) first_reader: usize,
    pub(crate) wanted: bool,
    pub(crate) head: Option<(Port, Head)>,
}

pub(crate) struct ParamInfo {
    pub(crate) parameter: Parameter,
    pub(crate) readers: Vec<Slot>,
    pub(crate) first_reader: usize,
}

/// A recipe under construction.
pub(crate) struct Builder {
    pub(crate) mode: Mode,
    pub(crate) seed: u64,
    pub(crate) slots: Vec<SlotInfo>,
    pub(crate) same: Vec<u32>,
    pub(crate) forward: Vec<Step>,
    pub(crate) groups: Vec<Vec<Step>>,
    pub(crate) ports: Vec<PortInfo>,
    pub(crate) params: Vec<ParamInfo>,
    pub(crate) states: Vec<State>,
    /// Where parameters and state of these paths are; a path is one or the other.
    pub(crate) kept: HashMap<String, usize>,
    pub(crate) weights: Vec<Weight>,
    pub(crate) penalties: Vec<Slot>,
    pub(crate) traces: Vec<(Trace, Vec<Port>, Vec<Port>)>,
    pub(crate) streams: Counter,
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

    pub(crate) fn add_reader(&mut self, port: Port, slot: Slot) {
        let group = self.groups.len();
        let info = &mut self.ports[port.0];
        if info.readers.is_empty() {
            info.first_reader = group;
        }
        info.readers.push(slot);
    }

    pub(crate) fn find(&self, slot: Slot) -> Slot {
        let mut at = slot.0;
        while self.same[at as usize] != at {
            at = self.same[at as usize];
        }
        Slot(at)
    }

    /// Makes two slots one: `from` is where `to` is.
    pub(crate) fn unite(&mut self, from: Slot, to: Slot) {
        let (from, to) = (self.find(from), self.find(to));
        if from != to {
            self.same[from.0 as usize] = to.0;
        }
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
