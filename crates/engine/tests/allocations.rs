//! A training step allocates nothing: a training of twice as many steps allocates not once more.
//!
//! On the portable path, where the products are ours: the library for the others has packing buffers of its own.

// A test that fails may panic, its helpers too.
#![allow(clippy::unwrap_used)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::callbacks::TerminateOnNan;
use steadygrad_engine::{Compile, Fit, FitSettings, Learner, OnNonFinite, Trainable};
use steadygrad_kernels::Isa;
use steadygrad_nn::activations::{Elu, Relu, Softmax};
use steadygrad_nn::functional::{concatenate, input};
use steadygrad_nn::layers::{
    BatchNormalization, CenterCrop, Conv2D, Conv2DTranspose, DataFormat, Dense, DepthwiseConv2D, Dropout,
    Embedding, Flatten, Flip, Interpolation, LayerNormalization, MaxPooling2D, Normalization, Padding,
    RandomFlip, RandomRotation, Rescaling, Reshape, UpSampling2D, ZeroPadding2D,
};
use steadygrad_nn::losses::SparseCategoricalCrossentropy;
use steadygrad_nn::optimizers::{Adam, Optimizer, Sgd};
use steadygrad_nn::regularizers::L2;
use steadygrad_nn::{Model, Sequential};

struct Counting;

/// Allocations of all threads.
static COUNT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Allocations of this thread.
    static OWN: Cell<usize> = const { Cell::new(0) };
}

/// Of this thread alone where there is no other: those of a pool that was dropped end when they like.
fn count(threads: usize) -> usize {
    if threads == 1 { OWN.get() } else { COUNT.load(Ordering::Relaxed) }
}

// SAFETY: every call is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        OWN.set(OWN.get() + 1);
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn data(targets: usize) -> Dataset {
    let x = (0..100 * 6).map(|i| (i % 17) as f32 / 8.0 - 1.0).collect();
    let labels = |_| Array::new([100], (0..100).map(|i| (i % 3) as f32).collect()).unwrap();
    Dataset::multi(vec![Array::new([100, 6], x).unwrap()], (0..targets).map(labels).collect()).unwrap()
}

/// What is done about numbers that are not finite.
type How = Option<OnNonFinite>;

/// How often it allocates in a training of so many steps.
fn allocations(learner: &mut Learner, data: &Dataset, steps: usize, callback: bool, how: How) -> usize {
    let settings = FitSettings {
        on_non_finite: how,
        epochs: 1,
        batch_size: Some(16),
        steps_per_epoch: Some(steps),
        ..FitSettings::default()
    };
    let mut terminate = TerminateOnNan::new();
    let fit = Fit::with(settings);
    let fit = if callback { fit.callback(&mut terminate) } else { fit };
    let threads = learner.settings().threads;
    let before = count(threads);
    learner.fit(data, fit).unwrap();
    count(threads) - before
}

fn ordinary(width: usize) -> Model {
    Sequential::new([6])
        .add(Dense::new(width).kernel_regularizer(L2::new(0.01)).activation(Elu))
        .add(BatchNormalization::new())
        .add(Relu)
        .add(Dropout::new(0.2))
        .add(LayerNormalization::new())
        .add(Dense::new(3).activation(Softmax))
        .into()
}

/// Lanes along an inner axis, in the model and in the loss, and a custom step.
fn inner() -> Model {
    Sequential::new([6])
        .add(Dense::new(12))
        .add(BatchNormalization::new().renorm(true))
        .add(Reshape::new([3, 4]))
        .add(Softmax.axis(1))
        .add(Dense::new(4))
        .into()
}

