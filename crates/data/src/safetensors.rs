//! Arrays by name, as safetensors: no time stamps inside, so equal arrays are equal bytes.
//!
//! ```text
//! 8 bytes    length n of the header, little-endian
//! n bytes    JSON: {"name": {"dtype": "F32", "shape": […], "data_offsets": [begin, end]}, …}
//! the rest   the numbers, little-endian, each array from begin to end, without gaps
//! ```
//!
//! Written are f32. Read are numbers of most kinds: F16 and BF16 exactly, F64 and whole numbers beyond ±2²⁴ rounded to the nearest f32,
//! a BOOL as 0 or 1. A single number, with no axis, is an array of one. `__metadata__` is passed over.
//!
//! The `safetensors` crate, which our tests hold this file against, would bring more crates than all the rest of this floor.

use crate::array::Array;
use crate::file;
use crate::json;
use crate::numbers::{MOST_DECODED, Number, check_decoded};
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json, json};
use std::collections::HashSet;
use std::path::Path;
use steadygrad_kernels::{Error, Place, Result};

/// Writes the arrays in this order; an interrupted write leaves the old file as it was.
///
/// # Errors
/// If the file cannot be written, or two arrays have one name.
pub fn write(path: impl AsRef<Path>, arrays: &[(String, Array)]) -> Result<()> {
    let path = path.as_ref();
    file::replace(path, to_bytes(arrays).place(|| path.display().to_string())?)
}

/// Reads all arrays, in the order of the file.
///
/// # Errors
/// If the file cannot be read, or as for [`parse`].
pub fn read(path: impl AsRef<Path>) -> Result<Vec<(String, Array)>> {
    read_up_to(path, MOST_DECODED)
}

/// The same, of arrays that take this many bytes each at the most when they are decoded, in place of 4 GiB.
///
/// # Errors
/// As for [`read`].
pub fn read_up_to(path: impl AsRef<Path>, most_bytes: u64) -> Result<Vec<(String, Array)>> {
    let path = path.as_ref();
    parse_within(&file::read(path)?, most_bytes).place(|| path.display().to_string())
}

/// The bytes of a file with these arrays.
///
/// ```
/// use steadygrad_data::{Array, safetensors};
/// let arrays = vec![("dense/kernel".to_string(), Array::new([2, 1], vec![1.0, -2.0])?)];
/// assert_eq!(safetensors::parse(&safetensors::to_bytes(&arrays)?)?, arrays);
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// If two arrays have one name, or there are more than 100,000.
pub fn to_bytes(arrays: &[(String, Array)]) -> Result<Vec<u8>> {
    if arrays.len() > MOST_ARRAYS {
        let what = format!("{} arrays, and a file has {MOST_ARRAYS} at most", arrays.len());
        return Err(Error::argument(what).help("write several files"));
    }
    let (mut header, mut at) = (Map::new(), 0);
    for (name, array) in arrays {
        let end = at + 4 * array.data().len();
        let info = json!({ "dtype": "F32", "shape": array.shape(), "data_offsets": [at, end] });
        if header.insert(name.clone(), info).is_some() {
            return Err(Error::argument(format!("two arrays have the name `{name}`")));
        }
        at = end;
    }
    let mut text = Json::Object(header).to_string().into_bytes();
    // The numbers start at a multiple of 8.
    text.resize(text.len().div_ceil(8) * 8, b' ');
    let mut bytes = Vec::with_capacity(8 + text.len() + at);
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text);
    bytes.extend(arrays.iter().flat_map(|(_, a)| a.data()).flat_map(|x| x.to_le_bytes()));
    Ok(bytes)
}

/// Reads the bytes of a file, in the order in which the arrays lie in it.
///
/// # Errors
/// If they break the format, hold numbers of a kind that is not read (F8, complex ones), or an F64 beyond all f32. Nothing larger than
/// the bytes themselves is believed: sizes are held against them first.
pub fn parse(bytes: &[u8]) -> Result<Vec<(String, Array)>> {
    parse_within(bytes, MOST_DECODED)
}

