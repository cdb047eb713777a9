//! The `[model]` table: a list of layers becomes a network.

use steadygrad_kernels::{Error, Place, Result};
use steadygrad_nn::config::{Args, Config, Value};
use steadygrad_nn::functional::{self, Shared, shared};
use steadygrad_nn::layers::{self, Add};
use steadygrad_nn::{Model, Shape};

/// The most layers an experiment may have, repetitions counted: a slip of the pen should not fill the memory.
const MOST_LAYERS: usize = 100_000;

/// The model of the table, for data of these shapes where the table gives none.
pub(crate) fn model(config: &Config, shapes: &[Shape]) -> Result<Model> {
    let mut args = Args::new("[model]", config);
    let given: Option<Vec<usize>> = args.or("input_shape", None)?;
    let name: Option<String> = args.or("name", None)?;
    let outputs: Vec<String> = args.or("outputs", Vec::new())?;
    let items: Vec<Value> = match config.get("layers") {
        Some(Value::List(items)) => items.clone(),
        Some(other) => {
            return Err(Error::argument(format!("expected a list of layers, found {}", other.kind()))
                .at("[model], `layers`"));
        }
        None => {
            return Err(Error::argument("`layers` is missing").at("[model]").help(
                "list the layers: layers = [{ layer = \"dense\", units = 10, activation = \"softmax\" }]",
            ));
        }
    };
    args.ignore(&["layers", "weights", "file"]);
    args.finish()?;
    let input_shape = given.map(Shape::from).or_else(|| shapes.first().cloned());
    let mut build =
        Build { named: Vec::new(), inputs: Vec::new(), last: None, input_shape, linear: true, count: 0 };
    for (i, item) in items.iter().enumerate() {
        build.item(item).place(|| format!("[model], layer {i}"))?;
    }
    let Some(last) = build.last.clone() else {
        return Err(Error::argument("`layers` is empty")
            .at("[model]")
            .help("a model needs one layer or more"));
    };
    let ends: Vec<functional::Value> = match outputs.as_slice() {
        [] => vec![last],
        names => {
            build.linear = false;
            names.iter().map(|n| build.find(n)).collect::<Result<_>>().place(|| "[model], `outputs`")?
        }
    };
    let inputs: Vec<&functional::Value> = build.inputs.iter().collect();
    let mut model = Model::new(&inputs, &ends.iter().collect::<Vec<_>>());
    if build.linear {
        (model.class, model.name) = ("Sequential", "sequential".into());
    }
    if let Some(name) = name {
        model = model.named(&name);
    }
    model.shapes().place(|| "[model]")?;
    Ok(model)
}

struct Build {
    named: Vec<(String, functional::Value)>,
    inputs: Vec<functional::Value>,
    last: Option<functional::Value>,
    input_shape: Option<Shape>,
    linear: bool,
    count: usize,
}

impl Build {
    /// The value that the next layer reads: the last one made, or the model's only input.
    fn current(&mut self) -> Result<functional::Value> {
        if let Some(last) = &self.last {
            return Ok(last.clone());
        }
        let Some(shape) = self.input_shape.clone() else {
            return Err(Error::argument("the shape of the input is not known")
                .help("give `input_shape` in [model], the shape of one sample, as in input_shape = [8, 8]"));
        };
        let value = functional::input(shape);
        self.inputs.push(value.clone());
        self.named.push(("input".into(), value.clone()));
        self.last = Some(value.clone());
        Ok(value)
    }

    fn find(&mut self, name: &str) -> Result<functional::Value> {
        if self.inputs.is_empty() {
            self.current()?;
        }
        match self.named.iter().find(|(n, _)| n == name) {
            Some((_, value)) => Ok(value.clone()),
            None => {
                let known: Vec<&str> = self.named.iter().map(|(n, _)| n.as_str()).collect();
                Err(Error::name("layer with a name", name, &known))
            }
        }
    }

