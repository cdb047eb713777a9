//! The forecast: what theory expects of a network before it has seen any data, from its layers and initializers alone.
//!
//! Mean field theory of wide random networks: Poole et al. 2016, Schoenholz et al. 2017 (depth scales), Yang et al. 2019
//! (batch normalization), Hanin and Rolnick 2018 (finite width).

mod gradient;
mod show;
#[cfg(test)]
mod tests;

use crate::expected::{Effect, Signal, effect};
use gradient::{gradients, judged, starts};
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
    /// The sizes ‖δ‖² by which the way of the gradient is judged, stage by stage.
    pub judged: Vec<Option<f64>>,
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
        Forecast::of_batch(recipe, inputs, None)
    }

    /// The same in batches of so many rows, which batch normalization feels where they are few; `None` for many.
    ///
    /// ```
    /// use steadygrad_doctor::{Forecast, Signal};
    /// use steadygrad_nn::{Model, Sequential, initializers::LecunNormal, layers::{BatchNormalization, Dense}};
    /// use steadygrad_nn::model::Purpose;
    /// let mut net = Sequential::new([50]);
    /// for _ in 0..20 {
    ///     net = net.add(Dense::new(50).kernel_initializer(LecunNormal)).add(BatchNormalization::new().epsilon(0.0));
    /// }
    /// let recipe = Model::from(net.add(Dense::new(50))).lower(&Purpose::inference())?;
    /// let forecast = Forecast::of_batch(&recipe, &[], Some(8));
    /// // (B − 2)/(B − 3) = 1.2 a layer, but for the last (Yang et al. 2019).
    /// assert!((forecast.depth_scale().unwrap() * 1.2_f64.ln() - 1.0).abs() < 0.05);
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    pub fn of_batch(recipe: &Recipe, inputs: &[Signal], rows: Option<usize>) -> Forecast {
        let rows = rows.map_or(f64::INFINITY, |rows| rows as f64);
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
                Some(known) => effect(stage, &known, recipe, rows).map_err(Some),
                // A normalization needs to know nothing of what came before.
                None => fresh(stage, recipe, rows).ok_or(None),
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
        let gradients = gradients(&stages, &mut effects, &starts, rows);
        let judged = judged(&stages, &effects, &starts, &gradients, rows);
        for (stage, effect) in stages.iter().zip(&effects) {
            let nothing = effect.as_ref().is_some_and(|e| e.factors == [0.0]);
            if nothing && matches!(stage.role, Role::Linear { .. }) {
                let why = "its weights start at 0, so no gradient passes before they have moved";
                left_out.push(format!("{} ({}): {why}", stage.path, stage.class));
            }
        }
        if !stages.iter().any(|s| matches!(s.role, Role::Linear { .. })) {
            left_out.push("there is no layer with weights, so no way for a gradient".into());
        }
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
        Forecast { stages: expected.collect(), left_out, normalized, judged }
    }

    /// ‖δ‖² at the stages whose weights are learnt from it, first to last.
    fn linear<'a>(&'a self, sizes: impl Iterator<Item = Option<f64>> + 'a) -> Vec<Option<f64>> {
        self.stages.iter().zip(sizes).filter(|(s, _)| s.role == "linear").map(|(_, g)| g).collect()
    }

    /// 20·log₁₀ of the gradient's size at the first linear layer against that at the last; negative where it vanishes.
    pub fn decibels(&self) -> Option<f64> {
        ends(&self.linear(self.stages.iter().map(|s| s.gradient)))
    }

    /// The same as [`Forecast::outlook`] judges it: a last layer of zeros has moved, where a normalization stands behind weights the
    /// gradient behind it counts, and what a mean over places takes does not.
    pub fn judged_decibels(&self) -> Option<f64> {
        ends(&self.linear(self.judged.iter().copied()))
    }

    /// [`Forecast::decibels`] for each linear layer on the way.
    pub fn decibels_per_layer(&self) -> Option<f64> {
        self.decibels().and_then(|d| self.per_layer(d))
    }

    /// These decibels for each linear layer on the way.
    pub fn per_layer(&self, decibels: f64) -> Option<f64> {
        let layers = self.stages.iter().filter(|s| s.role == "linear").count();
        layers.checked_sub(1).filter(|&n| n > 0).map(|ways| decibels / ways as f64)
    }

    /// ξ = 1/|ln χ| with χ the factor of ‖δ‖² in a layer: the layers in which it changes by e. Infinite where it does not change.
    ///
    /// From five layers on the first and the last do not count: there the data and the head decide, not the depth. Where a
    /// normalization stands behind the weights, the gradient behind it counts, which does not depend on the size of the weights.
    pub fn depth_scale(&self) -> Option<f64> {
        let sizes = self.linear(self.judged.iter().copied());
        let inner = if sizes.len() > 4 { &sizes[1..sizes.len() - 1] } else { &sizes[..] };
        let ways = inner.len().checked_sub(1).filter(|&n| n > 0)?;
        let decibels = ends(inner).filter(|d| d.is_finite())? / ways as f64;
        Some(1.0 / (decibels / 10.0 * std::f64::consts::LN_10).abs())
    }

    /// The standard deviation of ln |h|² at the last linear layer, over draws of the weights.
    pub fn spread(&self) -> f64 {
        self.stages.iter().rfind(|s| s.role == "linear").map_or(0.0, |s| s.spread.sqrt())
    }

    /// As JSON; NaN and infinities are strings.
    ///
    /// ```text
    /// { "schema": 1, "outlook", "decibels", "judged_decibels", "decibels_per_layer", "depth_scale", "spread", "left_out": […],
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
            "judged_decibels": self.judged_decibels().map(number),
            "decibels_per_layer": self.decibels_per_layer().map(number),
            "depth_scale": self.depth_scale().map(number),
            "spread": number(self.spread()),
            "left_out": self.left_out,
            "layers": layers.collect::<Vec<_>>(),
        })
    }

    /// What is to be expected of the gradient.
    ///
    /// It is judged by the way from the last weights to the first, once a last layer that starts at 0 has moved; and where a
    /// normalization stands behind weights, behind it: neither such a layer nor the scale of the data is a loss of gradient. Nor is a
    /// mean over places, as average pooling takes it: the gradients of weights add up over these places again.
    pub fn outlook(&self) -> Outlook {
        let far = if self.normalized { FAR_NORMALIZED } else { FAR };
        // The network runs in single precision.
        let most = f64::from(f32::MAX).powi(2);
        let overflow =
            self.stages.iter().any(|s| s.signal.is_some_and(|s| s.square.is_nan() || s.square > most));
        match self.judged_decibels() {
            _ if overflow => Outlook::Exploding,
            Some(d) if d < -FAR => Outlook::Vanishing,
            Some(d) if d > far => Outlook::Exploding,
            Some(_) if self.spread() > WIDE => Outlook::Uncertain,
            Some(_) => Outlook::Steady,
            None => Outlook::Unknown,
        }
    }
}

/// 10·log₁₀ of the first of these against the last that there is: −∞ where nothing arrives, nothing where one is not known.
fn ends(sizes: &[Option<f64>]) -> Option<f64> {
    // Below the start of a gradient there is one; behind it there is none.
    let known = sizes.iter().rposition(Option::is_some)?;
    match (sizes[0]?, sizes[known]?) {
        (0.0, _) => Some(f64::NEG_INFINITY),
        (first, last) => Some(10.0 * (first / last).log10()).filter(|d| !d.is_nan()),
    }
}

/// The effect of a normalization on a signal that is not known.
fn fresh(stage: &Stage, recipe: &Recipe, rows: f64) -> Option<Effect> {
    let Role::Normalize(Standard::OverBatch) = stage.role else { return None };
    effect(stage, &[Signal::default()], recipe, rows).ok().map(|e| Effect { factors: vec![f64::NAN], ..e })
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
