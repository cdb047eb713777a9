//! Callbacks: driven through made-up epochs as Keras was, and through real trainings.

use crate::harness::{close, family, json};
use serde_json::Value as Json;
use std::path::PathBuf;
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::callbacks::{
    self, Callback, CsvLogger, EarlyStopping, LearningRateScheduler, Mode, TerminateOnNan, Training,
};
use steadygrad_engine::{Compile, Fit, Learner, Logs, Shuffle, Trainable};
use steadygrad_kernels::Result;
use steadygrad_nn::Sequential;
use steadygrad_nn::catalog::spec;
use steadygrad_nn::config::Config;
use steadygrad_nn::initializers::Zeros;
use steadygrad_nn::layers::Dense;
use steadygrad_nn::losses::MeanSquaredError;
use steadygrad_nn::optimizers::Sgd;

/// y = w·x with w = 0, and the data x = y = 1.
fn tiny(rate: f64) -> (Learner, Dataset) {
    let model = Sequential::new([1]).add(Dense::new(1).use_bias(false).kernel_initializer(Zeros));
    let compile = Compile::new(Sgd::new(rate), MeanSquaredError).accuracy().named_metric("mae");
    let ones = || Array::new([4, 1], vec![1.0; 4]).unwrap();
    let data = Dataset::new(ones(), ones()).unwrap();
    let mut learner = model.compile(compile).unwrap();
    // The metrics are known from the first look at data.
    learner.evaluate(&data).unwrap();
    (learner, data)
}

fn mark(learner: &mut Learner, epoch: usize) {
    learner.set_weights(&[Array::new([1, 1], vec![epoch as f32]).unwrap()]).unwrap();
}

fn numbers(json: &Json) -> Vec<f64> {
    json.as_array().unwrap().iter().map(number).collect()
}

fn number(json: &Json) -> f64 {
    match json.as_str() {
        Some("nan") => f64::NAN,
        Some("inf") => f64::INFINITY,
        _ => json.as_f64().unwrap_or_else(|| panic!("{json} is no number")),
    }
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, got: T, want: T) -> std::result::Result<(), String> {
    if got == want { Ok(()) } else { Err(format!("{what}: got {got:?}, expected {want:?}")) }
}

/// What was seen while a callback was driven: the learner at its end, the last epoch, rates and logs of each epoch.
struct Driven {
    learner: Learner,
    last: usize,
    stopped: bool,
    rates: Vec<f64>,
    logged: Vec<f64>,
}

/// Calls the hooks of epochs, with the value in the logs under `key` and the weights marked with the epoch.
fn drive(callback: &mut dyn Callback, key: &str, values: &[f64], rate: f64) -> Result<Driven> {
    let (mut learner, _) = tiny(rate);
    let mut warnings = Vec::new();
    let mut t = Training {
        learner: &mut learner,
        epochs: values.len(),
        steps: 1,
        validation: true,
        resumed: false,
        stop: false,
        warnings: &mut warnings,
    };
    let (mut last, mut rates, mut logged) = (0, Vec::new(), Vec::new());
    callback.on_train_begin(&mut t)?;
    let mut logs = Logs::default();
    for (epoch, value) in values.iter().enumerate() {
        callback.on_epoch_begin(&mut t, epoch)?;
        mark(t.learner, epoch);
        logs = Logs::default();
        logs.set("loss", 0.5);
        logs.set(key, *value);
        callback.on_epoch_end(&mut t, epoch, &mut logs)?;
        rates.push(t.learner.learning_rate());
        logged.extend(logs.get("learning_rate"));
        last = epoch;
        if t.stop {
            break;
        }
    }
    callback.on_train_end(&mut t, &logs)?;
    let stopped = t.stop;
    Ok(Driven { learner, last, stopped, rates, logged })
}

fn early_stopping(case: &Json) -> std::result::Result<(), String> {
    let kwargs = &case["kwargs"];
    let key = case["monitor"].as_str().unwrap();
    let mut stop = EarlyStopping::new().monitor(key);
    for (name, value) in kwargs.as_object().unwrap() {
        stop = match name.as_str() {
            "patience" => stop.patience(value.as_u64().unwrap() as usize),
            "min_delta" => stop.min_delta(number(value)),
            "baseline" => stop.baseline(number(value)),
            "start_from_epoch" => stop.start_from_epoch(value.as_u64().unwrap() as usize),
            "restore_best_weights" => stop.restore_best_weights(value.as_bool().unwrap()),
            "mode" if value == "max" => stop.mode(Mode::Max),
            other => return Err(format!("no such argument: {other}")),
        };
    }
    let values = numbers(&case["values"]);
    let driven = drive(&mut stop, key, &values, 0.1).map_err(|e| e.to_string())?;
    let stopped = driven.stopped.then_some(driven.last);
    equal("stopped at", stopped.map(|e| e as u64), case["stopped_at_epoch"].as_u64())?;
    equal("stopped epoch", stop.stopped_epoch(), stopped)?;
    equal("best", stop.best(), Some(number(&case["best"])))?;
    if let Some(best) = case.get("best_epoch") {
        equal("best epoch", Some(stop.best_epoch() as u64), best.as_u64())?;
        equal("wait", Some(stop.wait() as u64), case["wait"].as_u64())?;
        let weights = driven.learner.weight("dense/kernel").unwrap()[0];
        equal("weights are from", f64::from(weights), number(&case["weights_are_from_epoch"]))?;
    }
    Ok(())
}

