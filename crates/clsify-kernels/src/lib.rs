//! The arithmetic of `clsify`: matrix products, softmax, activations and layer normalisation on plain slices.
//!
//! This is the only crate of the workspace that contains `unsafe`: calls into the `gemm` crate, loads and stores of
//! vector kernels, and calls of functions compiled for an instruction set that was detected at run time. Every public
//! function is safe and checks the lengths of its slices; a wrong length is a bug of the caller and panics.
//!
//! | module | content |
//! |---|---|
//! | [`matmul`] | `C = alpha A B + beta C`, strided, `f32` and `f64` |
//! | [`packed`] | `activation(x Wᵀ + b)` with weights packed once, a row's bits independent of its neighbours |
//! | [`attention`] | `softmax(Q Kᵀ / √head_size + bias) V` of one sentence, head by head; its probabilities alone |
//! | [`activation`] | `gelu` (erf), `gelu_tanh`, `relu`, `silu`, in place |
//! | [`backward`] | the gradients of activations, layer normalisation and biases |
//! | [`adamw`] | an update of parameters by their gradient |
//! | [`dropout`] | zeros that depend on a seed and an index |
//! | [`transpose`] | transposed copies of matrices |
//! | [`logistic`] | the residuals of logistic regression, `f64` |
//! | [`vector`] | dot product and scaled addition, `f64` |
//! | [`normalize`] | `softmax`, `layer_norm`, `l2_normalize`, by rows, in place |
//! | [`crew`] | threads that stand by for many short tasks: the products of one sentence, a training step |
//! | [`allocator`] | when freed memory goes back to the system: not arithmetic, but `unsafe` |
//! | [`startup`] | whether standard output was open at the start of the process: not arithmetic, but `unsafe` |
//! | [`ceiling`] | the operations per second that no product can exceed on this machine |
//!
//! Element-wise functions give the same bits on every instruction set: they use no fused multiply-add and sum in a
//! fixed order.
#![deny(unsafe_op_in_unsafe_fn)]

pub mod activation;
pub mod adamw;
pub mod allocator;
pub mod attention;
pub mod backward;
#[cfg(target_arch = "x86_64")]
mod element_wise_avx512;
pub mod ceiling;
pub mod crew;
mod dispatch;
pub mod dropout;
mod exp;
pub mod logistic;
pub mod matmul;
pub mod normalize;
pub mod packed;
pub mod startup;
pub mod transpose;
pub mod vector;
