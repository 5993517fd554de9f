//! Finds the inputs that an 8-bit encoder multiplies in `f32`, when it is loaded.
//!
//! Trained encoders have hidden dimensions that are far larger than the others for every token, and weights that are
//! far larger than the others of their output (Dettmers et al., arXiv 2208.07339; Yu et al., arXiv 2411.07191). In 8
//! bits each of them reduces the precision of all numbers that share its scale. Large weights are found in the
//! weights. Large dimensions are found with a probe: a few tokens from the whole vocabulary, which the loaded encoder
//! encodes once. The weights that belong to them are then read again, without rounding.

use clsify_kernels::matmul::Parallel;
use rayon::prelude::*;

use super::checkpoint::Checkpoint;
use super::config::EncoderConfig;
use super::embeddings::Embeddings;
use super::largest_columns::largest_columns;
use super::layer::Layer;
use super::position_bias::PositionBias;
use super::tensor_names::TensorNames;
use super::workspace::with_workspace;
use crate::error::Result;
use crate::tokenizer::{Batch, Encoding};

/// The number of tokens of the probe.
const N_TOKENS: usize = 32;

/// Finds the exact inputs of the matrices that are applied to hidden states, and has their weights read again.
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
        let own = &checkpoint.clone();
        layer.attention.keep_exact(own, names, number, &exact[0])?;
        layer.feed_forward.keep_exact(own, names, number, &exact[1])
    })
}

/// Tokens drawn from the whole vocabulary; always the same ones.
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
