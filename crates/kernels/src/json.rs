//! How much a text of JSON may take when it is read, told before it is.

use crate::{Error, Result};

/// What the values of a file from a stranger may weigh, see [`within`]: some 60 MiB.
pub const MOST: usize = 400_000;

/// An object takes as much as so many numbers, however short it is written.
const OBJECT: usize = 4;

/// Fails where the values of a text weigh more than so much: a value weighs 1, as it takes up to 150 bytes when it is read, and an object 4
/// more. Each value but the first stands behind a comma or an opening bracket, so that it is counted without being read.
///
/// ```
/// use steadygrad_kernels::json::within;
/// assert!(within(br#"{"units": [1, 2, 3]}"#, 8).is_ok());
/// assert!(within(br#"{"units": [1, 2, 3]}"#, 7).unwrap_err().to_string().contains("weigh"));
/// ```
///
/// # Errors
/// If they weigh more.
pub fn within(json: &[u8], most: usize) -> Result<()> {
    let weight = |byte: &u8| match byte {
        b',' | b'[' => 1,
        b'{' => 1 + OBJECT,
        _ => 0,
    };
    let found: usize = json.iter().map(weight).sum();
    if found > most {
        return Err(Error::format(format!(
            "its values weigh {found} (an object {OBJECT} more than a number), and {most} are the most"
        )));
    }
    Ok(())
}
