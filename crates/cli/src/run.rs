//! The folder of a finished run: what is written, and how it is read again.

use crate::folder::FILES;
use crate::ongoing;
use anyhow::Context;
use serde_json::{Map, Value as Json, json};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use steadygrad::chart::number;
use steadygrad::data::file::replace;
use steadygrad::engine::checkpoint;
use steadygrad::lab::{Experiment, Finished, Form, Prepared};
use steadygrad::prelude::{Error, History, Learner, NonFinite};

/// A finished run.
pub struct Run<'a> {
    pub experiment: &'a Experiment,
    pub prepared: &'a Prepared,
    pub learner: &'a Learner,
    pub history: &'a History,
}

impl Run<'_> {
    /// Writes all files; returns the path of the weights. A chart of an earlier run, where this one has none, goes; what else is in the
    /// folder stays.
    pub fn write(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        self.write_files(folder).with_context(|| format!("{}: cannot be written", folder.display()))
    }

    fn write_files(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        let put = |name: &str, text: String| replace(folder.join(name), text);
        put("experiment.toml", self.experiment.to_toml()?)?;
        put("data.json", format!("{:#}\n", self.prepared.data.form.to_json()))?;
        put("history.csv", self.csv())?;
        match self.learner.chart() {
            Some(chart) => put("chart.json", format!("{}\n", chart.to_json()))?,
            None => match std::fs::remove_file(folder.join("chart.json")) {
                Err(cause) if cause.kind() != ErrorKind::NotFound => return Err(cause.into()),
                _ => {}
            },
        }
        let weights = folder.join("weights.safetensors");
        self.learner.save_weights(&weights)?;
        put("history.json", format!("{:#}\n", self.json()))?;
        Ok(weights)
    }

    /// Names with their values, one for each epoch; none where a number was not measured (see `validation_freq`).
    fn series(&self) -> impl Iterator<Item = (&str, Vec<Option<f64>>)> {
        let history = self.history;
        history.iter().filter_map(|(name, _)| Some((name, history.by_epoch(name)?)))
    }

    fn csv(&self) -> String {
        let (names, columns): (Vec<&str>, Vec<_>) = self.series().unzip();
        let mut text = format!("epoch,{}\n", names.join(","));
        for (row, epoch) in self.history.epochs.iter().enumerate() {
            text += &epoch.to_string();
            for values in &columns {
                text += &values[row].map_or(",".to_string(), |v| format!(",{v}"));
            }
            text.push('\n');
        }
        text
    }

    fn json(&self) -> Json {
        let watched = self.learner.chart().is_some();
        let files: Vec<&str> = FILES.into_iter().filter(|file| watched || *file != "chart.json").collect();
        let series = self.series().map(|(name, values)| {
            let values = values.into_iter().map(|v| v.map_or(Json::Null, number));
            (name.to_string(), Json::Array(values.collect()))
        });
        json!({
            "schema": 1,
            "epoch": self.history.epochs,
            "history": series.collect::<Map<String, Json>>(),
            "seconds": number(self.history.seconds),
            "samples": self.history.samples,
            "warnings": self.history.warnings,
            "non_finite": non_finite(self.history),
            "files": files,
        })
    }
}

/// The batches in which a number was not finite, and what was done.
pub fn non_finite(history: &History) -> Json {
    let one = |n: &NonFinite| {
        json!({ "epoch": n.epoch, "batch": n.batch, "step": n.step, "place": n.first.place,
                "phase": n.first.phase.name(), "done": n.done.name() })
    };
    history.non_finite.iter().map(one).collect()
}

/// runs/<name>-<time>
pub fn default_folder(experiment: &Experiment, file: Option<&Path>) -> PathBuf {
    let stem = file.and_then(|f| f.file_stem()).map(|s| s.to_string_lossy().into_owned());
    let name = stem.or_else(|| experiment.name()).unwrap_or_else(|| "default".into());
    let plain: String = name.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).collect();
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let folder = Path::new("runs").join(format!("{plain}-{}", stamp(seconds)));
    // Two runs in one second do not overwrite each other.
    let numbered = (1..)
        .map(|i| if i == 1 { folder.clone() } else { PathBuf::from(format!("{}-{i}", folder.display())) });
    numbered.into_iter().find(|f| !f.exists()).unwrap_or(folder)
}

