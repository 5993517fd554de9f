//! Thresholds per class for class imbalance: rare classes, whose probabilities are rarely the largest, get lower
//! thresholds.
//!
//! A row is assigned the class with the largest ratio of probability to threshold
//! ([`Decision::ClassThresholds`](crate::decision::Decision::ClassThresholds)). The score is scikit-learn's
//! `f1_score(average="macro")`, in which every class has the same weight.

use crate::error::{Error, ErrorKind, Result};

/// The maximum number of rounds over the classes; two or three are typical.
const MAX_ROUNDS: usize = 20;

/// The smallest improvement of a score, and the smallest difference of two ratios of probabilities: well above
/// rounding errors.
const TOLERANCE: f64 = 1e-9;

/// The thresholds, with sum 1, that have the best macro F1 on these rows.
///
/// Each class's threshold in turn is set to the best of all values while the others are fixed, until none improves.
/// With two classes the result is optimal; with more, no single threshold can improve it. The same rows give the same
/// thresholds. `probabilities` are `[n_samples, n_classes]`, row-major, of rows that their classifier has not seen.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] if there are fewer than two classes, if probabilities and class ids do not match,
/// if a probability is not within 0 and 1, or if a class has no row.
///
/// ```
/// // The second class is never the more probable one, but it is where it has 0.4.
/// let probabilities = [0.9, 0.1, 0.8, 0.2, 0.9, 0.1, 0.6, 0.4];
/// let thresholds = clsify::decision::f1_macro_thresholds(&probabilities, &[0, 0, 0, 1], 2)?;
/// assert!(thresholds[1] > 0.2 && thresholds[1] < 0.4);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn f1_macro_thresholds(probabilities: &[f64], y_true: &[usize], n_classes: usize) -> Result<Vec<f64>> {
    f1_macro_thresholds_weighted(probabilities, y_true, n_classes, None)
}

/// As [`f1_macro_thresholds`], with sample weights above 0; `None`: equal weights.
///
/// # Errors
/// As for [`f1_macro_thresholds`]; also if there is not one weight above 0 per row.
///
/// ```
/// use clsify::decision::{f1_macro_thresholds, f1_macro_thresholds_weighted};
/// let twice = f1_macro_thresholds(&[0.9, 0.1, 0.6, 0.4, 0.6, 0.4, 0.7, 0.3], &[0, 0, 0, 1], 2)?;
/// let (probabilities, weights) = ([0.9, 0.1, 0.6, 0.4, 0.7, 0.3], [1.0, 2.0, 1.0]);
/// assert_eq!(f1_macro_thresholds_weighted(&probabilities, &[0, 0, 1], 2, Some(&weights))?, twice);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn f1_macro_thresholds_weighted(
    probabilities: &[f64],
    y_true: &[usize],
    n_classes: usize,
    sample_weight: Option<&[f64]>,
) -> Result<Vec<f64>> {
    check(probabilities, y_true, n_classes)?;
    if let Some(weights) = sample_weight
        && (weights.len() != y_true.len() || !weights.iter().all(|w| *w > 0.0 && w.is_finite()))
    {
        return Err(bad(format!("expected {} weights above 0, got {}", y_true.len(), weights.len())));
    }
    let rows = Rows { probabilities, y_true, sample_weight };
    // The inverses of the thresholds: the factors of the probabilities.
    let mut weights = vec![1.0; n_classes];
    let mut best = 0.0;
    // With two classes only the ratio matters.
    let classes = if n_classes == 2 { 1..2 } else { 0..n_classes };
    for round in 0..MAX_ROUNDS {
        if round == 0 {
            best = Tally::of(&rows, &weights, None).f1_macro();
        }
        let before = best;
        for class in classes.clone() {
            if let Some((weight, score)) = best_weight(&rows, &weights, class)
                && score > best + TOLERANCE
            {
                (weights[class], best) = (weight, score);
            }
        }
        if best == before {
            break;
        }
    }
    let total: f64 = weights.iter().map(|weight| 1.0 / weight).sum();
    Ok(weights.iter().map(|weight| 1.0 / (weight * total)).collect())
}

