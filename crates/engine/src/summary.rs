//! The network layer by layer, as the text of Keras' `model.summary()`.

mod graph;
mod table;

use crate::apply::Stored;
use crate::learner::Learner;
use graph::Graph;
use std::fmt;
use steadygrad_kernels::Result;
use steadygrad_nn::model::{Entry, Model, Purpose};
use steadygrad_nn::recipe::{Recipe, Weight};
use steadygrad_nn::shape::Shape;
use table::{Align, Column, Table};

/// The layers of a model with their shapes and numbers of parameters. It is printed with `Display`, character by character
/// as Keras prints it; only the widths of characters that take two places are not known.
///
/// ```
/// use steadygrad_engine::Summary;
/// use steadygrad_nn::{Sequential, layers::Dense};
/// let summary = Summary::of(&Sequential::new([3]).add(Dense::new(2)).build())?.line_length(60);
/// assert_eq!(summary.to_string(), r#"Model: "sequential"
/// ┏━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━┓
/// ┃ Layer (type)             ┃ Output Shape      ┃   Param # ┃
/// ┡━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━┩
/// │ dense (Dense)            │ (None, 2)         │         8 │
/// └──────────────────────────┴───────────────────┴───────────┘
///  Total params: 8 (32.00 B)
///  Trainable params: 8 (32.00 B)
///  Non-trainable params: 0 (0.00 B)"#);
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Summary {
    name: String,
    linear: bool,
    rows: Vec<Row>,
    trainable: u64,
    fixed: u64,
    optimizer: Option<(u64, u64)>,
    line_length: Option<usize>,
    columns: Option<usize>,
    show_trainable: bool,
    expand_nested: bool,
}

#[derive(Debug, Clone)]
struct Row {
    level: usize,
    title: String,
    shape: String,
    /// `None` before the shape of the input is known.
    params: Option<u64>,
    connected: String,
    /// `None` for a layer without weights.
    trainable: Option<bool>,
}

/// The widest tables: of a row of layers, of a graph; and what the column of `show_trainable` adds.
const LINEAR: usize = 88;
const GRAPH: usize = 108;
const TRAINABLE: usize = 12;

/// Below this, some column would have no width at all.
const NARROWEST: usize = 44;

impl Summary {
    /// The summary of a model that has no weights yet.
    ///
    /// # Errors
    /// If its layers do not fit together.
    pub fn of(model: &Model) -> Result<Summary> {
        Ok(Summary::new(model, &model.lower(&Purpose::training(0, Vec::new()))?))
    }

    fn new(model: &Model, recipe: &Recipe) -> Summary {
        let graph = Graph::of(model);
        let mut rows = Vec::new();
        add_rows(model, recipe, &graph, "", 0, true, &mut rows);
        let (mut trainable, mut fixed) = (0, 0);
        for (_, size, learns) in weights(recipe) {
            *if learns { &mut trainable } else { &mut fixed } += size;
        }
        Summary {
            name: model.name.clone(),
            linear: graph.linear,
            rows,
            trainable,
            fixed,
            optimizer: None,
            line_length: None,
            columns: None,
            show_trainable: false,
            expand_nested: false,
        }
    }

    /// The summary of layers that do not know the shape of their input yet: their names and classes.
    ///
    /// ```
    /// use steadygrad_engine::Summary;
    /// let summary = Summary::unbuilt("sequential", &[("dense", "Dense")]);
    /// assert!(summary.to_string().contains("│ dense (Dense)                        │ ?                           │     0 (unbuilt) │"));
    /// ```
    pub fn unbuilt(name: &str, layers: &[(&str, &str)]) -> Summary {
        let row = |(name, class): &(&str, &str)| Row {
            level: 0,
            title: format!("{name} ({class})"),
            shape: "?".into(),
            params: None,
            connected: String::new(),
            trainable: None,
        };
        Summary {
            name: name.to_string(),
            linear: true,
            rows: layers.iter().map(row).collect(),
            trainable: 0,
            fixed: 0,
            optimizer: None,
            line_length: None,
            columns: None,
            show_trainable: false,
            expand_nested: false,
        }
    }

    /// The table's width; Keras' own is 88, or 108 for a graph, and 12 more with `show_trainable`.
    pub fn line_length(mut self, characters: usize) -> Summary {
        self.line_length = Some(characters);
        self
    }

    /// The width of the terminal: the table is at least four narrower.
    pub fn columns(mut self, characters: usize) -> Summary {
        self.columns = Some(characters);
        self
    }

    /// Whether a column says which layers learn.
    pub fn show_trainable(mut self, show: bool) -> Summary {
        self.show_trainable = show;
        self
    }

    /// Whether the layers of models within are shown as well.
    pub fn expand_nested(mut self, expand: bool) -> Summary {
        self.expand_nested = expand;
        self
    }

    /// Numbers that are learnt, and numbers that are not.
    pub fn count_params(&self) -> (u64, u64) {
        (self.trainable, self.fixed)
    }

    fn table(&self) -> Table {
        let mut length = if self.linear { LINEAR } else { GRAPH };
        let mut ends = if self.linear { vec![0.45, 0.80, 1.0] } else { vec![0.3, 0.56, 0.74, 1.0] };
        let mut heads =
            vec![("Layer (type)", Align::Left), ("Output Shape", Align::Left), ("Param #", Align::Right)];
        if !self.linear {
            heads.push(("Connected to", Align::Left));
        }
        if self.show_trainable {
            length += TRAINABLE;
            ends.iter_mut().for_each(|end| *end *= 0.90);
            ends.push(1.0);
            heads.push(("Trainable", Align::Center));
        }
        let room = self.columns.map_or(usize::MAX, |c| c.saturating_sub(4));
        let length = self.line_length.unwrap_or(length.min(room)).max(NARROWEST);
        let mut at = 0;
        let columns = heads.into_iter().zip(ends).map(|((head, align), end)| {
            let width = (end * length as f64) as usize - at;
            at += width;
            Column { head: head.to_string(), align, width }
        });
        Table::new(length, columns.collect())
    }
}

