//! Means and variances that are given: a number, a list, or lists of lists with one axis for each that is kept.

use crate::config::{FromValue, Value};
use steadygrad_kernels::{Error, Result};

/// The most numbers that are written down.
const MOST: usize = 1 << 28;

/// Numbers with axes: what a normalization goes by.
///
/// ```
/// use steadygrad_nn::layers::Moments;
/// let (all, each) = (Moments::from(0.5), Moments::from([0.5, 2.0, 1.0]));
/// assert_ne!(all, each);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    pub(crate) shape: Vec<usize>,
    pub(crate) numbers: Vec<f64>,
}

impl Moments {
    /// Whether it is one number, for all places.
    pub(crate) fn is_one(&self) -> bool {
        self.numbers.len() == 1
    }

    /// An error unless there is a number for each place of these axes: the last ones are those of the numbers, and an axis
    /// of 1 is repeated.
    pub(crate) fn check(&self, sizes: &[usize], name: &str) -> Result<()> {
        let fits = self.shape.len() <= sizes.len()
            && self.shape.iter().rev().zip(sizes.iter().rev()).all(|(n, size)| n == size || *n == 1);
        if !fits {
            return Err(Error::shape(format!(
                "`{name}` has the shape {:?}, and the axes that are kept {sizes:?}",
                self.shape
            ))
            .help("give one number for all, or one for each element of the axes named in `axis`"));
        }
        // A few numbers may stand for more places than fit into any memory.
        if sizes.iter().fold(1, |n: usize, &size| n.saturating_mul(size)) > MOST && !self.is_one() {
            return Err(Error::unsupported(format!(
                "`{name}` is repeated for {MOST} numbers at most, and the axes that are kept are {sizes:?}"
            ))
            .help("name fewer axes in `axis`"));
        }
        Ok(())
    }

    /// The number of each place of these axes.
    pub(crate) fn over(&self, sizes: &[usize], name: &str) -> Result<Vec<f64>> {
        if let [one] = self.numbers[..] {
            return Ok(vec![one; sizes.iter().product()]);
        }
        self.check(sizes, name)?;
        let at = |mut i: usize| {
            let (mut place, mut stride) = (0, 1);
            for (n, size) in self.shape.iter().rev().zip(sizes.iter().rev()) {
                place += if *n == 1 { 0 } else { i % size * stride };
                (i, stride) = (i / size, stride * n);
            }
            self.numbers[place]
        };
        Ok((0..sizes.iter().product()).map(at).collect())
    }
}

impl From<f64> for Moments {
    fn from(number: f64) -> Moments {
        Moments { shape: Vec::new(), numbers: vec![number] }
    }
}

impl From<Vec<f64>> for Moments {
    fn from(numbers: Vec<f64>) -> Moments {
        Moments { shape: vec![numbers.len()], numbers }
    }
}

impl<const N: usize> From<[f64; N]> for Moments {
    fn from(numbers: [f64; N]) -> Moments {
        numbers.to_vec().into()
    }
}

impl From<&Moments> for Value {
    fn from(moments: &Moments) -> Value {
        nested(&moments.shape, &moments.numbers)
    }
}

fn nested(shape: &[usize], numbers: &[f64]) -> Value {
    match shape {
        [] => numbers.first().copied().into(),
        [n, rest @ ..] => {
            let each = rest.iter().product::<usize>();
            Value::List((0..*n).map(|i| nested(rest, &numbers[i * each..(i + 1) * each])).collect())
        }
    }
}

impl FromValue for Moments {
    fn from_value(value: &Value) -> Result<Moments> {
        let Value::List(items) = value else { return f64::from_value(value).map(Moments::from) };
        let items: Vec<Moments> = items.iter().map(Moments::from_value).collect::<Result<_>>()?;
        let inner = items.first().map_or(Vec::new(), |first| first.shape.clone());
        if items.is_empty() || items.iter().any(|item| item.shape != inner) {
            return Err(Error::argument("expected lists of one number or more, all of the same length"));
        }
        let shape = std::iter::once(items.len()).chain(inner).collect();
        Ok(Moments { shape, numbers: items.into_iter().flat_map(|item| item.numbers).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_repeated_over_the_axes() {
        let over = |moments: Moments, sizes: &[usize]| moments.over(sizes, "mean");
        assert_eq!(over(2.0.into(), &[2, 2]).unwrap(), [2.0; 4]);
        assert_eq!(over(2.0.into(), &[]).unwrap(), [2.0]);
        assert_eq!(over([1.0, 2.0].into(), &[3, 2]).unwrap(), [1.0, 2.0, 1.0, 2.0, 1.0, 2.0]);
        assert_eq!(over([7.0].into(), &[3]).unwrap(), [7.0; 3]);
        let column = Moments { shape: vec![2, 1], numbers: vec![1.0, 2.0] };
        assert_eq!(over(column.clone(), &[2, 2]).unwrap(), [1.0, 1.0, 2.0, 2.0]);
        assert!(over(column.clone(), &[2]).is_err() && over([1.0, 2.0].into(), &[3]).is_err());
        assert_eq!(Moments::from_value(&Value::from(&column)).unwrap(), column);
    }
}
