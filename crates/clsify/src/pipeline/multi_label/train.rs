//! Sentences with label sets -> features -> split -> one-vs-rest fits, thresholds -> scores.

use std::time::Instant;

use super::calibration::LabelCalibrators;
use super::classifier::MultiLabelClassifier;
use super::report::{
    ConstantLabels, ConstantScores, CostEffect, MultiLabelBaseline, MultiLabelClassifierReport,
    MultiLabelGridSearch, MultiLabelReport, MultiLabelTestData, ThresholdsReport,
};
use super::thresholds::Thresholds;
use super::{among, indicator, label_ids, union};
use crate::classifier::{
    ClassWeight, LabelIndicator, LogisticRegressionOptions, MultiLabelSamples, OneVsRest, Scaling,
    StandardScaler, above,
};
use crate::dataset::{LabelSeparator, MultiLabelDataset};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{
    MultiLabelEvaluation, ProbabilityScores, WeightedMultiLabelScores, multi_label_grid_search,
    out_of_fold_label_logits,
};
use crate::pipeline::calibration::{n_splits_of, that_count};
use crate::pipeline::cautions::{check_some_known, note_below_baseline, note_perfect, note_single_rows};
use crate::pipeline::label_notes::note_label_spelling;
use crate::pipeline::seen_sentences::SeenSentences;
use crate::pipeline::{
    Calibration, Encoded, EncoderReport, FeaturesReport, Observer, Seconds, SentenceEncoder, SplitReport,
    Stage, list,
};
use crate::split::{
    GroupKFold, KFold, Split, SplitOptions, group_shuffle_split, label_set_split, n_groups, of_rows,
};

/// Folds behind a chosen C and chosen features; shuffled, as files are often sorted by label. There are more of them behind
/// calibration and thresholds, as [`n_splits_of`] says why.
pub(in crate::pipeline) const FOLDS: KFold = KFold { n_splits: 5, shuffle: Some(0) };

/// Folds of so many rows: by groups where there are any, else those of [`FOLDS`].
pub(in crate::pipeline) fn label_set_folds(
    n_rows: usize,
    groups: Option<&[usize]>,
    n_splits: usize,
) -> Result<Vec<Split>> {
    match groups {
        Some(groups) => GroupKFold { n_splits }.split(groups),
        None => KFold { n_splits, ..FOLDS }.split(n_rows),
    }
}

/// Where the held-out rows come from.
#[derive(Debug, Clone)]
pub enum MultiLabelTestRows {
    /// A part of the data file.
    Split(SplitOptions),
    /// A file of their own.
    Dataset(MultiLabelDataset),
}

impl Default for MultiLabelTestRows {
    fn default() -> Self {
        MultiLabelTestRows::Split(SplitOptions::default())
    }
}

/// What the caller chooses of a multi-label training run.
#[derive(Debug, Clone, Default)]
pub struct MultiLabelTrainOptions {
    /// Where the held-out rows come from. The default is a quarter of the data.
    pub test: MultiLabelTestRows,
    /// The scaling of features before a fit. The saved classifier takes unscaled features.
    pub scaling: Scaling,
    /// C and class weights, the same for every label.
    pub classifier: LogisticRegressionOptions,
    /// The values of C to search, of which the one with the best micro F1 over folds of the training rows is taken. The
    /// default is no search.
    pub grid_search: Option<Vec<f64>>,
    /// The calibration of probabilities per label after the fit. The default is none.
    pub calibration: Calibration,
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
/// A row counts by its weight in everything that is chosen: scaling, fits, C, calibration, thresholds and constant answers. Test
/// scores count each row once, those of probabilities and [`MultiLabelReport::test_weighted`] by weight.
///
/// The classifier knows the labels of `dataset`. One that all or no training rows have is constant, and the observer is told.
///
/// # Errors
/// As for [`SentenceEncoder::encode`], [`label_set_split`] and [`OneVsRest::fit`]; [`ErrorKind::InvalidArgument`] when every
/// label is constant.
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
    train_encoded(encoder, (dataset, separator), None, options, observer)
}

