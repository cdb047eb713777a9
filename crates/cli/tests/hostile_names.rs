//! Names from files of strangers: they do not steer the terminal, whatever the command says of them, and the files that an experiment
//! may have written are logs and weights.
#![allow(clippy::unwrap_used)]

mod common;

use common::Place;

/// Sets the title of the window, empties it, turns what follows around, begins a line anew.
const NAME: &str = r"a\u001b]0;x\u0007\u001b[2J\u202eb\u2066\r\u009b";

fn experiment(model: &str, more: &str) -> String {
    format!(
        "title = \"t{NAME}\"\n[data]\nsource = \"circles\"\nsamples = 60\n[model]\n{model}\n\
         [compile]\nloss = \"sparse_categorical_crossentropy\"\nmetrics = [\"accuracy\"]\n[fit]\nepochs = 1\n{more}\n"
    )
}

fn acts(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t' || ('\u{2028}'..='\u{202e}').contains(&c) || c == '\u{2066}'
}

/// Runs the command and returns all it said: nothing in it acts on a terminal.
fn said(place: &Place, arguments: &[&str]) -> String {
    let ended = place.run(arguments);
    let said = ended.out + &ended.err;
    assert_eq!(said.find(acts), None, "{arguments:?}: {said:?}");
    assert!(!said.contains("panicked") && !said.is_empty(), "{said}");
    said
}

#[test]
fn names_do_not_steer_the_terminal() {
    let place = Place::new();
    let turned = r#"{ layer = "dense", units = 2, activation = "softmax", name = "x\u202ey" }"#;
    place.put("turned.toml", experiment(&format!("layers = [ {turned} ]"), ""));
    for arguments in [
        &["summary", "turned.toml", "--plan"][..],
        &["train", "turned.toml", "--out", "run"],
        &["evaluate", "run"],
        &["predict", "run"],
        &["report", "run"],
        &["doctor", "turned.toml", "--init-only", "--html", "a.html"],
        &["forecast", "turned.toml"],
    ] {
        said(&place, arguments);
    }
    assert!(said(&place, &["summary", "turned.toml"]).contains(r"x\u202ey"));
    assert!(!std::fs::read_to_string(place.path("a.html")).unwrap().contains(acts));
    let object = common::json(&place.fine(&["doctor", "turned.toml", "--init-only", "--json"]));
    assert!(object.to_string().contains("x\u{202e}y"), "in JSON the name is what it was");

    // A name that holds control characters is refused, and the error shows it.
    let steers = r#"{ layer = "dense", units = 2, name = "x\u001b[2Jy" }"#;
    place.put("steers.toml", experiment(&format!("layers = [ {steers} ]"), ""));
    let error = said(&place, &["summary", "steers.toml"]);
    assert!(error.contains("cannot be the name of a layer"), "{error}");

    // Names that are not known, in every place that has names.
    for (i, model) in [
        format!("layers = [ {{ layer = \"{NAME}\" }} ]"),
        format!("layers = [ {{ layer = \"dense\", units = 2, \"{NAME}\" = 1 }} ]"),
        format!("layers = [ {{ layer = \"dense\", units = 2, activation = \"{NAME}\" }} ]"),
        format!("layers = [ {{ layer = \"dense\", units = \"{NAME}\" }} ]"),
        format!("file = \"{NAME}.keras\""),
    ]
    .iter()
    .enumerate()
    {
        let name = format!("e{i}.toml");
        place.put(&name, experiment(model, ""));
        said(&place, &["train", &name]);
        said(&place, &["summary", &name]);
    }
    let dense = "layers = [ { layer = \"dense\", units = 2 } ]";
    place.put("data.toml", experiment(dense, "").replace("circles", NAME));
    said(&place, &["train", "data.toml"]);
    place.put("broken.toml", format!("a = \"{}", "\u{1b}[2J"));
    said(&place, &["train", "broken.toml"]);
}

#[test]
fn files_of_models_and_tables_do_not_steer_the_terminal() {
    let place = Place::new();
    let model = |layer: &str, class: &str| {
        format!(
            r#"{{"module": "keras", "class_name": "Sequential", "config": {{"name": "m{NAME}", "layers": [
            {{"module": "keras.layers", "class_name": "InputLayer", "config": {{"batch_shape": [null, 2], "name": "i"}}}},
            {{"module": "keras.layers", "class_name": "{class}", "config": {{"units": 2, "name": "{layer}"}}}}]}}}}"#
        )
    };
    place
        .put("a.json", model(NAME, "Dense"))
        .put("b.json", model("plain", "Dense"))
        .put("c.json", model("x", NAME));
    for file in ["a.json", "b.json", "c.json"] {
        said(&place, &["inspect", file]);
        said(&place, &["inspect", file, "--json"]);
        place.put("e.toml", experiment(&format!("file = \"{file}\""), ""));
        said(&place, &["summary", "e.toml"]);
    }
    let steers = "a\u{1b}[2J\u{202e}";
    place.put("t.csv", format!("{steers},b,{steers}c\n1,2,no{steers}\n3,4,yes\n5,x,no{steers}\n"));
    place.put(
        "t.toml",
        "[data]\ntrain = \"t.csv\"\n[model]\nlayers = [ { layer = \"dense\", units = 2 } ]\n\
         [compile]\nloss = \"sparse_categorical_crossentropy\"\n",
    );
    said(&place, &["train", "t.toml"]);
    said(&place, &["inspect", "t.csv"]);
    said(&place, &["inspect", &format!("{steers}.keras")]);
    let header = format!(r#"{{"{NAME}":{{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}}}"#);
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend([0; 4]);
    place.put("w.safetensors", bytes);
    said(&place, &["inspect", "w.safetensors"]);
}

#[test]
fn a_log_is_written_over_nothing_but_a_log() {
    let place = Place::new();
    let dense = "layers = [ { layer = \"dense\", units = 2, activation = \"softmax\" } ]";
    let log = |file: &str| {
        let callback =
            format!("callbacks = [ {{ class_name = \"CSVLogger\", config = {{ filename = \"{file}\" }} }} ]");
        place.put("e.toml", experiment(dense, &callback));
        place.run(&["train", "e.toml", "--out", "run"])
    };
    for file in [".bashrc", "authorized_keys", "a.sh", ".log", "x.csv/"] {
        place.put(if file.ends_with('/') { "other" } else { file }, "kept");
        let ended = log(file);
        assert!(ended.code == 2 && ended.err.contains("CSVLogger"), "{file}: {}", ended.err);
        assert!(file.ends_with('/') || std::fs::read(place.path(file)).unwrap() == b"kept");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("not_there", place.path("link.csv")).unwrap();
        let ended = log("link.csv");
        assert!(ended.err.contains("is a link") && !place.path("not_there").exists(), "{}", ended.err);
    }
    place.put("mine.csv", "name,age\nAnn,3\n");
    let ended = log("mine.csv");
    assert!(ended.err.contains("is no log of a training"), "{}", ended.err);
    assert!(std::fs::read_to_string(place.path("mine.csv")).unwrap().starts_with("name"));
    for _ in 0..2 {
        let ended = log("log.csv");
        assert_eq!(ended.code, 0, "{}", ended.err);
        assert_eq!(std::fs::read_to_string(place.path("log.csv")).unwrap().lines().count(), 2);
    }
}
