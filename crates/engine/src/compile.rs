//! How a model is trained: optimizer, losses, metrics, seed. Plain data.

use std::sync::Arc;
use steadygrad_nn::config::Value;
use steadygrad_nn::losses::Loss;
use steadygrad_nn::metrics::Metric;
use steadygrad_nn::optimizers::Optimizer;

/// A loss, for one output or for all.
#[derive(Debug, Clone)]
pub struct LossSpec {
    /// The name of the output; all outputs without it.
    pub output: Option<String>,
    /// The loss.
    pub loss: Arc<dyn Loss>,
    /// Its weight in the total.
    pub weight: f64,
}

/// A metric as it was asked for: a value, or a name that is resolved when shapes are known.
#[derive(Debug, Clone)]
pub enum Asked {
    /// This metric.
    Metric(Arc<dyn Metric>),
    /// This metric, under this name in logs and history.
    As(String, Arc<dyn Metric>),
    /// A name such as "accuracy", or `{class_name, config}`.
    Named(Value),
}

/// A metric, for one output or for all.
#[derive(Debug, Clone)]
pub struct MetricSpec {
    /// The name of the output; all outputs without it.
    pub output: Option<String>,
    /// What to measure.
    pub metric: Asked,
    /// Whether weights of samples and classes count in it.
    pub weighted: bool,
}

/// Settings of a training.
///
/// ```
/// use steadygrad_engine::Compile;
/// use steadygrad_nn::{losses::SparseCategoricalCrossentropy, optimizers::Adam};
/// let compile = Compile::new(Adam::new(0.001), SparseCategoricalCrossentropy).accuracy().seed(42);
/// assert_eq!(compile.seed, 42);
/// ```
#[derive(Debug, Clone)]
pub struct Compile {
    /// The optimizer.
    pub optimizer: Optimizer,
    /// The losses.
    pub losses: Vec<LossSpec>,
    /// The metrics.
    pub metrics: Vec<MetricSpec>,
    /// The seed of initial weights, order of samples, and noise in layers.
    pub seed: u64,
    /// How many threads may share a large step; they change no result.
    pub threads: usize,
}

impl Compile {
    /// This optimizer and this loss, for all outputs.
    pub fn new(optimizer: impl Into<Optimizer>, loss: impl Loss + 'static) -> Compile {
        Compile {
            losses: vec![LossSpec { output: None, loss: Arc::new(loss), weight: 1.0 }],
            ..Compile::without_loss(optimizer)
        }
    }

    /// This optimizer; losses follow.
    pub fn without_loss(optimizer: impl Into<Optimizer>) -> Compile {
        Compile { optimizer: optimizer.into(), losses: Vec::new(), metrics: Vec::new(), seed: 0, threads: 1 }
    }

    /// A loss for the output of this name, with its weight in the total.
    pub fn output_loss(mut self, output: &str, loss: impl Loss + 'static, weight: f64) -> Compile {
        self.losses.push(LossSpec { output: Some(output.to_string()), loss: Arc::new(loss), weight });
        self
    }

    /// The accuracy that fits output and targets: binary, categorical or sparse categorical.
    pub fn accuracy(self) -> Compile {
        self.named_metric("accuracy")
    }

    /// A metric by its name.
    pub fn named_metric(mut self, name: &str) -> Compile {
        self.metrics.push(MetricSpec { output: None, metric: Asked::Named(name.into()), weighted: false });
        self
    }

    /// A metric.
    pub fn metric(mut self, metric: impl Metric + 'static) -> Compile {
        let metric = Asked::Metric(Arc::new(metric));
        self.metrics.push(MetricSpec { output: None, metric, weighted: false });
        self
    }

    /// A metric under this name in logs and history: two of a class need two names.
    ///
    /// ```
    /// use steadygrad_engine::Compile;
    /// use steadygrad_nn::{losses::SparseCategoricalCrossentropy, metrics::SparseTopKCategoricalAccuracy, optimizers::Sgd};
    /// let compile = Compile::new(Sgd::default(), SparseCategoricalCrossentropy)
    ///     .metric_as("top_1", SparseTopKCategoricalAccuracy.k(1))
    ///     .metric_as("top_3", SparseTopKCategoricalAccuracy.k(3));
    /// ```
    pub fn metric_as(mut self, name: &str, metric: impl Metric + 'static) -> Compile {
        let metric = Asked::As(name.to_string(), Arc::new(metric));
        self.metrics.push(MetricSpec { output: None, metric, weighted: false });
        self
    }

    /// A metric in which the weights of samples and classes count.
    pub fn weighted_metric(mut self, metric: impl Metric + 'static) -> Compile {
        let metric = Asked::Metric(Arc::new(metric));
        self.metrics.push(MetricSpec { output: None, metric, weighted: true });
        self
    }

    /// The seed of everything random.
    pub fn seed(mut self, seed: u64) -> Compile {
        self.seed = seed;
        self
    }

    /// How many threads may share a large step.
    pub fn threads(mut self, threads: usize) -> Compile {
        self.threads = threads;
        self
    }
}
