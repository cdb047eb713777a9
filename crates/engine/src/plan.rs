//! Where every number of a recipe lies: lifetimes become offsets, so that a step allocates nothing.

use crate::run::scratch;
use std::fmt;
use std::ops::Range;
use steadygrad_kernels::arena::LINE;
use steadygrad_nn::Extent;
use steadygrad_nn::recipe::{Home, Recipe};
use steadygrad_nn::step::{Access, Slot, Step};

/// Steps with the places of their slots in an arena.
#[derive(Debug, Clone)]
pub struct Plan {
    /// All steps, in order.
    pub steps: Vec<Step>,
    /// How many of them are the forward pass.
    pub forward: usize,
    /// The largest batch that fits.
    pub rows: usize,
    /// Numbers of arena that it takes, the persistent part included.
    pub size: usize,
    /// Numbers that a step may use as it likes while it runs.
    pub(crate) scratch: Range<usize>,
    places: Vec<usize>,
    extents: Vec<Extent>,
    /// For every product, what the steps up to the next one touch that it does not.
    ahead: Vec<Vec<Slot>>,
    /// The last product, during which the next batch may be fetched.
    pub(crate) last_product: Option<usize>,
}

/// A slot whose place is settled elsewhere: parameters, gradients, state.
pub type Fixed = Vec<(Slot, usize)>;

const NOWHERE: usize = usize::MAX;

impl Plan {
    /// Plans these steps for batches of up to `rows`. `fixed` slots lie where they are said to; all others go behind
    /// `base`. Feeds and results have places of their own for the whole run; any other slot gives its place free after
    /// its last reader.
    pub fn new(
        recipe: &Recipe,
        steps: Vec<Step>,
        forward: usize,
        fixed: &Fixed,
        base: usize,
        rows: usize,
    ) -> Plan {
        let mut life: Vec<Option<(usize, usize)>> = vec![None; recipe.slots.len()];
        for (i, step) in steps.iter().enumerate() {
            for (slot, access) in step.slots() {
                let life = &mut life[slot.0 as usize];
                match life {
                    Some((_, last)) => *last = i,
                    None if access == Access::Write => *life = Some((i, i)),
                    // Read before it is written: fed from outside, or fixed.
                    None => *life = Some((0, i)),
                }
            }
        }
        let end = steps.len();
        for (slot, info) in recipe.slots.iter().enumerate() {
            match info.home {
                Home::Feed => life[slot] = Some((0, end)),
                Home::Result => {
                    if let Some((_, last)) = &mut life[slot] {
                        *last = end;
                    }
                }
                _ => {}
            }
        }
        let mut places = vec![NOWHERE; recipe.slots.len()];
        for (slot, start) in fixed {
            places[slot.0 as usize] = *start;
        }
        let mut waiting: Vec<usize> =
            (0..recipe.slots.len()).filter(|&s| places[s] == NOWHERE && life[s].is_some()).collect();
        // Feeds come first, so that they lie at the same places in every plan of a recipe.
        waiting.sort_by_key(|&s| (recipe.slots[s].home != Home::Feed, life[s].map(|(first, _)| first)));
        let mut placed: Vec<Block> = Vec::new();
        let mut size = base;
        for slot in waiting {
            let Some((first, last)) = life[slot] else { continue };
            let len = recipe.slots[slot].extent.at(rows).div_ceil(LINE) * LINE;
            placed.retain(|b| b.last >= first);
            let start = first_gap(&placed, base, len);
            let at = placed.partition_point(|b| b.start < start);
            placed.insert(at, Block { start, len, last });
            places[slot] = start;
            size = size.max(start + len);
        }
        let scratch = size..size + steps.iter().map(|step| scratch(step, rows)).max().unwrap_or(0);
        let size = scratch.end;
        let extents = recipe.slots.iter().map(|s| s.extent).collect();
        let ahead = (0..steps.len()).map(|i| ahead(&steps[i..])).collect();
        let last_product = steps.iter().rposition(|step| matches!(step, Step::Gemm { .. }));
        Plan { steps, forward, rows, size, scratch, places, extents, ahead, last_product }
    }

