//! NPZ files: arrays of NumPy with names, in a ZIP archive.

mod members;

use std::io::{BufReader, Cursor, Read, Write};
use std::path::Path;

use steadygrad_kernels::{Error, Kind, Place, Result};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

use steadygrad_data::{Array, Dataset, MOST_DECODED, file, npy};

/// Which arrays are the samples and the targets; `None` looks for the usual names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NpzOptions {
    /// The array with the samples.
    pub x: Option<String>,
    /// The array with the targets.
    pub y: Option<String>,
    /// The bytes that all arrays that are read may take together when they are decoded, in place of 4 GiB.
    pub most_bytes: Option<u64>,
}

/// An archive may unpack to this many bytes per array, or to [`MOST_RATIO`] times its size where that is more.
const MOST_BYTES: u64 = 1 << 28;
/// Real arrays seldom shrink below a twentieth; archives that are made to fill the memory shrink to a thousandth.
const MOST_RATIO: u64 = 32;
/// Arrays of an archive.
const MOST_ARRAYS: usize = 100_000;

/// Reads a data set: the part to train with and, if there is one, the part to test with.
///
/// Without names in the options, the arrays are `x_train`, `y_train`, `x_test`, `y_test` (as in Keras' `mnist.npz`), or `x` and
/// `y`. The arrays of targets may be missing. Samples of two axes and more that are stored as unsigned bytes are images: their
/// range is declared as 0 to 255.
///
/// # Errors
/// Where the file cannot be read, an array is missing, or the numbers of samples differ.
pub fn load(path: impl AsRef<Path>, options: &NpzOptions) -> Result<(Dataset, Option<Dataset>)> {
    let path = path.as_ref();
    let place = || path.display().to_string();
    let (train, test) = parse(&file::read(path)?, options).place(place)?;
    let name = path.file_stem().map_or_else(|| "data".into(), |s| s.to_string_lossy().into_owned());
    Ok((train.named(name.clone()), test.map(|test| test.named(name))))
}

/// Reads a data set from the bytes of an NPZ file.
///
/// ```
/// use steadygrad_data::Array;
/// use steadygrad_formats::npz;
/// let (x, y) = (Array::zeros([5, 2])?, Array::zeros([5])?);
/// let bytes = npz::to_bytes(&[("x_train", &x), ("y_train", &y), ("x_test", &x), ("y_test", &y)])?;
/// let (train, test) = npz::parse(&bytes, &npz::NpzOptions::default())?;
/// assert_eq!(train.to_string(), "data: 5 samples of (2,), targets ()");
/// assert!(test.is_some());
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// As for [`load`].
pub fn parse(bytes: &[u8], options: &NpzOptions) -> Result<(Dataset, Option<Dataset>)> {
    let mut archive = Archive::open(bytes, options.most_bytes)?;
    let names = archive.names();
    let present = |name: &str| names.iter().any(|known| known == name);
    let pick = |asked: &Option<String>, usual: &[&str]| match asked {
        Some(name) => Some(name.clone()),
        None => usual.iter().find(|name| present(name)).map(|name| (*name).to_string()),
    };
    let Some(x) = pick(&options.x, &["x_train", "x"]) else {
        return Err(Error::data(format!("found no array `x_train` or `x` among {}", list(&names)))
            .help("name the array with the samples, and the one with the targets"));
    };
    let y = pick(&options.y, if x == "x_train" { &["y_train"] } else { &["y"] });
    let train = archive.dataset(&x, y.as_deref())?;
    let by_usual_names = options.x.is_none() && options.y.is_none();
    let test = match by_usual_names && present("x_test") {
        true => Some(archive.dataset("x_test", Some("y_test").filter(|name| present(name)))?),
        false => None,
    };
    Ok((train, test))
}

/// Reads all arrays, with their names, in the order of the file.
///
/// # Errors
/// Where the file cannot be read, one of its parts is no array of numbers, or they take more than 4 GiB together.
pub fn read(path: impl AsRef<Path>) -> Result<Vec<(String, Array)>> {
    let path = path.as_ref();
    let bytes = file::read(path)?;
    let read = || -> Result<_> {
        let mut archive = Archive::open(&bytes, None)?;
        archive.names().into_iter().map(|name| archive.array(&name).map(|array| (name, array))).collect()
    };
    read().place(|| path.display().to_string())
}

