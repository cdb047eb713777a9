//! The state of an optimizer that Keras 2 saved, brought to the variables and the order of Keras 3.
//!
//! Keras 2 had two kinds of optimizers. Both name a variable by its memory and the weight that it belongs to:
//!
//! ```text
//! Adam/iter:0       Adam/dense/kernel/m:0   all of one memory behind each other
//! iteration:0       Adam/m/dense/kernel:0   since 2.11
//! ```

use std::collections::HashMap;
use steadygrad_engine::Learner;
use steadygrad_engine::apply::{Held, Stored, Variable};
use steadygrad_formats::hdf5::{Numbers, Values};

/// What Keras 2 calls a memory: the old optimizers, and those since 2.11.
const NAMES: [(&str, &str, &str, &str); 17] = [
    ("SGD", "momentum", "momentum", "m"),
    ("Adam", "momentum", "m", "m"),
    ("Adam", "velocity", "v", "v"),
    ("Adam", "velocity_hat", "vhat", "vhat"),
    ("AdamW", "momentum", "m", "m"),
    ("AdamW", "velocity", "v", "v"),
    ("AdamW", "velocity_hat", "vhat", "vhat"),
    ("Nadam", "momentum", "m", "m"),
    ("Nadam", "velocity", "v", "v"),
    ("RMSprop", "velocity", "rms", "velocity"),
    ("RMSprop", "momentum", "momentum", "momentum"),
    ("RMSprop", "average_gradient", "mg", "average_gradient"),
    ("Adagrad", "accumulator", "accumulator", "accumulator"),
    ("Adadelta", "accumulated_grad", "accum_grad", "accumulated_grad"),
    ("Adadelta", "accumulated_delta_var", "accum_var", "accumulated_delta_var"),
    ("Adamax", "momentum", "m", "m"),
    ("Adamax", "norm", "v", "u"),
];

/// The same for rules whose names are equal in both.
const EQUAL: [(&str, &str, &str); 3] =
    [("Ftrl", "accumulator", "accumulator"), ("Ftrl", "linear", "linear"), ("Lion", "momentum", "m")];

/// A variable of the file: its memory, the weight that it belongs to, its numbers.
struct Found<'a> {
    memory: &'a str,
    weight: &'a str,
    numbers: &'a Numbers,
}

/// The variables that this learner's optimizer goes on from.
///
/// # Errors
/// Why they cannot be told from what the file has; then the optimizer had better begin anew.
pub(crate) fn variables(learner: &Learner, file: &[(String, Numbers)]) -> Result<Vec<Variable>, String> {
    let class = learner.settings().optimizer.rule.class();
    let end = |name: &str, word: &str| name.trim_end_matches(":0").rsplit('/').next() == Some(word);
    let is_count = |name: &str| end(name, "iter") || end(name, "iteration");
    let Some((name, count)) = file.iter().find(|(name, _)| is_count(name)) else {
        return Err("it does not say how many updates there were".into());
    };
    let old = end(name, "iter");
    let iterations = match &count.values {
        Values::Whole(values) if values.len() == 1 => u64::try_from(values[0]).ok(),
        _ => None,
    };
    let iterations = iterations.ok_or("the number of its updates is no whole number of 0 or more")?;
    if old && class == "Nadam" {
        return Err("the momentum of the old Nadam of Keras 2 followed another schedule".into());
    }
    // "training/Adam/iter:0": what stands before the last part is before all names.
    let prefix = if old { name.rsplit_once('/').map_or("", |(prefix, _)| prefix) } else { "" };
    let found: Vec<Found<'_>> = file
        .iter()
        .filter(|(name, _)| !is_count(name))
        .filter_map(|(name, numbers)| split(name, prefix, old, numbers))
        .collect();
    let held = learner.optimizer_held();
    let own = learner.optimizer_variables();
    let mut all = own.clone();
    let mut sorted: Vec<(&str, Vec<&Numbers>)> = Vec::new();
    for (i, what) in held.iter().enumerate() {
        let (parameter, memory) = match what {
            Held::Iteration => {
                all[i].value = Stored::Count(iterations);
                continue;
            }
            // It stands in the settings.
            Held::LearningRate => continue,
            Held::Scalar(_) if class == "Nadam" => {
                all[i].value = Stored::Numbers(vec![nadam(learner, iterations)?]);
                continue;
            }
            Held::Scalar(_) => return Err(format!("{class} keeps a number that Keras 2 does not")),
            Held::Gathered(_) => return Err("Keras 2 does not gather gradients".into()),
            Held::Average(parameter) => (parameter, "average"),
            Held::Memory { parameter, name, .. } => match memory(class, name, old) {
                Some(memory) => (parameter, memory),
                None => return Err(format!("how Keras 2 keeps the memories of {class} is not known here")),
            },
        };
        let peers: Vec<&str> = held.iter().filter_map(|other| same_memory(what, other)).collect();
        if !sorted.iter().any(|(of, _)| *of == memory) {
            let of_this: Vec<&Found<'_>> = found.iter().filter(|f| f.memory == memory).collect();
            sorted.push((memory, in_order(memory, &peers, &of_this)?));
        }
        let place = peers.iter().position(|path| path == parameter);
        let of_this = sorted.iter().find(|(of, _)| *of == memory);
        let numbers = of_this.zip(place).and_then(|((_, all), place)| all.get(place));
        let numbers = numbers.ok_or_else(|| format!("it has no `{memory}` of `{parameter}`"))?;
        if numbers.shape != own[i].shape {
            return Err(format!(
                "its `{memory}` of `{parameter}` has the shape {:?}, and the weight {:?}",
                numbers.shape, own[i].shape
            ));
        }
        all[i].value = Stored::Numbers(numbers.values.floats());
    }
    let wanted: usize = held.iter().filter(|h| matches!(h, Held::Average(_) | Held::Memory { .. })).count();
    // A plain SGD keeps its momentum since 2.11, whether it has one or not.
    let idle = class == "SGD" && wanted == 0;
    if found.len() != wanted && !idle {
        return Err(format!("it has {} memories of weights, and {class} here has {wanted}", found.len()));
    }
    Ok(all)
}

