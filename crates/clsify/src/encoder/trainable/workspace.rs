//! Memory of a training step that is used again: packed matrices, transposed matrices, gradients of a layer.

use clsify_kernels::packed::{Kernel, PackedLinear};

/// The buffers of a training run. They only grow.
#[derive(Debug)]
pub(super) struct Workspace {
    /// The matrix of the product that is being computed.
    pub(super) packed: PackedLinear,
    /// The transposed gradient of a product.
    pub(super) transposed: Vec<f32>,
    pub(super) buffers: Buffers,
}

/// The buffers of a layer. `wide` have the size of the feed-forward network, `narrow` that of a hidden state.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    pub(super) wide: [Vec<f32>; 2],
    pub(super) narrow: [Vec<f32>; 2],
}

impl Workspace {
    pub(super) fn new(kernel: Kernel) -> Self {
        Workspace { packed: PackedLinear::empty(kernel), transposed: Vec::new(), buffers: Buffers::default() }
    }
}
