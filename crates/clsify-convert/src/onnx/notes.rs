//! The differences between a model and its graph, in sentences for users.

use clsify::classifier::LinearClassifier;
use clsify::decision::Rule;
use clsify::encoder::Dtype;
use clsify::model::SentenceClassifier;

/// The parts of a model that its graph does not contain, one sentence each.
pub(super) fn notes(classifier: &SentenceClassifier) -> Vec<String> {
    let saved = classifier.metadata();
    let mut notes = Vec::new();
    match classifier.classifier() {
        LinearClassifier::LabelSets(_) => notes.push(
            "The graph returns a probability per label: assign each label whose probability is above its threshold \
             (clsify.multi_label.thresholds in config.json)."
                .to_string(),
        ),
        LinearClassifier::Classes(_) => {
            match saved.decision.rule {
                Rule::MostProbable => {}
                Rule::ClassThresholds(_) => notes.push(
                    "The graph does not apply the thresholds: answer the class with the largest ratio of probability to \
                     threshold (clsify.decision.class_thresholds in config.json)."
                        .to_string(),
                ),
                Rule::CostMatrix(_) => notes.push(
                    "The graph does not apply the costs: answer the class with the lowest expected cost \
                     (clsify.decision.cost_matrix in config.json)."
                        .to_string(),
                ),
            }
            if let Some(threshold) = saved.decision.abstain_below {
                notes.push(format!(
                    "The graph does not abstain: give no answer where the probability of the answer is below {threshold} \
                     (clsify.decision.abstain_below in config.json)."
                ));
            }
        }
    }
    if saved.encoder.dtype != Dtype::F32 {
        notes.push(format!(
            "The graph computes in f32; the classifier was fitted on features in {}.",
            saved.encoder.dtype
        ));
    }
    if classifier.encoder().tokenizer().truncated_part() == "start" {
        notes.push(
            "The tokenizer truncates long sentences at their start, which transformers.js does not support."
                .to_string(),
        );
    }
    notes
}
