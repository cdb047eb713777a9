//! Colours and script of a page. What is coloured by a number has one class for each of a few levels.

/// Levels on each side of the middle.
const LEVELS: i32 = 12;
/// Lines that tell layers apart by their depth.
const DEPTHS: i32 = 8;
/// Steps from nothing to the whole of a share.
const SHARES: i32 = 8;

type Rgb = [f64; 3];

/// Too small: blue. Too large: vermilion. Told apart by every eye (Okabe and Ito 2008).
const LOW: Rgb = [0.0, 114.0, 178.0];
const HIGH: Rgb = [213.0, 94.0, 0.0];
/// A share that is whole: bluish green, so that more of it is taken for neither too small nor too large.
const FULL: Rgb = [0.0, 158.0, 115.0];

fn mix(from: Rgb, to: Rgb, part: f64) -> Rgb {
    [0, 1, 2].map(|i| (from[i] + (to[i] - from[i]) * part).round())
}

fn hex(colour: Rgb) -> String {
    let [r, g, b] = colour.map(|x| x as u8);
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// How light a colour is to the eye, 0 … 1: the relative luminance of WCAG 2.
fn luminance(colour: Rgb) -> f64 {
    let linear = colour
        .map(|x| x / 255.0)
        .map(|x| if x <= 0.04045 { x / 12.92 } else { ((x + 0.055) / 1.055).powf(2.4) });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

/// The contrast of two colours, 1 … 21; 4.5 is enough for text.
fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Black or white: the one that is read better on this colour.
fn ink_on(colour: Rgb) -> &'static str {
    if contrast(colour, [0.0; 3]) >= contrast(colour, [255.0; 3]) { "#000" } else { "#fff" }
}

/// The colours of all levels as variables, on a page whose middle has this colour.
///
/// Variables, as rules do not reach into what `<use>` repeats, and what is inherited does.
fn levels(middle: Rgb, [low, high, full]: [Rgb; 3]) -> String {
    let mut out = String::new();
    for level in -LEVELS..=LEVELS {
        let part = (f64::from(level.abs()) / f64::from(LEVELS)).powf(0.9);
        let to = if level < 0 { low } else { high };
        let colour = mix(middle, to, part);
        out += &format!("--h{0}:{1};--i{0}:{2};", level + LEVELS, hex(colour), ink_on(colour));
    }
    for share in 0..=SHARES {
        let colour = mix(middle, full, f64::from(share) / f64::from(SHARES));
        out += &format!("--s{share}:{};--j{share}:{};", hex(colour), ink_on(colour));
    }
    for depth in 0..DEPTHS {
        let part = f64::from(depth) / f64::from(DEPTHS - 1);
        let between = [140.0, 110.0, 165.0];
        let colour =
            if part < 0.5 { mix(low, between, part * 2.0) } else { mix(between, high, part * 2.0 - 1.0) };
        out += &format!("--d{depth}:{};", hex(colour));
    }
    out
}

/// The class of a part −1 … 1.
pub fn level(part: f64) -> String {
    if part.is_nan() {
        return "hn".into();
    }
    format!("h{}", (part.clamp(-1.0, 1.0) * f64::from(LEVELS)).round() as i32 + LEVELS)
}

/// Decibels that have the strongest colour, at least: what is small should look small.
const STRONG: f64 = 60.0;

/// The decibels that have the strongest colour where these values are shown: the largest of them, to whole twenties.
pub fn strongest<'a>(values: impl Iterator<Item = &'a f64>) -> f64 {
    let most = values.filter(|v| v.is_finite()).fold(STRONG, |most, v| most.max(v.abs()));
    (most / 20.0).ceil() * 20.0
}

/// The class of decibels; one of its own for nothing at all and for no number.
pub fn level_of_decibels(x: f64, strong: f64) -> String {
    if x == f64::NEG_INFINITY { "hz".into() } else { level(x / strong) }
}

/// The class of a cell of a table with these decibels.
pub fn cell_of_decibels(x: f64, strong: f64) -> String {
    format!("c{}", level_of_decibels(x, strong))
}

