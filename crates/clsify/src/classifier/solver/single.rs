//! The solver's two products in `f32`, with the rows packed once for each.
//!
//! They are used to compare candidates, whose fits are discarded, and are about five times as fast as in `f64`. The
//! error of a gradient of the mean loss, about 1e-7, is far below the tolerance of such fits.

use clsify_kernels::packed::{Epilogue, Kernel, PackedLinear};
use rayon::prelude::*;

/// The number of floats in a cache line.
const LINE: usize = 16;

/// Rows `[n, width]`, packed for products from both sides.
#[derive(Debug)]
pub(super) struct SingleProducts {
    to_logits: PackedLinear,
    to_gradients: PackedLinear,
}

impl SingleProducts {
    /// Packs `rows [n, width]`.
    pub(super) fn new(rows: &[f64], n: usize, width: usize) -> Self {
        let single: Vec<f32> = rows.par_iter().map(|&x| x as f32).collect();
        let to_logits = PackedLinear::pack(&single, &vec![0.0; n], width, n, Kernel::best_f32());
        let mut columns = vec![0.0f32; width * n];
        // Sixteen columns are processed together, because they share cache lines of the rows.
        columns.par_chunks_mut(LINE * n).enumerate().for_each(|(band, columns)| {
            for (i, row) in single.chunks_exact(width).enumerate() {
                let row = &row[band * LINE..];
                columns[i..].iter_mut().step_by(n).zip(row).for_each(|(to, &x)| *to = x);
            }
        });
        drop(single);
        let to_gradients = PackedLinear::pack(&columns, &vec![0.0; width], n, width, Kernel::best_f32());
        SingleProducts { to_logits, to_gradients }
    }

    /// `params [columns, width]` times the rows transposed: `[columns, n]`.
    pub(super) fn logits(&self, params: &[f64], out: &mut [f64]) {
        product(&self.to_logits, params, out);
    }

    /// `residuals [columns, n]` times the rows: `[columns, width]`.
    pub(super) fn gradients(&self, residuals: &[f64], out: &mut [f64]) {
        product(&self.to_gradients, residuals, out);
    }
}

fn product(packed: &PackedLinear, x: &[f64], out: &mut [f64]) {
    let single: Vec<f32> = x.iter().map(|&x| x as f32).collect();
    let mut products = vec![0.0; out.len()];
    packed.forward_parallel(&single, &mut products, Epilogue::None);
    out.iter_mut().zip(&products).for_each(|(out, &x)| *out = f64::from(x));
}
