//! IDX files, the format of MNIST, plain or compressed with gzip.
//!
//! ```text
//! 0 0 type axes    two zero bytes, the element type (8: u8, 9: i8, 11: i16, 12: i32, 13: f32, 14: f64), the number of axes
//! size size …      the size of each axis, as big-endian u32
//! element …        row-major, big-endian
//! ```
//! Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".

use std::io::{ErrorKind, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;
use steadygrad_kernels::{Error, Place, Result};

use crate::array::{Array, count, show};
use crate::file;
use crate::numbers::Number;

/// Reads an IDX file, plain or compressed with gzip.
///
/// # Errors
/// Where the file cannot be read, is no IDX file, or has more or fewer elements than it declares.
pub fn read(path: impl AsRef<Path>) -> Result<Array> {
    read_kind(path.as_ref()).map(|(array, _)| array)
}

/// The same, and whether the elements are stored as unsigned bytes.
pub(crate) fn read_kind(path: &Path) -> Result<(Array, bool)> {
    parse_kind(&file::read(path)?).place(|| path.display().to_string())
}

/// Reads the bytes of an IDX file, plain or compressed with gzip.
///
/// ```
/// use steadygrad_data::idx;
/// let array = idx::parse(&[0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 3, 10, 20, 255])?;
/// assert_eq!(array.shape(), [1, 3]);
/// assert_eq!(array.data(), [10.0, 20.0, 255.0]);
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// As for [`read`].
pub fn parse(bytes: &[u8]) -> Result<Array> {
    parse_kind(bytes).map(|(array, _)| array)
}

fn parse_kind(bytes: &[u8]) -> Result<(Array, bool)> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut unzip = GzDecoder::new(bytes);
        // Deflate cannot shrink data by more than 1032 : 1; what declares more than that is refused unread.
        let array = parse_stream(&mut unzip, (bytes.len() as u64).saturating_mul(1032))?;
        match unzip.into_inner().len() {
            0 => Ok(array),
            more => Err(trailing(&format!("{more} bytes follow the end of the compressed data"))),
        }
    } else {
        let mut plain = bytes;
        parse_stream(&mut plain, bytes.len() as u64)
    }
}

/// Reads from a stream that can hold at most `most` bytes.
fn parse_stream(stream: &mut dyn Read, most: u64) -> Result<(Array, bool)> {
    let mut magic = [0; 4];
    fill(stream, &mut magic)?;
    let [0, 0, kind, axes @ 1..=255] = magic else {
        let what = format!("expected the first bytes 0 0 type axes, got {magic:?}");
        return Err(
            Error::format(what).help("this is no IDX file; is it compressed with something else than gzip?")
        );
    };
    let number = match kind {
        8 => Number::U8,
        9 => Number::I8,
        11 => Number::I16,
        12 => Number::I32,
        13 => Number::F32,
        14 => Number::F64,
        _ => {
            let what = format!("expected the element type 8, 9, 11, 12, 13 or 14, got {kind}");
            return Err(Error::format(what).help("this is no IDX file, or a damaged one"));
        }
    };
    let mut sizes = vec![0; 4 * usize::from(axes)];
    fill(stream, &mut sizes)?;
    let (sizes, _) = sizes.as_chunks::<4>();
    let shape: Vec<usize> = sizes.iter().map(|&size| u32::from_be_bytes(size) as usize).collect();
    let declared = count(&shape).and_then(|count| count.checked_mul(number.size()));
    let Some(declared) = declared.filter(|&declared| declared as u64 <= most) else {
        let what =
            format!("the file declares the shape {}, which is more than the file can hold", show(&shape));
        return Err(Error::format(what).help("the file is truncated or damaged: get it again"));
    };
    let mut data = Vec::new();
    stream.take(declared as u64 + 1).read_to_end(&mut data).map_err(|cause| damaged(&cause))?;
    if data.len() < declared {
        let what = format!("expected {declared} bytes for the shape {}, got {}", show(&shape), data.len());
        return Err(Error::format(what).help("the file is truncated: get it again"));
    }
    if data.len() > declared {
        return Err(trailing(&format!("bytes follow the {declared} of the shape {}", show(&shape))));
    }
    Ok((Array::new(shape, number.decode(&data, true)?)?, number == Number::U8))
}

