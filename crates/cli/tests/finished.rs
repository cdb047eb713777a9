//! What a run leaves behind, and what can be done with it when its data are gone.
// A test that fails may panic, its helpers too.
#![allow(clippy::unwrap_used)]

mod common;

use common::{GOOD, Place, json, keys, names, replaced, train, with};

#[test]
fn a_finished_run_is_evaluated_and_asked_for_predictions() {
    let place = Place::new();
    place.put("data/train.csv", "a,b,kind\n0,0,no\n0,1,yes\n1,0,yes\n1,1,no\n0.1,0,no\n0.9,0,yes\n");
    place.put("data/new.csv", "b,a\n0,0\n1,0\n");
    let experiment = with(
        GOOD,
        "data",
        "train = \"../data/train.csv\"\ntarget = \"kind\"\nscale = \"standard\"\nvalidation_split = 0.34",
    );
    place.put("experiments/e.toml", &experiment);
    let result = train(&place, &["experiments/e.toml", "--out", "run"]);
    let evaluated = json(&place.fine(&["evaluate", "run", "--json"]));
    assert_eq!(keys(&evaluated).len(), 2);
    assert_eq!(evaluated["loss"], result["val_loss"]);
    assert_eq!(evaluated["accuracy"], result["val_accuracy"]);
    assert!(place.fine(&["evaluate", "run", "--train"]).contains("loss"));
    let predicted = place.fine(&["predict", "run", "data/new.csv"]);
    let lines: Vec<&str> = predicted.lines().collect();
    assert_eq!((lines.len(), lines[0]), (3, "no,yes"));
    let sum: f64 = lines[1].split(',').map(|x| x.parse::<f64>().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-5);
    assert_eq!(place.fine(&["predict", "run"]).lines().count(), 4, "the validation data");
    // A run can be moved, and trained again.
    std::fs::create_dir(place.path("elsewhere")).unwrap();
    std::fs::rename(place.path("run"), place.path("elsewhere/run")).unwrap();
    assert_eq!(json(&place.fine(&["evaluate", "elsewhere/run", "--json"])), evaluated);
    let again = train(&place, &["elsewhere/run/experiment.toml", "--out", "again"]);
    assert_eq!(again["val_loss"], result["val_loss"]);
}

#[test]
fn training_starts_from_weights_that_may_be_gone_later() {
    let place = Place::new();
    place.put("e.toml", GOOD);
    train(&place, &["e.toml", "--out", "first", "--set", "fit.seed=3"]);
    let first = json(&place.fine(&["evaluate", "first", "--train", "--json"]));
    place.put("next/e.toml", replaced("[model]\n", "[model]\nweights = \"../first/weights.safetensors\"\n"));
    train(&place, &["next/e.toml", "--out", "second", "--set", "fit.epochs=0", "--set", "fit.seed=3"]);
    std::fs::remove_file(place.path("first/weights.safetensors")).unwrap();
    assert_eq!(json(&place.fine(&["evaluate", "second", "--train", "--json"])), first);
}

const CSV: &str = "a,b,kind\n0,0,no\n0,1,yes\n1,0,yes\n1,1,no\n0.1,0,no\n0.9,0,yes\n";

