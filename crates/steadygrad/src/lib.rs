//! steadygrad trains deep networks whose gradients stay steady, and says why another network's do not.
//!
//! Keras' words in Rust: a model is plain data, `compile` gives it a memory, `fit` trains it.
//!
//! ```
//! use steadygrad::prelude::*;
//!
//! let (train, test) = digits::load()?;
//! let (train, valid) = train.split(0.9)?;
//!
//! let model = Sequential::new([8, 8])
//!     .add(Flatten)
//!     .add(Dense::new(100).kernel_initializer(HeNormal).use_bias(false))
//!     .add(BatchNormalization::new())
//!     .add(Relu)
//!     .add(Dense::new(10).activation(Softmax));
//!
//! let mut learner = model.compile(
//!     Compile::new(Sgd::new(0.01).momentum(0.9), SparseCategoricalCrossentropy).accuracy().seed(42),
//! )?;
//! let history = learner.fit(&train, Fit::epochs(2).batch_size(32).validation(&valid))?;
//! println!("{history}\n{}", learner.evaluate(&test)?);
//! # assert!(history.last("val_accuracy").unwrap() > 0.8);
//! # Ok::<(), Error>(())
//! ```
//!
//! Everything is found in one of two places: [`prelude`] holds the values that models are written with, [`extend`] the
//! traits that activations, layers, losses, … of one's own are written with.
#![forbid(unsafe_code)]

pub use steadygrad_chart as chart;
pub use steadygrad_data as data;
pub use steadygrad_doctor as doctor;
pub use steadygrad_engine as engine;
pub use steadygrad_formats as formats;
pub use steadygrad_formats::images;
pub use steadygrad_lab as lab;
pub use steadygrad_nn as nn;
pub use steadygrad_report as report;

pub use steadygrad_kernels::{Error, Kind, Result};
pub use steadygrad_lab::{export_onnx, load_model, load_model_with, load_weights, save_model, save_weights};

