//! One layer: attention, then the feed-forward network.

use super::Dtype;
use super::attention::Attention;
use super::feed_forward::FeedForward;

/// One transformer layer.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) attention: Attention,
    pub(super) feed_forward: FeedForward,
}

impl Layer {
    /// A layer of the same shape with arbitrary weights, for measurements.
    pub(super) fn with_any_weights(&self, dtype: Dtype) -> Self {
        Layer {
            attention: self.attention.with_any_weights(dtype),
            feed_forward: self.feed_forward.with_any_weights(dtype),
        }
    }
}
