//! Records of a run: its chart, and the form of its data.

use super::{is_worth, scratch, used};
use std::sync::OnceLock;
use steadygrad_chart::{Chart, Histogram, Ledger, Observation};
use steadygrad_kernels::{Error, Result};
use steadygrad_lab::{Experiment, Form, Prepared, Watcher};

const CHART: &str = include_str!("../../../crates/steadygrad/tests/kept_files/0.1/run/chart.json");
const FORM: &str = include_str!("../../../crates/steadygrad/tests/kept_files/0.1/run/data.json");
const RUN: &str = include_str!("../../../crates/steadygrad/tests/kept_files/0.1/run/experiment.toml");
const WEIGHTS: &[u8] =
    include_bytes!("../../../crates/steadygrad/tests/kept_files/0.1/run/weights.safetensors");

pub fn chart_seeds() -> Vec<Vec<u8>> {
    let compact = Chart::parse(CHART).map(|chart| chart.to_json().to_string());
    vec![compact.expect("the kept chart is right").into_bytes()]
}

fn text(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| Error::format("not UTF-8").help("save it as UTF-8"))
}

/// The run whose chart was kept.
fn run() -> Result<&'static (Experiment, Prepared)> {
    static RUNS: OnceLock<Result<(Experiment, Prepared)>> = OnceLock::new();
    let make = || {
        let experiment = Experiment::parse(RUN)?;
        let prepared = experiment.prepare(1)?;
        Ok((experiment, prepared))
    };
    RUNS.get_or_init(make).as_ref().map_err(Clone::clone)
}

/// The numbers of a chart, also those that were not measured.
fn numbers(chart: &Chart) -> usize {
    let bins = |histogram: &Option<Box<Histogram>>| histogram.as_ref().map_or(0, |h| 3 + h.counts.len());
    let seen = |seen: &Observation| {
        let lists = seen.passed.len() + seen.gradients.len() + seen.updates.len();
        7 + lists + bins(&seen.signal_histogram) + bins(&seen.delta_histogram)
    };
    chart.samples.iter().map(|sample| 5 + sample.layers.iter().map(seen).sum::<usize>()).sum()
}

/// Read, written again, its ledgers added up, and judged by the doctor.
pub fn chart(bytes: &[u8], count: &mut usize) -> Result<()> {
    let chart = Chart::parse(text(bytes)?)?;
    *count += numbers(&chart);
    // Of a long one no more is asked than that it is read.
    if bytes.len() > 256 << 10 {
        return Ok(());
    }
    let again = chart.to_json().to_string();
    *count += again.len();
    for sample in chart.samples.iter().take(8) {
        Ledger::of(&chart, sample).total();
        steadygrad_chart::forward(&chart, sample);
    }
    let (experiment, prepared) = run()?;
    let diagnosis =
        Watcher::new(experiment, prepared)?.conclude_record(chart, &[("loss".into(), vec![1.0, 0.5])]);
    *count += diagnosis.to_string().len() + diagnosis.to_json().to_string().len();
    Ok(())
}

pub fn form_seeds() -> Vec<Vec<u8>> {
    let columns = r#"{"schema": 1, "inputs": [{"name": "x", "shape": [2]}], "classes": ["no", "yes"],
      "columns": {"features": ["a", "b"], "target": "kind", "classes": ["no", "yes"], "weight": "w", "skip": ["id"], "header": true, "delimiter": ";"},
      "images": null, "scale": null, "target_scale": {"name": "min_max", "inputs": [{"shifts": [0.5], "divisors": [2.0]}]}}"#;
    let images = r#"{"schema": 1, "inputs": [{"name": "x", "shape": [2]}], "images": {"image_size": [2, 2], "color_mode": "grayscale"}}"#;
    [FORM, columns, images].map(|text| text.as_bytes().to_vec()).to_vec()
}

/// As `predict` opens a run: form, experiment, weights, samples.
pub fn form(bytes: &[u8], count: &mut usize) -> Result<()> {
    let form = Form::parse(text(bytes)?)?;
    let samples = scratch::file("samples.csv", b"a;b;id\n0.5;1;7\n2;3;8\n")?;
    if let Ok(data) = form.samples(&samples) {
        *count += super::tables::numbers(&data);
    }
    let finished = Experiment::parse(RUN)?.finished(form, 1)?;
    if !is_worth(&finished.model, count)? {
        return Ok(());
    }
    let mut learner = finished.learner()?;
    learner.load_weights(scratch::file("weights.safetensors", WEIGHTS)?)?;
    used(&mut learner, count)?;
    // Of a form with columns, the file has them; else numbers are enough.
    let plain = scratch::file("plain.csv", b"0.5,1\n2,3\n")?;
    let data = finished.form.samples(&plain).or_else(|_| finished.form.samples(&samples))?;
    *count += super::tables::numbers(&data);
    let mut outputs = vec![learner.predict(&data.x[0])?];
    finished.form.restore(&mut outputs)
}
