//! Targets far from unit size: whether only scaled ones are learnt.

use crate::case::{Case, Question};
use crate::edit::Edit;
use crate::learning::{guess, late, learnt, whole};
use crate::looks::trained;

/// Losses that compare numbers with numbers of the same size.
pub(crate) const REGRESSION: [&str; 5] =
    ["MeanSquaredError", "MeanAbsoluteError", "Huber", "LogCosh", "MeanSquaredLogarithmicError"];

/// Of the loss of its guess, what a training comes down to that learnt next to nothing, and one that learnt.
const NOTHING: f64 = 0.9;
const LEARNT: f64 = 0.5;

/// The edit that scales the targets.
pub(crate) fn scaled() -> Edit {
    Edit::Set("data.target_scale", "standard".into())
}

/// The targets are far from unit size, and a loss compares them with what the last layer puts out as it is.
pub(crate) fn far(case: &Case<'_>) -> bool {
    let setup = case.setup;
    let [target] = &setup.targets[..] else { return false };
    let logarithmic = setup.loss == "MeanSquaredLogarithmicError";
    let compared = REGRESSION.contains(&setup.loss.as_str()) && !logarithmic && setup.head == "linear";
    let narrow = target.widest > 0.0 && target.widest < 0.01;
    compared && target.finite && (target.rms > 10.0 || narrow)
}

/// What the whole training leaves of the loss of its own guess, with the targets as they are and with scaled ones, where only the
/// scaled ones are learnt.
pub(crate) fn only_scaled(case: &Case<'_>) -> Result<Option<(f64, f64)>, Question> {
    let Some(guess) = guess(case.setup).filter(|_| far(case) && trained(case)) else { return Ok(None) };
    let own = Question::Finish(Vec::new());
    let curves = match case.answer(&own) {
        _ if whole(case, case.curves) || learnt(case, case.curves) => case.curves,
        Some(answer) => &answer.curves,
        None => return Err(own),
    };
    // Not finite is told before anything is compared; what was cut off compares nothing.
    let raw = late(&curves.loss).map_or(f64::INFINITY, |end| end / guess);
    if !whole(case, curves) || learnt(case, curves) || raw < NOTHING {
        return Ok(None);
    }
    let question = Question::Finish(vec![scaled()]);
    let Some(answer) = case.answer(&question) else { return Err(question) };
    let Some(end) = late(&answer.curves.loss).filter(|end| *end <= LEARNT) else { return Ok(None) };
    // What is only learnt by heart is no cure.
    let validated = &answer.curves.val_loss;
    let holds = validated.is_empty() || late(validated).is_some_and(|end| end < NOTHING);
    Ok(holds.then_some((raw, end)))
}
