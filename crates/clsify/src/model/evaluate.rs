//! Scores a trained classifier on labelled sentences.

use serde::Serialize;

use super::encode::Encoded;
use super::encoder_report::{EncoderReport, FeaturesReport};
use super::label_ids::{among, sets, targets, union};
use super::misclassified::{Misclassified, most_confident_first};
use super::sentence_classifier::{Prediction, SentenceClassifier};
use crate::classifier::{ClassWeight, above};
use crate::dataset::{Dataset, DatasetSummary};
use crate::decision::Decision;
use crate::decision::calibration::{self, that_count};
use crate::decision::choose_rule::{self, DecisionEffect, Scored};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{
    Evaluation, LabelPrecisionRecall, Metrics, MultiLabelEvaluation, ProbabilityScores,
    WeightedMultiLabelScores, weighted_accuracy,
};
use crate::notes::cautions::{
    ConstantAnswer, SeenRows, check_some_known, note_below_baseline, note_seen, quoted,
};
use crate::notes::label_notes::note_known_otherwise;
use crate::notes::list::list;
use crate::targets::{LabelIndicator, Labels};

/// The evaluation of a classifier on labelled sentences.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct EvaluationReport {
    /// The counts of the labelled sentences.
    pub dataset: DatasetSummary,
    /// The encoder and its features.
    pub encoder: EncoderReport,
    /// The features of the sentences.
    pub features: FeaturesReport,
    /// The number of rows whose sentence is that of a training row, ignoring case and spaces; `None` for a model of
    /// an earlier version, which did not save its training rows.
    pub n_seen: Option<usize>,
    /// The scores; if the classifier may abstain, those of its best guesses.
    pub test: Metrics,
    /// The scores that depend on the form of the labels.
    #[serde(flatten)]
    pub form: EvaluationForm,
    /// The scores of its probabilities; for label sets means over the labels. Weighted by sample weight, if there is
    /// one.
    pub probabilities: ProbabilityScores,
    /// Precision and recall over all thresholds, for each label that the classifier knows and a row has; of two
    /// classes for the second.
    pub precision_recall: Vec<LabelPrecisionRecall>,
}

/// Scores that only one form of labels has.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum EvaluationForm {
    /// For one class per sentence.
    Classes {
        /// The weighted accuracy, if rows have weights.
        #[serde(skip_serializing_if = "Option::is_none")]
        test_weighted_accuracy: Option<f64>,
        /// The effect of the decision rule, unless it is the most probable class.
        decision: Option<Box<EvaluatedDecision>>,
    },
    /// For label sets.
    LabelSets {
        /// The weighted scores, if rows have weights.
        #[serde(skip_serializing_if = "Option::is_none")]
        test_weighted: Option<WeightedMultiLabelScores>,
    },
}

/// The effect of a saved rule on labelled sentences.
#[derive(Debug, Clone, Serialize)]
pub struct EvaluatedDecision {
    /// The rule.
    pub rule: Decision,
    /// The scores without it and with it.
    #[serde(flatten)]
    pub effect: DecisionEffect,
}

/// The predictions of a classifier for the rows of a data set.
pub(crate) struct Evaluated {
    pub(crate) report: EvaluationReport,
    /// One prediction per row.
    pub(crate) predictions: Vec<Prediction>,
}

/// The scores that are computed in another way for classes than for label sets.
type FormScores = (Metrics, EvaluationForm, ProbabilityScores, Vec<LabelPrecisionRecall>);

impl SentenceClassifier {
    /// Checks that the classifier knows at least one label of the data. Otherwise every row counts as wrong, and the
    /// labels are probably spelled in two ways. Rows without any label pass.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] with the labels of both if there are labels and it knows none.
    pub fn check_labels(&self, dataset: &Dataset) -> Result<()> {
        check_some_known(&dataset.classes(), self.classes(), "the model")
    }

    /// Scores the classifier on labelled sentences; a label that it does not know is never assigned, and counts as
    /// wrong. The observer receives notes about such labels, about rows that the classifier was trained on, and about
    /// an accuracy below that of a constant answer.
    ///
    /// # Errors
    /// As for [`SentenceEncoder::encode`](crate::model::SentenceEncoder::encode); [`ErrorKind::InvalidArgument`] if
    /// the labels do not have the classifier's form.
    pub fn evaluate(&self, dataset: &Dataset) -> Result<EvaluationReport> {
        Ok(self.evaluate_with_errors(dataset)?.0)
    }

