//! Functions of the user's own, written in Python on arrays of numpy: activations, losses, metrics.
//!
//! A step of a plan cannot fail. What a function raises is kept, its numbers become NaN, and the exception is raised again as soon
//! as the plan is through.

use crate::arrays::shaped;
use numpy::{PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::sync::{Arc, Mutex, PoisonError};
use steadygrad::extend::{
    Accumulator, Block, Config, CustomStep, Extent, Isa, Layer, Loss, Lowering, Metric, Shape, Slot, Step,
};
use steadygrad::nn::losses::{Head, Reduction};
use steadygrad::nn::metrics::{Batch, Direction};
use steadygrad::{Error, Result};

static FAILURE: Mutex<Option<PyErr>> = Mutex::new(None);

fn fail(error: PyErr) {
    FAILURE.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
}

/// Whether a function has raised something that nobody has heard yet.
pub fn failed() -> bool {
    FAILURE.lock().unwrap_or_else(PoisonError::into_inner).is_some()
}

/// Raises what a function raised.
pub fn take_failure() -> PyResult<()> {
    match FAILURE.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

fn array<'py>(
    py: Python<'py>,
    data: &[f32],
    rows: usize,
    shape: &[usize],
) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
    let mut dims = vec![rows];
    dims.extend(shape);
    shaped(py, data.to_vec(), dims)
}

/// What a function gave back, as float32 numbers.
fn numbers<'py>(py: Python<'py>, given: &Bound<'py, PyAny>) -> PyResult<PyReadonlyArrayDyn<'py, f32>> {
    let numpy = py.import("numpy")?;
    let array = numpy.call_method1("ascontiguousarray", (given, "float32"))?;
    Ok(array.cast::<PyArrayDyn<f32>>().map_err(PyErr::from)?.readonly())
}

