//! Sentences with label sets -> features -> split -> one-vs-rest fits, thresholds -> scores.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::classifier::MultiLabelClassifier;
use super::report::{
    ConstantLabels, ConstantScores, LabelThreshold, MultiLabelBaseline, MultiLabelClassifierReport,
    MultiLabelGridSearch, MultiLabelReport, MultiLabelTestData, ThresholdsReport,
};
use super::{among, indicator, union};
use crate::classifier::{
    LabelIndicator, LogisticRegressionOptions, MultiLabelSamples, OneVsRest, Scaling, StandardScaler,
};
use crate::dataset::{LabelSeparator, MultiLabelDataset};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{
    F1Threshold, MultiLabelEvaluation, WeightedMultiLabelScores, f1_thresholds, multi_label_grid_search,
};
use crate::pipeline::{
    Encoded, EncoderReport, FeaturesReport, Observer, Seconds, SentenceEncoder, SplitReport, Stage, list,
};
use crate::split::{KFold, Split, SplitOptions, train_test_split};

/// Folds behind a chosen C and chosen thresholds; shuffled, as files are often sorted by label.
pub(super) const FOLDS: KFold = KFold { n_splits: 5, shuffle: Some(0) };

/// Where the held-out rows come from.
#[derive(Debug, Clone)]
pub enum MultiLabelTestRows {
    /// A part of the data file, not stratified.
    Split(SplitOptions),
    /// A file of their own.
    Dataset(MultiLabelDataset),
}

impl Default for MultiLabelTestRows {
    fn default() -> Self {
        MultiLabelTestRows::Split(SplitOptions::default())
    }
}

/// Above which probability a label is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Thresholds {
    /// 0.5 for every label.
    #[default]
    Half,
    /// For each label what has the largest F1 on the training rows, each scored by a classifier that has not seen it.
    F1,
}

/// What the caller chooses of a multi-label training run.
#[derive(Debug, Clone, Default)]
pub struct MultiLabelTrainOptions {
    /// Where the held-out rows come from. The default is a quarter of the data.
    pub test: MultiLabelTestRows,
    /// What is done to the features of the training rows before a fit; the classifier takes them as they are.
    pub scaling: Scaling,
    /// C and class weights, the same for every label.
    pub classifier: LogisticRegressionOptions,
    /// The values of C to search, of which the one with the best micro F1 over folds of the training rows is taken. The
    /// default is no search.
    pub grid_search: Option<Vec<f64>>,
    /// Above which probability a label is given.
    pub thresholds: Thresholds,
}

/// A training run's results.
#[derive(Debug)]
pub struct MultiLabelTrained {
    /// The classifier.
    pub classifier: MultiLabelClassifier,
    /// What was found.
    pub report: MultiLabelReport,
}

