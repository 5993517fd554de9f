//! Training with chosen features: the training rows are encoded once, for the choice and for the fit.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use super::candidates::{columns, selection_features};
use super::descriptions::Describe;
use super::few_rows::{few_candidates, select_few};
use super::plan;
use super::selection::{Selection, SelectionOptions, select_features, selection_c_values};
use super::selection_rows::{MAX_FEW_ROWS, left_out, selection_rows};
use super::train::{self, Trained};
use super::train_options::TrainOptions;
use super::train_test_rows::training_rows;
use super::training_report::Seconds;
use crate::classifier::{LogisticRegressionOptions, Scaling};
use crate::dataset::Dataset;
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::Scoring;
use crate::matrix::Matrix;
use crate::model::encode::Encoded;
use crate::model::encoder_options::{Features, SentenceEncoderOptions};
use crate::model::label_ids::targets;
use crate::model::sentence_encoder::SentenceEncoder;
use crate::targets::Targets;
use crate::tokenizer::Encoding;

/// The options of a choice of features before training.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FeatureChoice {
    /// The score by which candidates are compared; `None` is [`default_scoring`].
    pub scoring: Option<Scoring>,
    /// True if too few training rows for a choice, as for [`selection_rows`], are an error. By default the features of the
    /// encoder's options are then used, or if these are the article's, the mean of the upper half of the layers side by side; the
    /// scaling and C are those of the training options, and the observer receives a note.
    pub required: bool,
}

/// Chooses layers, pooling and C on the training rows, and trains the classifier with them. `encoder` is the folder of the
/// encoder.
///
/// Test rows are encoded after the choice, and only up to the layer that it needs.
///
/// # Errors
/// As for [`SentenceEncoder::load`] and [`train`](crate::training::train()), and with [`FeatureChoice::required`] for too
/// few rows.
///
/// ```no_run
/// use clsify::dataset::{Dataset, DatasetOptions};
/// use clsify::model::SentenceEncoderOptions;
/// use clsify::training::{FeatureChoice, TrainOptions, train_selected};
/// let dataset = Dataset::load("train.tsv", &DatasetOptions::default())?;
/// let (encoder, options) = (SentenceEncoderOptions::default(), TrainOptions::default());
/// let trained = train_selected("all-MiniLM-L6-v2", encoder, &dataset, options, FeatureChoice::default())?;
/// let selection = trained.report.selection.as_ref();
/// println!("{}", selection.map_or("the article's".into(), |selection| selection.chosen.features.to_string()));
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn train_selected(
    encoder: impl AsRef<Path>,
    encoder_options: SentenceEncoderOptions,
    dataset: &Dataset,
    options: TrainOptions,
    choice: FeatureChoice,
) -> Result<Trained> {
    let folder = encoder.as_ref();
    plan::check(dataset, &options)?;
    if matches!(options.describe, Describe::Only) {
        return train::train(with_default_features(folder, encoder_options)?, dataset, options);
    }
    let train = training_rows(dataset, &options.test)?;
    let targets = targets(dataset, &labels_of(dataset, &train))?.select_rows(&train);
    let places = match selection_rows(&targets) {
        Ok(places) => places,
        Err(error) if choice.required => return Err(error),
        Err(error) => {
            let encoder = with_default_features(folder, encoder_options)?;
            let features = encoder.features();
            encoder.observer().note(&format!("using {features}, because no features can be chosen: {error}"));
            return train::train(encoder, dataset, options);
        }
    };
    let select = SelectionOptions {
        scoring: choice.scoring.unwrap_or(default_scoring(dataset)),
        classifier: options.classifier,
    };
    let data = (dataset.sentences(), dataset.lines());
    let chosen = choose((folder, &encoder_options), data, (&train, &targets, &places), &select)?;
    let options = TrainOptions { scaling: Scaling::Standard, classifier: chosen.classifier, ..options };
    let c_values = selection_c_values();
    let mut trained =
        train::train_encoded(chosen.encoder, dataset, Some(chosen.encoded), options, Some(&c_values))?;
    chosen.times.add_to(&mut trained.report.seconds);
    trained.report.selection = Some(chosen.selection);
    Ok(trained)
}

/// The encoder with the features for which no rows are needed: those of the options, or if these are the article's, the first
/// candidate with few rows.
fn with_default_features(folder: &Path, options: SentenceEncoderOptions) -> Result<SentenceEncoder> {
    let encoder = SentenceEncoder::load_with(folder, options.clone())?;
    if options.features != Features::default() {
        return Ok(encoder);
    }
    let features = few_candidates(encoder.config()).swap_remove(0).into();
    SentenceEncoder::load_with(folder, SentenceEncoderOptions { features, ..options })
}

/// The default score: accuracy for classes, micro F1 for label sets.
pub fn default_scoring(dataset: &Dataset) -> Scoring {
    if dataset.separator().is_some() { Scoring::F1Micro } else { Scoring::default() }
}

