//! The axes that a layer works on: counted as Keras does, checked, and brought to the back.

use super::permute::permuted;
use crate::builder::Port;
use crate::config::Value;
use crate::lowering::Lowering;
use crate::shape::Shape;
use steadygrad_kernels::{Error, Result};

/// `axis` as positions in a sample, the first axis being 1, in ascending order. Keras counts the batch as axis 0, and
/// from the back with −1.
pub(crate) fn positions(axes: &[i64], shape: &Shape, class: &str) -> Result<Vec<usize>> {
    let rank = shape.rank() as i64;
    if rank == 0 {
        return Err(Error::shape(format!(
            "{class} expects values of shape (batch, …, features), got {shape}"
        ))
        .help("give each sample a feature axis, with Flatten or Reshape"));
    }
    if axes.is_empty() {
        return Err(Error::argument("`axis` names no axis").help("-1 is the last axis"));
    }
    let mut found = Vec::with_capacity(axes.len());
    for &axis in axes {
        let position = if axis < 0 { axis + rank + 1 } else { axis };
        if !(1..=rank).contains(&position) {
            let range = if rank == 1 { "1".to_string() } else { format!("1 to {rank}") };
            return Err(Error::argument(format!(
                "`axis` must be {range}, or negative to count from the back, for values of shape {shape}; got {axis}"
            ))
            .help("axis 0 is the batch, whose samples a layer treats alike; -1 is the last axis"));
        }
        if found.contains(&(position as usize)) {
            return Err(Error::argument(format!("`axis` names axis {position} of {shape} twice")));
        }
        found.push(position as usize);
    }
    found.sort_unstable();
    Ok(found)
}

/// Whether this is a mask for values of this shape: one number for each position, and the features are last.
pub(crate) fn check_mask(axis: i64, x: &Shape, mask: &Shape) -> Result<()> {
    if axis != -1 && axis != x.rank() as i64 {
        return Err(Error::unsupported(format!(
            "a mask goes with the last axis as `axis`, got `axis` {axis} of values of shape {x}"
        ))
        .help("put Permute before it, so that the features are last"));
    }
    let expected = Shape::from(&x.dims()[..x.rank() - 1]);
    if *mask != expected {
        return Err(Error::shape(format!(
            "the mask for values of shape {x} must be of shape {expected}, got {mask}"
        ))
        .help("it has one number, 0 or 1, for each position, and no feature axis"));
    }
    Ok(())
}

/// `axis` as Keras writes it: a number, or a list of several.
pub(crate) fn axis_value(axes: &[i64]) -> Value {
    match axes {
        [one] => Value::Int(*one),
        several => several.into(),
    }
}

/// The sizes of these axes.
pub(crate) fn sizes(shape: &Shape, positions: &[usize]) -> Vec<usize> {
    positions.iter().map(|&p| shape.dims()[p - 1]).collect()
}

/// A value whose chosen axes are one axis at the back, and the way home.
pub(crate) struct Gathered {
    /// The value: (batch, all other axes, the product of the chosen ones).
    pub port: Port,
    shape: Shape,
    permuted: Shape,
    home: Option<Vec<usize>>,
}

/// Brings the axes at these positions to the back and merges them; no step where they are there already.
pub(crate) fn gather(at: &mut Lowering<'_>, x: Port, positions: &[usize]) -> Gathered {
    let shape = at.shape(x).clone();
    let rest = (1..=shape.rank()).filter(|p| !positions.contains(p));
    let order: Vec<usize> = rest.chain(positions.iter().copied()).collect();
    let moved = order.iter().enumerate().any(|(i, &p)| p != i + 1);
    let (port, home) = if moved {
        let mut home = vec![0; order.len()];
        for (i, &p) in order.iter().enumerate() {
            home[p - 1] = i + 1;
        }
        (permuted(at, x, &order), Some(home))
    } else {
        (x, None)
    };
    let permuted = at.shape(port).clone();
    let mut dims = permuted.dims()[..shape.rank() - positions.len()].to_vec();
    dims.push(sizes(&shape, positions).iter().product());
    let port = if dims == permuted.dims() { port } else { at.reshaped(port, dims.into()) };
    Gathered { port, shape, permuted, home }
}

impl Gathered {
    /// What was made of the gathered value, with its axes where they were.
    pub(crate) fn restore(&self, at: &mut Lowering<'_>, y: Port) -> Port {
        let y = if *at.shape(y) == self.permuted { y } else { at.reshaped(y, self.permuted.clone()) };
        let y = match &self.home {
            Some(home) => permuted(at, y, home),
            None => y,
        };
        debug_assert_eq!(*at.shape(y), self.shape);
        y
    }
}