/// Memory and weight of a variable of this name.
fn split<'a>(name: &'a str, prefix: &str, old: bool, numbers: &'a Numbers) -> Option<Found<'a>> {
    let name = name.strip_suffix(":0").unwrap_or(name);
    let (memory, weight) = if old {
        let rest = name.strip_prefix(prefix)?.trim_start_matches('/');
        let (weight, memory) = rest.rsplit_once('/')?;
        (memory, weight)
    } else {
        name.split_once('/')?.1.split_once('/')?
    };
    Some(Found { memory, weight, numbers })
}

fn memory(class: &str, name: &str, old: bool) -> Option<&'static str> {
    let equal = EQUAL.iter().find(|(c, n, _)| *c == class && *n == name).map(|(_, _, word)| *word);
    let find = || NAMES.iter().find(|(c, n, ..)| *c == class && *n == name);
    equal.or_else(|| find().map(|(_, _, word, new)| if old { *word } else { *new }))
}

/// The parameter of `other`, if it is one with the same memory.
fn same_memory<'a>(one: &Held, other: &'a Held) -> Option<&'a str> {
    match (one, other) {
        (Held::Average(_), Held::Average(parameter)) => Some(parameter),
        (Held::Memory { name: a, .. }, Held::Memory { name: b, parameter, .. }) if a == b => Some(parameter),
        _ => None,
    }
}

/// The numbers of these parameters: by their names if all have theirs; else by order, by which Keras 2 itself goes, unless a name says
/// otherwise.
fn in_order<'a>(memory: &str, paths: &[&str], found: &[&Found<'a>]) -> Result<Vec<&'a Numbers>, String> {
    let (count, learnt) = (found.len(), paths.len());
    if count != learnt {
        return Err(format!("it has `{memory}` of {count} weights, and the model learns {learnt}"));
    }
    let mut places: HashMap<&str, usize> = found.iter().enumerate().map(|(i, f)| (f.weight, i)).collect();
    // A model within another is not named by Keras 2: "inner/dense/kernel" is "dense/kernel".
    let named = |path: &&str| -> Option<usize> {
        let ends = std::iter::once(0).chain(path.match_indices('/').map(|(at, _)| at + 1));
        let mut ends = ends.map(|at| &path[at..]);
        ends.find_map(|end| places.remove(end))
    };
    let named: Vec<Option<usize>> = paths.iter().map(named).collect();
    let whole = named.iter().all(Option::is_some);
    if !whole && named.iter().enumerate().any(|(i, place)| place.is_some_and(|place| place != i)) {
        return Err(format!("the names of its `{memory}` are in another order than the weights"));
    }
    Ok(named.iter().enumerate().map(|(i, place)| found[place.unwrap_or(i)].numbers).collect())
}

/// The product that Nadam keeps, which Keras 2 does not save and loses: u₁·u₂·…·uₜ with uₜ = β₁·(1 − ½·0.96ᵗ).
fn nadam(learner: &Learner, iterations: u64) -> Result<f32, String> {
    let config = learner.settings().optimizer.config();
    let beta = match config.get("beta_1") {
        Some(steadygrad_nn::config::Value::Float(beta)) => *beta,
        _ => return Err("Nadam here has no beta_1".into()),
    };
    // Below this all is 0: a file may say any number.
    let most = iterations.min(20_000);
    let product = (1..=most)
        .fold(1.0_f32, |product, t| product * (beta * (1.0 - 0.5 * 0.96_f64.powf(t as f64))) as f32);
    Ok(product)
}

