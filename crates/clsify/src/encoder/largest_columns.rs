//! Finds the columns of a matrix with its largest numbers.

use clsify_kernels::packed::EXACT_INPUTS;

/// The columns of `x [rows, columns]` with the largest numbers, ascending; at least one column is left out.
pub(super) fn largest_columns(x: &[f32], columns: usize) -> Vec<usize> {
    let mut largest = vec![0.0f32; columns];
    for row in x.chunks_exact(columns) {
        largest.iter_mut().zip(row).for_each(|(largest, x)| *largest = largest.max(x.abs()));
    }
    let mut order: Vec<usize> = (0..columns).collect();
    order.sort_by(|&a, &b| largest[b].total_cmp(&largest[a]));
    order.truncate(EXACT_INPUTS.min(columns - 1));
    order.sort_unstable();
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_the_largest_numbers_are_found_whatever_their_sign() {
        let x = [0.5, -9.0, 1.0, 2.0, 0.1, 0.2, 3.0, 8.0];
        assert_eq!(largest_columns(&x, 4), [1, 3]);
        assert_eq!(largest_columns(&x, 8), [1, 7]);
        assert_eq!(largest_columns(&x, 2), [1], "one column is left");
        assert_eq!(largest_columns(&x, 1), [0; 0]);
    }

    /// NaN must not stop the search; the product will reveal it.
    #[test]
    fn numbers_that_are_none_are_passed_over() {
        assert_eq!(largest_columns(&[f32::NAN, 1.0, 2.0, f32::NAN], 4), [1, 2]);
        assert_eq!(largest_columns(&[f32::NAN; 8], 4), [0, 1]);
    }
}
