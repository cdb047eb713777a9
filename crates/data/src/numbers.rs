//! Numbers as files store them, turned into f32.

use std::io::Read;

use steadygrad_kernels::{Error, Kind, Result};

/// How one element is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    Bool,
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F16,
    /// The upper half of an f32.
    BF16,
    F32,
    F64,
}

impl Number {
    /// Bytes per element.
    pub fn size(self) -> usize {
        match self {
            Number::Bool | Number::U8 | Number::I8 => 1,
            Number::U16 | Number::I16 | Number::F16 | Number::BF16 => 2,
            Number::U32 | Number::I32 | Number::F32 => 4,
            Number::U64 | Number::I64 | Number::F64 => 8,
        }
    }

    /// All elements as f32, rounded to the nearest.
    ///
    /// # Errors
    /// Where a finite f64 is beyond f32: as an infinity it would come back much later, as a loss of NaN. Where there is no memory.
    pub fn decode(self, bytes: &[u8], big_endian: bool) -> Result<Vec<f32>> {
        let mut numbers = Vec::new();
        room(&mut numbers, bytes.len() / self.size())?;
        self.decode_into(bytes, big_endian, &mut numbers)?;
        Ok(numbers)
    }

    /// The next `count` elements of a stream, without holding them in both forms.
    ///
    /// # Errors
    /// As for [`Number::decode`]; the cause, where the stream ends or breaks before.
    pub fn decode_stream(
        self,
        stream: &mut dyn Read,
        count: usize,
        big_endian: bool,
    ) -> std::result::Result<Result<Vec<f32>>, std::io::Error> {
        let mut numbers = Vec::new();
        let mut piece = vec![0; PIECE.min(count.saturating_mul(self.size()))];
        let mut left = count;
        while left > 0 {
            let now = left.min(PIECE / self.size());
            let piece = &mut piece[..now * self.size()];
            stream.read_exact(piece)?;
            // What was read is there: a stream that declares much and holds little never gets memory for it.
            let room = room(&mut numbers, now);
            if let Err(e) = room.and_then(|()| self.decode_into(piece, big_endian, &mut numbers)) {
                return Ok(Err(e));
            }
            left -= now;
        }
        Ok(Ok(numbers))
    }

    fn decode_into(self, bytes: &[u8], big_endian: bool, to: &mut Vec<f32>) -> Result<()> {
        match self {
            Number::Bool => each(bytes, big_endian, to, |[b]: [u8; 1]| f32::from(u8::from(b != 0))),
            Number::U8 => each(bytes, big_endian, to, |[b]: [u8; 1]| f32::from(b)),
            Number::I8 => each(bytes, big_endian, to, |b| f32::from(i8::from_le_bytes(b))),
            Number::U16 => each(bytes, big_endian, to, |b| f32::from(u16::from_le_bytes(b))),
            Number::I16 => each(bytes, big_endian, to, |b| f32::from(i16::from_le_bytes(b))),
            Number::U32 => each(bytes, big_endian, to, |b| u32::from_le_bytes(b) as f32),
            Number::I32 => each(bytes, big_endian, to, |b| i32::from_le_bytes(b) as f32),
            Number::U64 => each(bytes, big_endian, to, |b| u64::from_le_bytes(b) as f32),
            Number::I64 => each(bytes, big_endian, to, |b| i64::from_le_bytes(b) as f32),
            Number::F16 => each(bytes, big_endian, to, |b| half(u16::from_le_bytes(b))),
            Number::BF16 => {
                each(bytes, big_endian, to, |b| f32::from_bits(u32::from(u16::from_le_bytes(b)) << 16));
            }
            Number::F32 => each(bytes, big_endian, to, f32::from_le_bytes),
            Number::F64 => {
                let (mut i, mut large) = (to.len(), None);
                each(bytes, big_endian, to, |b| {
                    let wide = f64::from_le_bytes(b);
                    if wide.is_finite() && !(wide as f32).is_finite() {
                        large = large.or(Some((i, wide)));
                    }
                    i += 1;
                    wide as f32
                });
                if let Some((i, large)) = large {
                    let what = format!("{large:e} is beyond the numbers that f32 holds (±3.4e38)");
                    return Err(Error::data(what).at(format!("element {i}")).help("scale the data down"));
                }
            }
        }
        Ok(())
    }
}

/// Bytes that the numbers of one array may take when they are decoded, where nobody says otherwise: 4 GiB.
pub const MOST_DECODED: u64 = 4 << 30;

/// Whether so many numbers may be decoded.
///
/// # Errors
/// If they take more than this; what that is, and what to do.
pub(crate) fn check_decoded(count: usize, most: u64) -> Result<()> {
    let bytes = 4 * count as u128;
    if bytes <= u128::from(most) {
        return Ok(());
    }
    Err(Error::new(Kind::Memory, format!("it declares {count} numbers, which take {bytes} bytes; {most} are the most"))
        .help("cut it into several files, or say that it may be larger: read_up_to(path, bytes), `most_bytes` of an NPZ file"))
}

