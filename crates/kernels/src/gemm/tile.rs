//! The innermost loop of a product: sums that stay in registers while the inner size goes by.

use crate::ahead::{Ahead, prefetch};
use crate::arena::LINE;
use crate::vector::{Vector, Wide};

/// Where a tile reads and writes.
///
/// ```text
/// out[i][j] = (what is there, unless `first`) + Σ_p a[i·row + p·step] · b[p·b_step + j]   (+ bias[j])
/// ```
#[derive(Clone, Copy)]
pub(super) struct Tile {
    /// The inner size.
    pub k: usize,
    pub a: *const f32,
    /// From one row of `a` to the next, from one number of a row to the next, and from the first row to that of the next tile.
    pub row: usize,
    pub step: usize,
    pub next: usize,
    pub b: *const f32,
    pub b_step: usize,
    pub out: *mut f32,
    /// From one row of `out` to the next.
    pub out_row: usize,
    /// Columns of `out` in this tile; the last registers may be partly used.
    pub lanes: usize,
    /// The sums begin at 0, and not with what is there.
    pub first: bool,
    /// Added to every row at the end; null for none.
    pub bias: *const f32,
}

/// Rows that are reached from one pointer.
const TOGETHER: usize = 3;
/// The most rows of a tile.
const MOST: usize = 14;
/// How operands lie, if the compiler is told: anywhere; the left one in rows and the right one packed; both packed. Distances that are known
/// are written into the instructions, and take none of their own.
const ANYWHERE: u8 = 0;
const ROWS: u8 = 1;
const PACKED: u8 = 2;
/// Terms of a sum that are added in one turn of the loop where distances are known.
const TURN: usize = 4;

/// The same pointer, of which the compiler does not know where it comes from: reached from its neighbour, and that from its own, it would
/// be the end of a chain that takes longer than the sums.
#[inline(always)]
#[cfg_attr(not(any(target_arch = "x86_64", target_arch = "aarch64")), allow(unused_mut))]
#[allow(clippy::pointers_in_nomem_asm_block, reason = "it is not read through")]
fn apart(mut pointer: *const f32) -> *const f32 {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    // SAFETY: no instruction at all.
    unsafe {
        std::arch::asm!("/* {0} */", inout(reg) pointer, options(nomem, nostack, preserves_flags))
    };
    pointer
}

/// So many rows, of `N` registers each.
///
/// # Safety
/// `rows` × `k` numbers of `a` and `k` × `N` whole registers of `b` must be readable, `lanes` numbers of each row of `out` readable and
/// writable, `lanes` numbers of `bias` readable unless it is null; `lanes` lies above (N − 1) registers and is N registers at most.
#[inline(always)]
#[allow(clippy::needless_range_loop, reason = "with iterators the pointers do not stay in registers")]
unsafe fn tile<V: Vector, const P: usize, const N: usize, const LIE: u8>(of: Tile) {
    let whole = of.lanes == N * V::LANES;
    let rest = of.lanes - (N - 1) * V::LANES;
    let mut sums = [[V::splat(0.0); N]; P];
    if !of.first {
        for (p, sums) in sums.iter_mut().enumerate() {
            for (n, sum) in sums.iter_mut().enumerate() {
                // SAFETY: within the lanes of the row.
                unsafe {
                    let at = of.out.add(p * of.out_row + n * V::LANES);
                    *sum = if whole || n + 1 < N { V::load(at) } else { V::load_part(at, rest) };
                }
            }
        }
    }
    // What the next tile begins with, or writes to, is far away where there are many columns.
    for p in P..2 * P {
        for n in (0..N * V::LANES).step_by(LINE) {
            prefetch(of.out.wrapping_add(p * of.out_row + n));
        }
    }
    let row = if LIE == PACKED { 1 } else { of.row };
    let (step, b_step) = match LIE {
        ANYWHERE => (of.step, of.b_step),
        ROWS => (1, N * V::LANES),
        _ => (P, N * V::LANES),
    };
    // One pointer for three rows: see `apart`.
    let mut heads = [of.a; MOST.div_ceil(TOGETHER)];
    for i in 1..P.div_ceil(TOGETHER) {
        heads[i] = apart(of.a.wrapping_add(i * TOGETHER * row));
    }
    let mut b = of.b;
    let turn = if LIE == ANYWHERE { 1 } else { TURN };
    for _ in 0..of.k / turn {
        if LIE == PACKED {
            // Some turns ahead.
            for i in (0..turn * P).step_by(LINE) {
                prefetch(heads[0].wrapping_add(turn * turn * P + i));
            }
        }
        for t in 0..turn {
            // SAFETY: one of the k terms.
            unsafe { add::<V, P, N>(&heads, row, t * step, b.wrapping_add(t * b_step), &mut sums) };
        }
        for i in 0..P.div_ceil(TOGETHER) {
            heads[i] = heads[i].wrapping_add(turn * step);
        }
        b = b.wrapping_add(turn * b_step);
    }
    for t in 0..of.k % turn {
        // SAFETY: one of the k terms.
        unsafe { add::<V, P, N>(&heads, row, t * step, b.wrapping_add(t * b_step), &mut sums) };
    }
    if !of.bias.is_null() {
        for n in 0..N {
            // SAFETY: within the lanes of the bias.
            let bias = unsafe {
                let at = of.bias.add(n * V::LANES);
                if whole || n + 1 < N { V::load(at) } else { V::load_part(at, rest) }
            };
            for sums in &mut sums {
                sums[n] = sums[n].add(bias);
            }
        }
    }
    for (p, sums) in sums.iter().enumerate() {
        for (n, sum) in sums.iter().enumerate() {
            // SAFETY: within the lanes of the row.
            unsafe {
                let at = of.out.add(p * of.out_row + n * V::LANES);
                if whole || n + 1 < N {
                    sum.store(at)
                } else {
                    sum.store_part(at, rest)
                };
            }
        }
    }
}

