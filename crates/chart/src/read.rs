//! A chart from JSON: what [`Chart::to_json`] wrote, or what another program wrote in the same words.

use crate::chart::{Chart, Layer, Observation, Phase, Sample, Sick};
use serde_json::Value as Json;
use serde_json::value::RawValue;
use steadygrad_data::json::{self, parts};
use steadygrad_kernels::histogram::Histogram;
use steadygrad_kernels::statistics::Statistics;
use steadygrad_kernels::{Error, Place, Result};

/// More layers or samples than anybody looks at: a file that claims them is wrong.
const MOST: usize = 1_000_000;

impl Chart {
    /// Reads the text of a chart: what [`Chart::to_json`] writes. Layers must stand behind those they read.
    ///
    /// One sample after the other is read, so that it takes little more memory than the chart itself.
    ///
    /// ```
    /// use steadygrad_chart::{Chart, Histogram, Layer, Observation, Sample};
    /// let layer = Layer { path: "dense".into(), whole: "dense".into(), size: 4, inputs: vec![None], ..Layer::default() };
    /// let seen = Observation { delta: Some(f64::NAN), passed: vec![None],
    ///     delta_histogram: Some(Histogram::of(&[1.0, -0.5]).into()), ..Observation::default() };
    /// let mut chart = Chart::new(vec![layer]);
    /// chart.samples.push(Sample { step: 3, loss: f64::INFINITY, layers: vec![seen], ..Sample::default() });
    /// let again = Chart::parse(&chart.to_json().to_string())?;
    /// assert_eq!(again.to_json(), chart.to_json());
    /// assert!(Chart::parse(r#"{ "schema": 7 }"#).unwrap_err().to_string().contains("schema"));
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// If it is no JSON, or something is missing or of another kind: where it is, and what was expected.
    pub fn parse(text: &str) -> Result<Chart> {
        Chart::of(text).map_err(helped)
    }

    fn of(text: &str) -> Result<Chart> {
        let [schema, layers, samples, first] =
            parts(text, ["schema", "layers", "samples", "first_non_finite"])?;
        let value = |text: Option<&RawValue>| text.map(json::read).transpose();
        match value(schema)?.as_ref().and_then(Json::as_u64) {
            Some(1) => {}
            found => {
                let found = found.map_or("none".to_string(), |n| n.to_string());
                return Err(Error::format(format!("expected a chart of schema 1, found schema {found}")));
            }
        }
        let layers = each(layers, "layers", |i, text| {
            json::read(text).and_then(|json| layer(i, &json)).place(|| format!("layer {i}"))
        })?;
        let samples =
            each(samples, "samples", |i, text| sample(&layers, text.get()).place(|| format!("sample {i}")))?;
        let first_non_finite = match value(first)? {
            None | Some(Json::Null) => None,
            Some(value) => Some(sick(&value).place(|| "`first_non_finite`")?),
        };
        Ok(Chart { layers, samples, first_non_finite })
    }
}

/// What stands in a list.
fn each<T>(
    text: Option<&RawValue>,
    name: &str,
    mut one: impl FnMut(usize, &RawValue) -> Result<T>,
) -> Result<Vec<T>> {
    let no_list = || Error::format(format!("`{name}` must be a list"));
    let text = text.filter(|text| text.get().starts_with('[')).ok_or_else(no_list)?;
    let mut all = Vec::new();
    json::items(text.get(), |i, text| {
        if i == MOST {
            return Err(Error::format(format!("`{name}` has more than {MOST} entries")));
        }
        all.push(one(i, text)?);
        Ok(())
    })?;
    // Lists of one layer are many.
    all.shrink_to_fit();
    Ok(all)
}

/// What can be done where nothing better is known.
fn helped(error: Error) -> Error {
    match error.remedy() {
        "" => error.help("the chart is damaged, or not one of steadygrad's: train again, or write it as Chart::to_json does"),
        _ => error,
    }
}

fn list<'a>(json: &'a Json, key: &str) -> Result<&'a Vec<Json>> {
    match json.get(key).and_then(Json::as_array) {
        Some(list) => Ok(list),
        None => Err(Error::format(format!("`{key}` must be a list"))),
    }
}

fn text(json: &Json, key: &str) -> Result<String> {
    let found = json.get(key).and_then(Json::as_str).map(str::to_string);
    found.ok_or_else(|| Error::format(format!("`{key}` must be a text")))
}

fn count(json: &Json, key: &str) -> Result<u64> {
    let found = json.get(key).and_then(Json::as_u64);
    found.ok_or_else(|| Error::format(format!("`{key}` must be a whole number of 0 or more")))
}

/// Steps that a training may have had: more than any has, and few enough to be counted on from.
const MOST_STEPS: u64 = 1 << 53;

fn step(json: &Json) -> Result<u64> {
    let step = count(json, "step")?;
    if step > MOST_STEPS {
        return Err(Error::format(format!(
            "`step` is {step}, and no training has had more than {MOST_STEPS} steps"
        ))
        .help("the file is damaged: write the chart anew"));
    }
    Ok(step)
}

