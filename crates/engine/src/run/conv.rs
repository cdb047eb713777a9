//! Convolutions: the kernels, with bias and activation added to each sample while it is in the cache.

use super::Run;
use steadygrad_kernels::arena::Arena;
use steadygrad_kernels::conv::Pass;
use steadygrad_kernels::map;
use steadygrad_nn::step::ConvStep;

impl Run<'_> {
    pub(super) fn conv(&self, step: &ConvStep, arena: &mut Arena) {
        let scratch = self.plan.scratch.clone();
        let ([a, b, bias], [out, scratch]) = arena.split(
            [self.range(step.a), self.range(step.b), self.maybe(&step.bias)],
            [self.range(step.out), scratch],
        );
        let isa = self.cpu.isa;
        let finish = |sample: &mut [f32]| {
            if !bias.is_empty() {
                map::add_rows(isa, bias, sample);
            }
            if let Some(f) = &step.map {
                f.apply(isa, sample);
            }
        };
        match step.pass {
            Pass::Forward => step.of.forward(self.cpu, a, b, out, scratch, &finish),
            Pass::Input => step.of.input_gradient(self.cpu, a, b, out, scratch, &finish),
            Pass::Weights => step.of.weight_gradient(self.cpu, a, b, out, scratch),
        }
    }
}
