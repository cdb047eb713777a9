//! The laws for layers that move images at random: gradients, draws, and silence in inference.
#![allow(clippy::unwrap_used)]

mod common;

use common::{both_laws, execute, normals};
use std::sync::Arc;
use steadygrad_engine::plan::Plan;
use steadygrad_engine::run::{Batch, run};
use steadygrad_kernels::arena::Arena;
use steadygrad_kernels::{Cpu, Crew, Isa};
use steadygrad_nn::builder::Mode;
use steadygrad_nn::layers::{
    DataFormat, Dense, FillMode, Flip, Interpolation, Layer, RandomFlip, RandomRotation, RandomTranslation,
    RandomZoom,
};
use steadygrad_nn::model::Purpose;
use steadygrad_nn::{Model, Sequential};

fn all() -> Vec<Arc<dyn Layer>> {
    let mut all: Vec<Arc<dyn Layer>> = vec![
        Arc::new(RandomFlip::new(Flip::Horizontal)),
        Arc::new(RandomFlip::new(Flip::Vertical).seed(3)),
        Arc::new(RandomFlip::new(Flip::HorizontalAndVertical)),
        Arc::new(RandomTranslation::new(0.3, (0.1, 0.4)).interpolation(Interpolation::Nearest)),
        Arc::new(RandomZoom::new((0.2, 0.5)).fill_mode(FillMode::Constant).fill_value(0.5)),
    ];
    for mode in [FillMode::Reflect, FillMode::Wrap, FillMode::Constant, FillMode::Nearest] {
        all.push(Arc::new(RandomTranslation::new(0.6, 0.6).fill_mode(mode)));
        all.push(Arc::new(RandomRotation::new(0.4).fill_mode(mode).fill_value(1.0)));
        all.push(Arc::new(RandomZoom::new((0.3, 0.9)).width_factor((-0.4, -0.1)).fill_mode(mode)));
    }
    all
}

#[test]
fn gradients() {
    for layer in all() {
        let name = format!("{layer:?}");
        let model = Sequential::new([3, 4, 1]).add(Dense::new(2)).add(layer).add(Dense::new(1));
        both_laws(&name, model);
    }
    let first = RandomRotation::new(0.2).data_format(DataFormat::ChannelsFirst);
    both_laws("channels first", Sequential::new([2, 3, 2]).add(Dense::new(4)).add(first));
}

fn recipe(layer: impl Layer, shape: [usize; 3], mode: Mode, seed: u64) -> steadygrad_nn::recipe::Recipe {
    let model: Model = Sequential::new(shape).add(layer).into();
    model.lower(&Purpose { mode, seed, objectives: Vec::new(), input_gradients: false }).unwrap()
}

/// What the layer makes of these images at step 3.
fn output(layer: impl Layer, shape: [usize; 3], x: &[f32], mode: Mode, seed: u64) -> Vec<f32> {
    let recipe = recipe(layer, shape, mode, seed);
    let rows = x.len() / shape.iter().product::<usize>();
    execute(&recipe, rows, &[(recipe.inputs[0], x.to_vec())], Isa::best(), true, rows).swap_remove(0).1
}

#[test]
fn inference_changes_nothing() {
    let mut x = normals("x", 3 * 24);
    x[5] = f32::NAN;
    let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    for layer in all() {
        for mode in [Mode::Infer, Mode::Frozen] {
            assert_eq!(bits(&output(layer.clone(), [3, 4, 2], &x, mode, 1)), bits(&x), "{layer:?}");
        }
    }
}

