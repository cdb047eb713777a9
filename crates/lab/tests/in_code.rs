//! Experiments from code: written down in the file's words, examined, edited and trained like those from files.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail, and tells what was said")]

use steadygrad_data::{Dataset, digits};
use steadygrad_doctor::{Edit, Verdict};
use steadygrad_engine::callbacks::TerminateOnNan;
use steadygrad_engine::{Compile, Fit, OnNonFinite};
use steadygrad_lab::{Doctor, Experiment, Trial, examine};
use steadygrad_nn::activations::{Elu, LeakyRelu, Pointwise, Relu, Saved, Sigmoid, Softmax};
use steadygrad_nn::functional::{add, concatenate, input, input_as, shared};
use steadygrad_nn::initializers::{HeNormal, RandomNormal};
use steadygrad_nn::layers::{BatchNormalization, Dense, Dropout, Flatten};
use steadygrad_nn::losses::{MeanSquaredError, SparseCategoricalCrossentropy};
use steadygrad_nn::metrics::TopKCategoricalAccuracy;
use steadygrad_nn::optimizers::{Adam, Sgd};
use steadygrad_nn::regularizers::L2;
use steadygrad_nn::{Model, Sequential};

fn data() -> Dataset {
    let all = digits::all().unwrap();
    let mut some = all.take(0..640);
    steadygrad_data::Scaler::fit(steadygrad_data::Scale::Unit, &some).unwrap().apply(&mut some).unwrap();
    some
}

fn compile() -> Compile {
    Compile::new(Sgd::new(0.1).momentum(0.9), SparseCategoricalCrossentropy).accuracy().seed(3)
}

fn experiment(model: impl Into<Model>) -> Experiment {
    Experiment::new(model, compile(), Fit::epochs(2).batch_size(64)).data(&data())
}

/// The bits of all weights after the training that the experiment is.
fn trained(experiment: &Experiment) -> Vec<u32> {
    let prepared = experiment.prepare(1).unwrap();
    let mut learner = prepared.learner().unwrap();
    learner.fit(&prepared.data.train, Fit::with(prepared.fit.clone())).unwrap();
    learner
        .weights()
        .iter()
        .flat_map(|(_, w)| w.data().iter().map(|x| x.to_bits()).collect::<Vec<_>>())
        .collect()
}

/// The experiment that its own text is, on the same data.
fn written(experiment: &Experiment) -> Experiment {
    let text = experiment.to_toml().unwrap();
    println!("{text}");
    Experiment::parse(&text).unwrap().data(&data())
}

#[test]
fn a_row_of_layers_is_written_in_few_words_and_trains_to_the_same_bits() {
    let model = Sequential::new([8, 8])
        .add(Flatten)
        .add(Dense::new(20).kernel_initializer(HeNormal).use_bias(false).kernel_regularizer(L2::new(0.001)))
        .add(BatchNormalization::new().momentum(0.9))
        .add(LeakyRelu.negative_slope(0.1))
        .add_as("middle", Dense::new(12).activation(Elu).kernel_initializer(RandomNormal.stddev(0.2)))
        .add(Dropout::new(0.1))
        .add_frozen(Dense::new(12).activation(Relu))
        .add(Dense::new(10).activation(Softmax));
    let experiment = experiment(model);
    let again = written(&experiment);
    assert_eq!(again.to_toml().unwrap(), experiment.to_toml().unwrap());
    assert_eq!(trained(&again), trained(&experiment));
    let text = experiment.to_toml().unwrap();
    for words in [
        "{ layer = \"flatten\" }",
        "kernel_initializer = \"he_normal\", use_bias = false",
        "name = \"middle\"",
        "trainable = false",
        "\nmetrics = [\"accuracy\"]",
        "seed = 3",
    ] {
        assert!(
            text.contains(words) || words.contains("use_bias") && text.contains("use_bias = false"),
            "{words}: {text}"
        );
    }
    assert!(!text.contains("bias_initializer"), "{text}");
}

