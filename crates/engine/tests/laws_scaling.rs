//! The laws for layers that scale by numbers known beforehand.

mod common;

use common::{both_laws, execute, normals};
use steadygrad_kernels::Isa;
use steadygrad_nn::layers::{Dense, Layer, Normalization, Rescaling};
use steadygrad_nn::model::Purpose;
use steadygrad_nn::{Model, Sequential};

#[test]
fn rescaling_of_every_channel() {
    let rescaling = Rescaling::new([0.5, -1.0, 2.0]).offset([0.0, 0.25, 1.0]);
    both_laws("both", Sequential::new([2, 2]).add(Dense::new(3)).add(rescaling).add(Dense::new(2)));
    let scaled = Rescaling::new([0.5, -1.0]).offset(1.0);
    both_laws("scale", Sequential::new([3]).add(Dense::new(2)).add(scaled));
    let shifted = Rescaling::new([2.0]).offset([0.5, -1.0]);
    both_laws("offset", Sequential::new([3]).add(Dense::new(2)).add(shifted));
}

#[test]
fn normalization() {
    let dense = || Dense::new(4);
    let given = Normalization::new().moments([0.5, 0.0, -1.0, 2.0], [1.0, 4.0, 0.25, 0.0]);
    let tame = Normalization::new().moments([0.5, 0.0, -1.0, 2.0], [1.0, 4.0, 0.25, 2.0]);
    both_laws("given", Sequential::new([3]).add(dense()).add(tame.clone()).add(dense()));
    both_laws("back", Sequential::new([3]).add(dense()).add(given.invert(true)).add(dense()));
    both_laws("state", Sequential::new([3]).add(dense()).add(Normalization::new()).add(dense()));
    both_laws("state back", Sequential::new([3]).add(dense()).add(Normalization::new().invert(true)));
    for axes in [vec![], vec![1], vec![2], vec![1, 2], vec![3, 1], vec![1, 2, 3]] {
        let layer = Normalization::new().axes(axes.clone());
        both_laws(&format!("{axes:?}"), Sequential::new([2, 3, 2]).add(dense()).add(layer));
        let all = Normalization::new().axes(axes.clone()).moments(0.5, 4.0);
        both_laws(&format!("{axes:?} given"), Sequential::new([2, 3, 2]).add(dense()).add(all));
    }
}

fn output(layer: impl Layer, shape: &[usize], x: &[f32]) -> Vec<f32> {
    let model: Model = Sequential::new(shape).add(layer).into();
    let recipe = model.lower(&Purpose::inference()).expect("the model can be lowered");
    let rows = x.len() / shape.iter().product::<usize>();
    execute(&recipe, rows, &[(recipe.inputs[0], x.to_vec())], Isa::best(), true, rows).swap_remove(0).1
}

#[test]
fn what_it_was_adapted_to_gets_mean_0_and_variance_1() {
    // Far from 0, where one rounding too many shows.
    let x: Vec<f32> = normals("x", 600).iter().map(|x| 3000.0 + 0.5 * x).collect();
    for axes in [vec![], vec![-1], vec![1], vec![2, 1]] {
        let layer = Normalization::new().axes(axes.clone()).adapted(&x, [2, 3]).unwrap();
        let y = output(layer.clone(), &[2, 3], &x);
        let mean = y.iter().map(|&y| f64::from(y)).sum::<f64>() / 600.0;
        let square = y.iter().map(|&y| f64::from(y).powi(2)).sum::<f64>() / 600.0;
        assert!(mean.abs() < 2e-3 && (square - 1.0).abs() < 1e-3, "{axes:?}: {mean} {square}");
        let back = output(layer.invert(true), &[2, 3], &y);
        assert!(x.iter().zip(&back).all(|(x, back)| (x - back).abs() <= 1e-3), "{axes:?}");
    }
    // What does not vary becomes 0.
    let constant = Normalization::new().adapted(&[7.0, 1.0, 7.0, 3.0], 2).unwrap();
    assert_eq!(output(constant, &[2], &[7.0, 1.0, 7.0, 3.0]), [0.0, -1.0, 0.0, 1.0]);
    for (data, says) in
        [(vec![], "one sample or more"), (vec![1.0, f32::NAN], "sample 0 has the value NaN at position 1")]
    {
        let error = Normalization::new().adapted(&data, 2).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}
