//! The step that multiplies along one axis by a fixed matrix.

use super::{Access, Slot, Step};
use crate::builder::Port;
use crate::lowering::Lowering;
use crate::shape::Extent;
use std::sync::Arc;
use steadygrad_kernels::along::Sparse;

/// out\[o, r, i\] = Σ matrix\[r, c\] · x\[o, c, i\]
#[derive(Debug, Clone)]
#[allow(missing_docs)] // the names are those of the formula
pub struct Along {
    pub x: Slot,
    pub out: Slot,
    pub matrix: Arc<Sparse>,
    pub outer: Extent,
    pub inner: usize,
}

impl Along {
    pub(super) fn visit(&mut self, see: &mut dyn FnMut(&mut Slot, Access)) {
        see(&mut self.x, Access::Read);
        see(&mut self.out, Access::Write);
    }

    pub(super) fn label(&self) -> String {
        format!("along [{},{}]", self.matrix.rows(), self.matrix.columns())
    }
}

/// The matrix times the value along this axis of a sample (the first is 0); the gradient is the transposed matrix times
/// the gradient.
pub(crate) fn along(at: &mut Lowering<'_>, x: Port, axis: usize, matrix: Sparse) -> Port {
    let mut dims = at.shape(x).dims().to_vec();
    let (outer, inner) = (Extent::Rows(dims[..axis].iter().product()), dims[axis + 1..].iter().product());
    dims[axis] = matrix.rows();
    let y = at.port(dims.into());
    let (slot, out) = (at.slot(x), at.slot(y));
    let transposed = Arc::new(matrix.transposed());
    at.forward(Step::Along(Along { x: slot, out, matrix: Arc::new(matrix), outer, inner }));
    if let Some(out) = at.gradient_into(x) {
        let dy = at.gradient(y);
        at.backward([Step::Along(Along { x: dy, out, matrix: transposed, outer, inner })]);
    }
    y
}
