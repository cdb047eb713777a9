//! Counting hits and misses at thresholds: what precision, recall and the areas under curves have in common.

use super::mean_of::ratio;
use super::metric::Batch;
use super::ranks::chosen;
use crate::args::Args;
use crate::config::Value;
use steadygrad_kernels::{Error, Result};

/// Weighted counts of samples at one threshold: a prediction above it says yes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Counts {
    /// Yes, and true.
    pub tp: f64,
    /// Yes, but false.
    pub fp: f64,
    /// No, and true that it is not.
    pub tn: f64,
    /// No, but it is.
    pub fn_: f64,
}

impl Counts {
    /// How many of the yes are true; 0 where there are none.
    pub fn precision(&self) -> f64 {
        ratio(self.tp, self.tp + self.fp)
    }

    /// How many of the true ones are found, also called sensitivity; 0 where there are none.
    pub fn recall(&self) -> f64 {
        ratio(self.tp, self.tp + self.fn_)
    }

    /// How many of the others are left out; 0 where there are none.
    pub fn specificity(&self) -> f64 {
        ratio(self.tn, self.tn + self.fp)
    }
}

/// Where predictions are cut.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cuts {
    /// At these numbers.
    At(Vec<f32>),
    /// At 0, 1/(n−1), …, 1; the first lies just below 0 and the last just above 1 if `open`. Counted in one pass.
    Even { n: usize, open: bool },
}

/// Which predictions are counted, and how.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Selection {
    /// Only the k largest of a row can say yes.
    pub top_k: Option<usize>,
    /// Only this class counts.
    pub class_id: Option<usize>,
    /// Every label has counts of its own.
    pub per_label: bool,
    /// The weight of every label.
    pub label_weights: Option<Vec<f64>>,
    /// Predictions are logits.
    pub from_logits: bool,
}

/// The counter.
#[derive(Debug, Clone)]
pub(super) struct Counter {
    cuts: Cuts,
    selection: Selection,
    labels: usize,
    /// (true, false) weights above threshold, or in the bucket above it, per label and threshold.
    above: Vec<(f64, f64)>,
    /// (true, false) weights in all, per label.
    all: Vec<(f64, f64)>,
}

impl Counter {
    /// Nothing counted yet.
    pub fn new(cuts: Cuts, selection: Selection) -> Counter {
        Counter { cuts, selection, labels: 0, above: Vec::new(), all: Vec::new() }
    }

    /// How many thresholds there are.
    pub fn len(&self) -> usize {
        match &self.cuts {
            Cuts::At(cuts) => cuts.len(),
            Cuts::Even { n, .. } => *n,
        }
    }

    /// How many labels have counts of their own: 1, unless counted per label. 0 before the first batch.
    pub fn labels(&self) -> usize {
        self.labels
    }

    /// Forgets all.
    pub fn reset(&mut self) {
        self.above.fill((0.0, 0.0));
        self.all.fill((0.0, 0.0));
    }

    /// All counts: those above thresholds, then those in all.
    pub fn state(&self) -> Vec<f64> {
        self.above.iter().chain(&self.all).flat_map(|&(yes, no)| [yes, no]).collect()
    }

    /// Goes on from such counts. Whether they are as many as some number of labels has.
    pub fn restore(&mut self, state: &[f64]) -> bool {
        let (counts, rest) = state.as_chunks::<2>();
        let labels = counts.len() / (self.len() + 1);
        if !rest.is_empty() || counts.len() != labels * (self.len() + 1) {
            return false;
        }
        let counts: Vec<(f64, f64)> = counts.iter().map(|&[yes, no]| (yes, no)).collect();
        let (above, all) = counts.split_at(labels * self.len());
        (self.labels, self.above, self.all) = (labels, above.to_vec(), all.to_vec());
        true
    }

