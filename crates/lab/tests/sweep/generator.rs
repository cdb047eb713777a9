//! Networks nobody chose: hundreds of experiments drawn from families, each reproducible from a seed.

use std::fmt::Write as _;
use std::path::PathBuf;
use steadygrad_data::{Options, sets};
use steadygrad_doctor::Cause;

/// Random choices, the same for the same seed (SplitMix64).
pub struct Draw(u64);

impl Draw {
    pub fn new(seed: u64) -> Draw {
        Draw(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    /// One of these.
    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[(self.next() % all.len() as u64) as usize]
    }

    /// From one to the other, both included.
    fn from(&mut self, least: u64, most: u64) -> usize {
        (least + self.next() % (most - least + 1)) as usize
    }

    fn chance(&mut self, part: f64) -> bool {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64 <= part
    }
}

/// A data set: its name, the samples that are taken, the part for validation, its classes (0 for a regression).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Set {
    pub name: &'static str,
    samples: usize,
    split: f64,
    classes: usize,
}

const fn set(name: &'static str, classes: usize) -> Set {
    Set { name, samples: 600, split: 0.3, classes }
}

const SETS: [Set; 7] = [
    set("circles", 2),
    set("moons", 2),
    set("xor", 2),
    set("spirals", 2),
    set("blobs", 3),
    set("digits", 10),
    set("waves", 0),
];

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
    raw: Option<(f64, f64)>,
    scale: Option<&'static str>,
    pub depth: usize,
    pub width: usize,
    pub activation: String,
    initializer: Option<String>,
    between: Between,
    dropout: f64,
    residual: bool,
    optimizer: &'static str,
    rate: f64,
    batch: usize,
    epochs: usize,
    /// Units, activation and loss of the output; none for those that fit.
    head: Option<(usize, &'static str, &'static str)>,
    seed: u64,
}

/// The initializers that fit most activations, so that a draw of activations alone is one of activations.
fn fitting(activation: &str) -> &'static str {
    match activation {
        "relu" | "leaky_relu" | "prelu" | "gelu" | "silu" | "mish" | "hard_silu" | "relu6" => "\"he_normal\"",
        "selu" => "\"lecun_normal\"",
        _ => "\"glorot_uniform\"",
    }
}

/// Those that usual networks have.
const USUAL: [&str; 9] = ["relu", "tanh", "elu", "selu", "gelu", "silu", "leaky_relu", "sigmoid", "softplus"];
/// Everything that acts number by number.
const ALL: [&str; 24] = [
    "celu",
    "elu",
    "exponential",
    "gelu",
    "hard_sigmoid",
    "hard_silu",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softplus",
    "softsign",
    "sparse_plus",
    "squareplus",
    "tanh",
    "tanh_shrink",
    "prelu",
];

fn named(class: &str, config: &str) -> String {
    format!("{{ class_name = \"{class}\", config = {{ {config} }} }}")
}

/// Any initializer, sound or not.
fn any_initializer(draw: &mut Draw) -> Option<String> {
    let size = |draw: &mut Draw| draw.of(&[0.001, 0.01, 0.05, 0.1, 0.3, 0.5, 1.0, 2.0, 4.0]);
    Some(match draw.from(0, 9) {
        0 => return None,
        1 => {
            format!("\"{}\"", draw.of(&["glorot_uniform", "glorot_normal", "lecun_normal", "lecun_uniform"]))
        }
        2 => format!("\"{}\"", draw.of(&["he_normal", "he_uniform"])),
        3 => {
            let size = size(draw);
            named("RandomUniform", &format!("minval = {}, maxval = {size}", -size))
        }
        4 => named("RandomNormal", &format!("mean = 0.0, stddev = {}", size(draw))),
        5 => named("TruncatedNormal", &format!("mean = 0.0, stddev = {}", size(draw))),
        6 => named("Orthogonal", &format!("gain = {}", draw.of(&[0.1, 0.5, 1.0, 1.4, 2.0, 4.0]))),
        7 => {
            format!("\"{}\"", draw.of(&["random_normal", "random_uniform", "truncated_normal", "orthogonal"]))
        }
        8 => named(
            "VarianceScaling",
            &format!(
                "scale = {}, mode = \"{}\", distribution = \"{}\"",
                draw.of(&[0.1, 1.0, 2.0, 3.0, 6.0]),
                draw.of(&["fan_in", "fan_out", "fan_avg"]),
                draw.of(&["uniform", "truncated_normal"])
            ),
        ),
        _ => "\"he_uniform\"".into(),
    })
}

