//! The article's whole job: labelled sentences -> features -> split -> baseline, fit, grid search -> scores.

use std::time::Instant;

use super::calibration::{self, Calibration, Calibrator};
use super::cautions::{check_some_known, counts, note_below_baseline, note_labels, note_perfect, quoted};
use super::decision::{self, DecisionOptions, DecisionReport, Scored};
use super::label_notes::note_label_spelling;
use super::observer::{Observer, Stage};
use super::seen_sentences::SeenSentences;
use super::sentence_classifier::SentenceClassifier;
use super::sentence_encoder::{Encoded, SentenceEncoder};
use super::training_report::{
    BaselineReport, ClassifierReport, EncoderReport, FeaturesReport, GridSearchReport, Seconds, SplitReport,
    TestDataReport, TrainScore, TrainingReport,
};
use crate::classifier::{
    ClassWeight, Decision, LogisticRegression, LogisticRegressionOptions, MostFrequent, Samples, Scaling,
    StandardScaler,
};
use crate::dataset::Dataset;
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{
    Evaluation, baseline_cross_val_score, grid_search, mean_and_std, out_of_fold_logits, weighted_accuracy,
};
use crate::split::{
    Split, SplitOptions, class_folds, group_shuffle_split, n_groups, of_rows, train_test_split,
};

/// Folds of cross-validation, where the classes are large enough.
pub(super) const N_SPLITS: usize = 5;

/// Where the held-out rows come from.
#[derive(Debug, Clone)]
pub enum TestRows {
    /// A part of the data file.
    Split(SplitOptions),
    /// A file of their own.
    Dataset(Dataset),
}

impl Default for TestRows {
    fn default() -> Self {
        TestRows::Split(SplitOptions::default())
    }
}

/// Which C to search, and what to do with the best.
#[derive(Debug, Clone, PartialEq)]
pub struct GridSearchOptions {
    /// The values to try.
    pub c_values: Vec<f64>,
    /// Whether the classifier is fitted with the best C instead of its own.
    pub refit: bool,
}

/// What the caller chooses of a training run.
#[derive(Debug, Clone, Default)]
pub struct TrainOptions {
    /// Where the held-out rows come from. The default is a quarter of the data.
    pub test: TestRows,
    /// The scaling of features before a fit. The saved classifier takes unscaled features.
    pub scaling: Scaling,
    /// C and class weights.
    pub classifier: LogisticRegressionOptions,
    /// The search for C. The default is none.
    pub grid_search: Option<GridSearchOptions>,
    /// What is done to probabilities after the fit. The default is nothing, as in the article.
    pub calibration: Calibration,
    /// How probabilities become answers. The default is the most probable class, as in the article.
    pub decision: DecisionOptions,
}

/// A training run's results, and the steps in between for whoever wants to look at them.
#[derive(Debug)]
pub struct Trained {
    /// The classifier.
    pub classifier: SentenceClassifier,
    /// What was found.
    pub report: TrainingReport,
    /// The data file's tokens and features.
    pub encoded: Encoded,
    /// The rows of the data file that trained, and those that tested.
    pub split: Split,
}

/// Trains and evaluates a classifier.
///
/// # Errors
/// As for [`SentenceEncoder::encode`], [`train_test_split`] and [`LogisticRegression::fit`].
///
/// ```no_run
/// use clsify::dataset::{Dataset, DatasetOptions};
/// use clsify::pipeline::{SentenceEncoder, SentenceEncoderOptions, TrainOptions, train};
/// let dataset = Dataset::load("train.tsv".as_ref(), &DatasetOptions::default())?;
/// let encoder = SentenceEncoder::load("all-MiniLM-L6-v2".as_ref(), SentenceEncoderOptions::default(), &())?;
/// let trained = train(encoder, &dataset, TrainOptions::default(), &())?;
/// println!("{:.3} on {} rows", trained.report.test.accuracy, trained.report.split.n_test);
/// trained.classifier.save("model".as_ref(), false)?;
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn train(
    encoder: SentenceEncoder,
    dataset: &Dataset,
    options: TrainOptions,
    observer: &dyn Observer,
) -> Result<Trained> {
    train_encoded(encoder, dataset, None, options, observer)
}

