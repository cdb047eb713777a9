//! Merging element by element: Add, Subtract, Multiply, Average, Maximum, Minimum.

use super::layer::{Layer, Merging, Role};
use crate::builder::Port;
use crate::catalog::Entry;
use crate::config::Config;
use crate::lowering::Lowering;
use crate::shape::{Extent, Shape};
use crate::step::Step;
use std::sync::Arc;
use steadygrad_kernels::map::Op;
use steadygrad_kernels::{Error, Result};

/// The shape that all inputs are repeated to: axes of size 1 stretch.
fn broadcast(inputs: &[Shape], class: &str, need: std::ops::RangeInclusive<usize>) -> Result<Vec<Shape>> {
    if !need.contains(&inputs.len()) {
        let n =
            if need.start() == need.end() { "exactly 2".into() } else { format!("{} or more", need.start()) };
        return Err(Error::shape(format!("{class} takes {n} inputs, got {}", inputs.len())));
    }
    let mut dims = inputs[0].dims().to_vec();
    for shape in &inputs[1..] {
        let fits = shape.rank() == dims.len()
            && shape.dims().iter().zip(&dims).all(|(&a, &b)| a == b || a == 1 || b == 1);
        if !fits {
            return Err(Error::shape(format!("{class} cannot merge {} and {shape}", inputs[0]))
                .help("the shapes must be equal, or 1 where they differ; a Dense layer on the shorter path makes them equal"));
        }
        for (d, &s) in dims.iter_mut().zip(shape.dims()) {
            *d = (*d).max(s);
        }
    }
    Ok(vec![dims.into()])
}

/// The value repeated to this shape, and its gradient summed back.
pub(crate) fn expanded(at: &mut Lowering<'_>, x: Port, to: &Shape) -> Port {
    let shape = at.shape(x).clone();
    if shape == *to {
        return x;
    }
    let with_batch = |shape: &Shape| -> Vec<Extent> {
        std::iter::once(Extent::Rows(1)).chain(shape.dims().iter().map(|&d| Extent::Fixed(d))).collect()
    };
    let y = at.port(to.clone());
    let (slot, out) = (at.slot(x), at.slot(y));
    at.forward(Step::Expand { x: slot, out, from: with_batch(&shape), to: with_batch(to) });
    if let Some(out) = at.gradient_into(x) {
        let dy = at.gradient(y);
        at.backward([Step::Reduce { x: dy, out, from: with_batch(to), to: with_batch(&shape) }]);
    }
    y
}

/// out = op(a, b), with the gradient of each operand.
fn combined(at: &mut Lowering<'_>, op: Op, a: Port, b: Port) -> Port {
    let y = at.port(at.shape(a).clone());
    let (sa, sb, out, dy) = (at.slot(a), at.slot(b), at.slot(y), at.gradient(y));
    at.forward(Step::Combine { op, inputs: vec![sa, sb], out });
    match op {
        Op::Subtract => {
            at.same_gradient(a, y);
            if let Some(out) = at.gradient_into(b) {
                at.backward([Step::Affine { x: dy, out, scale: -1.0, offset: 0.0 }]);
            }
        }
        Op::Multiply => {
            if let Some(out) = at.gradient_into(a) {
                at.backward([Step::Combine { op: Op::Multiply, inputs: vec![dy, sb], out }]);
            }
            if let Some(out) = at.gradient_into(b) {
                at.backward([Step::Combine { op: Op::Multiply, inputs: vec![dy, sa], out }]);
            }
        }
        Op::Maximum | Op::Minimum => {
            let (first, second) = match op {
                Op::Maximum => (Op::WhereAtLeast, Op::WhereBelow),
                _ => (Op::WhereAtMost, Op::WhereAbove),
            };
            for (port, op) in [(a, first), (b, second)] {
                if let Some(out) = at.gradient_into(port) {
                    at.backward([Step::Combine { op, inputs: vec![sa, sb, dy], out }]);
                }
            }
        }
        _ => {
            at.same_gradient(a, y);
            at.same_gradient(b, y);
        }
    }
    y
}

