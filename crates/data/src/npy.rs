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

use std::path::Path;

use steadygrad_kernels::{Error, Place, Result};

use crate::array::{Array, count, show};
use crate::file;
use crate::numbers::Number;

const MAGIC: &[u8] = b"\x93NUMPY";

/// Reads an NPY file: booleans, integers, f32 or f64, in C or Fortran order.
///
/// Whole numbers beyond ±2²⁴ and f64 are rounded to the nearest f32.
///
/// # Errors
/// Where the file cannot be read, is no NPY file, holds other things than numbers, or more or fewer than it declares.
pub fn read(path: impl AsRef<Path>) -> Result<Array> {
    let path = path.as_ref();
    parse(&file::read(path)?).place(|| path.display().to_string())
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
    let Some((&[major, _], rest)) = bytes.strip_prefix(MAGIC).and_then(<[u8]>::split_first_chunk) else {
        return Err(Error::format("expected the first bytes \\x93NUMPY").help("this is no NPY file"));
    };
    let header = match major {
        1 => rest.split_first_chunk().map(|(&size, rest)| (u32::from(u16::from_le_bytes(size)), rest)),
        2 | 3 => rest.split_first_chunk().map(|(&size, rest)| (u32::from_le_bytes(size), rest)),
        _ => return Err(Error::unsupported(format!("version {major} of the format; 1, 2 and 3 are read"))),
    };
    let header = header.and_then(|(size, rest)| rest.split_at_checked(size as usize));
    let Some((header, data)) = header else {
        return Err(Error::format("the file ends within its header").help("it is truncated: get it again"));
    };
    let header = std::str::from_utf8(header).ok().and_then(Header::parse).ok_or_else(|| {
        Error::format(format!("the header {} is not understood", shorten(&String::from_utf8_lossy(header))))
            .help("it has the keys descr, fortran_order and shape; save the array anew with numpy.save")
    })?;
    let (number, big_endian) = header.number()?;
    let shape = header.shape;
    if shape.is_empty() {
        return Err(Error::shape("a single number, not an array").help("an array has one axis or more"));
    }
    let declared = count(&shape).and_then(|count| count.checked_mul(number.size()));
    if declared != Some(data.len()) {
        let (declared, found) = (declared.map_or("too many".into(), |size| size.to_string()), data.len());
        let what = format!("expected {declared} bytes for the shape {}, got {found}", show(&shape));
        return Err(Error::format(what).help("the file is truncated or damaged: get it again"));
    }
    let values = number.decode(data, big_endian)?;
    let values = if header.fortran { from_fortran(&values, &shape) } else { values };
    Ok((Array::new(shape, values)?, number == Number::U8))
}

/// Values whose first index runs fastest, put in the order where the last one does.
fn from_fortran(values: &[f32], shape: &[usize]) -> Vec<f32> {
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
    let mut ordered = Vec::with_capacity(values.len());
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
    ordered
}

/// What the header says, in the words of Python.
struct Header<'a> {
    /// The element type: `<f4`; of structured arrays the text of a list.
    descr: &'a str,
    fortran: bool,
    shape: Vec<usize>,
}

impl<'a> Header<'a> {
    /// Reads a Python dictionary with these three keys and nothing else; `None` where it is not one.
    fn parse(text: &'a str) -> Option<Header<'a>> {
        let mut text = Cursor(text);
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        text.eat('{')?;
        while text.eat('}').is_none() {
            let key = text.quoted()?;
            text.eat(':')?;
            match key {
                "descr" => descr = Some(text.quoted().or_else(|| text.list())?),
                "fortran_order" => fortran = Some(text.word()? == "True"),
                "shape" => shape = Some(text.tuple()?),
                _ => return None,
            }
            if text.eat(',').is_none() {
                text.eat('}')?;
                break;
            }
        }
        text.0.trim().is_empty().then_some(Header { descr: descr?, fortran: fortran?, shape: shape? })
    }

    /// The element type, and whether its bytes stand in big-endian order.
    fn number(&self) -> Result<(Number, bool)> {
        let (order, kind) = match self.descr.split_at_checked(1) {
            Some((order @ ("<" | ">" | "|" | "="), kind)) => (order, kind),
            _ => ("<", self.descr),
        };
        let number = match kind {
            "b1" => Number::Bool,
            "u1" => Number::U8,
            "i1" => Number::I8,
            "u2" => Number::U16,
            "i2" => Number::I16,
            "u4" => Number::U32,
            "i4" => Number::I32,
            "u8" => Number::U64,
            "i8" => Number::I64,
            "f4" => Number::F32,
            "f8" => Number::F64,
            _ => {
                let help = match kind.chars().next() {
                    Some('O') => "an array of Python objects can run code and is never read; save numbers",
                    Some('S' | 'U') => "text is not read; turn it into numbers",
                    _ => "save it as float32: numpy.save(path, array.astype(\"float32\"))",
                };
                let what = format!(
                    "elements of type {}; booleans, integers, f4 and f8 are read",
                    shorten(self.descr)
                );
                return Err(Error::unsupported(what).help(help));
            }
        };
        Ok((number, order == ">"))
    }
}

/// The rest of a text, eaten from its beginning; spaces between tokens do not count.
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    fn eat(&mut self, token: char) -> Option<()> {
        self.0 = self.0.trim_start().strip_prefix(token)?;
        Some(())
    }

    fn until(&mut self, end: char) -> Option<&'a str> {
        let (part, rest) = self.0.split_once(end)?;
        self.0 = rest;
        Some(part)
    }

    fn quoted(&mut self) -> Option<&'a str> {
        let quote = ['\'', '"'].into_iter().find(|&quote| self.eat(quote).is_some())?;
        self.until(quote)
    }

    fn word(&mut self) -> Option<&'a str> {
        self.0 = self.0.trim_start();
        let word = ["True", "False"].into_iter().find(|word| self.0.starts_with(word))?;
        self.0 = &self.0[word.len()..];
        Some(word)
    }

    /// A list, as a structured array has it: kept as text for the error that it becomes.
    fn list(&mut self) -> Option<&'a str> {
        let start = self.0.trim_start();
        let end = start.starts_with('[').then(|| start.rfind(']')).flatten()?;
        self.0 = &start[end + 1..];
        Some(&start[..=end])
    }

    fn tuple(&mut self) -> Option<Vec<usize>> {
        self.eat('(')?;
        let inner = self.until(')')?.trim();
        if inner.is_empty() {
            return Some(Vec::new());
        }
        let inner = inner.strip_suffix(',').unwrap_or(inner);
        // Python 2 wrote its long integers with an L.
        inner.split(',').map(|size| size.trim().trim_end_matches('L').parse().ok()).collect()
    }
}

/// A text from a file, quoted and cut to a length that fits in a message.
fn shorten(text: &str) -> String {
    let cut: String = text.trim().chars().take(80).collect();
    format!("{cut:?}")
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
