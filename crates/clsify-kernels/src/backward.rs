//! The gradients of element-wise functions and of layer normalisation, for training.
//!
//! Products need no code of their own: with `y = x Wᵀ`, `dx = dy W` and `dW = dyᵀ x` are products of
//! [`packed`](crate::packed) with matrices that are [transposed](crate::transpose) or
//! [packed transposed](crate::packed::PackedLinear::repack_transposed). The gradient of attention is in
//! [`attention`](crate::attention).

mod activation;
mod column_sums;
mod layer_norm;

pub use activation::{gelu_backward, gelu_tanh_backward, relu_backward, silu_backward};
pub use column_sums::{add_column_dots, add_column_sums};
pub use layer_norm::{layer_norm_backward, scale_and_shift, standardize};
