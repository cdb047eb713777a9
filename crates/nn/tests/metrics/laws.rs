//! Batches, weights and resets.

use super::{CASES, Kind, after, build};
use steadygrad_kernels::random::{Purpose, Stream};
use steadygrad_nn::metrics::{Batch, Metric};

const CLASSES: usize = 3;

/// Targets and predictions of many samples, three numbers each.
struct Drawn {
    target: Vec<f32>,
    prediction: Vec<f32>,
    weights: Vec<f32>,
    target_shape: &'static [usize],
    prediction_shape: &'static [usize],
}

fn draw(kind: Kind, rows: usize) -> Drawn {
    let stream = Stream::new(3, Purpose::Other, &format!("{kind:?}"));
    let label = |i: usize| stream.below(0, i as u64, CLASSES);
    let each = |f: &dyn Fn(usize, usize) -> f64| -> Vec<f32> {
        (0..rows * CLASSES).map(|i| f(i / CLASSES, i) as f32).collect()
    };
    let uniform = |step: u64, i: usize| stream.uniform(step, i as u64);
    let normal = |step: u64, i: usize| stream.normal(step, i as u64);
    let target = match kind {
        Kind::Numbers => each(&|_, i| normal(1, i)),
        Kind::Signs => each(&|_, i| if uniform(1, i) < 0.5 { -1.0 } else { 1.0 }),
        Kind::OneHot => each(&|row, i| f64::from(u8::from(label(row) == i % CLASSES))),
        Kind::Labels | Kind::Ids => (0..rows).map(|i| label(i) as f32).collect(),
    };
    let prediction = match kind {
        Kind::Numbers | Kind::Signs => each(&|_, i| normal(2, i)),
        Kind::OneHot | Kind::Labels => each(&|_, i| uniform(2, i)),
        Kind::Ids => (0..rows).map(|i| stream.below(5, i as u64, CLASSES) as f32).collect(),
    };
    Drawn {
        target,
        prediction,
        weights: (0..rows).map(|i| stream.below(6, i as u64, 3) as f32).collect(),
        target_shape: if matches!(kind, Kind::Labels | Kind::Ids) { &[] } else { &[CLASSES] },
        prediction_shape: if kind == Kind::Ids { &[] } else { &[CLASSES] },
    }
}

impl Drawn {
    fn batch(&self, from: usize, to: usize, weights: bool) -> Batch<'_> {
        let size = |shape: &[usize]| shape.iter().product::<usize>();
        let (t, p) = (size(self.target_shape), size(self.prediction_shape));
        Batch {
            rows: to - from,
            target_shape: self.target_shape,
            prediction_shape: self.prediction_shape,
            target: &self.target[from * t..to * t],
            prediction: &self.prediction[from * p..to * p],
            weights: weights.then(|| &self.weights[from..to]),
        }
    }
}

fn agree(what: &str, a: &[f64], b: &[f64]) {
    let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-9 + 1e-9 * b.abs() || (a.is_nan() && b.is_nan());
    assert!(a.len() == b.len() && a.iter().zip(b).all(close), "{what}: {a:?} and {b:?}");
}

#[test]
fn batches_add_up_and_a_reset_forgets_them() {
    for (class, config, kind) in CASES {
        let (metric, drawn) = (build(class, config), draw(*kind, 24));
        for weights in [false, true] {
            let whole = after(&*metric, &[drawn.batch(0, 24, weights)]);
            assert!(whole.iter().all(|x| x.is_finite()), "{class} {config}: {whole:?}");
            let pieces =
                [drawn.batch(0, 7, weights), drawn.batch(7, 8, weights), drawn.batch(8, 24, weights)];
            agree(class, &after(&*metric, &pieces), &whole);
            let mut seen = metric.start();
            seen.update(drawn.batch(3, 9, weights)).unwrap();
            seen.reset();
            seen.update(drawn.batch(0, 24, weights)).unwrap();
            agree(class, &seen.result(), &whole);
        }
    }
}

/// A sample of weight 2 counts as two, one of weight 0 as none.
#[test]
fn weights_repeat_samples() {
    for (class, config, kind) in CASES {
        // An adjusted score knows how many samples there are.
        if config.contains("num_regressors") {
            continue;
        }
        let (metric, drawn) = (build(class, config), draw(*kind, 24));
        let weighted = after(&*metric, &[drawn.batch(0, 24, true)]);
        let mut repeated = Vec::new();
        for (i, &weight) in drawn.weights.iter().enumerate() {
            repeated.extend(std::iter::repeat_n(drawn.batch(i, i + 1, false), weight as usize));
        }
        agree(class, &after(&*metric, &repeated), &weighted);
    }
}

