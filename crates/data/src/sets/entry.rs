//! What a data set of the catalog is: its name, what it needs, and how it is loaded.

use std::path::PathBuf;

use steadygrad_kernels::random::{Purpose, Stream};
use steadygrad_kernels::{Error, Place, Result};

use crate::array::Array;
use crate::dataset::Dataset;

/// How a data set is to be loaded. What stays `None` has the set's own default.
///
/// ```
/// use steadygrad_data::{Options, sets};
/// let options = Options { samples: Some(200), noise: Some(0.1), seed: 7, ..Options::default() };
/// let moons = sets::find("moons")?.load(&options)?;
/// assert_eq!(moons.len(), 200);
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// How many samples: to generate, or to keep from the beginning of a set.
    pub samples: Option<usize>,
    /// The standard deviation of the normal noise that is added.
    pub noise: Option<f64>,
    /// How many classes to generate.
    pub classes: Option<usize>,
    /// The seed of all that is random.
    pub seed: u64,
    /// The folder or file that is read.
    pub path: Option<PathBuf>,
    /// The file with the test samples, where it is another than `path`.
    pub test_path: Option<PathBuf>,
    /// The column that holds the target.
    pub target: Option<String>,
    /// All samples in one part, in their own order: for sets that are cut in two here and not by who published them.
    pub whole: bool,
    /// Images have an axis of so many channels: 1 turns (8, 8) into (8, 8, 1). See [`Dataset::with_channels`].
    pub channels: Option<usize>,
}

/// One data set of the catalog.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The name by which it is found: `"digits"`.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub summary: &'static str,
    /// What it needs that is not built in; empty where it needs nothing.
    pub needs: &'static str,
    /// The options it takes, besides the seed.
    pub takes: &'static [&'static str],
    pub(super) read: fn(&Options) -> Result<Dataset>,
    pub(super) read_test: fn(&Options) -> Result<Option<Dataset>>,
}

impl Entry {
    /// The samples to train with; the whole set, where it has no test part of its own.
    ///
    /// # Errors
    /// Where an option is given that this set does not take, or one has a bad value, or a file cannot be read.
    pub fn load(&self, options: &Options) -> Result<Dataset> {
        self.check(options).and_then(|()| (self.read)(options)).place(|| self.name)
    }

    /// The set's own test part, if it has one.
    ///
    /// # Errors
    /// As for [`load`](Entry::load).
    pub fn load_test(&self, options: &Options) -> Result<Option<Dataset>> {
        self.check(options).and_then(|()| (self.read_test)(options)).place(|| self.name)
    }

    fn check(&self, options: &Options) -> Result<()> {
        let given = [
            ("samples", options.samples.is_some()),
            ("noise", options.noise.is_some()),
            ("classes", options.classes.is_some()),
            ("path", options.path.is_some()),
            ("test_path", options.test_path.is_some()),
            ("target", options.target.is_some()),
            ("channels", options.channels.is_some()),
        ];
        for (option, is_given) in given {
            if is_given && !self.takes.contains(&option) {
                let help = match self.takes {
                    [] => "it takes no options".to_string(),
                    takes => format!("it takes {}", takes.join(", ")),
                };
                return Err(Error::argument(format!("this data set takes no `{option}`")).help(help));
            }
        }
        Ok(())
    }
}

/// For sets without a test part of their own.
pub(super) fn no_test(_: &Options) -> Result<Option<Dataset>> {
    Ok(None)
}

/// The options that every generator takes.
pub(super) const GENERATED: &[&str] = &["samples", "noise"];

/// Above this, a generated set is a mistake in the number of zeros.
const MOST_SAMPLES: usize = 100_000_000;

/// A generator's samples, noise and stream, after the options were checked.
pub(super) struct Generator {
    pub samples: usize,
    pub noise: f64,
    stream: Stream,
}

impl Generator {
    /// With the set's defaults for what the options leave open.
    pub fn new(name: &str, options: &Options, samples: usize, noise: f64) -> Result<Generator> {
        let samples = options.samples.unwrap_or(samples);
        if !(1..=MOST_SAMPLES).contains(&samples) {
            let what = format!("expected samples from 1 to {MOST_SAMPLES}, got {samples}");
            return Err(Error::argument(what));
        }
        let noise = options.noise.unwrap_or(noise);
        if !(noise.is_finite() && noise >= 0.0) {
            let what = format!("expected noise of 0 or more, got {noise}");
            return Err(Error::argument(what).help("it is the standard deviation of what is added"));
        }
        Ok(Generator { samples, noise, stream: Stream::new(options.seed, Purpose::Data, name) })
    }

    /// Number `k` of sample `i`, uniform between `low` and `high`.
    pub fn uniform(&self, i: usize, k: u64, low: f64, high: f64) -> f64 {
        low + (high - low) * self.stream.uniform(k, i as u64)
    }

    /// Noise number `k` of sample `i`.
    pub fn noise(&self, i: usize, k: u64) -> f64 {
        // Steps apart from those of `uniform`: the same bits never serve for both.
        self.noise * self.stream.normal(1000 + k, i as u64)
    }

    /// Points of the plane with labels: sample `i` belongs to class i mod `classes`, so that every part has all of them,
    /// and lies at `point(i, class)` with noise on both coordinates.
    pub fn plane(
        &self,
        name: &str,
        classes: usize,
        point: impl Fn(usize, usize) -> [f64; 2],
    ) -> Result<Dataset> {
        let (mut x, mut y) = (Vec::with_capacity(2 * self.samples), Vec::with_capacity(self.samples));
        for i in 0..self.samples {
            let class = i % classes;
            let [a, b] = point(i, class);
            x.extend([(a + self.noise(i, 0)) as f32, (b + self.noise(i, 1)) as f32]);
            y.push(class as f32);
        }
        let data = Dataset::new(Array::new([self.samples, 2], x)?, Array::new([self.samples], y)?)?;
        Ok(data.named(name).with_class_names((0..classes).map(|class| class.to_string())))
    }
}

/// The option `classes`, checked.
pub(super) fn classes(options: &Options, default: usize) -> Result<usize> {
    match options.classes.unwrap_or(default) {
        classes @ 2..=1000 => Ok(classes),
        other => Err(Error::argument(format!("expected classes from 2 to 1000, got {other}"))),
    }
}

/// The first samples of a set that was read, as many as the options ask for; images with an axis of channels if asked for.
pub(super) fn trim(mut data: Dataset, options: &Options) -> Result<Dataset> {
    if let Some(samples) = options.samples {
        if !(1..=data.len()).contains(&samples) {
            let what = format!("expected samples from 1 to {}, got {samples}", data.len());
            return Err(Error::argument(what).help(format!("the set has {}", data.len())));
        }
        data = data.take(0..samples);
    }
    match options.channels {
        Some(channels) => data.with_channels(channels),
        None => Ok(data),
    }
}

/// The same for a test part, of which all samples are kept.
pub(super) fn trim_test(data: Option<Dataset>, options: &Options) -> Result<Option<Dataset>> {
    data.map(|data| trim(data, &Options { samples: None, ..options.clone() })).transpose()
}
