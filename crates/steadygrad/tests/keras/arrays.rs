//! The reference arrays in double precision: `steadygrad_data` reads them as f32 and refuses what no f32 can hold.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::path::Path;

/// Shape and numbers; a single number has no axes.
#[derive(Debug, Clone)]
pub struct Array {
    pub shape: Vec<usize>,
    pub data: Vec<f64>,
}

impl Array {
    /// As f32; infinite where the number is beyond it.
    pub fn single(&self) -> Vec<f32> {
        self.data.iter().map(|&x| x as f32).collect()
    }
}

fn u16_at(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> usize {
    u16_at(bytes, at) + (u16_at(bytes, at + 2) << 16)
}

/// All arrays of an uncompressed NPZ file (only reference files come here: anything odd panics).
pub fn read(path: &Path) -> HashMap<String, Array> {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let end = bytes.windows(4).rposition(|w| w == b"PK\x05\x06").expect("a ZIP archive has an end");
    let (count, mut at) = (u16_at(&bytes, end + 10), u32_at(&bytes, end + 16));
    let mut arrays = HashMap::new();
    for _ in 0..count {
        assert_eq!(u16_at(&bytes, at + 10), 0, "not compressed");
        let (size, name, extra) = (u32_at(&bytes, at + 24), u16_at(&bytes, at + 28), u16_at(&bytes, at + 30));
        let (comment, local) = (u16_at(&bytes, at + 32), u32_at(&bytes, at + 42));
        let path = String::from_utf8_lossy(&bytes[at + 46..at + 46 + name]).into_owned();
        let start = local + 30 + u16_at(&bytes, local + 26) + u16_at(&bytes, local + 28);
        arrays.insert(path.trim_end_matches(".npy").to_string(), array(&bytes[start..start + size]));
        at += 46 + name + extra + comment;
    }
    arrays
}

/// One NPY file, version 1, little-endian, in C order.
fn array(bytes: &[u8]) -> Array {
    let start = 10 + u16_at(bytes, 8);
    let header = String::from_utf8_lossy(&bytes[10..start]).into_owned();
    let after = |key: &str| header.split(key).nth(1).expect("NPY headers have three keys").to_string();
    assert!(after("'fortran_order':").trim().starts_with("False"));
    let (kind, shape) = (after("'descr': '"), after("'shape': ("));
    let shape: Vec<usize> =
        shape.split(')').next().unwrap_or("").split(',').flat_map(|d| d.trim().parse()).collect();
    let body = &bytes[start..];
    let data: Vec<f64> = match &kind[..3] {
        "<f4" => body.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()).into()).collect(),
        "<f8" => body.chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect(),
        "<i8" => body.chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap()) as f64).collect(),
        "<i4" => body.chunks_exact(4).map(|b| i32::from_le_bytes(b.try_into().unwrap()).into()).collect(),
        "|b1" | "|u1" => body.iter().map(|&b| b.into()).collect(),
        other => panic!("numbers of kind {other}"),
    };
    assert_eq!(data.len(), shape.iter().product::<usize>());
    Array { shape, data }
}
