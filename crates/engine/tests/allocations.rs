//! A training step allocates nothing: a training of twice as many steps allocates not once more.
//!
//! On the portable path, where the products are ours: the library for the others has packing buffers of its own.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::{Compile, Fit, FitSettings, Trainable};
use steadygrad_kernels::Isa;
use steadygrad_nn::Sequential;
use steadygrad_nn::activations::{Elu, Relu, Softmax};
use steadygrad_nn::layers::{BatchNormalization, Dense, Dropout, LayerNormalization};
use steadygrad_nn::losses::SparseCategoricalCrossentropy;
use steadygrad_nn::optimizers::{Adam, Optimizer};
use steadygrad_nn::regularizers::L2;

struct Counting;

static COUNT: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
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

#[test]
fn a_step_allocates_nothing() {
    let x = (0..100 * 6).map(|i| (i % 17) as f32 / 8.0 - 1.0).collect();
    let y = (0..100).map(|i| (i % 3) as f32).collect();
    let data = Dataset::new(Array::new([100, 6], x).unwrap(), Array::new([100], y).unwrap()).unwrap();
    let model = Sequential::new([6])
        .add(Dense::new(9).kernel_regularizer(L2::new(0.01)).activation(Elu))
        .add(BatchNormalization::new())
        .add(Relu)
        .add(Dropout::new(0.2))
        .add(LayerNormalization::new())
        .add(Dense::new(3).activation(Softmax));
    let optimizer = Optimizer::new(Adam::new(0.001)).clipnorm(1.0);
    let compile = Compile::new(optimizer, SparseCategoricalCrossentropy).accuracy();
    let mut learner = model.compile(compile).unwrap();
    learner.set_isa(Isa::portable());
    let mut allocations = |steps: usize| {
        let settings = FitSettings {
            epochs: 1,
            batch_size: Some(16),
            steps_per_epoch: Some(steps),
            ..FitSettings::default()
        };
        let before = COUNT.load(Ordering::Relaxed);
        learner.fit(&data, Fit::with(settings)).unwrap();
        COUNT.load(Ordering::Relaxed) - before
    };
    allocations(8); // makes room for the batch and the metrics
    assert_eq!(allocations(8), allocations(200));
}
