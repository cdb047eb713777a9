//! What comes of several signals when they are brought together.

use super::{Effect, Signal};
use steadygrad_nn::layers::Merging;
use steadygrad_nn::stage::Stage;

/// Inputs are taken as independent, as they are at the start; what comes twice from the same place is not.
pub(super) fn merge(stage: &Stage, merging: Merging, inputs: &[Signal]) -> Result<Effect, String> {
    let n = inputs.len() as f64;
    if (1..stage.inputs.len()).any(|i| stage.inputs[..i].contains(&stage.inputs[i]))
        && merging != Merging::Join
    {
        return Err("the same signal comes to it twice".into());
    }
    let sum = |sign: f64| {
        let mut total = Signal { mean: 0.0, square: 0.0, common: 0.0 };
        let mut means: f64 = 0.0;
        for (i, x) in inputs.iter().enumerate() {
            let sign = if i > 0 { sign } else { 1.0 };
            // E(a + b)² = E a² + E b² + 2·E a·E b
            total.square += x.square + 2.0 * means * sign * x.mean;
            total.common += x.common + 2.0 * means * sign * x.mean;
            means += sign * x.mean;
        }
        Signal { mean: means, ..total }
    };
    let (signal, factors) = match merging {
        Merging::Sum => (sum(1.0), vec![1.0; inputs.len()]),
        Merging::Difference => (sum(-1.0), vec![1.0; inputs.len()]),
        Merging::Mean => (sum(1.0).scaled(1.0 / n), vec![1.0 / (n * n); inputs.len()]),
        Merging::Product => {
            let all = |f: fn(&Signal) -> f64, but: usize| -> f64 {
                inputs.iter().enumerate().filter(|(i, _)| *i != but).map(|(_, x)| f(x)).product()
            };
            let none = inputs.len();
            let signal = Signal {
                mean: all(|x| x.mean, none),
                square: all(|x| x.square, none),
                common: all(|x| x.common, none),
            };
            (signal, (0..inputs.len()).map(|i| all(|x| x.square, i)).collect())
        }
        Merging::Join => {
            let size: f64 = stage.input_sizes.iter().map(|&s| s as f64).sum();
            let share: Vec<f64> = stage.input_sizes.iter().map(|&s| s as f64 / size.max(1.0)).collect();
            let mean = |f: fn(&Signal) -> f64| inputs.iter().zip(&share).map(|(x, s)| f(x) * s).sum();
            let signal =
                Signal { mean: mean(|x| x.mean), square: mean(|x| x.square), common: mean(|x| x.common) };
            (signal, share)
        }
        Merging::Extreme => return Err("the theory does not know the largest or smallest of signals".into()),
    };
    Ok(Effect::new(signal, factors))
}
