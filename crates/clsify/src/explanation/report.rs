//! The reasons for a label, as plain numbers.

use serde::Serialize;

use crate::model::neighbours::Neighbour;

/// The reasons for the label of one text. All contributions are exact: each comes from encoding the text without the words.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The text.
    pub text: String,
    /// True if the encoder has read only a part of the text: the other words contribute nothing.
    pub is_truncated: bool,
    /// The predicted label, or label set; the best guess if the classifier abstains.
    pub labels: Vec<String>,
    /// True if the classifier abstains.
    pub abstained: bool,
    /// The label that the contributions are about.
    pub label: String,
    /// Its probability.
    pub probability: f64,
    /// The logit of its probability, `ln(p / (1 - p))`.
    pub logit: f64,
    /// All labels, in the classifier's order.
    pub classes: Vec<ClassLogit>,
    /// The words in the order of the text.
    pub words: Vec<WordContribution>,
    /// Neighbouring words together, in the order of the text.
    pub pairs: Vec<PairContribution>,
    /// The words that have to go until the answer changes, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<DeletionPath>,
    /// The features with the largest contributions to the decision.
    pub features: FeatureContributions,
    /// The nearest training sentences, if the model has kept and loaded them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub neighbours: Vec<Neighbour>,
    /// The number of texts that were encoded. Texts with the same tokens are encoded once.
    pub n_encodings: usize,
}

impl Explanation {
    /// Returns true if the explained label is an answer of the classifier: it is not if the classifier abstains.
    pub fn gives_label(&self) -> bool {
        !self.abstained && self.labels.contains(&self.label)
    }
}

/// A label with its probability.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassLogit {
    /// The label.
    pub label: String,
    /// Its probability.
    pub probability: f64,
    /// The logit of the probability.
    pub logit: f64,
}

/// The contribution of one word: the logit with the word minus the logit without it. Positive means that the word speaks for the label.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WordContribution {
    /// The word as it stands in the text.
    pub word: String,
    /// The byte offset of its first byte in the text.
    pub start: usize,
    /// The byte offset after its last byte.
    pub end: usize,
    /// The contribution to the label's logit.
    pub contribution: f64,
    /// The probability of the label without the word.
    pub probability_without: f64,
    /// The contributions to the logit of each label, in the classifier's order.
    pub contributions: Vec<f64>,
}

/// The contribution of two neighbouring words that are removed together.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PairContribution {
    /// The indices of the words.
    pub words: [usize; 2],
    /// The contribution to the label's logit.
    pub contribution: f64,
    /// The contribution beyond the sum of those of the two words. It is large if the words only work together, such as "not funny".
    pub interaction: f64,
    /// The contributions to the logit of each label, in the classifier's order.
    pub contributions: Vec<f64>,
}

/// Greedy deletion: each step removes the word whose removal moves the label's logit most towards another answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DeletionPath {
    /// The removed words in their order.
    pub steps: Vec<DeletionStep>,
    /// The answer after the last step, in which the explained label is newly missing or newly there; `None` if that does not
    /// change until every word is removed. [`ABSTAINED`](crate::decision::ABSTAINED) alone if the classifier then abstains.
    pub changed_to: Option<Vec<String>>,
}

/// One step of a deletion path.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeletionStep {
    /// The index of the removed word.
    pub word: usize,
    /// The label's logit without this word and those before it.
    pub logit: f64,
    /// The label's probability without them.
    pub probability: f64,
}

/// The decision as a sum: the contributions of all features plus the intercept.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FeatureContributions {
    /// With more than two classes: the runner-up, whose weights are subtracted from those of the label. `None` for normalised
    /// sigmoids, where each class has a sum of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    /// The largest contributions, by magnitude.
    pub largest: Vec<FeatureContribution>,
    /// The sum of the contributions of all features.
    pub sum: f64,
    /// The intercept.
    pub intercept: f64,
    /// The sum plus the intercept: positive if the label wins.
    pub total: f64,
}

/// One term of the sum.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FeatureContribution {
    /// The index of the feature.
    pub feature: usize,
    /// The value of the feature.
    pub value: f64,
    /// The weight of the feature.
    pub weight: f64,
    /// Value times weight.
    pub contribution: f64,
}
