//! Many files into one array, on all cores, with the same result on any number of them.

use std::path::{Path, PathBuf};

use steadygrad_data::{Array, file};
use steadygrad_kernels::{Error, Kind, Place, Result};

use super::Reading;
use super::decode::{Image, decode};
use super::resize::resize;

/// The image in this file.
pub(super) fn read(path: &Path, reading: &Reading) -> Result<Image> {
    decode(&file::read(path)?, reading.color_mode).place(|| path.display().to_string())
}

/// The images in these files, of which there is one at least, in their order: shape (files, height, width, channels).
///
/// They are resized if the reading says so; else all must have the size of the first, or the size `like` where it is given.
pub(super) fn read_all(files: &[PathBuf], reading: &Reading, like: Option<[usize; 2]>) -> Result<Array> {
    let (size, why) = match (reading.image_size, like) {
        (Some(size), _) => (size, String::new()),
        (None, Some(size)) => (size, "those of training are".to_string()),
        (None, None) => {
            let first = read(&files[0], reading)?;
            ([first.height, first.width], format!("the first, {}, is", files[0].display()))
        }
    };
    let [height, width] = size;
    let shape = [files.len(), height, width, reading.color_mode.channels()];
    let mut values = zeros(&shape)?;
    let row = values.len() / files.len().max(1);
    let one = |file: &PathBuf, out: &mut [f32]| -> Result<()> {
        let image = read(file, reading)?;
        if reading.image_size.is_none() && [image.height, image.width] != size {
            let what = format!(
                "it is {} × {} (height × width), and {why} {height} × {width}",
                image.height, image.width
            );
            let help = match like {
                Some(_) => format!(
                    "resize it, or train with image_size = [{height}, {width}], which resizes all images"
                ),
                None => format!("bring all images to one size: image_size = [{height}, {width}]"),
            };
            return Err(Error::shape(what).at(file.display().to_string()).help(help));
        }
        resize(&image, size, out);
        Ok(())
    };
    // Each thread takes files that lie side by side and stops at its first error: the first of the errors is that of the first
    // file that has one.
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = files.len().div_ceil(threads).max(1);
    let part = |files: &[PathBuf], out: &mut [f32]| {
        files.iter().zip(out.chunks_exact_mut(row)).try_for_each(|(file, out)| one(file, out))
    };
    std::thread::scope(|scope| {
        let parts = files.chunks(share).zip(values.chunks_mut(share * row));
        let running: Vec<_> = parts.map(|(files, out)| scope.spawn(|| part(files, out))).collect();
        let ended = running.into_iter().map(|thread| match thread.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        ended.collect::<Vec<Result<()>>>().into_iter().collect::<Result<()>>()
    })?;
    Array::new(shape, values)
}

/// So many zeros, if there is memory for them.
fn zeros(shape: &[usize; 4]) -> Result<Vec<f32>> {
    let refused = || {
        let [files, height, width, channels] = shape;
        let bytes = shape.iter().fold(4.0, |bytes, &n| bytes * n as f64);
        let what = format!(
            "{files} images of {height} × {width} × {channels} take {:.1} GB of memory, which the system refuses",
            bytes / 1e9
        );
        Error::new(Kind::Memory, what).help("resize them: image_size = [64, 64]; or train on fewer")
    };
    let size = shape.iter().try_fold(1_usize, |size, &n| size.checked_mul(n)).ok_or_else(refused)?;
    let mut values = Vec::new();
    values.try_reserve_exact(size).map_err(|_| refused())?;
    values.resize(size, 0.0);
    Ok(values)
}