/// Convolutions of all kinds.
fn convolutions() -> Model {
    Sequential::new([6])
        .add(Reshape::new([3, 2, 1]))
        .add(Conv2D::new(8, [3, 2]).padding(Padding::Same).activation(Relu))
        .add(DepthwiseConv2D::new(2).padding(Padding::Same))
        .add(Conv2DTranspose::new(40, 2).strides(2))
        // Large enough that threads share it.
        .add(Conv2D::new(64, 3).padding(Padding::Same))
        .add(MaxPooling2D::new(2))
        .add(Conv2D::new(3, 3).data_format(DataFormat::ChannelsFirst).padding(Padding::Same))
        .add(Flatten)
        .add(Dense::new(3).activation(Softmax))
        .into()
}

/// Images that are padded, interpolated and moved, and vectors that are looked up.
fn moved() -> Model {
    let x = input([6]);
    let image = x
        .then(Normalization::new())
        .then(Reshape::new([3, 2, 1]))
        .then(ZeroPadding2D::new(1))
        .then(UpSampling2D::new(2).interpolation(Interpolation::Bilinear))
        .then(RandomFlip::new(Flip::Horizontal))
        .then(RandomRotation::new(0.1))
        .then(CenterCrop::new(4, 3))
        .then(Rescaling::new([0.5]).offset([0.1]))
        .then(Flatten);
    let words = x.then(Rescaling::new(0.0)).then(Embedding::new(2, 3)).then(Flatten);
    Model::of(&concatenate([&image, &words]).then(Dense::new(3).activation(Softmax)))
}

fn two_heads() -> Model {
    let x = input([6]);
    let h = x.then(Dense::new(9).activation(Elu));
    let (a, b) = (h.then(Dense::new(3).activation(Softmax)), h.then(Dense::new(3).activation(Softmax)));
    Model::new(&[&x], &[&a, &b])
}

#[test]
fn a_step_allocates_nothing() {
    let optimizer = || Optimizer::new(Adam::new(0.001)).clipnorm(1.0);
    let labels = SparseCategoricalCrossentropy;
    let inner_data = {
        let mut data = data(1);
        data.y[0] = Array::new([100, 4], (0..400).map(|i| (i % 3) as f32).collect()).unwrap();
        data
    };
    let wild = Compile::new(Sgd::new(1e30), labels);
    let cases = [
        ("ordinary", ordinary(9), Compile::new(optimizer(), labels).accuracy(), data(1), false),
        ("with a callback", ordinary(9), Compile::new(optimizer(), labels), data(1), true),
        ("moved", moved(), Compile::new(optimizer(), labels), data(1), false),
        ("inner axes", inner(), Compile::new(optimizer(), labels.from_logits().axis(1)), inner_data, false),
        ("convolutions", convolutions(), Compile::new(optimizer(), labels), data(1), false),
        ("several losses", two_heads(), Compile::new(optimizer(), labels).accuracy(), data(2), false),
        ("not a number", ordinary(9), wild, data(1), false),
        // Large enough that threads share its steps.
        ("wide", ordinary(2100), Compile::new(optimizer(), labels), data(1), true),
    ];
    for (name, model, compile, data, callback) in cases {
        for threads in [1, 2] {
            for how in [None, Some(OnNonFinite::Stop), Some(OnNonFinite::Skip), Some(OnNonFinite::Rollback)] {
                if how.is_some() && name == "not a number" {
                    continue; // it ends it, or tells of every batch
                }
                let mut learner = model.compile(compile.clone().threads(threads)).unwrap();
                for isa in Isa::available() {
                    learner.set_isa(isa);
                    allocations(&mut learner, &data, 8, callback, how); // makes room for the batch and the metrics
                    let few = allocations(&mut learner, &data, 8, callback, how);
                    let many = allocations(&mut learner, &data, 100, callback, how);
                    // A thread makes room for packed operands at its first part of a product, which may come late.
                    let allowed = few + threads - 1;
                    assert!(
                        many <= allowed,
                        "{name}, {isa}, {threads} threads, {how:?}: {few} in 8 steps, {many} in 100"
                    );
                }
            }
        }
    }
}
