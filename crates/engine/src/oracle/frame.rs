//! Padding and cropping, number by number.

use super::Oracle;
use steadygrad_nn::step::Frame;

impl Oracle<'_> {
    pub(super) fn frame(&mut self, step: &Frame) {
        let (from, to) = (self.axes(&step.from), self.axes(&step.to));
        let x = self.get(step.x);
        let value = |mut i: usize| {
            let (mut at, mut stride) = (0, 1);
            for axis in (0..to.len()).rev() {
                let place = (i % to[axis]) as isize + step.start[axis];
                i /= to[axis];
                if place < 0 || place >= from[axis] as isize {
                    return step.fill;
                }
                at += place as usize * stride;
                stride *= from[axis];
            }
            x[at]
        };
        let y = (0..to.iter().product()).map(value).collect();
        self.put(step.out, y);
    }
}
