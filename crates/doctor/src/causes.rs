//! Why a flow is sick, by measurement: the same batch through the same network with one thing changed.

use crate::case::{Case, Question};
use crate::edit::Edit;
use crate::finding::{Cause, Prescription};
use crate::flow::Flow;

/// What a change must reach to count as a cure: 6 depth scales (Schoenholz et al. 2017).
const CURED: f64 = 26.0;
/// In so many of the draws.
const MOST: f64 = 0.75;
/// The narrowest layer from which on more units are worth asking for.
const NARROW: usize = 32;
/// The signal's own error grows by this factor a layer at most, where an initializer alone can keep it (slope of the variance map).
const STABLE: f64 = 1.5;

/// Causes and cures of a sick flow; a question as long as one is open.
pub(crate) fn of_flow(case: &Case<'_>) -> Result<(Vec<Cause>, Vec<Prescription>), Question> {
    let healed = |edit: Edit| -> Result<bool, Question> {
        let question = Question::Start(vec![edit]);
        match case.answer(&question) {
            None => Err(question),
            Some(answer) => Ok(Case::share(&answer.flows, |f| cured(f, case)) >= MOST),
        }
    };
    let (mut causes, mut cures) = (Vec::new(), Vec::new());
    // The smallest change first: what it heals it explains.
    if stable(case) && healed(Edit::Initializers)? {
        causes.push(Cause::Initializer);
        cures.push(Prescription::trial(Edit::Initializers));
    } else if healed(Edit::Activation("elu".into()))? {
        causes.push(Cause::Activation);
        cures.push(Prescription::trial(Edit::Activation("elu".into())));
        let hidden = case.setup.parts.len().saturating_sub(1);
        let narrowest = case.setup.parts[..hidden].iter().map(|p| p.units).min().unwrap_or(0);
        if stable(case) && narrowest < NARROW && healed(Edit::Width(8))? {
            causes.push(Cause::Width);
            cures.push(Prescription::trial(Edit::Width(8)));
        }
    }
    if healed(Edit::Normalize("batch_normalization"))? {
        cures.push(Prescription::trial(Edit::Normalize("batch_normalization")));
    }
    if healed(Edit::Residual)? {
        cures.push(Prescription::trial(Edit::Residual));
    }
    if causes.is_empty() && healed(Edit::Depth(0.5))? {
        causes.push(Cause::Depth);
        cures.push(Prescription::trial(Edit::Depth(0.5)));
    }
    Ok((causes, cures))
}

fn cured(flow: &Flow, case: &Case<'_>) -> bool {
    flow.trouble(CURED, case.growth()).is_none()
}

/// Whether activations let the signal keep its size at all: one that blows up every error of it cannot be tamed by weights.
fn stable(case: &Case<'_>) -> bool {
    let worst = case.setup.parts.iter().filter_map(|p| p.slope).fold(0.0, f64::max);
    worst < STABLE
}
