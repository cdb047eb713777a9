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
///
/// Everything that might be a frame is looked at, wherever it stands: what the decoder takes for the frame is among them.
fn reads(bytes: &[u8]) -> bool {
    // How many colours each scan has.
    let scans: Vec<u8> =
        bytes.windows(5).filter(|at| at.starts_with(&[0xff, 0xda])).map(|at| at[4]).collect();
    let fits = |at: usize| {
        let marker = bytes[at + 1];
        // Length, precision, height, width, the number of colours; of each a number, its sampling, and its table.
        let Some(frame) = bytes.get(at + 2..).filter(|_| matches!(marker, 0xc0..=0xc2)) else { return true };
        let Some((head, colours)) = frame.split_first_chunk::<8>() else { return true };
        let count = usize::from(head[7]);
        // What has another length is no frame, for the decoder neither.
        if usize::from(u16::from_be_bytes([head[0], head[1]])) != 8 + 3 * count || count < 2 {
            return true;
        }
        let sampling = colours.chunks_exact(3).take(count).map(|colour| colour[1]);
        let most = |of: fn(u8) -> u8| sampling.clone().map(of).max() > sampling.clone().map(of).next();
        let several = marker == 0xc2 || scans != [head[7]];
        !(several && (most(|s| s >> 4) || most(|s| s & 15)))
    };
    bytes.windows(2).enumerate().all(|(at, pair)| pair[0] != 0xff || fits(at))
}

fn told(cause: DecodeErrors) -> Error {
    match cause {
        DecodeErrors::ExhaustedData | DecodeErrors::IoErrors(_) => damaged("JPEG", &"it ends too early"),
        other => damaged("JPEG", &other.to_string().trim()),
    }
}
