//! Memory in one piece, of which a step borrows the parts that it reads and the parts that it writes.

use crate::ahead::Ahead;
use std::fmt;
use std::ops::Range;

/// Numbers per cache line: every slot of a plan starts at a multiple of it.
pub const LINE: usize = 16;

/// The numbers of a cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Line(pub [f32; LINE]);

/// Numbers in one aligned piece of memory, zero at first.
pub struct Arena {
    lines: Vec<Line>,
    len: usize,
}

/// What [`Arena::split`] hands out: the parts read, and the parts written.
pub type Parts<'a, const R: usize, const W: usize> = ([&'a [f32]; R], [&'a mut [f32]; W]);

impl Arena {
    /// So many zeros; `None` if there is not that much memory.
    pub fn new(len: usize) -> Option<Arena> {
        let mut lines = Vec::new();
        let count = len.div_ceil(LINE);
        lines.try_reserve_exact(count).ok()?;
        large_pages(&mut lines);
        lines.resize(count, Line([0.0; LINE]));
        Some(Arena { lines, len })
    }

    /// Makes it so long; what it holds stays, and what is new is zero. `false`, and all as before, if there is not that
    /// much memory.
    ///
    /// ```
    /// use steadygrad_kernels::arena::Arena;
    /// let mut arena = Arena::new(2).unwrap();
    /// arena.all_mut()[1] = 3.0;
    /// assert!(arena.grow(1000) && !arena.grow(usize::MAX / 8));
    /// assert_eq!((arena.len(), arena.all()[1], arena.all()[999]), (1000, 3.0, 0.0));
    /// ```
    pub fn grow(&mut self, len: usize) -> bool {
        let count = len.div_ceil(LINE);
        let more = count.saturating_sub(self.lines.len());
        // In place where the system can move pages: old and new are then never held both.
        if self.lines.try_reserve_exact(more).is_err() {
            return false;
        }
        large_pages(&mut self.lines);
        self.lines.resize(count.max(self.lines.len()), Line([0.0; LINE]));
        self.len = self.len.max(len);
        true
    }

    /// How many numbers it holds.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Holds none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All numbers.
    pub fn all(&self) -> &[f32] {
        // SAFETY: the lines are f32 without padding (64 bytes each, 16 numbers), and hold at least `len` of them.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }

    /// All numbers, to be changed.
    pub fn all_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `all`, and the borrow is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }

    /// Borrows several parts at once. Parts that are read may overlap each other.
    ///
    /// ```
    /// use steadygrad_kernels::arena::Arena;
    /// let mut arena = Arena::new(8).unwrap();
    /// let ([a, b], [out]) = arena.split([0..2, 0..2], [2..4]);
    /// out[0] = a[0] + b[1] + 1.0;
    /// assert_eq!(arena.all()[2], 1.0);
    /// ```
    ///
    /// # Panics
    /// If a part lies outside, or a part that is written overlaps any other: a plan never asks for that.
    pub fn split<const R: usize, const W: usize>(
        &mut self,
        reads: [Range<usize>; R],
        writes: [Range<usize>; W],
    ) -> Parts<'_, R, W> {
        self.check(&reads, &writes);
        let base = self.all_mut().as_mut_ptr();
        (
            // SAFETY: `check` made sure that every part lies inside, and that parts which are written overlap no other
            // part; the lifetimes are those of the exclusive borrow of the arena.
            reads.map(|r| unsafe { std::slice::from_raw_parts(base.add(r.start), r.len()) }),
            // SAFETY: as above.
            writes.map(|w| unsafe { std::slice::from_raw_parts_mut(base.add(w.start), w.len()) }),
        )
    }

    /// [`Arena::split`] for numbers of parts that are not known before; it allocates.
    pub fn split_many(
        &mut self,
        reads: &[Range<usize>],
        writes: &[Range<usize>],
    ) -> (Vec<&[f32]>, Vec<&mut [f32]>) {
        self.check(reads, writes);
        let base = self.all_mut().as_mut_ptr();
        (
            // SAFETY: as in `split`.
            reads.iter().map(|r| unsafe { std::slice::from_raw_parts(base.add(r.start), r.len()) }).collect(),
            writes
                .iter()
                // SAFETY: as in `split`.
                .map(|w| unsafe { std::slice::from_raw_parts_mut(base.add(w.start), w.len()) })
                .collect(),
        )
    }

    /// Adds parts to what will be touched soon.
    pub fn ahead(&self, parts: impl Iterator<Item = Range<usize>>) -> Ahead<'static> {
        let mut ahead = Ahead::default();
        for part in parts {
            ahead.add(self.all().as_ptr().wrapping_add(part.start), part.len());
        }
        ahead
    }

    fn check(&self, reads: &[Range<usize>], writes: &[Range<usize>]) {
        let inside = |r: &Range<usize>| r.start <= r.end && r.end <= self.len;
        assert!(reads.iter().chain(writes).all(inside), "a part lies outside of the arena");
        let apart = |a: &Range<usize>, b: &Range<usize>| a.end <= b.start || b.end <= a.start;
        for (i, w) in writes.iter().enumerate() {
            let alone = reads.iter().all(|r| apart(w, r)) && writes[..i].iter().all(|o| apart(w, o));
            assert!(alone, "a part that is written overlaps another");
        }
    }
}

