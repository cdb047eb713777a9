//! JPEG files, by the `zune-jpeg` crate without its code for single instruction sets: the same bytes on every machine.

use steadygrad_kernels::{Error, Result};
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::color::ColorMode;
use super::decode::{CONVERT, Image, check_size, damaged};

/// The largest side that the format can declare.
const MOST_SIDE: usize = 65_535;

/// Decodes the bytes of a JPEG file.
pub(super) fn decode(bytes: &[u8], color_mode: ColorMode) -> Result<Image> {
    if !reads(bytes) {
        return Err(Error::unsupported(
            "a JPEG image whose first colour or ink has fewer pixels than another one",
        )
        .help(CONVERT));
    }
    // Strict: what is truncated is an error, and not an image that is grey below.
    let options =
        DecoderOptions::new_safe().set_strict_mode(true).set_max_width(MOST_SIDE).set_max_height(MOST_SIDE);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(told)?;
    let (Some((width, height)), Some(stored)) = (decoder.dimensions(), decoder.input_colorspace()) else {
        return Err(damaged("JPEG", &"it has no size"));
    };
    // A block of 8 × 8 pixels takes a bit at least.
    check_size(height as u64, width as u64, bytes.len(), (bytes.len() as u64).saturating_mul(64 * 8))?;
    // Of brightness and colour the first is grey; what is stored as red, green and blue, or as inks, is weighed.
    let is_grey = stored == ColorSpace::Luma;
    let grey = is_grey || (stored == ColorSpace::YCbCr && color_mode == ColorMode::Grayscale);
    let (wanted, channels) = if grey { (ColorSpace::Luma, 1) } else { (ColorSpace::RGB, 3) };
    decoder.set_options(options.jpeg_set_out_colorspace(wanted));
    let pixels = decoder.decode().map_err(told)?;
    if pixels.len() != height * width * channels {
        return Err(damaged("JPEG", &"it holds another number of pixels than it declares"));
    }
    Ok(Image { height, width, color_mode, pixels: color_mode.convert(pixels, channels) })
}

/// Whether the decoder can hold it: of images that come in several scans it makes room for a row by the first colour or ink, which then
/// must be the finest; from other files it panics. Some programs write inks so.
fn reads(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(2..).unwrap_or_default();
    let (mut progressive, mut sampling): (bool, Vec<u8>) = (false, Vec::new());
    while let Some((&first, after)) = rest.split_first() {
        let Some(&marker) = after.first().filter(|_| first == 0xff) else {
            rest = after;
            continue;
        };
        let Some(length) = after.get(1..3).map(|l| usize::from(u16::from_be_bytes([l[0], l[1]]))) else {
            break;
        };
        let Some(segment) = after.get(1..1 + length.max(2)) else { break };
        match marker {
            0xff => {
                rest = after;
                continue;
            }
            // The frame: precision, height, width, and of each colour a number, its sampling, and its table.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                progressive |= marker == 0xc2;
                sampling = segment.get(8..).unwrap_or_default().chunks_exact(3).map(|part| part[1]).collect();
            }
            // The first scan: the number of its colours.
            0xda => {
                let several = progressive || segment.get(2).is_some_and(|n| usize::from(*n) < sampling.len());
                let finer = |one: &u8| one >> 4 > sampling[0] >> 4 || one & 15 > sampling[0] & 15;
                return !(several && sampling.iter().any(finer));
            }
            _ => {}
        }
        rest = &after[1 + segment.len()..];
    }
    true
}

fn told(cause: DecodeErrors) -> Error {
    match cause {
        DecodeErrors::ExhaustedData | DecodeErrors::IoErrors(_) => damaged("JPEG", &"it ends too early"),
        other => damaged("JPEG", &other.to_string().trim()),
    }
}
