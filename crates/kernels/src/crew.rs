//! Threads that share a step: they wait spinning while steps follow closely, and sleep when there is nothing to do.
//!
//! To hand a piece of work over and wait for its end takes less than a microsecond between threads that spin, where a pool that is
//! built for many small tasks takes ten or more. A part is done by whoever is free first, the caller included: a thread that the system
//! has put aside holds nobody up but for a part that it has begun. Results do not depend on who does what.

use crate::cpu::Flush;
use std::any::Any;
use std::cell::UnsafeCell;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

/// Looks for work before a thread lets others have the processor, and before it sleeps: some 10 and some 100 microseconds.
const SPINS: u32 = 500;
const YIELDS: u32 = 200;

/// What 20 bits of a ticket hold.
const FIELD: usize = (1 << 20) - 1;
/// The most parts of one piece of work. Every thread may take one more than there are, and that must not reach the next field.
const MOST: usize = FIELD / 2;

/// The work of the moment: what to do, for each part.
type Work = *const (dyn Fn(usize) + Sync);

struct Shared {
    /// The number of the work (24 bits), its parts (20 bits), and how many of them were taken (20 bits).
    ticket: AtomicU64,
    /// Parts that are done.
    done: AtomicUsize,
    work: UnsafeCell<Option<Work>>,
    /// Threads that sleep, or are about to.
    asleep: AtomicUsize,
    stop: AtomicBool,
    bed: Mutex<()>,
    wake: Condvar,
    /// What a part panicked with.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: `work` is written by the caller alone, and only while no part is taken and not done; others read it after they took a part, which
// the caller waits for. What it points at is `Sync`.
unsafe impl Sync for Shared {}
// SAFETY: as above.
unsafe impl Send for Shared {}

/// Some threads beside the one that asks.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use steadygrad_kernels::Crew;
/// let mut crew = Crew::new(3)?;
/// let sum = AtomicUsize::new(0);
/// crew.share(100, &|part| { sum.fetch_add(part, Ordering::Relaxed); });
/// assert_eq!(sum.into_inner(), 4950);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Crew {
    /// The process that they are threads of: in one that was forked from it they are not there.
    process: u32,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    /// Held while there is work: whoever asks meanwhile does its own.
    busy: AtomicBool,
}

impl Crew {
    /// So many threads, the caller's among them.
    ///
    /// # Errors
    /// If the system gives none.
    pub fn new(threads: usize) -> io::Result<Crew> {
        let shared = Arc::new(Shared {
            ticket: AtomicU64::new(0),
            done: AtomicUsize::new(0),
            work: UnsafeCell::new(None),
            asleep: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            bed: Mutex::new(()),
            wake: Condvar::new(),
            panic: Mutex::new(None),
        });
        let process = std::process::id();
        let mut crew = Crew { process, shared, threads: Vec::new(), busy: AtomicBool::new(false) };
        for i in 1..threads {
            let shared = crew.shared.clone();
            // Dropped on an error, which ends those that are there.
            crew.threads.push(Builder::new().name(format!("steadygrad-{i}")).spawn(move || shared.serve())?);
        }
        Ok(crew)
    }

    /// How many threads there are, the caller's among them.
    pub fn threads(&self) -> usize {
        self.threads.len() + 1
    }

    /// Does all parts from 0 to `parts` − 1, in any order and side by side, and returns when all are done.
    ///
    /// # Panics
    /// If a part does.
    pub fn share(&self, parts: usize, work: &(dyn Fn(usize) + Sync)) {
        let alone = parts <= 1 || parts > MOST || self.threads.is_empty();
        if alone || self.busy.swap(true, Acquire) {
            (0..parts).for_each(work);
            return;
        }
        let shared = &*self.shared;
        // SAFETY: only its lifetime is forgotten, and nobody calls it after this function has returned: all parts are done then, and no
        // further one can be taken.
        let forgotten = unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), Work>(work) };
        // SAFETY: no part is taken and not done: the last work was waited for, and `busy` keeps others out.
        unsafe { *shared.work.get() = Some(forgotten) };
        shared.done.store(0, Relaxed);
        let number = (shared.ticket.load(Relaxed) >> 40).wrapping_add(1);
        shared.ticket.store(number << 40 | (parts as u64) << 20, SeqCst);
        let asleep = shared.asleep.load(SeqCst);
        let missing = (parts - 1).min(self.threads.len()).saturating_sub(self.threads.len() - asleep);
        if missing > 0 {
            // Whoever lies down after this has seen the ticket.
            drop(shared.bed.lock().unwrap_or_else(PoisonError::into_inner));
            for _ in 0..missing {
                shared.wake.notify_one();
            }
        }
        shared.help();
        let mut looks = 0;
        while shared.done.load(Acquire) < parts {
            pause(&mut looks);
        }
        let panic = shared.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.busy.store(false, Release);
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

