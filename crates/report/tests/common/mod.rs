//! Diagnoses written by hand: names that are hostile, numbers that are none, networks of one layer.
#![allow(dead_code, reason = "each test file uses some of them")]

use steadygrad_chart::{Chart, Histogram, Layer, Observation, Sample, Statistics};
use steadygrad_doctor::Flow;
use steadygrad_doctor::{
    Cause, Curves, Edit, Evidence, Expected, Finding, Forecast, Part, Prescription, Setup, Severity, Signal,
    Spread, Verdict,
};
use steadygrad_lab::{Arm, Cure, Diagnosis, Grid, Level, Measure, Outcome, Profile, Setting, Trials};
use steadygrad_nn::config::Value;

/// A name that would run, end what it stands in, disguise its neighbours or break a file of XML, if it were not escaped.
pub const HOSTILE: &str = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>&\u{202e}\
    '><svg onload=alert(1)></style></title></textarea><!-- ]]> --> ${alert(1)} `\\javascript:alert(1)|\u{2028}\u{0}\u{1b}[2J\u{9b}\u{ffff}\
    <base href=//x><form action=//x><a href='javascript:alert(1)'>\n{{7*7}}";

/// What numbers a network has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Numbers {
    Plain,
    Nan,
    Zero,
    Infinite,
}

impl Numbers {
    fn of(self, x: f64, layer: usize) -> f64 {
        match self {
            Numbers::Plain => x,
            // In some layers only, so that lines begin and end.
            _ if layer.is_multiple_of(3) => x,
            Numbers::Nan => f64::NAN,
            Numbers::Zero => 0.0,
            Numbers::Infinite => f64::INFINITY,
        }
    }
}

fn layers(depth: usize, name: &str) -> Vec<Layer> {
    (0..2 * depth)
        .map(|i| Layer {
            path: format!("{name}_{}{}", i / 2, if i % 2 == 0 { "" } else { "/activation" }),
            whole: format!("{name}_{}", i / 2),
            class: if i % 2 == 0 { "Dense" } else { "Activation" }.into(),
            role: if i % 2 == 0 { "linear" } else { "activation" }.into(),
            inputs: vec![i.checked_sub(1)],
            size: 10,
            parameters: if i % 2 == 0 { vec!["kernel".into()] } else { vec![] },
            bounded: true,
        })
        .collect()
}

fn sample(depth: usize, step: u64, numbers: Numbers) -> Sample {
    let seen = |i: usize| {
        let x = |v: f64| numbers.of(v, i);
        let delta = x(0.5_f64.powi((2 * depth - i) as i32));
        let histogram = || {
            Some(Histogram {
                bound: x(1.0),
                counts: (0..41).map(|k: u64| 20 - k.abs_diff(20)).collect(),
                beyond: 1,
                not_finite: u64::from(x(0.0).is_nan()),
            })
        };
        Observation {
            signal: Some(Statistics {
                mean: x(0.1),
                rms: x(0.9),
                deviation: x(0.8),
                zero: x(0.5),
                saturated: x(0.25),
                finite: x(1.0).is_finite(),
            }),
            delta: Some(delta),
            passed: vec![(i > 0).then_some(delta / 2.0)],
            gradients: vec![delta; (i + 1) % 2],
            updates: vec![x(1e-3); (i + 1) % 2],
            dead: Some(x(0.1)),
            signal_histogram: histogram().filter(|_| step == 0).map(Box::new),
            delta_histogram: histogram().filter(|_| step == 0).map(Box::new),
        }
    };
    Sample {
        step,
        loss: numbers.of(1.0 / (step + 1) as f64, step as usize),
        gradient_norm: Some(1.0),
        layers: (0..2 * depth).map(seen).collect(),
        ..Sample::default()
    }
}

