//! How a family's cases are run against numbers that real Keras computed, and counted.

use std::path::PathBuf;

/// Cases that are known not to hold, each with its reason: the one list of the suite. A trailing `*` stands for any rest.
pub const EXEMPT: &[(&str, &str)] = &[
    (
        "optimizers/o46_ScheduleFreeAdamW",
        "the source of Keras and the paper find the average x with the old z, of which they keep a copy; TensorFlow gave \
         the new z, so that these numbers are y = (1 - 1/t) y + z/t (to 2e-9) and beta_1 has no effect",
    ),
    (
        "metrics/m57w MeanIoU",
        "Keras 3.15 cuts the weights of samples to whole numbers; later versions do not",
    ),
    (
        "metrics/m58w BinaryIoU",
        "Keras 3.15 cuts the weights of samples to whole numbers; later versions do not",
    ),
    (
        "text/naming InputLayer (via Input) keras_tensor",
        "the name of a tensor, and values have no names here; the layer's is the same",
    ),
    ("text/names metrics_names", "Keras' wrapper around all metrics, which does not exist here"),
    ("text/summary unbuilt", "a Sequential is made with its input shape here, and never unbuilt"),
    ("aliases/initializers/Initializer", ABSTRACT),
    ("aliases/initializers/initializer", ABSTRACT),
    ("aliases/initializers/STFT", TRANSFORM),
    ("aliases/initializers/STFTInitializer", TRANSFORM),
    ("aliases/initializers/stft", TRANSFORM),
    ("aliases/losses/Loss", ABSTRACT),
    ("aliases/losses/LossFunctionWrapper", "it wraps a Python function"),
    ("aliases/losses/CTC", SEQUENCES),
    ("aliases/losses/ctc", SEQUENCES),
    ("aliases/losses/Circle", PAIRS),
    ("aliases/losses/circle", PAIRS),
    ("aliases/metrics/Metric", ABSTRACT),
    ("aliases/metrics/metric", ABSTRACT),
    ("aliases/optimizers/optimizer", ABSTRACT),
    ("aliases/optimizers/lossscaleoptimizer", WRAPPER),
    ("aliases/optimizers/multioptimizer", WRAPPER),
    ("aliases/optimizers/optimizermap", WRAPPER),
    ("aliases/regularizers/Regularizer", ABSTRACT),
    ("aliases/regularizers/regularizer", ABSTRACT),
    ("aliases/constraints/Constraint", ABSTRACT),
    ("aliases/constraints/constraint", ABSTRACT),
];

const ABSTRACT: &str = "the family's base class, of which Keras itself makes nothing";
const TRANSFORM: &str = "it fills the kernels of a Fourier transform, which no layer here has";
const SEQUENCES: &str = "it is refused with a remedy: no loss aligns sequences yet";
const PAIRS: &str = "it is refused with a remedy: no loss compares pairs of a batch yet";
const WRAPPER: &str = "optimizers around optimizers come later; a loss scale is a setting of every optimizer";

/// The folder of the reference numbers, if it lies beside the repository.
pub fn reference() -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/keras");
    path.is_dir().then_some(path)
}

/// One family's cases.
pub struct Family {
    name: &'static str,
    held: usize,
    exempt: usize,
    failed: Vec<String>,
    /// The patterns of [`EXEMPT`] that stood for some case.
    used: Vec<&'static str>,
}

/// Runs a family's cases, prints how many hold, and fails the test if one does not and is not exempt.
pub fn family(name: &'static str, cases: impl FnOnce(&mut Family, PathBuf)) {
    let Some(path) = reference() else {
        println!("keras/{name}: skipped, the reference numbers are not beside this repository");
        return;
    };
    let mut family = Family { name, held: 0, exempt: 0, failed: Vec::new(), used: Vec::new() };
    cases(&mut family, path);
    family.find_stale();
    let total = family.held + family.exempt + family.failed.len();
    println!("keras/{name}: {} of {total} cases hold, {} exempt", family.held, family.exempt);
    assert!(total > 0, "{name}: no cases found");
    assert!(family.failed.is_empty(), "{name}: {} fail:\n{}", family.failed.len(), family.failed.join("\n"));
}

impl Family {
    /// One case: it holds if `check` finds nothing wrong. An exempt case that holds is a failure too: the list is stale.
    pub fn case(&mut self, id: &str, check: impl FnOnce() -> Result<(), String>) {
        let full = format!("{}/{id}", self.name);
        let exempt = EXEMPT.iter().find(|(pattern, _)| match pattern.strip_suffix('*') {
            Some(start) => full.starts_with(start),
            None => full == *pattern,
        });
        self.used.extend(exempt.map(|(pattern, _)| *pattern));
        match (check(), exempt) {
            (Ok(()), None) => self.held += 1,
            (Ok(()), Some(_)) => self.failed.push(format!("{full}: holds, but stands in EXEMPT")),
            (Err(_), Some((_, reason))) => {
                println!("  exempt: {full}: {reason}");
                self.exempt += 1;
            }
            (Err(why), None) => self.failed.push(format!("{full}: {why}")),
        }
    }

    /// What stands for no case of the family is stale, too.
    fn find_stale(&mut self) {
        let own = |pattern: &&str| pattern.split_once('/').is_some_and(|(family, _)| family == self.name);
        let patterns = EXEMPT.iter().map(|(pattern, _)| *pattern).filter(own);
        let stale: Vec<String> = patterns
            .filter(|pattern| !self.used.contains(pattern))
            .map(|pattern| format!("{pattern}: stands in EXEMPT, and there is no such case"))
            .collect();
        self.failed.extend(stale);
    }
}

/// |got − want| ≤ atol + rtol·|want| for every element, NaN equal to NaN; the worst offender otherwise.
pub fn close<T>(what: &str, got: &[T], want: &[T], rtol: f64, atol: f64) -> Result<(), String>
where
    T: Copy + Into<f64> + std::fmt::Display,
{
    if got.len() != want.len() {
        return Err(format!("{what}: {} numbers, expected {}", got.len(), want.len()));
    }
    let mut worst: Option<(f64, usize)> = None;
    for (i, (&g, &w)) in got.iter().zip(want).enumerate() {
        let (g, w): (f64, f64) = (g.into(), w.into());
        let same = g == w || (g.is_nan() && w.is_nan());
        let excess = (g - w).abs() - (atol + rtol * w.abs());
        if !same && (excess > 0.0 || excess.is_nan()) {
            let excess = if excess.is_nan() { f64::INFINITY } else { excess };
            if worst.is_none_or(|(e, _)| excess > e) {
                worst = Some((excess, i));
            }
        }
    }
    match worst {
        None => Ok(()),
        Some((_, i)) => Err(format!("{what}[{i}]: got {}, expected {}", got[i], want[i])),
    }
}

/// A JSON file of the reference.
pub fn json(path: &std::path::Path) -> serde_json::Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}
