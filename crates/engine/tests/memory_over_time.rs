//! Memory does not grow while a network is trained: after 10,000 steps as much is held as after 100.
//!
//! What is kept of every epoch is all that comes: its losses and metrics in the history, and rare samples in the chart of a training that
//! is watched. What was measured is printed as lines of JSON behind `reliability: `.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test that cannot go on has failed; what was tried is told

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use steadygrad_chart::Schedule;
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::callbacks::{Callback, Mode, Training};
use steadygrad_engine::checkpoint::{Checkpoints, Keeper, Moment, Onward, State};
use steadygrad_engine::{Compile, Fit, Logs, OnNonFinite, Trainable};
use steadygrad_kernels::Result;
use steadygrad_nn::Sequential;
use steadygrad_nn::activations::Relu;
use steadygrad_nn::layers::{BatchNormalization, Dense, Dropout};
use steadygrad_nn::losses::SparseCategoricalCrossentropy;
use steadygrad_nn::optimizers::Adam;

struct Counting;

/// Bytes that are held now.
static LIVE: AtomicUsize = AtomicUsize::new(0);

/// The most that was held at one time since it was set back.
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let before = LIVE.fetch_add(layout.size(), Relaxed);
        PEAK.fetch_max(before + layout.size(), Relaxed);
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The tests count bytes of the whole process: one at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// What is held after so many steps: allocated, and of the process as the system sees it.
#[derive(Debug, Default)]
struct Held(Vec<(u64, usize, usize)>);

/// Bytes of memory that the process occupies, where the system tells.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split_whitespace().nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

impl Callback for Held {
    fn on_epoch_end(&mut self, training: &mut Training<'_>, _: usize, _: &mut Logs) -> Result<()> {
        let step = training.learner.iterations();
        if step == 100 || step == 10_000 {
            self.0.push((step, LIVE.load(Relaxed), resident()));
        }
        Ok(())
    }
}

/// What is held more after 10,000 steps than after 100, printed.
fn growth(what: &str, watch: bool, keep: bool) -> usize {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let x = (0..100 * 6).map(|i| (i % 17) as f32 / 8.0 - 1.0).collect();
    let y = Array::new([100], (0..100).map(|i| (i % 3) as f32).collect()).unwrap();
    let data = Dataset::new(Array::new([100, 6], x).unwrap(), y).unwrap();
    let model = Sequential::new([6])
        .add(Dense::new(16))
        .add(BatchNormalization::new())
        .add(Relu)
        .add(Dropout::new(0.2))
        .add(Dense::new(3));
    let loss = SparseCategoricalCrossentropy.from_logits();
    let mut learner = model.compile(Compile::new(Adam::new(0.001), loss).accuracy()).unwrap();
    if watch {
        learner.watch(Schedule::Default);
    }
    let folder = tempfile::tempdir().unwrap();
    let mut checkpoints = Checkpoints::new(folder.path()).unwrap().each_epoch(false).every_steps(250);
    let mut held = Held::default();
    held.0.reserve(2);
    // A pass has 10 batches: 100 epochs of 100 steps are 1,000 of them.
    let settings = steadygrad_engine::FitSettings {
        epochs: 100,
        batch_size: Some(10),
        steps_per_epoch: Some(100),
        ..Default::default()
    };
    let mut fit = Fit::with(settings).callback(&mut held).validation(&data);
    if keep {
        fit = fit.keeper(&mut checkpoints);
    }
    learner.fit(&data, fit).unwrap();
    let [(100, before, resident_before), (10_000, after, resident_after)] = held.0[..] else {
        panic!("{held:?}")
    };
    println!(
        "reliability: {{\"memory\":\"{what}\",\"after_100\":{before},\"after_10000\":{after},\
         \"process_after_100\":{resident_before},\"process_after_10000\":{resident_after}}}"
    );
    // A thousand pages may be of allocators and of what is read only once.
    assert!(resident_after < resident_before + (4 << 20), "{resident_before} {resident_after}");
    after.saturating_sub(before)
}

/// Keeps checkpoints, and measures what that takes.
#[derive(Debug)]
struct Measured {
    checkpoints: Checkpoints,
    before: usize,
    /// Bytes that were held at most, and those that were told of.
    taken: Vec<(usize, u64)>,
}

impl Keeper for Measured {
    fn wants(&mut self, training: &mut Training<'_>, moment: Moment<'_>) -> Result<bool> {
        let wants = self.checkpoints.wants(training, moment)?;
        self.before = LIVE.load(Relaxed);
        PEAK.store(self.before, Relaxed);
        Ok(wants)
    }

    fn keep(&mut self, training: &mut Training<'_>, moment: Moment<'_>, state: State) -> Result<Onward> {
        let onward = self.checkpoints.keep(training, moment, state)?;
        let taken = PEAK.load(Relaxed) - self.before;
        self.taken.push((taken, training.learner.memory().checkpoint));
        Ok(onward)
    }
}

#[test]
fn a_checkpoint_takes_what_was_told() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let y = Array::new([100], (0..100).map(|i| (i % 3) as f32).collect()).unwrap();
    let data = Dataset::new(Array::zeros([100, 6]).unwrap(), y).unwrap();
    for how in [OnNonFinite::Stop, OnNonFinite::Rollback] {
        let model = Sequential::new([6]).add(Dense::new(500)).add(Dense::new(500)).add(Dense::new(3));
        let loss = SparseCategoricalCrossentropy.from_logits();
        let mut learner = model.compile(Compile::new(Adam::new(0.001), loss)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::new(folder.path()).unwrap().every_steps(1).best("loss", Mode::Min);
        let mut keeper = Measured { checkpoints, before: 0, taken: Vec::new() };
        learner.fit(&data, Fit::epochs(2).on_non_finite(how).keeper(&mut keeper)).unwrap();
        assert_eq!(learner.memory().checkpoint, 0, "of a training that is kept");
        let copies = if how == OnNonFinite::Rollback { 2 } else { 1 };
        assert_eq!(keeper.taken.len(), 10);
        for (taken, told) in keeper.taken {
            let (taken, told) = (taken as u64, told);
            // Weights and Adam's two, with a few bytes between them.
            let exact = 3 * copies * 4 * (7 * 500 + 501 * 500 + 501 * 3);
            assert!((exact..exact + 100).contains(&told), "{told} of {exact}");
            // At the end of an epoch nothing is gone back to: the next state is.
            assert!(taken < told + (64 << 10), "{taken} bytes for {told}");
            assert!(taken >= exact / 2, "{taken} bytes for {told}");
        }
    }
}

#[test]
fn ten_thousand_steps() {
    // Four numbers of each of 100 epochs, in lists that grow by doubling.
    let grown = growth("trained", false, false);
    assert!(grown < 16 << 10, "{grown} bytes more");
}

#[test]
fn with_checkpoints() {
    let grown = growth("trained, with 40 checkpoints", false, true);
    assert!(grown < 16 << 10, "{grown} bytes more");
}

#[test]
fn watched() {
    // Some seventy samples of five layers more.
    let grown = growth("trained and watched", true, false);
    assert!(grown < 512 << 10, "{grown} bytes more");
}