/// Trains and evaluates a classifier of sentences with any number of labels each; `separator` is remembered for its answers.
///
/// A row counts in fits, scaling and [`MultiLabelReport::test_weighted`] by its weight; thresholds, other scores and constant answers
/// count each row once.
///
/// The classifier knows the labels of `dataset`. One that all or no training rows have is constant, and the observer is told.
///
/// # Errors
/// As for [`SentenceEncoder::encode`], [`train_test_split`] and [`OneVsRest::fit`]; [`ErrorKind::InvalidArgument`] when a
/// stratified split is asked for, which label sets do not have, or when every label is constant.
///
/// ```no_run
/// use clsify::dataset::{DatasetOptions, LabelSeparator, MultiLabelDataset};
/// use clsify::pipeline::{
///     MultiLabelTrainOptions, SentenceEncoder, SentenceEncoderOptions, Thresholds, train_multi_label,
/// };
/// let separator: LabelSeparator = ";".parse()?;
/// let dataset = MultiLabelDataset::load("news.tsv".as_ref(), &separator, &DatasetOptions::default())?;
/// let encoder = SentenceEncoder::load("all-MiniLM-L6-v2".as_ref(), SentenceEncoderOptions::default(), &())?;
/// let options = MultiLabelTrainOptions { thresholds: Thresholds::F1, ..Default::default() };
/// let trained = train_multi_label(encoder, &dataset, &separator, options, &())?;
/// println!("micro F1 {:.3}", trained.report.test.micro_average.f1);
/// trained.classifier.save("model".as_ref(), false)?;
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn train_multi_label(
    encoder: SentenceEncoder,
    dataset: &MultiLabelDataset,
    separator: &LabelSeparator,
    options: MultiLabelTrainOptions,
    observer: &dyn Observer,
) -> Result<MultiLabelTrained> {
    let started = Instant::now();
    let loaded_before = encoder.load_seconds();
    let test_dataset = match &options.test {
        MultiLabelTestRows::Dataset(test) => Some(test),
        MultiLabelTestRows::Split(_) => None,
    };
    let own = dataset.classes();
    // Labels of both files, so that those which only the test file has count as missed.
    let labels = union(&own, test_dataset.map(MultiLabelDataset::classes).unwrap_or_default());
    // What can be refused without features is refused before the expensive encoder.
    options.classifier.check()?;
    let split = self::split(dataset.len(), &options.test)?;
    let y_train = indicator(dataset, &own)?.select_rows(&split.train);
    let y_test = match test_dataset {
        Some(test) => indicator(test, &labels)?,
        None => indicator(dataset, &labels)?.select_rows(&split.test),
    };
    let w_train: Option<Vec<f64>> =
        dataset.weights().map(|weights| split.train.iter().map(|&row| weights[row]).collect());
    let constant = check_labels(&rows_that_count(&y_train, w_train.as_deref())?, &own, observer)?;
    note_unseen(&y_test, &labels, &own, observer);
    let grid = options.grid_search.as_deref().unwrap_or_default();
    grid.iter().try_for_each(|&c| LogisticRegressionOptions { c, ..options.classifier }.check())?;
    let folds = match (&options.grid_search, options.thresholds) {
        (None, Thresholds::Half) => Vec::new(),
        _ => FOLDS.split(split.train.len()).map_err(|e| {
            e.at("training rows")
                .with_hint("without a search for C and with the threshold 0.5 fewer rows will do")
        })?,
    };
    let baseline = baseline(&y_train, &own, &y_test, &labels)?;

    let encoded = encoder.encode(dataset.sentences(), observer)?;
    let encoded_test = test_dataset.map(|test| encoder.encode(test.sentences(), observer)).transpose()?;
    let x_train = encoded.features.select_rows(&split.train);
    let x_test = match &encoded_test {
        Some(encoded) => encoded.features.clone(),
        None => encoded.features.select_rows(&split.test),
    };

    let scaler = (options.scaling == Scaling::Standard)
        .then(|| StandardScaler::fit_weighted(&x_train, w_train.as_deref()));
    let x_scaled = scaler.as_ref().map(|scaler| scaler.transform(&x_train));
    let samples =
        MultiLabelSamples::new(x_scaled.as_ref().unwrap_or(&x_train), &y_train).weighted(w_train.as_deref());
    let search_started = Instant::now();
    let grid_search = match &options.grid_search {
        Some(c_values) => {
            observer.start(Stage::GridSearch, c_values.len() * folds.len() * own.len());
            let progress = |done| observer.advance(Stage::GridSearch, done);
            let found = multi_label_grid_search(&samples, c_values, &options.classifier, &folds, &progress)?;
            observer.finish(Stage::GridSearch);
            Some(MultiLabelGridSearch { scoring: "f1_micro", n_splits: folds.len(), found })
        }
        None => None,
    };
    let search_seconds = search_started.elapsed().as_secs_f64();
    let c = grid_search.as_ref().map_or(options.classifier.c, |search| search.found.best_c);
    let fit_options = LogisticRegressionOptions { c, ..options.classifier };

    let fit_started = Instant::now();
    let n_before = if options.thresholds == Thresholds::F1 { own.len() * folds.len() } else { 0 };
    observer.start(Stage::Fit, n_before + own.len());
    let progress = |done| observer.advance(Stage::Fit, done);
    let chosen: Vec<F1Threshold> = match options.thresholds {
        Thresholds::Half => Vec::new(),
        Thresholds::F1 => f1_thresholds(&samples, &fit_options, &folds, &progress)?,
    };
    let fitted = OneVsRest::fit(&samples, &fit_options)?;
    let classifier = match &scaler {
        Some(scaler) => fitted.unscaled(scaler),
        None => fitted,
    };
    observer.finish(Stage::Fit);
    let fit_seconds = fit_started.elapsed().as_secs_f64();
    if classifier.n_not_converged() > 0 {
        observer.note(&format!(
            "{} of {} labels stopped before their optimum (gradient {:.1e}): features of very different scales do that; \
             a smaller C helps",
            classifier.n_not_converged(),
            own.len(),
            classifier.gradient_max_norm()
        ));
    }

    let half = vec![0.5; own.len()];
    let thresholds = match options.thresholds {
        Thresholds::Half => half.clone(),
        Thresholds::F1 => chosen.iter().map(|chosen| chosen.threshold).collect(),
    };
    let test = |thresholds: &[f64]| {
        let y_pred = among(&classifier.predict(&x_test, thresholds), &own, &labels)?;
        MultiLabelEvaluation::from_predictions(&y_test, &y_pred, &labels)
    };
    let w_test: Option<Vec<f64>> = match test_dataset {
        Some(test) => test.weights().map(<[f64]>::to_vec),
        None => dataset.weights().map(|weights| split.test.iter().map(|&row| weights[row]).collect()),
    };
    let y_pred = among(&classifier.predict(&x_test, &thresholds), &own, &labels)?;
    let test_weighted = WeightedMultiLabelScores::of(&y_test, &y_pred, w_test.as_deref())?;
    let train_predicted = classifier.predict(&x_train, &thresholds);
    let (load, fit, grid_seconds) = (encoder.load_seconds(), fit_seconds, search_seconds);
    let mut seconds = Seconds { load, fit, grid_search: grid_seconds, ..Seconds::default() };
    for encoded in [Some(&encoded), encoded_test.as_ref()].into_iter().flatten() {
        seconds.tokenize += encoded.tokenize_seconds;
        seconds.embed += encoded.embed_seconds;
    }
    seconds.total = loaded_before + started.elapsed().as_secs_f64();
    let features =
        |encoded: &Encoded| FeaturesReport { shape: encoded.features.shape(), counts: encoded.counts };
    let report = MultiLabelReport {
        dataset: dataset.summary(),
        encoder: EncoderReport::of(&encoder),
        features: features(&encoded),
        test_data: test_dataset.zip(encoded_test.as_ref()).map(|(dataset, encoded)| MultiLabelTestData {
            dataset: dataset.summary(),
            features: features(encoded),
        }),
        split: SplitReport {
            n_train: split.train.len(),
            n_test: y_test.n_samples(),
            seed: match &options.test {
                MultiLabelTestRows::Split(split) => split.seed,
                MultiLabelTestRows::Dataset(_) => 0,
            },
            stratified: false,
            test_indices: split.test,
        },
        baseline,
        classifier: MultiLabelClassifierReport {
            c,
            class_weight: options.classifier.class_weight,
            scaling: options.scaling,
            n_iter: classifier.n_iter(),
            converged: classifier.n_not_converged() == 0,
            n_not_converged: classifier.n_not_converged(),
            gradient_max_norm: classifier.gradient_max_norm(),
            coef_norm: classifier.coef_norm(),
            intercept: classifier.intercept().to_vec(),
            constant_labels: constant,
        },
        grid_search,
        thresholds: ThresholdsReport {
            chosen_by: options.thresholds,
            n_splits: (options.thresholds == Thresholds::F1).then_some(folds.len()),
            per_label: thresholds_of(&own, &thresholds, &chosen),
        },
        train: MultiLabelEvaluation::from_predictions(&y_train, &train_predicted, &own)?,
        test: test(&thresholds)?,
        test_weighted,
        test_at_half: (options.thresholds == Thresholds::F1).then(|| test(&half)).transpose()?,
        seconds,
    };
    let classifier = MultiLabelClassifier::new(encoder, classifier, own, separator.clone(), &report);
    Ok(MultiLabelTrained { classifier, report })
}