fn reduce(case: &Json) -> std::result::Result<(), String> {
    let config = Config::from_json(&case["kwargs"]).unwrap();
    let mut reduce = callbacks::from_value(&spec("ReduceLROnPlateau", config)).map_err(|e| e.to_string())?;
    let rate = number(&case["initial_lr"]);
    let driven =
        drive(&mut *reduce, "val_loss", &numbers(&case["values"]), rate).map_err(|e| e.to_string())?;
    equal("rates", driven.rates, numbers(&case["lr_after_epoch"]))?;
    equal("logged", driven.logged, numbers(&case["logged_learning_rate"]))
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("steadygrad-keras-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn checkpoint(case: &Json, i: usize) -> std::result::Result<(), String> {
    let ours = |name: &str| name.replace(".keras", ".safetensors");
    let folder = folder(&format!("checkpoint-{i}"));
    let path = folder.join(ours(case["filepath"].as_str().unwrap()));
    let config = Config::from_json(&case["kwargs"]).unwrap().with("filepath", &*path.to_string_lossy());
    let mut checkpoint =
        callbacks::from_value(&spec("ModelCheckpoint", config)).map_err(|e| e.to_string())?;
    let driven = drive(&mut *checkpoint, "val_loss", &numbers(&case["values"]), 0.1);
    let mut files: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|f| f.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    files.sort();
    // What is in the last file is what the weights were in its epoch.
    let last = files.last().map(|name| {
        let mut learner = tiny(0.1).0;
        learner.load_weights(folder.join(name)).unwrap();
        (name[1..3].parse::<usize>().unwrap() - 1, learner.weight("dense/kernel").unwrap()[0] as usize)
    });
    std::fs::remove_dir_all(&folder).unwrap();
    driven.map_err(|e| e.to_string())?;
    let want: Vec<String> =
        case["files"].as_array().unwrap().iter().map(|f| ours(f.as_str().unwrap())).collect();
    equal("files", files, want)?;
    last.map_or(Ok(()), |(epoch, weights)| equal("weights in the last file", weights, epoch))
}

fn csv(case: &Json) -> std::result::Result<(), String> {
    let folder = folder(case["case"].as_str().unwrap());
    let file = folder.join("log.csv");
    let mut logger = CsvLogger::new(&file);
    if let Some(separator) = case["kwargs"].get("separator").and_then(Json::as_str) {
        logger = logger.separator(separator.chars().next().unwrap());
    }
    let (mut learner, _) = tiny(0.1);
    let mut warnings = Vec::new();
    let mut t = Training {
        learner: &mut learner,
        epochs: 2,
        steps: 1,
        validation: true,
        resumed: false,
        stop: false,
        warnings: &mut warnings,
    };
    logger.on_train_begin(&mut t).unwrap();
    for (epoch, values) in case["logs"].as_array().unwrap().iter().enumerate() {
        let mut logs = Logs::default();
        for (key, value) in values.as_object().unwrap() {
            logs.set(key, number(value));
        }
        logger.on_epoch_end(&mut t, epoch, &mut logs).unwrap();
    }
    logger.on_train_end(&mut t, &Logs::default()).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    equal("text", text.as_str(), case["text"].as_str().unwrap())
}

fn same_history(case: &Json, history: &steadygrad_engine::History) -> std::result::Result<(), String> {
    for (key, values) in case["history"].as_object().unwrap() {
        let narrow = |values: &[f64]| values.iter().map(|&v| v as f32).collect::<Vec<_>>();
        let got = history.get(key).ok_or(format!("no {key} in the history"))?;
        close(key, &narrow(got), &narrow(&numbers(values)), 1e-6, 1e-7)?;
    }
    Ok(())
}

fn scheduler(case: &Json) -> std::result::Result<(), String> {
    let (mut learner, data) = tiny(0.2);
    let mut schedule = LearningRateScheduler::new(|epoch, rate| if epoch > 0 { rate * 0.5 } else { 0.2 });
    let fit = Fit::epochs(4).shuffle(Shuffle::No).callback(&mut schedule);
    let history = learner.fit(&data, fit).map_err(|e| e.to_string())?;
    same_history(case, &history)?;
    equal(
        "learning rates",
        history.get("learning_rate").unwrap().to_vec(),
        numbers(&case["history"]["learning_rate"]),
    )
}

fn terminate(case: &Json) -> std::result::Result<(), String> {
    let (mut learner, mut data) = tiny(0.2);
    data.y[0].data_mut()[3] = f32::NAN;
    let mut terminate = TerminateOnNan::new();
    let fit = Fit::epochs(5).batch_size(1).shuffle(Shuffle::No).callback(&mut terminate);
    let history = learner.fit(&data, fit).map_err(|e| e.to_string())?;
    equal("epochs", history.epochs.len(), case["epochs_run"].as_array().unwrap().len())?;
    let said = case["stdout"].as_str().unwrap().trim();
    equal("said", history.warnings.iter().any(|w| w == said), true)?;
    same_history(case, &history)
}

/// Writes down every hook that is called.
#[derive(Debug, Default)]
struct Recorder(Vec<Json>);

impl Recorder {
    fn note(&mut self, hook: &str, index: Option<usize>, logs: Option<&Logs>) -> Result<()> {
        let mut call = vec![Json::from(hook)];
        call.extend(index.map(Json::from));
        call.extend(logs.map(|logs| Json::from(logs.names())));
        self.0.push(call.into());
        Ok(())
    }
}

impl Callback for Recorder {
    fn wants_batches(&self) -> bool {
        true
    }
    fn on_train_begin(&mut self, _: &mut Training<'_>) -> Result<()> {
        self.note("on_train_begin", None, Some(&Logs::default()))
    }
    fn on_epoch_begin(&mut self, _: &mut Training<'_>, epoch: usize) -> Result<()> {
        self.note("on_epoch_begin", Some(epoch), Some(&Logs::default()))
    }
    fn on_train_batch_begin(&mut self, _: &mut Training<'_>, batch: usize) -> Result<()> {
        self.note("on_train_batch_begin", Some(batch), None)
    }
    fn on_train_batch_end(&mut self, _: &mut Training<'_>, batch: usize, _: &Logs) -> Result<()> {
        self.note("on_train_batch_end", Some(batch), None)
    }
    fn on_test_begin(&mut self, _: &mut Training<'_>) -> Result<()> {
        self.note("on_test_begin", None, Some(&Logs::default()))
    }
    fn on_test_batch_begin(&mut self, _: &mut Training<'_>, batch: usize) -> Result<()> {
        self.note("on_test_batch_begin", Some(batch), None)
    }
    fn on_test_batch_end(&mut self, _: &mut Training<'_>, batch: usize, _: &Logs) -> Result<()> {
        self.note("on_test_batch_end", Some(batch), None)
    }
    fn on_test_end(&mut self, _: &mut Training<'_>, logs: &Logs) -> Result<()> {
        self.note("on_test_end", None, Some(logs))
    }
    fn on_epoch_end(&mut self, _: &mut Training<'_>, epoch: usize, logs: &mut Logs) -> Result<()> {
        self.note("on_epoch_end", Some(epoch), Some(logs))
    }
    fn on_train_end(&mut self, _: &mut Training<'_>, logs: &Logs) -> Result<()> {
        self.note("on_train_end", None, Some(logs))
    }
}

fn call_order(case: &Json) -> std::result::Result<(), String> {
    let (mut learner, _) = tiny(0.1);
    let ones = |n: usize| {
        let column = || Array::new([n, 1], vec![1.0; n]).unwrap();
        Dataset::new(column(), column()).unwrap()
    };
    let (train, valid, mut recorder) = (ones(5), ones(3), Recorder::default());
    let fit = Fit::epochs(2).batch_size(2).validation(&valid).callback(&mut recorder);
    learner.fit(&train, fit).map_err(|e| e.to_string())?;
    for (i, (got, want)) in recorder.0.iter().zip(case["calls"].as_array().unwrap()).enumerate() {
        equal(&format!("call {i}"), got, want)?;
    }
    equal("calls", recorder.0.len(), case["calls"].as_array().unwrap().len())
}

#[test]
fn callbacks() {
    family("callbacks", |family, path| {
        let info = json(&path.join("callbacks.json"));
        for (i, case) in info["cases"].as_array().unwrap().iter().enumerate() {
            let name = case["callback"].as_str().unwrap();
            let about = case.get("sequence").or(case.get("case")).and_then(Json::as_str).unwrap_or("");
            family.case(&format!("{name} {about} {}", case["kwargs"]), || match name {
                "EarlyStopping" => early_stopping(case),
                "ReduceLROnPlateau" => reduce(case),
                "ModelCheckpoint" => checkpoint(case, i),
                "CSVLogger" => csv(case),
                "LearningRateScheduler" => scheduler(case),
                "TerminateOnNaN" => terminate(case),
                "call_order" => call_order(case),
                other => Err(format!("{other} is not driven by this test")),
            });
        }
    });
}