/// [`train`], with the features of the data file where they are known.
pub(super) fn train_encoded(
    encoder: SentenceEncoder,
    dataset: &Dataset,
    encoded: Option<Encoded>,
    options: TrainOptions,
    observer: &dyn Observer,
) -> Result<Trained> {
    let started = Instant::now();
    let loaded_before = encoder.load_seconds();
    // Labels of both files, so that a confusion matrix has a row for each; the fit sees those of its own rows.
    let test_dataset = match &options.test {
        TestRows::Dataset(test) => Some(test),
        TestRows::Split(_) => None,
    };
    let labels = labels(dataset, &options.test);
    let class_ids = class_ids(dataset, &labels);
    // What can be refused without features is refused before the expensive encoder.
    options.classifier.check()?;
    let split = self::split((&class_ids, dataset.groups()), &labels, &options.test)?;
    let g_train = of_rows(dataset.groups(), &split.train);
    let groups = g_train.as_deref();
    let y_train: Vec<usize> = split.train.iter().map(|&i| class_ids[i]).collect();
    let y_test: Vec<usize> = match test_dataset {
        Some(test) => self::class_ids(test, &labels),
        None => split.test.iter().map(|&i| class_ids[i]).collect(),
    };
    let weights = |rows: &[usize]| -> Option<Vec<f64>> {
        dataset.weights().map(|weights| rows.iter().map(|&row| weights[row]).collect())
    };
    let w_train = weights(&split.train);
    check_classes(&y_train, w_train.as_deref(), &labels)?;
    if let Some(search) = &options.grid_search {
        check_grid_search(search, &options.classifier, (&y_train, groups))?;
    }
    check_probabilities(&options, &labels, (&y_train, groups))?;
    let decides = options.decision != DecisionOptions::default();
    let needs_folds = decides || options.calibration != Calibration::None;
    let w_test = match test_dataset {
        Some(test) => test.weights().map(<[f64]>::to_vec),
        None => weights(&split.test),
    };
    if let Some(test) = test_dataset {
        check_some_known(&test.classes(), &dataset.classes(), "the training rows")
            .map_err(|e| e.at("test rows"))?;
    }
    let seen = seen(dataset, &split.train);
    let test_sentences: Vec<&String> = match test_dataset {
        Some(test) => test.sentences().iter().collect(),
        None => split.test.iter().map(|&i| &dataset.sentences()[i]).collect(),
    };
    let n_seen = seen.count(test_sentences);
    let (train_rows, test_rows) = ((&y_train[..], w_train.as_deref()), (&y_test[..], w_test.as_deref()));
    let (most_frequent, baseline) = baseline(train_rows, groups, test_rows, labels.len())?;

    // The classifier will belong to the files as they were loaded, whatever becomes of them meanwhile.
    encoder.files().hashes(encoder.hash_memory())?;
    let encoded = match encoded {
        Some(encoded) => encoded,
        None => encoder.encode_lines(dataset.sentences(), dataset.lines(), observer)?,
    };
    let of_test = |error: Error| error.at("test data");
    let encode_test =
        |test: &Dataset| encoder.encode_lines(test.sentences(), test.lines(), observer).map_err(of_test);
    let encoded_test = test_dataset.map(encode_test).transpose()?;
    let x_train = encoded.features.select_rows(&split.train);
    let x_test = match &encoded_test {
        Some(encoded) => encoded.features.clone(),
        None => encoded.features.select_rows(&split.test),
    };
    note_labels(observer, &labels, (&y_train, w_train.as_deref()), &y_test);
    note_label_spelling(observer, &labels, None);

    let scaler = (options.scaling == Scaling::Standard)
        .then(|| StandardScaler::fit_weighted(&x_train, w_train.as_deref()));
    let x_scaled = scaler.as_ref().map(|scaler| scaler.transform(&x_train));
    let samples = Samples::new(x_scaled.as_ref().unwrap_or(&x_train), &y_train, labels.len())
        .weighted(w_train.as_deref())
        .grouped(groups);
    let search_started = Instant::now();
    let found = match &options.grid_search {
        Some(search) => {
            observer.start(Stage::GridSearch, search.c_values.len() * N_SPLITS);
            let progress = |done| observer.advance(Stage::GridSearch, done);
            let found = grid_search(&samples, &search.c_values, &options.classifier, N_SPLITS, &progress)?;
            observer.finish(Stage::GridSearch);
            Some(found)
        }
        None => None,
    };
    let mut seconds = Seconds::default();
    if found.is_some() {
        seconds.grid_search = search_started.elapsed().as_secs_f64();
    }

    let fit_started = Instant::now();
    observer.start(Stage::Fit, 0);
    let fit = |c: f64| -> Result<LogisticRegression> {
        let fitted =
            LogisticRegression::fit(&samples, &LogisticRegressionOptions { c, ..options.classifier })?;
        Ok(match &scaler {
            Some(scaler) => scaler.unscaled(fitted),
            None => fitted,
        })
    };
    let refit = options.grid_search.as_ref().is_some_and(|search| search.refit);
    let c = found.as_ref().filter(|_| refit).map_or(options.classifier.c, |found| found.best_c);
    let fitted_with = LogisticRegressionOptions { c, ..options.classifier };
    let plain = fit(c)?;
    let logits = match needs_folds {
        true => out_of_fold_logits(&samples, &fitted_with, calibration::n_splits(&y_train, groups)).map_err(
            |e| {
                e.at("a fold of the training rows").with_hint(
                "give more rows of a weight above 0 to each class, or drop calibration and rules of decision",
            )
            },
        )?,
        false => Vec::new(),
    };
    let calibrator = Calibrator::fit(options.calibration, &plain, &logits, &samples)?;
    let classifier = calibrator.folded(plain.clone())?;
    let own = (classifier.classes(), &labels[..]);
    let scores = |probabilities: &[f64]| {
        calibration::scores(probabilities, own.0, (&y_test, w_test.as_deref()), labels.len())
    };
    let p_test = classifier.predict_proba(&x_test);
    let probability_scores = scores(&p_test)?;
    let calibration = calibrator.report(&scores(&plain.predict_proba(&x_test))?, &probability_scores);
    let decided = match decides {
        true => {
            let probabilities = calibrator.probabilities(&logits, labels.len(), own.0);
            let train =
                Scored { probabilities: &probabilities, y_true: &y_train, weights: w_train.as_deref() };
            let test = Scored { probabilities: &p_test, y_true: &y_test, weights: w_test.as_deref() };
            Some(decision::report(&options.decision, train, test, own)?)
        }
        false => None,
    };
    let rule = decided.as_ref().map_or(Decision::default(), |decided| decided.rule.clone());
    observer.finish(Stage::Fit);
    seconds.fit = fit_started.elapsed().as_secs_f64();
    if !classifier.converged() {
        observer.note(&format!(
            "the classifier stopped after {} steps before its optimum (gradient {:.1e}): features of very different \
             scales do that; a smaller C helps",
            classifier.n_iter(),
            classifier.gradient_max_norm()
        ));
    }

    if let Some(note) = decided.as_ref().and_then(DecisionReport::note) {
        observer.note(&note);
    }

    let predicted = decision::class_ids(&rule, &classifier, &x_test);
    let test = Evaluation::from_predictions(&y_test, &predicted, &labels)?;
    let test_weighted_accuracy =
        w_test.as_deref().and_then(|weights| weighted_accuracy(&y_test, &predicted, weights));
    // Class weights and rules of decision give up accuracy for something else.
    if options.classifier.class_weight == ClassWeight::None && rule.is_most_probable() {
        let constant = format!("always answering {}", quoted(&labels[most_frequent]));
        note_below_baseline(observer, "accuracy", test.accuracy, (&constant, baseline.test_accuracy));
    }
    if n_seen == 0 {
        note_perfect(observer, "accuracy", test.accuracy, y_test.len());
    }
    let grid_search = match found {
        Some(found) => {
            let accuracy =
                if refit { test.accuracy } else { accuracy(&fit(found.best_c)?.predict(&x_test), &y_test) };
            Some(GridSearchReport {
                best_c: found.best_c,
                best_score: found.best_score,
                test_accuracy: accuracy,
                n_splits: N_SPLITS,
                n_not_converged: found.n_not_converged,
                points: found.points,
            })
        }
        None => None,
    };
    seconds.load = encoder.load_seconds();
    for encoded in [Some(&encoded), encoded_test.as_ref()].into_iter().flatten() {
        seconds.tokenize += encoded.tokenize_seconds;
        seconds.embed += encoded.embed_seconds;
    }
    seconds.total = loaded_before + started.elapsed().as_secs_f64();
    let (seed, stratified) = match &options.test {
        TestRows::Split(split) => (split.seed, split.stratify),
        TestRows::Dataset(_) => (0, false),
    };
    let report = TrainingReport {
        dataset: dataset.summary(),
        encoder: EncoderReport::of(&encoder),
        features: features_report(&encoded),
        test_data: test_dataset.zip(encoded_test.as_ref()).map(|(dataset, encoded)| TestDataReport {
            dataset: dataset.summary(),
            features: features_report(encoded),
        }),
        split: SplitReport {
            n_train: y_train.len(),
            n_test: y_test.len(),
            n_test_in_training: n_seen,
            seed,
            stratified,
            test_indices: split.test.clone(),
        },
        baseline,
        classifier: ClassifierReport::of(&classifier, c, &options),
        train: TrainScore {
            accuracy: accuracy(&decision::class_ids(&rule, &classifier, &x_train), &y_train),
        },
        test,
        test_weighted_accuracy,
        probabilities: probability_scores,
        grid_search,
        calibration,
        decision: decided,
        selection: None,
        seconds,
    };
    let classes = classifier.classes().iter().map(|&id| labels[id].clone()).collect();
    let classifier = SentenceClassifier::new(encoder, classifier, classes, seen, &report)?;
    Ok(Trained { classifier, report, encoded, split })
}

