//! The case: all that a check may look at, as plain data.

use crate::edit::Edit;
use crate::flow::Flow;
use crate::forecast::Forecast;
use steadygrad_chart::Chart;

/// Numbers of a set of values: inputs or targets.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Spread {
    /// All values are finite.
    pub finite: bool,
    /// The smallest.
    pub least: f64,
    /// The largest.
    pub most: f64,
    /// Their mean.
    pub mean: f64,
    /// The root of their mean square.
    pub rms: f64,
    /// The standard deviation of the feature that varies most, over the samples.
    pub widest: f64,
    /// The same of the feature that varies least among those that vary.
    pub narrowest: f64,
    /// The features that are the same for all samples.
    pub constant: usize,
    /// The features.
    pub features: usize,
    /// All values are whole numbers.
    pub whole: bool,
    /// The different values, up to 1,000.
    pub distinct: usize,
    /// The largest share of a value, among the first 1,000 different ones; of rows of several features that of a feature.
    pub common: f64,
    /// −Σ p·ln p of these shares: the cross-entropy of the best answer that is the same for all samples.
    pub entropy: f64,
}

impl Spread {
    /// Of these samples, row by row.
    ///
    /// ```
    /// use steadygrad_doctor::Spread;
    /// let s = Spread::of(&[0.0, 5.0, 255.0, 5.0], 2);
    /// assert_eq!((s.least, s.most, s.constant, s.distinct, s.whole), (0.0, 255.0, 1, 3, true));
    /// // Two features, a row each: 0 and 5, 255 and 5.
    /// let s = Spread::of(&[0.0, 1.0, 1.0, 1.0], 4);
    /// assert_eq!((s.common, (s.entropy * 100.0).round()), (0.75, 56.0));
    /// ```
    pub fn of(values: &[f32], rows: usize) -> Spread {
        let features = values.len() / rows.max(1);
        let n = values.len().max(1) as f64;
        let (mut sums, mut squares) = (vec![0.0; features], vec![0.0; features]);
        for row in values.chunks_exact(features.max(1)) {
            for ((s, q), &x) in sums.iter_mut().zip(&mut squares).zip(row) {
                *s += f64::from(x);
                *q += f64::from(x) * f64::from(x);
            }
        }
        let rows = rows.max(1) as f64;
        let deviation = |(s, q): (&f64, &f64)| (q / rows - (s / rows).powi(2)).max(0.0).sqrt();
        // What rounding leaves of a constant is no variation.
        let vary: Vec<f64> = sums
            .iter()
            .zip(&squares)
            .map(|(s, q)| if deviation((s, q)) > 1e-6 * (q / rows).sqrt() { deviation((s, q)) } else { 0.0 })
            .collect();
        // Each different value, and how often it is there.
        let mut distinct: Vec<(u32, usize)> = Vec::new();
        for x in values {
            let bits = x.to_bits();
            match distinct.binary_search_by_key(&bits, |(known, _)| *known) {
                Ok(at) => distinct[at].1 += 1,
                Err(at) if distinct.len() < 1000 => distinct.insert(at, (bits, 1)),
                Err(_) => {}
            }
        }
        let shares: Vec<f64> = match features {
            0 | 1 => distinct.iter().map(|(_, often)| *often as f64 / n).collect(),
            _ => sums.iter().map(|s| s / rows).collect(),
        };
        let fold = |start: f64, f: fn(f64, f64) -> f64| values.iter().fold(start, |a, &x| f(a, f64::from(x)));
        Spread {
            finite: values.iter().all(|x| x.is_finite()),
            least: fold(f64::INFINITY, f64::min),
            most: fold(f64::NEG_INFINITY, f64::max),
            mean: sums.iter().sum::<f64>() / n,
            rms: (squares.iter().sum::<f64>() / n).sqrt(),
            widest: vary.iter().copied().fold(0.0, f64::max),
            narrowest: vary.iter().copied().filter(|v| *v > 0.0).fold(f64::INFINITY, f64::min),
            constant: vary.iter().filter(|v| **v == 0.0).count(),
            features,
            whole: values.iter().all(|x| x.fract() == 0.0),
            distinct: distinct.len(),
            common: shares.iter().copied().fold(0.0, f64::max),
            entropy: shares.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum(),
        }
    }
}

/// A layer with weights as it was written down.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Part {
    /// Its path, as in the chart.
    pub path: String,
    /// Its units or filters.
    pub units: usize,
    /// The inputs of one unit.
    pub fan_in: usize,
    /// The name of its initializer: "GlorotUniform".
    pub initializer: String,
    /// The variance of its weights at the start, if that is known; 0 where all weights are equal.
    pub variance: Option<f64>,
    /// The variance that the activation behind it asks for.
    pub wanted: Option<f64>,
    /// The activation behind it: "relu".
    pub activation: Option<String>,
    /// What that activation multiplies a small error of the signal's size by, at the gain that keeps the size.
    pub slope: Option<f64>,
    /// It adds a bias.
    pub bias: bool,
    /// A batch normalization acts on its output before any activation.
    pub batch_normalized: bool,
    /// A normalization of any kind does.
    pub normalized: bool,
    /// Its kernel learns.
    pub trainable: bool,
}

