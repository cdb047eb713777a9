//! The data sets that have a name: built in, generated, or read from files.
//!
//! A member is one file and two lines here: its `mod`, and its entry in [`CATALOG`].

pub mod blobs;
pub mod circles;
pub mod csv;
pub mod digits;
mod entry;
pub mod fashion_mnist;
pub mod idx;
pub mod mnist;
pub mod moons;
pub mod spirals;
pub mod waves;
pub mod xor;

pub use entry::{Entry, Options};
use steadygrad_kernels::{Error, Result};

/// All data sets, in alphabetical order.
pub const CATALOG: &[Entry] = &[
    blobs::ENTRY,
    circles::ENTRY,
    csv::ENTRY,
    digits::ENTRY,
    fashion_mnist::ENTRY,
    idx::ENTRY,
    mnist::ENTRY,
    moons::ENTRY,
    spirals::ENTRY,
    waves::ENTRY,
    xor::ENTRY,
];

/// The data set of this name.
///
/// ```
/// use steadygrad_data::sets;
/// assert_eq!(sets::find("digits")?.name, "digits");
/// let error = sets::find("spiral").unwrap_err().to_string();
/// assert!(error.contains("did you mean `spirals`?"));
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// Where there is none; the nearest name is told.
pub fn find(name: &str) -> Result<&'static Entry> {
    CATALOG.iter().find(|entry| entry.name == name).ok_or_else(|| {
        let known: Vec<&str> = CATALOG.iter().map(|entry| entry.name).collect();
        Error::name("data set", name, &known)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_in_the_catalog() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sets");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|file| {
                file.unwrap().file_name().into_string().unwrap().strip_suffix(".rs").map(String::from)
            })
            .filter(|name| !["mod", "entry"].contains(&name.as_str()))
            .collect();
        files.sort();
        let names: Vec<&str> = CATALOG.iter().map(|entry| entry.name).collect();
        assert_eq!(names, files);
        for name in names {
            assert_eq!(find(name).unwrap().name, name);
        }
    }

    #[test]
    fn what_needs_nothing_loads_and_is_sound() {
        for entry in CATALOG.iter().filter(|entry| entry.needs.is_empty()) {
            let data = entry.load(&Options::default()).unwrap();
            data.check().unwrap();
            assert_eq!(data.name, entry.name);
            if let Some(test) = entry.load_test(&Options::default()).unwrap() {
                test.check().unwrap();
                assert_eq!(test.x[0].row_shape(), data.x[0].row_shape());
            }
            if entry.name != "waves" {
                data.labels(data.classes().unwrap()).unwrap();
            }
        }
    }

    #[test]
    fn generated_samples_are_functions_of_the_seed_and_their_number() {
        for entry in CATALOG.iter().filter(|entry| entry.takes.contains(&"noise")) {
            let load = |samples, seed| {
                entry
                    .load(&Options { samples: Some(samples), seed, noise: Some(0.5), ..Options::default() })
                    .unwrap()
            };
            assert_eq!(load(20, 1), load(50, 1).take(0..20), "{}", entry.name);
            assert_ne!(load(20, 1).x, load(20, 2).x, "{}", entry.name);
            assert_eq!(load(1, 1).len(), 1);
        }
    }

    #[test]
    fn bad_options_name_the_set_and_the_option() {
        let told = |name: &str, options: Options| find(name).unwrap().load(&options).unwrap_err().to_string();
        let given = Options::default();
        assert_eq!(
            told("digits", Options { noise: Some(0.1), ..given.clone() }),
            "digits: this data set takes no `noise`\n  help: it takes samples, channels"
        );
        for noise in [-0.1, f64::NAN, f64::INFINITY] {
            assert!(
                told("moons", Options { noise: Some(noise), ..given.clone() })
                    .starts_with("moons: expected noise")
            );
        }
        for samples in [0, usize::MAX] {
            assert!(
                told("xor", Options { samples: Some(samples), ..given.clone() })
                    .contains("samples from 1 to")
            );
        }
        for classes in [0, 1, usize::MAX] {
            assert!(
                told("blobs", Options { classes: Some(classes), ..given.clone() }).contains("classes from 2")
            );
        }
        assert!(told("digits", Options { samples: Some(1438), ..given }).contains("from 1 to 1437"));
    }

    #[test]
    fn images_keep_a_channel_axis_when_asked() {
        let options = Options { channels: Some(1), samples: Some(5), ..Options::default() };
        assert_eq!(find("digits").unwrap().load(&options).unwrap().x[0].shape(), [5, 8, 8, 1]);
        assert_eq!(
            find("digits").unwrap().load_test(&options).unwrap().unwrap().x[0].shape(),
            [360, 8, 8, 1]
        );
    }
}
