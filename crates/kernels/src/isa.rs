//! Which instruction set a loop is compiled for: chosen at run time, one place for the whole house.
//!
//! A kernel is written once, as a [`Task`] generic over its [`Lane`]. [`Isa::run`] holds three copies of it: baseline,
//! AVX2 with FMA, and AVX-512, of which only those that the machine has can be reached.

use crate::real::{Fused, Lane};
use std::fmt;

/// A loop that can be compiled for any instruction set. Mark `run` as `#[inline(always)]`, or its code stays baseline.
pub trait Task {
    /// What the loop returns.
    type Output;
    /// The loop.
    fn run<R: Lane>(self) -> Self::Output;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Level {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// An instruction set that this machine has. There is no way to make one that it has not.
///
/// ```
/// use steadygrad_kernels::Isa;
/// assert!(Isa::available().contains(&Isa::portable()));
/// assert!(Isa::available().contains(&Isa::best()));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Isa(Level);

impl Isa {
    /// The baseline of the target, on every machine.
    pub fn portable() -> Isa {
        Isa(Level::Portable)
    }

    /// The widest instruction set of this machine.
    pub fn best() -> Isa {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("fma")
            {
                return Isa(Level::Avx512);
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return Isa(Level::Avx2);
            }
        }
        Isa(Level::Portable)
    }

    /// All instruction sets of this machine, narrowest first.
    pub fn available() -> Vec<Isa> {
        #[cfg(target_arch = "x86_64")]
        let all = [Level::Portable, Level::Avx2, Level::Avx512];
        #[cfg(not(target_arch = "x86_64"))]
        let all = [Level::Portable];
        let best = Isa::best();
        all.into_iter().map(Isa).filter(|isa| *isa <= best).collect()
    }

    /// The name: "portable", "avx2" or "avx512".
    pub fn name(self) -> &'static str {
        match self.0 {
            Level::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => "avx512",
        }
    }

    /// Runs the task's copy for this instruction set.
    #[inline]
    pub fn run<T: Task>(self, task: T) -> T::Output {
        match self.0 {
            Level::Portable => task.run::<f32>(),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a value of this level exists only where `best` found these features.
            Level::Avx2 => unsafe { run_avx2(task) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a value of this level exists only where `best` found these features.
            Level::Avx512 => unsafe { run_avx512(task) },
        }
    }
}

impl fmt::Debug for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2<T: Task>(task: T) -> T::Output {
    task.run::<Fused>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
fn run_avx512<T: Task>(task: T) -> T::Output {
    task.run::<Fused>()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fma(f32, f32, f32);
    impl Task for Fma {
        type Output = f32;
        #[inline(always)]
        fn run<R: Lane>(self) -> f32 {
            R::load(self.0).mul_add(R::load(self.1), R::load(self.2)).store()
        }
    }

    #[test]
    fn fused_rounds_once_and_portable_twice() {
        let (a, b, c) = (1.0 + f32::EPSILON, 1.0 - f32::EPSILON, -1.0);
        for isa in Isa::available() {
            let got = isa.run(Fma(a, b, c));
            let want = if isa == Isa::portable() { a * b + c } else { a.mul_add(b, c) };
            assert_eq!(got, want, "{isa}");
        }
    }
}