    /// Counts a batch.
    pub fn update(&mut self, batch: Batch<'_>) -> Result<()> {
        let batch = batch.paired()?;
        let classes = batch.classes();
        let labels = if self.selection.per_label { classes } else { 1 };
        if self.labels == 0 {
            self.labels = labels;
            self.above = vec![(0.0, 0.0); labels * self.len()];
            self.all = vec![(0.0, 0.0); labels];
        }
        let weights = self.selection.label_weights.as_ref().map_or(classes, Vec::len);
        if self.labels != labels
            || weights != classes
            || self.selection.class_id.is_some_and(|c| c >= classes)
        {
            return Err(Error::shape(format!(
                "it was made for {}, and these predictions have {classes}",
                match (self.selection.class_id, weights != classes) {
                    (_, true) => format!("{weights} labels"),
                    (Some(class), _) => format!("class {class}"),
                    _ => format!("{} labels", self.labels),
                }
            )));
        }
        let per_sample = batch.prediction.len() / batch.rows.max(1);
        for (r, row) in batch.prediction.chunks_exact(classes.max(1)).enumerate() {
            let weight = batch.weight(r * classes / per_sample.max(1));
            let range = match self.selection.class_id {
                Some(class) => class..class + 1,
                None => 0..classes,
            };
            for class in range {
                let label_weight = self.selection.label_weights.as_ref().map_or(1.0, |w| w[class]);
                let label = if self.selection.per_label { class } else { 0 };
                let truth = batch.target[r * classes + class] != 0.0;
                self.count(label, row, class, truth, weight * label_weight);
            }
        }
        Ok(())
    }

    fn count(&mut self, label: usize, row: &[f32], class: usize, truth: bool, weight: f64) {
        let add = |to: &mut (f64, f64)| if truth { to.0 += weight } else { to.1 += weight };
        add(&mut self.all[label]);
        if self.selection.top_k.is_some_and(|k| !chosen(row, class, k)) {
            return;
        }
        let p = match self.selection.from_logits {
            true => 1.0 / (1.0 + (-row[class]).exp()),
            false => row[class],
        };
        let above = &mut self.above[label * self.cuts.len()..(label + 1) * self.cuts.len()];
        match &self.cuts {
            Cuts::At(cuts) => {
                for (above, &cut) in above.iter_mut().zip(cuts) {
                    if p > cut {
                        add(above);
                    }
                }
            }
            Cuts::Even { n, open } => {
                // Above threshold i, and at most at threshold i + 1.
                let bucket = (p.clamp(0.0, 1.0) * (*n as f32 - 1.0)).ceil() - 1.0;
                if bucket >= 0.0 || *open {
                    add(&mut above[bucket.max(0.0) as usize]);
                }
            }
        }
    }

    /// The counts of a label at every threshold.
    pub fn counts(&self, label: usize) -> Vec<Counts> {
        let n = self.len();
        let Some(&(trues, falses)) = self.all.get(label) else { return vec![Counts::default(); n] };
        let mut above = self.above[label * n..(label + 1) * n].to_vec();
        if let Cuts::Even { .. } = self.cuts {
            for i in (1..n).rev() {
                above[i - 1].0 += above[i].0;
                above[i - 1].1 += above[i].1;
            }
        }
        above.into_iter().map(|(tp, fp)| Counts { tp, fp, tn: falses - fp, fn_: trues - tp }).collect()
    }
}

impl Cuts {
    fn len(&self) -> usize {
        match self {
            Cuts::At(cuts) => cuts.len(),
            Cuts::Even { n, .. } => *n,
        }
    }

    /// The evenly spread thresholds of a curve with `n` points between, and at, 0 and 1; ½ alone for one.
    pub fn even(n: usize) -> Cuts {
        if n == 1 { Cuts::At(vec![0.5]) } else { Cuts::Even { n, open: false } }
    }
}

/// Reads `thresholds`: null, a number or a list, from 0 to 1.
pub(super) fn thresholds(args: &mut Args<'_>) -> Result<Option<Vec<f64>>> {
    let thresholds: Option<Vec<f64>> = args.or("thresholds", None)?;
    if let Some(bad) = thresholds.iter().flatten().find(|t| !(0.0..=1.0).contains(*t)) {
        return args.reject("thresholds", "from 0 to 1", bad);
    }
    if thresholds.as_ref().is_some_and(Vec::is_empty) {
        return args.reject("thresholds", "one number or more", "none");
    }
    Ok(thresholds)
}

/// The setting again: null, a number or a list.
pub(super) fn thresholds_value(thresholds: &Option<Vec<f64>>) -> Value {
    match thresholds.as_deref() {
        None => Value::Null,
        Some([one]) => (*one).into(),
        Some(many) => many.into(),
    }
}

/// The thresholds that were given, or this one.
pub(super) fn cuts(thresholds: &Option<Vec<f64>>, otherwise: f32) -> Cuts {
    Cuts::At(thresholds.as_ref().map_or_else(|| vec![otherwise], |t| t.iter().map(|&t| t as f32).collect()))
}
