//! The optimizer's loop: one pass over weights, gradients and memories.

use crate::isa::{Isa, Task};
use crate::real::{Lane, Real};

/// The most memories an elementwise rule may keep for a weight.
pub const MEMORIES: usize = 4;

/// A rule that changes each weight by itself alone.
pub trait Update: Sync {
    /// How many memories it keeps for each weight, at most [`MEMORIES`].
    const MEMORIES: usize;

    /// The new weight; `memory[..MEMORIES]` are changed in place. Mark it `#[inline(always)]`.
    fn at<R: Real>(&self, weight: R, gradient: R, memory: &mut [R; MEMORIES]) -> R;
}

/// Runs the rule over all weights.
///
/// # Panics
/// If the lengths differ, or there are not as many memories as the rule has.
pub fn update<U: Update>(
    isa: Isa,
    rule: &U,
    weights: &mut [f32],
    gradient: &[f32],
    memories: &mut [&mut [f32]],
) {
    check::<U, f32>(weights, gradient, memories);
    isa.run(Loop { rule, weights, gradient, memories });
}

/// The same in double precision: the oracle.
pub fn update64<U: Update>(rule: &U, weights: &mut [f64], gradient: &[f64], memories: &mut [&mut [f64]]) {
    check::<U, f64>(weights, gradient, memories);
    over(rule, weights, gradient, memories);
}

/// A rule that looks at a whole parameter: its rows, its columns, its norm.
pub trait WholeUpdate: Sync {
    /// Changes the weights (row-major, of `shape`) and the memories. Mark it `#[inline(always)]`.
    fn step<R: Real>(&self, tensor: Tensor<'_, '_, R>);
}

/// One parameter (or, for elementwise rules, a row of many) with its gradient and memories.
#[derive(Debug)]
pub struct Tensor<'a, 'b, R> {
    /// The parameter's shape; one axis for a row of many.
    pub shape: &'a [usize],
    /// The weights, to be changed.
    pub weights: &'a mut [R],
    /// The gradient.
    pub gradient: &'a [R],
    /// The memories, in the order in which the rule names them.
    pub memories: &'a mut [&'b mut [R]],
    /// A place to work in, at least as long as the rule says. Its numbers mean nothing.
    pub scratch: &'a mut [R],
}

/// Runs the rule on one parameter; its oracle is [`WholeUpdate::step`] with `f64`.
///
/// # Panics
/// If there are more than [`MEMORIES`] memories.
pub fn update_whole<U: WholeUpdate>(isa: Isa, rule: &U, tensor: Tensor<'_, '_, f32>) {
    assert!(tensor.memories.len() <= MEMORIES);
    isa.run(WholeTask { rule, tensor });
}

struct WholeTask<'a, 'b, U> {
    rule: &'a U,
    tensor: Tensor<'a, 'b, f32>,
}

impl<U: WholeUpdate> Task for WholeTask<'_, '_, U> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        let Tensor { shape, weights, gradient, memories, scratch } = self.tensor;
        let (weights, gradient) = (R::slice_mut(weights), R::slice(gradient));
        let count = memories.len();
        let mut views: [&mut [R]; MEMORIES] = Default::default();
        for (view, memory) in views.iter_mut().zip(memories) {
            *view = R::slice_mut(memory);
        }
        let (memories, scratch) = (&mut views[..count], R::slice_mut(scratch));
        self.rule.step(Tensor { shape, weights, gradient, memories, scratch });
    }
}

fn check<U: Update, R>(weights: &[R], gradient: &[R], memories: &[&mut [R]]) {
    assert_eq!(memories.len(), U::MEMORIES);
    assert_eq!(weights.len(), gradient.len());
    assert!(memories.iter().all(|m| m.len() == weights.len()));
}

struct Loop<'a, 'b, U> {
    rule: &'a U,
    weights: &'a mut [f32],
    gradient: &'a [f32],
    memories: &'a mut [&'b mut [f32]],
}

impl<U: Update> Task for Loop<'_, '_, U> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        let (weights, gradient) = (R::slice_mut(self.weights), R::slice(self.gradient));
        match self.memories {
            [] => over(self.rule, weights, gradient, &mut []),
            [a] => over(self.rule, weights, gradient, &mut [R::slice_mut(a)]),
            [a, b] => over(self.rule, weights, gradient, &mut [R::slice_mut(a), R::slice_mut(b)]),
            [a, b, c] => {
                over(self.rule, weights, gradient, &mut [R::slice_mut(a), R::slice_mut(b), R::slice_mut(c)]);
            }
            [a, b, c, d, ..] => {
                let (a, b, c, d) = (R::slice_mut(a), R::slice_mut(b), R::slice_mut(c), R::slice_mut(d));
                over(self.rule, weights, gradient, &mut [a, b, c, d]);
            }
        }
    }
}

