//! An experiment by its parts: as a file, as a sound one would be, and with one thing undone.

use std::fmt::Write as _;
use std::path::PathBuf;
use steadygrad_data::{Options, sets};
use steadygrad_doctor::Cause;

/// A data set: its name, the samples that are taken, the part for validation, its classes (0 for a regression).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Set {
    pub name: &'static str,
    pub(super) samples: usize,
    pub(super) split: f64,
    pub(super) classes: usize,
}

pub(super) const fn set(name: &'static str, classes: usize) -> Set {
    Set { name, samples: 600, split: 0.3, classes }
}

/// Between a hidden layer and its activation, or behind it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Between {
    Nothing,
    Before(&'static str),
    After(&'static str),
}

/// An experiment, by its parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Net {
    pub family: &'static str,
    pub set: Set,
    /// What the inputs are multiplied by and shifted by, in a file of their own.
    pub(super) raw: Option<(f64, f64)>,
    pub(super) scale: Option<&'static str>,
    pub depth: usize,
    pub width: usize,
    pub activation: String,
    pub(super) initializer: Option<String>,
    pub(super) between: Between,
    pub(super) dropout: f64,
    pub(super) residual: bool,
    pub(super) optimizer: &'static str,
    pub(super) rate: f64,
    pub(super) batch: usize,
    pub(super) epochs: usize,
    /// Units, activation and loss of the output; none for those that fit.
    pub(super) head: Option<(usize, &'static str, &'static str)>,
    seed: u64,
}

impl Net {
    /// A network that a careful person would build for this data.
    pub(super) fn sound(family: &'static str, set: Set, seed: u64) -> Net {
        let digits = set.name == "digits";
        Net {
            family,
            set: if digits { Set { samples: 640, split: 0.25, ..set } } else { set },
            raw: None,
            scale: Some("standard"),
            depth: 2,
            width: 32,
            activation: "relu".into(),
            initializer: Some("\"he_normal\"".into()),
            between: Between::Nothing,
            dropout: 0.0,
            residual: false,
            optimizer: "Adam",
            rate: 3e-3,
            batch: 32,
            epochs: if digits { 40 } else { 60 },
            head: None,
            seed,
        }
    }

    /// What the same data and patience can reach.
    pub fn reference(&self) -> Net {
        let sound = Net::sound("reference", self.set, self.seed);
        let raw = self.raw;
        Net { set: self.set, raw, batch: self.batch, epochs: self.epochs, ..sound }
    }

    /// The same with four times the epochs.
    pub fn patient(&self) -> String {
        Net { epochs: 4 * self.epochs, ..self.clone() }.text()
    }

    fn head(&self) -> (usize, &'static str, &'static str) {
        self.head.unwrap_or(match self.set.classes {
            0 => (1, "linear", "mean_squared_error"),
            2 => (1, "sigmoid", "binary_crossentropy"),
            n => (n, "softmax", "sparse_categorical_crossentropy"),
        })
    }

    fn classes(&self) -> bool {
        self.set.classes > 0
    }

    /// One line for a table.
    pub fn name(&self) -> String {
        let mut name = format!("{} {}×{} {}", self.set.name, self.depth, self.width, self.activation);
        let initializer = self.initializer.as_deref().unwrap_or("-");
        let plain =
            initializer.replace("class_name = ", "").replace("config = ", "").replace(['"', '{', '}'], "");
        let _ = write!(name, " [{}]", plain.split_whitespace().collect::<Vec<_>>().join(" "));
        match self.between {
            Between::Nothing => {}
            Between::Before(n) => name += &format!(" {n}<"),
            Between::After(n) => name += &format!(" >{n}"),
        }
        let _ = write!(name, " {} {} batch {} epochs {}", self.optimizer, self.rate, self.batch, self.epochs);
        if self.dropout > 0.0 {
            let _ = write!(name, " dropout {}", self.dropout);
        }
        if self.residual {
            name += " residual";
        }
        if let Some((units, activation, loss)) = self.head {
            let _ = write!(name, " head {units} {activation} {loss}");
        }
        if self.raw.is_some() || self.scale.is_none() {
            let _ = write!(name, " raw {:?} {:?}", self.raw, self.scale);
        }
        name
    }