#[test]
fn a_run_needs_no_training_file_any_more() {
    let place = Place::new();
    place
        .put("train.csv", CSV)
        .put("valid.csv", "kind,a,b\nyes,5,5\nno,0,0\n")
        .put("new.csv", "b,a\n0,0\n1,9\n");
    let own =
        |more: &str| with(GOOD, "data", &format!("train = \"train.csv\"\nscale = \"standard\"\n{more}"));
    place.put("e.toml", own("validation = \"valid.csv\"")).put("split.toml", own("validation_split = 0.34"));
    let results = ["e", "split"].map(|name| train(&place, &[&format!("{name}.toml"), "--out", name]));
    let before = ["e", "split"].map(|run| place.fine(&["predict", run, "new.csv"]));
    assert!(before[0].starts_with("no,yes\n"), "{}", before[0]);
    std::fs::remove_file(place.path("train.csv")).unwrap();
    for (run, before) in ["e", "split"].iter().zip(&before) {
        assert_eq!(
            &place.fine(&["predict", run, "new.csv"]),
            before,
            "scale, columns and classes are the run's"
        );
    }
    let evaluated = json(&place.fine(&["evaluate", "e", "--json"]));
    assert_eq!(evaluated["loss"], results[0]["val_loss"]);
    assert_eq!(place.fine(&["predict", "e"]).lines().count(), 3);
    // What lay in the training file is gone with it; other data can be named.
    for arguments in [&["evaluate", "split"][..], &["evaluate", "e", "--train"], &["predict", "split"]] {
        let ended = place.run(arguments);
        assert_eq!(ended.code, 2, "{}", ended.out);
        assert!(
            ended.err.contains("train.csv") && ended.err.contains("data.validation=FILE"),
            "{}",
            ended.err
        );
    }
    let other = place.fine(&["evaluate", "split", "--set", "data.validation=valid.csv", "--json"]);
    assert!(json(&other)["loss"].is_number());
}

#[test]
fn a_run_keeps_its_scale() {
    let place = Place::new();
    place.put("train.csv", CSV);
    place.put(
        "e.toml",
        with(GOOD, "data", "train = \"train.csv\"\nscale = \"standard\"\nvalidation_split = 0.34"),
    );
    let result = train(&place, &["e.toml", "--out", "run"]);
    // Other lines for training, the same for validation: a scale that is fitted again would be another.
    place.put("train.csv", CSV.replace("0,0,no", "1000,0,no"));
    assert_eq!(json(&place.fine(&["evaluate", "run", "--json"]))["loss"], result["val_loss"]);
    let ended = place.run(&["evaluate", "run", "--set", "data.scale=unit"]);
    assert!(
        ended.code == 2 && ended.err.contains("trained with standard, and unit is asked for"),
        "{}",
        ended.err
    );
    place.put("run/data.json", "{}");
    let ended = place.run(&["predict", "run"]);
    assert!(ended.code == 2 && ended.err.contains("run/data.json"), "{}", ended.err);
}

#[test]
fn values_stand_in_the_rows_of_their_epochs() {
    let place = Place::new();
    place.put("e.toml", replaced("epochs = 1", "epochs = 5\nvalidation_split = 0.2\nvalidation_freq = 2"));
    let result = train(&place, &["e.toml", "--out", "run"]);
    let csv = std::fs::read_to_string(place.path("run/history.csv")).unwrap();
    let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], ["epoch", "accuracy", "loss", "val_accuracy", "val_loss"]);
    for (epoch, row) in rows[1..].iter().enumerate() {
        assert_eq!((row.len(), row[0]), (5, &*epoch.to_string()), "{csv}");
        assert_eq!(
            row[4].is_empty(),
            epoch % 2 == 0,
            "validated after the second and the fourth epoch: {csv}"
        );
    }
    let history = json(&std::fs::read_to_string(place.path("run/history.json")).unwrap());
    let (losses, validated) = (&history["history"]["loss"], &history["history"]["val_loss"]);
    assert_eq!((losses.as_array().unwrap().len(), validated.as_array().unwrap().len()), (5, 5));
    assert!(validated[0].is_null() && validated[1].is_number() && validated[4].is_null(), "{history}");
    assert_eq!(
        result["val_loss"], validated[3],
        "the last one measured, as Keras' history.history[\"val_loss\"][-1]"
    );
    assert_eq!(result["loss"], losses[4]);
}