/// Gets memory for so many numbers more.
///
/// # Errors
/// If there is none: what asks for memory without a word of it ends the program where it lacks.
pub(crate) fn room(numbers: &mut Vec<f32>, more: usize) -> Result<()> {
    numbers.try_reserve(more).map_err(|_| {
        let all = numbers.len().saturating_add(more);
        Error::new(Kind::Memory, format!("there is no memory for {all} numbers and more"))
            .help("cut it into several files, or take a machine with more memory")
    })
}

/// Bytes of a stream that are decoded at a time: a multiple of the size of every kind.
const PIECE: usize = 1 << 16;

/// The value of a half-precision number (IEEE 754 binary16), which every f32 holds exactly.
///
/// ```text
/// sign, 5 bits e, 10 bits m:  (1 + m/1024)·2^(e − 15);  e = 0: m·2^−24;  e = 31: infinite, NaN where m is not 0
/// ```
fn half(bits: u16) -> f32 {
    let (exponent, fraction) = (u32::from(bits >> 10 & 31), u32::from(bits & 1023));
    let size = match exponent {
        0 => fraction as f32 / 16_777_216.0,
        31 => f32::from_bits(0x7f80_0000 | fraction << 13),
        _ => f32::from_bits((exponent + 112) << 23 | fraction << 13),
    };
    f32::from_bits(size.to_bits() | u32::from(bits >> 15) << 31)
}

fn each<const N: usize>(
    bytes: &[u8],
    big_endian: bool,
    to: &mut Vec<f32>,
    mut number: impl FnMut([u8; N]) -> f32,
) {
    let (chunks, _) = bytes.as_chunks::<N>();
    to.extend(chunks.iter().map(|&chunk| {
        let mut chunk = chunk;
        if big_endian {
            chunk.reverse();
        }
        number(chunk)
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_in_both_orders() {
        let check = |kind: Number, little: &[u8], value: f32| {
            assert_eq!(kind.size(), little.len());
            let mut big = little.to_vec();
            big.reverse();
            assert_eq!(kind.decode(little, false).unwrap(), [value], "{kind:?}");
            assert_eq!(kind.decode(&big, true).unwrap(), [value], "{kind:?}");
        };
        check(Number::Bool, &[7], 1.0);
        check(Number::U8, &[200], 200.0);
        check(Number::I8, &[200], -56.0);
        check(Number::U16, &300_u16.to_le_bytes(), 300.0);
        check(Number::I16, &(-300_i16).to_le_bytes(), -300.0);
        check(Number::U32, &3_000_000_000_u32.to_le_bytes(), 3e9);
        check(Number::I32, &(-7_i32).to_le_bytes(), -7.0);
        check(Number::U64, &u64::MAX.to_le_bytes(), 1.844_674_4e19);
        check(Number::I64, &(-1_i64 << 40).to_le_bytes(), -1.099_511_6e12);
        check(Number::F16, &0x3e00_u16.to_le_bytes(), 1.5);
        check(Number::BF16, &0x3fc0_u16.to_le_bytes(), 1.5);
        check(Number::F32, &1.5_f32.to_le_bytes(), 1.5);
        check(Number::F64, &0.1_f64.to_le_bytes(), 0.1);
    }

    #[test]
    fn memory_that_lacks_is_an_error() {
        let mut numbers = vec![1.0];
        let error = room(&mut numbers, usize::MAX / 4).unwrap_err();
        assert!(error.kind() == Kind::Memory && !error.remedy().is_empty(), "{error}");
        assert_eq!(numbers, [1.0]);
        assert!(room(&mut numbers, 10).is_ok());
    }

    #[test]
    fn all_half_precision_numbers_are_what_the_formula_says() {
        for bits in 0..=u16::MAX {
            let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
            let size = match exponent {
                0 => fraction * 2.0_f64.powi(-24),
                31 if fraction == 0.0 => f64::INFINITY,
                31 => f64::NAN,
                _ => (1.0 + fraction / 1024.0) * 2.0_f64.powi(exponent - 15),
            };
            let expected = if bits >> 15 == 1 { -size } else { size };
            let got = half(bits);
            assert!(f64::from(got) == expected || (got.is_nan() && expected.is_nan()), "{bits:#06x}: {got}");
            assert_eq!(got.is_sign_negative(), bits >> 15 == 1, "{bits:#06x}");
        }
    }

    #[test]
    fn what_f32_cannot_hold_is_named() {
        let bytes = [1.0_f64, -1e39].map(f64::to_le_bytes).concat();
        let error = Number::F64.decode(&bytes, false).unwrap_err().to_string();
        assert!(error.starts_with("element 1: -1e39 is beyond"), "{error}");
        let infinite = Number::F64.decode(&f64::INFINITY.to_le_bytes(), false).unwrap();
        assert_eq!(infinite, [f32::INFINITY], "an infinity stays one; `Dataset::check` names it");
    }
}
