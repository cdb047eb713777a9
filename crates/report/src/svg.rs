//! Pictures as files of their own.

use crate::plot::WIDE;
use crate::strip;
use crate::style::chart_rules;
use crate::text::escape;
use crate::view::View;
use steadygrad_lab::Diagnosis;

/// The flow strip as an SVG file: gradient and signal of every layer, measured beside expected. It needs nothing else.
pub fn flow(diagnosis: &Diagnosis) -> String {
    let view = View::of(diagnosis);
    let drawing = strip::drawing(&view, WIDE);
    let (w, h) = (WIDE + 24.0, drawing.height + 24.0);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" width=\"{w}\" height=\"{h}\" viewBox=\"-12 -12 {w} {h}\" role=\"img\" \
         aria-labelledby=\"t d\"><title id=\"t\">How gradient and signal pass through the layers</title><desc id=\"d\">{}</desc>\
         <style>{}</style><rect class=\"paper\" x=\"-12\" y=\"-12\" width=\"{w}\" height=\"{h}\"/>{}</svg>\n",
        escape(&strip::description(&view)),
        chart_rules().replace('<', "&lt;").replace('>', "&gt;"),
        drawing.body
    )
}
