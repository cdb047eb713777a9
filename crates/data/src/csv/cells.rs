//! The cells of a CSV file: lines counted, names found, numbers read.

use std::borrow::Cow;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use steadygrad_kernels::{Error, Result};

/// Columns that a file may have: each takes some memory before it is known whether there are numbers in it.
pub(super) const MOST_COLUMNS: usize = 250_000;

/// Bytes that a line may have.
const MOST_LINE: usize = 16 << 20;

/// Whether the first line holds the names of the columns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Header {
    /// It does if none of its cells is a number.
    #[default]
    Auto,
    /// It does.
    Yes,
    /// It does not: it is the first sample.
    No,
}

/// A label as it stands in the file.
pub(super) struct Cell<'a> {
    pub text: &'a str,
    pub line: u64,
}

/// The labels of all samples, in one text: one each would take several times the memory of the file.
#[derive(Default)]
pub(super) struct Cells {
    text: String,
    /// Where each ends in the text, and its line.
    ends: Vec<(usize, u64)>,
}

impl Cells {
    fn push(&mut self, text: &str, line: u64) {
        self.text.push_str(text);
        self.ends.push((self.text.len(), line));
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = Cell<'_>> {
        let mut start = 0;
        self.ends.iter().map(move |&(end, line)| {
            let text = &self.text[start..end];
            start = end;
            Cell { text, line }
        })
    }
}

/// The cells of one line, which goes on behind its end where a line break is in quotes.
#[derive(Default)]
struct Record {
    text: Vec<u8>,
    /// Where each cell ends in the text.
    ends: Vec<usize>,
    line: u64,
}

impl Record {
    fn cell(&self, i: usize) -> &[u8] {
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        self.text[start..self.ends[i]].trim_ascii()
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len()).map(|i| self.cell(i))
    }
}

/// A file, read up to its first sample.
pub(super) struct Table<'a> {
    bytes: &'a [u8],
    reader: Reader,
    /// What of the bytes was read.
    at: usize,
    /// The record that is to be read next, where it was read ahead.
    ahead: Option<Record>,
    /// The names of the columns; "column 3" where the file has none.
    pub names: Vec<String>,
    pub has_header: bool,
    first_line: u64,
}

/// The most frequent of comma, semicolon and tab in the first line.
pub(super) fn guess_delimiter(bytes: &[u8]) -> u8 {
    let first = bytes.split(|b| matches!(b, b'\n' | b'\r')).find(|line| !line.is_empty()).unwrap_or_default();
    let count = |delimiter: u8| first.iter().filter(|b| **b == delimiter).count();
    // Of equals the last one wins: a comma is the guess where nothing speaks against it.
    [b'\t', b';', b','].into_iter().max_by_key(|&delimiter| count(delimiter)).unwrap_or(b',')
}

impl<'a> Table<'a> {
    pub fn open(bytes: &'a [u8], delimiter: u8, header: Header) -> Result<Table<'a>> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if !delimiter.is_ascii() || matches!(delimiter, b'"' | b'\n' | b'\r') {
            let what = format!("expected a delimiter such as a comma, got {:?}", char::from(delimiter));
            return Err(Error::argument(what));
        }
        let reader = ReaderBuilder::new().delimiter(delimiter).build();
        let mut table =
            Table { bytes, reader, at: 0, ahead: None, names: Vec::new(), has_header: false, first_line: 1 };
        let mut first = Record::default();
        if !table.next(&mut first)? {
            return Err(
                Error::data("the file is empty").help("it needs a line per sample, and may begin with names")
            );
        }
        table.first_line = first.line;
        table.has_header = match header {
            Header::Yes => true,
            Header::No => false,
            Header::Auto => first.iter().all(|cell| text(cell).parse::<f64>().is_err()),
        };
        if table.has_header {
            table.names = first.iter().map(|cell| text(cell).into_owned()).collect();
            table.check_names()?;
        } else {
            table.names = (1..=first.ends.len()).map(|i| format!("column {i}")).collect();
            table.ahead = Some(first);
        }
        Ok(table)
    }

    fn check_names(&self) -> Result<()> {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        order.sort_by_key(|&i| &self.names[i]);
        match order.windows(2).find(|pair| self.names[pair[0]] == self.names[pair[1]]) {
            Some(pair) => {
                let (a, b) = (pair[0].min(pair[1]) + 1, pair[0].max(pair[1]) + 1);
                let what = format!("columns {a} and {b} have the same name `{}`", self.names[pair[0]]);
                Err(Error::data(what)
                    .at(format!("line {}", self.first_line))
                    .help("rename one; or, if this line holds no names, say that the file has no header"))
            }
            None => Ok(()),
        }
    }

    /// The index of the column of this name.
    pub fn column(&self, name: &str) -> Result<usize> {
        let known: Vec<&str> = self.names.iter().map(String::as_str).collect();
        known.iter().position(|known| *known == name).ok_or_else(|| Error::name("column", name, &known))
    }

    /// A column as errors name it.
    pub fn place(&self, column: usize) -> String {
        match self.has_header {
            true => format!("column {} (`{}`)", column + 1, self.names[column]),
            false => self.names[column].clone(),
        }
    }

