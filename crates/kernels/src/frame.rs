//! A frame laid over a block of numbers: what lies inside it, and a fixed number where it reaches beyond. Padding and
//! cropping are the same thing, and each is the gradient of the other.

use crate::shuffle::RANK;

/// out\[i\] = x\[i + start\] where that is inside `from`, else `fill`; both blocks have the same number of axes.
///
/// ```
/// use steadygrad_kernels::frame::frame;
/// let mut out = [9.0; 5];
/// frame(&[3], &[5], &[-1], 0.0, &[1.0, 2.0, 3.0], &mut out);
/// assert_eq!(out, [0.0, 1.0, 2.0, 3.0, 0.0]);
/// ```
pub fn frame<T: Copy>(from: &[usize], to: &[usize], start: &[isize], fill: T, x: &[T], out: &mut [T]) {
    let whole = |axis: usize| from[axis] == to[axis] && start[axis] == 0;
    // The last axis that changes, and the numbers of one place on it: what lies together is copied together.
    let Some(last) = (0..to.len()).rev().find(|&axis| !whole(axis)) else {
        out.copy_from_slice(x);
        return;
    };
    let inner: usize = to[last + 1..].iter().product();
    let (before, inside) = overlap(from[last], to[last], start[last]);
    let first = (before as isize + start[last]) as usize;
    let run = to[last] * inner;
    if run == 0 {
        return;
    }
    let mut index = [0_usize; RANK];
    for out in out.chunks_exact_mut(run) {
        match (0..last).try_fold(0, |at, axis| {
            let place = index[axis].checked_add_signed(start[axis]).filter(|&place| place < from[axis])?;
            Some(at * from[axis] + place)
        }) {
            Some(at) if inside > 0 => {
                let at = (at * from[last] + first) * inner;
                let (front, rest) = out.split_at_mut(before * inner);
                let (middle, back) = rest.split_at_mut(inside * inner);
                front.fill(fill);
                middle.copy_from_slice(&x[at..at + inside * inner]);
                back.fill(fill);
            }
            _ => out.fill(fill),
        }
        for axis in (0..last).rev() {
            index[axis] += 1;
            if index[axis] < to[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
}

/// How many places of `to` lie before `from`, and how many inside it.
fn overlap(from: usize, to: usize, start: isize) -> (usize, usize) {
    let before = start.min(0).unsigned_abs().min(to);
    let left = from.saturating_sub(start.max(0).unsigned_abs());
    (before, left.min(to - before))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, place by place.
    fn plain(from: &[usize], to: &[usize], start: &[isize], x: &[i32]) -> Vec<i32> {
        let total = to.iter().product();
        let at = |mut i: usize| {
            let mut places = vec![0; to.len()];
            for axis in (0..to.len()).rev() {
                (places[axis], i) = (i % to[axis], i / to[axis]);
            }
            let mut at = 0;
            for axis in 0..to.len() {
                let place = places[axis] as isize + start[axis];
                if place < 0 || place >= from[axis] as isize {
                    return -7;
                }
                at = at * from[axis] + place as usize;
            }
            x[at]
        };
        (0..total).map(at).collect()
    }

    #[test]
    fn a_frame_is_what_its_definition_says() {
        let cases: [(&[usize], &[usize], &[isize]); 10] = [
            (&[4], &[4], &[0]),
            (&[4], &[7], &[-2]),
            (&[4], &[2], &[1]),
            (&[4], &[3], &[2]),
            (&[4], &[3], &[9]),
            (&[4], &[3], &[-9]),
            (&[2, 3, 2], &[2, 6, 2], &[0, -1, 0]),
            (&[2, 3, 4, 2], &[2, 5, 2, 2], &[0, -1, 1, 0]),
            (&[2, 3, 4, 2], &[2, 1, 6, 3], &[0, 2, -1, -1]),
            (&[2, 0, 2], &[2, 2, 2], &[0, -1, 0]),
        ];
        for (from, to, start) in cases {
            let x: Vec<i32> = (0..from.iter().product::<usize>() as i32).collect();
            let want = plain(from, to, start, &x);
            let mut got = vec![99; want.len()];
            frame(from, to, start, -7, &x, &mut got);
            assert_eq!(got, want, "{from:?} {to:?} {start:?}");
        }
    }

    #[test]
    fn empty_blocks() {
        frame::<f32>(&[0, 3], &[0, 5], &[0, -1], 0.0, &[], &mut []);
        frame::<f32>(&[2, 3], &[2, 0], &[0, 1], 0.0, &[0.0; 6], &mut []);
    }
}
