//! Laws 1 and 2 for pooling; and 4: the number of threads changes no bit.

mod common;

use common::{both_laws, execute, normals};
use steadygrad_engine::plan::Plan;
use steadygrad_engine::run::{Batch, run};
use steadygrad_kernels::arena::Arena;
use steadygrad_kernels::{Cpu, Crew, Isa};
use steadygrad_nn::activations::Tanh;
use steadygrad_nn::builder::Mode;
use steadygrad_nn::functional::{Value, input};
use steadygrad_nn::layers::{
    AdaptiveAveragePooling1D, AdaptiveAveragePooling2D, AdaptiveAveragePooling3D, AdaptiveMaxPooling1D,
    AdaptiveMaxPooling2D, AdaptiveMaxPooling3D, AveragePooling1D, AveragePooling2D, AveragePooling3D,
    DataFormat, Dense, Flatten, GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalAveragePooling3D,
    GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D, Layer, MaxPooling1D, MaxPooling2D,
    MaxPooling3D, Padding,
};
use steadygrad_nn::model::Purpose;
use steadygrad_nn::{Model, Sequential};

const FIRST: DataFormat = DataFormat::ChannelsFirst;

/// The laws for the layer between two others, and for it alone.
fn laws<const R: usize>(name: &str, shape: [usize; R], layer: impl Layer + Clone) {
    both_laws(
        name,
        Sequential::new(shape)
            .add(Dense::new(shape[R - 1]))
            .add(layer.clone())
            .add(Flatten)
            .add(Dense::new(2)),
    );
    both_laws(name, Sequential::new(shape).add(layer));
}

#[test]
fn sliding() {
    laws("max 1d", [7, 3], MaxPooling1D::new(2));
    laws("max 1d same", [7, 3], MaxPooling1D::new(3).strides(2).padding(Padding::Same));
    laws("max 2d", [4, 6, 2], MaxPooling2D::new(2));
    laws("max 2d overlapping", [5, 6, 2], MaxPooling2D::new((3, 2)).strides(1));
    laws("max 2d same", [5, 4, 3], MaxPooling2D::new(3).strides(2).padding(Padding::Same));
    laws("max 2d first", [2, 5, 8], MaxPooling2D::new(2).strides((1, 2)).data_format(FIRST));
    laws("max 3d", [3, 4, 4, 2], MaxPooling3D::new(2).strides(1));
    laws(
        "max 3d first",
        [2, 3, 4, 4],
        MaxPooling3D::new([1, 2, 3]).padding(Padding::Same).data_format(FIRST),
    );
    laws("average 1d", [7, 3], AveragePooling1D::new(2));
    laws("average 1d first", [3, 9], AveragePooling1D::new(3).strides(1).data_format(FIRST));
    laws("average 2d", [4, 6, 2], AveragePooling2D::new(2));
    laws("average 2d same", [5, 4, 3], AveragePooling2D::new(3).strides(2).padding(Padding::Same));
    laws("average 2d first", [2, 5, 8], AveragePooling2D::new(3).strides(2).data_format(FIRST));
    laws("average 3d", [3, 4, 4, 2], AveragePooling3D::new(2).padding(Padding::Same));
    laws("gaps", [7, 5, 2], AveragePooling2D::new(1).strides(3));
}

#[test]
fn global() {
    laws("max 1d", [7, 3], GlobalMaxPooling1D::new());
    laws("max 2d", [4, 3, 2], GlobalMaxPooling2D::new().keepdims(true));
    laws("max 2d first", [2, 4, 5], GlobalMaxPooling2D::new().data_format(FIRST));
    laws("max 3d", [2, 3, 2, 3], GlobalMaxPooling3D::new());
    laws("average 1d", [7, 3], GlobalAveragePooling1D::new().keepdims(true));
    laws("average 1d first", [3, 40], GlobalAveragePooling1D::new().keepdims(true).data_format(FIRST));
    laws("average 2d", [4, 3, 2], GlobalAveragePooling2D::new());
    laws("average 3d", [2, 3, 2, 3], GlobalAveragePooling3D::new());
}

