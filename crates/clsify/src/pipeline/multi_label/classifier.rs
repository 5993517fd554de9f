//! Sentences in, sets of labels with probabilities out; saved to a folder and loaded from it.

use std::path::Path;

use super::report::{MultiLabelEvaluationReport, MultiLabelReport};
use super::saved::{SavedLabels, SavedMultiLabelModel, SavedMultiLabelTraining};
use super::{among, indicator, union};
use crate::classifier::{LabelIndicator, OneVsRest, above};
use crate::dataset::{LabelSeparator, MultiLabelDataset};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{MultiLabelEvaluation, ProbabilityScores, WeightedMultiLabelScores};
use crate::files::read_folder;
use crate::matrix::Matrix;
use crate::pipeline::calibration::that_count;
use crate::pipeline::cautions::{check_some_known, note_seen};
use crate::pipeline::label_notes::note_known_otherwise;
use crate::pipeline::misclassified::{Misclassified, most_confident_first};
use crate::pipeline::saved_model::{SavedWeights, Weights, encoder_version};
use crate::pipeline::seen_sentences::SeenSentences;
use crate::pipeline::sentence_classifier::load_encoder;
use crate::pipeline::{
    EncoderReport, FeaturesReport, LoadOptions, Observer, SavedEncoder, SentenceEncoder,
    SentenceEncoderOptions, saved_model,
};

/// A trained classifier of sentences with any number of labels each.
#[derive(Debug, Clone)]
pub struct MultiLabelClassifier {
    encoder: SentenceEncoder,
    classifier: OneVsRest,
    saved: SavedMultiLabelModel,
    /// Of the training rows; `None` for a model of a version that did not save them.
    seen: Option<SeenSentences>,
}

/// The answer for one sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct MultiLabelPrediction {
    /// The labels whose probability is above their threshold, ascending; places in [`MultiLabelClassifier::classes`].
    pub label_ids: Vec<usize>,
    /// The probability of each label, in the order of the classes; they have no sum to keep.
    pub probabilities: Vec<f64>,
}

impl MultiLabelClassifier {
    pub(super) fn new(
        encoder: SentenceEncoder,
        classifier: OneVsRest,
        classes: Vec<String>,
        separator: LabelSeparator,
        seen: SeenSentences,
        report: &MultiLabelReport,
    ) -> Self {
        let thresholds = report.thresholds.per_label.iter().map(|label| label.threshold).collect();
        let saved = SavedMultiLabelModel {
            format_version: encoder_version(&encoder).max(3),
            clsify_version: env!("CARGO_PKG_VERSION").to_string(),
            multi_label: SavedLabels { separator, thresholds, constant: classifier.constant().to_vec() },
            classes,
            features: encoder.features().clone(),
            max_length: report.encoder.max_length,
            prompt: encoder.tokenizer().prompt().to_string(),
            lowercase: encoder.lowercase(),
            encoder: SavedEncoder::of(&report.encoder, encoder.folder()),
            metrics: report.test.clone(),
            training: SavedMultiLabelTraining {
                n_train: report.split.n_train,
                n_test: report.split.n_test,
                seed: report.split.seed,
                c: report.classifier.c,
                class_weight: report.classifier.class_weight,
                scaling: report.classifier.scaling,
                calibration: report.calibration.as_ref().map(|of| of.method).unwrap_or_default(),
                thresholds: report.thresholds.chosen_by.clone(),
                n_iter: report.classifier.n_iter,
                converged: report.classifier.converged,
            },
        };
        MultiLabelClassifier { encoder, classifier, saved, seen: Some(seen) }
    }

    /// Writes the model's folder, as [`SentenceClassifier::save`](crate::pipeline::SentenceClassifier::save) does.
    ///
    /// # Errors
    /// As there.
    pub fn save(&self, folder: &Path, bundle_encoder: bool) -> Result<()> {
        let mut saved = self.saved.clone();
        saved.encoder = saved.encoder.loaded(&self.encoder, bundle_encoder)?;
        let bundled = bundle_encoder.then_some(&self.encoder);
        let weights = Weights {
            coef: self.classifier.coef(),
            intercept: self.classifier.intercept(),
            seen: self.seen.as_ref(),
        };
        saved_model::write(folder, &saved, &saved.encoder, &weights, bundled)
    }

