//! NPY files, the arrays of NumPy: numbers of every kind in, f32 out.
//!
//! ```text
//! 0x93 "NUMPY" major minor     minor is 0
//! length                       of the header: u16 for major 1, u32 for 2 and 3, little-endian
//! header                       {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }, spaces and a line feed
//! element …                    in the order that the header says
//! ```
//! Source: NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays". Arrays of objects, which are Python's
//! pickle and can run code, are refused.

mod header;

use std::io::{BufReader, Read};
use std::path::Path;

use steadygrad_kernels::{Error, Place, Result};

use crate::array::{Array, count, show};
use crate::file;
use crate::numbers::{MOST_DECODED, Number, check_decoded, room};

use header::{Header, shorten};

const MAGIC: &[u8] = b"\x93NUMPY";

/// Reads an NPY file: booleans, integers, f32 or f64, in C or Fortran order.
///
/// Whole numbers beyond ±2²⁴ and f64 are rounded to the nearest f32.
///
/// # Errors
/// Where the file cannot be read, is no NPY file, holds other things than numbers, or more or fewer than it declares.
pub fn read(path: impl AsRef<Path>) -> Result<Array> {
    read_up_to(path, MOST_DECODED)
}

/// The same, of numbers that take this many bytes at the most when they are decoded, in place of 4 GiB.
///
/// # Errors
/// As for [`read`].
pub fn read_up_to(path: impl AsRef<Path>, most_bytes: u64) -> Result<Array> {
    let path = path.as_ref();
    let (file, len) = file::open(path)?;
    let mut stream = BufReader::new(file);
    let read = parse_stream(&mut stream, len, most_bytes);
    read.map(|(array, _)| array).place(|| path.display().to_string())
}

/// Writes an array of f32 in C order, as `numpy.save` does.
///
/// # Errors
/// Where the file cannot be written.
pub fn write(path: impl AsRef<Path>, array: &Array) -> Result<()> {
    file::replace(path, to_bytes(array))
}

