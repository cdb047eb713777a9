//! Families of networks that nobody chose: does the doctor accuse what learns, and find what does not?

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail, and tells what it counted")]

mod sweep;

use std::collections::BTreeMap;
use steadygrad_doctor::{Cause, Edit, Severity, Verdict};
use steadygrad_lab::{Diagnosis, Doctor, Experiment};
use sweep::generator::{FAMILIES, Net, draw};
use sweep::truth::{Known, Truth, parallel, truth};

/// Of what the sound network reaches, what a healthy one has at least: less is neither here nor there.
const FAIR: f64 = 0.6;

/// What was found out about one network.
struct Row {
    net: Net,
    truth: Truth,
    /// What a sound network reaches with the same data and patience.
    reference: Truth,
    skills: Vec<f64>,
    /// At the start alone, and after three epochs.
    said: [Option<Diagnosis>; 2],
    /// Whether undoing the first cause of the first finding makes it learn.
    cause: [Option<bool>; 2],
}

/// Whether undoing this cause makes a network learn, by training it; nothing where it cannot be undone alone.
fn undone(net: &Net, experiment: &Experiment, cause: Cause, known: &Known) -> Option<bool> {
    let changed: Vec<Experiment> = match cause {
        Cause::Initializer => experiment.edited(&[Edit::Initializers]).into_iter().collect(),
        _ => net.without(cause).iter().filter_map(|n| Experiment::parse(&n.text()).ok()).collect(),
    };
    let learns = |e: &Experiment| {
        let text = e.to_toml().unwrap();
        known.skills(e, &text, 2).iter().any(|s| *s >= sweep::truth::LEARNT)
    };
    (!changed.is_empty()).then(|| changed.iter().any(learns))
}

fn row(net: &Net, known: &Known) -> Row {
    let text = net.text();
    let experiment = Experiment::parse(&text).unwrap();
    let reference = net.reference().text();
    let reached = known.skills(&Experiment::parse(&reference).unwrap(), &reference, 2);
    let reference = truth(&reached);
    let skills = known.skills(&experiment, &text, 3);
    let mut truth = truth(&skills);
    let worst = |skills: &[f64]| skills.iter().copied().fold(f64::INFINITY, f64::min);
    if truth == Truth::Learns && worst(&skills) < FAIR * worst(&reached) {
        truth = Truth::Between;
    }
    // What only needs more time is neither healthy nor sick.
    let patient = net.patient();
    if truth == Truth::Fails
        && net.family != "rate"
        && known
            .skills(&Experiment::parse(&patient).unwrap(), &patient, 1)
            .iter()
            .any(|s| *s >= sweep::truth::GUESSED)
    {
        truth = Truth::Between;
    }
    let mut row = Row { net: net.clone(), truth, reference, skills, said: [None, None], cause: [None, None] };
    if truth == Truth::Between || truth == Truth::Fails && reference != Truth::Learns {
        return row;
    }
    for (i, epochs) in [0, 3].into_iter().enumerate() {
        let how = Doctor { epochs, ..Doctor::default() };
        let diagnosis = how.examine(&experiment).unwrap();
        let first = diagnosis.findings.first().filter(|f| f.severity == Severity::Sick);
        if truth == Truth::Fails
            && let Some(&cause) = first.and_then(|f| f.causes.first())
        {
            row.cause[i] = undone(net, &experiment, cause, known);
        }
        row.said[i] = Some(diagnosis);
    }
    row
}

/// Counts of one family in one way of looking.
#[derive(Default, Clone, Copy)]
struct Count {
    healthy: usize,
    accused: usize,
    sick: usize,
    missed: usize,
    unsure: usize,
    warned: usize,
    named: usize,
    tried: usize,
    right: usize,
}

