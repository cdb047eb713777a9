//! The steps that look up rows of a table, and add up what comes back to them.

use super::{Access, Slot};

/// out\[i\] = table\[numbers\[i\]\], rows of `len` numbers
#[derive(Debug, Clone)]
#[allow(missing_docs)] // the names are those of the formula
pub struct Gather {
    pub table: Slot,
    pub numbers: Slot,
    pub out: Slot,
    pub rows: usize,
    pub len: usize,
}

/// out\[r\] = Σ dy\[i\] over all i with numbers\[i\] = r
#[derive(Debug, Clone)]
#[allow(missing_docs)] // the names are those of the formula
pub struct GatherGrad {
    pub numbers: Slot,
    pub dy: Slot,
    pub out: Slot,
    pub rows: usize,
    pub len: usize,
}

impl Gather {
    pub(super) fn visit(&mut self, see: &mut dyn FnMut(&mut Slot, Access)) {
        see(&mut self.table, Access::Read);
        see(&mut self.numbers, Access::Read);
        see(&mut self.out, Access::Write);
    }

    pub(super) fn label(&self) -> String {
        format!("gather [{},{}]", self.rows, self.len)
    }
}

impl GatherGrad {
    pub(super) fn visit(&mut self, see: &mut dyn FnMut(&mut Slot, Access)) {
        see(&mut self.numbers, Access::Read);
        see(&mut self.dy, Access::Read);
        see(&mut self.out, Access::Write);
    }

    pub(super) fn label(&self) -> String {
        format!("gather_grad [{},{}]", self.rows, self.len)
    }
}
