//! PNG files, by the `png` crate.

use std::io::Cursor;

use png::{BitDepth, Decoder, DecodingError, Transformations};
use steadygrad_kernels::{Error, Result};

use super::color::ColorMode;
use super::decode::{Image, check_size, damaged};

/// Decodes the bytes of a PNG file.
pub(super) fn decode(bytes: &[u8], color_mode: ColorMode) -> Result<Image> {
    let mut decoder = Decoder::new(Cursor::new(bytes));
    decoder.ignore_checksums(false);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    // Palettes as colours, transparent colours as opacity.
    decoder.set_transformations(Transformations::EXPAND);
    let info = decoder.read_header_info().map_err(told)?;
    let deep = info.bit_depth == BitDepth::Sixteen;
    let (height, width) = (u64::from(info.height), u64::from(info.width));
    let bits = info.color_type.samples() as u64 * info.bit_depth as u64;
    // Deflate cannot shrink data by more than 1032 : 1.
    check_size(height, width, bytes.len(), (bytes.len() as u64).saturating_mul(1032 * 8) / bits)?;
    let mut reader = decoder.read_info().map_err(told)?;
    // The decoder takes a palette as it comes, and panics where it is not one of whole colours.
    if let Some(palette) = &reader.info().palette
        && (!palette.len().is_multiple_of(3) || palette.len() > 3 * 256)
    {
        return Err(damaged(
            "PNG",
            &format!("its palette has {} bytes, not three for each of 256 colours at most", palette.len()),
        ));
    }
    let size = reader.output_buffer_size().ok_or_else(|| damaged("PNG", &"it is larger than memory"))?;
    let mut pixels = vec![0; size];
    let frame = reader.next_frame(&mut pixels).map_err(told)?;
    // What follows the image has checksums too, and an end.
    reader.finish().map_err(told)?;
    pixels.truncate(frame.buffer_size());
    let samples = frame.color_type.samples();
    let pixels = match deep {
        // Colours are weighed in 16 bits and rounded, as libpng does it.
        true if color_mode == ColorMode::Grayscale && samples >= 3 => deep_grey(&pixels, samples),
        true => color_mode.convert(pixels.into_iter().step_by(2).collect(), samples),
        false => color_mode.convert(pixels, samples),
    };
    Ok(Image { height: frame.height as usize, width: frame.width as usize, color_mode, pixels })
}

/// The upper byte of grey of 16 bits, of pixels of so many big-endian samples.
fn deep_grey(pixels: &[u8], samples: usize) -> Vec<u8> {
    let sample = |p: &[u8], i: usize| u32::from(u16::from_be_bytes([p[2 * i], p[2 * i + 1]]));
    let grey =
        |p: &[u8]| (9797 * sample(p, 0) + 19234 * sample(p, 1) + 3737 * sample(p, 2) + (1 << 14)) >> 15;
    pixels.chunks_exact(2 * samples).map(|p| (grey(p) >> 8) as u8).collect()
}

fn told(cause: DecodingError) -> Error {
    match &cause {
        DecodingError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            damaged("PNG", &"it ends too early")
        }
        _ => damaged("PNG", &cause),
    }
}
