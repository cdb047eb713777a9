//! The workloads of the benchmarks in Burn, on its backend Flex.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::{CrossEntropyLoss, CrossEntropyLossConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Elu, EluConfig, Linear, LinearConfig, Relu};
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use steadygrad_bench_runner::{
    self as bench, Done, Failure, Layer, Passes, Runner, Workload, draw, flush_denormals, serve, timed_calls,
};

fn main() -> Result<(), Failure> {
    flush_denormals();
    let tiny = Tensor::<1>::full([64], 1e-37_f32, &Device::flex()) * 1e-3_f32;
    let tiny = tiny.into_data().try_to_vec::<f32>().map_err(|e| format!("{e:?}"))?[0];
    let about =
        [("burn", "0.22.1, Flex".to_string()), ("flushes", if tiny == 0.0 { "yes" } else { "no" }.into())];
    serve(&about, |workload, _, x, y| Burn::new(workload, x, y))
}

/// A layer on rows.
#[derive(Module, Debug)]
enum Part {
    Dense(Linear),
    Norm(BatchNorm),
    Relu(Relu),
    Elu(Elu),
}

/// A layer on images.
#[derive(Module, Debug)]
enum Seeing {
    Conv(Conv2d),
    Norm(BatchNorm),
    Relu(Relu),
    Pool(MaxPool2d),
}

#[derive(Module, Debug)]
struct Network {
    seeing: Vec<Seeing>,
    parts: Vec<Part>,
    #[module(skip)]
    image: Option<[usize; 3]>,
}

impl Network {
    /// Logits; the last softmax is in the loss, or in the prediction.
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let mut x = match self.image {
            Some([channels, height, width]) => {
                let [n, _] = x.dims();
                let mut x: Tensor<4> = x.reshape([n, channels, height, width]);
                for part in &self.seeing {
                    x = match part {
                        Seeing::Conv(layer) => layer.forward(x),
                        Seeing::Norm(layer) => layer.forward(x),
                        Seeing::Relu(layer) => layer.forward(x),
                        Seeing::Pool(layer) => layer.forward(x),
                    };
                }
                x.flatten(1, 3)
            }
            None => x,
        };
        for part in &self.parts {
            x = match part {
                Part::Dense(layer) => layer.forward(x),
                Part::Norm(layer) => layer.forward(x),
                Part::Relu(layer) => layer.forward(x),
                Part::Elu(layer) => layer.forward(x),
            };
        }
        x
    }
}

struct Burn {
    net: Option<Network>,
    update: Option<(ModuleOptimizer, f64)>,
    loss: CrossEntropyLoss,
    passes: Passes,
    x: Tensor<2>,
    y: Tensor<1, Int>,
    parts: Vec<Tensor<2>>,
    at: usize,
    batch: usize,
    device: Device,
}

impl Burn {
    fn new(workload: &Workload, x: bench::Array, y: bench::Array) -> Result<Burn, Failure> {
        let flex = Device::flex();
        let device = if workload.train { flex.autodiff() } else { flex };
        let (samples, width, batch) = (x.rows(), x.row_len(), workload.batch);
        let x = Tensor::<2>::from_data(TensorData::new(x.into_data(), [samples, width]), &device);
        let labels: Vec<i32> = y.data().iter().map(|&label| label as i32).collect();
        let y = Tensor::<1, Int>::from_data(TensorData::new(labels, [samples]), &device);
        let update = match workload.optimizer {
            Some(bench::Optimizer::Adam(rate)) => Some((AdamConfig::new().with_epsilon(1e-7).init(), rate)),
            Some(bench::Optimizer::Sgd(rate, momentum)) => {
                let config = MomentumConfig { momentum, dampening: 0.0, nesterov: false };
                let config = (momentum > 0.0).then_some(config);
                Some((SgdConfig::new().with_momentum(config).init(), rate))
            }
            None => None,
        };
        let many = if workload.train { 0 } else { (samples / batch).min(1_024) };
        let parts = (0..many).map(|i| x.clone().slice([i * batch..(i + 1) * batch])).collect();
        Ok(Burn {
            net: Some(network(workload, &device)?),
            update,
            loss: CrossEntropyLossConfig::new().init(&device),
            passes: Passes::new(samples, batch),
            x,
            y,
            parts,
            at: 0,
            batch,
            device,
        })
    }
}

