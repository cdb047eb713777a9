//! Single files: every kind of PNG and JPEG, and damage of every kind.

use ::png::{BitDepth, ColorType};
use proptest::prelude::*;

use super::*;

/// Two rows of three pixels.
const SIX: [u8; 18] = [10, 200, 30, 250, 5, 90, 77, 88, 99, 0, 0, 255, 60, 61, 62, 255, 128, 1];

fn pixels(bytes: &[u8], mode: ColorMode) -> Vec<u8> {
    decode(bytes, mode).unwrap().pixels
}

#[test]
fn values_are_those_of_keras() {
    let file = rgb(3, 2, &SIX);
    // Of keras.utils.image_dataset_from_directory, Keras 3.15.1 on TensorFlow 2.21.
    #[rustfmt::skip]
    let keras: [(ColorMode, [usize; 2], &[f32]); 5] = [
        (ColorMode::Rgb, [3, 5], &[
            10.0, 200.0, 30.0, 106.00001, 121.99999, 54.0, 250.0, 5.0, 90.0, 146.19998, 54.80001, 95.4, 77.0, 88.0, 99.0,
            5.0, 100.0, 142.5, 65.0, 73.2, 115.899994, 155.0, 33.0, 76.0, 161.6, 78.000015, 60.399994, 166.0, 108.0, 50.0,
            0.0, 0.0, 255.0, 24.000002, 24.400002, 177.79999, 60.0, 61.0, 62.0, 177.00003, 101.20001, 25.39999, 255.0, 128.0, 1.0,
        ]),
        (ColorMode::Rgb, [1, 2], &[42.5, 83.25, 125.875, 163.25, 89.25, 56.5]),
        (ColorMode::Grayscale, [3, 5], &[
            123.0, 108.6, 87.0, 85.8, 85.0, 76.0, 75.0, 73.5, 100.20001, 118.0, 29.0, 41.4, 60.0, 114.60001, 151.0,
        ]),
        (ColorMode::Grayscale, [1, 2], &[75.375, 106.875]),
        (ColorMode::Grayscale, [2, 3], &[123.0, 87.0, 85.0, 29.0, 60.0, 151.0]),
    ];
    let place = place(&[("a.png", &file)]);
    for (mode, size, expected) in keras {
        let (data, files) = folder(place.path()).image_size(size).color_mode(mode).samples().unwrap();
        assert_eq!(data.x[0].shape(), [1, size[0], size[1], mode.channels()]);
        assert_eq!(data.x[0].data(), expected, "{mode:?} {size:?}");
        assert_eq!(files, [place.path().join("a.png")]);
    }
}

#[test]
fn every_kind_of_png_is_read() {
    let modes = ColorMode::ALL;
    let check = |name: &str, bytes: &[u8], expected: [&[u8]; 3]| {
        for (mode, expected) in modes.into_iter().zip(expected) {
            assert_eq!(pixels(bytes, mode), expected, "{name} as {mode:?}");
        }
    };
    let one = |kind, depth, data: &[u8]| png_of(1, 1, kind, depth, data);
    check("grey", &one(ColorType::Grayscale, BitDepth::Eight, &[9]), [&[9], &[9, 9, 9], &[9, 9, 9, 255]]);
    check(
        "grey of 16 bits",
        &one(ColorType::Grayscale, BitDepth::Sixteen, &[9, 255]),
        [&[9], &[9; 3], &[9, 9, 9, 255]],
    );
    check(
        "grey of 4 bits",
        &one(ColorType::Grayscale, BitDepth::Four, &[0x50]),
        [&[85], &[85; 3], &[85, 85, 85, 255]],
    );
    check(
        "black and white",
        &one(ColorType::Grayscale, BitDepth::One, &[0x80]),
        [&[255], &[255; 3], &[255; 4]],
    );
    check(
        "grey and opacity",
        &one(ColorType::GrayscaleAlpha, BitDepth::Eight, &[9, 7]),
        [&[9], &[9; 3], &[9, 9, 9, 7]],
    );
    check(
        "the same of 16 bits",
        &one(ColorType::GrayscaleAlpha, BitDepth::Sixteen, &[9, 200, 7, 200]),
        [&[9], &[9; 3], &[9, 9, 9, 7]],
    );
    check(
        "colour",
        &one(ColorType::Rgb, BitDepth::Eight, &SIX[..3]),
        [&[123], &[10, 200, 30], &[10, 200, 30, 255]],
    );
    check(
        "colour and opacity",
        &one(ColorType::Rgba, BitDepth::Eight, &[10, 200, 30, 7]),
        [&[123], &[10, 200, 30], &[10, 200, 30, 7]],
    );
    // In 16 bits blue is weighed with its lower half: 8 more bits can make grey one more.
    check(
        "colour of 16 bits",
        &one(ColorType::Rgb, BitDepth::Sixteen, &[10, 255, 200, 255, 30, 255]),
        [&[124], &[10, 200, 30], &[10, 200, 30, 255]],
    );
    check(
        "the same with opacity",
        &one(ColorType::Rgba, BitDepth::Sixteen, &[10, 0, 200, 0, 30, 0, 7, 9]),
        [&[123], &[10, 200, 30], &[10, 200, 30, 7]],
    );
    // Weights of 0.299, 0.587 and 0.114 that are rounded to 15 bits one by one would give one less here.
    assert_eq!(pixels(&rgb(2, 1, &[143, 1, 225, 16, 13, 163]), ColorMode::Grayscale), [69, 31]);
    // The first of the palette is (10, 20, 30) with an opacity of 7, the second (200, 100, 0) without any said.
    let palette = png_of(2, 1, ColorType::Indexed, BitDepth::One, &[0x40]);
    assert_eq!(pixels(&palette, ColorMode::Rgba), [10, 20, 30, 7, 200, 100, 0, 255]);
    assert_eq!(pixels(&palette, ColorMode::Rgb), [10, 20, 30, 200, 100, 0]);
}

