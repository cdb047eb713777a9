//! The step that sees every image of a batch through an affine map of its own.

use super::{Access, Slot, Step};
use crate::builder::Port;
use crate::lowering::Lowering;
use std::f64::consts::TAU;
use steadygrad_kernels::random::Stream;
use steadygrad_kernels::warp::{Map, View};

/// What is drawn for an image: bounds, between which a number is uniform.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Motion {
    /// Left and right exchanged, or top and bottom, or both: every second image.
    Flip {
        /// Left and right.
        horizontal: bool,
        /// Top and bottom.
        vertical: bool,
    },
    /// Moved down and to the right by fractions of height and width.
    Translate {
        /// Down.
        height: [f64; 2],
        /// To the right.
        width: [f64; 2],
    },
    /// Seen from farther away by these fractions of height and width: one number for both without a width.
    Zoom {
        /// For the rows.
        height: [f64; 2],
        /// For the columns.
        width: Option<[f64; 2]>,
    },
    /// Turned by fractions of a full turn.
    Rotate {
        /// Against the clock.
        turn: [f64; 2],
    },
}

impl Motion {
    /// Where the pixels of a sample come from in this step of training.
    ///
    /// ```text
    /// flip       x ← width − 1 − x                     y ← height − 1 − y
    /// translate  x ← x − w·width                       y ← y − h·height
    /// zoom       x ← cx + (1 + w)·(x − cx)             y ← cy + (1 + h)·(y − cy)
    /// rotate     x ← cx + cos t·(x − cx) − sin t·(y − cy)
    ///            y ← cy + sin t·(x − cx) + cos t·(y − cy)
    /// with cx = (width − 1)/2 and cy = (height − 1)/2
    /// ```
    pub fn map(&self, view: &View, stream: &Stream, step: u64, sample: usize) -> Map {
        let (height, width) = (view.height as f64, view.width as f64);
        let (cx, cy) = ((width - 1.0) / 2.0, (height - 1.0) / 2.0);
        // A block of four random numbers for each sample.
        let drawn = |[lower, upper]: [f64; 2], i: u64| {
            lower + (upper - lower) * stream.uniform(step, 4 * sample as u64 + i)
        };
        match *self {
            Motion::Flip { horizontal, vertical } => {
                let flipped = drawn([0.0, 1.0], 0) <= 0.5;
                let across =
                    |size: f64, on: bool| if flipped && on { (-1.0, size - 1.0) } else { (1.0, 0.0) };
                let ((a, c), (e, f)) = (across(width, horizontal), across(height, vertical));
                [a, 0.0, c, 0.0, e, f]
            }
            Motion::Translate { height: h, width: w } => {
                [1.0, 0.0, -drawn(w, 1) * width, 0.0, 1.0, -drawn(h, 0) * height]
            }
            Motion::Zoom { height: h, width: w } => {
                let h = 1.0 + drawn(h, 0);
                let w = w.map_or(h, |w| 1.0 + drawn(w, 1));
                [w, 0.0, cx * (1.0 - w), 0.0, h, cy * (1.0 - h)]
            }
            Motion::Rotate { turn } => {
                let (sin, cos) = (drawn(turn, 0) * TAU).sin_cos();
                [cos, -sin, cx - cx * cos + cy * sin, sin, cos, cy - cx * sin - cy * cos]
            }
        }
    }
}

/// out = x, each image of the batch through its map; with `gradient`, dy in `x` brought back through it.
#[derive(Debug, Clone)]
#[allow(missing_docs)] // the names say it
pub struct Warp {
    pub x: Slot,
    pub out: Slot,
    pub view: View,
    pub motion: Motion,
    pub stream: Stream,
    pub gradient: bool,
}

impl Warp {
    pub(super) fn visit(&mut self, see: &mut dyn FnMut(&mut Slot, Access)) {
        see(&mut self.x, Access::Read);
        see(&mut self.out, Access::Write);
    }

    pub(super) fn label(&self) -> String {
        let name = match self.motion {
            Motion::Flip { .. } => "flip",
            Motion::Translate { .. } => "translate",
            Motion::Zoom { .. } => "zoom",
            Motion::Rotate { .. } => "rotate",
        };
        format!("{name}{}", if self.gradient { " (gradient)" } else { "" })
    }
}

/// Images with their channels last, moved; the gradient is moved back.
pub(crate) fn warped(at: &mut Lowering<'_>, x: Port, view: View, motion: Motion, seed: Option<u64>) -> Port {
    let stream = at.stream(seed);
    let y = at.port(at.shape(x).clone());
    let step = |x, out, gradient| Step::Warp(Warp { x, out, view, motion, stream, gradient });
    let (from, to, dy) = (at.slot(x), at.slot(y), at.gradient(y));
    at.forward(step(from, to, false));
    if let Some(dx) = at.gradient_into(x) {
        at.backward([step(dy, dx, true)]);
    }
    y
}
