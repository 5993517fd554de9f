//! The rows that a classifier gets wrong, the most confident errors first: where labels are wrong, or the classifier is.

/// A row whose label, or set of labels, is not the predicted one.
#[derive(Debug, Clone, PartialEq)]
pub struct Misclassified {
    /// Its place in the data set.
    pub row: usize,
    /// The predicted label, or labels; the best guess where the classifier abstains.
    pub predicted: Vec<String>,
    /// True if the classifier abstains.
    pub abstained: bool,
    /// The probability of the predicted label. Of label sets that of the most confident wrong decision: the probability of a label
    /// that is given wrongly, or 1 less the probability of a label that is missing; 1 for a label that the classifier does not know.
    pub confidence: f64,
    /// The probability of each class, in the classifier's order.
    pub probabilities: Vec<f64>,
}

/// By falling confidence; equal ones in the order of the rows.
pub(crate) fn most_confident_first(mut rows: Vec<Misclassified>) -> Vec<Misclassified> {
    rows.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then(a.row.cmp(&b.row)));
    rows
}