#[cfg(test)]
mod tests {
    use super::*;
    use steadygrad_engine::{Compile, Trainable};
    use steadygrad_nn::Sequential;
    use steadygrad_nn::layers::Dense;
    use steadygrad_nn::losses::MeanSquaredError;
    use steadygrad_nn::optimizers::{Muon, Optimizer, RmsProp, Sgd};

    fn learner(optimizer: impl Into<Optimizer>) -> Learner {
        let model =
            Sequential::new([2]).add(Dense::new(2).use_bias(false)).add(Dense::new(2).use_bias(false));
        model.compile(Compile::new(optimizer, MeanSquaredError)).unwrap()
    }

    /// A file whose variables are so called: five updates, and kernels full of their own number in the list.
    fn of(names: &[&str]) -> Vec<(String, Numbers)> {
        let one = |(i, name): (usize, &&str)| {
            let numbers = match name.contains("iter") {
                true => Numbers { shape: vec![], values: Values::Whole(vec![5]) },
                false => Numbers { shape: vec![2, 2], values: Values::Float(vec![i as f32; 4]) },
            };
            (name.to_string(), numbers)
        };
        names.iter().enumerate().map(one).collect()
    }

    fn firsts(variables: Result<Vec<Variable>, String>) -> Vec<f32> {
        let first = |v: &Variable| match &v.value {
            Stored::Count(n) => *n as f32,
            Stored::Numbers(numbers) => numbers[0],
        };
        variables.unwrap().iter().map(first).collect()
    }

    #[test]
    fn names_count_and_where_they_say_nothing_the_order() {
        let sgd = learner(Sgd::new(0.5).momentum(0.9));
        for names in [
            ["SGD/iter:0", "SGD/dense/kernel/momentum:0", "SGD/dense_1/kernel/momentum:0"],
            [
                "training/SGD/iter:0",
                "training/SGD/dense/kernel/momentum:0",
                "training/SGD/dense_1/kernel/momentum:0",
            ],
            ["iteration:0", "SGD/m/dense/kernel:0", "SGD/m/dense_1/kernel:0"],
            ["SGD/iter:0", "SGD/dense/kernel/momentum:0", "SGD/dense/kernel_1/momentum:0"],
            ["SGD/iter:0", "SGD/a/w/momentum:0", "SGD/b/w/momentum:0"],
        ] {
            assert_eq!(firsts(variables(&sgd, &of(&names))), [5.0, 0.5, 1.0, 2.0], "{names:?}");
        }
        let names = ["iteration:0", "SGD/m/dense_1/kernel:0", "SGD/m/dense/kernel:0"];
        assert_eq!(firsts(variables(&sgd, &of(&names))), [5.0, 0.5, 2.0, 1.0]);
    }

    #[test]
    fn what_cannot_be_told_is_refused() {
        let sgd = || learner(Sgd::new(0.5).momentum(0.9));
        let frozen = ["iteration:0", "SGD/m/dense/kernel:0"];
        let crossed = ["SGD/iter:0", "SGD/other/kernel/momentum:0", "SGD/dense/kernel/momentum:0"];
        let more = ["iteration:0", "SGD/m/dense/kernel:0", "SGD/m/dense_1/kernel:0", "SGD/x/dense/kernel:0"];
        let mut wrong = of(&["iteration:0", "SGD/m/dense/kernel:0", "SGD/m/dense_1/kernel:0"]);
        wrong[2].1 = Numbers { shape: vec![4], values: Values::Float(vec![0.0; 4]) };
        let mut negative = of(&["iteration:0"]);
        negative[0].1.values = Values::Whole(vec![-1]);
        for (learner, file, word) in [
            (sgd(), of(&frozen), "of 1 weights"),
            (sgd(), of(&crossed), "in another order"),
            (sgd(), of(&more), "has 3 memories"),
            (sgd(), of(&["SGD/iterations:0", "Variable:0"]), "how many updates"),
            (sgd(), of(&[]), "how many updates"),
            (sgd(), wrong, "the shape [4]"),
            (sgd(), negative, "0 or more"),
            (learner(RmsProp::new(0.1)), of(&more), "`velocity` of 0 weights"),
            (learner(Muon::new(0.1)), of(&frozen), "Muon"),
        ] {
            let why = variables(&learner, &file).unwrap_err();
            assert!(why.contains(word), "{word}: {why}");
        }
    }
}
