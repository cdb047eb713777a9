//! Checkpoints: read, and gone on with.

use std::sync::OnceLock;
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::callbacks::Training;
use steadygrad_engine::checkpoint::{Keeper, Moment, Onward, State};
use steadygrad_engine::{Compile, Fit, Learner, Trainable};
use steadygrad_kernels::Result;
use steadygrad_nn::layers::{BatchNormalization, Dense};
use steadygrad_nn::losses::SparseCategoricalCrossentropy;
use steadygrad_nn::optimizers::Adam;
use steadygrad_nn::{Model, Sequential};

fn data() -> Result<Dataset> {
    let x = Array::new([6, 2], (0..12).map(|i| (i * 5 % 7) as f32).collect())?;
    Dataset::new(x, Array::new([6], vec![0.0, 1.0, 2.0, 0.0, 1.0, 2.0])?)
}

fn learner() -> Result<Learner> {
    let model: Model =
        Sequential::new([2]).add(Dense::new(4)).add(BatchNormalization::new()).add(Dense::new(3)).into();
    let loss = SparseCategoricalCrossentropy.from_logits();
    let mut learner = model.compile(Compile::new(Adam::new(0.01), loss).accuracy())?;
    learner.watch(steadygrad_chart::Schedule::Default);
    Ok(learner)
}

/// Keeps all that it is given.
#[derive(Debug, Default)]
struct All(Vec<Vec<u8>>);

impl Keeper for All {
    fn wants(&mut self, _: &mut Training<'_>, _: Moment<'_>) -> Result<bool> {
        Ok(true)
    }
    fn keep(&mut self, _: &mut Training<'_>, _: Moment<'_>, state: State) -> Result<Onward> {
        self.0.push(state.to_bytes());
        Ok(Onward::Go)
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    static SEEDS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    let make = || {
        let mut all = All::default();
        let data = data().expect("the numbers fit");
        let trained = learner().and_then(|mut learner| {
            learner.fit(&data, Fit::epochs(2).batch_size(4).keeper(&mut all)).map(|_| ())
        });
        trained.expect("it can be trained");
        all.0
    };
    SEEDS.get_or_init(make).clone()
}

pub fn read(bytes: &[u8], count: &mut usize) -> Result<()> {
    let state = State::from_bytes(bytes)?;
    let mut learner = learner()?;
    *count += bytes.len() / 4 + learner.memory().total() as usize / 4;
    let data = data()?;
    // Training goes on where the state is of one.
    let trained = learner.fit(&data, Fit::epochs(2).batch_size(4).from(Some(&state)));
    learner.restore(&state)?;
    learner.evaluate(&data)?;
    trained.map(|_| ())
}
