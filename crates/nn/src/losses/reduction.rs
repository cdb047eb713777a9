//! How the values of a batch become one number, and how much each of them counts for it.

use crate::args::Args;
use crate::config::{FromValue, Value};
use steadygrad_kernels::{Error, Real, Result};

/// How values of samples become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reduction {
    /// Σ value · weight / number of values: Keras' "sum_over_batch_size" and "mean".
    #[default]
    Mean,
    /// Σ value · weight
    Sum,
    /// Σ value · weight / Σ weight: "mean_with_sample_weight".
    WeightedMean,
    /// Values stay apart. As in Keras, training then follows the gradient of their sum and reports their mean.
    None,
}

impl Reduction {
    /// Keras' name for it.
    pub fn name(self) -> &'static str {
        match self {
            Reduction::Mean => "sum_over_batch_size",
            Reduction::Sum => "sum",
            Reduction::WeightedMean => "mean_with_sample_weight",
            Reduction::None => "none",
        }
    }
}

impl FromValue for Reduction {
    fn from_value(value: &Value) -> Result<Reduction> {
        if *value == Value::Null {
            return Ok(Reduction::None);
        }
        let name = String::from_value(value)?;
        match name.as_str() {
            "sum_over_batch_size" | "mean" => Ok(Reduction::Mean),
            "sum" => Ok(Reduction::Sum),
            "mean_with_sample_weight" => Ok(Reduction::WeightedMean),
            "none" => Ok(Reduction::None),
            _ => Err(Error::name(
                "reduction",
                &name,
                &["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none"],
            )),
        }
    }
}

/// What every loss can be given: the reduction; its name and type of numbers are not read.
pub(super) fn common(args: &mut Args<'_>) -> Result<Reduction> {
    args.named()?;
    args.or("reduction", Reduction::Mean)
}

/// One number from the values of a batch, and what each value's gradient is multiplied by.
///
/// ```text
/// Mean           Σ vᵢ·wᵢ / n           WeightedMean   Σ vᵢ·wᵢ / Σ wᵢ  (0 where Σ wᵢ = 0)
/// Sum            Σ vᵢ·wᵢ               None           the mean; but the cotangents are those of the sum
/// cotangentᵢ = scale · ∂reduced/∂vᵢ
/// ```
///
/// Weights are per sample: with k values per sample, value i has the weight of sample i / k. A value that belongs to no
/// sample (Dice over the whole batch) counts once for every weight. Values whose target is `ignore` count neither in the
/// sum nor in n. Sums are f64.
///
/// ```
/// use steadygrad_nn::losses::{Reduction, reduce};
/// let mut cotangent = [0.0; 3];
/// let value = reduce(Reduction::Mean, &[1.0, 2.0, 6.0], Some(&[1.0, 1.0, 0.5]), &[], None, 1.0, &mut cotangent);
/// assert_eq!(value, 2.0);
/// assert_eq!(cotangent, [1.0 / 3.0, 1.0 / 3.0, 0.5 / 3.0]);
/// ```
pub fn reduce<R: Real>(
    kind: Reduction,
    values: &[R],
    weights: Option<&[R]>,
    target: &[R],
    ignore: Option<f64>,
    scale: f64,
    cotangent: &mut [R],
) -> f64 {
    let n = values.len();
    let weighting = Weighting::new(n, weights);
    let per_value = (target.len() / n.max(1)).max(1);
    let counts = |i: usize| match (ignore, target.get(i * per_value)) {
        (Some(ignore), Some(t)) => *t != R::of(ignore),
        _ => true,
    };
    let counted = (0..n).filter(|&i| counts(i));
    let divisor = match kind {
        Reduction::Sum => 1.0,
        Reduction::Mean | Reduction::None => counted.clone().count() as f64 * weighting.repeats,
        Reduction::WeightedMean => counted.clone().map(|i| weighting.of(i)).sum(),
    };
    let factor = if divisor == 0.0 { 0.0 } else { 1.0 / divisor };
    let slope = scale * if kind == Reduction::None { 1.0 } else { factor };
    let mut sum = 0.0;
    for (i, cotangent) in cotangent.iter_mut().enumerate().take(n) {
        let weight = if counts(i) { weighting.of(i) } else { 0.0 };
        *cotangent = R::of(weight * slope);
        if counts(i) {
            sum += values[i].f64() * weight;
        }
    }
    sum * factor
}

