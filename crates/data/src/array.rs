//! Dense arrays of f32 in row-major order, whose first axis counts the samples.

use std::ops::Range;

use steadygrad_kernels::{Error, Kind, Result};

/// A dense array of f32, row-major; the first axis counts the samples.
///
/// ```
/// use steadygrad_data::Array;
/// let a = Array::new([2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])?;
/// assert_eq!((a.rows(), a.row_len()), (2, 3));
/// assert_eq!(a.row(1), [4.0, 5.0, 6.0]);
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    shape: Vec<usize>,
    data: Vec<f32>,
}

/// The number of elements of a shape; `None` where it does not fit in a `usize`.
pub(crate) fn count(shape: &[usize]) -> Option<usize> {
    // A zero anywhere makes the whole zero, also beside axes whose product alone would overflow.
    if shape.contains(&0) {
        return Some(0);
    }
    shape.iter().try_fold(1_usize, |product, &axis| product.checked_mul(axis))
}

/// A shape as Python writes it: `(3,)`, `(8, 8)`, `()`.
pub(crate) fn show(shape: &[usize]) -> String {
    match shape {
        [one] => format!("({one},)"),
        _ => format!("({})", shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    }
}

impl Array {
    /// An array of this shape (one axis or more) with these elements.
    ///
    /// # Errors
    /// Where the shape has no axis, or its size is not the number of elements.
    pub fn new(shape: impl Into<Vec<usize>>, data: Vec<f32>) -> Result<Array> {
        let shape = shape.into();
        if shape.is_empty() {
            return Err(Error::shape(
                "an array needs one axis or more, the first of which counts the samples",
            )
            .help("give a single sample the shape (1,)"));
        }
        if count(&shape) != Some(data.len()) {
            return Err(Error::shape(format!(
                "shape {} does not hold {} elements",
                show(&shape),
                data.len()
            )));
        }
        Ok(Array { shape, data })
    }

    /// An array of shape (rows, columns) from rows of equal length.
    ///
    /// ```
    /// # use steadygrad_data::Array;
    /// let a = Array::from_rows(&[[0.0, 1.0], [2.0, 3.0]])?;
    /// assert_eq!(a.shape(), [2, 2]);
    /// assert!(Array::from_rows(&[vec![0.0], vec![1.0, 2.0]]).is_err());
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// Where a row's length differs from the first one's.
    pub fn from_rows<R: AsRef<[f32]>>(rows: &[R]) -> Result<Array> {
        let columns = rows.first().map_or(0, |row| row.as_ref().len());
        let mut data = Vec::with_capacity(rows.len() * columns);
        for (i, row) in rows.iter().enumerate() {
            let row = row.as_ref();
            if row.len() != columns {
                return Err(Error::shape(format!(
                    "expected {columns} values as in row 0, got {}",
                    row.len()
                ))
                .at(format!("row {i}")));
            }
            data.extend_from_slice(row);
        }
        Ok(Array { shape: vec![rows.len(), columns], data })
    }

    /// An array of zeros.
    ///
    /// # Errors
    /// Where the shape has no axis or more elements than memory.
    pub fn zeros(shape: impl Into<Vec<usize>>) -> Result<Array> {
        let shape = shape.into();
        let Some(size) = count(&shape).filter(|size| *size <= isize::MAX as usize / size_of::<f32>()) else {
            return Err(Error::shape(format!("shape {} has more elements than memory", show(&shape))));
        };
        // Asked for twice: what is there is then given as zeros without writing them, and what is not there is an error and no abort.
        if Vec::<f32>::new().try_reserve_exact(size).is_err() {
            let what =
                format!("shape {} takes {} bytes, which the system refuses", show(&shape), 4 * size as u128);
            return Err(Error::new(Kind::Memory, what).help("take fewer samples, or smaller ones"));
        }
        Array::new(shape, vec![0.0; size])
    }

    /// All axes; the first counts the samples.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The shape of one sample: all axes but the first.
    pub fn row_shape(&self) -> &[usize] {
        &self.shape[1..]
    }

    /// All elements, row-major.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// All elements, row-major, to be changed in place.
    pub fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// The elements alone.
    pub fn into_data(self) -> Vec<f32> {
        self.data
    }

    /// The number of samples: the first axis.
    pub fn rows(&self) -> usize {
        self.shape[0]
    }

    /// The number of elements of one sample.
    pub fn row_len(&self) -> usize {
        // Without rows, the other axes were never multiplied; a product that overflows belongs to no element.
        count(&self.shape[1..]).unwrap_or(0)
    }

    /// The elements of sample `i`.
    ///
    /// # Panics
    /// Where `i` is not below [`rows`](Array::rows), as indexing a slice does.
    pub fn row(&self, i: usize) -> &[f32] {
        assert!(i < self.rows(), "row {i} of {}", self.rows());
        let length = self.row_len();
        &self.data[i * length..(i + 1) * length]
    }

    /// The samples of a range, which is cut to those there are, as Python's slices are.
    ///
    /// ```
    /// # use steadygrad_data::Array;
    /// let a = Array::new([3], vec![1.0, 2.0, 3.0])?;
    /// assert_eq!(a.take_rows(1..9).data(), [2.0, 3.0]);
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    pub fn take_rows(&self, range: Range<usize>) -> Array {
        let end = range.end.min(self.rows());
        let start = range.start.min(end);
        let length = self.row_len();
        let mut shape = self.shape.clone();
        shape[0] = end - start;
        Array { shape, data: self.data[start * length..end * length].to_vec() }
    }

    /// The samples at these indices, in this order; an index may come several times.
    ///
    /// # Panics
    /// Where an index is not below [`rows`](Array::rows), as indexing a slice does.
    pub fn select(&self, indices: &[usize]) -> Array {
        let mut data = Vec::with_capacity(indices.len() * self.row_len());
        for &i in indices {
            data.extend_from_slice(self.row(i));
        }
        let mut shape = self.shape.clone();
        shape[0] = indices.len();
        Array { shape, data }
    }

    /// The same elements with another shape of each sample.
    ///
    /// ```
    /// # use steadygrad_data::Array;
    /// let images = Array::zeros([5, 8, 8])?.reshape_rows(&[64])?;
    /// assert_eq!(images.shape(), [5, 64]);
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// Where the new shape has another number of elements.
    pub fn reshape_rows(mut self, row_shape: &[usize]) -> Result<Array> {
        if count(row_shape) != Some(self.row_len()) {
            return Err(Error::shape(format!(
                "samples of shape {} do not fit into shape {}",
                show(self.row_shape()),
                show(row_shape)
            )));
        }
        self.shape.truncate(1);
        self.shape.extend_from_slice(row_shape);
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_and_elements_must_agree() {
        assert!(Array::new([], vec![]).is_err());
        assert!(Array::new([2, 2], vec![0.0; 3]).is_err());
        assert!(Array::new([usize::MAX, 2], vec![]).is_err());
        assert!(Array::zeros([usize::MAX, 2]).is_err());
        assert!(Array::zeros([1 << 62]).is_err());
        let error = Array::from_rows(&[vec![1.0], vec![]]).unwrap_err().to_string();
        assert_eq!(error, "row 1: expected 1 values as in row 0, got 0");
    }

    #[test]
    fn empty_arrays_are_arrays() {
        let none = Array::new([0, usize::MAX, 2], vec![]).unwrap();
        assert_eq!((none.rows(), none.row_len()), (0, 0));
        assert_eq!(none.take_rows(0..5).rows(), 0);
        let hollow = Array::zeros([3, 0]).unwrap();
        assert_eq!(hollow.row(2), [0.0; 0]);
        assert_eq!(hollow.select(&[2, 0]).shape(), [2, 0]);
        assert_eq!(Array::from_rows::<[f32; 2]>(&[]).unwrap().shape(), [0, 0]);
    }

    #[test]
    fn samples_are_taken_by_range_and_by_index() {
        let a = Array::new([3, 2], vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        assert_eq!(a.take_rows(1..3).data(), [2.0, 3.0, 4.0, 5.0]);
        assert_eq!(a.take_rows(7..9).shape(), [0, 2]);
        assert_eq!(a.select(&[2, 2, 0]).data(), [4.0, 5.0, 4.0, 5.0, 0.0, 1.0]);
        let scalars = Array::new([3], vec![7.0, 8.0, 9.0]).unwrap();
        assert_eq!((scalars.row_len(), scalars.row(2)), (1, &[9.0_f32][..]));
        assert_eq!(scalars.clone().reshape_rows(&[1, 1]).unwrap().shape(), [3, 1, 1]);
        assert!(scalars.reshape_rows(&[2]).is_err());
    }

    #[test]
    fn shapes_read_as_in_python() {
        assert_eq!((show(&[]), show(&[3]), show(&[8, 8])), ("()".into(), "(3,)".into(), "(8, 8)".into()));
    }
}
