//! A formula of every number and of what belongs to its column, in registers: the columns' numbers stay there while rows go by.

use crate::columns::{BLOCK, Dims};
use crate::vector::{Vector, Wide};

/// Rows that are done for all columns before the next ones, so that memory is read about in its order.
const ROWS: usize = 16;
/// Registers side by side.
const TOGETHER: usize = 2;

/// A formula of a number x, one of a second array, and `P` numbers of the column.
pub(crate) trait Formula<const P: usize>: Copy {
    fn at<V: Vector>(self, column: [V; P], x: V, y: V) -> V;
}

/// out = formula(column, x, y) for the columns c0 … c0 + width − 1, `BLOCK` at most.
pub(crate) struct Across<'a, F, const P: usize> {
    pub formula: F,
    /// outer × axis × inner.
    pub dims: Dims,
    pub c0: usize,
    pub width: usize,
    pub columns: [[f32; BLOCK]; P],
    pub x: &'a [f32],
    pub y: &'a [f32],
    pub out: &'a mut [f32],
}

impl<F: Formula<P>, const P: usize> Wide for Across<'_, F, P> {
    #[inline(always)]
    fn run<V: Vector>(mut self) {
        let (outer, axis, inner) = self.dims;
        let numbers =
            outer.checked_mul(axis).and_then(|n| n.checked_mul(inner)).expect("no more than there is memory");
        assert!(self.x.len() >= numbers && self.y.len() >= numbers && self.out.len() >= numbers);
        assert!(self.width <= BLOCK && self.c0 + self.width <= axis);
        // SAFETY: all places are below outer · axis · inner, and so many numbers are there.
        unsafe {
            if inner == 1 {
                for row in (0..outer).step_by(ROWS) {
                    self.rows::<V>(row, outer.min(row + ROWS));
                }
            } else {
                for o in 0..outer {
                    for j in 0..self.width {
                        let column = self.columns.each_ref().map(|of| V::splat(of[j]));
                        self.run_of::<V>(column, (o * axis + self.c0 + j) * inner, inner);
                    }
                }
            }
        }
    }
}

impl<F: Formula<P>, const P: usize> Across<'_, F, P> {
    /// Some rows, whose columns lie side by side.
    ///
    /// # Safety
    /// The rows must be there.
    #[inline(always)]
    unsafe fn rows<V: Vector>(&mut self, from: usize, to: usize) {
        let (single, double) = (self.width / V::LANES, self.width / V::LANES / TOGETHER * TOGETHER);
        // SAFETY: the caller's promise; registers and the rest lie within the columns.
        unsafe {
            for i in (0..double).step_by(TOGETHER) {
                let columns: [[V; P]; TOGETHER] =
                    std::array::from_fn(|u| self.registers::<V>((i + u) * V::LANES));
                for row in from..to {
                    let at = row * self.dims.1 + self.c0 + i * V::LANES;
                    for (u, column) in columns.iter().enumerate() {
                        self.whole(*column, at + u * V::LANES);
                    }
                }
            }
            for i in double..single {
                let column = self.registers::<V>(i * V::LANES);
                for row in from..to {
                    self.whole(column, row * self.dims.1 + self.c0 + i * V::LANES);
                }
            }
            let rest = self.width - single * V::LANES;
            if rest > 0 {
                let column = self.registers::<V>(single * V::LANES);
                for row in from..to {
                    self.part(column, row * self.dims.1 + self.c0 + single * V::LANES, rest);
                }
            }
        }
    }

    /// The numbers of the columns from `j` on; those beyond the last may be anything.
    ///
    /// # Safety
    /// There must be a register of them within `BLOCK`.
    #[inline(always)]
    unsafe fn registers<V: Vector>(&self, j: usize) -> [V; P] {
        // SAFETY: the caller's promise.
        self.columns.each_ref().map(|of| unsafe { V::load(of.as_ptr().add(j)) })
    }

    /// `len` numbers of one column, which lie in one piece.
    ///
    /// # Safety
    /// They must be there.
    #[inline(always)]
    unsafe fn run_of<V: Vector>(&mut self, column: [V; P], start: usize, len: usize) {
        let whole = len / V::LANES * V::LANES;
        // SAFETY: the caller's promise.
        unsafe {
            for i in (0..whole).step_by(V::LANES) {
                self.whole(column, start + i);
            }
            if whole < len {
                self.part(column, start + whole, len - whole);
            }
        }
    }

    /// # Safety
    /// A whole register must be there.
    #[inline(always)]
    unsafe fn whole<V: Vector>(&mut self, column: [V; P], at: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            let (x, y) = (V::load(self.x.as_ptr().add(at)), V::load(self.y.as_ptr().add(at)));
            self.formula.at(column, x, y).store(self.out.as_mut_ptr().add(at));
        }
    }

    /// # Safety
    /// So many numbers, fewer than a register, must be there.
    #[inline(always)]
    unsafe fn part<V: Vector>(&mut self, column: [V; P], at: usize, count: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            let (x, y) =
                (V::load_part(self.x.as_ptr().add(at), count), V::load_part(self.y.as_ptr().add(at), count));
            self.formula.at(column, x, y).store_part(self.out.as_mut_ptr().add(at), count);
        }
    }
}
