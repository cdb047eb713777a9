//! The functions of `math.rs` against f64, on every instruction set: errors in ulp, special values, signs, ranges.

use crate::isa::{Isa, Task};
use crate::real::{Lane, Real};

/// A function: its loop as a kernel would write it, what it stands for, and the ulps promised.
struct Function {
    name: &'static str,
    run: fn(Isa, &[f32]) -> Vec<f32>,
    exact: fn(f64) -> f64,
    limit: f64,
}

macro_rules! function {
    ($name:ident, $limit:expr) => {{
        struct Loop<'a>(&'a [f32]);
        impl Task for Loop<'_> {
            type Output = Vec<f32>;
            #[inline(always)]
            fn run<R: Lane>(self) -> Vec<f32> {
                let mut out = vec![0.0; self.0.len()];
                for (y, &x) in out.iter_mut().zip(self.0) {
                    *y = R::load(x).$name().store();
                }
                out
            }
        }
        let run: fn(Isa, &[f32]) -> Vec<f32> = |isa, x| isa.run(Loop(x));
        Function { name: stringify!($name), run, exact: <f64 as Real>::$name, limit: $limit }
    }};
}

fn functions() -> [Function; 8] {
    [
        function!(floor, 0.0),
        function!(exp, 1.0),
        function!(exp_m1, 1.5),
        function!(ln, 0.95),
        function!(ln_1p, 1.6),
        function!(tanh, 2.0),
        function!(erf, 2.0),
        function!(sigmoid, 2.5),
    ]
}

/// The distance from the exact value in units of its last place. Denormal results may be flushed.
fn ulps(got: f32, exact: f64) -> f64 {
    let rounded = exact as f32;
    if exact.is_nan() || rounded.is_infinite() || !got.is_finite() {
        let same = got == rounded || (got.is_nan() && exact.is_nan());
        return if same { 0.0 } else { f64::INFINITY };
    }
    let smallest = f64::from(f32::MIN_POSITIVE);
    if exact.abs() < smallest && f64::from(got.abs()) <= smallest {
        return 0.0;
    }
    let exponent = (exact.abs().to_bits() >> 52) as i32 - 1023;
    (f64::from(got) - exact).abs() / 2.0_f64.powi(exponent.max(-126) - 23)
}

/// Every 61st f32 near 1 and every 4093rd elsewhere, of both signs: everything that a kernel meets, and the rest of the line.
fn sample() -> Vec<f32> {
    let near_one = 2.0_f32.powi(-4).to_bits()..=16.0_f32.to_bits();
    let size = near_one.step_by(61).chain((0..=f32::INFINITY.to_bits()).step_by(4093)).map(f32::from_bits);
    size.flat_map(|x| [x, -x]).collect()
}

#[test]
fn errors_stay_below_the_promised_ulps() {
    let xs = sample();
    let isas = Isa::available();
    for function in functions() {
        let exact: Vec<f64> = xs.iter().map(|&x| (function.exact)(f64::from(x))).collect();
        for &isa in &isas {
            let got = (function.run)(isa, &xs);
            let errors = got.iter().zip(&exact).map(|(&got, &exact)| ulps(got, exact));
            let (worst, at) =
                errors.zip(&xs).fold((0.0, 0.0), |worst, (e, &x)| if e > worst.0 { (e, x) } else { worst });
            let name = function.name;
            println!("{name} {isa}: {worst:.3} ulp at {at:e}");
            assert!(worst <= function.limit, "{name}({at:e}) on {isa} is off by {worst} ulp");
        }
    }
}

#[test]
fn special_values_are_exact() {
    const INF: f32 = f32::INFINITY;
    const TINY: f32 = f32::MIN_POSITIVE;
    let xs =
        [0.0, -0.0, INF, -INF, f32::NAN, -f32::NAN, -1.0, f32::MAX, f32::MIN, 1e-20, -1e-20, TINY, -TINY];
    for function in functions() {
        for isa in Isa::available() {
            for (&x, y) in xs.iter().zip((function.run)(isa, &xs)) {
                let exact = (function.exact)(f64::from(x)) as f32;
                let name = function.name;
                if exact.is_nan() {
                    assert!(y.is_nan(), "{name}({x:e}) on {isa}: {y:e} is a number");
                } else if exact.fract() == 0.0 || exact.is_infinite() {
                    // The bits, because −0 == 0.
                    assert_eq!(y.to_bits(), exact.to_bits(), "{name}({x:e}) on {isa}: {y:e}, not {exact:e}");
                } else {
                    assert_eq!(
                        y.is_sign_negative(),
                        exact.is_sign_negative(),
                        "{name}({x:e}) on {isa}: {y:e}"
                    );
                }
            }
        }
    }
}

#[test]
fn bounded_functions_keep_their_bounds_and_signs() {
    let xs = sample();
    for function in functions() {
        let (low, high, odd) = match function.name {
            "exp" => (0.0, f32::INFINITY, false),
            "exp_m1" => (-1.0, f32::INFINITY, false),
            "sigmoid" => (0.0, 1.0, false),
            "tanh" | "erf" => (-1.0, 1.0, true),
            _ => continue,
        };
        for isa in Isa::available() {
            let ys = (function.run)(isa, &xs);
            assert!(ys.iter().all(|y| (low..=high).contains(y)), "{} on {isa}", function.name);
            // The sample holds x and −x side by side.
            let mirrored = ys.chunks(2).all(|pair| pair[0].to_bits() == (-pair[1]).to_bits());
            assert!(mirrored || !odd, "{} on {isa}", function.name);
        }
    }
}

#[test]
fn exp_overflows_and_underflows_where_it_should() {
    let exp = function!(exp, 0.0).run;
    let (last, first) = (88.722_83_f32, 88.722_84_f32);
    assert_eq!(last.next_up(), first);
    for isa in Isa::available() {
        let ys = exp(isa, &[last, first, -87.336_54, -104.0, -1e30]);
        assert!(ys[0].is_finite() && ys[1] == f32::INFINITY, "{isa}: {ys:?}");
        assert!(ys[2] >= f32::MIN_POSITIVE && ys[3..] == [0.0, 0.0], "{isa}: {ys:?}");
    }
}
