//! An image from the bytes of its file: PNG or JPEG, by what it begins with and not by its name.

use steadygrad_kernels::{Error, Result};

use super::color::ColorMode;
use super::{jpeg, png};

/// An image of bytes, row by row, the numbers of a pixel side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// What its pixels are.
    pub color_mode: ColorMode,
    /// Height · width · channels bytes.
    pub pixels: Vec<u8>,
}

/// An image may have so many pixels: what has more is no sample to train on.
const MOST_PIXELS: u64 = 100_000_000;

/// Beginnings of files that are images and not read here.
const OTHERS: [(&[u8], &str); 6] = [
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"RIFF", "WebP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"\0\0\0\x0cjP", "JPEG 2000"),
];

/// Decodes the bytes of a PNG or JPEG file.
///
/// PNG of 1 to 16 bits, grey, in colour or with a palette, with and without transparency, interlaced or not; of 16 bits the
/// upper 8 are kept, of an animation the first image. JPEG, baseline and progressive, grey or in colour; CMYK is turned into
/// colours. Marks of orientation, gamma and colour profiles are not looked at. All as in Keras, but for what JPEG leaves open
/// (how a cosine is rounded, how colours of half the resolution are smoothed): values differ by one or two of 255 on average from
/// TensorFlow's, which decodes fast and less exactly. Two oddities of TensorFlow are not followed: an opacity of 1, 3 or 15 in
/// place of 255 where pixels have less than 8 bits, and that JPEG is refused as RGBA.
///
/// ```
/// use steadygrad_formats::images::{ColorMode, decode};
/// let error = decode(b"GIF89a\x01\x00", ColorMode::Rgb).unwrap_err().to_string();
/// assert!(error.starts_with("a GIF image"));
/// ```
///
/// # Errors
/// Where the bytes are no such image, are truncated or damaged, or declare a size that they cannot hold.
pub fn decode(bytes: &[u8], color_mode: ColorMode) -> Result<Image> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return png::decode(bytes, color_mode);
    }
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        return jpeg::decode(bytes, color_mode);
    }
    if bytes.is_empty() {
        return Err(Error::format("the file is empty").help("take it away, or get it again"));
    }
    if let Some((_, name)) = OTHERS.iter().find(|(start, _)| bytes.starts_with(start)) {
        return Err(Error::unsupported(format!("a {name} image; PNG and JPEG are read")).help(CONVERT));
    }
    Err(Error::format("neither a PNG nor a JPEG image, whatever its name says")
        .help("take it away, or get it again"))
}

/// What to do with an image of another kind.
pub(super) const CONVERT: &str = "convert it to PNG, which loses nothing, or take it away";

/// Whether an image of this size is one to read: not empty, not too large, and no larger than `most` pixels, which is what so
/// many bytes can hold at best.
pub(super) fn check_size(height: u64, width: u64, bytes: usize, most: u64) -> Result<()> {
    let pixels = height.saturating_mul(width);
    if pixels == 0 {
        return Err(Error::format(format!("it declares the size {height} × {width}"))
            .help("the file is damaged: get it again"));
    }
    if pixels > most {
        let what =
            format!("it declares the size {height} × {width}, which is more than its {bytes} bytes can hold");
        return Err(Error::format(what).help("the file is truncated or damaged: get it again"));
    }
    if pixels > MOST_PIXELS {
        let what = format!("expected at most {MOST_PIXELS} pixels, got {height} × {width}");
        return Err(Error::data(what).help("make the image smaller before training on it"));
    }
    Ok(())
}

/// An error of a decoder.
pub(super) fn damaged(kind: &str, cause: &dyn std::fmt::Display) -> Error {
    Error::format(format!("the {kind} image cannot be read: {cause}"))
        .help("the file is truncated, damaged or of a rare kind: open and save it with another program, or take it away")
}
