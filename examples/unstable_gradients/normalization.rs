//! Batch normalization.
use super::Story;
use steadygrad::prelude::*;
pub fn tell(_: &Story) -> Result<()> {
    Ok(())
}
