//! The laws for layers that pad and crop.

mod common;

use common::both_laws;
use steadygrad_nn::Sequential;
use steadygrad_nn::layers::{
    Cropping1D, Cropping2D, Cropping3D, DataFormat, Dense, ZeroPadding1D, ZeroPadding2D, ZeroPadding3D,
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
