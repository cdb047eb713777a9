//! HDF5 files as plain trees: groups, arrays of numbers, attributes. What holds them is Keras' weights and old models.
//!
//! A file is not trusted. Nothing outside it is opened; what points elsewhere is refused; sizes are held against the file before
//! anything is allocated; how deep and how wide it may be is bounded.

mod read;
mod write;

pub use read::read;
pub use write::write;

/// A group: groups and arrays within, by name, and attributes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// The groups within.
    pub groups: Vec<(String, Group)>,
    /// The arrays within.
    pub arrays: Vec<(String, Numbers)>,
    /// Its attributes.
    pub attributes: Vec<(String, Attribute)>,
}

/// An array of numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    /// Its shape; empty for a single number.
    pub shape: Vec<usize>,
    /// The numbers, row by row.
    pub values: Values,
}

/// Numbers of one kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Floating point numbers; what was wider or narrower is brought to this width.
    Float(Vec<f32>),
    /// Whole numbers.
    Whole(Vec<i64>),
    /// Random states of Keras.
    Unsigned(Vec<u32>),
}

impl Values {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Values::Float(values) => values.len(),
            Values::Whole(values) => values.len(),
            Values::Unsigned(values) => values.len(),
        }
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// As floating point numbers.
    pub fn floats(&self) -> Vec<f32> {
        match self {
            Values::Float(values) => values.clone(),
            Values::Whole(values) => values.iter().map(|&v| v as f32).collect(),
            Values::Unsigned(values) => values.iter().map(|&v| v as f32).collect(),
        }
    }
}

/// What is said of a group.
#[derive(Debug, Clone, PartialEq)]
pub enum Attribute {
    /// A text.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
    /// Numbers.
    Numbers(Vec<f64>),
}

impl Group {
    /// The group of this name within.
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|(n, _)| n == name).map(|(_, g)| g)
    }

    /// The group at this path within: `block/dense`. A path without parts is the group itself.
    pub fn at(&self, path: &str) -> Option<&Group> {
        path.split('/').filter(|part| !part.is_empty()).try_fold(self, |group, part| group.group(part))
    }

    /// The array at this path within: `dense/kernel`.
    pub fn array(&self, path: &str) -> Option<&Numbers> {
        let path = path.trim_end_matches('/');
        let (groups, name) = path.rsplit_once('/').unwrap_or(("", path));
        self.at(groups)?.arrays.iter().find(|(n, _)| n == name).map(|(_, array)| array)
    }

    /// The group of this name within, which is made where there is none.
    pub fn make(&mut self, name: &str) -> &mut Group {
        let place = match self.groups.iter().position(|(n, _)| n == name) {
            Some(place) => place,
            None => {
                self.groups.push((name.to_string(), Group::default()));
                self.groups.len() - 1
            }
        };
        &mut self.groups[place].1
    }

    /// The attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, a)| a)
    }

    /// The text of this name.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.attribute(name)? {
            Attribute::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The texts of this name, also where they are cut into `name0`, `name1`, … as Keras does with long lists.
    pub fn texts(&self, name: &str) -> Option<Vec<String>> {
        match self.attribute(name) {
            Some(Attribute::Texts(texts)) => return Some(texts.clone()),
            // An empty list has lost what it was a list of.
            Some(Attribute::Numbers(numbers)) if numbers.is_empty() => return Some(Vec::new()),
            Some(Attribute::Text(text)) => return Some(vec![text.clone()]),
            _ => {}
        }
        let part = |i: usize| match self.attribute(&format!("{name}{i}")) {
            Some(Attribute::Texts(texts)) => Some(texts.clone()),
            // A list of one is read as the one.
            Some(Attribute::Text(text)) => Some(vec![text.clone()]),
            _ => None,
        };
        let parts: Vec<String> = (0..).map_while(part).flatten().collect();
        (!parts.is_empty()).then_some(parts)
    }
}

#[cfg(test)]
mod tests;
