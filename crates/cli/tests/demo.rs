//! The demo: its first network is sick for a cause that is named, and is cured; and its lines fit a terminal.
#![allow(clippy::unwrap_used)]

mod common;

use common::Place;

#[test]
fn the_first_network_is_sick_and_is_cured() {
    let place = Place::new();
    let out = place.fine(&["demo", "--epochs", "2"]);
    assert!(out.contains("\nsick: vanishing gradient: "), "{out}");
    let cause = out.lines().find_map(|line| line.strip_prefix("  cause  ")).unwrap();
    assert!(cause.contains("initializer") || cause.contains("activation"), "{cause}");
    let (said, rest) = out.split_once("\nThe cure, tried over 2 seeds: ").expect(&out);
    let (cure, end) = rest.split_once("\nThe whole story").expect(&out);
    // A diff is as wide as the experiment.
    let (tried, diff) = cure.split_once("\n\n").expect(cure);
    assert!(diff.lines().any(|line| line.starts_with('+')), "{diff}");
    for line in [said, tried, end].iter().flat_map(|text| text.lines()) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert_eq!(place.names(), ["steadygrad-demo.html"]);
}