#[test]
fn jpegs_of_all_kinds_are_read() {
    let near = |bytes: &[u8], mode: ColorMode, expected: &[u8]| {
        let image = decode(bytes, mode).unwrap();
        assert_eq!((image.height, image.width), (11, 18));
        for pixel in image.pixels.chunks_exact(mode.channels()) {
            let off = pixel.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(off <= Some(2), "{pixel:?} and {expected:?}");
        }
    };
    use jpeg_encoder::SamplingFactor;
    for progressive in [false, true] {
        for sampling in [SamplingFactor::R_4_4_4, SamplingFactor::R_4_2_0, SamplingFactor::R_4_2_2] {
            let bytes = jpeg_of(18, 11, [10, 200, 30], |e| {
                e.set_progressive(progressive);
                e.set_sampling_factor(sampling);
            });
            near(&bytes, ColorMode::Rgb, &[10, 200, 30]);
            near(&bytes, ColorMode::Rgba, &[10, 200, 30, 255]);
            near(&bytes, ColorMode::Grayscale, &[124]);
        }
    }
    let with = |data: &[u8], kind| {
        let mut bytes = Vec::new();
        jpeg_encoder::Encoder::new(&mut bytes, 95).encode(&data.repeat(18 * 11), 18, 11, kind).unwrap();
        bytes
    };
    let grey = with(&[77], jpeg_encoder::ColorType::Luma);
    near(&grey, ColorMode::Grayscale, &[77]);
    near(&grey, ColorMode::Rgb, &[77; 3]);
    near(&grey, ColorMode::Rgba, &[77, 77, 77, 255]);
    // Inks, of which 255 is none of it here.
    let inks = with(&[255, 128, 255, 255], jpeg_encoder::ColorType::Cmyk);
    for mode in ColorMode::ALL {
        let image = decode(&inks, mode).unwrap();
        assert_eq!(image.pixels.len(), 18 * 11 * mode.channels());
    }
}

/// Inks in several scans, of which the last is the finest: the decoder would panic.
#[test]
fn jpeg_of_inks_in_scans_is_named_and_not_read() {
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 95);
    encoder.set_progressive(true);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
    encoder.encode(&[9; 18 * 11 * 4], 18, 11, jpeg_encoder::ColorType::Cmyk).unwrap();
    assert!(told(&bytes).contains("fewer pixels"));
    // A single scan, which has not all of them.
    let mut one = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut one, 95);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
    encoder.encode(&[9; 18 * 11 * 4], 18, 11, jpeg_encoder::ColorType::Cmyk).unwrap();
    decode(&one, ColorMode::Rgb).unwrap();
    let at = one.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap();
    one.splice(at + 2..at + 13, [0, 12, 3, 0, 0, 1, 0x11, 2, 0x11]);
    assert!(told(&one).contains("fewer pixels"));
    // Bytes before the frame that hide it from a look at the segments alone.
    let hidden = [&bytes[..2], &[0xff, 0xff, 0, 7], &bytes[2..]].concat();
    told(&hidden);
}

/// A palette that is not one of whole colours, or of too many of them.
#[test]
fn png_with_a_broken_palette_is_refused() {
    let whole = png_of(2, 1, ::png::ColorType::Indexed, ::png::BitDepth::Eight, &[0, 1]);
    let at = whole.windows(4).position(|w| w == b"PLTE").unwrap();
    let rest = &whole[at + 4 + 6 + 4..];
    for len in [1, 2, 4, 5, 7, 769, 771, 3000] {
        let chunk = [&b"PLTE"[..], &vec![5; len]].concat();
        let mut bytes = [&whole[..at - 4], &(len as u32).to_be_bytes(), &chunk].concat();
        let mut sum = !0_u32;
        for byte in &chunk {
            sum ^= u32::from(*byte);
            for _ in 0..8 {
                sum = sum >> 1 ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 };
            }
        }
        bytes.extend((!sum).to_be_bytes());
        bytes.extend(rest);
        let said = told(&bytes);
        assert!(said.contains("the PNG image cannot be read"), "{len}: {said}");
    }
}

