//! Thirty-four layers of convolutions: plain the gradient vanishes, batch-normalized it grows as theory says, residual it is kept.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use steadygrad_data::{Array, Dataset, digits};
use steadygrad_doctor::{Forecast, Outlook, Verdict};
use steadygrad_engine::{Compile, Fit};
use steadygrad_lab::{Doctor, Experiment};
use steadygrad_nn::Model;
use steadygrad_nn::activations::{Relu, Softmax};
use steadygrad_nn::functional::{Value, add, input};
use steadygrad_nn::initializers::HeNormal;
use steadygrad_nn::layers::{
    BatchNormalization, Conv2D, Dense, GlobalAveragePooling2D, Padding, Rescaling, Reshape,
};
use steadygrad_nn::losses::SparseCategoricalCrossentropy;
use steadygrad_nn::optimizers::Sgd;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Plain,
    Normalized,
    Residual,
}

fn conv(x: &Value, filters: usize, size: usize, stride: usize, kind: Kind) -> Value {
    let conv = Conv2D::new(filters, size).strides(stride).padding(Padding::Same);
    match kind {
        Kind::Plain => x.then(conv),
        _ => x.then(conv.use_bias(false)).then(BatchNormalization::new().momentum(0.9)),
    }
}

/// The shape of ResNet-34 (He et al. 2016) with an eighth of its filters, for images of 8×8.
fn network(kind: Kind) -> Model {
    let image = input([8, 8]).then(Rescaling::new(1.0 / 8.0).offset(-1.0));
    let mut x = conv(&image.then(Reshape::new([8, 8, 1])), 8, 3, 1, kind).then(Relu);
    for (stage, (blocks, filters)) in [(3, 8), (4, 16), (6, 32), (3, 64)].into_iter().enumerate() {
        for block in 0..blocks {
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            let inner = conv(&x, filters, 3, stride, kind).then(Relu);
            let inner = conv(&inner, filters, 3, 1, kind);
            let sum = match kind {
                Kind::Residual if stride > 1 => add([&conv(&x, filters, 1, stride, kind), &inner]),
                Kind::Residual => add([&x, &inner]),
                _ => inner,
            };
            x = sum.then(Relu);
        }
    }
    Model::of(&x.then(GlobalAveragePooling2D::new()).then(Dense::new(10).activation(Softmax)))
}

#[test]
fn thirty_four_layers() {
    let (train, valid) = digits::all().unwrap().shuffled(1).split(0.8).unwrap();
    let look = |kind, epochs| {
        let model = network(kind);
        let outlook = Forecast::of(&model, &[]).unwrap().outlook();
        let compile =
            Compile::new(Sgd::new(0.05).momentum(0.9), SparseCategoricalCrossentropy).accuracy().seed(1);
        let experiment = Experiment::new(model, compile, Fit::epochs(3)).data(&train).validation(&valid);
        let doctor = Doctor { epochs, draws: 3, ..Doctor::default() };
        (outlook, doctor.examine(&experiment).unwrap())
    };
    let named = |d: &steadygrad_lab::Diagnosis| d.findings.iter().map(|f| f.condition).collect::<Vec<_>>();

    let (outlook, plain) = look(Kind::Plain, 0);
    assert_eq!((outlook, plain.verdict), (Outlook::Vanishing, Verdict::Sick));
    assert_eq!(plain.findings[0].condition, "vanishing_gradient");

    for kind in [Kind::Normalized, Kind::Residual] {
        let (outlook, diagnosis) = look(kind, 3);
        assert_eq!(outlook, Outlook::Steady);
        assert_eq!(diagnosis.verdict, Verdict::Healthy, "{diagnosis}");
        assert!(!named(&diagnosis).contains(&"vanishing_gradient"), "{diagnosis}");
    }
}

