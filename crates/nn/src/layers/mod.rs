//! Layers: one file each, found by Keras' class name, its snake case, and the plain one.

pub mod layer;

mod activation;
mod activity;
mod activity_regularization;
mod adaptive_average_pooling;
mod adaptive_max_pooling;
mod alpha_dropout;
mod average_pooling;
mod axes;
mod batch_normalization;
mod center_crop;
mod concatenate;
mod conv;
mod conv_transpose;
mod convolve;
mod cropping;
mod dense;
mod depthwise_conv;
mod dropout;
mod embedding;
mod factor;
mod flatten;
mod gaussian_dropout;
mod gaussian_noise;
mod given_moments;
mod global_average_pooling;
mod global_max_pooling;
mod group_normalization;
mod identity;
mod input;
mod interpolation;
mod layer_normalization;
mod margins;
mod max_pooling;
mod merge;
mod normalization;
mod permute;
mod pooling;
mod random_affine;
mod random_flip;
mod renorm;
mod repeat_vector;
mod rescaling;
mod reshape;
mod resizing;
mod rms_normalization;
mod separable_conv;
mod spatial;
mod spatial_dropout;
mod standard;
mod unit_normalization;
mod up_sampling;
mod zero_padding;

pub use activation::ActivationLayer;
pub use activity::Regularized;
pub use activity_regularization::ActivityRegularization;
pub use adaptive_average_pooling::{
    AdaptiveAveragePooling, AdaptiveAveragePooling1D, AdaptiveAveragePooling2D, AdaptiveAveragePooling3D,
};
pub use adaptive_max_pooling::{
    AdaptiveMaxPooling, AdaptiveMaxPooling1D, AdaptiveMaxPooling2D, AdaptiveMaxPooling3D,
};
pub use alpha_dropout::AlphaDropout;
pub use average_pooling::{AveragePooling, AveragePooling1D, AveragePooling2D, AveragePooling3D};
pub use batch_normalization::BatchNormalization;
pub use center_crop::CenterCrop;
pub use concatenate::Concatenate;
pub use conv::{Conv, Conv1D, Conv2D, Conv3D};
pub use conv_transpose::{Conv1DTranspose, Conv2DTranspose, Conv3DTranspose, ConvTranspose};
pub use cropping::{Cropping, Cropping1D, Cropping2D, Cropping3D};
pub use dense::Dense;
pub use depthwise_conv::{DepthwiseConv, DepthwiseConv1D, DepthwiseConv2D};
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use factor::Factor;
pub use flatten::Flatten;
pub use gaussian_dropout::GaussianDropout;
pub use gaussian_noise::GaussianNoise;
pub use given_moments::Moments;
pub use global_average_pooling::{
    GlobalAveragePooling, GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalAveragePooling3D,
};
pub use global_max_pooling::{GlobalMaxPooling, GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D};
pub use group_normalization::GroupNormalization;
pub use identity::Identity;
pub use input::Input;
pub use interpolation::Interpolation;
pub use layer::{Layer, Merging, Pooled, Role, Standard};
pub use layer_normalization::LayerNormalization;
pub use margins::Margins;
pub use max_pooling::{MaxPooling, MaxPooling1D, MaxPooling2D, MaxPooling3D};
pub use merge::{Add, Average, Maximum, Minimum, Multiply, Subtract};
pub use normalization::Normalization;
pub use permute::Permute;
pub use random_affine::{FillMode, RandomRotation, RandomTranslation, RandomZoom};
pub use random_flip::{Flip, RandomFlip};
pub use renorm::RenormClipping;
pub use repeat_vector::RepeatVector;
pub use rescaling::{PerChannel, Rescaling};
pub use reshape::Reshape;
pub use resizing::Resizing;
pub use rms_normalization::RMSNormalization;
pub use separable_conv::{SeparableConv, SeparableConv1D, SeparableConv2D};
pub use spatial::{DataFormat, Padding, Sizes};
pub use spatial_dropout::{SpatialDropout, SpatialDropout1D, SpatialDropout2D, SpatialDropout3D};
pub use unit_normalization::UnitNormalization;
pub use up_sampling::{UpSampling, UpSampling1D, UpSampling2D, UpSampling3D};
pub use zero_padding::{ZeroPadding, ZeroPadding1D, ZeroPadding2D, ZeroPadding3D};
pub(crate) use {merge::expanded, permute::permuted};