/// The sentences of the rows that a fit learns from.
fn seen(dataset: &Dataset, train: &[usize]) -> SeenSentences {
    let counts = |row: &&usize| dataset.weights().is_none_or(|weights| weights[**row] > 0.0);
    SeenSentences::of(train.iter().filter(counts).map(|&row| &dataset.sentences()[row]))
}

/// The rows of the data file that a run with these options trains on, before it has looked at any: what a choice of
/// features may see.
///
/// # Errors
/// As for [`train_test_split`].
pub fn training_rows(dataset: &Dataset, options: &TrainOptions) -> Result<Vec<usize>> {
    let labels = dataset.classes();
    Ok(split((&class_ids(dataset, &labels), dataset.groups()), &labels, &options.test)?.train)
}

pub(super) fn split(
    (class_ids, groups): (&[usize], Option<&[usize]>),
    labels: &[String],
    test: &TestRows,
) -> Result<Split> {
    match test {
        TestRows::Split(split) => {
            if let Some(groups) = groups {
                return group_shuffle_split(groups, split);
            }
            if split.stratify {
                check_stratified(class_ids, labels)?;
            }
            train_test_split(class_ids, split)
        }
        TestRows::Dataset(_) => Ok(Split { train: (0..class_ids.len()).collect(), test: Vec::new() }),
    }
}

