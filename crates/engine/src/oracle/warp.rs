//! Images through affine maps, pixel by pixel: every pixel of the image asks how much of it is seen where.

use super::Oracle;
use steadygrad_kernels::warp::Edge;
use steadygrad_nn::step::Warp;

impl Oracle<'_> {
    pub(super) fn warp(&mut self, step: &Warp, time: u64) {
        let (h, w, c) = (step.view.height, step.view.width, step.view.channels);
        let x = self.get(step.x);
        let mut y = vec![0.0; x.len()];
        // How much of pixel j is seen at a place, along one axis.
        let share = |place: f64, j: usize| match step.view.bilinear {
            true => (1.0 - (place - j as f64).abs()).max(0.0),
            false => f64::from(place.round() == j as f64),
        };
        for sample in 0..self.rows {
            let map = step.motion.map(&step.view, &step.stream, time, sample);
            for (row, column) in (0..h).flat_map(|row| (0..w).map(move |column| (row, column))) {
                let (r, q) = (row as f64, column as f64);
                let across = step.view.edge.place(map[0] * q + map[1] * r + map[2], w);
                let down = step.view.edge.place(map[3] * q + map[4] * r + map[5], h);
                for k in 0..c {
                    let here = ((sample * h + row) * w + column) * c + k;
                    let mut seen = 0.0;
                    for (i, j) in (0..h).flat_map(|i| (0..w).map(move |j| (i, j))) {
                        let weight = share(down, i) * share(across, j);
                        let there = ((sample * h + i) * w + j) * c + k;
                        seen += weight;
                        match step.gradient {
                            false => y[here] += weight * x[there],
                            true => y[there] += weight * x[here],
                        }
                    }
                    if let (Edge::Constant(fill), false) = (step.view.edge, step.gradient) {
                        y[here] += (1.0 - seen) * fill;
                    }
                }
            }
        }
        self.put(step.out, y);
    }
}
