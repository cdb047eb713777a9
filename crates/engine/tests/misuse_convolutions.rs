//! Convolutions that cannot be, made in code: an error or a network, never a panic.

use std::sync::Arc;
use steadygrad_engine::{Compile, Summary, Trainable};
use steadygrad_kernels::random::{Purpose, Stream};
use steadygrad_nn::layers::{
    Conv, Conv2D, Conv2DTranspose, ConvTranspose, DataFormat, DepthwiseConv, DepthwiseConv2D, Layer, Padding,
    SeparableConv, SeparableConv2D, Sizes,
};
use steadygrad_nn::losses::MeanSquaredError;
use steadygrad_nn::optimizers::Sgd;
use steadygrad_nn::{Model, Sequential};

/// Nothing between what is small and what no memory holds.
const NUMBERS: [usize; 10] = [0, 1, 1, 2, 2, 3, 5, 9, 1 << 50, usize::MAX];

/// Choices of one round.
struct Pick {
    stream: Stream,
    round: u64,
    choices: u64,
}

impl Pick {
    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        self.choices += 1;
        all[self.stream.below(self.round, self.choices, all.len())]
    }

    fn sizes<const N: usize>(&mut self) -> Sizes<N> {
        // Mostly plain ones, so that more than one of the settings is looked at.
        match self.of(&[0, 0, 0, 1]) {
            0 => Sizes([self.of(&[1, 1, 2, 3]); N]),
            _ => Sizes(std::array::from_fn(|_| self.of(&NUMBERS))),
        }
    }

    fn count(&mut self) -> usize {
        let few = self.of(&[1, 2, 4]);
        self.of(&[few, few, few, NUMBERS[self.round as usize % NUMBERS.len()]])
    }

    fn layers<const N: usize>(&mut self) -> Vec<Arc<dyn Layer>> {
        let padding = self.of(&[Padding::Valid, Padding::Same, Padding::Causal]);
        let format = self.of(&[DataFormat::ChannelsLast, DataFormat::ChannelsFirst]);
        let (size, strides, dilation, more) = (self.sizes(), self.sizes(), self.sizes(), self.sizes());
        let (filters, groups, multiplier) = (self.count(), self.count(), self.count());
        let bias = self.of(&[true, false]);
        let conv = Conv::<N>::new(filters, size).padding(padding).data_format(format).use_bias(bias);
        let back = ConvTranspose::<N>::new(filters, size).padding(padding).data_format(format).use_bias(bias);
        let alone = DepthwiseConv::<N>::new(size).padding(padding).data_format(format).use_bias(bias);
        let apart =
            SeparableConv::<N>::new(filters, size).padding(padding).data_format(format).use_bias(bias);
        let back = back.strides(strides).dilation_rate(dilation);
        let mut all: Vec<Arc<dyn Layer>> = vec![
            Arc::new(conv.strides(strides).dilation_rate(dilation).groups(groups)),
            Arc::new(back.clone()),
            Arc::new(back.output_padding(more)),
        ];
        if N < 3 {
            all.push(Arc::new(alone.strides(strides).dilation_rate(dilation).depth_multiplier(multiplier)));
            all.push(Arc::new(apart.strides(strides).dilation_rate(dilation).depth_multiplier(multiplier)));
        }
        all
    }
}

fn tried<const N: usize>(pick: &mut Pick, compiled: &mut usize, refused: &mut usize) {
    let mut shape: Vec<usize> = (0..=N).map(|_| pick.of(&[1, 2, 4, 6])).collect();
    match pick.of(&[0, 1, 2, 2, 2, 2, 2, 2]) {
        0 => shape[pick.round as usize % N] = pick.of(&NUMBERS),
        1 => shape.truncate(pick.of(&[0, 1, 2])),
        _ => {}
    }
    for layer in pick.layers::<N>() {
        let told = layer.output_shapes(&[shape.as_slice().into()]);
        let model: Model = Sequential::new(shape.as_slice()).add(layer.clone()).into();
        let listed = Summary::of(&model);
        match model.compile(Compile::new(Sgd::new(0.1), MeanSquaredError)) {
            Ok(_) => {
                assert!(told.is_ok() && listed.is_ok(), "{layer:?}");
                *compiled += 1;
            }
            Err(error) => {
                assert!(!error.what().is_empty() && !error.to_string().is_empty(), "{layer:?}");
                *refused += 1;
            }
        }
    }
}