fn number(tensor: Tensor<1>) -> Result<f64, Failure> {
    let values = tensor.into_data().try_to_vec::<f32>().map_err(|e| format!("{e:?}"))?;
    Ok(f64::from(values[0]))
}

impl Runner for Burn {
    fn go(&mut self, steps: usize) -> Result<Done, Failure> {
        let mut net = self.net.take().ok_or("an earlier round failed")?;
        let Some((optimizer, rate)) = &mut self.update else {
            let median_us = timed_calls(steps, |_| {
                softmax(net.forward(self.parts[self.at].clone()), 1).into_data();
                self.at = (self.at + 1) % self.parts.len();
                Ok(())
            })?;
            self.net = Some(net);
            return Ok(Done { samples: steps * self.batch, loss: f64::NAN, median_us });
        };
        let mut total = 0.0;
        for _ in 0..steps {
            let picked: Vec<i32> = self.passes.batch().iter().map(|&i| i as i32).collect();
            let picked = Tensor::<1, Int>::from_data(TensorData::new(picked, [self.batch]), &self.device);
            let (x, y) = (self.x.clone().select(0, picked.clone()), self.y.clone().select(0, picked));
            let loss = self.loss.forward(net.forward(x), y);
            let grads = GradientsParams::from_grads(loss.backward(), &net);
            net = optimizer.step(*rate, net, grads);
            total += number(loss)?;
        }
        self.net = Some(net);
        Ok(Done { samples: steps * self.batch, loss: total / steps as f64, median_us: None })
    }
}

fn network(workload: &Workload, device: &Device) -> Result<Network, Failure> {
    let mut net = Network { seeing: Vec::new(), parts: Vec::new(), image: None };
    let mut shape = match workload.input[..] {
        [height, width, channels] => vec![channels, height, width],
        _ => workload.input.clone(),
    };
    if let [channels, height, width] = shape[..] {
        net.image = Some([channels, height, width]);
    }
    let norm = |n| BatchNormConfig::new(n).with_epsilon(1e-3).with_momentum(0.01).init(device);
    for (i, layer) in workload.layers.iter().enumerate() {
        let (key, image) = (format!("{i}.kernel"), shape.len() == 3);
        match layer {
            Layer::Dense(units, initializer, bias) => {
                let mut dense = LinearConfig::new(shape[0], *units).with_bias(*bias).init(device);
                let drawn = draw(initializer, &key, shape[0] * units, shape[0], *units)?;
                let drawn = TensorData::new(drawn, [shape[0], *units]);
                dense.weight = Param::from_tensor(Tensor::from_data(drawn, device));
                dense.bias = bias.then(|| Param::from_tensor(Tensor::zeros([*units], device)));
                shape = vec![*units];
                net.parts.push(Part::Dense(dense));
            }
            Layer::Conv(filters, size, initializer, bias) => {
                let (channels, area) = (shape[0], size * size);
                let config = Conv2dConfig::new([channels, *filters], [*size, *size]).with_bias(*bias);
                let mut conv = config.init(device);
                let drawn =
                    draw(initializer, &key, filters * channels * area, channels * area, filters * area)?;
                let drawn = TensorData::new(drawn, [*filters, channels, *size, *size]);
                conv.weight = Param::from_tensor(Tensor::from_data(drawn, device));
                conv.bias = bias.then(|| Param::from_tensor(Tensor::zeros([*filters], device)));
                shape = vec![*filters, shape[1] - size + 1, shape[2] - size + 1];
                net.seeing.push(Seeing::Conv(conv));
            }
            Layer::BatchNorm if image => net.seeing.push(Seeing::Norm(norm(shape[0]))),
            Layer::BatchNorm => net.parts.push(Part::Norm(norm(shape[0]))),
            Layer::Relu if image => net.seeing.push(Seeing::Relu(Relu::new())),
            Layer::Relu => net.parts.push(Part::Relu(Relu::new())),
            Layer::Elu => net.parts.push(Part::Elu(EluConfig::new().init())),
            Layer::Softmax => {}
            Layer::Pool(size) => {
                shape = vec![shape[0], shape[1] / size, shape[2] / size];
                let config = MaxPool2dConfig::new([*size, *size]).with_strides([*size, *size]);
                net.seeing.push(Seeing::Pool(config.init()));
            }
            Layer::Flatten => shape = vec![shape.iter().product()],
        }
    }
    Ok(net)
}
