//! The weight of every sample in a training: its own, or that of its class.

use crate::fit_settings::FitSettings;
use steadygrad_data::{Array, Dataset};
use steadygrad_kernels::{Error, Result};
use steadygrad_nn::Shape;

/// Weights of samples: their own, or those of their classes. `outputs` are the shapes of the model's outputs.
///
/// # Errors
/// If both are given, there are several targets, or a class that is given a weight does not exist.
pub(crate) fn sample_weights(
    data: &Dataset,
    settings: &FitSettings,
    outputs: &[Shape],
) -> Result<Option<Vec<f32>>> {
    if settings.class_weight.is_empty() {
        return Ok(data.weights.clone());
    }
    if data.weights.is_some() {
        return Err(Error::argument("the data has weights of samples, and `class_weight` is given too")
            .help("give only one of them"));
    }
    let (Some(y), [output]) = (data.y.first().filter(|_| data.y.len() == 1), outputs) else {
        return Err(Error::argument("`class_weight` needs a model with one output"));
    };
    check_classes(settings, y, output)?;
    let weight = |i: usize| settings.class_weight.get(&class(y.row(i))).map_or(1.0, |&w| w as f32);
    Ok(Some((0..data.len()).map(weight).collect()))
}

/// The class of a target: a label, or the largest of many numbers; the first of equals.
fn class(row: &[f32]) -> usize {
    match row {
        [label] => label.round() as usize,
        many => many.iter().enumerate().fold(0, |best, (i, v)| if *v > many[best] { i } else { best }),
    }
}

/// A class without samples may have a weight; one that cannot be is a mistake, which Keras overlooks.
fn check_classes(settings: &FitSettings, y: &Array, output: &Shape) -> Result<()> {
    let classes = match (y.row_len(), output.last()) {
        // One number for two classes, or for as many as there are labels.
        (1, 1) => (0..y.rows()).map(|i| class(y.row(i)) + 1).max().unwrap_or(0).max(2),
        (1, units) => units,
        (many, _) => many,
    };
    match settings.class_weight.keys().find(|&&class| class >= classes) {
        None => Ok(()),
        Some(class) => Err(Error::argument(format!(
            "`class_weight` has a weight for the class {class}, and there are {classes} classes"
        ))
        .help(format!("classes are counted from 0: did you mean {}?", classes.saturating_sub(1)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_that_cannot_be_is_refused() {
        let labels = Array::new([4], vec![0.0, 2.0, 1.0, 0.0]).unwrap();
        let x = Array::new([4, 1], vec![0.0; 4]).unwrap();
        let weigh = |y: &Array, units: usize, class: usize| {
            let data = Dataset::new(x.clone(), y.clone()).unwrap();
            let mut settings = FitSettings::default();
            settings.class_weight.insert(class, 3.0);
            sample_weights(&data, &settings, &[Shape::from([units])])
        };
        assert_eq!(weigh(&labels, 10, 2).unwrap(), Some(vec![1.0, 3.0, 1.0, 1.0]));
        assert_eq!(weigh(&labels, 10, 9).unwrap(), Some(vec![1.0; 4]), "a class without samples");
        let error = weigh(&labels, 10, 99).unwrap_err().to_string();
        assert!(error.contains("class 99") && error.contains("10 classes"), "{error}");
        assert!(error.contains("did you mean 9?"), "{error}");
        let one_hot = Array::new([4, 2], vec![1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0]).unwrap();
        assert_eq!(weigh(&one_hot, 2, 1).unwrap(), Some(vec![1.0, 3.0, 1.0, 3.0]));
        assert!(weigh(&one_hot, 2, 2).is_err());
        let binary = Array::new([4], vec![0.0; 4]).unwrap();
        assert!(weigh(&binary, 1, 1).is_ok() && weigh(&binary, 1, 2).is_err());
    }
}
