//! What is added to or taken from both ends of every axis: the setting of padding and cropping.

use crate::config::{FromValue, Value};
use steadygrad_kernels::{Error, Result};

/// Numbers before and behind, for each of `N` axes. One number stands for all of them, and one for each axis for both of
/// its ends.
///
/// ```
/// use steadygrad_nn::layers::Margins;
/// assert_eq!(Margins::<2>::from(1), Margins([[1, 1], [1, 1]]));
/// assert_eq!(Margins::<2>::from((1, 2)), Margins([[1, 1], [2, 2]]));
/// assert_eq!(Margins::<1>::from((1, 2)), Margins([[1, 2]]));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Margins<const N: usize>(pub [[usize; 2]; N]);

impl<const N: usize> Margins<N> {
    /// What is before and behind axis i, together.
    pub(crate) fn total(&self, i: usize) -> usize {
        self.0[i][0].saturating_add(self.0[i][1])
    }
}

impl<const N: usize> From<usize> for Margins<N> {
    fn from(size: usize) -> Margins<N> {
        Margins([[size; 2]; N])
    }
}

impl<const N: usize> From<[[usize; 2]; N]> for Margins<N> {
    fn from(pairs: [[usize; 2]; N]) -> Margins<N> {
        Margins(pairs)
    }
}

/// Before and behind.
impl From<(usize, usize)> for Margins<1> {
    fn from((before, behind): (usize, usize)) -> Margins<1> {
        Margins([[before, behind]])
    }
}

/// Height and width, each at both ends.
impl From<(usize, usize)> for Margins<2> {
    fn from((height, width): (usize, usize)) -> Margins<2> {
        Margins([[height; 2], [width; 2]])
    }
}

/// (top, bottom), (left, right)
impl From<((usize, usize), (usize, usize))> for Margins<2> {
    fn from((height, width): ((usize, usize), (usize, usize))) -> Margins<2> {
        Margins([[height.0, height.1], [width.0, width.1]])
    }
}

/// Depth, height and width, each at both ends.
impl From<(usize, usize, usize)> for Margins<3> {
    fn from((depth, height, width): (usize, usize, usize)) -> Margins<3> {
        Margins([[depth; 2], [height; 2], [width; 2]])
    }
}

impl<const N: usize> From<Margins<N>> for Value {
    fn from(margins: Margins<N>) -> Value {
        match margins.0.as_slice() {
            [one] => one.to_vec().into(),
            pairs => Value::List(pairs.iter().map(|pair| pair.to_vec().into()).collect()),
        }
    }
}

impl<const N: usize> FromValue for Margins<N> {
    fn from_value(value: &Value) -> Result<Margins<N>> {
        let pair = |value: &Value| match value {
            Value::List(ends) => {
                let ends: Vec<usize> = ends.iter().map(usize::from_value).collect::<Result<_>>()?;
                <[usize; 2]>::try_from(ends).map_err(|ends| {
                    Error::argument(format!(
                        "expected a whole number or two of them, before and behind, found a list of {}",
                        ends.len()
                    ))
                })
            }
            one => usize::from_value(one).map(|size| [size; 2]),
        };
        match value {
            list @ Value::List(_) if N == 1 => Ok(Margins([pair(list)?; N])),
            Value::List(axes) => {
                let pairs: Vec<[usize; 2]> = axes.iter().map(pair).collect::<Result<_>>()?;
                let pairs: [[usize; 2]; N] = pairs.try_into().map_err(|pairs: Vec<_>| {
                    Error::argument(format!(
                        "expected a whole number or a list of {N}, one entry for each axis, found a list of {}",
                        pairs.len()
                    ))
                })?;
                Ok(Margins(pairs))
            }
            one => Ok(Margins([pair(one)?; N])),
        }
    }
}
