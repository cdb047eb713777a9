//! What pooling layers share: windows that slide, bins, and windows over everything.

use super::identity::pass;
use super::layer::one_input;
use super::spatial::{DataFormat, Padding, Sizes, window};
use crate::args::Args;
use crate::builder::Port;
use crate::config::Config;
use crate::lowering::Lowering;
use crate::shape::Shape;
use crate::step::{Pool, PoolGrad, Step};
use steadygrad_kernels::pool::{Kind, Places, Pooling};
use steadygrad_kernels::{Error, Result};

/// Pools a value into this shape, and hands the gradient back.
fn pooled(at: &mut Lowering<'_>, x: Port, pooling: Pooling, to: Shape) -> Port {
    let y = at.port(to);
    let (slot, out) = (at.slot(x), at.slot(y));
    at.forward(Step::Pool(Pool { x: slot, out, pooling }));
    if let Some(out) = at.gradient_into(x) {
        let (x, dy) = (pooling.kind.reads_input().then_some(slot), at.gradient(y));
        at.backward([Step::PoolGrad(PoolGrad { x, dy, out, pooling })]);
    }
    y
}

impl DataFormat {
    /// Channels that lie side by side at every position: where they come first, each is a sample of its own.
    fn inner(self, channels: usize) -> usize {
        match self {
            DataFormat::ChannelsLast => channels,
            DataFormat::ChannelsFirst => 1,
        }
    }
}

/// A window that slides: the settings of MaxPooling and AveragePooling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sliding<const N: usize> {
    pub pool_size: Sizes<N>,
    pub strides: Sizes<N>,
    pub padding: Padding,
    pub data_format: DataFormat,
}

impl<const N: usize> Sliding<N> {
    pub fn new(pool_size: Sizes<N>) -> Sliding<N> {
        const { assert!(N >= 1 && N <= 3, "pooling is over one to three axes") };
        Sliding {
            pool_size,
            strides: pool_size,
            padding: Padding::Valid,
            data_format: DataFormat::ChannelsLast,
        }
    }

    pub fn read(args: &mut Args<'_>, pool_size: Option<Sizes<N>>) -> Result<Sliding<N>> {
        let pool_size = Sizes::read(args, "pool_size", pool_size)?;
        let strides = args.or::<Option<Sizes<N>>>("strides", None)?.unwrap_or(pool_size);
        if strides.0.contains(&0) {
            return args.reject("strides", "1 or more", 0);
        }
        let (padding, data_format) = (Padding::read(args, false)?, DataFormat::read(args)?);
        Ok(Sliding { pool_size, strides, padding, data_format })
    }

    pub fn config(&self) -> Config {
        Config::new()
            .with("pool_size", self.pool_size)
            .with("padding", self.padding)
            .with("strides", self.strides)
            .with("data_format", self.data_format)
    }

    /// Settings from code may be anything.
    fn check(&self) -> Result<()> {
        if self.padding == Padding::Causal {
            return Err(Error::argument("`padding` must be valid or same, got `causal`")
                .help("to look only at what came before, pad in front and pool with padding = \"valid\""));
        }
        Ok(())
    }

    /// The windows over samples of this shape, and the shape that comes out.
    fn over(&self, shape: &Shape, class: &str, kind: Kind) -> Result<(Pooling, Shape)> {
        self.check()?;
        let (sizes, channels) = self.data_format.split::<N>(shape, class)?;
        let axes = window(self.padding, sizes, self.pool_size, self.strides, 1.into(), "pool_size")
            .map_err(|e| self.data_format.doubt(shape, e))?;
        let to = self.data_format.join(&axes.map(|axis| axis.output), channels);
        Ok((Pooling::new(kind, &axes.map(Places::Sliding), self.data_format.inner(channels)), to))
    }

    pub fn shape(&self, inputs: &[Shape], class: &str) -> Result<Vec<Shape>> {
        Ok(vec![self.over(one_input(inputs, class)?, class, Kind::Max)?.1])
    }

    pub fn lower(&self, at: &mut Lowering<'_>, class: &str, kind: Kind) -> Result<()> {
        let x = at.input(0);
        let (pooling, to) = self.over(at.shape(x), class, kind)?;
        let y = pooled(at, x, pooling, to);
        at.output(y);
        Ok(())
    }
}

