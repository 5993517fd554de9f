//! The function that is applied to the sums of a product.

use super::tile::Tile;
use crate::activation::{gelu, gelu_tanh, relu, silu};

/// The function that is applied to the sums, the bias included, before they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Epilogue {
    /// Leaves the sums as they are.
    None,
    /// Adds the sums to the content of `out`: a residual connection.
    Add,
    /// [`gelu`](crate::activation::gelu), the erf form.
    Gelu,
    /// [`gelu_tanh`](crate::activation::gelu_tanh), the approximation.
    GeluTanh,
    /// [`relu`](crate::activation::relu).
    Relu,
    /// [`silu`](crate::activation::silu).
    Silu,
}

impl Epilogue {
    /// Applies the activation to the numbers of a tile, by the functions of [`activation`](crate::activation).
    ///
    /// # Safety
    /// `target` is valid and the caller's alone.
    pub(super) unsafe fn activate(self, target: &Tile) {
        for r in 0..target.rows {
            // SAFETY: row r of the target is valid for `width` numbers and the caller's alone.
            let row =
                unsafe { std::slice::from_raw_parts_mut(target.out.add(r * target.stride), target.width) };
            match self {
                Epilogue::None | Epilogue::Add => {}
                Epilogue::Gelu => gelu(row),
                Epilogue::GeluTanh => gelu_tanh(row),
                Epilogue::Relu => relu(row),
                Epilogue::Silu => silu(row),
            }
        }
    }
}
