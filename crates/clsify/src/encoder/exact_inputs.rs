//! The inputs that an encoder in 8 bits multiplies in `f32`, found when it is loaded.
//!
//! Trained encoders have hidden dimensions that are far larger than the others for every token, and weights that are
//! far larger than the others of their output (Dettmers et al., arXiv 2208.07339; Yu et al., arXiv 2411.07191). In 8 bits
//! each of them costs the numbers that share its scale their precision. The large weights are seen in the weights. The
//! large dimensions are seen in a probe: a few tokens from all over the vocabulary, which the loaded encoder encodes once.
//! The weights that belong to them are then read again, unrounded.

use clsify_kernels::matmul::Parallel;
use clsify_kernels::packed::EXACT_INPUTS;
use rayon::prelude::*;

use super::Layer;
use super::checkpoint::Checkpoint;
use super::config::EncoderConfig;
use super::embeddings::Embeddings;
use super::names::TensorNames;
use super::position_bias::PositionBias;
use super::workspace::with_workspace;
use crate::error::Result;
use crate::tokenizer::{Batch, Encoding};

/// The tokens of the probe.
const N_TOKENS: usize = 32;

/// The inputs of a matrix `[outputs, inputs]` with the largest weights.
pub(super) fn of_largest_weights(weight: &[f32], inputs: usize) -> Vec<usize> {
    largest_columns(weight, inputs)
}

/// Finds the exact inputs of the layers' matrices that read hidden states, and has their weights read again.
///
/// # Errors
/// As for loading the layers.
pub(super) fn keep(
    layers: &mut [Layer],
    embeddings: &Embeddings,
    position_bias: Option<&PositionBias>,
    checkpoint: &Checkpoint,
    names: &TensorNames,
    config: &EncoderConfig,
) -> Result<()> {
    let sentence = probe(config);
    let batch = Batch::new([&sentence]);
    let hidden = config.hidden_size;
    let mut x = embeddings.forward(&batch, Parallel::Yes)?;
    let exact: Vec<[Vec<usize>; 2]> = with_workspace(|workspace| {
        let run = |layer: &Layer| {
            let attention = largest_columns(&x, hidden);
            layer.attention.forward(&mut x, &batch, position_bias, Parallel::Yes, workspace);
            let feed_forward = largest_columns(&x, hidden);
            layer.feed_forward.forward(&mut x, batch.n_tokens(), Parallel::Yes, workspace);
            [attention, feed_forward]
        };
        layers.iter().map(run).collect()
    });
    layers.par_iter_mut().zip(exact).enumerate().try_for_each(|(number, (layer, exact))| {
        let own = &mut checkpoint.clone();
        layer.attention.keep_exact(own, names, number, &exact[0])?;
        layer.feed_forward.keep_exact(own, names, number, &exact[1])
    })
}

/// Tokens drawn from the whole vocabulary, always the same ones.
fn probe(config: &EncoderConfig) -> Encoding {
    let mut state = 1u64;
    let input_ids: Vec<u32> = (0..N_TOKENS.min(config.max_tokens()))
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % config.vocab_size as u64) as u32
        })
        .collect();
    Encoding { token_type_ids: vec![0; input_ids.len()], input_ids, is_truncated: false }
}

/// The columns of `x [rows, columns]` with the largest numbers, ascending; at least one column is left out.
fn largest_columns(x: &[f32], columns: usize) -> Vec<usize> {
    let mut largest = vec![0.0f32; columns];
    for row in x.chunks_exact(columns) {
        largest.iter_mut().zip(row).for_each(|(largest, x)| *largest = largest.max(x.abs()));
    }
    let mut order: Vec<usize> = (0..columns).collect();
    order.sort_by(|&a, &b| largest[b].total_cmp(&largest[a]));
    order.truncate(EXACT_INPUTS.min(columns - 1));
    order.sort_unstable();
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_the_largest_numbers_are_found_whatever_their_sign() {
        let x = [0.5, -9.0, 1.0, 2.0, 0.1, 0.2, 3.0, 8.0];
        assert_eq!(largest_columns(&x, 4), [1, 3]);
        assert_eq!(largest_columns(&x, 8), [1, 7]);
        assert_eq!(largest_columns(&x, 2), [1], "one column is left");
        assert_eq!(largest_columns(&x, 1), [0; 0]);
    }

    /// What is not a number is for the product to show; here it must only not stop the search.
    #[test]
    fn numbers_that_are_none_are_passed_over() {
        assert_eq!(largest_columns(&[f32::NAN, 1.0, 2.0, f32::NAN], 4), [1, 2]);
        assert_eq!(largest_columns(&[f32::NAN; 8], 4), [0, 1]);
    }
}