/// A number, or one of the words for what JSON has no number for.
fn real(json: &Json) -> Option<f64> {
    match json {
        Json::String(word) => match word.as_str() {
            "nan" => Some(f64::NAN),
            "inf" => Some(f64::INFINITY),
            "-inf" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        other => other.as_f64(),
    }
}

fn number(json: &Json, key: &str) -> Result<Option<f64>> {
    match json.get(key) {
        None | Some(Json::Null) => Ok(None),
        Some(value) => match real(value) {
            Some(x) => Ok(Some(x)),
            None => Err(Error::format(format!("`{key}` must be a number, \"nan\", \"inf\" or \"-inf\""))),
        },
    }
}

fn numbers(json: &Json, key: &str) -> Result<Vec<f64>> {
    let one = |v: &Json| real(v).ok_or_else(|| Error::format(format!("`{key}` must be a list of numbers")));
    list(json, key)?.iter().map(one).collect()
}

fn layer(index: usize, json: &Json) -> Result<Layer> {
    let input = |value: &Json| match value {
        Json::Null => Ok(None),
        value => match value.as_u64() {
            Some(from) if (from as usize) < index => Ok(Some(from as usize)),
            _ => Err(Error::format("`inputs` must be null or the index of a layer before this one")),
        },
    };
    let words = |v: &Json| v.as_str().map(str::to_string);
    let parameters = list(json, "parameters")?.iter().map(words).collect::<Option<_>>();
    Ok(Layer {
        path: text(json, "path")?,
        whole: text(json, "whole")?,
        class: text(json, "class")?,
        role: text(json, "role")?,
        inputs: list(json, "inputs")?.iter().map(input).collect::<Result<_>>()?,
        size: usize::try_from(count(json, "size")?).unwrap_or(usize::MAX),
        parameters: parameters.ok_or_else(|| Error::format("`parameters` must be a list of texts"))?,
        bounded: json.get("bounded").and_then(Json::as_bool).unwrap_or(false),
    })
}

fn sample(layers: &[Layer], text: &str) -> Result<Sample> {
    const OTHERS: [&str; 5] = ["step", "loss", "gradient_norm", "clipped_norm", "clipped"];
    let [a, b, c, d, e] = OTHERS;
    let [seen, others @ ..] = parts(text, ["layers", a, b, c, d, e])?;
    let seen = each(seen, "layers", |i, text| match i == layers.len() {
        true => Err(Error::format(format!("has more layers than the chart, which has {i}"))),
        false => json::read(text).and_then(|json| observation(&json)).place(|| format!("layer {i}")),
    })?;
    if seen.len() != layers.len() {
        return Err(Error::format(format!("has {} layers, and the chart {}", seen.len(), layers.len())));
    }
    let others = OTHERS.into_iter().zip(others);
    let others =
        others.filter_map(|(name, text)| Some(json::read(text?).map(|value| (name.to_string(), value))));
    let json = &Json::Object(others.collect::<Result<_>>()?);
    Ok(Sample {
        step: step(json)?,
        loss: number(json, "loss")?.unwrap_or(f64::NAN),
        gradient_norm: number(json, "gradient_norm")?,
        clipped_norm: number(json, "clipped_norm")?,
        clipped: json.get("clipped").and_then(Json::as_bool),
        layers: seen,
    })
}

fn observation(json: &Json) -> Result<Observation> {
    let passed = |v: &Json| match v {
        Json::Null => Ok(None),
        v => real(v).map(Some).ok_or_else(|| Error::format("`passed` must be a list of numbers and nulls")),
    };
    let signal = match number(json, "rms")? {
        None => None,
        Some(rms) => {
            let get = |key| Ok::<f64, Error>(number(json, key)?.unwrap_or(f64::NAN));
            Some(Statistics {
                mean: get("mean")?,
                rms,
                deviation: get("deviation")?,
                zero: get("zero")?,
                saturated: get("saturated")?,
                finite: rms.is_finite(),
            })
        }
    };
    Ok(Observation {
        signal,
        delta: number(json, "delta")?,
        passed: list(json, "passed")?.iter().map(passed).collect::<Result<_>>()?,
        gradients: numbers(json, "gradients")?,
        updates: numbers(json, "updates")?,
        dead: number(json, "dead")?,
        signal_histogram: histogram(json, "signal_histogram")?.map(Box::new),
        delta_histogram: histogram(json, "delta_histogram")?.map(Box::new),
    })
}

/// More bins than any picture has room for.
const MOST_BINS: usize = 10_000;

fn histogram(json: &Json, key: &str) -> Result<Option<Histogram>> {
    let Some(json) = json.get(key).filter(|value| !value.is_null()) else { return Ok(None) };
    let read = || {
        let counts = list(json, "counts")?.iter().map(Json::as_u64).collect::<Option<Vec<u64>>>();
        let counts = counts.filter(|c| c.len() <= MOST_BINS);
        let wrong = || Error::format("`counts` must be a list of whole numbers, one for each bin");
        let bound = number(json, "bound")?.ok_or_else(|| Error::format("`bound` must be a number"))?;
        Ok(Some(Histogram {
            bound,
            counts: counts.ok_or_else(wrong)?,
            beyond: count(json, "beyond")?,
            not_finite: count(json, "not_finite")?,
        }))
    };
    read().place(|| format!("`{key}`"))
}

fn sick(json: &Json) -> Result<Sick> {
    let phase = Phase::of(&text(json, "phase")?)?;
    Ok(Sick { step: step(json)?, place: text(json, "place")?, phase })
}
