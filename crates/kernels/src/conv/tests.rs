//! All passes against plain f64 loops, on ragged shapes and every instruction set.

use super::*;
use crate::random::{Purpose, Stream};
use crate::window::Axis;
use crate::{Crew, Isa};

fn numbers(key: &str, n: usize) -> Vec<f32> {
    let stream = Stream::new(0, Purpose::Other, key);
    (0..n).map(|i| stream.normal(0, i as u64) as f32).collect()
}

/// y, dx and dw by the definition.
fn oracle(conv: &Conv, rows: usize, x: &[f32], w: &[f32], dy: &[f32]) -> [Vec<f64>; 3] {
    let (mut y, mut dx, mut dw) =
        (vec![0.0; rows * conv.output()], vec![0.0; rows * conv.input()], vec![0.0; conv.weights()]);
    let (channels, filters) = (conv.channels / conv.groups, conv.filters / conv.groups);
    for row in 0..rows {
        conv.window.walk(|place, tap, position| {
            for f in 0..conv.filters {
                for c in 0..channels {
                    let i = row * conv.input() + position * conv.channels + f / filters * channels + c;
                    let o = row * conv.output() + place * conv.filters + f;
                    let k = (tap * channels + c) * conv.filters + f;
                    y[o] += f64::from(x[i]) * f64::from(w[k]);
                    dx[i] += f64::from(dy[o]) * f64::from(w[k]);
                    dw[k] += f64::from(x[i]) * f64::from(dy[o]);
                }
            }
        });
    }
    [y, dx, dw]
}

fn run(cpu: Cpu<'_>, conv: &Conv, rows: usize, x: &[f32], w: &[f32], dy: &[f32]) -> [Vec<f32>; 3] {
    let none: Finish<'_> = &|_| ();
    let scratch = |pass| vec![f32::NAN; conv.scratch(pass, rows)];
    let mut y = vec![f32::NAN; rows * conv.output()];
    conv.forward(cpu, x, w, &mut y, &mut scratch(Pass::Forward), none);
    let mut dx = vec![f32::NAN; rows * conv.input()];
    conv.input_gradient(cpu, dy, w, &mut dx, &mut scratch(Pass::Input), none);
    let mut dw = vec![f32::NAN; conv.weights()];
    conv.weight_gradient(cpu, x, dy, &mut dw, &mut scratch(Pass::Weights));
    [y, dx, dw]
}

fn cases() -> Vec<(Conv, usize)> {
    let conv = |axes: &[Axis], channels, filters, groups| Conv {
        window: Window::new(axes),
        channels,
        filters,
        groups,
    };
    let mut all = vec![
        (conv(&[Axis::valid(6, 3, 1, 1), Axis::valid(6, 3, 1, 1)], 2, 3, 1), 2),
        (conv(&[Axis::same(7, 3, 2, 1), Axis::same(6, 2, 2, 1)], 3, 4, 1), 2),
        (conv(&[Axis::valid(8, 3, 1, 2), Axis::valid(8, 3, 1, 2)], 2, 2, 1), 1),
        (conv(&[Axis::same(5, 3, 1, 1), Axis::same(5, 3, 1, 1)], 4, 4, 2), 1),
        (conv(&[Axis::causal(7, 3, 1, 1)], 2, 3, 1), 2),
        (conv(&[Axis::same(9, 5, 3, 2), Axis::same(31, 3, 1, 1)], 5, 33, 1), 3),
        (conv(&[Axis::same(4, 1, 1, 1), Axis::same(4, 1, 1, 1)], 17, 70, 1), 5),
        (conv(&[Axis::same(3, 3, 1, 1), Axis::same(4, 3, 2, 1), Axis::same(5, 2, 1, 1)], 3, 5, 1), 2),
        (conv(&[Axis::valid(28, 5, 1, 1), Axis::valid(28, 5, 1, 1)], 1, 6, 1), 4),
        (conv(&[Axis::same(16, 3, 1, 1), Axis::same(29, 3, 1, 1)], 32, 64, 1), 20),
        (conv(&[Axis::same(6, 3, 4, 1), Axis::same(7, 2, 3, 1)], 6, 9, 3), 17),
        (conv(&[Axis::valid(1, 1, 1, 1)], 1, 1, 1), 1),
        // Depthwise, with one filter a channel and more.
        (conv(&[Axis::same(5, 3, 1, 1), Axis::same(5, 3, 1, 1)], 3, 6, 3), 1),
        (conv(&[Axis::same(9, 3, 2, 1), Axis::same(8, 3, 2, 1)], 20, 20, 20), 18),
        (conv(&[Axis::valid(9, 2, 1, 3), Axis::same(30, 3, 1, 2)], 16, 48, 16), 2),
        (conv(&[Axis::same(40, 5, 1, 1)], 33, 33, 33), 3),
        // No place, no sample.
        (conv(&[Axis::valid(2, 3, 1, 1)], 2, 2, 1), 2),
        (conv(&[Axis::same(4, 3, 1, 1)], 2, 2, 1), 0),
    ];
    for (stride, dilation) in [(1, 1), (2, 1), (3, 2), (2, 2), (5, 1)] {
        all.push((
            conv(&[Axis::valid(11, 3, stride, dilation), Axis::same(10, 4, stride, dilation)], 7, 18, 1),
            2,
        ));
        all.push((
            conv(&[Axis::valid(11, 3, stride, dilation), Axis::same(10, 4, stride, dilation)], 8, 8, 8),
            2,
        ));
    }
    all
}

