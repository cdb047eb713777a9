//! Families of networks that nobody chose: does the doctor accuse what learns, and find what does not?

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail, and tells what it counted")]

mod sweep;

use std::collections::BTreeMap;
use steadygrad_doctor::{Cause, Edit, Severity, Verdict};
use steadygrad_lab::{Diagnosis, Doctor, Experiment};
use sweep::families::{FAMILIES, draw};
use sweep::generator::Net;
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

/// So many networks of every family, one family after the other in turn.
fn drawn(seed: u64, each: usize) -> Vec<Net> {
    let one = |i: usize, k: usize| draw(FAMILIES[k], seed * 1_000_003 + (k * 1000 + i) as u64);
    (0..each).flat_map(|i| (0..FAMILIES.len()).map(move |k| one(i, k))).collect()
}

/// Prints what was found out, and counts it: at the start, and after three epochs.
fn table(rows: &[Row]) -> [Count; 2] {
    let mut table: BTreeMap<&str, [Count; 2]> = BTreeMap::new();
    let mut all = [Count::default(); 2];
    let (mut between, mut hard) = (0, 0);
    for row in rows {
        between += usize::from(row.truth == Truth::Between);
        hard += usize::from(row.truth == Truth::Fails && row.reference != Truth::Learns);
        let skills: Vec<String> = row.skills.iter().map(|s| format!("{s:.2}")).collect();
        let skills = skills.join(" ");
        for (i, sum) in all.iter_mut().enumerate() {
            let count = Count::of(row, i);
            table.entry(row.net.family).or_default()[i].add(count);
            sum.add(count);
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
    println!("\n{} networks, {between} in between and {hard} too hard are left out", rows.len());
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

/// Trains each of these networks many times, so it takes minutes.
fn sweep(seed: u64) -> [Count; 2] {
    let (nets, known) = (drawn(seed, 60), Known::open());
    println!("seed {seed}:");
    table(&parallel(&nets, |net| row(net, &known)))
}

#[test]
#[ignore = "trains thousands of networks: cargo test --release -p steadygrad-lab --test families -- --ignored --nocapture"]
fn the_doctor_is_right_on_families_of_networks() {
    // The rules were made while looking at the first seed; the second was held out.
    for seed in [1, 2] {
        let [start, watched] = sweep(seed);
        assert!(100 * start.accused <= 2 * start.healthy, "more than 2 % accused at the start");
        assert!(100 * watched.accused <= watched.healthy, "more than 1 % accused after three epochs");
        // A rate that is too low is told, and is no illness: those count as missed here.
        assert!(4 * watched.missed <= watched.sick, "more than a quarter missed after three epochs");
    }
}

/// Networks of the short sweep: always the same, so that what it finds does not depend on the machine.
const SHORT: usize = 40;

#[test]
fn no_network_that_learns_is_accused() {
    let known = Known::open();
    // What takes long is left to the long sweep; and so are heads that are wrong by formula, of which some learn all the same.
    let short =
        |net: &Net| net.depth * net.width.pow(2) < 6000 && net.set.name != "digits" && net.family != "head";
    let nets: Vec<Net> = drawn(3, 20).into_iter().filter(short).take(SHORT).collect();
    let [start, watched] = table(&parallel(&nets, |net| row(net, &known)));
    assert_eq!(watched.accused, 0);
    assert!(start.accused <= 1, "{} accused at the start", start.accused);
}
