//! Functions of whole lanes along an axis: softmax and its kin.

use super::activations::gated;
use super::export::{Export, Made, refuse};
use super::graph::{Graph, Value};
use super::proto::Attribute;
use steadygrad_nn::activations::Rowwise;
use steadygrad_nn::step::Slot;
use steadygrad_nn::{Extent, Layout};

/// No vector is made longer by more than this.
const MOST: f64 = 1e12;

impl Export<'_> {
    /// Writes a function of lanes.
    pub fn rowwise(&mut self, f: &dyn Rowwise, x: Slot, out: Slot, layout: &Layout) -> Made<()> {
        let x = self.rows(x)?;
        let (x, order, axis) = match (layout.outer, layout.axis) {
            (Extent::Rows(outer), Extent::Fixed(n)) => {
                let (x, at) = self.graph.along(&x, outer, n, layout.inner);
                // Before a Transpose the lanes lie along another axis.
                let (x, order) = self.graph.straight(&x);
                let axis = x.axis(order[at]);
                (x, order, axis)
            }
            (_, Extent::Rows(1)) => {
                let (x, order) = self.graph.straight(&x);
                (x, order, 0)
            }
            _ => return refuse("mixes the samples of a batch"),
        };
        let graph = &mut self.graph;
        let y = match f.name() {
            "softmax" => lanes(graph, "Softmax", &x, axis),
            "log_softmax" => lanes(graph, "LogSoftmax", &x, axis),
            "glu" if axis > 0 => {
                let half = x.dims[axis as usize - 1] / 2;
                let a = graph.slice(&x, axis as usize - 1, 0, half);
                let b = graph.slice(&x, axis as usize - 1, half, half);
                gated(graph, &a, &b)
            }
            "unit_length" => unit_length(graph, &x, axis),
            "sparsemax" if axis > 0 => sparsemax(graph, &x, axis),
            other => return refuse(format!("the activation `{other}` is not known along this axis")),
        };
        let y = self.graph.transpose(&y, &order);
        self.set(out, y);
        Ok(())
    }
}

fn lanes(graph: &mut Graph, op: &'static str, x: &Value, axis: i64) -> Value {
    graph.node(op, &[x], vec![("axis", Attribute::Int(axis))], x.dims.clone())
}

/// x·min(1/√(Σ x²), 10¹²)
fn unit_length(graph: &mut Graph, x: &Value, axis: i64) -> Value {
    let length = graph.reduced("ReduceL2", x, &[axis]);
    let factor = graph.unary("Reciprocal", &length);
    let factor = graph.with_number("Min", &factor, MOST);
    graph.binary("Mul", x, &factor)
}

/// max(x − τ, 0), with the τ for which the sum is 1 (Martins and Astudillo 2016).
///
/// ```text
/// z = x in descending order,  sum_k = z_1 + … + z_k,  kept = the k with 1 + k·z_k > sum_k,  τ = (Σ kept z − 1)/#kept
/// ```
fn sparsemax(graph: &mut Graph, x: &Value, axis: i64) -> Value {
    let at = axis as usize - 1;
    let n = x.dims[at];
    let top = graph.reduced("ReduceMax", x, &[axis]);
    let x = graph.binary("Sub", x, &top);
    let sorted = graph.sorted(&x, axis);
    let axis_value = graph.whole_number(axis);
    let sums = graph.node("CumSum", &[&sorted, &axis_value], Vec::new(), x.dims.clone());
    let mut dims = vec![n];
    dims.extend(vec![1; x.dims.len() - 1 - at]);
    let counts = graph.constant(&format!("1 … {n}"), dims, (1..=n).map(|k| k as f32).collect());
    let bound = graph.binary("Mul", &sorted, &counts);
    let bound = graph.with_number("Add", &bound, 1.0);
    let kept = graph.binary("Greater", &bound, &sums);
    let kept = graph.node("Cast", &[&kept], vec![("to", Attribute::Int(1))], x.dims.clone());
    let count = graph.reduced("ReduceSum", &kept, &[axis]);
    let values = graph.binary("Mul", &sorted, &kept);
    let sum = graph.reduced("ReduceSum", &values, &[axis]);
    let sum = graph.with_number("Sub", &sum, 1.0);
    let tau = graph.binary("Div", &sum, &count);
    let y = graph.binary("Sub", &x, &tau);
    graph.unary("Relu", &y)
}