/// Every weight: its path, its size, and whether it learns.
fn weights(recipe: &Recipe) -> impl Iterator<Item = (&str, u64, bool)> {
    recipe.weights.iter().map(|weight| match *weight {
        Weight::Parameter(i) => {
            let p = &recipe.parameters[i];
            (p.path.as_str(), p.shape.size() as u64, p.gradient.is_some())
        }
        Weight::State(i) => (recipe.states[i].path.as_str(), recipe.states[i].shape.size() as u64, false),
    })
}

/// The layers of a model, and under each model among them its own layers. `within` is the path of the model.
fn add_rows(
    model: &Model,
    recipe: &Recipe,
    graph: &Graph,
    within: &str,
    level: usize,
    learns: bool,
    rows: &mut Vec<Row>,
) {
    for &i in &graph.order {
        let entry = &model.entries[i];
        // Keras counts the input of a Sequential among no layers.
        if model.class == "Sequential" && entry.layer.class() == "InputLayer" {
            continue;
        }
        let path = format!("{within}{}", entry.name);
        let inside = format!("{path}/");
        let own = weights(recipe).filter(|(path, _, _)| path.starts_with(&inside));
        let sizes: Vec<u64> = own.map(|(_, size, _)| size).collect();
        let learns = learns && entry.trainable;
        rows.push(Row {
            level,
            title: format!("{} ({})", entry.name, entry.layer.class()),
            shape: shapes(recipe, entry, &path),
            params: Some(sizes.iter().sum()),
            connected: if level == 0 { graph.connected(model, i) } else { "-".into() },
            trainable: (!sizes.is_empty()).then_some(learns),
        });
        if let Some(inner) = entry.layer.as_model() {
            add_rows(inner, recipe, &Graph::of(inner), &inside, level + 1, learns, rows);
        }
    }
}

/// The shape that the layer's last call makes; in a list, where it makes several values.
fn shapes(recipe: &Recipe, entry: &Entry, path: &str) -> String {
    let trace = recipe.traces.iter().rev().find(|t| t.path == path);
    let shapes = match trace {
        Some(trace) => trace.shapes.clone(),
        None => entry.layer.output_shapes(&[]).unwrap_or_default(),
    };
    let text = |shape: &Shape| {
        let dims = shape.dims().iter().map(|d| format!(", {d}"));
        format!("(None{})", dims.collect::<String>())
    };
    match shapes.as_slice() {
        [one] => text(one),
        many => format!("[{}]", many.iter().map(text).collect::<Vec<_>>().join(", ")),
    }
}

/// 12,345
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// 311.76 KB
fn memory(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];
    let (mut size, mut unit) = (bytes as f64, 0);
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{size:.2} {}", UNITS[unit])
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = self.table();
        for row in self.rows.iter().filter(|row| row.level == 0 || self.expand_nested) {
            let before =
                if row.level > 0 { format!("{}└ ", "   ".repeat(row.level)) } else { String::new() };
            let params = row.params.map_or("0 (unbuilt)".to_string(), grouped);
            let mut cells = vec![before + &row.title, row.shape.clone(), params];
            if !self.linear {
                cells.push(row.connected.clone());
            }
            if self.show_trainable {
                cells.push(
                    match row.trainable {
                        None => "-",
                        Some(true) => "Y",
                        Some(false) => "N",
                    }
                    .to_string(),
                );
            }
            table.row(cells);
        }
        writeln!(f, "Model: \"{}\"\n{table}", self.name)?;
        let (params, bytes) = self.optimizer.unwrap_or((0, 0));
        let model = self.trainable + self.fixed;
        let line = |count: u64, bytes: u64| format!("{} ({})", grouped(count), memory(bytes));
        writeln!(f, " Total params: {}", line(model + params, 4 * model + bytes))?;
        writeln!(f, " Trainable params: {}", line(self.trainable, 4 * self.trainable))?;
        write!(f, " Non-trainable params: {}", line(self.fixed, 4 * self.fixed))?;
        match self.optimizer {
            Some((params, bytes)) => write!(f, "\n Optimizer params: {}", line(params, bytes)),
            None => Ok(()),
        }
    }
}

impl Learner {
    /// The network layer by layer. Once it was trained, the optimizer's numbers are counted too, as in Keras.
    ///
    /// ```
    /// use steadygrad_engine::{Compile, Trainable};
    /// use steadygrad_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
    /// let learner = Sequential::new([3]).add(Dense::new(2)).compile(Compile::new(Sgd::new(0.1), MeanSquaredError))?;
    /// assert!(learner.summary().to_string().contains(" Trainable params: 8 (32.00 B)"));
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::new(&self.model, &self.train.recipe);
        if self.iterations() > 0 {
            let sizes = self.applier.variables().into_iter().map(|v| match v.value {
                // The count of steps is a 64-bit number.
                Stored::Count(_) => (1, 8),
                Stored::Numbers(numbers) => (numbers.len() as u64, 4 * numbers.len() as u64),
            });
            summary.optimizer = Some(sizes.fold((0, 0), |(n, b), (m, c)| (n + m, b + c)));
        }
        summary
    }
}

#[cfg(test)]
mod tests;
