//! A diagnosis layer by layer: each layer with weights and what acts on its output, from the input to the loss.

use steadygrad_chart::{Chart, Layer, Observation, Sample};
use steadygrad_lab::{Block, Diagnosis};

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
        View { diagnosis, blocks: Block::of(layers(diagnosis)), beside: None }
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

    /// ‖δ‖ at the weighted sums of every layer, in dB against the last one.
    pub fn gradient_decibels(&self, sample: &Sample) -> Vec<Option<f64>> {
        Block::gradients(&self.blocks, self.layers(), sample)
    }

    /// What theory expects of it.
    pub fn expected_gradient(&self) -> Vec<Option<f64>> {
        Block::expected_gradients(&self.blocks, &self.diagnosis.forecast)
    }

    /// The signal's deviation over the batch behind every layer, in dB against 1.
    pub fn signal_decibels(&self, sample: &Sample) -> Vec<Option<f64>> {
        Block::signals(&self.blocks, sample)
    }

    /// What theory expects of it.
    pub fn expected_signal(&self) -> Vec<Option<f64>> {
        Block::expected_signals(&self.blocks, &self.diagnosis.forecast)
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
