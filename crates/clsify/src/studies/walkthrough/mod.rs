//! A walk through a trained classifier: the numbers of every step from a labelled sentence to its label, for people who want to see
//! them.

mod choose;
mod learning;
mod options;
mod principal_components;
mod rows;

pub use self::choose::Choice;
pub use self::learning::{Learning, LearningStep};
pub use self::options::WalkthroughOptions;
pub use self::principal_components::PrincipalComponents;
pub use self::rows::WalkedRows;

use self::choose::{Chosen, choose, own};
use self::learning::learn;
use self::rows::{baseline, held_out_rows, same_rows, score};
use crate::dataset::Dataset;
use crate::error::Result;
use crate::explanation::{ExplainOptions, Explanation};
use crate::model::label_ids::targets;
use crate::model::sentence_classifier::{Prediction, SentenceClassifier};
use crate::model::{EvaluationReport, SavedTraining, Trace};
use crate::observer::{Stage, advance};
use crate::split::Split;

/// A classifier, its data, and all numbers of the steps between them.
#[derive(Debug)]
#[non_exhaustive]
pub struct Walkthrough<'a> {
    /// The classifier.
    pub classifier: &'a SentenceClassifier,
    /// The saved information about its training.
    pub training: &'a SavedTraining,
    /// The data that the classifier was trained on, with the held-out rows unless they are in a separate file.
    pub dataset: &'a Dataset,
    /// The tokens, the features and the predictions of all rows of the data.
    pub data: WalkedRows,
    /// The training rows of the data and its held-out rows; no held-out rows if they are in a separate file.
    pub split: Split,
    /// The held-out rows.
    pub held_out: Dataset,
    /// Their tokens, features and predictions.
    pub held_out_rows: WalkedRows,
    /// The scores on the held-out rows.
    pub report: EvaluationReport,
    /// The main score on the held-out rows: accuracy, or for label sets micro F1.
    pub score: f64,
    /// Its 95 % interval.
    pub score_ci95: [f64; 2],
    /// The score of a constant answer on the held-out rows: the accuracy of the most frequent class of the training rows, or for label
    /// sets the micro F1 of assigning every label.
    pub baseline: f64,
    /// The most frequent class of the training rows by weight; `None` for label sets.
    pub most_frequent: Option<usize>,
    /// The fit of the classifier, step by step, and the scores of other values of C.
    pub learning: Learning,
    /// The chosen sentences, step by step; at least one.
    pub sentences: Vec<WalkedSentence>,
    /// The number of sentences that were left out because their explanation would take too long.
    pub n_left_out: usize,
}

/// One sentence on its way through the classifier.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WalkedSentence {
    /// The sentence.
    pub text: String,
    /// The labels that a person gave it; `None` for the reader's own sentences.
    pub labels: Option<Vec<String>>,
    /// Its index among the held-out rows; `None` for the reader's own sentences.
    pub held_out_row: Option<usize>,
    /// The reason for choosing it.
    pub choice: Choice,
    /// The answer of the classifier.
    pub prediction: Prediction,
    /// Its features, `[n_features]`.
    pub features: Vec<f32>,
    /// Its tokens, hidden states and attention.
    pub trace: Trace,
    /// The words that carried its label. Long sentences have no pairs, and only the first ones have a path.
    pub explanation: Explanation,
}

