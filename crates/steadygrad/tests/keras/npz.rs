//! A reader for the reference's NPZ files: not compressed, and with single numbers, which are no arrays to the library.

use std::collections::HashMap;
use std::path::Path;

/// An array of the reference; a single number has no axes.
#[derive(Debug, Clone)]
pub struct Numbers {
    /// All axes.
    pub shape: Vec<usize>,
    /// The numbers, row-major.
    pub data: Vec<f64>,
}

impl Numbers {
    /// Rounded to f32; exact where the file has f32.
    pub fn f32(&self) -> Vec<f32> {
        self.data.iter().map(|&x| x as f32).collect()
    }
}

/// All arrays of a file, by name.
pub fn read(path: &Path) -> HashMap<String, Numbers> {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    entries(&bytes).map(|(name, npy)| (name.trim_end_matches(".npy").to_string(), parse(npy))).collect()
}

fn u16_at(bytes: &[u8], at: usize) -> usize {
    u16::from_le_bytes([bytes[at], bytes[at + 1]]).into()
}

fn u32_at(bytes: &[u8], at: usize) -> usize {
    u16_at(bytes, at) | u16_at(bytes, at + 2) << 16
}

/// Names and contents, in the order of the archive's directory.
fn entries(bytes: &[u8]) -> impl Iterator<Item = (String, &[u8])> {
    let end = bytes.windows(4).rposition(|w| w == b"PK\x05\x06").expect("a ZIP archive has an end record");
    let mut at = u32_at(bytes, end + 16);
    (0..u16_at(bytes, end + 10)).map(move |_| {
        assert_eq!(u16_at(bytes, at + 10), 0, "the reference's archives are not compressed");
        let (size, name, extra, comment, local) = (
            u32_at(bytes, at + 24),
            u16_at(bytes, at + 28),
            u16_at(bytes, at + 30),
            u16_at(bytes, at + 32),
            u32_at(bytes, at + 42),
        );
        let text = String::from_utf8_lossy(&bytes[at + 46..at + 46 + name]).into_owned();
        let start = local + 30 + u16_at(bytes, local + 26) + u16_at(bytes, local + 28);
        at += 46 + name + extra + comment;
        (text, &bytes[start..start + size])
    })
}

/// An NPY file: `\x93NUMPY`, version, length of the header, header, numbers.
fn parse(npy: &[u8]) -> Numbers {
    let (header, start) = match npy[6] {
        1 => (u16_at(npy, 8), 10),
        _ => (u32_at(npy, 8), 12),
    };
    let text = String::from_utf8_lossy(&npy[start..start + header]).into_owned();
    let data = &npy[start + header..];
    let value = |key: &str| text.split_once(&format!("'{key}':")).expect("a NPY header has this key").1;
    let shape = value("shape").split_once('(').and_then(|(_, s)| s.split_once(')')).expect("a shape").0;
    let shape: Vec<usize> =
        shape.split(',').map(str::trim).filter(|d| !d.is_empty()).map(|d| d.parse().unwrap()).collect();
    assert!(value("fortran_order").trim_start().starts_with("False"));
    let kind = value("descr").split('\'').nth(1).expect("a type");
    let data = match kind {
        "<f4" => data.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()).into()).collect(),
        "<f8" => data.chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect(),
        "<i4" => data.chunks_exact(4).map(|b| i32::from_le_bytes(b.try_into().unwrap()).into()).collect(),
        "<i8" => data.chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap()) as f64).collect(),
        "|b1" => data.iter().map(|&b| f64::from(b)).collect(),
        other => panic!("no reader for numbers of the type {other}"),
    };
    Numbers { shape, data }
}
