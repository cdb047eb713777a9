//! A keeper of one moment.

use steadygrad_engine::callbacks::Training;
use steadygrad_engine::checkpoint::{Keeper, Moment, Onward, State};
use steadygrad_kernels::Result;

/// Keeps what there is at one step, and leaves.
#[derive(Debug)]
pub struct At {
    pub step: u64,
    pub epoch_end: bool,
    pub kept: Option<Vec<u8>>,
}

impl Keeper for At {
    fn wants(&mut self, _: &mut Training<'_>, moment: Moment<'_>) -> Result<bool> {
        Ok(moment.step == self.step && moment.logs.is_some() == self.epoch_end)
    }
    fn keep(&mut self, _: &mut Training<'_>, _: Moment<'_>, state: State) -> Result<Onward> {
        self.kept = Some(state.to_bytes());
        Ok(Onward::Leave)
    }
}
