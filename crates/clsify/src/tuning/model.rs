//! An encoder, a pooling and a head that learn together: one step.

use crate::encoder::trainable::{Parameter, Step, TrainableEncoder, even_parts};
use crate::error::Result;
use crate::features::Pooling;
use crate::observer::GoOn;
use crate::tokenizer::{Batch, Encoding};

use super::head::{Head, Targets};

/// The tokens of a part of a batch, about: a batch of 32 sentences of 24 tokens passes as a whole.
pub(crate) const PART_TOKENS: usize = 768;

/// What learns.
#[derive(Debug)]
pub(crate) struct TunedModel {
    pub(crate) encoder: TrainableEncoder,
    pub(crate) pooling: Pooling,
    pub(crate) head: Head,
}

impl TunedModel {
    /// The pooled vectors of a batch, `[n_sentences, hidden_size]`, with nothing dropped.
    pub(crate) fn features(&mut self, batch: &Batch, go_on: GoOn) -> Result<Vec<f32>> {
        let hidden_states = self.encoder.forward(batch, None, go_on)?;
        Ok(self.pool(batch, &hidden_states))
    }

    /// Computes the gradient of a batch, and returns its loss. `targets` are `[n_sentences, n_outputs]`; the seed decides what
    /// is dropped. If the loss is not finite, there is no gradient.
    ///
    /// A batch of many tokens passes in parts, whose gradients are added, so that memory does not grow with its length.
    pub(crate) fn backward(
        &mut self,
        encodings: &[&Encoding],
        targets: &[f32],
        weights: &[f32],
        seed: u64,
        go_on: GoOn,
    ) -> Result<f64> {
        let lengths: Vec<usize> = encodings.iter().map(|encoding| encoding.input_ids.len()).collect();
        let n_parts = lengths.iter().sum::<usize>().div_ceil(PART_TOKENS);
        let total = weights.iter().map(|&weight| f64::from(weight)).sum();
        let (mut loss, k) = (0.0, self.head.n_outputs());
        for (part, rows) in even_parts(&lengths, n_parts).into_iter().enumerate() {
            let batch = Batch::new(encodings[rows.clone()].iter().copied());
            let targets = Targets {
                values: &targets[rows.start * k..rows.end * k],
                weights: &weights[rows],
                total_weight: total,
            };
            // Another odd constant than that of `Dropout::at`, whose places would drop the same numbers again.
            let seed = seed.wrapping_add((part as u64).wrapping_mul(0xd134_2543_de82_ef95));
            loss += self.backward_part(&batch, targets, seed, part > 0, go_on)?;
            if !loss.is_finite() {
                break;
            }
        }
        Ok(loss)
    }

    /// Returns the share of the part in the loss of its batch.
    fn backward_part(
        &mut self,
        batch: &Batch,
        targets: Targets,
        seed: u64,
        adds: bool,
        go_on: GoOn,
    ) -> Result<f64> {
        let hidden_states = self.encoder.forward(batch, Some(seed), go_on)?;
        let pooled = self.pool(batch, &hidden_states);
        let (loss, gradient) = self.head.loss(&self.head.logits(&pooled), targets);
        if !loss.is_finite() {
            return Ok(loss);
        }
        let of_pooled = self.head.backward(&pooled, &gradient, adds);
        let cols = self.encoder.config().hidden_size;
        let mut of_hidden_states = vec![0.0; hidden_states.len()];
        for (sentence, pooled) in batch.sentences().zip(of_pooled.chunks_exact(cols)) {
            let rows = sentence.start * cols..sentence.end * cols;
            self.pooling.backward(&hidden_states[rows.clone()], pooled, &mut of_hidden_states[rows]);
        }
        self.encoder.backward(batch, of_hidden_states, seed, adds, go_on)?;
        Ok(loss)
    }

    /// The norm of all gradients together.
    pub(crate) fn gradient_norm(&self) -> f64 {
        (self.encoder.gradient_square() + self.head.gradient_square()).sqrt()
    }

    /// Updates every parameter by its gradient.
    pub(crate) fn update(&mut self, step: &Step) {
        self.encoder.update(step);
        self.head.update(step);
    }

    /// All parameters in a fixed order.
    pub(crate) fn parameters(&self) -> Vec<&Parameter> {
        let of_encoder = self.encoder.parameters().into_iter().map(|(_, parameter)| parameter);
        of_encoder.chain([&self.head.coef, &self.head.intercept]).collect()
    }

    /// In the order of [`parameters`](Self::parameters).
    pub(crate) fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        let of_encoder = self.encoder.parameters_mut().into_iter();
        of_encoder.chain([&mut self.head.coef, &mut self.head.intercept]).collect()
    }

    /// `[n_sentences, hidden_size]`.
    fn pool(&self, batch: &Batch, hidden_states: &[f32]) -> Vec<f32> {
        let cols = self.encoder.config().hidden_size;
        let mut pooled = vec![0.0; batch.sentences().count() * cols];
        for (sentence, out) in batch.sentences().zip(pooled.chunks_exact_mut(cols)) {
            self.pooling.pool(&hidden_states[sentence.start * cols..sentence.end * cols], out);
        }
        pooled
    }
}