#[test]
fn every_second_image_is_flipped() {
    let (rows, shape) = (400, [2, 3, 1]);
    let x: Vec<f32> = (0..rows).flat_map(|_| [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).collect();
    for (mode, flipped) in [
        (Flip::Horizontal, [3.0, 2.0, 1.0, 6.0, 5.0, 4.0]),
        (Flip::Vertical, [4.0, 5.0, 6.0, 1.0, 2.0, 3.0]),
        (Flip::HorizontalAndVertical, [6.0, 5.0, 4.0, 3.0, 2.0, 1.0]),
    ] {
        let y = output(RandomFlip::new(mode), shape, &x, Mode::Train, 1);
        let count = y.chunks(6).filter(|image| **image == flipped).count();
        assert_eq!(count + y.chunks(6).filter(|image| **image == x[..6]).count(), rows);
        assert!((150..250).contains(&count), "{mode:?}: {count} of {rows}");
    }
}

#[test]
fn draws_depend_on_seed_step_and_sample_alone() {
    let shape = [5, 4, 2];
    let x = normals("x", 6 * 40);
    for layer in all() {
        let y = output(layer.clone(), shape, &x, Mode::Train, 1);
        let few = output(layer.clone(), shape, &x[..80], Mode::Train, 1);
        assert_eq!(few, y[..80], "{layer:?}: the first images do not depend on how many there are");
        let seeded = layer.config().get("seed") != Some(&steadygrad_nn::config::Value::Null);
        assert_eq!(output(layer.clone(), shape, &x, Mode::Train, 2) == y, seeded, "{layer:?}");
    }
}

#[test]
fn threads_change_nothing_and_steps_draw_anew() {
    // So many numbers that threads share them.
    let (rows, shape) = (20, [40, 50, 3]);
    let x = normals("x", rows * 6000);
    for layer in all() {
        let recipe = recipe(layer.clone(), shape, Mode::Train, 1);
        let plan = Plan::new(&recipe, recipe.forward.clone(), recipe.forward.len(), &Vec::new(), 0, rows);
        let at = |threads, step| {
            let mut arena = Arena::new(plan.size).unwrap();
            arena.all_mut()[plan.range(recipe.inputs[0], rows)].copy_from_slice(&x);
            let crew = Crew::new(threads).unwrap();
            let cpu = Cpu::with(Isa::best(), &crew);
            let batch = Batch { rows, step, weighted: false };
            run(&plan, 0..plan.steps.len(), &mut arena, cpu, batch, |_, _| {});
            let y = &arena.all()[plan.range(recipe.outputs[0], rows)];
            y.iter().map(|y| y.to_bits()).collect::<Vec<_>>()
        };
        let (first, other) = (at(1, 5), at(1, 6));
        assert!(first == at(2, 5), "{layer:?}: threads");
        assert!(first != other, "{layer:?}: steps");
    }
}

/// What real Keras 3.15 makes of 0 … 23 in four rows of six, with bounds that leave nothing to chance.
#[test]
fn images_move_as_in_keras() {
    let x: Vec<f32> = (0..24).map(|i| i as f32).collect();
    let moved = |layer: &dyn Fn() -> Arc<dyn Layer>| output(layer(), [4, 6, 1], &x, Mode::Train, 1);
    let close = |got: Vec<f32>, want: [f32; 24]| {
        assert!(got.iter().zip(&want).all(|(g, w)| (g - w).abs() < 1e-4), "{got:?}\n{want:?}");
    };
    #[rustfmt::skip]
    close(moved(&|| Arc::new(RandomTranslation::new((0.25, 0.25), (0.5, 0.5)))), [
        2.0, 1.0, 0.0, 0.0, 1.0, 2.0,
        2.0, 1.0, 0.0, 0.0, 1.0, 2.0,
        8.0, 7.0, 6.0, 6.0, 7.0, 8.0,
        14.0, 13.0, 12.0, 12.0, 13.0, 14.0,
    ]);
    #[rustfmt::skip]
    close(moved(&|| Arc::new(RandomZoom::new((0.5, 0.5)))), [
        0.25, 0.25, 1.75, 3.25, 4.75, 4.75,
        4.75, 4.75, 6.25, 7.75, 9.25, 9.25,
        13.75, 13.75, 15.25, 16.75, 18.25, 18.25,
        18.25, 18.25, 19.75, 21.25, 22.75, 22.75,
    ]);
    #[rustfmt::skip]
    close(moved(&|| Arc::new(RandomRotation::new((0.1, 0.1)))), [
        2.4571, 2.1682, 2.9772, 7.2684, 11.6041, 15.5356,
        0.7714, 2.8632, 7.1990, 11.5347, 15.8704, 20.2062,
        2.7938, 7.1296, 11.4653, 15.8010, 20.1368, 22.2286,
        7.4644, 11.3959, 15.7316, 20.0228, 20.8318, 20.5429,
    ]);
}
