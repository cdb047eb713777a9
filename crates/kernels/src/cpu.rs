//! How this processor is used: instruction set, threads, and denormal numbers as zeros.

use crate::arena::LINE;
use crate::crew::Crew;
use crate::isa::Isa;
use std::marker::PhantomData;

/// Instruction set, and the threads that may share a large step. The threads change no result.
#[derive(Debug, Clone, Copy)]
pub struct Cpu<'a> {
    /// The instruction set.
    pub isa: Isa,
    crew: Option<&'a Crew>,
}

impl Cpu<'_> {
    /// The widest instruction set, on one thread.
    pub fn best() -> Cpu<'static> {
        Cpu::alone(Isa::best())
    }

    /// This instruction set, on one thread.
    pub fn alone(isa: Isa) -> Cpu<'static> {
        Cpu { isa, crew: None }
    }

    /// This instruction set, and these threads.
    pub fn with(isa: Isa, crew: &Crew) -> Cpu<'_> {
        Cpu { isa, crew: Some(crew).filter(|crew| crew.threads() > 1) }
    }

    /// How many threads may share a step.
    pub fn threads(&self) -> usize {
        self.crew.map_or(1, Crew::threads)
    }

    /// Among how many threads simple work on so many numbers is shared: handing it over takes less than half a microsecond.
    pub fn parts(&self, numbers: usize) -> usize {
        const WORTH: usize = 1 << 11;
        self.threads().min(numbers / WORTH).max(1)
    }

    /// A size of pieces that gives every thread one where they are worth it: whole cache lines.
    pub fn fair(&self, len: usize) -> usize {
        len.div_ceil(self.parts(len)).next_multiple_of(LINE)
    }

    /// Does all parts from 0 to `parts` − 1, side by side where there are threads, else one after another.
    pub fn share(&self, parts: usize, work: impl Fn(usize) + Sync) {
        // As the others' threads do: who does a part changes no bit of it.
        let _flush = Flush::denormals();
        match self.crew {
            Some(crew) => crew.share(parts, &work),
            None => (0..parts).for_each(work),
        }
    }

    /// `work` for each piece of `out` of so many numbers; the last may be shorter.
    ///
    /// ```
    /// use steadygrad_kernels::{Cpu, Crew, Isa};
    /// let crew = Crew::new(2)?;
    /// let mut out = [0.0; 5];
    /// Cpu::with(Isa::best(), &crew).pieces(&mut out, 2, |i, piece| piece.fill(i as f32));
    /// assert_eq!(out, [0.0, 0.0, 1.0, 1.0, 2.0]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn pieces(&self, out: &mut [f32], size: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
        self.two_pieces(out, size, &mut [], 0, |i, out, _| work(i, out));
    }

    /// The same over two arrays, with pieces of their own sizes; there must be as many of the second as of the first, unless its pieces
    /// have no number.
    ///
    /// # Panics
    /// If there are fewer of the second.
    pub fn two_pieces(
        &self,
        first: &mut [f32],
        size: usize,
        second: &mut [f32],
        other: usize,
        work: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
    ) {
        if first.is_empty() || size == 0 {
            return;
        }
        let parts = first.len().div_ceil(size);
        assert!(other == 0 || second.len() > (parts - 1) * other, "a piece is missing");
        let (first, second) = (Whole::of(first), Whole::of(second));
        self.share(parts, |i| {
            // SAFETY: every part is done once, and pieces of different parts do not overlap.
            let (first, second) = unsafe { (first.piece(i, size), second.piece(i, other)) };
            work(i, first, second);
        });
    }

    /// `work` for each piece of several arrays, of the same size in all of them. An array may be shorter than the others, or empty.
    pub fn pieces_of<const N: usize>(
        &self,
        arrays: [&mut [f32]; N],
        size: usize,
        work: impl Fn(usize, [&mut [f32]; N]) + Sync,
    ) {
        let longest = arrays.iter().map(|array| array.len()).max().unwrap_or(0);
        if longest == 0 || size == 0 {
            return;
        }
        let arrays = arrays.map(Whole::of);
        self.share(longest.div_ceil(size), |i| {
            // SAFETY: every part is done once, and pieces of different parts do not overlap.
            work(i, arrays.map(|array| unsafe { array.piece(i, size) }));
        });
    }
}

