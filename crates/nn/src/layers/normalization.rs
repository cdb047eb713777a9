//! Normalization: features brought to mean 0 and variance 1 by numbers that are known beforehand.

use super::axes::{gather, positions, sizes};
use super::given_moments::Moments;
use super::layer::{Layer, one_input};
use crate::args::Args;
use crate::builder::Port;
use crate::catalog::Entry;
use crate::config::{Config, Value};
use crate::initializers::{Initializer, Ones, Zeros};
use crate::lowering::Lowering;
use crate::shape::{Extent, Layout, Shape};
use crate::step::{CustomStep, Slot, Step};
use std::sync::Arc;
use steadygrad_kernels::{Error, Place, Result};

/// No deviation is taken to be smaller than this, as in Keras.
const SMALLEST: f64 = 1e-7;

/// Features by their mean and variance, the same in training and in inference.
///
/// ```text
/// y = (x − mean)/max(√variance, 1e-7)      invert: y = x·max(√variance, 1e-7) + mean
/// ```
///
/// There are a mean and a variance for each element of the axes named in `axis`, over all others. They are found in data
/// with [`Normalization::adapted`], or given. Without either they are the layer's state, 0 and 1 at the start: in Keras
/// that state is found by `adapt`, and read with the weights of a model from there (mean, variance, count).
///
/// ```
/// use steadygrad_nn::{Sequential, layers::{Dense, Normalization}};
/// // Three samples of two features.
/// let normalization = Normalization::new().adapted(&[1.0, 10.0, 2.0, 20.0, 3.0, 30.0], 2).unwrap();
/// let model = Sequential::new([2]).add(normalization).add(Dense::new(1));
/// let known = Normalization::new().moments([2.0, 20.0], [1.0, 100.0]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Normalization {
    axis: Vec<i64>,
    moments: Option<(Moments, Moments)>,
    invert: bool,
}

impl Default for Normalization {
    fn default() -> Normalization {
        Normalization::new()
    }
}

impl Normalization {
    /// By a mean and a variance for each element of the last axis.
    pub fn new() -> Normalization {
        Normalization { axis: vec![-1], moments: None, invert: false }
    }

    /// The axis whose elements have a mean and a variance each; the batch is axis 0.
    pub fn axis(self, axis: i64) -> Normalization {
        self.axes([axis])
    }

    /// Several such axes, or none at all for one mean and one variance of everything.
    pub fn axes(mut self, axes: impl Into<Vec<i64>>) -> Normalization {
        self.axis = axes.into();
        self
    }

    /// The mean and the variance to go by: a number, or one for each element of the axes.
    pub fn moments(mut self, mean: impl Into<Moments>, variance: impl Into<Moments>) -> Normalization {
        self.moments = Some((mean.into(), variance.into()));
        self
    }

    /// Whether it brings normalized values back to what they were.
    pub fn invert(mut self, invert: bool) -> Normalization {
        self.invert = invert;
        self
    }

    /// Goes by the mean and the variance of these samples, one after the other, each of shape `sample`.
    ///
    /// # Errors
    /// If there is no sample, or a number in them is none or infinite, or the axes are not there.
    pub fn adapted(self, data: &[f32], sample: impl Into<Shape>) -> Result<Normalization> {
        let shape = sample.into();
        let size = shape.size();
        if data.is_empty() || size == 0 || !data.len().is_multiple_of(size) {
            return Err(Error::data(format!(
                "{} numbers are no samples of shape {shape}, of {size} numbers each",
                data.len()
            ))
            .at("Normalization")
            .help("give it one sample or more"));
        }
        if let Some(i) = data.iter().position(|x| !x.is_finite()) {
            return Err(Error::data(format!(
                "sample {} has the value {} at position {}, which has no mean",
                i / size,
                data[i],
                i % size
            ))
            .at("Normalization")
            .help("leave such samples out, or fill in a number"));
        }
        let kept = kept(&self.axis, &shape).place(|| "Normalization")?;
        // The place among the kept axes of every number of a sample.
        let place = |mut i: usize| {
            let (mut at, mut stride) = (0, 1);
            for (axis, &n) in shape.dims().iter().enumerate().rev() {
                if kept.contains(&(axis + 1)) {
                    at += i % n * stride;
                    stride *= n;
                }
                i /= n;
            }
            at
        };
        let places: Vec<usize> = (0..size).map(place).collect();
        let sizes = sizes(&shape, &kept);
        let count = data.len() as f64 / sizes.iter().product::<usize>() as f64;
        let mean_of = |f: &dyn Fn(usize, f64) -> f64| {
            let mut sums = vec![0.0; sizes.iter().product()];
            for sample in data.chunks_exact(size) {
                for (&x, &place) in sample.iter().zip(&places) {
                    sums[place] += f(place, f64::from(x));
                }
            }
            sums.iter().map(|sum| sum / count).collect::<Vec<f64>>()
        };
        let mean = mean_of(&|_, x| x);
        let variance = mean_of(&|place, x| (x - mean[place]).powi(2));
        let moments = |numbers| Moments { shape: sizes.clone(), numbers };
        Ok(Normalization { moments: Some((moments(mean), moments(variance))), ..self })
    }

