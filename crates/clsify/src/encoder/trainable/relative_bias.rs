//! MPNet's relative attention bias, which all layers share and which learns.

use clsify_kernels::attention::DistanceBias;

use super::super::position_bias::{PositionBias, bucket};
use super::parameter::Parameter;

/// The table, and its numbers by distance.
#[derive(Debug, Clone)]
pub(crate) struct TrainableBias {
    pub(crate) table: Parameter, // [num_buckets, num_attention_heads]
    by_distance: PositionBias,
}

impl TrainableBias {
    pub(super) fn new(table: Vec<f32>, heads: usize, max_tokens: usize) -> Self {
        let by_distance = PositionBias::of_table(&table, heads, max_tokens);
        TrainableBias { table: Parameter::vector(table), by_distance }
    }

    pub(super) fn view(&self) -> DistanceBias<'_> {
        self.by_distance.view()
    }

    /// Adds the gradients of a sentence, `[heads, 2 * n_tokens - 1]`, by distance.
    pub(super) fn add(&mut self, of_sentence: &[f32], n_tokens: usize) {
        let distances = 2 * n_tokens - 1;
        let heads = of_sentence.len() / distances;
        let num_buckets = self.table.gradient.len() / heads;
        for (i, distance) in (1 - n_tokens as i64..n_tokens as i64).enumerate() {
            let of_bucket = &mut self.table.gradient[bucket(distance, num_buckets) * heads..][..heads];
            for (head, gradient) in of_bucket.iter_mut().enumerate() {
                *gradient += of_sentence[head * distances + i];
            }
        }
    }

    /// Spreads the table over all distances again.
    pub(super) fn spread(&mut self, heads: usize, max_tokens: usize) {
        self.by_distance = PositionBias::of_table(&self.table.value, heads, max_tokens);
    }
}
