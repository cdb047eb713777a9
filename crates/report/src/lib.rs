//! Floor 5 of steadygrad: what was found, as one page that needs nothing else. HTML with its pictures inside, and SVG.
//!
//! A page is understood in ten seconds from its top, and can be studied for an hour below. It loads nothing: no script, font or
//! picture from anywhere. Pictures are SVG that is drawn here, so that the page also works without script and on paper; each has
//! a title, a description and its numbers as a table. Everything that comes from a model (names above all) is escaped,
//! and the page's own policy lets a browser run nothing but the one script that was written with it.
#![forbid(unsafe_code)]

mod checks;
mod cure;
mod curves;
mod findings;
mod flows;
mod grid;
mod heat;
mod heat_table;
mod histograms;
mod ledger;
mod markdown;
mod overlay;
mod page;
mod pages;
mod plot;
mod policy;
mod progress;
mod reference;
mod setup;
mod strip;
mod style;
mod text;
mod theory;
mod trellis;
mod trials;
mod units;
mod updates;
mod verdict;
mod view;

pub mod svg;

pub use markdown::html as markdown;
pub use pages::{
    CURE_PARTS, GRID_PARTS, PARTS, TRIAL_PARTS, page, page_of_cure, page_of_grid, page_of_trials,
};
pub use reference::page_of_checks;
pub use theory::{FORECAST_PARTS, page_of_forecast};