    fn check(&self) -> Result<()> {
        let Some((mean, variance)) = &self.moments else { return Ok(()) };
        if mean.shape != variance.shape {
            return Err(Error::argument(format!(
                "`mean` and `variance` must have the same shape, got {:?} and {:?}",
                mean.shape, variance.shape
            )));
        }
        let wrong = |numbers: &[f64], fine: fn(f64) -> bool| numbers.iter().copied().find(|&x| !fine(x));
        if let Some(x) = wrong(&mean.numbers, f64::is_finite) {
            return Err(Error::argument(format!("`mean` must be finite, got {x}")));
        }
        if let Some(x) = wrong(&variance.numbers, |x| x.is_finite() && x >= 0.0) {
            return Err(Error::argument(format!("`variance` must be finite and 0 or more, got {x}")));
        }
        Ok(())
    }

    /// What is added before the factor, the factor, and what is added behind it.
    fn terms(&self, at: &mut Lowering<'_>, sizes: &[usize]) -> Result<[Option<Slot>; 3]> {
        let Some((mean, variance)) = &self.moments else { return Ok(self.terms_of_state(at, sizes)) };
        let (mean, variance) = (mean.over(sizes, "mean")?, variance.over(sizes, "variance")?);
        let deviation = variance.into_iter().map(deviation);
        Ok(if self.invert {
            let factor = deviation.collect();
            [None, Some(at.constant(factor)), Some(at.constant(mean))]
        } else {
            let factor = deviation.map(|d| 1.0 / d).collect();
            let shift = mean.iter().map(|m| -m).collect();
            [Some(at.constant(shift)), Some(at.constant(factor)), None]
        })
    }

    /// The same from the layer's state.
    fn terms_of_state(&self, at: &mut Lowering<'_>, sizes: &[usize]) -> [Option<Slot>; 3] {
        let (zeros, ones): (Arc<dyn Initializer>, Arc<dyn Initializer>) = (Arc::new(Zeros), Arc::new(Ones));
        let mean = at.state("mean", sizes, &zeros);
        let variance = at.state("variance", sizes, &ones);
        // Of no use, but Keras counts and saves it.
        at.state("count", [], &zeros);
        let extent = Extent::Fixed(sizes.iter().product());
        let (shift, factor) = (at.scratch(extent), at.scratch(extent));
        let step = Arc::new(Terms { invert: self.invert });
        at.forward(Step::Custom { step, inputs: vec![mean, variance], outputs: vec![shift, factor] });
        if self.invert { [None, Some(factor), Some(shift)] } else { [Some(shift), Some(factor), None] }
    }

    /// (x + before)·factor + behind: two steps where a large mean would cost digits in one.
    fn scaled(&self, at: &mut Lowering<'_>, x: Port, sizes: &[usize], layout: Layout) -> Result<Port> {
        let [before, factor, behind] = self.terms(at, sizes)?;
        let y = at.port(at.shape(x).clone());
        let (mut from, out) = (at.slot(x), at.slot(y));
        if before.is_some() {
            let centred = at.scratch(Extent::Rows(at.shape(x).size()));
            at.forward(Step::ScaleShift { x: from, scale: None, shift: before, out: centred, layout });
            from = centred;
        }
        at.forward(Step::ScaleShift { x: from, scale: factor, shift: behind, out, layout });
        if let Some(out) = at.gradient_into(x) {
            let dy = at.gradient(y);
            at.backward([Step::ScaleShift { x: dy, scale: factor, shift: None, out, layout }]);
        }
        Ok(y)
    }
}

