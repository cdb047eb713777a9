//! The layers with weights of a recipe, as a case describes them.

use crate::case::Part;
use crate::expected::{convolution, fan_in};
use std::sync::Arc;
use steadygrad_kernels::conv::Pass;
use steadygrad_nn::activations::Activation;
use steadygrad_nn::layers::{Role, Standard};
use steadygrad_nn::moments::{Moments, gain};
use steadygrad_nn::recipe::Recipe;
use steadygrad_nn::stage::{Source, Stage, stages};

/// The layers with weights, first to last.
pub fn parts(recipe: &Recipe) -> Vec<Part> {
    let all = stages(recipe);
    let linear = (0..all.len()).filter(|&i| matches!(all[i].role, Role::Linear { .. }));
    linear.filter_map(|i| part(recipe, &all, i)).collect()
}

/// Whether the data meets a normalization or scaling before any weights.
pub fn scaled_inside(recipe: &Recipe) -> bool {
    let all = stages(recipe);
    let before = all.iter().take_while(|s| !matches!(s.role, Role::Linear { .. }));
    before.into_iter().any(|s| matches!(s.role, Role::Normalize(_) | Role::Affine { .. }))
}

/// For each input of the model the channels that its first weights see one by one, where these are a convolution's: its units are
/// channels then, and its places are samples of them.
pub fn channels_of_inputs(recipe: &Recipe) -> Vec<Option<usize>> {
    let all = stages(recipe);
    let first = |i: usize| {
        let mut reached = vec![Source::Feed(i)];
        for (k, stage) in all.iter().enumerate() {
            if stage.inputs.iter().all(|source| !reached.contains(source)) {
                continue;
            }
            if matches!(stage.role, Role::Linear { .. }) {
                let kernel = &recipe.parameters[*stage.parameters.first()?];
                return convolution(recipe, kernel).map(|conv| match conv.pass {
                    Pass::Input => conv.of.filters,
                    _ => conv.of.channels,
                });
            }
            reached.push(Source::Stage(k));
        }
        None
    };
    (0..recipe.inputs.len()).map(first).collect()
}

/// What acts on the output of the i-th stage, up to the first activation: the activation, and whether a normalization of the
/// batch, or any, comes before it.
fn behind(all: &[Stage], mut i: usize) -> (Option<Arc<dyn Activation>>, bool, bool) {
    let (mut over_batch, mut any) = (false, false);
    loop {
        let reads = |s: &&Stage| s.inputs.contains(&Source::Stage(i));
        let readers: Vec<usize> = (i + 1..all.len()).filter(|&j| reads(&&all[j])).collect();
        // Where the ways part, or end, nothing acts on all of it.
        let [next] = readers[..] else { return (None, over_batch, any) };
        match &all[next].role {
            Role::Pointwise(f) => return (Some(f.clone()), over_batch, any),
            Role::Normalize(standard) => {
                over_batch |= *standard == Standard::OverBatch;
                any = true;
            }
            Role::Noise(_) | Role::Shape | Role::Pool(_) | Role::Affine { .. } => {}
            _ => return (None, over_batch, any),
        }
        i = next;
    }
}

fn part(recipe: &Recipe, all: &[Stage], i: usize) -> Option<Part> {
    let stage = &all[i];
    let (shape, initializer) = stage.kernel(recipe)?;
    let (activation, batch_normalized, normalized) = behind(all, i);
    let equal = matches!(initializer.class(), "Zeros" | "Ones" | "Constant");
    let kernel = &recipe.parameters[*stage.parameters.first()?];
    let fan_in = fan_in(recipe, kernel).round() as usize;
    let parameters = || stage.parameters.iter().map(|&p| &recipe.parameters[p]);
    Some(Part {
        path: stage.path.clone(),
        units: stage.units,
        fan_in,
        initializer: initializer.class().to_string(),
        variance: if equal { Some(0.0) } else { initializer.variance(shape) },
        wanted: activation.as_ref().map(|f| gain(&**f).powi(2) / fan_in.max(1) as f64),
        slope: activation.as_ref().map(|f| Moments::of(&**f).slope_q()),
        activation: activation.as_ref().map(|f| f.name().to_string()),
        bias: parameters().any(|p| p.path.ends_with("/bias")),
        batch_normalized,
        normalized,
        trainable: parameters().next().is_some_and(|p| p.gradient.is_some()),
    })
}