/// Waits a moment: first for a few cycles, then by letting others have the processor.
fn pause(looks: &mut u32) {
    if *looks < SPINS {
        std::hint::spin_loop();
    } else {
        std::thread::yield_now();
    }
    *looks = looks.saturating_add(1);
}

impl Shared {
    /// Takes parts as long as there are some.
    fn help(&self) {
        loop {
            let ticket = self.ticket.load(Relaxed);
            if taken(ticket) >= parts(ticket) {
                return;
            }
            let ticket = self.ticket.fetch_add(1, AcqRel);
            if taken(ticket) >= parts(ticket) {
                return;
            }
            // SAFETY: this part is taken and not done, so the work is there, and stays until it is done.
            let work = unsafe { (*self.work.get()).map(|work| &*work) };
            if let Some(work) = work
                && let Err(panic) = catch_unwind(AssertUnwindSafe(|| work(taken(ticket))))
            {
                *self.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
            }
            self.done.fetch_add(1, Release);
        }
    }

    /// What a thread of the crew does.
    fn serve(&self) {
        // It runs nothing but parts of steps.
        let _flush = Flush::denormals();
        let mut looks = 0;
        let mut seen = 0;
        while !self.stop.load(Relaxed) {
            let ticket = self.ticket.load(Acquire);
            if ticket >> 40 != seen {
                seen = ticket >> 40;
                self.help();
                looks = 0;
            } else if looks < SPINS + YIELDS {
                pause(&mut looks);
            } else {
                self.sleep(seen);
                looks = 0;
            }
        }
    }

    fn sleep(&self, seen: u64) {
        let mut bed = self.bed.lock().unwrap_or_else(PoisonError::into_inner);
        self.asleep.fetch_add(1, SeqCst);
        while self.ticket.load(SeqCst) >> 40 == seen && !self.stop.load(SeqCst) {
            bed = self.wake.wait(bed).unwrap_or_else(PoisonError::into_inner);
        }
        self.asleep.fetch_sub(1, SeqCst);
    }
}

fn parts(ticket: u64) -> usize {
    (ticket >> 20) as usize & FIELD
}

fn taken(ticket: u64) -> usize {
    ticket as usize & FIELD
}

impl Drop for Crew {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            // What is left of them can be neither told to end nor waited for.
            std::mem::forget(std::mem::take(&mut self.threads));
            return;
        }
        self.shared.stop.store(true, SeqCst);
        drop(self.shared.bed.lock().unwrap_or_else(PoisonError::into_inner));
        self.shared.wake.notify_all();
        for thread in self.threads.drain(..) {
            // Parts catch their panics.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Crew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crew({} threads)", self.threads())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn every_part_is_done_once() {
        for threads in [1, 2, 5] {
            let crew = Crew::new(threads).unwrap();
            for parts in [0, 1, 2, 7, 1000] {
                let counts: Vec<AtomicUsize> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
                for _ in 0..200 {
                    crew.share(parts, &|i| {
                        counts[i].fetch_add(1, Relaxed);
                    });
                }
                assert!(counts.iter().all(|c| c.load(Relaxed) == 200), "{threads} {parts}");
            }
        }
    }

    #[test]
    fn it_wakes_from_sleep() {
        let crew = Crew::new(2).unwrap();
        for _ in 0..20 {
            std::thread::sleep(Duration::from_millis(3));
            let sum = AtomicUsize::new(0);
            crew.share(2, &|i| {
                sum.fetch_add(i + 1, Relaxed);
            });
            assert_eq!(sum.into_inner(), 3);
        }
    }

    #[test]
    fn work_within_work_and_from_elsewhere_is_done() {
        let crew = Crew::new(2).unwrap();
        let sum = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        crew.share(4, &|_| {
                            crew.share(3, &|_| {
                                sum.fetch_add(1, Relaxed);
                            });
                        });
                    }
                });
            }
        });
        assert_eq!(sum.into_inner(), 3600);
    }

    #[test]
    fn a_panic_is_passed_on_and_the_crew_goes_on() {
        let crew = Crew::new(2).unwrap();
        let result = catch_unwind(AssertUnwindSafe(|| crew.share(8, &|i| assert!(i != 3, "part three"))));
        assert!(result.is_err());
        let sum = AtomicUsize::new(0);
        crew.share(8, &|i| {
            sum.fetch_add(i, Relaxed);
        });
        assert_eq!(sum.into_inner(), 28);
    }
}
