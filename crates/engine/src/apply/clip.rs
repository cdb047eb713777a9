//! Gradients are cut to their limit, and their norms told.

use super::{Applied, Applier};
use steadygrad_kernels::{Isa, norm};
use steadygrad_nn::optimizers::Clip;

impl Applier {
    /// `squares` is the sum of all squares, where it was taken already.
    pub(super) fn clip(&self, isa: Isa, squares: Option<f64>, gradients: &mut [f32], applied: &mut Applied) {
        let (mut before, mut after) = (0.0, 0.0);
        match self.optimizer.clip {
            None => {
                applied.gradient_norm_before = squares.map(f64::sqrt);
                applied.gradient_norm_after = applied.gradient_norm_before;
                return;
            }
            Some(Clip::Value(limit)) => {
                before = squares.unwrap_or_else(|| self.squares(isa, gradients));
                norm::clip(isa, limit, gradients);
                after = self.squares(isa, gradients);
                applied.clipped = after != before;
            }
            Some(Clip::Norm(limit)) => {
                for param in &self.params {
                    let gradient = &mut gradients[param.range()];
                    let squares = norm::sum_of_squares(isa, gradient);
                    before += squares;
                    if squares.sqrt() <= limit {
                        after += squares;
                        continue;
                    }
                    // Not finite is not within the limit either, and scaling leaves no number of it.
                    norm::scale(isa, limit / squares.sqrt(), gradient);
                    applied.clipped = true;
                    after += if squares.is_finite() { limit * limit } else { f64::NAN };
                }
            }
            Some(Clip::GlobalNorm(limit)) => {
                before = squares.unwrap_or_else(|| self.squares(isa, gradients));
                after = before;
                let within = before.sqrt() <= limit;
                if !within {
                    // A norm that is not finite makes all gradients NaN, as in Keras: no direction is left.
                    let factor = if before.is_finite() { limit / before.sqrt() } else { f64::NAN };
                    norm::scale(isa, factor, gradients);
                    after = before * factor * factor;
                    applied.clipped = true;
                }
            }
        }
        applied.gradient_norm_before = Some(before.sqrt());
        applied.gradient_norm_after = Some(after.sqrt());
    }
}
