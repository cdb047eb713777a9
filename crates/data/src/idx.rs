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
use crate::numbers::{MOST_DECODED, Number, check_decoded};

/// Reads an IDX file, plain or compressed with gzip.
///
/// # Errors
/// Where the file cannot be read, is no IDX file, or has more or fewer elements than it declares.
pub fn read(path: impl AsRef<Path>) -> Result<Array> {
    read_kind(path.as_ref()).map(|(array, _)| array)
}

/// The same, of numbers that take this many bytes at the most when they are decoded, in place of 4 GiB.
///
/// # Errors
/// As for [`read`].
pub fn read_up_to(path: impl AsRef<Path>, most_bytes: u64) -> Result<Array> {
    let path = path.as_ref();
    let read = parse_within(&file::read(path)?, most_bytes);
    read.map(|(array, _)| array).place(|| path.display().to_string())
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
    parse_within(bytes, MOST_DECODED)
}

fn parse_within(bytes: &[u8], most_bytes: u64) -> Result<(Array, bool)> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        // Deflate cannot shrink data by more than 1032 : 1; what declares more than that is refused unread.
        let most = (bytes.len() as u64).saturating_mul(1032);
        // Unpacked once without keeping anything: numbers get their memory when it is known that they are all there.
        let mut first = GzDecoder::new(bytes);
        let (_, elements, number, _) = header(&mut first, most, most_bytes)?;
        let declared = (elements * number.size()) as u64;
        let found = std::io::copy(&mut (&mut first).take(declared + 1), &mut std::io::sink());
        check_length(found.map_err(|cause| damaged(&cause))?, declared)?;
        let left = first.into_inner().len();
        if left > 0 {
            return Err(trailing(&format!("{left} bytes follow the end of the compressed data")));
        }
        parse_stream(&mut GzDecoder::new(bytes), most, most_bytes)
    } else {
        let mut plain = bytes;
        parse_stream(&mut plain, bytes.len() as u64, most_bytes)
    }
}

/// Reads from a stream that can hold at most `most` bytes.
fn parse_stream(stream: &mut dyn Read, most: u64, most_bytes: u64) -> Result<(Array, bool)> {
    let (shape, elements, number, text) = header(stream, most, most_bytes)?;
    let declared = elements * number.size();
    let values = number.decode_stream(stream, elements, true).map_err(|cause| match cause.kind() {
        ErrorKind::UnexpectedEof => {
            Error::format(format!("expected {declared} bytes for the shape {text}, got fewer"))
                .help("the file is truncated: get it again")
        }
        _ => damaged(&cause),
    })??;
    let more = stream.read(&mut [0]).map_err(|cause| damaged(&cause))?;
    if more > 0 {
        return Err(trailing(&format!("bytes follow the {declared} of the shape {text}")));
    }
    Ok((Array::new(shape, values)?, number == Number::U8))
}

fn check_length(found: u64, declared: u64) -> Result<()> {
    match found {
        _ if found < declared => {
            let what = format!("expected {declared} bytes for its shape, got {found}");
            Err(Error::format(what).help("the file is truncated: get it again"))
        }
        _ if found > declared => Err(trailing(&format!("bytes follow the {declared} of its shape"))),
        _ => Ok(()),
    }
}

/// The shape, how many numbers it has, their kind, and the shape as errors show it.
fn header(stream: &mut dyn Read, most: u64, most_bytes: u64) -> Result<(Vec<usize>, usize, Number, String)> {
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
    let text = show(&shape);
    let elements = count(&shape).filter(|n| n.checked_mul(number.size()).is_some_and(|n| n as u64 <= most));
    let Some(elements) = elements else {
        let what = format!("the file declares the shape {text}, which is more than the file can hold");
        return Err(Error::format(what).help("the file is truncated or damaged: get it again"));
    };
    check_decoded(elements, most_bytes)?;
    Ok((shape, elements, number, text))
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
            (file(8, &[2, 3], &[0; 5]), "expected 6 bytes for the shape (2, 3), got fewer"),
            (file(8, &[2, 3], &[0; 7]), "bytes follow the 6"),
            (file(8, &[u32::MAX; 4], &[0; 7]), "more than the file can hold"),
            (zip(&file(8, &[u32::MAX], &[0; 7])), "more than the file can hold"),
            (zip(&file(8, &[100], &[0; 7])), "expected 100 bytes for its shape, got 7"),
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
    fn a_file_may_decode_to_so_much_and_more_where_it_is_said() {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in [
            ("plain", file(8, &[100_000], &[7; 100_000])),
            ("packed", zip(&file(8, &[100_000], &[7; 100_000]))),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            assert!(read_up_to(&path, 399_999).unwrap_err().to_string().contains("400000 bytes"));
            assert_eq!(read_up_to(&path, 400_000).unwrap().data(), [7.0; 100_000]);
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

    #[test]
    fn what_is_wrong_with_a_number_is_told_however_many_follow() {
        for count in [2_u32, 20_000] {
            let mut data = 1e300_f64.to_be_bytes().to_vec();
            data.resize(8 * count as usize, 0);
            let error = parse(&file(14, &[count], &data)).unwrap_err().to_string();
            assert!(error.contains("element 0: 1e300"), "{count}: {error}");
        }
    }
}
