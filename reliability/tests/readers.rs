//! A short look at every reader with mutated inputs, each in a process of its own: it may die, and the others are read all the same.
#![allow(clippy::unwrap_used)]

use steadygrad_reliability::readers::{READERS, Reader};
use steadygrad_reliability::run::input;
use steadygrad_reliability::supervise::{Plan, supervise};

/// Inputs for each reader: those of models and experiments put networks together, which takes its time without optimization.
fn inputs(reader: &Reader) -> u64 {
    match reader.name {
        "experiment_toml" | "experiment_json" | "keras" | "h5" | "checkpoint" | "chart" => 1000,
        "keras_json" | "run_form" | "weights_h5" => 2000,
        _ => 6000,
    }
}

#[test]
fn no_reader_panics_hangs_or_takes_memory() {
    let folder = tempfile::tempdir().unwrap();
    let mut faults = Vec::new();
    for reader in &READERS {
        let plan = Plan {
            program: env!("CARGO_BIN_EXE_steadygrad-reliability").into(),
            seed: 20_260_101,
            inputs: inputs(reader),
            seconds: 600.0,
            folder: folder.path().into(),
            progress: false,
        };
        let tally = supervise(reader, &plan).unwrap();
        assert_eq!(tally.inputs, inputs(reader), "{}", reader.name);
        // A mutator that leaves everything whole, or nothing, would test little.
        assert!(tally.accepted > 0 && tally.refused > tally.inputs / 5, "{}: {tally:?}", reader.name);
        if tally.found() > 0 {
            faults.push(tally.to_json(reader.name, plan.seed).to_string());
        }
    }
    if !faults.is_empty() {
        let kept = folder.keep();
        panic!("{}\ninputs: {}", faults.join("\n"), kept.display());
    }
}

#[test]
fn seeds_are_read_and_inputs_are_the_same_each_time() {
    for reader in &READERS {
        let seeds = (reader.seeds)();
        for (i, seed) in seeds.iter().enumerate() {
            let outcome = reader.outcome(seed);
            assert!(outcome.result.is_ok(), "{} {i}: {:?}", reader.name, outcome.result);
        }
        let again = (reader.seeds)();
        for number in [0, 1, 7, 99] {
            assert_eq!(input(reader, &seeds, 3, number), input(reader, &again, 3, number), "{}", reader.name);
        }
    }
}
