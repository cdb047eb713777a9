//! What was looked at: data, model and training as they were written down, and what the theory leaves out.

use crate::text::{escape, figure, or_blank};
use steadygrad_doctor::{Part, Spread};
use steadygrad_lab::Diagnosis;

/// Facts, and the layers with weights.
pub fn html(diagnosis: &Diagnosis) -> String {
    let setup = &diagnosis.setup;
    let mut facts: Vec<(&str, String)> = vec![
        ("Samples", format!("{} to train on, {} to validate on", setup.samples, setup.validation)),
        (
            "Training",
            format!(
                "{}, learning rate {}, batches of {}, {} epochs planned",
                escape(&setup.optimizer),
                figure(setup.learning_rate),
                setup.batch_size,
                setup.epochs
            ),
        ),
        ("Loss", escape(&setup.loss)),
        ("Output", format!("{} of {}", escape(&setup.head), units(setup.outputs))),
    ];
    facts.extend(setup.inputs.iter().map(|s| ("Inputs", spread(s))));
    facts.extend(setup.targets.iter().map(|s| ("Targets", spread(s))));
    facts.push(("Theory expects", format!("{} gradient", diagnosis.forecast.outlook())));
    facts.extend(diagnosis.forecast.left_out.iter().map(|l| ("Theory leaves out", escape(l))));
    let facts: String = facts.iter().map(|(k, v)| format!("<dt>{k}</dt><dd>{v}</dd>")).collect();
    let mut out = format!("<dl class=\"facts\">{facts}</dl>");
    if !setup.parts.is_empty() {
        let rows: String = setup.parts.iter().map(row).collect();
        out += &format!(
            "<details class=\"numbers\"><summary>The layers with weights</summary><div class=\"scroll\" tabindex=\"0\" \
             role=\"region\" aria-label=\"The layers with weights\"><table><thead><tr><th scope=\"col\">layer</th>\
             <th scope=\"col\">units</th><th scope=\"col\">inputs</th><th scope=\"col\">initializer</th>\
             <th scope=\"col\">activation</th><th scope=\"col\">variance of weights</th><th scope=\"col\">wanted</th></tr></thead>\
             <tbody>{rows}</tbody></table></div></details>"
        );
    }
    out
}

fn row(part: &Part) -> String {
    format!(
        "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        escape(&part.path),
        part.units,
        part.fan_in,
        escape(&part.initializer),
        part.activation.as_ref().map_or("–".into(), |a| escape(a)),
        or_blank(part.variance, figure),
        or_blank(part.wanted, figure)
    )
}

fn units(n: usize) -> String {
    if n == 1 { "1 unit".into() } else { format!("{n} units") }
}

fn spread(s: &Spread) -> String {
    format!(
        "{} feature{}, from {} to {}, mean {}, root mean square {}{}{}",
        s.features,
        if s.features == 1 { "" } else { "s" },
        figure(s.least),
        figure(s.most),
        figure(s.mean),
        figure(s.rms),
        if s.constant > 0 { format!(", {} constant", s.constant) } else { String::new() },
        if s.finite { "" } else { ", some not finite" }
    )
}
