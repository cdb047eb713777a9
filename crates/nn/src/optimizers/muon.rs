//! Muon: steps along the momentum made orthogonal, for matrices; Adam for all else.

use super::adam;
use super::rule::{Memory, Rule, Tensor, Tick, not_negative, share};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::{Config, Value};
use crate::schedules::Rate;
use std::sync::Arc;
use steadygrad_kernels::gemm::{Matrix, gemm};
use steadygrad_kernels::norm::squares;
use steadygrad_kernels::update::{update, update64};
use steadygrad_kernels::{Cpu, Isa, Real, Result};

/// Momentum, orthogonalized by Newton and Schulz's iteration.
///
/// ```text
/// m ← µ·m + g;  G = g + µ·m  (nesterov), else m
/// X = G/(‖G‖ + 10⁻⁷)                        Gᵀ where G has more rows than columns
/// ns_steps times:  A = X·Xᵀ;  X ← a·X + (b·A + c·A²)·X
/// W ← W − η·rms_rate·√max(rows, columns)·X
/// ```
///
/// All singular values of X come near 1, so that a step moves all directions alike. Parameters without two axes, those with
/// "embedding" in their path, and those whose path contains a word of `exclude_layers` are updated by Adam, at
/// `adam_lr_ratio` times the learning rate and with `adam_weight_decay`. Keras reads these words as regular expressions;
/// here they are plain. (Jordan et al. 2024; the scale: Liu et al. 2025.)
///
/// ```
/// use steadygrad_nn::optimizers::{Muon, Optimizer};
/// let optimizer = Optimizer::new(Muon::new(0.001).exclude_layers(["head"]));
/// assert_eq!(optimizer.weight_decay, Some(0.004));
/// ```
#[derive(Debug, Clone)]
pub struct Muon {
    learning_rate: Rate,
    adam_beta_1: f64,
    adam_beta_2: f64,
    epsilon: f64,
    exclude_layers: Vec<String>,
    muon: [f64; 3],
    adam_lr_ratio: f64,
    momentum: f64,
    ns_steps: usize,
    nesterov: bool,
    exclude_embeddings: bool,
    weight_decay: Option<f64>,
    adam_weight_decay: Option<f64>,
    rms_rate: Option<f64>,
}

impl Muon {
    /// With this learning rate (a number or a schedule) and Keras' defaults.
    pub fn new(learning_rate: impl Into<Rate>) -> Muon {
        Muon {
            learning_rate: learning_rate.into(),
            adam_beta_1: 0.9,
            adam_beta_2: 0.999,
            epsilon: 1e-7,
            exclude_layers: Vec::new(),
            muon: [3.4445, -4.775, 2.0315],
            adam_lr_ratio: 1.0,
            momentum: 0.95,
            ns_steps: 5,
            nesterov: true,
            exclude_embeddings: true,
            weight_decay: Some(0.004),
            adam_weight_decay: Some(0.004),
            rms_rate: Some(0.2),
        }
    }

    /// Leaves parameters to Adam whose path contains one of these words: the last layer, as a rule.
    pub fn exclude_layers<S: Into<String>>(mut self, words: impl IntoIterator<Item = S>) -> Muon {
        self.exclude_layers = words.into_iter().map(Into::into).collect();
        self
    }

    /// The learning rate of Adam, as a share of Muon's.
    pub fn adam_lr_ratio(mut self, adam_lr_ratio: f64) -> Muon {
        self.adam_lr_ratio = adam_lr_ratio;
        self
    }

    /// How much of the momentum stays at each step.
    pub fn momentum(mut self, momentum: f64) -> Muon {
        self.momentum = momentum;
        self
    }

    /// How many times the iteration is run.
    pub fn ns_steps(mut self, ns_steps: usize) -> Muon {
        self.ns_steps = ns_steps;
        self
    }

    /// Looks ahead along the momentum.
    pub fn nesterov(mut self, nesterov: bool) -> Muon {
        self.nesterov = nesterov;
        self
    }

    /// The root mean square of a step at learning rate 1; without it, steps are not scaled.
    pub fn rms_rate(mut self, rms_rate: impl Into<Option<f64>>) -> Muon {
        self.rms_rate = rms_rate.into();
        self
    }

