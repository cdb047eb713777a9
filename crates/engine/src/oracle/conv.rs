//! Convolutions by their definition.

use super::Oracle;
use steadygrad_kernels::conv::Pass;
use steadygrad_nn::step::ConvStep;

impl Oracle<'_> {
    pub(super) fn conv(&mut self, step: &ConvStep) {
        let (of, a, b) = (step.of, self.get(step.a), self.get(step.b));
        let (channels, filters) = (of.channels / of.groups, of.filters / of.groups);
        let mut out = vec![0.0; self.get(step.out).len()];
        for row in 0..self.rows {
            of.window.walk(|place, tap, position| {
                for f in 0..of.filters {
                    for c in 0..channels {
                        let x = row * of.input() + position * of.channels + f / filters * channels + c;
                        let y = row * of.output() + place * of.filters + f;
                        let w = (tap * channels + c) * of.filters + f;
                        match step.pass {
                            Pass::Forward => out[y] += a[x] * b[w],
                            Pass::Input => out[x] += a[y] * b[w],
                            Pass::Weights => out[w] += a[x] * b[y],
                        }
                    }
                }
            });
        }
        let bias = step.bias.map(|bias| self.get(bias));
        for (i, z) in out.iter_mut().enumerate() {
            *z += bias.map_or(0.0, |bias| bias[i % bias.len()]);
            *z = step.map.as_ref().map_or(*z, |f| f.value(*z));
        }
        self.put(step.out, out);
    }
}