impl Count {
    fn add(&mut self, other: Count) {
        self.healthy += other.healthy;
        self.accused += other.accused;
        self.sick += other.sick;
        self.missed += other.missed;
        self.unsure += other.unsure;
        self.warned += other.warned;
        self.named += other.named;
        self.tried += other.tried;
        self.right += other.right;
    }

    fn of(row: &Row, i: usize) -> Count {
        let mut count = Count::default();
        let Some(said) = &row.said[i] else { return count };
        let accused = said.verdict == Verdict::Sick;
        if row.truth == Truth::Learns {
            (count.healthy, count.accused) = (1, usize::from(accused));
        } else {
            count.sick = 1;
            count.missed = usize::from(!accused);
            count.unsure = usize::from(said.verdict == Verdict::Unsure);
            let warned = said.findings.iter().any(|f| f.severity == Severity::Warning);
            count.warned = usize::from(said.verdict == Verdict::Healthy && warned);
            let first = said.findings.first().filter(|_| accused);
            count.named = usize::from(first.is_some_and(|f| !f.causes.is_empty()));
            count.tried = usize::from(row.cause[i].is_some());
            count.right = usize::from(row.cause[i] == Some(true));
        }
        count
    }
}

fn told(said: &Diagnosis) -> String {
    let one = |f: &steadygrad_doctor::Finding| {
        let causes: Vec<String> = f.causes.iter().map(ToString::to_string).collect();
        format!("{}:{} ({})", f.severity, f.condition, causes.join(","))
    };
    let worth = said.findings.iter().filter(|f| f.severity > Severity::Note);
    format!("{} {}", said.verdict, worth.map(one).collect::<Vec<_>>().join("; "))
}