fn deviation(variance: f64) -> f64 {
    variance.sqrt().max(SMALLEST)
}

/// The positions of the axes that are kept, the first of a sample being 1.
fn kept(axes: &[i64], shape: &Shape) -> Result<Vec<usize>> {
    if axes.is_empty() { Ok(Vec::new()) } else { positions(axes, shape, "Normalization") }
}

/// Shift and factor from mean and variance.
#[derive(Debug)]
struct Terms {
    invert: bool,
}

impl CustomStep for Terms {
    fn name(&self) -> &str {
        "deviation"
    }

    fn run(&self, _: usize, inputs: &[&[f32]], outputs: &mut [&mut [f32]]) {
        let [shift, factor] = outputs else { return };
        for (i, (shift, factor)) in shift.iter_mut().zip(factor.iter_mut()).enumerate() {
            let deviation = deviation(f64::from(inputs[1][i]));
            *shift = if self.invert { inputs[0][i] } else { -inputs[0][i] };
            *factor = if self.invert { deviation } else { 1.0 / deviation } as f32;
        }
    }

    fn run64(&self, _: usize, inputs: &[&[f64]], outputs: &mut [&mut [f64]]) {
        let [shift, factor] = outputs else { return };
        for (i, (shift, factor)) in shift.iter_mut().zip(factor.iter_mut()).enumerate() {
            let deviation = deviation(inputs[1][i]);
            (*shift, *factor) =
                if self.invert { (inputs[0][i], deviation) } else { (-inputs[0][i], 1.0 / deviation) };
        }
    }
}

impl Layer for Normalization {
    fn class(&self) -> &'static str {
        "Normalization"
    }

    fn config(&self) -> Config {
        let (mean, variance) = match &self.moments {
            Some((mean, variance)) => (mean.into(), variance.into()),
            None => (Value::Null, Value::Null),
        };
        Config::new()
            .with("axis", self.axis.as_slice())
            .with("mean", mean)
            .with("variance", variance)
            .with("invert", self.invert)
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let shape = one_input(inputs, "Normalization")?;
        self.check()?;
        let sizes = sizes(shape, &kept(&self.axis, shape)?);
        shape.check()?;
        if let Some((mean, variance)) = &self.moments {
            mean.check(&sizes, "mean")?;
            variance.check(&sizes, "variance")?;
        }
        Ok(vec![shape.clone()])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let shape = at.shape(x).clone();
        let mut kept = kept(&self.axis, &shape)?;
        if self.moments.as_ref().is_some_and(|(mean, variance)| mean.is_one() && variance.is_one()) {
            kept.clear();
        }
        let sizes = sizes(&shape, &kept);
        // Axes side by side are one axis; others are brought together.
        let y = if kept.windows(2).all(|pair| pair[0] + 1 == pair[1]) {
            let (first, last) = (kept.first().map_or(shape.rank(), |p| p - 1), kept.last());
            let behind = last.map_or(shape.rank(), |p| *p);
            let layout = Layout {
                outer: Extent::Rows(shape.dims()[..first].iter().product()),
                axis: Extent::Fixed(sizes.iter().product()),
                inner: shape.dims()[behind..].iter().product(),
            };
            self.scaled(at, x, &sizes, layout)?
        } else {
            let gathered = gather(at, x, &kept);
            let layout = Layout::last(at.shape(gathered.port));
            let y = self.scaled(at, gathered.port, &sizes, layout)?;
            gathered.restore(at, y)
        };
        at.output(y);
        Ok(())
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    // A given null names no axis.
    let axis = args.given::<Option<Vec<i64>>>("axis")?.map_or(vec![-1], Option::unwrap_or_default);
    let (mean, variance) = (args.or("mean", None)?, args.or("variance", None)?);
    let moments = match (mean, variance) {
        (None, None) => None,
        (Some(mean), Some(variance)) => Some((mean, variance)),
        (Some(_), None) => return args.reject("variance", "given where `mean` is", "nothing"),
        (None, Some(_)) => return args.reject("mean", "given where `variance` is", "nothing"),
    };
    let layer = Normalization { axis, moments, invert: args.or("invert", false)? };
    layer.check().place(|| args.owner().to_string())?;
    Ok(Arc::new(layer))
}

pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "Normalization", names: &["normalization"], build };
