//! The confusion matrix that intersection over union is made from.

use super::metric::{Accumulator, Batch};
use super::ranks::argmax;
use crate::args::Args;
use crate::shape::Layout;
use steadygrad_kernels::{Error, Result};

/// How numbers become classes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Ids {
    /// They are numbers of classes.
    Given,
    /// The class of the largest along this axis.
    Largest(i64),
    /// 1 from this number on, else 0.
    FromThreshold(f32),
}

/// How a batch is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct View {
    pub target: Ids,
    pub prediction: Ids,
    pub ignore: Option<i64>,
}

impl View {
    /// Numbers of classes where it says sparse, else one number per class along the axis.
    pub fn of(sparse_target: bool, sparse_prediction: bool, axis: i64, ignore: Option<i64>) -> View {
        let ids = |sparse: bool| if sparse { Ids::Given } else { Ids::Largest(axis) };
        View { target: ids(sparse_target), prediction: ids(sparse_prediction), ignore }
    }
}

/// The accumulator.
#[derive(Debug)]
pub(super) struct Overlap {
    classes: usize,
    wanted: Vec<usize>,
    view: View,
    /// Weights by \[target, prediction\].
    matrix: Vec<f64>,
    targets: Vec<i64>,
    predictions: Vec<i64>,
    lane: Vec<f32>,
}

impl Overlap {
    /// Of so many classes, the mean over the wanted ones.
    pub fn start(classes: usize, wanted: Vec<usize>, view: View) -> Box<Overlap> {
        Box::new(Overlap {
            classes,
            wanted,
            view,
            matrix: vec![0.0; classes * classes],
            targets: Vec::new(),
            predictions: Vec::new(),
            lane: Vec::new(),
        })
    }
}

fn classes_of(
    ids: Ids,
    shape: &[usize],
    rows: usize,
    numbers: &[f32],
    lane: &mut Vec<f32>,
    out: &mut Vec<i64>,
) -> Result<()> {
    out.clear();
    match ids {
        Ids::Given => out.extend(numbers.iter().map(|&x| x as i64)),
        Ids::FromThreshold(threshold) => out.extend(numbers.iter().map(|&x| i64::from(x >= threshold))),
        Ids::Largest(axis) => {
            let layout = Layout::along(&shape.into(), axis)
                .ok_or_else(|| Error::argument(format!("`axis` is {axis}, and there is no such axis")))?;
            let (outer, n, inner) = layout.at(rows);
            for at in 0..outer * inner {
                let first = at / inner * n * inner + at % inner;
                lane.clear();
                lane.extend((0..n).map(|k| numbers[first + k * inner]));
                out.push(argmax(lane) as i64);
            }
        }
    }
    Ok(())
}

impl Accumulator for Overlap {
    fn update(&mut self, batch: Batch<'_>) -> Result<()> {
        let View { target, prediction, ignore } = self.view;
        match (target, prediction) {
            (Ids::Largest(_), Ids::Largest(_)) => batch.paired().map(|_| ())?,
            _ => batch.check()?,
        }
        let lane = &mut self.lane;
        classes_of(target, batch.target_shape, batch.rows, batch.target, lane, &mut self.targets)?;
        classes_of(
            prediction,
            batch.prediction_shape,
            batch.rows,
            batch.prediction,
            lane,
            &mut self.predictions,
        )?;
        if self.targets.len() != self.predictions.len() {
            return Err(Error::shape(format!(
                "there are {} targets for {} predictions",
                self.targets.len(),
                self.predictions.len()
            ))
            .help("say with sparse_y_true and sparse_y_pred which of them are numbers of classes"));
        }
        let per_row = (self.targets.len() / batch.rows.max(1)).max(1);
        for (i, (&t, &p)) in self.targets.iter().zip(&self.predictions).enumerate() {
            if ignore == Some(t) {
                continue;
            }
            let place = |class: i64| usize::try_from(class).ok().filter(|&class| class < self.classes);
            let (Some(t), Some(p)) = (place(t), place(p)) else {
                return Err(Error::data(format!(
                    "the target {t} or the prediction {p} is none of the classes 0 to {}",
                    self.classes.saturating_sub(1)
                ))
                .help("raise num_classes, or name the class to ignore with ignore_class"));
            };
            self.matrix[t * self.classes + p] += batch.weight(i / per_row);
        }
        Ok(())
    }

    fn result(&self) -> Vec<f64> {
        let n = self.classes;
        let (mut sum, mut valid) = (0.0, 0.0);
        for &c in &self.wanted {
            let both = self.matrix[c * n + c];
            let row: f64 = (0..n).map(|j| self.matrix[c * n + j]).sum();
            let column: f64 = (0..n).map(|i| self.matrix[i * n + c]).sum();
            let either = row + column - both;
            if either > 1e-9 {
                valid += 1.0;
                sum += both / (either + super::curve::EPSILON);
            }
        }
        vec![super::mean_of::ratio(sum, valid)]
    }

    fn reset(&mut self) {
        self.matrix.fill(0.0);
    }

    fn state(&self) -> Option<Vec<f64>> {
        Some(self.matrix.clone())
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        let fits = state.len() == self.matrix.len();
        if fits {
            self.matrix.copy_from_slice(state);
        }
        fits
    }
}

/// Reads `target_class_ids`, which must be among so many classes.
pub(super) fn class_ids(args: &mut Args<'_>, classes: usize) -> Result<Vec<usize>> {
    let ids: Vec<usize> = args.need("target_class_ids")?;
    within(args, ids, classes)
}

/// The same with a default.
pub(super) fn class_ids_or(args: &mut Args<'_>, classes: usize, default: Vec<usize>) -> Result<Vec<usize>> {
    let ids = args.or("target_class_ids", default)?;
    within(args, ids, classes)
}

fn within(args: &Args<'_>, ids: Vec<usize>, classes: usize) -> Result<Vec<usize>> {
    match ids.iter().find(|&&id| id >= classes) {
        Some(id) => args.reject("target_class_ids", &format!("below {classes}, the number of classes"), id),
        None => Ok(ids),
    }
}
