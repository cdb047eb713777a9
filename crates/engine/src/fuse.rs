//! Fewer steps: each rule joins two neighbours into one that does the same operations in the same order.

use std::collections::{HashMap, HashSet};
use steadygrad_nn::recipe::{Home, Recipe};
use steadygrad_nn::shape::Extent;
use steadygrad_nn::step::{Access, Slot, Step};

/// Joins what can be joined. Slots in `seen` are looked at from outside and stay as they are.
pub fn fuse(recipe: &Recipe, seen: &HashSet<Slot>) -> (Vec<Step>, usize) {
    let mut readers: HashMap<Slot, usize> = HashMap::new();
    for (slot, access) in recipe.steps().flat_map(Step::slots) {
        if access != Access::Write {
            *readers.entry(slot).or_default() += 1;
        }
    }
    // A value may vanish into a step if its only reader is that step.
    let inner = |slot: Slot| {
        readers.get(&slot) == Some(&1) && recipe.slot(slot).home == Home::Value && !seen.contains(&slot)
    };
    let mut forward: Vec<Step> = Vec::with_capacity(recipe.forward.len());
    for step in &recipe.forward {
        let joined =
            forward.last().and_then(|before| RULES.iter().find_map(|rule| rule(before, step, &inner)));
        match (joined, forward.last_mut()) {
            (Some(joined), Some(last)) => *last = joined,
            _ => forward.push(step.clone()),
        }
    }
    let count = forward.len();
    forward.extend(recipe.backward.iter().cloned());
    (forward, count)
}

type Rule = fn(&Step, &Step, &dyn Fn(Slot) -> bool) -> Option<Step>;

const RULES: &[Rule] = &[bias_into_product, activation_into_product];

/// z = a·b; y = z + bias  →  y = a·b + bias
fn bias_into_product(before: &Step, after: &Step, inner: &dyn Fn(Slot) -> bool) -> Option<Step> {
    let Step::ScaleShift { x, scale: None, shift: Some(shift), out: y, layout } = after else { return None };
    let mut joined = before.clone();
    match &mut joined {
        Step::Gemm { out, n, bias: bias @ None, map: None, .. }
            if out == x && inner(*x) && layout.inner == 1 && layout.axis == *n =>
        {
            (*out, *bias) = (*y, Some(*shift));
            Some(joined)
        }
        Step::Conv(conv)
            if conv.out == *x
                && inner(*x)
                && conv.bias.is_none()
                && conv.map.is_none()
                && layout.inner == 1
                && layout.axis == Extent::Fixed(conv.width()) =>
        {
            (conv.out, conv.bias) = (*y, Some(*shift));
            Some(joined)
        }
        _ => None,
    }
}

/// z = a·b (+ bias); y = f(z)  →  y = f(a·b (+ bias)), where nobody else reads z
fn activation_into_product(before: &Step, after: &Step, inner: &dyn Fn(Slot) -> bool) -> Option<Step> {
    let Step::Map { f, x, out: y } = after else { return None };
    let mut joined = before.clone();
    match &mut joined {
        Step::Gemm { out, m: Extent::Rows(_), map: map @ None, .. } if out == x && inner(*x) => {
            (*out, *map) = (*y, Some(f.clone()));
            Some(joined)
        }
        Step::Conv(conv) if conv.out == *x && inner(*x) && conv.map.is_none() => {
            (conv.out, conv.map) = (*y, Some(f.clone()));
            Some(joined)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steadygrad_nn::activations::{Relu, Tanh};
    use steadygrad_nn::layers::{BatchNormalization, Conv2D, Conv2DTranspose, Dense};
    use steadygrad_nn::model::Purpose;
    use steadygrad_nn::{Model, Sequential};

    fn labels(model: Model, purpose: &Purpose, seen: &HashSet<Slot>) -> Vec<String> {
        let recipe = model.lower(purpose).unwrap();
        fuse(&recipe, seen).0.iter().map(Step::label).collect()
    }

    #[test]
    fn bias_and_activation_go_into_the_product() {
        let model: Model = Sequential::new([4]).add(Dense::new(3).activation(Tanh)).into();
        let labels = labels(model, &Purpose::inference(), &HashSet::new());
        assert_eq!(labels, ["gemm [b,4] · [4,3] + bias → tanh"]);
    }

    #[test]
    fn bias_and_activation_go_into_convolutions() {
        let model: Model = Sequential::new([8, 8, 3])
            .add(Conv2D::new(4, 3).activation(Tanh))
            .add(Conv2DTranspose::new(5, 3).activation(Relu))
            .add(Conv2D::new(2, 1).activation(Tanh))
            .into();
        let labels = labels(model, &Purpose::inference(), &HashSet::new());
        let expected = [
            "conv 1×3×3 3 → 4 + bias → tanh",
            "conv_back 1×3×3 4 → 5 + bias → relu",
            "gemm [b·64,5] · [5,2] + bias → tanh",
        ];
        assert_eq!(labels, expected);
    }

    #[test]
    fn what_stands_between_or_is_looked_at_stays() {
        let model: Model = Sequential::new([4])
            .add(Dense::new(3).use_bias(false))
            .add(BatchNormalization::new())
            .add(Relu)
            .into();
        assert_eq!(labels(model, &Purpose::inference(), &HashSet::new()).len(), 3);
        let model: Model = Sequential::new([4]).add(Dense::new(3)).add(Tanh).into();
        let recipe = model.lower(&Purpose::inference()).unwrap();
        let seen: HashSet<Slot> = recipe.traces.iter().flat_map(|t| t.outputs.clone()).collect();
        assert_eq!(fuse(&recipe, &seen).0.len(), 2);
        assert_eq!(fuse(&recipe, &HashSet::new()).0.len(), 1);
    }
}
