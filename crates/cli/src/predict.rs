//! `steadygrad predict`: what a finished run says about new samples, in the units of the data.

use crate::Outcome;
use crate::run::Opening;
use std::io::Write;
use std::path::PathBuf;
use steadygrad::data::Array;

#[derive(Debug, clap::Args)]
pub struct Predict {
    #[command(flatten)]
    opening: Opening,
    /// The samples: a CSV file with the columns of the training data, an NPY or NPZ file, an image or a folder of images. Without it, the validation data, or the training data where there are none.
    input: Option<PathBuf>,
}

impl Predict {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let (finished, mut learner) = self.opening.open()?;
        let (samples, files) = match &self.input {
            Some(file) => finished.form.samples_with_files(file)?,
            None => match finished.validation()? {
                Some(validation) => (validation, None),
                None => (finished.train()?, None),
            },
        };
        let mut outputs = learner.predict_all(&samples.x)?;
        finished.form.restore(&mut outputs)?;
        let mut out = crate::terminal::buffered();
        let names = files.iter().map(|_| "file".to_string());
        let names: Vec<String> = names.chain(header(&outputs, finished.form.classes.as_deref())).collect();
        writeln!(out, "{}", names.join(","))?;
        for row in 0..samples.len() {
            let file = files.iter().map(|files| cell(&files[row].display().to_string()));
            let values = outputs.iter().flat_map(|o| o.row(row)).map(f32::to_string);
            writeln!(out, "{}", file.chain(values).collect::<Vec<_>>().join(","))?;
        }
        out.flush()?;
        Ok(Outcome::Fine)
    }
}

/// A text as a cell of CSV: in quotes where it has a comma, a quote or a line break.
fn cell(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_string(),
    }
}

/// Names of the columns: the classes where they have names and there is one output, else numbers.
fn header(outputs: &[Array], classes: Option<&[String]>) -> Vec<String> {
    let mut names = Vec::new();
    for (i, output) in outputs.iter().enumerate() {
        let prefix = if outputs.len() > 1 { format!("output{i}_") } else { String::new() };
        for j in 0..output.row_len() {
            names.push(match classes.filter(|c| c.len() == output.row_len() && outputs.len() == 1) {
                Some(classes) => classes[j].replace(',', ";"),
                None => format!("{prefix}{j}"),
            });
        }
    }
    names
}