/// Walks through a classifier with the data that it was trained on, in the same rows as in the training. The observer of the classifier
/// receives the progress.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`](crate::error::ErrorKind::InvalidArgument) if these are not the data of the training, if a sentence
/// of the options has no word or too many, or if there is no sentence to show; otherwise as for
/// [`SentenceEncoder::encode`](crate::model::SentenceEncoder::encode).
///
/// ```no_run
/// use clsify::dataset::{Dataset, DatasetOptions};
/// use clsify::model::SentenceClassifier;
/// use clsify::studies::{WalkthroughOptions, walk_through};
/// let classifier = SentenceClassifier::load("model")?;
/// let dataset = Dataset::load("reviews.tsv", &DatasetOptions::default())?;
/// let walkthrough = walk_through(&classifier, &dataset, WalkthroughOptions::default())?;
/// for token in &walkthrough.sentences[0].trace.tokens {
///     println!("{} {}", token.id, token.token);
/// }
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn walk_through<'a>(
    classifier: &'a SentenceClassifier,
    dataset: &'a Dataset,
    mut options: WalkthroughOptions<'_>,
) -> Result<Walkthrough<'a>> {
    let split = same_rows(classifier, dataset, &options)?;
    let encoder = classifier.encoder();
    let encoded = match options.encoded.take() {
        Some(encoded) => encoded,
        None => {
            let encoded = encoder.encode_lines(dataset.sentences(), dataset.lines());
            encoded.map_err(|error| error.at(options.data_name.as_str()))?
        }
    };
    let train = targets(dataset, classifier.classes())?.select_rows(&split.train);
    let learning = learn(classifier, &encoded.features.select_rows(&split.train), &train)?;
    let data = WalkedRows::of(classifier, encoded);
    let (held_out, held_out_rows) =
        held_out_rows(classifier, dataset, (&data, &split), (options.test, &options.test_name))?;
    let report = classifier.evaluate_encoded(&held_out, &held_out_rows.encoded)?.report;
    let (score, score_ci95) = score(classifier, &report, &held_out, &held_out_rows)?;
    let (most_frequent, baseline) = baseline(classifier, &train, &held_out)?;
    let mut chosen = choose(classifier, &held_out, &held_out_rows, &options)?;
    let n_left_out = std::mem::take(&mut chosen.n_left_out);
    let observer = encoder.observer();
    observer.start(Stage::Explain, chosen.sentences.len());
    // Notes about single sentences were made when all rows were encoded.
    let silent = classifier.clone().with_observer(encoder.canceller());
    let mut sentences = Vec::new();
    for (i, chosen) in chosen.sentences.into_iter().enumerate() {
        advance(observer, Stage::Explain, i)?;
        sentences.push(walk(&silent, chosen)?);
    }
    observer.finish(Stage::Explain);
    Ok(Walkthrough {
        classifier,
        training: classifier.metadata().trained()?,
        dataset,
        data,
        split,
        held_out,
        held_out_rows,
        report,
        score,
        score_ci95,
        baseline,
        most_frequent,
        learning,
        sentences,
        n_left_out,
    })
}

/// Walks sentences through a classifier without its data, such as one that is served: each has what a [`Walkthrough`] has for the
/// reader's own sentences. Somebody waits for them, so a deletion path that would take more than a second or two is left out.
///
/// The observer of the classifier can cancel the work.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`](crate::error::ErrorKind::InvalidArgument) if a sentence has no word or more than 400; otherwise as
/// for [`SentenceEncoder::encode`](crate::model::SentenceEncoder::encode).
///
/// ```no_run
/// use clsify::model::SentenceClassifier;
/// use clsify::studies::walk_sentences;
/// let classifier = SentenceClassifier::load("model")?;
/// let walked = walk_sentences(&classifier, &["not as bad as they say".to_string()])?;
/// println!("{} tokens, {} words", walked[0].trace.tokens.len(), walked[0].explanation.words.len());
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn walk_sentences(classifier: &SentenceClassifier, texts: &[String]) -> Result<Vec<WalkedSentence>> {
    own(classifier, texts)?.into_iter().map(|chosen| walk(classifier, chosen)).collect()
}

fn walk(classifier: &SentenceClassifier, chosen: Chosen) -> Result<WalkedSentence> {
    let Chosen { text, labels, held_out_row, choice, has_pairs, has_path } = chosen;
    let features = classifier.encoder().encode(&[&text])?.features;
    let prediction = classifier.predict_features(&features).swap_remove(0);
    let trace = classifier.encoder().trace(&text)?;
    let options = ExplainOptions { pairs: has_pairs, path: has_path, ..ExplainOptions::default() };
    let explanation = classifier.explain(&[&text], &options)?.swap_remove(0);
    let features = features.row(0).to_vec();
    Ok(WalkedSentence { text, labels, held_out_row, choice, prediction, features, trace, explanation })
}
