//! How this processor is used: instruction set, threads, and denormal numbers as zeros.

use crate::isa::Isa;

/// Instruction set and number of threads. The threads change no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cpu {
    /// The instruction set.
    pub isa: Isa,
    /// How many threads may share a large step.
    pub threads: usize,
}

impl Cpu {
    /// The widest instruction set, on one thread.
    pub fn best() -> Cpu {
        Cpu { isa: Isa::best(), threads: 1 }
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
    before: u64,
    not_send: std::marker::PhantomData<*const ()>,
}

impl Flush {
    /// From now on, until it is dropped.
    pub fn denormals() -> Flush {
        let before = control::read();
        control::write(before | control::FLUSH);
        Flush { before, not_send: std::marker::PhantomData }
    }
}

impl Drop for Flush {
    fn drop(&mut self) {
        control::write(self.before);
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
