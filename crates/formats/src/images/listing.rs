//! What a folder of images holds: its classes, their files, and whether it is cut into parts.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use steadygrad_kernels::{Error, Result};

use super::decode::CONVERT;

/// Files with their classes, in the order of the classes and, within one, of the names.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub class_names: Vec<String>,
    pub files: Vec<PathBuf>,
    /// The class of each file, counted from 0.
    pub labels: Vec<usize>,
}

/// Which classes a folder is to have.
pub(super) enum Wanted<'a> {
    /// Those it has, sorted.
    Any,
    /// These; others are passed over.
    Chosen(&'a [String]),
    /// These, of which some may be missing; others are passed over if the last is set, else an error.
    Known(&'a [String], bool),
}

/// Endings of names that are read.
const READ: [&str; 3] = ["png", "jpg", "jpeg"];
/// Endings of images that are not read: passing them over would train on a part of the data.
const NOT_READ: [&str; 11] =
    ["avif", "bmp", "gif", "heic", "heif", "ico", "jp2", "jxl", "tif", "tiff", "webp"];

/// Names of folders that hold a part of the data, that for validation first.
const PARTS: [&str; 4] = ["validation", "valid", "val", "test"];

/// The folders to train with and to validate with, where a folder is cut into parts: one of its folders is `train`, and all
/// others are `validation` (or `valid`, `val`) or `test`. Data for validation go before those for a test.
pub(super) fn parts(folder: &Path) -> Result<Option<(PathBuf, Option<PathBuf>)>> {
    let Content { folders, .. } = Content::of(folder)?;
    let is = |name: &OsString, part: &str| name == part;
    let known = |name: &OsString| is(name, "train") || PARTS.iter().any(|part| is(name, part));
    let train = folder.join("train");
    if !folders.iter().any(|name| is(name, "train")) || !folders.iter().all(known) {
        return Ok(None);
    }
    // Classes may be called train and test.
    if Content::of(&train)?.folders.is_empty() {
        return Ok(None);
    }
    let second = PARTS.iter().find(|part| folders.iter().any(|name| is(name, part)));
    Ok(Some((train, second.map(|part| folder.join(part)))))
}

impl Listing {
    /// The images of a folder whose folders are classes.
    pub fn of_classes(folder: &Path, wanted: &Wanted<'_>) -> Result<Listing> {
        let place = || folder.display().to_string();
        let content = Content::of(folder)?;
        let mut present = Vec::new();
        for name in &content.folders {
            let name = name.to_str().ok_or_else(|| {
                let what = format!("the folder {} has a name that is not Unicode", name.display());
                Error::data(what).at(place()).help("rename it: its name is that of a class")
            })?;
            present.push(name.to_string());
        }
        present.sort();
        let class_names = match wanted {
            Wanted::Any => present.clone(),
            Wanted::Chosen(names) | Wanted::Known(names, _) => names.to_vec(),
        };
        let known: Vec<&str> = present.iter().map(String::as_str).collect();
        match wanted {
            Wanted::Any if present.is_empty() => return Err(content.no_classes().at(place())),
            Wanted::Any => {}
            Wanted::Chosen(names) => {
                if let Some(name) = names.iter().find(|name| !present.contains(name)) {
                    return Err(Error::name("class of this folder", name, &known).at(place()));
                }
            }
            Wanted::Known(names, pass) => {
                let other = present.iter().find(|name| !names.contains(name));
                if let Some(name) = other.filter(|_| !pass) {
                    return Err(Error::data(format!("the class `{name}` is not one of training"))
                        .at(place())
                        .help(format!("the classes are the folders {}", names.join(", "))));
                }
            }
        }
        let mut listing = Listing { class_names, ..Listing::default() };
        for (label, name) in listing.class_names.iter().enumerate().filter(|(_, name)| present.contains(name))
        {
            let place = folder.join(name);
            let files = images(&place)?;
            // Known classes may be missing from other data, and so may their images.
            if files.is_empty() && !matches!(wanted, Wanted::Known(..)) {
                return Err(Content::of(&place)?.no_images().at(place.display().to_string()));
            }
            listing.labels.extend(std::iter::repeat_n(label, files.len()));
            listing.files.extend(files);
        }
        if listing.files.is_empty() {
            return Err(content.no_images().at(place()));
        }
        if let (Wanted::Any, [only]) = (wanted, &present[..]) {
            check_only(folder, only)?;
        }
        Ok(listing)
    }

    /// All images in a folder, whatever folders they lie in; or a single one.
    pub fn of_samples(path: &Path) -> Result<Vec<PathBuf>> {
        if !path.is_dir() {
            return Ok(vec![path.to_path_buf()]);
        }
        let files = images(path)?;
        if files.is_empty() {
            return Err(Content::of(path)?.no_images().at(path.display().to_string()));
        }
        Ok(files)
    }
}

/// One class whose own folders hold all images: the folder one step above the classes was given.
fn check_only(folder: &Path, only: &str) -> Result<()> {
    let below = Content::of(&folder.join(only))?;
    let direct = below.files.iter().any(|name| ends(name, &READ));
    if direct || below.folders.len() < 2 {
        return Ok(());
    }
    let what = format!(
        "there is one class, `{only}`, and its images lie in the folders {}",
        below.listed(&below.folders)
    );
    Err(Error::data(what)
        .at(folder.display().to_string())
        .help(format!("if these are the classes, give {}", folder.join(only).display())))
}

/// The images in a folder and the folders in it, sorted by folder and then by name. Links to files are followed, links to
/// folders are not, as these can run in circles.
fn images(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found: Vec<(PathBuf, OsString)> = Vec::new();
    let mut open = vec![(folder.to_path_buf(), 0)];
    while let Some((folder, depth)) = open.pop() {
        if depth > MOST_DEPTH {
            return Err(Error::data(format!("folders lie deeper than {MOST_DEPTH} in each other"))
                .at(folder.display().to_string())
                .help("put the images in one folder for each class"));
        }
        let content = Content::of(&folder)?;
        if let Some(name) = content.files.iter().find(|name| ends(name, &NOT_READ)) {
            return Err(Error::unsupported("this kind of image is not read; PNG and JPEG are")
                .at(folder.join(name).display().to_string())
                .help(CONVERT));
        }
        open.extend(content.own.iter().map(|name| (folder.join(name), depth + 1)));
        found.extend(
            content.files.into_iter().filter(|name| ends(name, &READ)).map(|name| (folder.clone(), name)),
        );
    }
    // As text, and not part by part: the order of Keras.
    found.sort_by(|(a, b), (c, d)| (a.as_os_str(), b).cmp(&(c.as_os_str(), d)));
    Ok(found.into_iter().map(|(folder, name)| folder.join(name)).collect())
}

/// Folders within folders, at most.
const MOST_DEPTH: usize = 64;

/// What lies in a folder; hidden files and folders, whose names begin with a dot, are passed over.
struct Content {
    /// Folders, links to folders included.
    folders: Vec<OsString>,
    /// Folders without links.
    own: Vec<OsString>,
    /// Files, links to files included.
    files: Vec<OsString>,
    /// How many were hidden.
    hidden: usize,
}

impl Content {
    fn of(folder: &Path) -> Result<Content> {
        let failed = |cause: std::io::Error| {
            let error = Error::file(folder, &cause);
            match cause.kind() {
                std::io::ErrorKind::NotADirectory => {
                    error.help("give the folder whose folders are the classes")
                }
                _ => error,
            }
        };
        let mut content = Content { folders: Vec::new(), own: Vec::new(), files: Vec::new(), hidden: 0 };
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            let path = entry.path();
            match () {
                () if name.as_encoded_bytes().starts_with(b".") => content.hidden += 1,
                () if path.is_dir() => {
                    if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                        content.own.push(name.clone());
                    }
                    content.folders.push(name);
                }
                // What is neither, as a link to nothing, is named when it is opened.
                () => content.files.push(name),
            }
        }
        [&mut content.folders, &mut content.own, &mut content.files].into_iter().for_each(|list| list.sort());
        Ok(content)
    }

    /// A few names, and how many there are more.
    fn listed(&self, names: &[OsString]) -> String {
        let shown: Vec<String> = names.iter().take(3).map(|name| name.display().to_string()).collect();
        let more = names.len().saturating_sub(3);
        if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
    }

    /// What is there instead of images.
    fn no_images(&self) -> Error {
        let mut there = Vec::new();
        if !self.folders.is_empty() {
            there.push(format!("the folders {} have none", self.listed(&self.folders)));
        }
        if !self.files.is_empty() {
            there.push(format!("{} is no image by its name", self.listed(&self.files)));
        }
        if self.hidden > 0 {
            there.push(format!("{} hidden, beginning with a dot", self.hidden));
        }
        let found = if there.is_empty() { "it is empty".into() } else { there.join("; ") };
        Error::data(format!("there is no image in this folder: {found}"))
            .help("images are files that end in .png, .jpg or .jpeg; take the folder away, or name the classes to read with class_names")
    }

    /// Why there are no classes.
    fn no_classes(&self) -> Error {
        let images = self.files.iter().filter(|name| ends(name, &READ)).count();
        let found = match images {
            0 => "no folders in it".into(),
            1 => "1 image, in no folder of its own".into(),
            n => format!("{n} images, in no folders of their own"),
        };
        Error::data(format!("expected a folder for each class, found {found}")).help(
            "put the images of each class in a folder that has the class's name: cats/1.png, dogs/2.png",
        )
    }
}

/// Whether a name ends in one of these, in small letters or capitals.
fn ends(name: &OsStr, endings: &[&str]) -> bool {
    let ending = Path::new(name).extension().and_then(OsStr::to_str).unwrap_or_default();
    endings.iter().any(|known| known.eq_ignore_ascii_case(ending))
}
