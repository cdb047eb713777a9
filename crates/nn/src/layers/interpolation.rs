//! Between the pixels: the matrices by which an axis is resized.

use crate::args::Args;
use crate::config::Value;
use std::f64::consts::PI;
use steadygrad_kernels::along::Sparse;
use steadygrad_kernels::{Error, Result};

/// How a number between pixels is found when an axis of `n` numbers is brought to `m`.
///
/// ```text
/// y[o] = Σ k(j + ½ − c)·x[j] / Σ k(j + ½ − c)   with  c = (o + ½)·n/m  and the kernel k of the kind:
/// bilinear   k(t) = 1 − |t|                              for |t| < 1
/// bicubic    Keys' cubic with a = −½                     for |t| < 2
/// lanczos    sin(πt)·sin(πt/r)·r/(πt)²                   for |t| < r = 3 or 5
/// nearest    y[o] = x[⌊c⌋]
/// area       the mean of x over c − n/2m … c + n/2m
/// ```
///
/// TensorFlow rounds the distances of the bicubic kind to 1/1024, which changes weights by up to 0.0006; here they are
/// exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Interpolation {
    /// A straight line from pixel to pixel.
    #[default]
    Bilinear,
    /// The nearest pixel.
    Nearest,
    /// A cubic through four pixels.
    Bicubic,
    /// A window of six pixels.
    Lanczos3,
    /// A window of ten pixels.
    Lanczos5,
    /// The mean of what a pixel covers.
    Area,
}

/// More pixels along an axis are no image; below it, matrices fit into any memory.
const MOST: usize = 1 << 20;

/// All kinds, with their names.
const KINDS: [(&str, Interpolation); 6] = [
    ("bilinear", Interpolation::Bilinear),
    ("nearest", Interpolation::Nearest),
    ("bicubic", Interpolation::Bicubic),
    ("lanczos3", Interpolation::Lanczos3),
    ("lanczos5", Interpolation::Lanczos5),
    ("area", Interpolation::Area),
];

impl Interpolation {
    /// `interpolation` of a layer's settings.
    pub(crate) fn read(args: &mut Args<'_>, default: Interpolation) -> Result<Interpolation> {
        let Some(word) = args.given::<String>("interpolation")? else { return Ok(default) };
        match KINDS.iter().find(|(name, _)| *name == word.to_lowercase()) {
            Some((_, kind)) => Ok(*kind),
            None => {
                let names = "bilinear, nearest, bicubic, lanczos3, lanczos5 or area";
                args.reject("interpolation", names, format!("`{word}`"))
            }
        }
    }

    /// An error where an axis is too long for its matrix to be written down.
    pub(crate) fn check(sizes: &[usize]) -> Result<()> {
        match sizes.iter().find(|size| **size > MOST) {
            None => Ok(()),
            Some(size) => Err(Error::shape(format!(
                "images of up to {MOST} pixels along an axis are interpolated, got {size}"
            ))
            .help("make the image smaller")),
        }
    }

    /// The matrix that brings `from` numbers to `to`; with `antialias` a kernel is stretched over all that a pixel covers.
    pub(crate) fn matrix(self, from: usize, to: usize, antialias: bool) -> Sparse {
        let step = from as f64 / to.max(1) as f64;
        let width = if antialias { step.max(1.0) } else { 1.0 };
        let row = |o: usize| match self {
            Interpolation::Nearest => {
                // In f32, as Keras does: which pixel is the nearest is a matter of the last digit at halves.
                let at = (o as f32 + 0.5) * (from as f32 / to as f32);
                vec![((at.floor() as usize).min(from - 1), 1.0)]
            }
            Interpolation::Area => {
                let (start, end) = (o as f64 * step, (o + 1) as f64 * step);
                let covered = |j: usize| ((j + 1) as f64).min(end) - (j as f64).max(start);
                normalized(start, end, from, covered)
            }
            _ => {
                let (centre, reach) = ((o as f64 + 0.5) * step, self.radius() * width);
                let weight = |j: usize| self.kernel((j as f64 + 0.5 - centre) / width);
                normalized(centre - reach - 0.5, centre + reach + 0.5, from, weight)
            }
        };
        Sparse::new(from, (0..to).map(row).collect())
    }

    fn radius(self) -> f64 {
        match self {
            Interpolation::Bicubic => 2.0,
            Interpolation::Lanczos3 => 3.0,
            Interpolation::Lanczos5 => 5.0,
            _ => 1.0,
        }
    }

