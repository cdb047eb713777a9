//! What an activation is: a formula for one number, its slope, and what the backward pass must still read.

use crate::args::Args;
use crate::builder::Port;
use crate::config::{Config, Value};
use crate::layers::layer::one_input;
use crate::layers::layer::{Layer, Role};
use crate::lowering::Lowering;
use crate::shape::Shape;
use crate::step::Step;
use std::fmt::Debug;
use std::sync::Arc;
use steadygrad_kernels::map::{Unary, apply, map, map_times};
use steadygrad_kernels::{Error, Isa, Real, Result};

/// What the slope of an activation is computed from: the contract with the memory plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// The input x.
    Input,
    /// The output f(x): then the input's memory is free as soon as the output is there.
    Output,
}

/// An activation that works on each number alone. Implementing this is all it takes to write one of your own.
///
/// It is cloned whenever a kernel runs, so that its settings stand in registers: what is large should lie behind an `Arc`.
///
/// ```
/// use steadygrad_nn::activations::{Activation, Pointwise, Saved};
/// use steadygrad_kernels::{Isa, Real};
///
/// /// f(x) = x·|x|, f′(x) = 2·|x|
/// #[derive(Debug, Clone)]
/// struct SignedSquare;
/// impl Pointwise for SignedSquare {
///     const NAME: &'static str = "signed_square";
///     const SAVED: Saved = Saved::Input;
///     #[inline(always)]
///     fn f<R: Real>(&self, x: R) -> R { x * x.abs() }
///     #[inline(always)]
///     fn df<R: Real>(&self, x: R) -> R { R::of(2.0) * x.abs() }
/// }
/// let mut y = [0.0; 2];
/// SignedSquare.map(Isa::best(), &[3.0, -2.0], &mut y);
/// assert_eq!(y, [9.0, -4.0]);
/// ```
pub trait Pointwise: Clone + Debug + Send + Sync + 'static {
    /// The name, as in `activation="elu"`.
    const NAME: &'static str;
    /// Keras' class of the layer that does the same, if there is one.
    const CLASS: &'static str = "Activation";
    /// What [`Pointwise::df`] is given.
    const SAVED: Saved;

    /// f(x). Branch-free, and marked `#[inline(always)]`, the loop around it becomes vector code.
    fn f<R: Real>(&self, x: R) -> R;

    /// f′, from the input or the output as [`Pointwise::saved`] says.
    fn df<R: Real>(&self, saved: R) -> R;

    /// What [`Pointwise::df`] is given with these parameters: [`Pointwise::SAVED`], unless they say otherwise.
    fn saved(&self) -> Saved {
        Self::SAVED
    }

    /// An activation with the same bits in f32 and less to ask in the loop, if these parameters allow one.
    fn simpler(&self) -> Option<&dyn Activation> {
        None
    }

    /// The parameters, under Keras' names.
    fn config(&self) -> Config {
        Config::new()
    }

    /// Limits of the output, if it is bounded on both sides: then a unit can saturate.
    fn bounds(&self) -> Option<(f64, f64)> {
        None
    }

    /// Whether the parameters make sense: asked when the activation is read from settings, and when it becomes a layer.
    ///
    /// # Errors
    /// Where a parameter is outside of what the formula accepts.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// The activation as text says it all: no parameters, or all at their defaults.
    fn is_default(&self) -> bool {
        self.config().is_empty()
    }
}

/// Any [`Pointwise`] as an object: on slices, in both precisions.
pub trait Activation: Debug + Send + Sync {
    /// The name.
    fn name(&self) -> &'static str;
    /// The parameters. Name and parameters are the identity by which another executor finds its own kernel.
    fn config(&self) -> Config;
    /// What [`Activation::map_grad`] reads.
    fn saved(&self) -> Saved;
    /// Limits of the output, if bounded on both sides.
    fn bounds(&self) -> Option<(f64, f64)>;
    /// y = f(x)
    fn map(&self, isa: Isa, x: &[f32], y: &mut [f32]);
    /// x = f(x) in place; the same bits as [`Activation::map`].
    fn apply(&self, isa: Isa, x: &mut [f32]);
    /// dx = dy · f′(saved)
    fn map_grad(&self, isa: Isa, saved: &[f32], dy: &[f32], dx: &mut [f32]);
    /// f(x) in double precision.
    fn value(&self, x: f64) -> f64;
    /// f′ in double precision, from what [`Activation::saved`] says.
    fn slope(&self, saved: f64) -> f64;
}

