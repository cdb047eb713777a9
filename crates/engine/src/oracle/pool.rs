//! Pooling, number by number.

use super::Oracle;
use steadygrad_kernels::pool::{Kind, Places, Pooling};
use steadygrad_kernels::window::Axis;
use steadygrad_nn::step::{Pool, PoolGrad};

impl Oracle<'_> {
    pub(super) fn pool(&mut self, of: &Pool) {
        let x = self.get(of.x);
        let mut y = vec![0.0; self.get(of.out).len()];
        each_window(&of.pooling, x.len(), |to, taps| {
            let sum: f64 = taps.iter().map(|&tap| x[tap]).sum();
            y[to] = match of.pooling.kind {
                Kind::Average => sum / taps.len() as f64,
                Kind::Max | Kind::SharedMax => x[largest(x, taps)[0]],
            };
        });
        self.put(of.out, y);
    }

    pub(super) fn pool_grad(&mut self, of: &PoolGrad) {
        let dy = self.get(of.dy);
        let mut dx = vec![0.0; self.get(of.out).len()];
        each_window(&of.pooling, dx.len(), |to, taps| {
            let largest = of.x.map(|x| largest(self.get(x), taps)).unwrap_or_default();
            let nan = of.x.is_some_and(|x| taps.iter().any(|&tap| self.get(x)[tap].is_nan()));
            let (taps, share) = match of.pooling.kind {
                Kind::Max => (&largest[..1], dy[to]),
                Kind::SharedMax if nan => (taps, f64::NAN),
                Kind::SharedMax => (&*largest, dy[to] / largest.len() as f64),
                Kind::Average => (taps, dy[to] / taps.len() as f64),
            };
            for &tap in taps {
                dx[tap] += share;
            }
        });
        self.put(of.out, dx);
    }
}

/// Those of the taps that hold the largest number, in order; those that hold NaN, if any does.
fn largest(x: &[f64], taps: &[usize]) -> Vec<usize> {
    let most = taps.iter().map(|&tap| x[tap]).fold(f64::NEG_INFINITY, f64::max);
    let nan = taps.iter().any(|&tap| x[tap].is_nan());
    taps.iter().copied().filter(|&tap| if nan { x[tap].is_nan() } else { x[tap] == most }).collect()
}

/// Calls `f(place in the output, places in the input that its window sees)` for every number that comes out.
fn each_window(of: &Pooling, numbers: usize, mut f: impl FnMut(usize, &[usize])) {
    let [d, h, w] = of.axes;
    let mut to = 0;
    for start in (0..numbers).step_by(of.input().max(1)) {
        for (x, y, z) in all(d.output(), h.output(), w.output()) {
            for c in 0..of.channels {
                let seen = all(d.input(), h.input(), w.input()).enumerate();
                let seen = seen.filter(|(_, (i, j, k))| sees(d, x, *i) && sees(h, y, *j) && sees(w, z, *k));
                let taps: Vec<usize> = seen.map(|(at, _)| start + at * of.channels + c).collect();
                f(to, &taps);
                to += 1;
            }
        }
    }
}

fn all(a: usize, b: usize, c: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..a).flat_map(move |i| (0..b).flat_map(move |j| (0..c).map(move |k| (i, j, k))))
}

/// Whether place `o` sees number `i`.
fn sees(places: Places, o: usize, i: usize) -> bool {
    match places {
        Places::Sliding(Axis { size, stride, before, .. }) => {
            let (first, i) = (o * stride, i + before);
            first <= i && i < first + size
        }
        // The bin and the number, each as long as the other axis, overlap.
        Places::Bins { input, output } => o * input < (i + 1) * output && i * output < (o + 1) * input,
    }
}
