//! The classifier on top of the encoder while both learn: logits, loss, gradients.

use clsify_kernels::adamw::AdamWStep;

use crate::encoder::trainable::Step;
use crate::targets::Labels;

/// A linear classifier that learns: `logits = x coefᵀ + intercept`, in `f32`.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    /// `[n_outputs, n_features]`.
    pub(crate) coef: Learning,
    pub(crate) intercept: Learning,
    pub(crate) loss: Loss,
    /// The weights of an output that should be 0, and of one that should be 1; none are 1. Only for [`Loss::Sigmoid`].
    pub(crate) output_weights: Vec<[f64; 2]>,
}

/// Numbers with their moments.
#[derive(Debug, Clone)]
pub(crate) struct Learning {
    pub(crate) value: Vec<f32>,
    pub(crate) first: Vec<f32>,
    pub(crate) second: Vec<f32>,
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

impl Learning {
    pub(crate) fn new(value: Vec<f32>) -> Self {
        let zeros = vec![0.0; value.len()];
        Learning { first: zeros.clone(), second: zeros, value }
    }

    fn learn(&mut self, step: &AdamWStep, gradient: &[f32]) {
        step.update(&mut self.value, &mut self.first, &mut self.second, gradient);
    }
}

impl Head {
    pub(crate) fn new(coef: Vec<f32>, intercept: Vec<f32>, loss: Loss) -> Self {
        Head {
            coef: Learning::new(coef),
            intercept: Learning::new(intercept),
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

    /// The loss of a batch, the mean weighted by `weights`, and the gradient of its logits `[n_rows, n_outputs]`. Rows
    /// whose weights are all zero have no loss and no gradient.
    pub(crate) fn loss(&self, logits: &[f64], targets: &[f32], weights: &[f32]) -> (f64, Vec<f64>) {
        let total: f64 = weights.iter().map(|&w| f64::from(w)).sum();
        let total = if total > 0.0 { total } else { 1.0 };
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

    /// Learns from the gradient of the logits, and returns that of `x`.
    pub(crate) fn backward(&mut self, x: &[f32], gradient: &[f64], step: &Step) -> Vec<f32> {
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
        let narrow = |values: Vec<f64>| values.into_iter().map(|v| v as f32).collect::<Vec<f32>>();
        self.coef.learn(&step.with_decay, &narrow(of_coef));
        self.intercept.learn(&step.without_decay, &narrow(of_intercept));
        of_x
    }
}

fn dot(x: &[f32], y: &[f32]) -> f64 {
    x.iter().zip(y).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum()
}
