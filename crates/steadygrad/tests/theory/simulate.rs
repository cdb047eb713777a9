//! A plain network of dense layers without biases: forward and backward, with our initializers and activations.

use std::sync::Arc;
use steadygrad::nn::activations::{Activation, Saved};
use steadygrad::nn::initializers::{Draw, Initializer};
use steadygrad_kernels::gemm::{Matrix, gemm};
use steadygrad_kernels::random::{Purpose, Stream};
use steadygrad_kernels::{Cpu, Isa};

/// Widths from the input to the last layer, how weights are drawn, and what every layer ends in.
pub struct Network {
    pub widths: Vec<usize>,
    pub initializer: Arc<dyn Initializer>,
    pub activation: Arc<dyn Activation>,
    pub batch: usize,
}

/// What went through one network: for each layer its mean squares. Layer 1 is the first after the input.
pub struct Passed {
    /// Of z = h·W.
    pub z: Vec<Vec<f32>>,
    /// Of f(z); the input is the first of them.
    pub h: Vec<Vec<f32>>,
    /// Of ∂L/∂z, for a loss whose gradient at the last z is N(0, 1).
    pub g: Vec<f64>,
}

/// The mean of the squares.
pub fn mean_square(x: &[f32]) -> f64 {
    x.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / x.len() as f64
}

/// Standard normal numbers.
pub fn normals(seed: u64, key: &str, n: usize) -> Vec<f32> {
    let stream = Stream::new(seed, Purpose::Other, key);
    (0..n as u64).map(|i| stream.normal(0, i) as f32).collect()
}

impl Network {
    /// The same width in all layers and for the input.
    pub fn even(
        width: usize,
        depth: usize,
        initializer: impl Initializer,
        activation: impl Activation + 'static,
        batch: usize,
    ) -> Network {
        let (initializer, activation) = (Arc::new(initializer), Arc::new(activation));
        Network { widths: vec![width; depth + 1], initializer, activation, batch }
    }

    /// The weights of one layer.
    fn weights(&self, seed: u64, layer: usize) -> Vec<f32> {
        let shape = [self.widths[layer], self.widths[layer + 1]];
        let mut w = vec![0.0; shape[0] * shape[1]];
        self.initializer.fill(&Draw::new(seed, &format!("dense#{layer}/kernel")), &shape, &mut w).unwrap();
        w
    }

    /// Sends inputs x ~ N(0, 1) through, and gradients back where asked for.
    pub fn run(&self, seed: u64, backward: bool) -> Passed {
        let depth = self.widths.len() - 1;
        let (isa, b) = (Isa::best(), self.batch);
        let mut passed =
            Passed { z: Vec::new(), h: vec![normals(seed, "x", b * self.widths[0])], g: Vec::new() };
        let mut kept = Vec::new();
        for layer in 0..depth {
            let (n, m) = (self.widths[layer], self.widths[layer + 1]);
            let w = self.weights(seed, layer);
            let (mut z, mut h) = (vec![0.0; b * m], vec![0.0; b * m]);
            gemm(
                Cpu::best(),
                Matrix::new(&passed.h[layer], b, n, false),
                Matrix::new(&w, n, m, false),
                None,
                &mut z,
            );
            self.activation.map(isa, &z, &mut h);
            passed.z.push(z);
            passed.h.push(h);
            kept.push(if backward { w } else { Vec::new() });
        }
        if backward {
            let mut g = normals(seed, "g", b * self.widths[depth]);
            passed.g = vec![mean_square(&g)];
            for layer in (1..depth).rev() {
                let (n, m) = (self.widths[layer], self.widths[layer + 1]);
                let (mut dh, mut dz) = (vec![0.0; b * n], vec![0.0; b * n]);
                gemm(
                    Cpu::best(),
                    Matrix::new(&g, b, m, false),
                    Matrix::new(&kept[layer], m, n, true),
                    None,
                    &mut dh,
                );
                let saved = match self.activation.saved() {
                    Saved::Input => &passed.z[layer - 1],
                    Saved::Output => &passed.h[layer],
                };
                self.activation.map_grad(isa, saved, &dh, &mut dz);
                passed.g.insert(0, mean_square(&dz));
                g = dz;
            }
        }
        passed
    }

    /// Mean squares of z and of ∂L/∂z in each layer, over several networks.
    pub fn mean_squares(&self, networks: u64) -> (Vec<f64>, Vec<f64>) {
        let depth = self.widths.len() - 1;
        let (mut q, mut g) = (vec![0.0; depth], vec![0.0; depth]);
        for seed in 0..networks {
            let passed = self.run(seed, true);
            for layer in 0..depth {
                q[layer] += mean_square(&passed.z[layer]) / networks as f64;
                g[layer] += passed.g[layer] / networks as f64;
            }
        }
        (q, g)
    }
}