/// The labels for the choice, which uses training rows only. For classes all labels, because folds do not need a row
/// of each; for label sets those of the training rows, unless there is none.
fn labels_of(dataset: &Dataset, train: &[usize]) -> Vec<String> {
    let all = dataset.classes();
    if dataset.separator().is_none() {
        return all;
    }
    let sets = dataset.label_sets();
    let own: BTreeSet<String> = train.iter().flat_map(|&row| sets[row].iter().cloned()).collect();
    if own.is_empty() { all } else { own.into_iter().collect() }
}

/// A choice, and all rows encoded with it.
struct Chosen {
    selection: Selection,
    /// The encoder with the chosen features.
    encoder: SentenceEncoder,
    encoded: Encoded,
    /// The options with the chosen C.
    classifier: LogisticRegressionOptions,
    times: Times,
}

/// The start of the run, and the time of the search.
struct Times {
    started: Instant,
    search_seconds: f64,
}

impl Times {
    fn add_to(&self, seconds: &mut Seconds) {
        seconds.selection = Some(self.search_seconds);
        seconds.total = self.started.elapsed().as_secs_f64();
    }
}

/// Chooses with those of the `train` rows that have these `places`, and encodes all `sentences`, each once; the
/// targets are those of `train`.
fn choose(
    (folder, encoder_options): (&Path, &SentenceEncoderOptions),
    (sentences, lines): (&[String], &[usize]),
    (train, targets, places): (&[usize], &Targets, &[usize]),
    options: &SelectionOptions,
) -> Result<Chosen> {
    let (started, observer) = (Instant::now(), encoder_options.observer.as_ref());
    let load = |features| {
        SentenceEncoder::load_with(folder, SentenceEncoderOptions { features, ..encoder_options.clone() })
    };
    if places.len() < train.len() {
        let (n, of) = (places.len(), train.len());
        observer.note(&format!("choosing features by {n} of {of} rows: {}", left_out(targets)));
    }
    let rows: Vec<usize> = places.iter().map(|&place| train[place]).collect();
    let encode = |encoder: &SentenceEncoder, rows: &[usize]| {
        let of_rows: Vec<&str> = rows.iter().map(|&row| sentences[row].as_str()).collect();
        let lines: Vec<usize> = rows.iter().map(|&row| lines[row]).collect();
        encoder.encode_lines(&of_rows, &lines)
    };

    let encoder = load(selection_features().into())?;
    let config = encoder.config().clone();
    let encoded = encode(&encoder, &rows)?;
    let mean_tokens = encoded.counts.n_tokens.div_ceil(rows.len().max(1));
    let chosen_with = encoder.files().hashes(encoder.hash_memory())?;
    // Its weights take no memory beside those of the search.
    drop(encoder);
    let search_started = Instant::now();
    let own = targets.select_rows(places);
    let select = if own.len() > MAX_FEW_ROWS { select_features } else { select_few };
    let selection = select(&encoded.features, &config, mean_tokens, &own, options, observer)?;
    let search_seconds = search_started.elapsed().as_secs_f64();
    let features = selection.chosen.features.clone();
    let known =
        Encoded { features: encoded.features.select_columns(&columns(&features, &config)?), ..encoded };

    let encoder = load(features.into())?;
    if encoder.files().hashes(encoder.hash_memory())? != chosen_with {
        return Err(Error::new(
            ErrorKind::Checkpoint,
            "the encoder's files have changed while they were in use",
        )
        .at(encoder.folder().display().to_string())
        .with_hint("run the command again"));
    }
    let mut is_known = vec![false; sentences.len()];
    rows.iter().for_each(|&row| is_known[row] = true);
    let rest: Vec<usize> = (0..sentences.len()).filter(|&row| !is_known[row]).collect();
    let encoded = together((&rows, known), (&rest, encode(&encoder, &rest)?));
    let classifier = LogisticRegressionOptions { c: selection.chosen.c, ..options.classifier };
    let times = Times { started, search_seconds };
    Ok(Chosen { selection, encoder, encoded, classifier, times })
}

/// All rows in order, combined from two parts with the index of each row.
fn together((a_rows, a): (&[usize], Encoded), (b_rows, b): (&[usize], Encoded)) -> Encoded {
    let n = a_rows.len() + b_rows.len();
    let mut features = Matrix::zeros(n, a.features.cols());
    let mut encodings: Vec<Option<Encoding>> = vec![None; n];
    for (rows, from, own) in [(a_rows, &a.features, a.encodings), (b_rows, &b.features, b.encodings)] {
        for ((i, &row), encoding) in rows.iter().enumerate().zip(own) {
            features.row_mut(row).copy_from_slice(from.row(i));
            encodings[row] = Some(encoding);
        }
    }
    let mut counts = a.counts;
    counts += b.counts;
    Encoded {
        features,
        counts,
        encodings: encodings.into_iter().flatten().collect(),
        tokenize_seconds: a.tokenize_seconds + b.tokenize_seconds,
        embed_seconds: a.embed_seconds + b.embed_seconds,
        n_cached: a.n_cached + b.n_cached,
    }
}
