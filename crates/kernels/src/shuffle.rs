//! Moving numbers: permuted axes, parts of an axis, repeated and summed axes.

/// The most axes (batch included) a block may have.
pub const RANK: usize = 8;

/// Axes of one array with their strides in another. Those that are walked alike are joined, those of size 1 left out, so
/// that the last one is as long as can be.
struct Axes {
    sizes: [usize; RANK],
    strides: [usize; RANK],
    count: usize,
}

impl Axes {
    fn new(dims: &[usize], strides: &[usize]) -> Axes {
        let mut axes = Axes { sizes: [1; RANK], strides: [0; RANK], count: 0 };
        for (&size, &stride) in dims.iter().zip(strides).filter(|(size, _)| **size != 1) {
            let at = axes.count;
            if at > 0 && axes.strides[at - 1] == stride * size {
                axes.sizes[at - 1] *= size;
                axes.strides[at - 1] = stride;
            } else {
                (axes.sizes[at], axes.strides[at]) = (size, stride);
                axes.count += 1;
            }
        }
        axes
    }

    /// The last axis: its size and stride. A single number is an axis of one.
    fn last(&self) -> (usize, usize) {
        match self.count {
            0 => (1, 1),
            n => (self.sizes[n - 1], self.strides[n - 1]),
        }
    }

    /// Walks over all indices but those of the last `inner` axes, in row-major order: how many there were, and the offset
    /// into the other array.
    fn walk(&self, inner: usize, mut step: impl FnMut(usize, usize)) {
        let outer = self.count.saturating_sub(inner);
        if self.sizes[..self.count].contains(&0) {
            return;
        }
        let mut index = [0_usize; RANK];
        let mut other = 0;
        for i in 0..self.sizes[..outer].iter().product() {
            step(i, other);
            for axis in (0..outer).rev() {
                index[axis] += 1;
                other += self.strides[axis];
                if index[axis] < self.sizes[axis] {
                    break;
                }
                other -= self.strides[axis] * self.sizes[axis];
                index[axis] = 0;
            }
        }
    }

    /// Walks in runs along the last axis: where a run starts, its length, where it starts in the other array, and the
    /// stride there.
    fn runs(&self, mut run: impl FnMut(usize, usize, usize, usize)) {
        let (len, stride) = self.last();
        self.walk(1, |i, other| run(i * len, len, other, stride));
    }
}

fn strides(dims: &[usize]) -> [usize; RANK] {
    let mut strides = [0; RANK];
    let mut step = 1;
    for axis in (0..dims.len()).rev() {
        strides[axis] = step;
        step *= dims[axis];
    }
    strides
}

/// out = x with its axes in another order: axis i of `out` is axis `order[i]` of `x`, which has `dims`.
///
/// ```
/// use steadygrad_kernels::shuffle::permute;
/// let mut out = [0.0; 6];
/// permute(&[2, 3], &[1, 0], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &mut out);
/// assert_eq!(out, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
/// ```
pub fn permute<T: Copy>(dims: &[usize], order: &[usize], x: &[T], out: &mut [T]) {
    let from = strides(dims);
    let (mut to, mut steps) = ([0; RANK], [0; RANK]);
    for (i, &axis) in order.iter().enumerate() {
        to[i] = dims[axis];
        steps[i] = from[axis];
    }
    if out.is_empty() {
        return;
    }
    let axes = Axes::new(&to[..order.len()], &steps[..order.len()]);
    let (len, stride) = axes.last();
    if stride == 1 {
        axes.walk(1, |i, other| out[i * len..(i + 1) * len].copy_from_slice(&x[other..other + len]));
    } else {
        transpose(axes, x, out);
    }
}

/// Numbers of a row and of a column that are moved together, so that both stay in the cache.
const TILE: usize = 16;

