//! The article's complete run: labelled sentences -> features -> split -> baseline, fit, grid search -> scores.

use std::time::Instant;

use super::class_training::{self, accuracy};
use super::descriptions::{self, Describe, DescriptionsReport, Prior, class_means, scaled, without_rows};
use super::fits::{held_out_logits, n_fits, search_c};
use super::label_set_training;
use super::plan::{Fit, Outcome, Plan};
use super::train_options::TrainOptions;
use super::train_test_rows::{EncodedRows, TestRows};
use super::trained_model::saved_model;
use super::training_report::{
    ClassifierReport, GridSearchReport, Seconds, SplitReport, TestDataReport, TrainingReport, TrainingScores,
};
use crate::classifier::{LinearClassifier, LogisticRegressionOptions, Samples};
use crate::dataset::Dataset;
use crate::error::Result;
use crate::matrix::Matrix;
use crate::model::encode::Encoded;
use crate::model::encoder_report::{EncoderReport, FeaturesReport};
use crate::model::neighbours::Neighbours;
use crate::model::saved_training::SavedRows;
use crate::model::sentence_classifier::SentenceClassifier;
use crate::model::sentence_encoder::SentenceEncoder;
use crate::observer::{Observer, Stage, advance, check_cancelled};
use crate::split::Split;
use crate::targets::Labels;

/// The result of a training run, with its intermediate steps.
#[derive(Debug)]
pub struct Trained {
    /// The classifier.
    pub classifier: SentenceClassifier,
    /// The report.
    pub report: TrainingReport,
    /// The tokens and features of the data file.
    pub encoded: Encoded,
    /// The training rows of the data file, and its test rows.
    pub split: Split,
}

/// Trains and evaluates a classifier of sentences with one label each, or with label sets, depending on the data set.
///
/// Sample weights apply to everything that is chosen: scaling, fits, C, calibration, decision rules and baselines.
/// Test scores count each row once, except the scores of probabilities and those that are called weighted.
///
/// A classifier of label sets knows the labels of `dataset`. A label that all or no training rows have is constant,
/// and the observer receives a note.
///
/// # Errors
/// As for [`SentenceEncoder::encode`], [`split_rows`](crate::split::split_rows) and [`LinearClassifier::fit`];
/// [`ErrorKind::InvalidArgument`](crate::error::ErrorKind::InvalidArgument) if nothing can be learned from the rows,
/// or if they are too few for the options.
///
/// ```no_run
/// use clsify::dataset::{Dataset, DatasetOptions};
/// use clsify::model::SentenceEncoder;
/// use clsify::training::{TrainOptions, train};
/// let dataset = Dataset::load("train.tsv", &DatasetOptions::default())?;
/// let encoder = SentenceEncoder::load("all-MiniLM-L6-v2")?;
/// let trained = train(encoder, &dataset, TrainOptions::default())?;
/// println!("{:.3} on {} rows", trained.report.test_accuracy(), trained.report.split.n_test);
/// trained.classifier.save("model")?;
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn train(encoder: SentenceEncoder, dataset: &Dataset, options: TrainOptions) -> Result<Trained> {
    train_encoded(encoder, dataset, None, options, None)
}

/// As [`train`], with the features of the data file if they are known, and the values of C from which descriptions
/// of labels choose; `None`: that of the options.
pub(crate) fn train_encoded(
    encoder: SentenceEncoder,
    dataset: &Dataset,
    known: Option<Encoded>,
    options: TrainOptions,
    c_values: Option<&[f64]>,
) -> Result<Trained> {
    let (started, observer) = (Instant::now(), encoder.observer());
    let loaded_before = encoder.load_seconds();
    let plan = Plan::of(dataset, &options, observer)?;
    // The classifier belongs to the files as they were loaded, even if they change meanwhile.
    encoder.files().hashes(encoder.hash_memory())?;
    let encoded = plan.rows.encode(&encoder, known)?;

    let mut seconds = Seconds::default();
    let means = described(&plan, &options.describe, &encoder)?;
    let fit = match options.describe {
        Describe::Only => of_descriptions(&plan, &encoded, &options, encoder.config().hidden_size)?,
        _ => {
            let one = [options.classifier.c];
            let descriptions = means.as_ref().map(|means| (means, c_values.unwrap_or(&one)));
            fit(&plan, &encoded, &options, descriptions, &mut seconds, observer)?
        }
    };
    let n_labels = plan.rows.labels.len();
    let descriptions = match &options.describe {
        Describe::Nothing => None,
        Describe::Only => Some(descriptions::report(dataset.len(), None)),
        Describe::Labels(texts) => {
            descriptions::note(fit.prior.as_ref(), n_labels, observer);
            Some(descriptions::report(texts.len(), fit.prior.as_ref()))
        }
    };
    score((encoder, loaded_before, started), plan, encoded, &options, fit, descriptions, seconds)
}

