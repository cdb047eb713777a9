//! Every mistake gives one error that names the place and the remedy, exit code 2, and leaves nothing behind.
// A test that fails may panic, its helpers too; and it shows the messages.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod arguments;
#[path = "../common/mod.rs"]
mod common;
mod data;
mod layers;
mod settings;

use common::{Ended, GOOD, Place, replaced, with};

/// What was tried, with its files, and words of the message.
struct Case {
    name: &'static str,
    experiment: String,
    files: Vec<(&'static str, Vec<u8>)>,
    arguments: Vec<&'static str>,
    words: &'static [&'static str],
}

fn case(name: &'static str, experiment: impl Into<String>, words: &'static [&'static str]) -> Case {
    Case { name, experiment: experiment.into(), files: Vec::new(), arguments: Vec::new(), words }
}

impl Case {
    fn file(mut self, name: &'static str, content: impl Into<Vec<u8>>) -> Case {
        self.files.push((name, content.into()));
        self
    }

    fn arguments(mut self, arguments: &[&'static str]) -> Case {
        self.arguments = arguments.to_vec();
        self
    }
}

/// Runs all cases, and shows every message with `--nocapture`.
fn check(cases: Vec<Case>) {
    let mut wrong = Vec::new();
    for case in cases {
        let place = Place::new();
        place.put("e.toml", &case.experiment);
        for (name, content) in &case.files {
            place.put(name, content);
        }
        let before = place.names();
        let mut arguments = vec!["train", "e.toml"];
        arguments.extend(&case.arguments);
        let ended = place.run(&arguments);
        println!("{:<36} {}", case.name, ended.err.trim_end().replace('\n', "\n    "));
        if let Err(why) = judge(&ended, case.words) {
            wrong.push(format!("{}: {why}\n{}", case.name, ended.err));
        }
        if place.names() != before {
            wrong.push(format!("{}: left behind {:?}", case.name, place.names()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn judge(ended: &Ended, words: &[&str]) -> Result<(), String> {
    if ended.code != 2 {
        return Err(format!("exit code {}", ended.code));
    }
    if !ended.out.is_empty() {
        return Err(format!("standard output: {}", ended.out));
    }
    if !ended.err.starts_with("error: ") || ended.err.matches("error: ").count() != 1 {
        return Err("not one error".into());
    }
    if ["panicked", "RUST_BACKTRACE", "overflow", "unwrap"].iter().any(|w| ended.err.contains(w)) {
        return Err("a panic".into());
    }
    // Where it says what must stand there, nothing is left to say.
    if !["\n  help: ", "expected", "must be"].iter().any(|w| ended.err.contains(w)) {
        return Err("no help".into());
    }
    match words.iter().find(|w| !ended.err.contains(**w)) {
        Some(word) => Err(format!("`{word}` is missing")),
        None => Ok(()),
    }
}

fn layers(list: &str) -> String {
    with(GOOD, "model", &format!("layers = [ {list} ]"))
}

fn fit(line: &str) -> String {
    with(GOOD, "fit", line)
}

fn compile(lines: &str) -> String {
    with(GOOD, "compile", lines)
}

fn data(lines: &str) -> String {
    with(GOOD, "data", lines)
}

#[test]
fn mistakes_in_the_file_itself() {
    check(vec![
        case("not TOML", "[fit\nepochs = 3", &["e.toml, line 1: not valid TOML"]),
        case("not JSON", "{\n \"fit\": }", &["e.toml, line 2, column", "not valid JSON"]),
        case("a JSON list", "{\"fit\": [1]}", &["e.toml", "[fit]", "expected a table"]),
        case("an empty file", "", &["e.toml", "neither `source` nor `train`"]),
        case("a key twice", "[fit]\nepochs = 1\nepochs = 2\n", &["e.toml, line 3", "duplicate key"]),
        case(
            "an unknown table",
            format!("{GOOD}\n[optimiser]\nx = 1"),
            &["e.toml, line 19", "it belongs into the table [compile]"],
        ),
        case("a table that is a number", "fit = 3\n", &["e.toml, line 1, [fit]: expected a table"]),
        case(
            "an unknown constant",
            fit("epochs = \"$epocs\"\n[let]\nepochs = 3"),
            &["`epocs` is not a known constant", "`epochs`"],
        ),
        case("constants in a circle", fit("epochs = 1\n[let]\na = \"$b\"\nb = \"$a\""), &["in a circle"]),
        case("an empty assignment", GOOD, &["--set", "fit.epochs=3"]).arguments(&["--set", "fit.epochs"]),
        case("a key that is none", GOOD, &["--set", "is not a key"]).arguments(&["--set", "fit..x=1"]),
        case("an index too large", GOOD, &["--set model.layers.7.units", "a list of 2"])
            .arguments(&["--set", "model.layers.7.units=1"]),
        case(
            "an override that is wrong",
            GOOD,
            &["e.toml, --set fit.epochs=many, [fit], `epochs`", "whole number"],
        )
        .arguments(&["--set", "fit.epochs=many"]),
        case("an unknown table by --set", GOOD, &["--set fitt.epochs=1", "did you mean `fit`"])
            .arguments(&["--set", "fitt.epochs=1"]),
    ]);
    let place = Place::new();
    place.put("e.bin", [0xff, 0xfe, 0, 1]).put("e.toml", GOOD);
    let ended = place.run(&["train", "e.bin"]);
    judge(&ended, &["e.bin", "UTF-8"]).unwrap();
    judge(&place.run(&["train", "nowhere.toml"]), &["nowhere.toml", "steadygrad new"]).unwrap();
    judge(&place.run(&["train", "."]), &["give the file"]).unwrap();
    // The command's own parser answers these in its own form.
    assert_eq!(place.run(&["train", "e.toml", "--threads", "0"]).code, 2);
    assert_eq!(place.run(&["trian"]).code, 2);
}

#[test]
fn mistakes_on_the_way_out() {
    let place = Place::new();
    place.put("e.toml", GOOD).put("taken", "x").put("full/mine.txt", "x");
    for (out, words) in [
        ("taken", &["--out taken", "is a file"][..]),
        ("taken/deeper", &["taken is a file"]),
        ("full", &["--out full", "has files in it"]),
        (".", &["has files in it"]),
    ] {
        judge(&place.run(&["train", "e.toml", "--out", out]), words).unwrap();
    }
    assert_eq!(place.names(), ["e.toml", "full", "taken"]);
    for (arguments, words) in [
        (&["evaluate", "full"][..], &["full", "experiment.toml"][..]),
        (&["predict", "nowhere"], &["nowhere", "experiment.toml"]),
        (&["train", "--set", "let.act=rulu"], &["the default experiment, line ", "did you mean `relu`?"]),
        (&["list", "layer"], &["`layer`", "did you mean `layers`?"]),
        (&["new", "e.toml"], &["e.toml", "is there already"]),
        (&["new", "no/such/e.toml"], &["no/such/e.toml"]),
        (&["fetch", "mnst"], &["`mnst`", "did you mean `mnist`?"]),
        (
            &["fetch", "mnist", "--from", "http://127.0.0.1:9/"],
            &["127.0.0.1:9", "by hand", "train-images-idx3-ubyte.gz"],
        ),
        (
            &["summary", "e.toml", "--set", "model.layers.0.units=x"],
            &["e.toml, --set model.layers.0.units=x", "layer 0"],
        ),
    ] {
        let ended = place.run(arguments);
        println!("{arguments:?}: {}", ended.err);
        if let Err(why) = judge(&ended, words) {
            panic!("{arguments:?}: {why}\n{}", ended.err);
        }
    }
    assert_eq!(place.names(), ["e.toml", "full", "taken"]);
}