use crate::activations;
use crate::args::Args;
use crate::catalog::{self, Entry};
use crate::config::Config;
use crate::regularizers::Regularizer;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// All layers.
pub const CATALOG: &[Entry<dyn Layer>] = &[
    activation::ENTRY,
    activity_regularization::ENTRY,
    adaptive_average_pooling::ENTRY_1D,
    adaptive_average_pooling::ENTRY_2D,
    adaptive_average_pooling::ENTRY_3D,
    adaptive_max_pooling::ENTRY_1D,
    adaptive_max_pooling::ENTRY_2D,
    adaptive_max_pooling::ENTRY_3D,
    alpha_dropout::ENTRY,
    average_pooling::ENTRY_1D,
    average_pooling::ENTRY_2D,
    average_pooling::ENTRY_3D,
    batch_normalization::ENTRY,
    center_crop::ENTRY,
    concatenate::ENTRY,
    conv::CONV1D,
    conv::CONV2D,
    conv::CONV3D,
    conv_transpose::CONV1D_TRANSPOSE,
    conv_transpose::CONV2D_TRANSPOSE,
    conv_transpose::CONV3D_TRANSPOSE,
    cropping::ONE,
    cropping::TWO,
    cropping::THREE,
    dense::ENTRY,
    depthwise_conv::DEPTHWISE_CONV1D,
    depthwise_conv::DEPTHWISE_CONV2D,
    dropout::ENTRY,
    embedding::ENTRY,
    flatten::ENTRY,
    gaussian_dropout::ENTRY,
    gaussian_noise::ENTRY,
    global_average_pooling::ENTRY_1D,
    global_average_pooling::ENTRY_2D,
    global_average_pooling::ENTRY_3D,
    global_max_pooling::ENTRY_1D,
    global_max_pooling::ENTRY_2D,
    global_max_pooling::ENTRY_3D,
    group_normalization::ENTRY,
    identity::ENTRY,
    input::ENTRY,
    layer_normalization::ENTRY,
    max_pooling::ENTRY_1D,
    max_pooling::ENTRY_2D,
    max_pooling::ENTRY_3D,
    merge::ADD,
    merge::SUBTRACT,
    merge::MULTIPLY,
    merge::AVERAGE,
    merge::MAXIMUM,
    merge::MINIMUM,
    normalization::ENTRY,
    permute::ENTRY,
    random_affine::TRANSLATION,
    random_affine::ZOOM,
    random_affine::ROTATION,
    random_flip::ENTRY,
    repeat_vector::ENTRY,
    rescaling::ENTRY,
    reshape::ENTRY,
    resizing::ENTRY,
    rms_normalization::ENTRY,
    separable_conv::SEPARABLE_CONV1D,
    separable_conv::SEPARABLE_CONV2D,
    spatial_dropout::ONE,
    spatial_dropout::TWO,
    spatial_dropout::THREE,
    unit_normalization::ENTRY,
    up_sampling::ONE,
    up_sampling::TWO,
    up_sampling::THREE,
    zero_padding::ONE,
    zero_padding::TWO,
    zero_padding::THREE,
    activations::layers::ELU,
    activations::layers::LEAKY_RELU,
    activations::layers::PRELU,
    activations::layers::RELU,
    activations::layers::SOFTMAX,
];

/// A layer from settings, with what Keras lets every layer have.
#[derive(Debug, Clone)]
pub struct Made {
    /// The layer.
    pub layer: Arc<dyn Layer>,
    /// Its name, if one was given.
    pub name: Option<String>,
    /// Whether it learns.
    pub trainable: bool,
}

/// A layer by class or snake name, from its own settings and those that every layer has: `name`, `trainable`,
/// `dtype` (float32 only), `activity_regularizer`.
pub fn from_config(class: &str, config: &Config) -> Result<Made> {
    let entry = catalog::find("layer", CATALOG, class)?;
    let mut args = Args::new(class, config);
    let mut layer = (entry.build)(&mut args)?;
    let name: Option<String> = args.or("name", None)?;
    let trainable = args.or("trainable", true)?;
    args.float32()?;
    args.switch("autocast")?;
    let activity: Option<Arc<dyn Regularizer>> = args.or("activity_regularizer", None)?;
    args.finish().map_err(|e| match &name {
        Some(name) => e.at(name.clone()),
        None => e,
    })?;
    if let Some(regularizer) = activity {
        layer = Arc::new(Regularized::new(layer, regularizer));
    }
    Ok(Made { layer, name, trainable })
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_images;
#[cfg(test)]
mod tests_refused;
