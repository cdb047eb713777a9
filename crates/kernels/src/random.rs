//! Random numbers as pure functions of (seed, purpose, key, step, element): nothing to save, no order of threads.
//!
//! Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011), checked
//! against the test vectors of Random123.

/// What random numbers are drawn for; two purposes never share a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Purpose {
    /// Initial values of parameters.
    Initialize = 1,
    /// The order of samples in an epoch.
    Shuffle = 2,
    /// Dropout masks and other noise of layers.
    Noise = 3,
    /// Generated data sets.
    Data = 4,
    /// Tests, examples and anything of the user's own.
    Other = 5,
}

/// A stream of random numbers, indexed by step and element.
///
/// ```
/// use steadygrad_kernels::random::{Purpose, Stream};
/// let stream = Stream::new(42, Purpose::Initialize, "dense#0/kernel");
/// assert_eq!(stream.bits(0, 7), Stream::new(42, Purpose::Initialize, "dense#0/kernel").bits(0, 7));
/// assert_ne!(stream.bits(0, 7), stream.bits(1, 7));
/// let u = stream.uniform(0, 7);
/// assert!(0.0 < u && u < 1.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    key: [u32; 2],
}

impl Stream {
    /// The stream of a seed, a purpose and a key (a name such as `dense#3/kernel`).
    pub fn new(seed: u64, purpose: Purpose, key: &str) -> Stream {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64; // FNV-1a over the key, then mixed with seed and purpose
        for byte in key.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let mixed = mix(mix(mix(hash) ^ seed) ^ u64::from(purpose as u32));
        Stream { key: [mixed as u32, (mixed >> 32) as u32] }
    }

    /// 32 random bits for this step and element.
    #[inline]
    pub fn bits(&self, step: u64, element: u64) -> u32 {
        self.block(step, element / 4)[(element % 4) as usize]
    }

    /// The four numbers of elements 4·block … 4·block + 3.
    #[inline]
    pub fn block(&self, step: u64, block: u64) -> [u32; 4] {
        philox([block as u32, (block >> 32) as u32, step as u32, (step >> 32) as u32], self.key)
    }

    /// Uniform in the open interval (0, 1): the middle of one of 2³² equal cells.
    #[inline]
    pub fn uniform(&self, step: u64, element: u64) -> f64 {
        (f64::from(self.bits(step, element)) + 0.5) * (1.0 / 4_294_967_296.0)
    }

    /// Standard normal, by the inverse of its distribution function; |value| < 6.4.
    #[inline]
    pub fn normal(&self, step: u64, element: u64) -> f64 {
        normal_quantile(self.uniform(step, element))
    }

    /// Uniform in 0 … n − 1; the bias of at most n / 2³² is far below what a data set can show.
    #[inline]
    pub fn below(&self, step: u64, element: u64, n: usize) -> usize {
        ((u64::from(self.bits(step, element)) * n as u64) >> 32) as usize
    }

    /// Fills `order` with a permutation of 0 … n − 1 (Fisher and Yates).
    pub fn shuffle(&self, step: u64, order: &mut [u32]) {
        for (i, place) in order.iter_mut().enumerate() {
            *place = i as u32;
        }
        for i in (1..order.len()).rev() {
            order.swap(i, self.below(step, i as u64, i + 1));
        }
    }
}

/// The finalizer of SplitMix64: every bit of the input reaches every bit of the output.
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Philox4x32 with ten rounds.
#[inline]
pub fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for round in 0..10 {
        if round > 0 {
            key[0] = key[0].wrapping_add(0x9e37_79b9);
            key[1] = key[1].wrapping_add(0xbb67_ae85);
        }
        let a = u64::from(counter[0]) * 0xd251_1f53;
        let b = u64::from(counter[2]) * 0xcd9e_8d57;
        counter = [
            (b >> 32) as u32 ^ counter[1] ^ key[0],
            b as u32,
            (a >> 32) as u32 ^ counter[3] ^ key[1],
            a as u32,
        ];
    }
    counter
}

/// The quantile function Φ⁻¹ of the standard normal, relative error below 1e-15
/// (Wichura: "Algorithm AS 241", Applied Statistics 37, 1988).
///
/// ```
/// # use steadygrad_kernels::random::normal_quantile;
/// assert!((normal_quantile(0.975) - 1.959963984540054).abs() < 1e-14);
/// assert_eq!(normal_quantile(0.5), 0.0);
/// ```
pub fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return q * ratio(&CENTRE, r);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    if tail.is_nan() || tail < 0.0 {
        return f64::NAN;
    }
    let r = (-tail.ln()).sqrt();
    let z = if r <= 5.0 { ratio(&MIDDLE, r - 1.6) } else { ratio(&FAR, r - 5.0) };
    let z = if tail == 0.0 { f64::INFINITY } else { z };
    if q < 0.0 { -z } else { z }
}

/// Numerator and denominator polynomials, lowest power first.
type Ratio = ([f64; 8], [f64; 8]);

fn ratio((above, below): &Ratio, x: f64) -> f64 {
    let horner = |c: &[f64; 8]| c.iter().rev().fold(0.0, |sum, c| sum * x + c);
    horner(above) / horner(below)
}