/// Adds one term to every sum.
///
/// # Safety
/// A number of every row of `a` must be readable, `at` behind its head, and `N` registers of `b`.
#[inline(always)]
unsafe fn add<V: Vector, const P: usize, const N: usize>(
    heads: &[*const f32; MOST.div_ceil(TOGETHER)],
    row: usize,
    at: usize,
    b: *const f32,
    sums: &mut [[V; N]; P],
) {
    let mut registers = [V::splat(0.0); N];
    for (n, register) in registers.iter_mut().enumerate() {
        // SAFETY: whole registers of `b` are readable.
        *register = unsafe { V::load(b.add(n * V::LANES)) };
    }
    for (p, sums) in sums.iter_mut().enumerate() {
        // SAFETY: one of the rows × k numbers.
        let x = V::splat(unsafe { *heads[p / TOGETHER].add(p % TOGETHER * row + at) });
        for (sum, &b) in sums.iter_mut().zip(&registers) {
            *sum = x.mul_add(b, *sum);
        }
    }
}

/// How many registers side by side suit so many rows: enough sums in flight, and few loads for each.
pub(super) fn registers(rows: usize) -> usize {
    match rows {
        1 => 8,
        2 => 4,
        3 => 3,
        _ => 2,
    }
}

/// Rows of a tile of so many registers, at most.
pub(super) fn most_rows<V: Vector>(registers: usize) -> usize {
    match registers {
        1 => MOST.min(2 * V::PLACES),
        2 => V::PLACES,
        3 => 3,
        4 => 2,
        _ => 1,
    }
}

/// Cache lines that may come from afar while a tile of this inner size is computed.
pub(super) fn lines(k: usize) -> usize {
    (k / 6).clamp(2, 24)
}

/// Rows cut into tiles of about the same size, `most` rows at most: two heights, and how many tiles there are of each.
pub(super) fn heights(rows: usize, most: usize) -> [(usize, usize); 2] {
    let tiles = rows.div_ceil(most).max(1);
    let higher = rows % tiles;
    [(rows / tiles + 1, higher), (rows / tiles, tiles - higher)]
}

/// So many tiles of so many rows and registers, one below the other.
///
/// # Safety
/// As for [`tile`], for each of them.
#[inline(always)]
pub(super) unsafe fn tiles<V: Vector>(
    (rows, count): (usize, usize),
    registers: usize,
    of: Tile,
    ahead: &mut Ahead<'_>,
) {
    if count == 0 {
        return;
    }
    let lie = match (of.row, of.step) {
        _ if of.b_step != registers * V::LANES => ANYWHERE,
        (1, step) if step == rows => PACKED,
        (_, 1) => ROWS,
        _ => ANYWHERE,
    };
    macro_rules! tiles {
        ($($n:literal: $($p:literal)*;)*) => {
            match (registers, rows) {
                $($(($n, $p) => {
                    // Only those that fit are compiled.
                    if const { $n > 2 || $p * $n <= 2 * V::PLACES } {
                        match lie {
                            PACKED if const { $n == 2 } => V::enter(Tiles::<$p, $n, PACKED> { of, count, ahead }),
                            ROWS if const { $n == 2 } => V::enter(Tiles::<$p, $n, ROWS> { of, count, ahead }),
                            _ => V::enter(Tiles::<$p, $n, ANYWHERE> { of, count, ahead }),
                        }
                    } else {
                        unreachable!("{rows} rows of {registers} registers do not fit");
                    }
                })*)*
                _ => unreachable!("no tile of {rows} rows and {registers} registers"),
            }
        };
    }
    tiles!(
        1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14;
        2: 1 2 3 4 5 6 7 8 9 10 11 12 13 14;
        3: 1 2 3;
        4: 1 2;
        5: 1; 6: 1; 7: 1; 8: 1;
    );
}

/// Tiles as a loop of its own: all of them within one function would take minutes to compile. What is between two tiles is done while the
/// sums of the first are still on their way.
struct Tiles<'a, 'b, const P: usize, const N: usize, const LIE: u8> {
    of: Tile,
    count: usize,
    ahead: &'b mut Ahead<'a>,
}

impl<const P: usize, const N: usize, const LIE: u8> Wide for Tiles<'_, '_, P, N, LIE> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let Tiles { mut of, count, ahead } = self;
        for _ in 0..count {
            ahead.ask(lines(of.k));
            // SAFETY: it is only made by `tiles`, whose caller promises what is needed.
            unsafe { tile::<V, P, N, LIE>(of) };
            of.a = of.a.wrapping_add(of.next);
            of.out = of.out.wrapping_add(P * of.out_row);
        }
    }
}
