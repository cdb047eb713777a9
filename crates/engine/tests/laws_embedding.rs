//! The laws for tables of vectors: values, gradients, and numbers that name none.
#![allow(clippy::unwrap_used)]

mod common;

use common::{execute, feed, mse, oracle, training};
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::{Compile, Fit, Trainable};
use steadygrad_kernels::Isa;
use steadygrad_nn::builder::Mode;
use steadygrad_nn::functional::{input, merge, shared};
use steadygrad_nn::layers::{Add, Dense, Embedding, Flatten, Rescaling};
use steadygrad_nn::losses::MeanSquaredError;
use steadygrad_nn::optimizers::{Adam, Sgd};
use steadygrad_nn::regularizers::L2;
use steadygrad_nn::{Model, Sequential};

/// Both laws, with whole numbers from 0 to 4 as inputs.
fn both_laws(name: &str, model: impl Into<Model>) {
    let model = model.into();
    for mode in [Mode::Train, Mode::Frozen] {
        let recipe = training(&model, mse(), mode);
        for rows in [1, 3, 7] {
            let mut feed = feed(&recipe, rows, |i| (i % 3) as f32 - 1.0);
            for (slot, values) in &mut feed {
                if recipe.inputs.contains(slot) {
                    values.iter_mut().enumerate().for_each(|(i, v)| *v = ((i * i + i) % 5) as f32);
                }
            }
            let mut exact = oracle(&recipe, rows, &feed);
            exact.forward(3);
            exact.backward(3);
            for isa in Isa::available() {
                for (fused, most) in [(false, rows), (true, rows + 5)] {
                    for (slot, got) in execute(&recipe, rows, &feed, isa, fused, most) {
                        for (got, want) in got.iter().zip(exact.get(slot)) {
                            let off = (f64::from(*got) - want).abs();
                            assert!(off <= 2e-5 * (1.0 + want.abs()), "{name} {isa} {slot}: {got} {want}");
                        }
                    }
                }
            }
            for parameter in &recipe.parameters {
                let Some(gradient) = parameter.gradient else { continue };
                for (i, &slope) in exact.get(gradient).iter().enumerate() {
                    let at = |d: f64| {
                        let mut moved = oracle(&recipe, rows, &feed);
                        *moved.number(parameter.value, i) += d;
                        moved.forward(3);
                        moved.total_loss()
                    };
                    let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
                    assert!(
                        (difference - slope).abs() <= 1e-5 * (1.0 + difference.abs()),
                        "{name} {}[{i}]: gradient {slope}, difference quotient {difference}",
                        parameter.path
                    );
                }
            }
        }
    }
}

#[test]
fn values_and_gradients() {
    let table = || Embedding::new(5, 3);
    both_laws("plain", Sequential::new([4]).add(table()).add(Dense::new(2)));
    both_laws("one number", Sequential::new([]).add(table()));
    both_laws("wide", Sequential::new([2, 2]).add(Embedding::new(5, 70)).add(Flatten).add(Dense::new(2)));
    both_laws("penalized", Sequential::new([4]).add(table().embeddings_regularizer(L2::new(0.1))));
    let (a, b) = (input([2]), input([2]));
    let table = shared(table());
    both_laws("shared", Model::new(&[&a, &b], &[&merge(Add, [&table.on(&a), &table.on(&b)])]));
}

fn data(numbers: Vec<f32>) -> Dataset {
    let rows = numbers.len() / 2;
    let y = Array::new([rows, 1], vec![1.0; rows]).unwrap();
    Dataset::new(Array::new([rows, 2], numbers).unwrap(), y).unwrap()
}

#[test]
fn numbers_without_a_vector_are_refused_with_their_place() {
    let model = || Sequential::new([2]).add(Embedding::new(4, 3)).add(Flatten).add(Dense::new(1));
    let compile = || Compile::new(Sgd::new(0.1), MeanSquaredError);
    let mut learner = model().compile(compile()).unwrap();
    for (value, remedy) in
        [(4.0, "`input_dim` of 5"), (-1.0, "from 0 on"), (1.5, "from 0 on"), (f32::NAN, "from 0 on")]
    {
        let bad = data(vec![0.0, 3.0, 1.0, value]);
        let error = learner.fit(&bad, Fit::epochs(1)).unwrap_err().to_string();
        let said = format!("sample 1 has the value {value} at position 1");
        assert!(error.contains(&said) && error.contains("from 0 to 3"), "{error}");
        assert!(error.contains(remedy) && error.starts_with("input `"), "{error}");
        assert!(learner.predict(&bad.x[0]).unwrap_err().to_string().contains(&said));
        assert!(learner.evaluate(&bad).unwrap_err().to_string().contains(&said));
    }
    assert!(learner.fit(&data(vec![0.0, 3.0, 1.0, -0.0]), Fit::epochs(1)).is_ok());
    // Behind another layer they are no numbers any more, and nothing breaks.
    let hidden = Sequential::new([2]).add(Rescaling::new(2.0)).add(Embedding::new(4, 1));
    let mut learner = hidden.compile(compile()).unwrap();
    let y = learner.predict(&Array::new([1, 2], vec![1.0, 2.0]).unwrap()).unwrap();
    assert!(y.data()[0].is_finite() && y.data()[1].is_nan());
}

#[test]
fn it_learns() {
    let model = Sequential::new([2]).add(Embedding::new(4, 3)).add(Flatten).add(Dense::new(1));
    let mut learner = model.compile(Compile::new(Adam::new(0.05), MeanSquaredError).seed(1)).unwrap();
    let numbers: Vec<f32> = (0..32).map(|i| (i * 7 % 4) as f32).collect();
    let x = Array::new([16, 2], numbers.clone()).unwrap();
    let y: Vec<f32> = numbers.chunks(2).map(|pair| pair[0] - pair[1]).collect();
    let data = Dataset::new(x, Array::new([16, 1], y).unwrap()).unwrap();
    let history = learner.fit(&data, Fit::epochs(60).batch_size(4)).unwrap();
    assert!(history.last("loss").unwrap() < 0.1, "{history}");
}
