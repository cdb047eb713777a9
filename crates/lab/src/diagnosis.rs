//! What an examination comes to: the verdict, what was found, and all that was measured.

use serde_json::{Value as Json, json};
use steadygrad_chart::{Chart, Kind, Ledger, forward, number};
use steadygrad_doctor::{Curves, Finding, Flow, Forecast, Prescription, Setup, Verdict};
use steadygrad_kernels::{Error, Result};

/// What ails a network, and all that was measured to find out.
#[derive(Debug, Clone)]
pub struct Diagnosis {
    /// Healthy, sick, or unsure.
    pub verdict: Verdict,
    /// What was found, the root first.
    pub findings: Vec<Finding>,
    /// What theory expects.
    pub forecast: Forecast,
    /// Data, model and training, as they were written down.
    pub setup: Setup,
    /// The look at the start, with the network's own weights.
    pub start: Chart,
    /// Looks while it was trained.
    pub chart: Chart,
    /// The losses while it was trained.
    pub curves: Curves,
    /// Steps that were watched.
    pub steps: u64,
    /// How long it took.
    pub seconds: f64,
}

impl Diagnosis {
    /// 20·log₁₀ of the gradient at the first layer against the last, before training, as the verdict has it: where a normalization
    /// stands right behind weights, behind it. Nothing where no layer was looked at.
    pub fn gradient(&self) -> Option<f64> {
        let sample = self.start.samples.first().filter(|_| !self.rows().is_empty())?;
        Some(Flow::of(&self.start, sample).gradient)
    }

    /// As JSON; NaN and infinities are strings.
    ///
    /// ```text
    /// { "schema": 1, "verdict": "healthy" | "sick" | "unsure",
    ///   "findings": [{code, condition, severity, summary, layers, causes, evidence, prescriptions, follows_from}],
    ///   "ledger": [{layer, part, kind, to, decibels, expected, way}],
    ///   "signal": [{layer, part, kind, deviation, decibels, expected}],
    ///   "forecast": {outlook, decibels, decibels_per_layer, depth_scale, left_out},
    ///   "steps": n, "seconds": s }
    /// ```
    ///
    /// The ledger is that of the start, from the loss down: what each part multiplies the gradient by on its way `to` the part
    /// before it. Those with `way` lie on the widest way, and add up to what the first layer gets against the last. The signal
    /// is that of the start, from the data up: what each part multiplies the deviation over the batch by.
    pub fn to_json(&self) -> Json {
        let (ledger, layers) = (self.ledger(), &self.start.layers);
        let entries = ledger.entries.iter().map(|e| {
            let layer = &layers[e.layer];
            let branch = e.kind == Kind::Branch;
            let to = layer.inputs.get(e.input).copied().flatten().filter(|_| !branch);
            json!({
                "layer": layer.whole,
                "part": layer.path,
                "kind": if branch { "sum" } else { layer.role.as_str() },
                "to": to.map(|i| layers[i].path.as_str()),
                "decibels": number(e.decibels),
                "expected": self.expected(e.layer, e.input).filter(|_| !branch).map(number),
                "way": ledger.way.contains(e),
            })
        });
        let changes = self.start.samples.first().map(|s| forward(&self.start, s)).unwrap_or_default();
        let signal = layers.iter().zip(changes).enumerate().map(|(i, (layer, change))| {
            json!({
                "layer": layer.whole,
                "part": layer.path,
                "kind": layer.role,
                "deviation": self.deviation(i).map(number),
                "decibels": change.map(number),
                "expected": self.expected_signal(i).map(number),
            })
        });
        json!({
            "schema": 1,
            "verdict": self.verdict.to_string(),
            "findings": self.findings.iter().map(Finding::to_json).collect::<Vec<_>>(),
            "ledger": entries.collect::<Vec<_>>(),
            "signal": signal.collect::<Vec<_>>(),
            "forecast": {
                "outlook": self.forecast.outlook().to_string(),
                "decibels": self.forecast.decibels().map(number),
                "decibels_per_layer": self.forecast.decibels_per_layer().map(number),
                "depth_scale": self.forecast.depth_scale().map(number),
                "left_out": self.forecast.left_out,
            },
            "steps": self.steps,
            "seconds": (self.seconds * 1000.0).round() / 1000.0,
        })
    }

    /// The ledger at the start.
    pub fn ledger(&self) -> Ledger {
        self.start.samples.first().map(|s| Ledger::of(&self.start, s)).unwrap_or_default()
    }

    /// The first thing to try against the root of what is wrong: what `experiment.edited(&prescription.edits)` applies.
    ///
    /// # Errors
    /// If nothing was found, or there are only words against it.
    pub fn prescription(&self) -> Result<&Prescription> {
        let mut all = self.findings.iter().flat_map(|f| &f.prescriptions);
        all.find(|p| !p.edits.is_empty()).ok_or_else(|| {
            Error::argument("there is nothing to prescribe")
                .at(format!("a network that is {}", self.verdict))
                .help("read the findings: some have advice in words; a healthy network needs nothing")
        })
    }

    /// The deviation of the signal over the batch behind a part, at the start.
    pub fn deviation(&self, layer: usize) -> Option<f64> {
        let seen = self.start.samples.first()?.layers.get(layer)?;
        seen.signal.map(|s| s.deviation)
    }

    /// What theory expects a part to multiply the signal's deviation by, in dB.
    pub fn expected_signal(&self, layer: usize) -> Option<f64> {
        let deviation = |i: usize| Some(self.forecast.stages.get(i)?.signal.as_ref()?.deviation());
        let before = deviation((*self.start.layers.get(layer)?.inputs.first()?)?)?;
        Some(20.0 * (deviation(layer)? / before).log10()).filter(|d| !d.is_nan())
    }

    /// What theory expects of an entry of the ledger, in dB.
    pub fn expected(&self, layer: usize, input: usize) -> Option<f64> {
        let factor = (*self.forecast.stages.get(layer)?.factors.get(input)?)?;
        Some(10.0 * factor.log10()).filter(|d| !d.is_nan())
    }
}