/// The class of a cell of a table with this share, 0 … 1.
pub fn cell_of_share(part: f64) -> String {
    if part.is_nan() {
        return "chn".into();
    }
    format!("s{}", (part.clamp(0.0, 1.0) * f64::from(SHARES)).round() as i32)
}

/// The class of the i-th of so many layers.
pub fn depth(i: usize, of: usize) -> String {
    let part = i as f64 / (of.saturating_sub(1)).max(1) as f64;
    format!("d{}", (part * f64::from(DEPTHS - 1)).round() as i32)
}

/// The rules of pictures: for a page, and for a picture that stands alone.
pub fn chart_rules() -> String {
    let light = levels([236.0, 238.0, 240.0], [LOW, HIGH, FULL]);
    let dark = levels([46.0, 52.0, 60.0], [[86.0, 180.0, 233.0], [240.0, 120.0, 40.0], [43.0, 185.0, 141.0]])
        + include_str!("dark.css");
    let fills = (0..=2 * LEVELS).map(|l| format!(".h{l}{{fill:var(--h{l})}}"));
    let strokes = (0..DEPTHS).map(|d| format!(".d{d}{{stroke:var(--d{d});fill:none}}"));
    format!(
        "{}:root{{{light}}}\n:root[data-theme=dark]{{{dark}}}\n@media screen and (prefers-color-scheme:dark)\
         {{:root:not([data-theme=light]){{{dark}}}}}\n{}{}",
        include_str!("light.css"),
        fills.chain(strokes).collect::<String>(),
        include_str!("chart.css")
    )
}

/// The style of a page: what is in a picture, and cells of tables in the same colours.
pub fn page_rules() -> String {
    let levels = (0..=2 * LEVELS).map(|l| format!(".ch{l}{{background:var(--h{l});color:var(--i{l})}}"));
    let shares = (0..=SHARES).map(|s| format!(".s{s}{{background:var(--s{s});color:var(--j{s})}}"));
    chart_rules() + include_str!("page.css") + &levels.chain(shares).collect::<String>()
}

/// Tooltips, the theme, and the switches.
pub const SCRIPT: &str = include_str!("page.js");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_class_with_a_rule() {
        let rules = page_rules();
        for x in [-1e9, -60.0, -3.0, 0.0, 12.0, 70.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            for class in [level_of_decibels(x, 60.0), cell_of_decibels(x, 60.0), cell_of_share(x)] {
                assert!(rules.contains(&format!(".{class}{{")), "{x}: {class}");
            }
        }
        for i in 0..30 {
            assert!(rules.contains(&format!(".{}{{", depth(i, 30))));
        }
        assert_eq!(depth(0, 1), "d0");
        // The name of SVG is an address that nobody opens.
        let script = SCRIPT.replace("http://www.w3.org/2000/svg", "");
        for word in ["http:", "https:", "@import", "url("] {
            assert!(!rules.contains(word) && !script.contains(word), "{word}");
        }
        assert!(!SCRIPT.contains("</") && !rules.contains("</"));
        // Words of a page are never made markup or code again.
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "Function(",
            "createContextualFragment",
        ] {
            assert!(!SCRIPT.contains(word), "{word}");
        }
    }

    #[test]
    fn words_are_read_on_every_colour() {
        // As grey as anything may be, one of the two has 4.58.
        for grey in 0..=255 {
            let colour = [f64::from(grey); 3];
            let ink = if ink_on(colour) == "#000" { [0.0; 3] } else { [255.0; 3] };
            assert!(contrast(colour, ink) >= 4.5, "{grey}");
        }
        assert_eq!((ink_on(LOW), ink_on(HIGH), ink_on(FULL)), ("#fff", "#000", "#000"));
        assert_eq!(strongest([f64::NAN, -247.0, f64::NEG_INFINITY].iter()), 260.0);
        assert_eq!(strongest([3.0].iter()), 60.0);
    }
}