/// [`train_test_split`] has class ids only; its error about a class of one row is given here, by the label.
fn check_stratified(class_ids: &[usize], labels: &[String]) -> Result<()> {
    let counts = counts(class_ids, labels.len());
    let lone: Vec<&str> =
        labels.iter().zip(counts).filter(|(_, n)| *n == 1).map(|(l, _)| l.as_str()).collect();
    if lone.is_empty() {
        return Ok(());
    }
    let message = format!("expected at least 2 rows for each label, got 1 for {}", super::list(&lone));
    Err(Error::new(ErrorKind::InvalidArgument, message)
        .at("stratified split")
        .with_hint("give such a label more rows, merge it with another label, or leave out --stratify"))
}

/// The place of each row's label among sorted labels, all of which occur there.
pub(super) fn class_ids(dataset: &Dataset, labels: &[String]) -> Vec<usize> {
    dataset.labels().iter().map(|label| labels.binary_search(label).unwrap_or(usize::MAX)).collect()
}

/// Rows that count must be of two classes at least.
pub(super) fn check_classes(y_train: &[usize], weights: Option<&[f64]>, labels: &[String]) -> Result<()> {
    let counts = |row: usize| weights.is_none_or(|weights| weights[row] > 0.0);
    let mut ids = (0..y_train.len()).filter(|&row| counts(row)).map(|row| y_train[row]);
    let has_other = |first: usize| y_train.iter().any(|&id| id != first);
    let (message, hint) = match ids.next() {
        Some(first) if ids.any(|id| id != first) => return Ok(()),
        Some(first) if has_other(first) => (
            format!("expected at least 2 classes, got only {:?}", labels[first]),
            "all rows of other labels have weight 0: give one of them a weight above 0",
        ),
        Some(first) => (
            format!("expected at least 2 classes, got only {:?}", labels[first]),
            "give more rows, or let the split keep the shares of the classes: --stratify",
        ),
        None => (
            "expected at least one weight above 0, got only 0".to_string(),
            "give the rows that should count a weight above 0",
        ),
    };
    Err(Error::new(ErrorKind::InvalidArgument, message).at("training rows").with_hint(hint))
}

