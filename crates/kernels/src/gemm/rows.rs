//! Few rows against a matrix: every number of the matrix is used so seldom that it is read in the order in which it lies.

use crate::vector::Vector;

/// Terms that are added to a sum at a time: as many rows of the matrix are read side by side, each from its beginning to its end.
const TERMS: usize = 8;
/// Registers of sums that are made side by side.
const TOGETHER: usize = 2;

/// Some rows and columns of a product.
///
/// ```text
/// out[i][j] = Σ_p a[i·a_row + p·a_step] · b[p·b_row + j]   (+ bias[j])
/// ```
#[derive(Clone, Copy)]
pub(super) struct Rows {
    /// Rows and columns of the result.
    pub rows: usize,
    pub columns: usize,
    /// The inner size.
    pub k: usize,
    pub a: *const f32,
    pub a_row: usize,
    pub a_step: usize,
    pub b: *const f32,
    pub b_row: usize,
    pub out: *mut f32,
    pub out_row: usize,
    /// Added to every row at the end; null for none.
    pub bias: *const f32,
}

impl Rows {
    /// Computes them.
    ///
    /// # Safety
    /// `rows` × `k` numbers of `a` and `k` × `columns` of `b` must be readable, `rows` × `columns` numbers of `out` readable and writable, and
    /// `columns` of `bias` readable unless it is null.
    #[inline(always)]
    pub unsafe fn run<V: Vector>(self) {
        let whole = self.k / TERMS * TERMS;
        // SAFETY: the caller's promise; so many terms are left.
        unsafe {
            for p in (0..whole).step_by(TERMS) {
                self.all::<V, TERMS>(p);
            }
            for p in whole..self.k {
                self.all::<V, 1>(p);
            }
            if self.k == 0 {
                for i in 0..self.rows {
                    self.out.add(i * self.out_row).write_bytes(0, self.columns);
                }
            }
            if !self.bias.is_null() {
                for i in 0..self.rows {
                    add::<V>(self.bias, self.out.add(i * self.out_row), self.columns);
                }
            }
        }
    }

    /// Adds `K` terms from the `p`-th on to all numbers of all rows; if it is the first, to 0.
    ///
    /// # Safety
    /// As for [`Rows::run`], and `K` terms must be left.
    #[inline(always)]
    unsafe fn all<V: Vector, const K: usize>(self, p: usize) {
        for i in 0..self.rows {
            // SAFETY: one of the rows.
            unsafe { self.terms::<V, K>(p, i) };
        }
    }

    /// The same for one row.
    ///
    /// # Safety
    /// As for [`Rows::all`], and the row must be there.
    #[inline(always)]
    unsafe fn terms<V: Vector, const K: usize>(self, p: usize, i: usize) {
        let mut x = [V::splat(0.0); K];
        for (q, x) in x.iter_mut().enumerate() {
            // SAFETY: one of the terms.
            *x = V::splat(unsafe { *self.a.add(i * self.a_row + (p + q) * self.a_step) });
        }
        let single = self.columns / V::LANES * V::LANES;
        let double = self.columns / (TOGETHER * V::LANES) * TOGETHER * V::LANES;
        let rest = self.columns - single;
        // SAFETY: within the columns, in both.
        unsafe {
            let (b, out) = (self.b.add(p * self.b_row), self.out.add(i * self.out_row));
            for j in (0..double).step_by(TOGETHER * V::LANES) {
                sums::<V, K, TOGETHER>(&x, p == 0, (b.add(j), self.b_row), out.add(j));
            }
            for j in (double..single).step_by(V::LANES) {
                sums::<V, K, 1>(&x, p == 0, (b.add(j), self.b_row), out.add(j));
            }
            if rest > 0 {
                let (b, out) = (b.add(single), out.add(single));
                let mut sum = if p == 0 { V::splat(0.0) } else { V::load_part(out, rest) };
                for (q, &x) in x.iter().enumerate() {
                    sum = x.mul_add(V::load_part(b.add(q * self.b_row), rest), sum);
                }
                sum.store_part(out, rest);
            }
        }
    }
}

/// Adds `K` terms to `U` registers of sums, or to 0 where they are the first.
///
/// # Safety
/// So many registers of `K` rows of `b` must be readable, and of `out` readable and writable.
#[inline(always)]
unsafe fn sums<V: Vector, const K: usize, const U: usize>(
    x: &[V; K],
    first: bool,
    (b, b_row): (*const f32, usize),
    out: *mut f32,
) {
    let mut sums = [V::splat(0.0); U];
    // SAFETY: the caller's promise.
    unsafe {
        if !first {
            for (u, sum) in sums.iter_mut().enumerate() {
                *sum = V::load(out.add(u * V::LANES));
            }
        }
        for (q, &x) in x.iter().enumerate() {
            for (u, sum) in sums.iter_mut().enumerate() {
                *sum = x.mul_add(V::load(b.add(q * b_row + u * V::LANES)), *sum);
            }
        }
        for (u, sum) in sums.iter().enumerate() {
            sum.store(out.add(u * V::LANES));
        }
    }
}

/// out += x
///
/// # Safety
/// `n` numbers of both must be readable, and those of `out` writable.
#[inline(always)]
unsafe fn add<V: Vector>(x: *const f32, out: *mut f32, n: usize) {
    let whole = n / V::LANES * V::LANES;
    // SAFETY: the caller's promise.
    unsafe {
        for j in (0..whole).step_by(V::LANES) {
            V::load(out.add(j)).add(V::load(x.add(j))).store(out.add(j));
        }
        if whole < n {
            let (out, rest) = (out.add(whole), n - whole);
            V::load_part(out, rest).add(V::load_part(x.add(whole), rest)).store_part(out, rest);
        }
    }
}