/// [`train_multi_label`], with the features of the data file where they are known.
pub(in crate::pipeline) fn train_encoded(
    encoder: SentenceEncoder,
    (dataset, separator): (&MultiLabelDataset, &LabelSeparator),
    encoded: Option<Encoded>,
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
    let split = self::split(dataset, &own, &options.test)?;
    let y_train = indicator(dataset, &own)?.select_rows(&split.train);
    let y_test = match test_dataset {
        Some(test) => indicator(test, &labels)?,
        None => indicator(dataset, &labels)?.select_rows(&split.test),
    };
    let weights = |rows: &[usize]| -> Option<Vec<f64>> {
        dataset.weights().map(|weights| rows.iter().map(|&row| weights[row]).collect())
    };
    let w_train = weights(&split.train);
    let constant = check_labels(&rows_that_count(&y_train, w_train.as_deref())?, &own, observer)?;
    if let Some(test) = test_dataset {
        check_some_known(&test.classes(), &own, "the training rows").map_err(|e| e.at("test rows"))?;
    }
    note_unseen(&y_test, &labels, &own, observer);
    note_label_spelling(observer, &labels, Some(separator));
    let counts = |row: &&usize| dataset.weights().is_none_or(|weights| weights[**row] > 0.0);
    let seen = SeenSentences::of(split.train.iter().filter(counts).map(|&row| &dataset.sentences()[row]));
    let n_seen = match test_dataset {
        Some(test) => seen.count(test.sentences()),
        None => seen.count(split.test.iter().map(|&row| &dataset.sentences()[row])),
    };
    let grid = options.grid_search.as_deref().unwrap_or_default();
    grid.iter().try_for_each(|&c| LogisticRegressionOptions { c, ..options.classifier }.check())?;
    let n_train = split.train.len();
    let g_train = of_rows(dataset.groups(), &split.train);
    options.thresholds.check(&labels, n_train, options.classifier.class_weight)?;
    let decides = options.thresholds != Thresholds::Half;
    let folds_of = |n_splits: usize, are_needed: bool| match are_needed {
        false => Ok(Vec::new()),
        true => label_set_folds(n_train, g_train.as_deref(), n_splits).map_err(|e| {
            e.at("training rows").with_hint(
                "without a search for C, without calibration and with the threshold 0.5 fewer rows will do",
            )
        }),
    };
    let search_folds = folds_of(FOLDS.n_splits, options.grid_search.is_some())?;
    let n_splits = n_splits_of(n_train, g_train.as_deref().map_or(n_train, n_groups));
    let folds = folds_of(n_splits, decides || options.calibration != Calibration::None)?;
    let w_test = match test_dataset {
        Some(test) => test.weights().map(<[f64]>::to_vec),
        None => weights(&split.test),
    };
    let train_rows = (&y_train, w_train.as_deref());
    let baseline = baseline(train_rows, &own, (&y_test, w_test.as_deref()), &labels)?;

    // The classifier will belong to the files as they were loaded, whatever becomes of them meanwhile.
    encoder.files().hashes(encoder.hash_memory())?;
    let encoded = match encoded {
        Some(encoded) => encoded,
        None => encoder.encode_lines(dataset.sentences(), dataset.lines(), observer)?,
    };
    let of_test = |error: Error| error.at("test data");
    let encode_test = |test: &MultiLabelDataset| {
        encoder.encode_lines(test.sentences(), test.lines(), observer).map_err(of_test)
    };
    let encoded_test = test_dataset.map(encode_test).transpose()?;
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
            observer.start(Stage::GridSearch, c_values.len() * search_folds.len() * own.len());
            let progress = |done| observer.advance(Stage::GridSearch, done);
            let found =
                multi_label_grid_search(&samples, c_values, &options.classifier, &search_folds, &progress)?;
            observer.finish(Stage::GridSearch);
            Some(MultiLabelGridSearch { scoring: "f1_micro", n_splits: search_folds.len(), found })
        }
        None => None,
    };
    let search_seconds = grid_search.as_ref().map_or(0.0, |_| search_started.elapsed().as_secs_f64());
    let c = grid_search.as_ref().map_or(options.classifier.c, |search| search.found.best_c);
    let fit_options = LogisticRegressionOptions { c, ..options.classifier };

    let fit_started = Instant::now();
    observer.start(Stage::Fit, own.len() * (folds.len() + 1));
    let progress = |done| observer.advance(Stage::Fit, done);
    let logits = match folds[..] {
        [] => Vec::new(),
        _ => out_of_fold_label_logits(&samples, &fit_options, &folds, &progress)?,
    };
    let fitted = OneVsRest::fit(&samples, &fit_options)?;
    let plain = match &scaler {
        Some(scaler) => fitted.unscaled(scaler),
        None => fitted,
    };
    let calibrators =
        LabelCalibrators::fit(options.calibration, &logits, &y_train, w_train.as_deref(), plain.constant())?;
    let classifier = calibrators.folded(plain.clone());
    let out_of_fold = calibrators.probabilities(&logits);
    let about = (&own[..], classifier.constant());
    let chosen = options.thresholds.choose(&out_of_fold, &y_train, w_train.as_deref(), about)?;
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

    if !chosen.never_given.is_empty() {
        let labels = list(&chosen.never_given.iter().map(String::as_str).collect::<Vec<&str>>());
        observer.note(&format!(
            "no threshold gives the label {labels} that precisely, out of the folds: it is never given"
        ));
    }
    let (half, thresholds) = (vec![0.5; own.len()], chosen.thresholds());
    let own_y_test = match test_dataset {
        Some(test) => indicator(test, &own)?,
        None => indicator(dataset, &own)?.select_rows(&split.test),
    };
    let p_test = classifier.predict_proba(&x_test);
    let scores = |p: &[f64]| ProbabilityScores::of_labels(p, &own_y_test, that_count(w_test.as_deref()));
    let probabilities = scores(&p_test)?;
    let before = scores(&plain.predict_proba(&x_test))?;
    let test = |thresholds: &[f64]| {
        let y_pred = among(&above(&p_test, thresholds), &own, &labels)?;
        MultiLabelEvaluation::from_predictions(&y_test, &y_pred, &labels)
    };
    let mean_cost = match &options.thresholds {
        Thresholds::Costs(costs) => {
            let cost = |y: &LabelIndicator, p: &[f64], t: &[f64]| costs.mean_cost(y, &above(p, t), &own);
            Some(CostEffect {
                out_of_fold_at_half: cost(&y_train, &out_of_fold, &half),
                out_of_fold: cost(&y_train, &out_of_fold, &thresholds),
                test_at_half: cost(&own_y_test, &p_test, &half),
                test: cost(&own_y_test, &p_test, &thresholds),
            })
        }
        _ => None,
    };
    let y_pred = among(&above(&p_test, &thresholds), &own, &labels)?;
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
            n_test_in_training: n_seen,
            seed: match &options.test {
                MultiLabelTestRows::Split(split) => split.seed,
                MultiLabelTestRows::Dataset(_) => 0,
            },
            stratified: match &options.test {
                MultiLabelTestRows::Split(split) => split.stratify,
                MultiLabelTestRows::Dataset(_) => false,
            },
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
        calibration: calibrators.report(&own, folds.len(), &before, &probabilities),
        thresholds: ThresholdsReport {
            chosen_by: options.thresholds,
            n_splits: decides.then_some(folds.len()),
            per_label: chosen.per_label,
            never_given: chosen.never_given,
            out_of_fold: match decides {
                true => {
                    let y_pred = above(&out_of_fold, &thresholds);
                    Some(MultiLabelEvaluation::from_predictions(&y_train, &y_pred, &own)?)
                }
                false => None,
            },
            mean_cost,
        },
        train: MultiLabelEvaluation::from_predictions(&y_train, &train_predicted, &own)?,
        test: test(&thresholds)?,
        test_weighted,
        test_at_half: decides.then(|| test(&half)).transpose()?,
        selection: None,
        probabilities,
        seconds,
    };
    // Class weights and rules of decision give up micro F1 for something else.
    if !decides && options.classifier.class_weight == ClassWeight::None {
        let MultiLabelBaseline { most_frequent_set, every_label } = &report.baseline;
        let constant = match every_label.micro_f1 > most_frequent_set.micro_f1 {
            true => ("always giving every label", every_label.micro_f1),
            false => ("always giving the most frequent set", most_frequent_set.micro_f1),
        };
        note_below_baseline(observer, "micro F1", report.test.micro_average.f1, constant);
    }
    if n_seen == 0 {
        note_perfect(observer, "subset accuracy", report.test.subset_accuracy, report.split.n_test);
    }
    let classifier = MultiLabelClassifier::new(encoder, classifier, own, separator.clone(), seen, &report);
    Ok(MultiLabelTrained { classifier, report })
}

