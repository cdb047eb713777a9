//! A record that somebody else fills: another framework's hooks, or a loop of one's own, hand in the numbers of a step.

use crate::chart::{Chart, Layer, Observation, Phase, Sample, Sick};
use steadygrad_kernels::shuffle::permute;
use steadygrad_kernels::size::rms;
use steadygrad_kernels::statistics::observe;
use steadygrad_kernels::{Error, Isa, Result, change};

/// How the numbers of a layer's output lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Form {
    /// Its units: the last axis, or the channels.
    pub units: usize,
    /// How far the units lie apart: 1 where they are the last axis, the number of places where channels come first.
    pub apart: usize,
    /// The limits of an activation that is bounded on both sides.
    pub bounds: Option<(f64, f64)>,
}

impl Default for Form {
    fn default() -> Form {
        Form { units: 1, apart: 1, bounds: None }
    }
}

/// What was handed in for one layer in the step at hand.
#[derive(Debug, Clone, Default)]
struct Open {
    seen: Observation,
    /// Units that were not 0 since the epoch began.
    alive: Vec<bool>,
    /// Of every parameter the weights that its change is measured by.
    before: Vec<Vec<f32>>,
    /// ‖gradient‖² of every parameter.
    squares: Vec<f64>,
    /// A weight was not finite before the update; after it.
    lost: [Option<usize>; 2],
}

/// Takes in the numbers of a training, layer by layer and step by step, and makes a [`Chart`] of them.
///
/// Of a step any part may be handed in, in any order, before [`Recorder::end_step`] files it.
///
/// ```
/// use steadygrad_chart::{Form, Layer, Recorder};
/// let layer = Layer { path: "fc".into(), parameters: vec!["fc.weight".into()], inputs: vec![None], ..Layer::default() };
/// let mut recorder = Recorder::new(vec![layer], vec![Form { units: 2, ..Form::default() }])?;
/// recorder.signal(0, &[1.0, 2.0, 3.0, 2.0])?;
/// recorder.delta(0, &[0.1, -0.1, 0.1, -0.1])?;
/// recorder.gradient(0, 0, &[3.0, -3.0])?;
/// recorder.before(0, 0, &[3.0, 4.0])?;
/// recorder.after(0, 0, &[3.0, 4.5])?;
/// recorder.end_step(0, 0.7);
/// let seen = &recorder.chart().samples[0].layers[0];
/// assert_eq!((seen.gradients[0], seen.updates[0]), (3.0, 0.1));
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Recorder {
    chart: Chart,
    forms: Vec<Form>,
    open: Vec<Open>,
    /// An input of the network was not finite.
    input: Option<String>,
    turned: Vec<f32>,
    isa: Isa,
}

impl Recorder {
    /// An empty record of these layers.
    ///
    /// # Errors
    /// If there is not a form for each layer, or a layer reads from one that comes after it.
    pub fn new(layers: Vec<Layer>, forms: Vec<Form>) -> Result<Recorder> {
        if layers.len() != forms.len() {
            let what = format!("expected {} forms, one for each layer, got {}", layers.len(), forms.len());
            return Err(Error::argument(what));
        }
        for (i, layer) in layers.iter().enumerate() {
            if layer.inputs.iter().flatten().any(|&from| from >= i) {
                let what = "a layer reads from layers that stand before it, and this one does not";
                return Err(Error::argument(what).at(layer.path.clone()));
            }
        }
        let open = layers.iter().zip(&forms).map(|(layer, form)| Open {
            seen: Observation { passed: vec![None; layer.inputs.len()], ..Observation::default() },
            alive: vec![false; form.units],
            before: vec![Vec::new(); layer.parameters.len()],
            squares: vec![0.0; layer.parameters.len()],
            lost: [None; 2],
        });
        let open = open.collect();
        Ok(Recorder {
            chart: Chart::new(layers),
            forms,
            open,
            input: None,
            turned: Vec::new(),
            isa: Isa::best(),
        })
    }

    /// What was filed so far.
    pub fn chart(&self) -> &Chart {
        &self.chart
    }

    /// What was filed, at the end.
    pub fn into_chart(self) -> Chart {
        self.chart
    }

    /// A new epoch: units have to show again that they are alive.
    pub fn epoch(&mut self) {
        self.open.iter_mut().for_each(|open| open.alive.fill(false));
    }

    fn layer(&mut self, layer: usize) -> Result<&mut Open> {
        let count = self.open.len();
        self.open
            .get_mut(layer)
            .ok_or_else(|| Error::argument(format!("there are {count} layers, and this is number {layer}")))
    }