impl Net {
    /// A network that a careful person would build for this data.
    fn sound(family: &'static str, set: Set, seed: u64) -> Net {
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

/// The families, by name.
pub const FAMILIES: [&str; 11] = [
    "bench",
    "usual",
    "catalog",
    "initializer",
    "deep",
    "normalized",
    "residual",
    "rate",
    "input",
    "head",
    "equal",
];

/// One network of a family.
pub fn draw(family: &'static str, seed: u64) -> Net {
    let d = &mut Draw::new(seed);
    let set = d.of(&SETS);
    let mut net = Net::sound(family, set, seed % 1000);
    let usual = |net: &mut Net, d: &mut Draw| {
        net.activation = d.of(&USUAL).into();
        net.initializer = d.chance(0.5).then(|| fitting(&net.activation).to_string());
        net.width = d.of(&[8, 16, 32, 64, 128]);
        net.depth = d.from(1, 4);
        net.batch = d.of(&[16, 32, 64]);
        (net.optimizer, net.rate) = d.of(&[
            ("Adam", 1e-3),
            ("Adam", 1e-2),
            ("SGD", 0.05),
            ("SGD", 0.2),
            ("RMSprop", 1e-3),
            ("Nadam", 2e-3),
        ]);
    };
    match family {
        // The public benchmark's shape: narrow stacks on circles, large batches, few steps.
        "bench" => {
            net.set = Set { samples: 1000, ..SETS[0] };
            net.scale = None;
            net.activation = d
                .of(&[
                    "relu",
                    "sigmoid",
                    "tanh",
                    "exponential",
                    "softsign",
                    "elu",
                    "selu",
                    "softplus",
                    "hard_sigmoid",
                    "linear",
                    "leaky_relu",
                    "gelu",
                ])
                .into();
            net.initializer = if d.chance(0.5) {
                Some(named("VarianceScaling", "scale = 2.0, mode = \"fan_in\", distribution = \"uniform\""))
            } else {
                any_initializer(d)
            };
            net.depth = d.from(3, 18);
            net.width = d.of(&[1, 3, 4, 5, 5, 5, 8, 16, 64]);
            (net.optimizer, net.rate) =
                d.of(&[("Adam", 1e-3), ("Adam", 1e-3), ("Adam", 1e-2), ("SGD", 0.01), ("SGD", 0.1)]);
            net.batch = d.of(&[128, 128, 32]);
            net.epochs = 100;
            net.head = d.chance(0.3).then_some((2, "softmax", "sparse_categorical_crossentropy"));
        }
        "usual" => usual(&mut net, d),
        "catalog" => {
            usual(&mut net, d);
            net.activation = d.of(&ALL).into();
            net.initializer = d.chance(0.5).then(|| fitting(&net.activation).to_string());
            net.depth = d.from(1, 12);
        }
        "initializer" => {
            usual(&mut net, d);
            net.initializer = any_initializer(d);
            net.depth = d.from(2, 8);
            net.width = d.of(&[4, 16, 64]);
        }
        "deep" => {
            usual(&mut net, d);
            net.activation = d
                .of(&[
                    "relu",
                    "tanh",
                    "elu",
                    "selu",
                    "sigmoid",
                    "softsign",
                    "gelu",
                    "exponential",
                    "softplus",
                ])
                .into();
            net.depth = d.from(8, 25);
            net.width = d.of(&[2, 4, 8, 16, 32, 64]);
            if d.chance(0.6) {
                net.initializer = Some(fitting(&net.activation).into());
            }
        }
        "normalized" => {
            usual(&mut net, d);
            let norm = d.of(&["batch_normalization", "layer_normalization"]);
            net.between = if d.chance(0.7) { Between::Before(norm) } else { Between::After(norm) };
            net.depth = d.from(2, 25);
            net.width = d.of(&[8, 16, 32]);
            net.dropout = if d.chance(0.3) { d.of(&[0.1, 0.3, 0.5]) } else { 0.0 };
            if d.chance(0.3) {
                net.initializer = any_initializer(d);
            }
        }
        "residual" => {
            usual(&mut net, d);
            net.residual = true;
            net.depth = d.from(3, 25);
            net.width = d.of(&[8, 16, 32]);
            if d.chance(0.4) {
                net.between = Between::Before("batch_normalization");
            }
        }
        "rate" => {
            usual(&mut net, d);
            (net.optimizer, net.rate) = d.of(&[
                ("Adam", 1e-7),
                ("Adam", 1e-5),
                ("Adam", 0.1),
                ("Adam", 1.0),
                ("Adam", 10.0),
                ("SGD", 1e-6),
                ("SGD", 1e-3),
                ("SGD", 1.0),
                ("SGD", 10.0),
                ("SGD", 100.0),
                ("RMSprop", 0.3),
                ("RMSprop", 1e-6),
                ("Adagrad", 0.01),
                ("Adadelta", 1.0),
            ]);
            net.dropout = if d.chance(0.2) { 0.3 } else { 0.0 };
        }
        "input" => {
            usual(&mut net, d);
            net.scale = None;
            net.raw = Some((d.of(&[1e-4, 0.01, 1.0, 30.0, 255.0, 1e3, 1e5]), d.of(&[0.0, 0.0, 10.0, 500.0])));
        }
        "head" => {
            usual(&mut net, d);
            net.head = Some(match net.set.classes {
                0 => d.of(&[
                    (1, "sigmoid", "mean_squared_error"),
                    (1, "tanh", "mean_squared_error"),
                    (1, "relu", "mean_squared_error"),
                    (1, "linear", "huber"),
                ]),
                2 => d.of(&[
                    (1, "softmax", "binary_crossentropy"),
                    (1, "linear", "binary_crossentropy"),
                    (1, "tanh", "binary_crossentropy"),
                    (1, "relu", "binary_crossentropy"),
                    (1, "sigmoid", "mean_squared_error"),
                    (1, "linear", "mean_squared_error"),
                    (2, "softmax", "sparse_categorical_crossentropy"),
                    (2, "sigmoid", "sparse_categorical_crossentropy"),
                    (1, "softmax", "sparse_categorical_crossentropy"),
                    (4, "softmax", "sparse_categorical_crossentropy"),
                ]),
                n => d.of(&[
                    (n, "linear", "sparse_categorical_crossentropy"),
                    (n, "relu", "sparse_categorical_crossentropy"),
                    (n, "sigmoid", "sparse_categorical_crossentropy"),
                    (n + 5, "softmax", "sparse_categorical_crossentropy"),
                    (1, "sigmoid", "mean_squared_error"),
                    (1, "linear", "mean_squared_error"),
                ]),
            });
        }
        "equal" => {
            usual(&mut net, d);
            net.initializer = Some(match d.from(0, 3) {
                0 => "\"zeros\"".into(),
                1 => "\"ones\"".into(),
                2 => named("Constant", "value = 0.1"),
                _ => named("RandomNormal", "mean = 0.0, stddev = 1e-6"),
            });
        }
        other => panic!("{other}"),
    }
    net
}
