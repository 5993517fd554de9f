//! Training with features that are chosen: the training rows go through the encoder once, for the choice and for the fit.

use std::time::Instant;

use super::candidates::{columns, selection_features};
use super::observer::Observer;
use super::selection::{SelectionOptions, select_features, selection_rows};
use super::sentence_encoder::{Encoded, SentenceEncoder};
use super::train::{TrainOptions, Trained, check_probabilities, class_ids, train_encoded, training_rows};
use crate::classifier::{LogisticRegressionOptions, Scaling};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::evaluation::Scoring;
use crate::features::{FeatureOptions, TokenCounts};
use crate::matrix::Matrix;
use crate::tokenizer::Encoding;

/// Chooses layers, pooling and C on the training rows, and trains with them; `load` gives the encoder with some features.
///
/// Rows that test are encoded after the choice, as far up as it needs.
///
/// # Errors
/// As for [`train`](super::train()), `load` and [`selection_rows`].
pub fn train_selected<E: From<Error>>(
    load: impl Fn(FeatureOptions) -> Result<SentenceEncoder, E>,
    dataset: &Dataset,
    options: TrainOptions,
    scoring: Scoring,
    observer: &dyn Observer,
) -> Result<Trained, E> {
    let started = Instant::now();
    // What can be refused without features is refused before the encoder.
    options.classifier.check()?;
    let labels = dataset.classes();
    let all_ids = class_ids(dataset, &labels);
    let train = training_rows(dataset, &options)?;
    let train_ids: Vec<usize> = train.iter().map(|&row| all_ids[row]).collect();
    let places = selection_rows(&train_ids)?;
    // Not for the choice, which knows nothing of the test rows' labels.
    let every_label = super::train::labels(dataset, &options.test);
    let ids_of_all = class_ids(dataset, &every_label);
    let y_train: Vec<usize> = train.iter().map(|&row| ids_of_all[row]).collect();
    check_probabilities(&options, &every_label, &y_train)?;
    if places.len() < train.len() {
        let (n, of) = (places.len(), train.len());
        observer.note(&format!("choosing features by {n} of {of} rows, in the shares of their classes"));
    }
    let rows: Vec<usize> = places.iter().map(|&place| train[place]).collect();
    let sentences =
        |rows: &[usize]| -> Vec<&str> { rows.iter().map(|&row| dataset.sentences()[row].as_str()).collect() };

    let encoder = load(selection_features())?;
    let config = encoder.config().clone();
    let encoded = encoder.encode(&sentences(&rows), observer)?;
    let mean_tokens = encoded.counts.n_tokens.div_ceil(rows.len().max(1));
    let own_ids: Vec<usize> = rows.iter().map(|&row| all_ids[row]).collect();
    let selection_options = SelectionOptions { scoring, classifier: options.classifier };
    let search_started = Instant::now();
    let selection = select_features(
        &encoded.features,
        (&config, mean_tokens),
        &own_ids,
        labels.len(),
        &selection_options,
        observer,
    )?;
    let search_seconds = search_started.elapsed().as_secs_f64();
    let features = selection.chosen.features.clone();
    let known =
        Encoded { features: encoded.features.select_columns(&columns(&features, &config)?), ..encoded };
    drop(encoder);

    let encoder = load(features)?;
    let mut is_known = vec![false; dataset.len()];
    rows.iter().for_each(|&row| is_known[row] = true);
    let rest: Vec<usize> = (0..dataset.len()).filter(|&row| !is_known[row]).collect();
    let encoded = together((&rows, known), (&rest, encoder.encode(&sentences(&rest), observer)?));
    let classifier = LogisticRegressionOptions { c: selection.chosen.c, ..options.classifier };
    let options = TrainOptions { scaling: Scaling::Standard, classifier, ..options };
    let mut trained = train_encoded(encoder, dataset, Some(encoded), options, observer)?;
    trained.report.selection = Some(selection);
    trained.report.seconds.grid_search = search_seconds;
    trained.report.seconds.total = started.elapsed().as_secs_f64();
    Ok(trained)
}

/// All rows in order, from two parts with the place of each row.
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
    let encodings: Vec<Encoding> = encodings.into_iter().flatten().collect();
    Encoded {
        features,
        counts: TokenCounts::of(&encodings),
        encodings,
        tokenize_seconds: a.tokenize_seconds + b.tokenize_seconds,
        embed_seconds: a.embed_seconds + b.embed_seconds,
        n_cached: a.n_cached + b.n_cached,
    }
}
