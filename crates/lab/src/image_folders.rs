//! Samples from folders of images: to train with, and to validate with.

use crate::sources::{Part, Place, Source};
use std::path::PathBuf;
use steadygrad_data::{Array, Dataset};
use steadygrad_formats::images::{self, ColorMode, ImageFolder, Reading};
use steadygrad_kernels::{Error, Place as _, Result};
use steadygrad_nn::args::Args;
use steadygrad_nn::layers::Sizes;

/// Reads the folder `train`, which may be cut into parts, and the folder `validation`, if there is one.
pub(crate) fn read(
    args: &mut Args<'_>,
    place: &Place<'_>,
    train: PathBuf,
    validation: Option<PathBuf>,
    own: f64,
) -> Result<Source> {
    for (key, instead) in [
        ("target", "for images: their folders are the classes"),
        ("sample_weight", "for images"),
        ("channels", "for images: color_mode = \"grayscale\" gives one channel, \"rgb\" three"),
    ] {
        if let Some(value) = args.or::<Option<steadygrad_nn::config::Value>>(key, None)? {
            return args.reject(key, &format!("left out {instead}"), value);
        }
    }
    let form = place.form.map(|(form, _)| form);
    let image_size: Option<Sizes<2>> = args.or("image_size", None)?;
    let color_mode: Option<String> = args.or("color_mode", None)?;
    let color_mode = color_mode.as_deref().map(ColorMode::from_name).transpose();
    let color_mode = color_mode.place(|| "[data], `color_mode`")?;
    let class_names: Option<Vec<String>> = args.or("class_names", None)?;
    let reading = match form.and_then(|form| form.images) {
        // A run that was trained on other images than those of a folder says how these are read.
        Some(reading) if image_size.is_none() && color_mode.is_none() => reading,
        _ => {
            Reading { image_size: image_size.map(|size| size.0), color_mode: color_mode.unwrap_or_default() }
        }
    };
    let before = form.map(template).transpose()?;
    let folder = |path: &PathBuf, like: Option<&Dataset>| {
        let folder = images::folder(path).reading(reading);
        let folder = class_names.as_ref().map_or(folder.clone(), |names| folder.class_names(names.clone()));
        like.map_or(folder.clone(), |like| folder.like(like))
    };
    let source = |train, validation| Source { train, validation, columns: None, images: Some(reading) };
    let only_validation = matches!(place.form, Some((_, Part::Validation)));
    let (train, second) = match only_validation {
        true if validation.is_some() => (None, None),
        true => {
            let train = folder(&train, before.as_ref());
            match train.load_validation().place(|| "[data], validation")? {
                Some(second) => (None, Some(second)),
                None => whole(&train)?,
            }
        }
        false => whole(&folder(&train, before.as_ref()))?,
    };
    if let (Some(path), Some(like)) = (&validation, train.as_ref().or(before.as_ref())) {
        let (data, parts) = folder(path, Some(like)).load().place(|| "[data], validation")?;
        if parts.is_some() {
            return Err(Error::data("this folder is cut into parts itself")
                .at(path.display().to_string())
                .at("[data], validation")
                .help("give the folder of one part, whose folders are the classes"));
        }
        return Ok(source(train, Some(data)));
    }
    if second.is_some() && own > 0.0 {
        return args.reject("validation_split", "left out where the folder has a part for validation", own);
    }
    Ok(source(train, second))
}

fn whole(folder: &ImageFolder) -> Result<(Option<Dataset>, Option<Dataset>)> {
    folder.load().map(|(train, second)| (Some(train), second)).place(|| "[data]")
}

/// No samples, of the shape and with the classes that a run was trained on.
fn template(form: &crate::Form) -> Result<Dataset> {
    let ([(_, shape)], Some(_), Some(classes)) = (&form.inputs[..], &form.images, &form.classes) else {
        return Err(Error::unsupported("the run was not trained on images whose classes have names")
            .at("[data]")
            .help("give data of the kind that it was trained on"));
    };
    let rows = Array::zeros([&[0], shape.dims()].concat())?;
    Ok(Dataset::multi(vec![rows], Vec::new())?.with_class_names(classes.clone()))
}