/// Reads the arrays of these names, in this order, and no others. Together they may take `most_bytes` when they are decoded, 4 GiB
/// if nothing is said.
///
/// # Errors
/// As for [`read`], and where a name is not in the file.
pub fn pick(path: impl AsRef<Path>, names: &[String], most_bytes: Option<u64>) -> Result<Vec<Array>> {
    let path = path.as_ref();
    let bytes = file::read(path)?;
    let read = || -> Result<_> {
        let mut archive = Archive::open(&bytes, most_bytes)?;
        names.iter().map(|name| archive.array(name)).collect()
    };
    read().place(|| path.display().to_string())
}

/// Writes arrays of f32 with their names, not compressed, as `numpy.savez` does.
///
/// # Errors
/// Where two names are equal, or the file cannot be written.
pub fn write(path: impl AsRef<Path>, arrays: &[(&str, &Array)]) -> Result<()> {
    let path = path.as_ref();
    let bytes = to_bytes(arrays).place(|| path.display().to_string())?;
    file::replace(path, bytes)
}

/// The bytes of an NPZ file with these arrays.
///
/// # Errors
/// Where two names are equal.
pub fn to_bytes(arrays: &[(&str, &Array)]) -> Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, array) in arrays {
        let bytes = npy::to_bytes(array);
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(bytes.len() as u64 > u64::from(u32::MAX));
        archive
            .start_file(format!("{name}.npy"), options)
            .and_then(|()| Ok(archive.write_all(&bytes)?))
            .map_err(|cause| Error::argument(cause.to_string()).at(format!("array `{name}`")))?;
    }
    Ok(archive.finish().map_err(|cause| Error::format(cause.to_string()))?.into_inner())
}

/// An archive that is read array by array.
struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// What an array may have of bytes in the archive.
    most: u64,
    /// What all arrays may have of bytes together when they are decoded, and what those that were read have.
    most_decoded: u64,
    decoded: u64,
}

impl<'a> Archive<'a> {
    fn open(bytes: &'a [u8], most_bytes: Option<u64>) -> Result<Archive<'a>> {
        let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|cause| damaged(&cause))?;
        if zip.len() > MOST_ARRAYS {
            return Err(Error::format(format!(
                "{} arrays in a file, and {MOST_ARRAYS} are the most",
                zip.len()
            ))
            .help("save them in several files"));
        }
        let most = MOST_BYTES.max((bytes.len() as u64).saturating_mul(MOST_RATIO));
        members::apart(&mut zip)?;
        Ok(Archive { zip, most, most_decoded: most_bytes.unwrap_or(MOST_DECODED), decoded: 0 })
    }

    /// The names of the arrays, without `.npy`.
    fn names(&self) -> Vec<String> {
        let names = self.zip.file_names().filter_map(|name| name.ok());
        names.map(|name| name.strip_suffix(".npy").unwrap_or(&name).to_string()).collect()
    }

    fn dataset(&mut self, x: &str, y: Option<&str>) -> Result<Dataset> {
        let y = y.map(|name| self.array(name)).transpose()?;
        let (x_array, bytes) = self.array_kind(x)?;
        let is_image = bytes && x_array.row_shape().len() >= 2;
        let data = Dataset::multi(vec![x_array], Vec::from_iter(y))
            .map_err(|e| e.help(format!("these are the arrays `{x}` and its targets")))?;
        Ok(if is_image { data.with_range(0.0, 255.0) } else { data })
    }

    fn array(&mut self, name: &str) -> Result<Array> {
        self.array_kind(name).map(|(array, _)| array)
    }

