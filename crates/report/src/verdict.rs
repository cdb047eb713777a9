//! The top of a page: the verdict as a word, a shape and a colour, the root cause, and the vital signs.

use crate::text::{capital, decibels, factor, figure, percent, sentence, words};
use crate::view::View;
use steadygrad_chart::Sample;
use steadygrad_doctor::{FAR, FAR_NORMALIZED, Finding, Flow, Verdict};
use steadygrad_lab::Diagnosis;

/// A shape for a state, told apart without colour: a circle with a check, an octagon with a mark, a diamond with a question.
pub fn shape(state: &str) -> String {
    let inside = match state {
        "healthy" => "<circle cx=\"24\" cy=\"24\" r=\"22\"/><path class=\"glyph\" d=\"M14 25l7 7 13-15\"/>",
        "sick" => {
            "<path d=\"M15 2H33L46 15V33L33 46H15L2 33V15z\"/><path class=\"glyph\" d=\"M24 12v15M24 34.5v1\"/>"
        }
        _ => {
            "<path d=\"M24 1L47 24 24 47 1 24z\"/><path class=\"glyph\" d=\"M19 19c0-7 11-7 11 0 0 5-6 4-6 10M24 35v1\"/>"
        }
    };
    format!("<svg class=\"shape {state}\" viewBox=\"0 0 48 48\" aria-hidden=\"true\">{inside}</svg>")
}

/// The root of what was found, if it makes the network sick.
pub fn root(diagnosis: &Diagnosis) -> Option<&Finding> {
    diagnosis.findings.first().filter(|_| diagnosis.verdict == Verdict::Sick)
}

/// "vanishing gradient", "healthy".
pub fn condition(diagnosis: &Diagnosis) -> String {
    root(diagnosis).map_or_else(|| diagnosis.verdict.to_string(), |f| words(f.condition))
}

