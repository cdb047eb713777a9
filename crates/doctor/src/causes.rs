//! Why a flow is sick, by measurement: the same batch through the same network with one thing changed.

use crate::case::{Case, Question};
use crate::edit::Edit;
use crate::finding::{Cause, Prescription};
use crate::flow::Flow;
use crate::forecast::TRAINABLE;

/// 20·log₁₀ of the smallest number above 0 that an f32 holds, without its sign.
const NOTHING: f64 = 897.0;
/// The parts of the hidden layers that are tried.
const DEPTHS: [f64; 3] = [0.5, 0.25, 0.1];
/// In so many of the draws.
const MOST: f64 = 0.75;
/// The narrowest layer from which on more units are worth asking for.
pub(crate) const NARROW: usize = 32;
/// Samples of a batch, from which on their mean and variance are worth something (Wu and He 2018).
pub(crate) const SMALL_BATCH: usize = 16;
/// The signal's own error grows by this factor a layer at most, where an initializer alone can keep it (slope of the variance map).
const STABLE: f64 = 1.5;

/// What a change makes of the trouble.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
    // What a change leaves of the loss or growth.
    let effect = |edits: &[Edit]| -> Result<(Effect, f64), Question> {
        let question = Question::Start(edits.to_vec());
        let flows = &case.answer(&question).ok_or(question)?.flows;
        let left = if flows.is_empty() { f64::INFINITY } else { typical(flows).abs() / before.abs() };
        Ok(match Case::share(flows, |f| cured(f, case)) {
            share if share >= MOST => (Effect::Cured, left),
            _ if left <= 1.0 - MOST_OF_IT => (Effect::Most, left),
            _ => (Effect::None, left),
        })
    };
    let (mut causes, mut cures) = (Vec::new(), Vec::new());
    // The change that leaves least, where none cures.
    let mut best: Option<(f64, Vec<Edit>)> = None;
    let mut note = |cause: Option<Cause>, edits: Vec<Edit>| -> Result<Effect, Question> {
        let (effect, left) = effect(&edits)?;
        causes.extend(cause.filter(|c| effect > Effect::None && !causes.contains(c)));
        if effect == Effect::Cured {
            cures.push(Prescription::trial_of(edits));
        } else if effect == Effect::Most && best.as_ref().is_none_or(|(least, _)| left < *least) {
            best = Some((left, edits));
        }
        Ok(effect)
    };
    // The smallest change first: what it heals it explains.
    let by_noise = if case.setup.noisy {
        note(Some(Cause::Regularization), vec![Edit::NoDropout])?
    } else {
        Effect::None
    };
    let mut by_weights = Effect::None;
    if stable(case) {
        // Weights that were loaded are not drawn anew: they can be scaled.
        let loaded = case.setup.loaded;
        let edit = if loaded { Edit::Set("model.rescale", "lsuv".into()) } else { Edit::Initializers };
        by_weights = note(Some(Cause::Initializer).filter(|_| by_noise < Effect::Cured), vec![edit])?;
    }
    let mut all = vec![by_noise, by_weights];
    let open = by_noise.max(by_weights) == Effect::None;
    let by_activation = note(Some(Cause::Activation).filter(|_| open), vec![Edit::Activation("elu".into())])?;
    all.push(by_activation);
    if open && by_activation > Effect::None && stable(case) && narrowest(case) < NARROW {
        all.push(note(Some(Cause::Width), vec![Edit::Width(8)])?);
    }
    // The numbers of a small batch are noise.
    let small = case.setup.batch_size < SMALL_BATCH;
    let normalization = || Edit::Normalize(if small { "layer_normalization" } else { "batch_normalization" });
    for edit in [normalization(), Edit::Residual] {
        all.push(note(None, vec![edit])?);
    }
    let cured = |all: &[Effect]| all.contains(&Effect::Cured);
    if open && by_activation == Effect::None || !cured(&all) {
        // Half of the layers may still be far too many.
        for part in DEPTHS {
            all.push(note(Some(Cause::Depth), vec![Edit::Depth(part)])?);
            if cured(&all) {
                break;
            }
        }
    }
    if !cured(&all) {
        note(None, vec![normalization(), Edit::Residual])?;
    }
    if let (true, Some((_, edits))) = (cures.is_empty(), best) {
        cures.push(Prescription::trial_of(edits));
    }
    Ok((causes, cures))
}

/// The median of what the gradient loses or gains, in dB: what is lost altogether is as much as no f32 holds.
fn typical(flows: &[Flow]) -> f64 {
    let of = |f: &Flow| if f.finite { f.gradient.clamp(-NOTHING, NOTHING) } else { NOTHING };
    let mut all: Vec<f64> = flows.iter().map(of).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(NOTHING)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{Answer, Curves};
    use crate::testing::Patient;

    /// What is prescribed where these changes leave so much of a loss of 120 dB, and all others all of it; and all that was asked.
    fn treated(noisy: bool, left: &[(Edit, f64)]) -> (Vec<Cause>, Vec<Vec<Edit>>, Vec<Vec<Edit>>) {
        let mut patient = Patient::healthy(4);
        patient.each(|layer, seen| {
            if layer.whole == "dense_0" && layer.role == "linear" {
                seen.delta = seen.delta.map(|d| d * 1e-6);
            }
        });
        patient.answers.clear();
        patient.setup.noisy = noisy;
        let calm = Patient::healthy(4).case().flows();
        let mut asked = Vec::new();
        loop {
            match of_flow(&patient.case()) {
                Ok((causes, cures)) => return (causes, cures.into_iter().map(|c| c.edits).collect(), asked),
                Err(question) => {
                    let Question::Start(edits) = question.clone() else { panic!("{question:?}") };
                    let known = left.iter().find(|(e, _)| [e.clone()] == edits[..]);
                    let gradient = -120.0 * known.map_or(1.0, |(_, left)| *left);
                    let flows = calm.iter().map(|f| Flow { gradient, ..*f }).collect();
                    patient.answers.push(Answer { question, flows, loss: None, curves: Curves::default() });
                    asked.push(edits);
                }
            }
        }
    }

    #[test]
    fn it_is_asked_until_something_cures_and_else_the_best_is_tried() {
        let (causes, cures, asked) = treated(false, &[(Edit::Initializers, 0.0)]);
        assert_eq!((causes, cures), (vec![Cause::Initializer], vec![vec![Edit::Initializers]]));
        assert!(!asked.contains(&vec![Edit::Depth(0.5)]));
        let (causes, cures, _) = treated(false, &[(Edit::Initializers, 0.24), (Edit::Depth(0.25), 0.1)]);
        assert_eq!((causes, cures), (vec![Cause::Initializer, Cause::Depth], vec![vec![Edit::Depth(0.25)]]));
        let (causes, cures, asked) = treated(false, &[(Edit::Initializers, 0.24)]);
        assert_eq!((causes, cures), (vec![Cause::Initializer], vec![vec![Edit::Initializers]]));
        assert_eq!(asked.last().unwrap(), &[Edit::Normalize("batch_normalization"), Edit::Residual]);
        assert!(asked.contains(&vec![Edit::Depth(0.1)]) && !asked.contains(&vec![Edit::NoDropout]));
        let (causes, cures, _) = treated(true, &[(Edit::NoDropout, 0.0), (Edit::Initializers, 0.0)]);
        assert_eq!((causes, cures.len()), (vec![Cause::Regularization], 2));
    }
}
