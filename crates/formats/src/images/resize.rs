//! Images in another size, as Keras' loader resizes them.

use super::decode::Image;

/// Where a new row or column lies among the old ones: between two of them, and how far from the first.
struct Between {
    first: usize,
    second: usize,
    share: f32,
}

/// For each of `new` pixels along an axis, the two of `old` that it lies between, centers on centers:
///
/// ```text
/// x = (i + ½) · old / new − ½,   first = max(⌊x⌋, 0),   second = min(⌈x⌉, old − 1),   share = x − ⌊x⌋
/// ```
fn between(old: usize, new: usize) -> Vec<Between> {
    let scale = old as f32 / new as f32;
    let of = |i: usize| {
        let x = (i as f32 + 0.5) * scale - 0.5;
        let below = x.floor();
        let most = old.saturating_sub(1);
        // A negative float turns into 0.
        Between { first: (below as usize).min(most), second: (x.ceil() as usize).min(most), share: x - below }
    };
    (0..new).map(of).collect()
}

/// Writes the image in the size `[height, width]` to `out`, as numbers from 0 to 255: bilinear, without smoothing first where
/// it gets smaller (TensorFlow's `tf.image.resize`, which Keras' image_dataset_from_directory uses).
pub(super) fn resize(image: &Image, [height, width]: [usize; 2], out: &mut [f32]) {
    if [height, width] == [image.height, image.width] {
        for (out, &value) in out.iter_mut().zip(&image.pixels) {
            *out = f32::from(value);
        }
        return;
    }
    let channels = image.color_mode.channels();
    let (rows, columns) = (between(image.height, height), between(image.width, width));
    let line = image.width * channels;
    for (out, row) in out.chunks_exact_mut(width * channels).zip(&rows) {
        let (above, below) =
            (&image.pixels[row.first * line..][..line], &image.pixels[row.second * line..][..line]);
        for (out, column) in out.chunks_exact_mut(channels).zip(&columns) {
            for (channel, out) in out.iter_mut().enumerate() {
                let (left, right) = (column.first * channels + channel, column.second * channels + channel);
                let across = |line: &[u8]| {
                    let (left, right) = (f32::from(line[left]), f32::from(line[right]));
                    left + (right - left) * column.share
                };
                let (top, bottom) = (across(above), across(below));
                *out = top + (bottom - top) * row.share;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::ColorMode;

    fn resized(height: usize, width: usize, pixels: &[u8], size: [usize; 2]) -> Vec<f32> {
        let image = Image { height, width, color_mode: ColorMode::Grayscale, pixels: pixels.to_vec() };
        let mut out = vec![-1.0; size[0] * size[1]];
        resize(&image, size, &mut out);
        out
    }

    #[test]
    fn sizes_go_up_and_down() {
        let four = [0, 100, 200, 50];
        assert_eq!(resized(2, 2, &four, [2, 2]), [0.0, 100.0, 200.0, 50.0]);
        assert_eq!(resized(2, 2, &four, [1, 1]), [87.5]);
        assert_eq!(resized(1, 4, &four, [1, 2]), [50.0, 125.0]);
        assert_eq!(resized(1, 2, &[0, 100], [1, 4]), [0.0, 25.0, 75.0, 100.0]);
        assert_eq!(resized(1, 1, &[9], [2, 3]), [9.0; 6]);
    }

    #[test]
    fn what_gets_much_smaller_is_not_smoothed() {
        // Every eighth of 64 columns is looked at, with its neighbour: as in TensorFlow with antialias=False.
        let pixels: Vec<u8> = (0..64).map(|i| if i % 8 == 3 { 255 } else { 0 }).collect();
        assert_eq!(resized(1, 64, &pixels, [1, 8]), [127.5; 8]);
    }
}
