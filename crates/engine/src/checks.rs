//! Do inputs, targets and losses fit the model?

use crate::compile::Compile;
use crate::learner::Learner;
use steadygrad_data::{Array, Dataset};
use steadygrad_kernels::gather::row_of;
use steadygrad_kernels::{Error, Place, Result};
use steadygrad_nn::Model;
use steadygrad_nn::model::Objective;
use steadygrad_nn::step::{Gather, Step};

/// All parts of the data have as many samples.
fn check_rows(data: &Dataset) -> Result<()> {
    let n = data.len();
    if u32::try_from(n).is_err() {
        return Err(Error::data(format!("{n} samples, and {} are the most", u32::MAX)));
    }
    let differs = |array: &&Array| array.rows() != n;
    let (what, rows) = match (data.x.iter().find(differs), data.y.iter().find(differs), &data.weights) {
        (Some(x), _, _) => ("an input", x.rows()),
        (_, Some(y), _) => ("a target", y.rows()),
        (_, _, Some(weights)) if weights.len() != n => ("the weights of samples", weights.len()),
        _ => return Ok(()),
    };
    Err(Error::shape(format!("the first input has {n} samples, and {what} {rows}"))
        .help("the first axis of every array counts the samples"))
}

impl Learner {
    /// What is wrong with the data, if anything.
    pub(crate) fn check_data(&self, data: &Dataset) -> Result<()> {
        if data.is_empty() {
            return Err(Error::data("the data set is empty").help("give it one sample or more"));
        }
        check_rows(data)?;
        self.check_inputs(&data.x)?;
        self.check_targets(data)
    }

    /// What is wrong with the inputs, if anything.
    pub(crate) fn check_inputs(&self, x: &[Array]) -> Result<()> {
        let shapes = self.model.input_shapes();
        if shapes.len() != x.len() {
            return Err(Error::shape(format!(
                "the model has {} inputs, and the data {}",
                shapes.len(),
                x.len()
            )));
        }
        let input = |i: usize| format!("input `{}`", self.model.input_names()[i]);
        for (i, (shape, array)) in shapes.iter().zip(x).enumerate() {
            let given = steadygrad_nn::Shape::from(array.row_shape());
            if *shape != given {
                let help = if shape.size() == given.size() {
                    "the sizes are equal: a Flatten or Reshape layer, or another input shape, makes them fit"
                } else {
                    "give the model the input shape of the data"
                };
                return Err(Error::shape(format!(
                    "the model expects samples of shape {shape}, the data has {given}"
                ))
                .at(input(i))
                .help(help));
            }
            self.check_numbers(i, array).place(|| input(i))?;
        }
        Ok(())
    }

    /// Whether an input that is looked up in tables has the numbers of their rows.
    fn check_numbers(&self, input: usize, array: &Array) -> Result<()> {
        let recipe = &self.train.recipe;
        for step in &recipe.forward {
            let Step::Gather(Gather { numbers, rows, .. }) = step else { continue };
            if *numbers != recipe.inputs[input] {
                continue;
            }
            let wrong = |x: &f32| row_of(*x, *rows).is_none();
            let Some(place) = array.data().iter().position(wrong) else { continue };
            let (value, size) = (array.data()[place], array.data().len() / array.rows());
            let help = if value.is_finite() && value >= 0.0 && value.fract() == 0.0 {
                format!("an `input_dim` of {} or more has a vector for it", f64::from(value) + 1.0)
            } else {
                "give each word or class a whole number from 0 on, and do not scale them ([data] scale)"
                    .to_string()
            };
            return Err(Error::data(format!(
                "sample {} has the value {value} at position {}, and Embedding takes whole numbers from 0 to {}",
                place / size,
                place % size,
                rows - 1
            ))
            .help(help));
        }
        Ok(())
    }

    /// What is wrong with the targets, if anything.
    pub(crate) fn check_targets(&self, data: &Dataset) -> Result<()> {
        let names = self.model.output_names();
        if self.train.recipe.losses.is_empty() {
            return Err(Error::argument("no loss was given").help("compile the model with a loss"));
        }
        for (i, info) in self.train.recipe.losses.iter().enumerate() {
            let Some(y) = data.y.get(info.output) else {
                let targets = match data.y.len() {
                    0 => "no target".to_string(),
                    1 => "1 target".to_string(),
                    n => format!("{n} targets"),
                };
                return Err(Error::shape(format!(
                    "the data has {targets}, and the model a loss on its output {} (`{}`)",
                    info.output + 1,
                    names[info.output]
                ))
                .help("give the data a target for every output that has a loss"));
            };
            let shape = &self.train.recipe.output_shapes[info.output];
            let spec = &self.objectives[i];
            let given = steadygrad_nn::Shape::from(y.row_shape());
            spec.loss.check_shape(shape, &given).place(|| format!("output `{}`", names[info.output]))?;
            spec.loss.check(shape, y.data()).place(|| format!("output `{}`", names[info.output]))?;
        }
        Ok(())
    }
}

/// One loss for every output that has one; a loss without a name is for all outputs.
pub(crate) fn objectives(model: &Model, compile: &Compile) -> Result<Vec<Objective>> {
    compile.optimizer.check()?;
    let names = model.output_names();
    model.output_shapes()?;
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    if let Some(spec) = compile.losses.iter().find(|l| l.output.as_ref().is_some_and(|o| !names.contains(o)))
    {
        return Err(
            Error::name("output of the model", spec.output.as_deref().unwrap_or(""), &known).at("loss")
        );
    }
    let mut all = Vec::new();
    for (output, name) in names.iter().enumerate() {
        let named = compile.losses.iter().find(|l| l.output.as_ref() == Some(name));
        if let Some(spec) = named.or_else(|| compile.losses.iter().find(|l| l.output.is_none())) {
            all.push(Objective { output, loss: spec.loss.clone(), weight: spec.weight });
        }
    }
    Ok(all)
}
