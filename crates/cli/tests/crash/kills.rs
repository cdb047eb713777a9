//! Chains of starts and ends: a training is ended at a random moment, goes on, and is ended again, until it is done.

use crate::ward::{Ward, ended, signal};
use serde_json::{Value as Json, json};
use std::time::{Duration, Instant};
use steadygrad::extend::{Purpose, Stream};

/// How it is ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Way {
    /// With a signal that cannot be caught.
    Kill,
    /// The same, and the newest checkpoint is damaged: cut, a bit turned, its end blank.
    Damage,
    /// With SIGINT or SIGTERM.
    Ask,
}

/// What was tried, all of which came out well.
#[derive(Debug)]
pub struct Chains {
    way: Way,
    /// Trainings that were brought to their end and compared with one that nothing happened to.
    trainings: u32,
    /// Times that one was ended in its midst.
    ends: u32,
    /// Ends of those that had come further than the one before.
    further: u32,
    /// Checkpoints that were damaged.
    damaged: u32,
    /// The most ends of one training.
    longest: u32,
    seconds: f64,
}

impl Chains {
    /// So many ends were made, or some of them where the time was over before: what is told without them would tell nothing.
    pub fn with_ends(self, wanted: u32, seconds: u64, at_least: u32) -> Chains {
        assert!(self.further * 5 >= self.ends, "{} of {} ends came further", self.further, self.ends);
        assert!(self.way != Way::Damage || self.damaged * 5 >= self.ends, "{} were damaged", self.damaged);
        let least = if self.seconds < seconds as f64 { wanted } else { at_least };
        assert!(
            self.ends >= least,
            "{} ends in {:.0} seconds, and {least} are the least",
            self.ends,
            self.seconds
        );
        self
    }

    pub fn to_json(&self) -> Json {
        let what = match self.way {
            Way::Kill => "kill -9 at a random moment",
            Way::Damage => "kill -9, and the newest checkpoint damaged",
            Way::Ask => "SIGINT or SIGTERM at a random moment",
        };
        json!({
            "crash": what, "tried": self.ends, "survived": self.ends, "trainings": self.trainings,
            "further": self.further, "damaged": self.damaged, "longest_chain": self.longest, "seconds": self.seconds.round(),
        })
    }
}

/// Random numbers that are the same for the same seed.
struct Dice {
    stream: Stream,
    at: u64,
}

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.at += 1;
        self.stream.below(self.at, 0, end)
    }
}

/// Trains until it was ended so many times, or so many seconds are over; then what has begun is trained to its end.
pub fn run(way: Way, ends: u32, seconds: u64, seed: u64) -> Chains {
    let clock = Instant::now();
    let mut dice = Dice { stream: Stream::new(seed, Purpose::Data, "crash"), at: 0 };
    let mut chains = Chains { way, trainings: 0, ends: 0, further: 0, damaged: 0, longest: 0, seconds: 0.0 };
    let enough = |ends_now: u32| ends_now >= ends || clock.elapsed().as_secs() >= seconds;
    while !enough(chains.ends) {
        chain(&mut chains, &mut dice, &enough);
    }
    chains.seconds = clock.elapsed().as_secs_f64();
    chains
}

/// One training, from its start to its end.
fn chain(chains: &mut Chains, dice: &mut Dice, enough: &impl Fn(u32) -> bool) {
    let mut ward = Ward::new();
    let mut here = 0;
    // How long it takes until the first checkpoint, so that most of the ends come after it, and not all.
    let mut start = Duration::from_millis(60);
    loop {
        let newest = ward.newest();
        let began = Instant::now();
        let mut child = ward.go();
        if enough(chains.ends + here) {
            let (code, err) = ended(child);
            assert_eq!(code, Some(0), "{err}");
            break;
        }
        let wait = start * (dice.below(300) as u32) / 100;
        let mut seen = None;
        while began.elapsed() < wait && child.try_wait().unwrap().is_none() {
            if seen.is_none() && ward.is_ahead_of(newest) {
                seen = Some(began.elapsed());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        start = seen.unwrap_or(start * 5 / 4).clamp(Duration::from_millis(5), Duration::from_secs(2));
        let sign = match (chains.way, dice.below(2)) {
            (Way::Ask, 0) => "-INT",
            (Way::Ask, _) => "-TERM",
            _ => "-KILL",
        };
        signal(&child, sign);
        let (code, err) = ended(child);
        if err.contains("going on after") {
            assert!(
                err.contains(&format!("(step {newest})")),
                "it goes on from the newest, step {newest}: {err}"
            );
        }
        let reached = ward.newest();
        assert!(reached >= newest, "checkpoints went: {newest}, then {reached}; {err}");
        match code {
            // Done; or there was nobody who listened yet, or nobody who could.
            Some(0) | None => {}
            Some(code) => {
                assert_eq!(code, if sign == "-INT" { 130 } else { 143 }, "{err}");
                // When the training is over, and its results are written, it does not wait any more.
                let over = ["epoch 50/50", "going on after 50 epochs"].iter().any(|told| err.contains(told));
                assert!(over || err.contains("go on with: steadygrad train --resume run"), "{err}");
            }
        }
        if ward.is_finished() {
            break;
        }
        here += 1;
        chains.further += u32::from(reached > newest);
        if chains.way == Way::Damage {
            chains.damaged += u32::from(damage(&mut ward, dice));
        }
    }
    ward.check_finished();
    chains.trainings += 1;
    chains.ends += here;
    chains.longest = chains.longest.max(here);
}

/// The newest checkpoint, if it is not the only one, becomes what a power cut or a bad disk leaves of it.
/// Whether there was one.
fn damage(ward: &mut Ward, dice: &mut Dice) -> bool {
    let [.., _, (_, path)] = &ward.checkpoints()[..] else { return false };
    if ward.damaged.contains(path) {
        return false;
    }
    let mut bytes = std::fs::read(path).unwrap();
    let at = dice.below(bytes.len());
    match dice.below(3) {
        0 => bytes.truncate(at),
        1 => bytes[at] ^= 1 << dice.below(8),
        // Its length was written, and its content was not.
        _ => {
            // What was zero already would be no damage.
            if bytes[at..].iter().all(|byte| *byte == 0) {
                bytes[0] ^= 1;
            }
            bytes[at..].fill(0);
        }
    }
    std::fs::write(path, bytes).unwrap();
    ward.damaged.push(path.clone());
    true
}