/// A permutation that moves the last axis of `x` from its place: squares of it and of the last axis of `out` at a time.
fn transpose<T: Copy>(mut axes: Axes, x: &[T], out: &mut [T]) {
    let count = axes.count;
    let (columns, down) = axes.last();
    let Some(at) = (0..count).find(|&axis| axes.strides[axis] == 1) else { return };
    let rows = axes.sizes[at];
    let mut places = strides(&axes.sizes[..count]);
    let across = places[at];
    // All axes but these two are walked over.
    for axis in at..count - 2 {
        axes.sizes[axis] = axes.sizes[axis + 1];
        axes.strides[axis] = axes.strides[axis + 1];
        places[axis] = places[axis + 1];
    }
    axes.count = count - 2;
    let sizes = axes.sizes;
    axes.walk(0, |mut i, from| {
        let mut to = 0;
        for axis in (0..count - 2).rev() {
            to += i % sizes[axis] * places[axis];
            i /= sizes[axis];
        }
        for row in (0..rows).step_by(TILE) {
            for column in (0..columns).step_by(TILE) {
                for r in row..rows.min(row + TILE) {
                    for c in column..columns.min(column + TILE) {
                        out[to + r * across + c] = x[from + r + c * down];
                    }
                }
            }
        }
    });
}

/// For every place of `to`, in row-major order, its place in `from`, which is 1 where it is shared: `f(place in to, place
/// in from)`.
pub fn shared(from: &[usize], to: &[usize], mut f: impl FnMut(usize, usize)) {
    repeated(from, to).runs(|i, len, other, stride| (0..len).for_each(|j| f(i + j, other + j * stride)));
}

/// The axes of `to`, with their strides in `from`.
fn repeated(from: &[usize], to: &[usize]) -> Axes {
    let mut steps = strides(from);
    for (step, &size) in steps.iter_mut().zip(from) {
        if size == 1 {
            *step = 0;
        }
    }
    Axes::new(to, &steps[..to.len()])
}

/// out = x repeated along the axes where `from` is 1 and `to` is not.
pub fn expand<T: Copy>(from: &[usize], to: &[usize], x: &[T], out: &mut [T]) {
    repeated(from, to).runs(|i, len, other, stride| match stride {
        0 => out[i..i + len].fill(x[other]),
        _ => out[i..i + len].copy_from_slice(&x[other..other + len]),
    });
}

/// out = x summed over the axes where `to` is 1 and `from` is not.
pub fn reduce<T: Copy + Default + std::ops::Add<Output = T>>(
    from: &[usize],
    to: &[usize],
    x: &[T],
    out: &mut [T],
) {
    let mut steps = strides(to);
    for axis in 0..to.len() {
        if to[axis] == 1 {
            steps[axis] = 0;
        }
    }
    out.fill(T::default());
    Axes::new(from, &steps[..from.len()]).runs(|i, len, other, stride| {
        let x = &x[i..i + len];
        if stride == 0 {
            out[other] = x.iter().fold(out[other], |sum, &x| sum + x);
        } else {
            out[other..other + len].iter_mut().zip(x).for_each(|(out, &x)| *out = *out + x);
        }
    });
}