/// The sum of all ports in order, each getting the gradient of the sum.
pub(crate) fn summed(at: &mut Lowering<'_>, ports: &[Port]) -> Port {
    let y = at.port(at.shape(ports[0]).clone());
    let inputs = ports.iter().map(|p| at.slot(*p)).collect();
    let out = at.slot(y);
    at.forward(Step::Sum { inputs, out });
    for &port in ports {
        at.same_gradient(port, y);
    }
    y
}

fn all_expanded(at: &mut Lowering<'_>, class: &str) -> Result<Vec<Port>> {
    let ports = at.inputs();
    let shapes: Vec<Shape> = ports.iter().map(|p| at.shape(*p).clone()).collect();
    let to = broadcast(&shapes, class, 1..=usize::MAX)?.remove(0);
    Ok(ports.into_iter().map(|p| expanded(at, p, &to)).collect())
}

macro_rules! merge {
    ($type:ident, $entry:ident, $snake:literal, $merging:ident, $need:expr, $doc:literal, $lower:expr) => {
        #[doc = $doc]
        ///
        /// Axes of size 1 are repeated to the size of the others.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $type;

        impl Layer for $type {
            fn class(&self) -> &'static str {
                stringify!($type)
            }
            fn config(&self) -> Config {
                Config::new()
            }
            fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
                broadcast(inputs, stringify!($type), $need)
            }
            fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
                let ports = all_expanded(at, stringify!($type))?;
                let lower: fn(&mut Lowering<'_>, &[Port]) -> Port = $lower;
                let y = lower(at, &ports);
                at.output(y);
                Ok(())
            }
            fn role(&self) -> Role {
                Role::Merge(Merging::$merging)
            }
        }

        pub(crate) const $entry: Entry<dyn Layer> =
            Entry { class: stringify!($type), names: &[$snake], build: |_| Ok(Arc::new($type)) };
    };
}

fn folded(at: &mut Lowering<'_>, op: Op, ports: &[Port]) -> Port {
    ports[1..].iter().fold(ports[0], |a, &b| combined(at, op, a, b))
}

merge!(
    Add,
    ADD,
    "add",
    Sum,
    2..=usize::MAX,
    "The sum of all inputs: what a residual connection ends in.",
    |at, ports| { summed(at, ports) }
);
merge!(
    Subtract,
    SUBTRACT,
    "subtract",
    Difference,
    2..=2,
    "The first input minus the second.",
    |at, ports| { folded(at, Op::Subtract, ports) }
);
merge!(Multiply, MULTIPLY, "multiply", Product, 2..=usize::MAX, "The product of all inputs.", |at, ports| {
    folded(at, Op::Multiply, ports)
});
merge!(
    Maximum,
    MAXIMUM,
    "maximum",
    Extreme,
    2..=usize::MAX,
    "The largest of all inputs; a tie goes to the first.",
    |at, ports| { folded(at, Op::Maximum, ports) }
);
merge!(
    Minimum,
    MINIMUM,
    "minimum",
    Extreme,
    2..=usize::MAX,
    "The smallest of all inputs; a tie goes to the first.",
    |at, ports| { folded(at, Op::Minimum, ports) }
);
merge!(Average, AVERAGE, "average", Mean, 2..=usize::MAX, "The mean of all inputs.", |at, ports| {
    let sum = summed(at, ports);
    let scale = 1.0 / ports.len() as f64;
    affine(at, sum, scale, 0.0)
});

/// scale·x + offset
pub(crate) fn affine(at: &mut Lowering<'_>, x: Port, scale: f64, offset: f64) -> Port {
    let y = at.port(at.shape(x).clone());
    let (slot, out) = (at.slot(x), at.slot(y));
    at.forward(Step::Affine { x: slot, out, scale, offset });
    if let Some(out) = at.gradient_into(x) {
        let dy = at.gradient(y);
        at.backward([Step::Affine { x: dy, out, scale, offset: 0.0 }]);
    }
    y
}
