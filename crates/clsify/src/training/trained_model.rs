//! The metadata of a trained model, as it is saved.

use super::training_report::{TrainingReport, TrainingScores};
use crate::classifier::{LinearClassifier, Link};
use crate::dataset::LabelSeparator;
use crate::decision::Decision;
use crate::evaluation::Metrics;
use crate::model::saved_encoder::SavedEncoder;
use crate::model::saved_model::{FORMAT_VERSION, SavedLabels, SavedModel};
use crate::model::saved_training::{SavedClassForm, SavedForm, SavedLabelSetForm, SavedRows, SavedTraining};
use crate::model::sentence_encoder::SentenceEncoder;

/// The metadata of a model of these classes; label sets have a separator.
pub(crate) fn saved_model(
    encoder: &SentenceEncoder,
    classifier: &LinearClassifier,
    classes: Vec<String>,
    separator: Option<&LabelSeparator>,
    report: &TrainingReport,
    rows: Option<SavedRows>,
) -> SavedModel {
    let described = &report.encoder;
    let (decision, multi_label, metrics, form) = match &report.scores {
        TrainingScores::Classes(scores) => {
            let fitted = scores.calibration.as_ref();
            let form = SavedClassForm {
                stratified: report.split.stratified.unwrap_or_default(),
                temperature: fitted.and_then(|calibration| calibration.temperature),
                platt: fitted.and_then(|calibration| calibration.platt),
                train_accuracy: scores.train.accuracy,
            };
            let decided = scores.decision.as_ref();
            let decision = decided.map(|decided| decided.rule.clone()).unwrap_or_default();
            (decision, None, Metrics::Classes(scores.test.clone()), SavedForm::Classes(form))
        }
        TrainingScores::LabelSets(scores) => {
            let form = SavedLabelSetForm {
                calibration: scores.calibration.as_ref().map(|of| of.method).unwrap_or_default(),
                thresholds: scores.thresholds.chosen_by.clone(),
            };
            let multi_label = separator.zip(classifier.constant()).map(|(separator, constant)| SavedLabels {
                separator: separator.clone(),
                thresholds: scores.thresholds.per_label.iter().map(|label| label.threshold).collect(),
                constant: constant.to_vec(),
            });
            let metrics = Metrics::LabelSets(scores.test.clone());
            (Decision::default(), multi_label, metrics, SavedForm::LabelSets(form))
        }
    };
    let is_plain = decision.is_most_probable() && multi_label.is_none();
    // Without held-out rows there are only the scores on the training rows, which are too good.
    let metrics = (report.split.n_test > 0).then_some(metrics);
    let format_version = match &metrics {
        Some(_) => SavedModel::version_for(is_plain, encoder),
        None => FORMAT_VERSION,
    };
    SavedModel {
        format_version,
        clsify_version: env!("CARGO_PKG_VERSION").to_string(),
        multi_label,
        classes,
        features: encoder.features().clone(),
        max_length: described.max_length,
        prompt: encoder.tokenizer().prompt().to_string(),
        lowercase: encoder.lowercase(),
        encoder: SavedEncoder::of(described, encoder.folder()),
        decision,
        link: Link::Softmax,
        metrics,
        training: Some(SavedTraining {
            n_train: report.split.n_train,
            n_test: report.split.n_test,
            seed: report.split.seed.unwrap_or_default(),
            c: report.classifier.c,
            class_weight: report.classifier.class_weight,
            scaling: report.classifier.scaling,
            n_iter: report.classifier.n_iter,
            converged: report.classifier.converged,
            rows,
            tuned: false,
            form,
        }),
        imported: None,
    }
}
