//! The forecast: what theory expects of a network before it has seen any data, from its layers and initializers alone.
//!
//! Mean field theory of wide random networks: Poole et al. 2016, Schoenholz et al. 2017 (depth scales), Yang et al. 2019
//! (batch normalization), Hanin and Rolnick 2018 (finite width).

mod show;

use crate::expected::{Effect, Signal, effect};
use serde_json::{Value as Json, json};
use std::fmt;
use steadygrad_chart::number;
use steadygrad_kernels::Result;
use steadygrad_nn::Model;
use steadygrad_nn::layers::{Role, Standard};
use steadygrad_nn::model::Purpose;
use steadygrad_nn::recipe::Recipe;
use steadygrad_nn::stage::{Source, Stage, stages};

/// What is expected of one stage.
#[derive(Debug, Clone)]
pub struct Expected {
    /// Its path: "dense_1", "dense_1/activation".
    pub path: String,
    /// The layer of the model it belongs to.
    pub layer: String,
    /// What it does: "linear", "activation", …
    pub role: &'static str,
    /// Its inputs: indices of stages, none for the model's own inputs.
    pub inputs: Vec<Option<usize>>,
    /// Its output.
    pub signal: Option<Signal>,
    /// E‖δ‖² of its output, with 1 where the gradient starts.
    pub gradient: Option<f64>,
    /// For each input, E‖δ‖² passed on for 1 that came.
    pub factors: Vec<Option<f64>>,
    /// The variance of ln |h|² that the finite widths up to here give.
    pub spread: f64,
}

/// What theory expects of a network.
///
/// ```
/// use steadygrad_doctor::{Forecast, Outlook, Signal};
/// use steadygrad_nn::{Model, Sequential, activations::Sigmoid, layers::Dense};
/// let mut net = Sequential::new([100]);
/// for _ in 0..20 {
///     net = net.add(Dense::new(100).activation(Sigmoid));
/// }
/// let forecast = Forecast::of(&Model::from(net), &[Signal::default()])?;
/// assert_eq!(forecast.outlook(), Outlook::Vanishing);
/// // Sigmoid after Glorot loses a factor of four in every layer.
/// assert!((forecast.decibels_per_layer().unwrap() + 12.54).abs() < 0.1);
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Forecast {
    /// The stages in the order of the forward pass.
    pub stages: Vec<Expected>,
    /// What the theory knows nothing about, and why.
    pub left_out: Vec<String>,
    /// Some normalization stands between the layers, which makes the network indifferent to the size of its weights.
    pub normalized: bool,
}

/// What is to be expected of the gradient on its way from the last layer to the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// It arrives at about its size.
    Steady,
    /// It is lost on the way.
    Vanishing,
    /// It grows on the way.
    Exploding,
    /// It depends on the draw of the weights: the layers are too narrow for the depth.
    Uncertain,
    /// The theory cannot say.
    Unknown,
}

/// 6 depth scales ξ = 1/|ln χ|, in dB: the loss up to which plain networks were seen to train (Schoenholz et al. 2017).
pub const TRAINABLE: f64 = 26.0;
/// Loss or growth from which on a depth is called too large, in dB: a factor of 100.
///
/// More than [`TRAINABLE`], as optimizers with a rate for every weight stand more.
pub const FAR: f64 = 40.0;
/// The same where normalization makes growth harmless for longer: 16 ξ (Yang et al. 2019).
pub const FAR_NORMALIZED: f64 = 70.0;
/// The standard deviation of ln |h|² from which on the draw of the weights decides: ten times larger or smaller.
pub const WIDE: f64 = std::f64::consts::LN_10;

impl Forecast {
    /// For a model, fed with these signals, one for each input; [`Signal::default`] for standardized data.
    ///
    /// # Errors
    /// If the model cannot be put together.
    pub fn of(model: &Model, inputs: &[Signal]) -> Result<Forecast> {
        Ok(Forecast::of_recipe(&model.lower(&Purpose::inference())?, inputs))
    }

