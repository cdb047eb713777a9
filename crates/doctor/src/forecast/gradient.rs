//! The way of the gradient through a network: where it starts, and what arrives.

use crate::expected::Effect;
use steadygrad_nn::layers::{Pooled, Role, Standard};
use steadygrad_nn::recipe::Recipe;
use steadygrad_nn::stage::{Source, Stage};

/// The stages at whose output the gradient starts: where the losses' do, or at the outputs, before a softmax or sigmoid.
pub(super) fn starts(recipe: &Recipe, stages: &[Stage]) -> Vec<usize> {
    if !recipe.backward.is_empty() {
        let last = stages.iter().rposition(|s| s.delta.is_some());
        let read: Vec<usize> =
            stages.iter().flat_map(|s| s.inputs.iter().filter_map(|s| s.stage())).collect();
        let ends = |i: &usize| stages[*i].delta.is_some() && read.iter().all(|r| r != i);
        let mut all: Vec<usize> = (0..stages.len()).filter(ends).collect();
        // A head that the loss looks through.
        for stage in stages.iter().filter(|s| s.delta.is_none()) {
            all.extend(stage.inputs.iter().filter_map(|s| s.stage()).filter(|&i| stages[i].delta.is_some()));
        }
        if all.is_empty() { last.into_iter().collect() } else { all }
    } else {
        let behind = |slot| stages.iter().rposition(|s| s.output == slot);
        let ends = recipe.outputs.iter().filter_map(|&slot| behind(slot));
        ends.map(|end| {
            let class = stages[end].path.rsplit('/').next().unwrap_or("");
            let head = matches!(stages[end].class.as_str(), "Softmax" | "Sigmoid") || class == "softmax";
            stages[end].inputs.first().and_then(|s| s.stage()).filter(|_| head).unwrap_or(end)
        })
        .collect()
    }
}

/// E‖δ‖² behind every stage, in batches of so many rows; writes the factors of batch normalizations as the gradient that comes
/// to them makes them: what the samples of a batch have in common in it does not pass.
pub(super) fn gradients(
    stages: &[Stage],
    effects: &mut [Option<Effect>],
    starts: &[usize],
    rows: f64,
) -> Vec<Option<f64>> {
    // E‖δ‖², and E δ·δ′ for two samples of a batch.
    let mut all: Vec<Option<(f64, f64)>> = vec![None; stages.len()];
    for &start in starts {
        all[start] = Some((1.0, 0.0));
    }
    for i in (0..stages.len()).rev() {
        let Some((square, common)) = all[i] else { continue };
        let over_batch = matches!(stages[i].role, Role::Normalize(Standard::OverBatch));
        if let Some(effect) = effects[i].as_mut().filter(|_| over_batch && common != 0.0) {
            effect.factors.iter_mut().for_each(|f| *f *= 1.0 - common / square);
        }
        for (k, source) in stages[i].inputs.iter().enumerate() {
            let Source::Stage(from) = source else { continue };
            let effect = effects[i].as_ref();
            let factor = effect.and_then(|e| e.factors.get(k).copied()).unwrap_or(f64::NAN);
            let passed = square * factor;
            let shared = match over_batch {
                true => -passed / (rows * (stages[i].size / stages[i].units.max(1)) as f64 - 1.0),
                false => common * factor * effect.map_or(1.0, |e| e.keeps),
            };
            let sum = all[*from].get_or_insert((0.0, 0.0));
            *sum = (sum.0 + passed, sum.1 + shared);
        }
    }
    all.into_iter().map(|g| g.map(|g| g.0).filter(|g| !g.is_nan())).collect()
}

/// The sizes by which the way of the gradient is judged: those of [`gradients`], but
///
/// - where a normalization stands right behind weights, the one behind it, as it does not go by the size of signal and weights;
/// - where the last weights on the way start at 0, as if the gradient started below them, where it starts one step later;
/// - a mean over places takes nothing: the gradients of the weights before it add up over the places again.
pub(super) fn judged(
    stages: &[Stage],
    effects: &[Option<Effect>],
    starts: &[usize],
    gradients: &[Option<f64>],
    rows: f64,
) -> Vec<Option<f64>> {
    let zero = |i: usize| {
        matches!(stages[i].role, Role::Linear { .. })
            && effects[i].as_ref().is_some_and(|e| e.factors.first() == Some(&0.0))
    };
    let below: Vec<usize> =
        (0..stages.len()).filter(|&i| zero(i) && gradients[i].is_some_and(|g| g > 0.0)).collect();
    let mut sizes = gradients.to_vec();
    let means = |i: &usize| matches!(stages[*i].role, Role::Pool(Pooled::Mean));
    let mut own: Vec<Option<Effect>> = effects.to_vec();
    for i in (0..stages.len()).filter(means) {
        own[i].iter_mut().for_each(|effect| effect.factors.fill(1.0));
    }
    // All ways end in such weights, and what stands before them gets nothing by another way.
    let ends: Vec<usize> = below.iter().filter_map(|&i| stages[i].inputs.first()?.stage()).collect();
    if !starts.is_empty() && ends.len() == starts.len() && ends.iter().all(|&i| gradients[i] == Some(0.0)) {
        sizes = self::gradients(stages, &mut own, &ends, f64::INFINITY);
    } else if (0..stages.len()).any(|i| means(&i)) {
        sizes = self::gradients(stages, &mut own, starts, rows);
    }
    let behind: Vec<Option<f64>> = (0..stages.len())
        .map(|i| {
            let mut readers = (0..stages.len()).filter(|&j| stages[j].inputs.contains(&Source::Stage(i)));
            let (next, more) = (readers.next()?, readers.next());
            (more.is_none() && matches!(stages[next].role, Role::Normalize(_))).then(|| sizes[next])?
        })
        .collect();
    let linear = |i: usize| matches!(stages[i].role, Role::Linear { .. });
    (0..stages.len()).map(|i| behind[i].filter(|_| linear(i)).or(sizes[i])).collect()
}
