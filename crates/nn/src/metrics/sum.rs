//! The sum of predictions.

use super::metric::{Accumulator, Batch, Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// The weighted sum of the predictions; targets are not looked at.
///
/// ```text
/// Σ weight · Σ p
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sum;

impl Metric for Sum {
    fn class(&self) -> &'static str {
        "Sum"
    }

    fn name(&self) -> String {
        "sum".into()
    }

    fn config(&self) -> Config {
        Config::new()
    }

    fn direction(&self) -> Direction {
        Direction::None
    }

    fn start(&self) -> Box<dyn Accumulator> {
        Box::new(Total(0.0))
    }
}

#[derive(Debug)]
struct Total(f64);

impl Accumulator for Total {
    fn update(&mut self, batch: Batch<'_>) -> Result<()> {
        batch.check()?;
        let per_row = (batch.prediction.len() / batch.rows.max(1)).max(1);
        for (i, row) in batch.prediction.chunks_exact(per_row).enumerate() {
            self.0 += batch.weight(i) * row.iter().map(|&p| f64::from(p)).sum::<f64>();
        }
        Ok(())
    }

    fn result(&self) -> Vec<f64> {
        vec![self.0]
    }

    fn reset(&mut self) {
        self.0 = 0.0;
    }

    fn state(&self) -> Option<Vec<f64>> {
        Some(vec![self.0])
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        let &[total] = state else { return false };
        self.0 = total;
        true
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(Sum))
}

pub(crate) const ENTRY: Entry<dyn Metric> = Entry { class: "Sum", names: &["sum"], build };
