//! An inspection in a terminal.

use super::{Inspection, Weight};
use crate::words::wrapped_from;
use std::fmt;
use steadygrad_doctor::{Forecast, Outlook};
use steadygrad_engine::data_size;
use steadygrad_nn::config::{Config, Value};

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.keras_version.as_ref().map_or_else(String::new, |v| format!(" of Keras {v}"));
        writeln!(f, "{}: {}{version}, {}", self.file, self.what(), data_size(self.bytes))?;
        if let Some(summary) = &self.summary {
            writeln!(f, "\n{summary}")?;
        } else if !self.layers.is_empty() {
            self.list_layers(f)?;
        }
        self.training(f)?;
        if !self.weights.is_empty() {
            self.list_weights(f)?;
        }
        if let Some(forecast) = &self.forecast {
            let told = forecast.to_string();
            let mut lines = told.lines();
            let (first, second) = (lines.next().unwrap_or(""), lines.next().unwrap_or(""));
            writeln!(f, "\nforecast, from layers and initializers alone\n  {first}\n  {second}")?;
        }
        for note in &self.notes {
            write!(f, "\n{}\n", wrapped_from(&format!("note: {note}"), 0, 2).trim_end())?;
        }
        let out = self.stands_out();
        if out.is_empty() {
            return writeln!(f, "\nnothing stands out");
        }
        writeln!(f, "\nwhat stands out")?;
        out.iter().try_for_each(|line| writeln!(f, "  {}", wrapped_from(line, 2, 4).trim_end()))
    }
}

impl Inspection {
    fn what(&self) -> &'static str {
        match self.format {
            "keras" => "a model (.keras)",
            "h5" => "a model (.h5)",
            "weights.h5" => "weights (.h5)",
            "safetensors" => "weights (.safetensors)",
            "npz" => "arrays (.npz)",
            _ => "a model without weights (.json)",
        }
    }

    fn list_layers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.layers.iter().map(|l| 2 * l.level + l.name.chars().count()).max().unwrap_or(0);
        writeln!(f, "\nlayers")?;
        for layer in &self.layers {
            let name = format!("{}{}", "  ".repeat(layer.level), layer.name);
            let known = if layer.known { "" } else { "   not known here" };
            writeln!(f, "  {name:width$}  {}{known}", layer.class)?;
        }
        Ok(())
    }

    fn training(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.compiled {
            Some(words) => {
                writeln!(f, "\ncompiled")?;
                for (key, value) in words.iter() {
                    writeln!(f, "  {:18} {}", key.replace('_', " "), inline(value))?;
                }
            }
            None if self.format == "keras" || self.format == "h5" => writeln!(f, "\nnot compiled")?,
            None => {}
        }
        let Some(state) = &self.optimizer else { return Ok(()) };
        if self.compiled.is_none() {
            writeln!(f)?;
        }
        let updates = match state.updates {
            Some(1) => "after 1 update, ".to_string(),
            Some(n) => format!("after {} updates, ", count(n as usize)),
            None => String::new(),
        };
        let (variables, numbers) = (count(state.variables), count(state.numbers));
        writeln!(f, "  {:18} {updates}{variables} variables of {numbers} numbers", "optimizer's state")
    }

    fn list_weights(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |w: &Weight| w.name.chars().count();
        let longest = self.weights.iter().map(name).max().unwrap_or(0).clamp(4, 60);
        let shapes: Vec<String> = self.weights.iter().map(|w| shape(&w.shape)).collect();
        let widest = shapes.iter().map(|s| s.chars().count()).max().unwrap_or(0).max(5);
        let head = if self.format == "npz" { "array" } else { "weight" };
        writeln!(
            f,
            "\n  {head:longest$}  {:>widest$}  {:>9}  {:>9}  {:>9}  {:>9}",
            "shape", "mean", "deviation", "smallest", "largest"
        )?;
        for (weight, shape) in self.weights.iter().zip(shapes) {
            let bad = match weight.not_finite {
                0 => String::new(),
                n => format!("  {} not finite", count(n)),
            };
            writeln!(
                f,
                "  {:longest$}  {shape:>widest$}  {:>9}  {:>9}  {:>9}  {:>9}{bad}",
                weight.name,
                figure(weight.mean),
                figure(weight.deviation),
                figure(weight.min),
                figure(weight.max),
            )?;
        }
        Ok(())
    }
}

/// What is to be said of this outlook, if it is not a good one.
pub(super) fn outlook(forecast: &Forecast) -> Option<String> {
    let what = match forecast.outlook() {
        Outlook::Steady | Outlook::Unknown => return None,
        Outlook::Vanishing => "a new network of these layers loses its gradient on the way to the first",
        Outlook::Exploding => "the gradient of a new network of these layers grows on the way to the first",
        Outlook::Uncertain => "the layers are so narrow for the depth that the draw of the weights decides",
    };
    Some(format!("{what} (steadygrad doctor, on an experiment with this file as its model, says why)"))
}

fn shape(dims: &[usize]) -> String {
    match dims {
        [] => "()".into(),
        dims => dims.iter().map(usize::to_string).collect::<Vec<_>>().join("×"),
    }
}

fn figure(x: f64) -> String {
    match x {
        _ if !x.is_finite() => "?".into(),
        0.0 => "0".into(),
        _ if (1e-3..1e4).contains(&x.abs()) => format!("{x:.4}"),
        _ => format!("{x:.1e}"),
    }
}

/// With a comma at the thousands.
fn count(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A setting on one line: `Adam (learning_rate 0.01)`.
fn inline(value: &Value) -> String {
    match value {
        Value::List(items) => items.iter().map(inline).collect::<Vec<_>>().join(", "),
        Value::Map(map) => match (map.get("class_name"), map.get("config")) {
            (Some(Value::Text(class)), Some(Value::Map(config))) => {
                let told = settings(config, class);
                if told.is_empty() { class.clone() } else { format!("{class} ({told})") }
            }
            _ => map
                .iter()
                .map(|(key, value)| format!("{key}: {}", inline(value)))
                .collect::<Vec<_>>()
                .join(", "),
        },
        Value::Text(text) => text.chars().filter(|c| !c.is_control()).take(200).collect(),
        // Numbers that were an f32 are written as that one.
        Value::Float(x) if f64::from(*x as f32) == *x => (*x as f32).to_string(),
        Value::Float(x) => x.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Bool(b) => b.to_string(),
        Value::Null => "none".into(),
    }
}

/// Settings, but for those that are nothing, and a name that says the class again.
fn settings(config: &Config, class: &str) -> String {
    let again = |value: &Value| matches!(value, Value::Text(name) if name.eq_ignore_ascii_case(class));
    let told =
        config.iter().filter(|(key, value)| **value != Value::Null && !(*key == "name" && again(value)));
    told.map(|(key, value)| format!("{key} {}", inline(value))).collect::<Vec<_>>().join(", ")
}