#[allow(clippy::excessive_precision)]
const CENTRE: Ratio = (
    [
        3.387_132_872_796_366_608,
        1.331_416_678_917_843_774_5e2,
        1.971_590_950_306_551_442_7e3,
        1.373_169_376_550_946_112_5e4,
        4.592_195_393_154_987_145_7e4,
        6.726_577_092_700_870_085_3e4,
        3.343_057_558_358_812_810_5e4,
        2.509_080_928_730_122_672_7e3,
    ],
    [
        1.0,
        4.231_333_070_160_091_125_2e1,
        6.871_870_074_920_579_083e2,
        5.394_196_021_424_751_107_7e3,
        2.121_379_430_158_659_586_7e4,
        3.930_789_580_009_271_061e4,
        2.872_908_573_572_194_267_4e4,
        5.226_495_278_852_854_561e3,
    ],
);

#[allow(clippy::excessive_precision)]
const MIDDLE: Ratio = (
    [
        1.423_437_110_749_683_577_34,
        4.630_337_846_156_545_295_9,
        5.769_497_221_460_691_405_5,
        3.647_848_324_763_204_605_04,
        1.270_458_252_452_368_382_58,
        2.417_807_251_774_506_117_7e-1,
        2.272_384_498_926_918_458_33e-2,
        7.745_450_142_783_414_076_4e-4,
    ],
    [
        1.0,
        2.053_191_626_637_758_821_87,
        1.676_384_830_183_803_849_4,
        6.897_673_349_851_000_045_5e-1,
        1.481_039_764_274_800_745_9e-1,
        1.519_866_656_361_645_719_66e-2,
        5.475_938_084_995_344_946e-4,
        1.050_750_071_644_416_843_24e-9,
    ],
);

#[allow(clippy::excessive_precision)]
const FAR: Ratio = (
    [
        6.657_904_643_501_103_777_2,
        5.463_784_911_164_114_369_9,
        1.784_826_539_917_291_335_8,
        2.965_605_718_285_048_912_3e-1,
        2.653_218_952_657_612_309_3e-2,
        1.242_660_947_388_078_438_6e-3,
        2.711_555_568_743_487_578_15e-5,
        2.010_334_399_292_288_132_65e-7,
    ],
    [
        1.0,
        5.998_322_065_558_879_376_9e-1,
        1.369_298_809_227_358_053_1e-1,
        1.487_536_129_085_061_485_25e-2,
        7.868_691_311_456_132_591e-4,
        1.846_318_317_510_054_681_8e-5,
        1.421_511_758_316_445_888_7e-7,
        2.044_263_103_389_939_785_64e-15,
    ],
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_agrees_with_random123() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(
            philox([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn streams_differ_by_everything_that_names_them() {
        let base = Stream::new(1, Purpose::Initialize, "a").bits(0, 0);
        assert_ne!(base, Stream::new(2, Purpose::Initialize, "a").bits(0, 0));
        assert_ne!(base, Stream::new(1, Purpose::Noise, "a").bits(0, 0));
        assert_ne!(base, Stream::new(1, Purpose::Initialize, "b").bits(0, 0));
        assert_ne!(base, Stream::new(1, Purpose::Initialize, "a").bits(0, 1));
    }

    #[test]
    fn quantiles_against_known_values() {
        for (p, z) in [
            (0.841_344_746_068_542_9, 1.0),
            (0.977_249_868_051_820_8, 2.0),
            (0.998_650_101_968_369_9, 3.0),
            (2.866_515_718_791_939e-7, -5.0),
            (9.865_876_450_376_946e-10, -6.0),
        ] {
            let got = normal_quantile(p);
            assert!((got - z).abs() < 1e-9 * z.abs(), "{p}: {got} {z}");
        }
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
        assert!(normal_quantile(-0.1).is_nan() && normal_quantile(f64::NAN).is_nan());
    }

    #[test]
    fn moments_of_the_streams() {
        let s = Stream::new(3, Purpose::Other, "moments");
        let n = 200_000;
        let (mut u1, mut z1, mut z2, mut z4) = (0.0, 0.0, 0.0, 0.0);
        for i in 0..n {
            u1 += s.uniform(0, i);
            let z = s.normal(1, i);
            z1 += z;
            z2 += z * z;
            z4 += z * z * z * z;
        }
        let n = n as f64;
        assert!((u1 / n - 0.5).abs() < 4.0 * (1.0 / 12.0_f64).sqrt() / n.sqrt());
        assert!((z1 / n).abs() < 4.0 / n.sqrt());
        assert!((z2 / n - 1.0).abs() < 0.02);
        assert!((z4 / n - 3.0).abs() < 0.1);
    }

    #[test]
    fn a_shuffle_is_a_permutation() {
        let s = Stream::new(0, Purpose::Shuffle, "epoch");
        let mut order = vec![0; 1000];
        s.shuffle(3, &mut order);
        assert_ne!(order[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        order.sort_unstable();
        assert!(order.iter().enumerate().all(|(i, &v)| i as u32 == v));
        s.shuffle(0, &mut []);
    }
}
