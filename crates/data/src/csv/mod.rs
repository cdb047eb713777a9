//! CSV files: one sample per line, one column with the target.
//!
//! Lines and columns in errors count from 1, as editors and spreadsheets do; an index of a column counts from 0.

mod cells;
mod targets;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use steadygrad_kernels::{Error, Place, Result};

use crate::array::Array;
use crate::dataset::Dataset;
use crate::file;
pub use cells::Header;
use cells::Table;
pub use targets::Labels;

/// Which column holds the target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Target {
    /// The column called label, target, y or class; else the last one.
    #[default]
    Guess,
    /// The column of this name; in a file without names, a number is an index.
    Name(String),
    /// The column of this index, from 0.
    Index(usize),
    /// None: the file has samples only.
    None,
}

impl From<&str> for Target {
    fn from(name: &str) -> Target {
        Target::Name(name.into())
    }
}

impl From<usize> for Target {
    fn from(index: usize) -> Target {
        Target::Index(index)
    }
}

/// How a CSV file is to be read.
///
/// ```
/// use steadygrad_data::csv::{self, CsvOptions};
/// let text = b"width,height,species\n1.5,2.0,rose\n0.5,3.0,iris\n";
/// let (data, schema) = csv::parse(text, &CsvOptions { target: "species".into(), ..CsvOptions::default() })?;
/// assert_eq!(data.to_string(), "data: 2 samples of (2,), 2 classes");
/// assert_eq!(data.y[0].data(), [1.0, 0.0]);
/// assert_eq!(schema.features, ["width", "height"]);
/// assert_eq!(schema.classes, Some(vec!["iris".into(), "rose".into()]));
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CsvOptions {
    /// The column with the target.
    pub target: Target,
    /// Whether the first line holds names.
    pub header: Header,
    /// What stands between cells; `None` takes the most frequent of comma, semicolon and tab in the first line.
    pub delimiter: Option<u8>,
    /// Names of columns that are neither feature nor target.
    pub skip: Vec<String>,
    /// The name of a column with a weight for each sample, by which its loss is multiplied.
    pub weight: Option<String>,
    /// Whether the target is a class or a number.
    pub labels: Labels,
}

/// The columns and classes of a file, by which another one is read in the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// The names of the feature columns, in the order of the model's input; "column 3" in a file without names.
    pub features: Vec<String>,
    /// The name of the target column.
    pub target: Option<String>,
    /// The text of the labels 0, 1, 2, …; `None` where the target is a number.
    pub classes: Option<Vec<String>>,
    /// The name of the column with the weights of the samples.
    pub weight: Option<String>,
    /// Columns that are passed over.
    pub skip: Vec<String>,
    /// Whether the first line holds names.
    pub header: bool,
    /// What stands between cells.
    pub delimiter: u8,
}

impl Schema {
    /// The same for files to predict from: target and weights are not read, and may be missing.
    pub fn without_target(mut self) -> Schema {
        self.skip.extend(self.target.take());
        self.skip.extend(self.weight.take());
        self.classes = None;
        self
    }
}

/// Reads a file of samples to train with, and the schema by which others are read ([`load_like`]).
///
/// Samples have shape (features,), targets `(n,)`. Labels that are text become 0, 1, 2, … in sorted order.
///
/// # Errors
/// Where the file cannot be read, a cell of a feature is not a finite number, a line has more or fewer cells than the
/// first, or the target is missing. File, line and column are named.
pub fn load(path: impl AsRef<Path>, options: &CsvOptions) -> Result<(Dataset, Schema)> {
    let path = path.as_ref();
    let (data, schema) = parse(&file::read(path)?, options).place(|| path.display().to_string())?;
    Ok((data.named(file::stem(path)), schema))
}

/// Reads a file with the columns and the classes of another one. Named columns may stand in any order.
///
/// # Errors
/// As for [`load`], and where a column is missing or too many, or a label was not among the classes.
pub fn load_like(schema: &Schema, path: impl AsRef<Path>) -> Result<Dataset> {
    let path = path.as_ref();
    let data = parse_like(schema, &file::read(path)?).place(|| path.display().to_string())?;
    Ok(data.named(file::stem(path)))
}

/// Reads the bytes of a file of samples to train with.
///
/// # Errors
/// As for [`load`].
pub fn parse(bytes: &[u8], options: &CsvOptions) -> Result<(Dataset, Schema)> {
    let delimiter = options.delimiter.unwrap_or_else(|| cells::guess_delimiter(bytes));
    let mut table = Table::open(bytes, delimiter, options.header)?;
    let others = options.skip.iter().chain(&options.weight);
    let skipped = others.map(|name| table.column(name)).collect::<Result<Vec<usize>>>()?;
    let weight = options.weight.as_ref().and(skipped.last().copied());
    let target = find_target(&table, &options.target, &skipped)?;
    let features: Vec<usize> =
        (0..table.names.len()).filter(|i| Some(*i) != target && !skipped.contains(i)).collect();
    if features.is_empty() {
        let help = "if it has no target, say that there is none (Target::None)";
        return Err(Error::data("there is no column with features besides the target").help(help));
    }
    let (x, cells) = table.read(&[&features[..], weight.as_slice()].concat(), target)?;
    let (y, classes) = match target {
        Some(column) => {
            let (y, classes) = targets::find(&cells, &options.labels).place(|| table.place(column))?;
            (Some(y), classes)
        }
        None => (None, None),
    };
    let schema = Schema {
        features: features.iter().map(|&i| table.names[i].clone()).collect(),
        target: target.map(|i| table.names[i].clone()),
        classes,
        weight: options.weight.clone(),
        skip: options.skip.clone(),
        header: table.has_header,
        delimiter,
    };
    Ok((dataset(x, y, &schema)?, schema))
}