/// Data, model and training, as they were written down.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Setup {
    /// The inputs of the network.
    pub inputs: Vec<Spread>,
    /// The targets.
    pub targets: Vec<Spread>,
    /// The largest correlation, without its sign, of an input with a target: of classes, with being of one of them. None where
    /// it is not known.
    pub correlation: Option<f64>,
    /// The loss is not the plain mean over the samples: samples, classes or the loss have weights.
    pub weighted: bool,
    /// Samples to train on.
    pub samples: usize,
    /// Samples to validate on.
    pub validation: usize,
    /// The layers with weights, first to last.
    pub parts: Vec<Part>,
    /// The weights were loaded: the initializers say nothing of them.
    pub loaded: bool,
    /// The momentum of the slowest moving average of a batch normalization; none without one.
    pub momentum: Option<f64>,
    /// The data meets a normalization or scaling before any weights.
    pub scaled_inside: bool,
    /// The activation of the output: "softmax", "sigmoid", "linear", "relu", …
    pub head: String,
    /// The units of the output.
    pub outputs: usize,
    /// The loss: "SparseCategoricalCrossentropy".
    pub loss: String,
    /// The loss takes logits.
    pub from_logits: bool,
    /// The optimizer: "Adam".
    pub optimizer: String,
    /// The learning rate; of a schedule, the largest of the steps that are planned.
    pub learning_rate: f64,
    /// Gradients are clipped.
    pub clips: bool,
    /// Weights are pulled towards 0: a regularizer or weight decay.
    pub regularized: bool,
    /// Some layer adds noise in training: dropout.
    pub noisy: bool,
    /// Samples of a step.
    pub batch_size: usize,
    /// Epochs that are planned; 0 where that is not known.
    pub epochs: usize,
}

impl Setup {
    /// The loss takes for probabilities what is none: a cross-entropy that was not told of logits.
    pub(crate) fn misread(&self) -> bool {
        let none = ["linear", "tanh", "relu"].contains(&self.head.as_str());
        self.loss.contains("Crossentropy") && none && !self.from_logits && self.targets.len() <= 1
    }
}

/// The losses of a training, epoch by epoch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curves {
    /// On the training data.
    pub loss: Vec<f64>,
    /// On the validation data.
    pub val_loss: Vec<f64>,
    /// What the first metric is called in the history: "accuracy"; nothing where there is none.
    pub metric_name: String,
    /// The first metric on the training data.
    pub metric: Vec<f64>,
    /// The same on the validation data.
    pub val_metric: Vec<f64>,
    /// Loss on some batches of training data as training computes it, and as inference does.
    pub modes: Option<(f64, f64)>,
}

/// What a check asks to have measured: the network with these edits.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// Its flow at the start, for several draws of the weights.
    Start(Vec<Edit>),
    /// The loss after as many steps as the patient was trained.
    Train(Vec<Edit>),
    /// The losses of the whole training as it is planned, as far as time allows; with no edits that of the patient itself.
    Finish(Vec<Edit>),
}

/// What was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// What had been asked.
    pub question: Question,
    /// One flow for each draw; none where the edit cannot be made.
    pub flows: Vec<Flow>,
    /// The loss of the last epoch.
    pub loss: Option<f64>,
    /// The losses of a whole training, epoch by epoch.
    pub curves: Curves,
}

/// All that a check may look at.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// Data, model and training, as they were written down.
    pub setup: &'a Setup,
    /// What theory expects.
    pub forecast: &'a Forecast,
    /// Looks at the network before training, one sample each: first with its own weights, then with other draws of them.
    pub draws: &'a [Chart],
    /// Looks while it trains; without samples if it was not trained.
    pub chart: &'a Chart,
    /// The losses of the training.
    pub curves: &'a Curves,
    /// The answers so far.
    pub answers: &'a [Answer],
}

/// What a check says.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Nothing is wrong.
    Fine,
    /// Something is.
    Found(Box<crate::finding::Finding>),
    /// It depends.
    Ask(Question),
}

impl<'a> Case<'a> {
    /// The flows before training.
    pub fn flows(&self) -> Vec<Flow> {
        self.draws.iter().flat_map(|c| c.samples.first().map(|s| Flow::of(c, s))).collect()
    }

    /// The answer to this question, if it was asked before.
    pub fn answer(&self, question: &Question) -> Option<&'a Answer> {
        self.answers.iter().find(|a| a.question == *question)
    }

    /// What may be gained in dB before it is called an explosion.
    pub fn growth(&self) -> f64 {
        if self.forecast.normalized { crate::forecast::FAR_NORMALIZED } else { crate::forecast::FAR }
    }

    /// The layers of the chart that has samples.
    pub fn looked_at(&self) -> &'a Chart {
        if self.chart.layers.is_empty() { self.draws.first().unwrap_or(self.chart) } else { self.chart }
    }

    /// The share of the flows for which this holds.
    pub fn share(flows: &[Flow], holds: impl Fn(&Flow) -> bool) -> f64 {
        flows.iter().filter(|f| holds(f)).count() as f64 / flows.len().max(1) as f64
    }
}
