//! Operators that several steps are written with: parts of values, sums over axes, order.

use super::graph::{Graph, Value};
use super::proto::{Attribute, Node};

impl Graph {
    /// So many numbers of an axis, from `start` on.
    pub fn slice(&mut self, x: &Value, at: usize, start: usize, len: usize) -> Value {
        let (from, to) = (self.whole(&[start as i64]), self.whole(&[(start + len) as i64]));
        let axis = self.whole(&[x.axis(at)]);
        let mut dims = x.dims.clone();
        dims[at] = len;
        self.node("Slice", &[x, &from, &to, &axis], Vec::new(), dims)
    }

    /// A reduction over axes as ONNX counts them, which stay with a size of 1.
    pub fn reduced(&mut self, op: &'static str, x: &Value, axes: &[i64]) -> Value {
        let mut dims = x.dims.clone();
        for axis in axes {
            let at = *axis as usize;
            if let Some(dim) = at.checked_sub(usize::from(x.rows)).and_then(|at| dims.get_mut(at)) {
                *dim = 1;
            }
        }
        // Only the sum has its axes as an input in this set of operators.
        if op == "ReduceSum" {
            let axes = self.whole(axes);
            return self.node(op, &[x, &axes], vec![("keepdims", Attribute::Int(1))], dims);
        }
        let settings = vec![("axes", Attribute::Ints(axes.to_vec())), ("keepdims", Attribute::Int(1))];
        self.node(op, &[x], settings, dims)
    }

    /// Every lane along the axis from the largest number to the smallest.
    pub fn sorted(&mut self, x: &Value, axis: i64) -> Value {
        let n = x.dims[axis as usize - usize::from(x.rows)];
        let count = self.whole(&[n as i64]);
        let name = self.unique(&format!("{}/TopK", self.layer));
        let places = self.unique(&format!("{name}/places"));
        self.nodes.push(Node {
            op: "TopK",
            name: name.clone(),
            inputs: vec![x.name.clone(), count.name],
            outputs: vec![name.clone(), places],
            attributes: vec![("axis", Attribute::Int(axis))],
        });
        Value { name, dims: x.dims.clone(), rows: x.rows }
    }
}