fn fill(stream: &mut dyn Read, bytes: &mut [u8]) -> Result<()> {
    stream.read_exact(bytes).map_err(|cause| damaged(&cause))
}

fn damaged(cause: &std::io::Error) -> Error {
    match cause.kind() {
        ErrorKind::UnexpectedEof => {
            Error::format("the file ends too early").help("it is truncated: get it again")
        }
        _ => Error::format(format!("the compressed data are damaged: {cause}")).help("get the file again"),
    }
}

fn trailing(what: &str) -> Error {
    Error::format(what).help("the file is damaged, or two files were joined: get it again")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn file(kind: u8, shape: &[u32], data: &[u8]) -> Vec<u8> {
        let sizes: Vec<u8> = shape.iter().flat_map(|size| size.to_be_bytes()).collect();
        [&[0, 0, kind, shape.len() as u8][..], &sizes, data].concat()
    }

    fn zip(bytes: &[u8]) -> Vec<u8> {
        let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        zip.write_all(bytes).unwrap();
        zip.finish().unwrap()
    }

    #[test]
    fn plain_and_compressed_are_the_same() {
        let plain = file(8, &[2, 2, 2], &[1, 2, 3, 4, 5, 6, 7, 8]);
        let array = parse(&plain).unwrap();
        assert_eq!(array.shape(), [2, 2, 2]);
        assert_eq!(array, parse(&zip(&plain)).unwrap());
        let floats = file(13, &[2], &[1.5_f32, -2.0].map(f32::to_be_bytes).concat());
        assert_eq!(parse(&floats).unwrap().data(), [1.5, -2.0]);
        assert_eq!(parse(&file(11, &[1], &[0xff, 0xfe])).unwrap().data(), [-2.0]);
        assert_eq!(parse(&file(8, &[0, 28], &[])).unwrap().shape(), [0, 28]);
    }

    #[test]
    fn every_damage_is_one_clear_error() {
        let good = file(8, &[2, 3], &[0; 6]);
        let packed = zip(&good);
        let mut flipped = packed.clone();
        let last = flipped.len() - 5; // within the checksum
        flipped[last] ^= 1;
        for (bytes, part) in [
            (vec![], "ends too early"),
            (vec![0, 0, 8], "ends too early"),
            (b"label,pixel".to_vec(), "expected the first bytes"),
            (file(8, &[], &[]), "expected the first bytes"),
            (file(7, &[1], &[0]), "element type"),
            (file(8, &[2, 3], &[0; 5]), "expected 6 bytes for the shape (2, 3), got 5"),
            (file(8, &[2, 3], &[0; 7]), "bytes follow the 6"),
            (file(8, &[u32::MAX; 4], &[0; 7]), "more than the file can hold"),
            (zip(&file(8, &[u32::MAX], &[0; 7])), "more than the file can hold"),
            (zip(&file(8, &[100], &[0; 7])), "expected 100 bytes for the shape (100,), got 7"),
            (zip(&file(8, &[2, 3], &[0; 7])), "bytes follow the 6"),
            (zip(&file(8, &[3], &vec![0; 1 << 20])), "bytes follow the 3"),
            (packed[..packed.len() - 1].to_vec(), "ends too early"),
            (packed[..14].to_vec(), "ends too early"),
            (flipped, "damaged"),
            ([packed, vec![0, 1]].concat(), "2 bytes follow"),
        ] {
            let error = parse(&bytes).unwrap_err();
            assert!(error.to_string().contains(part), "expected {part}, got {error}");
            assert!(!error.remedy().is_empty());
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = read("no/such-idx3-ubyte").unwrap_err();
        assert_eq!(error.place(), "no/such-idx3-ubyte");
    }

    proptest! {
        #[test]
        fn nothing_panics(cut in 0_usize..80, flip in 0_usize..640, compressed: bool) {
            let plain = file(12, &[3, 4], &(0..48).collect::<Vec<u8>>());
            let mut bytes = if compressed { zip(&plain) } else { plain };
            if let Some(byte) = bytes.get_mut(flip / 8) {
                *byte ^= 1 << (flip % 8);
            }
            bytes.truncate(cut.max(1));
            let _ = parse(&bytes);
        }

        #[test]
        fn noise_does_not_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes);
            let _ = parse(&[&[0, 0, 8, 1][..], &bytes].concat());
        }
    }
}
