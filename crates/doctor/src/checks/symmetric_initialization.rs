//! All weights of a hidden layer start equal, so all of its units are one.
//!
//! # What it sees
//!
//! A hidden kernel of more than one unit that is drawn by Zeros, Ones or Constant.
//!
//! # Why it matters
//!
//! Units that read the same with the same weights answer the same. If they are read with equal weights too they get the same
//! gradient, and stay equal for ever: the layer is as good as one unit. With weights of 0 no signal comes through at all.
//!
//! # Cause
//!
//! An initializer that is not random.
//!
//! # Cure
//!
//! A random initializer that fits the activation: He, Glorot, LeCun.
//!
//! # Evidence
//!
//! ```text
//! Var[W] = 0 over a hidden kernel with 2 units or more
//! the weights that read it are equal too, or the flow is in trouble:  sick
//! else a warning, as random weights behind the layer tell its units apart after one step
//! ```
//!
//! A network that learns all the same is not sick, as one unit is enough for some tasks: then it is a warning, and before any
//! training the verdict is "unsure" where some gradient arrives.
//!
//! Weights that were loaded are not what the initializer would have made. A last layer of zeros is fine, and so is one at the end of a residual branch.
//!
//! # Reference
//!
//! Goodfellow, Bengio and Courville 2016, section 8.4; Zhang, Dauphin and Ma 2019 (zeros that are fine).

use super::check::{Check, found, suffers};
use crate::case::{Case, Outcome, Part};
use crate::edit::Edit;
use crate::finding::{Cause, Evidence, Prescription, Severity};
use crate::looks::{hidden_parts, is_added};

pub(crate) const CHECK: Check = Check {
    code: "SG202",
    name: "symmetric_initialization",
    source: include_str!("symmetric_initialization.rs"),
    run,
};

fn run(case: &Case<'_>) -> Outcome {
    let equal = |p: &&Part| !case.setup.loaded && p.variance == Some(0.0) && p.units > 1 && p.trainable;
    let chart = case.looked_at();
    let hidden = hidden_parts(case);
    let found_in: Vec<&Part> =
        hidden.into_iter().filter(equal).filter(|p| !is_added(chart, &p.path)).collect();
    if found_in.is_empty() {
        return Outcome::Fine;
    }
    let read_equally = case
        .setup
        .parts
        .windows(2)
        .any(|two| found_in.iter().any(|p| p.path == two[0].path) && two[1].variance == Some(0.0));
    let sick = read_equally || suffers(case);
    let mut finding = CHECK.finding(
        if sick { Severity::Sick } else { Severity::Warning },
        format!("all weights of `{}` start equal ({})", found_in[0].path, found_in[0].initializer),
    );
    finding.layers = found_in.iter().map(|p| p.path.clone()).collect();
    finding.evidence =
        vec![Evidence::new("variance of the weights of a hidden layer at the start", 0.0, "above 0")];
    finding.causes = vec![Cause::Initializer];
    finding.prescriptions = vec![Prescription::trial(Edit::Initializers)];
    found(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Patient;

    #[test]
    fn equal_units_that_are_read_equally_are_sick() {
        let mut patient = Patient::healthy(3);
        assert!(patient.fine(&CHECK));
        patient.setup.parts[1].variance = Some(0.0);
        assert_eq!(patient.told(&CHECK), (Severity::Warning, vec![Cause::Initializer]));
        patient.setup.parts[2].variance = Some(0.0);
        assert_eq!(patient.told(&CHECK), (Severity::Sick, vec![Cause::Initializer]));
        assert_eq!(patient.found(&CHECK).layers, ["dense_1", "dense_2"]);
    }

    #[test]
    fn the_last_layer_a_single_unit_a_frozen_layer_and_a_residual_branch_may_start_at_zero() {
        let mut patient = Patient::healthy(3);
        patient.setup.parts[3].variance = Some(0.0);
        assert!(patient.fine(&CHECK));
        patient.setup.parts[2].variance = Some(0.0);
        patient.setup.loaded = true;
        assert!(patient.fine(&CHECK));
        for change in [|p: &mut Part| p.units = 1, |p: &mut Part| p.trainable = false] {
            let mut patient = Patient::healthy(3);
            patient.setup.parts[1].variance = Some(0.0);
            change(&mut patient.setup.parts[1]);
            assert!(patient.fine(&CHECK));
        }
        let mut patient = Patient::healthy(3);
        patient.setup.parts[1].variance = Some(0.0);
        for chart in patient.draws.iter_mut().chain([&mut patient.chart]) {
            chart.layers[3].role = "merge".into();
        }
        assert!(patient.fine(&CHECK) && Patient::empty().fine(&CHECK));
    }
}
