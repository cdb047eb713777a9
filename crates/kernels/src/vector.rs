//! One register of an instruction set: for loops that must keep their sums in registers, which the compiler does not see by
//! itself.

use crate::isa::Isa;

/// A register of numbers. [`Isa::run_wide`] runs a loop with the widest that the instruction set has.
pub(crate) trait Vector: Copy {
    /// Numbers in it.
    const LANES: usize;
    /// How many places by two registers of sums fit beside what they are made from.
    const PLACES: usize;

    /// Runs a loop that is compiled by itself, from within another one over the same registers.
    fn enter(task: impl Wide);
    /// The same number in all lanes.
    fn splat(x: f32) -> Self;
    /// self · a + b, rounded once where the instruction set has it.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// The numbers at this place.
    ///
    /// # Safety
    /// `LANES` numbers must be readable there.
    unsafe fn load(at: *const f32) -> Self;
    /// The first `count` of the numbers at this place, fewer than there are, and 0 in the other lanes.
    ///
    /// # Safety
    /// `count` numbers must be readable there.
    unsafe fn load_part(at: *const f32, count: usize) -> Self;
    /// self + b
    fn add(self, b: Self) -> Self;
    /// self − b
    fn sub(self, b: Self) -> Self;
    /// self · b
    fn mul(self, b: Self) -> Self;
    /// Turns a block of `rows` × 8 numbers, 8 rows at most: row i of it becomes column i. Rows of the result are written from the first to the
    /// last, all 8 numbers of each; those beyond `rows` mean nothing.
    ///
    /// # Safety
    /// `rows` (1 at least) times 8 numbers, `step` apart, must be readable, and 8 rows of 8 numbers, `to_step` apart, writable.
    unsafe fn transpose(from: *const f32, step: usize, rows: usize, to: *mut f32, to_step: usize);
    /// Writes the numbers to this place.
    ///
    /// # Safety
    /// `LANES` numbers must be writable there.
    unsafe fn store(self, at: *mut f32);
    /// Writes the first `count` of the numbers, fewer than there are, to this place.
    ///
    /// # Safety
    /// `count` numbers must be writable there.
    unsafe fn store_part(self, at: *mut f32, count: usize);
}

/// A loop over registers. Mark `run` as `#[inline(always)]`, or its code stays baseline.
pub(crate) trait Wide {
    /// The loop.
    fn run<V: Vector>(self);
}

impl Isa {
    /// Runs the loop's copy for this instruction set.
    pub(crate) fn run_wide(self, task: impl Wide) {
        match self.name() {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a value of this name exists only where the features were found.
            "avx512" => unsafe { x86::run_avx512(task) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            "avx2" => unsafe { x86::run_avx2(task) },
            _ => task.run::<Plain>(),
        }
    }
}

/// Eight numbers, for every machine.
#[derive(Clone, Copy)]
struct Plain([f32; 8]);

impl Vector for Plain {
    const LANES: usize = 8;
    const PLACES: usize = 2;

