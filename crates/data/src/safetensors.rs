//! Arrays by name, as safetensors: no time stamps inside, so equal arrays are equal bytes.
//!
//! ```text
//! 8 bytes    length n of the header, little-endian
//! n bytes    JSON: {"name": {"dtype": "F32", "shape": […], "data_offsets": [begin, end]}, …}
//! the rest   the numbers, little-endian, each array from begin to end, without gaps
//! ```
//!
//! The `safetensors` crate, which our tests hold this file against, would bring more crates than all the rest of this floor.

use crate::array::Array;
use crate::file;
use serde_json::{Map, Value as Json, json};
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
/// If the file cannot be read, breaks the format, or holds anything but f32.
pub fn read(path: impl AsRef<Path>) -> Result<Vec<(String, Array)>> {
    let path = path.as_ref();
    parse(&file::read(path)?).place(|| path.display().to_string())
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
/// If two arrays have one name.
pub fn to_bytes(arrays: &[(String, Array)]) -> Result<Vec<u8>> {
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
/// If they break the format, or hold anything but f32.
pub fn parse(bytes: &[u8]) -> Result<Vec<(String, Array)>> {
    let broken = |what: String| {
        Error::format(format!("not a safetensors file: {what}"))
            .help("weights are read from files as `train` writes them")
    };
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(|| broken("it is too short".into()))?;
    let length = u64::from_le_bytes(*length);
    let length = usize::try_from(length).ok().filter(|n| *n <= rest.len());
    let length = length.ok_or_else(|| broken("its header is longer than the file".into()))?;
    let (header, numbers) = rest.split_at(length);
    let header: Map<String, Json> =
        serde_json::from_slice(header).map_err(|e| broken(format!("its header is not valid JSON ({e})")))?;
    let mut parts = Vec::new();
    for (name, info) in header.iter().filter(|(name, _)| *name != "__metadata__") {
        let part = part(info).ok_or_else(|| broken(format!("`{name}` lacks dtype, shape or offsets")))?;
        if part.dtype != "F32" {
            return Err(Error::unsupported(format!("`{name}` holds {} numbers, expected F32", part.dtype)));
        }
        parts.push((name, part));
    }
    parts.sort_by_key(|(_, part)| (part.begin, part.end));
    let mut arrays = Vec::with_capacity(parts.len());
    let mut at = 0;
    for (name, part) in parts {
        let size = part.shape.iter().try_fold(4_usize, |n, d| n.checked_mul(*d));
        if part.begin != at
            || part.end < at
            || part.end > numbers.len()
            || size != Some(part.end - part.begin)
        {
            return Err(broken(format!("`{name}` does not lie where its shape and offsets say")));
        }
        let values = numbers[part.begin..part.end]
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        arrays.push((name.clone(), Array::new(part.shape, values.collect()).place(|| format!("`{name}`"))?));
        at = part.end;
    }
    if at != numbers.len() {
        return Err(broken(format!("{} bytes at its end belong to no array", numbers.len() - at)));
    }
    Ok(arrays)
}

struct Part {
    dtype: String,
    shape: Vec<usize>,
    begin: usize,
    end: usize,
}

fn part(info: &Json) -> Option<Part> {
    let size = |x: &Json| x.as_u64().and_then(|n| usize::try_from(n).ok());
    let shape = info.get("shape")?.as_array()?.iter().map(size).collect::<Option<Vec<usize>>>()?;
    let [begin, end] = info.get("data_offsets")?.as_array()?.as_slice() else { return None };
    let dtype = info.get("dtype")?.as_str()?.to_string();
    Some(Part { dtype, shape, begin: size(begin)?, end: size(end)? })
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
    fn order_and_bits_survive() {
        let back = parse(&to_bytes(&example()).unwrap()).unwrap();
        assert_eq!(back[0].0, "b");
        let bits = |a: &Array| a.data().iter().map(|x| x.to_bits()).collect::<Vec<u32>>();
        assert!(back.iter().zip(&example()).all(|(a, b)| a.0 == b.0 && bits(&a.1) == bits(&b.1)));
        assert!(parse(&to_bytes(&[]).unwrap()).unwrap().is_empty());
    }

    #[test]
    fn broken_files_are_refused() {
        let good = to_bytes(&example()).unwrap();
        for n in 0..good.len() {
            assert!(parse(&good[..n]).is_err(), "cut at {n}");
        }
        let with = |header: &str| {
            let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
            bytes.extend(header.as_bytes());
            bytes.extend([0; 8]);
            parse(&bytes).unwrap_err().to_string()
        };
        assert!(with(r#"{"w": {"dtype": "F16", "shape": [4], "data_offsets": [0, 8]}}"#).contains("F16"));
        for header in [
            r#"{"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}"#,
            r#"{"w": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}}"#,
            r#"{"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}"#,
            r#"{"w": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}}"#,
            r#"{"w": {"dtype": "F32", "shape": [4611686018427387906], "data_offsets": [0, 8]}}"#,
            r#"{"w": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}}"#,
            r#"{"w": 3}"#,
            "[]",
        ] {
            assert!(with(header).contains("not a safetensors file"), "{header}");
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
