//! A preconditioner: the Hessian with every `Aᵢ` replaced by the diagonal of their mean, over rows and over problems.
//!
//! One matrix `Σ xᵢ xᵢᵀ` then serves all problems at all times, so this is cheap. The approximation is good as long
//! as rows are equally uncertain, as they are before the first step.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::cholesky::{Cholesky, weighted_gram};
use super::point::{Point, mean_l2};
use super::rows::Rows;
use crate::error::Result;
use crate::observer::GoOn;

/// The mean of `xᵢ xᵢᵀ`, in blocks along the diagonal.
#[derive(Debug)]
pub(super) struct MeanGram {
    width: usize,
    /// The columns of every block except the last, which may have fewer.
    size: usize,
    blocks: Vec<Vec<f64>>,
}

impl MeanGram {
    pub(super) fn new(rows: &Rows, go_on: GoOn) -> Result<Self> {
        let (n, width) = (rows.n, rows.width);
        let size = width.div_ceil(width.div_ceil(rows.max_block()));
        let block = |first: usize| {
            weighted_gram(rows.values(), width, first, size.min(width - first), |_| 1.0 / n as f64, go_on)
        };
        Ok(MeanGram { width, size, blocks: (0..width).step_by(size).map(block).collect::<Result<_>>()? })
    }
}

/// The factored operator.
#[derive(Debug)]
pub(super) struct MeanCurvature {
    width: usize,
    size: usize,
    /// The exponent of each column's curvature, a power of 2.
    levels: Vec<i32>,
    /// For each distinct curvature, the factors of all blocks.
    factors: Vec<Vec<Cholesky>>,
    /// The index of the factors for each column.
    of_column: Vec<usize>,
}

impl MeanCurvature {
    /// Creates it for the current points. Nothing is factored if the curvatures are about those in `earlier`.
    pub(super) fn new(gram: &MeanGram, points: &[Point], earlier: Option<Self>) -> Self {
        let columns = points[0].columns();
        let mean = |k: usize| points.iter().map(|p| curvature(p, k)).sum::<f64>() / points.len() as f64;
        let curvatures: Vec<f64> = (0..columns).into_par_iter().map(mean).collect();
        // A class that is predicted with certainty has almost no curvature. The lower limit keeps steps there small.
        let floor = curvatures.iter().fold(1e-12, |m: f64, c| m.max(*c)) * 1e-4;
        // Rounding to powers of 2 keeps the number of factors small, and new ones rare.
        let level = |curvature: &f64| curvature.max(floor).log2().round() as i32;
        let levels: Vec<i32> = curvatures.iter().map(level).collect();
        if let Some(earlier) = earlier.filter(|earlier| earlier.levels == levels) {
            return earlier;
        }
        let distinct: Vec<i32> = BTreeSet::from_iter(levels.iter().copied()).into_iter().collect();
        let l2 = mean_l2(points);
        let factors = distinct.iter().map(|&level| factors(gram, 2f64.powi(level), l2)).collect();
        let of_column = levels.iter().map(|level| distinct.partition_point(|other| other < level)).collect();
        MeanCurvature { width: gram.width, size: gram.size, levels, factors, of_column }
    }

    /// Applies the inverse of the operator to each of the vectors `[problems, columns, width]`.
    pub(super) fn solve(&self, vectors: &mut [f64]) {
        let (width, columns) = (self.width, self.of_column.len());
        for (place, blocks) in self.factors.iter().enumerate() {
            let mut own: Vec<&mut [f64]> = vectors
                .chunks_exact_mut(width)
                .enumerate()
                .filter(|(vector, _)| self.of_column[vector % columns] == place)
                .map(|(_, vector)| vector)
                .collect();
            for (block, factor) in blocks.iter().enumerate() {
                let first = block * self.size;
                let range = first..(first + self.size).min(width);
                let mut right_sides: Vec<f64> =
                    own.iter().flat_map(|vector| &vector[range.clone()]).copied().collect();
                factor.solve(&mut right_sides);
                for (vector, solved) in own.iter_mut().zip(right_sides.chunks_exact(range.len())) {
                    vector[range.clone()].copy_from_slice(solved);
                }
            }
        }
        if columns > 1 {
            vectors.par_chunks_exact_mut(columns * width).for_each(|vector| {
                for j in 0..width {
                    let mean = (0..columns).map(|k| vector[k * width + j]).sum::<f64>() / columns as f64;
                    (0..columns).for_each(|k| vector[k * width + j] -= mean);
                }
            });
        }
    }
}

/// `Σ wᵢ pᵢₖ (1 - pᵢₖ)`.
fn curvature(point: &Point, k: usize) -> f64 {
    let of_row = |i: usize| {
        let p = point.probability(k, i);
        point.weights[i] * p * (1.0 - p)
    };
    (0..point.weights.len()).filter(|&i| point.weights[i] > 0.0).map(of_row).sum()
}

/// The factors of `curvature` times the blocks, plus the penalty; the intercept, which comes last, has none.
fn factors(gram: &MeanGram, curvature: f64, l2: f64) -> Vec<Cholesky> {
    let factor = |(block, gram_block): (usize, &Vec<f64>)| {
        let first = block * gram.size;
        let size = gram.size.min(gram.width - first);
        let mut a: Vec<f64> = gram_block.par_iter().map(|x| curvature * x).collect();
        (0..size).filter(|i| first + i + 1 < gram.width).for_each(|i| a[i * size + i] += l2);
        Cholesky::new(a, size)
    };
    gram.blocks.iter().enumerate().map(factor).collect()
}
