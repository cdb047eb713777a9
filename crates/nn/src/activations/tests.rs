//! The recipes of activations with steps of their own, run by a small interpreter in f64 and checked by finite differences.

use super::{Glu, LogSoftmax, PRelu, Softmax, Sparsemax, layers};
use crate::builder::{Builder, Mode};
use crate::initializers::Constant;
use crate::layers::layer::Layer;
use crate::lowering::Context;
use crate::recipe::{Home, Recipe};
use crate::shape::{Extent, Layout, Shape};
use crate::step::{Slot, Step};
use steadygrad_kernels::random::{Purpose, Stream};

const ROWS: usize = 3;

/// Lanes in, a lane out.
type LaneStep<'a> = dyn Fn(&[Vec<f64>], &mut [f64]) + 'a;

/// A layer's recipe, with the slot that the gradient of its output is fed to.
fn lowered(layer: &dyn Layer, inputs: &[Shape]) -> (Recipe, Slot) {
    let mut build = Builder::new(Mode::Train, 0);
    let ports: Vec<_> = inputs.iter().map(|s| build.new_port(Home::Feed, s.clone(), true)).collect();
    let context = Context { path: "layer".into(), key: "layer".into(), trainable: true, depth: 0 };
    let outputs = build.layer(layer, &context, ports.clone()).unwrap();
    let dy = build.gradient_into(outputs[0]).unwrap();
    build.backward([]);
    (build.finish(&outputs, &ports, true), dy)
}

/// Every slot's numbers.
struct Run<'a> {
    recipe: &'a Recipe,
    values: Vec<Vec<f64>>,
}