/// The classifier of a fit that was made elsewhere, with this encoder.
pub(crate) fn train_fitted(
    encoder: SentenceEncoder,
    plan: Plan,
    options: &TrainOptions,
    fit: Fit,
) -> Result<Trained> {
    let started = Instant::now();
    let loaded_before = encoder.load_seconds();
    encoder.files().hashes(encoder.hash_memory())?;
    let encoded = plan.rows.encode(&encoder, None)?;
    score((encoder, loaded_before, started), plan, encoded, options, fit, None, Seconds::default())
}

/// Calibrates a fit, chooses its decision rule, scores it, and puts the model together.
fn score(
    (encoder, loaded_before, started): (SentenceEncoder, f64, Instant),
    plan: Plan,
    encoded: EncodedRows,
    options: &TrainOptions,
    fit: Fit,
    descriptions: Option<DescriptionsReport>,
    mut seconds: Seconds,
) -> Result<Trained> {
    let dataset = plan.rows.dataset;
    let observer = encoder.observer();
    let outcome = match &fit.classifier {
        LinearClassifier::Classes(plain) => {
            class_training::outcome(&plan, (&fit, plain), &encoded, options, observer)?
        }
        LinearClassifier::LabelSets(plain) => {
            label_set_training::outcome(&plan, (&fit, plain), &encoded, options, observer)?
        }
    };
    note_not_converged(&outcome, observer);
    let grid_search = grid_search_report(&plan, &fit, &encoded, &outcome, options)?;

    seconds.load = encoder.load_seconds();
    for encoded in [Some(&encoded.encoded), encoded.encoded_test.as_ref()].into_iter().flatten() {
        seconds.tokenize += encoded.tokenize_seconds;
        seconds.embed += encoded.embed_seconds;
    }
    seconds.total = loaded_before + started.elapsed().as_secs_f64();
    let test_data = plan.rows.test_dataset.zip(encoded.encoded_test.as_ref());
    let report = TrainingReport {
        dataset: dataset.summary(),
        encoder: EncoderReport::of(&encoder),
        features: FeaturesReport::of(&encoded.encoded),
        test_data: test_data.map(|(test, encoded)| TestDataReport {
            dataset: test.summary(),
            features: FeaturesReport::of(encoded),
        }),
        split: SplitReport::of(&plan.rows, &options.test),
        classifier: ClassifierReport::of(&outcome.classifier, options.scaling, &fit.options, plan.constant),
        grid_search,
        scores: outcome.scores,
        probabilities: outcome.probabilities,
        precision_recall: outcome.precision_recall,
        selection: None,
        tuning: None,
        descriptions,
        seconds,
    };
    let split = match &options.test {
        TestRows::Split(split) => Some(split.clone()),
        TestRows::Dataset(_) | TestRows::None => None,
    };
    let rows = options.reading.clone().map(|reading| SavedRows { reading, split });
    let saved =
        saved_model(&encoder, &outcome.classifier, outcome.classes, dataset.separator(), &report, rows);
    let neighbours = options.keep_neighbours.then(|| {
        let of_train =
            |texts: &[String]| plan.rows.split.train.iter().map(|&row| texts[row].clone()).collect();
        Neighbours::of(of_train(dataset.sentences()), of_train(dataset.labels()), &encoded.x_train)
    });
    let classifier =
        SentenceClassifier::of(encoder, &outcome.classifier, saved, Some(plan.rows.seen), neighbours)?;
    Ok(Trained { classifier, report, encoded: encoded.encoded, split: plan.rows.split })
}

/// The mean features of each label's descriptions, `[n_labels, n_features]`, if they have a part in the fit.
fn described(plan: &Plan, describe: &Describe, encoder: &SentenceEncoder) -> Result<Option<Matrix>> {
    let Describe::Labels(texts) = describe else { return Ok(None) };
    if !descriptions::are_few(&plan.rows.train) {
        return Ok(None);
    }
    let encoded =
        encoder.encode_lines(texts.sentences(), texts.lines()).map_err(|error| error.at("descriptions"))?;
    let labels = &plan.rows.labels;
    let ids: Vec<usize> =
        texts.labels().iter().filter_map(|label| labels.binary_search(label).ok()).collect();
    Ok(Some(class_means(&encoded.features, &ids, labels.len())))
}

/// The classifier of descriptions that are the data.
fn of_descriptions(
    plan: &Plan,
    rows: &EncodedRows,
    options: &TrainOptions,
    hidden_size: usize,
) -> Result<Fit> {
    let samples = Samples::of_classes(&rows.x_train, &plan.rows.train)?;
    let means = class_means(&rows.x_train, samples.class_ids, samples.n_classes);
    let classifier = LinearClassifier::Classes(without_rows(&rows.x_train, &means, hidden_size)?);
    Ok(Fit {
        options: options.classifier,
        search: None,
        classifier,
        prior: None,
        n_splits: 0,
        held_out_logits: Vec::new(),
        held_out_rows: None,
    })
}

