//! The area under a curve of thresholds.

use super::curve::Curve;
use super::mean_of::ratio;
use super::metric::{Accumulator, Direction, Metric};
use super::thresholds::{Counts, Cuts, Selection, thresholds};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::{Config, FromValue, Value};
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};

/// Which rates the curve is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AucCurve {
    /// Recall over the rate of false alarms.
    Roc,
    /// Precision over recall.
    Pr,
}

/// How the area between two points is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AucSummation {
    /// As a trapezium; for [`AucCurve::Pr`] by interpolating the counts, not the precision.
    Interpolation,
    /// As the smaller rectangle.
    Minoring,
    /// As the larger rectangle.
    Majoring,
}

/// The area under the curve that a classifier draws as its threshold moves from 0 to 1.
///
/// ```text
/// ROC  x = fp/(fp + tn), y = tp/(tp + fn)      ½ for guessing, 1 for perfect
/// PR   x = tp/(tp + fn), y = tp/(tp + fp)
/// AUC = Σ (xᵢ − xᵢ₊₁)·h(yᵢ, yᵢ₊₁),  h: mean, min or max
/// ```
/// With `multi_label`, every label has a curve of its own, and areas are averaged. Between points of the PR curve counts
/// are interpolated: Davis and Goadrich, "The relationship between precision-recall and ROC curves", 2006.
///
/// ```
/// use steadygrad_nn::metrics::{Auc, Batch, Metric};
/// let mut seen = Auc.start();
/// seen.update(Batch {
///     rows: 4,
///     target_shape: &[1],
///     prediction_shape: &[1],
///     target: &[0.0, 0.0, 1.0, 1.0],
///     prediction: &[0.0, 0.5, 0.3, 0.9],
///     weights: None,
/// })?;
/// assert!((seen.result()[0] - 0.75).abs() < 1e-6);
/// # Ok::<(), steadygrad_nn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Auc {
    num_thresholds: usize,
    curve: AucCurve,
    summation_method: AucSummation,
    thresholds: Option<Vec<f64>>,
    multi_label: bool,
    num_labels: Option<usize>,
    label_weights: Option<Vec<f64>>,
    from_logits: bool,
}

/// Of the ROC curve, at 200 thresholds.
#[allow(non_upper_case_globals)]
pub const Auc: Auc = Auc {
    num_thresholds: 200,
    curve: AucCurve::Roc,
    summation_method: AucSummation::Interpolation,
    thresholds: None,
    multi_label: false,
    num_labels: None,
    label_weights: None,
    from_logits: false,
};

impl Auc {
    /// How many thresholds from 0 to 1 are taken; 2 or more.
    pub fn num_thresholds(mut self, num_thresholds: usize) -> Auc {
        self.num_thresholds = num_thresholds.max(2);
        self
    }

    /// Which rates the curve is made of.
    pub fn curve(mut self, curve: AucCurve) -> Auc {
        self.curve = curve;
        self
    }

    /// How the area between two points is taken.
    pub fn summation_method(mut self, summation_method: AucSummation) -> Auc {
        self.summation_method = summation_method;
        self
    }

    /// These thresholds, beside 0 and 1, instead of evenly spread ones.
    pub fn thresholds(mut self, thresholds: impl Into<Vec<f64>>) -> Auc {
        self.thresholds = Some(sorted(thresholds.into()));
        self
    }

    /// Every label has a curve of its own.
    pub fn multi_label(mut self) -> Auc {
        self.multi_label = true;
        self
    }

    /// The weight of every label.
    pub fn label_weights(mut self, label_weights: impl Into<Vec<f64>>) -> Auc {
        self.label_weights = Some(label_weights.into());
        self
    }

    /// The predictions are logits.
    pub fn from_logits(mut self) -> Auc {
        self.from_logits = true;
        self
    }

    /// Where predictions are cut: just below 0, between, and just above 1.
    fn cuts(&self) -> Cuts {
        let Some(given) = &self.thresholds else {
            return Cuts::Even { n: self.num_thresholds, open: true };
        };
        let mut cuts = vec![-1e-7];
        cuts.extend(given.iter().map(|&t| t as f32));
        cuts.push(1.0 + 1e-7);
        Cuts::At(cuts)
    }