#[test]
fn adaptive() {
    laws("max 1d", [7, 3], AdaptiveMaxPooling1D::new(3));
    laws("max 1d more", [3, 2], AdaptiveMaxPooling1D::new(5));
    laws("max 2d", [5, 6, 2], AdaptiveMaxPooling2D::new([2, 4]));
    laws("max 2d first", [2, 5, 6], AdaptiveMaxPooling2D::new(3).data_format(FIRST));
    laws("max 3d", [3, 4, 5, 2], AdaptiveMaxPooling3D::new([1, 2, 3]));
    laws("average 1d", [7, 3], AdaptiveAveragePooling1D::new(3));
    laws("average 2d", [5, 6, 2], AdaptiveAveragePooling2D::new([5, 4]));
    laws("average 3d", [3, 4, 5, 2], AdaptiveAveragePooling3D::new([2, 2, 1]));
    laws("average 3d first", [2, 3, 4, 5], AdaptiveAveragePooling3D::new(2).data_format(FIRST));
    laws("as it is", [3, 4, 2], AdaptiveAveragePooling2D::new([3, 4]));
}

#[test]
fn in_a_graph_that_reads_a_value_twice() {
    let x = input([6, 2]);
    let h = x.then(Dense::new(2).activation(Tanh));
    let (a, b) = (h.then(MaxPooling1D::new(3).strides(1)), h.then(AveragePooling1D::new(2)));
    both_laws("two readers", Model::new(&[&x], &[&a, &b, &h]));
}

#[test]
fn both_data_formats_give_the_same() {
    let (last, first) = (input([6, 8, 5]), input([5, 6, 8]));
    let outputs = |x: &Value, format| {
        vec![
            x.then(MaxPooling2D::new(3).strides(2).padding(Padding::Same).data_format(format)),
            x.then(AveragePooling2D::new(2).data_format(format)),
            x.then(GlobalMaxPooling2D::new().data_format(format)),
            x.then(AdaptiveAveragePooling2D::new([4, 3]).data_format(format)),
        ]
    };
    let values = |x: &Value, format, feed: Vec<f32>| {
        let outputs = outputs(x, format);
        let model = Model::new(&[x], &outputs.iter().collect::<Vec<_>>());
        let purpose = Purpose { mode: Mode::Infer, seed: 0, objectives: Vec::new(), input_gradients: false };
        let recipe = model.lower(&purpose).unwrap();
        let results = execute(&recipe, 2, &[(recipe.inputs[0], feed)], Isa::best(), true, 2);
        let shapes = model.output_shapes().unwrap();
        results.into_iter().map(|(_, y)| y).zip(shapes).collect::<Vec<_>>()
    };
    // (rows, positions, channels) to (rows, channels, positions)
    let swapped = |x: &[f32], channels: usize| -> Vec<f32> {
        let positions = x.len() / 2 / channels;
        let from = |i: usize| {
            let (row, rest) = (i / (positions * channels), i % (positions * channels));
            row * positions * channels + rest % positions * channels + rest / positions
        };
        (0..x.len()).map(|i| x[from(i)]).collect()
    };
    let x = normals("x", 2 * 240);
    let one = values(&last, DataFormat::ChannelsLast, x.clone());
    let other = values(&first, FIRST, swapped(&x, 5));
    assert_eq!(one.len(), 4);
    for ((a, _), (b, _)) in one.iter().zip(&other) {
        let a = swapped(a, 5);
        assert_eq!(a.len(), b.len());
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-6), "{a:?}\n{b:?}");
    }
}

