//! A state as bytes and back, so that a torn or changed file is known as one.
//!
//! ```text
//! "steadygrad checkpoint\n"   version u32   checksum u32   length u64   then `length` bytes, which the checksum (CRC-32) is of:
//! count u64, and for each part: length of the name u32, name, kind u8, count u64, its numbers or bytes
//! ```
//!
//! All numbers are little-endian. Nothing is allocated that the length of the file does not vouch for.

use super::state::{Part, State};
use std::io::{self, Write};
use steadygrad_kernels::{Error, Result};

const MAGIC: &[u8] = b"steadygrad checkpoint\n";
/// The version that is written, and the only one there is so far.
const VERSION: u32 = 1;

/// Numbers that are written at a time.
const AT_ONCE: usize = 1024;

impl State {
    /// The bytes of a checkpoint.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // A list takes whatever is written.
        let _ = self.write(&mut bytes);
        bytes
    }

    /// Writes a checkpoint, of which no second copy is made in memory: what goes before the parts is computed in a pass of its own.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let mut sum = Sum::default();
        self.write_parts(&mut sum)?;
        to.write_all(MAGIC)?;
        to.write_all(&VERSION.to_le_bytes())?;
        to.write_all(&sum.checksum.finalize().to_le_bytes())?;
        to.write_all(&sum.len.to_le_bytes())?;
        self.write_parts(to)
    }

    fn write_parts(&self, to: &mut impl Write) -> io::Result<()> {
        to.write_all(&(self.iter().len() as u64).to_le_bytes())?;
        for (name, part) in self.iter() {
            let (kind, count): (u8, usize) = match part {
                Part::Numbers(x) => (0, x.len()),
                Part::Doubles(x) => (1, x.len()),
                Part::Count(_) => (2, 1),
                Part::Text(x) => (3, x.len()),
            };
            to.write_all(&(name.len() as u32).to_le_bytes())?;
            to.write_all(name.as_bytes())?;
            to.write_all(&[kind])?;
            to.write_all(&(count as u64).to_le_bytes())?;
            match part {
                Part::Numbers(x) => write_all(to, x, f32::to_le_bytes)?,
                Part::Doubles(x) => write_all(to, x, f64::to_le_bytes)?,
                Part::Count(x) => to.write_all(&x.to_le_bytes())?,
                Part::Text(x) => to.write_all(x.as_bytes())?,
            }
        }
        Ok(())
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
            "" => e.help("the file is damaged, and cannot be mended; an older checkpoint may hold"),
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

fn write_all<T: Copy, const N: usize>(
    to: &mut impl Write,
    numbers: &[T],
    bytes_of: fn(T) -> [u8; N],
) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(N * AT_ONCE.min(numbers.len()));
    for some in numbers.chunks(AT_ONCE) {
        bytes.clear();
        bytes.extend(some.iter().flat_map(|x| bytes_of(*x)));
        to.write_all(&bytes)?;
    }
    Ok(())
}

/// The checksum and the length of what is written to it.
#[derive(Default)]
struct Sum {
    checksum: crc32fast::Hasher,
    len: u64,
}

impl Write for Sum {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.checksum.update(bytes);
        self.len += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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
            let again = State::from_bytes(&bytes).unwrap();
            assert_eq!(again.to_bytes(), bytes);
            assert_eq!(again.iter().len(), state.iter().len());
        }
    }

    #[test]
    fn long_lists_are_written_whole() {
        let mut state = State::default();
        for len in [AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 5 * AT_ONCE] {
            state.put(format!("{len}"), Part::Numbers((0..len).map(|i| i as f32).collect()));
            state.put(format!("{len} twice"), Part::Doubles((0..len).map(|i| i as f64 / 3.0).collect()));
        }
        assert_eq!(State::from_bytes(&state.to_bytes()).unwrap(), state);
    }

    #[test]
    fn a_disk_that_is_full_is_an_error_wherever_it_ends() {
        let whole = sample().to_bytes().len();
        for room in 0..whole {
            let mut disk = vec![0; room];
            assert!(sample().write(&mut disk.as_mut_slice()).is_err(), "{room} of {whole} bytes");
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
