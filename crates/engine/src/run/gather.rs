//! Rows of a table.

use super::Run;
use steadygrad_kernels::arena::Arena;
use steadygrad_kernels::gather::{gather, gather_grad};
use steadygrad_nn::step::{Gather, GatherGrad};

impl Run<'_> {
    pub(super) fn gather(&self, step: &Gather, arena: &mut Arena) {
        let ([table, numbers], [out]) =
            arena.split([self.range(step.table), self.range(step.numbers)], [self.range(step.out)]);
        gather(table, step.len, numbers, out);
    }

    pub(super) fn gather_grad(&self, step: &GatherGrad, arena: &mut Arena) {
        let ([dy, numbers], [out]) =
            arena.split([self.range(step.dy), self.range(step.numbers)], [self.range(step.out)]);
        gather_grad(self.cpu.isa, dy, step.len, numbers, out);
    }
}
