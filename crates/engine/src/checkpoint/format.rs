//! A state as bytes and back, so that a torn or changed file is known as one.
//!
//! ```text
//! "steadygrad checkpoint\n"   version u32   checksum u32   length u64   then `length` bytes, which the checksum (CRC-32) is of:
//! count u64, and for each part: length of the name u32, name, kind u8, count u64, its numbers or bytes
//! ```
//!
//! All numbers are little-endian. Nothing is allocated that the length of the file does not vouch for.

use super::state::{Part, State};
use steadygrad_kernels::{Error, Result};

const MAGIC: &[u8] = b"steadygrad checkpoint\n";
/// The version that is written, and the only one there is so far.
const VERSION: u32 = 1;
const HEAD: usize = MAGIC.len() + 4 + 4 + 8;

impl State {
    /// The bytes of a checkpoint.
    pub fn to_bytes(&self) -> Vec<u8> {
        // All at once: a list that grows by doubling would be held twice.
        let size = |(name, part): (&str, &Part)| {
            name.len()
                + 13
                + match part {
                    Part::Numbers(x) => 4 * x.len(),
                    Part::Doubles(x) => 8 * x.len(),
                    Part::Count(_) => 8,
                    Part::Text(x) => x.len(),
                }
        };
        let mut bytes = Vec::with_capacity(HEAD + 8 + self.iter().map(size).sum::<usize>());
        bytes.resize(HEAD, 0);
        bytes.extend((self.iter().len() as u64).to_le_bytes());
        for (name, part) in self.iter() {
            bytes.extend((name.len() as u32).to_le_bytes());
            bytes.extend(name.as_bytes());
            let (kind, count): (u8, usize) = match part {
                Part::Numbers(x) => (0, x.len()),
                Part::Doubles(x) => (1, x.len()),
                Part::Count(_) => (2, 1),
                Part::Text(x) => (3, x.len()),
            };
            bytes.push(kind);
            bytes.extend((count as u64).to_le_bytes());
            match part {
                Part::Numbers(x) => x.iter().for_each(|x| bytes.extend(x.to_le_bytes())),
                Part::Doubles(x) => x.iter().for_each(|x| bytes.extend(x.to_le_bytes())),
                Part::Count(x) => bytes.extend(x.to_le_bytes()),
                Part::Text(x) => bytes.extend(x.as_bytes()),
            }
        }
        let (head, rest) = bytes.split_at_mut(HEAD);
        let parts = [
            MAGIC,
            &VERSION.to_le_bytes(),
            &crc32fast::hash(rest).to_le_bytes(),
            &(rest.len() as u64).to_le_bytes(),
        ];
        head.copy_from_slice(&parts.concat());
        bytes
    }

    /// The state that these bytes are of.
    ///
    /// ```
    /// use steadygrad_engine::checkpoint::{Part, State};
    /// let mut state = State::default();
    /// state.put("weights", Part::Numbers([1.0, f32::NAN].into()));
    /// let mut bytes = state.to_bytes();
    /// assert_eq!(State::from_bytes(&bytes)?.to_bytes(), bytes);
    /// bytes[70] ^= 1;
    /// assert!(State::from_bytes(&bytes).unwrap_err().to_string().contains("checksum"));
    /// assert!(State::from_bytes(&bytes[..50]).unwrap_err().to_string().contains("cut off"));
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// If they are not those of a checkpoint, of one of another version, or not all of them as they were written.
    pub fn from_bytes(bytes: &[u8]) -> Result<State> {
        State::parse(bytes).map_err(|e| match e.remedy() {
            "" => e.help("the file is damaged: go on from an older checkpoint, or begin anew"),
            _ => e,
        })
    }

    fn parse(bytes: &[u8]) -> Result<State> {
        let mut head = Reader(bytes.strip_prefix(MAGIC).ok_or_else(|| {
            let begun = MAGIC.starts_with(bytes) || bytes.is_empty();
            Error::format(if begun { "it is cut off in its first line" } else { "it is no checkpoint" })
        })?);
        let version = head.u32()?;
        if version != VERSION {
            return Err(Error::format(format!(
                "it has version {version}, and this program reads version {VERSION}"
            ))
            .help("a newer steadygrad has written it: use that one"));
        }
        let (checksum, len) = (head.u32()?, head.u64()?);
        let rest = head.0;
        if rest.len() as u64 != len {
            let what =
                if (rest.len() as u64) < len { "it is cut off" } else { "there is more behind its end" };
            return Err(Error::format(format!("{what}: {} bytes of {len}", rest.len())));
        }
        let found = crc32fast::hash(rest);
        if found != checksum {
            return Err(Error::format(format!(
                "it was changed since it was written: its checksum is {checksum:08x}, its bytes have {found:08x}"
            )));
        }
        let mut rest = Reader(rest);
        let mut state = State::default();
        for _ in 0..rest.u64()? {
            let len = rest.u32()?;
            let name = rest.text(u64::from(len))?;
            let (kind, count) = (rest.take(1)?[0], rest.u64()?);
            let part = match kind {
                0 => Part::Numbers(rest.all(count, f32::from_le_bytes)?.into()),
                1 => Part::Doubles(rest.all(count, f64::from_le_bytes)?.into()),
                2 => Part::Count(rest.u64()?),
                3 => Part::Text(rest.text(count)?),
                other => {
                    return Err(Error::format(format!(
                        "`{name}` is of the kind {other}, which there is not"
                    )));
                }
            };
            state.put(name, part);
        }
        match rest.0 {
            [] => Ok(state),
            more => Err(Error::format(format!("there are {} bytes behind its last part", more.len()))),
        }
    }
}