/// Asks the system for large pages where it gives them on request: a deep network works on so many small ones that finding them takes time.
fn large_pages(lines: &mut Vec<Line>) {
    #[cfg(target_os = "linux")]
    {
        const LARGE: usize = 2 << 20;
        let room = lines.spare_capacity_mut();
        let start = room.as_ptr().addr();
        let skip = start.next_multiple_of(LARGE) - start;
        let bytes = size_of_val(room).saturating_sub(skip) / LARGE * LARGE;
        if bytes > 0 {
            // SAFETY: whole pages within the room of this vector; only how they are backed changes, and a refusal changes nothing.
            unsafe { libc::madvise(room.as_mut_ptr().byte_add(skip).cast(), bytes, libc::MADV_HUGEPAGE) };
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = lines;
}

impl fmt::Debug for Arena {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Arena({} numbers)", self.len)
    }
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init)] // one part is what is meant
mod tests {
    use super::*;

    #[test]
    fn parts_are_where_they_are_asked_for() {
        let mut arena = Arena::new(40).unwrap();
        for (i, x) in arena.all_mut().iter_mut().enumerate() {
            *x = i as f32;
        }
        let ([a, b], [c, d]) = arena.split([3..6, 5..5], [6..8, 30..40]);
        assert_eq!((a[0], b.len(), c[1], d[9]), (3.0, 0, 7.0, 39.0));
        assert_eq!(arena.all().as_ptr() as usize % 64, 0);
        let (reads, writes) = arena.split_many(&[0..1, 0..1], &[1..2]);
        assert_eq!((reads[1][0], writes[0][0]), (0.0, 1.0));
    }

    #[test]
    #[should_panic(expected = "overlaps")]
    fn written_parts_must_not_overlap_read_ones() {
        let _ = Arena::new(8).unwrap().split([0..4], [3..5]);
    }

    #[test]
    #[should_panic(expected = "overlaps")]
    fn written_parts_must_not_overlap_each_other() {
        let _ = Arena::new(8).unwrap().split([], [0..4, 3..5]);
    }

    #[test]
    #[should_panic(expected = "outside")]
    fn parts_must_lie_inside() {
        let _ = Arena::new(8).unwrap().split([7..9], []);
    }

    #[test]
    fn too_much_memory_is_refused() {
        assert!(Arena::new(usize::MAX / 8).is_none());
        assert!(Arena::new(0).unwrap().is_empty());
    }
}
