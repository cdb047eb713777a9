//! Flow: what the gradient and the signal of a whole network do, in a few numbers.

use steadygrad_chart::{Chart, Observation, Sample};

/// What one look at a network says about its gradient and its signal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flow {
    /// 20·log₁₀ of ‖δ‖ at the first linear layer against the last; −∞ where nothing arrives. Of several outputs each has its last
    /// one: √Σ‖δ‖² over them. Where a normalization stands right behind weights, ‖δ‖ behind it counts: before it, it goes by the
    /// size of the weights, which is no matter there. What a mean over places takes on the way does not count: the gradients of
    /// weights add up over the places again.
    pub gradient: f64,
    /// 20·log₁₀ of the signal's deviation behind the last hidden layer against the first.
    pub signal: f64,
    /// The largest fraction of dead units among the hidden activations.
    pub dead: f64,
    /// The units that are alive in the hidden activation that has fewest; infinite where nothing is known.
    pub alive: f64,
    /// The largest fraction of saturated values among the hidden activations.
    pub saturated: f64,
    /// The root mean square of the gradient of the first kernel that learns; infinite where nothing is known of one.
    pub kernel: f64,
    /// The loss.
    pub loss: f64,
    /// Everything that was looked at is finite.
    pub finite: bool,
}

/// What is wrong with a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// Numbers that are not finite.
    NonFinite,
    /// The gradient grows on its way.
    Exploding,
    /// The gradient is lost on its way.
    Vanishing,
    /// All or nearly all units of some layer are dead.
    Dead,
}

/// Of a layer's units, the part whose death stops a network.
pub const MOST_DEAD: f64 = 0.9;

impl Flow {
    /// The flow at one step.
    pub fn of(chart: &Chart, sample: &Sample) -> Flow {
        let means = means(chart);
        let norm = |i: usize| {
            let at = normalized(chart, i).unwrap_or(i);
            Some(sample.layers.get(at)?.delta? * (chart.layers[at].size.max(1) as f64 * means[at]).sqrt())
        };
        let first = linear(chart).find_map(norm);
        let last = heads(chart).into_iter().filter_map(norm).reduce(f64::hypot);
        let last = last.or_else(|| linear(chart).filter_map(norm).last());
        let finite =
            sample.loss.is_finite() && sample.layers.iter().all(finite) && chart.first_non_finite.is_none();
        let hidden: Vec<&Observation> = hidden(chart).filter_map(|i| sample.layers.get(i)).collect();
        let deviations: Vec<f64> =
            hidden.iter().filter_map(|seen| seen.signal.as_ref().map(|s| s.deviation)).collect();
        let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
        let alive = |i: usize| Some((1.0 - sample.layers.get(i)?.dead?) * chart.layers[i].size as f64);
        let fewest = self::hidden(chart).filter_map(alive).fold(f64::INFINITY, f64::min);
        Flow {
            alive: fewest,
            gradient: ratio(first.as_ref(), last.as_ref()),
            signal: ratio(deviations.last(), deviations.first()),
            dead: largest(&mut hidden.iter().filter_map(|seen| seen.dead)),
            saturated: largest(
                &mut hidden.iter().filter_map(|seen| seen.signal.as_ref().map(|s| s.saturated)),
            ),
            kernel: linear(chart)
                .find_map(|i| sample.layers.get(i)?.gradients.first().copied())
                .unwrap_or(f64::INFINITY),
            loss: sample.loss,
            finite,
        }
    }

    /// What several looks have in common: the median of each number. Units are dead where they are in all of the looks; what is
    /// not finite once is not finite.
    ///
    /// ```
    /// use steadygrad_doctor::Flow;
    /// assert_eq!(Flow::common(&[]), None);
    /// ```
    pub fn common(looks: &[Flow]) -> Option<Flow> {
        let median = |of: fn(&Flow) -> f64| {
            let mut all: Vec<f64> = looks.iter().map(of).collect();
            all.sort_by(f64::total_cmp);
            all.get(all.len() / 2).copied()
        };
        Some(Flow {
            gradient: median(|f| f.gradient)?,
            signal: median(|f| f.signal)?,
            dead: looks.iter().map(|f| f.dead).fold(f64::INFINITY, f64::min),
            alive: looks.iter().map(|f| f.alive).fold(0.0, f64::max),
            saturated: median(|f| f.saturated)?,
            kernel: median(|f| f.kernel)?,
            loss: median(|f| f.loss)?,
            finite: looks.iter().all(|f| f.finite),
        })
    }

    /// What is wrong, the worst first; `far` is what may be lost or gained in dB.
    pub fn trouble(&self, loss: f64, growth: f64) -> Option<Trouble> {
        if !self.finite {
            Some(Trouble::NonFinite)
        } else if self.gradient > growth {
            Some(Trouble::Exploding)
        } else if self.dead >= MOST_DEAD {
            Some(Trouble::Dead)
        } else if self.gradient < -loss {
            Some(Trouble::Vanishing)
        } else {
            None
        }
    }
}

fn finite(seen: &Observation) -> bool {
    let fine = |x: &f64| x.is_finite();
    seen.signal.as_ref().is_none_or(|s| s.finite)
        && seen.delta.iter().all(fine)
        && seen.gradients.iter().all(fine)
}

/// 20·log₁₀(to/from); 0 where there are not two, −∞ where both are 0.
fn ratio(to: Option<&f64>, from: Option<&f64>) -> f64 {
    match (to, from) {
        (Some(&to), Some(&from)) if to == 0.0 && from == 0.0 => f64::NEG_INFINITY,
        (Some(&to), Some(&from)) => 20.0 * (to / from).log10(),
        _ => 0.0,
    }
}

