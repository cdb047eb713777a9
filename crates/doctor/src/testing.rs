//! Cases for tests: a healthy network of dense layers, to be made sick by hand.

use crate::case::{Answer, Case, Curves, Part, Question, Setup, Spread};
use crate::edit::Edit;
use crate::finding::Finding;
use crate::forecast::Forecast;
use crate::{Cause, Outcome, Severity};
use steadygrad_chart::{Chart, Layer, Observation, Sample};
use steadygrad_kernels::statistics::Statistics;

/// All that a case looks at.
#[derive(Debug, Clone)]
pub(crate) struct Patient {
    pub setup: Setup,
    pub forecast: Forecast,
    pub draws: Vec<Chart>,
    pub chart: Chart,
    pub curves: Curves,
    pub answers: Vec<Answer>,
}

/// Standardized values.
pub(crate) fn standard(features: usize) -> Spread {
    Spread {
        finite: true,
        least: -3.0,
        most: 3.0,
        mean: 0.0,
        rms: 1.0,
        widest: 1.0,
        narrowest: 1.0,
        constant: 0,
        features,
        whole: false,
        distinct: 500,
        common: 0.002,
        entropy: 500_f64.ln(),
    }
}

/// Whole numbers below this.
pub(crate) fn labels(classes: usize) -> Spread {
    let most = classes.saturating_sub(1) as f64;
    Spread {
        least: 0.0,
        most,
        mean: most / 2.0,
        whole: true,
        distinct: classes,
        common: 1.0 / classes.max(1) as f64,
        entropy: (classes.max(1) as f64).ln(),
        ..standard(1)
    }
}

fn seen(linear: bool) -> Observation {
    let signal = Statistics { mean: 0.0, rms: 1.0, deviation: 1.0, zero: 0.0, saturated: 0.0, finite: true };
    let numbers = |x: f64| if linear { vec![x] } else { Vec::new() };
    Observation {
        signal: Some(signal),
        delta: Some(0.1),
        passed: vec![Some(0.1)],
        gradients: numbers(0.01),
        updates: numbers(1e-3),
        dead: Some(0.0),
        ..Observation::default()
    }
}

impl Patient {
    /// A network of so many hidden layers with tanh, and a softmax over 3; watched for 60 steps, 3 of 20 epochs.
    pub fn healthy(hidden: usize) -> Patient {
        let (mut layers, mut parts) = (Vec::new(), Vec::new());
        for i in 0..=hidden {
            let path = format!("dense_{i}");
            let layer = Layer {
                path: path.clone(),
                whole: path.clone(),
                class: "Dense".into(),
                size: 8,
                ..Layer::default()
            };
            let before = layers.len().checked_sub(1);
            layers.push(Layer {
                role: "linear".into(),
                inputs: vec![before],
                parameters: vec![format!("{path}/kernel")],
                ..layer.clone()
            });
            let activation = (i < hidden).then(|| "tanh".to_string());
            parts.push(Part {
                path: path.clone(),
                units: if i < hidden { 8 } else { 3 },
                fan_in: 8,
                initializer: "LecunNormal".into(),
                variance: Some(0.125),
                wanted: activation.as_ref().map(|_| 0.125),
                slope: activation.as_ref().map(|_| 1.0),
                activation,
                bias: true,
                trainable: true,
                ..Part::default()
            });
            if i < hidden {
                layers.push(Layer {
                    path: format!("{path}/activation"),
                    role: "activation".into(),
                    inputs: vec![Some(layers.len() - 1)],
                    bounded: true,
                    ..layer
                });
            }
        }
        let look = |step: u64, loss: f64| Sample {
            step,
            loss,
            layers: layers.iter().map(|l| seen(l.role == "linear")).collect(),
            ..Sample::default()
        };
        let start = Chart { samples: vec![look(0, 1.1)], ..Chart::new(layers.clone()) };
        let samples = (0..60).map(|step| look(step, 1.1 - 0.01 * step as f64)).collect();
        let chart = Chart { samples, ..Chart::new(layers) };
        Patient {
            setup: Setup {
                inputs: vec![standard(8)],
                targets: vec![labels(3)],
                correlation: None,
                weighted: false,
                samples: 640,
                validation: 160,
                parts,
                loaded: false,
                momentum: None,
                scaled_inside: false,
                head: "softmax".into(),
                outputs: 3,
                loss: "SparseCategoricalCrossentropy".into(),
                from_logits: false,
                optimizer: "Adam".into(),
                learning_rate: 1e-3,
                clips: false,
                regularized: false,
                noisy: false,
                batch_size: 32,
                epochs: 20,
            },
            forecast: Forecast {
                stages: Vec::new(),
                left_out: Vec::new(),
                normalized: false,
                judged: Vec::new(),
            },
            draws: vec![start; 3],
            chart,
            curves: Curves { loss: vec![1.0, 0.8, 0.6], val_loss: vec![1.0, 0.85, 0.7], ..Curves::default() },
            answers: Vec::new(),
        }
        .forgotten()
    }