    fn by_adam(&self, path: &str, shape: &[usize]) -> bool {
        shape.len() != 2
            || (self.exclude_embeddings && path.to_lowercase().contains("embedding"))
            || self.exclude_layers.iter().any(|word| path.contains(word))
    }

    fn adam(&self, tick: &Tick) -> adam::Now {
        let tick = Tick { learning_rate: tick.learning_rate * self.adam_lr_ratio, ..*tick };
        adam::Now::at_step(&tick, self.adam_beta_1, self.adam_beta_2, self.epsilon)
    }

    fn now(&self, tick: &Tick, shape: &[usize]) -> Now {
        let longer = shape.iter().copied().max().unwrap_or(1) as f64;
        Now {
            rate: tick.learning_rate * self.rms_rate.map_or(1.0, |rms| rms * longer.sqrt()),
            momentum: self.momentum,
            nesterov: self.nesterov,
            muon: self.muon,
            steps: self.ns_steps,
        }
    }
}

struct Now {
    rate: f64,
    momentum: f64,
    nesterov: bool,
    muon: [f64; 3],
    steps: usize,
}

/// out = A·B, where A is m × k; B is k × n, or lies in memory as n × k if `transposed`.
struct Product<'a, R> {
    a: &'a [R],
    b: &'a [R],
    size: [usize; 3],
    transposed: bool,
    out: &'a mut [R],
}

/// With the kernel for matrix products.
fn fast(isa: Isa, product: Product<'_, f32>) {
    let Product { a, b, size: [m, k, n], transposed, out } = product;
    let (a, b) = (Matrix::new(a, m, k, false), Matrix::new(b, k, n, transposed));
    gemm(Cpu::alone(isa), a, b, None, out);
}

/// By the definition, in double precision.
fn exact(product: Product<'_, f64>) {
    let Product { a, b, size: [_, k, n], transposed, out } = product;
    for (row, a) in out.chunks_exact_mut(n).zip(a.chunks_exact(k)) {
        for (j, out) in row.iter_mut().enumerate() {
            let at = |p: usize| if transposed { j * k + p } else { p * n + j };
            *out = a.iter().enumerate().map(|(p, a)| a * b[at(p)]).sum();
        }
    }
}

impl Now {
    fn step<R: Real>(&self, tensor: Tensor<'_, '_, R>, multiply: impl Fn(Product<'_, R>)) {
        let Tensor { shape, weights, gradient, memories, scratch } = tensor;
        let (&[rows, columns], [m]) = (shape, memories) else { return };
        if weights.is_empty() {
            return;
        }
        let (n, k) = (rows.min(columns), rows.max(columns));
        let (x, rest) = scratch.split_at_mut(n * k);
        let (next, rest) = rest.split_at_mut(n * k);
        let (square, rest) = rest.split_at_mut(n * n);
        let fourth = &mut rest[..n * n];
        let momentum = R::of(self.momentum);
        for ((m, &g), next) in m.iter_mut().zip(gradient).zip(next.iter_mut()) {
            *m = momentum * *m + g;
            *next = R::select(self.nesterov, momentum * *m + g, *m);
        }
        let size = R::of(1.0 / (squares(next).sqrt() + 1e-7));
        // Where the place of row i, column j is in X.
        let place = |i: usize, j: usize| if rows > columns { j * rows + i } else { i * columns + j };
        for (i, row) in next.chunks_exact(columns).enumerate() {
            for (j, &g) in row.iter().enumerate() {
                x[place(i, j)] = g * size;
            }
        }
        let [a, b, c] = self.muon.map(R::of);
        for _ in 0..self.steps {
            multiply(Product { a: x, b: x, size: [n, k, n], transposed: true, out: square });
            multiply(Product { a: square, b: square, size: [n, n, n], transposed: false, out: fourth });
            for (fourth, &square) in fourth.iter_mut().zip(square.iter()) {
                *fourth = b * square + c * *fourth;
            }
            multiply(Product { a: fourth, b: x, size: [n, n, k], transposed: false, out: next });
            for (x, &next) in x.iter_mut().zip(next.iter()) {
                *x = a * *x + next;
            }
        }
        let rate = R::of(self.rate);
        for (i, row) in weights.chunks_exact_mut(columns).enumerate() {
            for (j, w) in row.iter_mut().enumerate() {
                *w = *w - rate * x[place(i, j)];
            }
        }
    }
}

impl Rule for Muon {
    fn class(&self) -> &'static str {
        "Muon"
    }

