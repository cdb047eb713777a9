//! The target column: labels that are text become whole numbers, numbers stay what they are.

use std::collections::{BTreeSet, HashMap};

use steadygrad_kernels::{Error, Result};

use super::cells::{Cell, Cells, number, shorten};

/// What the target column holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Labels {
    /// Classes if the cells are text; numbers, which stay as they are, if they are numbers.
    #[default]
    Auto,
    /// Classes, also where they are written as numbers: 1, 2, 5 become 0, 1, 2.
    Classes,
    /// Numbers.
    Numbers,
}

/// The targets, and the text of the classes 0, 1, 2, … where there are classes.
pub(super) fn find(cells: &Cells, labels: &Labels) -> Result<(Vec<f32>, Option<Vec<String>>)> {
    let numeric = |cell: &Cell<'_>| cell.text.parse::<f64>().is_ok();
    let numbers = cells.iter().filter(numeric).count();
    let classes = match labels {
        Labels::Numbers => false,
        Labels::Classes => true,
        Labels::Auto if numbers == 0 => true,
        Labels::Auto if numbers == cells.len() => false,
        Labels::Auto => {
            // The fewer ones are the mistake; the first of them is named.
            let odd_is_number = 2 * numbers < cells.len();
            let odd = cells.iter().find(|cell| numeric(cell) == odd_is_number);
            let what = match odd_is_number {
                true => "expected text as in the other lines, got the number ",
                false => "expected a number as in the other lines, got ",
            };
            let (text, line) = odd.map_or((String::new(), 0), |cell| (shorten(cell.text), cell.line));
            return Err(Error::data(format!("{what}{text}")).at(format!("line {line}")).help(
                "say that the labels are classes if both are meant, or that the file has a header if this line is one",
            ));
        }
    };
    if !classes {
        return Ok((like(cells, None)?, None));
    }
    let different: BTreeSet<&str> = cells.iter().map(|cell| cell.text).collect();
    let mut classes: Vec<String> = different.into_iter().map(String::from).collect();
    if numbers == cells.len() {
        // As text, 10 would come before 9.
        let value = |class: &String| class.parse::<f64>().unwrap_or(f64::NAN);
        classes.sort_by(|a, b| value(a).total_cmp(&value(b)));
    }
    Ok((like(cells, Some(&classes))?, Some(classes)))
}

/// The targets by classes that are known, or as numbers.
pub(super) fn like(cells: &Cells, classes: Option<&[String]>) -> Result<Vec<f32>> {
    let Some(classes) = classes else {
        let read =
            |cell: Cell<'_>| number(cell.text.as_bytes()).map_err(|e| e.at(format!("line {}", cell.line)));
        return cells.iter().map(read).collect();
    };
    let index: HashMap<&str, usize> =
        classes.iter().enumerate().map(|(i, class)| (class.as_str(), i)).collect();
    cells
        .iter()
        .map(|cell| match index.get(cell.text) {
            Some(&i) => Ok(i as f32),
            None => {
                let known: Vec<&str> = classes.iter().map(String::as_str).take(50).collect();
                Err(Error::name("class of the training file", cell.text, &known)
                    .at(format!("line {}", cell.line)))
            }
        })
        .collect()
}
