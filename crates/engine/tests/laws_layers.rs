//! Laws 1 and 2 for layers: the executor agrees with the oracle, and every gradient is a slope.

mod common;

use common::{agrees_with_the_oracle, both_laws, execute, gradients_are_slopes, normals};
use std::sync::Arc;
use steadygrad_kernels::Isa;
use steadygrad_nn::activations::{Elu, Relu, Sigmoid, Softmax, Tanh};
use steadygrad_nn::builder::Mode;
use steadygrad_nn::functional::{concatenate, input, merge, shared};
use steadygrad_nn::layers::{
    ActivityRegularization, Add, Average, BatchNormalization, Concatenate, Dense, Flatten,
    GroupNormalization, Identity, Layer, LayerNormalization, Maximum, Minimum, Multiply, Permute,
    RMSNormalization, RepeatVector, Rescaling, Reshape, Subtract, UnitNormalization,
};
use steadygrad_nn::losses::SparseCategoricalCrossentropy;
use steadygrad_nn::model::Purpose;
use steadygrad_nn::regularizers::L2;
use steadygrad_nn::{Model, Sequential};

#[test]
fn dense() {
    both_laws("plain", Sequential::new([5]).add(Dense::new(3)));
    both_laws("without bias", Sequential::new([5]).add(Dense::new(3).use_bias(false)));
    both_laws("on three axes", Sequential::new([2, 3, 4]).add(Dense::new(3).activation(Tanh)));
    both_laws("one unit", Sequential::new([1]).add(Dense::new(1).activation(Sigmoid)));
    both_laws(
        "penalized",
        Sequential::new([4])
            .add(Dense::new(3).kernel_regularizer(L2::new(0.1)).bias_regularizer(L2::new(0.2))),
    );
    both_laws(
        "deep",
        Sequential::new([6])
            .add(Dense::new(5).activation(Elu))
            .add(Dense::new(4).activation(Tanh))
            .add(Dense::new(2)),
    );
}

#[test]
fn batch_normalization() {
    for axis in [-1, 1, 2] {
        both_laws(
            "axis",
            Sequential::new([3, 4]).add(Dense::new(4)).add(BatchNormalization::new().axis(axis)).add(Tanh),
        );
    }
    both_laws(
        "without gamma",
        Sequential::new([4]).add(BatchNormalization::new().scale(false)).add(Dense::new(2)),
    );
    both_laws(
        "without beta",
        Sequential::new([4]).add(BatchNormalization::new().center(false)).add(Dense::new(2)),
    );
    both_laws(
        "bare",
        Sequential::new([4]).add(BatchNormalization::new().scale(false).center(false)).add(Dense::new(2)),
    );
    both_laws(
        "frozen",
        Sequential::new([4]).add(Dense::new(3)).add_frozen(BatchNormalization::new()).add(Dense::new(2)),
    );
    let wide =
        Sequential::new([3]).add(Dense::new(130)).add(BatchNormalization::new()).add(Elu).add(Dense::new(1));
    both_laws("wider than a block", wide);
}

#[test]
fn shapes() {
    both_laws("flatten", Sequential::new([2, 3]).add(Dense::new(2)).add(Flatten).add(Dense::new(2)));
    both_laws(
        "channels first",
        Sequential::new([3, 2, 2]).add(Dense::new(2)).add(Flatten.channels_first()).add(Dense::new(2)),
    );
    both_laws("permute", Sequential::new([2, 3, 4]).add(Permute::new([3, 1, 2])).add(Dense::new(2)));
    both_laws(
        "reshape",
        Sequential::new([12]).add(Dense::new(6)).add(Reshape::new([3, -1])).add(Dense::new(2)),
    );
    both_laws("repeat", Sequential::new([3]).add(Dense::new(2)).add(RepeatVector::new(4)).add(Dense::new(2)));
    both_laws("repeat once", Sequential::new([3]).add(RepeatVector::new(1)).add(Dense::new(2)));
    both_laws("identity", Sequential::new([3]).add(Identity).add(Dense::new(2)).add(Identity));
    let rescaling = Rescaling::new(-0.5).offset(0.25);
    both_laws("rescaling", Sequential::new([3]).add(rescaling.clone()).add(Dense::new(2)).add(rescaling));
    let penalty = ActivityRegularization::new(0.1, 0.2);
    both_laws("activity", Sequential::new([3]).add(penalty).add(Dense::new(2).activation(Tanh)).add(penalty));
}

