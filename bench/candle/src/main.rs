//! The workloads of the benchmarks in candle.
//!
//! What candle lacks is written with its tensors: SGD with momentum. Adam is its AdamW without weight decay.

use candle_core::backprop::GradStore;
use candle_core::{D, DType, Device, Module, ModuleT, Result, Tensor, Var};
use candle_nn::optim::{AdamW, Optimizer, ParamsAdamW, SGD};
use candle_nn::{BatchNorm, BatchNormConfig, Conv2d, Conv2dConfig, Linear, VarBuilder, VarMap, batch_norm};
use steadygrad_bench_runner::{
    self as bench, Done, Failure, Layer, Passes, Runner, Workload, draw, flush_denormals, serve, timed_calls,
};

const CPU: Device = Device::Cpu;

fn main() -> std::result::Result<(), Failure> {
    flush_denormals();
    let tiny = (Tensor::full(1e-37_f32, 64, &CPU)? * 1e-3)?.to_vec1::<f32>()?[0];
    let flushes = if tiny == 0.0 { "yes" } else { "no" };
    let about = [("candle", "0.11.1".to_string()), ("flushes", flushes.into())];
    serve(&about, |workload, _, x, y| Ok(Candle::new(workload, x, y)?))
}

enum Part {
    Dense(Linear),
    Conv(Conv2d),
    Norm(BatchNorm),
    Relu,
    Elu,
    Pool(usize),
    Flatten,
}

struct Momentum {
    vars: Vec<Var>,
    speed: Vec<Tensor>,
    rate: f64,
    momentum: f64,
}

impl Momentum {
    fn step(&mut self, grads: &GradStore) -> Result<()> {
        for (var, speed) in self.vars.iter().zip(&mut self.speed) {
            if let Some(grad) = grads.get(var) {
                *speed = ((&*speed * self.momentum)? - (grad * self.rate)?)?;
                var.set(&var.add(speed)?)?;
            }
        }
        Ok(())
    }
}

enum Update {
    Adam(AdamW),
    Sgd(SGD),
    Momentum(Momentum),
}

struct Candle {
    net: Vec<Part>,
    update: Option<Update>,
    passes: Passes,
    x: Tensor,
    y: Tensor,
    parts: Vec<Tensor>,
    at: usize,
    batch: usize,
}

impl Candle {
    fn new(workload: &Workload, x: bench::Array, y: bench::Array) -> std::result::Result<Candle, Failure> {
        let samples = x.rows();
        let mut shape = vec![samples];
        match workload.input[..] {
            [height, width, channels] => shape.extend([channels, height, width]),
            _ => shape.extend(&workload.input),
        }
        let x = Tensor::from_vec(x.into_data(), shape, &CPU)?;
        let labels: Vec<u32> = y.data().iter().map(|&label| label as u32).collect();
        let y = Tensor::from_vec(labels, samples, &CPU)?;
        let map = VarMap::new();
        let net = network(workload, &map)?;
        let vars = map.all_vars();
        let update = match workload.optimizer {
            Some(bench::Optimizer::Adam(lr)) => {
                let settings = ParamsAdamW { lr, eps: 1e-7, weight_decay: 0.0, ..ParamsAdamW::default() };
                Some(Update::Adam(AdamW::new(vars, settings)?))
            }
            Some(bench::Optimizer::Sgd(rate, 0.0)) => Some(Update::Sgd(SGD::new(vars, rate)?)),
            Some(bench::Optimizer::Sgd(rate, momentum)) => {
                let speed = vars.iter().map(|var| var.zeros_like()).collect::<Result<_>>()?;
                Some(Update::Momentum(Momentum { vars, speed, rate, momentum }))
            }
            None => None,
        };
        let batch = workload.batch;
        let mut parts = Vec::new();
        if !workload.train {
            for i in 0..(samples / batch).min(1_024) {
                parts.push(x.narrow(0, i * batch, batch)?);
            }
        }
        Ok(Candle { net, update, passes: Passes::new(samples, batch), x, y, parts, at: 0, batch })
    }

    fn forward(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let mut x = x.clone();
        for part in &self.net {
            x = match part {
                Part::Dense(layer) => layer.forward(&x)?,
                Part::Conv(layer) => layer.forward(&x)?,
                Part::Norm(layer) => layer.forward_t(&x, train)?,
                Part::Relu => x.relu()?,
                Part::Elu => x.elu(1.0)?,
                Part::Pool(size) => x.max_pool2d(*size)?,
                Part::Flatten => x.flatten_from(1)?,
            };
        }
        Ok(x)
    }
}

