//! Padding and cropping.

use super::Run;
use steadygrad_kernels::arena::Arena;
use steadygrad_kernels::frame::frame;
use steadygrad_nn::step::Frame;

impl Run<'_> {
    pub(super) fn frame(&self, step: &Frame, arena: &mut Arena) {
        let (from, to, axes) = (self.axes(&step.from), self.axes(&step.to), step.to.len());
        let ([x], [out]) = arena.split([self.range(step.x)], [self.range(step.out)]);
        frame(&from[..axes], &to[..axes], &step.start, step.fill as f32, x, out);
    }
}
