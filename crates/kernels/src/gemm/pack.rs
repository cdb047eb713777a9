//! Columns of the right operand, laid one row of registers behind the other.

use crate::vector::Vector;

/// `rows` × `columns` numbers from `from`, into rows of `width` numbers at `to`; what is beyond the columns is 0.
///
/// The numbers of a row lie `step` apart, rows `row`; one of the two is 1.
///
/// # Safety
/// All of them must be readable, and `rows` × `width` numbers writable.
#[inline(always)]
pub(super) unsafe fn pack<V: Vector>(
    from: *const f32,
    (row, step): (usize, usize),
    (rows, columns): (usize, usize),
    to: *mut f32,
    width: usize,
) {
    if columns < width {
        // SAFETY: the caller's promise.
        unsafe { to.write_bytes(0, rows * width) };
    }
    if step == 1 {
        for r in 0..rows {
            // SAFETY: the caller's promise.
            unsafe { copy::<V>(from.add(r * row), to.add(r * width), columns) };
        }
        return;
    }
    // A column lies in one piece: blocks of 8 × 8 are turned in registers. Of fewer columns than 8, what is written beyond them is
    // written over by the next row.
    let (thin, whole) = (columns < 8 && columns == width, rows / 8 * 8);
    let turned = if thin { columns } else { columns / 8 * 8 };
    for r in (0..whole).step_by(8) {
        for c in (0..turned).step_by(8) {
            // SAFETY: the caller's promise.
            unsafe {
                V::transpose(from.add(c * step + r), step, (columns - c).min(8), to.add(r * width + c), width)
            };
        }
    }
    for r in 0..rows {
        for c in if r < whole { turned } else { 0 }..columns {
            // SAFETY: the caller's promise.
            unsafe { *to.add(r * width + c) = *from.add(c * step + r * row) };
        }
    }
}

/// # Safety
/// `n` numbers must be readable and writable.
#[inline(always)]
unsafe fn copy<V: Vector>(from: *const f32, to: *mut f32, n: usize) {
    let whole = n / V::LANES * V::LANES;
    for i in (0..whole).step_by(V::LANES) {
        // SAFETY: the caller's promise.
        unsafe { V::load(from.add(i)).store(to.add(i)) };
    }
    if whole < n {
        // SAFETY: the caller's promise.
        unsafe { V::load_part(from.add(whole), n - whole).store_part(to.add(whole), n - whole) };
    }
}
