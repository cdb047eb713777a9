//! The `[model]` table: a list of layers becomes a network.

use crate::origins::join;
use steadygrad_kernels::{Error, Place, Result};
use steadygrad_nn::args::Args;
use steadygrad_nn::config::{Config, FromValue, Value};
use steadygrad_nn::functional::{self, Shared, shared};
use steadygrad_nn::layers::{self, Add, Layer};
use steadygrad_nn::{Model, Shape};

/// The most layers an experiment may have, repetitions counted: a slip of the pen should not fill the memory.
const MOST_LAYERS: usize = 10_000;

/// An error, and the path of the part of the experiment that it is about.
pub(crate) type Faulty = (Error, String);

/// The model of the table, for data of these shapes where the table gives none.
pub(crate) fn model(config: &Config, shapes: &[Shape]) -> std::result::Result<Model, Faulty> {
    let mut build = Build { at: None, ..Build::default() };
    build.model(config, shapes).map_err(|e| (e, build.at.unwrap_or_else(|| "model".into())))
}

/// A value on its way through the network, with its shape.
#[derive(Clone)]
struct Made {
    value: functional::Value,
    shape: Shape,
    /// Some layer or output reads it.
    used: std::rc::Rc<std::cell::Cell<bool>>,
    what: String,
}

#[derive(Default)]
struct Build {
    named: Vec<(String, Made)>,
    inputs: Vec<functional::Value>,
    all: Vec<(Made, String)>,
    last: Option<Made>,
    input_shape: Option<Shape>,
    /// The shape of the input stands in the table.
    given: bool,
    graph: bool,
    /// The path of the item that is wrong: the innermost.
    at: Option<String>,
}

/// How many layers a list makes, repetitions counted.
fn count(items: &[Value]) -> usize {
    let list = |map: &Config, key: &str| match map.get(key) {
        Some(Value::List(items)) => count(items),
        Some(_) => 1,
        None => 0,
    };
    let one = |item: &Value| match item {
        Value::Map(map) if map.get("block").is_some() => {
            let times = map.get("repeat").map_or(Ok(1), usize::from_value).unwrap_or(1);
            // To repeat nothing takes its time as well.
            list(map, "block").max(1).saturating_mul(times)
        }
        Value::Map(map) if map.get("residual").is_some() => {
            list(map, "residual").saturating_add(list(map, "shortcut")).saturating_add(1)
        }
        _ => 1,
    };
    items.iter().fold(0, |n: usize, item| n.saturating_add(one(item)))
}

impl Build {
    fn model(&mut self, config: &Config, shapes: &[Shape]) -> Result<Model> {
        let mut args = Args::new("[model]", config);
        let given: Option<Vec<usize>> = args.or("input_shape", None)?;
        let name: Option<String> = args.or("name", None)?;
        let outputs: Vec<String> = args.or("outputs", Vec::new())?;
        let items = list(config)?;
        args.ignore(&["layers", "weights", "rescale", "file"]);
        args.finish()?;
        let layers = count(items);
        if layers > MOST_LAYERS {
            let many = if layers == usize::MAX { "endlessly many".into() } else { layers.to_string() };
            return Err(Error::argument(format!(
                "the list makes {many} layers, and {MOST_LAYERS} are the most"
            ))
            .at("[model], `layers`")
            .help("check the numbers after `repeat`"));
        }
        if let Some(shape) = &given {
            Shape::from(shape.clone()).check().place(|| "[model], `input_shape`")?;
        }
        self.given = given.is_some();
        self.input_shape = given.map(Shape::from).or_else(|| shapes.first().cloned());
        for (i, item) in items.iter().enumerate() {
            self.item(item, &format!("model.layers.{i}"))
                .place(|| format!("layer {i}"))
                .place(|| "[model]")?;
        }
        let Some(last) = self.last.clone() else {
            return Err(Error::argument("`layers` is empty")
                .at("[model]")
                .help("a model needs one layer or more"));
        };
        let ends: Vec<Made> = match outputs.as_slice() {
            [] => vec![last],
            names => {
                self.graph = true;
                names.iter().map(|n| self.find(n)).collect::<Result<_>>().place(|| "[model], `outputs`")?
            }
        };
        ends.iter().for_each(|end| end.used.set(true));
        if let Some((unused, path)) = self.all.iter().find(|(made, _)| !made.used.get()) {
            self.at = Some(path.clone());
            return Err(Error::argument("nothing reads what this layer makes")
                .at(unused.what.clone())
                .at("[model]")
                .help(
                    "name it in the `inputs` of another layer or in `outputs` of [model], or take it out",
                ));
        }
        let inputs: Vec<&functional::Value> = self.inputs.iter().collect();
        let mut model = Model::new(&inputs, &ends.iter().map(|end| &end.value).collect::<Vec<_>>());
        if !self.graph {
            (model.class, model.name) = ("Sequential", "sequential".into());
        }
        if let Some(name) = name {
            model = model.named(&name);
        }
        model.shapes().place(|| "[model]")?;
        Ok(model)
    }

