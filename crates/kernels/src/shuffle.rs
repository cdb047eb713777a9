//! Moving numbers: permuted axes, parts of an axis, repeated and summed axes.

/// The most axes (batch included) a block may have.
pub const RANK: usize = 8;

/// Walks over all indices of `dims` in row-major order; `step` gets the offset into the other array.
fn walk(dims: &[usize], strides: &[usize], mut step: impl FnMut(usize, usize)) {
    let total: usize = dims.iter().product();
    let mut index = [0_usize; RANK];
    let mut other = 0;
    for i in 0..total {
        step(i, other);
        for axis in (0..dims.len()).rev() {
            index[axis] += 1;
            other += strides[axis];
            if index[axis] < dims[axis] {
                break;
            }
            other -= strides[axis] * dims[axis];
            index[axis] = 0;
        }
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
    walk(&to[..order.len()], &steps[..order.len()], |i, other| out[i] = x[other]);
}

/// For every place of `to`, in row-major order, its place in `from`, which is 1 where it is shared: `f(place in to, place
/// in from)`.
pub fn shared(from: &[usize], to: &[usize], f: impl FnMut(usize, usize)) {
    let mut steps = strides(from);
    for (step, &size) in steps.iter_mut().zip(from) {
        if size == 1 {
            *step = 0;
        }
    }
    walk(to, &steps[..to.len()], f);
}

/// out = x repeated along the axes where `from` is 1 and `to` is not.
pub fn expand<T: Copy>(from: &[usize], to: &[usize], x: &[T], out: &mut [T]) {
    shared(from, to, |i, other| out[i] = x[other]);
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
    walk(from, &steps[..from.len()], |i, other| out[other] = out[other] + x[i]);
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
