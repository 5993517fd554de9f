//! The choice of the sentences to show: the reader's own, the most confident mistakes, those near the boundary, and a spread of the
//! rest.

use std::collections::HashSet;

use crate::dataset::{Dataset, normalised};
use crate::error::{Error, ErrorKind, Result};
use crate::explanation::count_words;
use crate::model::sentence_classifier::{Prediction, SentenceClassifier};

use super::options::WalkthroughOptions;
use super::rows::WalkedRows;

/// The largest share of the sentences that are mistakes, and that are near the boundary.
const SHARE: f64 = 0.2;

/// The most words of a sentence that can be shown.
const MOST_WORDS: usize = 400;

/// A sentence is explained with pairs of words up to this number of tokens.
const MOST_TOKENS_OF_PAIRS: usize = 80;

/// The first sentences up to this number of tokens have a deletion path.
const N_PATHS: usize = 6;
const MOST_TOKENS_OF_PATH: usize = 48;

/// All sentences together may take about this many multiplications and additions: from half a minute to a minute on two cores. An
/// encoder of MiniLM's size explains 50 sentences with a fifth of it, one of BERT's size 30.
const MOST_OPERATIONS: f64 = 8e12;

/// While somebody waits for a served model, a deletion path may take about this many: a second or two on two cores.
const MOST_OPERATIONS_WAITED_FOR: f64 = 3e11;

/// The reason for choosing a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Choice {
    /// The reader's own.
    Own,
    /// A mistake of which the classifier is confident.
    ConfidentMistake,
    /// The classifier nearly gave another answer.
    NearBoundary,
    /// One of an even spread over all confidences.
    Spread,
}

/// A sentence before its walk.
pub(super) struct Chosen {
    pub(super) text: String,
    pub(super) labels: Option<Vec<String>>,
    pub(super) held_out_row: Option<usize>,
    pub(super) choice: Choice,
    /// True if pairs of words are deleted too.
    pub(super) has_pairs: bool,
    /// True if words are deleted until the answer changes.
    pub(super) has_path: bool,
}

/// The chosen sentences, and the number of those that would take too long.
pub(super) struct ChosenSentences {
    pub(super) sentences: Vec<Chosen>,
    pub(super) n_left_out: usize,
}

/// The reader's own sentences alone, for somebody who waits for them.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] if one has no word or more than [`MOST_WORDS`].
pub(super) fn own(classifier: &SentenceClassifier, texts: &[String]) -> Result<Vec<Chosen>> {
    let mut chosen = Selected::of(classifier, MOST_OPERATIONS_WAITED_FOR);
    chosen.push_own(texts)?;
    Ok(chosen.sentences)
}

/// Chooses at most as many sentences as the options say.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] if an own sentence has no word or more than [`MOST_WORDS`], or if no sentence can be shown.
pub(super) fn choose(
    classifier: &SentenceClassifier,
    held_out: &Dataset,
    rows: &WalkedRows,
    options: &WalkthroughOptions<'_>,
) -> Result<ChosenSentences> {
    let (own, n) = (&options.sentences, options.n_sentences);
    let mut chosen = Selected::of(classifier, f64::INFINITY);
    chosen.push_own(own)?;
    let label_sets = held_out.label_sets();
    let texts = held_out.sentences();
    let mut shown: HashSet<String> = own.iter().map(|text| normalised(text)).collect();
    let (mut n_left_out, mut n_taken) = (0, chosen.sentences.len());
    for (row, choice) in ranking(classifier, rows, &label_sets, n) {
        let n_tokens = rows.encoded.encodings[row].len();
        let is_too_long = count_words(&texts[row]) > MOST_WORDS || texts[row].len() > 20 * MOST_WORDS;
        if n_taken >= n || is_too_long || !shown.insert(normalised(&texts[row])) {
            continue;
        }
        n_taken += 1;
        let is_taken = chosen.push_if_affordable(n_tokens, |has_pairs, has_path| Chosen {
            text: texts[row].clone(),
            labels: Some(label_sets[row].clone()),
            held_out_row: Some(row),
            choice,
            has_pairs,
            has_path,
        });
        n_left_out += usize::from(!is_taken);
    }
    if chosen.sentences.is_empty() {
        let message =
            format!("expected a held-out sentence of at most {MOST_WORDS} words, got only longer ones");
        let name = if options.test.is_some() { &options.test_name } else { &options.data_name };
        return Err(Error::new(ErrorKind::InvalidArgument, message)
            .at(name.as_str())
            .with_hint("give a shorter sentence with --sentence"));
    }
    Ok(ChosenSentences { sentences: chosen.sentences, n_left_out })
}

/// Sentences, and what explaining them takes.
struct Selected<'a> {
    classifier: &'a SentenceClassifier,
    sentences: Vec<Chosen>,
    operations: f64,
    /// The most operations of one deletion path.
    most_of_path: f64,
}

impl<'a> Selected<'a> {
    fn of(classifier: &'a SentenceClassifier, most_of_path: f64) -> Self {
        Selected { classifier, sentences: Vec::new(), operations: 0.0, most_of_path }
    }

