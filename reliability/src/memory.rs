//! An allocator that counts, and that refuses what no reader of a small file may ask for.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static LARGEST: AtomicUsize = AtomicUsize::new(0);

/// A single request above this is refused, as on a machine that has no more: who asks must take a no.
pub const MOST_AT_ONCE: usize = 1 << 30;
/// Bytes that may be held at any time.
pub const MOST: usize = 2 << 30;

/// The system's allocator, counted: `#[global_allocator] static COUNTED: Counted = Counted;`
#[derive(Debug)]
pub struct Counted;

/// What a read took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// The most bytes that were held beyond those before it.
    pub peak: usize,
    /// The largest single request.
    pub largest: usize,
}

/// Runs this and says what it took, of all threads: nothing else should run beside it. Zero where [`Counted`] is not the allocator.
pub fn measured<T>(work: impl FnOnce() -> T) -> (T, Taken) {
    let before = LIVE.load(Relaxed);
    PEAK.store(before, Relaxed);
    LARGEST.store(0, Relaxed);
    let result = work();
    let taken = Taken { peak: PEAK.load(Relaxed).saturating_sub(before), largest: LARGEST.load(Relaxed) };
    (result, taken)
}

/// Whether so many bytes may be had in place of `held`; if so, they are counted.
fn take(bytes: usize, held: usize) -> bool {
    LARGEST.fetch_max(bytes, Relaxed);
    if bytes > MOST_AT_ONCE || LIVE.load(Relaxed).saturating_sub(held).saturating_add(bytes) > MOST {
        return false;
    }
    let live = LIVE.fetch_add(bytes, Relaxed).wrapping_add(bytes).wrapping_sub(held);
    LIVE.fetch_sub(held, Relaxed);
    PEAK.fetch_max(live, Relaxed);
    true
}

// SAFETY: every request goes to the system's allocator with the layout it came with, or is answered with null, which `GlobalAlloc`
// allows. What is counted beside it is atomic numbers, which neither allocate nor unwind.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !take(layout.size(), 0) {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller's promise about the layout is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !take(layout.size(), 0) {
            return std::ptr::null_mut();
        }
        // SAFETY: as in `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !take(size, layout.size()) {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller's promise about place, layout and size is passed on.
        unsafe { System.realloc(place, layout, size) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise that `place` came from here with this layout is passed on.
        unsafe { System.dealloc(place, layout) }
    }
}