/// What is left of the bytes.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: u64) -> Result<&'a [u8]> {
        let at = usize::try_from(len).ok().and_then(|len| self.0.split_at_checked(len));
        let (taken, rest) = at.ok_or_else(|| {
            Error::format(format!("it is cut off: {len} bytes are to come, and there are {}", self.0.len()))
        })?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N as u64)?);
        Ok(array)
    }

    fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn text(&mut self, len: u64) -> Result<String> {
        let words = std::str::from_utf8(self.take(len)?);
        Ok(words.map_err(|_| Error::format("a text of it is not UTF-8"))?.to_string())
    }

    fn all<T, const N: usize>(&mut self, count: u64, of: impl Fn([u8; N]) -> T) -> Result<Vec<T>> {
        let bytes = self.take(count.saturating_mul(N as u64))?;
        Ok(bytes.as_chunks::<N>().0.iter().map(|&chunk| of(chunk)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> State {
        let mut state = State::default();
        state.put("empty", Part::Numbers([].into()));
        state.put("numbers", Part::Numbers([1.5, f32::NAN, f32::INFINITY, -0.0].into()));
        state.put("doubles", Part::Doubles([0.1, f64::NAN, f64::MIN_POSITIVE / 2.0].into()));
        state.put("count", Part::Count(u64::MAX));
        state.put("text", Part::Text("Grüße\n\0".into()));
        state.put("", Part::Text(String::new()));
        state
    }

    #[test]
    fn there_and_back_bit_for_bit() {
        for state in [State::default(), sample()] {
            let bytes = state.to_bytes();
            assert_eq!(bytes.len(), bytes.capacity(), "it is known how long it becomes");
            let again = State::from_bytes(&bytes).unwrap();
            assert_eq!(again.to_bytes(), bytes);
            assert_eq!(again.iter().len(), state.iter().len());
        }
    }

    #[test]
    fn every_bit_that_is_changed_is_seen() {
        let bytes = sample().to_bytes();
        for bit in 0..8 * bytes.len() {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(State::from_bytes(&changed).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn every_cut_and_everything_behind_the_end_is_seen() {
        let bytes = sample().to_bytes();
        for len in 0..bytes.len() {
            let error = State::from_bytes(&bytes[..len]).unwrap_err().to_string();
            assert!(error.contains("cut off"), "{len}: {error}");
        }
        let longer = [&bytes[..], b"x"].concat();
        assert!(State::from_bytes(&longer).unwrap_err().to_string().contains("behind its end"));
        assert!(State::from_bytes(b"PK\x03\x04").unwrap_err().to_string().contains("no checkpoint"));
    }

    #[test]
    fn a_checksum_that_holds_vouches_for_nothing_else() {
        // Whoever writes files on purpose writes the right checksum, too.
        let seal = |rest: &[u8]| {
            let head = [MAGIC, &VERSION.to_le_bytes(), &crc32fast::hash(rest).to_le_bytes()].concat();
            [head, (rest.len() as u64).to_le_bytes().to_vec(), rest.to_vec()].concat()
        };
        let many = u64::MAX.to_le_bytes();
        let name = [&1_u64.to_le_bytes()[..], &1_u32.to_le_bytes(), b"a"].concat();
        for rest in [
            many.to_vec(),
            [&1_u64.to_le_bytes()[..], &u32::MAX.to_le_bytes()].concat(),
            [&name[..], &[0], &many].concat(),
            [&name[..], &[1], &(1_u64 << 61).to_le_bytes()].concat(),
            [&name[..], &[3], &2_u64.to_le_bytes(), &[0xff, 0xfe]].concat(),
            [&name[..], &[9], &0_u64.to_le_bytes()].concat(),
            [&0_u64.to_le_bytes()[..], b"more"].concat(),
        ] {
            assert!(State::from_bytes(&seal(&rest)).is_err(), "{rest:?}");
        }
    }
}