    fn parameter(&mut self, layer: usize, k: usize) -> Result<&mut Open> {
        let path = self.chart.layers.get(layer).map_or(String::new(), |l| l.path.clone());
        let open = self.layer(layer)?;
        let count = open.before.len();
        if k >= count {
            let what = format!("there are {count} parameters, and this is number {k}");
            return Err(Error::argument(what).at(path));
        }
        Ok(open)
    }

    /// A network's input. Only whether all of it is finite is looked at.
    pub fn input(&mut self, name: &str, values: &[f32]) {
        if self.input.is_none() && !values.iter().all(|x| x.is_finite()) {
            self.input = Some(name.to_string());
        }
    }

    /// A layer's output: samples × places × units, or as its [`Form`] says.
    ///
    /// # Errors
    /// If there is no such layer, or its units do not divide so many numbers.
    pub fn signal(&mut self, layer: usize, values: &[f32]) -> Result<()> {
        self.layer(layer)?;
        let Form { units, apart, bounds } = self.forms[layer];
        let block = units.max(1) * apart.max(1);
        if !values.len().is_multiple_of(block) {
            let what =
                format!("expected a multiple of {block} numbers ({units} units), got {}", values.len());
            return Err(Error::shape(what).at(self.chart.layers[layer].path.clone()));
        }
        let values = if apart > 1 && units > 1 {
            self.turned.resize(values.len(), 0.0);
            permute(&[values.len() / block, units, apart], &[0, 2, 1], values, &mut self.turned);
            &self.turned[..]
        } else {
            values
        };
        let Open { seen, alive, .. } = &mut self.open[layer];
        let signal = observe(self.isa, values, bounds, alive);
        let dead = alive.iter().filter(|alive| !**alive).count() as f64 / alive.len().max(1) as f64;
        seen.signal = Some(signal);
        // Where values are not finite, it is not known which units are dead.
        seen.dead = signal.finite.then_some(dead);
        Ok(())
    }

    /// The gradient of the loss for a layer's output.
    ///
    /// # Errors
    /// If there is no such layer.
    pub fn delta(&mut self, layer: usize, values: &[f32]) -> Result<()> {
        let isa = self.isa;
        self.layer(layer)?.seen.delta = Some(rms(isa, values));
        Ok(())
    }

    /// What a layer adds to the gradient of its k-th input. Where it is the only reader it need not be handed in.
    ///
    /// # Errors
    /// If there is no such layer, or no such input.
    pub fn passed(&mut self, layer: usize, k: usize, values: &[f32]) -> Result<()> {
        let isa = self.isa;
        let seen = &mut self.layer(layer)?.seen;
        let count = seen.passed.len();
        let place = seen.passed.get_mut(k).ok_or_else(|| {
            Error::argument(format!("layer {layer} has {count} inputs, and this is number {k}"))
        })?;
        *place = Some(rms(isa, values));
        Ok(())
    }

    /// The gradient of a layer's k-th parameter.
    ///
    /// # Errors
    /// If there is no such parameter.
    pub fn gradient(&mut self, layer: usize, k: usize, values: &[f32]) -> Result<()> {
        let isa = self.isa;
        let open = self.parameter(layer, k)?;
        let count = open.before.len();
        open.seen.gradients.resize(count, 0.0);
        let size = rms(isa, values);
        (open.seen.gradients[k], open.squares[k]) = (size, size * size * values.len() as f64);
        Ok(())
    }

    /// A layer's k-th parameter before the update.
    ///
    /// # Errors
    /// If there is no such parameter.
    pub fn before(&mut self, layer: usize, k: usize, weights: &[f32]) -> Result<()> {
        let open = self.parameter(layer, k)?;
        open.before[k].resize(change::kept(weights.len()), 0.0);
        change::keep(weights, &mut open.before[k]);
        if open.lost[0].is_none() && !weights.iter().all(|x| x.is_finite()) {
            open.lost[0] = Some(k);
        }
        Ok(())
    }

    /// The same after the update: how far it moved.
    ///
    /// # Errors
    /// If there is no such parameter, or it was not handed in before the update.
    pub fn after(&mut self, layer: usize, k: usize, weights: &[f32]) -> Result<()> {
        let isa = self.isa;
        let open = self.parameter(layer, k)?;
        let kept = change::kept(weights.len());
        if open.before[k].len() != kept {
            let what = "the weights after an update, without as many from before it";
            return Err(Error::argument(what).help("hand in `before` first, of the same parameter"));
        }
        let (size, change) = change::squares(isa, &open.before[k], weights);
        let count = open.before.len();
        open.seen.updates.resize(count, 0.0);
        // What did not move did not move, however small it is.
        open.seen.updates[k] = if change == 0.0 { 0.0 } else { (change / size).sqrt() };
        if open.lost[1].is_none() && !weights.iter().all(|x| x.is_finite()) {
            open.lost[1] = Some(k);
        }
        Ok(())
    }