    /// As [`evaluate`](Self::evaluate); also returns the rows that the classifier gets wrong, the most confident
    /// errors first. Rows with a label that the classifier does not know are included.
    ///
    /// # Errors
    /// As for [`evaluate`](Self::evaluate).
    pub fn evaluate_with_errors(&self, dataset: &Dataset) -> Result<(EvaluationReport, Vec<Misclassified>)> {
        let observer = self.encoder().observer();
        let Evaluated { report, predictions } = self.evaluate_rows(dataset)?;
        let unknown = self.unknown_labels(dataset);
        if !unknown.is_empty() {
            let unknown = list(&unknown.iter().map(String::as_str).collect::<Vec<_>>());
            let what = match report.test {
                Metrics::Classes(_) => "such rows count as wrong",
                Metrics::LabelSets(_) => "it is never assigned, and counts as missed",
            };
            observer.warn(&format!("the classifier does not know the label {unknown}: {what}"));
        }
        note_known_otherwise(observer, &unknown, self.classes());
        let seen = SeenRows { n_seen: report.n_seen.unwrap_or(0), n_rows: dataset.len() };
        note_seen(observer, seen, "the training rows of the model");
        let trades_accuracy = self
            .metadata()
            .training
            .as_ref()
            .is_some_and(|training| training.class_weight != ClassWeight::None);
        if let Metrics::Classes(test) = &report.test
            && let Some((label, share)) = most_frequent(test).filter(|_| !trades_accuracy)
            && self.decision().is_some_and(Decision::is_most_probable)
        {
            let constant = format!("always answering {}, the most frequent label here", quoted(label));
            note_below_baseline(
                observer,
                "accuracy",
                test.accuracy,
                ConstantAnswer { name: &constant, score: share },
            );
        }
        let truths = dataset.label_sets();
        let errors = predictions.into_iter().zip(&truths).enumerate();
        let errors = errors.filter_map(|(row, (prediction, truth))| self.error(row, prediction, truth));
        Ok((report, most_confident_first(errors.collect())))
    }

    /// A row that is predicted wrongly.
    fn error(&self, row: usize, prediction: Prediction, truth: &[String]) -> Option<Misclassified> {
        let predicted: Vec<String> = self.labels(&prediction).into_iter().map(str::to_string).collect();
        if predicted == truth {
            return None;
        }
        let Prediction { label_ids, abstained, probabilities } = prediction;
        let confidence = match self.thresholds() {
            None => probabilities[label_ids[0]],
            Some(_) => {
                // The confidence of the classifier in each wrong label.
                let wrong = self.classes().iter().zip(&probabilities).enumerate().filter_map(
                    |(id, (label, p))| match (label_ids.contains(&id), truth.contains(label)) {
                        (true, false) => Some(*p),
                        (false, true) => Some(1.0 - p),
                        _ => None,
                    },
                );
                let is_unknown = truth.iter().any(|label| self.classes().binary_search(label).is_err());
                wrong.chain(is_unknown.then_some(1.0)).max_by(f64::total_cmp)?
            }
        };
        Some(Misclassified { row, predicted, abstained, confidence, probabilities })
    }

    /// The scores, and the prediction for each row.
    pub(crate) fn evaluate_rows(&self, dataset: &Dataset) -> Result<Evaluated> {
        self.check_form(dataset)?;
        let encoded = self.encoder().encode_lines(dataset.sentences(), dataset.lines())?;
        self.evaluate_encoded(dataset, &encoded)
    }

