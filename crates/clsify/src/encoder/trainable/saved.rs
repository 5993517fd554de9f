//! What the gradient of a layer needs from its forward pass.

use super::chunks::{Chunk, sized_rows};

/// The numbers of a layer between its forward and its backward pass, one row per token.
#[derive(Debug, Default)]
pub(super) struct Saved {
    /// `[n_tokens, hidden]`.
    pub(super) input: Vec<f32>,
    /// `[n_tokens, 3 * hidden]`.
    pub(super) query_key_value: Vec<f32>,
    /// `[n_tokens, hidden]`.
    pub(super) context: Vec<f32>,
    /// `[n_tokens, hidden]`, standardised.
    pub(super) after_attention: Vec<f32>,
    /// `[n_tokens]`.
    pub(super) attention_scales: Vec<f32>,
    /// `[n_tokens, intermediate]`, before the activation.
    pub(super) intermediate: Vec<f32>,
    /// `[n_tokens, hidden]`, standardised.
    pub(super) after_output: Vec<f32>,
    /// `[n_tokens]`.
    pub(super) output_scales: Vec<f32>,
}

/// The rows of a chunk.
pub(super) struct SavedRows<'a> {
    pub(super) input: &'a mut [f32],
    pub(super) query_key_value: &'a mut [f32],
    pub(super) context: &'a mut [f32],
    pub(super) after_attention: &'a mut [f32],
    pub(super) attention_scales: &'a mut [f32],
    pub(super) intermediate: &'a mut [f32],
    pub(super) after_output: &'a mut [f32],
    pub(super) output_scales: &'a mut [f32],
}

impl Saved {
    /// The rows of each chunk, to be written.
    pub(super) fn of_chunks<'a>(
        &'a mut self,
        chunks: &'a [Chunk],
        hidden: usize,
        intermediate: usize,
    ) -> impl Iterator<Item = SavedRows<'a>> {
        let mut input = sized_rows(&mut self.input, chunks, hidden).into_iter();
        let mut query_key_value = sized_rows(&mut self.query_key_value, chunks, 3 * hidden).into_iter();
        let mut context = sized_rows(&mut self.context, chunks, hidden).into_iter();
        let mut after_attention = sized_rows(&mut self.after_attention, chunks, hidden).into_iter();
        let mut attention_scales = sized_rows(&mut self.attention_scales, chunks, 1).into_iter();
        let mut intermediate = sized_rows(&mut self.intermediate, chunks, intermediate).into_iter();
        let mut after_output = sized_rows(&mut self.after_output, chunks, hidden).into_iter();
        let mut output_scales = sized_rows(&mut self.output_scales, chunks, 1).into_iter();
        let next = |rows: &mut std::vec::IntoIter<&'a mut [f32]>| rows.next().unwrap_or_default();
        chunks.iter().map(move |_| SavedRows {
            input: next(&mut input),
            query_key_value: next(&mut query_key_value),
            context: next(&mut context),
            after_attention: next(&mut after_attention),
            attention_scales: next(&mut attention_scales),
            intermediate: next(&mut intermediate),
            after_output: next(&mut after_output),
            output_scales: next(&mut output_scales),
        })
    }
}
