//! Weights by name, as safetensors: no time stamps inside, so equal weights are equal bytes.

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::path::Path;
use steadygrad_data::Array;
use steadygrad_kernels::{Error, Place, Result};

/// Writes the weights, to a file beside it first: an interrupted write leaves the old file as it was.
///
/// # Errors
/// If the file cannot be written.
pub fn save(path: impl AsRef<Path>, weights: &[(String, Array)]) -> Result<()> {
    let path = path.as_ref();
    let bytes = to_bytes(weights).place(|| path.display().to_string())?;
    let beside = path.with_extension("safetensors.part");
    std::fs::write(&beside, bytes).map_err(|e| Error::file(&beside, &e))?;
    std::fs::rename(&beside, path).map_err(|e| Error::file(path, &e))
}

/// Reads weights.
///
/// # Errors
/// If the file cannot be read, is no safetensors file, or holds anything but f32.
pub fn load(path: impl AsRef<Path>) -> Result<Vec<(String, Array)>> {
    let path = path.as_ref();
    let bytes = std::fs::read(path).map_err(|e| Error::file(path, &e))?;
    from_bytes(&bytes).place(|| path.display().to_string())
}

/// The bytes of a safetensors file.
///
/// ```
/// use steadygrad_data::Array;
/// use steadygrad_formats::weights::{from_bytes, to_bytes};
/// let weights = vec![("dense/kernel".to_string(), Array::new([2, 1], vec![1.0, -2.0])?)];
/// assert_eq!(from_bytes(&to_bytes(&weights)?)?, weights);
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// If two weights have one name.
pub fn to_bytes(weights: &[(String, Array)]) -> Result<Vec<u8>> {
    let blobs: Vec<Vec<u8>> =
        weights.iter().map(|(_, a)| a.data().iter().flat_map(|x| x.to_le_bytes()).collect()).collect();
    let mut views = Vec::with_capacity(weights.len());
    for (i, ((name, array), blob)) in weights.iter().zip(&blobs).enumerate() {
        if weights[..i].iter().any(|(n, _)| n == name) {
            return Err(Error::argument(format!("two weights have the name `{name}`")));
        }
        let view = TensorView::new(Dtype::F32, array.shape().to_vec(), blob);
        views.push((name.as_str(), view.map_err(|e| Error::format(format!("`{name}`: {e}")))?));
    }
    safetensors::serialize(views, None).map_err(|e| Error::format(e.to_string()))
}

/// Reads the bytes of a safetensors file; the weights come in the order of their names.
///
/// # Errors
/// If it is none, or holds anything but f32.
pub fn from_bytes(bytes: &[u8]) -> Result<Vec<(String, Array)>> {
    let file = SafeTensors::deserialize(bytes).map_err(|e| {
        Error::format(format!("not a safetensors file: {e}"))
            .help("weights are read from files that `train` wrote")
    })?;
    let mut weights = Vec::new();
    for (name, view) in file.iter() {
        if view.dtype() != Dtype::F32 {
            return Err(Error::unsupported(format!("`{name}` holds {:?}, expected F32", view.dtype())));
        }
        let data =
            view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        weights.push((name.to_string(), Array::new(view.shape(), data).place(|| format!("`{name}`"))?));
    }
    weights.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_files_are_refused() {
        assert!(from_bytes(b"").is_err());
        assert!(from_bytes(&[0xff; 64]).is_err());
        let good = to_bytes(&[("w".into(), Array::new([3], vec![1.0, 2.0, 3.0]).unwrap())]).unwrap();
        for n in 0..good.len() {
            assert!(from_bytes(&good[..n]).is_err(), "cut at {n}");
        }
    }

    #[test]
    fn special_values_survive() {
        let w = vec![("w".to_string(), Array::new([3], vec![f32::NAN, f32::INFINITY, -0.0]).unwrap())];
        let back = from_bytes(&to_bytes(&w).unwrap()).unwrap();
        assert!(back[0].1.data().iter().zip(w[0].1.data()).all(|(a, b)| a.to_bits() == b.to_bits()));
    }
}