/// One loop for each number of memories, so that each becomes vector code.
#[inline(always)]
fn over<U: Update, R: Real>(rule: &U, weights: &mut [R], gradient: &[R], memories: &mut [&mut [R]]) {
    match memories {
        [] => none(rule, weights, gradient),
        [a] => one(rule, weights, gradient, a),
        [a, b] => two(rule, weights, gradient, a, b),
        [a, b, c] => three(rule, weights, gradient, a, b, c),
        [a, b, c, d, ..] => four(rule, weights, gradient, a, b, c, d),
    }
}

// Each array is an argument of its own: the compiler knows that arguments lie apart, and of arrays in an array it does not.

#[inline(always)]
fn none<U: Update, R: Real>(rule: &U, weights: &mut [R], gradient: &[R]) {
    for (w, &g) in weights.iter_mut().zip(gradient) {
        *w = rule.at(*w, g, &mut [R::ZERO; MEMORIES]);
    }
}

#[inline(always)]
fn one<U: Update, R: Real>(rule: &U, weights: &mut [R], gradient: &[R], a: &mut [R]) {
    for ((w, &g), a) in weights.iter_mut().zip(gradient).zip(a) {
        let mut m = [*a, R::ZERO, R::ZERO, R::ZERO];
        *w = rule.at(*w, g, &mut m);
        *a = m[0];
    }
}

#[inline(always)]
fn two<U: Update, R: Real>(rule: &U, weights: &mut [R], gradient: &[R], a: &mut [R], b: &mut [R]) {
    for (((w, &g), a), b) in weights.iter_mut().zip(gradient).zip(a).zip(b) {
        let mut m = [*a, *b, R::ZERO, R::ZERO];
        *w = rule.at(*w, g, &mut m);
        [*a, *b, _, _] = m;
    }
}

#[inline(always)]
fn three<U: Update, R: Real>(
    rule: &U,
    weights: &mut [R],
    gradient: &[R],
    a: &mut [R],
    b: &mut [R],
    c: &mut [R],
) {
    for ((w, &g), ((a, b), c)) in weights.iter_mut().zip(gradient).zip(a.iter_mut().zip(b).zip(c)) {
        let mut m = [*a, *b, *c, R::ZERO];
        *w = rule.at(*w, g, &mut m);
        [*a, *b, *c, _] = m;
    }
}

#[inline(always)]
fn four<U: Update, R: Real>(
    rule: &U,
    weights: &mut [R],
    gradient: &[R],
    a: &mut [R],
    b: &mut [R],
    c: &mut [R],
    d: &mut [R],
) {
    for ((w, &g), (((a, b), c), d)) in weights.iter_mut().zip(gradient).zip(a.iter_mut().zip(b).zip(c).zip(d))
    {
        let mut m = [*a, *b, *c, *d];
        *w = rule.at(*w, g, &mut m);
        [*a, *b, *c, *d] = m;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Momentum;
    impl Update for Momentum {
        const MEMORIES: usize = 1;
        #[inline(always)]
        fn at<R: Real>(&self, w: R, g: R, m: &mut [R; MEMORIES]) -> R {
            m[0] = R::of(0.5) * m[0] - g;
            w + m[0]
        }
    }

    #[test]
    fn the_loop_agrees_with_its_oracle() {
        for isa in Isa::available() {
            let (mut w, mut m) = (vec![1.0_f32; 37], vec![0.25_f32; 37]);
            let g: Vec<f32> = (0..37).map(|i| i as f32 / 8.0).collect();
            update(isa, &Momentum, &mut w, &g, &mut [&mut m]);
            let (mut w64, mut m64) = (vec![1.0_f64; 37], vec![0.25_f64; 37]);
            let g64: Vec<f64> = g.iter().map(|&g| g.into()).collect();
            update64(&Momentum, &mut w64, &g64, &mut [&mut m64]);
            assert!(w.iter().zip(&w64).all(|(a, b)| f64::from(*a) == *b));
            assert!(m.iter().zip(&m64).all(|(a, b)| f64::from(*a) == *b));
        }
    }
}
