//! F1 of weighted rows, and the contribution of each row to it.
//!
//! F1 is not a mean over rows. A row's contribution is the jackknife's pseudo-value `n f - (n - 1) f(without the
//! row)`, and the mean of these is the score except for a bias of order 1 / n. Source: Efron and Tibshirani (1993),
//! "An introduction to the bootstrap", chapter 11; scikit-learn 1.9.1, `f1_score` with `sample_weight`.

/// A label that is true of a row, predicted for it, or both.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    pub(super) label: usize,
    pub(super) is_true: bool,
    pub(super) is_given: bool,
}

/// The method of averaging F1 over labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Average {
    /// The mean over labels that are true or predicted for at least one row.
    MacroOfPresent,
    /// The mean over all labels; one that is neither true nor predicted anywhere scores 0.
    Macro,
    /// F1 of all answers together.
    Micro,
}

/// Counts of answers, weighted by sample weight.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    /// True and predicted.
    hits: f64,
    /// True plus predicted: an answer that is both counts twice.
    sizes: f64,
    n_answers: usize,
}

impl Counts {
    fn add(&mut self, answer: Answer, weight: f64) {
        self.hits += weight * f64::from(u8::from(answer.is_true && answer.is_given));
        self.sizes += weight * f64::from(u8::from(answer.is_true) + u8::from(answer.is_given));
        self.n_answers += 1;
    }

    fn take(&mut self, answer: Answer, weight: f64) {
        self.add(answer, -weight);
        self.n_answers -= 2;
    }

    fn f1(&self) -> f64 {
        // Without answers, a rounding error may remain.
        if self.n_answers > 0 && self.sizes > 0.0 { 2.0 * self.hits / self.sizes } else { 0.0 }
    }
}

/// F1 of `n` rows, where `answers(row)` contains each label at most once, and the contribution of each row.
pub(super) fn f1<I: Iterator<Item = Answer>>(
    answers: impl Fn(usize) -> I,
    (n, n_labels): (usize, usize),
    average: Average,
    sample_weight: Option<&[f64]>,
) -> (f64, Vec<f64>) {
    let weight = |row: usize| sample_weight.map_or(1.0, |weights| weights[row]);
    let mut of_label = vec![Counts::default(); n_labels];
    let mut all = Counts::default();
    for row in 0..n {
        for answer in answers(row) {
            of_label[answer.label].add(answer, weight(row));
            all.add(answer, weight(row));
        }
    }
    let sum: f64 = of_label.iter().map(Counts::f1).sum();
    let n_present = of_label.iter().filter(|counts| counts.n_answers > 0).count();
    let f1 = |sum: f64, n_present: usize, all: Counts| match average {
        Average::MacroOfPresent => sum / n_present.max(1) as f64,
        Average::Macro => sum / n_labels as f64,
        Average::Micro => all.f1(),
    };
    let score = f1(sum, n_present, all);
    let without = |row: usize| {
        let (mut sum, mut n_present, mut all) = (sum, n_present, all);
        for answer in answers(row) {
            let mut rest = of_label[answer.label];
            rest.take(answer, weight(row));
            sum += rest.f1() - of_label[answer.label].f1();
            n_present -= usize::from(rest.n_answers == 0);
            all.take(answer, weight(row));
        }
        f1(sum, n_present, all)
    };
    let rows = (0..n).map(|row| n as f64 * score - (n as f64 - 1.0) * without(row)).collect();
    (score, rows)
}
