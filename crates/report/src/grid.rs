//! What gradient and signal do before training, for every combination of a grid.

use crate::text::{decibels, escape, figure, percent};
use steadygrad_lab::Grid;

/// A table with one row a combination.
pub fn flows(grid: &Grid) -> String {
    let short = |key: &str| escape(key.rsplit('.').next().unwrap_or(key));
    let head: String = grid.keys.iter().map(|k| format!("<th scope=\"col\">{}</th>", short(k))).collect();
    let measure = escape(&grid.measure.name);
    let rows: String = grid
        .settings
        .iter()
        .map(|s| {
            let values: String =
                s.words().iter().map(|w| format!("<th scope=\"row\">{}</th>", escape(w))).collect();
            let result = s.arm.median(&grid.measure);
            let result = if result.is_finite() { figure(result) } else { "not finite".into() };
            let cells = [
                result,
                decibels(s.flow.gradient),
                decibels(s.flow.signal),
                percent(s.flow.dead),
                percent(s.flow.saturated),
            ];
            let cells: String = cells.iter().map(|c| format!("<td>{}</td>", escape(c))).collect();
            format!("<tr>{values}{cells}</tr>")
        })
        .collect();
    format!(
        "<div class=\"scroll grid\" role=\"region\" aria-label=\"Every combination\" tabindex=\"0\"><table><caption>Every combination</caption><thead><tr>{head}\
         <th scope=\"col\">{measure}</th><th scope=\"col\">gradient</th><th scope=\"col\">signal</th>\
         <th scope=\"col\">dead</th><th scope=\"col\">saturated</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )
}