    /// The same, with no question answered but that for the whole training, which learns.
    pub fn forgotten(mut self) -> Patient {
        self.answers.clear();
        self.finishes_at(Vec::new(), 0.3);
        self
    }

    /// Never looked at, with nothing known.
    pub fn empty() -> Patient {
        Patient {
            setup: Setup::default(),
            draws: Vec::new(),
            chart: Chart::default(),
            curves: Curves::default(),
            ..Patient::healthy(0)
        }
    }

    /// Every number of every look is this one.
    pub fn all(x: f64) -> Patient {
        let mut patient = Patient::healthy(3);
        patient.each(|_, seen| {
            let finite = x.is_finite();
            seen.signal = Some(Statistics { mean: x, rms: x, deviation: x, zero: x, saturated: x, finite });
            (seen.delta, seen.dead) = (Some(x), Some(x));
            seen.passed = vec![Some(x)];
            for v in seen.gradients.iter_mut().chain(&mut seen.updates) {
                *v = x;
            }
        });
        for sample in patient.draws.iter_mut().chain([&mut patient.chart]).flat_map(|c| &mut c.samples) {
            sample.loss = x;
        }
        patient.curves = Curves {
            loss: vec![x; 9],
            val_loss: vec![x; 9],
            metric: vec![x; 9],
            val_metric: vec![x; 9],
            modes: Some((x, x)),
            ..Curves::default()
        };
        let spread = Spread {
            least: x,
            most: x,
            mean: x,
            rms: x,
            widest: x,
            narrowest: x,
            finite: x.is_finite(),
            ..standard(8)
        };
        (patient.setup.inputs, patient.setup.targets) = (vec![spread], vec![spread]);
        patient.setup.learning_rate = x;
        patient.setup.momentum = Some(x);
        for part in &mut patient.setup.parts {
            (part.variance, part.wanted, part.slope) = (Some(x), Some(x), Some(x));
        }
        patient
    }

    /// Changes what was seen of every layer, at the start and while it trained.
    pub fn each(&mut self, change: impl Fn(&Layer, &mut Observation)) {
        for chart in self.draws.iter_mut().chain([&mut self.chart]) {
            for sample in &mut chart.samples {
                for (layer, seen) in chart.layers.iter().zip(&mut sample.layers) {
                    change(layer, seen);
                }
            }
        }
    }

    /// Changes the signal behind every activation; its number among the activations comes first.
    pub fn signals(&mut self, change: impl Fn(usize, &mut Statistics)) {
        self.each(|layer, seen| {
            let number = layer.whole.trim_start_matches("dense_").parse().unwrap_or(0);
            if let Some(signal) = seen.signal.as_mut().filter(|_| layer.role == "activation") {
                change(number, signal);
            }
        });
    }

    /// The losses of the looks while it trained.
    pub fn losses(&mut self, of_step: impl Fn(u64) -> f64) {
        for sample in &mut self.chart.samples {
            sample.loss = of_step(sample.step);
        }
    }

    /// Whoever asks to train with some edits gets this loss.
    pub fn trains_to(&mut self, edits: Vec<Edit>, loss: f64) {
        let question = Question::Train(edits);
        let curves = Curves::default();
        self.answers.push(Answer { question, flows: Vec::new(), loss: Some(loss), curves });
    }

    /// Nobody answers this question.
    pub fn nobody_answers(&mut self, question: Question) {
        self.answers.retain(|a| a.question != question);
        self.answers.push(Answer { question, flows: Vec::new(), loss: None, curves: Curves::default() });
    }

    /// Whoever asks for the whole training with some edits gets this loss in every epoch.
    pub fn finishes_at(&mut self, edits: Vec<Edit>, loss: f64) {
        self.answers.retain(|a| a.question != Question::Finish(edits.clone()));
        let curves = Curves { loss: vec![loss; self.setup.epochs], ..Curves::default() };
        let question = Question::Finish(edits);
        self.answers.push(Answer { question, flows: Vec::new(), loss: Some(loss), curves });
    }

    pub fn case(&self) -> Case<'_> {
        Case {
            setup: &self.setup,
            forecast: &self.forecast,
            draws: &self.draws,
            chart: &self.chart,
            curves: &self.curves,
            answers: &self.answers,
        }
    }

    /// What this check says.
    pub fn ask(&self, check: &crate::checks::Check) -> Outcome {
        check.run(&self.case())
    }

    /// What it finds, which must be something.
    pub fn found(&self, check: &crate::checks::Check) -> Finding {
        match self.ask(check) {
            Outcome::Found(finding) => *finding,
            other => panic!("{}: {other:?}", check.name),
        }
    }

    /// Severity and causes of what it finds.
    pub fn told(&self, check: &crate::checks::Check) -> (Severity, Vec<Cause>) {
        let finding = self.found(check);
        (finding.severity, finding.causes)
    }

    /// It says nothing.
    pub fn fine(&self, check: &crate::checks::Check) -> bool {
        self.ask(check) == Outcome::Fine
    }
}
