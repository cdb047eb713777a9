//! The mean of the activations, which every unit of the next layer sees as one more bias.

use crate::Story;
use crate::table::{Table, conclude, headline, percent};
use steadygrad::chart::Chart;
use steadygrad::extend::{Initializer, Layer};
use steadygrad::prelude::*;

/// Mean and root mean square of the outputs of every hidden layer.
fn means(
    story: &Story,
    depth: usize,
    initializer: impl Initializer + Clone,
    activation: impl Layer + Clone,
) -> Result<Vec<(f64, f64)>> {
    let mut model = story.model();
    for _ in 0..depth {
        let dense = Dense::new(100).kernel_initializer(initializer.clone());
        model = model.add(dense.activation(activation.clone()));
    }
    let mut learner = story.learner(model, Sgd::new(0.05))?;
    let Chart { layers, samples, .. } = learner.watch_on_batch(&story.train.take(0..2_000))?;
    let seen =
        layers.iter().zip(&samples[0].layers).filter(|(layer, _)| layer.role == "activation").take(depth);
    Ok(seen.filter_map(|(_, seen)| seen.signal).map(|s| (s.mean, s.rms)).collect())
}

/// Four activations, layer by layer.
pub fn tell(story: &Story) -> Result<()> {
    let depth = story.pick(12, 6);
    headline(
        "2  The mean of the activations",
        "Before any training. “mean”: of all outputs of the layer. “share”: mean² / mean square, the part of the signal that is \
         the same for all samples and units, and says nothing.",
    );
    let all = [
        ("Glorot + sigmoid", means(story, depth, GlorotNormal, Sigmoid)?),
        ("He + ReLU", means(story, depth, HeNormal, Relu)?),
        ("He + ELU", means(story, depth, HeNormal, Elu)?),
        ("LeCun + SELU", means(story, depth, LecunNormal, Selu)?),
    ];
    let share = |(mean, rms): (f64, f64)| mean * mean / (rms * rms);
    let titles = ["layer"].into_iter().chain(all.iter().flat_map(|_| ["mean", "share"]));
    let groups = all.iter().map(|(name, _)| (name.to_string(), 2));
    let mut table = Table::new(titles).groups([(String::new(), 1)].into_iter().chain(groups).collect());
    for n in 0..depth {
        let cells = all.iter().flat_map(|(_, seen)| [format!("{:.2}", seen[n].0), percent(share(seen[n]))]);
        table.row([(n + 1).to_string()].into_iter().chain(cells).collect());
    }
    print!("{table}");
    let mut shares: Vec<(&str, f64)> = all
        .iter()
        .map(|(name, seen)| (*name, seen.iter().map(|s| share(*s)).sum::<f64>() / depth as f64))
        .collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1));
    let told: Vec<String> = shares.iter().map(|(name, s)| format!("{name} {}", percent(*s))).collect();
    conclude(&format!(
        "The share of the mean in the signal, on average over the layers: {}.",
        told.join(", ")
    ));
    Ok(())
}