/// One window over everything: the settings of GlobalMaxPooling and GlobalAveragePooling.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Global<const N: usize> {
    pub keepdims: bool,
    pub data_format: DataFormat,
}

impl<const N: usize> Global<N> {
    pub fn new() -> Global<N> {
        const { assert!(N >= 1 && N <= 3, "pooling is over one to three axes") };
        Global::default()
    }

    pub fn read(args: &mut Args<'_>) -> Result<Global<N>> {
        let data_format = DataFormat::read(args)?;
        Ok(Global { keepdims: args.or("keepdims", false)?, data_format })
    }

    pub fn config(&self) -> Config {
        Config::new().with("data_format", self.data_format).with("keepdims", self.keepdims)
    }

    fn over(&self, shape: &Shape, class: &str, kind: Kind) -> Result<(Pooling, Shape)> {
        let (sizes, channels) = self.data_format.split::<N>(shape, class)?;
        let all = Places::Bins { input: sizes.iter().product(), output: 1 };
        let to = if self.keepdims { self.data_format.join(&[1; N], channels) } else { channels.into() };
        Ok((Pooling::new(kind, &[all], self.data_format.inner(channels)), to))
    }

    pub fn shape(&self, inputs: &[Shape], class: &str) -> Result<Vec<Shape>> {
        Ok(vec![self.over(one_input(inputs, class)?, class, Kind::Average)?.1])
    }

    pub fn lower(&self, at: &mut Lowering<'_>, class: &str, kind: Kind) -> Result<()> {
        let x = at.input(0);
        let (pooling, to) = self.over(at.shape(x), class, kind)?;
        let y = pooled(at, x, pooling, to);
        at.output(y);
        Ok(())
    }
}

/// As many bins as are asked for: the settings of AdaptiveMaxPooling and AdaptiveAveragePooling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Adaptive<const N: usize> {
    pub output_size: Sizes<N>,
    pub data_format: DataFormat,
}

impl<const N: usize> Adaptive<N> {
    pub fn new(output_size: Sizes<N>) -> Adaptive<N> {
        const { assert!(N >= 1 && N <= 3, "pooling is over one to three axes") };
        Adaptive { output_size, data_format: DataFormat::ChannelsLast }
    }

    pub fn read(args: &mut Args<'_>) -> Result<Adaptive<N>> {
        let output_size = Sizes::read(args, "output_size", None)?;
        Ok(Adaptive { output_size, data_format: DataFormat::read(args)? })
    }

    pub fn config(&self) -> Config {
        Config::new().with("output_size", self.output_size).with("data_format", self.data_format)
    }

    pub fn shape(&self, inputs: &[Shape], class: &str) -> Result<Vec<Shape>> {
        let (_, channels) = self.data_format.split::<N>(one_input(inputs, class)?, class)?;
        if self.output_size.0.contains(&0) {
            return Err(Error::argument(format!(
                "`output_size` must be 1 or more, got {:?}",
                self.output_size.0
            )));
        }
        Ok(vec![self.data_format.join(&self.output_size.0, channels)])
    }

    /// Axis by axis, as Keras does it: of equal numbers in a bin, the one that comes first along the last axis is taken.
    pub fn lower(&self, at: &mut Lowering<'_>, class: &str, kind: Kind) -> Result<()> {
        let mut x = at.input(0);
        let (mut sizes, channels) = self.data_format.split::<N>(at.shape(x), class)?;
        if sizes == self.output_size.0 {
            pass(at);
            return Ok(());
        }
        for axis in 0..N {
            let (input, output) = (sizes[axis], self.output_size.0[axis]);
            if input == output {
                continue;
            }
            sizes[axis] = output;
            let behind = sizes[axis + 1..].iter().product::<usize>() * self.data_format.inner(channels);
            let pooling = Pooling::new(kind, &[Places::Bins { input, output }], behind);
            x = pooled(at, x, pooling, self.data_format.join(&sizes, channels));
        }
        at.output(x);
        Ok(())
    }
}
