//! MPNet's relative attention bias: a learned number for each head and each distance between two tokens, added to the
//! attention scores of every layer (Raffel et al., arXiv 1910.10683, section 2.1; Song et al., arXiv 2004.09297).

use clsify_kernels::attention::DistanceBias;

use super::checkpoint::Checkpoint;
use super::config::EncoderConfig;
use super::tensor_names::TensorNames;
use crate::error::Result;

/// Distances beyond this share one bucket; the number is fixed in MPNet's code.
const MAX_DISTANCE: f32 = 128.0;

/// The bias of every head for every distance that is possible in a sentence.
#[derive(Debug, Clone)]
pub(crate) struct PositionBias {
    by_distance: Vec<f32>, // [num_attention_heads, 2 * max_tokens - 1]; distance key - query, from -(max_tokens - 1)
    max_tokens: usize,
}

impl PositionBias {
    pub(crate) fn load(
        checkpoint: &Checkpoint,
        names: &TensorNames,
        config: &EncoderConfig,
        num_buckets: usize,
    ) -> Result<Self> {
        let heads = config.num_attention_heads;
        let table = checkpoint.tensor(&names.relative_attention_bias(), &[num_buckets, heads])?;
        Ok(Self::of_table(&table, heads, config.max_tokens()))
    }

    /// Spreads a table `[num_buckets, heads]` over all distances.
    pub(super) fn of_table(table: &[f32], heads: usize, max_tokens: usize) -> Self {
        let num_buckets = table.len() / heads;
        let mut by_distance = Vec::with_capacity(heads * (2 * max_tokens - 1));
        for head in 0..heads {
            for i in 0..2 * max_tokens - 1 {
                let distance = i as i64 - (max_tokens as i64 - 1);
                by_distance.push(table[bucket(distance, num_buckets) * heads + head]);
            }
        }
        PositionBias { by_distance, max_tokens }
    }

    /// The biases `[num_attention_heads, 2 * max_tokens - 1]`, by the distance `key - query` from `-(max_tokens - 1)`.
    pub(super) fn into_by_distance(self) -> Vec<f32> {
        self.by_distance
    }

    pub(crate) fn view(&self) -> DistanceBias<'_> {
        DistanceBias { biases: &self.by_distance, max_tokens: self.max_tokens }
    }

    /// The biases of the first token with all keys, `[n_tokens]`.
    pub(crate) fn of_first(&self, head: usize, n_tokens: usize) -> &[f32] {
        &self.view().of_head(head, n_tokens)[n_tokens - 1..]
    }
}

/// The bucket of a distance `key - query`: half of the buckets are for keys after the query, and each half is exact
/// for small distances and logarithmic for large ones.
pub(super) fn bucket(distance: i64, num_buckets: usize) -> usize {
    let half = num_buckets / 2;
    let first = if distance > 0 { half } else { 0 };
    let n = distance.unsigned_abs() as usize;
    let max_exact = half / 2;
    if n < max_exact {
        return first + n;
    }
    // In f32, as in the reference implementation: at powers of two the result is at the edge of a bucket.
    let scale = (MAX_DISTANCE / max_exact as f32).ln();
    let far = (n as f32 / max_exact as f32).ln() / scale * (half - max_exact) as f32;
    first + (max_exact + far as usize).min(half - 1)
}

#[cfg(test)]
mod tests {
    use super::bucket;

    /// Oracle: transformers 5.23, `MPNetEncoder.relative_position_bucket` with 32 buckets.
    #[test]
    fn buckets_of_distances() {
        let cases = [
            (0, 0),
            (-1, 1),
            (-7, 7),
            (-8, 8),
            (-11, 8),
            (-12, 9),
            (-16, 10),
            (-32, 12),
            (-64, 14),
            (-127, 15),
        ];
        for (distance, expected) in cases {
            assert_eq!(bucket(distance, 32), expected, "{distance}");
            if distance != 0 {
                assert_eq!(bucket(-distance, 32), expected + 16, "{}", -distance);
            }
        }
        assert_eq!(bucket(511, 32), 31);
    }
}
