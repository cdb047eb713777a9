//! A part of a product: how operands are cut into pieces that stay in the caches, and which of them are packed.

use super::pack::pack;
use super::rows::Rows;
use super::tile::{self, Tile};
use super::{Matrix, PANELS};
use crate::ahead::Ahead;
use crate::cpu::Whole;
use crate::vector::{Vector, Wide};
use std::ops::Range;

/// The inner size is cut into pieces of so many, so that the columns of a piece stay in the first cache.
pub(super) const DEPTH: usize = 264;
/// Rows that share packed columns, so that theirs of the left operand stay in the second cache.
pub(super) const ROWS: usize = 264;
/// Columns that are packed at a time: what lies together in memory is fetched together.
pub(super) const GROUP: usize = 128;
/// Columns that lie this far apart or more in memory are packed before they are used.
const FAR: usize = 512;
/// So many rows use columns often enough for packing them even if they lie close.
const OFTEN: usize = 120;
/// Columns that are less than a panel are packed, so that they are one tile.
const NARROW: usize = 16;
/// Fewer rows than these are not worth packing for.
const FEW: usize = 8;
/// So few rows use the matrix so seldom that it is best read in the order in which it lies; of more, tiles are faster where columns lie close.
const IN_ORDER: usize = 3;

/// Some rows and columns of a product.
pub(super) struct Product<'a> {
    pub a: Matrix<'a>,
    pub b: Matrix<'a>,
    pub bias: Option<&'a [f32]>,
    /// All of the result.
    pub out: Whole<'a>,
    pub rows: Range<usize>,
    pub columns: Range<usize>,
    /// Room for `PANELS` and `BLOCK` numbers.
    pub room: *mut f32,
    /// What comes next.
    pub ahead: Ahead<'a>,
}

/// Whether so many rows read the matrix in the order in which it lies.
fn in_order(b: Matrix<'_>, rows: usize) -> bool {
    !b.transposed && (rows <= IN_ORDER || rows < FEW && b.columns >= FAR)
}

/// Which operands are packed.
#[derive(Clone, Copy)]
struct Packing {
    rows: bool,
    columns: bool,
}

impl Packing {
    fn of(a: Matrix<'_>, b: Matrix<'_>, rows: usize, columns: usize) -> Packing {
        let many = rows >= FEW;
        // Rows of a tile that drive each other out of the first cache, or of each of whose lines only a part is used.
        let apart = if a.transposed {
            columns >= 64 && a.columns >= 128
        } else {
            columns >= 128 && a.columns >= 1024 || columns >= 512 && a.columns >= 256
        };
        // Columns of a panel that lie apart, are used often, or are fewer than a panel has.
        let columns_apart = b.transposed || many && (b.columns >= FAR || rows >= OFTEN || b.columns < NARROW);
        Packing { rows: many && apart, columns: columns_apart }
    }
}

impl Wide for Product<'_> {
    #[inline(always)]
    fn run<V: Vector>(mut self) {
        if in_order(self.b, self.rows.len()) {
            let (n, column) = (self.b.columns, self.columns.start);
            let (a_row, a_step) = self.a.strides();
            let rows = Rows {
                rows: self.rows.len(),
                columns: self.columns.len(),
                k: self.a.columns,
                a: self.a.data.as_ptr().wrapping_add(self.rows.start * a_row),
                a_row,
                a_step,
                b: self.b.data.as_ptr().wrapping_add(column),
                b_row: n,
                out: self.out.start().wrapping_add(self.rows.start * n + column),
                out_row: n,
                bias: self.bias.map_or(std::ptr::null(), |bias| bias.as_ptr().wrapping_add(column)),
            };
            // SAFETY: they lie inside of the operands and the result, and nobody else has these columns of these rows.
            unsafe { rows.run::<V>() };
            return;
        }
        let packing = Packing::of(self.a, self.b, self.rows.len(), self.columns.len());
        let height = tile::most_rows::<V>(2);
        // Pieces of about the same size: a short one is loaded and stored as often as a long one.
        let deepest = self.a.columns.div_ceil(self.a.columns.div_ceil(DEPTH).max(1));
        let count = self.rows.len();
        let blocks = count.div_ceil(if packing.rows { ROWS / height * height } else { 2 * ROWS });
        let most = count.div_ceil(blocks).next_multiple_of(height);
        let mut p = 0;
        while p == 0 || p < self.a.columns {
            let depth = deepest.min(self.a.columns - p);
            for start in self.rows.clone().step_by(most) {
                let rows = start..self.rows.end.min(start + most);
                self.block::<V>(packing, p..p + depth, rows);
            }
            p += depth.max(1);
        }
    }
}

