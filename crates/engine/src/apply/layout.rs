//! Where an optimizer keeps what: worked out once, from the rule and the table of parameters.

use super::ParamSpec;
use std::ops::Range;
use steadygrad_kernels::update::MEMORIES;
use steadygrad_kernels::{Error, Place, Result};
use steadygrad_nn::optimizers::{Initial, Memory, Optimizer};

/// One memory of one parameter.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    /// Whose it is.
    pub(super) param: usize,
    /// Keras' name of it, such as "momentum".
    pub(super) name: &'static str,
    pub(super) shape: Vec<usize>,
    pub(super) initial: Initial,
    /// In which array, and where.
    pub(super) array: usize,
    pub(super) range: Range<usize>,
    group: usize,
}

/// Weights with the same decay.
#[derive(Debug, Clone)]
pub(super) struct Span {
    pub(super) range: Range<usize>,
    pub(super) decay: Option<f64>,
}

#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// All weights.
    pub(super) len: usize,
    /// The lengths of the arrays of memory.
    pub(super) arrays: Vec<usize>,
    /// The memories, in the order in which Keras lists them.
    pub(super) slots: Vec<Slot>,
    /// For rules that are not elementwise: the arrays of each parameter.
    pub(super) owned: Vec<Range<usize>>,
    /// The working space of the parameter that needs most.
    pub(super) scratch: usize,
    /// The decay of each parameter.
    pub(super) decays: Vec<Option<f64>>,
    /// Neighbours of equal decay together.
    pub(super) spans: Vec<Span>,
}

impl Layout {
    pub(super) fn of(optimizer: &Optimizer, params: &[ParamSpec]) -> Result<Layout> {
        let rule = &optimizer.rule;
        let mut layout = Layout {
            len: check(params)?,
            arrays: Vec::new(),
            slots: Vec::new(),
            owned: Vec::new(),
            scratch: 0,
            decays: params.iter().map(|p| optimizer.decay_of(&p.path, &p.shape)).collect(),
            spans: Vec::new(),
        };
        if rule.elementwise() {
            let count = params.first().map_or(0, |p| rule.memories(&p.path, &p.shape).len());
            layout.arrays = vec![layout.len; count];
        } else {
            layout.scratch = params.iter().map(|p| rule.scratch(&p.shape)).max().unwrap_or(0);
        }
        for (i, param) in params.iter().enumerate() {
            let memories = rule.memories(&param.path, &param.shape);
            layout
                .place(i, param, memories, rule.elementwise())
                .place(|| format!("{} of {}", rule.class(), param.path))?;
        }
        layout.slots.sort_by_key(|slot| slot.group);
        for (param, &decay) in params.iter().zip(&layout.decays) {
            match layout.spans.last_mut().filter(|span| span.decay == decay) {
                Some(span) => span.range.end = param.offset + param.len,
                None => layout.spans.push(Span { range: param.range(), decay }),
            }
        }
        Ok(layout)
    }

    fn place(&mut self, i: usize, param: &ParamSpec, memories: Vec<Memory>, elementwise: bool) -> Result<()> {
        if memories.len() > MEMORIES {
            return Err(Error::unsupported(format!(
                "a rule keeps at most {MEMORIES} memories per parameter, not {}",
                memories.len()
            )));
        }
        let same = memories.len() == self.arrays.len() && memories.iter().all(|m| m.shape == param.shape);
        if elementwise && !same {
            return Err(Error::unsupported(
                "an elementwise rule must keep the same memories for every parameter, of its shape",
            )
            .help("let the rule's `elementwise` be false"));
        }
        let first = self.arrays.len();
        for (j, Memory { name, shape, initial, group }) in memories.into_iter().enumerate() {
            let len = shape.iter().product();
            let (array, range) = if elementwise {
                (j, param.range())
            } else {
                self.arrays.push(len);
                (self.arrays.len() - 1, 0..len)
            };
            if initial == Initial::Weights && len != param.len {
                return Err(Error::shape(format!("`{name}` begins as the weights and has another length")));
            }
            self.slots.push(Slot { param: i, name, shape, initial, array, range, group });
        }
        self.owned.push(first..self.arrays.len());
        Ok(())
    }
}

/// The number of weights, if the parameters lie one behind the other and fit their constraints.
fn check(params: &[ParamSpec]) -> Result<usize> {
    let mut end = 0;
    for param in params {
        let size = param.shape.iter().try_fold(1_usize, |n, &m| n.checked_mul(m));
        if param.offset != end || size != Some(param.len) {
            return Err(Error::shape(format!(
                "expected {:?} numbers of shape {:?} from {end} on, got {} from {} on",
                size.unwrap_or(usize::MAX),
                param.shape,
                param.len,
                param.offset
            ))
            .at(param.path.clone()));
        }
        if let Some(constraint) = &param.constraint {
            constraint.check(&param.shape).place(|| param.path.clone())?;
        }
        end += param.len;
    }
    Ok(end)
}