#[test]
fn paths_of_callbacks_stay_where_they_were() {
    let place = Place::new();
    let fit = "epochs = 1\ncallbacks = [ \"terminate_on_nan\",\n\
        { class_name = \"EarlyStopping\", config = { monitor = \"loss\", patience = \"$patience\" } },\n\
        { class_name = \"CSVLogger\", config = { filename = \"$log\" } },\n\
        { class_name = \"ModelCheckpoint\", config = { filepath = \"best.safetensors\" } } ]\n\
        [let]\nlog = \"log.csv\"\npatience = 3";
    place.put("in/e.toml", with(GOOD, "fit", fit));
    train(&place, &["in/e.toml", "--out", "run"]);
    let kept = std::fs::read_to_string(place.path("run/experiment.toml")).unwrap();
    let folder = place.folder.path().canonicalize().unwrap();
    for file in ["log.csv", "best.safetensors"] {
        let path = folder.join("in").join(file);
        assert!(kept.contains(&path.display().to_string()), "{file}: {kept}");
        std::fs::remove_file(path).unwrap();
    }
    assert!(kept.contains("patience = \"$patience\""), "what is no path stays as written: {kept}");
    train(&place, &["run/experiment.toml", "--out", "again"]);
    assert_eq!(names(&place.path("in")), ["best.safetensors", "e.toml", "log.csv"]);
    assert!(!names(&place.path("run")).contains(&"log.csv".to_string()));
}

#[test]
fn samples_may_have_weights() {
    let place = Place::new();
    let weighted = |weights: [f32; 6]| {
        let lines = CSV.lines().zip(std::iter::once("w".to_string()).chain(weights.map(|w| w.to_string())));
        lines.map(|(line, w)| format!("{w},{line}\n")).collect::<String>()
    };
    place
        .put("ones.csv", weighted([1.0; 6]))
        .put("some.csv", weighted([0.0, 0.0, 0.0, 3.0, 3.0, 3.0]))
        .put("plain.csv", CSV);
    let data =
        |file: &str, more: &str| with(GOOD, "data", &format!("train = \"{file}\"\ntarget = \"kind\"{more}"));
    place.put("plain.toml", data("plain.csv", ""));
    place.put("ones.toml", data("ones.csv", "\nsample_weight = \"w\""));
    place.put("some.toml", data("some.csv", "\nsample_weight = \"w\""));
    let [plain, ones, some] = ["plain", "ones", "some"]
        .map(|name| train(&place, &[&format!("{name}.toml"), "--out", name])["loss"].clone());
    assert_eq!(plain, ones, "the weights are no feature, and a weight of 1 changes nothing");
    assert_ne!(plain, some);
    assert_eq!(
        place.fine(&["predict", "some", "plain.csv"]).lines().count(),
        7,
        "new samples need no weights"
    );
    use steadygrad::data::Array;
    let array = |shape: &[usize], values: Vec<f32>| Array::new(shape, values).unwrap();
    let (x, y) = (array(&[4, 2], vec![0.5; 8]), array(&[4], vec![0.0, 1.0, 0.0, 1.0]));
    let w = array(&[4], vec![0.0, 2.0, 0.0, 2.0]);
    steadygrad::formats::npz::write(place.path("a.npz"), &[("x", &x), ("y", &y), ("w", &w)]).unwrap();
    place.put("npz.toml", with(GOOD, "data", "train = \"a.npz\""));
    let plain = train(&place, &["npz.toml", "--out", "npz"]);
    let some = train(&place, &["npz.toml", "--out", "npz", "--set", "data.sample_weight=w"]);
    assert_ne!(plain["loss"], some["loss"]);
}

#[test]
fn a_folder_that_is_no_run_is_told_as_such_by_all_that_read_one() {
    let place = Place::new();
    for command in [&["doctor", "--run", "nope"][..], &["report", "nope"], &["evaluate", "nope"]] {
        let ended = place.run(command);
        assert_eq!(ended.code, 2);
        assert!(ended.err.contains("help: name the folder of a run"), "{command:?}: {}", ended.err);
    }
    assert!(place.fine(&["explain", "vanishing"]).starts_with("SG101 vanishing_gradient"));
    assert!(place.run(&["explain", "unscaled"]).err.contains("did you mean `unscaled_input` or"));
}