#[test]
fn what_is_done_about_numbers_that_are_not_finite_is_written_and_seen_through() {
    let model = || Sequential::new([8, 8]).add(Flatten).add(Dense::new(10).activation(Softmax));
    let of = |how, rate: f64| {
        let compile = Compile::new(Sgd::new(rate), SparseCategoricalCrossentropy).seed(3);
        let fit = Fit::epochs(2).batch_size(64);
        let fit = if let Some(how) = how { fit.on_non_finite(how) } else { fit };
        Experiment::new(model(), compile, fit).data(&data())
    };
    for how in [OnNonFinite::Stop, OnNonFinite::Skip, OnNonFinite::Rollback] {
        let experiment = of(Some(how), 0.1);
        let text = experiment.to_toml().unwrap();
        assert!(text.contains(&format!("on_non_finite = \"{}\"", how.name())), "{text}");
        let again = written(&experiment);
        assert_eq!(again.to_toml().unwrap(), text);
        assert_eq!(again.prepare(1).unwrap().fit.on_non_finite, Some(how));
        assert_eq!(trained(&again), trained(&experiment));
    }
    assert!(!of(None, 0.1).to_toml().unwrap().contains("on_non_finite"));
    // The doctor asks what is wrong, whatever is done about it.
    let found = |how| {
        let diagnosis = examine(&of(how, 1e38)).unwrap();
        let findings = diagnosis.findings.iter().map(|f| f.condition.to_string()).collect::<Vec<_>>();
        (diagnosis.verdict, findings)
    };
    let plain = found(None);
    assert!(plain.0 == Verdict::Sick && plain.1.iter().any(|c| c == "non_finite"), "{plain:?}");
    assert_eq!(found(Some(OnNonFinite::Skip)), plain);
}

#[test]
fn residual_blocks_are_written_as_such_and_draw_the_same_weights() {
    let x = input([8, 8]).then(Flatten).then(Dense::new(16));
    let mut h = x;
    for _ in 0..3 {
        let branch = h.then(Dense::new(16).activation(Relu)).then(Dense::new(16));
        h = add([&h, &branch]);
    }
    let experiment = experiment(Model::of(&h.then(Dense::new(10).activation(Softmax))));
    let again = written(&experiment);
    assert_eq!(experiment.to_toml().unwrap().matches("residual = ").count(), 3);
    assert_eq!(trained(&again), trained(&experiment));
}

#[test]
fn graphs_are_written_by_names() {
    let (a, b) = (input_as("left", [4]), input_as("right", [3]));
    let both = concatenate([&a.then(Dense::new(5).activation(Relu)), &b]);
    let (one, two) = (both.then_as("one", Dense::new(1)), both.then_as("two", Dense::new(2)));
    let model = Model::new(&[&a, &b], &[&one, &two]);
    let compile = Compile::without_loss(Adam::new(0.01))
        .output_loss("one", MeanSquaredError, 1.0)
        .output_loss("two", MeanSquaredError, 0.5);
    let arrays = |n: usize| {
        steadygrad_data::Array::new([20, n], (0..20 * n).map(|i| (i % 7) as f32 / 7.0).collect()).unwrap()
    };
    let data = Dataset::multi(vec![arrays(4), arrays(3)], vec![arrays(1), arrays(2)]).unwrap();
    let experiment = Experiment::new(model, compile, Fit::epochs(1)).data(&data);
    let text = experiment.to_toml().unwrap();
    println!("{text}");
    let again = Experiment::parse(&text).unwrap().data(&data);
    assert_eq!(again.to_toml().unwrap(), text);
    let shapes = |e: &Experiment| e.prepare(1).unwrap().model.output_shapes().unwrap();
    assert_eq!(shapes(&again), shapes(&experiment));
    assert_ne!(examine(&again).unwrap().verdict, Verdict::Sick);
}

