//! What a training does about a number that is not finite: it stops, leaves the batch out, or goes back and slows down.

use crate::batches::Trained;
use crate::callbacks::Training;
use crate::checkpoint::{State, Under};
use crate::logs::History;
use std::fmt;
use steadygrad_chart::{Phase, Sick};
use steadygrad_kernels::{Error, Result};

/// What `fit` does when the loss, a gradient, or a weight after the update is not finite. In none of these ways the number
/// comes into the weights.
///
/// ```text
/// stop       the step is undone, and the training ends with the weights of before it
/// skip       the step is undone, the batch counts nowhere, the next one is trained on
/// rollback   weights, layer state and optimizer go back to where the epoch began, the learning rate is halved,
///            the next batch is trained on
/// ```
///
/// **Skip** is for data of which some is bad. All that the step changed is as before: weights, layer state (moving statistics),
/// and what the optimizer remembers, its count of iterations too. So the weights are, bit for bit, what they would be without
/// that batch, but for what is drawn at random: noise goes by a step of its own, which goes on. Loss and metrics of the epoch
/// are those of the other batches. When as many batches in a row were skipped as an epoch has, ten at most, the
/// training ends as with `Stop`: nothing has changed, and the next ones would do no better.
///
/// **Rollback** is for a training that explodes. Place in the data, epochs and noise go on; only the state goes back, to what
/// it was before the first step of this `fit` or of the epoch, and the epoch's loss and metrics are of the batches
/// since. A plain learning rate is multiplied by 0.5; what a schedule says is multiplied by 0.5 from then on, at
/// the optimizer's iterations, which go back as well. A callback that sets the rate itself (LearningRateScheduler) undoes
/// that. Callbacks are not set back. After ten times in one training the next one ends it as `Stop` does, with the weights of
/// where the epoch began.
///
/// Both look at what the optimizer remembers, too: a square of a gradient that overflows would leave a weight where it is
/// for ever. In an epoch of which nothing counted, its logs have no loss and no metrics; nor have the logs that the hooks of batches
/// get, as long as nothing has counted.
///
/// `Stop` copies weights and layer state before every step, `Skip` what the optimizer remembers as well, `Rollback` all of it once
/// an epoch; all three read gradients and weights once more, the last two the optimizer's memory, too. Nothing is allocated in a
/// step. `cargo bench -p steadygrad-engine --bench watching` measures what that costs.
///
/// What was done stands in [`History::non_finite`], and in one warning of the history. Data for validation are
/// not part of it: they change no weight.
///
/// ```
/// use steadygrad_data::{Array, Dataset};
/// use steadygrad_engine::{Compile, Handled, Fit, OnNonFinite, Trainable};
/// use steadygrad_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Adam};
/// let x = Array::new([4, 1], vec![0.0, 1.0, f32::NAN, 3.0])?;
/// let data = Dataset::new(x, Array::new([4, 1], vec![0.0, 2.0, 4.0, 6.0])?)?;
/// let mut learner = Sequential::new([1]).add(Dense::new(1)).compile(Compile::new(Adam::new(0.1), MeanSquaredError))?;
/// let history = learner.fit(&data, Fit::epochs(100).batch_size(1).on_non_finite(OnNonFinite::Skip))?;
/// assert!(history.last("loss").is_some_and(|loss| loss < 0.1));
/// assert_eq!(history.non_finite.len(), 100, "once in every epoch");
/// assert!(history.non_finite[0].done == Handled::Skipped && history.warnings[0].starts_with("100 batches were skipped"));
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnNonFinite {
    /// The training ends.
    Stop,
    /// The batch is left out.
    Skip,
    /// The training goes back to where the epoch began, and halves its learning rate.
    Rollback,
}

/// How often in a row, or in all, a training may be helped.
const MOST: usize = 10;
/// What the learning rate is multiplied by.
const SLOWER: f64 = 0.5;