    /// As [`evaluate_rows`](Self::evaluate_rows), for features that are known.
    pub(crate) fn evaluate_encoded(&self, dataset: &Dataset, encoded: &Encoded) -> Result<Evaluated> {
        self.check_form(dataset)?;
        let labels = union(self.classes(), dataset.classes());
        let y_true = targets(dataset, &labels)?;
        let predictions = self.predict_features(&encoded.features);
        let own: Vec<f64> = predictions.iter().flat_map(|p| p.probabilities.iter().copied()).collect();
        let (test, form, probabilities, precision_recall) = match y_true.labels() {
            Labels::Classes { class_ids, .. } => {
                self.class_scores(&predictions, &own, (class_ids, dataset.weights()), &labels)?
            }
            Labels::Sets(y_true) => self.label_set_scores(&own, (y_true, dataset), &labels)?,
        };
        let report = EvaluationReport {
            dataset: dataset.summary(),
            encoder: EncoderReport::of(self.encoder()),
            features: FeaturesReport::of(encoded),
            n_seen: self.n_seen(dataset),
            test,
            form,
            probabilities,
            precision_recall,
        };
        Ok(Evaluated { report, predictions })
    }

    fn class_scores(
        &self,
        predictions: &[Prediction],
        probabilities: &[f64],
        (y_true, weights): (&[usize], Option<&[f64]>),
        labels: &[String],
    ) -> Result<FormScores> {
        let place = |label: &String| labels.binary_search(label).unwrap_or(usize::MAX);
        let own_ids: Vec<usize> = self.classes().iter().map(place).collect();
        let y_pred: Vec<usize> = predictions.iter().map(|p| own_ids[p.label_ids[0]]).collect();
        let rows = Scored { probabilities, y_true, weights };
        let decision = match self.decision() {
            Some(rule) if !rule.is_most_probable() => {
                let effect = choose_rule::effect(rule, rows, &own_ids, labels)?;
                Some(Box::new(EvaluatedDecision { rule: rule.clone(), effect }))
            }
            _ => None,
        };
        let test_weighted_accuracy = weights.and_then(|w| weighted_accuracy(y_true, &y_pred, w));
        Ok((
            Metrics::Classes(Evaluation::from_predictions(y_true, &y_pred, labels)?),
            EvaluationForm::Classes { test_weighted_accuracy, decision },
            calibration::scores(probabilities, &own_ids, (y_true, weights), labels.len())?,
            LabelPrecisionRecall::of_classes(probabilities, &own_ids, y_true, labels)?,
        ))
    }

    fn label_set_scores(
        &self,
        probabilities: &[f64],
        (y_true, dataset): (&LabelIndicator, &Dataset),
        labels: &[String],
    ) -> Result<FormScores> {
        let thresholds = self.thresholds().unwrap_or_default();
        let y_pred = among(&above(probabilities, thresholds), self.classes(), labels)?;
        let own = targets(dataset, self.classes())?;
        let weights = dataset.weights();
        Ok((
            Metrics::LabelSets(MultiLabelEvaluation::from_predictions(y_true, &y_pred, labels)?),
            EvaluationForm::LabelSets {
                test_weighted: WeightedMultiLabelScores::of(y_true, &y_pred, weights)?,
            },
            ProbabilityScores::of_labels(probabilities, sets(&own)?, that_count(weights))?,
            LabelPrecisionRecall::of_label_sets(probabilities, sets(&own)?, self.classes())?,
        ))
    }

    /// Checks that the labels of the data have the classifier's form.
    fn check_form(&self, dataset: &Dataset) -> Result<()> {
        let (expected, got) = match (self.separator(), dataset.separator()) {
            (Some(_), None) => ("label sets", "one label per sentence"),
            (None, Some(_)) => ("one label per sentence", "label sets"),
            _ => return Ok(()),
        };
        let message = format!("expected {expected} as in the training of the classifier, got {got}");
        Err(Error::new(ErrorKind::InvalidArgument, message).at("data"))
    }

    /// The labels of the data that the classifier does not know, sorted.
    pub(crate) fn unknown_labels(&self, dataset: &Dataset) -> Vec<String> {
        dataset.classes().into_iter().filter(|label| self.classes().binary_search(label).is_err()).collect()
    }
}

/// The most frequent label and its share of the rows; `None` if all rows have the same label.
fn most_frequent(test: &Evaluation) -> Option<(&str, f64)> {
    let n: usize = test.per_class.iter().map(|(_, scores)| scores.support).sum();
    let (label, scores) = test.per_class.iter().max_by_key(|(_, scores)| scores.support)?;
    (scores.support < n).then(|| (label.as_str(), scores.support as f64 / n as f64))
}