    /// Files what was handed in as this step, with its loss.
    pub fn end_step(&mut self, step: u64, loss: f64) {
        self.pass_on();
        if self.chart.first_non_finite.is_none() {
            self.chart.first_non_finite = self.first_lost(step, loss);
        }
        let gradient_norm = self.gradient_norm();
        let layers = self.open.iter_mut().map(|open| {
            open.lost = [None; 2];
            open.before.iter_mut().for_each(Vec::clear);
            open.squares.fill(0.0);
            let blank = Observation { passed: vec![None; open.seen.passed.len()], ..Observation::default() };
            std::mem::replace(&mut open.seen, blank)
        });
        let layers = layers.collect();
        self.input = None;
        self.chart.samples.push(Sample { step, loss, gradient_norm, layers, ..Sample::default() });
    }

    /// Whether clipping changed a gradient in the step that was filed last, and the norm of all gradients before it.
    pub fn clipped(&mut self, clipped: bool, norm_before: Option<f64>, norm_after: Option<f64>) {
        if let Some(last) = self.chart.samples.last_mut() {
            last.clipped = Some(clipped);
            last.gradient_norm = norm_before.or(last.gradient_norm);
            last.clipped_norm = norm_after;
        }
    }

    /// What an only reader passes on is all of the delta there.
    fn pass_on(&mut self) {
        let mut readers = vec![0; self.open.len()];
        for &from in self.chart.layers.iter().flat_map(|l| l.inputs.iter().flatten()) {
            readers[from] += 1;
        }
        for (i, layer) in self.chart.layers.iter().enumerate() {
            for (k, from) in layer.inputs.iter().enumerate() {
                let Some(from) = from.filter(|&from| readers[from] == 1) else { continue };
                if self.open[i].seen.passed[k].is_none() {
                    self.open[i].seen.passed[k] = self.open[from].seen.delta;
                }
            }
        }
    }

    /// √Σ over all parameters of ‖gradient‖²; none where no gradient was handed in.
    fn gradient_norm(&self) -> Option<f64> {
        let any = self.open.iter().any(|open| !open.seen.gradients.is_empty());
        any.then(|| self.open.iter().flat_map(|open| &open.squares).sum::<f64>().sqrt())
    }

