//! The laws for dropout of whole channels.

mod common;

use common::{both_laws, execute};
use steadygrad_kernels::Isa;
use steadygrad_nn::builder::Mode;
use steadygrad_nn::layers::{DataFormat, Dense, Layer, SpatialDropout1D, SpatialDropout2D, SpatialDropout3D};
use steadygrad_nn::model::Purpose;
use steadygrad_nn::{Model, Sequential};

#[test]
fn gradients() {
    let dense = || Dense::new(4);
    both_laws("1D", Sequential::new([3, 2]).add(dense()).add(SpatialDropout1D::new(0.4)).add(dense()));
    both_laws("2D", Sequential::new([2, 2, 2]).add(dense()).add(SpatialDropout2D::new(0.4).seed(1)));
    let first = SpatialDropout3D::new(0.4).data_format(DataFormat::ChannelsFirst);
    both_laws("3D", Sequential::new([3, 2, 1, 2]).add(dense()).add(first));
}

/// What the layer makes of ones: 5 samples of this shape.
fn output(layer: impl Layer, shape: [usize; 3], mode: Mode) -> Vec<f32> {
    let model: Model = Sequential::new(shape).add(layer).into();
    let purpose = Purpose { mode, seed: 2, objectives: Vec::new(), input_gradients: false };
    let recipe = model.lower(&purpose).expect("the model can be lowered");
    let ones = vec![1.0; 5 * shape.iter().product::<usize>()];
    execute(&recipe, 5, &[(recipe.inputs[0], ones)], Isa::best(), true, 5).swap_remove(0).1
}

#[test]
fn a_channel_is_dropped_as_a_whole() {
    let y = output(SpatialDropout2D::new(0.5), [3, 4, 20], Mode::Train);
    let kept: f32 = y.chunks(12 * 20).map(|sample| sample[..20].iter().sum::<f32>()).sum();
    assert!((60.0..140.0).contains(&kept), "half of 100 channels at twice their size, got {kept}");
    for sample in y.chunks(12 * 20) {
        assert!(sample.chunks(20).all(|pixel| pixel == &sample[..20]));
    }
    assert_ne!(y[..20], y[240..260], "each sample has a draw of its own");
    let first = SpatialDropout2D::new(0.5).data_format(DataFormat::ChannelsFirst);
    let y = output(first, [20, 3, 4], Mode::Train);
    assert!(y.chunks(12).all(|channel| channel.iter().all(|&v| v == channel[0])));
    assert!(y.contains(&0.0) && y.contains(&2.0));
    assert!(output(first, [20, 3, 4], Mode::Infer).iter().all(|&v| v == 1.0));
}