    /// The value that the next layer reads: the last one made, or the model's only input.
    fn current(&mut self) -> Result<Made> {
        if let Some(last) = &self.last {
            return Ok(last.clone());
        }
        let Some(shape) = self.input_shape.clone() else {
            return Err(Error::argument("the shape of the input is not known")
                .help("give `input_shape` in [model], the shape of one sample, as in input_shape = [8, 8]"));
        };
        let made = Made {
            value: functional::input(shape.clone()),
            shape,
            used: Default::default(),
            what: "the input".into(),
        };
        self.inputs.push(made.value.clone());
        self.named.push(("input".into(), made.clone()));
        self.last = Some(made.clone());
        Ok(made)
    }

    fn find(&mut self, name: &str) -> Result<Made> {
        if self.inputs.is_empty() {
            self.current()?;
        }
        match self.named.iter().find(|(n, _)| n == name) {
            Some((_, made)) => Ok(made.clone()),
            None => {
                let known: Vec<&str> = self.named.iter().map(|(n, _)| n.as_str()).collect();
                let error = Error::name("layer before this one", name, &known);
                let known = error.remedy().starts_with("known");
                let help = format!("{}; a layer is named with name = \"…\"", error.remedy());
                Err(if known { error.help(help) } else { error })
            }
        }
    }

    fn item(&mut self, item: &Value, path: &str) -> Result<()> {
        let result = match item {
            Value::Map(item) if item.get("repeat").is_some() || item.get("block").is_some() => {
                self.repeat(item, path)
            }
            Value::Map(item) if item.get("residual").is_some() || item.get("shortcut").is_some() => {
                self.residual(item, path)
            }
            Value::Map(item) => self.layer(item, path),
            // A bare name is a layer without arguments.
            Value::Text(name) => self.layer(&Config::new().with("layer", name.as_str()), path),
            other => Err(Error::argument(format!(
                "expected a table such as {{ layer = \"dense\", units = 10 }}, found {}",
                other.kind()
            ))),
        };
        if result.is_err() {
            self.at.get_or_insert_with(|| path.to_string());
        }
        result
    }

    fn block(&mut self, items: &[Value], what: &str, path: &str) -> Result<()> {
        for (i, item) in items.iter().enumerate() {
            let path = join(&join(path, what), &i.to_string());
            self.item(item, &path).place(|| format!("`{what}` {i}"))?;
        }
        Ok(())
    }

    fn repeat(&mut self, item: &Config, path: &str) -> Result<()> {
        let mut args = Args::new("repeat", item);
        let times: usize = args.need("repeat")?;
        let block: Vec<Value> = args.need("block")?;
        args.finish()?;
        if block.is_empty() {
            return args.reject("block", "a list of one layer or more", "an empty list");
        }
        for _ in 0..times {
            self.block(&block, "block", path)?;
        }
        Ok(())
    }

    /// x + f(x), or shortcut(x) + f(x).
    fn residual(&mut self, item: &Config, path: &str) -> Result<()> {
        let mut args = Args::new("residual", item);
        let branch: Vec<Value> = args.need("residual")?;
        let shortcut: Vec<Value> = args.or("shortcut", Vec::new())?;
        let name: Option<String> = args.or("name", None)?;
        args.finish()?;
        self.graph = true;
        let start = self.current()?;
        self.block(&branch, "residual", path)?;
        let end = self.current()?;
        self.last = Some(start);
        self.block(&shortcut, "shortcut", path)?;
        let side = self.current()?;
        if side.shape != end.shape {
            return Err(Error::shape(format!(
                "the branch ends with values of shape {}, and the way around it with {}",
                end.shape, side.shape
            ))
            .help("give both the same shape, the way around with layers of its own: shortcut = [{ layer = \"dense\", units = … }]"));
        }
        let sum = match &name {
            Some(name) => shared(Add).named(name),
            None => shared(Add),
        };
        self.apply(&Add, sum, &[side, end], name, path, "the sum")
    }

