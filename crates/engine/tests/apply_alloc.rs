//! A step of an optimizer allocates nothing, the buffers of matrix products excepted. Alone in its file, because it replaces the allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use steadygrad_engine::apply::{Applier, Ask, ParamSpec};
use steadygrad_kernels::{Cpu, Isa};
use steadygrad_nn::constraints::MaxNorm;
use steadygrad_nn::optimizers::{CATALOG, Clip, Optimizer};

struct Counting;

thread_local! {
    /// Allocations of this thread.
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: all is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_step_allocates_nothing() {
    let kernel: ParamSpec = ParamSpec {
        path: "dense/kernel".into(),
        shape: vec![90, 110],
        offset: 0,
        len: 9900,
        constraint: Some(Arc::new(MaxNorm::new(1.0))),
    };
    let bias =
        ParamSpec { path: "dense/bias".into(), shape: vec![110], offset: 9900, len: 110, constraint: None };
    let (mut weights, mut gradients) = (vec![0.5_f32; 10_010], vec![0.25_f32; 10_010]);
    let mut seen = 0;
    for entry in CATALOG {
        for clip in [None, Some(Clip::Norm(0.5)), Some(Clip::GlobalNorm(0.5)), Some(Clip::Value(0.1))] {
            for gathering in [None, Some(2)] {
                let mut optimizer = Optimizer::from_value(&entry.class.into()).unwrap();
                optimizer = optimizer.ema(0.9).ema_overwrite_frequency(2).loss_scale_factor(2.0);
                optimizer.clip = clip;
                optimizer.gradient_accumulation_steps = gathering;
                let mut applier = Applier::new(&optimizer, &[kernel.clone(), bias.clone()]).unwrap();
                for isa in Isa::available() {
                    let mut step = || {
                        let ask = Ask { norms: true, hold: true, ..Ask::default() };
                        applier.apply(Cpu::alone(isa), ask, &mut weights, &mut gradients);
                    };
                    // A thread makes its room for packed matrices once.
                    step();
                    let before = COUNT.get();
                    (0..3).for_each(|_| step());
                    assert!(COUNT.get() == before, "{} {clip:?} {gathering:?} {isa}", entry.class);
                    seen += 1;
                }
            }
        }
    }
    assert!(seen >= CATALOG.len() * 8 && COUNT.get() > 0);
}
