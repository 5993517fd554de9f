//! A problem, its solution, and the stopping criterion.

/// One problem over the shared rows.
#[derive(Debug, Clone)]
pub(crate) struct Problem<'a> {
    pub(crate) c: f64,
    /// `[n]`: the class of each row.
    pub(crate) class_ids: &'a [usize],
    /// `[n]`; 0 leaves a row out. Class weights are included.
    pub(crate) row_weights: Vec<f64>,
    /// The classes that have rows here, ascending; at least two in a problem that is solved.
    pub(crate) classes: Vec<usize>,
    /// Numbers that are added to the logits, `[columns, n]`; empty if there are none.
    pub(crate) offset: Vec<f64>,
    /// Rows whose logits are needed.
    pub(crate) asked: Vec<usize>,
}

impl Problem<'_> {
    /// The number of weight vectors: one for two classes, otherwise one per class.
    pub(super) fn columns(&self) -> usize {
        if self.classes.len() == 2 { 1 } else { self.classes.len() }
    }

    pub(super) fn has_rows_of(&self, other: &Problem) -> bool {
        // Labels have separate class ids, which are compared by address without reading them.
        std::ptr::eq(self.class_ids, other.class_ids)
            && self.classes == other.classes
            && self.row_weights == other.row_weights
    }
}

/// The optimum of one problem, for the original features.
#[derive(Debug, Clone)]
pub(crate) struct Solution {
    /// `[1 or n_classes, d]`.
    pub(crate) coef: Vec<f64>,
    pub(crate) intercept: Vec<f64>,
    pub(crate) n_iter: usize,
    pub(crate) converged: bool,
    /// An upper bound of the largest element of the objective's gradient.
    pub(crate) gradient_max_norm: f64,
    /// The logits of the requested rows, `[columns, n_asked]`.
    pub(crate) logits: Vec<f64>,
}

/// The stopping criterion.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop {
    pub(crate) tol: f64,
    pub(crate) max_iter: usize,
}
