//! Images through affine maps.

use super::Run;
use steadygrad_kernels::arena::Arena;
use steadygrad_kernels::warp::{warp, warp_grad};
use steadygrad_nn::step::Warp;

impl Run<'_> {
    pub(super) fn warp(&self, step: &Warp, arena: &mut Arena) {
        let view = step.view;
        let size = view.height * view.width * view.channels;
        let ([x], [out]) = arena.split([self.range(step.x)], [self.range(step.out)]);
        let one = |sample: usize, x: &[f32], out: &mut [f32]| {
            let map = step.motion.map(&view, &step.stream, self.batch.step, sample);
            match step.gradient {
                false => warp(self.cpu.isa, view, &map, x, out),
                true => warp_grad(self.cpu.isa, view, &map, x, out),
            }
        };
        self.cpu.pieces(out, size, |sample, out| {
            one(sample, &x[sample * size..(sample + 1) * size], out);
        });
    }
}