/// The layers that multiply by weights, first to last.
pub fn linear(chart: &Chart) -> impl Iterator<Item = usize> + '_ {
    (0..chart.layers.len()).filter(|&i| chart.layers[i].role == "linear")
}

/// For each layer by how much the means over places behind it make ‖δ‖² smaller, on the way on which they do so least.
fn means(chart: &Chart) -> Vec<f64> {
    let mut all = vec![f64::INFINITY; chart.layers.len()];
    // Readers come later in the list.
    for i in (0..chart.layers.len()).rev() {
        let layer = &chart.layers[i];
        if all[i].is_infinite() {
            all[i] = 1.0;
        }
        let class = layer.class.to_lowercase();
        let mean = layer.role == "pooling" && (class.contains("average") || class.contains("avg"));
        for &from in layer.inputs.iter().flatten().filter(|&&k| k < i) {
            let places = chart.layers[from].size as f64 / layer.size.max(1) as f64;
            let own = if mean { places.max(1.0) } else { 1.0 };
            all[from] = all[from].min(all[i] * own);
        }
    }
    all
}

/// The normalization that alone reads this layer, if there is one.
fn normalized(chart: &Chart, i: usize) -> Option<usize> {
    let mut readers = (i + 1..chart.layers.len()).filter(|&j| chart.layers[j].inputs.contains(&Some(i)));
    let (reader, more) = (readers.next()?, readers.next());
    (more.is_none() && chart.layers[reader].role == "normalization").then_some(reader)
}

/// The layers that multiply by weights, and from which no other such layer is reached: the last on their ways.
fn heads(chart: &Chart) -> Vec<usize> {
    let mut reads_on = vec![false; chart.layers.len()];
    let mut all = Vec::new();
    // Readers come later in the list.
    for i in (0..chart.layers.len()).rev() {
        let linear = chart.layers[i].role == "linear";
        if linear && !reads_on[i] {
            all.push(i);
        }
        if linear || reads_on[i] {
            for &from in chart.layers[i].inputs.iter().flatten().filter(|&&k| k < i) {
                reads_on[from] = true;
            }
        }
    }
    all
}

/// The activations before the last linear layer.
pub fn hidden(chart: &Chart) -> impl Iterator<Item = usize> + '_ {
    let last = linear(chart).last().unwrap_or(0);
    (0..last).filter(|&i| chart.layers[i].role == "activation")
}

#[cfg(test)]
mod tests {
    use super::*;
    use steadygrad_chart::Layer;

    #[test]
    fn behind_weights_a_normalization_is_looked_at() {
        let layer = |role: &str, from: Option<usize>| Layer {
            role: role.into(),
            inputs: vec![from],
            size: 1,
            ..Layer::default()
        };
        let layers = vec![layer("linear", None), layer("normalization", Some(0)), layer("linear", Some(1))];
        let seen = |delta: f64| Observation { delta: Some(delta), ..Observation::default() };
        let sample = Sample { loss: 1.0, layers: [1e-9, 10.0, 1.0].map(seen).into(), ..Sample::default() };
        assert!((Flow::of(&Chart::new(layers.clone()), &sample).gradient - 20.0).abs() < 1e-9);
        // Read past the normalization, too.
        let mut layers = layers;
        layers[2].inputs.push(Some(0));
        assert!((Flow::of(&Chart::new(layers), &sample).gradient + 180.0).abs() < 1e-9);
    }

    #[test]
    fn a_mean_over_places_is_no_loss() {
        let layer = |role: &str, class: &str, from: Option<usize>, size: usize| Layer {
            role: role.into(),
            class: class.into(),
            inputs: vec![from],
            size,
            ..Layer::default()
        };
        let chart = |pool: &str| {
            Chart::new(vec![
                layer("linear", "Conv2D", None, 16_384),
                layer("pooling", pool, Some(0), 1),
                layer("linear", "Dense", Some(1), 1),
            ])
        };
        // A mean of 16,384 numbers gives each of them that part of its own.
        let seen = |delta: f64| Observation { delta: Some(delta), ..Observation::default() };
        let layers = [1.0 / 16_384.0, 1.0, 1.0].map(seen);
        let sample = Sample { loss: 1.0, layers: layers.into(), ..Sample::default() };
        assert!(Flow::of(&chart("GlobalAveragePooling2D"), &sample).gradient.abs() < 1e-9);
        assert!((Flow::of(&chart("GlobalMaxPooling2D"), &sample).gradient + 42.144).abs() < 1e-3);
    }

    #[test]
    fn of_several_outputs_each_has_its_last_layer() {
        let layer = |role: &str, from: Option<usize>| Layer {
            role: role.into(),
            inputs: vec![from],
            size: 1,
            ..Layer::default()
        };
        // A trunk with its activation, and two heads that read it, one of them of two layers.
        let layers = vec![
            layer("linear", None),
            layer("activation", Some(0)),
            layer("linear", Some(1)),
            layer("linear", Some(1)),
            layer("linear", Some(2)),
            layer("activation", Some(4)),
        ];
        let chart = Chart::new(layers);
        assert_eq!(heads(&chart), [4, 3]);
        let seen = |delta: f64| Observation { delta: Some(delta), ..Observation::default() };
        let sample = |last: [f64; 2]| Sample {
            loss: 1.0,
            layers: [5.0, 1.0, 9.0, last[0], last[1], 1.0].map(seen).into(),
            ..Sample::default()
        };
        assert!(Flow::of(&chart, &sample([3.0, 4.0])).gradient.abs() < 1e-9);
        assert!((Flow::of(&chart, &sample([5.0, 1e-5])).gradient).abs() < 1e-9);
        assert!(Flow::of(&chart, &sample([f64::NAN, 1.0])).gradient.is_nan());
    }
}