impl OnNonFinite {
    const ALL: [OnNonFinite; 3] = [OnNonFinite::Stop, OnNonFinite::Skip, OnNonFinite::Rollback];

    /// Its word in files and in Python: "skip".
    pub fn name(self) -> &'static str {
        match self {
            OnNonFinite::Stop => "stop",
            OnNonFinite::Skip => "skip",
            OnNonFinite::Rollback => "rollback",
        }
    }

    /// The one of this word.
    ///
    /// ```
    /// use steadygrad_engine::OnNonFinite;
    /// assert_eq!(OnNonFinite::of("skip")?, OnNonFinite::Skip);
    /// assert!(OnNonFinite::of("skipp").unwrap_err().to_string().contains("did you mean `skip`"));
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is none.
    pub fn of(name: &str) -> Result<OnNonFinite> {
        let found = OnNonFinite::ALL.into_iter().find(|how| how.name() == name);
        found.ok_or_else(|| {
            Error::name("value of `on_non_finite`", name, &OnNonFinite::ALL.map(OnNonFinite::name))
        })
    }

    /// Whether the training goes on without the step.
    pub(crate) fn goes_on(self) -> bool {
        self != OnNonFinite::Stop
    }
}

/// What was done about a number that is not finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handled {
    /// The step was undone, and the training ended.
    Stopped,
    /// The batch was left out.
    Skipped,
    /// The training went back to where the epoch began.
    RolledBack,
}

impl Handled {
    /// Its word in JSON: "rolled_back".
    pub fn name(self) -> &'static str {
        match self {
            Handled::Stopped => "stopped",
            Handled::Skipped => "skipped",
            Handled::RolledBack => "rolled_back",
        }
    }

    fn of(name: &str) -> Result<Handled> {
        let all = [Handled::Stopped, Handled::Skipped, Handled::RolledBack];
        let found = all.into_iter().find(|done| done.name() == name);
        found.ok_or_else(|| Error::name("what was done", name, &all.map(Handled::name)))
    }
}

/// A batch in which a number was not finite, and what was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NonFinite {
    /// The epoch, from 0.
    pub epoch: usize,
    /// The batch in it, from 0.
    pub batch: usize,
    /// The step of training, from 0.
    pub step: u64,
    /// Where the first such number was.
    pub first: Sick,
    /// What was done.
    pub done: Handled,
}

impl fmt::Display for NonFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, epoch, batch) = (self.first.sign(), self.epoch + 1, self.batch + 1);
        write!(
            f,
            "{what} is not a finite number in epoch {epoch}, batch {batch}; first {}",
            self.first.where_first()
        )
    }
}

impl Training<'_> {
    /// Does what is to be done after this step.
    pub(crate) fn after_step(
        &mut self,
        (epoch, batch): (usize, usize),
        trained: Trained,
        history: &mut History,
        warned: &mut bool,
    ) {
        let Some(first) = trained.lost else {
            if !trained.loss.is_finite() && !*warned {
                *warned = true;
                let place = self.learner.non_finite();
                let place = place.map_or_else(String::new, |sick| format!("; first {}", sick.where_first()));
                let (epoch, batch) = (epoch + 1, batch + 1);
                self.warn(format!("the loss is not a finite number in epoch {epoch}, batch {batch}{place}"));
            }
            return;
        };
        let step = trained.step;
        let done = match self.learner.on_non_finite() {
            Some(OnNonFinite::Skip) if history.skipped_before(step) + 1 < MOST.min(self.steps) => {
                Handled::Skipped
            }
            Some(OnNonFinite::Rollback) if history.times(Handled::RolledBack) < MOST => Handled::RolledBack,
            _ => Handled::Stopped,
        };
        match done {
            Handled::Stopped => self.stop = true,
            Handled::Skipped => {}
            Handled::RolledBack => {
                self.learner.applier.slow_down(SLOWER);
                self.learner.reset_measures();
            }
        }
        history.non_finite.push(NonFinite { epoch, batch, step, first, done });
        if let Some(last) = history.stopped() {
            self.learner.note(last.first.clone());
            self.warn(format!("{last}{}", history.why_stopped()));
        }
    }
}

