//! Changes within what is packed, counted or summed: packed, counted and summed again, so that the inside is reached.

use super::{bytes, text};
use crate::dice::Dice;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::io::{Cursor, Read, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Members are unpacked up to here.
const MOST: u64 = 4 << 20;

/// One member changed, by what its name says that it is; or all as they are, packed otherwise.
pub fn zip(input: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(input)).ok()?;
    let mut members: Vec<(String, Vec<u8>)> = Vec::new();
    for i in 0..archive.len().min(64) {
        let file = archive.by_index(i).ok()?;
        let name = file.name().ok()?.into_owned();
        let mut content = Vec::new();
        file.take(MOST).read_to_end(&mut content).ok()?;
        members.push((name, content));
    }
    let which = dice.below(members.len());
    let (name, content) = members.get_mut(which)?;
    match dice.below(16) {
        0 => *name = (*dice.pick(&["../x.npy", "/x.npy", "x", "x.npy", "config.json", ""])?).to_string(),
        1 => drop(members.remove(which)),
        2 => {
            let copy = members[which].clone();
            members.push((format!("{}2", copy.0), copy.1));
        }
        _ => *content = member(name, content, dice),
    }
    let method = if dice.one_in(3) { CompressionMethod::Deflated } else { CompressionMethod::Stored };
    pack(&members, method)
}

/// An archive with these members.
pub fn pack(members: &[(String, Vec<u8>)], method: CompressionMethod) -> Option<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        let options = SimpleFileOptions::default().compression_method(method);
        archive.start_file(name.as_str(), options).ok()?;
        archive.write_all(content).ok()?;
    }
    Some(archive.finish().ok()?.into_inner())
}

fn member(name: &str, content: &[u8], dice: &mut Dice) -> Vec<u8> {
    let known = match name.rsplit('.').next() {
        Some("json") if !dice.one_in(6) => Some(text::changed(content, dice)),
        Some("npy") => headed(content, 8, 2, dice),
        _ => None,
    };
    known.unwrap_or_else(|| bytes::changed(content, &[], dice))
}

/// What is packed changed; or what is not packed.
pub fn gzip(input: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    if !input.starts_with(&[0x1f, 0x8b]) {
        return None;
    }
    let mut content = Vec::new();
    GzDecoder::new(input).take(MOST).read_to_end(&mut content).ok()?;
    gzipped(&bytes::changed(&content, &[], dice))
}

/// The bytes in gzip.
pub fn gzipped(content: &[u8]) -> Option<Vec<u8>> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(content).ok()?;
    packed.finish().ok()
}

/// The text of a header changed, and its length of `width` bytes at `at` set right.
pub fn headed(input: &[u8], at: usize, width: usize, dice: &mut Dice) -> Option<Vec<u8>> {
    let mut len = [0; 8];
    len[..width].copy_from_slice(input.get(at..at + width)?);
    let start = at + width;
    let end = start.checked_add(usize::try_from(u64::from_le_bytes(len)).ok()?)?;
    let header = input.get(start..end)?;
    let new = if dice.one_in(4) { bytes::changed(header, &[], dice) } else { text::changed(header, dice) };
    let len = (new.len() as u64).to_le_bytes();
    Some([&input[..at], &len[..width], &new, &input[end..]].concat())
}

/// One chunk changed, and its sum set right.
pub fn png(input: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    const HEAD: usize = 8;
    let mut chunks: Vec<Vec<u8>> = Vec::new();
    let mut rest = input.get(HEAD..)?;
    while let Some((len, _)) = rest.split_first_chunk::<4>() {
        let end = 12_usize.checked_add(u32::from_be_bytes(*len) as usize)?;
        let chunk = rest.get(..end)?;
        // Its name and what it holds.
        chunks.push(chunk[4..end - 4].to_vec());
        rest = &rest[end..];
    }
    if chunks.is_empty() {
        return None;
    }
    let which = dice.below(chunks.len());
    match dice.below(8) {
        0 => drop((which < chunks.len()).then(|| chunks.remove(which))),
        1 => {
            let to = dice.below(chunks.len());
            chunks.swap(which, to);
        }
        2 => chunks.insert(which, chunks.get(which)?.clone()),
        _ => {
            let chunk = chunks.get_mut(which)?;
            let content = bytes::changed(chunk.get(4..)?, &[], dice);
            chunk.truncate(4);
            chunk.extend(content);
        }
    }
    let mut out = input[..HEAD].to_vec();
    for chunk in chunks.iter().filter(|chunk| chunk.len() >= 4) {
        out.extend(((chunk.len() - 4) as u32).to_be_bytes());
        out.extend(chunk);
        out.extend(crc32fast::hash(chunk).to_be_bytes());
    }
    Some(out)
}

/// The first line of a checkpoint and its version: what stands behind them is its sum, its length, and what it holds.
const BEGIN: &[u8] = b"steadygrad checkpoint\n\x01\0\0\0";

/// Bytes of a checkpoint before what it holds.
pub const HEAD: usize = BEGIN.len() + 12;

/// What a checkpoint holds changed, with sum and length set right.
pub fn checkpoint(input: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    let content = input.strip_prefix(BEGIN)?.get(12..)?;
    Some(sealed(&bytes::changed(content, &[], dice)))
}

/// A checkpoint with this content.
pub fn sealed(content: &[u8]) -> Vec<u8> {
    let sum = crc32fast::hash(content).to_le_bytes();
    [BEGIN, &sum, &(content.len() as u64).to_le_bytes(), content].concat()
}
