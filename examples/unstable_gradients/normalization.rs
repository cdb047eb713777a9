//! Batch normalization, before and after the activation: rates and initial weights that train, and the gap to new samples.

use crate::Story;
use crate::table::{Progress, Table, accuracy, conclude, count, headline, percent, say};
use steadygrad::prelude::*;

/// Where the normalization stands.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Nowhere,
    Before,
    After,
}

impl Place {
    const ALL: [Place; 3] = [Place::Nowhere, Place::Before, Place::After];

    fn name(self) -> &'static str {
        match self {
            Place::Nowhere => "none",
            Place::Before => "before ReLU",
            Place::After => "after ReLU",
        }
    }

    /// One hidden layer. Its weights are He's, times `scale`; before a normalization a bias would be of no use.
    fn layer(self, model: Sequential, scale: f64) -> Sequential {
        let he = VarianceScaling::new(2.0 * scale * scale, FanMode::FanIn);
        let dense = Dense::new(100).kernel_initializer(he);
        match self {
            Place::Nowhere => model.add(dense.activation(Relu)),
            Place::Before => {
                model.add(dense.use_bias(false)).add(BatchNormalization::new().momentum(0.9)).add(Relu)
            }
            Place::After => model.add(dense.activation(Relu)).add(BatchNormalization::new().momentum(0.9)),
        }
    }

    fn model(self, story: &Story, depth: usize, scale: f64) -> Sequential {
        (0..depth).fold(story.model(), |model, _| self.layer(model, scale))
    }
}

const RATES: [f64; 4] = [0.01, 0.1, 1.0, 10.0];
const SCALES: [f64; 3] = [0.1, 1.0, 10.0];
/// Below this a network of ten classes has learnt nothing worth the name.
const LEARNT: f64 = 0.5;

/// How it went for one scale of the weights and one place, at every rate: the accuracy, if it did not diverge.
struct Row {
    scale: f64,
    place: Place,
    accuracies: Vec<Option<f64>>,
}

/// Rates against weights, then the gap.
pub fn tell(story: &Story) -> Result<()> {
    let (depth, epochs) = (story.pick(10, 5), story.pick(3, 1));
    headline(
        "4  Batch normalization",
        &format!(
            "{depth} layers of 100 units with ReLU, {} of gradient descent with batches of 32. Accuracy of \
             validation by learning rate; “weights”: what the standard deviation of He's initial weights is multiplied by; \
             “diverged”: the loss is no number any more, or weights are not.",
            count(epochs, "epoch")
        ),
    );
    let mut rows = Vec::new();
    let mut progress = Progress::new(SCALES.len() * Place::ALL.len() * RATES.len());
    for scale in SCALES {
        for place in Place::ALL {
            let mut accuracies = Vec::new();
            for rate in RATES {
                progress.next(&format!("weights × {scale}, normalization {}, rate {rate}", place.name()));
                accuracies.push(train(story, place.model(story, depth, scale), rate, epochs)?);
            }
            rows.push(Row { scale, place, accuracies });
        }
    }
    progress.clear();
    show(&rows);
    gap(story, depth)
}

fn train(story: &Story, model: Sequential, rate: f64, epochs: usize) -> Result<Option<f64>> {
    let mut learner = story.learner(model, Sgd::new(rate))?;
    let history = learner.fit(&story.train, Fit::epochs(epochs).validation(&story.valid))?;
    let sound = ["loss", "val_loss"].iter().all(|key| history.last(key).is_some_and(f64::is_finite));
    Ok(history.last("val_accuracy").filter(|_| sound))
}

fn show(rows: &[Row]) {
    let titles = ["weights", "normalization"].into_iter().map(String::from);
    let mut table = Table::new(titles.chain(RATES.iter().map(|rate| format!("rate {rate}")))).left(2);
    for row in rows {
        let mut cells = vec![format!("× {}", row.scale), row.place.name().to_string()];
        cells.extend(row.accuracies.iter().map(|a| accuracy(*a)));
        table.row(cells);
    }
    print!("{table}");
    let told = Place::ALL.map(|place| {
        let mine = || rows.iter().filter(move |row| row.place == place);
        let all: Vec<Option<f64>> = mine().flat_map(|row| row.accuracies.clone()).collect();
        let learnt = |a: &Option<f64>| a.is_some_and(|a| a > LEARNT);
        let highest = mine()
            .flat_map(|row| RATES.iter().zip(&row.accuracies).filter(|(_, a)| learnt(a)).map(|(rate, _)| *rate))
            .fold(0.0, f64::max);
        // How much the weights matter: the best accuracy over the rates for each scale.
        let best = mine().map(|row| {
            let best = row.accuracies.iter().flatten().copied().reduce(f64::max);
            format!("× {} {}", row.scale, accuracy(best))
        });
        let best = best.collect::<Vec<_>>().join(", ");
        format!(
            "{}: {} of {} settings learn (more than {}), up to rate {highest}; {} diverge. Best accuracy by weights: {best}.",
            place.name(),
            all.iter().filter(|a| learnt(a)).count(),
            all.len(),
            percent(LEARNT),
            all.iter().filter(|a| a.is_none()).count(),
        )
    });
    for text in told {
        conclude(&text);
    }
}

/// Accuracy on samples that were trained with and on others.
fn gap(story: &Story, depth: usize) -> Result<()> {
    let few = story.train.take(0..story.pick(2_000, 400));
    let (epochs, seeds) = (story.pick(20, 3), story.pick(3, 1) as u64);
    println!();
    say(&format!(
        "The gap between training and validation: {} samples, {}, rate 0.05, He's weights; mean of \
         {}.",
        few.len(),
        count(epochs, "epoch"),
        count(seeds as usize, "seed")
    ));
    println!();
    let mut progress = Progress::new(3 * seeds as usize);
    let mut table = Table::new(["normalization", "training", "validation", "gap"]);
    let mut gaps = Vec::new();
    for place in Place::ALL {
        let (mut training, mut validation) = (0.0, 0.0);
        for seed in 0..seeds {
            progress.next(&format!("normalization {}, seed {seed}", place.name()));
            let model = place.model(story, depth, 1.0).add(Dense::new(10).activation(Softmax));
            let compile = Compile::new(Sgd::new(0.05), SparseCategoricalCrossentropy).accuracy().seed(seed);
            let mut learner = model.compile(compile)?;
            learner.fit(&few, Fit::epochs(epochs))?;
            let mut accuracy =
                |data| Ok::<f64, Error>(learner.evaluate(data)?.get("accuracy").unwrap_or(f64::NAN));
            training += accuracy(&few)? / seeds as f64;
            validation += accuracy(&story.valid)? / seeds as f64;
        }
        let points = 100.0 * (training - validation);
        table.row(vec![
            place.name().to_string(),
            accuracy(Some(training)),
            accuracy(Some(validation)),
            format!("{points:.1} points"),
        ]);
        gaps.push((place, points));
    }
    progress.clear();
    print!("{table}");
    gaps.sort_by(|a, b| a.1.total_cmp(&b.1));
    let told: Vec<String> = gaps.iter().map(|(place, gap)| format!("{} {gap:.1}", place.name())).collect();
    conclude(&format!("The gap in points, from the smallest to the largest: {}.", told.join(", ")));
    Ok(())
}