/// The bytes of an NPY file with this array.
///
/// ```
/// use steadygrad_data::{Array, npy};
/// let array = Array::new([2, 2], vec![1.0, 2.0, 3.0, 4.0])?;
/// assert_eq!(npy::parse(&npy::to_bytes(&array))?, array);
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
pub fn to_bytes(array: &Array) -> Vec<u8> {
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {}, }}", show(array.shape()));
    // The elements begin at a multiple of 64 bytes, so that they can be mapped into memory.
    let (version, prefix) = if header.len() < 60_000 { (1, 10) } else { (2, 12) };
    let padded = (prefix + header.len() + 1).next_multiple_of(64) - prefix;
    let mut bytes = [MAGIC, &[version, 0]].concat();
    bytes.extend(&(padded as u32).to_le_bytes()[..prefix - 8]);
    bytes.extend(header.bytes().chain(std::iter::repeat_n(b' ', padded - header.len() - 1)).chain([b'\n']));
    bytes.extend(array.data().iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// Reads the bytes of an NPY file.
///
/// # Errors
/// As for [`read`].
pub fn parse(bytes: &[u8]) -> Result<Array> {
    parse_kind(bytes).map(|(array, _)| array)
}

/// The same, and whether the elements are stored as unsigned bytes, as those of images are.
///
/// # Errors
/// As for [`read`].
pub fn parse_kind(bytes: &[u8]) -> Result<(Array, bool)> {
    parse_stream(&mut &*bytes, bytes.len() as u64, MOST_DECODED)
}

/// Bytes that a header may have.
const MOST_HEADER: usize = 1 << 20;

/// The same of a stream of `len` bytes, which is read as far as its header is right: numbers that take `most_bytes` at the most.
///
/// # Errors
/// As for [`read`].
pub fn parse_stream(stream: &mut dyn Read, len: u64, most_bytes: u64) -> Result<(Array, bool)> {
    let no_npy = || Error::format("expected the first bytes \\x93NUMPY").help("this is no NPY file");
    let cut = |_| Error::format("the file ends within its header").help("it is truncated: get it again");
    let mut begin = [0; 8];
    stream.read_exact(&mut begin).map_err(|_| no_npy())?;
    let Some(&[major, _]) = begin.strip_prefix(MAGIC) else { return Err(no_npy()) };
    let width = match major {
        1 => 2,
        2 | 3 => 4,
        _ => {
            let what = format!("version {major} of the format; 1, 2 and 3 are read");
            return Err(Error::unsupported(what).help("save the array anew with numpy.save"));
        }
    };
    let mut size = [0; 4];
    stream.read_exact(&mut size[..width]).map_err(cut)?;
    let size = u32::from_le_bytes(size) as usize;
    if size > MOST_HEADER {
        return Err(Error::format(format!(
            "its header is said to have {size} bytes; {MOST_HEADER} are the most"
        ))
        .help("the file is damaged: get it again"));
    }
    let mut header = vec![0; size];
    stream.read_exact(&mut header).map_err(cut)?;
    let header = std::str::from_utf8(&header).ok().and_then(Header::parse).ok_or_else(|| {
        Error::format(format!("the header {} is not understood", shorten(&String::from_utf8_lossy(&header))))
            .help("it has the keys descr, fortran_order and shape; save the array anew with numpy.save")
    })?;
    let (number, big_endian) = header.number()?;
    let shape = header.shape;
    if shape.is_empty() {
        return Err(Error::shape("a single number, not an array").help("an array has one axis or more"));
    }
    let elements = count(&shape);
    let declared = elements.and_then(|count| count.checked_mul(number.size()));
    let found = len.saturating_sub((8 + width + size) as u64);
    let (Some(elements), true) = (elements, declared.is_some_and(|d| d as u64 == found)) else {
        let declared = declared.map_or("too many".into(), |size| size.to_string());
        let what = format!("expected {declared} bytes for the shape {}, got {found}", show(&shape));
        return Err(Error::format(what).help("the file is truncated or damaged: get it again"));
    };
    check_decoded(elements, most_bytes)?;
    let values = number.decode_stream(stream, elements, big_endian).map_err(|cause| {
        Error::format(format!("its numbers cannot be read to their end: {cause}")).help("get the file again")
    })??;
    let values = if header.fortran { from_fortran(&values, &shape)? } else { values };
    Ok((Array::new(shape, values)?, number == Number::U8))
}

/// Values whose first index runs fastest, put in the order where the last one does.
///
/// # Errors
/// Where there is no memory for them.
fn from_fortran(values: &[f32], shape: &[usize]) -> Result<Vec<f32>> {
    let mut strides = Vec::with_capacity(shape.len());
    let mut stride = 1;
    if !values.is_empty() {
        for &axis in shape {
            strides.push(stride);
            stride *= axis; // at most the number of values, as no axis is 0
        }
    }
    let mut index = vec![0; shape.len()];
    let mut at = 0;
    let mut ordered = Vec::new();
    room(&mut ordered, values.len())?;
    for _ in 0..values.len() {
        ordered.push(values[at]);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            at += strides[axis];
            if index[axis] < shape[axis] {
                break;
            }
            at -= strides[axis] * shape[axis];
            index[axis] = 0;
        }
    }
    Ok(ordered)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        [MAGIC, &[1, 0], &(header.len() as u16).to_le_bytes(), header.as_bytes(), data].concat()
    }

    fn told(header: &str, data: &[u8]) -> String {
        parse(&file(header, data)).unwrap_err().to_string()
    }

    #[test]
    fn another_reader_reads_what_we_write() {
        for shape in [vec![3], vec![2, 3], vec![0, 4], vec![2, 1, 2]] {
            let size = shape.iter().product::<usize>();
            let array = Array::new(shape.clone(), (0..size).map(|v| v as f32 - 0.5).collect()).unwrap();
            let bytes = to_bytes(&array);
            assert_eq!((bytes.len() - 4 * size) % 64, 0);
            let theirs = npyz::NpyFile::new(&bytes[..]).unwrap();
            assert_eq!(theirs.shape(), shape.iter().map(|&s| s as u64).collect::<Vec<_>>());
            assert_eq!(theirs.into_vec::<f32>().unwrap(), array.data());
            assert_eq!(parse(&bytes).unwrap(), array);
        }
        let many = Array::zeros(vec![1; 30_000]).unwrap();
        assert_eq!(parse(&to_bytes(&many)).unwrap(), many, "a header for the second version");
    }

    #[test]
    fn a_file_may_decode_to_so_much_and_more_where_it_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bytes.npy");
        std::fs::write(
            &path,
            file("{'descr': '|u1', 'fortran_order': True, 'shape': (70000, 2), }", &[3; 140_000]),
        )
        .unwrap();
        let error = read_up_to(&path, 559_999).unwrap_err();
        assert!(error.what().contains("560000 bytes") && error.remedy().contains("read_up_to"), "{error}");
        assert_eq!(read_up_to(&path, 560_000).unwrap().data(), [3.0; 140_000], "in several pieces");
        let long = [MAGIC, &[2, 0], &u32::MAX.to_le_bytes()].concat();
        assert!(parse(&long).unwrap_err().to_string().contains("are the most"));
    }

    #[test]
    fn we_read_what_another_writer_writes() {
        use npyz::WriterBuilder;
        for order in [npyz::Order::C, npyz::Order::Fortran] {
            let mut bytes = Vec::new();
            let options = npyz::WriteOptions::new().default_dtype().order(order).shape(&[2, 3, 2]);
            let mut writer = options.writer(&mut bytes).begin_nd().unwrap();
            writer.extend((0..12).map(i64::from)).unwrap();
            writer.finish().unwrap();
            let array = parse(&bytes).unwrap();
            let theirs = npyz::NpyFile::new(&bytes[..]).unwrap();
            assert_eq!(theirs.order(), order);
            let at = |i: usize, j: usize, k: usize| match order {
                npyz::Order::C => i * 6 + j * 2 + k,
                npyz::Order::Fortran => i + j * 2 + k * 6,
            };
            for (place, value) in array.data().iter().enumerate() {
                assert_eq!(*value, at(place / 6, place / 2 % 3, place % 2) as f32);
            }
        }
    }

    #[test]
    fn headers_are_read_as_python_reads_them() {
        for header in [
            "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }  \n",
            "{\"shape\":(2L,),\"descr\":\"u1\",\"fortran_order\":True}",
            " { 'fortran_order' : False , 'shape' : ( 2 , ) , 'descr' : '=u1' } ",
        ] {
            assert_eq!(parse(&file(header, &[1, 2])).unwrap().data(), [1.0, 2.0], "{header}");
        }
        let big = "{'descr': '>u2', 'fortran_order': True, 'shape': (1, 2)}";
        assert_eq!(parse(&file(big, &[1, 0, 0, 2])).unwrap().data(), [256.0, 2.0]);
        let empty = "{'descr': '<f8', 'fortran_order': True, 'shape': (0, 18446744073709551615, 9)}";
        assert_eq!(parse(&file(empty, &[])).unwrap().rows(), 0);
    }

    #[test]
    fn what_is_not_numbers_is_refused() {
        let with = |descr: &str| {
            told(&format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (1,)}}"), &[0; 8])
        };
        assert!(with("'|O'").contains("never read"));
        assert!(with("'<U5'").contains("text"));
        assert!(with("'<c8'").contains("float32"));
        assert!(with("'<f2'").contains("float32"));
        assert!(with("[('a', '<i4'), ('b', '<f4')]").contains("elements of type"));
        assert!(with("''").contains("elements of type"));
        assert!(with("'é'").contains("elements of type"));
    }

    #[test]
    fn sizes_must_be_those_of_the_file() {
        let with = |shape: &str| {
            told(&format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}"), &[0; 8])
        };
        assert!(with("(3,)").contains("expected 12 bytes for the shape (3,), got 8"));
        assert!(with("(1,)").contains("expected 4 bytes"));
        assert!(with("(18446744073709551615, 4)").contains("too many"));
        assert!(with("()").contains("single number"));
        for shape in ["(-1,)", "(1.5,)", "2", "(2", "(99999999999999999999,)", "(2,,)"] {
            assert!(with(shape).contains("not understood"), "{shape}");
        }
        assert!(told("{'descr': '<f4', 'shape': (2,)}", &[0; 8]).contains("not understood"));
        assert!(parse(b"PK\x03\x04").unwrap_err().to_string().contains("no NPY file"));
        assert!(
            parse(b"\x93NUMPY\x01\x00\xff\xff{").unwrap_err().to_string().contains("ends within its header")
        );
        assert!(parse(b"\x93NUMPY\x09\x00\x00\x00").unwrap_err().to_string().contains("version 9"));
    }

    proptest! {
        #[test]
        fn nothing_panics(cut in 0_usize..160, flip in 0_usize..1280, fortran: bool) {
            let header = format!(
                "{{'descr': '<f8', 'fortran_order': {}, 'shape': (2, 3), }}\n",
                if fortran { "True" } else { "False" }
            );
            let mut bytes = file(&header, &[1; 48]);
            if let Some(byte) = bytes.get_mut(flip / 8) {
                *byte ^= 1 << (flip % 8);
            }
            let _ = parse(&bytes);
            bytes.truncate(cut);
            let _ = parse(&bytes);
        }

        #[test]
        fn headers_of_noise_do_not_panic(header in "[{}\\[\\]()'\",: a-zA-Z0-9é<|]{0,60}") {
            let _ = parse(&file(&header, &[0; 4]));
            let _ = parse(&file(&format!("{{'descr': '<f4', 'fortran_order': True, 'shape': {header}}}"), &[0; 4]));
        }
    }
}
