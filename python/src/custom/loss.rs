//! Losses: `f(y_true, y_pred)`, and `f.gradient(y_true, y_pred)`, its derivative for y_pred.

use super::{array, attached, fail, gradient_of, name_of, numbers};
use crate::errors::python;
use numpy::{PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use std::sync::Arc;
use steadygrad::Result;
use steadygrad::extend::{Block, Config, Extent, Isa, Loss, Shape};
use steadygrad::nn::config::{FromValue, Value};
use steadygrad::nn::losses::{Head, Reduction};

/// A loss: `f(y_true, y_pred)` gives a number for each sample (or more, whose mean counts), and `f.gradient(y_true, y_pred)`
/// its derivative for y_pred.
#[derive(Debug)]
pub struct PythonLoss {
    name: &'static str,
    call: Py<PyAny>,
    gradient: Option<Py<PyAny>>,
    /// The shape of one sample's target; that of the predictions where nobody has said another.
    target: Option<Vec<usize>>,
    reduction: Reduction,
}

impl PythonLoss {
    /// Of a function, or of `(function, shape of a target)`.
    pub fn new(given: &Bound<'_, PyAny>) -> PyResult<PythonLoss> {
        let (function, target) = match given.extract::<(Bound<'_, PyAny>, Vec<usize>)>() {
            Ok((function, target)) => (function, Some(target)),
            Err(_) => (given.clone(), None),
        };
        let reduction = match function.getattr("reduction").and_then(|r| r.extract::<String>()) {
            Ok(word) => Reduction::from_value(&Value::Text(word)).map_err(python)?,
            Err(_) => Reduction::Mean,
        };
        if !function.is_callable() {
            let words =
                format!("expected the settings of a loss or a function, found {}", function.get_type());
            return Err(PyTypeError::new_err(words));
        }
        let gradient = gradient_of(&function);
        let name = name_of(&function);
        if gradient.is_none() {
            return Err(PyValueError::new_err(format!(
                "the loss `{name}` is a Python function, whose gradient is not known\n  help: give it one: \
                 {name}.gradient = lambda y_true, y_pred: …, the derivative of each sample's loss for y_pred, of the shape \
                 of y_pred; or use one of `keras.losses`"
            )));
        }
        // The name of a loss is a word of the catalog; one of the user's own lives as long as the program.
        Ok(PythonLoss {
            name: Box::leak(name.into_boxed_str()),
            call: function.unbind(),
            gradient,
            target,
            reduction,
        })
    }

    fn call<'py>(
        &self,
        py: Python<'py>,
        call: &Py<PyAny>,
        block: Block<'_>,
        target: &[f32],
        prediction: &[f32],
    ) -> PyResult<PyReadonlyArrayDyn<'py, f32>> {
        let shape = Shape::from(block.shape);
        let y_true = array(py, target, block.rows, Loss::target_shape(self, &shape).dims())?;
        let y_pred = array(py, prediction, block.rows, block.shape)?;
        numbers(py, &call.bind(py).call1((y_true, y_pred))?)
    }

    fn try_values(
        &self,
        block: Block<'_>,
        target: &[f32],
        prediction: &[f32],
        out: &mut [f32],
    ) -> PyResult<()> {
        attached(|py| {
            let made = self.call(py, &self.call, block, target, prediction)?;
            let values = crate::arrays::slice(&made)?;
            if values.len() == 1 {
                // One number for the batch counts for each of its samples.
                out.fill(values[0]);
                return Ok(());
            }
            if values.is_empty() || values.len() % out.len() != 0 {
                return Err(PyValueError::new_err(format!(
                    "loss `{}`: expected a number for each of {} samples, found an array of the shape {:?}",
                    self.name,
                    out.len(),
                    made.shape()
                )));
            }
            let each = values.len() / out.len();
            for (out, values) in out.iter_mut().zip(values.chunks_exact(each)) {
                *out = values.iter().sum::<f32>() / each as f32;
            }
            Ok(())
        })
    }

    fn try_gradients(
        &self,
        block: Block<'_>,
        target: &[f32],
        prediction: &[f32],
        cotangent: &[f32],
        out: &mut [f32],
    ) -> PyResult<()> {
        attached(|py| {
            // `new` takes none without.
            let Some(gradient) = &self.gradient else { return Ok(()) };
            let made = self.call(py, gradient, block, target, prediction)?;
            let slopes = crate::arrays::slice(&made)?;
            if slopes.len() != out.len() {
                return Err(PyValueError::new_err(format!(
                    "loss `{}`: its gradient must have the shape of y_pred, found {:?}",
                    self.name,
                    made.shape()
                )));
            }
            let each = out.len() / cotangent.len().max(1);
            for (i, (out, slope)) in out.iter_mut().zip(slopes).enumerate() {
                *out = slope * cotangent[i / each.max(1)];
            }
            Ok(())
        })
    }
}

fn single(numbers: &[f64]) -> Vec<f32> {
    numbers.iter().map(|&x| x as f32).collect()
}

fn double(from: &[f32], to: &mut [f64]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = (*from).into();
    }
}

impl Loss for PythonLoss {
    fn class(&self) -> &'static str {
        self.name
    }
    fn name(&self) -> &'static str {
        self.name
    }
    fn config(&self) -> Config {
        Config::new()
    }
    fn target_shape(&self, prediction: &Shape) -> Shape {
        self.target.as_ref().map_or_else(|| prediction.clone(), |dims| Shape::from(dims.as_slice()))
    }
    fn extent(&self, _: &Shape) -> Extent {
        Extent::Rows(1)
    }
    fn row_by_row(&self, _: &Shape) -> bool {
        false
    }
    fn values(&self, _: Isa, block: Block<'_>, target: &[f32], prediction: &[f32], out: &mut [f32]) {
        if let Err(error) = self.try_values(block, target, prediction, out) {
            out.fill(f32::NAN);
            fail(error);
        }
    }
    fn gradients(
        &self,
        _: Isa,
        block: Block<'_>,
        target: &[f32],
        prediction: &[f32],
        cotangent: &[f32],
        out: &mut [f32],
    ) {
        if let Err(error) = self.try_gradients(block, target, prediction, cotangent, out) {
            out.fill(f32::NAN);
            fail(error);
        }
    }
    fn values64(&self, block: Block<'_>, target: &[f64], prediction: &[f64], out: &mut [f64]) {
        let mut made = vec![0.0; out.len()];
        self.values(Isa::best(), block, &single(target), &single(prediction), &mut made);
        double(&made, out);
    }
    fn gradients64(
        &self,
        block: Block<'_>,
        target: &[f64],
        prediction: &[f64],
        cotangent: &[f64],
        out: &mut [f64],
    ) {
        let mut made = vec![0.0; out.len()];
        let (target, prediction, cotangent) = (single(target), single(prediction), single(cotangent));
        self.gradients(Isa::best(), block, &target, &prediction, &cotangent, &mut made);
        double(&made, out);
    }
    fn on_logits(&self, _: Head) -> Option<Arc<dyn Loss>> {
        None
    }
    fn ignore(&self) -> Option<f64> {
        None
    }
    fn reduction(&self) -> Reduction {
        self.reduction
    }
    fn check(&self, _: &Shape, _: &[f32]) -> Result<()> {
        Ok(())
    }
    fn check_shape(&self, _: &Shape, _: &Shape) -> Result<()> {
        Ok(())
    }
}