pub(in crate::pipeline) fn split(
    dataset: &MultiLabelDataset,
    own: &[String],
    test: &MultiLabelTestRows,
) -> Result<Split> {
    match test {
        MultiLabelTestRows::Split(options) => match dataset.groups() {
            Some(groups) => group_shuffle_split(groups, options),
            None => label_set_split(&label_ids(dataset, own), options),
        },
        MultiLabelTestRows::Dataset(_) => Ok(Split { train: (0..dataset.len()).collect(), test: Vec::new() }),
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
    let single = (0..own.len()).filter(|&id| y_train.count(id) == 1 && y_train.n_samples() > 1);
    note_single_rows(observer, &single.map(|id| own[id].as_str()).collect::<Vec<_>>());
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
    (y_train, weights): (&LabelIndicator, Option<&[f64]>),
    own: &[String],
    (y_test, w_test): (&LabelIndicator, Option<&[f64]>),
    labels: &[String],
) -> Result<MultiLabelBaseline> {
    let always = |answer: &[bool]| {
        let rows = LabelIndicator::new(answer.repeat(y_test.n_samples()), own.len())?;
        let y_pred = among(&rows, own, labels)?;
        let evaluation = MultiLabelEvaluation::from_predictions(y_test, &y_pred, labels)?;
        let weighted = WeightedMultiLabelScores::of(y_test, &y_pred, w_test)?;
        let given = own.iter().zip(answer).filter(|(_, given)| **given).map(|(label, _)| label.clone());
        Ok::<_, Error>(ConstantScores::of(given.collect(), &evaluation, weighted))
    };
    let counting = rows_that_count(y_train, weights)?;
    let seen: Vec<bool> = (0..own.len()).map(|id| counting.count(id) > 0).collect();
    Ok(MultiLabelBaseline {
        most_frequent_set: always(y_train.most_frequent_row(weights))?,
        every_label: always(&seen)?,
    })
}
