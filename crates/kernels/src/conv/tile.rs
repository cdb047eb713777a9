//! The innermost loops: sums that stay in registers.

use crate::vector::Vector;

/// Three nested loops over taps or places, each with the distance in the operand that is read number by number, and in the one
/// that is read register by register.
pub(super) type Loops = [(usize, usize, usize); 3];

/// The operands of a tile and the loops over them.
///
/// ```text
/// sum[p][n] += Σ over loops Σ_{r < run}  single[p·place + … + r·run_single] · wide[n·LANES + … + r·run_wide]
/// ```
///
/// Where `EACH` is set, the first operand too is a register, of the same channels as the second.
#[derive(Clone, Copy)]
pub(super) struct Tile {
    pub single: *const f32,
    /// From one place to the next.
    pub place: usize,
    pub wide: *const f32,
    pub loops: Loops,
    /// The innermost loop: how often, and how far in either operand.
    pub run: usize,
    pub run_single: usize,
    pub run_wide: usize,
}

/// Where the sums go: `lanes` of them for each place; the last registers may be partly used.
#[derive(Clone, Copy)]
pub(super) struct Target {
    pub at: *mut f32,
    pub place: usize,
    pub lanes: usize,
    /// The sums begin with what is there.
    pub add: bool,
}

/// So many places, of `N` registers each.
///
/// # Safety
/// All that the loops reach must be readable, whole registers of `wide` (and of `single` where `EACH`); and `lanes` numbers of each place writable.
#[inline(always)]
unsafe fn tile<V: Vector, const P: usize, const N: usize, const EACH: bool>(tile: Tile, target: Target) {
    let mut sums = [[V::splat(0.0); N]; P];
    let whole = target.lanes == N * V::LANES;
    if target.add {
        for (p, sums) in sums.iter_mut().enumerate() {
            for (n, sum) in sums.iter_mut().enumerate() {
                // SAFETY: sums are only added to in buffers of whole registers.
                *sum = unsafe { V::load(target.at.add(p * target.place + n * V::LANES)) };
            }
        }
    }
    let [a, b, c] = tile.loops;
    for i in 0..a.0 {
        for j in 0..b.0 {
            for k in 0..c.0 {
                // SAFETY: within what the caller promises.
                let mut single = unsafe { tile.single.add(i * a.1 + j * b.1 + k * c.1) };
                // SAFETY: as above.
                let mut wide = unsafe { tile.wide.add(i * a.2 + j * b.2 + k * c.2) };
                for _ in 0..tile.run {
                    let mut row = [V::splat(0.0); N];
                    for (n, row) in row.iter_mut().enumerate() {
                        // SAFETY: as above.
                        *row = unsafe { V::load(wide.add(n * V::LANES)) };
                    }
                    for (p, sums) in sums.iter_mut().enumerate() {
                        // SAFETY: as above.
                        let x = unsafe {
                            let at = single.add(p * tile.place);
                            if EACH { V::load(at) } else { V::splat(*at) }
                        };
                        for (sum, &w) in sums.iter_mut().zip(&row) {
                            *sum = x.mul_add(w, *sum);
                        }
                    }
                    single = single.wrapping_add(tile.run_single);
                    wide = wide.wrapping_add(tile.run_wide);
                }
            }
        }
    }
    for (p, sums) in sums.iter().enumerate() {
        for (n, sum) in sums.iter().enumerate() {
            // SAFETY: within the lanes of the place, of which there is at least one in each register but perhaps the last.
            let at = unsafe { target.at.add(p * target.place + n * V::LANES) };
            if whole || target.lanes >= (n + 1) * V::LANES {
                // SAFETY: as above.
                unsafe { sum.store(at) };
            } else {
                let rest = target.lanes.saturating_sub(n * V::LANES);
                // SAFETY: `rest` numbers of the place are writable.
                unsafe { sum.store_part(at, rest) };
            }
        }
    }
}

/// A row of any number of places, cut into tiles of about the same size.
///
/// # Safety
/// As for each tile of it.
#[inline(always)]
pub(super) unsafe fn row<V: Vector, const N: usize, const EACH: bool>(
    places: usize,
    mut one: Tile,
    mut target: Target,
) {
    let mut left = places;
    let mut tiles = places.div_ceil(V::PLACES);
    while left > 0 {
        let here = left.div_ceil(tiles);
        // SAFETY: the caller's promise.
        unsafe { some::<V, N, EACH>(here, one, target) };
        one.single = one.single.wrapping_add(here * one.place);
        target.at = target.at.wrapping_add(here * target.place);
        left -= here;
        tiles -= 1;
    }
}

/// A tile of so many places, as many as fit at most.
///
/// # Safety
/// As for [`tile`].
#[inline(always)]
unsafe fn some<V: Vector, const N: usize, const EACH: bool>(places: usize, one: Tile, target: Target) {
    macro_rules! tiles {
        ($($p:literal)*) => {
            match places {
                // SAFETY: the caller's promise.
                $($p if $p <= V::PLACES => unsafe { tile::<V, $p, N, EACH>(one, target) },)*
                _ => unreachable!("a tile has 1 to {} places", V::PLACES),
            }
        };
    }
    tiles!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);
}

/// A row of places for any number of lanes, in as many registers side by side as are worth it.
///
/// # Safety
/// As for [`row`].
#[inline(always)]
pub(super) unsafe fn lanes<V: Vector>(places: usize, mut one: Tile, mut target: Target) {
    let mut left = target.lanes;
    while left > 0 {
        let many = if left > V::LANES { 2 * V::LANES } else { V::LANES };
        target.lanes = left.min(many);
        // SAFETY: the caller's promise.
        unsafe {
            if left > V::LANES {
                row::<V, 2, false>(places, one, target);
            } else {
                row::<V, 1, false>(places, one, target);
            }
        }
        one.wide = one.wide.wrapping_add(many);
        target.at = target.at.wrapping_add(many);
        left = left.saturating_sub(many);
    }
}
