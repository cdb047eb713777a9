//! Numbers as files store them, turned into f32.

use steadygrad_kernels::{Error, Result};

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
    /// Where a finite f64 is beyond f32: as an infinity it would come back much later, as a loss of NaN.
    pub fn decode(self, bytes: &[u8], big_endian: bool) -> Result<Vec<f32>> {
        let numbers = match self {
            Number::Bool => each(bytes, big_endian, |[b]: [u8; 1]| f32::from(u8::from(b != 0))),
            Number::U8 => each(bytes, big_endian, |[b]: [u8; 1]| f32::from(b)),
            Number::I8 => each(bytes, big_endian, |b| f32::from(i8::from_le_bytes(b))),
            Number::U16 => each(bytes, big_endian, |b| f32::from(u16::from_le_bytes(b))),
            Number::I16 => each(bytes, big_endian, |b| f32::from(i16::from_le_bytes(b))),
            Number::U32 => each(bytes, big_endian, |b| u32::from_le_bytes(b) as f32),
            Number::I32 => each(bytes, big_endian, |b| i32::from_le_bytes(b) as f32),
            Number::U64 => each(bytes, big_endian, |b| u64::from_le_bytes(b) as f32),
            Number::I64 => each(bytes, big_endian, |b| i64::from_le_bytes(b) as f32),
            Number::F16 => each(bytes, big_endian, |b| half(u16::from_le_bytes(b))),
            Number::BF16 => {
                each(bytes, big_endian, |b| f32::from_bits(u32::from(u16::from_le_bytes(b)) << 16))
            }
            Number::F32 => each(bytes, big_endian, f32::from_le_bytes),
            Number::F64 => {
                let wide = each(bytes, big_endian, f64::from_le_bytes);
                if let Some(i) = wide.iter().position(|v| v.is_finite() && !(*v as f32).is_finite()) {
                    let what = format!("{:e} is beyond the numbers that f32 holds (±3.4e38)", wide[i]);
                    return Err(Error::data(what).at(format!("element {i}")).help("scale the data down"));
                }
                wide.into_iter().map(|v| v as f32).collect()
            }
        };
        Ok(numbers)
    }
}

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

fn each<const N: usize, T>(bytes: &[u8], big_endian: bool, number: impl Fn([u8; N]) -> T) -> Vec<T> {
    let (chunks, _) = bytes.as_chunks::<N>();
    chunks
        .iter()
        .map(|&chunk| {
            let mut chunk = chunk;
            if big_endian {
                chunk.reverse();
            }
            number(chunk)
        })
        .collect()
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
