//! What layers over sequences, images and volumes share: where the channels lie, sizes for every axis, and padding.

use super::permute::permuted;
use crate::args::Args;
use crate::builder::Port;
use crate::config::{FromValue, Value};
use crate::lowering::Lowering;
use crate::shape::Shape;
use steadygrad_kernels::window::Axis;
use steadygrad_kernels::{Error, Result};

/// Where the channels of a sample lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DataFormat {
    /// (batch, …, channels), as here and in TensorFlow: the faster one.
    #[default]
    ChannelsLast,
    /// (batch, channels, …), as in PyTorch.
    ChannelsFirst,
}

impl DataFormat {
    /// `data_format` of a layer's settings; null is Keras' word for "as usual".
    pub(crate) fn read(args: &mut Args<'_>) -> Result<DataFormat> {
        let word = args.or::<Option<String>>("data_format", None)?;
        match word.as_deref().map(str::to_lowercase).as_deref() {
            None | Some("channels_last") => Ok(DataFormat::ChannelsLast),
            Some("channels_first") => Ok(DataFormat::ChannelsFirst),
            Some(_) => {
                let got = format!("`{}`", word.unwrap_or_default());
                args.reject("data_format", "channels_last or channels_first", got)
            }
        }
    }

    /// The sizes of the `N` axes that are not channels, and the channels, of samples for `class`.
    pub(crate) fn split<const N: usize>(self, shape: &Shape, class: &str) -> Result<([usize; N], usize)> {
        let axes = ["length", "height, width", "depth, height, width"][N - 1];
        let (words, channels) = match self {
            DataFormat::ChannelsLast => (format!("(batch, {axes}, channels)"), shape.dims().last()),
            DataFormat::ChannelsFirst => (format!("(batch, channels, {axes})"), shape.dims().first()),
        };
        let expected = || Error::shape(format!("{class} expects inputs of shape {words}, got {shape}"));
        let Some(&channels) = channels.filter(|_| shape.rank() == N + 1) else {
            let help = match shape.rank() {
                // Grey images, plain sequences: what most have who get here.
                1 if N > 1 => {
                    "put Flatten behind the layers that slide windows, or bring the samples into this shape with Reshape"
                }
                rank if rank == N => {
                    "give the samples a channel axis of 1, with Reshape or [data] channels = 1"
                }
                _ => "bring the samples into this shape with Reshape",
            };
            return Err(expected().help(help));
        };
        let start = usize::from(self == DataFormat::ChannelsFirst);
        let mut sizes = [0; N];
        sizes.copy_from_slice(&shape.dims()[start..start + N]);
        Ok((sizes, channels))
    }

    /// The shape of a sample with these sizes and so many channels.
    pub(crate) fn join(self, sizes: &[usize], channels: usize) -> Shape {
        let mut dims = sizes.to_vec();
        dims.insert(if self == DataFormat::ChannelsFirst { 0 } else { sizes.len() }, channels);
        dims.into()
    }

    /// The error of a window that fits nowhere, with what to do if it is this format that is wrong: most samples have few channels
    /// and many places.
    pub(crate) fn doubt(self, shape: &Shape, error: Error) -> Error {
        let (first, last) = match shape.dims() {
            [first, .., last] => (*first, *last),
            _ => return error,
        };
        match self {
            DataFormat::ChannelsFirst if last <= 4 && last < first => {
                error.help("the channels seem to come last: leave `data_format` out")
            }
            DataFormat::ChannelsLast if first <= 4 && first < last => {
                error.help("if the channels come first, say data_format = \"channels_first\"")
            }
            _ => error,
        }
    }

    /// What [`Layer::channel_axis`](super::Layer::channel_axis) says of it.
    pub(crate) fn axis(self) -> Option<usize> {
        (self == DataFormat::ChannelsFirst).then_some(1)
    }

    /// A number for each of the axes that are not channels, and 0 for the channels.
    pub(crate) fn along_all<const N: usize>(self, numbers: [isize; N]) -> Vec<isize> {
        let mut all = numbers.to_vec();
        all.insert(if self == DataFormat::ChannelsFirst { 0 } else { N }, 0);
        all
    }

    /// The same value with its channels last.
    pub(crate) fn to_last(self, at: &mut Lowering<'_>, x: Port) -> Port {
        let rank = at.shape(x).rank();
        match self {
            DataFormat::ChannelsLast => x,
            DataFormat::ChannelsFirst => {
                let order: Vec<usize> = (2..=rank).chain([1]).collect();
                permuted(at, x, &order)
            }
        }
    }

    /// A value with its channels last as this format has it.
    pub(crate) fn restore(self, at: &mut Lowering<'_>, x: Port) -> Port {
        let rank = at.shape(x).rank();
        match self {
            DataFormat::ChannelsLast => x,
            DataFormat::ChannelsFirst => {
                let order: Vec<usize> = [rank].into_iter().chain(1..rank).collect();
                permuted(at, x, &order)
            }
        }
    }
}

impl From<DataFormat> for Value {
    fn from(format: DataFormat) -> Value {
        match format {
            DataFormat::ChannelsLast => "channels_last".into(),
            DataFormat::ChannelsFirst => "channels_first".into(),
        }
    }
}

/// A size for each of `N` axes; one number stands for all of them.
///
/// ```
/// use steadygrad_nn::layers::Sizes;
/// assert_eq!(Sizes::<2>::from(3), Sizes::from([3, 3]));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes<const N: usize>(pub [usize; N]);

impl<const N: usize> From<usize> for Sizes<N> {
    fn from(size: usize) -> Sizes<N> {
        Sizes([size; N])
    }
}

