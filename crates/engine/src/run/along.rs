//! A matrix along one axis.

use super::Run;
use steadygrad_kernels::along::along;
use steadygrad_kernels::arena::Arena;
use steadygrad_nn::step::Along;

impl Run<'_> {
    pub(super) fn along(&self, step: &Along, arena: &mut Arena) {
        let outer = step.outer.at(self.batch.rows);
        let ([x], [out]) = arena.split([self.range(step.x)], [self.range(step.out)]);
        along(self.cpu.isa, &step.matrix, outer, step.inner, x, out);
    }
}