fn parse_within(bytes: &[u8], most_bytes: u64) -> Result<Vec<(String, Array)>> {
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(|| broken("it is too short"))?;
    let length = u64::from_le_bytes(*length);
    if length > MOST {
        return Err(broken(format!("its header is said to have {length} bytes, and may have {MOST}")));
    }
    let length = usize::try_from(length).ok().filter(|n| *n <= rest.len());
    let (header, numbers) =
        rest.split_at(length.ok_or_else(|| broken("its header is longer than the file"))?);
    let header = std::str::from_utf8(header).map_err(|_| broken("its header is not UTF-8"))?;
    let mut parts = Vec::new();
    let found = json::entries(header, |name, info| {
        if name == "__metadata__" {
            return texts(info.get()).map_err(|_| broken("`__metadata__` is no list of texts"));
        }
        if parts.len() == MOST_ARRAYS {
            return Err(broken(format!("it has more than {MOST_ARRAYS} arrays")));
        }
        let part = part(info).place(|| format!("`{name}`"))?;
        let part = part.ok_or_else(|| broken(format!("`{name}` lacks dtype, shape or offsets")))?;
        parts.push((name, part));
        Ok(())
    });
    found.map_err(|e| if e.remedy().is_empty() { broken(format!("its header: {e}")) } else { e })?;
    let names: HashSet<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
    if names.len() < parts.len() {
        return Err(broken("a name stands in its header twice"));
    }
    parts.sort_by_key(|(_, part)| (part.begin, part.end));
    let mut arrays = Vec::with_capacity(parts.len());
    let mut at = 0;
    for (name, part) in parts {
        let number = part.number;
        // An axis of 0 makes no product of the others small.
        let most = part.shape.iter().try_fold(number.size(), |n, d| n.checked_mul((*d).max(1)));
        let size = most.map(|size| if part.shape.contains(&0) { 0 } else { size });
        if part.begin != at
            || part.end < at
            || part.end > numbers.len()
            || size != Some(part.end - part.begin)
        {
            return Err(broken(format!("`{name}` does not lie where its shape and offsets say")));
        }
        check_decoded((part.end - part.begin) / number.size(), most_bytes).place(|| format!("`{name}`"))?;
        let values = number.decode(&numbers[part.begin..part.end], false).place(|| format!("`{name}`"))?;
        let shape = if part.shape.is_empty() { vec![1] } else { part.shape };
        let array = Array::new(shape, values).place(|| format!("`{name}`"))?;
        arrays.push((name, array));
        at = part.end;
    }
    if at != numbers.len() {
        return Err(broken(format!("{} bytes at its end belong to no array", numbers.len() - at)));
    }
    Ok(arrays)
}

/// Bytes that a header may have: as many as the format's own library reads.
const MOST: u64 = 100_000_000;

fn broken(what: impl std::fmt::Display) -> Error {
    Error::format(format!("not a safetensors file: {what}"))
        .help("it is damaged, or of another format: get it again, or save it anew")
}

/// The kind of numbers of this name.
fn number(dtype: &str) -> Result<Number> {
    Ok(match dtype {
        "BOOL" => Number::Bool,
        "U8" => Number::U8,
        "I8" => Number::I8,
        "U16" => Number::U16,
        "I16" => Number::I16,
        "U32" => Number::U32,
        "I32" => Number::I32,
        "U64" => Number::U64,
        "I64" => Number::I64,
        "F16" => Number::F16,
        "BF16" => Number::BF16,
        "F32" => Number::F32,
        "F64" => Number::F64,
        _ => {
            return Err(Error::unsupported(format!("it holds {dtype} numbers, expected F32"))
                .help("save it as float32; float16, bfloat16, float64 and whole numbers are read too"));
        }
    })
}

/// Arrays that a file may have: a model of ten thousand layers has fewer.
const MOST_ARRAYS: usize = 100_000;

struct Part {
    number: Number,
    shape: Vec<usize>,
    begin: usize,
    end: usize,
}

/// Fails where these are not texts by name.
fn texts(info: &str) -> Result<()> {
    json::entries(info, |_, value| match value.get().starts_with('"') {
        true => Ok(()),
        false => Err(broken("no text")),
    })
}

