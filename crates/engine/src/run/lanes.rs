//! Lanes along an axis that is not the last.

use std::array::from_fn;

/// A function of lanes that do not lie in a row: they are gathered, and the result is scattered.
pub(super) fn lanes<const N: usize>(
    (outer, _, inner): (usize, usize, usize),
    width: usize,
    inputs: [&[f32]; N],
    out: &mut [f32],
    scratch: &mut [f32],
    f: impl Fn([&[f32]; N], &mut [f32]),
) {
    let count = (outer * inner).max(1);
    let lens = inputs.map(|x| x.len() / count);
    let (gathered, result) = scratch.split_at_mut(lens.iter().sum());
    let result = &mut result[..width];
    for o in 0..outer {
        for i in 0..inner {
            let mut rest = &mut *gathered;
            let lanes = from_fn(|k| {
                let (lane, behind) = std::mem::take(&mut rest).split_at_mut(lens[k]);
                rest = behind;
                for (j, v) in lane.iter_mut().enumerate() {
                    *v = inputs[k][(o * lens[k] + j) * inner + i];
                }
                &*lane
            });
            f(lanes, result);
            for (j, v) in result.iter().enumerate() {
                out[(o * width + j) * inner + i] = *v;
            }
        }
    }
}