#[test]
fn nothing_panics() {
    let (mut compiled, mut refused) = (0, 0);
    for round in 0..600 {
        let mut pick = Pick { stream: Stream::new(7, Purpose::Other, ""), round, choices: 0 };
        tried::<1>(&mut pick, &mut compiled, &mut refused);
        tried::<2>(&mut pick, &mut compiled, &mut refused);
        tried::<3>(&mut pick, &mut compiled, &mut refused);
    }
    assert!(compiled > 500 && refused > 500, "{compiled} compiled, {refused} refused");
}

/// Compiling six by six pixels of four channels tells the layer and these words, and listing them these or others.
fn refused(layer: impl Layer, words: &str) {
    let model: Model = Sequential::new([6, 6, 4]).add(layer).into();
    let listed = Summary::of(&model).map(|_| ()).expect_err(words).to_string();
    let error = model.compile(Compile::new(Sgd::new(0.1), MeanSquaredError)).expect_err(words).to_string();
    assert!(error.contains(words), "{error}\nshould say: {words}");
    for error in [error, listed] {
        assert!(error.contains("conv2d"), "{error}\nshould name the layer");
    }
}

#[test]
fn what_cannot_be_is_told_with_its_layer() {
    refused(Conv2D::new(0, 3), "`filters` must be 1 or more, got 0");
    refused(Conv2D::new(2, 0), "`kernel_size` must be 1 or more");
    refused(Conv2D::new(2, 3).strides([1, 0]), "`strides` must be 1 or more");
    refused(Conv2D::new(2, 3).dilation_rate(0), "`dilation_rate` must be 1 or more");
    refused(Conv2D::new(2, 3).groups(0), "`groups` must divide the 4 channels");
    refused(Conv2D::new(6, 3).groups(3), "`groups` must divide the 4 channels");
    refused(Conv2D::new(2, 3).padding(Padding::Causal), "causal is for Conv1D");
    refused(Conv2D::new(2, 3).strides(2).dilation_rate([1, 2]), "cannot both be above 1");
    refused(Conv2D::new(2, 7), "reaches over 7 numbers, and an axis of the input has 6 only");
    refused(Conv2D::new(usize::MAX, 3), "larger than any memory");
    refused(DepthwiseConv2D::new(3).depth_multiplier(0), "`depth_multiplier` must be 1 or more");
    refused(DepthwiseConv2D::new(3).depth_multiplier(1 << 62), "larger than any memory");
    refused(SeparableConv2D::new(2, 3).depth_multiplier(1 << 61), "larger than any memory");
    refused(Conv2DTranspose::new(2, 0), "`kernel_size` must be 1 or more");
    refused(Conv2DTranspose::new(2, 3).strides(0), "`strides` must be 1 or more");
    refused(Conv2DTranspose::new(2, 3).output_padding(1), "`output_padding` must be below the stride");
    refused(Conv2DTranspose::new(2, 3).padding(Padding::Causal), "causal is for Conv1D");
    let far = Conv2DTranspose::new(2, 3).strides(1 << 62).padding(Padding::Same).output_padding(0);
    refused(far, "larger than any memory");
    let empty = Conv2DTranspose::new(2, 3).output_shapes(&[[0, 4, 1].into()]).expect_err("empty").to_string();
    assert!(empty.contains("no axis of the input may be empty, got [0, 4]"), "{empty}");
}
