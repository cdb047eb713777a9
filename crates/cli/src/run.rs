//! The folder of a finished run: what is written, and how it is read again.

use anyhow::Context;
use serde_json::{Map, Value as Json, json};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use steadygrad::lab::{Experiment, Prepared};
use steadygrad::prelude::{History, Learner};

/// A finished run.
pub struct Run<'a> {
    pub experiment: &'a Experiment,
    pub prepared: &'a Prepared,
    pub learner: &'a Learner,
    pub history: &'a History,
}

/// A number as JSON can say it.
pub fn number(x: f64) -> Json {
    if x.is_nan() {
        "nan".into()
    } else if x.is_infinite() {
        if x > 0.0 { "inf".into() } else { "-inf".into() }
    } else {
        x.into()
    }
}

impl Run<'_> {
    /// Writes all files, the weights last; returns their path. A folder that was not there before is there whole, or not
    /// at all.
    pub fn write(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        let fresh = !folder.exists();
        let written =
            self.write_files(folder).with_context(|| format!("{}: cannot be written", folder.display()));
        if written.is_err() && fresh {
            let _ = std::fs::remove_dir_all(folder);
        }
        written
    }

    fn write_files(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        std::fs::create_dir_all(folder)?;
        put(folder, "experiment.toml", &self.experiment.to_toml()?)?;
        put(folder, "history.csv", &self.csv())?;
        put(folder, "history.json", &format!("{:#}\n", self.json()))?;
        if let Some(chart) = self.learner.chart() {
            put(folder, "chart.json", &format!("{}\n", chart.to_json()))?;
        }
        if let Some(scaler) = &self.prepared.data.scaler {
            let factors =
                scaler.factors().iter().map(|f| json!({ "shifts": f.shifts, "divisors": f.divisors }));
            let scaler = json!({ "scale": scaler.scale().name(), "inputs": factors.collect::<Vec<_>>() });
            put(folder, "scaler.json", &format!("{scaler}\n"))?;
        }
        let (weights, beside) = (folder.join("weights.safetensors"), folder.join("weights.part.safetensors"));
        self.learner.save_weights(&beside)?;
        std::fs::rename(&beside, &weights).with_context(|| weights.display().to_string())?;
        Ok(weights)
    }

    fn csv(&self) -> String {
        let names: Vec<&str> = self.history.iter().map(|(n, _)| n).collect();
        let mut text = format!("epoch,{}\n", names.join(","));
        for (row, epoch) in self.history.epochs.iter().enumerate() {
            text += &epoch.to_string();
            for (_, values) in self.history.iter() {
                // A metric that is not measured at every epoch has fewer values.
                text += &values.get(row).map_or(",".to_string(), |v| format!(",{v}"));
            }
            text.push('\n');
        }
        text
    }

    fn json(&self) -> Json {
        let series = self.history.iter().map(|(name, values)| {
            (name.to_string(), Json::Array(values.iter().map(|&v| number(v)).collect()))
        });
        json!({
            "schema": 1,
            "epoch": self.history.epochs,
            "history": series.collect::<Map<String, Json>>(),
            "seconds": number(self.history.seconds),
            "samples": self.history.samples,
            "warnings": self.history.warnings,
        })
    }
}

/// Writes a file beside its place first, so that it is never there by half.
fn put(folder: &Path, name: &str, text: &str) -> anyhow::Result<()> {
    let (place, beside) = (folder.join(name), folder.join(format!("{name}.part")));
    std::fs::write(&beside, text).with_context(|| beside.display().to_string())?;
    std::fs::rename(&beside, &place).with_context(|| place.display().to_string())
}

/// Whether the results may go into this folder: it is new, empty, or of an earlier run. Asked before anything is trained.
pub fn check_folder(folder: &Path) -> anyhow::Result<()> {
    let other = "choose another one with --out DIR";
    // What it would stand in, if it is not there yet.
    let mut there = folder;
    while !there.exists() {
        match there.parent() {
            Some(parent) if parent.as_os_str().is_empty() => return Ok(()),
            Some(parent) => there = parent,
            None => return Ok(()),
        }
    }
    if !there.is_dir() {
        anyhow::bail!(
            "--out {}: {} is a file, not a folder\n  help: {other}",
            folder.display(),
            there.display()
        );
    }
    let empty = |folder: &Path| std::fs::read_dir(folder).is_ok_and(|mut files| files.next().is_none());
    if there == folder && !folder.join("history.json").exists() && !empty(folder) {
        anyhow::bail!(
            "--out {}: the folder has files in it, and not those of a run\n  help: {other}",
            folder.display()
        );
    }
    Ok(())
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

/// A finished run, read again: its experiment made ready, and a learner with its weights.
pub fn open(folder: &Path, sets: &[String]) -> anyhow::Result<(Prepared, Learner)> {
    if !folder.join("experiment.toml").exists() {
        anyhow::bail!(
            "{}: no experiment.toml in it\n  help: name the folder of a run, as `steadygrad train` printed it",
            folder.display()
        );
    }
    let mut experiment = Experiment::load(folder.join("experiment.toml"))?;
    for assignment in sets {
        experiment.set(assignment)?;
    }
    let mut prepared = crate::with_cache(experiment).prepare(1)?;
    // Those that it started from do not matter any more, and may be gone.
    prepared.weights = None;
    let mut learner = prepared.learner()?;
    learner.load_weights(folder.join("weights.safetensors"))?;
    Ok((prepared, learner))
}

/// Says what the user should know.
#[allow(clippy::print_stderr)] // the command speaks to its user
pub fn warn(warnings: &[String]) {
    for warning in warnings {
        eprintln!("warning: {warning}");
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
