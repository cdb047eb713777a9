//! Units that are 0 for every sample: they get no gradient, and never come back.

use crate::Story;
use crate::table::{Progress, Table, accuracy, conclude, count, headline, percent};
use steadygrad::extend::{Initializer, Layer};
use steadygrad::prelude::*;

/// The usual rate for Adam, one that is too high, and one far too high.
const RATES: [f64; 3] = [0.001, 0.01, 0.03];
const DEPTH: usize = 5;

/// What became of one network.
struct Outcome {
    /// Of validation; none where it diverged.
    accuracy: Option<f64>,
    /// The fraction of dead units, layer by layer.
    dead: Vec<f64>,
}

impl Outcome {
    fn all_dead(&self) -> f64 {
        self.dead.iter().sum::<f64>() / self.dead.len() as f64
    }
}

/// An activation, and what became of it at every rate.
struct Member {
    name: &'static str,
    outcomes: Vec<Outcome>,
}

fn train(
    story: &Story,
    progress: &mut Progress,
    name: &'static str,
    initializer: impl Initializer + Clone,
    activation: impl Layer + Clone,
) -> Result<Member> {
    let mut outcomes = Vec::new();
    for rate in RATES {
        progress.next(&format!("{name}, rate {rate}"));
        let mut model = story.model();
        for _ in 0..DEPTH {
            let dense = Dense::new(100).kernel_initializer(initializer.clone());
            model = model.add(dense.activation(activation.clone()));
        }
        let mut learner = story.learner(model, Adam::new(rate))?;
        let fit = Fit::epochs(story.pick(4, 1)).validation(&story.valid);
        let history = learner.fit(&story.train, fit)?;
        // A look at all samples at once: dead is what is 0 for each of them.
        let chart = learner.watch_on_batch(&story.train)?;
        let seen = chart.layers.iter().zip(&chart.samples[0].layers);
        let hidden = seen.filter(|(layer, _)| layer.role == "activation").take(DEPTH);
        let sound = chart.first_non_finite.is_none();
        outcomes.push(Outcome {
            accuracy: history.last("val_accuracy").filter(|_| sound),
            dead: hidden.filter_map(|(_, seen)| seen.dead).collect(),
        });
    }
    Ok(Member { name, outcomes })
}

/// Rectifiers and their kin under high learning rates.
pub fn tell(story: &Story) -> Result<()> {
    headline(
        "3  Dying units",
        &format!(
            "{DEPTH} layers of 100 units, {} of Adam. Dead is a unit that is exactly 0 for each of the {} samples of \
             training: where the slope is 0 too, nothing brings it back. \
             (GELU and Swish round to 0 far below it.)",
            count(story.pick(4, 1), "epoch"),
            story.train.len(),
        ),
    );
    let mut progress = Progress::new(7 * RATES.len());
    let members = [
        train(story, &mut progress, "ReLU (He)", HeNormal, Relu)?,
        train(story, &mut progress, "Leaky ReLU (He)", HeNormal, LeakyRelu)?,
        train(story, &mut progress, "PReLU (He)", HeNormal, PRelu::new())?,
        train(story, &mut progress, "ELU (He)", HeNormal, Elu)?,
        train(story, &mut progress, "SELU (LeCun)", LecunNormal, Selu)?,
        train(story, &mut progress, "GELU (He)", HeNormal, Gelu)?,
        train(story, &mut progress, "Swish (He)", HeNormal, Silu)?,
    ];
    progress.clear();
    by_layer(&members[0]);
    by_rate(&members);
    Ok(())
}

fn by_layer(relu: &Member) {
    let layers = (1..=DEPTH).map(|n| format!("layer {n}"));
    let mut table = Table::new([format!("dead with {}", relu.name)].into_iter().chain(layers));
    for (rate, outcome) in RATES.iter().zip(&relu.outcomes) {
        let cells = outcome.dead.iter().map(|&d| percent(d));
        table.row([format!("rate {rate}")].into_iter().chain(cells).collect());
    }
    print!("{table}");
}

fn by_rate(members: &[Member]) {
    let rates = || RATES.iter().map(|rate| format!("rate {rate}"));
    let groups = [
        (String::new(), 1),
        ("accuracy of validation".into(), RATES.len()),
        ("dead, all layers".into(), RATES.len()),
    ];
    let mut table = Table::new(["activation".to_string()].into_iter().chain(rates()).chain(rates()))
        .groups(groups.into());
    for member in members {
        let accuracies = member.outcomes.iter().map(|o| accuracy(o.accuracy));
        let dead = member.outcomes.iter().map(|o| percent(o.all_dead()));
        table.row([member.name.to_string()].into_iter().chain(accuracies).chain(dead).collect());
    }
    print!("{table}");
    for (i, rate) in RATES.iter().enumerate() {
        let dead =
            members.iter().max_by(|a, b| a.outcomes[i].all_dead().total_cmp(&b.outcomes[i].all_dead()));
        let score = |m: &Member| m.outcomes[i].accuracy.unwrap_or(0.0);
        let best = members.iter().max_by(|a, b| score(a).total_cmp(&score(b)));
        let (Some(dead), Some(best)) = (dead, best) else { continue };
        let without = members.iter().filter(|m| m.outcomes[i].all_dead() == 0.0).count();
        conclude(&format!(
            "Rate {rate}: most units died with {} ({}), none with {without} of {} activations; {} is the most accurate ({}).",
            dead.name,
            percent(dead.outcomes[i].all_dead()),
            members.len(),
            best.name,
            accuracy(best.outcomes[i].accuracy),
        ));
    }
}