    /// The array, and whether it is stored as unsigned bytes.
    fn array_kind(&mut self, name: &str) -> Result<(Array, bool)> {
        let full = format!("{name}.npy");
        let Some(index) = self.zip.index_for_name(&full).or_else(|| self.zip.index_for_name(name)) else {
            let names = self.names();
            return Err(Error::name(
                "array of this file",
                name,
                &names.iter().map(String::as_str).collect::<Vec<_>>(),
            ));
        };
        let place = || format!("array `{name}`");
        let (most, decoded) = (self.most, self.decoded);
        let left = self.most_decoded.saturating_sub(decoded);
        let mut entry = self.zip.by_index(index).map_err(|cause| damaged(&cause).at(place()))?;
        let declared = entry.size();
        if declared > most {
            let what =
                format!("it declares {declared} bytes, and {most} are the most from a file of this size");
            return Err(Error::format(what).at(place()).help("save it without compression: numpy.savez"));
        }
        if entry.compression() != CompressionMethod::Stored {
            // Unpacked once without keeping anything: numbers get their memory when it is known that they are all there, and right.
            let found = std::io::copy(&mut (&mut entry).take(declared + 1), &mut std::io::sink());
            let found = found.map_err(|cause| {
                Error::format(format!("it cannot be unpacked: {cause}"))
                    .at(place())
                    .help("get the file again")
            })?;
            if found != declared {
                let what = format!("it declares {declared} bytes and has another number of them");
                return Err(Error::format(what).at(place()).help("get the file again"));
            }
            drop(entry);
            entry = self.zip.by_index(index).map_err(|cause| damaged(&cause).at(place()))?;
        }
        let mut stream = BufReader::new(&mut entry);
        let read =
            npy::parse_stream(&mut stream, declared, left).map_err(|e| beside(decoded, e)).place(place)?;
        self.decoded = decoded.saturating_add(4 * read.0.data().len() as u64);
        // The sum is looked at where the end is read.
        match stream.read(&mut [0]) {
            Ok(0) => Ok(read),
            Ok(_) => Err(Error::format("it has more bytes than it declares")
                .at(place())
                .help("get the file again")),
            Err(cause) => {
                Err(Error::format(format!("it is damaged: {cause}")).at(place()).help("get the file again"))
            }
        }
    }
}

/// The same error, where memory is what lacks, with what the arrays that were read before have of it.
fn beside(decoded: u64, error: Error) -> Error {
    if error.kind() != Kind::Memory || decoded == 0 {
        return error;
    }
    let what = format!("{}, beside the {decoded} bytes of the arrays read before it", error.what());
    Error::new(Kind::Memory, what).help(error.remedy())
}

fn damaged(cause: &zip::result::ZipError) -> Error {
    Error::format(format!("no archive that can be read: {cause}"))
        .help("an NPZ file is made by numpy.savez; this one is another kind of file, truncated or damaged")
}

