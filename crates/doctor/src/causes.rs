//! Why a flow is sick, by measurement: the same batch through the same network with one thing changed.

use crate::case::{Case, Question};
use crate::edit::Edit;
use crate::finding::{Cause, Prescription};
use crate::flow::Flow;
use crate::forecast::TRAINABLE;

/// In so many of the draws.
const MOST: f64 = 0.75;
/// The narrowest layer from which on more units are worth asking for.
pub(crate) const NARROW: usize = 32;
/// Samples of a batch, from which on their mean and variance are worth something (Wu and He 2018).
pub(crate) const SMALL_BATCH: usize = 16;
/// The signal's own error grows by this factor a layer at most, where an initializer alone can keep it (slope of the variance map).
const STABLE: f64 = 1.5;

/// What a change makes of the trouble.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Effect {
    /// Little.
    None,
    /// Most of the loss or growth is gone, measured in dB: the change is a cause, and not the only one.
    Most,
    /// All of it.
    Cured,
}

/// The part of the loss or growth in dB that a cause explains.
const MOST_OF_IT: f64 = 0.75;

/// Causes and cures of a sick flow; a question as long as one is open.
pub(crate) fn of_flow(case: &Case<'_>) -> Result<(Vec<Cause>, Vec<Prescription>), Question> {
    let flows = case.flows();
    // What only a training made sick cannot be healed at its start.
    if !flows.is_empty() && flows.iter().all(|f| cured(f, case)) {
        return Ok((Vec::new(), Vec::new()));
    }
    let before = typical(&flows);
    let effect = |edit: Edit| -> Result<Effect, Question> {
        let question = Question::Start(vec![edit]);
        let flows = &case.answer(&question).ok_or(question)?.flows;
        let left = typical(flows).abs() / before.abs();
        Ok(match Case::share(flows, |f| cured(f, case)) {
            share if share >= MOST => Effect::Cured,
            _ if left <= 1.0 - MOST_OF_IT => Effect::Most,
            _ => Effect::None,
        })
    };
    let (mut causes, mut cures) = (Vec::new(), Vec::new());
    let mut note = |cause: Option<Cause>, edit: Edit, effect: Effect| {
        causes.extend(cause.filter(|_| effect > Effect::None));
        cures.extend((effect == Effect::Cured).then(|| Prescription::trial(edit)));
        effect
    };
    // The smallest change first: what it heals it explains.
    let mut open = true;
    if stable(case) {
        // Weights that were loaded are not drawn anew: they can be scaled.
        let loaded = case.setup.loaded;
        let edit = if loaded { Edit::Set("model.rescale", "lsuv".into()) } else { Edit::Initializers };
        let done = note(Some(Cause::Initializer), edit.clone(), effect(edit)?);
        open = done == Effect::None;
    }
    let elu = || Edit::Activation("elu".into());
    let by_activation = effect(elu())?;
    note(Some(Cause::Activation).filter(|_| open), elu(), by_activation);
    if open && by_activation > Effect::None && stable(case) && narrowest(case) < NARROW {
        note(Some(Cause::Width), Edit::Width(8), effect(Edit::Width(8))?);
    }
    // The numbers of a small batch are noise.
    let small = case.setup.batch_size < SMALL_BATCH;
    let normalization = if small { "layer_normalization" } else { "batch_normalization" };
    for edit in [Edit::Normalize(normalization), Edit::Residual] {
        note(None, edit.clone(), effect(edit)?);
    }
    if open && by_activation == Effect::None {
        note(Some(Cause::Depth), Edit::Depth(0.5), effect(Edit::Depth(0.5))?);
    }
    Ok((causes, cures))
}

/// The median of what the gradient loses or gains, in dB.
fn typical(flows: &[Flow]) -> f64 {
    let mut all: Vec<f64> = flows.iter().map(|f| if f.finite { f.gradient } else { f64::INFINITY }).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::INFINITY)
}

/// The units of the narrowest hidden layer.
fn narrowest(case: &Case<'_>) -> usize {
    let hidden = case.setup.parts.len().saturating_sub(1);
    case.setup.parts[..hidden].iter().map(|p| p.units).min().unwrap_or(usize::MAX)
}

fn cured(flow: &Flow, case: &Case<'_>) -> bool {
    flow.trouble(TRAINABLE, case.growth()).is_none()
}

/// Whether activations let the signal keep its size at all: one that blows up every error of it cannot be tamed by weights.
fn stable(case: &Case<'_>) -> bool {
    let worst = case.setup.parts.iter().filter_map(|p| p.slope).fold(0.0, f64::max);
    worst < STABLE
}
