//! Images: PNG and JPEG.

use steadygrad_formats::images::{ColorMode, decode};
use steadygrad_kernels::Result;

pub fn png_seeds() -> Vec<Vec<u8>> {
    let of = |color, depth, data: &[u8]| {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 4, 2);
        encoder.set_color(color);
        encoder.set_depth(depth);
        if color == png::ColorType::Indexed {
            encoder.set_palette(vec![10, 20, 30, 200, 100, 0]);
            encoder.set_trns(vec![7]);
        }
        let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(data));
        written.expect("the data have the size of the image");
        bytes
    };
    vec![
        of(png::ColorType::Rgb, png::BitDepth::Eight, &[7; 24]),
        of(png::ColorType::Grayscale, png::BitDepth::One, &[0xa0; 2]),
        of(png::ColorType::Indexed, png::BitDepth::Eight, &[0, 1, 0, 1, 1, 0, 1, 0]),
        of(png::ColorType::Rgba, png::BitDepth::Sixteen, &[3; 64]),
    ]
}

pub fn jpeg_seeds() -> Vec<Vec<u8>> {
    let of = |progressive, color, size: u16, channels: usize| {
        let mut bytes = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 80);
        encoder.set_progressive(progressive);
        let data: Vec<u8> =
            (0..usize::from(size) * usize::from(size) * channels).map(|i| (i * 37) as u8).collect();
        encoder.encode(&data, size, size, color).expect("the data have the size of the image");
        bytes
    };
    vec![
        of(false, jpeg_encoder::ColorType::Rgb, 16, 3),
        of(true, jpeg_encoder::ColorType::Rgb, 17, 3),
        of(false, jpeg_encoder::ColorType::Luma, 9, 1),
        of(false, jpeg_encoder::ColorType::Cmyk, 8, 4),
    ]
}

/// In colours and in grey.
pub fn read(bytes: &[u8], count: &mut usize) -> Result<()> {
    let grey = decode(bytes, ColorMode::Grayscale).map(|image| image.pixels.len());
    // Of a decoded picture the law counts pixels of all its channels, whichever are kept.
    *count += 4 * grey.as_ref().unwrap_or(&0);
    let image = decode(bytes, ColorMode::Rgba)?;
    *count += image.pixels.len();
    grey.map(|_| ())
}