#[test]
fn nothing_seen_is_no_panic() {
    for (class, config, kind) in CASES {
        let (metric, drawn) = (build(class, config), draw(*kind, 4));
        metric.start().result();
        after(&*metric, &[drawn.batch(0, 0, false)]);
        // Wrong shapes are errors.
        let batch = drawn.batch(0, 4, false);
        let mut seen = metric.start();
        let short = Batch { prediction: &batch.prediction[1..], ..batch };
        assert!(seen.update(short).is_err(), "{class}");
        let light = Batch { weights: Some(&[1.0]), ..batch };
        assert!(seen.update(light).is_err(), "{class}");
        let odd = Batch { target_shape: &[2], target: &[0.0; 8], ..batch };
        if !["Mean", "Sum"].contains(class) {
            assert!(seen.update(odd).is_err(), "{class} {config}");
        }
    }
}

#[test]
fn values_at_positions_count_within_their_sample() {
    // Two samples of two positions with three classes; the first position of each is right.
    let prediction = [0.9, 0.05, 0.05, 0.1, 0.8, 0.1, 0.2, 0.2, 0.6, 0.5, 0.3, 0.2];
    let batch = Batch {
        rows: 2,
        target_shape: &[2],
        prediction_shape: &[2, 3],
        target: &[0.0, 2.0, 2.0, 1.0],
        prediction: &prediction,
        weights: Some(&[1.0, 3.0]),
    };
    assert_eq!(after(&*build("SparseCategoricalAccuracy", "{}"), &[batch]), [0.5]);
    // The second position of the second sample is ignored: 1·½ + 3·½ of 1·1 + 3·½ are right, and so is the loss.
    let ignoring = build("SparseCategoricalCrossentropy", r#"{"ignore_class": 1}"#);
    let want = (0.5 * (-(0.9_f64.ln()) - 0.1_f64.ln()) + 3.0 * 0.5 * -(0.6_f64.ln())) / (1.0 + 3.0 * 0.5);
    assert!((after(&*ignoring, &[batch])[0] - want).abs() < 1e-6);
}

#[test]
fn similarities_of_columns_cannot_be_weighted() {
    for class in ["CosineSimilarity", "PearsonCorrelation", "ConcordanceCorrelation"] {
        let metric = build(class, r#"{"axis": 0}"#);
        let drawn = draw(Kind::Numbers, 5);
        let whole = after(&*metric, &[drawn.batch(0, 5, false)]);
        assert!(whole[0].abs() <= 1.0, "{class}");
        assert!(metric.start().update(drawn.batch(0, 5, true)).is_err(), "{class}");
        assert!(build(class, r#"{"axis": 7}"#).start().update(drawn.batch(0, 5, false)).is_err());
    }
    let metric: &dyn Metric = &*build("PearsonCorrelation", "{}");
    let constant = Batch {
        rows: 1,
        target_shape: &[2],
        prediction_shape: &[2],
        target: &[1.0, 1.0],
        prediction: &[0.0, 1.0],
        weights: None,
    };
    assert_eq!(after(metric, &[constant]), [0.0]);
}

#[test]
fn what_was_seen_is_gone_on_with_bit_for_bit() {
    let bits = |results: Vec<f64>| results.into_iter().map(f64::to_bits).collect::<Vec<u64>>();
    for (class, config, kind) in CASES {
        let (metric, drawn) = (build(class, config), draw(*kind, 24));
        let what = format!("{class} {config}");
        let mut straight = metric.start();
        straight.update(drawn.batch(0, 10, true)).unwrap();
        let state = straight.state().unwrap_or_else(|| panic!("{what} tells no state"));
        let mut resumed = metric.start();
        assert!(resumed.restore(&state), "{what}");
        assert_eq!(bits(resumed.result()), bits(straight.result()), "{what}");
        for seen in [&mut straight, &mut resumed] {
            seen.update(drawn.batch(10, 24, true)).unwrap();
        }
        assert_eq!(bits(resumed.result()), bits(straight.result()), "{what}");
        // What is not its own is refused, and changes nothing.
        let odd = [&state[..], &[1.0]].concat();
        assert!(state.len() % 2 == 1 || !resumed.restore(&odd), "{what}");
        // Nothing seen yet is a state, too.
        let mut anew = metric.start();
        assert!(anew.restore(&metric.start().state().unwrap()), "{what}");
        anew.update(drawn.batch(0, 10, true)).unwrap();
        assert_eq!(bits(anew.result()), bits(metric_after(&*metric, &drawn)), "{what}");
    }
}

fn metric_after(metric: &dyn Metric, drawn: &Drawn) -> Vec<f64> {
    after(metric, &[drawn.batch(0, 10, true)])
}
