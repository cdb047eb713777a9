//! A record that somebody else made, as the checks want it.

use crate::examine::{MOST_QUESTIONS, unanswered};
use steadygrad_chart::Chart;
use steadygrad_doctor::{Answer, Case, Curves, Forecast, Opinion, Setup, diagnose};

/// The first look as the record of a start. A record that begins later has none.
pub(crate) fn start(chart: &Chart) -> Chart {
    let first = chart.samples.first().filter(|sample| sample.step == 0);
    let lost = chart.first_non_finite.clone().filter(|sick| sick.step == 0);
    Chart {
        layers: chart.layers.clone(),
        samples: first.cloned().into_iter().collect(),
        first_non_finite: lost,
    }
}

/// What the checks say where nobody answers.
pub(crate) fn bare(
    setup: &Setup,
    forecast: &Forecast,
    draws: &[Chart],
    chart: &Chart,
    curves: &Curves,
) -> Opinion {
    let mut answers: Vec<Answer> = Vec::new();
    loop {
        let opinion = diagnose(&Case { setup, forecast, draws, chart, curves, answers: &answers });
        if opinion.questions.is_empty() || answers.len() > MOST_QUESTIONS {
            return opinion;
        }
        answers.extend(opinion.questions.into_iter().map(unanswered));
    }
}