    /// Where a slot lies for a batch of this many rows.
    pub fn range(&self, slot: Slot, rows: usize) -> Range<usize> {
        let start = self.places[slot.0 as usize];
        debug_assert_ne!(start, NOWHERE, "{slot} has no place");
        start..start + self.extents[slot.0 as usize].at(rows)
    }

    /// What is touched behind a step, as far as it may be worth fetching while the step runs.
    pub(crate) fn ahead(&self, step: usize, rows: usize) -> impl Iterator<Item = Range<usize>> + '_ {
        let near = |range: &Range<usize>| (LEAST..MOST).contains(&range.len());
        self.ahead[step].iter().map(move |slot| self.range(*slot, rows)).filter(near)
    }

    /// The size of a slot for a batch of this many rows.
    pub fn len(&self, slot: Slot, rows: usize) -> usize {
        self.extents[slot.0 as usize].at(rows)
    }
}

/// Numbers that are worth fetching ahead: more than a few lines, and few enough for the caches.
const LEAST: usize = 1 << 9;
const MOST: usize = 1 << 16;

/// What the steps behind a product touch, up to the next product.
fn ahead(steps: &[Step]) -> Vec<Slot> {
    let Some((first @ Step::Gemm { .. }, rest)) = steps.split_first() else { return Vec::new() };
    let own: Vec<Slot> = first.slots().into_iter().map(|(slot, _)| slot).collect();
    let mut slots = Vec::new();
    for step in rest.iter().take(8) {
        for (slot, _) in step.slots() {
            if !own.contains(&slot) && !slots.contains(&slot) {
                slots.push(slot);
            }
        }
        if matches!(step, Step::Gemm { .. }) {
            break;
        }
    }
    slots
}

struct Block {
    start: usize,
    len: usize,
    last: usize,
}

/// The lowest place where `len` numbers fit between the blocks, which are in order of their start.
fn first_gap(blocks: &[Block], base: usize, len: usize) -> usize {
    let mut start = base;
    for block in blocks {
        if start + len <= block.start {
            break;
        }
        start = start.max(block.start + block.len);
    }
    start
}

/// The plan as a table: step by step what is done, where it is read and written.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} steps for up to {} rows in {} numbers", self.steps.len(), self.rows, self.size)?;
        for (i, step) in self.steps.iter().enumerate() {
            if i == self.forward {
                writeln!(f, "---- backward")?;
            }
            let slots = |want: fn(Access) -> bool| -> String {
                let used = step.slots();
                let parts = used.iter().filter(|(_, a)| want(*a)).map(|(s, _)| {
                    let range = self.range(*s, self.rows);
                    format!("{s}@{}+{}", range.start, range.len())
                });
                parts.collect::<Vec<_>>().join(" ")
            };
            let (to, from) = (slots(|a| a != Access::Read), slots(|a| a != Access::Write));
            writeln!(f, "{i:4}  {:<44} {to}  ←  {from}", step.label())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steadygrad_nn::recipe::SlotInfo;

    #[test]
    fn places_are_reused_and_never_shared() {
        let slot = |home| SlotInfo { home, extent: Extent::Rows(100) };
        let recipe = Recipe {
            slots: vec![
                slot(Home::Feed),
                slot(Home::Value),
                slot(Home::Value),
                slot(Home::Value),
                slot(Home::Result),
            ],
            ..Recipe::default()
        };
        let step = |x, out| Step::Affine { x: Slot(x), out: Slot(out), scale: 1.0, offset: 0.0 };
        let steps = vec![step(0, 1), step(1, 2), step(2, 3), step(3, 4)];
        let plan = Plan::new(&recipe, steps, 4, &Vec::new(), 0, 4);
        let range = |s| plan.range(Slot(s), 4);
        assert_eq!(range(1), range(3), "the first value is dead when the third is written");
        for (a, b) in [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)] {
            let (a, b) = (range(a), range(b));
            assert!(a.end <= b.start || b.end <= a.start);
        }
        assert_eq!(plan.range(Slot(1), 2).len(), 200);
    }
}
