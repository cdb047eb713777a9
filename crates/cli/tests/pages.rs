//! Pages that the command writes.
#![allow(clippy::unwrap_used)]

mod common;

use common::Place;

#[test]
fn doctor_and_cure_write_a_page_and_say_so() {
    let place = Place::new();
    let small = ["--set", "let.depth=2", "--set", "fit.epochs=1"];
    let said = place.fine(&[&["doctor", "--init-only", "--html", "a.html"], &small[..]].concat());
    assert!(said.contains("the page is in a.html"), "{said}");
    let page = std::fs::read_to_string(place.path("a.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<h1>Healthy</h1>"));
    // Histograms are there, as they are taken before training.
    assert!(page.contains("signal-area") && page.contains("delta-area"));
    let said = place.fine(&[&["cure", "--html", "b.html"], &small[..]].concat());
    assert!(said.contains("nothing to cure"), "{said}");
    let page = std::fs::read_to_string(place.path("b.html")).unwrap();
    assert!(page.contains("<h1>Healthy: nothing to cure</h1>"));
    let said = place.fine(&[&["doctor", "--init-only", "--json", "--html", "c.html"], &small[..]].concat());
    assert_eq!(common::json(&said)["verdict"], "healthy");
    assert!(place.path("c.html").exists());
    let ended = place.run(&[&["doctor", "--init-only", "--html", "no/such/c.html"], &small[..]].concat());
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("no/such"), "{}", ended.err);
}

#[test]
fn lab_writes_its_page_first_and_says_what_became_of_it_last() {
    let place = Place::new();
    let experiment = steadygrad::lab::DEFAULT.to_string()
        + "\n[lab]\nvary = { \"let.depth\" = [1, 2], \"let.act\" = [\"relu\", \"elu\"] }\nseeds = 1\n";
    place.put("grid.toml", experiment);
    let run = |html: &str| place.run(&["lab", "grid.toml", "--set", "fit.epochs=1", "--html", html]);
    let ended = run("a.html");
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.trim_end().ends_with("the page is in a.html"), "{}", ended.out);
    let page = std::fs::read_to_string(place.path("a.html")).unwrap();
    for part in steadygrad::report::GRID_PARTS {
        assert!(page.contains(&format!("<section id=\"{part}\"")), "{part}");
    }
    assert!(page.contains("class=\"heat\""));
    // What was found is said even where the page cannot be written.
    let ended = run("no/such/b.html");
    assert_eq!(ended.code, 2);
    assert!(
        ended.out.contains("val_accuracy") && ended.err.contains("no/such"),
        "{}{}",
        ended.out,
        ended.err
    );
}