    /// Loads a model folder, with the encoder that was bundled with it or lies where it lay at training.
    ///
    /// # Errors
    /// As for [`load_with`](Self::load_with).
    ///
    /// ```no_run
    /// let classifier = clsify::pipeline::MultiLabelClassifier::load("model".as_ref(), &())?;
    /// for prediction in classifier.predict(&["the vote on the new stadium"], &())? {
    ///     println!("{:?}", classifier.labels(&prediction)); // ["politics", "sport"]
    /// }
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn load(folder: &Path, observer: &dyn Observer) -> Result<Self> {
        let encoder = read_folder(folder, || SavedMultiLabelModel::read(folder))?.encoder_folder(folder);
        Self::load_with(folder, &encoder, LoadOptions::default(), observer)
    }

    /// Loads a model folder with an encoder that may lie elsewhere now.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] when the folder is malformed, its model has one label a sentence, or the encoder is not the one
    /// of the training; I/O errors and those of the encoder's files.
    pub fn load_with(
        folder: &Path,
        encoder: &Path,
        options: LoadOptions,
        observer: &dyn Observer,
    ) -> Result<Self> {
        read_folder(folder, || Self::read(folder, encoder, options.clone(), observer))
    }

    fn read(folder: &Path, encoder: &Path, options: LoadOptions, observer: &dyn Observer) -> Result<Self> {
        let saved = SavedMultiLabelModel::read(folder)?;
        let encoding = SentenceEncoderOptions {
            max_length: Some(saved.max_length),
            prompt: Some(saved.prompt.clone()),
            lowercase: saved.lowercase,
            ..SentenceEncoderOptions::default()
        };
        let encoder =
            load_encoder(folder, encoder, (&saved.encoder, &saved.features), encoding, options, observer)?;
        let SavedWeights { coef, intercept, seen } =
            saved_model::read_columns(folder, saved.classes.len(), encoder.n_features())?;
        let classifier = OneVsRest::from_parts(coef, intercept, saved.multi_label.constant.clone())
            .map_err(|e| Error::new(ErrorKind::Model, e.to_string()).at(folder.display().to_string()))?;
        Ok(MultiLabelClassifier { encoder, classifier, saved, seen })
    }

    /// The labels, sorted.
    pub fn classes(&self) -> &[String] {
        &self.saved.classes
    }

    /// The threshold of each label.
    pub fn thresholds(&self) -> &[f64] {
        &self.saved.multi_label.thresholds
    }

    /// What stands between labels in a cell.
    pub fn separator(&self) -> &LabelSeparator {
        &self.saved.multi_label.separator
    }

    /// The encoder.
    pub fn encoder(&self) -> &SentenceEncoder {
        &self.encoder
    }

    /// The logistic regressions, in the order of [`classes`](Self::classes).
    pub fn classifier(&self) -> &OneVsRest {
        &self.classifier
    }

    /// What is saved of the training.
    pub fn metadata(&self) -> &SavedMultiLabelModel {
        &self.saved
    }

    /// The names of the labels that a prediction gives.
    pub fn labels(&self, prediction: &MultiLabelPrediction) -> Vec<&str> {
        prediction.label_ids.iter().map(|&id| self.classes()[id].as_str()).collect()
    }

    /// The labels and the probabilities of every sentence, in order.
    ///
    /// # Errors
    /// As for [`SentenceEncoder::encode`].
    pub fn predict<S: AsRef<str> + Sync>(
        &self,
        sentences: &[S],
        observer: &dyn Observer,
    ) -> Result<Vec<MultiLabelPrediction>> {
        Ok(self.predict_features(&self.encoder.encode(sentences, observer)?.features))
    }

    /// The labels and the probabilities of every row of features `[n_sentences, n_features]`, as its
    /// [`encoder`](Self::encoder) makes them.
    ///
    /// # Panics
    /// When the rows have another length.
    pub fn predict_features(&self, features: &Matrix) -> Vec<MultiLabelPrediction> {
        let probabilities = self.classifier.predict_proba(features);
        let given = above(&probabilities, self.thresholds());
        let rows = given.rows().zip(probabilities.chunks_exact(self.classes().len()));
        let prediction = |(row, probabilities): (&[bool], &[f64])| MultiLabelPrediction {
            label_ids: (0..row.len()).filter(|&id| row[id]).collect(),
            probabilities: probabilities.to_vec(),
        };
        rows.map(prediction).collect()
    }

    /// Whether the classifier knows any label of the data, as
    /// [`SentenceClassifier::check_labels`](crate::pipeline::SentenceClassifier::check_labels); rows without any label pass.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] with the labels of both, when there are labels and it knows none.
    pub fn check_labels(&self, dataset: &MultiLabelDataset) -> Result<()> {
        check_some_known(&dataset.classes(), self.classes(), "the model")
    }

