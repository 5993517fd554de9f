//! The rows that a classifier gets wrong, the most confident errors first: either the label is wrong, or the
//! classifier.

/// A row whose label, or set of labels, is not the predicted one.
#[derive(Debug, Clone, PartialEq)]
pub struct Misclassified {
    /// Its index in the data set.
    pub row: usize,
    /// The predicted label, or labels; the best guess if the classifier abstains.
    pub predicted: Vec<String>,
    /// True if the classifier abstains.
    pub abstained: bool,
    /// The probability of the predicted label. For label sets that of the most confident wrong decision: the
    /// probability of a wrongly assigned label, or 1 minus the probability of a missing label; 1 for a label that the
    /// classifier does not know.
    pub confidence: f64,
    /// The probability of each class, in the classifier's order.
    pub probabilities: Vec<f64>,
}

/// Sorts by decreasing confidence; equal ones stay in the order of the rows.
pub(crate) fn most_confident_first(mut rows: Vec<Misclassified>) -> Vec<Misclassified> {
    rows.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then(a.row.cmp(&b.row)));
    rows
}