    fn item(&mut self, item: &Value) -> Result<()> {
        let Value::Map(item) = item else {
            return match item {
                // A bare name is a layer without arguments.
                Value::Text(name) => self.layer(&Config::new().with("layer", name.as_str())),
                other => Err(Error::argument(format!(
                    "expected a table such as {{ layer = \"dense\", units = 10 }}, found {}",
                    other.kind()
                ))),
            };
        };
        if item.get("repeat").is_some() || item.get("block").is_some() {
            self.repeat(item)
        } else if item.get("residual").is_some() {
            self.residual(item)
        } else {
            self.layer(item)
        }
    }

    fn block(&mut self, items: &[Value], what: &str) -> Result<()> {
        for (i, item) in items.iter().enumerate() {
            self.item(item).place(|| format!("{what} {i}"))?;
        }
        Ok(())
    }

    fn repeat(&mut self, item: &Config) -> Result<()> {
        let mut args = Args::new("repeat", item);
        let times: usize = args.need("repeat")?;
        let block: Vec<Value> = args.need("block")?;
        args.finish()?;
        for _ in 0..times {
            self.block(&block, "block item")?;
        }
        Ok(())
    }

    /// x + f(x), or shortcut(x) + f(x).
    fn residual(&mut self, item: &Config) -> Result<()> {
        let mut args = Args::new("residual", item);
        let branch: Vec<Value> = args.need("residual")?;
        let shortcut: Vec<Value> = args.or("shortcut", Vec::new())?;
        let name: Option<String> = args.or("name", None)?;
        args.finish()?;
        self.linear = false;
        let start = self.current()?;
        self.block(&branch, "residual item")?;
        let end = self.current()?;
        self.last = Some(start);
        self.block(&shortcut, "shortcut item")?;
        let side = self.current()?;
        let sum = add_as(name.as_deref()).on_all(&[&side, &end]);
        self.made(name, sum)
    }

    fn layer(&mut self, item: &Config) -> Result<()> {
        let mut own = item.clone();
        let Some(class) = own.remove("layer") else {
            let keys: Vec<&str> = item.iter().map(|(k, _)| k).collect();
            return Err(Error::argument(format!("`layer` is missing among {}", keys.join(", ")))
                .help("an item is { layer = \"…\" }, { repeat = …, block = […] } or { residual = […] }"));
        };
        let Value::Text(class) = class else {
            return Err(Error::argument(format!("`layer` must be a name, found {}", class.kind())));
        };
        let inputs = own.remove("inputs");
        let made = layers::from_config(&class, &own)?;
        if made.layer.class() == "InputLayer" {
            self.linear = false;
            let shape = made.layer.output_shapes(&[])?.swap_remove(0);
            let name = made.name.unwrap_or_else(|| format!("input_{}", self.inputs.len()));
            let value = functional::input_as(&name, shape);
            self.inputs.push(value.clone());
            return self.made(Some(name), value);
        }
        let read: Vec<functional::Value> = match inputs {
            None => vec![self.current()?],
            Some(names) => {
                self.linear = false;
                let names: Vec<String> =
                    steadygrad_nn::config::FromValue::from_value(&names).place(|| "`inputs`")?;
                names.iter().map(|n| self.find(n)).collect::<Result<_>>().place(|| "`inputs`")?
            }
        };
        let mut layer = shared(made.layer);
        if let Some(name) = &made.name {
            layer = layer.named(name);
        }
        if !made.trainable {
            layer = layer.frozen();
        }
        let value = layer.on_all(&read.iter().collect::<Vec<_>>());
        self.made(made.name, value)
    }

    fn made(&mut self, name: Option<String>, value: functional::Value) -> Result<()> {
        self.count += 1;
        if self.count > MOST_LAYERS {
            return Err(Error::argument(format!("the model has more than {MOST_LAYERS} layers"))
                .help("check the numbers after `repeat`"));
        }
        if let Some(name) = name {
            if self.named.iter().any(|(n, _)| *n == name) {
                return Err(Error::argument(format!("two layers have the name `{name}`"))
                    .help("names must differ; in a repeated block leave `name` out"));
            }
            self.named.push((name, value.clone()));
        }
        self.last = Some(value);
        Ok(())
    }
}

fn add_as(name: Option<&str>) -> Shared {
    match name {
        Some(name) => shared(Add).named(name),
        None => shared(Add),
    }
}
