//! From features to labels with scores, and the decision rule in words.

use clsify::decision::Rule;
use clsify::matrix::Matrix;
use clsify::model::{Prediction, SentenceClassifier};
use serde::Serialize;
use utoipa::ToSchema;

use crate::catalogue::Model;
use crate::refusal::Refusal;

/// A label with its score.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Label {
    /// A probability, unless the request asks for another score. Those of label sets do not sum to 1.
    pub(crate) score: f64,
    pub(crate) label: String,
    /// True if the model's decision rule gives this label to the text. It may be true for a label that has not the
    /// largest score, for none if the model abstains, and for any number of labels of a set.
    pub(crate) chosen: bool,
}

/// The function from logits to scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scores {
    /// The model's own probabilities.
    Probabilities,
    /// Logits: their softmax, or sigmoid for label sets, is the probability.
    Logits,
    /// The softmax of the logits.
    Softmax,
    /// The sigmoid of each logit.
    Sigmoid,
}

/// The labels of every text, sorted by decreasing score, and the indices of texts on which the model abstained.
#[derive(Debug)]
pub(crate) struct Scored {
    pub(crate) labels: Vec<Vec<Label>>,
    pub(crate) abstained: Vec<usize>,
}

/// The classifier of a model.
pub(crate) fn classifier(model: &Model) -> Result<&SentenceClassifier, Refusal> {
    model.classifier().ok_or_else(|| {
        let message = format!("expected a classifier, got the encoder {:?}: it answers /embed", model.name);
        Refusal::invalid(message).about("model")
    })
}

/// Scores every label of every text, or the best `top`.
pub(crate) fn score(
    classifier: &SentenceClassifier,
    features: &Matrix,
    scores: Scores,
    top: Option<usize>,
) -> Scored {
    let predictions = classifier.predict_features(features);
    let logits = match scores {
        Scores::Probabilities => Vec::new(),
        _ => classifier.classifier().decision_function(features),
    };
    let columns = logits.len() / features.rows().max(1);
    let labels = predictions.iter().enumerate().map(|(i, prediction)| {
        let values = match scores {
            Scores::Probabilities => prediction.probabilities.clone(),
            _ => of_logits(classifier, prediction, &logits[i * columns..(i + 1) * columns], scores),
        };
        sorted(classifier, prediction, &values, top)
    });
    let labels = labels.collect();
    let abstained = (0..predictions.len()).filter(|&i| predictions[i].abstained).collect();
    Scored { labels, abstained }
}

fn sorted(
    classifier: &SentenceClassifier,
    prediction: &Prediction,
    values: &[f64],
    top: Option<usize>,
) -> Vec<Label> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    order.truncate(top.unwrap_or(usize::MAX));
    let label = |id: usize| Label {
        score: values[id],
        label: classifier.classes()[id].clone(),
        chosen: !prediction.abstained && prediction.label_ids.contains(&id),
    };
    order.into_iter().map(label).collect()
}

/// The scores of one text from its row of the decision function.
fn of_logits(
    classifier: &SentenceClassifier,
    prediction: &Prediction,
    row: &[f64],
    scores: Scores,
) -> Vec<f64> {
    let is_softmax = classifier.classifier().link().unwrap_or_default().is_softmax();
    let logits: Vec<f64> = match row {
        // The softmax of these two is the sigmoid of the one.
        [z] if classifier.thresholds().is_none() => vec![-0.5 * z, 0.5 * z],
        // Probabilities of other links are the softmax of their logarithms.
        _ if classifier.thresholds().is_none() && !is_softmax => {
            prediction.probabilities.iter().map(|p| p.max(f64::MIN_POSITIVE).ln()).collect()
        }
        // A label that all or no training rows had has an infinite logit, which JSON cannot hold.
        row => row.iter().map(|z| z.clamp(-1e3, 1e3)).collect(),
    };
    match scores {
        Scores::Sigmoid => logits.iter().map(|z| 1.0 / (1.0 + (-z).exp())).collect(),
        Scores::Softmax => softmax(&logits),
        Scores::Logits | Scores::Probabilities => logits,
    }
}

/// The largest logit is subtracted first, so that no exponential overflows.
fn softmax(logits: &[f64]) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exponentials: Vec<f64> = logits.iter().map(|z| (z - largest).exp()).collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.iter().map(|e| e / sum).collect()
}

/// The decision rule in one word, and the threshold of abstention if there is one: the value of a header.
pub(crate) fn decision(classifier: &SentenceClassifier) -> String {
    let Some(decision) = classifier.decision() else { return "label_thresholds".to_string() };
    let rule = match decision.rule {
        Rule::MostProbable => "most_probable",
        Rule::ClassThresholds(_) => "class_thresholds",
        Rule::CostMatrix(_) => "cost_matrix",
    };
    match decision.abstain_below {
        Some(threshold) => format!("{rule}; abstain_below={threshold}"),
        None => rule.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: softmax([1000, 1001]) = sigmoid(±1).
    #[test]
    fn large_logits_do_not_overflow() {
        let sigmoid = 1.0 / (1.0 + (-1f64).exp());
        let [no, yes] = softmax(&[1000.0, 1001.0])[..] else { panic!() };
        assert!((yes - sigmoid).abs() < 1e-15 && (no + yes - 1.0).abs() < 1e-15);
    }
}
