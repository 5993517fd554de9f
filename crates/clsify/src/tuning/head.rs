//! The classifier on top of the encoder while both learn: logits, loss, gradients.

use clsify_kernels::packed::Precision;

use crate::encoder::trainable::{Parameter, Step, gradient_square, update};
use crate::targets::Labels;

/// A linear classifier that learns: `logits = x coefᵀ + intercept`, in `f32`.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    /// `[n_outputs, n_features]`.
    pub(crate) coef: Parameter,
    pub(crate) intercept: Parameter,
    pub(crate) loss: Loss,
    /// The weights of an output that should be 0, and of one that should be 1; none are 1. Only for [`Loss::Sigmoid`].
    pub(crate) output_weights: Vec<[f64; 2]>,
}

/// What rows should be, and how much they count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Targets<'a> {
    /// `[n_rows, n_outputs]`.
    pub(crate) values: &'a [f32],
    /// `[n_rows]`.
    pub(crate) weights: &'a [f32],
    /// The sum of the weights of a batch, of which these rows may be a part.
    pub(crate) total_weight: f64,
}

/// The loss of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The cross-entropy of softmax probabilities: three or more classes.
    Softmax,
    /// The binary cross-entropy of each output, summed: label sets, and two classes with the one logit of the second.
    Sigmoid,
}

/// What each output of a row should be: 1 for its class or labels, otherwise 0. `[n_rows, n_outputs]`. `classes` are
/// the ids of the classes that the head knows; two have one output, that of the second.
pub(crate) fn outputs(labels: &Labels, classes: &[usize], rows: &[usize]) -> Vec<f32> {
    let one_if = |is_one: bool| if is_one { 1.0 } else { 0.0 };
    let known = if classes.len() == 2 { &classes[1..] } else { classes };
    match labels {
        Labels::Classes { class_ids, .. } => rows
            .iter()
            .flat_map(|&row| known.iter().map(move |&class| one_if(class_ids[row] == class)))
            .collect(),
        Labels::Sets(sets) => rows.iter().flat_map(|&row| sets.row(row)).map(|&has| one_if(has)).collect(),
    }
}

impl Head {
    pub(crate) fn new(coef: Vec<f32>, intercept: Vec<f32>, loss: Loss) -> Self {
        Head {
            coef: Parameter::matrix(coef, Precision::F32),
            intercept: Parameter::vector(intercept),
            loss,
            output_weights: Vec::new(),
        }
    }

    pub(crate) fn n_outputs(&self) -> usize {
        self.intercept.value.len()
    }

    /// The logits of rows `x [n_rows, n_features]`, `[n_rows, n_outputs]`, summed in `f64`.
    pub(crate) fn logits(&self, x: &[f32]) -> Vec<f64> {
        let cols = self.coef.value.len() / self.n_outputs();
        let of_row = |row| {
            let outputs = self.coef.value.chunks_exact(cols).zip(&self.intercept.value);
            outputs.map(move |(coef, &b): (&[f32], &f32)| dot(row, coef) + f64::from(b))
        };
        x.chunks_exact(cols).flat_map(of_row).collect()
    }

    /// The loss of rows, the mean weighted by their weights, and the gradient of their logits `[n_rows, n_outputs]`.
    /// Rows whose weights are all zero have no loss and no gradient.
    pub(crate) fn loss(&self, logits: &[f64], targets: Targets) -> (f64, Vec<f64>) {
        let Targets { values: targets, weights, total_weight } = targets;
        let total = if total_weight > 0.0 { total_weight } else { 1.0 };
        let (mut loss, mut gradient) = (0.0, Vec::with_capacity(logits.len()));
        let rows = logits.chunks_exact(self.n_outputs()).zip(targets.chunks_exact(self.n_outputs()));
        for ((logits, targets), &weight) in rows.zip(weights) {
            let weight = f64::from(weight) / total;
            match self.loss {
                Loss::Softmax => {
                    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                    let sum: f64 = logits.iter().map(|z| (z - max).exp()).sum();
                    for (z, &t) in logits.iter().zip(targets) {
                        let (log_p, t) = (z - max - sum.ln(), f64::from(t));
                        loss -= weight * t * log_p;
                        gradient.push(weight * (log_p.exp() - t));
                    }
                }
                Loss::Sigmoid => {
                    for (output, (z, &t)) in logits.iter().zip(targets).enumerate() {
                        let of_output = self.output_weights.get(output).map_or(1.0, |w| w[t as usize]);
                        let (weight, t) = (weight * of_output, f64::from(t));
                        loss += weight * (z.max(0.0) - z * t + (-z.abs()).exp().ln_1p());
                        gradient.push(weight * (1.0 / (1.0 + (-z).exp()) - t));
                    }
                }
            }
        }
        (loss, gradient)
    }

    /// Computes the gradients of coefficients and intercepts from that of the logits, or adds them to what is there, and
    /// returns that of `x`.
    pub(crate) fn backward(&mut self, x: &[f32], gradient: &[f64], adds: bool) -> Vec<f32> {
        let (k, cols) = (self.n_outputs(), self.coef.value.len() / self.n_outputs());
        let (mut of_x, mut of_coef, mut of_intercept) =
            (Vec::with_capacity(x.len()), vec![0.0; k * cols], vec![0.0; k]);
        let mut sums = vec![0.0; cols];
        for (x, gradient) in x.chunks_exact(cols).zip(gradient.chunks_exact(k)) {
            sums.fill(0.0);
            for (output, &g) in gradient.iter().enumerate() {
                let range = output * cols..(output + 1) * cols;
                of_intercept[output] += g;
                for (sum, &c) in sums.iter_mut().zip(&self.coef.value[range.clone()]) {
                    *sum += g * f64::from(c);
                }
                for (sum, &x) in of_coef[range].iter_mut().zip(x) {
                    *sum += g * f64::from(x);
                }
            }
            of_x.extend(sums.iter().map(|&v| v as f32));
        }
        let narrow = |(to, from): (&mut f32, f64)| *to = from as f32 + if adds { *to } else { 0.0 };
        self.coef.gradient.iter_mut().zip(of_coef).for_each(narrow);
        self.intercept.gradient.iter_mut().zip(of_intercept).for_each(narrow);
        of_x
    }
}

impl Head {
    /// The sum of the squares of its gradients.
    pub(crate) fn gradient_square(&self) -> f64 {
        gradient_square([&self.coef, &self.intercept])
    }

    /// Updates coefficients and intercepts by their gradients.
    pub(crate) fn update(&mut self, step: &Step) {
        update([&mut self.coef, &mut self.intercept], step);
    }
}

fn dot(x: &[f32], y: &[f32]) -> f64 {
    x.iter().zip(y).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum()
}
