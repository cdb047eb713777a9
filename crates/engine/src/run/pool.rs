//! Pooling: samples are shared among threads, which changes no result.

use super::Run;
use steadygrad_kernels::arena::Arena;
use steadygrad_kernels::pool::{self, Pooling};
use steadygrad_nn::step::{Pool, PoolGrad};

impl Run<'_> {
    pub(super) fn pool(&self, of: &Pool, arena: &mut Arena) {
        let (isa, pooling) = (self.cpu.isa, &of.pooling);
        let ([x], [out]) = arena.split([self.range(of.x)], [self.range(of.out)]);
        let samples = self.samples(pooling, x.len());
        self.cpu.pieces(out, samples * pooling.output(), |i, out| {
            let start = i * samples * pooling.input();
            let len = out.len() / pooling.output() * pooling.input();
            pool::pool(isa, pooling, &x[start..start + len], out);
        });
    }

    pub(super) fn pool_grad(&self, of: &PoolGrad, arena: &mut Arena) {
        let (isa, pooling) = (self.cpu.isa, &of.pooling);
        let ([x, dy], [dx]) = arena.split([self.maybe(&of.x), self.range(of.dy)], [self.range(of.out)]);
        let samples = self.samples(pooling, dx.len());
        self.cpu.pieces(dx, samples * pooling.input(), |i, dx| {
            let start = i * samples * pooling.input();
            // There is no x where the gradient does not depend on it.
            let x = x.get(start..start + dx.len()).unwrap_or_default();
            let (start, len) =
                (i * samples * pooling.output(), dx.len() / pooling.input() * pooling.output());
            pool::pool_grad(isa, pooling, x, &dy[start..start + len], dx);
        });
    }

    /// The samples of one piece of work.
    fn samples(&self, of: &Pooling, numbers: usize) -> usize {
        let samples = numbers / of.input().max(1);
        let parts = self.cpu.parts(numbers).min(samples).max(1);
        samples.div_ceil(parts)
    }
}
