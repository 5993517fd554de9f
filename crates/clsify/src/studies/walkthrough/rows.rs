//! The rows of a training, found again in its data.

use crate::classifier::MostFrequent;
use crate::dataset::Dataset;
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{Metrics, RatioScore};
use crate::matrix::Matrix;
use crate::model::encode::Encoded;
use crate::model::label_ids::{among, class_ids, sets, targets, union};
use crate::model::sentence_classifier::{Prediction, SentenceClassifier};
use crate::model::{EvaluationReport, SavedForm, SavedTraining};
use crate::split::{Split, SplitOptions, TestSize, split_rows};
use crate::targets::{LabelIndicator, Labels, Targets};

use super::options::WalkthroughOptions;

/// The tokens, the features and the predictions of some rows.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WalkedRows {
    /// Tokens and features, one per row.
    pub encoded: Encoded,
    /// The answers of the classifier, one per row.
    pub predictions: Vec<Prediction>,
}

impl WalkedRows {
    pub(super) fn of(classifier: &SentenceClassifier, encoded: Encoded) -> Self {
        WalkedRows { predictions: classifier.predict_features(&encoded.features), encoded }
    }

    fn select_rows(&self, rows: &[usize]) -> Self {
        let Encoded { features, encodings, counts, tokenize_seconds, embed_seconds, n_cached } =
            &self.encoded;
        let encoded = Encoded {
            features: Matrix::select_rows(features, rows),
            encodings: rows.iter().map(|&row| encodings[row].clone()).collect(),
            counts: *counts,
            tokenize_seconds: *tokenize_seconds,
            embed_seconds: *embed_seconds,
            n_cached: *n_cached,
        };
        WalkedRows { encoded, predictions: rows.iter().map(|&row| self.predictions[row].clone()).collect() }
    }
}

/// The training rows and held-out rows of the data, as in the training; an error if they cannot be the same.
pub(super) fn same_rows(
    classifier: &SentenceClassifier,
    dataset: &Dataset,
    options: &WalkthroughOptions<'_>,
) -> Result<Split> {
    let (test, of_data, of_test) = (options.test, options.data_name.as_str(), options.test_name.as_str());
    let training = classifier.metadata().trained()?;
    if training.n_test == 0 {
        let message = "expected a model with held-out rows, got one that has learned from every row";
        return Err(invalid(message.to_string())
            .with_hint("train one with clsify train, which holds out a quarter of the rows"));
    }
    let split = match (division(training), test) {
        (None, None) => {
            let message = "expected the test file that the model was scored on, got none";
            return Err(invalid(message.to_string()).at(of_test).with_hint("give it with --test-data"));
        }
        (None, Some(_)) => Split { train: (0..dataset.len()).collect(), test: Vec::new() },
        (Some(split), None) => split_rows(&targets(dataset, &dataset.classes())?, &split)?,
        (Some(_), Some(_)) => {
            let message = "expected no test file: the model was scored on held-out rows of the data";
            return Err(invalid(message.to_string()).at(of_test).with_hint("leave out --test-data"));
        }
    };
    let n_test = test.map_or(split.test.len(), Dataset::len);
    let hint = match training.rows {
        Some(_) => "give the file that the model was trained on",
        None => {
            "give the file that the model was trained on; this model is of an earlier version, so the file has to be read without options"
        }
    };
    if [split.train.len(), n_test] != [training.n_train, training.n_test] {
        let message = format!(
            "expected the data of the training, with {} training rows and {} held-out rows, got {} and {n_test}",
            training.n_train,
            training.n_test,
            split.train.len(),
        );
        let is_of_test = test.is_some() && split.train.len() == training.n_train;
        let hint = if is_of_test { "give the test file that the model was scored on" } else { hint };
        return Err(invalid(message).at(if is_of_test { of_test } else { of_data }).with_hint(hint));
    }
    // Rows of weight 0 are not among the training rows that a model knows.
    let weighs = |row: &&usize| dataset.weights().is_none_or(|weights| weights[**row] > 0.0);
    let train: Vec<usize> = split.train.iter().filter(weighs).copied().collect();
    let n_known = classifier.n_seen(&dataset.select_rows(&train));
    if let Some(n) = n_known.filter(|&n| n < train.len()) {
        let message = format!("expected the data of the training, got {} other rows", train.len() - n);
        return Err(invalid(message).at(of_data).with_hint(hint));
    }
    Ok(split)
}

/// The division of the data file; `None` if the held-out rows came from a separate file.
fn division(training: &SavedTraining) -> Option<SplitOptions> {
    match (&training.rows, &training.form) {
        (Some(rows), _) => rows.split.clone(),
        // Earlier versions kept no more than this.
        (None, form) => Some(SplitOptions {
            seed: training.seed,
            test_size: TestSize::Count(training.n_test),
            stratify: matches!(form, SavedForm::Classes(form) if form.stratified),
        }),
    }
}

/// The held-out rows with their tokens, features and predictions.
pub(super) fn held_out_rows(
    classifier: &SentenceClassifier,
    dataset: &Dataset,
    (data, split): (&WalkedRows, &Split),
    (test, test_name): (Option<&Dataset>, &str),
) -> Result<(Dataset, WalkedRows)> {
    Ok(match test {
        None => (dataset.select_rows(&split.test), data.select_rows(&split.test)),
        Some(test) => {
            let encoded = classifier.encoder().encode_lines(test.sentences(), test.lines());
            let encoded = encoded.map_err(|error| error.at(test_name))?;
            (test.clone(), WalkedRows::of(classifier, encoded))
        }
    })
}

/// The main score on the held-out rows, with its interval.
pub(super) fn score(
    classifier: &SentenceClassifier,
    report: &EvaluationReport,
    held_out: &Dataset,
    rows: &WalkedRows,
) -> Result<(f64, [f64; 2])> {
    Ok(match &report.test {
        Metrics::Classes(test) => (test.accuracy, test.accuracy_ci95),
        Metrics::LabelSets(test) => {
            let labels = union(classifier.classes(), held_out.classes());
            let given: Vec<Vec<usize>> = rows.predictions.iter().map(|p| p.label_ids.clone()).collect();
            let given = LabelIndicator::from_sets(&given, classifier.classes().len())?;
            let y_true = targets(held_out, &labels)?;
            let y_pred = among(&given, classifier.classes(), &labels)?;
            (test.micro_average.f1, RatioScore::micro_f1(sets(&y_true)?, &y_pred, None)?.ci95())
        }
    })
}

/// The class of the constant answer, `None` for label sets, and its score on the held-out rows.
pub(super) fn baseline(
    classifier: &SentenceClassifier,
    train: &Targets,
    held_out: &Dataset,
) -> Result<(Option<usize>, f64)> {
    let classes = classifier.classes();
    match train.labels() {
        Labels::Classes { class_ids: y_train, n_classes } => {
            let class_id = MostFrequent::fit_weighted(y_train, *n_classes, train.sample_weight())?.class_id();
            let y_test = class_ids(held_out, classes);
            let n_right = y_test.iter().filter(|&&y| y == class_id).count();
            Ok((Some(class_id), n_right as f64 / y_test.len() as f64))
        }
        Labels::Sets(_) => {
            let labels = union(classes, held_out.classes());
            let every: Vec<usize> = (0..classes.len()).collect();
            let every = LabelIndicator::from_sets(&vec![every; held_out.len()], classes.len())?;
            let (y_true, y_pred) = (targets(held_out, &labels)?, among(&every, classes, &labels)?);
            Ok((None, RatioScore::micro_f1(sets(&y_true)?, &y_pred, None)?.score()))
        }
    }
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}
