//! Embedding: a vector for each whole number.

use super::layer::{Layer, one_input};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::{Config, FromValue, Value};
use crate::constraints::Constraint;
use crate::initializers::{Initializer, RandomUniform};
use crate::lowering::{Lowering, ParamSpec};
use crate::regularizers::Regularizer;
use crate::shape::Shape;
use crate::step::{Gather, GatherGrad, Step};
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};

/// A table of vectors that are learnt: each number of the input, such as the number of a word, becomes its vector.
///
/// ```text
/// y[…, :] = embeddings[x[…], :]      d embeddings[r, :] = Σ dy[…, :] over all places with x[…] = r
/// (batch, …) → (batch, …, output_dim),  embeddings: (input_dim, output_dim)
/// ```
///
/// The numbers are whole, from 0 to `input_dim` − 1. Data for a model that has others is refused with the sample and the
/// place; where other layers stand before the embedding, any other number becomes a vector of NaN. No gradient passes
/// to the numbers.
///
/// ```
/// use steadygrad_nn::{Model, Sequential, layers::{Dense, Embedding, Flatten}};
/// // 10 words of a vocabulary of 1000.
/// let model: Model = Sequential::new([10]).add(Embedding::new(1000, 16)).into();
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [10, 16]);
/// ```
#[derive(Debug, Clone)]
pub struct Embedding {
    input_dim: usize,
    output_dim: usize,
    embeddings: ParamSpec,
}

impl Embedding {
    /// Vectors of `output_dim` numbers for the whole numbers below `input_dim`, uniform in ±0.05 at the start.
    pub fn new(input_dim: usize, output_dim: usize) -> Embedding {
        Embedding { input_dim, output_dim, embeddings: ParamSpec::new(RandomUniform) }
    }

    /// How the vectors are drawn.
    pub fn embeddings_initializer(mut self, initializer: impl Initializer) -> Embedding {
        self.embeddings.initializer = Arc::new(initializer);
        self
    }

    /// The penalty on the vectors.
    pub fn embeddings_regularizer(mut self, regularizer: impl Regularizer + 'static) -> Embedding {
        self.embeddings.regularizer = Some(Arc::new(regularizer));
        self
    }

    /// The bounds of the vectors.
    pub fn embeddings_constraint(mut self, constraint: impl Constraint + 'static) -> Embedding {
        self.embeddings.constraint = Some(Arc::new(constraint));
        self
    }
}

impl Layer for Embedding {
    fn class(&self) -> &'static str {
        "Embedding"
    }

    fn config(&self) -> Config {
        Config::new()
            .with("input_dim", self.input_dim)
            .with("output_dim", self.output_dim)
            .with("embeddings_initializer", &self.embeddings.initializer)
            .with("embeddings_regularizer", self.embeddings.regularizer.as_ref())
            .with("embeddings_constraint", self.embeddings.constraint.as_ref())
            .with("mask_zero", false)
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let mut dims = one_input(inputs, "Embedding")?.dims().to_vec();
        for (name, size) in [("input_dim", self.input_dim), ("output_dim", self.output_dim)] {
            if size == 0 {
                return Err(Error::argument(format!("`{name}` must be 1 or more, got 0")));
            }
        }
        dims.push(self.output_dim);
        let output = Shape::from(dims);
        output.check().map(|()| vec![output])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let table = at.param("embeddings", [self.input_dim, self.output_dim], &self.embeddings)?;
        let mut dims = at.shape(x).dims().to_vec();
        dims.push(self.output_dim);
        let y = at.port(dims.into());
        let (numbers, rows, len) = (at.slot(x), self.input_dim, self.output_dim);
        at.forward(Step::Gather(Gather { table: table.slot, numbers, out: at.slot(y), rows, len }));
        if let Some(out) = at.param_gradient(&table) {
            let dy = at.gradient(y);
            at.backward([Step::GatherGrad(GatherGrad { numbers, dy, out, rows, len })]);
        }
        at.output(y);
        Ok(())
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let mut sizes = [0; 2];
    for (size, name) in sizes.iter_mut().zip(["input_dim", "output_dim"]) {
        *size = args.need(name)?;
        if *size == 0 {
            return args.reject(name, "1 or more", 0);
        }
    }
    let embeddings = ParamSpec::read(args, "embeddings", Arc::new(RandomUniform))?;
    if args.or("mask_zero", false)? {
        return args.reject("mask_zero", "false: no layer here leaves out what is masked", true).map_err(
            |e: Error| e.help("leave it out; the vector of 0 is then learnt like any other, and may come to say `nothing`"),
        );
    }
    for name in ["weights", "lora_rank", "quantization_config"] {
        args.neutral(name, "left out: there is no such thing here", |_| false)?;
    }
    // Without a rank it says nothing, and the length is that of the data, as in Keras 3.
    args.neutral("lora_alpha", "a number", |value| f64::from_value(value).is_ok())?;
    args.neutral("input_length", "a whole number", |value| matches!(value, Value::Int(_)))?;
    let [input_dim, output_dim] = sizes;
    Ok(Arc::new(Embedding { input_dim, output_dim, embeddings }))
}

pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "Embedding", names: &["embedding"], build };
