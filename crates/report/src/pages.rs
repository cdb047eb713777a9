//! The pages: of a diagnosis, of a cure, of trials.

use crate::page::{Section, whole};
use crate::plot::WIDE;
use crate::text::{escape, figure, measure, words};
use crate::trials::Rows;
use crate::view::View;
use crate::{
    checks, cure, curves, findings, flows, grid, heat, heat_table, histograms, ledger, progress, setup,
    strip, trellis, trials, units, updates, verdict,
};
use steadygrad_lab::{Cure, Diagnosis, Grid, Trials};

/// The ids of the sections of [`page`], in their order.
pub const PARTS: [&str; 11] = [
    "verdict",
    "flow",
    "findings",
    "ledger",
    "heat",
    "updates",
    "units",
    "curves",
    "histograms",
    "setup",
    "checks",
];

/// The ids that only a page of a cure has; those of [`PARTS`] follow.
pub const CURE_PARTS: [&str; 5] = ["cure", "diff", "proof", "tried", "side"];

/// The ids of the sections of [`page_of_grid`].
pub const GRID_PARTS: [&str; 6] = ["outcome", "table", "arms", "flow", "progress", "compared"];

/// The ids of the sections of [`page_of_trials`].
pub const TRIAL_PARTS: [&str; 3] = ["outcome", "arms", "progress"];

/// A diagnosis as one HTML file. The title is what the network is called: the experiment file's name.
///
/// ```
/// use steadygrad_lab::{Doctor, Experiment};
/// let mut experiment = Experiment::parse(steadygrad_lab::DEFAULT)?;
/// experiment.set("let.depth=2")?;
/// let diagnosis = Doctor { epochs: 0, draws: 1, ..Doctor::default() }.examine(&experiment)?;
/// let page = steadygrad_report::page(&diagnosis, "two layers");
/// for part in steadygrad_report::PARTS {
///     assert!(page.contains(&format!("<section id=\"{part}\"")));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn page(diagnosis: &Diagnosis, title: &str) -> String {
    let name = format!("{}: {}", title_or(title, "network"), plain(diagnosis));
    whole(&name, &sections(diagnosis))
}

/// A cure as one HTML file: what came of it on top, then the diagnosis of the network as it was. `diff` is the change of the
/// experiment file, as [`Cure::diff`] writes it.
pub fn page_of_cure(cured: &Cure, diff: &str, title: &str) -> String {
    let tried = cured.tried.as_ref();
    let tried = tried.map_or_else(nothing_tried, |t| {
        let best: Vec<usize> = if t.best() == 0 { vec![0] } else { vec![t.best(), 0] };
        trials::dots(&Rows::all(t), "tried-dots", "What was tried")
            + &trials::curves(t, &best, "tried-curves")
    });
    let proof = cured.proof.as_ref().map_or_else(
        || "<p class=\"quiet\">Nothing was good enough to be proved.</p>".into(),
        |p| {
            trials::dots(&Rows::all(p), "proof-dots", "The proof")
                + &trials::curves(p, &[1, 0], "proof-curves")
        },
    );
    let mut all = vec![
        Section::new("cure", "", "", cure::head(cured)),
        Section::new(
            "diff",
            "The change",
            "Lines of the experiment file that went and came.",
            cure::diff(diff),
        ),
        Section::new(
            "proof",
            "The proof",
            "The network as it was beside the changed one, with seeds that took no part in the choice. A dot is one training, \
             the bar their median.",
            proof,
        ),
        Section::new(
            "side",
            "Side by side",
            "What the change does to gradient and signal.",
            cure::side(cured),
        ),
        Section::new(
            "tried",
            "What was tried",
            "Every prescription over the same seeds. A dot is one training, the bar their median.",
            tried,
        ),
    ];
    all.extend(sections(&cured.diagnosis));
    if let Some(section) = all.iter_mut().find(|s| s.id == "verdict") {
        (section.heading, section.about) = ("The network as it was", "");
        // One heading of the first order is enough.
        section.body = section.body.replace("<h1>", "<h3>").replace("</h1>", "</h3>");
    }
    let end = if cured.cured.is_some() { "cured" } else { "not cured" };
    whole(&format!("{}: {end}", title_or(title, "network")), &all)
}

