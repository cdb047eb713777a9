//! Matrix products.

use crate::Cpu;
use crate::isa::{Isa, Task};
use crate::real::Lane;
use gemm_common::Parallelism;

/// A matrix in row-major memory, perhaps stored transposed.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl<'a> Matrix<'a> {
    /// A matrix of this many rows and columns; `transposed`: it lies in memory as columns × rows.
    ///
    /// # Panics
    /// If `data` has another length.
    pub fn new(data: &'a [f32], rows: usize, columns: usize, transposed: bool) -> Matrix<'a> {
        assert_eq!(data.len(), rows * columns);
        Matrix { data, rows, columns, transposed }
    }

    /// Distances in memory of neighbours in a column and in a row.
    fn strides(&self) -> (usize, usize) {
        if self.transposed { (1, self.rows) } else { (self.columns, 1) }
    }
}

/// Products below this many multiply-adds run on one thread: handing work over would cost more than it brings.
const WORTH_SHARING: usize = 1 << 21;

/// out = a · b. The bits do not depend on the number of threads.
///
/// ```
/// use steadygrad_kernels::{Cpu, gemm::{gemm, Matrix}};
/// let (a, b) = ([1.0, 2.0, 3.0, 4.0], [1.0, 0.0, 0.0, 1.0]);
/// let mut out = [0.0; 4];
/// gemm(Cpu::best(), Matrix::new(&a, 2, 2, true), Matrix::new(&b, 2, 2, false), &mut out);
/// assert_eq!(out, [1.0, 3.0, 2.0, 4.0]);
/// ```
///
/// # Panics
/// If the shapes do not fit.
pub fn gemm(cpu: Cpu, a: Matrix<'_>, b: Matrix<'_>, out: &mut [f32]) {
    assert_eq!(a.columns, b.rows);
    let (m, k, n) = (a.rows, a.columns, b.columns);
    assert_eq!(out.len(), m * n);
    if out.is_empty() {
        return;
    }
    if k == 0 {
        out.fill(0.0);
        return;
    }
    if cpu.isa == Isa::portable() {
        cpu.isa.run(Plain { a, b, out });
        return;
    }
    let parallelism = if cpu.threads > 1 && m * k * n >= WORTH_SHARING {
        Parallelism::Rayon(cpu.threads)
    } else {
        Parallelism::None
    };
    let ((a_row, a_column), (b_row, b_column)) = (a.strides(), b.strides());
    let product = gemm_f32::gemm::f32::get_gemm_fn();
    // SAFETY: `Matrix::new` checked that both operands span rows × columns elements at these strides, and the assert
    // above that `out` spans m × n at strides (n, 1); `out` is exclusively borrowed, and is only written (read_dst is
    // false). Strides and sizes are lengths of slices, so they fit in isize.
    //
    // The library wants its result column by column, so it is asked for outᵀ = bᵀ·aᵀ.
    unsafe {
        product(
            n,
            m,
            k,
            out.as_mut_ptr(),
            n as isize,
            1,
            false,
            b.data.as_ptr(),
            b_row as isize,
            b_column as isize,
            a.data.as_ptr(),
            a_row as isize,
            a_column as isize,
            0.0,
            1.0,
            false,
            false,
            false,
            parallelism,
        );
    }
}

/// The product in plain loops: the portable path.
struct Plain<'a> {
    a: Matrix<'a>,
    b: Matrix<'a>,
    out: &'a mut [f32],
}

