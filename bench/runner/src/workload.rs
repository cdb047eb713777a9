//! The line of a workload, as `bench/workloads.py` writes it, read into values.

use crate::serve::Failure;

/// One layer.
#[derive(Debug, Clone, PartialEq)]
pub enum Layer {
    /// Units, the initializer's name, whether there is a bias.
    Dense(usize, String, bool),
    /// Filters, the window's size, the initializer's name, whether there is a bias.
    Conv(usize, usize, String, bool),
    /// Batch normalization with Keras' settings: momentum 0.99, epsilon 0.001.
    BatchNorm,
    /// ReLU.
    Relu,
    /// ELU.
    Elu,
    /// Softmax: the last layer.
    Softmax,
    /// The maximum of windows of this size.
    Pool(usize),
    /// All numbers of a sample in one row.
    Flatten,
}

/// How weights are changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Optimizer {
    /// Learning rate and momentum.
    Sgd(f64, f64),
    /// Learning rate.
    Adam(f64),
}

/// Which steps are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watch {
    /// None.
    Never,
    /// Those of our schedule.
    Default,
    /// Every one.
    Every,
}

/// A workload.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// The shape of a sample.
    pub input: Vec<usize>,
    /// The layers.
    pub layers: Vec<Layer>,
    /// The optimizer; none where nothing is trained.
    pub optimizer: Option<Optimizer>,
    /// Samples of a step or a call.
    pub batch: usize,
    /// Training, and not inference.
    pub train: bool,
    /// Which steps are looked at.
    pub watch: Watch,
}

impl Workload {
    /// Reads the line.
    ///
    /// ```
    /// use steadygrad_bench_runner::{Layer, Workload};
    /// let read = Workload::read("in:784 dense:10:glorot_uniform softmax sgd:0.01:0 batch:32 train")?;
    /// assert_eq!(read.layers[0], Layer::Dense(10, "glorot_uniform".into(), true));
    /// assert!(Workload::read("in:784 dance:10 batch:1").is_err());
    /// # Ok::<(), steadygrad_bench_runner::Failure>(())
    /// ```
    ///
    /// # Errors
    /// If a word is not known, or something is missing.
    pub fn read(line: &str) -> Result<Workload, Failure> {
        let mut read = Workload {
            input: Vec::new(),
            layers: Vec::new(),
            optimizer: None,
            batch: 0,
            train: false,
            watch: Watch::Never,
        };
        for word in line.split_whitespace() {
            let parts: Vec<&str> = word.split(':').collect();
            let layer = match parts[..] {
                ["dense", units, initializer] => Layer::Dense(units.parse()?, initializer.into(), true),
                ["dense", units, initializer, "nobias"] => {
                    Layer::Dense(units.parse()?, initializer.into(), false)
                }
                ["conv", filters, size, initializer, "nobias"] => {
                    Layer::Conv(filters.parse()?, size.parse()?, initializer.into(), false)
                }
                ["bn"] => Layer::BatchNorm,
                ["relu"] => Layer::Relu,
                ["elu"] => Layer::Elu,
                ["softmax"] => Layer::Softmax,
                ["pool", size] => Layer::Pool(size.parse()?),
                ["flatten"] => Layer::Flatten,
                _ => {
                    read.setting(word, &parts)?;
                    continue;
                }
            };
            read.layers.push(layer);
        }
        if read.input.is_empty() || read.layers.is_empty() || read.batch == 0 {
            return Err(format!("`{line}` lacks its input, its layers or its batch").into());
        }
        Ok(read)
    }

    fn setting(&mut self, word: &str, parts: &[&str]) -> Result<(), Failure> {
        match parts[..] {
            ["in", dims] => self.input = dims.split('x').map(str::parse).collect::<Result<_, _>>()?,
            ["sgd", rate, momentum] => {
                self.optimizer = Some(Optimizer::Sgd(rate.parse()?, momentum.parse()?));
            }
            ["adam", rate] => self.optimizer = Some(Optimizer::Adam(rate.parse()?)),
            ["batch", n] => self.batch = n.parse()?,
            ["train"] => self.train = true,
            ["predict"] => self.train = false,
            ["watch", "every"] => self.watch = Watch::Every,
            ["watch", "default"] => self.watch = Watch::Default,
            _ => return Err(format!("`{word}` is no word of a workload").into()),
        }
        Ok(())
    }
}