#[test]
fn threads_change_no_bit() {
    let layers: Vec<(Vec<usize>, std::sync::Arc<dyn Layer>)> = vec![
        (vec![14, 14, 16], std::sync::Arc::new(MaxPooling2D::new(2))),
        (vec![15, 14, 16], std::sync::Arc::new(MaxPooling2D::new(3).strides(2).padding(Padding::Same))),
        (vec![16, 15, 14], std::sync::Arc::new(MaxPooling2D::new(2).data_format(FIRST))),
        (vec![14, 14, 16], std::sync::Arc::new(AveragePooling2D::new(3).strides(1))),
        (vec![14, 14, 16], std::sync::Arc::new(GlobalMaxPooling2D::new())),
        (vec![14, 14, 16], std::sync::Arc::new(AdaptiveMaxPooling2D::new(5))),
        (vec![200, 200], std::sync::Arc::new(GlobalAveragePooling1D::new())),
    ];
    for (shape, layer) in layers {
        let model: Model = Sequential::new(shape).add(layer).into();
        let recipe = common::training(&model, common::mse(), Mode::Train);
        let rows = 37;
        let feed = common::feed(&recipe, rows, |i| (i % 5) as f32 / 4.0);
        let bits = |threads: usize| {
            let steps = recipe.steps().cloned().collect();
            let plan = Plan::new(&recipe, steps, recipe.forward.len(), &Vec::new(), 0, rows);
            let mut arena = Arena::new(plan.size).unwrap();
            for (slot, values) in &feed {
                arena.all_mut()[plan.range(*slot, rows)].copy_from_slice(values);
            }
            let crew = Crew::new(threads).unwrap();
            let cpu = Cpu::with(Isa::best(), &crew);
            let batch = Batch { rows, step: 0, weighted: true };
            run(&plan, 0..plan.steps.len(), &mut arena, cpu, batch, |_, _| {});
            let slots = common::results(&recipe);
            let numbers = slots.iter().flat_map(|s| arena.all()[plan.range(*s, rows)].to_vec());
            numbers.map(f32::to_bits).collect::<Vec<_>>()
        };
        assert_eq!(bits(1), bits(3), "{model:?}");
    }
}

/// How many places give their gradient to each number, where all that is pooled comes out as 1.
fn given<const R: usize>(shape: [usize; R], layer: impl Layer, x: &[f32]) -> Vec<f32> {
    let model: Model = Sequential::new(shape).add(layer).into();
    let recipe = common::training(&model, common::mse(), Mode::Train);
    let mut feed = common::feed(&recipe, 1, |_| 0.0);
    feed.iter_mut().find(|(slot, _)| *slot == recipe.inputs[0]).expect("x is fed").1.copy_from_slice(x);
    let results = execute(&recipe, 1, &feed, Isa::best(), true, 1);
    let number = |slot| results.iter().find(|(s, _)| *s == slot).expect("a result").1.clone();
    let dx = number(recipe.input_gradients[0].expect("it was asked for"));
    assert!(number(recipe.outputs[0]).iter().all(|&y| y == 1.0));
    let places = number(recipe.outputs[0]).len() as f32;
    let whole: f32 = dx.iter().sum();
    dx.iter().map(|dx| dx / whole * places).collect()
}

/// Held against TensorFlow's gradients (its 3D windows aside, which give all of theirs to each of the equal ones).
#[test]
fn of_equal_numbers_the_one_that_keras_takes_gets_the_gradient() {
    let ones = [1.0; 12];
    assert_eq!(given([5, 1], MaxPooling1D::new(3).strides(1), &ones[..5]), [1.0, 1.0, 1.0, 0.0, 0.0]);
    let overlapping = given([3, 3, 1], MaxPooling2D::new(2).strides(1), &ones[..9]);
    assert_eq!(overlapping, [1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(given([2, 2, 3, 1], MaxPooling3D::new(2).strides(1), &ones)[..4], [1.0, 1.0, 0.0, 0.0]);
    assert_eq!(given([4, 1], GlobalMaxPooling1D::new(), &[0.0, 1.0, -1.0, 1.0]), [0.0, 0.5, 0.0, 0.5]);
    // The two of a bin lie across: that of the first column is taken, not that of the first row.
    let across = [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0];
    let bins = given([3, 3, 1], AdaptiveMaxPooling2D::new(2), &across);
    assert_eq!(bins, [0.0, 1.0, 0.0, 2.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
}