    /// Where the first number is that is not finite, in the order of a step.
    fn first_lost(&self, step: u64, loss: f64) -> Option<Sick> {
        let sick = |place: &str, phase| Some(Sick { step, place: place.to_string(), phase });
        if let Some(name) = &self.input {
            return sick(name, Phase::Input);
        }
        let layers = || self.chart.layers.iter().zip(&self.open);
        let weights = |when: usize| {
            layers().find_map(|(layer, open)| layer.parameters.get(open.lost[when]?).map(String::as_str))
        };
        if let Some(place) = weights(0) {
            return sick(place, Phase::Update);
        }
        if let Some((layer, _)) = layers().find(|(_, o)| o.seen.signal.as_ref().is_some_and(|s| !s.finite)) {
            return sick(&layer.path, Phase::Forward);
        }
        if !loss.is_finite() {
            return sick("loss", Phase::Loss);
        }
        let bad = |x: &f64| !x.is_finite();
        let backward = |open: &Open| open.seen.delta.iter().any(bad) || open.seen.gradients.iter().any(bad);
        if let Some((layer, _)) = layers().rev().find(|(_, open)| backward(open)) {
            return sick(&layer.path, Phase::Backward);
        }
        weights(1).and_then(|place| sick(place, Phase::Update))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(path: &str, inputs: Vec<Option<usize>>) -> Layer {
        Layer {
            path: path.into(),
            inputs,
            size: 2,
            parameters: vec![format!("{path}.w")],
            ..Layer::default()
        }
    }

    fn two() -> Recorder {
        let layers = vec![layer("a", vec![None]), layer("b", vec![Some(0)])];
        Recorder::new(layers, vec![Form { units: 2, ..Form::default() }; 2]).unwrap()
    }

    #[test]
    fn what_is_handed_in_is_filed_and_the_next_step_begins_empty() {
        let mut recorder = two();
        recorder.signal(0, &[0.0, 1.0, 0.0, 3.0]).unwrap();
        recorder.delta(0, &[0.5, -0.5]).unwrap();
        recorder.gradient(0, 0, &[3.0, 4.0]).unwrap();
        recorder.gradient(1, 0, &[12.0]).unwrap();
        recorder.end_step(7, 0.25);
        recorder.end_step(8, 0.5);
        let [first, second] = &recorder.chart().samples[..] else { panic!() };
        assert_eq!((first.step, first.loss, first.gradient_norm), (7, 0.25, Some(13.0)));
        let seen = &first.layers[0];
        assert_eq!((seen.dead, seen.delta), (Some(0.5), Some(0.5)));
        // The only reader of a layer passes on all of what comes to it.
        assert_eq!(first.layers[1].passed, [Some(0.5)]);
        assert!(second.layers.iter().all(Observation::is_empty));
        assert_eq!(second.gradient_norm, None);
    }

    #[test]
    fn units_are_dead_for_a_whole_epoch() {
        let mut recorder = two();
        recorder.signal(0, &[0.0, 1.0]).unwrap();
        recorder.end_step(0, 1.0);
        recorder.signal(0, &[1.0, 0.0]).unwrap();
        recorder.end_step(1, 1.0);
        recorder.epoch();
        recorder.signal(0, &[0.0, 0.0]).unwrap();
        recorder.end_step(2, 1.0);
        let dead: Vec<_> = recorder.chart().samples.iter().map(|s| s.layers[0].dead).collect();
        assert_eq!(dead, [Some(0.5), Some(0.0), Some(1.0)]);
    }

    #[test]
    fn channels_that_come_first_are_units_all_the_same() {
        let form = Form { units: 2, apart: 3, bounds: None };
        let mut recorder = Recorder::new(vec![layer("a", vec![None])], vec![form]).unwrap();
        recorder.signal(0, &[0.0, 0.0, 0.0, 1.0, 2.0, 3.0]).unwrap();
        recorder.end_step(0, 1.0);
        let seen = &recorder.chart().samples[0].layers[0];
        assert_eq!(seen.dead, Some(0.5));
        // Over three places one unit is constant, and the other has a variance of 2/3.
        assert!((seen.signal.unwrap().deviation - (1.0_f64 / 3.0).sqrt()).abs() < 1e-6);
    }

    #[test]
    fn the_first_number_that_is_none_is_named_in_the_order_of_a_step() {
        let nan = [f32::NAN, 1.0];
        let place = |fill: &dyn Fn(&mut Recorder) -> Result<()>, loss: f64| {
            let mut recorder = two();
            fill(&mut recorder).unwrap();
            recorder.end_step(3, loss);
            recorder.chart().first_non_finite.as_ref().map(|s| (s.place.clone(), s.phase))
        };
        let all = |r: &mut Recorder| {
            r.delta(1, &nan)?;
            r.delta(0, &nan)?;
            r.before(0, 0, &[1.0])?;
            r.after(0, 0, &[f32::INFINITY])
        };
        assert_eq!(place(&all, 1.0), Some(("b".into(), Phase::Backward)));
        assert_eq!(place(&all, f64::NAN), Some(("loss".into(), Phase::Loss)));
        let forward = |r: &mut Recorder| {
            r.signal(1, &nan)?;
            r.signal(0, &nan)?;
            all(r)
        };
        assert_eq!(place(&forward, f64::NAN), Some(("a".into(), Phase::Forward)));
        let weights = |r: &mut Recorder| {
            forward(r)?;
            r.before(1, 0, &nan)
        };
        assert_eq!(place(&weights, f64::NAN), Some(("b.w".into(), Phase::Update)));
        let input = |r: &mut Recorder| {
            r.input("x", &nan);
            weights(r)
        };
        assert_eq!(place(&input, 1.0), Some(("x".into(), Phase::Input)));
        let after = |r: &mut Recorder| {
            r.before(1, 0, &[1.0])?;
            r.after(1, 0, &[f32::NAN])
        };
        assert_eq!(place(&after, 1.0), Some(("b.w".into(), Phase::Update)));
        assert_eq!(place(&|_: &mut Recorder| Ok(()), 1.0), None);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        assert!(Recorder::new(vec![layer("a", vec![Some(0)])], vec![Form::default()]).is_err());
        assert!(Recorder::new(vec![layer("a", vec![])], vec![]).is_err());
        let mut recorder = two();
        assert!(recorder.signal(2, &[1.0]).is_err());
        assert!(recorder.signal(0, &[1.0]).is_err());
        assert!(recorder.passed(0, 1, &[1.0]).is_err());
        assert!(recorder.gradient(0, 1, &[1.0]).is_err());
        assert!(recorder.after(0, 0, &[1.0]).is_err());
        // Nothing at all is a batch, too.
        recorder.signal(0, &[]).unwrap();
        recorder.end_step(0, 1.0);
    }
}
