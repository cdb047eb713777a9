//! What all fuzz targets do: give the bytes to the reader of this name.
#![forbid(unsafe_code)]

use std::panic::{set_hook, take_hook};
use std::sync::Once;
use steadygrad_reliability::mutate::Format;
use steadygrad_reliability::mutate::packed::sealed;
use steadygrad_reliability::readers::find;

/// The one library whose panics are caught in a place of ours (`formats::hdf5`): they are no find.
const CAUGHT: &str = "/hdf5-pure-";

/// Reads these bytes.
pub fn read(name: &str, bytes: &[u8]) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // The hook that stands there ends the process at every panic, also of those that are caught.
        let end = take_hook();
        set_hook(Box::new(move |info| {
            if !info.location().is_some_and(|place| place.file().contains(CAUGHT)) {
                end(info);
            }
        }));
    });
    let reader = find(name).expect("a target is named after its reader");
    // Of a checkpoint the content is changed: no fuzzer guesses its checksum.
    let outcome = match reader.format {
        Format::Checkpoint => reader.outcome(&sealed(bytes)),
        _ => reader.outcome(bytes),
    };
    if let Err(error) = outcome.result {
        assert!(!error.to_string().is_empty(), "an error without words");
    }
}
