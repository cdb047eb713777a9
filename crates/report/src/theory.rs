//! The page of a forecast: what theory expects of signal and gradient at every layer, before there is any data.

use crate::page::{Section, whole};
use crate::plot::{Drawing, Panel, WIDE, label, picture, range, table, ticks};
use crate::text::{decibels, escape, figure, or_blank};
use steadygrad_doctor::{Expected, FAR, FAR_NORMALIZED, Forecast, Outlook};

/// The ids of the sections of [`page_of_forecast`].
pub const FORECAST_PARTS: [&str; 3] = ["outlook", "expected", "left-out"];

/// A forecast as one HTML file: the outlook, the curves of gradient and signal, and what the theory knows nothing about.
///
/// ```
/// use steadygrad_lab::Experiment;
/// let (forecast, _) = Experiment::parse(steadygrad_lab::DEFAULT)?.forecast()?;
/// let page = steadygrad_report::page_of_forecast(&forecast, "default");
/// assert!(steadygrad_report::FORECAST_PARTS.iter().all(|part| page.contains(&format!("<section id=\"{part}\""))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn page_of_forecast(forecast: &Forecast, title: &str) -> String {
    let title = if title.trim().is_empty() { "network" } else { title.trim() };
    let left: String = forecast.left_out.iter().map(|l| format!("<li>{}</li>", escape(l))).collect();
    let left = match forecast.left_out.is_empty() {
        true => "<p class=\"quiet\">Nothing: it knows every layer of this network.</p>".to_string(),
        false => format!("<ul>{left}</ul>"),
    };
    let sections = [
        Section::new("outlook", "", "", head(forecast)),
        Section::new(
            "expected",
            "What theory expects",
            "Of wide layers with weights just drawn. A line that stays in the band keeps all layers learning. Training changes the \
             weights, and with them all of this: <code>steadygrad doctor</code> measures it.",
            curves(forecast),
        ),
        Section::new("left-out", "What the theory leaves out", "", left),
    ];
    whole(&format!("{title}: {}", forecast.outlook()), &sections)
}

fn head(forecast: &Forecast) -> String {
    let lead = match forecast.outlook() {
        Outlook::Steady => "The gradient arrives at about its size.",
        Outlook::Vanishing => "The gradient is lost on its way from the last layer to the first.",
        Outlook::Exploding => "The gradient grows on its way from the last layer to the first.",
        Outlook::Uncertain => "The layers are narrow for this depth: it depends on the draw of the weights.",
        Outlook::Unknown => "The theory cannot say.",
    };
    let judged = forecast.judged_decibels();
    let numbers = match (judged, judged.and_then(|d| forecast.per_layer(d)), forecast.depth_scale()) {
        (Some(all), Some(each), Some(scale)) => {
            let layers = if scale < 1e3 { figure(scale) } else { "over 1000".into() };
            format!(
                "<p>From the last layer to the first {}, {} a layer: a factor of e in its square every {layers} layers.</p>",
                decibels(all),
                decibels(each)
            )
        }
        _ => String::new(),
    };
    format!(
        "<div class=\"hero\"><div><h1>{}</h1><p class=\"lead\">{lead}</p>{numbers}</div></div>",
        forecast.outlook()
    )
}

/// Decibels of every stage, for stages with a gradient: that of the last linear layer is 0; and of the signal, 1 is 0.
fn series(forecast: &Forecast) -> (Vec<Option<f64>>, Vec<Option<f64>>) {
    let last = forecast.stages.iter().rfind(|s| s.role == "linear").and_then(|s| s.gradient);
    let gradient = |s: &Expected| Some(10.0 * (s.gradient? / last?).log10()).filter(|d| !d.is_nan());
    let signal = |s: &Expected| Some(20.0 * s.signal?.deviation().log10()).filter(|d| !d.is_nan());
    (forecast.stages.iter().map(gradient).collect(), forecast.stages.iter().map(signal).collect())
}

fn curves(forecast: &Forecast) -> String {
    if forecast.stages.is_empty() {
        return "<p class=\"quiet\">There is no layer.</p>".into();
    }
    let (gradient, signal) = series(forecast);
    let said = format!("Theory expects a gradient that is {}.", forecast.outlook());
    let rows: Vec<Vec<String>> = forecast
        .stages
        .iter()
        .zip(gradient.iter().zip(&signal))
        .map(|(stage, (g, s))| {
            let of =
                |get: fn(&steadygrad_doctor::Signal) -> f64| or_blank(stage.signal.as_ref().map(get), figure);
            vec![
                escape(&stage.path),
                escape(stage.role),
                or_blank(*g, decibels),
                or_blank(*s, decibels),
                of(|s| s.square),
                of(|s| s.correlation()),
            ]
        })
        .collect();
    let head = ["part", "kind", "gradient", "signal", "mean square", "correlation of two samples"];
    picture("forecast", "Gradient and signal as theory expects them", &said, WIDE, |width| {
        drawing(forecast, &gradient, &signal, width)
    }) + &table("What theory expects of every part", &head, &rows)
}

fn drawing(forecast: &Forecast, gradient: &[Option<f64>], signal: &[Option<f64>], width: f64) -> Drawing {
    let names: Vec<&str> = forecast.stages.iter().map(|s| s.path.as_str()).collect();
    let (left, right) = (50.0, 10.0);
    let far = if forecast.normalized { FAR_NORMALIZED } else { FAR };
    let (mut y, mut out) = (24.0, String::new());
    let tall = if width > 600.0 { 190.0 } else { 150.0 };
    for (words, values, band, low, high) in [
        ("Gradient, dB against the last layer", gradient, Some((-FAR, far)), -20.0, 20.0),
        ("Signal (deviation over samples), dB against 1", signal, None, -10.0, 10.0),
    ] {
        out += &label(left, y - 10.0, "start", "head", words);
        let known: Vec<f64> = values.iter().copied().flatten().collect();
        let (w, values_of) = (width - left - right, range(known.iter(), low, high, 10.0));
        let panel = Panel { x: left, y, w, h: tall, values: values_of.clone() };
        out += &panel.grid(&ticks(&values_of, tall / 36.0), figure);
        if let Some((from, to)) = band {
            out += &panel.band(from, to);
        }
        out += &panel.across(0.0, "zero");
        let at = |(i, v): (usize, &Option<f64>)| Some((panel.middle(i, values.len()), (*v)?));
        let points: Vec<(f64, f64)> = values.iter().enumerate().filter_map(at).collect();
        out += &panel.line(&points, "expected");
        let broken: Vec<(f64, f64)> = points.iter().copied().filter(|p| !p.1.is_finite()).collect();
        out += &panel.marks(&broken, 3.5, "expected-dot");
        let tip = |(name, v): (&&str, &Option<f64>)| format!("{}: {}", escape(name), or_blank(*v, decibels));
        out += &panel.hits(&names.iter().zip(values).map(tip).collect::<Vec<_>>());
        y += tall + 46.0;
        if band.is_none() {
            out += &panel.names(&names, y - 28.0);
        }
    }
    out += &label(left, y - 10.0, "start", "tick", "← data");
    out += &label(width - right, y - 10.0, "end", "tick", "loss →");
    Drawing { height: y, body: out }
}
