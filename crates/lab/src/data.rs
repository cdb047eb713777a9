//! The `[data]` table: where samples come from, and how they are split and scaled.

use crate::sources::{Place, Source, read};
use crate::{Form, settings};
use steadygrad_data::{Dataset, Scale, Scaler, csv};
use steadygrad_formats::images::Reading;
use steadygrad_kernels::{Error, Place as _, Result};
use steadygrad_nn::args::Args;
use steadygrad_nn::config::Config;

/// Data as an experiment gives it, ready to train on.
#[derive(Debug, Clone)]
pub struct Data {
    /// What is trained on.
    pub train: Dataset,
    /// What is validated on, if anything.
    pub validation: Option<Dataset>,
    /// How both were read and scaled: new samples must be read the same way.
    pub form: Form,
}

/// What was read: split, scaled, one-hot.
pub(crate) struct Loaded {
    pub train: Option<Dataset>,
    pub validation: Option<Dataset>,
    columns: Option<csv::Schema>,
    images: Option<Reading>,
    scaler: Option<Scaler>,
    target_scaler: Option<Scaler>,
}

impl Loaded {
    /// The data of a training.
    pub fn data(self) -> Result<Data> {
        let train = self.train.ok_or_else(|| Error::data("there is nothing to train on").at("[data]"))?;
        let form = Form::of(&train, self.columns, self.images, self.scaler, self.target_scaler);
        Ok(Data { train, validation: self.validation, form })
    }
}

/// Loads what the table says.
pub(crate) fn load(config: &Config, place: &Place<'_>) -> Result<Loaded> {
    let mut args = Args::new("[data]", config);
    let seed = args.or("seed", place.seed)?;
    let scale: Option<String> = args.or("scale", None)?;
    let target_scale: Option<String> = args.or("target_scale", None)?;
    let own: f64 = args.or("validation_split", 0.0)?;
    let shuffle: Option<bool> = args.or("shuffle", None)?;
    let one_hot: Option<usize> = args.or("one_hot", None)?;
    let own = settings::fraction(own).place(|| "[data], `validation_split`")?;
    let has_file = config.get("validation").is_some();
    if place.form.is_none() && has_file && own > 0.0 {
        return args.reject("validation_split", "left out where `validation` names a file", own);
    }
    if own > 0.0 && place.split > 0.0 {
        return Err(Error::argument(format!(
            "`validation_split` is given here, {own}, and in [fit], {}",
            place.split
        ))
        .at("[data]")
        .help("leave one of them out; both mean the last part of the samples"));
    }
    let source = read(&mut args, place, seed, own)?;
    args.finish()?;
    let Source { mut train, mut validation, columns, images } = source;
    for (part, at) in [(&train, "[data]"), (&validation, "[data], validation")] {
        part.as_ref().map_or(Ok(()), Dataset::check).place(|| at)?;
    }
    // A folder is sorted by class, and Keras shuffles it: its end would be one class.
    if shuffle.unwrap_or(images.is_some()) {
        train = train.map(|train| train.shuffled(seed));
    }
    // As in Keras, data for validation go before the part that `[fit]` would split off.
    let split = match validation {
        Some(_) if own == 0.0 || has_file => 0.0,
        _ => own + place.split,
    };
    if let Some(all) = train.as_ref().filter(|_| split > 0.0) {
        let (first, last) = cut(all, split).place(|| if own > 0.0 { "[data]" } else { "[fit]" })?;
        (train, validation) = (Some(first), Some(last));
    }
    let images = images.or_else(|| train.as_ref().and_then(images_of_bytes));
    let before = |of: fn(&Form) -> &Option<Scaler>| place.form.map(|(form, _)| of(form).as_ref());
    let scaler = scaler(scale.as_deref(), before(|f| &f.scaler), train.as_ref(), Scaler::fit)
        .place(|| "[data], `scale`")?;
    let of_targets = before(|f| &f.target_scaler);
    let target_scaler =
        self::scaler(target_scale.as_deref(), of_targets, train.as_ref(), Scaler::fit_targets)
            .place(|| "[data], `target_scale`")?;
    if let Some(classes) = one_hot.filter(|classes| !(2..=1_000_000).contains(classes)) {
        return args.reject("one_hot", "the number of classes, from 2 to 1000000", classes);
    }
    for (part, at) in [(&mut train, "[data]"), (&mut validation, "[data], validation")] {
        let Some(part) = part else { continue };
        if let Some(scaler) = &scaler {
            scaler.apply(part).place(|| at)?;
        }
        if let Some(scaler) = &target_scaler {
            scaler.apply_targets(part).place(|| at)?;
        }
        if let Some(classes) = one_hot {
            *part = part.one_hot(classes).place(|| format!("{at}, `one_hot`"))?;
        }
    }
    Ok(Loaded { train, validation, columns, images, scaler, target_scaler })
}

/// How images must be read to be such samples, where these are images of bytes.
fn images_of_bytes(train: &Dataset) -> Option<Reading> {
    match &train.x[..] {
        [x] if train.range == Some([0.0, 255.0]) => Reading::of_shape(x.row_shape()),
        _ => None,
    }
}

/// The first part to train on, the last to validate on; neither is empty.
fn cut(all: &Dataset, split: f64) -> Result<(Dataset, Dataset)> {
    let at = (all.len() as f64 * (1.0 - split)).floor() as usize;
    if at == 0 || at == all.len() {
        return Err(Error::data(format!(
            "`validation_split` = {split} leaves {at} of {} to train on",
            samples(all.len())
        ))
        .help("both parts need one sample or more"));
    }
    all.split_at(at)
}

/// The scale of the run before, or one fitted to the training data.
fn scaler(
    name: Option<&str>,
    before: Option<Option<&Scaler>>,
    train: Option<&Dataset>,
    fit: fn(Scale, &Dataset) -> Result<Scaler>,
) -> Result<Option<Scaler>> {
    let name = name.map(|name| if name == "minmax" { "min_max" } else { name });
    let scale = name.map(Scale::from_name).transpose()?;
    match (before, scale, train) {
        (Some(known), asked, _) => {
            let word = |scale: Option<Scale>| scale.map_or("no scale", Scale::name);
            if known.map(Scaler::scale) != asked {
                return Err(Error::argument(format!(
                    "the run was trained with {}, and {} is asked for",
                    word(known.map(Scaler::scale)),
                    word(asked)
                ))
                .help("its weights are made for data scaled as in training: train again to change that"));
            }
            Ok(known.cloned())
        }
        (None, Some(scale), Some(train)) => fit(scale, train).map(Some),
        _ => Ok(None),
    }
}

fn samples(n: usize) -> String {
    if n == 1 { "1 sample".into() } else { format!("{n} samples") }
}
