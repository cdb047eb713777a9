//! Which format a file is of: told by what is in it.

use super::State;
use serde_json::Value as Json;
use std::path::Path;
use steadygrad_formats::hdf5::{Numbers, Values};
use steadygrad_kernels::{Error, Place as _, Result};

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// HDF5, or an archive with HDF5 in it.
    Keras,
    Npz,
    Safetensors,
    Json,
}

impl Sort {
    pub(super) fn format(self) -> &'static str {
        match self {
            Sort::Keras => "keras",
            Sort::Npz => "npz",
            Sort::Safetensors => "safetensors",
            Sort::Json => "json",
        }
    }
}

/// What this file is, and its bytes.
pub(crate) fn open(path: &Path) -> Result<(Sort, Vec<u8>)> {
    let missing = "check the path; models are in .keras, .h5 or .json files, weights in .weights.h5, .safetensors or .npz files";
    let bytes = steadygrad_data::file::read(path).map_err(|e| match path.is_dir() {
        true => e.help(
            "give a file, not its folder; `steadygrad evaluate` and `predict` take the folder of a run",
        ),
        false if e.remedy().is_empty() => e.help(missing),
        false => e,
    })?;
    let sort = sort(&bytes, path).place(|| path.display().to_string())?;
    Ok((sort, bytes))
}

fn sort(bytes: &[u8], path: &Path) -> Result<Sort> {
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_lowercase();
    let text = bytes.iter().find(|b| !b.is_ascii_whitespace());
    let length = bytes.first_chunk::<8>().map(|n| u64::from_le_bytes(*n));
    match bytes {
        [] => Err(Error::format("the file is empty").help("was it written to the end?")),
        // Either is a ZIP archive; one has arrays alone.
        _ if bytes.starts_with(b"PK") => {
            let holds = |name: &[u8]| bytes.windows(name.len()).any(|part| part == name);
            Ok(if ending == "npz" || (ending != "keras" && !holds(b"config.json")) {
                Sort::Npz
            } else {
                Sort::Keras
            })
        }
        _ if bytes.starts_with(b"\x89HDF\r\n\x1a\n") => Ok(Sort::Keras),
        _ if length.is_some_and(|n| n < bytes.len() as u64) && bytes.get(8) == Some(&b'{') => {
            Ok(Sort::Safetensors)
        }
        _ if ending == "safetensors" => Ok(Sort::Safetensors),
        _ if text == Some(&b'{') => Ok(Sort::Json),
        _ => Err(unknown(bytes, &ending)),
    }
}

/// Files that somebody may well give, and what they had better do.
fn unknown(bytes: &[u8], ending: &str) -> Error {
    let known = "models are read from .keras, .h5 and .json files, weights from .weights.h5, .safetensors and .npz files";
    let help = match ending {
        "keras" | "h5" | "hdf5" => "it does not begin as such a file does: was it downloaded whole?",
        "toml" => {
            "an experiment: `steadygrad summary FILE` shows its network, `steadygrad forecast FILE` what to expect of it"
        }
        "npy" => "one array without a name; NumPy's savez writes several with names, as .npz",
        "pt" | "pth" | "ckpt" | "pkl" => {
            "a pickle runs code when it is opened, and is not; write its weights as .safetensors (safetensors.torch.save_file)"
        }
        "pb" => "a SavedModel: load it in Keras, and save it with model.save(\"x.keras\")",
        "onnx" => "ONNX is not read yet",
        _ if bytes.starts_with(b"\x80") => "a pickle runs code when it is opened, and is not",
        _ => known,
    };
    Error::format("this is no file of a model or of weights").help(help)
}

/// The JSON of a model.
pub(crate) fn config(bytes: &[u8]) -> Result<Json> {
    let help = "a model in JSON is what Keras' model.to_json() returns";
    let json = steadygrad_formats::keras::json(bytes)
        .map_err(|e| if e.remedy().is_empty() { e.help(help) } else { e })?;
    if json.get("class_name").is_none() || json.get("config").is_none() {
        return Err(Error::format("the JSON is of no model: it has no `class_name` and `config`").help(help));
    }
    Ok(json)
}

/// A name from a file, as it may be shown.
pub(super) fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(120).collect()
}

/// The state of an optimizer from its variables.
pub(super) fn state(variables: &[(String, Numbers)]) -> State {
    let count = |numbers: &Numbers| match &numbers.values {
        Values::Whole(values) if values.len() == 1 => u64::try_from(values[0]).ok(),
        _ => None,
    };
    State {
        updates: variables.iter().find_map(|(_, numbers)| count(numbers)),
        variables: variables.len(),
        numbers: variables.iter().map(|(_, numbers)| numbers.values.len()).sum(),
    }
}
