//! Columns that lie side by side, in strips of a known width: what belongs to a column stays in registers while the rows go by.

/// Something that is done for columns.
pub(crate) trait Strip {
    /// The same for `W` columns from `column` on.
    fn at<const W: usize>(&mut self, column: usize);
}

/// Does it for so many columns, in strips as wide as fit. Mark [`Strip::at`] as `#[inline(always)]`, or its code stays baseline.
#[inline(always)]
pub(crate) fn strips(columns: usize, strip: &mut impl Strip) {
    let mut column = 0;
    macro_rules! strips {
        ($($width:literal)*) => {
            $(while columns - column >= $width {
                strip.at::<$width>(column);
                column += $width;
            })*
        };
    }
    strips!(32 16 8 4 1);
}

/// The `W` numbers from `at` on.
#[inline(always)]
pub(crate) fn piece<R, const W: usize>(x: &[R], at: usize) -> &[R; W] {
    x[at..].first_chunk().expect("whoever asks for a strip has checked that it is there")
}

/// The same, to be changed.
#[inline(always)]
pub(crate) fn piece_mut<R, const W: usize>(x: &mut [R], at: usize) -> &mut [R; W] {
    x[at..].first_chunk_mut().expect("whoever asks for a strip has checked that it is there")
}
