//! A diagnosis layer by layer: each layer with weights and what acts on its output, from the input to the loss.

use steadygrad_chart::{Chart, Layer, Observation, Sample};
use steadygrad_lab::Diagnosis;

/// A layer with weights and what comes behind it.
#[derive(Debug, Clone)]
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

/// What a page reads again and again.
#[derive(Debug)]
pub struct View<'a> {
    /// What ails the network.
    pub diagnosis: &'a Diagnosis,
    /// The layers that are shown, from the input to the loss.
    pub blocks: Vec<Block>,
    /// What stands beside it, with which it shares its scales.
    pub beside: Option<&'a Diagnosis>,
}

impl<'a> View<'a> {
    /// Of this diagnosis.
    pub fn of(diagnosis: &'a Diagnosis) -> View<'a> {
        let layers = layers(diagnosis);
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
        View { diagnosis, blocks: heads.iter().enumerate().map(block).collect(), beside: None }
    }

    /// The layers of the chart.
    pub fn layers(&self) -> &'a [Layer] {
        layers(self.diagnosis)
    }

    /// The look before training.
    pub fn start(&self) -> Option<&'a Sample> {
        self.diagnosis.start.samples.first().or_else(|| self.diagnosis.chart.samples.first())
    }

    /// The last look while it trained.
    pub fn end(&self) -> Option<&'a Sample> {
        self.diagnosis.chart.samples.last()
    }

    /// ‖δ‖ at the weighted sums of every layer.
    pub fn gradients(&self, sample: &Sample) -> Vec<Option<f64>> {
        let size = |i: usize| (self.layers()[i].size.max(1) as f64).sqrt();
        self.blocks.iter().map(|b| Some(seen(sample, b.linear)?.delta? * size(b.linear))).collect()
    }

    /// The same in dB against the last layer.
    pub fn gradient_decibels(&self, sample: &Sample) -> Vec<Option<f64>> {
        against_last(&self.gradients(sample))
    }

    /// What theory expects of it.
    pub fn expected_gradient(&self) -> Vec<Option<f64>> {
        let stage = |b: &Block| Some(self.diagnosis.forecast.stages.get(b.linear)?.gradient?.sqrt());
        against_last(&self.blocks.iter().map(stage).collect::<Vec<_>>())
    }

    /// The signal's deviation over the batch behind every layer, in dB against 1.
    pub fn signal_decibels(&self, sample: &Sample) -> Vec<Option<f64>> {
        let one = |b: &Block| Some(20.0 * seen(sample, b.out)?.signal.as_ref()?.deviation.log10());
        self.blocks.iter().map(one).collect()
    }

    /// What theory expects of it.
    pub fn expected_signal(&self) -> Vec<Option<f64>> {
        let stage = |b: &Block| self.diagnosis.forecast.stages.get(b.out)?.signal;
        self.blocks.iter().map(|b| stage(b).map(|s| 20.0 * s.deviation().log10())).collect()
    }

    /// ‖change‖ / ‖weights‖ of every layer's kernel.
    pub fn updates(&self, sample: &Sample) -> Vec<Option<f64>> {
        self.blocks.iter().map(|b| seen(sample, b.linear)?.updates.first().copied()).collect()
    }

    /// The layers with an activation before the last one with weights.
    pub fn hidden(&self) -> impl Iterator<Item = (&Block, usize)> {
        let hidden = self.blocks.len().saturating_sub(1);
        self.blocks[..hidden].iter().filter_map(|b| Some((b, b.activation?)))
    }

    /// The names of the layers.
    pub fn names(&self) -> Vec<&str> {
        self.blocks.iter().map(|b| b.name.as_str()).collect()
    }
}

fn layers(diagnosis: &Diagnosis) -> &[Layer] {
    let Chart { layers, .. } = &diagnosis.start;
    if layers.is_empty() { &diagnosis.chart.layers } else { layers }
}

/// What was seen of a layer.
pub fn seen(sample: &Sample, layer: usize) -> Option<&Observation> {
    sample.layers.get(layer)
}

/// 20·log₁₀ against the last one; against 1 where that is 0 or no number.
fn against_last(values: &[Option<f64>]) -> Vec<Option<f64>> {
    let last = values.iter().rev().find_map(|v| *v).filter(|v| v.is_finite() && *v > 0.0).unwrap_or(1.0);
    values.iter().map(|v| v.map(|v| 20.0 * (v / last).log10())).collect()
}
