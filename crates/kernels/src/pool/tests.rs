//! Pooling against plain f64 loops, on every instruction set.

use super::*;

/// What a place sees of an axis, number by number.
fn sees(places: &Places, o: usize, i: usize) -> bool {
    match *places {
        Places::Sliding(a) => (o * a.stride..o * a.stride + a.size).contains(&(i + a.before)),
        Places::Bins { input, output } => (o + 1) * input > i * output && o * input < (i + 1) * output,
    }
}

/// The taps of every place, in order, for one channel.
fn windows(of: &Pooling) -> Vec<Vec<usize>> {
    let [d, h, w] = of.axes;
    let mut all = Vec::new();
    for [x, y, z] in crate::window::indices([d.output(), h.output(), w.output()]) {
        let inputs = crate::window::indices([d.input(), h.input(), w.input()]).enumerate();
        let seen = inputs.filter(|(_, [i, j, k])| sees(&d, x, *i) && sees(&h, y, *j) && sees(&w, z, *k));
        all.push(seen.map(|(at, _)| at).collect());
    }
    all
}

/// (y, dx) of one sample.
fn plain(of: &Pooling, x: &[f32], dy: &[f32]) -> (Vec<f64>, Vec<f64>) {
    let (mut y, mut dx) = (vec![0.0; of.output()], vec![0.0; of.input()]);
    for (place, taps) in windows(of).iter().enumerate() {
        for c in 0..of.channels {
            let to = place * of.channels + c;
            let number = |tap: usize| f64::from(x[tap * of.channels + c]);
            let dy = f64::from(dy[to]);
            let nan = taps.iter().copied().find(|&tap| number(tap).is_nan());
            let most = taps.iter().map(|&tap| number(tap)).fold(f64::NEG_INFINITY, f64::max);
            let equal: Vec<usize> = taps.iter().copied().filter(|&tap| number(tap) == most).collect();
            y[to] = match of.kind {
                Kind::Average => taps.iter().map(|&tap| number(tap)).sum::<f64>() / taps.len() as f64,
                _ => nan.map_or(most, |_| f64::NAN),
            };
            let mut give = |tap: usize, part: f64| dx[tap * of.channels + c] += part;
            match of.kind {
                Kind::Average => taps.iter().for_each(|&tap| give(tap, dy / taps.len() as f64)),
                Kind::Max => give(nan.unwrap_or(equal.first().copied().unwrap_or(0)), dy),
                Kind::SharedMax if nan.is_some() => taps.iter().for_each(|&tap| give(tap, f64::NAN)),
                Kind::SharedMax => equal.iter().for_each(|&tap| give(tap, dy / equal.len() as f64)),
            }
        }
    }
    (y, dx)
}

fn close(what: &str, got: &[f32], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    for (i, (&got, &want)) in got.iter().zip(want).enumerate() {
        let got = f64::from(got);
        let same = got == want || (got.is_nan() && want.is_nan());
        assert!(same || (got - want).abs() <= 2e-6 * (1.0 + want.abs()), "{what} [{i}]: {got} is not {want}");
    }
}

fn check(of: &Pooling, rows: usize, x: &[f32]) {
    let dy: Vec<f32> = (0..rows * of.output()).map(|i| (i * 7 % 11) as f32 - 4.5).collect();
    let (mut want_y, mut want_dx) = (Vec::new(), Vec::new());
    for (x, dy) in x.chunks(of.input()).zip(dy.chunks(of.output())) {
        let (y, dx) = plain(of, x, dy);
        want_y.extend(y);
        want_dx.extend(dx);
    }
    for isa in Isa::available() {
        let (mut y, mut dx) = (vec![f32::NAN; dy.len()], vec![f32::NAN; x.len()]);
        pool(isa, of, x, &mut y);
        pool_grad(isa, of, if of.kind.reads_input() { x } else { &[] }, &dy, &mut dx);
        let what = format!("{isa} {of:?}");
        close(&what, &y, &want_y);
        close(&what, &dx, &want_dx);
    }
}

const KINDS: [Kind; 3] = [Kind::Average, Kind::Max, Kind::SharedMax];

