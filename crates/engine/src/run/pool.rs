//! Pooling: samples are shared among threads, which changes no result.

use super::{PIECE, Run};
use rayon::prelude::*;
use steadygrad_kernels::arena::Arena;
use steadygrad_kernels::pool::{self, Pooling};
use steadygrad_nn::step::{Pool, PoolGrad};

impl Run<'_> {
    pub(super) fn pool(&self, of: &Pool, arena: &mut Arena) {
        let (isa, pooling) = (self.cpu.isa, &of.pooling);
        let ([x], [out]) = arena.split([self.range(of.x)], [self.range(of.out)]);
        match self.samples(pooling, x.len()) {
            Some(samples) => {
                let pieces = out.par_chunks_mut(samples * pooling.output());
                let pieces = pieces.zip(x.par_chunks(samples * pooling.input()));
                pieces.for_each(|(out, x)| pool::pool(isa, pooling, x, out));
            }
            None => pool::pool(isa, pooling, x, out),
        }
    }

    pub(super) fn pool_grad(&self, of: &PoolGrad, arena: &mut Arena) {
        let (isa, pooling) = (self.cpu.isa, &of.pooling);
        let ([x, dy], [dx]) = arena.split([self.maybe(&of.x), self.range(of.dy)], [self.range(of.out)]);
        match self.samples(pooling, dx.len()) {
            Some(samples) => {
                let input = samples * pooling.input();
                let pieces = dx.par_chunks_mut(input).zip(dy.par_chunks(samples * pooling.output()));
                pieces.enumerate().for_each(|(i, (dx, dy))| {
                    // There is no x where the gradient does not depend on it.
                    let x = x.get(i * input..i * input + dx.len()).unwrap_or_default();
                    pool::pool_grad(isa, pooling, x, dy, dx);
                });
            }
            None => pool::pool_grad(isa, pooling, x, dy, dx),
        }
    }

    /// The samples of one piece of work, where there are threads to share it and enough of it.
    fn samples(&self, of: &Pooling, numbers: usize) -> Option<usize> {
        let enough = self.cpu.threads > 1 && numbers > PIECE && of.output() > 0;
        enough.then(|| PIECE.div_ceil(of.input()))
    }
}
