//! Activations: `f(x)`, and `f.gradient(x)`, its slope, number by number.

use super::{array, attached, fail, gradient_of, name_of, numbers};
use numpy::PyUntypedArrayMethods;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::sync::Arc;
use steadygrad::extend::{Config, CustomStep, Layer, Lowering, Shape, Slot, Step};
use steadygrad::{Error, Result};

/// An activation: `f(x)`, and `f.gradient(x)`, its slope, number by number.
#[derive(Debug)]
struct Function {
    name: String,
    call: Py<PyAny>,
    gradient: Option<Py<PyAny>>,
}

/// A layer that applies a Python function to each number.
#[derive(Debug, Clone)]
pub struct PythonFunction {
    function: Arc<Function>,
}

impl PythonFunction {
    pub fn new(function: &Bound<'_, PyAny>) -> PythonFunction {
        let function = Function {
            name: name_of(function),
            gradient: gradient_of(function),
            call: function.clone().unbind(),
        };
        PythonFunction { function: Arc::new(function) }
    }
}

/// One pass through it: forward, or with the slope times what comes from behind.
#[derive(Debug)]
struct Pass {
    function: Arc<Function>,
    shape: Vec<usize>,
    backward: bool,
}

impl Pass {
    fn apply(&self, rows: usize, inputs: &[&[f32]], out: &mut [f32]) -> PyResult<()> {
        attached(|py| {
            let x = array(py, inputs[0], rows, &self.shape)?;
            let function = &self.function;
            let (call, what) = match (&function.gradient, self.backward) {
                (_, false) => (&function.call, "it"),
                (Some(gradient), true) => (gradient, "its gradient"),
                (None, true) => {
                    let name = &function.name;
                    return Err(PyValueError::new_err(format!(
                        "the slope of the activation `{name}` is not known\n  help: give the function its derivative: \
                         {name}.gradient = lambda x: …, of the same shape as x"
                    )));
                }
            };
            let made = call.bind(py).call1((x,))?;
            let made = numbers(py, &made)?;
            if made.len() != out.len() {
                return Err(PyValueError::new_err(format!(
                    "activation `{}`: {what} was given an array of {} numbers and returned one of the shape {:?}; an \
                     activation returns one number for each",
                    function.name,
                    out.len(),
                    made.shape()
                )));
            }
            let made = crate::arrays::slice(&made)?;
            for (i, (out, made)) in out.iter_mut().zip(made).enumerate() {
                *out = if self.backward { made * inputs[1][i] } else { *made };
            }
            Ok(())
        })
    }
}

impl CustomStep for Pass {
    fn name(&self) -> &str {
        &self.function.name
    }

    fn run(&self, rows: usize, inputs: &[&[f32]], outputs: &mut [&mut [f32]]) {
        let [out] = outputs else { return };
        if let Err(error) = self.apply(rows, inputs, out) {
            out.fill(f32::NAN);
            fail(error);
        }
    }

    fn run64(&self, rows: usize, inputs: &[&[f64]], outputs: &mut [&mut [f64]]) {
        // A function of float32 numbers has no other precision.
        let [out] = outputs else { return };
        let inputs: Vec<Vec<f32>> = inputs.iter().map(|x| x.iter().map(|&x| x as f32).collect()).collect();
        let views: Vec<&[f32]> = inputs.iter().map(Vec::as_slice).collect();
        let mut single = vec![0.0; out.len()];
        self.run(rows, &views, &mut [&mut single]);
        for (out, single) in out.iter_mut().zip(single) {
            *out = single.into();
        }
    }
}

impl Layer for PythonFunction {
    fn class(&self) -> &'static str {
        "PythonFunction"
    }

    fn config(&self) -> Config {
        Config::new().with("activation", self.function.name.as_str())
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        match inputs {
            [one] => Ok(vec![one.clone()]),
            _ => Err(Error::shape(format!("an activation reads one input, got {}", inputs.len()))),
        }
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let shape = at.shape(x).clone();
        let y = at.port(shape.clone());
        let (from, out): (Slot, Slot) = (at.slot(x), at.slot(y));
        let pass = |backward| {
            let function = self.function.clone();
            Arc::new(Pass { function, shape: shape.dims().to_vec(), backward })
        };
        at.forward(Step::Custom { step: pass(false), inputs: vec![from], outputs: vec![out] });
        if let Some(into) = at.gradient_into(x) {
            // Who only predicts needs no slope: that it is missing is told when somebody trains.
            let dy = at.gradient(y);
            at.backward([Step::Custom { step: pass(true), inputs: vec![from, dy], outputs: vec![into] }]);
        }
        at.output(y);
        Ok(())
    }
}

/// A layer of a Python function of numbers.
#[pyfunction]
pub fn function_layer(function: &Bound<'_, PyAny>) -> crate::layers::PyLayer {
    crate::layers::PyLayer::new(Arc::new(PythonFunction::new(function)))
}
