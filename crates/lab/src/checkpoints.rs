//! `[checkpoints]`: when a training is kept so that it can be gone on with, and how many times.

use std::path::Path;
use steadygrad_engine::callbacks::Mode;
use steadygrad_engine::checkpoint::Checkpoints;
use steadygrad_kernels::{Error, Result};
use steadygrad_nn::args::Args;
use steadygrad_nn::config::Config;

/// What the table `[checkpoints]` of an experiment says:
///
/// ```text
/// [checkpoints]
/// each_epoch = true             # after every epoch: so it is if nothing is said
/// every_steps = 500             # and after so many steps of training
/// every_minutes = 5             # and when so much time has gone by since the last one
/// keep = 3                      # so many of the newest stay
/// monitor = "val_accuracy"      # the one after the epoch in which this was best stays apart, as best.checkpoint
/// mode = "max"                  # which way it improves, where its name does not say so: "min" or "max"
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CheckpointSettings {
    /// After every epoch.
    pub each_epoch: bool,
    /// After so many steps.
    pub every_steps: Option<u64>,
    /// After so much time.
    pub every_minutes: Option<f64>,
    /// So many of the newest stay.
    pub keep: usize,
    /// The number of the logs whose best is kept apart.
    pub monitor: Option<String>,
    /// Which way it improves.
    pub mode: Mode,
}

impl CheckpointSettings {
    /// What the table says.
    pub(crate) fn read(table: &Config) -> Result<CheckpointSettings> {
        let mut args = Args::new("[checkpoints]", table);
        let settings = CheckpointSettings {
            each_epoch: args.or("each_epoch", true)?,
            every_steps: args.or("every_steps", None)?,
            every_minutes: args.or("every_minutes", None)?,
            keep: args.or("keep", 3)?,
            monitor: args.or("monitor", None)?,
            mode: args.or("mode", Mode::Auto)?,
        };
        args.finish()?;
        for (name, zero) in [("every_steps", settings.every_steps == Some(0)), ("keep", settings.keep == 0)] {
            if zero {
                return args.reject(name, "1 or more", 0);
            }
        }
        if settings.monitor.is_none() && settings.mode != Mode::Auto {
            return Err(Error::argument(
                "`mode` says which way a number improves, and `monitor` not which number",
            )
            .at("[checkpoints]")
            .help("give `monitor`, as in monitor = \"val_loss\"; or leave `mode` out"));
        }
        if let Some(minutes) = settings.every_minutes.filter(|m| !(m.is_finite() && *m > 0.0)) {
            return args.reject("every_minutes", "above 0", minutes);
        }
        Ok(settings)
    }

    /// A folder in which checkpoints are kept so.
    ///
    /// # Errors
    /// If it cannot be made or written to, or another program keeps checkpoints there.
    pub fn open(&self, folder: impl AsRef<Path>) -> Result<Checkpoints> {
        let mut checkpoints = Checkpoints::new(folder)?.each_epoch(self.each_epoch).keep_last(self.keep);
        if let Some(steps) = self.every_steps {
            checkpoints = checkpoints.every_steps(steps);
        }
        if let Some(minutes) = self.every_minutes {
            checkpoints = checkpoints.every_seconds(minutes * 60.0);
        }
        if let Some(monitor) = &self.monitor {
            checkpoints = checkpoints.best(monitor, self.mode);
        }
        Ok(checkpoints)
    }
}

#[cfg(test)]
mod tests {
    use crate::Experiment;

    #[test]
    fn the_table_is_read_before_anything_is_trained() {
        let with = |words: &str| {
            let text = format!("{}\n[checkpoints]\n{words}\n", crate::DEFAULT);
            let mut experiment = Experiment::parse(&text).unwrap();
            experiment.set("let.depth=1").unwrap();
            experiment.prepare(1).map(|prepared| prepared.checkpoints).map_err(|e| e.to_string())
        };
        let some = with("every_steps = 5\nevery_minutes = 0.5\nkeep = 2\nmonitor = \"val_loss\"").unwrap();
        assert_eq!((some.each_epoch, some.every_steps, some.keep), (true, Some(5), 2));
        for (words, told) in [
            ("keep = 0", "`keep` must be 1 or more, got 0"),
            ("every_steps = 0", "`every_steps` must be 1 or more"),
            ("every_minutes = -1", "`every_minutes` must be above 0, got -1"),
            ("every_step = 5", "every_steps"),
            ("mode = \"up\"", "mode"),
            ("mode = \"max\"", "`monitor` not which number"),
        ] {
            let error = with(words).unwrap_err();
            assert!(error.contains("[checkpoints]") && error.contains(told), "{error}");
        }
    }

    #[test]
    fn what_a_training_goes_by() {
        let course = |sets: &[&str]| {
            let mut experiment = Experiment::parse(crate::DEFAULT).unwrap();
            sets.iter().for_each(|set| experiment.set(set).unwrap());
            experiment.course().unwrap()
        };
        let own = course(&[]);
        assert_eq!(own, course(&["fit.epochs=40", "checkpoints.keep=7", "title=\"Other\"", "lab.seeds=2"]));
        assert_ne!(own, course(&["let.depth=4"]));
        assert_ne!(own, course(&["fit.batch_size=16"]));
    }
}