/// Copies `outer` blocks of `len` numbers, from every `x_step`-th of `x` to every `out_step`-th of `out`.
pub fn blocks<T: Copy>(outer: usize, len: usize, x: &[T], x_step: usize, out: &mut [T], out_step: usize) {
    for o in 0..outer {
        out[o * out_step..o * out_step + len].copy_from_slice(&x[o * x_step..o * x_step + len]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permute_there_and_back() {
        let x: Vec<f32> = (0..24).map(|i| i as f32).collect();
        let (mut y, mut z) = (vec![0.0; 24], vec![0.0; 24]);
        permute(&[2, 3, 4], &[2, 0, 1], &x, &mut y);
        assert_eq!(y[1], 4.0);
        permute(&[4, 2, 3], &[1, 2, 0], &y, &mut z);
        assert_eq!(x, z);
    }

    /// The place of `other` that each place of `dims` stands for, in row-major order, one index after the other.
    fn plain(dims: &[usize], steps: &[usize]) -> Vec<usize> {
        let total: usize = dims.iter().product();
        let at = |mut i: usize| {
            let mut other = 0;
            for axis in (0..dims.len()).rev() {
                other += i % dims[axis] * steps[axis];
                i /= dims[axis];
            }
            other
        };
        (0..total).map(at).collect()
    }

    #[test]
    fn permute_is_what_it_says() {
        let cases: [(&[usize], &[usize]); 9] = [
            (&[5], &[0]),
            (&[3, 4], &[1, 0]),
            (&[40, 37], &[1, 0]),
            (&[2, 3, 4, 5], &[0, 2, 1, 3]),
            (&[2, 3, 4, 5], &[0, 3, 1, 2]),
            (&[2, 3, 4, 5], &[3, 2, 1, 0]),
            (&[2, 1, 4, 1, 3], &[4, 3, 0, 2, 1]),
            (&[2, 3, 4, 5, 6], &[2, 4, 0, 3, 1]),
            (&[1, 1, 1], &[2, 0, 1]),
        ];
        for (dims, order) in cases {
            let from = strides(dims);
            let to: Vec<usize> = order.iter().map(|&a| dims[a]).collect();
            let steps: Vec<usize> = order.iter().map(|&a| from[a]).collect();
            let x: Vec<usize> = (0..dims.iter().product()).collect();
            let mut out = vec![0; x.len()];
            permute(dims, order, &x, &mut out);
            assert_eq!(out, plain(&to, &steps), "{dims:?} {order:?}");
        }
    }

    #[test]
    fn expand_and_reduce_are_what_they_say() {
        let cases: [(&[usize], &[usize]); 7] = [
            (&[1], &[5]),
            (&[3, 1], &[3, 4]),
            (&[1, 3], &[4, 3]),
            (&[2, 1, 1, 3], &[2, 4, 5, 3]),
            (&[2, 3, 1, 2, 1, 4], &[2, 3, 2, 2, 3, 4]),
            (&[1, 1], &[1, 1]),
            (&[2, 1, 3], &[2, 0, 3]),
        ];
        for (from, to) in cases {
            let steps: Vec<usize> =
                (0..to.len()).map(|a| if from[a] == 1 { 0 } else { strides(from)[a] }).collect();
            let places = plain(to, &steps);
            let x: Vec<usize> = (0..from.iter().product()).collect();
            let mut out = vec![0; places.len()];
            expand(from, to, &x, &mut out);
            assert_eq!(out, places, "{from:?} {to:?}");
            let mut pairs = Vec::new();
            shared(from, to, |i, other| pairs.push((i, other)));
            assert_eq!(pairs, places.iter().copied().enumerate().collect::<Vec<_>>());
            let mut sums = vec![0; x.len()];
            places.iter().enumerate().for_each(|(i, &place)| sums[place] += i * i);
            let squares: Vec<usize> = (0..places.len()).map(|i| i * i).collect();
            let mut got = vec![9; x.len()];
            reduce(to, from, &squares, &mut got);
            assert_eq!(got, sums, "{from:?} {to:?}");
        }
    }

    #[test]
    fn reduce_is_the_transpose_of_expand() {
        let (from, to) = ([2, 1, 3], [2, 4, 3]);
        let x: Vec<f64> = (0..6).map(f64::from).collect();
        let y: Vec<f64> = (0..24).map(|i| f64::from(i % 7)).collect();
        let (mut big, mut small) = (vec![0.0; 24], vec![0.0; 6]);
        expand(&from, &to, &x, &mut big);
        reduce(&to, &from, &y, &mut small);
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        assert_eq!(dot(&big, &y), dot(&x, &small));
    }

    #[test]
    fn empty_blocks() {
        permute::<f32>(&[0, 3], &[1, 0], &[], &mut []);
        blocks::<f32>(0, 3, &[], 3, &mut [], 3);
    }
}