    fn layer(&mut self, item: &Config, path: &str) -> Result<()> {
        let mut own = item.clone();
        let Some(class) = own.remove("layer") else {
            let keys: Vec<&str> = item.iter().map(|(k, _)| k).collect();
            let help = "an item is { layer = \"…\" }, { repeat = …, block = […] } or { residual = […] }";
            let has = if keys.is_empty() {
                "the table is empty".into()
            } else {
                format!("it has {}", keys.join(", "))
            };
            return Err(
                Error::argument(format!("`layer`, the name of a layer, is missing; {has}")).help(help)
            );
        };
        let Value::Text(class) = class else {
            return Err(Error::argument(format!("`layer` must be a name, found {}", class.kind())));
        };
        let inputs = own.remove("inputs");
        self.first_shape(&mut own)?;
        let made = layers::from_config(&class, &own).map_err(|e| match own.get("name") {
            // The class stands in the error already.
            Some(Value::Text(name)) if !e.place().split(", ").any(|part| part == name) => e.at(name.clone()),
            _ => e,
        })?;
        if let Some(name) = made.name.as_deref().filter(|n| n.is_empty() || n.contains(['/', '$'])) {
            return Err(Error::argument(format!("`{name}` cannot be the name of a layer"))
                .help("a name has one letter or more, and no `/` or `$`"));
        }
        let what = match &made.name {
            Some(name) => format!("{class} `{name}`"),
            None => class.clone(),
        };
        if made.layer.class() == "InputLayer" {
            self.graph = true;
            let shape = made.layer.output_shapes(&[])?.swap_remove(0);
            shape.check()?;
            let name = made.name.unwrap_or_else(|| format!("input_{}", self.inputs.len()));
            let value = functional::input_as(&name, shape.clone());
            self.inputs.push(value.clone());
            return self.made(Some(name), Made { value, shape, used: Default::default(), what }, path);
        }
        let read: Vec<Made> = match inputs {
            None => vec![self.current()?],
            Some(names) => {
                self.graph = true;
                let names: Vec<String> = FromValue::from_value(&names).place(|| "`inputs`")?;
                names.iter().map(|n| self.find(n)).collect::<Result<_>>().place(|| "`inputs`")?
            }
        };
        let mut layer = shared(made.layer.clone());
        if let Some(name) = &made.name {
            layer = layer.named(name);
        }
        if !made.trainable {
            layer = layer.frozen();
        }
        self.apply(&*made.layer, layer, &read, made.name, path, &what)
    }

    /// `input_shape` among the settings of the first layer, as in Keras' tutorials: the model's own.
    fn first_shape(&mut self, own: &mut Config) -> Result<()> {
        let Some(value) = own.get("input_shape") else { return Ok(()) };
        let dims: Vec<usize> = FromValue::from_value(value).place(|| "`input_shape`")?;
        let shape = Shape::from(dims);
        shape.check().place(|| "`input_shape`")?;
        let help = "give it in the table [model], where it holds for all";
        if self.last.is_some() || !self.inputs.is_empty() {
            return Err(Error::argument("`input_shape` belongs to the first layer").help(help));
        }
        if self.given && self.input_shape.as_ref() != Some(&shape) {
            let other = self.input_shape.as_ref().map_or(String::new(), Shape::to_string);
            return Err(Error::argument(format!(
                "`input_shape` is given here, {shape}, and in [model], {other}"
            ))
            .help("leave one of them out"));
        }
        own.remove("input_shape");
        self.input_shape = Some(shape);
        Ok(())
    }

    fn apply(
        &mut self,
        layer: &dyn Layer,
        shared: Shared,
        read: &[Made],
        name: Option<String>,
        path: &str,
        what: &str,
    ) -> Result<()> {
        let shapes: Vec<Shape> = read.iter().map(|made| made.shape.clone()).collect();
        let mut shapes = layer.output_shapes(&shapes).place(|| what)?;
        shapes.iter().try_for_each(Shape::check).place(|| what)?;
        read.iter().for_each(|made| made.used.set(true));
        let value = shared.on_all(&read.iter().map(|made| &made.value).collect::<Vec<_>>());
        let made =
            Made { value, shape: shapes.swap_remove(0), used: Default::default(), what: what.to_string() };
        self.made(name, made, path)
    }

    fn made(&mut self, name: Option<String>, made: Made, path: &str) -> Result<()> {
        if let Some(name) = name {
            if self.named.iter().any(|(n, _)| *n == name) {
                return Err(Error::argument(format!("two layers have the name `{name}`"))
                    .help("names must differ; in a repeated block leave `name` out"));
            }
            self.named.push((name, made.clone()));
        }
        self.all.push((made.clone(), path.to_string()));
        self.last = Some(made);
        Ok(())
    }
}

fn list(config: &Config) -> Result<&[Value]> {
    match config.get("layers") {
        Some(Value::List(items)) => Ok(items),
        Some(other) => Err(Error::argument(format!("expected a list of layers, found {}", other.kind()))
            .at("[model], `layers`")),
        None => Err(Error::argument("`layers` is missing")
            .at("[model]")
            .help("list the layers: layers = [{ layer = \"dense\", units = 10, activation = \"softmax\" }]")),
    }
}
