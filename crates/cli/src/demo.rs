//! `steadygrad demo`: three deep networks side by side, what their gradients do, and how the sick one is cured.

use crate::Outcome;
use std::io::{IsTerminal, Write};
use steadygrad::chart::{Ledger, Schedule};
use steadygrad::engine::system::Clock;
use steadygrad::lab::{Doctor, Experiment, Prepared, Treatment, cure};
use steadygrad::prelude::{Fit, FitSettings, Learner};

#[derive(Debug, clap::Args)]
pub struct Demo {
    /// The file that receives the page [default: steadygrad-demo.html].
    #[arg(long, value_name = "FILE", default_value = "steadygrad-demo.html")]
    html: std::path::PathBuf,
    /// Epochs that each of the three is trained.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1000))]
    epochs: u16,
}

/// Twenty hidden layers on the digits; what is in the blocks makes the difference.
fn experiment(title: &str, block: &str) -> steadygrad::Result<Experiment> {
    Experiment::parse(&format!(
        "title = \"{title}\"\n\
         [data]\nsource = \"digits\"\nscale = \"unit\"\nvalidation_split = 0.2\nshuffle = true\n\
         [model]\nlayers = [\n  {{ layer = \"flatten\" }},\n  {{ repeat = 20, block = [ {block} ] }},\n  \
         {{ layer = \"dense\", units = 10, activation = \"softmax\" }} ]\n\
         [compile]\noptimizer = {{ class_name = \"Adam\", config = {{ learning_rate = 0.001 }} }}\n\
         loss = \"sparse_categorical_crossentropy\"\nmetrics = [\"accuracy\"]\n\
         [fit]\nepochs = 20\nbatch_size = 32\nseed = 42\n"
    ))
}

const NORMAL: &str = "{ layer = \"dense\", units = 32, kernel_initializer = { class_name = \"RandomNormal\", \
                      config = { mean = 0.0, stddev = 1.0 } }, activation = \"sigmoid\" }";
const HE: &str =
    "{ layer = \"dense\", units = 32, kernel_initializer = \"he_normal\", activation = \"relu\" }";
const NORMALIZED: &str = "{ layer = \"dense\", units = 32, kernel_initializer = \"he_normal\", use_bias = false }, \
                          { layer = \"batch_normalization\" }, { layer = \"activation\", activation = \"elu\" }";

struct Patient {
    name: &'static str,
    prepared: Prepared,
    learner: Learner,
    /// The strip and figures of each epoch.
    line: String,
}

impl Patient {
    fn new(name: &'static str, block: &str) -> steadygrad::Result<Patient> {
        let prepared = experiment(name, block)?.prepare(1)?;
        let mut learner = prepared.learner()?;
        learner.watch(Schedule::Default);
        Ok(Patient { name, prepared, learner, line: String::new() })
    }

    fn epoch(&mut self, epoch: usize, colours: bool) -> steadygrad::Result<()> {
        let settings = FitSettings { epochs: epoch + 1, initial_epoch: epoch, ..self.prepared.fit.clone() };
        let mut fit = Fit::with(settings);
        if let Some(validation) = &self.prepared.data.validation {
            fit = fit.validation(validation);
        }
        let history = self.learner.fit(&self.prepared.data.train, fit)?;
        let strip = strip(&self.learner, colours);
        let get = |name: &str| history.last(name).unwrap_or(f64::NAN);
        self.line =
            format!("{strip}  loss {:5.2}  accuracy {:3.0} %", get("val_loss"), 100.0 * get("val_accuracy"));
        Ok(())
    }
}

/// One letter a layer, first to last: how large its gradient is against the last layer's.
fn strip(learner: &Learner, colours: bool) -> String {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let Some((chart, sample)) = learner.chart().and_then(|c| Some((c, c.samples.last()?))) else {
        return String::new();
    };
    let ledger = Ledger::of(chart, sample);
    // What is left of the gradient at each layer with weights, from the loss down.
    let (mut left, mut all) = (0.0, vec![0.0]);
    for entry in &ledger.way {
        left += entry.decibels;
        if chart.layers[entry.layer].role == "linear" {
            continue;
        }
        if chart.layers[entry.layer].role == "activation" {
            all.push(left);
        }
    }
    let mut text = String::new();
    for decibels in all.iter().rev() {
        // From −70 dB to 0.
        let level = ((decibels + 70.0) / 10.0).clamp(0.0, 7.0);
        let letter = if decibels.is_nan() { '?' } else { LEVELS[level as usize] };
        let colour = match decibels.abs() {
            d if d < 20.0 => "32",
            d if d < 40.0 => "33",
            _ => "31",
        };
        text += &if colours { format!("\x1b[{colour}m{letter}\x1b[0m") } else { letter.to_string() };
    }
    text
}

impl Demo {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let clock = Clock::start();
        let mut out = std::io::stdout().lock();
        let live = std::io::stdout().is_terminal();
        let (start, end) = if live { ("\r", "\x1b[K") } else { ("", "") };
        writeln!(
            out,
            "Three networks of 20 layers learn the digits. A bar is the gradient that\nreaches a layer, first to last: \
             full is as much as the last layer gets, a step\ndown is a factor of three.\n"
        )?;
        let mut patients = vec![
            Patient::new("N(0, 1), sigmoid", NORMAL)?,
            Patient::new("He, ReLU", HE)?,
            Patient::new("He, batch norm, ELU", NORMALIZED)?,
        ];
        let epochs = usize::from(self.epochs);
        for epoch in 0..epochs {
            if live && epoch > 0 {
                write!(out, "\x1b[{}A", patients.len() + 1)?;
            }
            for patient in &mut patients {
                patient.epoch(epoch, live)?;
                if live || epoch + 1 == epochs {
                    writeln!(out, "{start}  {:<20}  {}{end}", patient.name, patient.line)
                        .and_then(|()| out.flush())?;
                }
            }
            if live || epoch + 1 == epochs {
                writeln!(out, "  epoch {} of {epochs}", epoch + 1)?;
            }
        }
        writeln!(out, "\nThe first hardly learns. What ails it?\n")?;
        let sick = experiment("N(0, 1), sigmoid", NORMAL)?;
        let how = Treatment {
            doctor: Doctor { draws: 5, ..Doctor::default() },
            seeds: 2,
            seconds: 12.0,
            progress: Some(crate::progress::counted),
            ..Treatment::default()
        };
        let cure = cure(&sick, &how)?;
        write!(out, "{}", cure.diagnosis.brief())?;
        if let (Some(tried), true) = (&cure.tried, cure.cured.is_some()) {
            write!(out, "\nThe cure, tried over {} seeds: {tried}\n{}", how.seeds, cure.diff(&sick)?)?;
        } else {
            write!(out, "\nNothing that was tried is better by more than the seeds differ.")?;
        }
        steadygrad::data::file::replace(
            &self.html,
            steadygrad::report::page_of_cure(&cure, &cure.diff(&sick)?, "N(0, 1), sigmoid, 20 layers"),
        )?;
        writeln!(
            out,
            "\nThe whole story, layer by layer: {} ({:.0} s)",
            self.html.display(),
            clock.seconds()
        )?;
        writeln!(out, "Next: steadygrad new my.toml; then train, doctor or cure my.toml")?;
        Ok(Outcome::Fine)
    }
}