impl Product<'_> {
    /// Some rows, with a piece of the inner size.
    #[inline(always)]
    fn block<V: Vector>(&mut self, packing: Packing, inner: Range<usize>, rows: Range<usize>) {
        let (n, depth, count) = (self.b.columns, inner.len(), rows.len());
        let ((row, step), (b_row, b_step)) = (self.a.strides(), self.b.strides());
        let from = self.a.data.as_ptr().wrapping_add(rows.start * row + inner.start * step);
        let (panels, block) = (self.room, self.room.wrapping_add(PANELS));
        let height = tile::most_rows::<V>(2);
        if packing.rows {
            let mut i = 0;
            for (here, tiles) in tile::heights(count, height) {
                for _ in 0..tiles {
                    let (from, to) = (from.wrapping_add(i * row), block.wrapping_add(i * depth));
                    // SAFETY: rows and inner size lie inside of the operand; the room is as large as the most rows times the greatest
                    // depth, and what is written behind.
                    unsafe { pack::<V>(from, (step, row), (depth, here), to, here) };
                    i += here;
                }
            }
        }
        let wide = tile::registers(count) * V::LANES;
        let together = GROUP / wide * wide;
        let bias = self.bias.filter(|_| inner.end == self.a.columns);
        let mut j = self.columns.start;
        while j < self.columns.end {
            let left = self.columns.end - j;
            // What is not packed is read in whole registers; the rest of a row is packed.
            let whole = if left < V::LANES { left } else { left / V::LANES * V::LANES };
            let lanes = wide.min(if packing.columns { left } else { whole });
            let width = lanes.div_ceil(V::LANES) * V::LANES;
            let mut tile = Tile {
                k: depth,
                a: from,
                row,
                step,
                next: 0,
                b: self.b.data.as_ptr().wrapping_add(inner.start * b_row + j * b_step),
                b_step: b_row,
                out: self.out.start().wrapping_add(rows.start * n + j),
                out_row: n,
                lanes,
                first: inner.start == 0,
                bias: bias.map_or(std::ptr::null(), |bias| bias.as_ptr().wrapping_add(j)),
            };
            if packing.columns || lanes < width {
                let at = if packing.columns { (j - self.columns.start) % together } else { 0 };
                if at == 0 {
                    let group = if packing.columns { together.min(left) } else { lanes };
                    if packing.columns && b_step == 1 {
                        // The group behind it, or the first one of the next piece of the inner size.
                        let (p, c) = if left > group {
                            (inner.start, j + group)
                        } else {
                            (inner.end, self.columns.start)
                        };
                        let (deep, columns) =
                            (depth.min(self.a.columns - p), together.min(self.columns.end - c));
                        let start = self.b.data.as_ptr().wrapping_add(p * b_row + c);
                        self.ahead.first(start, b_row, deep, columns);
                    }
                    // SAFETY: columns and inner size lie inside of the operand, and the room is as large as a group times the greatest depth.
                    unsafe { pack_group::<V>(tile.b, (b_row, b_step), (depth, group), panels, wide) };
                }
                (tile.b, tile.b_step) = (panels.wrapping_add(at * depth), width);
            }
            let registers = width / V::LANES;
            let most = if packing.rows { height } else { tile::most_rows::<V>(registers) };
            let mut i = 0;
            for (here, tiles) in tile::heights(count, most) {
                if packing.rows {
                    (tile.a, tile.row, tile.step) = (block.wrapping_add(i * depth), 1, here);
                    tile.next = here * depth;
                } else {
                    (tile.a, tile.next) = (from.wrapping_add(i * row), here * row);
                }
                // SAFETY: operands are packed for so many rows and registers, or columns are whole registers of the operand; the rows of the
                // result lie inside of it, and nobody else has these columns of them.
                unsafe { tile::tiles::<V>((here, tiles), registers, tile, &mut self.ahead) };
                (i, tile.out) = (i + here * tiles, tile.out.wrapping_add(here * tiles * n));
            }
            j += lanes;
        }
    }
}

/// Packs columns in panels of so many, one panel behind the other.
///
/// # Safety
/// `depth` × `columns` numbers must be readable, and as many in whole registers writable.
#[inline(always)]
unsafe fn pack_group<V: Vector>(
    from: *const f32,
    (row, step): (usize, usize),
    (depth, columns): (usize, usize),
    to: *mut f32,
    wide: usize,
) {
    /// Rows that are packed for all panels before the next ones.
    const TOGETHER: usize = 16;
    let together = if step == 1 && columns > wide { TOGETHER } else { depth.max(1) };
    for p in (0..depth).step_by(together) {
        for c in (0..columns).step_by(wide) {
            let lanes = wide.min(columns - c);
            let width = lanes.div_ceil(V::LANES) * V::LANES;
            let (from, to) = (from.wrapping_add(p * row + c * step), to.wrapping_add(c * depth + p * width));
            // SAFETY: the caller's promise.
            unsafe { pack::<V>(from, (row, step), (together.min(depth - p), lanes), to, width) };
        }
    }
}
