//! The command `steadygrad`.
#![forbid(unsafe_code)]
#![allow(rustdoc::invalid_html_tags)] // doc comments here are the help of the command

mod convert;
mod cure;
mod demo;
mod doctor;
mod evaluate;
mod explain;
mod fetch;
mod folder;
mod forecast;
mod inspect;
mod lab;
mod list;
mod new;
mod ongoing;
mod page;
mod predict;
mod progress;
mod report;
mod run;
mod signals;
mod summary;
mod terminal;
mod train;
mod watching;

use clap::{Parser, Subcommand};
use std::io::Write;
use std::process::ExitCode;
use steadygrad::lab::Experiment;

/// Trains deep networks whose gradients stay steady, with Keras' words.
#[derive(Debug, Parser)]
#[command(version, about, long_about = None, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Trains an experiment; without a file, 20 batch-normalized layers on the embedded digits.
    Train(train::Train),
    /// Looks at a network before training and while it trains, and says what ails it; ends with 1 if it is sick.
    ///
    /// A look takes the start of the network, three epochs or ten seconds of training, whichever ends first, and where something
    /// is found up to about thirty seconds more for trainings with one thing changed.
    Doctor(doctor::Doctor),
    /// Tries what the doctor prescribes, and keeps what is proved better; ends with 1 if nothing helps.
    Cure(cure::Cure),
    /// Trains every combination of what the table `[lab]` varies, and compares them.
    Lab(lab::Lab),
    /// Three deep networks side by side, what their gradients do, and how the sick one is cured: fifteen seconds.
    Demo(demo::Demo),
    /// What theory expects of a network, from its layers and initializers alone.
    Forecast(forecast::Command),
    /// The page of a finished run: one HTML file that needs nothing else.
    Report(report::Report),
    /// What a finding means: its evidence, causes and cures.
    Explain(explain::Explain),
    /// Losses and metrics of a finished run.
    Evaluate(evaluate::Evaluate),
    /// Predictions of a finished run for new samples.
    Predict(predict::Predict),
    /// The network of an experiment, layer by layer.
    Summary(summary::Summary),
    /// What is in a file of a model, of weights or of arrays: layers, training, and what the numbers are like.
    Inspect(inspect::Inspect),
    /// Writes a model or its weights as another kind of file: between .keras, .h5, .weights.h5, .safetensors and .json.
    Convert(convert::Convert),
    /// The names that experiments are written with.
    List(list::List),
    /// Downloads a published data set: mnist or fashion_mnist.
    Fetch(fetch::Fetch),
    /// Writes the default experiment, commented, to start from.
    New(new::New),
}

/// Which experiment, and what of it is overridden.
#[derive(Debug, clap::Args)]
struct Source {
    /// The experiment, TOML or JSON; the default one if none is given.
    file: Option<std::path::PathBuf>,
    /// Overrides a key of the experiment: --set fit.epochs=3 (may be repeated).
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl Source {
    /// What a page calls the experiment: the name of its file, or its own.
    fn title(&self, experiment: &Experiment) -> String {
        let file = self.file.as_ref().and_then(|f| f.file_name());
        let file = file.map(|name| name.to_string_lossy().into_owned());
        file.or_else(|| experiment.name()).unwrap_or_else(|| "the default experiment".into())
    }

    fn experiment(&self) -> steadygrad::Result<Experiment> {
        let mut experiment = match &self.file {
            Some(file) => Experiment::load(file)?,
            None => Experiment::parse(steadygrad::lab::DEFAULT)?.called("the default experiment"),
        };
        experiment = with_cache(experiment);
        for assignment in &self.set {
            experiment.set(assignment)?;
        }
        Ok(experiment)
    }
}

/// The experiment, with downloaded data sets where `steadygrad fetch` puts them.
fn with_cache(experiment: Experiment) -> Experiment {
    match fetch::cache() {
        Some(folder) => experiment.with_cache(folder),
        None => experiment,
    }
}

/// How a command ended, if not in an error.
enum Outcome {
    /// All is well.
    Fine,
    /// The doctor found the network sick.
    Sick,
    /// The loss became NaN or infinite: where, and what to do.
    NotFinite(String),
    /// A signal asked to end: what was done about it, and the exit code.
    Stopped(String, u8),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Train(train) => train.run(),
        Command::Doctor(doctor) => doctor.run(),
        Command::Cure(cure) => cure.run(),
        Command::Lab(lab) => lab.run(),
        Command::Demo(demo) => demo.run(),
        Command::Forecast(forecast) => forecast.run(),
        Command::Report(report) => report.run(),
        Command::Explain(explain) => explain.run(),
        Command::Evaluate(evaluate) => evaluate.run(),
        Command::Predict(predict) => predict.run(),
        Command::Summary(summary) => summary.run(),
        Command::Inspect(inspect) => inspect.run(),
        Command::Convert(convert) => convert.run(),
        Command::List(list) => list.run(),
        Command::Fetch(fetch) => fetch.run(),
        Command::New(new) => new.run(),
    };
    match result {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Sick) => ExitCode::from(1),
        Ok(Outcome::NotFinite(what)) => {
            report(&what);
            ExitCode::from(1)
        }
        Ok(Outcome::Stopped(what, code)) => {
            say(&what);
            ExitCode::from(code)
        }
        Err(error) if broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            report(&format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}

/// Somebody who reads our output through `head` has seen enough; that is no error.
fn broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

fn report(error: &str) {
    say(&format!("error: {error}"));
}

fn say(what: &str) {
    // Where nobody can be told, the exit code is left.
    let _ = writeln!(terminal::err(), "{what}");
}