fn geometries() -> Vec<Vec<Places>> {
    let valid = |input, size, stride| Places::Sliding(Axis::valid(input, size, stride, 1));
    let same = |input, size, stride| Places::Sliding(Axis::same(input, size, stride, 1));
    let bins = |input, output| Places::Bins { input, output };
    vec![
        vec![valid(6, 2, 2)],
        vec![valid(7, 2, 2)],
        vec![valid(41, 3, 1)],
        vec![valid(29, 2, 2)],
        vec![same(30, 3, 2)],
        vec![same(23, 5, 3)],
        vec![same(4, 9, 2)],
        vec![same(5, 1, 3)],
        vec![valid(1, 1, 1)],
        vec![valid(60, 20, 7)],
        vec![valid(6, 2, 2), valid(8, 2, 2)],
        vec![same(7, 3, 2), same(12, 3, 1)],
        vec![valid(5, 2, 3), same(6, 4, 4)],
        vec![valid(4, 2, 2), same(3, 2, 1), valid(11, 3, 2)],
        vec![bins(5, 3)],
        vec![bins(3, 7)],
        vec![bins(50, 2)],
        vec![bins(6, 3), bins(5, 5)],
        vec![bins(131, 1)],
        vec![bins(9, 1), bins(40, 1)],
    ]
}

#[test]
fn every_pooling_agrees_with_plain_loops() {
    for axes in geometries() {
        for channels in [1, 2, 3, 8, 16, 27] {
            for kind in KINDS {
                let of = Pooling::new(kind, &axes, channels);
                // Few different numbers: many are equal.
                let x = |i: usize| ((i * 2_654_435_761) >> 7) % 5;
                let x: Vec<f32> = (0..2 * of.input()).map(|i| x(i) as f32 - 2.0).collect();
                check(&of, 2, &x);
            }
        }
    }
}

#[test]
fn special_values_go_through() {
    let special = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, 1e38, -1e38, 1e-42];
    for axes in geometries() {
        for channels in [1, 3, 16] {
            for kind in [Kind::Max, Kind::SharedMax] {
                let of = Pooling::new(kind, &axes, channels);
                for seed in 0..3 {
                    let x = |i: usize| special[(((i + seed) * 2_654_435_761) >> 9) % special.len()];
                    check(&of, 1, &(0..of.input()).map(x).collect::<Vec<_>>());
                }
                check(&of, 1, &vec![f32::NEG_INFINITY; of.input()]);
                check(&of, 1, &vec![f32::NAN; of.input()]);
            }
        }
    }
    let of = Pooling::new(Kind::Average, &[Places::Bins { input: 4, output: 2 }], 1);
    check(&of, 1, &[f32::NAN, 1.0, f32::INFINITY, 2.0]);
    check(&of, 1, &[f32::INFINITY, f32::NEG_INFINITY, f32::NEG_INFINITY, 2.0]);
}

#[test]
fn no_samples_and_nothing_to_see() {
    let of = Pooling::new(Kind::Max, &[Places::Bins { input: 4, output: 2 }], 3);
    pool(Isa::best(), &of, &[], &mut []);
    pool_grad(Isa::best(), &of, &[], &[], &mut []);
    let none = Pooling::new(Kind::Average, &[Places::Bins { input: 0, output: 1 }], 2);
    let mut y = [0.0; 2];
    pool(Isa::best(), &none, &[], &mut y);
    pool_grad(Isa::best(), &none, &[], &y, &mut []);
    assert!(y.iter().all(|y| y.is_nan()));
}

#[test]
fn a_large_mean_keeps_its_digits() {
    let n = 1 << 20;
    for channels in [1, 4, 16] {
        let of = Pooling::new(Kind::Average, &[Places::Bins { input: n / channels, output: 1 }], channels);
        let mut y = vec![0.0; channels];
        pool(Isa::best(), &of, &vec![0.1; n], &mut y);
        assert!(y.iter().all(|y| (y - 0.1).abs() <= 1e-7), "{y:?}");
    }
}

#[test]
fn what_tiles() {
    let tiles = |places: Places| places.tiles();
    assert!(tiles(Places::Sliding(Axis::valid(6, 2, 2, 1))));
    assert!(!tiles(Places::Sliding(Axis::valid(7, 2, 2, 1))));
    assert!(tiles(Places::Sliding(Axis::same(7, 2, 2, 1))));
    assert!(!tiles(Places::Sliding(Axis::same(7, 3, 2, 1))));
    assert!(!tiles(Places::Sliding(Axis::same(7, 1, 2, 1))));
    assert!(tiles(Places::Bins { input: 6, output: 3 }));
    assert!(!tiles(Places::Bins { input: 5, output: 3 }));
    assert_eq!(
        Pooling::new(Kind::Max, &[Places::Bins { input: 6, output: 3 }], 4).to_string(),
        "[6] → [3] · 4"
    );
}