    /// Adds the reader's own sentences.
    fn push_own(&mut self, texts: &[String]) -> Result<()> {
        for (i, text) in texts.iter().enumerate() {
            let n_words = count_words(text);
            if n_words == 0 || n_words > MOST_WORDS {
                let message = format!("expected between 1 and {MOST_WORDS} words, got {n_words}");
                return Err(Error::new(ErrorKind::InvalidArgument, message).at_sentence(i));
            }
            let n_tokens = self.classifier.encoder().tokenizer().encode(text)?.len();
            self.push(n_tokens, |has_pairs, has_path| Chosen {
                text: text.clone(),
                labels: None,
                held_out_row: None,
                choice: Choice::Own,
                has_pairs,
                has_path,
            });
        }
        Ok(())
    }

    /// Adds a sentence of this many tokens.
    fn push(&mut self, n_tokens: usize, chosen: impl FnOnce(bool, bool) -> Chosen) {
        let (has_pairs, has_path) = self.depth(n_tokens);
        self.operations += self.operations_of(n_tokens);
        self.sentences.push(chosen(has_pairs, has_path));
    }

    /// Adds a sentence unless it is not the first one and would take too long.
    fn push_if_affordable(&mut self, n_tokens: usize, chosen: impl FnOnce(bool, bool) -> Chosen) -> bool {
        let is_affordable =
            self.sentences.is_empty() || self.operations + self.operations_of(n_tokens) <= MOST_OPERATIONS;
        if is_affordable {
            self.push(n_tokens, chosen);
        }
        is_affordable
    }

    /// Whether the next sentence has pairs, and a path.
    fn depth(&self, n_tokens: usize) -> (bool, bool) {
        let has_path = self.sentences.len() < N_PATHS
            && n_tokens <= MOST_TOKENS_OF_PATH
            && self.operations_at(n_tokens, (true, true)) <= self.most_of_path;
        (n_tokens <= MOST_TOKENS_OF_PAIRS, has_path)
    }

    fn operations_of(&self, n_tokens: usize) -> f64 {
        self.operations_at(n_tokens, self.depth(n_tokens))
    }

    /// The operations with pairs, and with a path.
    fn operations_at(&self, n_tokens: usize, depth: (bool, bool)) -> f64 {
        let encoder = self.classifier.encoder();
        let n_encodings = match depth {
            // Most answers change before a quarter of the words is gone.
            (_, true) => 2 * n_tokens + n_tokens * n_tokens / 4,
            (true, false) => 2 * n_tokens,
            (false, false) => n_tokens,
        };
        n_encodings as f64 * encoder.features().operations(encoder.config(), n_tokens)
    }
}

/// All held-out rows in the order in which they are worth showing, with the reason. Rows of one reason come in turns with those of the
/// next, so that the first sentences already show all kinds.
fn ranking(
    classifier: &SentenceClassifier,
    rows: &WalkedRows,
    label_sets: &[Vec<String>],
    n: usize,
) -> Vec<(usize, Choice)> {
    let predictions = &rows.predictions;
    let margins: Vec<f64> = predictions.iter().map(|prediction| margin(classifier, prediction)).collect();
    let mut by_margin: Vec<usize> = (0..predictions.len()).collect();
    by_margin.sort_by(|&a, &b| margins[a].total_cmp(&margins[b]).then(a.cmp(&b)));
    let is_wrong = |&row: &usize| {
        let predicted: Vec<&str> = classifier.labels(&predictions[row]);
        predicted != label_sets[row].iter().map(String::as_str).collect::<Vec<_>>()
    };
    let share = (SHARE * n as f64).ceil() as usize;
    let mistakes = by_margin.iter().rev().copied().filter(is_wrong).take(share);
    let near = by_margin.iter().copied().take(share);
    // Every step-th row of the order by margin, then those between them.
    let step = (by_margin.len() / n.max(1)).max(1);
    let spread = (0..step).flat_map(|start| by_margin[start..].iter().step_by(step)).copied();
    let mut ranked = Vec::new();
    let (mut mistakes, mut near) =
        (mistakes.map(|row| (row, Choice::ConfidentMistake)), near.map(|row| (row, Choice::NearBoundary)));
    // The most confident answers come first.
    let spread: Vec<usize> = spread.collect();
    for row in interleaved(&spread, n) {
        ranked.extend(std::iter::once((row, Choice::Spread)).chain(mistakes.next()).chain(near.next()));
    }
    ranked.extend(mistakes.chain(near));
    ranked
}

/// The first `n` in an order that alternates between the end and the start, then the rest.
fn interleaved(rows: &[usize], n: usize) -> Vec<usize> {
    let (head, tail) = rows.split_at(n.min(rows.len()));
    let from_both =
        (0..head.len()).map(|i| if i % 2 == 0 { head[head.len() - 1 - i / 2] } else { head[i / 2] });
    from_both.chain(tail.iter().copied()).collect()
}

/// The distance of an answer from another one, in units of probability: between the two most probable classes, or for label sets from
/// the threshold of the label that is nearest to its threshold.
fn margin(classifier: &SentenceClassifier, prediction: &Prediction) -> f64 {
    let probabilities = &prediction.probabilities;
    match classifier.thresholds() {
        Some(thresholds) => {
            let distances = probabilities.iter().zip(thresholds).map(|(p, threshold)| (p - threshold).abs());
            distances.fold(f64::INFINITY, f64::min)
        }
        None => {
            let mut sorted = probabilities.clone();
            sorted.sort_by(|a, b| b.total_cmp(a));
            sorted[0] - sorted.get(1).copied().unwrap_or(0.0)
        }
    }
}
