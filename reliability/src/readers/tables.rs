//! Data: CSV, NPY, NPZ and IDX.

use super::scratch::file;
use crate::mutate::packed::gzipped;
use steadygrad_data::csv::{self, CsvOptions, Target};
use steadygrad_data::{Array, Dataset, idx, npy as arrays};
use steadygrad_formats::npz::{self, NpzOptions};
use steadygrad_kernels::Result;

/// Numbers of a data set.
pub fn numbers(data: &Dataset) -> usize {
    let weights = data.weights.as_ref().map_or(0, Vec::len);
    data.x.iter().chain(&data.y).map(|array| array.data().len()).sum::<usize>() + weights
}

pub fn csv_seeds() -> Vec<Vec<u8>> {
    let wide: String = (0..40).map(|i| format!("column_{i},")).collect();
    let cells: String = (0..40).map(|i| format!("{}.5,", i * 7)).collect();
    [
        "a,b,label\n1,2.5,0\n-3,4e-2,1\n5,6,1\n".to_string(),
        "\u{feff}width;height;species\r\n1.5;2.0;rose\r\n0.5;3.0;\"iris; blue\"\r\n".to_string(),
        "1\t2\n3\t4\n".to_string(),
        format!("{wide}y\n{cells}yes\n{cells}no\n"),
    ]
    .map(String::into_bytes)
    .to_vec()
}

/// To train with, to predict from, and the same file by the schema of the first.
pub fn csv(bytes: &[u8], count: &mut usize) -> Result<()> {
    let options = CsvOptions { target: Target::None, ..CsvOptions::default() };
    if let Ok((data, _)) = csv::parse(bytes, &options) {
        *count += numbers(&data);
    }
    let (data, schema) = csv::parse(bytes, &CsvOptions::default())?;
    *count += numbers(&data);
    data.check()?;
    *count += numbers(&csv::parse_like(&schema, bytes)?);
    csv::parse_like(&schema.without_target(), bytes).map(|data| *count += numbers(&data))
}

/// An NPY file of this kind.
pub fn npy_of(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    [b"\x93NUMPY\x01\0", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), data].concat()
}

fn array(shape: &[usize]) -> Array {
    let len = shape.iter().product::<usize>();
    Array::new(shape, (0..len).map(|i| i as f32 - 2.5).collect()).expect("the shape is that of the numbers")
}

pub fn npy_seeds() -> Vec<Vec<u8>> {
    let second =
        [b"\x93NUMPY\x02\0", &118_u32.to_le_bytes()[..], &arrays::to_bytes(&array(&[2]))[10..]].concat();
    vec![
        arrays::to_bytes(&array(&[4, 3])),
        npy_of("'<f8'", "True", "(2, 3, 2)", &[0; 96]),
        npy_of("'>i4'", "False", "(5,)", &[1; 20]),
        npy_of("'|u1'", "False", "(2, 4, 4)", &[200; 32]),
        second,
    ]
}

pub fn npy(bytes: &[u8], count: &mut usize) -> Result<()> {
    let array = arrays::read(file("x.npy", bytes)?)?;
    *count = array.data().len();
    Ok(())
}

pub fn npz_seeds() -> Vec<Vec<u8>> {
    let (x, y) = (array(&[5, 2]), array(&[5]));
    let all = npz::to_bytes(&[("x_train", &x), ("y_train", &y), ("x_test", &x), ("y_test", &y)]);
    let two = npz::to_bytes(&[("x", &x), ("y", &y), ("weights", &y)]);
    let packed = crate::mutate::packed::pack(
        &[("x.npy".to_string(), npy_of("'|u1'", "False", "(2, 4, 4)", &[200; 32]))],
        zip::CompressionMethod::Deflated,
    );
    let kept = include_bytes!("../../../crates/steadygrad/tests/kept_files/keras_2/adam.npz").to_vec();
    vec![all.expect("names differ"), two.expect("names differ"), packed.expect("it can be packed"), kept]
}

pub fn npz(bytes: &[u8], count: &mut usize) -> Result<()> {
    let path = file("x.npz", bytes)?;
    let (train, test) = npz::load(&path, &NpzOptions::default())?;
    *count = numbers(&train) + test.as_ref().map_or(0, numbers);
    train.check()?;
    let all = npz::read(&path)?;
    *count += all.iter().map(|(_, array)| array.data().len()).sum::<usize>();
    Ok(())
}

pub fn idx_seeds() -> Vec<Vec<u8>> {
    let images = [&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 4][..], &[9; 32]].concat();
    let floats = [&[0, 0, 13, 1, 0, 0, 0, 3][..], &[0; 12]].concat();
    let packed = gzipped(&images).expect("it can be packed");
    vec![images, floats, vec![0, 0, 8, 1, 0, 0, 0, 3, 0, 1, 2], packed]
}

pub fn idx(bytes: &[u8], count: &mut usize) -> Result<()> {
    *count = idx::read(file("x-idx3-ubyte", bytes)?)?.data().len();
    Ok(())
}
