//! Reading.

use super::{Attribute, Group, Numbers, Values};
use hdf5_pure::{AttrValue, DType, Dataset, File, Layout};
use std::panic::{AssertUnwindSafe, catch_unwind};
use steadygrad_kernels::{Error, Place, Result};

/// How deeply groups may lie in each other: a model within a model takes three.
const DEEPEST: usize = 64;
/// Groups and arrays of a file.
const MOST: usize = 200_000;
/// What all arrays together may grow to against their file. Keras compresses nothing; deflate packs weights to nine tenths, and zeros to a
/// thousandth.
const GROWTH: usize = 32;
/// What the arrays of any file may take.
const SMALL: usize = 16 << 20;
/// Bytes of all arrays together.
const LARGEST: usize = 4 << 30;

/// The tree in these bytes.
///
/// ```
/// use steadygrad_formats::hdf5::{self, Group, Numbers, Values};
/// let kernel = Numbers { shape: vec![1, 2], values: Values::Float(vec![0.5, -1.0]) };
/// let mut tree = Group::default();
/// tree.make("dense").arrays.push(("kernel".into(), kernel.clone()));
/// let again = hdf5::read(hdf5::write(&tree)?)?;
/// assert_eq!(again.array("dense/kernel"), Some(&kernel));
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// If this is no HDF5 file, if it is damaged, or if it is more than it may be.
pub fn read(bytes: Vec<u8>) -> Result<Group> {
    if !hdf5_pure::is_hdf5_bytes(&bytes) {
        return Err(Error::format("this is not an HDF5 file")
            .help("Keras writes .keras, .h5 and .weights.h5 files; was it downloaded whole?"));
    }
    let size = bytes.len();
    // The parser is not ours, and a file may be made to break it: a panic of its must not be one of our callers'.
    let tree = catch_unwind(AssertUnwindSafe(|| {
        let file = File::from_bytes(bytes).map_err(broken)?;
        let mut budget =
            Budget { objects: MOST, bytes: LARGEST.min(size.saturating_mul(GROWTH).max(SMALL)), file: size };
        group(&file.root(), 0, &mut budget)
    }));
    tree.unwrap_or_else(|_| Err(Error::format("the HDF5 file is damaged in a way that cannot be read")))
}

/// What may still be read.
struct Budget {
    objects: usize,
    bytes: usize,
    file: usize,
}

fn broken(error: hdf5_pure::Error) -> Error {
    let text: String = error.to_string().chars().filter(|c| !c.is_control()).take(200).collect();
    Error::format(format!("the HDF5 file is damaged, or has what is not read here: {text}"))
}

/// A name from a file as an error may show it.
fn shown(name: &str) -> String {
    let text: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
    format!("`{text}`")
}

fn group(from: &hdf5_pure::Group, depth: usize, budget: &mut Budget) -> Result<Group> {
    if depth > DEEPEST {
        return Err(Error::format(format!(
            "groups lie more than {DEEPEST} deep in each other, or in a circle"
        )));
    }
    let mut to = Group { attributes: attributes(from.attrs().map_err(broken)?), ..Group::default() };
    for (name, dataset) in from.iter_datasets().map_err(broken)? {
        budget.take_object()?;
        let array = array(&dataset, budget).place(|| shown(&name))?;
        to.arrays.push((name, array));
    }
    for (name, within) in from.iter_groups().map_err(broken)? {
        budget.take_object()?;
        let within = group(&within, depth + 1, budget).place(|| shown(&name))?;
        to.groups.push((name, within));
    }
    // In the order of their names, whatever the file's is.
    to.arrays.sort_by(|a, b| a.0.cmp(&b.0));
    to.groups.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(to)
}

impl Budget {
    fn take_object(&mut self) -> Result<()> {
        self.objects = self.objects.checked_sub(1).ok_or_else(|| {
            Error::format(format!("more than {MOST} groups and arrays, or a circle of them"))
        })?;
        Ok(())
    }
}

fn attributes(from: std::collections::HashMap<String, AttrValue>) -> Vec<(String, Attribute)> {
    let mut all: Vec<(String, Attribute)> = from
        .into_iter()
        .filter_map(|(name, value)| {
            let value = if let Some(text) = value.as_str() {
                Attribute::Text(text.to_string())
            } else if let Some(texts) = value.as_strings() {
                Attribute::Texts(texts.to_vec())
            } else {
                Attribute::Numbers(value.to_f64s()?)
            };
            Some((name, value))
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn array(from: &Dataset, budget: &mut Budget) -> Result<Numbers> {
    let shape: Vec<usize> = from
        .shape()
        .map_err(broken)?
        .into_iter()
        .map(usize::try_from)
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| too_large())?;
    let count = shape.iter().try_fold(1_usize, |n, &d| n.checked_mul(d)).ok_or_else(too_large)?;
    let each = usize::try_from(from.element_size().map_err(broken)?).map_err(|_| too_large())?.max(1);
    // Whole numbers are kept in eight bytes.
    let bytes = count.checked_mul(each.max(8)).ok_or_else(too_large)?;
    let packed = from.is_chunked() || !from.filters().is_empty();
    // What is not compressed stands in the file as it is.
    if !packed && count.saturating_mul(each) > budget.file || bytes > budget.bytes {
        return Err(too_large());
    }
    budget.bytes -= bytes;
    match from.layout().map_err(broken)? {
        Layout::Compact { .. } | Layout::Contiguous { .. } | Layout::Chunked { .. } => {}
        _ => return Err(Error::format("its numbers are in another file, which is not opened")),
    }
    let values = match from.dtype().map_err(broken)? {
        DType::F32 | DType::F64 => Values::Float(from.read_f32().map_err(broken)?),
        DType::U32 => Values::Unsigned(from.read_u32().map_err(broken)?),
        DType::I8 | DType::I16 | DType::I32 | DType::I64 | DType::U8 | DType::U16 | DType::U64 => {
            Values::Whole(from.read_i64().map_err(broken)?)
        }
        // Half floats are converted by the parser, or refused by it.
        DType::Other(_) => Values::Float(from.read_f32().map_err(broken)?),
        other => return Err(Error::format(format!("expected numbers, found {other}"))),
    };
    if values.len() != count {
        return Err(Error::format(format!("expected {count} numbers, found {}", values.len())));
    }
    Ok(Numbers { shape, values })
}

fn too_large() -> Error {
    Error::format(format!(
        "it says to be larger than its file can hold, or all arrays together than {GROWTH} times their file or {LARGEST} bytes"
    ))
    .help("the file is damaged, or made to fill the memory: get it again, or save the model anew")
}
