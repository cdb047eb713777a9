//! A layer of a configuration, and the fields of JSON objects with errors that say where they are missing.

use super::{is_model, model};
use serde_json::{Map, Value as Json};
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};
use steadygrad_nn::Shape;
use steadygrad_nn::config::{Config, Value};
use steadygrad_nn::layers::{self, Layer};

/// The fields of an object.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    map: &'a Map<String, Json>,
    of: String,
}

impl<'a> Fields<'a> {
    /// The fields of what is named so in errors.
    pub fn of(json: &'a Json, of: impl Into<String>) -> Result<Fields<'a>> {
        let of = of.into();
        match json {
            Json::Object(map) => Ok(Fields { map, of }),
            other => Err(Error::format(format!("expected an object for {of}, found {}", kind(other)))),
        }
    }

    /// The field, if it is there and not null.
    pub fn maybe(&self, name: &str) -> Option<&'a Json> {
        self.map.get(name).filter(|v| !v.is_null())
    }

    fn need<T>(&self, name: &str, what: &str, read: impl Fn(&'a Json) -> Option<T>) -> Result<T> {
        let found = self.map.get(name);
        found.and_then(read).ok_or_else(|| {
            let found = found.map_or("nothing".to_string(), kind);
            Error::format(format!("expected {what} as `{name}` of {}, found {found}", self.of))
        })
    }

    /// The text in this field.
    pub fn text(&self, name: &str) -> Result<&'a str> {
        self.need(name, "a text", Json::as_str)
    }

    /// The list in this field.
    pub fn list(&self, name: &str) -> Result<&'a Vec<Json>> {
        self.need(name, "a list", Json::as_array)
    }

    /// The object in this field.
    pub fn object(&self, name: &str) -> Result<Fields<'a>> {
        let map = self.need(name, "an object", Json::as_object)?;
        Ok(Fields { map, of: format!("`{name}` of {}", self.of) })
    }

    /// Whether the thing learns; it does where nothing is said.
    pub fn trainable(&self) -> bool {
        self.maybe("trainable").and_then(Json::as_bool).unwrap_or(true)
    }
}

/// What a JSON value is, for errors.
pub fn kind(json: &Json) -> String {
    match json {
        Json::Null => "null".into(),
        Json::Bool(b) => b.to_string(),
        Json::Number(n) => format!("the number {n}"),
        Json::String(s) => format!("the text {}", text(s)),
        Json::Array(items) => format!("a list of {}", items.len()),
        Json::Object(_) => "an object".into(),
    }
}

/// A text of a file as an error may show it: no control characters, not endless.
pub fn text(text: &str) -> String {
    let shown: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
    format!("`{shown}`")
}

/// A layer of a configuration.
#[derive(Debug)]
pub struct Read {
    /// The layer.
    pub layer: Arc<dyn Layer>,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Whether it learns.
    pub trainable: bool,
    /// How many layers it unfolds to.
    pub size: usize,
}

/// Reads a layer, or a model that stands in the place of one.
pub fn read(json: &Json) -> Result<Read> {
    let fields = Fields::of(json, "a layer")?;
    let (class, config) = (fields.text("class_name")?, fields.object("config")?);
    if is_model(class) {
        let (model, size) = model(json)?;
        let name = config.maybe("name").map(|_| model.name.clone());
        return Ok(Read { layer: Arc::new(model), name, trainable: config.trainable(), size });
    }
    let mut settings = Config::from_json(&Json::Object(config.map.clone()))?;
    // How Keras 2 says what the model's input is: in its first layer, too, where it is known already.
    let first = settings.remove("batch_input_shape");
    if class == "InputLayer" {
        if let Some(shape) = first {
            settings.set("batch_shape", shape);
        }
        settings.remove("ragged");
    }
    // Keras 2 keeps the one axis of a normalization as a list.
    if let Some(Value::List(axes)) = settings.get("axis").cloned()
        && let ("BatchNormalization", [axis]) = (class, &axes[..])
    {
        settings.set("axis", axis.clone());
    }
    let made = layers::from_config(class, &settings)?;
    Ok(Read { layer: made.layer, name: made.name, trainable: made.trainable, size: 1 })
}

/// The class of a layer.
pub fn class(json: &Json) -> &str {
    json.get("class_name").and_then(Json::as_str).unwrap_or("")
}

/// The name of a layer.
pub fn name(json: &Json) -> Option<&str> {
    json.get("name").or_else(|| json.get("config")?.get("name")).and_then(Json::as_str)
}

/// The shape of a sample from that of a batch, whose first axis is open: `[null, 28, 28]`.
pub fn sample_shape(json: &Json) -> Result<Shape> {
    let bad =
        || Error::format(format!("expected the shape of a batch, such as [null, 28, 28], found {json}"));
    let dims = json.as_array().filter(|dims| !dims.is_empty()).ok_or_else(bad)?;
    let open = dims[1..].iter().any(Json::is_null);
    if open {
        return Err(Error::unsupported(format!("the shape {json} is open in more than the batch"))
            .help("save the model with the full shape of a sample"));
    }
    let dims: Option<Vec<usize>> = dims[1..].iter().map(|d| d.as_u64()?.try_into().ok()).collect();
    Ok(Shape::from(dims.ok_or_else(bad)?))
}

/// The input layer's shape and name.
pub fn input(json: &Json) -> Result<(Shape, Option<String>)> {
    let read = read(json)?;
    let shape = read.layer.output_shapes(&[])?.into_iter().next();
    let shape = shape.ok_or_else(|| Error::format("an input layer without a shape"))?;
    Ok((shape, read.name))
}
