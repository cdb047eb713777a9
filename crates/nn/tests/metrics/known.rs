//! Results that can be counted by hand.

use super::{after, build};
use steadygrad_nn::metrics::{
    Auc, Average, Batch, BinaryIoU, F1Score, IoU, MeanIoU, Metric, OneHotIoU, Precision, R2Score,
    SparseTopKCategoricalAccuracy,
};

fn ids<'a>(target: &'a [f32], prediction: &'a [f32], weights: Option<&'a [f32]>) -> Batch<'a> {
    Batch { rows: target.len(), target_shape: &[], prediction_shape: &[], target, prediction, weights }
}

#[test]
fn overlap_counts_fractions_of_weights() {
    let batch = ids(&[0.0, 0.0, 1.0, 1.0], &[0.0, 1.0, 0.0, 1.0], None);
    let close = |got: Vec<f64>, want: f64| assert!((got[0] - want).abs() < 1e-6, "{got:?}, not {want}");
    close(after(&IoU::new(2, [0]), &[batch]), 1.0 / 3.0);
    close(after(&MeanIoU::new(2), &[batch]), 1.0 / 3.0);
    // A class that nobody names does not count.
    close(after(&MeanIoU::new(5), &[batch]), 1.0 / 3.0);
    let weights = [0.3, 0.3, 0.3, 0.1];
    let batch = Batch { weights: Some(&weights), ..batch };
    close(after(&MeanIoU::new(2), &[batch]), (0.3 / 0.9 + 0.1 / 0.7) / 2.0);
    let batch = ids(&[0.0, 1.0, 0.0, 1.0], &[0.1, 0.2, 0.4, 0.7], Some(&[0.2, 0.3, 0.4, 0.1]));
    close(after(&BinaryIoU::new([0, 1]).threshold(0.3), &[batch]), (0.2 / 0.9 + 0.1 / 0.8) / 2.0);
    let one_hot = Batch {
        rows: 2,
        target_shape: &[3],
        prediction_shape: &[3],
        target: &[0.0, 1.0, 0.0, 1.0, 0.0, 0.0],
        prediction: &[0.1, 0.8, 0.1, 0.3, 0.4, 0.3],
        weights: None,
    };
    close(after(&OneHotIoU::new(3, [0, 1]), &[one_hot]), 0.25);
}

#[test]
fn classes_out_of_range_are_named() {
    let batch = ids(&[0.0, 255.0], &[0.0, 1.0], None);
    let error = MeanIoU::new(2).start().update(batch).unwrap_err().to_string();
    assert!(error.contains("255") && error.contains("ignore_class"), "{error}");
    assert!(MeanIoU::new(2).ignore_class(255).start().update(batch).is_ok());
}

/// The area is the part of pairs that are ranked rightly.
#[test]
fn the_area_is_that_of_ranked_pairs() {
    let target = [0.0, 0.0, 1.0, 1.0, 0.0, 1.0];
    let prediction = [0.05, 0.35, 0.15, 0.85, 0.65, 0.95];
    let ranked = |i: usize, j: usize| target[i] > target[j] && prediction[i] > prediction[j];
    let pairs = (0..6).flat_map(|i| (0..6).map(move |j| (i, j)));
    let right = pairs.filter(|&(i, j)| ranked(i, j)).count() as f64;
    let area = after(&Auc, &[ids(&target, &prediction, None)])[0];
    assert!((area - right / 9.0).abs() < 1e-9, "{area}");
    // The same thresholds, given.
    let given: Vec<f64> = (1..199).map(|i| f64::from(i) / 199.0).collect();
    assert!((after(&Auc.thresholds(given), &[ids(&target, &prediction, None)])[0] - area).abs() < 1e-9);
    // Logits of the same probabilities.
    let logits = prediction.map(|p: f32| (p / (1.0 - p)).ln());
    let from_logits = after(&Auc.from_logits(), &[ids(&target, &logits, None)])[0];
    assert!((from_logits - area).abs() < 1e-9);
}

#[test]
fn a_perfect_and_a_reversed_ranking() {
    for config in ["{}", r#"{"curve": "PR"}"#, r#"{"summation_method": "majoring"}"#] {
        let auc = build("AUC", config);
        let perfect = after(&*auc, &[ids(&[0.0, 1.0], &[0.0, 1.0], None)])[0];
        assert!((perfect - 1.0).abs() < 1e-9, "{config}: {perfect}");
    }
    assert_eq!(after(&Auc, &[ids(&[0.0, 1.0], &[1.0, 0.0], None)]), [0.0]);
}

#[test]
fn scores_of_classes() {
    let batch = Batch {
        rows: 3,
        target_shape: &[3],
        prediction_shape: &[3],
        target: &[1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0],
        prediction: &[0.2, 0.6, 0.7, 0.2, 0.6, 0.6, 0.6, 0.8, 0.0],
        weights: None,
    };
    let per_class = after(&F1Score.threshold(0.5), &[batch]);
    for (got, want) in per_class.iter().zip([0.5, 0.8, 2.0 / 3.0]) {
        assert!((got - want).abs() < 1e-6, "{per_class:?}");
    }
    assert_eq!(after(&F1Score.average(Average::Macro).threshold(0.5), &[batch]).len(), 1);
    // The two largest of every row say yes: 5 of those 6 are right.
    assert_eq!(after(&Precision.top_k(2), &[batch]), [4.0 / 6.0]);
}

#[test]
fn sorted_ids_count_as_hits() {
    let metric = SparseTopKCategoricalAccuracy.k(2).from_sorted_ids();
    let batch = Batch {
        rows: 2,
        target_shape: &[],
        prediction_shape: &[3],
        target: &[4.0, 4.0],
        prediction: &[7.0, 4.0, 1.0, 7.0, 1.0, 4.0],
        weights: None,
    };
    assert_eq!(after(&metric, &[batch]), [0.5]);
}

#[test]
fn the_score_of_targets_far_from_0_keeps_its_digits() {
    let target = [1e6, 1e6 + 1.0, 1e6 + 2.0];
    let prediction = [1e6, 1e6 + 1.0, 1e6 + 3.0];
    let batch = Batch { target_shape: &[1], prediction_shape: &[1], ..ids(&target, &prediction, None) };
    assert_eq!(after(&R2Score, &[batch]), [0.5]);
}
