//! The options of fine-tuning, and their defaults.

use std::time::Duration;

use serde::Serialize;

use crate::encoder::Dtype;
use crate::error::{Error, ErrorKind, Result};

/// The options of fine-tuning. `None` is a default that depends on the number of rows and the width of the encoder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TuneOptions {
    /// The number of times that every training row is learned from.
    pub epochs: Option<usize>,
    /// The learning rate at the end of the warm-up.
    pub learning_rate: Option<f32>,
    /// The number of sentences of a step.
    pub batch_size: usize,
    /// The weight decay of the matrices.
    pub weight_decay: f32,
    /// The largest norm of all gradients together; larger ones are scaled down to it. 0 is no limit.
    pub max_grad_norm: f32,
    /// The share of the steps in which the learning rate rises.
    pub warmup: f32,
    /// True if numbers are dropped as the encoder's configuration says; false if none are.
    pub dropout: bool,
    /// True if the embeddings learn too.
    pub embeddings: bool,
    /// The data type of the products while the encoder learns: f32 or bf16.
    pub dtype: Dtype,
    /// The data type in which the weights are saved: f32 or bf16.
    pub save_dtype: Dtype,
    /// The seed of batches and dropout.
    pub seed: u32,
    /// True to go on from the state of an interrupted run with the same rows and options.
    pub resume: bool,
    /// The least time between two states that are kept for that. The default is 0: each epoch's is kept.
    pub checkpoint_every: Duration,
    /// True to time a few steps first, and to tell the observer how long tuning will take.
    pub estimate: bool,
}

impl Default for TuneOptions {
    fn default() -> Self {
        TuneOptions {
            epochs: None,
            learning_rate: None,
            batch_size: 32,
            weight_decay: 0.01,
            max_grad_norm: 1.0,
            warmup: 0.1,
            dropout: true,
            embeddings: false,
            dtype: Dtype::auto(),
            save_dtype: Dtype::Bf16,
            seed: 0,
            resume: false,
            checkpoint_every: Duration::ZERO,
            estimate: false,
        }
    }
}

/// The options that a run used.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TuneSettings {
    /// The number of epochs.
    pub epochs: usize,
    /// The learning rate at the end of the warm-up.
    pub learning_rate: f32,
    /// The number of sentences of a step.
    pub batch_size: usize,
    /// The weight decay of the matrices.
    pub weight_decay: f32,
    /// The largest norm of all gradients together; larger ones are scaled down to it. 0 is no limit.
    pub max_grad_norm: f32,
    /// The share of the steps in which the learning rate rises.
    pub warmup: f32,
    /// True if numbers are dropped.
    pub dropout: bool,
    /// True if the embeddings learn too.
    pub embeddings: bool,
    /// The data type of the products while the encoder learns.
    pub dtype: Dtype,
    /// The data type in which the weights are saved.
    pub save_dtype: Dtype,
    /// The seed of batches and dropout.
    pub seed: u32,
}

impl TuneOptions {
    /// The settings for `n_rows` training rows and an encoder of this width. Measured on SST-2 with encoders of 384 and
    /// 768: narrow encoders and few rows need more steps, narrow encoders a higher learning rate.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if an option is out of range.
    ///
    /// ```
    /// use clsify::tuning::TuneOptions;
    /// let settings = TuneOptions::default().settings(500, 768)?;
    /// assert_eq!((settings.epochs, settings.learning_rate), (5, 4e-5));
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn settings(&self, n_rows: usize, hidden_size: usize) -> Result<TuneSettings> {
        let is_narrow = hidden_size < 576;
        let epochs = self.epochs.unwrap_or(match n_rows {
            ..64 => 12,
            64..256 => 8,
            256..1000 => {
                if is_narrow {
                    8
                } else {
                    5
                }
            }
            1000..5000 => 3,
            _ => {
                if is_narrow {
                    3
                } else {
                    2
                }
            }
        });
        let learning_rate = self.learning_rate.unwrap_or(match (is_narrow, n_rows) {
            (true, _) => 1e-4,
            (false, ..5000) => 4e-5,
            (false, _) => 3e-5,
        });
        let refuse = |what: &str, expected: &str, got: String| {
            Err(Error::new(ErrorKind::InvalidArgument, format!("{what}: expected {expected}, got {got}")))
        };
        if !(1..=1000).contains(&epochs) {
            return refuse("epochs", "a number from 1 to 1000", epochs.to_string());
        }
        if !(learning_rate > 0.0 && learning_rate <= 1.0) {
            return refuse("learning rate", "a number above 0, at most 1", learning_rate.to_string());
        }
        if !(1..=4096).contains(&self.batch_size) {
            return refuse("batch size", "a number from 1 to 4096", self.batch_size.to_string());
        }
        if !(0.0..=10.0).contains(&self.weight_decay) {
            return refuse("weight decay", "a number from 0 to 10", self.weight_decay.to_string());
        }
        if !(self.max_grad_norm >= 0.0 && self.max_grad_norm.is_finite()) {
            return refuse("norm of gradients", "a number of at least 0", self.max_grad_norm.to_string());
        }
        if !(0.0..=1.0).contains(&self.warmup) {
            return refuse("warm-up", "a share from 0 to 1", self.warmup.to_string());
        }
        for dtype in [self.dtype, self.save_dtype] {
            if dtype == Dtype::Int8 {
                return refuse("data type of tuning", "f32 or bf16", dtype.to_string());
            }
        }
        Ok(TuneSettings {
            epochs,
            learning_rate,
            batch_size: self.batch_size,
            weight_decay: self.weight_decay,
            max_grad_norm: self.max_grad_norm,
            warmup: self.warmup,
            dropout: self.dropout,
            embeddings: self.embeddings,
            dtype: self.dtype.effective(),
            save_dtype: self.save_dtype,
            seed: self.seed,
        })
    }
}
