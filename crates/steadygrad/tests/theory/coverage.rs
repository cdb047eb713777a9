//! Every fact is tested, or stands in a list with the reason why not.

use serde_json::Value as Json;
use std::path::Path;

/// Facts by the beginning of their name, and where their test is: file and function.
#[rustfmt::skip]
const TESTED: &[(&str, &str, &str)] = &[
    ("act.moments.", "theory/formulas.rs", "act_moments"),
    ("act.landmarks.", "theory/formulas.rs", "act_landmarks"),
    ("gain.", "theory/formulas.rs", "gains"),
    ("sigmoid.max_derivative", "theory/formulas.rs", "the_slope_of_sigmoid_is_at_most_a_quarter"),
    ("selu.constants", "theory/formulas.rs", "selu_constants_and_jacobian"),
    ("selu.jacobian", "theory/formulas.rs", "selu_constants_and_jacobian"),
    ("selu.theorem1", "theory/formulas.rs", "selu_theorem1"),
    ("selu.alpha_dropout.", "theory/formulas.rs", "selu_alpha_dropout"),
    ("selu.gradient_growth", "theory/networks.rs", "selu_keeps_the_signal_and_its_gradient_grows"),
    ("selu.geron_1000", "theory/networks.rs", "a_thousand_layers_of_selu"),
    ("init.", "theory/formulas.rs", "init_formulas"),
    ("he.vgg_1.7e4", "theory/formulas.rs", "he_vgg"),
    ("he.vgg_1.7e4", "theory/convolutions.rs", "weights_of_deviation_0_01_lose_the_gradient_of_a_vgg"),
    ("conv.he", "theory/convolutions.rs", "convolutions_with_he_keep_the_size_of_the_signal"),
    ("bn.relu_rate", "theory/convolutions.rs", "batch_normalized_convolutions_grow_by_the_rate_of_relu"),
    ("he.widths", "theory/networks.rs", "he_with_unequal_widths_keeps_the_signal_and_not_the_gradient"),
    ("relu.glorot_halves", "theory/networks.rs", "relu_with_glorot_halves_and_with_he_keeps"),
    ("relu.cmap", "theory/networks.rs", "relu_makes_all_inputs_alike"),
    ("tanh.glorot_powerlaw", "theory/mean_field.rs", "tanh_with_glorot_decays_like_one_over_twice_the_depth"),
    ("tanh.glorot_grad50", "theory/networks.rs", "tanh_with_glorot_decays_slowly"),
    ("sigmoid.glorot", "theory/networks.rs", "sigmoid_with_glorot_vanishes"),
    ("sigmoid.N01.100", "theory/networks.rs", "sigmoid_with_standard_normal_weights_saturates"),
    ("glorot.tanh5.", "theory/networks.rs", "glorots_five_layers_of_tanh"),
    ("hanin.", "theory/networks.rs", "finite_width_spreads_the_size_of_relu_networks"),
    ("mf.tanh.sb0.05", "theory/mean_field.rs", "tanh_at_small_biases"),
    ("mf.critical_tanh", "theory/mean_field.rs", "the_critical_line_of_tanh"),
    ("mf.tanh.mc", "theory/models.rs", "tanh_with_biases_goes_where_the_theory_says"),
    ("dip.trainability", "theory/mean_field.rs", "depth_that_can_be_trained"),
    ("pdlt.gelu", "theory/mean_field.rs", "gelu_has_a_half_stable_point"),
    ("jac.spectra", "theory/matrices.rs", "spectra_of_jacobians"),
    ("jac.edge", "theory/matrices.rs", "the_largest_singular_value"),
    ("bn.backward", "theory_engine.rs", "bn_backward"),
    ("bn.relu_rate", "theory_engine.rs", "bn_relu_rate"),
    ("bn.linear_batch", "theory_engine.rs", "bn_linear_batch"),
    ("bn.trainable_depth", "theory_engine.rs", "bn_trainable_depth"),
    ("bn.rate.", "theory_engine.rs", "bn_rate_of_other_activations"),
    ("ln.relu", "theory_engine.rs", "ln_relu"),
    ("res.growth", "theory/models.rs", "residual_networks_grow"),
    ("fixup.rule", "theory/models.rs", "fixup_starts_as_the_identity"),
    ("dropout.growth", "theory/models.rs", "dropout_lets_the_signal_grow"),
    ("rnn.pascanu", "theory/matrices.rs", "gradients_through_time"),
    ("rnn.pascanu", "theory/models.rs", "gradients_are_clipped_by_their_common_norm"),
    ("ce.initial", "theory/models.rs", "the_first_loss_of_a_classifier"),
    ("saxe.dynamics", "theory/models.rs", "modes_of_a_linear_network_rise_one_after_the_other"),
    ("lsuv", "../../lab/tests/lsuv.rs", "every_layer_ends_at_deviation_1"),
    ("e2e.bn.mnist", "theory/digits.rs", "batch_normalization_learns_faster"),
    ("e2e.he.22_30", "theory/digits.rs", "thirty_layers_converge_with_he_and_stall_with_glorot"),
];

/// Facts without a test, and why.
const LISTED: &[(&str, &str)] = &[
    ("e2e.fmnist.selu100", "needs Fashion-MNIST, which is not here"),
    ("e2e.fmnist.relu100", "needs Fashion-MNIST, which is not here"),
    ("e2e.fmnist.optim", "needs Fashion-MNIST, which is not here"),
    ("e2e.cifar10.20x100", "needs CIFAR-10, which is not here"),
    (
        "e2e.glorot.table1",
        "needs Shapeset and the whole of MNIST, and learning rates tuned for each; 10,000 digits do not tell 1.64 % from 1.76 %",
    ),
    (
        "e2e.gelu.mnist",
        "a median over runs of 50 epochs of 8×128 on the whole of MNIST: minutes, for an ordering within noise",
    ),
];

fn tests_of(id: &str) -> Vec<(&'static str, &'static str)> {
    let mine =
        TESTED.iter().filter(|(start, ..)| id == *start || start.ends_with('.') && id.starts_with(start));
    mine.map(|(_, file, function)| (*file, *function)).collect()
}

#[test]
fn every_fact_is_tested_or_listed_with_a_reason() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (start, file, function) in TESTED {
        let source = std::fs::read_to_string(here.join("tests").join(file)).unwrap();
        assert!(
            source.contains(&format!("#[test]\nfn {function}()")),
            "{start}: no test {function} in {file}"
        );
    }
    let Ok(text) = std::fs::read_to_string(here.join("../../../shared/reference/theory-facts.json")) else {
        println!("skipped: the reference numbers are not beside this repository");
        return;
    };
    let facts: Vec<Json> = serde_json::from_str(&text).unwrap();
    let ids: Vec<&str> = facts.iter().map(|f| f["id"].as_str().unwrap()).collect();
    for id in &ids {
        let listed = LISTED.iter().filter(|(l, _)| l == id).count();
        let tested = tests_of(id).len();
        assert!(listed + tested > 0, "{id} is neither tested nor listed");
        assert!(listed == 0 || tested == 0, "{id} is both tested and listed");
    }
    for (id, _) in LISTED {
        assert!(ids.contains(id), "{id} is listed and is no fact");
    }
    for (start, ..) in TESTED {
        assert!(ids.iter().any(|id| !tests_of(id).is_empty() && id.starts_with(start)), "{start} is no fact");
    }
    let tested = ids.iter().filter(|id| !tests_of(id).is_empty()).count();
    println!("theory: {tested} of {} facts are tested, {} are listed", ids.len(), LISTED.len());
}