/// What is said of an array; nothing where something is missing.
fn part(info: &RawValue) -> Result<Option<Part>> {
    if !info.get().starts_with('{') {
        return Ok(None);
    }
    let [Some(dtype), Some(shape), Some(offsets)] =
        json::parts(info.get(), ["dtype", "shape", "data_offsets"])?
    else {
        return Ok(None);
    };
    let sizes = |list: &RawValue| {
        let size = |x: &Json| x.as_u64().and_then(|n| usize::try_from(n).ok());
        let list = json::read(list)?;
        Ok::<_, Error>(list.as_array().and_then(|list| list.iter().map(size).collect::<Option<Vec<usize>>>()))
    };
    let (dtype, shape, offsets) = (json::read(dtype)?, sizes(shape)?, sizes(offsets)?);
    let (Some(dtype), Some(shape), Some(&[begin, end])) = (dtype.as_str(), shape, offsets.as_deref()) else {
        return Ok(None);
    };
    Ok(Some(Part { number: number(dtype)?, shape, begin, end }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::safetensors::tensor::{Dtype, SafeTensors, TensorView};
    use proptest::prelude::*;

    fn example() -> Vec<(String, Array)> {
        vec![
            ("b".to_string(), Array::new([2, 2], vec![1.0, f32::NAN, f32::INFINITY, -0.0]).unwrap()),
            ("a/kernel".to_string(), Array::new([3], vec![5.0, 6.0, 7.0]).unwrap()),
        ]
    }

    #[test]
    fn the_crate_of_the_format_reads_what_we_write_and_we_read_what_it_writes() {
        let bytes = to_bytes(&example()).unwrap();
        let theirs = SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(theirs.tensor("a/kernel").unwrap().shape(), [3]);
        assert_eq!(theirs.tensor("b").unwrap().data()[..4], 1.0_f32.to_le_bytes());
        let blob: Vec<u8> = [1.5_f32, 2.5].iter().flat_map(|x| x.to_le_bytes()).collect();
        let view = TensorView::new(Dtype::F32, vec![1, 2], &blob).unwrap();
        let written = ::safetensors::serialize([("w", view)], None).unwrap();
        assert_eq!(
            parse(&written).unwrap(),
            [("w".to_string(), Array::new([1, 2], vec![1.5, 2.5]).unwrap())]
        );
    }

    #[test]
    fn as_many_arrays_as_the_largest_model_has() {
        let many: Vec<(String, Array)> = (0..MOST_ARRAYS)
            .map(|i| (format!("batch_normalization_{i}/gamma"), Array::new([1], vec![1.0]).unwrap()))
            .collect();
        assert_eq!(parse(&to_bytes(&many).unwrap()).unwrap().len(), MOST_ARRAYS);
    }

    #[test]
    fn order_and_bits_survive() {
        let back = parse(&to_bytes(&example()).unwrap()).unwrap();
        assert_eq!(back[0].0, "b");
        let bits = |a: &Array| a.data().iter().map(|x| x.to_bits()).collect::<Vec<u32>>();
        assert!(back.iter().zip(&example()).all(|(a, b)| a.0 == b.0 && bits(&a.1) == bits(&b.1)));
        assert!(parse(&to_bytes(&[]).unwrap()).unwrap().is_empty());
    }

    /// A file with this header, and so many bytes behind it.
    fn with(header: &str, bytes: usize) -> Vec<u8> {
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend(header.as_bytes());
        file.extend(vec![0; bytes]);
        file
    }

    #[test]
    fn numbers_of_other_kinds_are_read() {
        let kinds: [(Dtype, Vec<u8>, [f32; 2]); 9] = [
            (Dtype::F16, [0xc000_u16, 0x3c01].map(u16::to_le_bytes).concat(), [-2.0, 1.000_976_6]),
            (Dtype::BF16, [0xc000_u16, 0x3f81].map(u16::to_le_bytes).concat(), [-2.0, 1.007_812_5]),
            (Dtype::F64, [-2.0_f64, 0.1].map(f64::to_le_bytes).concat(), [-2.0, 0.1]),
            (Dtype::I64, [-2_i64, 16_777_217].map(i64::to_le_bytes).concat(), [-2.0, 16_777_216.0]),
            (Dtype::I32, [-2_i32, 7].map(i32::to_le_bytes).concat(), [-2.0, 7.0]),
            (Dtype::I16, [-2_i16, 7].map(i16::to_le_bytes).concat(), [-2.0, 7.0]),
            (Dtype::I8, vec![254, 7], [-2.0, 7.0]),
            (Dtype::U8, vec![254, 7], [254.0, 7.0]),
            (Dtype::BOOL, vec![0, 1], [0.0, 1.0]),
        ];
        for (kind, bytes, expected) in kinds {
            let view = TensorView::new(kind, vec![2], &bytes).unwrap();
            let read = parse(&::safetensors::serialize([("w", view)], None).unwrap()).unwrap();
            assert_eq!(read[0].1.data(), expected, "{kind:?}");
        }
        let huge = 1e300_f64.to_le_bytes();
        let view = TensorView::new(Dtype::F64, vec![1], &huge).unwrap();
        let said = parse(&::safetensors::serialize([("w", view)], None).unwrap()).unwrap_err().to_string();
        assert!(said.contains("`w`") && said.contains("beyond"), "{said}");
    }

    #[test]
    fn single_numbers_empty_arrays_and_metadata_are_read() {
        let one = 3.0_f32.to_le_bytes();
        let arrays = [
            ("one", TensorView::new(Dtype::F32, vec![], &one).unwrap()),
            ("none", TensorView::new(Dtype::F32, vec![0, 3], &[]).unwrap()),
        ];
        let notes = [("format".to_string(), "pt: \"x\"".to_string())].into_iter().collect();
        let mut read = parse(&::safetensors::serialize(arrays, Some(notes)).unwrap()).unwrap();
        read.sort_by_key(|(name, _)| name.clone());
        assert_eq!(read[0], ("none".to_string(), Array::new([0, 3], vec![]).unwrap()));
        assert_eq!(read[1], ("one".to_string(), Array::new([1], vec![3.0]).unwrap()));
        let back = to_bytes(&read).unwrap();
        assert_eq!(SafeTensors::deserialize(&back).unwrap().tensor("none").unwrap().shape(), [0, 3]);
    }

    #[test]
    fn broken_files_are_refused() {
        let good = to_bytes(&example()).unwrap();
        for n in 0..good.len() {
            assert!(parse(&good[..n]).is_err(), "cut at {n}");
        }
        let said = parse(&with(r#"{"w": {"dtype": "F8_E4M3", "shape": [8], "data_offsets": [0, 8]}}"#, 8));
        assert!(said.unwrap_err().to_string().contains("F8_E4M3"));
        let deep = format!("{{\"w\": {}}}", "[".repeat(100_000));
        let many = format!(
            "{{\"w\": {{\"dtype\": \"F32\", \"shape\": [{}2], \"data_offsets\": [0, 8]}}}}",
            "65536,".repeat(9)
        );
        for header in [
            r#"{"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}"#,
            r#"{"w": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}}"#,
            r#"{"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}"#,
            r#"{"w": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}}"#,
            r#"{"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}"#,
            r#"{"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 18446744073709551615]}}"#,
            r#"{"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 18446744073709551616]}}"#,
            r#"{"w": {"dtype": "F32", "shape": [2], "data_offsets": [-8, 0]}}"#,
            r#"{"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8.0]}}"#,
            r#"{"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, NaN]}}"#,
            r#"{"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8, 8]}}"#,
            r#"{"w": {"dtype": "F32", "shape": [4611686018427387906], "data_offsets": [0, 8]}}"#,
            r#"{"w": {"dtype": "F32", "shape": [0, 9223372036854775807, 9223372036854775807], "data_offsets": [0, 0]}}"#,
            r#"{"w": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}}"#,
            r#"{"w": {"dtype": "F32", "shape": 2, "data_offsets": [0, 8]}}"#,
            r#"{"w": {"dtype": 32, "shape": [2], "data_offsets": [0, 8]}}"#,
            // Two in one place, and with a gap between.
            r#"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "b": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}"#,
            r#"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "b": {"dtype": "U8", "shape": [2], "data_offsets": [6, 8]}}"#,
            r#"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "b": {"dtype": "U8", "shape": [2], "data_offsets": [6, 8]}}"#,
            // A name twice, on both levels.
            r#"{"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}"#,
            r#"{"w": {"dtype": "F32", "dtype": "I32", "shape": [2], "data_offsets": [0, 8]}}"#,
            r#"{"__metadata__": 3, "w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}"#,
            r#"{"w": 3}"#,
            r#"{"w": null}"#,
            "{}",
            "[]",
            "",
            "\u{0}",
            &deep,
            &many,
        ] {
            let said = parse(&with(header, 8)).unwrap_err().to_string();
            assert!(said.contains("not a safetensors file"), "{header}: {said}");
        }
        // A colon within a text is none; names may be as odd as they like.
        let odd = r#"{"a:\"\\": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}"#;
        assert_eq!(parse(&with(odd, 8)).unwrap()[0].0, "a:\"\\");
        for length in [u64::MAX, 1 << 62, MOST + 1, MOST] {
            let mut bytes = length.to_le_bytes().to_vec();
            bytes.extend(b"{}");
            assert!(parse(&bytes).is_err(), "{length}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(at in 0_usize..200, byte: u8) {
            let mut bytes = to_bytes(&example()).unwrap();
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = parse(&bytes);
        }
    }
}
