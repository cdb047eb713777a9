//! Laws 1 and 2 for the normalizations of single samples, and for batch normalization's further settings.

mod common;

use common::{agrees_with_the_oracle, both_laws, execute, mse, normals};
use steadygrad_kernels::Isa;
use steadygrad_nn::activations::{Sigmoid, Tanh};
use steadygrad_nn::functional::{input, merge};
use steadygrad_nn::initializers::{Constant, HeNormal};
use steadygrad_nn::layers::{
    BatchNormalization, Dense, GroupNormalization, LayerNormalization, RMSNormalization, RenormClipping,
    UnitNormalization,
};
use steadygrad_nn::model::Purpose;
use steadygrad_nn::regularizers::{L1L2, L2};
use steadygrad_nn::{Model, Sequential};

#[test]
fn layer_normalization() {
    let layer = LayerNormalization::new;
    let one_axis = |layer| Sequential::new([5]).add(Dense::new(7)).add(layer).add(Tanh);
    both_laws("last axis", one_axis(layer()));
    both_laws("wide", Sequential::new([3]).add(Dense::new(130)).add(layer()).add(Dense::new(1)));
    both_laws("one feature", Sequential::new([3]).add(Dense::new(1)).add(layer()));
    both_laws("as the first layer", Sequential::new([4]).add(layer()));
    both_laws("no gamma", one_axis(layer().scale(false)));
    both_laws("no beta", one_axis(layer().center(false)));
    both_laws("bare", one_axis(layer().scale(false).center(false).epsilon(0.1)));
    for axes in [vec![1], vec![2], vec![3], vec![1, 2], vec![1, 3], vec![2, 3], vec![-1, 1, 2]] {
        let name = format!("axes {axes:?}");
        let model = Sequential::new([3, 2, 4]).add(Dense::new(4)).add(layer().axes(axes)).add(Tanh);
        both_laws(&name, model);
    }
    let penalized = layer().gamma_regularizer(L2::new(0.1)).beta_regularizer(L1L2::new(0.1, 0.2));
    both_laws("penalized", one_axis(penalized));
    let model = Sequential::new([4]).add(Dense::new(3)).add_frozen(layer()).add(Dense::new(2));
    both_laws("frozen", model);
}

#[test]
fn rms_normalization() {
    let layer = RMSNormalization::new;
    both_laws("last axis", Sequential::new([5]).add(Dense::new(7)).add(layer()).add(Tanh));
    both_laws("as the first layer", Sequential::new([4]).add(layer().epsilon(0.01)));
    for axes in [vec![1], vec![-1], vec![1, 2]] {
        let model = Sequential::new([3, 4]).add(Dense::new(4)).add(layer().axes(axes)).add(Tanh);
        both_laws("axes", model);
    }
}

#[test]
fn group_normalization() {
    for groups in [1, 2, 3, 6, -1] {
        let name = format!("{groups} groups");
        let layer = || GroupNormalization::new(groups);
        both_laws(&name, Sequential::new([5]).add(Dense::new(6)).add(layer().epsilon(0.1)).add(Tanh));
        both_laws(&name, Sequential::new([2, 3]).add(Dense::new(6)).add(layer()).add(Tanh));
        both_laws(&name, Sequential::new([6, 2, 2]).add(Dense::new(2)).add(layer().axis(1)));
        both_laws(&name, Sequential::new([2, 6, 2]).add(Dense::new(3)).add(layer().axis(-2)));
    }
    let bare = GroupNormalization::new(2).scale(false).center(false);
    both_laws("bare", Sequential::new([3, 4]).add(Dense::new(4)).add(bare).add(Tanh));
    let penalized = GroupNormalization::new(2).gamma_regularizer(L2::new(0.1)).center(false);
    both_laws("penalized", Sequential::new([3, 4]).add(Dense::new(4)).add(penalized).add(Tanh));
}

#[test]
fn unit_normalization() {
    let layer = UnitNormalization::new;
    both_laws("last axis", Sequential::new([5]).add(Dense::new(7)).add(layer()));
    for axes in [vec![1], vec![2], vec![1, 2]] {
        both_laws("axes", Sequential::new([3, 4]).add(Dense::new(4)).add(layer().axes(axes)));
    }
}