    /// Reads the next record, if there is one. How many cells one line has does not decide how much memory is taken.
    fn next(&mut self, record: &mut Record) -> Result<bool> {
        if let Some(ahead) = self.ahead.take() {
            *record = ahead;
            return Ok(true);
        }
        let most_cells = match self.names.len() {
            0 => MOST_COLUMNS,
            // Of a line that has more than the first it is told how many, if they are not too many to be told.
            width => 2 * width.max(1000),
        };
        record.line = self.line();
        let (mut text, mut cells) = (0, 0);
        record.text.resize(record.text.capacity().max(1 << 10), 0);
        record.ends.resize(record.ends.capacity().max(64), 0);
        loop {
            let room = (&mut record.text[text..], &mut record.ends[cells..]);
            let (result, read, written, ended) =
                self.reader.read_record(&self.bytes[self.at..], room.0, room.1);
            self.at += read;
            text += written;
            cells += ended;
            match result {
                // The reader is told that nothing follows by asking again.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if text >= MOST_LINE => {
                    let help =
                        "an open quote takes all that follows it into one cell: close it, or write it twice";
                    return Err(Error::data(format!("it is longer than {MOST_LINE} bytes"))
                        .at(format!("line {}", record.line))
                        .help(help));
                }
                ReadRecordResult::OutputFull => record.text.resize(2 * record.text.len(), 0),
                ReadRecordResult::OutputEndsFull if cells >= most_cells => {
                    return Err(Error::data(format!("it has more than {most_cells} cells"))
                        .at(format!("line {}", record.line))
                        .help("wider data are read from an NPY file"));
                }
                ReadRecordResult::OutputEndsFull => {
                    record.ends.resize((2 * record.ends.len()).min(most_cells), 0);
                }
                ReadRecordResult::Record => {
                    record.text.truncate(text);
                    record.ends.truncate(cells);
                    return Ok(true);
                }
                ReadRecordResult::End => return Ok(false),
            }
        }
    }

    /// The line where the next record begins. The reader gives the end of the record before: lines that are empty follow it.
    fn line(&self) -> u64 {
        let rest = &self.bytes[self.at..];
        let empty = rest.iter().take_while(|b| matches!(b, b'\n' | b'\r')).filter(|b| **b == b'\n').count();
        self.reader.line() + empty as u64
    }

    /// The features of all samples, row by row, and the cells of the target.
    pub fn read(&mut self, features: &[usize], target: Option<usize>) -> Result<(Vec<f32>, Cells)> {
        let (mut x, mut cells) = (Vec::new(), Cells::default());
        let mut record = Record::default();
        while self.next(&mut record)? {
            let (line, width) = (record.line, self.names.len());
            if record.ends.len() != width {
                let cells = if width == 1 { "cell" } else { "cells" };
                let what = format!(
                    "expected {width} {cells} as in line {}, got {}",
                    self.first_line,
                    record.ends.len()
                );
                let help =
                    "every line needs as many; put a cell that holds the separator or a line break in quotes";
                return Err(Error::data(what).at(format!("line {line}")).help(help));
            }
            for &column in features {
                let value = number(record.cell(column));
                x.push(value.map_err(|e| {
                    let suspect = line == self.first_line && e.kind() == steadygrad_kernels::Kind::Format;
                    let e = if suspect {
                        e.help("if this line holds names, say that the file has a header")
                    } else {
                        e
                    };
                    e.at(self.place(column)).at(format!("line {line}"))
                })?);
            }
            if let Some(column) = target {
                let Ok(text) = std::str::from_utf8(record.cell(column)) else {
                    let what = "the label is not UTF-8 text";
                    let place = self.place(column);
                    return Err(Error::data(what)
                        .at(place)
                        .at(format!("line {line}"))
                        .help("save the file as UTF-8"));
                };
                if text.is_empty() {
                    return Err(empty().at(self.place(column)).at(format!("line {line}")));
                }
                cells.push(text, line);
            }
        }
        if x.is_empty() {
            return Err(
                Error::data("there are names of columns, and no sample").help("it needs a line per sample")
            );
        }
        Ok((x, cells))
    }
}

/// A cell as text, in which nothing is lost that could be a number.
fn text(cell: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(cell)
}

fn empty() -> Error {
    Error::data("the cell is empty").help("fill the value in, or take the line out")
}

/// A finite f32; errors of kind `Format` are texts that are no numbers.
pub(super) fn number(cell: &[u8]) -> Result<f32> {
    let text = text(cell);
    if text.is_empty() {
        return Err(empty());
    }
    match text.parse::<f32>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) if text.contains(|c: char| c.is_ascii_digit()) => {
            let what = format!("{} is beyond the numbers that f32 holds (±3.4e38)", shorten(&text));
            Err(Error::data(what).help("scale the column down"))
        }
        Ok(_) => Err(Error::data(format!("expected a finite number, got {}", shorten(&text)))
            .help("fill the value in, or take the line out")),
        Err(_) => {
            let missing =
                ["na", "n/a", "null", "none", "?", "-", "missing"].contains(&text.to_lowercase().as_str());
            let help = if missing {
                "fill the missing value in, or take the line out"
            } else if text.replacen(',', ".", 1).parse::<f32>().is_ok() {
                "write decimals with a point"
            } else {
                "features are numbers: replace a category by numbers, or skip the column"
            };
            Err(Error::format(format!("expected a number, got {}", shorten(&text))).help(help))
        }
    }
}

/// A text from a file, quoted and cut to a length that fits in a message.
pub(super) fn shorten(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("`{}…`", text[..end].escape_debug()),
        None => format!("`{}`", text.escape_debug()),
    }
}
