//! A matrix along one axis, sum by sum.

use super::Oracle;
use steadygrad_nn::step::Along;

impl Oracle<'_> {
    pub(super) fn along(&mut self, step: &Along) {
        let Along { x, out, matrix, outer, inner } = step;
        let x = self.get(*x);
        let mut y = Vec::new();
        for o in 0..outer.at(self.rows) {
            for r in 0..matrix.rows() {
                for i in 0..*inner {
                    let at = |c: usize| (o * matrix.columns() + c) * inner + i;
                    y.push(matrix.row(r).map(|(c, weight)| weight * x[at(c)]).sum());
                }
            }
        }
        self.put(*out, y);
    }
}