fn name_of(function: &Bound<'_, PyAny>) -> String {
    let named = function.getattr("name").or_else(|_| function.getattr("__name__"));
    match named.and_then(|name| name.extract::<String>()) {
        Ok(name) => name,
        Err(_) => function
            .get_type()
            .name()
            .map_or_else(|_| "function".into(), |n: Bound<'_, PyString>| n.to_string()),
    }
}

/// The function's derivative: what it carries as `gradient`.
fn gradient_of(function: &Bound<'_, PyAny>) -> Option<Py<PyAny>> {
    function.getattr("gradient").ok().filter(|g| g.is_callable()).map(Bound::unbind)
}

// ---- activations

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
        Python::attach(|py| {
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

// ---- losses

/// A loss: `f(y_true, y_pred)` gives a number for each sample (or more, whose mean counts), and `f.gradient(y_true, y_pred)`
/// its derivative for y_pred.
#[derive(Debug)]
pub struct PythonLoss {
    name: &'static str,
    call: Py<PyAny>,
    gradient: Option<Py<PyAny>>,
    /// The shape of one sample's target; that of the predictions where nobody has said another.
    target: Option<Vec<usize>>,
}

impl PythonLoss {
    /// Of a function, or of `(function, shape of a target)`.
    pub fn new(given: &Bound<'_, PyAny>) -> PyResult<PythonLoss> {
        let (function, target) = match given.extract::<(Bound<'_, PyAny>, Vec<usize>)>() {
            Ok((function, target)) => (function, Some(target)),
            Err(_) => (given.clone(), None),
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
        Ok(PythonLoss { name: Box::leak(name.into_boxed_str()), call: function.unbind(), gradient, target })
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
        Python::attach(|py| {
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
        Python::attach(|py| {
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
        Reduction::Mean
    }
    fn check(&self, _: &Shape, _: &[f32]) -> Result<()> {
        Ok(())
    }
    fn check_shape(&self, _: &Shape, _: &Shape) -> Result<()> {
        Ok(())
    }
}

// ---- metrics

/// A metric: `f(y_true, y_pred)`, whose mean over the samples counts; or an object with `update_state`, `result`, `reset_state`.
#[derive(Debug, Clone)]
pub struct PythonMetric {
    name: String,
    object: Arc<Py<PyAny>>,
    stateful: bool,
}

impl PythonMetric {
    pub fn new(object: &Bound<'_, PyAny>) -> PyResult<PythonMetric> {
        let stateful = object.hasattr("update_state")?;
        if !stateful && !object.is_callable() {
            let words =
                format!("expected the settings of a metric or a function, found {}", object.get_type());
            return Err(PyTypeError::new_err(words));
        }
        Ok(PythonMetric { name: name_of(object), object: Arc::new(object.clone().unbind()), stateful })
    }
}

impl Metric for PythonMetric {
    fn class(&self) -> &'static str {
        "PythonMetric"
    }
    fn config(&self) -> Config {
        Config::new().with("name", self.name.as_str())
    }
    fn name(&self) -> String {
        self.name.clone()
    }
    fn direction(&self) -> Direction {
        Direction::None
    }
    fn start(&self) -> Box<dyn Accumulator> {
        Box::new(Seen { metric: self.clone(), sum: 0.0, count: 0.0 })
    }
}

#[derive(Debug)]
struct Seen {
    metric: PythonMetric,
    sum: f64,
    count: f64,
}

impl Seen {
    fn try_update(&mut self, batch: Batch<'_>) -> PyResult<()> {
        Python::attach(|py| {
            let y_true = array(py, batch.target, batch.rows, batch.target_shape)?;
            let y_pred = array(py, batch.prediction, batch.rows, batch.prediction_shape)?;
            let object = self.metric.object.bind(py);
            let weights = batch.weights.map(|w| shaped(py, w.to_vec(), vec![w.len()])).transpose()?;
            if self.metric.stateful {
                match weights {
                    Some(weights) => object.call_method1("update_state", (y_true, y_pred, weights))?,
                    None => object.call_method1("update_state", (y_true, y_pred))?,
                };
                return Ok(());
            }
            let made = numbers(py, &object.call1((y_true, y_pred))?)?;
            let values = crate::arrays::slice(&made)?;
            let each = (values.len() / batch.rows.max(1)).max(1);
            if values.len() == 1 && batch.rows != 1 {
                // One number for the batch counts once, as in Keras.
                self.sum += f64::from(values[0]);
                self.count += 1.0;
            } else {
                for (i, value) in values.iter().enumerate() {
                    let weight = if i / each < batch.rows { batch.weight(i / each) } else { 1.0 };
                    self.sum += f64::from(*value) * weight;
                    self.count += weight;
                }
            }
            Ok(())
        })
    }
}

impl Accumulator for Seen {
    fn update(&mut self, batch: Batch<'_>) -> Result<()> {
        self.try_update(batch).map_err(|error| {
            let words = error.to_string();
            fail(error);
            Error::argument(words).at(format!("metric `{}`", self.metric.name))
        })
    }

    fn result(&self) -> Vec<f64> {
        if !self.metric.stateful {
            return vec![if self.count == 0.0 { 0.0 } else { self.sum / self.count }];
        }
        let told = Python::attach(|py| {
            let result = self.metric.object.bind(py).call_method0("result")?;
            numbers(py, &result).and_then(|made| Ok(crate::arrays::slice(&made)?.to_vec()))
        });
        match told {
            Ok(values) => values.into_iter().map(f64::from).collect(),
            Err(error) => {
                fail(error);
                vec![f64::NAN]
            }
        }
    }

    fn reset(&mut self) {
        (self.sum, self.count) = (0.0, 0.0);
        if self.metric.stateful {
            let done =
                Python::attach(|py| self.metric.object.bind(py).call_method0("reset_state").map(|_| ()));
            if let Err(error) = done {
                fail(error);
            }
        }
    }
}

/// A layer of a Python function of numbers.
#[pyfunction]
pub fn function_layer(function: &Bound<'_, PyAny>) -> crate::layers::PyLayer {
    crate::layers::PyLayer::new(Arc::new(PythonFunction::new(function)))
}
