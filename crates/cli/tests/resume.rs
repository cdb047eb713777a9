//! A training that is stopped and gone on with: signals, messages, exit codes, and the same bytes as straight through.
#![allow(clippy::unwrap_used)]

mod common;

use common::{GOOD, Place, json, names, with};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A training of some seconds, with all that remembers something between its steps.
fn long() -> String {
    let model = "layers = [\n\
        { repeat = 3, block = [{ layer = \"dense\", units = 48, use_bias = false }, \"batch_normalization\", \"relu\", { layer = \"dropout\", rate = 0.2 }] },\n\
        { layer = \"dense\", units = 2, activation = \"softmax\" } ]";
    let fit = "epochs = 10\nbatch_size = 16\nvalidation_split = 0.2\ncallbacks = [\n\
        { class_name = \"ReduceLROnPlateau\", config = { monitor = \"loss\", patience = 1 } },\n\
        { class_name = \"CSVLogger\", config = { filename = \"DIR/log.csv\" } } ]";
    let text = with(&with(GOOD, "model", model), "fit", fit).replace("\"sgd\"", "\"adam\"");
    let text = text.replace("samples = 60", "samples = 1000");
    format!("{text}\n[checkpoints]\nevery_steps = 7\nmonitor = \"val_loss\"\n")
}

