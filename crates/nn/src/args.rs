//! Reading settings by name: what is missing, wrong or unknown is said with its owner.

use crate::config::{Config, FromValue, Value};
use std::fmt;
use steadygrad_kernels::{Error, Result, nearest};

/// Reads settings by name and remembers which names are known, so that [`Args::finish`] can name the misspelt ones.
///
/// ```
/// use steadygrad_nn::args::Args;
/// use steadygrad_nn::config::Config;
/// let config = Config::new().with("units", 64).with("use_biass", false);
/// let mut args = Args::new("Dense", &config);
/// assert_eq!(args.need::<usize>("units").unwrap(), 64);
/// assert_eq!(args.or("use_bias", true).unwrap(), true);
/// let error = args.finish().unwrap_err().to_string();
/// assert!(error.contains("`use_biass`") && error.contains("did you mean `use_bias`?"), "{error}");
/// ```
#[derive(Debug)]
pub struct Args<'a> {
    owner: String,
    config: &'a Config,
    known: Vec<String>,
}

impl<'a> Args<'a> {
    /// Settings of the thing named `owner`.
    pub fn new(owner: impl Into<String>, config: &'a Config) -> Args<'a> {
        Args { owner: owner.into(), config, known: Vec::new() }
    }

    /// The value, if it was given (a given null counts as given).
    pub fn given<T: FromValue>(&mut self, name: &str) -> Result<Option<T>> {
        self.known.push(name.to_string());
        match self.config.get(name) {
            None => Ok(None),
            Some(value) => {
                T::from_value(value).map(Some).map_err(|e| e.at(format!("`{name}`")).at(self.owner.clone()))
            }
        }
    }

    /// The value, which must be given.
    pub fn need<T: FromValue>(&mut self, name: &str) -> Result<T> {
        self.given(name)?.ok_or_else(|| {
            // A misspelt key explains the missing one.
            let meant =
                |key: &&str| nearest(key, &[name]).is_some() || crate::foreign::ours(key, &[name]).is_some();
            if let Some(key) = self.config.iter().map(|(key, _)| key).find(meant) {
                return Error::name("argument", key, &[])
                    .help(format!("did you mean `{name}`?"))
                    .at(self.owner.clone());
            }
            Error::argument(format!("`{name}` is missing"))
                .at(self.owner.clone())
                .help(format!("give `{name}` a value"))
        })
    }

    /// The value, or this default.
    pub fn or<T: FromValue>(&mut self, name: &str, default: T) -> Result<T> {
        Ok(self.given(name)?.unwrap_or(default))
    }

    /// An argument of Keras' that may only have values that change nothing here: nothing, or one for which `fine` holds.
    ///
    /// ```
    /// use steadygrad_nn::args::Args;
    /// use steadygrad_nn::config::{Config, Value};
    /// let config = Config::new().with("lora_rank", 4);
    /// let error = Args::new("Dense", &config).neutral("lora_rank", "left out", |_| false).unwrap_err();
    /// assert!(error.to_string().starts_with("Dense: `lora_rank` must be left out, got the number 4"));
    /// ```
    pub fn neutral(&mut self, name: &str, must: &str, fine: impl Fn(&Value) -> bool) -> Result<()> {
        match self.given::<Value>(name)? {
            None | Some(Value::Null) => Ok(()),
            Some(value) if fine(&value) => Ok(()),
            Some(value) => self
                .reject(name, must, value.kind())
                .map_err(|e: Error| e.help("other values would change what Keras does, and do nothing here")),
        }
    }

    /// An argument that says how fast and not what: true or false, and nothing comes of it.
    pub fn switch(&mut self, name: &str) -> Result<()> {
        self.neutral(name, "true or false", |value| matches!(value, Value::Bool(_)))
    }

    /// `dtype`, which can only be what everything is computed in.
    pub fn float32(&mut self) -> Result<()> {
        let float32 = |value: &Value| match value {
            Value::Text(text) => text == "float32",
            // As Keras writes its policies.
            Value::Map(policy) => match policy.get("config") {
                Some(Value::Map(config)) => config.get("name") == Some(&Value::from("float32")),
                _ => false,
            },
            _ => false,
        };
        self.neutral("dtype", "\"float32\", in which everything is computed (or left out)", float32)
    }

    /// `name` and `dtype`, which all metrics and losses of Keras' may be given.
    pub fn named(&mut self) -> Result<()> {
        self.given::<Option<String>>("name")?;
        self.float32()
    }

    /// Names that may stand there and are read elsewhere, or say nothing (Keras' `module`, `registered_name`, …).
    pub fn ignore(&mut self, names: &[&str]) {
        self.known.extend(names.iter().map(|n| n.to_string()));
    }

    /// An error if a name was given that nobody asked for.
    pub fn finish(&self) -> Result<()> {
        for (name, _) in self.config.iter() {
            if !self.known.iter().any(|k| k == name) {
                let known: Vec<&str> = self.known.iter().map(String::as_str).collect();
                let error = Error::name("argument", name, &known).at(self.owner.clone());
                return Err(match crate::foreign::ours(name, &known) {
                    Some(word) => error.help(format!("did you mean `{word}`?")),
                    None => error,
                });
            }
        }
        Ok(())
    }

    /// Whose settings these are.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// An error about one argument: what it must be and what it is.
    pub fn reject<T>(&self, name: &str, must: &str, is: impl fmt::Display) -> Result<T> {
        Err(Error::argument(format!("`{name}` must be {must}, got {is}")).at(self.owner.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn args_say_what_is_wrong_and_where() {
        let config = Config::new().with("units", "many").with("rate", 1);
        let mut args = Args::new("Dense", &config);
        let e = args.need::<usize>("units").unwrap_err().to_string();
        assert_eq!(e, "Dense, `units`: expected a whole number of 0 or more, found the text `many`");
        assert_eq!(args.or("rate", 0.5).unwrap(), 1.0);
        let e = args.need::<usize>("depth").unwrap_err().to_string();
        assert!(e.starts_with("Dense: `depth` is missing"));
        assert!(args.finish().is_ok());
    }
}
