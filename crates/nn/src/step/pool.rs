//! Steps of pooling.

use super::{Access, Slot};
use steadygrad_kernels::pool::{Kind, Pooling};

/// out = what the pooling takes of each sample of x, which lies in memory as positions × channels.
#[derive(Debug, Clone, Copy)]
pub struct Pool {
    /// Samples, one after the other: those of the batch, or all their channels where these come first.
    pub x: Slot,
    /// What comes out.
    pub out: Slot,
    /// The windows.
    pub pooling: Pooling,
}

/// The gradient of [`Pool`] for x.
#[derive(Debug, Clone, Copy)]
pub struct PoolGrad {
    /// What went in; nothing where the gradient does not depend on it.
    pub x: Option<Slot>,
    /// The gradient of what came out.
    pub dy: Slot,
    /// The gradient of what went in.
    pub out: Slot,
    /// The windows.
    pub pooling: Pooling,
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Average => "average_pool",
        Kind::Max => "max_pool",
        Kind::SharedMax => "shared_max_pool",
    }
}

impl Pool {
    pub(super) fn visit(&mut self, see: &mut dyn FnMut(&mut Slot, Access)) {
        see(&mut self.x, Access::Read);
        see(&mut self.out, Access::Write);
    }

    pub(super) fn label(&self) -> String {
        format!("{} {}", name(self.pooling.kind), self.pooling)
    }
}

impl PoolGrad {
    pub(super) fn visit(&mut self, see: &mut dyn FnMut(&mut Slot, Access)) {
        if let Some(x) = &mut self.x {
            see(x, Access::Read);
        }
        see(&mut self.dy, Access::Read);
        see(&mut self.out, Access::Write);
    }

    pub(super) fn label(&self) -> String {
        format!("{}_grad {}", name(self.pooling.kind), self.pooling)
    }
}
