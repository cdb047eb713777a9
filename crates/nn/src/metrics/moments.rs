//! Means, variances and covariance of a lane.

/// Of targets and predictions; variances are those of the whole lane (divided by n).
#[derive(Debug, Clone, Copy)]
pub(super) struct Moments {
    pub target_mean: f64,
    pub prediction_mean: f64,
    pub target_variance: f64,
    pub prediction_variance: f64,
    pub covariance: f64,
}

impl Moments {
    /// In two passes: means first.
    pub fn of(target: &[f64], prediction: &[f64]) -> Moments {
        let n = target.len() as f64;
        let mean = |x: &[f64]| x.iter().sum::<f64>() / n;
        let (target_mean, prediction_mean) = (mean(target), mean(prediction));
        let (mut tt, mut pp, mut tp) = (0.0, 0.0, 0.0);
        for (t, p) in target.iter().zip(prediction) {
            let (t, p) = (t - target_mean, p - prediction_mean);
            tt += t * t;
            pp += p * p;
            tp += t * p;
        }
        Moments {
            target_mean,
            prediction_mean,
            target_variance: tt / n,
            prediction_variance: pp / n,
            covariance: tp / n,
        }
    }
}