/// An array of which several threads change different parts.
#[derive(Clone, Copy)]
pub(crate) struct Whole<'a> {
    at: *mut f32,
    len: usize,
    borrowed: PhantomData<&'a mut [f32]>,
}

// SAFETY: whoever asks for a part promises that no other thread has a number of it.
unsafe impl Sync for Whole<'_> {}
// SAFETY: as above.
unsafe impl Send for Whole<'_> {}

impl<'a> Whole<'a> {
    pub fn of(out: &'a mut [f32]) -> Whole<'a> {
        Whole { at: out.as_mut_ptr(), len: out.len(), borrowed: PhantomData }
    }

    /// Where it begins.
    pub fn start(self) -> *mut f32 {
        self.at
    }

    /// The i-th piece of `size` numbers, as far as there are so many.
    ///
    /// # Safety
    /// Nobody else may have one of its numbers while it lives.
    unsafe fn piece(self, i: usize, size: usize) -> &'a mut [f32] {
        let start = (i * size).min(self.len);
        // SAFETY: the caller's promise.
        unsafe { self.range(start, size.min(self.len - start)) }
    }

    /// So many numbers from `start` on.
    ///
    /// # Safety
    /// Nobody else may have one of its numbers while it lives.
    pub unsafe fn range(self, start: usize, len: usize) -> &'a mut [f32] {
        assert!(start <= self.len && len <= self.len - start);
        // SAFETY: inside of the array, and the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.at.add(start), len) }
    }
}

/// While it lives, this thread takes denormal numbers for zeros: they slow arithmetic down up to a hundredfold.
///
/// ```
/// use steadygrad_kernels::Flush;
/// let tiny = std::hint::black_box(f32::MIN_POSITIVE);
/// {
///     let _flush = Flush::denormals();
///     # #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
///     assert_eq!(std::hint::black_box(tiny * 0.5), 0.0);
/// }
/// assert!(std::hint::black_box(tiny * 0.5) > 0.0);
/// ```
#[derive(Debug)]
pub struct Flush {
    /// What is set again; nothing where it was so already, as writing takes longer than a look.
    before: Option<u64>,
    not_send: PhantomData<*const ()>,
}

impl Flush {
    /// From now on, until it is dropped.
    pub fn denormals() -> Flush {
        let before = control::read();
        let set = before & control::FLUSH == control::FLUSH;
        if !set {
            control::write(before | control::FLUSH);
        }
        Flush { before: Some(before).filter(|_| !set), not_send: PhantomData }
    }
}

impl Drop for Flush {
    fn drop(&mut self) {
        if let Some(before) = self.before {
            control::write(before);
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod control {
    /// MXCSR: flush to zero (bit 15), denormals are zero (bit 6).
    pub const FLUSH: u64 = 0x8040;

    pub fn read() -> u64 {
        let mut word = 0_u32;
        // SAFETY: stores the control register to a local u32; every x86-64 has it.
        unsafe { std::arch::asm!("stmxcsr [{}]", in(reg) &mut word, options(nostack, preserves_flags)) };
        u64::from(word)
    }

    pub fn write(word: u64) {
        let word = word as u32;
        // SAFETY: loads a value that `read` gave, with at most the two flush bits added: no reserved bit is set, and no
        // exception unmasked.
        unsafe {
            std::arch::asm!("ldmxcsr [{}]", in(reg) &word, options(nostack, readonly, preserves_flags))
        };
    }
}

#[cfg(target_arch = "aarch64")]
mod control {
    /// FPCR: flush to zero (bit 24).
    pub const FLUSH: u64 = 1 << 24;

    pub fn read() -> u64 {
        let word: u64;
        // SAFETY: reads the control register.
        unsafe { std::arch::asm!("mrs {}, fpcr", out(reg) word, options(nomem, nostack, preserves_flags)) };
        word
    }

    pub fn write(word: u64) {
        // SAFETY: writes a value that `read` gave, with at most the flush bit added.
        unsafe { std::arch::asm!("msr fpcr, {}", in(reg) word, options(nomem, nostack, preserves_flags)) };
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod control {
    pub const FLUSH: u64 = 0;
    pub fn read() -> u64 {
        0
    }
    pub fn write(_: u64) {}
}