/// What is prescribed for convolutions can be applied, whichever axis their channels are, and heals.
#[test]
fn edits_know_where_the_channels_are() {
    let experiment = Experiment::parse(
        r#"
        [data]
        source = "digits"
        channels = 1
        [model]
        layers = [
            { layer = "permute", dims = [3, 1, 2] },
            { layer = "conv2d", filters = 4, kernel_size = 3, data_format = "channels_first", activation = "sigmoid" },
            { layer = "max_pooling2d", data_format = "channels_first" },
            { layer = "depthwise_conv2d", kernel_size = 2, data_format = "channels_first" },
            { layer = "activation", activation = "tanh" },
            { layer = "flatten" },
            { layer = "dense", units = 10, activation = "softmax" } ]
        [compile]
        optimizer = "adam"
        loss = "sparse_categorical_crossentropy"
        [fit]
        epochs = 1
        "#,
    )
    .unwrap();
    use steadygrad_doctor::Edit;
    for edit in [
        Edit::Initializers,
        Edit::Activation("elu".into()),
        Edit::Normalize("batch_normalization"),
        Edit::Normalize("layer_normalization"),
        Edit::Width(2),
        Edit::DropBias,
        Edit::NoDropout,
        Edit::Residual,
        Edit::Depth(0.5),
    ] {
        let edited = experiment.edited(std::slice::from_ref(&edit)).unwrap();
        edited.prepare(1).unwrap_or_else(|e| panic!("{edit}: {e}"));
    }
    let text = experiment.edited(&[Edit::Normalize("batch_normalization")]).unwrap().to_toml().unwrap();
    assert_eq!(text.matches("axis = 1").count(), 2, "{text}");
    let text = experiment.edited(&[Edit::Initializers]).unwrap().to_toml().unwrap();
    // Through the pooling: what follows the convolution is the sigmoid inside.
    assert_eq!(text.matches("kernel_initializer").count(), 2, "{text}");
    // What an output of the depthwise layer sees are 4 numbers: 1.59/√4 before tanh.
    assert!(text.contains("depthwise_initializer") && text.contains("stddev = 0.796"), "{text}");
}

/// Ways around convolutions where they keep the shape, and only there; what is cut short still ends as it did.
#[test]
fn edits_keep_the_shapes() {
    use steadygrad_doctor::Edit;
    let mut layers = String::new();
    for (filters, strides) in [(8, 1), (8, 1), (8, 2), (16, 1), (16, 1), (16, 2), (16, 1)] {
        layers += &format!(
            "{{ layer = \"conv2d\", filters = {filters}, kernel_size = 3, strides = {strides}, padding = \"same\", activation = \"relu\" }},\n"
        );
    }
    let text = format!(
        "[data]\nsource = \"digits\"\nchannels = 1\n[model]\nlayers = [\n{layers}{{ layer = \"max_pooling2d\" }},\n{{ layer = \"flatten\" }},
        {{ layer = \"dense\", units = 32, activation = \"relu\" }},\n{{ layer = \"dense\", units = 10, activation = \"softmax\" }} ]
        [compile]\noptimizer = \"adam\"\nloss = \"sparse_categorical_crossentropy\"\n[fit]\nepochs = 1\n"
    );
    let experiment = Experiment::parse(&text).unwrap();
    let outputs = |edit: Edit| {
        let edited = experiment.edited(&[edit]).unwrap();
        let prepared = edited.prepare(1).unwrap();
        (prepared.model.output_shapes().unwrap()[0].size(), edited.to_toml().unwrap())
    };
    let (size, text) = outputs(Edit::Residual);
    // Of the seven, the second, fifth and seventh keep what they get.
    assert_eq!((size, text.matches("residual").count()), (10, 3), "{text}");
    for part in [0.75, 0.5, 0.25] {
        let (size, text) = outputs(Edit::Depth(part));
        assert!(size == 10 && text.contains("flatten") && text.contains("max_pooling2d"), "{text}");
    }
}

/// A mean over many places is no loss of gradient.
#[test]
fn global_average_pooling_over_large_maps_is_healthy() {
    let conv = |x: &Value| {
        let conv = Conv2D::new(8, 3).padding(Padding::Same).kernel_initializer(HeNormal);
        x.then(conv.activation(Relu))
    };
    let x = input([128, 128, 1]);
    let x = conv(&conv(&conv(&x)));
    let model = Model::of(&x.then(GlobalAveragePooling2D::new()).then(Dense::new(2).activation(Softmax)));
    let forecast = Forecast::of(&model, &[]).unwrap();
    assert_eq!(forecast.outlook(), Outlook::Steady, "{forecast}");
    assert!(forecast.judged_decibels().unwrap().abs() < 10.0, "{forecast}");
    let images = (0..8 * 128 * 128).map(|i| ((i * 37 + i / 128) % 101) as f32 / 50.0 - 1.0).collect();
    let x = Array::new([8, 128, 128, 1], images).unwrap();
    let data = Dataset::new(x, Array::new([8], (0..8).map(|i| (i % 2) as f32).collect()).unwrap()).unwrap();
    let compile = Compile::new(Sgd::new(0.1), SparseCategoricalCrossentropy).seed(1);
    let experiment = Experiment::new(model, compile, Fit::epochs(1)).data(&data);
    let diagnosis = Doctor { epochs: 0, draws: 2, ..Doctor::default() }.examine(&experiment).unwrap();
    assert!(diagnosis.findings.iter().all(|f| f.condition != "vanishing_gradient"), "{diagnosis}");
    assert!(diagnosis.gradient().unwrap().abs() < 20.0, "{diagnosis}");
}