/// What a model is written with: `use steadygrad::prelude::*;`. Values, and the one trait behind `model.compile(…)`.
///
/// The initializer `Identity` and metrics stand in their modules, as layers and losses have the same names.
pub mod prelude {
    pub use steadygrad_chart::Schedule as WatchSchedule;
    pub use steadygrad_data::{Array, Dataset, Scale, Scaler, digits};
    pub use steadygrad_engine::Trainable as _;
    pub use steadygrad_engine::callbacks::{
        CsvLogger, EarlyStopping, LambdaCallback, LearningRateScheduler, Mode as MonitorMode,
        ModelCheckpoint, ReduceLrOnPlateau, TerminateOnNan,
    };
    pub use steadygrad_engine::{
        Compile, Fit, FitSettings, Handled, History, Learner, Logs, NonFinite, OnNonFinite,
    };
    pub use steadygrad_engine::{Shuffle, Summary};
    pub use steadygrad_formats::images;
    pub use steadygrad_kernels::{Error, Result};
    pub use steadygrad_lab::{
        Diagnosis, Doctor, Experiment, Treatment, Trial, Watcher, cure, examine, export_onnx, load_model,
        load_model_with, load_weights, save_model, save_weights,
    };
    pub use steadygrad_nn::activations::{
        Celu, Elu, Exponential, Gelu, Glu, HardShrink, HardSigmoid, HardSilu, HardTanh, LeakyRelu, Linear,
        LogSigmoid, LogSoftmax, Mish, PRelu, Relu, Relu6, Selu, Sigmoid, Silu, SoftShrink, Softmax, Softplus,
        Softsign, SparsePlus, SparseSigmoid, Sparsemax, Squareplus, Swish, Tanh, TanhShrink, Threshold,
    };
    pub use steadygrad_nn::functional::{
        add, average, concatenate, input, input_as, maximum, merge, minimum, multiply, shared, subtract,
    };
    pub use steadygrad_nn::initializers::{
        Constant, Distribution, FanMode, GlorotNormal, GlorotUniform, HeNormal, HeUniform, LecunNormal,
        LecunUniform, Ones, Orthogonal, RandomNormal, RandomUniform, TruncatedNormal, VarianceScaling, Zeros,
    };
    pub use steadygrad_nn::layers::{
        ActivationLayer, ActivityRegularization, AdaptiveAveragePooling1D, AdaptiveAveragePooling2D,
        AdaptiveAveragePooling3D, AdaptiveMaxPooling1D, AdaptiveMaxPooling2D, AdaptiveMaxPooling3D, Add,
        AlphaDropout, Average, AveragePooling1D, AveragePooling2D, AveragePooling3D, BatchNormalization,
        CenterCrop, Concatenate, Conv1D, Conv1DTranspose, Conv2D, Conv2DTranspose, Conv3D, Conv3DTranspose,
        Cropping1D, Cropping2D, Cropping3D, DataFormat, Dense, DepthwiseConv1D, DepthwiseConv2D, Dropout,
        Embedding, FillMode, Flatten, Flip, GaussianDropout, GaussianNoise, GlobalAveragePooling1D,
        GlobalAveragePooling2D, GlobalAveragePooling3D, GlobalMaxPooling1D, GlobalMaxPooling2D,
        GlobalMaxPooling3D, GroupNormalization, Identity, Input, Interpolation, LayerNormalization,
        MaxPooling1D, MaxPooling2D, MaxPooling3D, Maximum, Minimum, Multiply, Normalization, Padding,
        Permute, RMSNormalization, RandomFlip, RandomRotation, RandomTranslation, RandomZoom, RepeatVector,
        Rescaling, Reshape, Resizing, SeparableConv1D, SeparableConv2D, SpatialDropout1D, SpatialDropout2D,
        SpatialDropout3D, Subtract, UnitNormalization, UpSampling1D, UpSampling2D, UpSampling3D,
        ZeroPadding1D, ZeroPadding2D, ZeroPadding3D,
    };
    pub use steadygrad_nn::losses::{
        BinaryCrossentropy, BinaryFocalCrossentropy, CategoricalCrossentropy, CategoricalFocalCrossentropy,
        CategoricalGeneralizedCrossEntropy, CategoricalHinge, CosineSimilarity, Dice, Hinge, Huber,
        KLDivergence, LogCosh, MeanAbsoluteError, MeanAbsolutePercentageError, MeanSquaredError,
        MeanSquaredLogarithmicError, Poisson, Reduction, SparseCategoricalCrossentropy, SquaredHinge,
        Tversky,
    };
    pub use steadygrad_nn::optimizers::{
        Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Ftrl, Lamb, Lion, Muon, Nadam, Optimizer, RmsProp,
        ScheduleFreeAdamW, Sgd,
    };
    pub use steadygrad_nn::regularizers::{L1, L1L2, L2, OrthogonalRegularizer};
    pub use steadygrad_nn::{Model, Sequential, Shape};
    pub use steadygrad_nn::{constraints, initializers, layers, losses, metrics, regularizers, schedules};
}

/// What members of a family of one's own are written with.
pub mod extend {
    pub use steadygrad_engine::callbacks::{Callback, Training};
    pub use steadygrad_kernels::random::{Purpose, Stream};
    pub use steadygrad_kernels::{Isa, Lane, Place, Real, Task, nearest};
    pub use steadygrad_nn::activations::{Activation, LaneFunction, Pointwise, Rowwise, Saved};
    pub use steadygrad_nn::builder::{Param, Port};
    pub use steadygrad_nn::config::{Config, Value};
    pub use steadygrad_nn::constraints::{Constraint, Projection};
    pub use steadygrad_nn::initializers::{Draw, Initializer, fans};
    pub use steadygrad_nn::layers::{Layer, Role};
    pub use steadygrad_nn::losses::{Block, Loss, LossRule, RowLoss};
    pub use steadygrad_nn::lowering::{Lowering, ParamSpec};
    pub use steadygrad_nn::metrics::{Accumulator, Metric};
    pub use steadygrad_nn::optimizers::{Memory, Rule, Tensor, Tick};
    pub use steadygrad_nn::regularizers::{PenaltyRule, Regularizer};
    pub use steadygrad_nn::schedules::Schedule;
    pub use steadygrad_nn::step::{CustomStep, Slot, Step};
    pub use steadygrad_nn::{Extent, Layout, Shape};
}

/// The program of the README, run with the other examples of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
mod readme {}