impl Task for Plain<'_> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        let (n, k) = (self.b.columns, self.a.columns);
        let ((a_row, a_column), out) = (self.a.strides(), R::slice_mut(self.out));
        let (a, b) = (R::slice(self.a.data), R::slice(self.b.data));
        for (i, row) in out.chunks_exact_mut(n).enumerate() {
            if self.b.transposed {
                for (j, out) in row.iter_mut().enumerate() {
                    let b = &b[j * k..(j + 1) * k];
                    let mut sum = R::ZERO;
                    for (p, &b) in b.iter().enumerate() {
                        sum = a[i * a_row + p * a_column].mul_add(b, sum);
                    }
                    *out = sum;
                }
            } else {
                row.fill(R::ZERO);
                for p in 0..k {
                    let a = a[i * a_row + p * a_column];
                    for (out, &b) in row.iter_mut().zip(&b[p * n..(p + 1) * n]) {
                        *out = a.mul_add(b, *out);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    fn numbers(key: &str, n: usize) -> Vec<f32> {
        let stream = Stream::new(0, Purpose::Other, key);
        (0..n).map(|i| stream.normal(0, i as u64) as f32).collect()
    }

    fn oracle(a: Matrix<'_>, b: Matrix<'_>) -> Vec<f64> {
        let ((ar, ac), (br, bc)) = (a.strides(), b.strides());
        let mut out = Vec::new();
        for i in 0..a.rows {
            for j in 0..b.columns {
                let term = |p| f64::from(a.data[i * ar + p * ac]) * f64::from(b.data[p * br + j * bc]);
                out.push((0..a.columns).map(term).sum());
            }
        }
        out
    }

    #[test]
    fn agrees_with_the_oracle_on_ragged_shapes() {
        for (m, k, n) in
            [(1, 1, 1), (1, 7, 3), (5, 1, 9), (32, 100, 100), (33, 65, 17), (100, 32, 31), (3, 784, 10)]
        {
            for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
                let (a, b) = (numbers("a", m * k), numbers("b", k * n));
                let (a, b) = (Matrix::new(&a, m, k, ta), Matrix::new(&b, k, n, tb));
                let want = oracle(a, b);
                for isa in Isa::available() {
                    let mut out = vec![f32::NAN; m * n];
                    gemm(Cpu { isa, threads: 1 }, a, b, &mut out);
                    for (got, want) in out.iter().zip(&want) {
                        let bound = 1e-6 * (k as f64).sqrt() * (1.0 + want.abs()) * 4.0;
                        assert!(
                            (f64::from(*got) - want).abs() < bound,
                            "{isa} {m}×{k}×{n} {ta} {tb}: {got} {want}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn the_bits_do_not_depend_on_threads() {
        for (m, k, n) in [(128, 784, 256), (784, 256, 300), (257, 301, 129), (1000, 100, 100)] {
            let (a, b) = (numbers("a", m * k), numbers("b", k * n));
            for (ta, tb) in [(false, false), (true, false), (false, true)] {
                let run = |threads: usize| {
                    let mut out = vec![0.0; m * n];
                    let cpu = Cpu { threads, ..Cpu::best() };
                    gemm(cpu, Matrix::new(&a, m, k, ta), Matrix::new(&b, k, n, tb), &mut out);
                    out.iter().map(|x| x.to_bits()).collect::<Vec<u32>>()
                };
                let one = run(1);
                for threads in [2, 3, 7] {
                    assert!(one == run(threads), "{m}×{k}×{n} {ta} {tb} on {threads}");
                }
            }
        }
    }

    #[test]
    fn empty_and_special() {
        let mut out = [1.0, 1.0];
        gemm(Cpu::best(), Matrix::new(&[], 2, 0, false), Matrix::new(&[], 0, 1, false), &mut out);
        assert_eq!(out, [0.0, 0.0]);
        gemm(Cpu::best(), Matrix::new(&[], 0, 3, false), Matrix::new(&[1.0; 3], 3, 1, false), &mut []);
        for isa in Isa::available() {
            let a = [0.0, f32::INFINITY, 1.0, f32::NAN];
            let mut out = [0.0; 2];
            gemm(
                Cpu { isa, threads: 1 },
                Matrix::new(&a, 2, 2, false),
                Matrix::new(&[1.0, 2.0], 2, 1, false),
                &mut out,
            );
            assert_eq!(out[0], f32::INFINITY);
            assert!(out[1].is_nan());
        }
    }
}