pub(super) fn split(n_samples: usize, test: &MultiLabelTestRows) -> Result<Split> {
    match test {
        MultiLabelTestRows::Split(SplitOptions { stratify: true, .. }) => {
            let message =
                "expected a split that is not stratified: sets of labels have no classes to keep shares of";
            Err(Error::new(ErrorKind::InvalidArgument, message))
        }
        // Without stratification only the number of rows matters.
        MultiLabelTestRows::Split(options) => train_test_split(&vec![0; n_samples], options),
        MultiLabelTestRows::Dataset(_) => Ok(Split { train: (0..n_samples).collect(), test: Vec::new() }),
    }
}

/// The rows with a weight above 0, of which there must be one.
fn rows_that_count(y_train: &LabelIndicator, weights: Option<&[f64]>) -> Result<LabelIndicator> {
    let counts = |row: &usize| weights.is_none_or(|weights| weights[*row] > 0.0);
    let rows: Vec<usize> = (0..y_train.n_samples()).filter(counts).collect();
    if rows.is_empty() {
        let message = "expected at least one weight above 0, got only 0";
        return Err(Error::new(ErrorKind::InvalidArgument, message).at("training rows"));
    }
    Ok(y_train.select_rows(&rows))
}

/// The labels that there is nothing to learn about, which the observer hears of; an error when these are all.
pub(super) fn check_labels(
    y_train: &LabelIndicator,
    own: &[String],
    observer: &dyn Observer,
) -> Result<ConstantLabels> {
    let with_count = |n: usize| {
        let ids = (0..own.len()).filter(move |&id| y_train.count(id) == n);
        ids.map(|id| own[id].clone()).collect::<Vec<String>>()
    };
    let constant = ConstantLabels { always: with_count(y_train.n_samples()), never: with_count(0) };
    let names = |labels: &[String]| list(&labels.iter().map(String::as_str).collect::<Vec<&str>>());
    if constant.always.len() + constant.never.len() == own.len() {
        let message = format!(
            "expected a label that some rows have and others have not, got only {} for all or for none",
            names(own)
        );
        return Err(Error::new(ErrorKind::InvalidArgument, message)
            .at("training rows")
            .with_hint("give more rows; rows without a label have an empty label cell"));
    }
    if !constant.always.is_empty() {
        let labels = names(&constant.always);
        observer.note(&format!("every training row has the label {labels}: it is always given"));
    }
    if !constant.never.is_empty() {
        let labels = names(&constant.never);
        observer.note(&format!("no training row has the label {labels}: it is never given"));
    }
    Ok(constant)
}