    fn config(&self) -> Config {
        let ratio = match self.adam_lr_ratio {
            1.0 => Value::Int(1),
            other => Value::Float(other),
        };
        Config::new()
            .with("adam_beta_1", self.adam_beta_1)
            .with("adam_beta_2", self.adam_beta_2)
            .with("epsilon", self.epsilon)
            .with("exclude_layers", self.exclude_layers.clone())
            .with("muon_a", self.muon[0])
            .with("muon_b", self.muon[1])
            .with("muon_c", self.muon[2])
            .with("adam_lr_ratio", ratio)
            .with("momentum", self.momentum)
            .with("ns_steps", self.ns_steps)
            .with("nesterov", self.nesterov)
            .with("exclude_embeddings", self.exclude_embeddings)
            .with("adam_weight_decay", self.adam_weight_decay)
            .with("rms_rate", self.rms_rate)
    }

    fn learning_rate(&self) -> &Rate {
        &self.learning_rate
    }

    fn weight_decay(&self) -> Option<f64> {
        self.weight_decay
    }

    fn decay_of(&self, path: &str, shape: &[usize], decay: Option<f64>) -> Option<f64> {
        if self.by_adam(path, shape) { self.adam_weight_decay } else { decay }
    }

    fn memories(&self, path: &str, shape: &[usize]) -> Vec<Memory> {
        let mut memories = vec![Memory::zeros("momentum", shape)];
        if self.by_adam(path, shape) {
            memories.push(Memory::zeros("velocity", shape));
        }
        memories
    }

    fn elementwise(&self) -> bool {
        false
    }

    fn scratch(&self, shape: &[usize]) -> usize {
        match *shape {
            [rows, columns] => 2 * rows * columns + 2 * rows.min(columns).pow(2),
            _ => 0,
        }
    }

    /// A parameter with a second memory is Adam's.
    fn update(&self, isa: Isa, tick: &Tick, _: &[f64], tensor: Tensor<'_, '_, f32>) {
        if tensor.memories.len() == 2 {
            update(isa, &self.adam(tick), tensor.weights, tensor.gradient, tensor.memories);
        } else {
            self.now(tick, tensor.shape).step(tensor, |product| fast(isa, product));
        }
    }

    fn update64(&self, tick: &Tick, _: &[f64], tensor: Tensor<'_, '_, f64>) {
        if tensor.memories.len() == 2 {
            update64(&self.adam(tick), tensor.weights, tensor.gradient, tensor.memories);
        } else {
            self.now(tick, tensor.shape).step(tensor, exact);
        }
    }
}

fn decay(args: &mut Args<'_>, name: &str, usual: Option<f64>) -> Result<Option<f64>> {
    match args.or(name, usual)? {
        Some(decay) if !(decay.is_finite() && decay >= 0.0) => {
            args.reject(name, "a finite number of 0 or more", decay)
        }
        decay => Ok(decay),
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Rule>> {
    let usual = Muon::new(0.001);
    let [a, b, c] = usual.muon;
    Ok(Arc::new(Muon {
        learning_rate: args.or("learning_rate", usual.learning_rate)?,
        adam_beta_1: share(args, "adam_beta_1", usual.adam_beta_1)?,
        adam_beta_2: share(args, "adam_beta_2", usual.adam_beta_2)?,
        epsilon: not_negative(args, "epsilon", usual.epsilon)?,
        exclude_layers: args.or("exclude_layers", Some(Vec::new()))?.unwrap_or_default(),
        muon: [args.or("muon_a", a)?, args.or("muon_b", b)?, args.or("muon_c", c)?],
        adam_lr_ratio: not_negative(args, "adam_lr_ratio", usual.adam_lr_ratio)?,
        momentum: share(args, "momentum", usual.momentum)?,
        ns_steps: args.or("ns_steps", usual.ns_steps)?,
        nesterov: args.or("nesterov", usual.nesterov)?,
        exclude_embeddings: args.or("exclude_embeddings", usual.exclude_embeddings)?,
        weight_decay: decay(args, "weight_decay", usual.weight_decay)?,
        adam_weight_decay: decay(args, "adam_weight_decay", usual.adam_weight_decay)?,
        rms_rate: args.or("rms_rate", usual.rms_rate)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Rule> = Entry { class: "Muon", names: &["muon"], build };
