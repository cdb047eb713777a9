//! What a normalization does to a signal and to its gradient.

use super::{Effect, Signal, drawn, named};
use steadygrad_nn::layers::Standard;
use steadygrad_nn::recipe::{Home, Recipe};
use steadygrad_nn::stage::{Source, Stage};
use steadygrad_nn::step::Step;

/// The step of a normalization: its ε, and whether it goes by statistics that were kept instead of those at hand.
fn step(stage: &Stage, recipe: &Recipe, slots: &[steadygrad_nn::step::Slot]) -> (f64, bool) {
    let kept = |slot| recipe.slot(slot).home == Home::State && !recipe.backward.is_empty();
    let found = recipe.forward.iter().find_map(|step| match step {
        Step::Normalize { x, variance, epsilon, .. } if slots.contains(x) => {
            Some((*epsilon, kept(*variance)))
        }
        Step::Standardize { x, epsilon, .. } if slots.contains(x) => Some((*epsilon, false)),
        _ => None,
    });
    // Where axes are moved first, the step reads another slot; ε is then left out.
    found.filter(|_| stage.class != "UnitNormalization").unwrap_or((0.0, false))
}

/// Where the inputs of a stage lie.
fn slots(stage: &Stage, recipe: &Recipe) -> Vec<steadygrad_nn::step::Slot> {
    let trace =
        recipe.traces.iter().find(|t| t.path == stage.path && t.outputs.first() == Some(&stage.output));
    match (trace, stage.inputs.first()) {
        (Some(trace), _) => trace.inputs.clone(),
        (None, Some(Source::Feed(i))) => recipe.inputs.get(*i).copied().into_iter().collect(),
        (None, _) => Vec::new(),
    }
}

/// γ·(x − mean)/√(v + ε) + β. Over a batch of B samples v is that batch's own, and two directions of the gradient are lost:
///
/// ```text
/// E‖δ_x‖²/‖δ_y‖² = γ²·(1 − 2/B)/(v·(1 − 3/B) + ε),  E y·y′ = −γ²/(B − 1) for two samples of a batch
/// ```
///
/// For normally distributed signals E 1/v̂ = 1/(v·(1 − 3/B)); for large B both corrections vanish (Yang et al. 2019, theorem 8).
pub(super) fn normalize(
    stage: &Stage,
    standard: Standard,
    x: Signal,
    recipe: &Recipe,
    rows: f64,
) -> Result<Effect, String> {
    let of = |name: &str, default: f64| match named(stage, recipe, name) {
        None => Ok(default),
        Some(p) => match drawn(p) {
            Some((value, 0.0)) => Ok(value),
            _ => Err(format!("`{name}` does not start at one value")),
        },
    };
    let (gamma, beta) = (of("gamma", 1.0)?, of("beta", 0.0)?);
    let (epsilon, kept) = step(stage, recipe, &slots(stage, recipe));
    // The places of a channel are samples of it.
    let rows = rows * (stage.size / stage.units.max(1)) as f64;
    let (variance, rows) = match standard {
        // A frozen one goes by the averages it starts with: mean 0, variance 1.
        Standard::OverBatch if kept => (1.0, f64::INFINITY),
        Standard::OverBatch => (x.square - x.common, rows),
        Standard::OverUnits => (x.square - x.mean * x.mean, f64::INFINITY),
        Standard::MeanSquare | Standard::Length => (x.square, f64::INFINITY),
    };
    let variance = variance.max(0.0);
    if !variance.is_finite() {
        return Err("the signal before it is not finite".into());
    }
    if variance + epsilon <= 0.0 {
        return Err("what it divides by is 0".into());
    }
    if rows <= 3.0 {
        return Err(format!("in batches of {rows:.0} its gradient has no mean size"));
    }
    let size = variance * (1.0 - 1.0 / rows) / (variance * (1.0 - 1.0 / rows) + epsilon);
    let plain = match standard {
        Standard::OverBatch if kept => x.scaled((1.0 / (1.0 + epsilon)).sqrt()),
        Standard::OverBatch => Signal { mean: 0.0, square: size, common: -size / (rows - 1.0) },
        Standard::OverUnits if variance == 0.0 => Signal::NOTHING,
        Standard::OverUnits => {
            let common = ((x.common - x.mean * x.mean) / variance).min(1.0);
            Signal { mean: 0.0, square: size, common: size * common }
        }
        Standard::MeanSquare => x.scaled(1.0 / (variance + epsilon).sqrt()),
        Standard::Length => x.scaled(1.0 / (variance * stage.units.max(1) as f64).sqrt()),
    };
    let y = plain.scaled(gamma);
    let shift = |v: f64| v + 2.0 * beta * y.mean + beta * beta;
    let signal = Signal { mean: y.mean + beta, square: shift(y.square), common: shift(y.common) };
    let length = if standard == Standard::Length { stage.units.max(1) as f64 } else { 1.0 };
    let back = (1.0 - 2.0 / rows) / ((variance * (1.0 - 3.0 / rows) + epsilon) * length);
    Ok(Effect::new(signal, vec![gamma * gamma * back]))
}