    fn enter(task: impl Wide) {
        task.run::<Plain>();
    }
    #[inline(always)]
    fn splat(x: f32) -> Plain {
        Plain([x; 8])
    }
    #[inline(always)]
    fn mul_add(self, a: Plain, b: Plain) -> Plain {
        let mut out = b;
        for i in 0..8 {
            out.0[i] += self.0[i] * a.0[i];
        }
        out
    }
    #[inline(always)]
    unsafe fn load(at: *const f32) -> Plain {
        // SAFETY: the caller's promise; an array of f32 has the alignment of f32.
        Plain(unsafe { *at.cast::<[f32; 8]>() })
    }
    #[inline(always)]
    unsafe fn load_part(at: *const f32, count: usize) -> Plain {
        let mut out = [0.0; 8];
        for (i, x) in out.iter_mut().enumerate().take(count) {
            // SAFETY: as above.
            *x = unsafe { *at.add(i) };
        }
        Plain(out)
    }
    #[inline(always)]
    fn add(self, b: Plain) -> Plain {
        let mut out = self;
        for i in 0..8 {
            out.0[i] += b.0[i];
        }
        out
    }
    #[inline(always)]
    fn sub(self, b: Plain) -> Plain {
        let mut out = self;
        for i in 0..8 {
            out.0[i] -= b.0[i];
        }
        out
    }
    #[inline(always)]
    fn mul(self, b: Plain) -> Plain {
        let mut out = self;
        for i in 0..8 {
            out.0[i] *= b.0[i];
        }
        out
    }
    #[inline(always)]
    unsafe fn transpose(from: *const f32, step: usize, rows: usize, to: *mut f32, to_step: usize) {
        for j in 0..8 {
            for i in 0..8 {
                // SAFETY: as above.
                unsafe { *to.add(j * to_step + i) = *from.add(i.min(rows - 1) * step + j) };
            }
        }
    }
    #[inline(always)]
    unsafe fn store(self, at: *mut f32) {
        // SAFETY: as above.
        unsafe { *at.cast::<[f32; 8]>() = self.0 };
    }
    #[inline(always)]
    unsafe fn store_part(self, at: *mut f32, count: usize) {
        for (i, x) in self.0.iter().enumerate().take(count) {
            // SAFETY: as above.
            unsafe { *at.add(i) = *x };
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Vector, Wide};
    use std::arch::x86_64::{
        __m256, __m256i, __m512, __mmask16, _mm_castps_pd, _mm_movehl_ps, _mm_store_ss, _mm_storel_pd,
        _mm_storeu_ps, _mm256_add_ps, _mm256_castps256_ps128, _mm256_extractf128_ps, _mm256_fmadd_ps,
        _mm256_loadu_ps, _mm256_loadu_si256, _mm256_maskload_ps, _mm256_mul_ps, _mm256_permute2f128_ps,
        _mm256_set1_ps, _mm256_setzero_ps, _mm256_shuffle_ps, _mm256_storeu_ps, _mm256_sub_ps,
        _mm256_unpackhi_ps, _mm256_unpacklo_ps, _mm512_add_ps, _mm512_fmadd_ps, _mm512_loadu_ps,
        _mm512_mask_storeu_ps, _mm512_maskz_loadu_ps, _mm512_mul_ps, _mm512_set1_ps, _mm512_storeu_ps,
        _mm512_sub_ps,
    };

    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
    pub fn run_avx512(task: impl Wide) {
        task.run::<Avx512>();
    }

    #[inline(never)]
    #[target_feature(enable = "avx2,fma")]
    pub fn run_avx2(task: impl Wide) {
        task.run::<Avx2>();
    }

    // SAFETY, for all that follows: these types are only named by the two functions above, so that their code only runs where
    // the features are.
    #[derive(Clone, Copy)]
    struct Avx512(__m512);

    impl Vector for Avx512 {
        const LANES: usize = 16;
        const PLACES: usize = 14;

        #[inline(always)]
        fn enter(task: impl Wide) {
            // SAFETY: see above.
            unsafe { run_avx512(task) };
        }
        #[inline(always)]
        fn splat(x: f32) -> Avx512 {
            // SAFETY: see above.
            Avx512(unsafe { _mm512_set1_ps(x) })
        }
        #[inline(always)]
        fn mul_add(self, a: Avx512, b: Avx512) -> Avx512 {
            // SAFETY: see above.
            Avx512(unsafe { _mm512_fmadd_ps(self.0, a.0, b.0) })
        }
        #[inline(always)]
        unsafe fn load(at: *const f32) -> Avx512 {
            // SAFETY: see above, and the caller's promise.
            Avx512(unsafe { _mm512_loadu_ps(at) })
        }
        #[inline(always)]
        unsafe fn load_part(at: *const f32, count: usize) -> Avx512 {
            let mask = ((1_u32 << count) - 1) as __mmask16;
            // SAFETY: see above, and the caller's promise: lanes outside of the mask are not touched.
            Avx512(unsafe { _mm512_maskz_loadu_ps(mask, at) })
        }
        #[inline(always)]
        fn add(self, b: Avx512) -> Avx512 {
            // SAFETY: see above.
            Avx512(unsafe { _mm512_add_ps(self.0, b.0) })
        }
        #[inline(always)]
        fn sub(self, b: Avx512) -> Avx512 {
            // SAFETY: see above.
            Avx512(unsafe { _mm512_sub_ps(self.0, b.0) })
        }
        #[inline(always)]
        fn mul(self, b: Avx512) -> Avx512 {
            // SAFETY: see above.
            Avx512(unsafe { _mm512_mul_ps(self.0, b.0) })
        }
        #[inline(always)]
        unsafe fn transpose(from: *const f32, step: usize, rows: usize, to: *mut f32, to_step: usize) {
            // SAFETY: see above, and the caller's promise.
            unsafe { turn(from, step, rows, to, to_step) };
        }
        #[inline(always)]
        unsafe fn store(self, at: *mut f32) {
            // SAFETY: see above, and the caller's promise.
            unsafe { _mm512_storeu_ps(at, self.0) };
        }
        #[inline(always)]
        unsafe fn store_part(self, at: *mut f32, count: usize) {
            let mask = ((1_u32 << count) - 1) as __mmask16;
            // SAFETY: see above, and the caller's promise: lanes outside of the mask are not touched.
            unsafe { _mm512_mask_storeu_ps(at, mask, self.0) };
        }
    }

    #[derive(Clone, Copy)]
    struct Avx2(__m256);

    impl Vector for Avx2 {
        const LANES: usize = 8;
        const PLACES: usize = 6;

        #[inline(always)]
        fn enter(task: impl Wide) {
            // SAFETY: see above.
            unsafe { run_avx2(task) };
        }
        #[inline(always)]
        fn splat(x: f32) -> Avx2 {
            // SAFETY: see above.
            Avx2(unsafe { _mm256_set1_ps(x) })
        }
        #[inline(always)]
        fn mul_add(self, a: Avx2, b: Avx2) -> Avx2 {
            // SAFETY: see above.
            Avx2(unsafe { _mm256_fmadd_ps(self.0, a.0, b.0) })
        }
        #[inline(always)]
        unsafe fn load(at: *const f32) -> Avx2 {
            // SAFETY: see above, and the caller's promise.
            Avx2(unsafe { _mm256_loadu_ps(at) })
        }
        #[inline(always)]
        unsafe fn load_part(at: *const f32, count: usize) -> Avx2 {
            // SAFETY: see above, and the caller's promise: lanes outside of the mask are not touched.
            Avx2(unsafe { _mm256_maskload_ps(at, mask(count)) })
        }
        #[inline(always)]
        fn add(self, b: Avx2) -> Avx2 {
            // SAFETY: see above.
            Avx2(unsafe { _mm256_add_ps(self.0, b.0) })
        }
        #[inline(always)]
        fn sub(self, b: Avx2) -> Avx2 {
            // SAFETY: see above.
            Avx2(unsafe { _mm256_sub_ps(self.0, b.0) })
        }
        #[inline(always)]
        fn mul(self, b: Avx2) -> Avx2 {
            // SAFETY: see above.
            Avx2(unsafe { _mm256_mul_ps(self.0, b.0) })
        }
        #[inline(always)]
        unsafe fn transpose(from: *const f32, step: usize, rows: usize, to: *mut f32, to_step: usize) {
            // SAFETY: see above, and the caller's promise.
            unsafe { turn(from, step, rows, to, to_step) };
        }
        #[inline(always)]
        unsafe fn store(self, at: *mut f32) {
            // SAFETY: see above, and the caller's promise.
            unsafe { _mm256_storeu_ps(at, self.0) };
        }
        #[inline(always)]
        unsafe fn store_part(self, at: *mut f32, count: usize) {
            // SAFETY: see above, and the caller's promise: lanes outside of the mask are not touched.
            // In parts of 4, 2 and 1: a store with a mask takes many times as long on some machines.
            unsafe {
                let (mut at, mut four) = (at, _mm256_castps256_ps128(self.0));
                if count & 4 != 0 {
                    _mm_storeu_ps(at, four);
                    (at, four) = (at.add(4), _mm256_extractf128_ps::<1>(self.0));
                }
                if count & 2 != 0 {
                    _mm_storel_pd(at.cast(), _mm_castps_pd(four));
                    (at, four) = (at.add(2), _mm_movehl_ps(four, four));
                }
                if count & 1 != 0 {
                    _mm_store_ss(at, four);
                }
            };
        }
    }

    /// The first `count` of eight lanes.
    #[inline(always)]
    fn mask(count: usize) -> __m256i {
        const LANES: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
        // SAFETY: see above; 8 numbers from 8 − count on lie in the table.
        unsafe { _mm256_loadu_si256(LANES.as_ptr().add(8 - count.min(8)).cast()) }
    }

    /// A block of 8 × 8: pairs of rows are interleaved, then pairs of pairs, then halves.
    ///
    /// # Safety
    /// As for [`Vector::transpose`].
    #[inline(always)]
    unsafe fn turn(from: *const f32, step: usize, rows: usize, to: *mut f32, to_step: usize) {
        // SAFETY: see above, and the caller's promise.
        unsafe {
            let row = |i: usize| _mm256_loadu_ps(from.add(i.min(rows - 1) * step));
            let mut pairs = [_mm256_setzero_ps(); 8];
            for i in 0..4 {
                let (a, b) = (row(2 * i), row(2 * i + 1));
                pairs[2 * i] = _mm256_unpacklo_ps(a, b);
                pairs[2 * i + 1] = _mm256_unpackhi_ps(a, b);
            }
            let mut fours = [_mm256_setzero_ps(); 8];
            for half in 0..2 {
                for part in 0..2 {
                    let (a, b) = (pairs[4 * half + part], pairs[4 * half + part + 2]);
                    fours[4 * half + 2 * part] = _mm256_shuffle_ps::<0x44>(a, b);
                    fours[4 * half + 2 * part + 1] = _mm256_shuffle_ps::<0xEE>(a, b);
                }
            }
            // From the first to the last, as rows may overlap.
            for i in 0..4 {
                _mm256_storeu_ps(to.add(i * to_step), _mm256_permute2f128_ps::<0x20>(fours[i], fours[i + 4]));
            }
            for i in 0..4 {
                _mm256_storeu_ps(
                    to.add((i + 4) * to_step),
                    _mm256_permute2f128_ps::<0x31>(fours[i], fours[i + 4]),
                );
            }
        }
    }
}
