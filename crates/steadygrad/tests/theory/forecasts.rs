//! The same facts as the doctor's forecast says them, from models as users write them.

use crate::facts::{fact, near, number, share};
use std::sync::Arc;
use steadygrad::doctor::{Forecast, Outlook, Signal};
use steadygrad::extend::{Initializer, Layer};
use steadygrad::nn::model::Purpose;
use steadygrad::prelude::*;

fn deep(width: usize, depth: usize, dense: impl Fn() -> Dense) -> Sequential {
    (0..depth).fold(Sequential::new([width]), |net, _| net.add(dense()))
}

fn of(net: Sequential) -> Forecast {
    Forecast::of(&net.into(), &[Signal::default()]).unwrap()
}

/// The sizes of the weighted sums, and of their gradients against that of the last.
fn linear(forecast: &Forecast) -> (Vec<f64>, Vec<f64>) {
    let stages = forecast.stages.iter().filter(|s| s.role == "linear");
    stages.map(|s| (s.signal.unwrap().square, s.gradient.unwrap())).unzip()
}

#[test]
fn plain_networks() {
    let glorot = of(deep(200, 20, || Dense::new(200).activation(Relu).kernel_initializer(GlorotNormal)));
    let (q, g) = linear(&glorot);
    let halves = fact("relu.glorot_halves").as_f64().unwrap();
    near("forward", (q[19] / q[0]).log2(), halves, 1e-6);
    near("backward", (g[0] / g[19]).log2(), halves, 1e-6);
    assert_eq!(glorot.outlook(), Outlook::Vanishing);

    let (q, g) = linear(&of(deep(500, 50, || Dense::new(500).activation(Tanh))));
    let want = fact("tanh.glorot_powerlaw");
    for layer in [2, 5, 10, 20, 30, 50] {
        share("tanh", q[layer - 1], want[layer.to_string()].as_f64().unwrap(), 1e-4);
    }
    share("tanh's gradient", g[0] / g[49], fact("tanh.glorot_grad50").as_f64().unwrap(), 1e-6);

    let sigmoid = of(deep(300, 20, || Dense::new(300).activation(Sigmoid)));
    let (q, g) = linear(&sigmoid);
    share("q*", q[15], number("sigmoid.glorot", "qstar"), 1e-4);
    share("χ", g[10] / g[11], number("sigmoid.glorot", "chi"), 1e-4);
    share("ξ", sigmoid.depth_scale().unwrap(), -1.0 / number("sigmoid.glorot", "chi").ln(), 0.01);

    let wide = || Dense::new(100).activation(Sigmoid).kernel_initializer(RandomNormal.stddev(1.0));
    share("N(0, 1)", linear(&of(deep(100, 7, wide))).0[6], number("sigmoid.N01.100", "q"), 1e-3);

    let selu = || Dense::new(400).activation(Selu).kernel_initializer(LecunNormal);
    let (q, g) = linear(&of(deep(400, 20, selu)));
    share("SELU", q[19], 1.0, 1e-6);
    share("SELU's gradient", g[0] / g[19], fact("selu.gradient_growth").as_f64().unwrap().powi(19), 1e-5);
}

#[test]
fn unequal_widths() {
    let net = [512, 256, 128, 512, 64, 256].into_iter().fold(Sequential::new([300]), |net, n| {
        net.add(Dense::new(n).activation(Relu).kernel_initializer(HeNormal))
    });
    let forecast = of(net);
    let size = [512.0, 256.0, 128.0, 512.0, 64.0, 256.0];
    let (q, g) = linear(&forecast);
    // The forecast has norms, the fact mean squares.
    for (layer, want) in fact("he.widths").as_array().unwrap().iter().enumerate() {
        share("gradient", g[layer] / g[5] * size[5] / size[layer], want.as_f64().unwrap(), 1e-9);
        share("signal", q[layer], 2.0, 1e-9);
    }
}

#[test]
fn narrow_networks_are_uncertain() {
    let he = || Dense::new(100).activation(Relu).kernel_initializer(HeNormal);
    // The variance of ln |h|² is 5·L/n.
    let hundred = of(deep(100, 100, he).add(Dense::new(100)));
    share("deviation of ln |h|²", hundred.spread(), number("hanin.he100", "sd"), 1e-3);
    assert_eq!(of(deep(100, 150, he)).outlook(), Outlook::Uncertain);
    assert_eq!(of(deep(100, 20, he)).outlook(), Outlook::Steady);
}

#[test]
fn normalized_networks() {
    let xi = |norm: &dyn Fn() -> Arc<dyn Layer>, f: Option<Arc<dyn Layer>>, rows| {
        let mut net = Sequential::new([400]);
        for _ in 0..40 {
            net = net.add(Dense::new(400).kernel_initializer(LecunNormal).use_bias(false)).add(norm());
            net = f.iter().fold(net, |net, f| net.add(f.clone()));
        }
        let model: Model = net.add(Dense::new(400)).into();
        let recipe = model.lower(&Purpose::inference()).unwrap();
        (1.0 / Forecast::of_batch(&recipe, &[], rows).depth_scale().unwrap()).exp()
    };
    let batch = || Arc::new(BatchNormalization::new().epsilon(0.0)) as Arc<dyn Layer>;
    let layer = || Arc::new(LayerNormalization::new().epsilon(0.0)) as Arc<dyn Layer>;
    let rate = |id: &str| fact(id).as_f64().unwrap();
    let relu = xi(&batch, Some(Arc::new(Relu)), None);
    share("BN, ReLU", relu, rate("bn.relu_rate"), 1e-4);
    share("trainable depth", 16.0 / relu.ln(), number("bn.trainable_depth", "16xi"), 0.01);
    share("BN, tanh", xi(&batch, Some(Arc::new(Tanh)), None), rate("bn.rate.tanh"), 1e-4);
    share("BN, leaky", xi(&batch, Some(Arc::new(LeakyRelu)), None), rate("bn.rate.leaky_relu(0.2)"), 1e-4);
    share("BN, GELU", xi(&batch, Some(Arc::new(Gelu)), None), rate("bn.rate.gelu"), 1e-4);
    share("LN, ReLU", xi(&layer, Some(Arc::new(Relu)), None), rate("ln.relu"), 1e-4);
    for rows in [8, 16] {
        // Only the last normalization gets a gradient that is not centred yet.
        share("BN alone", xi(&batch, None, Some(rows)), number("bn.linear_batch", &rows.to_string()), 0.005);
    }
}

#[test]
fn five_layers_of_tanh() {
    let standard = VarianceScaling::new(1.0 / 3.0, FanMode::FanIn).distribution(Distribution::Uniform);
    let check = |id: &str, initializer: Arc<dyn Fn() -> Dense>| {
        let forecast = of(deep(500, 5, || initializer()));
        let last = forecast.stages.last().unwrap().signal.unwrap();
        share("activations", last.square.sqrt(), number(id, "act5"), 1e-3);
        let (_, g) = linear(&forecast);
        share("gradients", (g[0] / g[4]).sqrt(), number(id, "g1_over_g5"), 1e-3);
    };
    let dense = |initializer: &dyn Initializer| {
        let variance = initializer.variance(&[500, 500]).unwrap() * 500.0;
        let scaling = VarianceScaling::new(variance, FanMode::FanIn);
        Arc::new(move || Dense::new(500).activation(Tanh).kernel_initializer(scaling.clone()))
            as Arc<dyn Fn() -> Dense>
    };
    check("glorot.tanh5.standard", dense(&standard));
    check("glorot.tanh5.normalized", dense(&GlorotUniform));
}