#[test]
fn agrees_with_the_oracle_on_ragged_shapes() {
    for (conv, rows) in cases() {
        let (x, w, dy) = (
            numbers("x", rows * conv.input()),
            numbers("w", conv.weights()),
            numbers("dy", rows * conv.output()),
        );
        let want = oracle(&conv, rows, &x, &w, &dy);
        for isa in Isa::available() {
            let got = run(Cpu::alone(isa), &conv, rows, &x, &w, &dy);
            for ((name, got), want) in ["y", "dx", "dw"].iter().zip(&got).zip(&want) {
                assert_eq!(got.len(), want.len());
                for (i, (got, want)) in got.iter().zip(want).enumerate() {
                    let error = (f64::from(*got) - want).abs();
                    assert!(error < 2e-4 * (1.0 + want.abs()), "{isa} {name}[{i}] {conv:?}: {got} {want}");
                }
            }
        }
    }
}

#[test]
fn the_bits_do_not_depend_on_threads() {
    for (conv, rows) in cases() {
        let (x, w, dy) = (
            numbers("x", rows * conv.input()),
            numbers("w", conv.weights()),
            numbers("dy", rows * conv.output()),
        );
        let bits = |threads| {
            let crew = Crew::new(threads).unwrap();
            let got = run(Cpu::with(Isa::best(), &crew), &conv, rows, &x, &w, &dy);
            got.concat().iter().map(|x| x.to_bits()).collect::<Vec<u32>>()
        };
        assert!(bits(1) == bits(3), "{conv:?}");
    }
}

/// What is no number is seen where it is seen by the window, and nowhere else.
#[test]
fn special_values_stay_where_they_are() {
    for groups in [1, 2] {
        let window = Window::new(&[Axis::same(9, 3, 1, 1), Axis::same(9, 3, 1, 1)]);
        let conv = Conv { window, channels: 2, filters: 2, groups };
        let (w, dy) = (numbers("w", conv.weights()), numbers("dy", conv.output()));
        for value in [f32::NAN, f32::INFINITY, f32::MAX, 1e-42] {
            let mut x = vec![0.0; conv.input()];
            x[(4 * 9 + 4) * 2] = value;
            for isa in Isa::available() {
                let [y, dx, _] = run(Cpu::alone(isa), &conv, 1, &x, &w, &dy);
                assert!(dx.iter().all(|v| v.is_finite()));
                for (i, y) in y.iter().enumerate() {
                    let (row, column, f) = (i / 18, i / 2 % 9, i % 2);
                    let sees = row.abs_diff(4) <= 1 && column.abs_diff(4) <= 1 && (groups == 1 || f == 0);
                    assert!(value.is_finite() || sees != y.is_finite(), "{isa} {value} {i}: {y}");
                    assert!(sees || *y == 0.0);
                }
            }
        }
    }
}

#[test]
fn each_sample_is_finished_once() {
    let conv = Conv { window: Window::new(&[Axis::same(8, 3, 1, 1)]), channels: 3, filters: 4, groups: 1 };
    let (x, w) = (numbers("x", 5 * conv.input()), numbers("w", conv.weights()));
    let mut scratch = vec![0.0; conv.scratch(Pass::Forward, 5)];
    let (mut plain, mut twice) = (vec![0.0; 5 * conv.output()], vec![0.0; 5 * conv.output()]);
    conv.forward(Cpu::best(), &x, &w, &mut plain, &mut scratch, &|_| ());
    conv.forward(Cpu::best(), &x, &w, &mut twice, &mut scratch, &|y| y.iter_mut().for_each(|y| *y *= 2.0));
    assert!(plain.iter().zip(&twice).all(|(a, b)| 2.0 * a == *b));
}
