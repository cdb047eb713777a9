//! The step that pads and crops.

use super::{Access, Slot};
use crate::builder::Port;
use crate::lowering::Lowering;
use crate::shape::{Extent, Shape};

/// out\[i\] = x\[i + start\] where that is inside `from`, else `fill`; all axes, batch first.
#[derive(Debug, Clone)]
#[allow(missing_docs)] // the names are those of the formula
pub struct Frame {
    pub x: Slot,
    pub out: Slot,
    pub from: Vec<Extent>,
    pub to: Vec<Extent>,
    pub start: Vec<isize>,
    pub fill: f64,
}

impl Frame {
    pub(super) fn visit(&mut self, see: &mut dyn FnMut(&mut Slot, Access)) {
        see(&mut self.x, Access::Read);
        see(&mut self.out, Access::Write);
    }

    pub(super) fn label(&self) -> String {
        format!("frame {:?}", &self.start[1..])
    }
}

/// A frame of shape `to` over the value, from `start` on, with `fill` where it reaches beyond; the gradient is the frame
/// the other way round.
pub(crate) fn framed(at: &mut Lowering<'_>, x: Port, to: Shape, start: &[isize], fill: f64) -> Port {
    let with_batch = |shape: &Shape| -> Vec<Extent> {
        std::iter::once(Extent::Rows(1)).chain(shape.dims().iter().map(|&d| Extent::Fixed(d))).collect()
    };
    let forth: Vec<isize> = std::iter::once(0).chain(start.iter().copied()).collect();
    let back = forth.iter().map(|s| -s).collect();
    let (from, extents) = (with_batch(at.shape(x)), with_batch(&to));
    let y = at.port(to);
    let (slot, out) = (at.slot(x), at.slot(y));
    let step = Frame { x: slot, out, from: from.clone(), to: extents.clone(), start: forth, fill };
    at.forward(super::Step::Frame(step));
    if let Some(out) = at.gradient_into(x) {
        let step = Frame { x: at.gradient(y), out, from: extents, to: from, start: back, fill: 0.0 };
        at.backward([super::Step::Frame(step)]);
    }
    y
}
