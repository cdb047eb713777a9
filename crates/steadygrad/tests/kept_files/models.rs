//! The models whose files are kept, and what is asked of them.

use steadygrad::nn::optimizers::Optimizer;
use steadygrad::prelude::*;

/// Names of the models, and of the kinds of files with a whole model.
pub const MODELS: [&str; 2] = ["dense", "image"];
pub const WHOLE: [&str; 2] = ["keras", "h5"];

/// A network of its own kind by its name, not trained yet.
pub fn model(name: &str) -> Learner {
    let (model, compile): (Model, Compile) = match name {
        "dense" => {
            let net = Sequential::new([4]).add(Dense::new(8).kernel_initializer(HeNormal).use_bias(false));
            let net = net.add(BatchNormalization::new()).add(PRelu::new()).add(Dropout::new(0.2));
            let optimizer = Optimizer::new(Adam::new(0.01).amsgrad(true)).clipnorm(1.0);
            let compile = Compile::new(optimizer, SparseCategoricalCrossentropy).accuracy();
            (net.add(Dense::new(3).activation(Softmax)).into(), compile)
        }
        _ => {
            let x = input([6, 6, 1]).then(Conv2D::new(3, 3).padding(Padding::Same).activation(Tanh));
            let h = x.then(Conv2D::new(3, 3).padding(Padding::Same)).then(LayerNormalization::new());
            let out =
                add([&x, &h]).then(GlobalAveragePooling2D::new()).then(Dense::new(3).activation(Softmax));
            let compile = Compile::new(Sgd::new(0.1).momentum(0.9), SparseCategoricalCrossentropy);
            (Model::of(&out), compile)
        }
    };
    model.compile(compile.seed(3)).unwrap()
}

/// Nine samples of three classes.
pub fn data(name: &str) -> Dataset {
    let shape: &[usize] = if name == "dense" { &[9, 4] } else { &[9, 6, 6, 1] };
    let count = shape.iter().product::<usize>();
    let x = Array::new(shape.to_vec(), (0..count).map(|i| (i as f32 * 0.7).sin()).collect()).unwrap();
    Dataset::new(x, Array::new([9], (0..9).map(|i| (i % 3) as f32).collect()).unwrap()).unwrap()
}

/// Predictions as they are, and after two more epochs.
pub fn asked(learner: &mut Learner, name: &str) -> [Vec<f32>; 2] {
    let data = data(name);
    let before = learner.predict(&data.x[0]).unwrap().data().to_vec();
    learner.fit(&data, Fit::epochs(2).batch_size(4).shuffle(Shuffle::No)).unwrap();
    [before, learner.predict(&data.x[0]).unwrap().data().to_vec()]
}
