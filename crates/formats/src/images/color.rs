//! Colours: how many numbers a pixel has, and how one kind of pixel is turned into another.

use steadygrad_kernels::{Error, Result};

/// What a pixel is read as, whatever it is in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ColorMode {
    /// One number, from black to white. Colours are weighed as in ITU-R BT.601, in 15 bits as libpng does it:
    ///
    /// ```text
    /// grey = ⌊(9797 · red + 19234 · green + 3737 · blue) / 2¹⁵⌋
    /// ```
    Grayscale,
    /// Red, green and blue. Grey is three times the same; what is transparent loses that.
    #[default]
    Rgb,
    /// Red, green, blue, and how opaque the pixel is: 255 where the file does not say.
    Rgba,
}

impl ColorMode {
    /// All of them.
    pub const ALL: [ColorMode; 3] = [ColorMode::Grayscale, ColorMode::Rgb, ColorMode::Rgba];

    /// Its name: `"grayscale"`, `"rgb"`, `"rgba"`.
    pub fn name(self) -> &'static str {
        match self {
            ColorMode::Grayscale => "grayscale",
            ColorMode::Rgb => "rgb",
            ColorMode::Rgba => "rgba",
        }
    }

    /// Numbers for each pixel: 1, 3 or 4.
    pub fn channels(self) -> usize {
        match self {
            ColorMode::Grayscale => 1,
            ColorMode::Rgb => 3,
            ColorMode::Rgba => 4,
        }
    }

    /// The mode with so many numbers for each pixel.
    pub fn of_channels(channels: usize) -> Option<ColorMode> {
        ColorMode::ALL.into_iter().find(|mode| mode.channels() == channels)
    }

    /// The mode of this name.
    ///
    /// ```
    /// # use steadygrad_formats::images::ColorMode;
    /// assert_eq!(ColorMode::from_name("grayscale")?.channels(), 1);
    /// assert!(ColorMode::from_name("greyscale").unwrap_err().to_string().contains("did you mean `grayscale`?"));
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// Where there is none; the nearest name is told.
    pub fn from_name(name: &str) -> Result<ColorMode> {
        let known = ColorMode::ALL.map(ColorMode::name);
        let found = ColorMode::ALL.into_iter().find(|mode| mode.name() == name);
        found.ok_or_else(|| Error::name("color mode", name, &known))
    }

    /// Pixels of `from` numbers each (1: grey, 2: grey and opacity, 3: colour, 4: colour and opacity) in this mode.
    pub(super) fn convert(self, pixels: Vec<u8>, from: usize) -> Vec<u8> {
        if from == self.channels() {
            return pixels;
        }
        let grey = |p: &[u8]| {
            let sum = 9797 * u32::from(p[0]) + 19234 * u32::from(p[1]) + 3737 * u32::from(p[2]);
            (sum >> 15) as u8 // at most 255, as the weights add up to 2¹⁵
        };
        let opacity = |p: &[u8]| if from.is_multiple_of(2) { p[from - 1] } else { 255 };
        let each = pixels.chunks_exact(from);
        match (self, from < 3) {
            (ColorMode::Grayscale, true) => each.map(|p| p[0]).collect(),
            (ColorMode::Grayscale, false) => each.map(grey).collect(),
            (ColorMode::Rgb, true) => each.flat_map(|p| [p[0]; 3]).collect(),
            (ColorMode::Rgb, false) => each.flat_map(|p| [p[0], p[1], p[2]]).collect(),
            (ColorMode::Rgba, true) => each.flat_map(|p| [p[0], p[0], p[0], opacity(p)]).collect(),
            (ColorMode::Rgba, false) => each.flat_map(|p| [p[0], p[1], p[2], opacity(p)]).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_turns_into_every_mode() {
        let pixel = [[200, 0, 0, 0], [200, 7, 0, 0], [10, 100, 250, 0], [10, 100, 250, 7]];
        let grey = ((9797 * 10 + 19234 * 100 + 3737 * 250) >> 15) as u8;
        for (mode, expected) in [
            (ColorMode::Grayscale, [vec![200], vec![200], vec![grey], vec![grey]]),
            (ColorMode::Rgb, [vec![200; 3], vec![200; 3], vec![10, 100, 250], vec![10, 100, 250]]),
            (
                ColorMode::Rgba,
                [
                    vec![200, 200, 200, 255],
                    vec![200, 200, 200, 7],
                    vec![10, 100, 250, 255],
                    vec![10, 100, 250, 7],
                ],
            ),
        ] {
            for (from, expected) in (1..=4).zip(expected) {
                let pixels = [&pixel[from - 1][..from]; 2].concat();
                assert_eq!(
                    mode.convert(pixels, from),
                    [expected.clone(), expected].concat(),
                    "{from} to {mode:?}"
                );
            }
            assert_eq!(ColorMode::of_channels(mode.channels()), Some(mode));
        }
        let white = ColorMode::Grayscale.convert(vec![255; 3], 3);
        assert_eq!((white, ColorMode::of_channels(2)), (vec![255], None), "what is grey stays as it was");
    }
}