/// The causes of a finding in a sentence's words; "not sure" where nobody knows.
pub fn causes(found: &Finding) -> String {
    let all: Vec<String> = found.causes.iter().map(|c| words(&c.to_string())).collect();
    match all.as_slice() {
        [] => "not sure".into(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// The head of the page.
pub fn html(view: &View<'_>) -> String {
    let diagnosis = view.diagnosis;
    let state = diagnosis.verdict.to_string();
    let looked = match diagnosis.steps {
        0 => "looked at before training".to_string(),
        1 => "looked at before training and for 1 step".to_string(),
        steps => format!("looked at before training and for {steps} steps"),
    };
    let heading = match root(diagnosis) {
        Some(found) => format!("Sick: {}", words(found.condition)),
        None => capital(&state),
    };
    format!(
        "<div class=\"hero {state}\">{}<div><h1>{heading}</h1>{}<p class=\"quiet\">{looked}, {}</p></div></div>{}",
        shape(&state),
        lead(view),
        if diagnosis.seconds < 0.1 { "under 0.1 s".into() } else { format!("{:.1} s", diagnosis.seconds) },
        vitals(view)
    )
}

fn lead(view: &View<'_>) -> String {
    let diagnosis = view.diagnosis;
    if let Some(found) = root(diagnosis) {
        let mut out = format!("<p class=\"lead\">{}.</p>", sentence(&capital_sentence(&found.summary)));
        out += &format!("<p class=\"lead\"><b>Cause:</b> {}.</p>", causes(found));
        if let Some(first) = found.prescriptions.first() {
            out += &format!("<p class=\"lead\"><b>Try first:</b> {}.</p>", sentence(&first.title));
        }
        return out;
    }
    let reached = view.diagnosis.gradient();
    match (diagnosis.verdict, reached) {
        (Verdict::Healthy, Some(reached)) if view.blocks.len() > 1 => {
            let growth = reached > 0.0 && diagnosis.forecast.normalized;
            let far = if growth { FAR_NORMALIZED } else { FAR };
            let margin = match far - reached.abs() {
                spare if spare >= 0.0 => format!("{spare:.0}\u{a0}dB more would be too much"),
                _ => "it found its way while it trained".into(),
            };
            format!(
                "<p class=\"lead\">The gradient reaches every layer. Against the last layer it is {} at the first ({}); {margin}.</p>",
                factor(reached),
                decibels(reached)
            )
        }
        (Verdict::Healthy, _) => {
            "<p class=\"lead\">No check found anything that keeps it from learning.</p>".into()
        }
        _ => unsure(view),
    }
}

/// What is known where the verdict is not.
fn unsure(view: &View<'_>) -> String {
    let diagnosis = view.diagnosis;
    if diagnosis.start.samples.is_empty() && diagnosis.chart.samples.is_empty() {
        return "<p class=\"lead\">It could not be looked at.</p>".into();
    }
    let Some(found) = diagnosis.findings.first() else {
        return "<p class=\"lead\">It was looked at, and nobody knows yet: no check found what it may be.</p>"
            .into();
    };
    let mut out = format!(
        "<p class=\"lead\">It was looked at, and nobody knows yet. {}.</p>",
        sentence(&capital_sentence(&found.summary))
    );
    if !found.causes.is_empty() {
        out += &format!("<p class=\"lead\"><b>It may be:</b> {}.</p>", causes(found));
    }
    if let Some(first) = found.prescriptions.first() {
        out += &format!("<p class=\"lead\"><b>Try first:</b> {}.</p>", sentence(&first.title));
    }
    out
}

/// Without a full stop, and beginning with a capital.
fn capital_sentence(text: &str) -> String {
    capital(text.trim_end_matches('.'))
}

/// A few numbers that tell most.
fn vitals(view: &View<'_>) -> String {
    let diagnosis = view.diagnosis;
    let mut all: Vec<(String, String, String)> = Vec::new();
    let chart = if diagnosis.start.layers.is_empty() { &diagnosis.chart } else { &diagnosis.start };
    let flow = |sample: &Sample| Flow::of(chart, sample);
    if let Some(start) = view.start().map(flow) {
        if view.blocks.len() > 1 {
            let expected = view.expected_gradient().first().copied().flatten();
            let expected = expected.map_or(String::new(), |e| format!("; theory expects {}", decibels(e)));
            let small = format!("{}{expected}", factor(start.gradient));
            all.push(("Gradient, first layer against last".into(), decibels(start.gradient), small));
        }
        let mut signals = view.start().map(|s| view.signal_decibels(s)).unwrap_or_default();
        signals.pop();
        let signals: Vec<f64> = signals.into_iter().flatten().collect();
        if let [first, .., last] = signals[..] {
            all.push((
                "Signal, last hidden layer against first".into(),
                decibels(last - first),
                factor(last - first),
            ));
        }
        let worst = view.end().map_or(start, flow);
        let units = format!("{} of values saturated", percent(worst.saturated.max(start.saturated)));
        all.push(("Dead units, worst layer".into(), percent(worst.dead.max(start.dead)), units));
    }
    let curves = &diagnosis.curves;
    if let (Some(&first), Some(&last)) = (curves.loss.first(), curves.loss.last()) {
        let epochs = curves.loss.len();
        let small = if !first.is_finite() {
            "from the first epoch on".into()
        } else if epochs == 1 {
            "after 1 epoch".into()
        } else {
            format!("from {} in {epochs} epochs", figure(first))
        };
        all.push(("Loss".into(), figure(last), small));
    }
    if let Some(&last) = curves.val_metric.last().or(curves.metric.last()) {
        let on = if curves.val_metric.is_empty() { "on the training data" } else { "on the validation data" };
        let name = crate::text::escape(&capital(&crate::curves::metric_name(view)));
        all.push((name, figure(last), on.into()));
    }
    let one = |(name, value, small): &(String, String, String)| {
        format!("<div><dt>{name}</dt><dd>{value}<small>{small}</small></dd></div>")
    };
    format!("<dl class=\"vitals\">{}</dl>", all.iter().map(one).collect::<String>())
}
