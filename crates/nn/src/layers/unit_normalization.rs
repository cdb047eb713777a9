//! UnitNormalization: every sample to length 1.

use super::axes::{axis_value, gather, positions};
use super::layer::{Layer, Role, Standard, one_input};
use crate::activations::{LaneFunction, rowwise};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::lowering::Lowering;
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// The values along the axes divided by their Euclidean length.
///
/// ```text
/// y = x·s,  s = min(1/√(Σ x²), 10¹²)
/// dx = s·(dy − y·Σ dy·y);  dx = s·dy where the length is below 10⁻¹²
/// ```
///
/// ```
/// use steadygrad_nn::{Sequential, layers::{Dense, UnitNormalization}};
/// let model = Sequential::new([64]).add(Dense::new(16)).add(UnitNormalization::new());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct UnitNormalization {
    axes: Vec<i64>,
}

impl UnitNormalization {
    /// Over the last axis.
    #[allow(clippy::new_without_default)]
    pub fn new() -> UnitNormalization {
        UnitNormalization { axes: vec![-1] }
    }

    /// The axis that is brought to length 1: −1 the last, 1 the first of a sample.
    pub fn axis(self, axis: i64) -> UnitNormalization {
        self.axes([axis])
    }

    /// Several axes that are brought to length 1 together.
    pub fn axes(mut self, axes: impl Into<Vec<i64>>) -> UnitNormalization {
        self.axes = axes.into();
        self
    }
}

/// One lane to length 1.
#[derive(Debug, Clone, Copy)]
struct UnitLength;

/// The largest factor: no length below 10⁻¹² is brought to 1.
const MOST: f64 = 1e12;

impl UnitLength {
    #[inline(always)]
    fn factor<R: Real>(x: &[R]) -> f64 {
        let square: f64 = x.iter().map(|x| x.f64() * x.f64()).sum();
        (1.0 / square.sqrt()).min(MOST)
    }
}

impl LaneFunction for UnitLength {
    const NAME: &'static str = "unit_length";

    #[inline(always)]
    fn f<R: Real>(&self, x: &[R], y: &mut [R]) {
        let factor = R::of(UnitLength::factor(x));
        for (y, &x) in y.iter_mut().zip(x) {
            *y = x * factor;
        }
    }

    #[inline(always)]
    fn df<R: Real>(&self, x: &[R], y: &[R], dy: &[R], dx: &mut [R]) {
        let factor = UnitLength::factor(x);
        let dot = if factor < MOST { y.iter().zip(dy).map(|(y, dy)| y.f64() * dy.f64()).sum() } else { 0.0 };
        let (factor, dot) = (R::of(factor), R::of(dot));
        for ((dx, &y), &dy) in dx.iter_mut().zip(y).zip(dy) {
            *dx = (dy - y * dot) * factor;
        }
    }
}

impl Layer for UnitNormalization {
    fn class(&self) -> &'static str {
        "UnitNormalization"
    }

    fn config(&self) -> Config {
        Config::new().with("axis", axis_value(&self.axes))
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let shape = one_input(inputs, "UnitNormalization")?;
        positions(&self.axes, shape, "UnitNormalization")?;
        Ok(vec![shape.clone()])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let axes = positions(&self.axes, at.shape(x), "UnitNormalization")?;
        let gathered = gather(at, x, &axes);
        let y = rowwise(at, Arc::new(UnitLength), gathered.port, -1)?;
        let y = gathered.restore(at, y);
        at.output(y);
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Normalize(Standard::Length)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    Ok(Arc::new(UnitNormalization { axes: args.or("axis", vec![-1])? }))
}

pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "UnitNormalization", names: &["unit_normalization"], build };
