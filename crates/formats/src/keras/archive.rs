//! `.keras` files: a zip archive of a configuration, metadata and weights.

use std::io::{Cursor, Read};
use steadygrad_kernels::{Error, Kind, Result};
use zip::ZipArchive;

/// Bytes of the configuration and of the metadata, at the most.
const TEXT: u64 = 64 << 20;
/// Bytes of the weights, at the most.
const WEIGHTS: u64 = 4 << 30;
/// How much a member may grow against the archive. Keras compresses nothing, and who packs its files anew gets weights to nine tenths
/// and a configuration to a thirtieth; archives that are made to fill the memory shrink to a thousandth.
const GROWTH: u64 = 32;
/// What any archive may unpack to.
const SMALL: u64 = 8 << 20;
/// Members of an archive: those of Keras, and assets.
const MEMBERS: usize = 10_000;

/// The members that are a model.
#[derive(Debug)]
pub struct Parts {
    /// `config.json`.
    pub config: Vec<u8>,
    /// `metadata.json`; empty where there is none.
    pub metadata: Vec<u8>,
    /// `model.weights.h5`.
    pub weights: Vec<u8>,
}

/// The members of these bytes. Nothing is written anywhere, and no name in it is used as a path.
pub fn read(bytes: Vec<u8>) -> Result<Parts> {
    let size = bytes.len() as u64;
    let bad = |e: zip::result::ZipError| Error::format(format!("not a whole .keras file: {e}"));
    let said = count(&bytes);
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(bad)?;
    // Of two members of one name the library keeps one.
    if said != Some(archive.len()) {
        return Err(Error::format(
            "two members of the file have the same name, or its list of them is damaged",
        ));
    }
    if archive.len() > MEMBERS {
        return Err(Error::format(format!("{} members in a .keras file", archive.len())));
    }
    let mut names: Vec<String> = Vec::with_capacity(archive.len());
    for i in 0..archive.len() {
        let member = archive.by_index_raw(i).map_err(bad)?;
        let name = member.name().map_err(bad)?.into_owned();
        let shown: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
        if name.starts_with('/') || name.contains('\\') || name.split('/').any(|part| part == "..") {
            return Err(Error::format(format!(
                "a member of the file is called `{shown}`, which leads out of it"
            )));
        }
        if member.encrypted() {
            return Err(Error::format(format!("the member `{shown}` is encrypted")));
        }
        names.push(name);
    }
    let mut member = |name: &str, most: u64| -> Result<Vec<u8>> {
        let file = archive.by_name(name).map_err(|_| {
            Error::format(format!("there is no `{name}` in it"))
                .help("a .keras file of Keras 3 has one: model.save(\"x.keras\")")
        })?;
        let most = most.min(size.saturating_mul(GROWTH).max(SMALL));
        let large = || {
            let what = format!("`{name}` unpacks to more than {most} bytes, the most from a file of {size}");
            Error::format(what)
                .help("Keras packs nothing this small: get the file again, or save the model anew")
        };
        if file.size() > most {
            return Err(large());
        }
        let mut found = Vec::new();
        let room = found.try_reserve_exact(file.size() as usize);
        room.map_err(|_| {
            Error::new(Kind::Memory, format!("no memory for the {} bytes of `{name}`", file.size()))
        })?;
        // What it says of its size need not be true.
        file.take(most + 1)
            .read_to_end(&mut found)
            .map_err(|e| Error::format(format!("`{name}` cannot be unpacked: {e}")))?;
        if found.len() as u64 > most { Err(large()) } else { Ok(found) }
    };
    Ok(Parts {
        config: member("config.json", TEXT)?,
        metadata: if names.iter().any(|n| n == "metadata.json") {
            member("metadata.json", TEXT)?
        } else {
            Vec::new()
        },
        weights: member("model.weights.h5", WEIGHTS)?,
    })
}

/// How many members the end of an archive says that it has.
fn count(bytes: &[u8]) -> Option<usize> {
    const END: &[u8] = b"PK\x05\x06";
    let at = bytes.windows(END.len()).rposition(|w| w == END)?;
    let number = bytes.get(at + 10..at + 12)?;
    Some(usize::from(u16::from_le_bytes([number[0], number[1]])))
}
