//! Matrix products.
//!
//! Every number of the result is one chain of multiply-adds along the inner size, from the first to the last: its bits depend neither on
//! how the work is cut, nor on the number of threads, nor on what stands in other rows.

mod pack;
mod product;
mod rows;
mod tile;

use crate::arena::{LINE, Line};
use crate::cpu::Whole;
use crate::{Ahead, Cpu};
use product::Product;
use std::cell::RefCell;

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
        assert_eq!(Some(data.len()), rows.checked_mul(columns));
        Matrix { data, rows, columns, transposed }
    }

    /// Distances in memory of neighbours in a column and in a row.
    fn strides(&self) -> (usize, usize) {
        if self.transposed { (1, self.rows) } else { (self.columns, 1) }
    }
}

/// out = a · b, and `bias` added to every row if there is one. The bits do not depend on the number of threads.
///
/// ```
/// use steadygrad_kernels::{Cpu, gemm::{gemm, Matrix}};
/// let (a, b) = ([1.0, 2.0, 3.0, 4.0], [1.0, 0.0, 0.0, 1.0]);
/// let mut out = [0.0; 4];
/// gemm(Cpu::best(), Matrix::new(&a, 2, 2, true), Matrix::new(&b, 2, 2, false), Some(&[0.5, 0.0]), &mut out);
/// assert_eq!(out, [1.5, 3.0, 2.5, 4.0]);
/// ```
///
/// # Panics
/// If the shapes do not fit.
pub fn gemm(cpu: Cpu<'_>, a: Matrix<'_>, b: Matrix<'_>, bias: Option<&[f32]>, out: &mut [f32]) {
    gemm_then(cpu, a, b, bias, &|_| (), Ahead::default(), out);
}

/// The same, and `finish` on all numbers of the result, some rows or parts of rows at a time, while they are in the cache. Meanwhile
/// memory is asked for that comes next.
///
/// # Panics
/// If the shapes do not fit.
pub fn gemm_then(
    cpu: Cpu<'_>,
    a: Matrix<'_>,
    b: Matrix<'_>,
    bias: Option<&[f32]>,
    finish: &(dyn Fn(&mut [f32]) + Sync),
    ahead: Ahead<'_>,
    out: &mut [f32],
) {
    assert_eq!(a.columns, b.rows);
    assert_eq!(Some(out.len()), a.rows.checked_mul(b.columns));
    assert!(bias.is_none_or(|bias| bias.len() == b.columns));
    let (m, n) = (a.rows, b.columns);
    if out.is_empty() {
        return;
    }
    let out = Whole::of(out);
    let parts = parts(cpu, m, a.columns, n);
    // Rows are cut, unless the columns are so many that packing them twice would cost too much, or the rows so few.
    let by_columns = n >= 2 * m && n >= 64 * parts;
    cpu.share(parts, |i| {
        let part = |n: usize, step: usize| {
            let steps = n.div_ceil(step);
            (i * steps / parts * step).min(n)..((i + 1) * steps / parts * step).min(n)
        };
        let (rows, columns) = if by_columns { (0..m, part(n, 32)) } else { (part(m, 1), 0..n) };
        if rows.is_empty() || columns.is_empty() {
            return;
        }
        ROOM.with_borrow_mut(|room| {
            let (rows, columns, room) = (rows.clone(), columns.clone(), room.open());
            let ahead = ahead.share(i, parts);
            cpu.isa.run_wide(Product { a, b, bias, out, rows, columns, room, ahead });
        });
        // Numbers that lie together.
        let (whole, len) = (columns.len() == n, columns.len());
        let runs = if whole { 0..1 } else { rows.clone() };
        for row in runs {
            let (start, len) =
                if whole { (rows.start * n, rows.len() * n) } else { (row * n + columns.start, len) };
            // SAFETY: inside of the result, in the rows and columns of this part, which is done once.
            finish(unsafe { out.range(start, len) });
        }
    });
}

/// Multiply-adds of a part that is worth handing over: some microseconds.
const WORTH_SHARING: usize = 1 << 17;

/// Among how many threads a product is shared.
fn parts(cpu: Cpu<'_>, m: usize, k: usize, n: usize) -> usize {
    let worth = m.saturating_mul(k).saturating_mul(n) / WORTH_SHARING;
    cpu.threads().min(worth).min(m.max(n / 64)).max(1)
}

thread_local! {
    /// Room for packed operands: made once for every thread that needs it.
    static ROOM: RefCell<Room> = const { RefCell::new(Room(Vec::new())) };
}

struct Room(Vec<Line>);

impl Room {
    fn open(&mut self) -> *mut f32 {
        self.0.resize((PANELS + BLOCK).div_ceil(LINE), Line([0.0; LINE]));
        self.0.as_mut_ptr().cast()
    }
}

/// Packed columns: of one group, and as deep as they are packed at a time.
const PANELS: usize = product::DEPTH * product::GROUP;
/// Packed rows, and what is written behind the last of them.
const BLOCK: usize = product::DEPTH * product::ROWS + 64;

#[cfg(test)]
mod tests;
