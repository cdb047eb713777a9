//! Shapes of one sample, and sizes that may grow with the number of rows in a batch.

use std::fmt;
use steadygrad_kernels::{Error, Kind, Result};

/// More numbers than this in one value or weight fit into no memory; below it, products of sizes fit into a machine word.
const MOST: usize = 1 << 48;

/// The shape of one sample: all axes but the batch.
///
/// ```
/// use steadygrad_nn::Shape;
/// let shape = Shape::from([28, 28]);
/// assert_eq!(shape.size(), 784);
/// assert_eq!(shape.to_string(), "(None, 28, 28)");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Shape(Vec<usize>);

impl Shape {
    /// The axes.
    pub fn dims(&self) -> &[usize] {
        &self.0
    }

    /// Numbers in one sample; 1 for a sample without axes, and the largest number there is where they are more.
    pub fn size(&self) -> usize {
        if self.0.contains(&0) { 0 } else { self.0.iter().fold(1, |n, &d| n.saturating_mul(d)) }
    }

    /// Whether this many numbers can be counted at all.
    ///
    /// ```
    /// use steadygrad_nn::Shape;
    /// assert!(Shape::from([1 << 20, 1 << 20]).check().is_ok());
    /// assert!(Shape::from([1 << 40, 1 << 40]).check().is_err());
    /// ```
    ///
    /// # Errors
    /// If they are more than fit into any memory.
    pub fn check(&self) -> Result<()> {
        // An axis of length 0 does not make the products of the other axes small.
        if self.0.iter().fold(1, |n: usize, &d| n.saturating_mul(d.max(1))) <= MOST {
            return Ok(());
        }
        Err(Error::new(Kind::Memory, format!("the shape {:?} is larger than any memory", self.0))
            .help("make the layer or the input smaller"))
    }

    /// Axes of one sample.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// The last axis; 1 for a sample without axes.
    pub fn last(&self) -> usize {
        self.0.last().copied().unwrap_or(1)
    }

    /// The product of all axes but the last.
    pub fn leading(&self) -> usize {
        self.0.iter().rev().skip(1).fold(1, |n, &d| n.saturating_mul(d))
    }

    /// The same with another last axis.
    pub fn with_last(&self, last: usize) -> Shape {
        let mut dims = self.0.clone();
        match dims.last_mut() {
            Some(d) => *d = last,
            None => dims.push(last),
        }
        Shape(dims)
    }
}

impl From<Vec<usize>> for Shape {
    fn from(dims: Vec<usize>) -> Shape {
        Shape(dims)
    }
}
impl From<&[usize]> for Shape {
    fn from(dims: &[usize]) -> Shape {
        Shape(dims.to_vec())
    }
}
impl<const N: usize> From<[usize; N]> for Shape {
    fn from(dims: [usize; N]) -> Shape {
        Shape(dims.to_vec())
    }
}
impl From<usize> for Shape {
    fn from(dim: usize) -> Shape {
        Shape(vec![dim])
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(None")?;
        for d in &self.0 {
            write!(f, ", {d}")?;
        }
        f.write_str(if self.0.is_empty() { ",)" } else { ")" })
    }
}

/// A size: fixed, or so many per row of the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extent {
    /// The same for every batch.
    Fixed(usize),
    /// This many per row.
    Rows(usize),
}

impl Extent {
    /// One number.
    pub const ONE: Extent = Extent::Fixed(1);

    /// The size for a batch of this many rows.
    pub fn at(self, rows: usize) -> usize {
        match self {
            Extent::Fixed(n) => n,
            Extent::Rows(n) => n.saturating_mul(rows),
        }
    }

    /// This many times as large.
    pub fn times(self, n: usize) -> Extent {
        match self {
            Extent::Fixed(m) => Extent::Fixed(m.saturating_mul(n)),
            Extent::Rows(m) => Extent::Rows(m.saturating_mul(n)),
        }
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Extent::Fixed(n) => write!(f, "{n}"),
            Extent::Rows(1) => write!(f, "b"),
            Extent::Rows(n) => write!(f, "b·{n}"),
        }
    }
}

/// A block of numbers seen as outer × axis × inner: what steps along one axis work on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Layout {
    /// Everything before the axis.
    pub outer: Extent,
    /// The axis.
    pub axis: Extent,
    /// Everything after it.
    pub inner: usize,
}

impl Layout {
    /// A batch of samples of this shape, along `axis` counted as in Keras: 0 is the batch, −1 the last.
    /// `None` if there is no such axis.
    pub fn along(shape: &Shape, axis: i64) -> Option<Layout> {
        Layout::along_dims(shape.dims(), axis)
    }

    /// The same for axes without a shape around them.
    pub(crate) fn along_dims(dims: &[usize], axis: i64) -> Option<Layout> {
        let rank = dims.len() as i64 + 1;
        let axis = if axis < 0 { axis + rank } else { axis };
        if axis < 0 || axis >= rank {
            return None;
        }
        Some(if axis == 0 {
            Layout { outer: Extent::ONE, axis: Extent::Rows(1), inner: dims.iter().product() }
        } else {
            let at = axis as usize - 1;
            Layout {
                outer: Extent::Rows(dims[..at].iter().product()),
                axis: Extent::Fixed(dims[at]),
                inner: dims[at + 1..].iter().product(),
            }
        })
    }

    /// The last axis of a batch of samples.
    pub fn last(shape: &Shape) -> Layout {
        Layout { outer: Extent::Rows(shape.leading()), axis: Extent::Fixed(shape.last()), inner: 1 }
    }

    /// (outer, axis, inner) for a batch of this many rows.
    pub fn at(&self, rows: usize) -> (usize, usize, usize) {
        (self.outer.at(rows), self.axis.at(rows), self.inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_count_axes_as_keras() {
        let s = Shape::from([3, 4, 5]);
        let l = Layout::along(&s, -1).unwrap();
        assert_eq!(l.at(2), (2 * 12, 5, 1));
        assert_eq!(l, Layout::last(&s));
        assert_eq!(Layout::along(&s, 1).unwrap().at(2), (2, 3, 20));
        assert_eq!(Layout::along(&s, 0).unwrap().at(2), (1, 2, 60));
        assert_eq!(Layout::along(&s, 4), None);
        assert_eq!(Layout::along(&s, -5), None);
        assert_eq!(Shape::from([]).to_string(), "(None,)");
        assert_eq!(Shape::from([]).size(), 1);
    }

    #[test]
    fn sizes_beyond_counting_do_not_wrap() {
        let huge = Shape::from([1 << 40, 1 << 40]);
        assert_eq!(huge.size(), usize::MAX);
        assert!(huge.check().unwrap_err().to_string().contains("larger than any memory"));
        assert_eq!(Shape::from([1 << 40, 0, 1 << 40]).size(), 0);
        assert!(Shape::from([1 << 40, 0, 1 << 40]).check().is_err());
        assert_eq!(Extent::Rows(1 << 40).at(1 << 40), usize::MAX);
    }
}
