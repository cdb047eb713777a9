//! The profile of a network at one look: gradient and signal at every layer with weights, measured and as theory expects them.

use serde_json::{Value as Json, json};
use steadygrad_chart::{Chart, Layer, Sample, number};
use steadygrad_doctor::{FAR, FAR_NORMALIZED, Forecast};

/// A layer with weights and what comes behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its name.
    pub name: String,
    /// Where its weighted sums are: index into the chart's layers.
    pub linear: usize,
    /// Where the signal is that it gives to the next one.
    pub out: usize,
    /// Its activation.
    pub activation: Option<usize>,
}

impl Block {
    /// The blocks of a chart's layers, from the input to the loss.
    pub fn of(layers: &[Layer]) -> Vec<Block> {
        let mut heads: Vec<usize> = (0..layers.len()).filter(|&i| layers[i].role == "linear").collect();
        if heads.is_empty() {
            // Nothing has weights: every layer for itself.
            heads = (0..layers.len()).collect();
        }
        let last = heads.len().saturating_sub(1);
        let block = |(n, &head): (usize, &usize)| {
            let end = heads.get(n + 1).copied().unwrap_or(layers.len());
            let activation = (head..end).find(|&i| layers[i].role == "activation");
            // A softmax or sigmoid at the end says nothing about the flow: the logits do.
            let out = if n == last { head } else { end - 1 };
            Block { name: layers[head].whole.clone(), linear: head, out, activation }
        };
        heads.iter().enumerate().map(block).collect()
    }

    /// ‖δ‖ at the weighted sums of every block, in dB against the last.
    pub fn gradients(blocks: &[Block], layers: &[Layer], sample: &Sample) -> Vec<Option<f64>> {
        let size = |i: usize| layers.get(i).map_or(1, |l| l.size.max(1));
        let one = |b: &Block| Some(sample.layers.get(b.linear)?.delta? * (size(b.linear) as f64).sqrt());
        against_last(&blocks.iter().map(one).collect::<Vec<_>>())
    }

    /// What theory expects of it.
    pub fn expected_gradients(blocks: &[Block], forecast: &Forecast) -> Vec<Option<f64>> {
        let one = |b: &Block| Some(forecast.stages.get(b.linear)?.gradient?.sqrt());
        against_last(&blocks.iter().map(one).collect::<Vec<_>>())
    }

    /// The signal's deviation over the batch behind every block, in dB against 1.
    pub fn signals(blocks: &[Block], sample: &Sample) -> Vec<Option<f64>> {
        let one = |b: &Block| sample.layers.get(b.out)?.signal.as_ref().map(|s| 20.0 * s.deviation.log10());
        blocks.iter().map(one).collect()
    }

    /// What theory expects of it.
    pub fn expected_signals(blocks: &[Block], forecast: &Forecast) -> Vec<Option<f64>> {
        let stage = |b: &Block| forecast.stages.get(b.out)?.signal;
        blocks.iter().map(|b| stage(b).map(|s| 20.0 * s.deviation().log10())).collect()
    }
}

/// 20·log₁₀ against the last one; against 1 where that is 0 or no number.
fn against_last(values: &[Option<f64>]) -> Vec<Option<f64>> {
    let last = values.iter().rev().find_map(|v| *v).filter(|v| v.is_finite() && *v > 0.0).unwrap_or(1.0);
    values.iter().map(|v| v.map(|v| 20.0 * (v / last).log10())).collect()
}

/// Gradient and signal at one layer with weights, in dB; nothing where they were not seen, or theory does not know.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Level {
    /// The layer.
    pub layer: String,
    /// 20·log₁₀ of ‖δ‖ at its weighted sums against the last layer's.
    pub gradient: Option<f64>,
    /// What theory expects of it.
    pub expected_gradient: Option<f64>,
    /// 20·log₁₀ of the signal's deviation over the batch behind it.
    pub signal: Option<f64>,
    /// What theory expects of it.
    pub expected_signal: Option<f64>,
}

/// All layers with weights at one look, from the data to the loss.
///
/// A few numbers a layer and not the whole chart: a grid may have thousands of combinations.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Profile {
    /// One for each layer with weights.
    pub levels: Vec<Level>,
    /// Some layer normalizes, so that a gradient may grow by more before it is called an explosion.
    pub normalized: bool,
}

impl Profile {
    /// What a chart's first look shows, beside what theory expects.
    ///
    /// ```
    /// use steadygrad_chart::{Chart, Layer, Observation, Sample};
    /// use steadygrad_lab::Profile;
    /// let layer = |name: &str| Layer { whole: name.into(), role: "linear".into(), size: 4, ..Layer::default() };
    /// let seen = |delta| Observation { delta: Some(delta), ..Observation::default() };
    /// let mut chart = Chart::new(vec![layer("a"), layer("b")]);
    /// chart.samples.push(Sample { layers: vec![seen(0.1), seen(1.0)], ..Sample::default() });
    /// let unknown = steadygrad_doctor::Forecast { stages: vec![], left_out: vec![], normalized: false, judged: vec![] };
    /// let profile = Profile::of(&chart, &unknown);
    /// assert_eq!(profile.levels[0].gradient, Some(-20.0));
    /// assert_eq!(profile.levels[1].expected_gradient, None);
    /// ```
    pub fn of(chart: &Chart, forecast: &Forecast) -> Profile {
        let blocks = Block::of(&chart.layers);
        let nothing = || vec![None; blocks.len()];
        let sample = chart.samples.first();
        let gradients = sample.map_or_else(nothing, |s| Block::gradients(&blocks, &chart.layers, s));
        let signals = sample.map_or_else(nothing, |s| Block::signals(&blocks, s));
        let expected_gradients = Block::expected_gradients(&blocks, forecast);
        let expected_signals = Block::expected_signals(&blocks, forecast);
        let level = |(i, block): (usize, Block)| Level {
            layer: block.name,
            gradient: gradients[i],
            expected_gradient: expected_gradients[i],
            signal: signals[i],
            expected_signal: expected_signals[i],
        };
        let levels = blocks.into_iter().enumerate().map(level).collect();
        Profile { levels, normalized: forecast.normalized }
    }

    /// What may be gained in dB before it is called an explosion.
    pub fn growth(&self) -> f64 {
        if self.normalized { FAR_NORMALIZED } else { FAR }
    }

    /// A list with an object for each layer: `{layer, gradient, expected_gradient, signal, expected_signal}`.
    pub(crate) fn to_json(&self) -> Json {
        let one = |l: &Level| {
            json!({
                "layer": l.layer,
                "gradient": l.gradient.map(number),
                "expected_gradient": l.expected_gradient.map(number),
                "signal": l.signal.map(number),
                "expected_signal": l.expected_signal.map(number),
            })
        };
        self.levels.iter().map(one).collect()
    }
}