    fn area(&self, counts: &[Counts]) -> f64 {
        let pairs = counts.iter().zip(counts.iter().skip(1));
        if self.curve == AucCurve::Pr && self.summation_method == AucSummation::Interpolation {
            return pairs.map(|(a, b)| between_precisions(a, b)).sum();
        }
        let point = |c: &Counts| {
            let recall = ratio(c.tp, c.tp + c.fn_);
            match self.curve {
                AucCurve::Roc => (ratio(c.fp, c.fp + c.tn), recall),
                AucCurve::Pr => (recall, ratio(c.tp, c.tp + c.fp)),
            }
        };
        pairs
            .map(|(a, b)| {
                let ((x0, y0), (x1, y1)) = (point(a), point(b));
                let height = match self.summation_method {
                    AucSummation::Interpolation => (y0 + y1) / 2.0,
                    AucSummation::Minoring => y0.min(y1),
                    AucSummation::Majoring => y0.max(y1),
                };
                (x0 - x1) * height
            })
            .sum()
    }
}

/// The area under the PR curve between two thresholds, where tp grows in proportion to tp + fp.
fn between_precisions(a: &Counts, b: &Counts) -> f64 {
    let (yes_a, yes_b) = (a.tp + a.fp, b.tp + b.fp);
    let gained = a.tp - b.tp;
    let slope = ratio(gained, (yes_a - yes_b).max(0.0));
    let intercept = b.tp - slope * yes_b;
    let growth = if yes_a > 0.0 && yes_b > 0.0 { yes_a / yes_b } else { 1.0 };
    ratio(slope * (gained + intercept * growth.ln()), b.tp + b.fn_)
}

fn sorted(mut thresholds: Vec<f64>) -> Vec<f64> {
    thresholds.sort_by(f64::total_cmp);
    thresholds
}

impl Metric for Auc {
    fn class(&self) -> &'static str {
        "AUC"
    }

    fn name(&self) -> String {
        "auc".into()
    }

    fn config(&self) -> Config {
        let config = Config::new()
            .with("num_thresholds", self.num_thresholds)
            .with("curve", if self.curve == AucCurve::Roc { "ROC" } else { "PR" })
            .with(
                "summation_method",
                match self.summation_method {
                    AucSummation::Interpolation => "interpolation",
                    AucSummation::Minoring => "minoring",
                    AucSummation::Majoring => "majoring",
                },
            )
            .with("multi_label", self.multi_label)
            .with("num_labels", self.num_labels)
            .with("label_weights", self.label_weights.clone())
            .with("from_logits", self.from_logits);
        match &self.thresholds {
            Some(thresholds) => config.with("thresholds", thresholds.clone()),
            None => config,
        }
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn start(&self) -> Box<dyn Accumulator> {
        let selection = Selection {
            per_label: self.multi_label,
            label_weights: self.label_weights.clone().filter(|_| !self.multi_label),
            from_logits: self.from_logits,
            ..Selection::default()
        };
        let weights = self.label_weights.clone().filter(|_| self.multi_label);
        let metric = self.clone();
        Curve::of_labels(self.cuts(), selection, weights, move |counts| vec![metric.area(counts)])
    }
}

impl FromValue for AucCurve {
    fn from_value(value: &Value) -> Result<AucCurve> {
        match String::from_value(value)?.as_str() {
            "ROC" | "roc" => Ok(AucCurve::Roc),
            "PR" | "pr" => Ok(AucCurve::Pr),
            other => Err(Error::name("curve", other, &["ROC", "PR"])),
        }
    }
}

impl FromValue for AucSummation {
    fn from_value(value: &Value) -> Result<AucSummation> {
        match String::from_value(value)?.to_lowercase().as_str() {
            "interpolation" => Ok(AucSummation::Interpolation),
            "minoring" => Ok(AucSummation::Minoring),
            "majoring" => Ok(AucSummation::Majoring),
            other => Err(Error::name("summation", other, &["interpolation", "minoring", "majoring"])),
        }
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    let num_thresholds = args.or("num_thresholds", 200)?;
    if num_thresholds < 2 {
        return args.reject("num_thresholds", "2 or more", num_thresholds);
    }
    Ok(Arc::new(Auc {
        num_thresholds,
        curve: args.or("curve", AucCurve::Roc)?,
        summation_method: args.or("summation_method", AucSummation::Interpolation)?,
        thresholds: thresholds(args)?.map(sorted),
        multi_label: args.or("multi_label", false)?,
        num_labels: args.or("num_labels", None)?,
        label_weights: args.or("label_weights", None)?,
        from_logits: args.or("from_logits", false)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Metric> = Entry { class: "AUC", names: &["auc"], build };
