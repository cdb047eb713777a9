//! The laws for layers that pad and crop.

mod common;

use common::both_laws;
use steadygrad_nn::Sequential;
use steadygrad_nn::layers::{
    CenterCrop, Cropping1D, Cropping2D, Cropping3D, DataFormat, Dense, Interpolation, Resizing, UpSampling1D,
    UpSampling2D, UpSampling3D, ZeroPadding1D, ZeroPadding2D, ZeroPadding3D,
};

const FIRST: DataFormat = DataFormat::ChannelsFirst;

#[test]
fn padding() {
    let dense = || Dense::new(2);
    both_laws("1D", Sequential::new([3, 2]).add(dense()).add(ZeroPadding1D::new((1, 2))).add(dense()));
    both_laws("1D first", Sequential::new([3, 2]).add(dense()).add(ZeroPadding1D::new(1).data_format(FIRST)));
    both_laws("nothing", Sequential::new([3, 2]).add(dense()).add(ZeroPadding1D::new(0)));
    let uneven = ZeroPadding2D::new(((1, 2), (0, 1)));
    both_laws("2D", Sequential::new([3, 2, 2]).add(dense()).add(uneven).add(dense()));
    both_laws("2D first", Sequential::new([2, 3, 2]).add(dense()).add(uneven.data_format(FIRST)));
    let deep = ZeroPadding3D::new([[1, 0], [0, 1], [2, 1]]);
    both_laws("3D", Sequential::new([2, 1, 2, 2]).add(dense()).add(deep));
    both_laws("3D first", Sequential::new([2, 2, 1, 2]).add(dense()).add(deep.data_format(FIRST)));
}

#[test]
fn cropping() {
    let dense = || Dense::new(2);
    both_laws("1D", Sequential::new([5, 2]).add(dense()).add(Cropping1D::new((1, 2))).add(dense()));
    let uneven = Cropping2D::new(((1, 2), (0, 1)));
    both_laws("2D", Sequential::new([5, 3, 2]).add(dense()).add(uneven).add(dense()));
    let first = Sequential::new([2, 5, 3]).add(Dense::new(4)).add(uneven.data_format(FIRST));
    both_laws("2D first", first);
    let deep = Cropping3D::new([[1, 0], [0, 1], [2, 1]]);
    both_laws("3D", Sequential::new([2, 2, 4, 2]).add(dense()).add(deep));
}

#[test]
fn up_sampling() {
    let dense = || Dense::new(2);
    both_laws("1D", Sequential::new([3, 2]).add(dense()).add(UpSampling1D::new(3)).add(dense()));
    both_laws("once", Sequential::new([3, 2]).add(dense()).add(UpSampling1D::new(1)).add(dense()));
    let image = UpSampling2D::new((2, 3));
    both_laws("2D", Sequential::new([2, 3, 2]).add(dense()).add(image).add(dense()));
    both_laws("2D first", Sequential::new([2, 3, 2]).add(dense()).add(image.data_format(FIRST)));
    let smooth = image.interpolation(Interpolation::Bilinear);
    both_laws("bilinear", Sequential::new([2, 3, 2]).add(dense()).add(smooth));
    both_laws("bilinear first", Sequential::new([2, 3, 2]).add(dense()).add(smooth.data_format(FIRST)));
    let volume = UpSampling3D::new([2, 1, 2]);
    both_laws("3D", Sequential::new([2, 1, 2, 2]).add(dense()).add(volume));
    both_laws("3D first", Sequential::new([2, 1, 2, 2]).add(dense()).add(volume.data_format(FIRST)));
}

#[test]
fn resizing() {
    let dense = || Dense::new(2);
    for kind in [
        Interpolation::Bilinear,
        Interpolation::Nearest,
        Interpolation::Bicubic,
        Interpolation::Lanczos3,
        Interpolation::Lanczos5,
        Interpolation::Area,
    ] {
        let layer = Resizing::new(2, 5).interpolation(kind);
        both_laws(&format!("{kind:?}"), Sequential::new([4, 3, 2]).add(dense()).add(layer));
        both_laws(&format!("{kind:?}"), Sequential::new([4, 3, 2]).add(dense()).add(layer.antialias(true)));
    }
    let layer = Resizing::new(3, 6);
    both_laws("to itself", Sequential::new([3, 6, 1]).add(dense()).add(layer));
    both_laws("first", Sequential::new([1, 4, 5]).add(Dense::new(5)).add(layer.data_format(FIRST)));
    both_laws("cropped", Sequential::new([4, 5, 1]).add(dense()).add(layer.crop_to_aspect_ratio(true)));
    let padded = layer.pad_to_aspect_ratio(true).fill_value(0.5);
    both_laws("padded", Sequential::new([4, 5, 1]).add(dense()).add(padded));
    both_laws("middle", Sequential::new([4, 5, 1]).add(dense()).add(CenterCrop::new(3, 2)));
    both_laws("larger", Sequential::new([4, 5, 1]).add(dense()).add(CenterCrop::new(6, 3)));
}
