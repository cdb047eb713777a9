//! Writing.

use super::{Attribute, Group, Numbers, Values};
use hdf5_pure::{AttrValue, FileBuilder};
use steadygrad_kernels::{Error, Result};

/// The tree as the bytes of an HDF5 file, which h5py and Keras open. Nothing is compressed, as in Keras' own files.
///
/// # Errors
/// If a name is empty or has a `/`, or the file cannot be put together.
pub fn write(tree: &Group) -> Result<Vec<u8>> {
    let mut file = FileBuilder::new();
    for (name, value) in &tree.attributes {
        file.set_attr(name, attribute(value));
    }
    for (name, array) in &tree.arrays {
        check(name)?;
        fill(file.create_dataset(name), array);
    }
    for (name, group) in &tree.groups {
        check(name)?;
        let mut within = file.create_group(name);
        put(&mut within, group)?;
        file.add_group(within.finish());
    }
    file.finish().map_err(|e| Error::format(format!("the HDF5 file cannot be written: {e}")))
}

fn put(to: &mut hdf5_pure::GroupBuilder, from: &Group) -> Result<()> {
    for (name, value) in &from.attributes {
        to.set_attr(name, attribute(value));
    }
    for (name, array) in &from.arrays {
        check(name)?;
        fill(to.create_dataset(name), array);
    }
    for (name, group) in &from.groups {
        check(name)?;
        let mut within = to.create_group(name);
        put(&mut within, group)?;
        to.add_group(within.finish());
    }
    Ok(())
}

fn check(name: &str) -> Result<()> {
    if name.is_empty() || name.contains('/') || name == "." {
        return Err(Error::argument(format!("`{name}` cannot be a name in an HDF5 file"))
            .help("a name has one letter or more, and no `/`"));
    }
    Ok(())
}

fn attribute(value: &Attribute) -> AttrValue {
    match value {
        Attribute::Text(text) => AttrValue::VarLenString(text.clone()),
        Attribute::Texts(texts) => AttrValue::VarLenStringArray(texts.clone()),
        Attribute::Numbers(numbers) => AttrValue::F64Array(numbers.clone()),
    }
}

fn fill(to: &mut hdf5_pure::DatasetBuilder, from: &Numbers) {
    let shape: Vec<u64> = from.shape.iter().map(|&d| d as u64).collect();
    match &from.values {
        Values::Float(values) => to.with_f32_data(values),
        Values::Whole(values) => to.with_i64_data(values),
        Values::Unsigned(values) => to.with_u32_data(values),
    };
    to.with_shape(&shape);
}