fn told(bytes: &[u8]) -> String {
    let error = decode(bytes, ColorMode::Rgb).unwrap_err();
    assert!(!error.remedy().is_empty(), "{error}");
    error.to_string()
}

#[test]
fn every_damage_is_one_clear_error() {
    let png = rgb(3, 2, &SIX);
    let jpeg = jpeg_of(40, 30, [10, 200, 30], |_| {});
    let broken = |at: usize| {
        let mut bytes = png.clone();
        bytes[at] ^= 1;
        bytes
    };
    let end = png.len();
    for (name, bytes, words) in [
        ("nothing", vec![], "the file is empty"),
        ("text", b"not an image".to_vec(), "neither a PNG nor a JPEG"),
        ("a GIF", b"GIF89a".to_vec(), "a GIF image; PNG and JPEG are read"),
        ("a bitmap", b"BM6\0".to_vec(), "a BMP image"),
        ("half a PNG", png[..end / 2].to_vec(), "the PNG image cannot be read"),
        ("a PNG without its end", png[..end - 12].to_vec(), "ends too early"),
        ("the beginning of a PNG", png[..8].to_vec(), "ends too early"),
        ("a wrong checksum of the sizes", broken(30), "CRC"),
        ("a wrong checksum of the pixels", broken(end - 14), "CRC"),
        ("half a JPEG", jpeg[..jpeg.len() - 20].to_vec(), "the JPEG image cannot be read"),
        ("the beginning of a JPEG", jpeg[..4].to_vec(), "the JPEG image cannot be read"),
    ] {
        let error = told(&bytes);
        assert!(error.contains(words), "{name}: {error}");
    }
}

/// A PNG file that declares a size and has a few bytes of pixels.
fn declared(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = rgb(3, 2, &SIX);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&sum.to_be_bytes());
    bytes
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum: u32, &byte| {
        (0..8).fold(
            sum ^ u32::from(byte),
            |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 },
        )
    })
}

#[test]
fn sizes_that_the_file_cannot_hold_are_refused_before_memory_is_taken() {
    assert_eq!(decode(&declared(3, 2), ColorMode::Rgb).unwrap().pixels, SIX);
    for (width, height) in [(60_000, 60_000), (u32::MAX >> 1, 1), (1, u32::MAX >> 1), (1000, 1000)] {
        let error = told(&declared(width, height));
        let words = format!("it declares the size {height} × {width}, which is more than its");
        assert!(error.contains(&words), "{error}");
    }
    assert!(told(&declared(0, 5)).contains("cannot be read"), "{}", told(&declared(0, 5)));
    // A size of an honest file, and too large a one to train on: its bytes are looked at no further.
    let mut large = declared(20_000, 20_000);
    large.resize(5_000_000, 0);
    assert!(told(&large).contains("expected at most 100000000 pixels, got 20000 × 20000"));
    let mut jpeg = jpeg_of(40, 30, [10, 200, 30], |_| {});
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    assert!(told(&jpeg).contains("it declares the size 65535 × 65535"), "{}", told(&jpeg));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = read("no/such.png", ColorMode::Rgb).unwrap_err();
    assert_eq!(error.place(), "no/such.png");
    let place = place(&[("a.png", &rgb(3, 2, &SIX))]);
    let image = read(place.path().join("a.png"), ColorMode::Rgb).unwrap();
    assert_eq!((image.height, image.width, image.pixels), (2, 3, SIX.to_vec()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nothing_panics(kind in 0_usize..4, cut in 0.0_f64..1.0, flips in prop::collection::vec((0.0_f64..1.0, 0_u8..8), 0..4)) {
        let mut bytes = match kind {
            0 => rgb(3, 2, &SIX),
            1 => png_of(2, 1, ColorType::Indexed, BitDepth::One, &[0x40]),
            kind => jpeg_of(37, 21, [10, 200, 30], |e| e.set_progressive(kind == 3)),
        };
        for (at, bit) in flips {
            let at = (at * bytes.len() as f64) as usize;
            bytes[at] ^= 1 << bit;
            for mode in ColorMode::ALL {
                let _ = decode(&bytes, mode);
            }
        }
        bytes.truncate((cut * bytes.len() as f64) as usize);
        let _ = decode(&bytes, ColorMode::Rgb);
    }

    #[test]
    fn noise_does_not_panic(bytes: Vec<u8>) {
        let _ = decode(&bytes, ColorMode::Rgb);
        let _ = decode(&[b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", &bytes[..]].concat(), ColorMode::Rgb);
        let _ = decode(&[&[0xff, 0xd8, 0xff][..], &bytes].concat(), ColorMode::Rgb);
    }
}
