//! Laws 1 and 2 for convolutions: the executor agrees with the oracle, and every gradient is a slope.

mod common;

use common::both_laws;
use steadygrad_nn::Sequential;
use steadygrad_nn::activations::{Softmax, Tanh};
use steadygrad_nn::layers::{
    BatchNormalization, Conv1D, Conv1DTranspose, Conv2D, Conv2DTranspose, Conv3D, Conv3DTranspose,
    DataFormat, Dense, DepthwiseConv1D, DepthwiseConv2D, Flatten, GroupNormalization, Padding,
    SeparableConv1D, SeparableConv2D,
};
use steadygrad_nn::regularizers::L2;

use DataFormat::ChannelsFirst;
use Padding::{Causal, Same};

#[test]
fn convolutions() {
    both_laws(
        "valid",
        Sequential::new([5, 6, 2]).add(Conv2D::new(3, 3)).add(Tanh).add(Conv2D::new(2, [2, 3])),
    );
    both_laws(
        "same with strides",
        Sequential::new([7, 6, 2])
            .add(Conv2D::new(3, [3, 2]).strides(2).padding(Same).activation(Tanh))
            .add(Conv2D::new(2, 4).strides([1, 3]).padding(Same).use_bias(false)),
    );
    both_laws(
        "dilated",
        Sequential::new([8, 7, 2]).add(Dense::new(2)).add(Conv2D::new(2, 3).dilation_rate([2, 1])),
    );
    both_laws(
        "in groups",
        Sequential::new([4, 4, 2]).add(Conv2D::new(4, 1)).add(Conv2D::new(6, 3).groups(2).padding(Same)),
    );
    both_laws(
        "causal",
        Sequential::new([7, 2])
            .add(Conv1D::new(3, 3).padding(Causal).dilation_rate(2))
            .add(Conv1D::new(2, 2).strides(2)),
    );
    both_laws(
        "one tap",
        Sequential::new([3, 3, 4]).add(Conv2D::new(5, 1).activation(Tanh)).add(Conv2D::new(2, 1).strides(2)),
    );
    both_laws(
        "volumes",
        Sequential::new([3, 4, 3, 2]).add(Conv3D::new(2, [2, 3, 1]).padding(Same)).add(Conv3D::new(1, 2)),
    );
    both_laws(
        "channels first",
        Sequential::new([2, 5, 4])
            .add(Conv2D::new(3, 3).padding(Same).data_format(ChannelsFirst).activation(Tanh))
            .add(BatchNormalization::new().axis(1))
            .add(Conv2D::new(2, 2).data_format(ChannelsFirst)),
    );
    both_laws(
        "penalized",
        Sequential::new([4, 4, 1]).add(Conv2D::new(2, 2).kernel_regularizer(L2::new(0.1))),
    );
    both_laws("softmax", Sequential::new([3, 3, 2]).add(Conv2D::new(3, 2).activation(Softmax)));
    both_laws(
        "frozen",
        Sequential::new([4, 4, 2]).add(Dense::new(2)).add_frozen(Conv2D::new(2, 3)).add(Dense::new(2)),
    );
}

#[test]
fn convolutions_of_their_own_kind() {
    both_laws(
        "depthwise",
        Sequential::new([5, 4, 3]).add(Dense::new(3)).add(DepthwiseConv2D::new(3).padding(Same)).add(Tanh),
    );
    both_laws(
        "depthwise with a multiplier",
        Sequential::new([6, 5, 3])
            .add(Dense::new(3))
            .add(DepthwiseConv2D::new([3, 2]).depth_multiplier(2).strides(2)),
    );
    both_laws(
        "depthwise of one channel",
        Sequential::new([6, 1]).add(DepthwiseConv1D::new(3).depth_multiplier(3)),
    );
    both_laws(
        "separable",
        Sequential::new([5, 5, 2])
            .add(SeparableConv2D::new(4, 3).depth_multiplier(2).activation(Tanh))
            .add(SeparableConv2D::new(2, 2)),
    );
    both_laws(
        "separable sequences",
        Sequential::new([6, 3]).add(SeparableConv1D::new(2, 3).padding(Same).data_format(ChannelsFirst)),
    );
    both_laws(
        "transposed",
        Sequential::new([4, 3, 3])
            .add(Conv2DTranspose::new(2, 3).strides(2).padding(Same))
            .add(Tanh)
            .add(Conv2DTranspose::new(2, [2, 3])),
    );
    both_laws(
        "transposed and longer",
        Sequential::new([3, 3])
            .add(Conv1DTranspose::new(2, 2).strides(3).output_padding(2))
            .add(Dense::new(2)),
    );
    both_laws(
        "transposed volumes",
        Sequential::new([2, 2, 2, 2]).add(Conv3DTranspose::new(2, 2).data_format(ChannelsFirst)),
    );
}

#[test]
fn a_small_network() {
    both_laws(
        "as for images",
        Sequential::new([6, 6, 1])
            .add(Conv2D::new(4, 3).padding(Same).use_bias(false))
            .add(BatchNormalization::new())
            .add(Tanh)
            .add(Conv2D::new(4, 3).strides(2))
            .add(GroupNormalization::new(2))
            .add(Flatten)
            .add(Dense::new(3)),
    );
}