/// An activation that is in no catalog.
#[derive(Debug, Clone)]
struct Own;

impl Pointwise for Own {
    const NAME: &'static str = "own";
    const SAVED: Saved = Saved::Input;
    fn f<R: steadygrad_kernels::Real>(&self, x: R) -> R {
        x * R::of(0.2)
    }
    fn df<R: steadygrad_kernels::Real>(&self, _: R) -> R {
        R::of(0.2)
    }
}

#[test]
fn what_no_file_can_name_is_examined_all_the_same() {
    let mut model = Sequential::new([8, 8]).add(Flatten);
    for _ in 0..8 {
        model = model.add(Dense::new(16).activation(Own).kernel_initializer(RandomNormal.stddev(0.1)));
    }
    let experiment = experiment(model.add(Dense::new(10).activation(Softmax)));
    let diagnosis = examine(&experiment).unwrap();
    println!("{diagnosis}");
    assert_eq!((diagnosis.verdict, diagnosis.findings[0].condition), (Verdict::Sick, "vanishing_gradient"));
    // A layer that stands twice has no words at all.
    let tower = shared(Dense::new(64).activation(Sigmoid));
    let x = input([8, 8]).then(Flatten);
    let twice = Model::of(&tower.on(&tower.on(&x)).then(Dense::new(10).activation(Softmax)));
    let experiment = self::experiment(twice);
    assert_eq!(examine(&experiment).unwrap().verdict, Verdict::Healthy);
    let error = experiment.edited(&[Edit::Initializers]).unwrap_err().to_string();
    println!("{error}");
    assert!(error.contains("layers"), "{error}");
}

#[test]
fn the_prescription_is_applied_and_tried() {
    let mut model = Sequential::new([8, 8]).add(Flatten);
    for _ in 0..12 {
        model = model.add(Dense::new(24).activation(Sigmoid));
    }
    let compile = Compile::new(Adam::new(0.002), SparseCategoricalCrossentropy)
        .accuracy()
        .metric_as("top", TopKCategoricalAccuracy.k(3));
    // Labels and not one-hot targets: the second metric would not fit them.
    let compile = Compile { metrics: compile.metrics[..1].to_vec(), ..compile };
    let model = model.add(Dense::new(10).activation(Softmax));
    let sick = Experiment::new(model, compile, Fit::epochs(12)).data(&data());
    let diagnosis = Doctor { epochs: 0, ..Doctor::default() }.examine(&sick).unwrap();
    let cured = sick.edited(&diagnosis.prescription().unwrap().edits).unwrap();
    let trial = Trial::new(&sick, &cured).seeds(2).run().unwrap();
    println!("{trial}");
    let [before, after] = [0, 1].map(|arm: usize| trial.arms[arm].median(&trial.measure));
    assert!(before < 0.3 && after > 0.7, "{trial}");
    let healthy = Doctor::default().examine(&cured).unwrap();
    assert!(healthy.prescription().is_err() || healthy.verdict == Verdict::Healthy);
}

#[test]
fn what_is_no_plain_data_is_refused_by_name() {
    let model = Sequential::new([8, 8]).add(Flatten).add(Dense::new(10).activation(Softmax));
    let mut callback = TerminateOnNan::new();
    let experiment =
        Experiment::new(model.clone(), compile(), Fit::epochs(1).callback(&mut callback)).data(&data());
    let error = examine(&experiment).unwrap_err().to_string();
    assert!(error.contains("callbacks are not"), "{error}");
    let error = examine(&Experiment::new(model.clone(), compile(), Fit::epochs(1))).unwrap_err().to_string();
    println!("{error}");
    assert!(error.contains("[data]"), "{error}");
    let far = Experiment::new(model, compile().seed(u64::MAX), Fit::epochs(1)).data(&data());
    assert!(examine(&far).unwrap_err().to_string().contains("seed"));
}