/// It holds the parameters themselves: what lies behind a reference might change while the loop writes, for all that the compiler knows.
struct Formula<P>(P);
impl<P: Pointwise> Unary for Formula<P> {
    #[inline(always)]
    fn at<R: Real>(&self, x: R) -> R {
        self.0.f(x)
    }
}

struct Slope<P>(P);
impl<P: Pointwise> Unary for Slope<P> {
    #[inline(always)]
    fn at<R: Real>(&self, x: R) -> R {
        self.0.df(x)
    }
}

impl<P: Pointwise> Activation for P {
    fn name(&self) -> &'static str {
        P::NAME
    }
    fn config(&self) -> Config {
        Pointwise::config(self)
    }
    fn saved(&self) -> Saved {
        Pointwise::saved(self)
    }
    fn bounds(&self) -> Option<(f64, f64)> {
        Pointwise::bounds(self)
    }
    fn map(&self, isa: Isa, x: &[f32], y: &mut [f32]) {
        match self.simpler() {
            Some(simpler) => simpler.map(isa, x, y),
            None => map(isa, &Formula(self.clone()), x, y),
        }
    }
    fn apply(&self, isa: Isa, x: &mut [f32]) {
        match self.simpler() {
            Some(simpler) => simpler.apply(isa, x),
            None => apply(isa, &Formula(self.clone()), x),
        }
    }
    fn map_grad(&self, isa: Isa, saved: &[f32], dy: &[f32], dx: &mut [f32]) {
        match self.simpler() {
            Some(simpler) => simpler.map_grad(isa, saved, dy, dx),
            None => map_times(isa, &Slope(self.clone()), saved, dy, dx),
        }
    }
    fn value(&self, x: f64) -> f64 {
        self.f(x)
    }
    fn slope(&self, saved: f64) -> f64 {
        self.df(saved)
    }
}

/// Every activation is a layer.
impl<P: Pointwise> Layer for P {
    fn class(&self) -> &'static str {
        P::CLASS
    }
    fn config(&self) -> Config {
        if P::CLASS == "Activation" {
            Config::new().with("activation", self.as_activation())
        } else {
            Pointwise::config(self)
        }
    }
    fn as_activation(&self) -> Value {
        if self.is_default() {
            P::NAME.into()
        } else {
            let class = if P::CLASS == "Activation" { P::NAME } else { P::CLASS };
            crate::catalog::spec(class, Pointwise::config(self))
        }
    }
    fn plain_name(&self) -> &str {
        P::NAME
    }
    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        self.check()?;
        one_input(inputs, P::NAME).map(|shape| vec![shape.clone()])
    }
    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let y = pointwise(at, Arc::new(self.clone()), x);
        if P::NAME == "sigmoid" {
            at.mark_head(y, x, crate::losses::Head::Sigmoid);
        }
        at.output(y);
        Ok(())
    }
    fn role(&self) -> Role {
        Role::Pointwise(Arc::new(self.clone()))
    }
}

/// σ(u) and σ(u)·σ(−u), both with a small relative error: neither is made from 1 − σ.
#[inline(always)]
pub(crate) fn logistic<R: Real>(u: R) -> (R, R) {
    let e = (-u.abs()).exp();
    let near = R::ONE / (R::ONE + e);
    let far = e * near;
    (R::select(u < R::ZERO, far, near), far * near)
}

/// An error unless the condition on this parameter holds.
pub(crate) fn require(holds: bool, name: &str, must: &str, is: f64) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::argument(format!("`{name}` must be {must}, got {is}"))) }
}

/// What an entry builds: the activation, if its parameters make sense.
pub(crate) fn checked<P: Pointwise + Clone>(args: &Args<'_>, f: P) -> Result<Arc<dyn Layer>> {
    f.check().map_err(|e| e.at(args.owner()))?;
    Ok(Arc::new(f))
}

/// The steps of an activation: y = f(x), and back dx = dy · f′.
pub fn pointwise(at: &mut Lowering<'_>, f: Arc<dyn Activation>, x: Port) -> Port {
    let y = at.port(at.shape(x).clone());
    at.forward(Step::Map { f: f.clone(), x: at.slot(x), out: at.slot(y) });
    if let Some(dx) = at.gradient_into(x) {
        let saved = match f.saved() {
            Saved::Input => at.slot(x),
            Saved::Output => at.slot(y),
        };
        at.backward([Step::MapGrad { f, saved, dy: at.gradient(y), out: dx }]);
    }
    y
}
