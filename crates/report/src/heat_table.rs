//! Heat tables: where two keys are varied, the result and the gradient of every setting, one key down and the other across.

use crate::grid::{result, short_key};
use crate::style::{cell_of_decibels, cell_of_share, strongest};
use crate::text::capital;
use crate::text::{escape, measure, short, whole_decibels};
use steadygrad_lab::{Grid, Setting};

/// More columns than fit beside each other.
const WIDEST: usize = 8;
/// A span of results smaller than this should not look like more than it is.
const SPAN: f64 = 0.2;

/// Both tables; nothing where there are not two keys with several values each.
pub fn html(grid: &Grid) -> Option<String> {
    let [one, two] = &grid.keys[..] else { return None };
    let (down, across) = (grid.values(0).len(), grid.values(1).len());
    if down < 2 || across < 2 || down.min(across) > WIDEST || grid.settings.len() != down * across {
        return None;
    }
    // The key with fewer values goes across.
    let turned = down < across;
    let keys = if turned { [two, one] } else { [one, two] };
    let [rows, columns] = if turned { [across, down] } else { [down, across] };
    // The last key varies fastest.
    let at = |row: usize, column: usize| if turned { column * across + row } else { row * across + column };
    let labels = grid.labels();
    let name =
        |setting: usize, second: bool| labels[setting].get(usize::from(second)).cloned().unwrap_or_default();
    let table = |caption: &str, cell: &dyn Fn(&Setting) -> (String, String)| {
        let head: String = (0..columns)
            .map(|c| format!("<th scope=\"col\">{}</th>", short(&name(at(0, c), !turned), 20)))
            .collect();
        let row = |r: usize| {
            let cells: String = (0..columns)
                .map(|c| cell(&grid.settings[at(r, c)]))
                .map(|(class, text)| format!("<td class=\"{class}\">{text}</td>"))
                .collect();
            format!("<tr><th scope=\"row\">{}</th>{cells}</tr>", short(&name(at(r, 0), turned), 24))
        };
        let keys = keys.map(|k| escape(short_key(k)));
        format!(
            "<div class=\"scroll grid\" role=\"region\" aria-label=\"{caption}\" tabindex=\"0\"><table class=\"heat\">\
             <caption>{caption}</caption><thead><tr><th scope=\"col\">{} ↓ {} →</th>{head}</tr></thead><tbody>{}</tbody></table></div>",
            keys[0],
            keys[1],
            (0..rows).map(row).collect::<String>()
        )
    };
    let medians: Vec<f64> =
        grid.settings.iter().map(|s| s.arm.median(&grid.measure)).filter(|x| x.is_finite()).collect();
    let low = medians.iter().copied().fold(f64::INFINITY, f64::min);
    let high = medians.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let span = (high - low).max(if grid.measure.up { SPAN } else { SPAN * high.abs() }).max(1e-12);
    let outcome = |s: &Setting| {
        let median = s.arm.median(&grid.measure);
        if !median.is_finite() {
            return ("chn".into(), "not finite".into());
        }
        let part = if grid.measure.up { 1.0 - (high - median) / span } else { 1.0 - (median - low) / span };
        {
            let (median, spread) = result(grid, s);
            (cell_of_share(part), median + &spread.map_or(String::new(), |s| format!("<small>{s}</small>")))
        }
    };
    let strong = strongest(grid.settings.iter().map(|s| &s.flow.gradient));
    let gradient = |s: &Setting| (cell_of_decibels(s.flow.gradient, strong), whole_decibels(s.flow.gradient));
    let first = capital(&escape(&measure(&grid.measure.name)));
    Some(format!(
        "<div class=\"pair\">{}{}</div>",
        table(&format!("{first} at the end: the greener the better"), &outcome),
        table(
            "Gradient at the first layer against the last, before training: blue is lost, vermilion is grown",
            &gradient
        )
    ))
}
