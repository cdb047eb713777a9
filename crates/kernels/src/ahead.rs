//! Memory that is needed soon, asked for while something else is computed.

use crate::arena::LINE;

/// Asks for the cache line at this address, which need not be one of the program: nothing is read.
#[inline(always)]
pub(crate) fn prefetch(at: *const f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch never traps, whatever the address.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(at.cast())
    };
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// Places in memory that the steps to come will touch: a product asks for them a little at a time, so that they are in the cache by then.
///
/// Nothing is read or written there. In a deep network every step works on other memory than the last, and a small product would
/// wait for it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ahead<'a> {
    /// Where each begins, and how many cache lines it has.
    parts: [(usize, usize); Ahead::PARTS],
    /// More of them, which come after the others.
    rows: &'a [(usize, usize)],
    /// Lines of the first of these that were asked for.
    done: usize,
    /// What the product itself needs next: before all that.
    own: Rows,
}

/// Parts of rows of a matrix.
#[derive(Debug, Clone, Copy, Default)]
struct Rows {
    /// Where the next row begins, and the one behind it.
    start: usize,
    step: usize,
    /// Rows that are left, cache lines of each, and how many of them were asked for.
    left: usize,
    lines: usize,
    done: usize,
}

impl<'a> Ahead<'a> {
    /// So many places at most; others are left out.
    pub const PARTS: usize = 8;

    /// With more places behind those that there are: addresses, and how many numbers lie there.
    pub fn then(self, rows: &'a [(usize, usize)]) -> Ahead<'a> {
        Ahead { rows, ..self }
    }

    /// Adds a place.
    pub(crate) fn add(&mut self, start: *const f32, numbers: usize) {
        if let Some(free) = self.parts.iter_mut().find(|part| part.1 == 0) {
            *free = (start.addr(), numbers.div_ceil(LINE));
        }
    }

    /// So many numbers of each of so many rows, `step` apart, are needed before all others; what was before and is left is forgotten.
    #[inline(always)]
    pub(crate) fn first(&mut self, start: *const f32, step: usize, rows: usize, numbers: usize) {
        // A row may begin in the middle of a line.
        let lines = numbers / LINE + 1;
        self.own = Rows { start: start.addr(), step: 4 * step, left: rows, lines, done: 0 };
    }

    /// The i-th of so many shares of every place.
    pub(crate) fn share(mut self, i: usize, shares: usize) -> Ahead<'a> {
        for (start, lines) in &mut self.parts {
            let (from, to) = (*lines * i / shares, *lines * (i + 1) / shares);
            (*start, *lines) = (*start + from * 4 * LINE, to - from);
        }
        self.rows = &self.rows[self.rows.len() * i / shares..self.rows.len() * (i + 1) / shares];
        self
    }

    /// Asks for the next few lines.
    #[inline(always)]
    pub(crate) fn ask(&mut self, lines: usize) {
        if self.own.left > 0 {
            self.own.ask(lines);
        } else if let Some((start, left)) = self.parts.iter_mut().find(|part| part.1 > 0) {
            let count = lines.min(*left);
            prefetch_lines(*start, count);
            (*start, *left) = (*start + count * 4 * LINE, *left - count);
        } else if let Some(((start, numbers), others)) = self.rows.split_first() {
            // A row may begin in the middle of a line.
            let left = numbers / LINE + 1 - self.done;
            let count = lines.min(left);
            prefetch_lines(start + self.done * 4 * LINE, count);
            self.done += count;
            if count == left {
                (self.rows, self.done) = (others, 0);
            }
        }
    }
}

impl Rows {
    #[inline(always)]
    fn ask(&mut self, mut lines: usize) {
        while lines > 0 && self.left > 0 {
            let count = lines.min(self.lines - self.done);
            prefetch_lines(self.start + self.done * 4 * LINE, count);
            (lines, self.done) = (lines - count, self.done + count);
            if self.done == self.lines {
                (self.start, self.left, self.done) = (self.start + self.step, self.left - 1, 0);
            }
        }
    }
}

#[inline(always)]
fn prefetch_lines(start: usize, count: usize) {
    for i in 0..count {
        prefetch(std::ptr::without_provenance(start + i * 4 * LINE));
    }
}

/// Asks for these numbers, so that they are in the cache when they are read soon.
pub fn prefetch_all(numbers: &[f32]) {
    for line in numbers.chunks(LINE) {
        prefetch(line.as_ptr());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_asked_for_once_and_in_order() {
        let numbers = [0.0_f32; 100];
        let rows = [(4096, 40), (8192, 16)];
        let mut ahead = Ahead::default();
        ahead.add(numbers.as_ptr(), numbers.len());
        let mut ahead = ahead.then(&rows);
        let mut left = Vec::new();
        for _ in 0..8 {
            ahead.ask(3);
            left.push((ahead.parts[0].1, ahead.rows.len(), ahead.done));
        }
        // Seven lines of the part; three of the first row, as it may begin in the middle of one; two of the second.
        assert_eq!(left[..4], [(4, 2, 0), (1, 2, 0), (0, 2, 0), (0, 1, 0)]);
        assert_eq!(left[4..], [(0, 0, 0); 4]);
    }

    #[test]
    fn rows_of_the_product_come_first() {
        let mut ahead = Ahead::default();
        ahead.parts[0] = (1 << 20, 2);
        ahead.first(std::ptr::without_provenance(4096), 100, 3, 40);
        let mut left = Vec::new();
        for _ in 0..4 {
            ahead.ask(4);
            left.push((ahead.own.start, ahead.own.left, ahead.own.done, ahead.parts[0].1));
        }
        // Three lines of each row, which may begin in the middle of one; then what was there before.
        assert_eq!(left[..2], [(4096 + 400, 2, 1, 2), (4096 + 800, 1, 2, 2)]);
        assert_eq!(left[2..], [(4096 + 1200, 0, 0, 2), (4096 + 1200, 0, 0, 0)]);
    }

    #[test]
    fn shares_are_all_of_it_and_no_line_twice() {
        let rows: Vec<(usize, usize)> = (0..7).map(|i| (4096 * i, 64)).collect();
        let mut whole = Ahead::default().then(&rows);
        whole.parts[0] = (1 << 20, 11);
        let shares: Vec<Ahead<'_>> = (0..3).map(|i| whole.share(i, 3)).collect();
        assert_eq!(shares.iter().map(|s| s.parts[0].1).sum::<usize>(), 11);
        assert_eq!(shares.iter().map(|s| s.rows.len()).sum::<usize>(), 7);
        assert_eq!(shares[1].parts[0].0, (1 << 20) + 3 * 64);
    }
}