fn sweep(seed: u64, each: usize, families: &[&'static str]) -> [Count; 2] {
    let nets: Vec<Net> = families
        .iter()
        .enumerate()
        .flat_map(|(k, family)| {
            (0..each).map(move |i| draw(family, seed * 1_000_003 + (k * 1000 + i) as u64))
        })
        .filter(|net| net.name().contains(&std::env::var("SWEEP_MATCH").unwrap_or_default()))
        .collect();
    let known = Known::open();
    let rows = parallel(&nets, |net| row(net, &known));
    let mut table: BTreeMap<&str, [Count; 2]> = BTreeMap::new();
    let mut all = [Count::default(); 2];
    let (mut between, mut hard) = (0, 0);
    for row in &rows {
        between += usize::from(row.truth == Truth::Between);
        hard += usize::from(row.truth == Truth::Fails && row.reference != Truth::Learns);
        let skills: Vec<String> = row.skills.iter().map(|s| format!("{s:.2}")).collect();
        let skills = skills.join(" ");
        if std::env::var("SWEEP_FEATURES").is_ok() && row.said[1].is_some() {
            println!(
                "FEAT\t{}\t{}\t{}\t{}\t{:?}\t{skills}\t{}",
                row.net.family,
                row.net.name(),
                row.net.optimizer,
                row.net.rate,
                row.truth,
                features(row)
            );
        }
        for i in 0..2 {
            let count = Count::of(row, i);
            table.entry(row.net.family).or_default()[i].add(count);
            all[i].add(count);
            let Some(said) = &row.said[i] else { continue };
            let what = match () {
                () if count.accused > 0 => "ALARM",
                () if count.missed > 0 => "MISS ",
                () if row.cause[i] == Some(false) => "CAUSE",
                () => continue,
            };
            let (family, name) = (row.net.family, row.net.name());
            println!("{what} {} {family:<11} {name} [{skills}]: {}", 3 * i, told(said));
        }
    }
    println!("\nseed {seed}: {} networks, {between} in between and {hard} too hard are left out", rows.len());
    println!(
        "epochs  family        learn  accused |  fail  missed (unsure, warned) | cause named  tried  right"
    );
    let line = |name: &str, counts: &[Count; 2]| {
        for (i, c) in counts.iter().enumerate() {
            println!(
                "{:>6}  {name:<12} {:>6} {:>8} | {:>5} {:>7} {:>8} {:>7}  | {:>10} {:>6} {:>6}",
                3 * i,
                c.healthy,
                c.accused,
                c.sick,
                c.missed,
                c.unsure,
                c.warned,
                c.named,
                c.tried,
                c.right
            );
        }
    };
    table.iter().for_each(|(name, counts)| line(name, counts));
    line("all", &all);
    all
}

#[test]
#[ignore = "trains thousands of networks: cargo test --release -p steadygrad-lab --test families -- --ignored --nocapture"]
fn the_doctor_is_right_on_families_of_networks() {
    let number = |name: &str, or: u64| std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(or);
    let family = std::env::var("SWEEP_FAMILY").unwrap_or_default();
    let families: Vec<&'static str> = FAMILIES.into_iter().filter(|f| f.contains(family.as_str())).collect();
    sweep(number("SWEEP_SEED", 1), number("SWEEP_EACH", 30) as usize, &families);
}

fn features(row: &Row) -> String {
    use steadygrad_doctor::Flow;
    let d = row.said[1].as_ref().unwrap();
    let look = |c: &steadygrad_chart::Chart, s: &steadygrad_chart::Sample| {
        let f = Flow::of(c, s);
        let lin: Vec<usize> = (0..c.layers.len()).filter(|&i| c.layers[i].role == "linear").collect();
        let hid: Vec<usize> =
            (0..*lin.last().unwrap()).filter(|&i| c.layers[i].role == "activation").collect();
        let sig = |i: usize| s.layers[i].signal.unwrap();
        let last = hid.last().map(|&i| sig(i));
        let g = |i: usize| s.layers[i].gradients.first().copied().unwrap_or(f64::NAN);
        let u = |i: usize| s.layers[i].updates.first().copied().unwrap_or(f64::NAN);
        let logit = sig(*lin.last().unwrap());
        format!(
            "{:.1}\t{:.1}\t{:.2e}\t{:.2e}\t{:.2e}\t{:.2e}\t{:.2e}\t{:.2e}\t{:.2}\t{:.2e}\t{:.4}",
            f.gradient,
            f.signal,
            last.map_or(f64::NAN, |l| l.deviation / l.rms),
            last.map_or(f64::NAN, |l| l.deviation),
            g(lin[0]),
            g(*lin.last().unwrap()),
            u(lin[0]),
            u(*lin.last().unwrap()),
            f.dead,
            logit.deviation,
            f.loss
        )
    };
    let start = look(&d.start, &d.start.samples[0]);
    let end = d.chart.samples.last().map(|s| look(&d.chart, s)).unwrap_or_default();
    format!(
        "{start}\t|\t{end}\t|\t{:?}\t{}\t{:?}\t{:?}\t{}\t{}\t{}",
        d.forecast.decibels(),
        d.forecast.outlook(),
        d.curves.loss,
        d.curves.val_loss,
        d.steps,
        told(row.said[0].as_ref().unwrap()),
        told(d)
    )
}

#[test]
#[ignore = "scratch"]
fn scratch_known() {
    let folder = std::env::var("SWEEP_FILES").unwrap();
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|f| f.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "json") && p.to_string_lossy().contains("Circle"))
        .collect();
    files.sort();
    for file in files {
        let experiment = Experiment::load(&file).unwrap();
        let d = |epochs| Doctor { epochs, ..Doctor::default() }.examine(&experiment).unwrap();
        let row = Row {
            net: draw("bench", 1),
            truth: Truth::Fails,
            reference: Truth::Learns,
            skills: vec![],
            said: [Some(d(0)), Some(d(3))],
            cause: [None, None],
        };
        println!(
            "FEAT\tknown\t{}\tAdam\t0.001\tknown\t\t{}",
            file.file_stem().unwrap().to_string_lossy(),
            features(&row)
        );
    }
}