impl Runner for Candle {
    fn go(&mut self, steps: usize) -> std::result::Result<Done, Failure> {
        if self.update.is_none() {
            let mut at = self.at;
            let median_us = timed_calls(steps, |_| {
                let logits = self.forward(&self.parts[at], false)?;
                candle_nn::ops::softmax(&logits, D::Minus1)?.to_vec2::<f32>()?;
                at = (at + 1) % self.parts.len();
                Ok(())
            })?;
            self.at = at;
            return Ok(Done { samples: steps * self.batch, loss: f64::NAN, median_us });
        }
        let mut total = 0.0;
        for _ in 0..steps {
            let picked = Tensor::new(self.passes.batch(), &CPU)?;
            let (x, y) = (self.x.index_select(&picked, 0)?, self.y.index_select(&picked, 0)?);
            let loss = candle_nn::loss::cross_entropy(&self.forward(&x, true)?, &y)?;
            match &mut self.update {
                Some(Update::Adam(adam)) => adam.backward_step(&loss)?,
                Some(Update::Sgd(sgd)) => sgd.backward_step(&loss)?,
                Some(Update::Momentum(rule)) => rule.step(&loss.backward()?)?,
                None => {}
            }
            total += f64::from(loss.to_scalar::<f32>()?);
        }
        Ok(Done { samples: steps * self.batch, loss: total / steps as f64, median_us: None })
    }
}

/// The layers; the last softmax is in the loss, or in the prediction.
fn network(workload: &Workload, map: &VarMap) -> std::result::Result<Vec<Part>, Failure> {
    let mut shape = match workload.input[..] {
        [height, width, channels] => vec![channels, height, width],
        _ => workload.input.clone(),
    };
    let vars = VarBuilder::from_varmap(map, DType::F32, &CPU);
    // A variable with these numbers, known to the optimizer.
    let var = |name: &str, dims: &[usize], values: Vec<f32>| -> Result<Tensor> {
        let made = Var::from_tensor(&Tensor::from_vec(values, dims, &CPU)?)?;
        let tensor = made.as_tensor().clone();
        if let Ok(mut all) = map.data().lock() {
            all.insert(name.to_string(), made);
        }
        Ok(tensor)
    };
    let mut net = Vec::new();
    for (i, layer) in workload.layers.iter().enumerate() {
        let (kernel, bias_name) = (format!("{i}.kernel"), format!("{i}.bias"));
        net.push(match layer {
            Layer::Dense(units, initializer, bias) => {
                let drawn = draw(initializer, &kernel, shape[0] * units, shape[0], *units)?;
                let weight = var(&kernel, &[*units, shape[0]], drawn)?;
                let bias = bias.then(|| var(&bias_name, &[*units], vec![0.0; *units])).transpose()?;
                shape = vec![*units];
                Part::Dense(Linear::new(weight, bias))
            }
            Layer::Conv(filters, size, initializer, bias) => {
                let area = size * size;
                let drawn =
                    draw(initializer, &kernel, filters * shape[0] * area, shape[0] * area, filters * area)?;
                let weight = var(&kernel, &[*filters, shape[0], *size, *size], drawn)?;
                let bias = bias.then(|| var(&bias_name, &[*filters], vec![0.0; *filters])).transpose()?;
                shape = vec![*filters, shape[1] - size + 1, shape[2] - size + 1];
                Part::Conv(Conv2d::new(weight, bias, Conv2dConfig::default()))
            }
            Layer::BatchNorm => {
                let settings = BatchNormConfig { eps: 1e-3, momentum: 0.01, ..BatchNormConfig::default() };
                Part::Norm(batch_norm(shape[0], settings, vars.pp(format!("{i}")))?)
            }
            Layer::Relu => Part::Relu,
            Layer::Elu => Part::Elu,
            Layer::Softmax => continue,
            Layer::Pool(size) => {
                shape = vec![shape[0], shape[1] / size, shape[2] / size];
                Part::Pool(*size)
            }
            Layer::Flatten => {
                shape = vec![shape.iter().product()];
                Part::Flatten
            }
        });
    }
    Ok(net)
}