    fn kernel(self, t: f64) -> f64 {
        let (t, radius) = (t.abs(), self.radius());
        match self {
            _ if t >= radius => 0.0,
            Interpolation::Bicubic if t <= 1.0 => (1.5 * t - 2.5) * t * t + 1.0,
            Interpolation::Bicubic => ((2.5 - 0.5 * t) * t - 4.0) * t + 2.0,
            Interpolation::Lanczos3 | Interpolation::Lanczos5 if t < 1e-3 => 1.0,
            Interpolation::Lanczos3 | Interpolation::Lanczos5 => {
                radius * (PI * t).sin() * (PI * t / radius).sin() / (PI * t).powi(2)
            }
            _ => 1.0 - t,
        }
    }
}

/// The weights of the numbers from `start` to `end` that there are, brought to a sum of 1.
fn normalized(start: f64, end: f64, count: usize, weight: impl Fn(usize) -> f64) -> Vec<(usize, f64)> {
    let places = start.floor().max(0.0) as usize..(end.ceil() as usize).min(count);
    let weights: Vec<(usize, f64)> = places.map(|j| (j, weight(j))).collect();
    let sum: f64 = weights.iter().map(|(_, weight)| weight).sum();
    weights.into_iter().map(|(j, weight)| (j, weight / sum)).collect()
}

impl From<Interpolation> for Value {
    fn from(kind: Interpolation) -> Value {
        let name = KINDS.iter().find(|(_, other)| *other == kind).map_or("bilinear", |(name, _)| name);
        name.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_sums_to_1_and_nothing_to_do_is_the_identity() {
        for (_, kind) in KINDS {
            for (from, to) in [(1, 1), (4, 8), (5, 3), (7, 2), (3, 7), (1, 4), (4, 1), (6, 6)] {
                for antialias in [false, true] {
                    let matrix = kind.matrix(from, to, antialias);
                    assert_eq!((matrix.rows(), matrix.columns()), (to, from));
                    for row in 0..to {
                        let sum: f64 = matrix.row(row).map(|(_, weight)| weight).sum();
                        assert!((sum - 1.0).abs() < 1e-12, "{kind:?} {from} to {to}: {sum}");
                        let own = matrix.row(row).find(|(j, _)| *j == row).map_or(0.0, |(_, weight)| weight);
                        assert!(from != to || (own - 1.0).abs() < 1e-6, "{kind:?} {from}: {own}");
                    }
                }
            }
        }
    }

    /// Weights that real Keras 3.15 gave.
    #[test]
    fn weights_are_those_of_keras() {
        let row = |kind: Interpolation, from, to, antialias, row| -> Vec<f64> {
            let matrix = kind.matrix(from, to, antialias);
            let mut all = vec![0.0; from];
            matrix.row(row).for_each(|(j, weight)| all[j] = weight);
            all
        };
        let close = |got: Vec<f64>, want: &[f64]| {
            assert!(got.iter().zip(want).all(|(g, w)| (g - w).abs() < 1e-6), "{got:?} {want:?}");
        };
        close(row(Interpolation::Bilinear, 5, 3, false, 0), BILINEAR);
        close(row(Interpolation::Bilinear, 5, 3, true, 0), ANTIALIASED);
        close(row(Interpolation::Lanczos3, 5, 3, false, 1), LANCZOS);
        close(row(Interpolation::Bicubic, 5, 3, true, 0), BICUBIC);
        close(row(Interpolation::Area, 5, 3, false, 1), AREA);
        // Which of two halves is the nearest, in f32.
        assert_eq!(Interpolation::Nearest.matrix(2, 41, false).row(20).next(), Some((0, 1.0)));
        assert_eq!(Interpolation::Nearest.matrix(2, 46, false).row(23).next(), Some((1, 1.0)));
    }

    const BILINEAR: &[f64] = &[0.6666667, 0.3333333, 0.0, 0.0, 0.0];
    const ANTIALIASED: &[f64] = &[0.5714286, 0.4285714, 0.0, 0.0, 0.0];
    const LANCZOS: &[f64] = &[0.0000000, -0.0000000, 1.0000000, -0.0000000, 0.0000000];
    const BICUBIC: &[f64] = &[0.5846154, 0.4461538, 0.0, -0.0307693, 0.0];
    const AREA: &[f64] = &[0.0, 0.2000000, 0.6000000, 0.2000000, 0.0];
}
