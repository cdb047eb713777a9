//! The 1,797 handwritten digits of UCI, built in. Source and licence: `digits/README.md`.

use std::io::Read;

use flate2::read::GzDecoder;
use steadygrad_kernels::{Error, Result};

use super::entry::{Entry, Options, trim, trim_test};
use crate::array::Array;
use crate::dataset::Dataset;

pub(super) const ENTRY: Entry = Entry {
    name: "digits",
    summary: "1,797 handwritten digits of 8 × 8 pixels, built in; 10 classes",
    needs: "",
    takes: &["samples", "channels"],
    read: |options| trim(if options.whole { all()? } else { parts()?.0 }, options),
    read_test: |options: &Options| {
        let test = if options.whole { None } else { Some(parts()?.1) };
        trim_test(test, options)
    },
};

/// 64 planes of one byte per sample, and a plane of labels, compressed with gzip.
const PACKED: &[u8] = include_bytes!("digits/digits.bin.gz");
const SAMPLES: usize = 1797;
const SIDE: usize = 8;
const PIXELS: usize = SIDE * SIDE;
/// Samples of the training part, four fifths; the rest are the test part.
const TRAIN: usize = 1437;

/// The digits in two parts: the first 1,437 to train, the last 360 to test.
///
/// The parts are cut in the original order, so they are the same for everyone. The values are 0 to 16, not scaled; the
/// samples have shape (8, 8).
///
/// ```
/// use steadygrad_data::digits;
/// let (train, test) = digits::load()?;
/// let (train, valid) = train.split(0.9)?;
/// assert_eq!((train.len(), valid.len(), test.len()), (1293, 144, 360));
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// None that can be met: the images are part of the program.
pub fn load() -> Result<(Dataset, Dataset)> {
    parts()
}

fn parts() -> Result<(Dataset, Dataset)> {
    all()?.split_at(TRAIN)
}

/// All 1,797 digits in their original order: samples of shape (8, 8) with values 0 to 16, labels 0 to 9.
///
/// ```
/// use steadygrad_data::digits;
/// assert_eq!(digits::all()?.to_string(), "digits: 1797 samples of (8, 8), 10 classes");
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// None that can be met: the images are part of the program.
pub fn all() -> Result<Dataset> {
    let mut planes = Vec::with_capacity(SAMPLES * (PIXELS + 1));
    let whole = GzDecoder::new(PACKED).read_to_end(&mut planes).is_ok();
    if !whole || planes.len() != SAMPLES * (PIXELS + 1) {
        return Err(Error::format("the built-in images are damaged")
            .at("digits")
            .help("build the program anew"));
    }
    let (pixels, labels) = planes.split_at(SAMPLES * PIXELS);
    let mut x = vec![0.0; SAMPLES * PIXELS];
    for (pixel, plane) in pixels.chunks_exact(SAMPLES).enumerate() {
        for (sample, &value) in plane.iter().enumerate() {
            x[sample * PIXELS + pixel] = f32::from(value);
        }
    }
    let x = Array::new([SAMPLES, SIDE, SIDE], x)?;
    let y = Array::new([SAMPLES], labels.iter().map(|&label| f32::from(label)).collect())?;
    let names = (0..10).map(|class| class.to_string());
    Ok(Dataset::new(x, y)?.named("digits").with_range(0.0, 16.0).with_class_names(names))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_images_are_those_of_scikit_learn() {
        let data = all().unwrap();
        data.check().unwrap();
        let labels = data.labels(10).unwrap();
        let count =
            |part: &[usize]| (0..10).map(|c| part.iter().filter(|&&l| l == c).count()).collect::<Vec<_>>();
        assert_eq!(count(&labels), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        assert_eq!(count(&labels[TRAIN..]), [35, 36, 35, 37, 37, 37, 37, 36, 33, 37]);
        assert_eq!(data.x[0].data().iter().map(|&v| v as u64).sum::<u64>(), 561_718);
        assert_eq!(labels[..12], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
        #[rustfmt::skip]
        let zero: [f32; 64] = [
            0., 0.,  5., 13.,  9.,  1.,  0., 0.,
            0., 0., 13., 15., 10., 15.,  5., 0.,
            0., 3., 15.,  2.,  0., 11.,  8., 0.,
            0., 4., 12.,  0.,  0.,  8.,  8., 0.,
            0., 5.,  8.,  0.,  0.,  9.,  8., 0.,
            0., 4., 11.,  0.,  1., 12.,  7., 0.,
            0., 2., 14.,  5., 10., 12.,  0., 0.,
            0., 0.,  6., 13., 10.,  0.,  0., 0.,
        ];
        assert_eq!(data.x[0].row(0), zero);
    }

    #[test]
    fn the_checksum_holds() {
        let mut planes = Vec::new();
        GzDecoder::new(PACKED).read_to_end(&mut planes).unwrap();
        let hash = planes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        assert_eq!(hash, 0xdb14_24e3_c54e_905f, "FNV-1a of the planes");
    }
}