impl<'a> Run<'a> {
    fn new(recipe: &'a Recipe, inputs: &[Vec<f64>], parameter: &[f64]) -> Run<'a> {
        let mut values: Vec<Vec<f64>> =
            recipe.slots.iter().map(|s| vec![f64::NAN; s.extent.at(ROWS)]).collect();
        for (slot, x) in recipe.inputs.iter().zip(inputs) {
            values[slot.0 as usize] = x.clone();
        }
        for p in &recipe.parameters {
            values[p.value.0 as usize] = parameter.to_vec();
        }
        Run { recipe, values }
    }

    fn get(&self, slot: Slot) -> &Vec<f64> {
        &self.values[slot.0 as usize]
    }

    fn forward(mut self) -> (Vec<f64>, Self) {
        for step in &self.recipe.forward {
            self.step(step);
        }
        (self.get(self.recipe.outputs[0]).clone(), self)
    }

    fn backward(mut self, at: Slot, dy: &[f64]) -> Self {
        self.values[at.0 as usize] = dy.to_vec();
        for step in &self.recipe.backward {
            self.step(step);
        }
        self
    }

    /// `f` for every lane along the axis of `layout`: reads lanes of `inputs`, writes the last one.
    fn lanes(&mut self, slots: &[Slot], out: Slot, layout: Layout, f: &LaneStep<'_>) {
        let (outer, _, inner) = layout.at(ROWS);
        let size = |numbers: usize| numbers / (outer * inner);
        let mut result = self.get(out).clone();
        for o in 0..outer {
            for i in 0..inner {
                let lane = |values: &[f64]| -> Vec<f64> {
                    let n = size(values.len());
                    (0..n).map(|a| values[(o * n + a) * inner + i]).collect()
                };
                let lanes: Vec<Vec<f64>> = slots.iter().map(|s| lane(self.get(*s))).collect();
                let n = size(result.len());
                let mut y = vec![0.0; n];
                f(&lanes, &mut y);
                (0..n).for_each(|a| result[(o * n + a) * inner + i] = y[a]);
            }
        }
        self.values[out.0 as usize] = result;
    }

    /// The index in an array of `dims` with ones, for an index in one of the whole `dims`.
    fn fold(at: usize, whole: &[usize], dims: &[usize]) -> usize {
        let (mut rest, mut index, mut stride) = (at, 0, 1);
        for (w, d) in whole.iter().zip(dims).rev() {
            index += if *d == 1 { 0 } else { rest % w } * stride;
            (rest, stride) = (rest / w, stride * d);
        }
        index
    }

    fn step(&mut self, step: &Step) {
        let sizes = |e: &[Extent]| -> Vec<usize> { e.iter().map(|e| e.at(ROWS)).collect() };
        match step {
            Step::Fill { out, value } => self.values[out.0 as usize].fill(*value),
            Step::Sum { inputs, out } => {
                let n = self.get(*out).len();
                self.values[out.0 as usize] =
                    (0..n).map(|i| inputs.iter().map(|s| self.get(*s)[i]).sum()).collect();
            }
            Step::Combine { op, inputs, out } => {
                let at = |k: usize, i: usize| inputs.get(k).map_or(0.0, |s| self.get(*s)[i]);
                let n = self.get(*out).len();
                self.values[out.0 as usize] = (0..n).map(|i| op.at(at(0, i), at(1, i), at(2, i))).collect();
            }
            Step::Expand { x, out, from, to } => {
                let (from, to) = (sizes(from), sizes(to));
                let n = self.get(*out).len();
                self.values[out.0 as usize] =
                    (0..n).map(|i| self.get(*x)[Run::fold(i, &to, &from)]).collect();
            }
            Step::Reduce { x, out, from, to } => {
                let (from, to) = (sizes(from), sizes(to));
                let mut sums = vec![0.0; self.get(*out).len()];
                for (i, v) in self.get(*x).iter().enumerate() {
                    sums[Run::fold(i, &from, &to)] += v;
                }
                self.values[out.0 as usize] = sums;
            }
            Step::Permute { x, out, dims, order } => {
                let dims = sizes(dims);
                let to: Vec<usize> = order.iter().map(|&o| dims[o]).collect();
                let stride = |axis: usize| dims[axis + 1..].iter().product::<usize>();
                let from = |mut i: usize| -> usize {
                    let mut at = 0;
                    for (axis, n) in order.iter().zip(&to).rev() {
                        at += (i % n) * stride(*axis);
                        i /= n;
                    }
                    at
                };
                let n = self.get(*out).len();
                self.values[out.0 as usize] = (0..n).map(|i| self.get(*x)[from(i)]).collect();
            }
            Step::Rowwise { f, x, out, layout } => {
                self.lanes(&[*x], *out, *layout, &|lanes, y| f.map64(&lanes[0], y));
            }
            Step::RowwiseGrad { f, x, y, dy, out, layout } => {
                self.lanes(&[*x, *y, *dy], *out, *layout, &|lanes, dx| {
                    f.map_grad64(&lanes[0], &lanes[1], &lanes[2], dx);
                });
            }
            other => panic!("no activation writes {other}"),
        }
    }
}

fn numbers(key: &str, n: usize) -> Vec<f64> {
    let stream = Stream::new(11, Purpose::Other, key);
    (0..n as u64).map(|i| stream.normal(0, i)).collect()
}

/// Gradients for the first input and for the parameter agree with finite differences; returns the output.
fn differentiate(
    layer: &dyn Layer,
    shapes: &[Shape],
    second: Option<Vec<f64>>,
    parameter: &[f64],
) -> Vec<f64> {
    let (recipe, at) = lowered(layer, shapes);
    let mut inputs = vec![numbers("x", ROWS * shapes[0].size())];
    inputs.extend(second);
    let (y, run) = Run::new(&recipe, &inputs, parameter).forward();
    let dy = numbers("dy", y.len());
    let run = run.backward(at, &dy);
    let loss = |inputs: &[Vec<f64>], parameter: &[f64]| -> f64 {
        let (y, _) = Run::new(&recipe, inputs, parameter).forward();
        y.iter().zip(&dy).map(|(y, dy)| y * dy).sum()
    };
    let step = 1e-6;
    let agree = |got: f64, up: f64, down: f64, what: &str| {
        let want = (up - down) / (2.0 * step);
        assert!((got - want).abs() < 1e-7, "{layer:?} {what}: {got} {want}");
    };
    let dx = run.get(recipe.input_gradients[0].unwrap());
    for i in 0..dx.len() {
        let moved = |by: f64| {
            let mut inputs = inputs.clone();
            inputs[0][i] += by;
            loss(&inputs, parameter)
        };
        agree(dx[i], moved(step), moved(-step), &format!("dx[{i}]"));
    }
    if let Some(p) = recipe.parameters.first() {
        let dp = run.get(p.gradient.unwrap());
        for i in 0..dp.len() {
            let moved = |by: f64| {
                let mut parameter = parameter.to_vec();
                parameter[i] += by;
                loss(&inputs, &parameter)
            };
            agree(dp[i], moved(step), moved(-step), &format!("dp[{i}]"));
        }
    }
    y
}

#[test]
fn lane_functions_along_every_axis() {
    let shape = [Shape::from([4, 6, 2])];
    for axis in [-1, 0, 1, 2, 3, -2, -3] {
        differentiate(&Softmax.axis(axis), &shape, None, &[]);
        differentiate(&LogSoftmax.axis(axis), &shape, None, &[]);
        differentiate(&Sparsemax.axis(axis), &shape, None, &[]);
        if axis != 0 {
            differentiate(&Glu.axis(axis), &shape, None, &[]);
        }
    }
}

#[test]
fn softmax_over_several_axes_sums_to_1_over_them() {
    let shape = Shape::from([4, 2, 5]);
    for axes in [vec![1, 2], vec![3, 1], vec![-2, -1], vec![1, 2, 3], vec![2]] {
        let y = differentiate(&Softmax.axes(axes.clone()), std::slice::from_ref(&shape), None, &[]);
        let dims = [ROWS, 4, 2, 5];
        let whole: Vec<usize> = axes.iter().map(|&a: &i64| a.rem_euclid(4) as usize).collect();
        let folded: Vec<usize> = (0..4).map(|a| if whole.contains(&a) { 1 } else { dims[a] }).collect();
        let mut sums = vec![0.0; folded.iter().product()];
        for (i, y) in y.iter().enumerate() {
            sums[Run::fold(i, &dims, &folded)] += y;
        }
        assert!(sums.iter().all(|s: &f64| (s - 1.0).abs() < 1e-12), "{axes:?}: {sums:?}");
    }
}

#[test]
fn a_masked_softmax_shares_among_what_is_left() {
    let shapes = [Shape::from([5]), Shape::from([5])];
    let mask = vec![1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let y = differentiate(&Softmax, &shapes, Some(mask.clone()), &[]);
    assert!(y.iter().zip(&mask).all(|(y, m)| *m == 1.0 || *y == 0.0));
    let sums: Vec<f64> = y.chunks(5).map(|row| row.iter().sum()).collect();
    assert!((sums[0] - 1.0).abs() < 1e-12 && (sums[1] - 1.0).abs() < 1e-12 && sums[2] == 0.0);
    // A mask with an axis of 1 is repeated; masked numbers may be anything.
    let shapes = [Shape::from([2, 4]), Shape::from([2, 1])];
    differentiate(&Softmax.axes([1, 2]), &shapes, Some(vec![1.0, 0.0, 1.0, 1.0, 0.0, 1.0]), &[]);
    let (recipe, _) = lowered(&Softmax, &[Shape::from([2]), Shape::from([2])]);
    let x = vec![f64::NAN, 1.0, f64::INFINITY, 1.0, 0.0, 0.0];
    let (y, _) = Run::new(&recipe, &[x, vec![0.0, 1.0, 0.0, 1.0, 1.0, 1.0]], &[]).forward();
    assert_eq!(y, [0.0, 1.0, 0.0, 1.0, 0.5, 0.5]);
}

#[test]
fn prelu_learns_its_slopes_one_for_each_unless_shared() {
    let shape = [Shape::from([4, 2])];
    let y = differentiate(&PRelu::new(), &shape, None, &numbers("alpha", 8));
    assert_eq!(y.len(), ROWS * 8);
    differentiate(&PRelu::new().shared_axes([1]), &shape, None, &numbers("alpha", 2));
    differentiate(&PRelu::new().shared_axes([1, 2]), &shape, None, &[0.3]);
    let (recipe, at) = lowered(&PRelu::new().alpha_initializer(Constant::new(0.25)), &[Shape::from([2])]);
    assert_eq!(recipe.parameters[0].path, "layer/alpha");
    let x = vec![1.0, -2.0, 0.0, -0.0, -4.0, 3.0];
    let (y, run) = Run::new(&recipe, &[x], &[0.25, 0.5]).forward();
    assert_eq!(y, [1.0, -1.0, 0.0, 0.0, -1.0, 3.0]);
    let run = run.backward(at, &[1.0; 6]);
    assert_eq!(*run.get(recipe.input_gradients[0].unwrap()), [1.0, 0.5, 0.0, 0.0, 0.25, 1.0]);
    assert_eq!(*run.get(recipe.parameters[0].gradient.unwrap()), [-4.0, -2.0]);
}

#[test]
fn what_does_not_fit_is_said() {
    let shape = |dims: &[usize]| Shape::from(dims);
    let error = |layer: &dyn Layer, shapes: &[Shape]| layer.output_shapes(shapes).unwrap_err().to_string();
    assert!(error(&Glu, &[shape(&[3])]).contains("odd size 3"));
    assert!(error(&Glu.axis(0), &[shape(&[4])]).contains("number of samples"));
    assert!(error(&Softmax.axis(2), &[shape(&[4])]).contains("no axis 2"));
    assert!(error(&Softmax.axes([1, -1]), &[shape(&[4])]).contains("twice"));
    assert!(error(&Softmax.axes([0, 1]), &[shape(&[4])]).contains("batch"));
    assert!(error(&Softmax, &[shape(&[4]), shape(&[3])]).contains("mask"));
    assert!(error(&PRelu::new().shared_axes([2]), &[shape(&[4])]).contains("no axis 2"));
    assert!(error(&PRelu::new().shared_axes([0]), &[shape(&[4])]).contains("no axis 0"));
    assert!(error(&super::Relu, &[shape(&[4]), shape(&[4])]).contains("one input"));
    assert!(error(&super::Elu.alpha(-1.0), &[shape(&[4])]).contains("`alpha` must be 0 or more, got -1"));
}

#[test]
fn every_file_is_in_a_catalog() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/activations");
    let family = ["mod", "tests", "pointwise", "rowwise"];
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let layer = [layers::ELU, layers::LEAKY_RELU, layers::PRELU, layers::RELU, layers::SOFTMAX];
        let known = super::CATALOG.iter().any(|e| e.class == stem)
            || layer.iter().any(|e| {
                e.names.contains(&stem) && crate::layers::CATALOG.iter().any(|l| l.class == e.class)
            });
        assert!(family.contains(&stem) || known, "{stem}.rs is in no CATALOG");
    }
}
