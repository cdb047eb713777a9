//! An activation of one's own: the formula and its slope are enough for a layer, for vector code, and for the right
//! initial weights.
#![allow(clippy::print_stdout)] // an example shows something

use steadygrad::extend::{Activation, Pointwise, Real, Saved};
use steadygrad::nn::moments::{Moments, recommended};
use steadygrad::prelude::*;

/// f(x) = x + (√(x² + 1) − 1)/2: nearly a line, with a bend at 0.
#[derive(Debug, Clone)]
struct BentIdentity;

impl Pointwise for BentIdentity {
    const NAME: &'static str = "bent_identity";
    const SAVED: Saved = Saved::Input;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        x + R::of(0.5) * ((x * x + R::ONE).sqrt() - R::ONE)
    }

    #[inline(always)]
    fn df<R: Real>(&self, x: R) -> R {
        R::ONE + R::of(0.5) * x / (x * x + R::ONE).sqrt()
    }
}

fn main() -> Result<()> {
    println!(
        "{}: f(1) = {:.4}, f′(1) = {:.4}",
        BentIdentity.name(),
        BentIdentity.value(1.0),
        BentIdentity.slope(1.0)
    );
    let moments = Moments::of(&BentIdentity);
    println!("weights of variance {:.4}² / fan_in keep the signal's size;", moments.gain_forward());
    println!("then each layer multiplies the mean square of the gradient by {:.4}", moments.chi());

    let (mut train, mut valid) = digits::all()?.shuffled(1).split(0.8)?;
    let scaler = Scaler::fit(Scale::Unit, &train)?;
    scaler.apply(&mut train)?;
    scaler.apply(&mut valid)?;
    let mut model = Sequential::new([8, 8]).add(Flatten);
    for _ in 0..4 {
        let weights = recommended(&BentIdentity);
        model = model.add(Dense::new(64).activation(BentIdentity).kernel_initializer(weights));
    }
    let model = model.add(Dense::new(10).activation(Softmax));
    let compile = Compile::new(Adam::new(0.001), SparseCategoricalCrossentropy).accuracy().seed(42);
    println!("{}", model.compile(compile)?.fit(&train, Fit::epochs(10).validation(&valid))?);
    Ok(())
}