/// Reads the bytes of a file with the columns and the classes of another one.
///
/// ```
/// use steadygrad_data::csv::{self, CsvOptions};
/// let (_, schema) = csv::parse(b"a,b,kind\n1,2,no\n3,4,yes\n", &CsvOptions::default())?;
/// let test = csv::parse_like(&schema, b"kind,b,a\nyes,6,5\n")?;
/// assert_eq!((test.x[0].data(), test.y[0].data()), (&[5.0, 6.0][..], &[1.0][..]));
/// let unseen = csv::parse_like(&schema.without_target(), b"a,b\n7,8\n")?;
/// assert!(unseen.y.is_empty());
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// As for [`load_like`].
pub fn parse_like(schema: &Schema, bytes: &[u8]) -> Result<Dataset> {
    let header = if schema.header { Header::Yes } else { Header::No };
    let mut table = Table::open(bytes, schema.delimiter, header)?;
    let as_before = |e: Error| e.help("the columns must be those of the training file");
    // One look through all names for each of them would take for ever where there are very many.
    let columns: HashMap<&str, usize> =
        table.names.iter().enumerate().map(|(i, name)| (&**name, i)).collect();
    let column = |name: &String| columns.get(&**name).map_or_else(|| table.column(name), |&i| Ok(i));
    let features = schema.features.iter().map(column).collect::<Result<Vec<_>>>()?;
    let [target, weight] =
        [&schema.target, &schema.weight].map(|name| name.as_ref().map(|name| table.column(name)).transpose());
    let (target, weight) = (target?, weight?);
    let known: HashSet<usize> = features.iter().copied().chain(target).chain(weight).collect();
    for (i, name) in table.names.iter().enumerate() {
        if !known.contains(&i) && !schema.skip.contains(name) {
            return Err(as_before(
                Error::data("a column that the training file does not have").at(table.place(i)),
            ));
        }
    }
    let (x, cells) = table.read(&[&features[..], weight.as_slice()].concat(), target)?;
    let y = match target {
        Some(column) => Some(targets::like(&cells, schema.classes.as_deref()).place(|| table.place(column))?),
        None => None,
    };
    dataset(x, y, schema)
}

/// Rows of features, each with its weight behind it where there are weights, and the targets.
fn dataset(mut x: Vec<f32>, y: Option<Vec<f32>>, schema: &Schema) -> Result<Dataset> {
    let columns = schema.features.len();
    let weights = schema.weight.as_ref().map(|_| {
        let weights = x.iter().skip(columns).step_by(columns + 1).copied().collect();
        x = x.chunks_exact(columns + 1).flat_map(|row| &row[..columns]).copied().collect();
        weights
    });
    let x = Array::new([x.len() / columns, columns], x)?;
    let y = y.map(|y| Array::new([y.len()], y)).transpose()?;
    let data = Dataset::multi(vec![x], Vec::from_iter(y))?;
    let data = match (weights, &schema.weight) {
        (Some(weights), Some(name)) => data.with_weights(weights).place(|| format!("column `{name}`"))?,
        _ => data,
    };
    Ok(match &schema.classes {
        Some(classes) => data.with_class_names(classes.clone()),
        None => data,
    })
}

fn find_target(table: &Table<'_>, target: &Target, skipped: &[usize]) -> Result<Option<usize>> {
    let width = table.names.len();
    let found = match target {
        Target::None => return Ok(None),
        Target::Guess => {
            let called = |usual: &&str| table.names.iter().position(|name| name.to_lowercase() == **usual);
            let usual = if table.has_header {
                ["label", "target", "y", "class"].iter().find_map(called)
            } else {
                None
            };
            return Ok(usual.or_else(|| (0..width).rev().find(|i| !skipped.contains(i))));
        }
        Target::Name(name) if !table.has_header => match name.parse() {
            Ok(index) => index,
            Err(_) => table.column(name)?,
        },
        Target::Name(name) => table.column(name)?,
        Target::Index(index) => *index,
    };
    if found >= width {
        let what = format!("expected a column index from 0 to {}, got {found}", width - 1);
        return Err(Error::argument(what).at("target"));
    }
    if skipped.contains(&found) {
        return Err(Error::argument("the target is among the columns to skip").at(table.place(found)));
    }
    Ok(Some(found))
}
