//! A graph under construction: values with their shapes, names that are there once, and Transposes that wait.

use super::proto::{Attribute, Node, Numbers, Tensor};
use std::collections::{HashMap, HashSet};

/// A value of the graph.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Value {
    pub name: String,
    /// Its axes, without the batch.
    pub dims: Vec<usize>,
    /// Whether the batch stands in front of them; what has none is the same for every batch.
    pub rows: bool,
}

impl Value {
    /// Numbers of one sample.
    pub fn size(&self) -> usize {
        self.dims.iter().product()
    }

    /// Where ONNX counts this axis.
    pub fn axis(&self, at: usize) -> i64 {
        (at + usize::from(self.rows)) as i64
    }
}

/// What a value was made of by moving or repeating numbers alone.
#[derive(Debug, Clone)]
enum Moved {
    /// By a Reshape.
    Reshaped(Value),
    /// By a Transpose: axis i is axis `order[i]` of the value.
    Turned(Value, Vec<usize>),
    /// By an Expand: axes of 1 are longer.
    Stretched(Value),
}

/// A graph under construction.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub nodes: Vec<Node>,
    pub tensors: Vec<Tensor>,
    /// The layer whose nodes are written.
    pub layer: String,
    names: HashSet<String>,
    moved: HashMap<String, Moved>,
    known: HashMap<String, usize>,
}

impl Graph {
    /// A name that is there once: this one, or with a number behind it.
    pub fn unique(&mut self, name: &str) -> String {
        let mut unique = name.to_string();
        let mut count = 1;
        while !self.names.insert(unique.clone()) {
            count += 1;
            unique = format!("{name}_{count}");
        }
        unique
    }

