//! Regions of a batch that a loss of overlap is taken over: the whole batch, or what lies along some axes.

use super::loss::Block;
use crate::args::Args;
use crate::shape::{Extent, Shape};
use steadygrad_kernels::{Error, Real, Result};

/// The axes a region runs along, batch in front; none for the whole batch.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Axes(pub Option<Vec<i64>>);

impl Axes {
    /// Whether a region runs along this axis of a batch of samples of so many axes.
    fn along(&self, axis: usize, rank: usize) -> bool {
        let Some(axes) = &self.0 else { return true };
        axes.iter().any(|&a| if a < 0 { a + rank as i64 + 1 } else { a } == axis as i64)
    }

    /// How many regions there are.
    pub fn extent(&self, prediction: &Shape) -> Extent {
        let dims = prediction.dims().iter().enumerate();
        let kept = dims.filter(|(i, _)| !self.along(i + 1, prediction.rank())).map(|(_, d)| d).product();
        if self.along(0, prediction.rank()) { Extent::Fixed(kept) } else { Extent::Rows(kept) }
    }

    /// Whether a region stays within one sample.
    pub fn row_by_row(&self, prediction: &Shape) -> bool {
        !self.along(0, prediction.rank())
    }

    /// An error for an axis that is not there.
    pub fn check(&self, prediction: &Shape, name: &str) -> Result<()> {
        let rank = prediction.rank() as i64;
        match self.0.iter().flatten().find(|&&a| a < -rank - 1 || a > rank) {
            None => Ok(()),
            Some(axis) => Err(Error::argument(format!(
                "`axis` names {axis}, but predictions of the shape {prediction} have the axes 0 (the batch) to {rank}"
            ))
            .at(name)
            .help("leave `axis` out for the whole batch")),
        }
    }

    /// Reads `axis`: null, a number or a list.
    pub fn from_args(args: &mut Args<'_>) -> Result<Axes> {
        Ok(Axes(args.or("axis", None)?))
    }

    /// Calls `see(region, its members)`; members are indices into the batch.
    #[inline(always)]
    pub fn each(&self, block: Block<'_>, mut see: impl FnMut(usize, Members<'_>)) {
        let rank = block.shape.len();
        let dim = |axis: usize| if axis == 0 { block.rows } else { block.shape[axis - 1] };
        let (mut regions, mut members) = (1, 1);
        for axis in 0..=rank {
            *if self.along(axis, rank) { &mut members } else { &mut regions } *= dim(axis);
        }
        // Where no kept axis lies within a region, its numbers lie side by side.
        let first = (0..=rank).find(|&axis| self.along(axis, rank) && dim(axis) > 1).unwrap_or(rank + 1);
        let dense = (first..=rank).all(|axis| self.along(axis, rank) || dim(axis) == 1);
        for region in 0..regions {
            let mut of = Members { axes: self, block, first: 0, len: members, dense };
            of.first = of.offset(region, false);
            see(region, of);
        }
    }
}

/// The places of one region's numbers.
#[derive(Clone, Copy)]
pub(super) struct Members<'a> {
    axes: &'a Axes,
    block: Block<'a>,
    first: usize,
    len: usize,
    dense: bool,
}

impl Members<'_> {
    /// Where the number of this rank among those along (or across) the region lies.
    fn offset(&self, mut rank: usize, along: bool) -> usize {
        let (mut offset, mut stride) = (0, 1);
        for axis in (0..=self.block.shape.len()).rev() {
            let dim = if axis == 0 { self.block.rows } else { self.block.shape[axis - 1] };
            if self.axes.along(axis, self.block.shape.len()) == along {
                offset += rank % dim.max(1) * stride;
                rank /= dim.max(1);
            }
            stride *= dim;
        }
        offset
    }

    /// The places, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        (0..self.len).map(|rank| self.first + if self.dense { rank } else { self.offset(rank, true) })
    }

    /// Σ t·p, Σ t and Σ p, in f64.
    pub fn sums<R: Real>(&self, target: &[R], prediction: &[R]) -> (f64, f64, f64) {
        self.iter().fold((0.0, 0.0, 0.0), |(both, ts, ps), i| {
            let (t, p) = (target[i].f64(), prediction[i].f64());
            (both + t * p, ts + t, ps + p)
        })
    }
}
