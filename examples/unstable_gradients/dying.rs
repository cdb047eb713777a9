//! Units that are 0 for every sample: they get no gradient, and never come back.

use super::Story;
use super::table::{Progress, Table, accuracy, conclude, headline, percent};
use steadygrad::extend::{Initializer, Layer};
use steadygrad::prelude::*;

/// What became of one network.
struct Outcome {
    name: &'static str,
    rate: f64,
    accuracy: Option<f64>,
    /// The fraction of dead units, layer by layer; none where nothing is a number.
    dead: Option<Vec<f64>>,
}

impl Outcome {
    fn all_dead(&self) -> f64 {
        self.dead.as_ref().map_or(f64::NAN, |dead| dead.iter().sum::<f64>() / dead.len() as f64)
    }
}

const DEPTH: usize = 5;

fn train(
    story: &Story,
    name: &'static str,
    rate: f64,
    initializer: impl Initializer + Clone,
    activation: impl Layer + Clone,
) -> Result<Outcome> {
    let mut model = story.model();
    for _ in 0..DEPTH {
        let dense = Dense::new(100).kernel_initializer(initializer.clone());
        model = model.add(dense.activation(activation.clone()));
    }
    let mut learner = story.learner(model, rate)?;
    let fit = Fit::epochs(story.pick(5, 2)).validation(&story.valid);
    let history = learner.fit(&story.train, fit)?;
    // A look at all samples at once: dead is what is 0 for each of them.
    let chart = learner.watch_on_batch(&story.train)?;
    let seen = chart.layers.iter().zip(&chart.samples[0].layers);
    let hidden = seen.filter(|(layer, _)| layer.class == "Dense").take(DEPTH);
    let sound = chart.first_non_finite.is_none();
    Ok(Outcome {
        name,
        rate,
        accuracy: history.last("val_accuracy").filter(|_| sound),
        dead: sound.then(|| hidden.filter_map(|(_, seen)| seen.dead).collect()),
    })
}

/// Rectifiers and their kin under a high learning rate.
pub fn tell(story: &Story) -> Result<()> {
    let high = std::env::var("RATE").ok().and_then(|r| r.parse().ok()).unwrap_or(0.5);
    headline("3  Dying units", "");
    let mut progress = Progress::new(8);
    let mut next = |name| {
        progress.next(name);
        name
    };
    let outcomes = [
        train(story, next("ReLU (He)"), 0.05, HeNormal, Relu)?,
        train(story, next("ReLU (He)"), high, HeNormal, Relu)?,
        train(story, next("Leaky ReLU (He)"), high, HeNormal, LeakyRelu)?,
        train(story, next("PReLU (He)"), high, HeNormal, PRelu::new())?,
        train(story, next("ELU (He)"), high, HeNormal, Elu)?,
        train(story, next("SELU (LeCun)"), high, LecunNormal, Selu)?,
        train(story, next("GELU (He)"), high, HeNormal, Gelu)?,
        train(story, next("Swish (He)"), high, HeNormal, Silu)?,
    ];
    drop(progress);
    let titles = ["activation", "rate", "accuracy", "dead 1", "2", "3", "4", "5", "all"];
    let mut table = Table::new(titles);
    for o in &outcomes {
        let mut row = vec![o.name.to_string(), o.rate.to_string(), accuracy(o.accuracy)];
        match &o.dead {
            Some(dead) => row.extend(dead.iter().map(|&d| percent(d))),
            None => row.extend(vec!["–".to_string(); DEPTH]),
        }
        row.push(percent(o.all_dead()));
        table.row(row);
    }
    print!("{table}");
    conclude("");
    Ok(())
}