impl<const N: usize> From<[usize; N]> for Sizes<N> {
    fn from(sizes: [usize; N]) -> Sizes<N> {
        Sizes(sizes)
    }
}

impl From<(usize, usize)> for Sizes<2> {
    fn from((height, width): (usize, usize)) -> Sizes<2> {
        Sizes([height, width])
    }
}

impl<const N: usize> From<Sizes<N>> for Value {
    fn from(sizes: Sizes<N>) -> Value {
        sizes.0.to_vec().into()
    }
}

impl<const N: usize> FromValue for Sizes<N> {
    fn from_value(value: &Value) -> Result<Sizes<N>> {
        let sizes = match value {
            Value::List(items) => items.iter().map(usize::from_value).collect::<Result<Vec<usize>>>()?,
            Value::Text(text) => {
                let list: Vec<&str> = text.split(['x', '×', ',', ' ']).filter(|t| !t.is_empty()).collect();
                let numbers = list.iter().all(|t| t.parse::<usize>().is_ok()) && !list.is_empty();
                let error = usize::from_value(value).err();
                let error = error.unwrap_or_else(|| Error::argument("expected a whole number"));
                return Err(if numbers { error.help(format!("write [{}]", list.join(", "))) } else { error });
            }
            one => vec![usize::from_value(one)?; N],
        };
        let count = sizes.len();
        let sizes: [usize; N] = sizes.try_into().map_err(|_| {
            let list = if N == 1 { "a list of it".to_string() } else { format!("a list of {N}") };
            Error::argument(format!("expected a whole number or {list}, found a list of {count}"))
        })?;
        Ok(Sizes(sizes))
    }
}

impl<const N: usize> Sizes<N> {
    /// The argument of this name, of sizes of 1 or more.
    pub(crate) fn read(args: &mut Args<'_>, name: &str, default: Option<Sizes<N>>) -> Result<Sizes<N>> {
        let sizes = match default {
            Some(default) => args.or(name, default)?,
            None => args.need(name)?,
        };
        if sizes.0.contains(&0) { args.reject(name, "1 or more", 0) } else { Ok(sizes) }
    }
}

/// What stands beyond the edges of a sample while a window slides over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Padding {
    /// Nothing: the window stays inside.
    #[default]
    Valid,
    /// So many zeros that there is a place for every stride; what cannot be shared evenly stands behind.
    Same,
    /// Zeros in front alone, so that nothing depends on what comes later: for one axis.
    Causal,
}

impl Padding {
    /// `padding` of a layer's settings.
    pub(crate) fn read(args: &mut Args<'_>, causal: bool) -> Result<Padding> {
        let value: Value = args.or("padding", "valid".into())?;
        let Value::Text(word) = value else {
            return args.reject("padding", "valid or same", value.kind()).map_err(|e: Error| {
                e.help("\"same\" pads so that a stride of 1 keeps the size; for so many zeros put ZeroPadding before it")
            });
        };
        match word.to_lowercase().as_str() {
            "valid" => Ok(Padding::Valid),
            "same" => Ok(Padding::Same),
            "causal" if causal => Ok(Padding::Causal),
            "causal" => args.reject("padding", "valid or same; causal is for Conv1D", "`causal`"),
            _ => {
                let words = if causal { "valid, same or causal" } else { "valid or same" };
                args.reject("padding", words, format!("`{word}`"))
            }
        }
    }

    /// A window of this size along an axis of so many numbers.
    pub(crate) fn axis(self, input: usize, size: usize, stride: usize, dilation: usize) -> Axis {
        match self {
            Padding::Valid => Axis::valid(input, size, stride, dilation),
            Padding::Same => Axis::same(input, size, stride, dilation),
            Padding::Causal => Axis::causal(input, size, stride, dilation),
        }
    }
}

impl From<Padding> for Value {
    fn from(padding: Padding) -> Value {
        match padding {
            Padding::Valid => "valid".into(),
            Padding::Same => "same".into(),
            Padding::Causal => "causal".into(),
        }
    }
}

/// Sizes of which none may be 0, by their names.
pub(crate) fn one_or_more<const N: usize>(sizes: [(&str, Sizes<N>); 3]) -> Result<()> {
    match sizes.iter().find(|(_, sizes)| sizes.0.contains(&0)) {
        Some((name, sizes)) => Err(Error::argument(format!("`{name}` must be 1 or more, got {:?}", sizes.0))),
        None => Ok(()),
    }
}

/// The axes of a window over samples of these sizes; an error where it fits nowhere.
pub(crate) fn window<const N: usize>(
    padding: Padding,
    input: [usize; N],
    size: Sizes<N>,
    strides: Sizes<N>,
    dilation: Sizes<N>,
    name: &str,
) -> Result<[Axis; N]> {
    one_or_more([(name, size), ("strides", strides), ("dilation_rate", dilation)])?;
    // Nothing that is computed below overflows.
    let padded = std::array::from_fn::<usize, N, _>(|i| {
        input[i].saturating_add(Axis::reach(size.0[i], dilation.0[i])).saturating_add(strides.0[i])
    });
    Shape::from(padded).check()?;
    let axes: [Axis; N] =
        std::array::from_fn(|i| padding.axis(input[i], size.0[i], strides.0[i], dilation.0[i]));
    if let Some(axis) = axes.iter().find(|a| a.output == 0) {
        let reach = Axis::reach(axis.size, axis.dilation);
        return Err(Error::shape(format!(
            "`{name}` reaches over {reach} numbers, and an axis of the input has {} only",
            axis.input
        ))
        .help(if axis.input == 1 {
            format!("there is one place only: take the layer out, or make `{name}` 1")
        } else {
            format!("make `{name}` smaller, or pad with padding = \"same\"")
        }));
    }
    Ok(axes)
}
