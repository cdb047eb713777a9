//! Initial weights as Keras draws them, for peers that have other distributions of their own.

use crate::serve::Failure;
use steadygrad_kernels::random::{Purpose, Stream};

/// The standard deviation of a normal distribution that is cut off at two of them.
const TRUNCATED: f64 = 0.879_625_661_034_239_8;

/// So many weights of a layer with this many inputs and outputs: `glorot_uniform` or `he_normal` (cut off at two deviations).
///
/// # Errors
/// If there is no initializer of that name.
pub fn draw(
    initializer: &str,
    key: &str,
    count: usize,
    inputs: usize,
    outputs: usize,
) -> Result<Vec<f32>, Failure> {
    let stream = Stream::new(1, Purpose::Initialize, key);
    match initializer {
        "glorot_uniform" => {
            let limit = (6.0 / (inputs + outputs) as f64).sqrt();
            let one = |i| ((2.0 * stream.uniform(0, i as u64) - 1.0) * limit) as f32;
            Ok((0..count).map(one).collect())
        }
        "he_normal" => {
            let deviation = (2.0 / inputs as f64).sqrt() / TRUNCATED;
            let one = |i| {
                let tries = (0..).map(|attempt| stream.normal(attempt, i as u64));
                tries.into_iter().find(|z| z.abs() <= 2.0).map_or(0.0, |z| (z * deviation) as f32)
            };
            Ok((0..count).map(one).collect())
        }
        _ => Err(format!("no initializer `{initializer}`").into()),
    }
}