/// The weight of one class with the best score, while the other weights are fixed. The class takes over a row from
/// the best other class if its weight exceeds the ratio of the two, so only the sorted ratios need to be tried. A
/// weight that assigns it no row, or every row, is not considered.
fn best_weight(rows: &Rows, weights: &[f64], class: usize) -> Option<(f64, f64)> {
    let n_classes = weights.len();
    let mut tally = Tally::of(rows, weights, Some(class));
    let ratio_of = |(i, row): (usize, &[f64])| {
        let other = best_class(row, weights, Some(class));
        let ratio = row[other] * weights[other] / row[class];
        ratio.is_finite().then_some((ratio, other, i))
    };
    let mut ratios: Vec<(f64, usize, usize)> =
        rows.probabilities.chunks_exact(n_classes).enumerate().filter_map(ratio_of).collect();
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut best: Option<(f64, f64)> = None;
    for (&(ratio, other, row), &(next, ..)) in ratios.iter().zip(ratios.iter().skip(1)) {
        tally.move_row((rows.y_true[row], rows.weight(row)), other, class);
        if next <= ratio * (1.0 + TOLERANCE) || next == 0.0 {
            continue;
        }
        let score = tally.f1_macro();
        if best.is_none_or(|(_, least)| score > least + TOLERANCE) {
            let weight = if ratio > 0.0 { (ratio * next).sqrt() } else { 0.5 * next };
            best = Some((weight, score));
        }
    }
    // A product of two ratios may leave the range of f64.
    best.filter(|(weight, _)| *weight > 0.0 && weight.is_finite())
}

/// The class with the largest weighted probability, of equal ones the first, optionally excluding one class.
fn best_class(row: &[f64], weights: &[f64], without: Option<usize>) -> usize {
    let classes = (0..weights.len()).filter(|&class| Some(class) != without);
    let better = |best: usize, class: usize| {
        if row[class] * weights[class] > row[best] * weights[best] { class } else { best }
    };
    classes.reduce(better).unwrap_or(0)
}

/// Rows with their classes and their weights.
struct Rows<'a> {
    probabilities: &'a [f64],
    y_true: &'a [usize],
    sample_weight: Option<&'a [f64]>,
}

impl Rows<'_> {
    fn weight(&self, row: usize) -> f64 {
        self.sample_weight.map_or(1.0, |weights| weights[row])
    }
}

/// F1 of every class, updated while rows change their class; counts are sums of weights.
struct Tally {
    support: Vec<f64>,
    predicted: Vec<f64>,
    right: Vec<f64>,
    f1_sum: f64,
}

impl Tally {
    fn of(rows: &Rows, weights: &[f64], without: Option<usize>) -> Self {
        let n_classes = weights.len();
        let [mut support, mut predicted, mut right] = [0.0; 3].map(|zero| vec![zero; n_classes]);
        for (i, row) in rows.probabilities.chunks_exact(n_classes).enumerate() {
            let (class, truth, weight) = (best_class(row, weights, without), rows.y_true[i], rows.weight(i));
            support[truth] += weight;
            predicted[class] += weight;
            right[class] += if class == truth { weight } else { 0.0 };
        }
        let mut tally = Tally { support, predicted, right, f1_sum: 0.0 };
        tally.f1_sum = (0..n_classes).map(|class| tally.f1(class)).sum();
        tally
    }

    fn f1(&self, class: usize) -> f64 {
        2.0 * self.right[class] / (self.support[class] + self.predicted[class])
    }

    fn f1_macro(&self) -> f64 {
        self.f1_sum / self.support.len() as f64
    }

    fn move_row(&mut self, (truth, weight): (usize, f64), from: usize, to: usize) {
        let weight_if = |right: bool| if right { weight } else { 0.0 };
        self.f1_sum -= self.f1(from) + self.f1(to);
        self.predicted[from] -= weight;
        self.right[from] -= weight_if(from == truth);
        self.predicted[to] += weight;
        self.right[to] += weight_if(to == truth);
        self.f1_sum += self.f1(from) + self.f1(to);
    }
}

fn check(probabilities: &[f64], y_true: &[usize], n_classes: usize) -> Result<()> {
    let n = y_true.len();
    if n_classes < 2 || Some(probabilities.len()) != n.checked_mul(n_classes) {
        let got = probabilities.len();
        return Err(bad(format!(
            "expected {n} x {n_classes} probabilities of at least 2 classes, got {got}"
        )));
    }
    if let Some(p) = probabilities.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(bad(format!("expected probabilities within 0 and 1, got {p}")));
    }
    if let Some(id) = y_true.iter().find(|&&id| id >= n_classes) {
        return Err(bad(format!("expected class ids below {n_classes}, got {id}")));
    }
    if let Some(class) = (0..n_classes).find(|class| !y_true.contains(class)) {
        return Err(bad(format!("expected a row of every class, got none of class {class}")));
    }
    Ok(())
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).at("class thresholds")
}
