//! The plan's law: on the recipes of real models, no two numbers that are alive at the same time share a place.
// A test that fails may panic, its helpers too.
#![allow(clippy::unwrap_used)]

mod common;

use common::{mse, training};
use std::collections::{HashMap, HashSet};
use steadygrad_engine::fuse::fuse;
use steadygrad_engine::plan::Plan;
use steadygrad_nn::activations::{Elu, PRelu, Relu, Softmax, Tanh};
use steadygrad_nn::builder::Mode;
use steadygrad_nn::functional::{add, concatenate, input, shared};
use steadygrad_nn::layers::{
    BatchNormalization, Dense, Dropout, Flatten, GroupNormalization, LayerNormalization, Permute,
};
use steadygrad_nn::recipe::{Home, Recipe};
use steadygrad_nn::regularizers::L2;
use steadygrad_nn::step::{Access, Slot};
use steadygrad_nn::{Model, Sequential};

/// Where everything lies when each step runs: worked out anew, from the steps alone.
fn apart(name: &str, recipe: &Recipe, seen: &HashSet<Slot>, rows: usize) {
    let (steps, forward) = fuse(recipe, seen);
    let (mut fixed, mut base) = (Vec::new(), 0);
    for (slot, info) in recipe.slots.iter().enumerate() {
        if matches!(info.home, Home::Parameter | Home::State | Home::Gradient) {
            fixed.push((Slot(slot as u32), base));
            base += info.extent.at(rows);
        }
    }
    let plan = Plan::new(recipe, steps, forward, &fixed, base, rows);
    let end = plan.steps.len();
    let mut life: HashMap<Slot, (usize, usize)> = HashMap::new();
    for (i, step) in plan.steps.iter().enumerate() {
        for (slot, access) in step.slots() {
            let home = recipe.slot(slot).home;
            let born = if access == Access::Write && home != Home::Feed { i } else { 0 };
            let (first, last) = life.entry(slot).or_insert((born, i));
            *last = i.max(*last);
            match home {
                Home::Parameter | Home::State | Home::Gradient | Home::Feed => (*first, *last) = (0, end),
                Home::Result => *last = end,
                Home::Value => {}
            }
        }
    }
    let mut pairs = 0;
    let all: Vec<(Slot, (usize, usize))> = life.into_iter().collect();
    for (i, (a, (a_first, a_last))) in all.iter().enumerate() {
        let (at, size) = (plan.range(*a, rows), plan.size);
        assert!(at.end <= size, "{name}: {a} lies outside");
        for (b, (b_first, b_last)) in &all[..i] {
            if a_first > b_last || b_first > a_last {
                continue;
            }
            let other = plan.range(*b, rows);
            assert!(
                at.is_empty() || other.is_empty() || at.end <= other.start || other.end <= at.start,
                "{name}: {a} at {at:?}, steps {a_first} to {a_last}, and {b} at {other:?}, {b_first} to {b_last}"
            );
            pairs += 1;
        }
    }
    assert!(pairs > 50, "{name}: there is something to compare");
}

#[test]
fn no_two_live_numbers_share_a_place() {
    let deep = (0..12).fold(Sequential::new([8, 8]).add(Flatten), |model, _| {
        model
            .add(Dense::new(32).use_bias(false).kernel_regularizer(L2::new(0.01)))
            .add(BatchNormalization::new())
            .add(Elu)
            .add(Dropout::new(0.2))
    });
    let deep: Model = deep.add(Dense::new(10).activation(Softmax)).into();
    let renorm: Model = Sequential::new([4, 6])
        .add(Permute::new([2, 1]))
        .add(Dense::new(6).activation(Tanh))
        .add(BatchNormalization::new().renorm(true))
        .add(GroupNormalization::new(2))
        .add(Softmax.axis(1))
        .add(PRelu::new())
        .add(Flatten)
        .add(Dense::new(3))
        .into();
    let (left, right) = (input([7]), input([7]));
    let tower = shared(Dense::new(7).activation(Relu));
    let (a, b) = (tower.on(&left), tower.on(&right));
    let residual = (0..4).fold(add([&a, &b]), |x, _| {
        add([&x, &x.then(LayerNormalization::new()).then(Dense::new(7).activation(Elu))])
    });
    let heads = [residual.then(Dense::new(2)), concatenate([&residual, &left]).then(Dense::new(1))];
    let branched = Model::new(&[&left, &right], &[&heads[0], &heads[1]]);
    for (name, model) in [("deep", deep), ("renorm", renorm), ("branched", branched)] {
        for mode in [Mode::Train, Mode::Frozen] {
            let recipe = training(&model, mse(), mode);
            let seen: HashSet<Slot> = recipe
                .traces
                .iter()
                .flat_map(|t| t.outputs.iter().chain(t.deltas.iter().flatten()).copied())
                .collect();
            for rows in [1, 5, 64] {
                apart(name, &recipe, &HashSet::new(), rows);
                apart(name, &recipe, &seen, rows);
            }
        }
    }
}
