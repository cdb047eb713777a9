//! The expected numbers, and how far a number may be from them.

use serde_json::Value as Json;
use std::path::Path;

/// All that is expected of a fact.
pub fn fact(id: &str) -> Json {
    let all: Json = serde_json::from_str(include_str!("facts.json")).unwrap();
    all.get(id).unwrap_or_else(|| panic!("no fact {id}")).clone()
}

/// One number of a fact.
pub fn number(id: &str, key: &str) -> f64 {
    fact(id)[key].as_f64().unwrap_or_else(|| panic!("no number {key} in {id}"))
}

/// |got − want| ≤ tolerance
pub fn near(what: &str, got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance, "{what}: {got}, expected {want} ± {tolerance}");
}

/// |got/want − 1| ≤ tolerance
pub fn share(what: &str, got: f64, want: f64, tolerance: f64) {
    near(what, got, want, tolerance * want.abs());
}

#[test]
fn the_copy_agrees_with_the_facts_beside_the_repository() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/theory-facts.json");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: the reference numbers are not beside this repository");
        return;
    };
    let facts: Vec<Json> = serde_json::from_str(&text).unwrap();
    let copy: Json = serde_json::from_str(include_str!("facts.json")).unwrap();
    for (id, expected) in copy.as_object().unwrap() {
        let fact = facts.iter().find(|f| f["id"] == *id).unwrap_or_else(|| panic!("no fact {id}"));
        assert_eq!(fact["expected"], *expected, "{id}");
    }
}
