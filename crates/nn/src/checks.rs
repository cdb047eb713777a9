//! Layers that were made in code are held to what a file may say.

use crate::activations;
use crate::catalog::{self, Entry};
use crate::config::{Config, FromValue, Value};
use crate::constraints::Constraint;
use crate::initializers::Initializer;
use crate::layers::{CATALOG, Layer};
use crate::model::Model;
use crate::regularizers::Regularizer;
use std::sync::Arc;
use steadygrad_kernels::{Error, Kind, Place, Result};

impl Model {
    /// Whether all layers have settings that a network can be made with; the first that has not is told.
    pub(crate) fn check(&self) -> Result<()> {
        for (i, entry) in self.entries.iter().enumerate() {
            check_layer(&*entry.layer).place(|| self.place(i))?;
        }
        for &node in &self.inputs {
            let entry = self.nodes[node].entry;
            for shape in self.entries[entry].layer.output_shapes(&[])? {
                if shape.dims().contains(&0) {
                    return Err(Error::shape(format!("an input of shape {shape} has no numbers in it"))
                        .at(self.place(entry))
                        .help("every axis of the input shape must be 1 or more"));
                }
            }
        }
        Ok(())
    }
}

fn check_layer(layer: &dyn Layer) -> Result<()> {
    if let Some(model) = layer.as_model() {
        return model.check();
    }
    let mut config = layer.config();
    members(&mut config)?;
    let within = |catalog: &[Entry<dyn Layer>]| catalog::check(catalog, layer.class(), &config);
    within(CATALOG).and_then(|()| within(activations::CATALOG)).map_err(|e| {
        // The class stands in the place of the layer already.
        Error::new(e.kind(), e.what()).help(e.remedy())
    })
}

/// Reads the members of other families among the settings. Those of somebody's own make are in no catalog: they answer
/// for themselves, and a plain one takes their place. So do seeds, of which all are right.
fn members(config: &mut Config) -> Result<()> {
    let keys: Vec<String> = config.iter().map(|(key, _)| key.to_string()).collect();
    for key in keys {
        let Some(value) = config.get_mut(&key) else { continue };
        let family = key.rsplit('_').next().unwrap_or_default();
        let plain = match family {
            "seed" => {
                *value = Value::Null;
                continue;
            }
            "activation" => Value::from("linear"),
            "initializer" => Value::from("zeros"),
            "regularizer" | "constraint" => Value::Null,
            _ => continue,
        };
        if let Value::Map(spec) = value
            && let Some(Value::Map(own)) = spec.get_mut("config")
            && own.get("seed").is_some()
        {
            own.set("seed", Value::Null);
        }
        let read = match family {
            "activation" => Arc::<dyn Layer>::from_value(value).map(|_| ()),
            "initializer" => Arc::<dyn Initializer>::from_value(value).map(|_| ()),
            "regularizer" => Option::<Arc<dyn Regularizer>>::from_value(value).map(|_| ()),
            _ => Option::<Arc<dyn Constraint>>::from_value(value).map(|_| ()),
        };
        match read {
            Err(e) if e.kind() == Kind::Name => *value = plain,
            read => read.place(|| format!("`{key}`"))?,
        }
    }
    Ok(())
}
