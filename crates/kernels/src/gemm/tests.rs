//! Products against plain loops in f64, and laws of their bits.

use super::*;
use crate::random::{Purpose, Stream};
use crate::{Crew, Isa};

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
                gemm(Cpu::alone(isa), a, b, None, &mut out);
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
fn every_way_to_cut_and_pack_agrees_with_the_oracle() {
    // Few and many rows, inner sizes beyond a piece, columns beyond a group, strides that are packed; and what is left at the ends.
    for (m, k, n) in [
        (1, 300, 150),
        (2, 70, 100),
        (3, 257, 33),
        (9, 600, 1100),
        (200, 1030, 140),
        (400, 130, 70),
        (7, 5, 600),
    ] {
        for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
            let (a, b) = (numbers("a", m * k), numbers("b", k * n));
            let (a, b) = (Matrix::new(&a, m, k, ta), Matrix::new(&b, k, n, tb));
            let (want, bias) = (oracle(a, b), numbers("bias", n));
            for isa in Isa::available() {
                let mut out = vec![f32::NAN; m * n];
                gemm(Cpu::alone(isa), a, b, Some(&bias), &mut out);
                for (i, (got, want)) in out.iter().zip(&want).enumerate() {
                    let want = want + f64::from(bias[i % n]);
                    let bound = 4e-6 * (k as f64).sqrt() * (1.0 + want.abs());
                    assert!(
                        (f64::from(*got) - want).abs() < bound,
                        "{isa} {m}×{k}×{n} {ta} {tb} at {i}: {got} {want}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_bits_depend_neither_on_threads_nor_on_other_rows() {
    let crews = [2, 3, 7].map(|threads| Crew::new(threads).unwrap());
    for (m, k, n) in
        [(128, 784, 256), (784, 256, 300), (257, 301, 129), (1000, 100, 100), (4, 784, 700), (32, 100, 10)]
    {
        let (a, b) = (numbers("a", m * k), numbers("b", k * n));
        for (ta, tb) in [(false, false), (true, false), (false, true)] {
            let run = |cpu: Cpu<'_>, rows: usize, a: &[f32]| {
                let mut out = vec![0.0; rows * n];
                gemm(cpu, Matrix::new(a, rows, k, ta), Matrix::new(&b, k, n, tb), None, &mut out);
                out.iter().map(|x| x.to_bits()).collect::<Vec<u32>>()
            };
            let one = run(Cpu::best(), m, &a);
            for crew in &crews {
                let cpu = Cpu::with(Isa::best(), crew);
                assert!(one == run(cpu, m, &a), "{m}×{k}×{n} {ta} {tb} on {}", crew.threads());
            }
            if !ta {
                for row in [0, m / 2, m - 1] {
                    let alone = run(Cpu::best(), 1, &a[row * k..(row + 1) * k]);
                    assert!(one[row * n..(row + 1) * n] == alone, "{m}×{k}×{n} {tb} row {row}");
                }
            }
        }
    }
}

#[test]
fn a_number_is_one_chain_of_multiply_adds() {
    // Tiles of operands where they lie and of packed ones, a last block of few rows, few rows in order, pieces of the inner size.
    let shapes = [(9, 600, 40), (1, 603, 43), (5, 77, 520), (140, 300, 70), (529, 130, 66), (32, 100, 10)];
    for (m, k, n) in shapes {
        let (a, b, bias) = (numbers("a", m * k), numbers("b", k * n), numbers("bias", n));
        for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
            let (left, right) = (Matrix::new(&a, m, k, ta), Matrix::new(&b, k, n, tb));
            let ((ar, ac), (br, bc)) = (left.strides(), right.strides());
            let chain = |i: usize, j: usize| {
                (0..k).fold(0.0_f32, |sum, p| a[i * ar + p * ac].mul_add(b[p * br + j * bc], sum)) + bias[j]
            };
            let want: Vec<f32> = (0..m * n).map(|at| chain(at / n, at % n)).collect();
            for isa in Isa::available().into_iter().filter(|isa| *isa != Isa::portable()) {
                let mut out = vec![0.0; m * n];
                gemm(Cpu::alone(isa), left, right, Some(&bias), &mut out);
                assert!(out == want, "{isa} {m}×{k}×{n} {ta} {tb}");
            }
        }
    }
}

#[test]
fn empty_and_special() {
    let mut out = [1.0, 1.0];
    gemm(Cpu::best(), Matrix::new(&[], 2, 0, false), Matrix::new(&[], 0, 1, false), None, &mut out);
    assert_eq!(out, [0.0, 0.0]);
    gemm(Cpu::best(), Matrix::new(&[], 0, 3, false), Matrix::new(&[1.0; 3], 3, 1, false), None, &mut []);
    for rows in [1, 3, 9] {
        let mut out = vec![1.0; rows * 43];
        let (a, b) = (Matrix::new(&[], rows, 0, false), Matrix::new(&[], 0, 43, false));
        gemm(Cpu::best(), a, b, Some(&[2.0; 43]), &mut out);
        assert_eq!(out, vec![2.0; rows * 43]);
    }
    for isa in Isa::available() {
        let a = [0.0, f32::INFINITY, 1.0, f32::NAN];
        let mut out = [0.0; 2];
        gemm(
            Cpu::alone(isa),
            Matrix::new(&a, 2, 2, false),
            Matrix::new(&[1.0, 2.0], 2, 1, false),
            None,
            &mut out,
        );
        assert_eq!(out[0], f32::INFINITY);
        assert!(out[1].is_nan());
    }
}

#[test]
fn sizes_that_no_memory_has_are_refused() {
    let refused = |f: &dyn Fn()| assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).is_err());
    refused(&|| {
        let _ = Matrix::new(&[], 2, 1 << (usize::BITS - 1), false);
    });
    let much = usize::MAX / 3 + 1;
    let (a, b) = (Matrix::new(&[], 3, 0, false), Matrix::new(&[], 0, much, false));
    refused(&|| gemm(Cpu::best(), a, b, None, &mut [0.0; 2]));
}