fn list(names: &[String]) -> String {
    match names {
        [] => "no arrays at all".into(),
        _ => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn array(n: usize) -> Array {
        Array::new([n, 2], (0..2 * n).map(|v| v as f32).collect()).unwrap()
    }

    fn usual(arrays: &[(&str, &Array)]) -> Result<(Dataset, Option<Dataset>)> {
        parse(&to_bytes(arrays).unwrap(), &NpzOptions::default())
    }

    /// An archive with one compressed entry.
    fn compressed(name: &str, content: &[u8]) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        archive.start_file(name, options).unwrap();
        archive.write_all(content).unwrap();
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn usual_names_are_found() {
        let (a, b, y) = (array(4), array(3), Array::zeros([4]).unwrap());
        let (train, test) = usual(&[("x", &a), ("y", &y)]).unwrap();
        assert_eq!((&train.x[0], &train.y[0], test), (&a, &y, None));
        let (train, test) = usual(&[("x_test", &b), ("x_train", &a), ("y_train", &y), ("x", &b)]).unwrap();
        assert_eq!((train.len(), test.as_ref().map(Dataset::len)), (4, Some(3)));
        assert!(test.unwrap().y.is_empty());
    }

    #[test]
    fn names_can_be_given() {
        let bytes = to_bytes(&[("images", &array(2)), ("labels", &Array::zeros([2]).unwrap())]).unwrap();
        let with = |x: &str, y: Option<&str>| {
            parse(&bytes, &NpzOptions { x: Some(x.into()), y: y.map(String::from), ..NpzOptions::default() })
        };
        assert_eq!(with("images", Some("labels")).unwrap().0.y.len(), 1);
        assert_eq!(with("images", None).unwrap().0.y.len(), 0);
        assert!(with("image", None).unwrap_err().remedy().contains("`images`"));
        let error = parse(&bytes, &NpzOptions::default()).unwrap_err().to_string();
        assert!(error.contains("among `images`, `labels`"), "{error}");
    }

    #[test]
    fn files_go_out_and_in() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("three.npz");
        write(&path, &[("x", &array(3)), ("other", &array(1))]).unwrap();
        assert_eq!(read(&path).unwrap(), [("x".to_string(), array(3)), ("other".to_string(), array(1))]);
        assert_eq!(load(&path, &NpzOptions::default()).unwrap().0.name, "three");
        assert!(
            write(&path, &[("x", &array(3)), ("x", &array(1))])
                .unwrap_err()
                .to_string()
                .contains("array `x`")
        );
        let alone = folder.path().join("one.npy");
        npy::write(&alone, &array(3)).unwrap();
        assert_eq!(npy::read(&alone).unwrap(), array(3));
        let error = load(&alone, &NpzOptions::default()).unwrap_err();
        assert!(error.place().ends_with("one.npy") && error.to_string().contains("no archive"), "{error}");
    }

    #[test]
    fn compressed_arrays_are_read_and_bombs_are_not() {
        let bytes = compressed("x.npy", &npy::to_bytes(&array(1000)));
        assert_eq!(parse(&bytes, &NpzOptions::default()).unwrap().0.x[0], array(1000));
        let bytes = compressed("x.npy", &vec![0; (MOST_BYTES + 1) as usize]);
        let error = parse(&bytes, &NpzOptions::default()).unwrap_err().to_string();
        assert!(error.contains("are the most"), "{error}");
        let error = usual(&[("x", &array(3)), ("y", &array(2))]).unwrap_err().to_string();
        assert!(error.contains("expected 3 samples"), "{error}");
        let bytes = compressed("x.npy", b"text");
        assert_eq!(parse(&bytes, &NpzOptions::default()).unwrap_err().place(), "array `x`");
    }

    #[test]
    fn what_is_packed_is_looked_through_before_it_gets_memory() {
        let npy = npy::to_bytes(&array(40_000));
        let mut bytes = compressed("x.npy", &npy);
        let with = |bytes: &[u8], most| {
            parse(bytes, &NpzOptions { most_bytes: Some(most), ..NpzOptions::default() })
        };
        assert!(with(&bytes, 319_999).unwrap_err().to_string().contains("320000 bytes"));
        assert_eq!(with(&bytes, 320_000).unwrap().0.x[0], array(40_000));
        // The sum of what is packed, in the list of members.
        let at = bytes.windows(4).position(|w| w == b"PK\x01\x02").unwrap() + 16;
        bytes[at] ^= 1;
        assert!(with(&bytes, 320_000).unwrap_err().to_string().contains("cannot be unpacked"));
        let mut stored = to_bytes(&[("x", &array(40_000))]).unwrap();
        let at = stored.windows(4).position(|w| w == b"PK\x01\x02").unwrap() + 16;
        stored[at] ^= 1;
        let error = with(&stored, 320_000).unwrap_err();
        assert!(!error.remedy().is_empty() && error.place() == "array `x`", "{error}");
    }

    #[test]
    fn images_of_bytes_declare_their_range() {
        let stored = |kind: &str, shape: &str, bytes: &[u8]| {
            let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n");
            let size = (header.len() as u16).to_le_bytes();
            [b"\x93NUMPY\x01\0", &size[..], header.as_bytes(), bytes].concat()
        };
        let range = |x: &[u8]| parse(&compressed("x_train.npy", x), &NpzOptions::default()).unwrap().0.range;
        assert_eq!(range(&stored("|u1", "(2, 2, 3)", &[7; 12])), Some([0.0, 255.0]));
        assert_eq!(range(&stored("|u1", "(1, 2, 2, 3)", &[7; 12])), Some([0.0, 255.0]));
        assert_eq!(range(&stored("|u1", "(2, 6)", &[7; 12])), None, "features, and no image");
        assert_eq!(range(&stored("|i1", "(2, 2, 3)", &[7; 12])), None);
    }

    proptest! {
        #[test]
        fn nothing_panics(cut in 0_usize..400, flip in 0_usize..3200, deflate: bool) {
            let mut bytes = match deflate {
                true => compressed("x.npy", &npy::to_bytes(&array(4))),
                false => to_bytes(&[("x", &array(4))]).unwrap(),
            };
            if let Some(byte) = bytes.get_mut(flip / 8) {
                *byte ^= 1 << (flip % 8);
            }
            let _ = parse(&bytes, &NpzOptions::default());
            bytes.truncate(cut);
            let _ = parse(&bytes, &NpzOptions::default());
        }
    }
}