    /// Scores the classifier on labelled sentences; a label that it does not know is never given, and so counts as missed.
    ///
    /// # Errors
    /// As for [`SentenceEncoder::encode`].
    pub fn evaluate(
        &self,
        dataset: &MultiLabelDataset,
        observer: &dyn Observer,
    ) -> Result<MultiLabelEvaluationReport> {
        Ok(self.evaluate_with_errors(dataset, observer)?.0)
    }

    /// The same, and the rows whose set is not the predicted one, the most confident errors first.
    ///
    /// # Errors
    /// As for [`evaluate`](Self::evaluate).
    pub fn evaluate_with_errors(
        &self,
        dataset: &MultiLabelDataset,
        observer: &dyn Observer,
    ) -> Result<(MultiLabelEvaluationReport, Vec<Misclassified>)> {
        let n_seen = self.n_seen(dataset);
        note_seen(observer, (n_seen.unwrap_or(0), dataset.len()), "the training rows of the model");
        let unknown = self.unknown_labels(dataset);
        if !unknown.is_empty() {
            let unknown = crate::pipeline::list(&unknown.iter().map(String::as_str).collect::<Vec<_>>());
            observer.note(&format!(
                "the classifier does not know the label {unknown}: it is never given, and counts as missed"
            ));
        }
        note_known_otherwise(observer, &self.unknown_labels(dataset), self.classes());
        let labels = union(self.classes(), dataset.classes());
        let encoded = self.encoder.encode_lines(dataset.sentences(), dataset.lines(), observer)?;
        let probabilities = self.classifier.predict_proba(&encoded.features);
        let y_pred = among(&above(&probabilities, self.thresholds()), self.classes(), &labels)?;
        let y_true = indicator(dataset, &labels)?;
        let errors = self.errors(dataset, &probabilities);
        let report = MultiLabelEvaluationReport {
            dataset: dataset.summary(),
            encoder: EncoderReport::of(&self.encoder),
            features: FeaturesReport { shape: encoded.features.shape(), counts: encoded.counts },
            n_seen,
            test: MultiLabelEvaluation::from_predictions(&y_true, &y_pred, &labels)?,
            test_weighted: WeightedMultiLabelScores::of(&y_true, &y_pred, dataset.weights())?,
            probabilities: ProbabilityScores::of_labels(
                &probabilities,
                &indicator(dataset, self.classes())?,
                that_count(dataset.weights()),
            )?,
        };
        Ok((report, errors))
    }

    fn errors(&self, dataset: &MultiLabelDataset, probabilities: &[f64]) -> Vec<Misclassified> {
        let n_classes = self.classes().len();
        let given = above(probabilities, self.thresholds());
        let rows = dataset.label_sets().iter().enumerate().zip(probabilities.chunks_exact(n_classes));
        let errors = rows.filter_map(|((row, labels), probabilities)| {
            let own: Vec<usize> =
                labels.iter().filter_map(|label| self.classes().binary_search(label).ok()).collect();
            let given = given.row(row);
            // How sure the classifier is of a label that is wrong.
            let wrong = (0..n_classes).filter(|id| given[*id] != own.contains(id));
            let of_known =
                wrong.map(|id| if given[id] { probabilities[id] } else { 1.0 - probabilities[id] });
            let of_unknown = (own.len() < labels.len()).then_some(1.0);
            let confidence = of_known.chain(of_unknown).max_by(f64::total_cmp)?;
            let predicted = (0..n_classes).filter(|&id| given[id]).map(|id| self.classes()[id].clone());
            Some(Misclassified {
                row,
                predicted: predicted.collect(),
                abstained: false,
                confidence,
                probabilities: probabilities.to_vec(),
            })
        });
        most_confident_first(errors.collect())
    }

    /// The labels of every row at their places among all `labels`, sorted, of which the classifier's own are a part.
    pub(super) fn predict_among(&self, features: &Matrix, labels: &[String]) -> Result<LabelIndicator> {
        among(&self.classifier.predict(features, self.thresholds()), self.classes(), labels)
    }

    /// Rows whose sentence is that of a training row, where these are known.
    pub(super) fn n_seen(&self, dataset: &MultiLabelDataset) -> Option<usize> {
        self.seen.as_ref().map(|seen| seen.count(dataset.sentences()))
    }

    /// The labels of a data set that the classifier has not learned.
    pub(super) fn unknown_labels(&self, dataset: &MultiLabelDataset) -> Vec<String> {
        dataset.classes().into_iter().filter(|label| self.classes().binary_search(label).is_err()).collect()
    }
}
