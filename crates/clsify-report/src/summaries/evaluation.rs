//! The scores of a saved model, in words.

use clsify::evaluation::Metrics;
use clsify::model::{EvaluationForm, EvaluationReport};

use super::calibration::probabilities;
use super::decision::evaluated_text;
use super::{class_scores, label_set_scores};

/// Describes the scores of a saved model on labelled sentences. `classes` are the model's labels.
pub fn evaluation_summary(report: &EvaluationReport, classes: &[String]) -> String {
    let scores = match &report.test {
        Metrics::Classes(test) => class_scores::scores(test),
        Metrics::LabelSets(test) => label_set_scores::table(test, None),
    };
    let (by_weight, decision) = match &report.form {
        EvaluationForm::Classes { test_weighted_accuracy, decision } => {
            let decision = decision.as_ref().map(|d| evaluated_text(&d.rule, &d.effect, classes));
            (class_scores::weighted(*test_weighted_accuracy, None), decision.unwrap_or_default())
        }
        EvaluationForm::LabelSets { test_weighted } => {
            (label_set_scores::weighted(*test_weighted), String::new())
        }
    };
    scores + &by_weight + &probabilities(&report.probabilities) + &decision
}
