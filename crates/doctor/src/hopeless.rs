//! Hopeless: what a look at the start alone may accuse, because no training mends it.

use crate::case::{Case, Setup};
use crate::flow::{Flow, hidden};
use crate::forecast::{FAR, TRAINABLE};
use steadygrad_chart::Chart;

/// What the optimizers that divide by the gradient's size add to it, unless they are told otherwise. A gradient below it makes
/// smaller and smaller steps; one above it makes steps of full size, however small it is.
const EPSILON: f64 = 1e-7;
/// The loss on the way back that an optimizer with one rate for all weights never makes up for, in dB: the first layer moves a
/// three-thousandth of what the last one does. Networks that lost 62 dB were seen to learn, over many steps.
const LOST: f64 = 70.0;
/// What may be gained beyond [`Case::growth`], with such an optimizer.
const BEYOND: f64 = 10.0;
/// An activation that multiplies an error of the signal's size by more than this, layer by layer: exp is one. Rectifiers with
/// huge weights are only a matter of scale, which a step of fixed size does not feel.
const UNSTABLE: f64 = 1.5;

/// The correlation of inputs and targets from which on a linear network learns from them; three standard deviations of chance
/// over 200 samples.
const CORRELATED: f64 = 0.2;
/// Of the last hidden signal, the part that differs between samples, from which on it is not squashed.
const VARIED: f64 = 0.1;

/// The optimizer divides by the size of the gradient, weight by weight, so that the size itself does not count.
fn divides(setup: &Setup) -> bool {
    // Adagrad divides by the sum of all squares so far and by a part that is there from the start: small gradients stay small.
    !["SGD", "Sgd", "Adagrad", "Ftrl"].contains(&setup.optimizer.as_str())
}

fn unstable(setup: &Setup) -> bool {
    setup.parts.iter().filter_map(|p| p.slope).any(|slope| slope.is_nan() || slope >= UNSTABLE)
}

/// A layer in which a single rectifier is left passes on one number that is never below 0, and the next step may shut it.
fn shut(flow: &Flow) -> bool {
    flow.gradient < -FAR && flow.dead > 0.5 && flow.alive < 1.5
}

/// The network hangs by one living unit. Some trainings find a way from there, by luck: the next draw may not.
pub(crate) fn hangs(case: &Case<'_>) -> bool {
    case.flows().first().is_some_and(|own| own.finite && shut(own))
}

/// Nothing is mended in this flow by training.
fn stuck(flow: &Flow, case: &Case<'_>) -> bool {
    // Not finite is told before anything is compared.
    if !flow.finite || flow.gradient == f64::NEG_INFINITY {
        return true;
    }
    if shut(flow) {
        return true;
    }
    if divides(case.setup) {
        flow.gradient < -FAR && flow.kernel < EPSILON || flow.gradient > case.growth() && unstable(case.setup)
    } else {
        flow.gradient < -LOST || flow.gradient > case.growth() + BEYOND
    }
}

/// Near 0 an activation with a slope on both sides is linear, and so is the network. Steps that are the same for all samples make
/// its weights grow together where inputs and targets are correlated, however small the gradient was at first; rectifiers shut
/// on that way, and a squashed signal is the same for all samples.
fn escapes(case: &Case<'_>) -> bool {
    let last = |c: &Chart| {
        let at = hidden(c).last()?;
        c.samples.first()?.layers.get(at)?.signal
    };
    let Some(signal) = case.draws.first().and_then(last) else { return false };
    let open = signal.finite && signal.zero < VARIED && signal.deviation > VARIED * signal.rms;
    open && divides(case.setup) && case.setup.correlation.is_some_and(|c| c > CORRELATED)
}

/// The network cannot learn from where it starts: with its own weights, or with half of the draws of them where its own are in
/// trouble too.
pub(crate) fn hopeless(case: &Case<'_>) -> bool {
    let flows = case.flows();
    let Some(own) = flows.first() else { return false };
    // A last layer that starts at 0 passes nothing on in the first step, and only then.
    if case.setup.parts.last().is_some_and(|p| p.variance == Some(0.0)) && own.finite {
        return case.setup.parts.iter().filter(|p| p.variance == Some(0.0)).count() > 1
            && own.gradient == f64::NEG_INFINITY;
    }
    if own.finite && own.gradient < 0.0 && own.gradient > f64::NEG_INFINITY && escapes(case) {
        return false;
    }
    let often = Case::share(&flows, |f| stuck(f, case)) >= 0.5;
    stuck(own, case) || often && own.trouble(TRAINABLE, case.growth()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Patient;

    fn lost(decibels: f64, kernel: f64) -> Patient {
        let mut patient = Patient::healthy(4);
        patient.each(|layer, seen| {
            if layer.whole == "dense_0" && layer.role == "linear" {
                seen.delta = seen.delta.map(|d| d * 10_f64.powf(decibels / 20.0));
                seen.gradients = vec![kernel];
            }
        });
        patient
    }

    #[test]
    fn a_step_of_fixed_size_does_not_feel_a_small_gradient_above_epsilon() {
        assert!(!hopeless(&lost(-60.0, 1e-5).case()));
        assert!(hopeless(&lost(-100.0, 1e-8).case()));
        let mut patient = lost(-80.0, 1e-5);
        assert!(!hopeless(&patient.case()));
        patient.setup.optimizer = "SGD".into();
        assert!(hopeless(&patient.case()));
        // A linear network escapes from 0 where there is something linear to learn.
        let mut patient = lost(-100.0, 1e-8);
        patient.setup.correlation = Some(0.5);
        assert!(!hopeless(&patient.case()));
        patient.signals(|_, s| s.zero = 0.5);
        assert!(hopeless(&patient.case()));
    }

    #[test]
    fn growth_is_hopeless_with_one_rate_for_all_or_where_errors_grow_too() {
        let mut patient = lost(120.0, 1.0);
        assert!(!hopeless(&patient.case()));
        patient.setup.parts[0].slope = Some(4.0);
        assert!(hopeless(&patient.case()));
        patient.setup.parts[0].slope = Some(1.0);
        patient.setup.optimizer = "SGD".into();
        assert!(hopeless(&patient.case()));
    }

    #[test]
    fn nothing_arrives_numbers_are_none_and_a_last_layer_of_zeros() {
        assert!(hopeless(&lost(f64::NEG_INFINITY, 0.0).case()));
        assert!(hopeless(&Patient::all(f64::NAN).case()));
        assert!(!hopeless(&Patient::healthy(3).case()) && !hopeless(&Patient::empty().case()));
        let mut patient = lost(f64::NEG_INFINITY, 0.0);
        let last = patient.setup.parts.len() - 1;
        patient.setup.parts[last].variance = Some(0.0);
        assert!(!hopeless(&patient.case()));
        patient.setup.parts[0].variance = Some(0.0);
        assert!(hopeless(&patient.case()));
    }
}
