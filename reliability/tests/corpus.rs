//! What is broken on purpose gets the answer it must get.
#![allow(clippy::print_stdout)] // how many they are is told

use steadygrad_reliability::memory::Counted;
use steadygrad_reliability::{corpus, panics};

#[global_allocator]
static COUNTED: Counted = Counted;

/// One test alone, as memory is counted for the whole process.
#[test]
fn every_broken_file_gets_its_answer() {
    panics::note();
    let cases = corpus::cases();
    let told: Vec<String> = cases
        .iter()
        .flat_map(|case| {
            case.faults().into_iter().map(move |what| format!("{} {}: {what}", case.reader, case.name))
        })
        .collect();
    let _ = std::panic::take_hook();
    assert!(told.is_empty(), "{}", told.join("\n"));
    println!("reliability: {{\"corpus\":{}}}", cases.len());
}