fn start(place: &Place, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_steadygrad"));
    command.args(arguments).current_dir(place.folder.path());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until a checkpoint is there.
fn some_steps(place: &Place, run: &str) {
    for _ in 0..600 {
        let folder = place.path(run).join("checkpoints");
        if folder.exists() && names(&folder).iter().any(|name| name.ends_with(".checkpoint")) {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("no checkpoint within twelve seconds");
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

fn ended(child: Child) -> (Option<i32>, String, String) {
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn put(place: &Place, run: &str) {
    place.put(&format!("{run}.toml"), long().replace("DIR", run));
}

fn same(place: &Place, one: &str, other: &str) {
    for file in ["weights.safetensors", "history.csv", "chart.json", "log.csv"] {
        let read = |run: &str| std::fs::read(place.path(run).join(file)).unwrap();
        assert!(read(one) == read(other), "{file} of {one} and {other}");
    }
}

#[test]
#[cfg(unix)]
fn a_signal_stops_it_and_it_goes_on_as_if_it_never_had() {
    let place = Place::new();
    put(&place, "straight");
    place.fine(&["train", "straight.toml", "--out", "straight"]);
    for (run, sign, code, word) in
        [("asked", "-INT", 130, "SIGINT"), ("told", "-TERM", 143, "SIGTERM"), ("killed", "-KILL", 0, "")]
    {
        put(&place, run);
        let child = start(&place, &["train", &format!("{run}.toml"), "--out", run, "--json"]);
        some_steps(&place, run);
        signal(&child, sign);
        let (found, out, err) = ended(child);
        if sign == "-KILL" {
            assert_eq!(found, None);
        } else {
            assert_eq!(found, Some(code), "{err}");
            assert!(err.contains(&format!("stopped by {word} ")), "{err}");
            assert!(err.contains(&format!("go on with: steadygrad train --resume {run}\n")), "{err}");
            let stopped = json(&out)["stopped"].clone();
            assert_eq!(stopped["signal"], word);
            let mut keys = common::keys(&stopped);
            keys.sort_unstable();
            assert_eq!(keys, ["batch", "epoch", "folder", "signal", "step"], "as docs/json.md tells");
        }
        assert_eq!(names(&place.path(run)), ["checkpoints", "log.csv"], "no results of what is not over");
        let again = place.run(&["train", &format!("{run}.toml"), "--out", run]);
        assert!(again.code == 2 && again.err.contains("not finished"), "{}", again.err);
        let looked = place.run(&["evaluate", run]);
        assert!(looked.code == 2 && looked.err.contains("--resume"), "{}", looked.err);
        let result = place.run(&["train", "--resume", run, "--no-doctor"]);
        assert_eq!(result.code, 0, "{}", result.err);
        assert!(result.err.contains("going on after "), "{}", result.err);
        same(&place, "straight", run);
        let kept = names(&place.path(run).join("checkpoints"));
        assert!(kept.len() == 3 && kept[0] == "best.checkpoint" && kept[1] == "lock", "{kept:?}");
        assert!(kept[2].starts_with("step-"), "the last one stays: {kept:?}");
    }
}

#[test]
#[cfg(unix)]
fn the_second_signal_ends_it_at_once() {
    let place = Place::new();
    // One step takes seconds.
    let slow = long().replace("units = 48", "units = 2500").replace("batch_size = 16", "batch_size = 3200");
    let slow = slow.replace("samples = 1000", "samples = 4000");
    place.put("e.toml", slow.replace("DIR", "run").replace("every_steps = 7", "every_steps = 1"));
    let mut child = start(&place, &["train", "e.toml", "--out", "run", "--no-doctor"]);
    for _ in 0..3000 {
        if place.path("run/checkpoints/experiment.toml").exists() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    signal(&child, "-INT");
    // It is told that it was heard, as the batch takes longer.
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(|line| line.unwrap() + "\n");
    let mut err = String::new();
    while !err.contains("asked again, it ends at once") {
        err += &lines.next().unwrap_or_else(|| panic!("it ended unasked: {err}"));
    }
    signal(&child, "-INT");
    err.extend(lines);
    let (code, _, _) = ended(child);
    assert_eq!(code, Some(130), "{err}");
    assert!(!err.contains("stopped by"), "it did not wait for the batch: {err}");
    let result = place.run(&["train", "--resume", "run", "--no-doctor", "--set", "fit.epochs=0"]);
    assert_eq!(result.code, 0, "{}", result.err);
    assert!(result.err.contains("no checkpoint yet"), "{}", result.err);
}

#[test]
#[cfg(target_os = "linux")]
fn a_terminal_that_is_closed_keeps_it_unless_that_means_nothing() {
    let place = Place::new();
    put(&place, "closed");
    let child = start(&place, &["train", "closed.toml", "--out", "closed", "--no-doctor"]);
    some_steps(&place, "closed");
    // The shell says it, and the system.
    signal(&child, "-HUP");
    signal(&child, "-HUP");
    let (code, _, err) = ended(child);
    assert_eq!(code, Some(129), "{err}");
    assert!(err.contains("stopped by SIGHUP "), "{err}");
    let result = place.run(&["train", "--resume", "closed", "--no-doctor", "--set", "fit.epochs=10"]);
    assert!(result.code == 0 && result.err.contains("going on after "), "{}", result.err);

    put(&place, "told");
    let mut command = Command::new("nohup");
    command.arg(env!("CARGO_BIN_EXE_steadygrad")).args([
        "train",
        "told.toml",
        "--out",
        "told",
        "--no-doctor",
    ]);
    command.current_dir(place.folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    some_steps(&place, "told");
    signal(&child, "-HUP");
    let (code, _, err) = ended(child);
    assert_eq!(code, Some(0), "{err}");
}

#[test]
fn a_folder_with_results_and_a_training_that_is_not_finished() {
    let place = Place::new();
    put(&place, "run");
    place.fine(&["train", "run.toml", "--out", "run", "--set", "fit.epochs=1"]);
    place.fine(&["evaluate", "run"]);
    // Another one was killed in it, as it wrote what came of it.
    place.put("run/checkpoints/experiment.toml", std::fs::read_to_string(place.path("run.toml")).unwrap());
    place.put("run/weights.safetensors.77-0.part", "half");
    place.put("run/notes.part", "mine").put("run/history.csv.mine.part", "mine");
    let result = place.run(&["evaluate", "run"]);
    assert_eq!(result.code, 0, "{}", result.err);
    assert!(result.err.contains("these are the results that were there before"), "{}", result.err);
    std::fs::remove_file(place.path("run/checkpoints/experiment.toml")).unwrap();
    place.fine(&["train", "run.toml", "--out", "run", "--set", "fit.epochs=1"]);
    let left = names(&place.path("run"));
    assert!(
        ["notes.part", "history.csv.mine.part"].iter().all(|name| left.contains(&(*name).into())),
        "{left:?}"
    );
    assert!(!left.iter().any(|name| name.contains("77")), "{left:?}");
}

#[test]
fn what_somebody_put_there_stays() {
    let place = Place::new();
    put(&place, "run");
    place.fine(&["train", "run.toml", "--out", "run", "--set", "fit.epochs=1"]);
    place.put("run/notes.txt", "mine");
    place.fine(&["train", "--resume", "run", "--set", "fit.epochs=2"]);
    // A history that says it is the run's is of a stranger.
    let history = std::fs::read_to_string(place.path("run/history.json")).unwrap();
    let ours = "\"files\": [";
    assert!(history.contains(ours));
    place.put("run/history.json", history.replace(ours, "\"files\": [\"notes.txt\","));
    place.fine(&["train", "run.toml", "--out", "run", "--set", "fit.epochs=1"]);
    assert!(place.path("run/notes.txt").exists());
}

#[test]
fn results_are_of_one_run_or_of_none() {
    let place = Place::new();
    put(&place, "run");
    place.fine(&["train", "run.toml", "--out", "run", "--set", "fit.epochs=1"]);
    // The second run cannot write all of its results.
    std::fs::remove_file(place.path("run/history.csv")).unwrap();
    std::fs::create_dir(place.path("run/history.csv")).unwrap();
    let result = place.run(&["train", "run.toml", "--out", "run", "--set", "fit.epochs=2"]);
    assert!(result.code == 2 && result.err.contains("history.csv"), "{}", result.err);
    assert!(result.err.contains("then: steadygrad train --resume run\n"), "{}", result.err);
    for command in [&["evaluate", "run"][..], &["report", "run"]] {
        let looked = place.run(command);
        assert!(looked.code == 2 && looked.err.contains("as its results were written"), "{}", looked.err);
    }
    std::fs::remove_dir(place.path("run/history.csv")).unwrap();
    place.fine(&["train", "--resume", "run"]);
    place.fine(&["evaluate", "run"]);
    put(&place, "straight");
    place.fine(&["train", "straight.toml", "--out", "straight", "--set", "fit.epochs=2"]);
    same(&place, "straight", "run");
}

#[test]
#[cfg(target_os = "linux")]
fn a_folder_whose_name_is_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    place.put("run.toml", GOOD);
    let mut command = Command::new(env!("CARGO_BIN_EXE_steadygrad"));
    command.current_dir(place.folder.path()).args([
        "train",
        "run.toml",
        "--json",
        "--set",
        "fit.epochs=1",
        "--out",
    ]);
    let output = command.arg(std::ffi::OsStr::from_bytes(b"q\xff")).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
#[cfg(target_os = "linux")]
fn a_signal_that_is_ignored_stays_so() {
    let place = Place::new();
    put(&place, "run");
    let mut command = Command::new("sh");
    let binary = env!("CARGO_BIN_EXE_steadygrad");
    command.args(["-c", &format!("trap '' INT; exec '{binary}' train run.toml --out run --no-doctor")]);
    command.current_dir(place.folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    some_steps(&place, "run");
    signal(&child, "-INT");
    let (code, _, err) = ended(child);
    assert_eq!(code, Some(0), "{err}");
}

#[test]
fn a_finished_one_takes_more_epochs() {
    let place = Place::new();
    ["straight", "more"].iter().for_each(|run| put(&place, run));
    place.fine(&["train", "straight.toml", "--out", "straight", "--set", "fit.epochs=4"]);
    place.fine(&["train", "more.toml", "--out", "more", "--set", "fit.epochs=2"]);
    let over = place.run(&["train", "--resume", "more"]);
    assert!(over.code == 2 && over.err.contains("2 of 2 epochs are done"), "{}", over.err);
    place.fine(&["train", "--resume", "more", "--set", "fit.epochs=4"]);
    same(&place, "straight", "more");
    let kept = std::fs::read_to_string(place.path("more/experiment.toml")).unwrap();
    assert!(kept.contains("epochs = 4"), "{kept}");
    place.fine(&["evaluate", "more"]);
}

#[test]
fn what_does_not_belong_to_it_is_refused() {
    let place = Place::new();
    put(&place, "run");
    place.fine(&["train", "run.toml", "--out", "run", "--set", "fit.epochs=2"]);
    for (arguments, told) in [
        (vec!["--resume", "run", "--set", "compile.optimizer=sgd"], "a training is gone on with as it began"),
        (vec!["--resume", "run", "--set", "fit.epoch=9"], "did you mean `fit.epochs`?"),
        (vec!["--resume", "none"], "none: there is no training in it"),
        (vec!["--resume", "run", "--out", "other"], "cannot be used with"),
        (vec!["--resume", "run", "run.toml"], "cannot be used with"),
    ] {
        let result = place.run(&[&["train"][..], &arguments].concat());
        assert!(result.code == 2 && result.err.contains(told), "{arguments:?}: {}", result.err);
    }
    // The experiment in the folder was changed by hand.
    let experiment = std::fs::read_to_string(place.path("run/experiment.toml")).unwrap();
    place.put("run/experiment.toml", experiment.replace("units = 48", "units = 47"));
    let result = place.run(&["train", "--resume", "run", "--set", "fit.epochs=3"]);
    assert!(result.code == 2 && result.err.contains("experiment"), "{}", result.err);
}

#[test]
fn broken_checkpoints_are_named_and_passed_over() {
    let place = Place::new();
    ["straight", "run"].iter().for_each(|run| put(&place, run));
    place.fine(&["train", "straight.toml", "--out", "straight", "--set", "fit.epochs=3"]);
    place.fine(&["train", "run.toml", "--out", "run", "--set", "fit.epochs=2"]);
    // As if it had been killed behind the last checkpoint, with the two newest torn.
    let folder = place.path("run/checkpoints");
    let newest = names(&folder).into_iter().find(|name| name.starts_with("step-")).unwrap();
    let whole = std::fs::read(folder.join(&newest)).unwrap();
    for step in [200_u64, 300] {
        let torn = &whole[..whole.len() - step as usize];
        std::fs::write(folder.join(format!("step-{step:010}.checkpoint")), torn).unwrap();
    }
    let result = place.run(&["train", "--resume", "run", "--set", "fit.epochs=3"]);
    assert_eq!(result.code, 0, "{}", result.err);
    assert_eq!(result.err.matches("warning: passed over: ").count(), 2, "{}", result.err);
    assert!(result.err.contains("step-0000000300.checkpoint"), "{}", result.err);
    same(&place, "straight", "run");
    let newest = names(&folder).into_iter().find(|name| name.starts_with("step-")).unwrap();
    std::fs::write(folder.join(newest), "torn").unwrap();
    let result = place.run(&["train", "--resume", "run", "--set", "fit.epochs=4"]);
    assert!(result.code == 2 && result.err.contains("none of its checkpoints holds"), "{}", result.err);
}

#[test]
fn what_is_not_of_a_training_stays() {
    let place = Place::new();
    place.put("e.toml", GOOD);
    let foreign = ["film.mp4.part", "mine.checkpoint", "resnet.pt"];
    for name in foreign {
        place.put(&format!("models/checkpoints/{name}"), "mine");
    }
    let refused = place.run(&["train", "e.toml", "--out", "models"]);
    assert!(refused.code == 2 && refused.err.contains("not those of a run"), "{}", refused.err);
    // In the folder of a run they stay, too, whatever becomes of the training.
    place.fine(&["train", "e.toml", "--out", "run"]);
    for name in foreign {
        place.put(&format!("run/checkpoints/{name}"), "mine");
    }
    place.fine(&["train", "e.toml", "--out", "run"]);
    place.run(&["train", "e.toml", "--out", "run", "--set", "checkpoints.monitor=nope"]);
    let kept = names(&place.path("run/checkpoints"));
    assert!(foreign.iter().all(|name| kept.contains(&name.to_string())), "{kept:?}");
}

#[test]
fn a_start_that_fails_leaves_what_was_there() {
    let place = Place::new();
    put(&place, "run");
    place.fine(&["train", "run.toml", "--out", "run", "--set", "fit.epochs=2"]);
    let before = names(&place.path("run/checkpoints"));
    let failed = place.run(&["train", "run.toml", "--out", "run", "--set", "checkpoints.monitor=nope"]);
    assert_eq!(failed.code, 2, "{}", failed.err);
    assert_eq!(names(&place.path("run/checkpoints")), before);
    // A resume that is refused changes nothing either.
    let experiment = std::fs::read_to_string(place.path("run/experiment.toml")).unwrap();
    place.put("run/experiment.toml", experiment.replace("batch_size = 16", "batch_size = 8"));
    let refused = place.run(&["train", "--resume", "run", "--set", "fit.epochs=3"]);
    assert!(refused.code == 2 && refused.err.contains("not the one that was trained"), "{}", refused.err);
    assert!(!refused.err.contains("can be gone on with"), "{}", refused.err);
    place.put("run/experiment.toml", experiment);
    assert_eq!(names(&place.path("run/checkpoints")), before);
    place.fine(&["train", "--resume", "run", "--set", "fit.epochs=3"]);
}

#[test]
fn without_a_checkpoint_only_an_unfinished_one_begins_anew() {
    let place = Place::new();
    put(&place, "run");
    let sets = ["--set", "checkpoints.each_epoch=false", "--set", "fit.epochs=2"];
    place.fine(&[&["train", "run.toml", "--out", "run"][..], &sets].concat());
    let kept = names(&place.path("run/checkpoints"));
    assert!(kept.iter().any(|name| name.starts_with("step-")), "the end is kept: {kept:?}");
    let fewer = place.run(&["train", "--resume", "run", "--set", "fit.epochs=1"]);
    assert!(fewer.code == 2 && fewer.err.contains("epoch 2 has begun, and 1 are asked for"), "{}", fewer.err);
    let within = place.run(&["train", "--resume", "run/checkpoints"]);
    assert!(within.code == 2 && within.err.contains("steadygrad train --resume run"), "{}", within.err);
    std::fs::remove_dir_all(place.path("run/checkpoints")).unwrap();
    let weights = std::fs::read(place.path("run/weights.safetensors")).unwrap();
    let gone = place.run(&["train", "--resume", "run", "--set", "fit.epochs=3"]);
    assert!(gone.code == 2 && gone.err.contains("no checkpoint of it is there"), "{}", gone.err);
    assert!(weights == std::fs::read(place.path("run/weights.safetensors")).unwrap());
    // An experiment that somebody wrote is no run.
    place.put("mine/experiment.toml", GOOD);
    let mine = place.run(&["train", "--resume", "mine"]);
    assert!(mine.code == 2 && mine.err.contains("there is no training in it"), "{}", mine.err);
    assert_eq!(names(&place.path("mine")), ["experiment.toml"]);
}

#[test]
fn data_that_were_moved_are_known_again() {
    let place = Place::new();
    let rows: String = (0..40).map(|i| format!("{},{},{}\n", i % 7, i % 5, i % 2)).collect();
    let table = format!("a,b,y\n{rows}");
    let experiment = with(GOOD, "data", "train = \"old.csv\"\ntarget = \"y\"");
    place.put("old.csv", &table).put("e.toml", experiment);
    place.fine(&["train", "e.toml", "--out", "run"]);
    std::fs::rename(place.path("old.csv"), place.path("new.csv")).unwrap();
    let go_on = ["train", "--resume", "run", "--set", "fit.epochs=3", "--set", "data.train=new.csv"];
    place.put("new.csv", table.replace("0,0,0", "1,0,0"));
    let other = place.run(&go_on);
    assert!(other.code == 2 && other.err.contains("on other data"), "{}", other.err);
    place.put("new.csv", table);
    place.fine(&go_on);
}