    /// A node with one output of this shape.
    pub fn node(
        &mut self,
        op: &'static str,
        inputs: &[&Value],
        attributes: Vec<(&'static str, Attribute)>,
        dims: Vec<usize>,
    ) -> Value {
        let rows = inputs.iter().any(|value| value.rows);
        let name = self.unique(&format!("{}/{op}", self.layer));
        self.nodes.push(Node {
            op,
            name: name.clone(),
            inputs: inputs.iter().map(|value| value.name.clone()).collect(),
            outputs: vec![name.clone()],
            attributes,
        });
        Value { name, dims, rows }
    }

    /// A node that works on each number alone.
    pub fn unary(&mut self, op: &'static str, x: &Value) -> Value {
        self.node(op, &[x], Vec::new(), x.dims.clone())
    }

    /// The same with one setting.
    pub fn unary_with(&mut self, op: &'static str, x: &Value, name: &'static str, value: f64) -> Value {
        self.node(op, &[x], vec![(name, Attribute::Float(value as f32))], x.dims.clone())
    }

    /// A node on two values number by number. Axes of 1 are stretched; the shape is that of the larger one.
    pub fn binary(&mut self, op: &'static str, a: &Value, b: &Value) -> Value {
        let rank = a.dims.len().max(b.dims.len());
        let dim =
            |value: &Value, i: usize| (i + value.dims.len()).checked_sub(rank).map_or(1, |at| value.dims[at]);
        let dims = (0..rank).map(|i| dim(a, i).max(dim(b, i))).collect();
        self.node(op, &[a, b], Vec::new(), dims)
    }

    /// x op a number.
    pub fn with_number(&mut self, op: &'static str, x: &Value, number: f64) -> Value {
        let number = self.number(number);
        self.binary(op, x, &number)
    }

    /// A number op x.
    pub fn number_with(&mut self, op: &'static str, number: f64, x: &Value) -> Value {
        let number = self.number(number);
        self.binary(op, &number, x)
    }

    /// A number.
    pub fn number(&mut self, number: f64) -> Value {
        let number = number as f32;
        self.constant(&number.to_string(), Vec::new(), vec![number])
    }

    /// Numbers that stand in the file; there once, whoever needs them.
    pub fn constant(&mut self, name: &str, dims: Vec<usize>, numbers: Vec<f32>) -> Value {
        let name = self.tensor(name, &dims, Numbers::Float(numbers));
        Value { name, dims, rows: false }
    }

    /// Whole numbers that stand in the file.
    pub fn whole(&mut self, numbers: &[i64]) -> Value {
        let words: Vec<String> = numbers.iter().map(i64::to_string).collect();
        let name = format!("[{}]", words.join(", "));
        let dims = vec![numbers.len()];
        let name = self.tensor(&name, &dims, Numbers::Whole(numbers.to_vec()));
        Value { name, dims, rows: false }
    }

    /// One whole number.
    pub fn whole_number(&mut self, number: i64) -> Value {
        let name = self.tensor(&format!("{number} alone"), &[], Numbers::Whole(vec![number]));
        Value { name, dims: Vec::new(), rows: false }
    }

    fn tensor(&mut self, name: &str, dims: &[usize], numbers: Numbers) -> String {
        if let Some(&at) = self.known.get(name) {
            let known = &self.tensors[at];
            if known.dims == dims && known.numbers == numbers {
                return known.name.clone();
            }
        }
        let unique = self.unique(name);
        self.known.insert(name.to_string(), self.tensors.len());
        self.tensors.push(Tensor { name: unique.clone(), dims: dims.to_vec(), numbers });
        unique
    }

    /// The same numbers under other axes. Where they had these axes before, it is the value of then.
    pub fn reshape(&mut self, x: &Value, dims: &[usize]) -> Value {
        if x.dims == dims {
            return x.clone();
        }
        match self.moved.get(&x.name).cloned() {
            Some(Moved::Reshaped(from)) => return self.reshape(&from, dims),
            Some(Moved::Turned(from, order)) => {
                if in_order(&from, &order) {
                    return self.reshape(&from, dims);
                }
            }
            Some(Moved::Stretched(_)) | None => {}
        }
        let mut shape: Vec<i64> = dims.iter().map(|&dim| dim as i64).collect();
        if x.rows {
            // 0 takes the size that the axis has.
            shape.insert(0, 0);
        }
        let to = self.whole(&shape);
        let y = self.node("Reshape", &[x, &to], Vec::new(), dims.to_vec());
        self.moved.insert(y.name.clone(), Moved::Reshaped(x.clone()));
        y
    }

    /// The axes in another order: axis i of what comes out is axis `order[i]` of x. Two in a row become one or none.
    pub fn transpose(&mut self, x: &Value, order: &[usize]) -> Value {
        if order.iter().enumerate().all(|(i, &axis)| i == axis) {
            return x.clone();
        }
        if let Some((from, before)) = self.turned(x) {
            let order: Vec<usize> = order.iter().map(|&axis| before[axis]).collect();
            return self.transpose(&from, &order);
        }
        let behind = usize::from(x.rows);
        let perm =
            (0..behind).chain(order.iter().map(|axis| axis + behind)).map(|axis| axis as i64).collect();
        let dims = order.iter().map(|&axis| x.dims[axis]).collect();
        let y = self.node("Transpose", &[x], vec![("perm", Attribute::Ints(perm))], dims);
        self.moved.insert(y.name.clone(), Moved::Turned(x.clone(), order.to_vec()));
        y
    }

    /// What x is a Transpose of, and its order.
    pub fn turned(&self, x: &Value) -> Option<(Value, Vec<usize>)> {
        match self.moved.get(&x.name) {
            Some(Moved::Turned(from, order)) => Some((from.clone(), order.clone())),
            _ => None,
        }
    }

    /// What x is a Transpose of, with the order; itself if it is none.
    pub fn straight(&self, x: &Value) -> (Value, Vec<usize>) {
        self.turned(x).unwrap_or_else(|| (x.clone(), (0..x.dims.len()).collect()))
    }

    /// f of x for an f that works on each number alone: a Transpose before it moves behind it, where it may meet its inverse.
    pub fn through(&mut self, x: &Value, f: impl FnOnce(&mut Graph, &Value) -> Value) -> Value {
        let (x, order) = self.straight(x);
        let y = f(self, &x);
        self.transpose(&y, &order)
    }

    /// The values before their Transposes, if all have the same one, and its order. Those that have none may be so small that they
    /// can go along: their numbers lie in the same order either way.
    pub fn all_straight(&mut self, values: &[Value]) -> Option<(Vec<Value>, Vec<usize>)> {
        let (_, order) = values.iter().find_map(|value| self.turned(value))?;
        let back = inverse(&order);
        let from = values.iter().map(|value| match self.turned(value) {
            Some((from, other)) if other == order => Some(from),
            _ if in_order(value, &back) => {
                let dims: Vec<usize> = back.iter().map(|&axis| value.dims[axis]).collect();
                Some(self.reshape(value, &dims))
            }
            _ => None,
        });
        let from: Option<Vec<Value>> = from.collect();
        Some((from?, order))
    }

    /// x repeated along the axes where it has 1 and `dims` more.
    pub fn stretch(&mut self, x: &Value, dims: &[usize]) -> Value {
        if x.dims == dims {
            return x.clone();
        }
        // A size of 1 keeps what is there, the batch too.
        let shape: Vec<i64> = [1].into_iter().chain(dims.iter().map(|&dim| dim as i64)).collect();
        let shape = self.whole(&shape);
        let y = self.node("Expand", &[x, &shape], Vec::new(), dims.to_vec());
        self.moved.insert(y.name.clone(), Moved::Stretched(x.clone()));
        y
    }

    /// Values for a node that stretches axes of 1 itself: as they were before.
    pub fn unstretched(&self, values: &[Value]) -> Vec<Value> {
        let before = |value: &Value| match self.moved.get(&value.name) {
            Some(Moved::Stretched(from)) => from.clone(),
            _ => value.clone(),
        };
        values.iter().map(before).collect()
    }

    /// The value with a range of axes of this size, so many numbers before and behind them, and which axis that is.
    pub fn along(&mut self, x: &Value, outer: usize, axis: usize, inner: usize) -> (Value, usize) {
        let product = |dims: &[usize]| dims.iter().product::<usize>();
        let at = (0..x.dims.len()).find(|&i| {
            product(&x.dims[..i]) == outer && x.dims[i] == axis && product(&x.dims[i + 1..]) == inner
        });
        match at {
            Some(at) => (x.clone(), at),
            None => (self.reshape(x, &[outer, axis, inner]), 1),
        }
    }

    /// Drops what no output needs.
    pub fn tidy(&mut self, outputs: &[String]) {
        let mut needed: HashSet<String> = outputs.iter().cloned().collect();
        let mut kept = Vec::with_capacity(self.nodes.len());
        for node in std::mem::take(&mut self.nodes).into_iter().rev() {
            if node.outputs.iter().any(|name| needed.contains(name)) {
                needed.extend(node.inputs.iter().cloned());
                kept.push(node);
            }
        }
        kept.reverse();
        self.nodes = kept;
        self.tensors.retain(|tensor| needed.contains(&tensor.name));
    }

    /// Gives the output of a node another name; `None` if no node makes it.
    pub fn rename(&mut self, from: &str, to: &str) -> Option<()> {
        let node = self.nodes.iter_mut().find(|node| node.outputs.iter().any(|name| name == from))?;
        node.outputs.iter_mut().filter(|name| *name == from).for_each(|name| *name = to.to_string());
        for node in &mut self.nodes {
            node.inputs.iter_mut().filter(|name| *name == from).for_each(|name| *name = to.to_string());
        }
        for moved in self.moved.values_mut() {
            let (Moved::Reshaped(value) | Moved::Turned(value, _) | Moved::Stretched(value)) = moved;
            if value.name == from {
                value.name = to.to_string();
            }
        }
        Some(())
    }
}

/// The order that takes axes back.
pub(super) fn inverse(order: &[usize]) -> Vec<usize> {
    let mut back = vec![0; order.len()];
    order.iter().enumerate().for_each(|(i, &axis)| back[axis] = i);
    back
}

/// Whether the numbers lie in the same order behind such a Transpose: only axes of 1 change places.
fn in_order(x: &Value, order: &[usize]) -> bool {
    order.len() == x.dims.len() && order.iter().filter(|&&axis| x.dims[axis] != 1).is_sorted()
}