/// The output of a model without weights for one row.
fn output(model: Model, x: &[f32]) -> Vec<f32> {
    let recipe = model.lower(&Purpose::inference()).expect("the model can be lowered");
    let feed = [(recipe.inputs[0], x.to_vec())];
    let results = execute(&recipe, 1, &feed, Isa::best(), true, 1);
    results.into_iter().find(|(slot, _)| *slot == recipe.outputs[0]).expect("outputs are results").1
}

#[test]
fn lengths_that_cannot_become_1() {
    let unit = || Model::from(Sequential::new([2]).add(UnitNormalization::new()));
    assert_eq!(output(unit(), &[3.0, 4.0]), [0.6, 0.8]);
    assert_eq!(output(unit(), &[0.0, 0.0]), [0.0, 0.0]);
    let tiny = output(unit(), &[1e-15, 0.0]);
    assert!((tiny[0] - 1e-3).abs() < 1e-9, "{tiny:?}");
    let huge = output(unit(), &[3e30, 4e30]);
    assert!((huge[0] - 0.6).abs() < 1e-6 && (huge[1] - 0.8).abs() < 1e-6, "squares beyond f32: {huge:?}");
}

#[test]
fn samples_are_normalized_each_on_its_own() {
    let x = normals("x", 12);
    let model = |layer| Model::from(Sequential::new([12]).add(layer));
    let y = output(model(LayerNormalization::new().scale(false).center(false).epsilon(0.0)), &x);
    let (mean, square) = (y.iter().sum::<f32>() / 12.0, y.iter().map(|y| y * y).sum::<f32>() / 12.0);
    assert!(mean.abs() < 1e-6 && (square - 1.0).abs() < 1e-5, "{mean} {square}");
    let groups = GroupNormalization::new(3).scale(false).center(false).epsilon(0.0);
    for group in output(Sequential::new([12]).add(groups).into(), &x).chunks(4) {
        assert!(group.iter().sum::<f32>().abs() < 1e-5, "{group:?}");
    }
}

#[test]
fn batch_normalization_with_all_its_settings() {
    let layer = BatchNormalization::new()
        .momentum(0.5)
        .epsilon(0.01)
        .gamma_initializer(Constant::new(2.0))
        .beta_initializer(HeNormal)
        .gamma_regularizer(L2::new(0.1))
        .beta_regularizer(L2::new(0.2))
        .moving_mean_initializer(Constant::new(1.0))
        .moving_variance_initializer(Constant::new(3.0));
    both_laws("penalized", Sequential::new([4]).add(Dense::new(3)).add(layer).add(Dense::new(2)));
    for shape in [vec![3], vec![2, 3], vec![2, 2, 3]] {
        let (x, mask) = (input(shape.clone()), input(shape[..shape.len() - 1].to_vec()));
        // Between 0 and 1: a position may count by half.
        let masked = merge(BatchNormalization::new(), [&x, &mask.then(Sigmoid)]);
        both_laws("masked", Model::new(&[&x, &mask], &[&masked.then(Tanh)]));
    }
}

#[test]
fn batch_renormalization() {
    let model =
        |layer: BatchNormalization| Sequential::new([4]).add(Dense::new(3)).add(layer.renorm(true)).add(Tanh);
    let target = |i: usize| (i % 3) as f32 / 2.0;
    let clipping = RenormClipping { rmax: Some(3.0), rmin: Some(0.3), dmax: Some(0.5) };
    let layer = || BatchNormalization::new().momentum(0.9).renorm_momentum(0.7);
    for layer in [
        layer(),
        layer().renorm_clipping(clipping),
        layer().scale(false),
        layer().center(false),
        layer().scale(false).center(false),
        layer().axis(1),
    ] {
        agrees_with_the_oracle("renorm", &model(layer).into(), mse(), target);
    }
    // r and d are constants for the gradient, so it is the slope where they are constant: at their limits.
    let held = RenormClipping { rmax: Some(1.5), rmin: Some(1.5), dmax: Some(1e-3) };
    both_laws("at the limits", model(layer().renorm_clipping(held)));
    both_laws("at the limits, bare", model(layer().renorm_clipping(held).scale(false).center(false)));
    let plain = RenormClipping { rmax: Some(1.0), rmin: Some(1.0), dmax: Some(0.0) };
    both_laws("no correction", model(layer().renorm_clipping(plain)));
}
