//! Networks nobody chose: hundreds of experiments drawn from families, each reproducible from a seed.

use super::generator::{Between, Net, Set, set};

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

const SETS: [Set; 7] = [
    set("circles", 2),
    set("moons", 2),
    set("xor", 2),
    set("spirals", 2),
    set("blobs", 3),
    set("digits", 10),
    set("waves", 0),
];

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
