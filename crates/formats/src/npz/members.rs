//! Where the members of an archive lie: each in bytes of its own.

use std::io::Cursor;

use steadygrad_kernels::{Error, Result};
use zip::ZipArchive;

use super::damaged;

/// Looks whether every member has its bytes for itself. Where several share them, a small file unpacks to any size: the same
/// bytes are unpacked again for each of them.
///
/// # Errors
/// The member that shares bytes with another one, or that is not where the list of members says.
pub(super) fn apart(zip: &mut ZipArchive<Cursor<&[u8]>>) -> Result<()> {
    let mut ranges = Vec::with_capacity(zip.len());
    for index in 0..zip.len() {
        let entry = zip.by_index_raw(index).map_err(|cause| damaged(&cause))?;
        let begin = entry.header_start();
        // A header is never empty: members that hold nothing are told apart, too.
        let end = entry.data_start().unwrap_or(begin + 1).saturating_add(entry.compressed_size());
        ranges.push((begin, end, index));
    }
    ranges.sort_unstable();
    let mut last: Option<(u64, usize)> = None;
    for (begin, end, index) in ranges {
        if let Some((_, before)) = last.filter(|(taken, _)| *taken > begin) {
            let (before, name) = (shown(zip, before), shown(zip, index));
            let what = format!("it lies on bytes of the file that belong to `{before}`");
            return Err(Error::format(what).at(format!("array `{name}`")).help(
                "the file is damaged, or made to fill the memory: get it again, or save the arrays anew with numpy.savez",
            ));
        }
        last = Some((end, index));
    }
    Ok(())
}

/// What errors call a member.
fn shown(zip: &mut ZipArchive<Cursor<&[u8]>>, index: usize) -> String {
    let name = zip.by_index_raw(index).ok().and_then(|entry| entry.name().ok().map(|name| name.into_owned()));
    let name = name.unwrap_or_else(|| index.to_string());
    name.strip_suffix(".npy").map_or_else(|| name.clone(), str::to_string)
}

#[cfg(test)]
mod tests {
    use steadygrad_data::Array;
    use steadygrad_kernels::Kind;

    use crate::npz::{NpzOptions, load, parse, pick, to_bytes, write};

    /// The list of members with this one's line once for each of the names, which have the length of its own.
    fn listed(archive: &[u8], names: &[&str]) -> Vec<u8> {
        let at = archive.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
        let end = archive.windows(4).position(|w| w == b"PK\x05\x06").unwrap();
        let (line, mut out) = (&archive[at..end], archive[..at].to_vec());
        for name in names {
            let mut line = line.to_vec();
            line[46..46 + name.len()].copy_from_slice(name.as_bytes());
            out.extend(line);
        }
        let size = (out.len() - at) as u32;
        let mut tail = archive[end..].to_vec();
        for place in [8, 10] {
            tail[place..place + 2].copy_from_slice(&(names.len() as u16).to_le_bytes());
        }
        tail[12..16].copy_from_slice(&size.to_le_bytes());
        out.extend(tail);
        out
    }

    #[test]
    fn members_that_share_bytes_are_refused() {
        let one = to_bytes(&[("x", &Array::zeros([4, 2]).unwrap())]).unwrap();
        assert_eq!(listed(&one, &["x.npy"]), one);
        assert!(parse(&listed(&one, &["x.npy"]), &NpzOptions::default()).is_ok());
        let error = parse(&listed(&one, &["x.npy", "y.npy"]), &NpzOptions::default()).unwrap_err();
        assert_eq!((error.place(), error.what().contains("belong to `x`")), ("array `y`".into(), true));
        assert!(error.remedy().contains("numpy.savez"), "{error}");
    }

    #[test]
    fn a_member_within_another_is_refused() {
        let (inner, outer) = (Array::zeros([1, 2]).unwrap(), Array::zeros([90, 2]).unwrap());
        let mut bytes = to_bytes(&[("x", &outer), ("y", &inner)]).unwrap();
        let find = |bytes: &[u8], what: &[u8]| {
            bytes
                .windows(what.len())
                .enumerate()
                .filter(|(_, w)| *w == what)
                .map(|(i, _)| i)
                .collect::<Vec<_>>()
        };
        let [_, second] = find(&bytes, b"PK\x03\x04")[..] else { panic!("two members") };
        let lines = find(&bytes, b"PK\x01\x02");
        // The second one, with its header, in the numbers of the first.
        let member = bytes[second..lines[0]].to_vec();
        bytes[200..200 + member.len()].copy_from_slice(&member);
        bytes[lines[1] + 42..lines[1] + 46].copy_from_slice(&200_u32.to_le_bytes());
        let error = parse(&bytes, &NpzOptions::default()).unwrap_err();
        assert_eq!(error.place(), "array `y`", "{error}");
    }

    #[test]
    fn what_arrays_may_take_they_may_take_together() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("two.npz");
        let (x, y) = (Array::zeros([10, 2]).unwrap(), Array::zeros([10, 2]).unwrap());
        write(&path, &[("x", &x), ("y", &y), ("other", &x)]).unwrap();
        let with = |most| load(&path, &NpzOptions { most_bytes: Some(most), ..NpzOptions::default() });
        let error = with(159).unwrap_err();
        assert_eq!(error.kind(), Kind::Memory);
        assert!(error.what().contains("79 are the most, beside the 80 bytes"), "{error}");
        assert!(error.place().ends_with("array `x`") && error.remedy().contains("most_bytes"), "{error}");
        assert_eq!(with(160).unwrap().0.len(), 10);
        let names = ["y".to_string(), "x".to_string()];
        assert_eq!(pick(&path, &names, Some(160)).unwrap(), [y, x]);
        assert!(pick(&path, &names, Some(159)).unwrap_err().place().ends_with("array `x`"));
        assert!(pick(&path, &["z".to_string()], None).is_err());
    }
}