/// Searches C, fits, and computes the out-of-fold logits of the training rows. `descriptions` are the mean features
/// of each label's descriptions, and the values of C from which they choose.
fn fit(
    plan: &Plan,
    rows: &EncodedRows,
    options: &TrainOptions,
    descriptions: Option<(&Matrix, &[f64])>,
    seconds: &mut Seconds,
    observer: &dyn Observer,
) -> Result<Fit> {
    let targets = &plan.rows.train;
    let scaler = options.scaling.fit(&rows.x_train, targets.sample_weight());
    let of_scale = scaler.as_ref().map(|scaler| scaler.transform(&rows.x_train));
    let features = of_scale.as_ref().unwrap_or(&rows.x_train);
    let prior = descriptions.map(|(means, c_values)| {
        let means = scaled(means, scaler.as_ref());
        Prior::choose(features, targets, options.classifier.class_weight, &means, c_values)
    });
    let offset = prior.as_ref().map(|prior| prior.offsets(features));
    let targets = &targets.clone().offset_by(offset);
    let own_c = prior.as_ref().map_or(options.classifier.c, |prior| prior.c);

    let started = Instant::now();
    let search = match &options.grid_search {
        Some(search) => {
            observer.start(Stage::GridSearch, search.c_values.len() * search.n_splits * n_fits(targets));
            let progress = |done| advance(observer, Stage::GridSearch, done);
            let values = (&search.c_values[..], search.n_splits);
            let found = search_c(features, targets, values, &options.classifier, &progress)?;
            observer.finish(Stage::GridSearch);
            seconds.grid_search = started.elapsed().as_secs_f64();
            Some(found)
        }
        None => None,
    };
    let refit = options.grid_search.as_ref().is_some_and(|search| search.refit);
    let c = search.as_ref().filter(|_| refit).map_or(own_c, |found| found.best_c);
    let fit_options = LogisticRegressionOptions { c, ..options.classifier };

    let started = Instant::now();
    let n_splits = plan.n_splits.unwrap_or(0);
    let total = match targets.labels() {
        // For classes, all folds are one fit.
        Labels::Classes { .. } => 0,
        Labels::Sets(labels) => labels.n_labels() * (n_splits + 1),
    };
    observer.start(Stage::Fit, total);
    let progress = |done| advance(observer, Stage::Fit, done);
    let classifier =
        LinearClassifier::fit_scaled(features, targets, &fit_options, &|_| check_cancelled(observer))?;
    let held_out_logits = match n_splits {
        0 => Vec::new(),
        _ => held_out_logits(features, targets, &fit_options, n_splits, &progress).map_err(|e| {
            e.at("a fold of the training rows").with_hint(
                "give more rows of a weight above 0 to each class, or drop calibration and rules of decision",
            )
        })?,
    };
    observer.finish(Stage::Fit);
    seconds.fit = started.elapsed().as_secs_f64();
    let classifier = match (classifier, &prior) {
        (LinearClassifier::Classes(fitted), Some(prior)) => LinearClassifier::Classes(prior.added_to(fitted)),
        (classifier, _) => classifier,
    };
    let classifier = classifier.unscaled(scaler.as_ref());
    Ok(Fit {
        options: fit_options,
        search,
        classifier,
        prior,
        n_splits,
        held_out_logits,
        held_out_rows: None,
    })
}

/// Notes that a fit has not reached its optimum.
fn note_not_converged(outcome: &Outcome, observer: &dyn Observer) {
    let Some(fit) = outcome.classifier.convergence().filter(|fit| !fit.converged()) else { return };
    let gradient = fit.gradient_max_norm;
    let stopped = match &outcome.classifier {
        LinearClassifier::Classes(_) => format!("the classifier stopped after {} steps", fit.n_iter),
        LinearClassifier::LabelSets(fitted) => {
            format!("{} of {} labels stopped", fit.n_not_converged, fitted.n_labels())
        }
    };
    observer.warn(&format!(
        "{stopped} before {} optimum (gradient {gradient:.1e}): features on very different scales cause this; try a smaller C",
        if stopped.starts_with("the") { "its" } else { "their" }
    ));
}

/// The result of the search; for classes with the accuracy on the held-out rows of a fit with the best C.
fn grid_search_report(
    plan: &Plan,
    fit: &Fit,
    rows: &EncodedRows,
    outcome: &Outcome,
    options: &TrainOptions,
) -> Result<Option<GridSearchReport>> {
    let (Some(found), Some(search)) = (fit.search.clone(), &options.grid_search) else { return Ok(None) };
    let refit = search.refit;
    let test_accuracy = match (&outcome.scores, plan.rows.test.labels()) {
        (TrainingScores::Classes(scores), _) if refit => Some(scores.test.accuracy),
        (TrainingScores::Classes(_), Labels::Classes { class_ids, .. }) => {
            let best = LogisticRegressionOptions { c: found.best_c, ..options.classifier };
            let fitted =
                LinearClassifier::fit(&rows.x_train, &plan.rows.train, options.scaling, &best, &|_| Ok(()))?;
            let LinearClassifier::Classes(fitted) = fitted else { return Ok(None) };
            Some(accuracy(&fitted.predict(&rows.x_test), class_ids))
        }
        _ => None,
    };
    Ok(Some(GridSearchReport::of(found, search.n_splits, test_accuracy)))
}
