//! Images made on the spot: their values, and what is said of those that are broken.

mod files;
mod folders;

use super::*;

/// A PNG file of this size and kind with these samples.
fn png_of(width: u32, height: u32, kind: ::png::ColorType, depth: ::png::BitDepth, data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(kind);
    encoder.set_depth(depth);
    if kind == ::png::ColorType::Indexed {
        encoder.set_palette(vec![10, 20, 30, 200, 100, 0]);
        encoder.set_trns(vec![7]);
    }
    encoder.write_header().unwrap().write_image_data(data).unwrap();
    bytes
}

/// A PNG file in red, green and blue.
fn rgb(width: u32, height: u32, data: &[u8]) -> Vec<u8> {
    png_of(width, height, ::png::ColorType::Rgb, ::png::BitDepth::Eight, data)
}

/// A PNG file of this size in one colour.
fn plain(width: u32, height: u32, color: [u8; 3]) -> Vec<u8> {
    rgb(width, height, &color.repeat((width * height) as usize))
}

/// A JPEG file of this size in one colour.
fn jpeg_of(
    width: u16,
    height: u16,
    color: [u8; 3],
    set: impl Fn(&mut jpeg_encoder::Encoder<&mut Vec<u8>>),
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 95);
    set(&mut encoder);
    let data = color.repeat(usize::from(width) * usize::from(height));
    encoder.encode(&data, width, height, jpeg_encoder::ColorType::Rgb).unwrap();
    bytes
}

/// A folder with these files.
fn place(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = place.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    place
}
