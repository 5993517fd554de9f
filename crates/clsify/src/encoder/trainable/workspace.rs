//! Memory of a training step that is used again: packed matrices, and what a layer leaves behind for the gradients of
//! its matrices.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clsify_kernels::packed::{Epilogue, Kernel, PackedLinear};

use super::chunks::{Chunk, sized_rows};

/// The buffers of a training run. They only grow.
#[derive(Debug)]
pub(super) struct Workspace {
    /// The matrices of the layer that is being computed, or the inputs of these.
    pub(super) packed: [PackedLinear; 4],
    pub(super) buffers: Buffers,
    pub(super) clock: ProductClock,
}

/// The time that all threads together have spent in matrix products.
#[derive(Debug, Default)]
pub(super) struct ProductClock(AtomicU64);

impl ProductClock {
    pub(super) fn total(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

/// A packed matrix whose products are timed.
#[derive(Clone, Copy)]
pub(super) struct Timed<'a> {
    pub(super) packed: &'a PackedLinear,
    pub(super) clock: &'a ProductClock,
}

impl Timed<'_> {
    /// As [`PackedLinear::forward`].
    pub(super) fn forward(&self, x: &[f32], out: &mut [f32], epilogue: Epilogue) {
        let started = Instant::now();
        self.packed.forward(x, out, epilogue);
        self.clock.0.fetch_add(started.elapsed().as_nanos() as u64, Ordering::Relaxed);
    }
}

/// The inputs of the matrices of a layer that were not kept, and the gradients of their outputs; each has a row for
/// each token.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    /// `[n_tokens, 3 * hidden]`.
    pub(super) of_query_key_value: Vec<f32>,
    /// `[n_tokens, hidden]`.
    pub(super) of_attention_output: Vec<f32>,
    /// `[n_tokens, hidden]`, the input of `intermediate`.
    pub(super) normed: Vec<f32>,
    /// `[n_tokens, intermediate]`.
    pub(super) of_intermediate: Vec<f32>,
    /// `[n_tokens, intermediate]`, the input of `output`.
    pub(super) activated: Vec<f32>,
    /// `[n_tokens, hidden]`.
    pub(super) of_output: Vec<f32>,
    /// The gradients of the biases and layer normalisations of a layer, `[n_chunks, 9 * hidden + intermediate]`.
    pub(super) of_vectors: Vec<f32>,
}

/// The rows of a chunk.
pub(super) struct BufferRows<'a> {
    pub(super) of_query_key_value: &'a mut [f32],
    pub(super) of_attention_output: &'a mut [f32],
    pub(super) normed: &'a mut [f32],
    pub(super) of_intermediate: &'a mut [f32],
    pub(super) activated: &'a mut [f32],
    pub(super) of_output: &'a mut [f32],
    /// One row for the chunk.
    pub(super) of_vectors: &'a mut [f32],
}

impl Buffers {
    /// The rows of each chunk, to be written.
    pub(super) fn of_chunks<'a>(
        &'a mut self,
        chunks: &'a [Chunk],
        hidden: usize,
        intermediate: usize,
    ) -> impl Iterator<Item = BufferRows<'a>> {
        let mut of_query_key_value = sized_rows(&mut self.of_query_key_value, chunks, 3 * hidden).into_iter();
        let mut of_attention_output = sized_rows(&mut self.of_attention_output, chunks, hidden).into_iter();
        let mut normed = sized_rows(&mut self.normed, chunks, hidden).into_iter();
        let mut of_intermediate = sized_rows(&mut self.of_intermediate, chunks, intermediate).into_iter();
        let mut activated = sized_rows(&mut self.activated, chunks, intermediate).into_iter();
        let mut of_output = sized_rows(&mut self.of_output, chunks, hidden).into_iter();
        let of_vector = 9 * hidden + intermediate;
        self.of_vectors.resize(chunks.len() * of_vector, 0.0);
        let of_vectors = self.of_vectors.chunks_exact_mut(of_vector);
        let next = |rows: &mut std::vec::IntoIter<&'a mut [f32]>| rows.next().unwrap_or_default();
        of_vectors.map(move |of_vectors| BufferRows {
            of_query_key_value: next(&mut of_query_key_value),
            of_attention_output: next(&mut of_attention_output),
            normed: next(&mut normed),
            of_intermediate: next(&mut of_intermediate),
            activated: next(&mut activated),
            of_output: next(&mut of_output),
            of_vectors,
        })
    }
}

impl Workspace {
    pub(super) fn new(kernel: Kernel) -> Self {
        Workspace {
            packed: [0; 4].map(|_| PackedLinear::empty(kernel)),
            buffers: Buffers::default(),
            clock: ProductClock::default(),
        }
    }

    /// The packed matrices with the clock of their products.
    pub(super) fn timed<'a>(packed: &'a [PackedLinear; 4], clock: &'a ProductClock) -> [Timed<'a>; 4] {
        packed.each_ref().map(|packed| Timed { packed, clock })
    }
}
