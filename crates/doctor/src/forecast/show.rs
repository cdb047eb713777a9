//! A forecast in a terminal.

use super::{Forecast, Outlook};
use std::fmt;

impl fmt::Display for Forecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |x: Option<f64>| match x {
            Some(x) if x != 0.0 && !(1e-3..1e4).contains(&x.abs()) => format!("{x:.1e}"),
            Some(x) => format!("{x:.3}"),
            None => "?".into(),
        };
        writeln!(f, "{}: what theory expects before any training", self.outlook())?;
        let judged = self.judged_decibels();
        match (judged, judged.and_then(|d| self.per_layer(d)), self.depth_scale()) {
            (Some(d), Some(per), Some(scale)) => {
                let layers = if scale < 1e3 { format!("{scale:.1}") } else { "over 1000".into() };
                writeln!(
                    f,
                    "gradient from the last layer to the first: {d:+.1} dB, {per:+.2} dB a layer (depth scale ξ = {layers} layers)"
                )?;
            }
            _ if self.stages.iter().filter(|s| s.role == "linear").count() == 1 => {
                writeln!(f, "one layer with weights: there is no way on which a gradient could be lost")?;
            }
            _ => writeln!(f, "the gradient cannot be foreseen")?,
        }
        if self.outlook() == Outlook::Uncertain {
            let decibels = 20.0 / std::f64::consts::LN_10 * self.spread() / 2.0;
            writeln!(
                f,
                "the layers are narrow for this depth: the signal's size varies by ±{decibels:.0} dB with the draw of the weights"
            )?;
        }
        let longest = self.stages.iter().map(|s| s.path.chars().count()).max().unwrap_or(5).max(5);
        writeln!(
            f,
            "\n  {:longest$}  {:>9}  {:>9}  {:>11}  {:>9}",
            "layer", "signal", "E h²", "correlation", "gradient"
        )?;
        for stage in &self.stages {
            let signal = |get: fn(&crate::expected::Signal) -> f64| number(stage.signal.as_ref().map(get));
            writeln!(
                f,
                "  {:longest$}  {:>9}  {:>9}  {:>11}  {:>9}",
                stage.path,
                signal(|s| s.deviation()),
                signal(|s| s.square),
                signal(|s| s.correlation()),
                number(stage.gradient.map(f64::sqrt)),
            )?;
        }
        writeln!(
            f,
            "\nsignal: standard deviation over samples, per unit; correlation: of two samples; gradient: ‖δ‖, 1 where it starts"
        )?;
        for left in &self.left_out {
            writeln!(f, "left out: {left}")?;
        }
        Ok(())
    }
}