/// Layers without noise and without statistics of the batch do the same in training and in inference, bit for bit.
#[test]
fn training_and_inference_agree() {
    let x = input([4, 6]);
    let layers: Vec<Arc<dyn Layer>> = vec![
        Arc::new(Dense::new(3).activation(Elu)),
        Arc::new(LayerNormalization::new().axes([1, 2])),
        Arc::new(RMSNormalization::new().axis(1)),
        Arc::new(GroupNormalization::new(3)),
        Arc::new(UnitNormalization::new()),
        Arc::new(Reshape::new([3, 8])),
        Arc::new(Permute::new([2, 1])),
        Arc::new(Flatten),
        Arc::new(Identity),
        Arc::new(Rescaling::new(3.0)),
        Arc::new(ActivityRegularization::new(0.1, 0.1)),
        Arc::new(Relu),
        Arc::new(Softmax),
    ];
    let mut outputs: Vec<_> = layers.into_iter().map(|layer| x.then(layer)).collect();
    let flat = x.then(Flatten);
    outputs.push(flat.then(RepeatVector::new(2)));
    outputs.extend([merge(Add, [&x, &x]), concatenate([&x, &x]), merge(Maximum, [&x, &x])]);
    let model = Model::new(&[&x], &outputs.iter().collect::<Vec<_>>());
    let run = |mode| {
        let purpose = Purpose { mode, seed: 0, objectives: Vec::new(), input_gradients: false };
        let recipe = model.lower(&purpose).unwrap();
        let mut feed = vec![(recipe.inputs[0], normals("x", 7 * 24))];
        feed.extend(recipe.parameters.iter().map(|p| (p.value, normals(&p.path, p.shape.size()))));
        let results = execute(&recipe, 7, &feed, Isa::best(), true, 7);
        results[..recipe.outputs.len()].iter().map(|(_, y)| y.clone()).collect::<Vec<_>>()
    };
    let inference = run(Mode::Infer);
    assert_eq!(inference.len(), outputs.len());
    assert_eq!(inference, run(Mode::Train));
    assert_eq!(inference, run(Mode::Frozen));
}

#[test]
fn merges() {
    let x = input([4]);
    let (a, b) = (x.then(Dense::new(3)), x.then(Dense::new(3)));
    both_laws("add", Model::of(&merge(Add, [&a, &b, &a])));
    both_laws("subtract", Model::of(&merge(Subtract, [&a, &b])));
    both_laws("multiply", Model::of(&merge(Multiply, [&a, &b, &a])));
    both_laws("average", Model::of(&merge(Average, [&a, &b])));
    both_laws("maximum", Model::of(&merge(Maximum, [&a, &b])));
    both_laws("minimum", Model::of(&merge(Minimum, [&a, &b])));
    both_laws("concatenate", Model::of(&concatenate([&a, &b, &x])));
    let (m, n) = (input([2, 3]), input([2, 1]));
    both_laws("stretched", Model::new(&[&m, &n], &[&merge(Multiply, [&m, &n])]));
    both_laws("stretched sum", Model::new(&[&m, &n], &[&merge(Add, [&m, &n])]));
    let joined = merge(Concatenate::new().axis(2), [&m, &n]).then(Dense::new(2));
    both_laws("along an axis", Model::new(&[&m, &n], &[&joined]));
}

#[test]
fn graphs() {
    let x = input([4]);
    let h = x.then(Dense::new(4).activation(Relu));
    let residual = merge(Add, [&x, &h]).then(Dense::new(2));
    both_laws("residual", Model::of(&residual));

    let (a, b) = (input([3]), input([3]));
    let tower = shared(Dense::new(4).activation(Tanh).kernel_regularizer(L2::new(0.05)));
    let out = merge(Add, [&tower.on(&a), &tower.on(&b)]).then(Dense::new(1));
    both_laws("shared", Model::new(&[&a, &b], &[&out]));

    let inner: Model = Sequential::new([3]).add(Dense::new(3).activation(Tanh)).add(Dense::new(2)).into();
    let nested = shared(inner);
    let out = merge(Add, [&nested.on(&a), &nested.on(&b)]);
    both_laws("a model twice in a model", Model::new(&[&a, &b], &[&out]));

    let two = x.then(Dense::new(3).activation(Tanh));
    both_laws("two outputs", Model::new(&[&x], &[&two.then(Dense::new(2)), &two.then(Dense::new(1))]));
    both_laws("an output that is read again", Model::new(&[&x], &[&two, &two.then(Dense::new(1))]));
    both_laws("an input that is an output", Model::new(&[&x], &[&x.then(Flatten), &two]));
}

#[test]
fn heads() {
    let model: Model = Sequential::new([5]).add(Dense::new(4).activation(Softmax)).into();
    let loss = Arc::new(SparseCategoricalCrossentropy);
    agrees_with_the_oracle("softmax", &model, loss.clone(), |i| (i % 4) as f32);
    gradients_are_slopes("softmax", &model, loss.clone(), |i| (i % 4) as f32);
    both_laws("softmax and squares", model);
    let plain: Model = Sequential::new([5]).add(Dense::new(4)).into();
    let from_logits = Arc::new(SparseCategoricalCrossentropy.from_logits().ignore_class(2));
    agrees_with_the_oracle("logits", &plain, from_logits.clone(), |i| (i % 4) as f32);
    gradients_are_slopes("logits", &plain, from_logits, |i| (i % 4) as f32);
    both_laws("axis", Sequential::new([3, 4]).add(Dense::new(4)).add(Softmax.axis(1)));
}
