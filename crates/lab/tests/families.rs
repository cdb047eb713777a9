//! Families of networks that nobody chose: does the doctor accuse what learns, and find what does not?

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail, and tells what it counted")]

mod sweep;

use std::collections::BTreeMap;
use steadygrad_doctor::{Cause, Edit, Severity, Verdict};
use steadygrad_lab::{Diagnosis, Examination, Experiment, examine};
use sweep::generator::{FAMILIES, Net, draw};
use sweep::truth::{Known, Truth, parallel, truth};

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
    let changed = match cause {
        Cause::Initializer => experiment.edited(&[Edit::Initializers]).ok()?,
        _ => Experiment::parse(&net.without(cause)?.text()).ok()?,
    };
    let text = changed.to_toml().ok()?;
    let skills = known.skills(&changed, &text, 2);
    Some(skills.iter().any(|s| *s >= sweep::truth::LEARNT))
}

fn row(net: &Net, known: &Known) -> Row {
    let text = net.text();
    let experiment = Experiment::parse(&text).unwrap();
    let reference = net.reference().text();
    let reference = truth(&known.skills(&Experiment::parse(&reference).unwrap(), &reference, 2));
    let skills = known.skills(&experiment, &text, 3);
    let truth = truth(&skills);
    let mut row =
        Row { net: net.clone(), truth, reference, skills, said: [None, None], cause: [None, None] };
    if truth == Truth::Between || truth == Truth::Fails && reference != Truth::Learns {
        return row;
    }
    for (i, epochs) in [0, 3].into_iter().enumerate() {
        let how = Examination { epochs, ..Examination::default() };
        let diagnosis = examine(&experiment, &how).unwrap();
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
    println!("epochs  family        learn  accused |  fail  missed (unsure, warned) | cause named  tried  right");
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
