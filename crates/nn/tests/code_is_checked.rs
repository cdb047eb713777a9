//! What is made in code is held to what a file may say: nothing that cannot be trained with is accepted.

use steadygrad_nn::functional::{add, input, input_as};
use steadygrad_nn::layers::{BatchNormalization, Dense, Dropout};
use steadygrad_nn::model::Purpose;
use steadygrad_nn::optimizers::{Adam, AdamW, Ema, Optimizer, Sgd};
use steadygrad_nn::regularizers::L2;
use steadygrad_nn::schedules::ExponentialDecay;
use steadygrad_nn::{Model, Sequential};

#[test]
fn optimizers() {
    let cases: [(Optimizer, &str); 17] = [
        (Sgd::new(0.1).clipnorm(-1.0), "SGD: `clipnorm` must be above 0"),
        (Sgd::new(0.1).clipvalue(f64::NAN), "SGD: `clipvalue` must be above 0"),
        (Sgd::new(0.1).global_clipnorm(0.0), "`global_clipnorm` must be above 0"),
        (Sgd::new(f64::NAN).into(), "SGD, `learning_rate`"),
        (Sgd::new(-1.0).into(), "SGD, `learning_rate`"),
        (Sgd::new(ExponentialDecay::new(0.1, 10, -0.5)).into(), "`decay_rate` must be"),
        (Sgd::new(ExponentialDecay::new(f64::NAN, 10, 0.5)).into(), "`initial_learning_rate` must be"),
        (Sgd::new(0.1).momentum(2.0).into(), "SGD: `momentum` must be between 0 and 1, got 2"),
        (Adam::new(0.1).beta_1(1.0).into(), "Adam: `beta_1` must be"),
        (Adam::new(0.1).epsilon(-1.0).into(), "Adam: `epsilon` must be"),
        (Adam::new(0.1).loss_scale_factor(0.0), "`loss_scale_factor` must be"),
        (Adam::new(0.1).clipnorm(1.0).clipvalue(1.0), "`clipvalue` must be the only one"),
        (Adam::new(0.1).ema(2.0), "`ema_momentum` must be between 0 and 1"),
        (Adam::new(0.1).gradient_accumulation_steps(0), "`gradient_accumulation_steps` must be 2 or more"),
        (Adam::new(0.1).ema_overwrite_frequency(0), "`ema_overwrite_frequency` must be 1 or more"),
        (Adam::new(0.1).weight_decay(-0.5), "`weight_decay` must be"),
        (AdamW::new(0.1).weight_decay(-0.5).into(), "`weight_decay` must be"),
    ];
    for (optimizer, words) in cases {
        let error = optimizer.check().unwrap_err().to_string();
        assert!(error.contains(words), "{words}: {error}");
        let read = Optimizer::from_value(&(&optimizer).into());
        let clip = words.contains("only one");
        assert!(clip || read.is_err(), "a file may say what code may not: {words}");
    }
    let mut fine = Optimizer::new(Sgd::new(0.0)).clipnorm(2.0).clipnorm(f64::INFINITY);
    fine.ema = Some(Ema { momentum: 1.0, overwrite_frequency: Some(1) });
    fine.check().unwrap();
}

#[test]
fn layers() {
    let lowered = |model: Sequential| Model::from(model).lower(&Purpose::inference()).map(|_| ());
    let two = || Sequential::new([2]);
    let cases = [
        (
            two().add(BatchNormalization::new().momentum(2.0)),
            "layer 1 (batch_normalization)",
            "`momentum` must",
        ),
        (
            two().add(BatchNormalization::new().epsilon(-1.0)),
            "layer 1 (batch_normalization)",
            "`epsilon` must",
        ),
        (two().add(Dense::new(2).kernel_regularizer(L2::new(-1.0))), "layer 1 (dense)", "`l2` must"),
        (two().add(Dropout::new(2.0)), "layer 1 (dropout)", "`rate` must"),
        (two().add(Dense::new(0)), "layer 1 (dense)", "`units` must"),
        (Sequential::new([0]).add(Dense::new(2)), "layer 0 (input_layer)", "1 or more"),
        (two().add_as("a/b", Dense::new(2)), "", "`a/b` cannot be the name of a layer"),
        (two().add_as("", Dense::new(2)), "", "`` cannot be the name of a layer"),
        (two().add_as("a\u{1b}[2J", Dense::new(2)), "", "`a\\u{1b}[2J` cannot be the name of a layer"),
        (two().add_as("a\nhealthy", Dense::new(2)), "", "`a\\nhealthy` cannot be the name of a layer"),
        (
            Sequential::new([2]).add(Model::from(two().add(BatchNormalization::new().momentum(2.0)))),
            "layer 1 (sequential), layer 1 (batch_normalization)",
            "`momentum` must",
        ),
    ];
    for (model, place, words) in cases {
        let error = lowered(model).unwrap_err().to_string();
        assert!(error.starts_with(place) && error.contains(words), "{words}: {error}");
    }
    lowered(two().add(Dense::new(2).kernel_regularizer(L2::new(0.0)))).unwrap();
}

#[test]
fn inputs_of_a_graph() {
    let (a, b) = (input([3]), input_as("side", [3]));
    let sum = add([&a, &b]);
    let error = |model: Model| model.output_shapes().unwrap_err().to_string();
    let told = error(Model::new(&[&a], &[&sum]));
    assert!(told.contains("the input `side`, which is not among the model's 1 inputs"), "{told}");
    let told = error(Model::new(&[&a, &sum], &[&sum]));
    assert!(told.contains("input 1 of the model is what a Add makes"), "{told}");
    assert_eq!(Model::new(&[&b, &a], &[&sum]).input_names(), ["side", "input_layer"]);
    assert_eq!(Model::of(&sum).inputs.len(), 2);
}

#[test]
fn names_that_were_made_and_given() {
    let model: Model = Sequential::new([2]).add(Dense::new(2)).add_as("dense", Dense::new(3)).into();
    let error = model.output_shapes().unwrap_err().to_string();
    assert!(
        error.starts_with("two layers have the name `dense`: layer 1, a Dense, and layer 2, a Dense"),
        "{error}"
    );
    assert!(error.contains("layer 1 was named automatically"), "{error}");
}

#[test]
fn names_are_suggested_as_keras_writes_its_classes() {
    use steadygrad_nn::config::Value;
    let told = |value: &str| Optimizer::from_value(&Value::from(value)).unwrap_err().to_string();
    assert!(told("LossScaleOptimizer").contains("`LossScaleOptimizer` is not a known optimizer"));
    assert!(told("LossScaleOptimizer").contains("known: Adadelta, Adafactor"));
    let layer =
        |class: &str| steadygrad_nn::layers::from_config(class, &Default::default()).unwrap_err().to_string();
    assert!(layer("leakyrelu").contains("did you mean `LeakyReLU`?"), "{}", layer("leakyrelu"));
    assert!(layer("MultiHeadAttention").contains("known: Activation, ActivityRegularization"));
}
