//! What pooling does to a signal and to its gradient.

use super::{Effect, Signal};
use steadygrad_kernels::pool::{Places, Pooling};
use steadygrad_nn::layers::Pooled;
use steadygrad_nn::recipe::Recipe;
use steadygrad_nn::stage::Stage;
use steadygrad_nn::step::Step;

/// Neighbours are taken as alike, so that the signal stays: convolutions make them so, for their windows overlap. That is too much
/// by some decibels where the windows are large, and too little for the largest of them, which a rectifier before it lets pass more
/// often than half of the time (3 dB in noise). The gradient at the pooling itself is known:
///
/// ```text
/// a mean of n    ‖δ_x‖² = ‖δ_y‖²/n
/// the largest    ‖δ_x‖² = ‖δ_y‖²: each goes to one number, as long as windows do not choose the same
/// ```
pub(super) fn pool(stage: &Stage, pooled: Pooled, x: Signal, recipe: &Recipe) -> Effect {
    let mut factor = 1.0;
    if pooled == Pooled::Mean {
        // Adaptive bins go axis by axis: several steps, the last one first.
        let mut slot = stage.output;
        for step in recipe.forward.iter().rev() {
            if let Step::Pool(pool) = step
                && pool.out == slot
            {
                factor *= share(&pool.pooling);
                slot = pool.x;
            }
        }
    }
    Effect::new(x, vec![factor])
}

/// The mean of 1/n over all windows, of n numbers each.
fn share(pooling: &Pooling) -> f64 {
    let along = |places: &Places| {
        let shares: f64 = (0..places.output()).map(|o| 1.0 / places.seen(o).len().max(1) as f64).sum();
        shares / places.output().max(1) as f64
    };
    pooling.axes.iter().map(along).product()
}
