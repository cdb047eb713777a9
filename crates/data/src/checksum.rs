//! One number by which data are known again.

use crate::Dataset;

impl Dataset {
    /// A checksum of all that is trained on: shapes, samples, targets and weights, to the bit (CRC-32). Names do not count.
    ///
    /// ```
    /// # use steadygrad_data::{Array, Dataset};
    /// let data = |last: f32| Dataset::new(Array::new([2, 1], vec![0.0, last])?, Array::zeros([2, 1])?);
    /// assert_eq!(data(1.0)?.checksum(), data(1.0)?.named("other").checksum());
    /// assert_ne!(data(1.0)?.checksum(), data(1.5)?.checksum());
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    pub fn checksum(&self) -> u32 {
        let mut sum = crc32fast::Hasher::new();
        let mut add = |shape: &[usize], values: &[f32]| {
            for size in std::iter::once(shape.len()).chain(shape.iter().copied()) {
                sum.update(&(size as u64).to_le_bytes());
            }
            let mut bytes = [0; 4096];
            for some in values.chunks(bytes.len() / 4) {
                for (to, value) in bytes.chunks_exact_mut(4).zip(some) {
                    to.copy_from_slice(&value.to_le_bytes());
                }
                sum.update(&bytes[..some.len() * 4]);
            }
        };
        for arrays in [&self.x, &self.y] {
            add(&[arrays.len()], &[]);
            arrays.iter().for_each(|array| add(array.shape(), array.data()));
        }
        if let Some(weights) = &self.weights {
            add(&[weights.len()], weights);
        }
        sum.finalize()
    }
}