/// YYYYMMDD-HHMMSS in UTC (days to dates: H. Hinnant, "chrono-compatible low-level date algorithms").
fn stamp(seconds: u64) -> String {
    let (days, rest) = ((seconds / 86_400) as i64, seconds % 86_400);
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}-{:02}{:02}{:02}", rest / 3600, rest / 60 % 60, rest % 60)
}

/// What was trained in this folder.
pub fn experiment(folder: &Path) -> anyhow::Result<Experiment> {
    let file = folder.join("experiment.toml");
    let unfinished = match file.exists() {
        _ if ongoing::is_being_written(folder) => Some("a training was stopped as its results were written"),
        false if ongoing::is_unfinished(folder) => Some("the training is not finished"),
        _ => None,
    };
    if let Some(unfinished) = unfinished {
        anyhow::bail!(
            "{}: {unfinished}\n  help: go on with `{}`",
            folder.display(),
            ongoing::command(folder)
        );
    }
    if !file.exists() {
        anyhow::bail!(
            "{}: no experiment.toml in it\n  help: name the folder of a run, as `steadygrad train` printed it",
            folder.display()
        );
    }
    Ok(Experiment::load(file)?)
}

/// How a finished run is opened.
#[derive(Debug, clap::Args)]
pub struct Opening {
    /// The folder of the run.
    run: PathBuf,
    /// With what the run was at this checkpoint of it, instead of its last weights: DIR/checkpoints/best.checkpoint, where
    /// `[checkpoints] monitor` kept one. (An average of the weights, `use_ema`, takes their place at the end of a training only.)
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Overrides a key of the experiment: --set data.validation=other.csv, or a folder of images (may be repeated).
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl Opening {
    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.run
    }

    /// The run, and a learner with its weights. The data that it was trained on are not touched.
    pub fn open(&self) -> anyhow::Result<(Finished, Learner)> {
        let (finished, mut learner) = open(&self.run, &self.set)?;
        match &self.checkpoint {
            None => learner.load_weights(self.run.join("weights.safetensors"))?,
            Some(file) => {
                let help =
                    |e: Error| e.help(format!("name one in {}", self.run.join(ongoing::FOLDER).display()));
                let state = checkpoint::read(file).map_err(help)?;
                let place = |e: Error| help(e.at(file.display().to_string()));
                if state.text("run/course").ok() != Some(&experiment(&self.run)?.course()?) {
                    return Err(place(Error::argument("it is a checkpoint of another run")).into());
                }
                learner.restore(&state).map_err(place)?;
            }
        }
        Ok((finished, learner))
    }
}

/// A finished run, read again, and a learner without its weights.
fn open(folder: &Path, sets: &[String]) -> anyhow::Result<(Finished, Learner)> {
    let read = |name: &str| {
        let file = folder.join(name);
        steadygrad::data::file::read_text(&file).map_err(|e| {
            e.help(match ongoing::is_unfinished(folder) {
                true => format!("the training is not finished: go on with `{}`", ongoing::command(folder)),
                false => "the run is not complete, or of an earlier version: train it again".into(),
            })
        })
    };
    // Paths in the file are absolute; those of overrides start where the command runs.
    let mut experiment = experiment(folder)?.with_base("");
    if ongoing::is_unfinished(folder) {
        let text = "a training in this folder is not finished: these are the results that were there before";
        warn(&[format!("{}: {text}", folder.display())]);
    }
    for assignment in sets {
        experiment.set(assignment)?;
    }
    let form =
        Form::parse(&read("data.json")?).map_err(|e| e.at(folder.join("data.json").display().to_string()))?;
    let finished = crate::with_cache(experiment).finished(form, 1)?;
    let learner = finished.learner()?;
    Ok((finished, learner))
}

/// Says what the user should know.
pub fn warn(warnings: &[String]) {
    for warning in warnings {
        // A warning that nobody can see is no reason to fail.
        let _ = writeln!(crate::terminal::err(), "warning: {warning}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stamps() {
        assert_eq!(stamp(0), "19700101-000000");
        assert_eq!(stamp(951_782_399), "20000228-235959");
        assert_eq!(stamp(951_782_400), "20000229-000000");
        assert_eq!(stamp(1_795_449_600), "20261123-160000");
    }
}