/// Labels that only a test file has.
pub(super) fn note_unseen(
    y_test: &LabelIndicator,
    labels: &[String],
    own: &[String],
    observer: &dyn Observer,
) {
    let is_unseen = |id: &usize| y_test.count(*id) > 0 && own.binary_search(&labels[*id]).is_err();
    let unseen: Vec<&str> = (0..labels.len()).filter(is_unseen).map(|id| labels[id].as_str()).collect();
    if !unseen.is_empty() {
        let unseen = list(&unseen);
        observer.note(&format!(
            "only test rows have the label {unseen}: it is never given, and counts as missed"
        ));
    }
}

fn baseline(
    y_train: &LabelIndicator,
    own: &[String],
    y_test: &LabelIndicator,
    labels: &[String],
) -> Result<MultiLabelBaseline> {
    let always = |answer: &[bool]| {
        let rows = LabelIndicator::new(answer.repeat(y_test.n_samples()), own.len())?;
        let evaluation = MultiLabelEvaluation::from_predictions(y_test, &among(&rows, own, labels)?, labels)?;
        let given = own.iter().zip(answer).filter(|(_, given)| **given).map(|(label, _)| label.clone());
        Ok::<_, Error>(ConstantScores::of(given.collect(), &evaluation))
    };
    let seen: Vec<bool> = (0..own.len()).map(|id| y_train.count(id) > 0).collect();
    Ok(MultiLabelBaseline {
        most_frequent_set: always(y_train.most_frequent_row())?,
        every_label: always(&seen)?,
    })
}

fn thresholds_of(own: &[String], thresholds: &[f64], chosen: &[F1Threshold]) -> Vec<LabelThreshold> {
    let of_label = |(id, label): (usize, &String)| LabelThreshold {
        label: label.clone(),
        threshold: thresholds[id],
        f1: chosen.get(id).map(|chosen| chosen.f1),
        f1_at_half: chosen.get(id).map(|chosen| chosen.f1_at_half),
    };
    own.iter().enumerate().map(of_label).collect()
}