/// A network of so many layers, looked at for so many steps.
pub fn diagnosis(depth: usize, steps: u64, name: &str, numbers: Numbers) -> Diagnosis {
    let layers = layers(depth, name);
    let stages = layers.iter().enumerate().map(|(i, l)| Expected {
        path: l.path.clone(),
        layer: l.whole.clone(),
        role: if i % 2 == 0 { "linear" } else { "activation" },
        inputs: l.inputs.clone(),
        signal: Some(Signal::default()),
        gradient: Some(numbers.of(0.3_f64.powi((2 * depth - i) as i32), i)),
        factors: vec![Some(0.5)],
        spread: 0.0,
    });
    let stages: Vec<Expected> = stages.collect();
    let judged = stages.iter().map(|s| s.gradient).collect();
    let forecast = Forecast { stages, left_out: vec![name.into()], normalized: false, judged };
    let finding = |code, condition, follows_from| Finding {
        code,
        condition,
        severity: Severity::Sick,
        summary: format!("something about {name}"),
        layers: (0..depth).map(|i| format!("{name}_{i}")).collect(),
        evidence: vec![Evidence::new(
            format!("of {name}"),
            numbers.of(-138.0, 1),
            format!("above <−40> {name}"),
        )],
        causes: vec![Cause::Initializer, Cause::Activation],
        prescriptions: vec![
            Prescription::trial(Edit::Activation(name.into())),
            Prescription::advice(format!("think of {name}")),
        ],
        follows_from,
    };
    let samples: Vec<Sample> = (0..steps).map(|s| sample(depth, s, numbers)).collect();
    let at = |v: f64| numbers.of(v, 1);
    Diagnosis {
        verdict: Verdict::Sick,
        findings: vec![
            finding("SG101", "vanishing_gradient", None),
            finding("SG107", "dead_units", Some("SG101")),
        ],
        forecast,
        setup: Setup {
            inputs: vec![Spread { features: 2, mean: at(0.0), ..Spread::default() }],
            parts: vec![Part { path: name.into(), initializer: name.into(), ..Part::default() }],
            loss: name.into(),
            head: name.into(),
            optimizer: name.into(),
            ..Setup::default()
        },
        start: Chart {
            layers: layers.clone(),
            samples: vec![sample(depth, 0, numbers)],
            first_non_finite: None,
        },
        chart: Chart { layers, samples, first_non_finite: None },
        curves: Curves {
            loss: vec![at(1.0), at(0.5)],
            val_loss: vec![1.0, at(0.7)],
            metric_name: format!("metric {name}"),
            metric: vec![0.5, 0.6],
            val_metric: vec![at(0.4), 0.5],
            modes: None,
        },
        steps,
        seconds: 0.5,
    }
}

/// A diagnosis of nothing.
pub fn nothing() -> Diagnosis {
    Diagnosis {
        verdict: Verdict::Unsure,
        findings: vec![],
        forecast: Forecast { stages: vec![], left_out: vec![], normalized: false, judged: vec![] },
        setup: Setup::default(),
        start: Chart::default(),
        chart: Chart::default(),
        curves: Curves::default(),
        steps: 0,
        seconds: 0.0,
    }
}

/// Two arms over three seeds.
pub fn trials(name: &str, numbers: Numbers) -> Trials {
    let outcome = |seed: u64, top: f64| Outcome {
        seed,
        curve: (0..9).map(|e| numbers.of(top * f64::from(e) / 9.0, e as usize)).collect(),
        loss: (0..9).map(|e| numbers.of(1.0 / f64::from(e + 1), e as usize)).collect(),
        seconds: 0.1,
        cut: false,
    };
    let arm = |name: String, top: f64| Arm {
        name,
        outcomes: (0..3).map(|s| outcome(s, top + s as f64 / 100.0)).collect(),
    };
    Trials {
        measure: Measure { name: "val_accuracy".into(), up: true },
        arms: vec![arm("as it is".into(), 0.5), arm(format!("with {name}"), 0.9)],
        seconds: 1.0,
    }
}

/// A cure that helped.
pub fn cure(name: &str, numbers: Numbers) -> Cure {
    Cure {
        diagnosis: diagnosis(5, 8, name, numbers),
        tried: Some(trials(name, numbers)),
        edits: vec![Edit::Activation(name.into())],
        proof: Some(trials(name, numbers)),
        cured: steadygrad_lab::Experiment::parse(steadygrad_lab::DEFAULT).ok(),
        after: Some(diagnosis(5, 8, "after", Numbers::Plain)),
    }
}

/// A grid of these numbers of values for its keys, over three seeds; its names have this in them.
pub fn grid(values: &[usize], name: &str, numbers: Numbers) -> Grid {
    let many: usize = values.iter().product();
    let setting = |i: usize| {
        let mut rest = i;
        let mut own: Vec<Value> = Vec::new();
        for n in values.iter().rev() {
            own.push(format!("{name} {}", rest % n).into());
            rest /= n;
        }
        own.reverse();
        let x = |v: f64| numbers.of(v, i + 1);
        let level = |k: usize| Level {
            layer: format!("{name}_{k}"),
            gradient: Some(numbers.of(-(20.0 - k as f64) * i as f64, k)),
            expected_gradient: (k > 3).then(|| x(-3.0)),
            signal: Some(x(-12.0)),
            expected_signal: None,
        };
        let outcome = |seed: u64| Outcome {
            seed,
            curve: (0..6).map(|e| numbers.of(0.1 * e as f64, e + i)).collect(),
            loss: (0..6).map(|e| numbers.of(2.0 / (e + i + 1) as f64, e)).collect(),
            seconds: 0.1,
            cut: false,
        };
        let (gradient, signal) = (x(-20.0 * i as f64), x(-5.0));
        let (dead, alive, kernel) = (x(0.1), 8.0, 0.01);
        let flow = Flow { gradient, signal, dead, alive, saturated: 0.0, kernel, loss: 2.3, finite: true };
        Setting {
            values: own,
            arm: Arm { name: format!("{name} {i}"), outcomes: (0..3).map(outcome).collect() },
            flow,
            profile: Profile { levels: (0..20).map(level).collect(), normalized: false },
        }
    };
    Grid {
        keys: (0..values.len()).map(|k| format!("let.{name}{k}")).collect(),
        measure: Measure { name: "val_accuracy".into(), up: true },
        settings: (0..many).map(setting).collect(),
        seconds: 1.0,
    }
}