    /// For a recipe; where it has losses, the gradient starts where theirs does.
    pub fn of_recipe(recipe: &Recipe, inputs: &[Signal]) -> Forecast {
        let stages = stages(recipe);
        let mut left_out = Vec::new();
        let mut effects: Vec<Option<Effect>> = Vec::new();
        let mut spreads: Vec<f64> = Vec::new();
        let starts = starts(recipe, &stages);
        for (i, stage) in stages.iter().enumerate() {
            let signal = |source: &Source| match source {
                Source::Stage(i) => effects[*i].as_ref().map(|e| e.signal),
                Source::Feed(i) => Some(inputs.get(*i).copied().unwrap_or_default()),
            };
            let known: Option<Vec<Signal>> = stage.inputs.iter().map(signal).collect();
            let before = stage.inputs.iter().map(|source| match source {
                Source::Stage(i) => spreads[*i],
                Source::Feed(_) => 0.0,
            });
            // Along a residual sum the wider of the ways is an upper bound.
            let before = before.fold(0.0, f64::max);
            let made = match known {
                Some(known) => effect(stage, &known, recipe).map_err(Some),
                // A normalization needs to know nothing of what came before.
                None => fresh(stage, recipe).ok_or(None),
            };
            let made = made.map_err(|why| {
                // What stands behind the start of the gradient does not count.
                let head = starts.iter().any(|&s| s < i) && !starts.contains(&i);
                if let Some(why) = why.filter(|_| !head) {
                    left_out.push(format!("{} ({}): {why}", stage.path, stage.class));
                }
            });
            let reset = matches!(stage.role, Role::Normalize(_));
            let own = made.as_ref().map_or(0.0, |e| e.spread);
            spreads.push(if reset { own } else { before + own });
            effects.push(made.ok());
        }
        let gradients = gradients(&stages, &effects, &starts);
        let expected = stages.iter().enumerate().map(|(i, stage)| Expected {
            path: stage.path.clone(),
            layer: stage.layer().to_string(),
            role: stage.role.name(),
            inputs: stage.inputs.iter().map(|s| s.stage()).collect(),
            signal: effects[i].as_ref().map(|e| e.signal),
            gradient: gradients[i],
            factors: match &effects[i] {
                Some(effect) => effect.factors.iter().map(|f| Some(*f)).collect(),
                None => vec![None; stage.inputs.len()],
            },
            spread: spreads[i],
        });
        let normalized = stages.iter().any(|s| matches!(s.role, Role::Normalize(_)));
        Forecast { stages: expected.collect(), left_out, normalized }
    }

    /// The stages whose weights are learnt from the gradient, first to last.
    fn linear(&self) -> impl DoubleEndedIterator<Item = &Expected> {
        self.stages.iter().filter(|s| s.role == "linear" && s.gradient.is_none_or(|g| !g.is_nan()))
    }

    /// 20·log₁₀ of the gradient's size at the first linear layer against that at the last; negative where it vanishes.
    pub fn decibels(&self) -> Option<f64> {
        let (first, last) = (self.linear().next()?.gradient?, self.linear().next_back()?.gradient?);
        Some(10.0 * (first / last).log10())
    }

    /// [`Forecast::decibels`] for each linear layer on the way.
    pub fn decibels_per_layer(&self) -> Option<f64> {
        let ways = self.linear().count().checked_sub(1).filter(|&n| n > 0)?;
        Some(self.decibels()? / ways as f64)
    }

    /// ξ = 1/|ln χ| with χ the factor of ‖δ‖² in a layer: the layers in which it changes by e.
    pub fn depth_scale(&self) -> Option<f64> {
        self.decibels_per_layer().map(|d| 1.0 / (d / 10.0 * std::f64::consts::LN_10).abs())
    }

    /// The standard deviation of ln |h|² at the last linear layer, over draws of the weights.
    pub fn spread(&self) -> f64 {
        self.linear().next_back().map_or(0.0, |s| s.spread.sqrt())
    }