impl History {
    /// The batch that ended the training, as a number in it was not finite.
    pub fn stopped(&self) -> Option<&NonFinite> {
        self.non_finite.last().filter(|last| last.done == Handled::Stopped)
    }

    fn times(&self, done: Handled) -> usize {
        self.non_finite.iter().filter(|one| one.done == done).count()
    }

    /// How many batches right before this step were skipped.
    fn skipped_before(&self, step: u64) -> usize {
        let before = self.non_finite.iter().rev().skip_while(|one| one.step >= step);
        let back = before.zip(1..);
        back.take_while(|(one, back)| one.done == Handled::Skipped && one.step + back == step).count()
    }

    /// Why the training was ended and not helped again, as the end of a sentence; empty where it was to end at once.
    pub fn why_stopped(&self) -> String {
        let Some(last) = self.stopped() else { return String::new() };
        match (self.skipped_before(last.step), self.times(Handled::RolledBack)) {
            (0, 0) => String::new(),
            (1, 0) => "; as in the batch before it, which was skipped".into(),
            (n, 0) => format!("; as in the {n} batches before it, which were skipped"),
            (_, n) => format!("; the training had gone back {n} times, to ever smaller learning rates"),
        }
    }

    /// One sentence for all that was done and did not end the training.
    pub(crate) fn helped(&self) -> Option<String> {
        let first = self.non_finite.iter().find(|one| one.done != Handled::Stopped)?;
        let what = match (first.done, self.times(first.done)) {
            (Handled::Skipped, 1) => "1 batch was skipped".to_string(),
            (Handled::Skipped, n) => format!("{n} batches were skipped; the first"),
            (_, 1) => "the training went back to where an epoch began, at half the learning rate".into(),
            (_, n) => format!(
                "the training went back to where an epoch began {n} times, at half the learning rate each time; first"
            ),
        };
        let (epoch, batch, sign) = (first.epoch + 1, first.batch + 1, first.first.sign());
        let place = first.first.where_first();
        Some(format!("{what} in epoch {epoch}, batch {batch}, where {sign} was not a finite number: {place}"))
    }

    pub(crate) fn save_non_finite(&self, state: &mut Under<'_>) {
        let numbers = |one: &NonFinite| [one.epoch as u64, one.batch as u64, one.step, one.first.step];
        let all = self.non_finite.iter().flat_map(numbers).map(|n| n as f64);
        state.put_doubles("numbers", all.collect::<Vec<f64>>());
        for (i, one) in self.non_finite.iter().enumerate() {
            state.put_text(&format!("place_{i}"), one.first.place.clone());
            state.put_text(&format!("phase_{i}"), one.first.phase.name());
            state.put_text(&format!("done_{i}"), one.done.name());
        }
    }
}

/// What [`History::save_non_finite`] kept.
///
/// # Errors
/// If it is none.
pub(crate) fn restored(state: &State) -> Result<Vec<NonFinite>> {
    let one = |(i, numbers): (usize, &[f64])| {
        let &[epoch, batch, step, first_step] = numbers else {
            return Err(Error::format("`numbers` are not four of each"));
        };
        let text = |what: &str| state.text(&format!("{what}_{i}"));
        let first = Sick {
            step: first_step as u64,
            place: text("place")?.to_string(),
            phase: Phase::of(text("phase")?)?,
        };
        let (epoch, batch, step, done) =
            (epoch as usize, batch as usize, step as u64, Handled::of(text("done")?)?);
        Ok(NonFinite { epoch, batch, step, first, done })
    };
    state.doubles("numbers")?.chunks(4).enumerate().map(one).collect()
}