    /// The ways to undo this cause, and nothing else: where one of them learns the cause was right.
    pub fn without(&self, cause: Cause) -> Vec<Net> {
        let made = |change: &dyn Fn(&mut Net)| {
            let mut net = self.clone();
            change(&mut net);
            net
        };
        let activation = |to: &'static str| {
            made(&|net| (net.activation, net.initializer) = (to.into(), Some("\"he_normal\"".into())))
        };
        let rate = |adam: f64, sgd: f64| {
            made(&|net| {
                (net.optimizer, net.rate) = if net.optimizer == "SGD" { ("SGD", sgd) } else { ("Adam", adam) }
            })
        };
        let all = match cause {
            Cause::Activation => vec![activation("relu"), activation("elu")],
            Cause::Depth => vec![made(&|net| net.depth = net.depth.min(2))],
            Cause::Width => vec![made(&|net| net.width = net.width.max(32))],
            Cause::LearningRate | Cause::Optimizer => {
                vec![rate(2e-3, 0.05), rate(1e-2, 0.5), rate(3e-4, 0.005)]
            }
            Cause::InputScale => vec![made(&|net| net.scale = Some("standard"))],
            Cause::OutputHead | Cause::Loss | Cause::Labels => vec![made(&|net| net.head = None)],
            Cause::BatchSize => vec![made(&|net| net.batch = 32)],
            Cause::BatchNorm => vec![made(&|net| net.between = Between::Nothing)],
            // Drawn by the theory for the activation behind: an edit of the whole experiment, made where it is trained.
            Cause::Initializer | Cause::TargetScale | Cause::Regularization | Cause::Epochs => Vec::new(),
        };
        all.into_iter().filter(|net| net != self).collect()
    }

    /// The experiment as a file.
    pub fn text(&self) -> String {
        let mut data = match self.raw {
            None => format!("source = \"{}\"\nsamples = {}\n", self.set.name, self.set.samples),
            Some(raw) => {
                let file = raw_file(self.set, self.seed, raw);
                let labels = if self.classes() { "" } else { "labels = \"numbers\"\n" };
                format!("train = \"{}\"\ntarget = \"label\"\n{labels}", file.display())
            }
        };
        let _ = writeln!(data, "validation_split = {}", self.set.split);
        if let Some(scale) = self.scale {
            let _ = writeln!(data, "scale = \"{scale}\"");
        }
        let initializer =
            self.initializer.as_ref().map_or(String::new(), |i| format!(", kernel_initializer = {i}"));
        let layer = |word: &str| format!("{{ layer = \"{word}\" }}");
        let activation = match self.activation.as_str() {
            "prelu" => layer("p_re_lu"),
            name => format!("{{ layer = \"activation\", activation = \"{name}\" }}"),
        };
        let mut block = vec![format!("{{ layer = \"dense\", units = {}{initializer} }}", self.width)];
        if let Between::Before(norm) = self.between {
            block.push(layer(norm));
        }
        block.push(activation);
        if let Between::After(norm) = self.between {
            block.push(layer(norm));
        }
        if self.dropout > 0.0 {
            block.push(format!("{{ layer = \"dropout\", rate = {} }}", self.dropout));
        }
        let block = block.join(", ");
        let mut layers =
            if self.set.name == "digits" && self.raw.is_none() { vec![layer("flatten")] } else { vec![] };
        if self.depth > 0 {
            layers.push(block.clone());
        }
        if self.depth > 1 {
            let all = if self.residual { format!("{{ residual = [ {block} ] }}") } else { block };
            layers.push(format!("{{ repeat = {}, block = [ {all} ] }}", self.depth - 1));
        }
        let (units, activation, loss) = self.head();
        layers.push(format!(
            "{{ layer = \"dense\", units = {units}, activation = \"{activation}\"{} }}",
            // A tiny or huge initializer is used for every layer, as people do.
            initializer
        ));
        let metrics = if self.classes() { "metrics = [\"accuracy\"]\n" } else { "" };
        format!(
            "[data]\n{data}[model]\nlayers = [ {} ]\n[compile]\noptimizer = {{ class_name = \"{}\", config = {{ learning_rate = {} }} }}\nloss = \"{loss}\"\n{metrics}[fit]\nepochs = {}\nbatch_size = {}\nseed = {}\n",
            layers.join(",\n  "),
            self.optimizer,
            self.rate,
            self.epochs,
            self.batch,
            self.seed
        )
    }
}

/// A file of this set with other units of its inputs.
fn raw_file(set: Set, seed: u64, (times, shift): (f64, f64)) -> PathBuf {
    let name = format!("sweep_{}_{seed}_{times}_{shift}.csv", set.name);
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let options = Options { samples: Some(set.samples), seed, ..Options::default() };
    let data = sets::find(set.name).unwrap().load(&options).unwrap();
    let width = data.x[0].row_len();
    let mut text: String = (0..width).map(|i| format!("x{i},")).collect::<String>() + "label\n";
    for i in 0..data.len() {
        for x in data.x[0].row(i) {
            let _ = write!(text, "{},", f64::from(*x) * times + shift);
        }
        let _ = writeln!(text, "{}", data.y[0].row(i)[0]);
    }
    // Two tests may write it at once: each writes its own, and the last name wins.
    let own = path.with_extension(format!("{:?}.tmp", std::thread::current().id()));
    std::fs::write(&own, text).unwrap();
    std::fs::rename(&own, &path).unwrap();
    path
}
