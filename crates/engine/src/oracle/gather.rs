//! Rows of a table, number by number.

use super::Oracle;
use steadygrad_nn::step::{Gather, GatherGrad, Slot};

impl Oracle<'_> {
    pub(super) fn gather(&mut self, step: &Gather) {
        let table = self.get(step.table);
        let row = |row: Option<usize>| match row {
            Some(row) => table[row * step.len..(row + 1) * step.len].to_vec(),
            None => vec![f64::NAN; step.len],
        };
        let y = self.rows_named(step.numbers, step.rows).into_iter().flat_map(row).collect();
        self.put(step.out, y);
    }

    pub(super) fn gather_grad(&mut self, step: &GatherGrad) {
        let mut sums = vec![0.0; step.rows * step.len];
        for (i, row) in self.rows_named(step.numbers, step.rows).into_iter().enumerate() {
            for j in 0..step.len {
                if let Some(row) = row {
                    sums[row * step.len + j] += self.get(step.dy)[i * step.len + j];
                }
            }
        }
        self.put(step.out, sums);
    }

    fn rows_named(&self, numbers: Slot, rows: usize) -> Vec<Option<usize>> {
        let row = |&x: &f64| (x.fract() == 0.0 && x >= 0.0 && x < rows as f64).then_some(x as usize);
        self.get(numbers).iter().map(row).collect()
    }
}