/// The labels of the data and of the rows that test, sorted: a confusion matrix has a row for each.
pub(super) fn labels(dataset: &Dataset, test: &TestRows) -> Vec<String> {
    let mut labels = dataset.classes();
    if let TestRows::Dataset(test) = test {
        labels.extend(test.classes());
    }
    labels.sort();
    labels.dedup();
    labels
}

/// Whether what is asked of probabilities can be had from these training rows, before there are features.
pub(super) fn check_probabilities(
    options: &TrainOptions,
    labels: &[String],
    (y_train, groups): (&[usize], Option<&[usize]>),
) -> Result<()> {
    calibration::check(options.calibration, y_train)?;
    decision::check(&options.decision, labels, y_train, options.classifier.class_weight)?;
    if options.decision != DecisionOptions::default() || options.calibration != Calibration::None {
        calibration::check_folds(y_train, groups, calibration::n_splits(y_train, groups))?;
    }
    Ok(())
}

/// The errors of [`grid_search`], as far as they do not depend on features.
fn check_grid_search(
    search: &GridSearchOptions,
    classifier: &LogisticRegressionOptions,
    (y_train, groups): (&[usize], Option<&[usize]>),
) -> Result<()> {
    if search.c_values.is_empty() {
        return Err(Error::new(ErrorKind::InvalidArgument, "expected at least one C").at("grid search"));
    }
    search.c_values.iter().try_for_each(|&c| LogisticRegressionOptions { c, ..*classifier }.check())?;
    let place = |e: Error| e.at("grid search").with_hint("without the search for C fewer rows will do");
    let folds = class_folds(y_train, groups, N_SPLITS).map_err(place)?;
    if folds.iter().any(|fold| fold.train.iter().all(|&i| y_train[i] == y_train[fold.train[0]])) {
        let message = "expected at least 2 classes in the training rows of every fold, got only one";
        return Err(place(Error::new(ErrorKind::InvalidArgument, message)));
    }
    Ok(())
}

fn accuracy(predicted: &[usize], y: &[usize]) -> f64 {
    let n_correct = predicted.iter().zip(y).filter(|(p, y)| p == y).count();
    n_correct as f64 / y.len() as f64
}

/// The class that is the most frequent in the training rows, and how always answering it does.
fn baseline(
    (y_train, w_train): (&[usize], Option<&[f64]>),
    groups: Option<&[usize]>,
    (y_test, w_test): (&[usize], Option<&[f64]>),
    n_classes: usize,
) -> Result<(usize, BaselineReport)> {
    let baseline = MostFrequent::fit_weighted(y_train, n_classes, w_train)?;
    let class_id = baseline.class_id();
    let always = vec![class_id; y_test.len()];
    let largest = counts(y_train, n_classes).into_iter().max().unwrap_or(0);
    // Folds need at least one class with a row for each, or a group.
    let scores = match N_SPLITS.min(groups.map_or(largest, n_groups)) {
        n_splits @ 2.. => {
            Some(mean_and_std(&baseline_cross_val_score((y_train, groups), w_train, n_classes, n_splits)?))
        }
        _ => None,
    };
    let report = BaselineReport {
        cv_mean: scores.map(|s| s.0),
        cv_std: scores.map(|s| s.1),
        cv_by_weight: w_train.is_some(),
        test_accuracy: accuracy(&always, y_test),
        test_weighted_accuracy: w_test.and_then(|weights| weighted_accuracy(y_test, &always, weights)),
    };
    Ok((class_id, report))
}

fn features_report(encoded: &Encoded) -> FeaturesReport {
    FeaturesReport { shape: encoded.features.shape(), counts: encoded.counts }
}