    /// As JSON; NaN and infinities are strings.
    ///
    /// ```text
    /// { "schema": 1, "outlook", "decibels", "decibels_per_layer", "depth_scale", "spread", "left_out": […],
    ///   "layers": [{path, role, deviation, square, correlation, gradient}] }
    /// ```
    pub fn to_json(&self) -> Json {
        let layers = self.stages.iter().map(|s| {
            json!({
                "path": s.path,
                "role": s.role,
                "deviation": s.signal.map(|x| number(x.deviation())),
                "square": s.signal.map(|x| number(x.square)),
                "correlation": s.signal.map(|x| number(x.correlation())),
                "gradient": s.gradient.map(|g| number(g.sqrt())),
            })
        });
        json!({
            "schema": 1,
            "outlook": self.outlook().to_string(),
            "decibels": self.decibels().map(number),
            "decibels_per_layer": self.decibels_per_layer().map(number),
            "depth_scale": self.depth_scale().map(number),
            "spread": number(self.spread()),
            "left_out": self.left_out,
            "layers": layers.collect::<Vec<_>>(),
        })
    }

    /// What is to be expected of the gradient.
    pub fn outlook(&self) -> Outlook {
        let far = if self.normalized { FAR_NORMALIZED } else { FAR };
        let overflow = self.stages.iter().any(|s| s.signal.is_some_and(|s| !s.square.is_finite()));
        match self.decibels() {
            _ if overflow => Outlook::Exploding,
            Some(d) if d < -FAR => Outlook::Vanishing,
            Some(d) if d > far || d.is_nan() => Outlook::Exploding,
            Some(_) if self.spread() > WIDE => Outlook::Uncertain,
            Some(_) => Outlook::Steady,
            None => Outlook::Unknown,
        }
    }
}

/// The effect of a normalization on a signal that is not known.
fn fresh(stage: &Stage, recipe: &Recipe) -> Option<Effect> {
    let Role::Normalize(Standard::OverBatch) = stage.role else { return None };
    effect(stage, &[Signal::default()], recipe).ok().map(|e| Effect { factors: vec![f64::NAN], ..e })
}

/// The stages at whose output the gradient starts: where the losses' do, or at the outputs, before a softmax or sigmoid.
fn starts(recipe: &Recipe, stages: &[Stage]) -> Vec<usize> {
    if !recipe.backward.is_empty() {
        let last = stages.iter().rposition(|s| s.delta.is_some());
        let read: Vec<usize> =
            stages.iter().flat_map(|s| s.inputs.iter().filter_map(|s| s.stage())).collect();
        let ends = |i: &usize| stages[*i].delta.is_some() && read.iter().all(|r| r != i);
        let mut all: Vec<usize> = (0..stages.len()).filter(ends).collect();
        // A head that the loss looks through.
        for stage in stages.iter().filter(|s| s.delta.is_none()) {
            all.extend(stage.inputs.iter().filter_map(|s| s.stage()).filter(|&i| stages[i].delta.is_some()));
        }
        if all.is_empty() { last.into_iter().collect() } else { all }
    } else {
        let behind = |slot| stages.iter().rposition(|s| s.output == slot);
        let ends = recipe.outputs.iter().filter_map(|&slot| behind(slot));
        ends.map(|end| {
            let class = stages[end].path.rsplit('/').next().unwrap_or("");
            let head = matches!(stages[end].class.as_str(), "Softmax" | "Sigmoid") || class == "softmax";
            stages[end].inputs.first().and_then(|s| s.stage()).filter(|_| head).unwrap_or(end)
        })
        .collect()
    }
}

/// E‖δ‖² behind every stage.
fn gradients(stages: &[Stage], effects: &[Option<Effect>], starts: &[usize]) -> Vec<Option<f64>> {
    let mut all: Vec<Option<f64>> = vec![None; stages.len()];
    for &start in starts {
        all[start] = Some(1.0);
    }
    for i in (0..stages.len()).rev() {
        let Some(here) = all[i] else { continue };
        for (k, source) in stages[i].inputs.iter().enumerate() {
            let Source::Stage(from) = source else { continue };
            let factor = effects[i].as_ref().and_then(|e| e.factors.get(k).copied()).unwrap_or(f64::NAN);
            *all[*from].get_or_insert(0.0) += here * factor;
        }
    }
    all.into_iter().map(|g| g.filter(|g| !g.is_nan())).collect()
}

impl fmt::Display for Outlook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Outlook::Steady => "steady",
            Outlook::Vanishing => "vanishing",
            Outlook::Exploding => "exploding",
            Outlook::Uncertain => "uncertain",
            Outlook::Unknown => "unknown",
        })
    }
}