/// The weight of every value.
struct Weighting<'a, R> {
    weights: Option<&'a [R]>,
    /// Values per weight.
    per_weight: usize,
    /// What a value without a sample of its own weighs: all weights together.
    whole: Option<f64>,
    /// How many times every value counts.
    repeats: f64,
}

impl<'a, R: Real> Weighting<'a, R> {
    fn new(n: usize, weights: Option<&'a [R]>) -> Weighting<'a, R> {
        match weights {
            None => Weighting { weights, per_weight: 1, whole: None, repeats: 1.0 },
            Some(w) if !w.is_empty() && n.is_multiple_of(w.len()) => {
                Weighting { weights, per_weight: n / w.len(), whole: None, repeats: 1.0 }
            }
            Some(w) => {
                let whole = Some(w.iter().map(|w| w.f64()).sum());
                Weighting { weights, per_weight: 1, whole, repeats: w.len() as f64 }
            }
        }
    }

    fn of(&self, i: usize) -> f64 {
        match (self.whole, self.weights) {
            (Some(whole), _) => whole,
            (None, Some(weights)) => weights[i / self.per_weight].f64(),
            (None, None) => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(kind: Reduction, values: &[f64], weights: Option<&[f64]>) -> (f64, Vec<f64>) {
        let mut cotangent = vec![f64::NAN; values.len()];
        let value = reduce(kind, values, weights, &[], None, 2.0, &mut cotangent);
        (value, cotangent)
    }

    #[test]
    fn every_kind() {
        let v = [1.0, 2.0, 3.0, 6.0];
        assert_eq!(run(Reduction::Mean, &v, None), (3.0, vec![0.5; 4]));
        assert_eq!(run(Reduction::Sum, &v, None), (12.0, vec![2.0; 4]));
        assert_eq!(run(Reduction::WeightedMean, &v, None), (3.0, vec![0.5; 4]));
        assert_eq!(run(Reduction::None, &v, None), (3.0, vec![2.0; 4]));
    }

    #[test]
    fn weights_belong_to_samples() {
        let v = [1.0, 2.0, 3.0, 6.0];
        let w = [1.0, 3.0];
        assert_eq!(run(Reduction::Mean, &v, Some(&w)), (7.5, vec![0.5, 0.5, 1.5, 1.5]));
        assert_eq!(run(Reduction::WeightedMean, &v, Some(&w)), (3.75, vec![0.25, 0.25, 0.75, 0.75]));
        assert_eq!(run(Reduction::WeightedMean, &v, Some(&[0.0; 2])), (0.0, vec![0.0; 4]));
        // One value for the whole batch of four samples.
        assert_eq!(run(Reduction::Mean, &[2.0], Some(&[1.0, 1.0, 1.0, 3.0])), (3.0, vec![3.0]));
        assert_eq!(run(Reduction::WeightedMean, &[2.0], Some(&[1.0, 1.0, 1.0, 3.0])), (2.0, vec![2.0]));
    }

    #[test]
    fn ignored_values_do_not_count() {
        let (v, t) = ([1.0, 100.0, 3.0], [0.0, -1.0, 2.0]);
        let mut cotangent = [0.0; 3];
        let mean = reduce(Reduction::Mean, &v, Some(&[1.0, 1.0, 2.0]), &t, Some(-1.0), 1.0, &mut cotangent);
        assert_eq!((mean, cotangent), (3.5, [0.5, 0.0, 1.0]));
        let none = reduce(Reduction::Mean, &v, None, &[-1.0; 3], Some(-1.0), 1.0, &mut cotangent);
        assert_eq!((none, cotangent), (0.0, [0.0; 3]));
        let sum = reduce(Reduction::Sum, &v, None, &t, Some(-1.0), 1.0, &mut cotangent);
        assert_eq!((sum, cotangent), (4.0, [1.0, 0.0, 1.0]));
    }

    #[test]
    fn names_are_those_of_keras() {
        for kind in [Reduction::Mean, Reduction::Sum, Reduction::WeightedMean, Reduction::None] {
            assert_eq!(Reduction::from_value(&kind.name().into()).unwrap(), kind);
        }
        assert_eq!(Reduction::from_value(&Value::Null).unwrap(), Reduction::None);
        assert!(Reduction::from_value(&"auto".into()).is_err());
    }
}
