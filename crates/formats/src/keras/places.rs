//! Where Keras keeps a model's weights in its files.

use super::order::keras_order;
use steadygrad_kernels::Result;
use steadygrad_nn::Model;
use steadygrad_nn::model::Purpose;
use steadygrad_nn::names::snake_case;
use steadygrad_nn::recipe::Weight;

/// A weight of a model, and its place in files.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Its path here: `dense/kernel`, `inner/dense/kernel`.
    pub path: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its layer of the outermost model, by its number in Keras' order.
    pub layer: usize,
    /// The name of that layer.
    pub layer_name: String,
    /// It learns: in old files those stand first.
    pub trainable: bool,
    /// The group in `model.weights.h5`: `layers/dense/vars`.
    pub group: String,
    /// Its number within that group.
    pub number: usize,
}

/// All weights of a model in Keras' order, that of `get_weights`.
pub fn places(model: &Model) -> Result<Vec<Place>> {
    // What learns is known in training alone.
    let recipe = model.lower(&Purpose::training(0, Vec::new()))?;
    let weights: Vec<(String, Vec<usize>, bool)> = recipe
        .weights
        .iter()
        .map(|weight| match *weight {
            Weight::Parameter(i) => {
                let p = &recipe.parameters[i];
                (p.path.clone(), p.shape.dims().to_vec(), p.gradient.is_some())
            }
            Weight::State(i) => {
                let s = &recipe.states[i];
                (s.path.clone(), s.shape.dims().to_vec(), false)
            }
        })
        .collect();
    let mut found = Vec::new();
    walk(model, "", "", None, &weights, &mut found);
    // Keras' order is that of the layers; ours is the recipe's, which was made in the same order.
    found.sort_by_key(|place| weights.iter().position(|(path, ..)| *path == place.path));
    Ok(found)
}

fn walk(
    model: &Model,
    path: &str,
    group: &str,
    top: Option<(usize, &str)>,
    weights: &[(String, Vec<usize>, bool)],
    found: &mut Vec<Place>,
) {
    let names = group_names(model);
    for (number, (&i, name)) in keras_order(model).iter().zip(names).enumerate() {
        let entry = &model.entries[i];
        let own = format!("{path}{}/", entry.name);
        let inner = entry.layer.as_model();
        let at = format!("{group}layers/{name}/");
        let top = top.or(Some((number, entry.name.as_str())));
        if let Some(inner) = inner {
            walk(inner, &own, &at, top, weights, found);
            continue;
        }
        let (layer, layer_name) = top.map_or((number, entry.name.clone()), |(n, name)| (n, name.to_string()));
        let mut numbers: Vec<(String, usize)> = Vec::new();
        for (path, shape, trainable) in weights {
            let Some(rest) = path.strip_prefix(&own) else { continue };
            // A layer within a layer, such as an activation with weights, has a group of its own.
            let within = rest.rsplit_once('/').map_or(String::new(), |(within, _)| format!("{within}/"));
            let group = format!("{at}{within}vars");
            let number = match numbers.iter_mut().find(|(g, _)| *g == group) {
                Some((_, n)) => {
                    *n += 1;
                    *n
                }
                None => {
                    numbers.push((group.clone(), 0));
                    0
                }
            };
            let layer_name = layer_name.clone();
            let (path, shape) = (path.clone(), shape.clone());
            found.push(Place { path, shape, layer, layer_name, trainable: *trainable, group, number });
        }
    }
}

/// What the groups of the layers are called, in Keras' order: by their classes, and counted.
pub(crate) fn group_names(model: &Model) -> Vec<String> {
    let mut used: Vec<(String, usize)> = Vec::new();
    let one = |&i: &usize| {
        let layer = &model.entries[i].layer;
        let class = snake_case(layer.as_model().map_or(layer.class(), |m| m.class));
        let count = match used.iter_mut().find(|(name, _)| *name == class) {
            Some((_, count)) => {
                *count += 1;
                *count
            }
            None => {
                used.push((class.clone(), 0));
                0
            }
        };
        if count == 0 { class } else { format!("{class}_{count}") }
    };
    keras_order(model).iter().map(one).collect()
}