/// A grid as one HTML file: every setting with its seeds and curves, and what gradient and signal do in it before training.
pub fn page_of_grid(grid: &Grid, title: &str) -> String {
    let labels = grid::names(grid);
    let trials = grid.trials();
    let order = trellis::ranking(grid).into_iter().map(|i| (i, labels[i].join(", "))).collect();
    let rows = Rows { trials: &trials, order, marked: false };
    let heat = heat_table::html(grid).map(|heat| {
        format!(
            "{heat}<details class=\"numbers\"><summary>The numbers</summary>{}</details>",
            grid::table(grid)
        )
    });
    let left_out = grid.settings.len() - trellis::shown(grid).len();
    let some = match left_out {
        0 => String::new(),
        n => {
            format!("<p class=\"quiet\">The best, the worst and settings between them; {n} are left out.</p>")
        }
    };
    let sections = [
        Section::new("outcome", "", "", grid::head(grid)),
        Section::new("table", "Every setting", "", heat.unwrap_or_else(|| grid::table(grid))),
        Section::new(
            "arms",
            "Results",
            "From the best to the worst. A dot is one training, the bar their median.",
            trials::dots(&rows, "arms-dots", "Results of every setting"),
        ),
        Section::new(
            "flow",
            "Flow before training",
            "How much of the gradient reaches each layer on its way back from the loss, and how much signal goes forward; 20 dB are a \
             factor of ten. All panels have one scale. What is beyond it runs along the edge; the number says how far: of the \
             gradient at the first layer, of the signal behind the last hidden one.",
            some.clone() + &flows::html(grid),
        ),
        Section::new(
            "progress",
            "Curves",
            "Each panel is one setting, in blue, with the others behind it in grey; the number is where it ends.",
            some + &progress::html(grid),
        ),
        Section::new("compared", "What was compared", "", grid::compared(grid)),
    ];
    whole(&title_or(title, "lab"), &sections)
}

/// Trials as one HTML file: every arm with its seeds, and their curves.
pub fn page_of_trials(all: &Trials, title: &str) -> String {
    let arms: Vec<usize> = (0..all.arms.len()).rev().collect();
    let lead = match all.arms.get(all.best()) {
        None => "<h1>Nothing was tried</h1>".to_string(),
        Some(best) => format!(
            "<h1 class=\"long\">{}</h1><p class=\"lead\">did best: {} {}, median of {} seeds</p>",
            escape(&best.name),
            escape(&measure(&all.measure.name)),
            figure(best.median(&all.measure)),
            best.outcomes.len()
        ),
    };
    let sections = [
        Section::new("outcome", "", "", format!("<div class=\"hero\"><div>{lead}</div></div>")),
        Section::new(
            "arms",
            "Results",
            "A dot is one training, the bar their median.",
            trials::dots(&Rows::all(all), "arms-dots", "Results"),
        ),
        Section::new(
            "progress",
            "Curves",
            "A line for each training.",
            trials::curves(all, &arms, "progress-curves"),
        ),
    ];
    whole(&title_or(title, "trials"), &sections)
}

fn title_or(title: &str, other: &str) -> String {
    if title.trim().is_empty() { other.into() } else { title.trim().into() }
}

fn plain(diagnosis: &Diagnosis) -> String {
    verdict::root(diagnosis).map_or_else(|| diagnosis.verdict.to_string(), |f| words(f.condition))
}

fn nothing_tried() -> String {
    "<p class=\"quiet\">There was nothing to try.</p>".into()
}

fn sections(diagnosis: &Diagnosis) -> Vec<Section> {
    let view = View::of(diagnosis);
    vec![
        Section::new("verdict", "", "", verdict::html(&view)),
        Section::new(
            "flow",
            "Flow",
            "How much of the gradient reaches each layer on its way back from the loss, and how much signal goes forward. 20 dB are \
             a factor of ten: at −60 dB a thousandth is left. A line that stays in the band keeps all layers learning; the strip \
             above it has the same in colours: blue is lost, vermilion is grown.",
            strip::html(&view, "flow", WIDE),
        ),
        Section::new("findings", "Findings", "", findings::html(diagnosis)),
        Section::new(
            "ledger",
            "Ledger",
            "Who gains or loses it. Each layer multiplies the gradient by its weights and by the slope of its activation; in \
             decibels the bars of all layers add up exactly to the way from the loss to the data.",
            ledger::html(&view, "ledger", WIDE),
        ),
        Section::new(
            "heat",
            "Layers and steps",
            "How gradient and updates of every layer went on while it trained.",
            heat::html(&view, "heat"),
        ),
        Section::new(
            "updates",
            "Updates",
            "How much each step changes the weights of a layer. Far below a thousandth a layer stands still; far above it is thrown \
             about.",
            updates::html(&view, "updates", WIDE),
        ),
        Section::new("units", "Units", "", units::html(&view, "units", WIDE)),
        Section::new("curves", "Curves", "", curves::html(&view, "curves")),
        Section::new(
            "histograms",
            "Histograms",
            "How values and gradients are spread in each layer, before training.",
            histograms::html(&view),
        ),
        Section::new("setup", "What was looked at", "", setup::html(diagnosis)),
        Section::new(
            "checks",
            "Checks",
            "All that looked, and what each of them looks for.",
            checks::html(diagnosis),
        ),
    ]
}
