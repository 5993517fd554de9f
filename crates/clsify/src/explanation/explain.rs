//! Leave-one-word-out, neighbouring pairs and greedy deletion.

use std::collections::HashMap;

use super::report::{
    ClassLogit, DeletionPath, DeletionStep, Explanation, FeatureContribution, FeatureContributions,
    PairContribution, WordContribution,
};
use super::words::Words;
use crate::classifier::Link;
use crate::decision::ABSTAINED;
use crate::error::{Error, ErrorKind, Result};
use crate::matrix::Matrix;
use crate::model::sentence_classifier::{Prediction, SentenceClassifier};
use crate::model::sentence_encoder::SentenceEncoder;
use crate::notes::list::list;
use crate::tokenizer::Encoding;

/// The options of [`SentenceClassifier::explain`].
#[derive(Debug, Clone)]
pub struct ExplainOptions {
    /// The label to explain; `None`: the predicted one, and for label sets the most probable one.
    pub label: Option<String>,
    /// True if neighbouring pairs are deleted too. The default is true.
    pub pairs: bool,
    /// True if words are deleted one after the other until the answer changes. This takes up to `n (n + 1) / 2` encodings for `n`
    /// words.
    pub path: bool,
    /// The number of feature contributions. The default is 10.
    pub n_features: usize,
    /// The number of nearest training sentences, if the model has kept them. The default is 5.
    pub n_neighbours: usize,
}

impl Default for ExplainOptions {
    fn default() -> Self {
        ExplainOptions { label: None, pairs: true, path: false, n_features: 10, n_neighbours: 5 }
    }
}

impl SentenceClassifier {
    /// Explains the label of each text by deleting its words. A text of `n` words takes `n + 1` encodings, with pairs `2 n`.
    ///
    /// # Errors
    /// As for [`SentenceEncoder::encode`]; [`ErrorKind::InvalidArgument`] if a text has no word, or if the classifier does not know
    /// the label.
    ///
    /// ```no_run
    /// use clsify::explanation::ExplainOptions;
    /// use clsify::model::SentenceClassifier;
    /// let classifier = SentenceClassifier::load("model")?;
    /// for explanation in classifier.explain(&["not funny at all"], &ExplainOptions::default())? {
    ///     for word in &explanation.words {
    ///         println!("{} {:+.3}", word.word, word.contribution);
    ///     }
    /// }
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn explain<S: AsRef<str>>(&self, texts: &[S], options: &ExplainOptions) -> Result<Vec<Explanation>> {
        let label = options.label.as_deref().map(|label| self.label_id(label)).transpose()?;
        let texts = texts.iter().enumerate();
        texts
            .map(|(i, text)| self.explain_one(text.as_ref(), label, options).map_err(|e| e.at_sentence(i)))
            .collect()
    }

    fn label_id(&self, label: &str) -> Result<usize> {
        self.classes().binary_search_by(|class| class.as_str().cmp(label)).map_err(|_| {
            let message = format!("expected a label of the model, got {label:?}");
            Error::new(ErrorKind::InvalidArgument, message).with_hint(format!(
                "the labels are: {}",
                list(&self.classes().iter().map(String::as_str).collect::<Vec<_>>())
            ))
        })
    }

    fn explain_one(&self, text: &str, label: Option<usize>, options: &ExplainOptions) -> Result<Explanation> {
        let words = Words::of(text);
        if words.len() == 0 {
            return Err(Error::new(ErrorKind::InvalidArgument, "expected a text with at least one word"));
        }
        // The notes of the encoder are about the text itself, and not about the variants.
        let encoded = self.encoder().encode(&[text])?;
        let (whole, is_truncated) = (encoded.features, encoded.counts.n_truncated > 0);
        let encoder = self.encoder().for_variants();
        let n_pairs = if options.pairs { words.len() - 1 } else { 0 };
        let alone = (0..words.len()).map(|word| words.without(|w| w == word));
        let pairs = (0..n_pairs).map(|word| words.without(|w| w == word || w == word + 1));
        let mut n_encodings = 1;
        let variants = encode(&encoder, &alone.chain(pairs).collect::<Vec<_>>(), &mut n_encodings)?;
        let (base, variants) = (self.answers(&whole), self.answers(&variants));
        let base = &base[0];
        let label = label.unwrap_or_else(|| self.explained_label(&base.prediction));
        let contributions = |answer: &Answer| -> Vec<f64> {
            base.logits
                .iter()
                .zip(&answer.logits)
                .map(|(with, without)| difference(*with, *without))
                .collect()
        };
        let (alone, pairs) = variants.split_at(words.len());
        let word = |(i, answer): (usize, &Answer)| {
            let (contributions, range) = (contributions(answer), words.range(i));
            WordContribution {
                word: words.word(i).to_string(),
                start: range.start,
                end: range.end,
                contribution: contributions[label],
                probability_without: answer.prediction.probabilities[label],
                contributions,
            }
        };
        let words_alone: Vec<WordContribution> = alone.iter().enumerate().map(word).collect();
        let pair = |(i, answer): (usize, &Answer)| {
            let contributions = contributions(answer);
            let apart = words_alone[i].contribution + words_alone[i + 1].contribution;
            PairContribution {
                words: [i, i + 1],
                contribution: contributions[label],
                interaction: contributions[label] - apart,
                contributions,
            }
        };
        let pairs = pairs.iter().enumerate().map(pair).collect();
        let path = match options.path {
            true => Some(self.deletion_path(&encoder, &words, base, label, &mut n_encodings)?),
            false => None,
        };
        let labels =
            |prediction: &Prediction| self.labels(prediction).into_iter().map(String::from).collect();
        let class = |(label, (&probability, &logit)): (&String, (&f64, &f64))| ClassLogit {
            label: label.clone(),
            probability,
            logit,
        };
        let prediction = &base.prediction;
        Ok(Explanation {
            text: text.to_string(),
            is_truncated,
            labels: labels(prediction),
            abstained: prediction.abstained,
            label: self.classes()[label].clone(),
            probability: prediction.probabilities[label],
            logit: base.logits[label],
            classes: self
                .classes()
                .iter()
                .zip(prediction.probabilities.iter().zip(&base.logits))
                .map(class)
                .collect(),
            words: words_alone,
            pairs,
            path,
            features: self.feature_contributions(whole.row(0), &base.logits, label, options.n_features),
            neighbours: self.neighbours(whole.row(0), options.n_neighbours),
            n_encodings,
        })
    }

    /// The label to explain: the predicted class, or the most probable label of a set.
    fn explained_label(&self, prediction: &Prediction) -> usize {
        match self.thresholds() {
            None => prediction.label_ids[0],
            Some(_) => largest(&prediction.probabilities),
        }
    }

    fn answers(&self, features: &Matrix) -> Vec<Answer> {
        let decisions = self.classifier().decision_function(features);
        let columns = decisions.len() / features.rows().max(1);
        let link = self.classifier().link().unwrap_or_default();
        let answer = |(prediction, decisions): (Prediction, &[f64])| Answer {
            logits: match (self.thresholds(), decisions) {
                (None, &[z]) => vec![-z, z],
                (None, decisions) => {
                    let mut decisions = decisions.to_vec();
                    link.to_softmax_logits(&mut decisions);
                    (0..decisions.len()).map(|class| against_all(&decisions, class)).collect()
                }
                (Some(_), decisions) => decisions.to_vec(),
            },
            prediction,
        };
        self.predict_features(features).into_iter().zip(decisions.chunks_exact(columns)).map(answer).collect()
    }

    /// Deletes the word that moves the label most towards another answer, then the next one, until the answer about the label changes.
    fn deletion_path(
        &self,
        encoder: &SentenceEncoder,
        words: &Words<'_>,
        base: &Answer,
        label: usize,
        n_encodings: &mut usize,
    ) -> Result<DeletionPath> {
        // A classifier that abstains gives no label.
        let gives = |p: &Prediction| !p.abstained && p.label_ids.contains(&label);
        let is_given = gives(&base.prediction);
        let sign = if is_given { -1.0 } else { 1.0 };
        let mut is_removed = vec![false; words.len()];
        let mut steps = Vec::new();
        while steps.len() < words.len() {
            let left: Vec<usize> = (0..words.len()).filter(|&word| !is_removed[word]).collect();
            let variants: Vec<String> =
                left.iter().map(|&word| words.without(|w| w == word || is_removed[w])).collect();
            let answers = self.answers(&encode(encoder, &variants, n_encodings)?);
            let moved: Vec<f64> = answers.iter().map(|answer| sign * answer.logits[label]).collect();
            let best = largest(&moved);
            let answer = &answers[best];
            is_removed[left[best]] = true;
            steps.push(DeletionStep {
                word: left[best],
                logit: answer.logits[label],
                probability: answer.prediction.probabilities[label],
            });
            if gives(&answer.prediction) != is_given {
                let labels = match answer.prediction.abstained {
                    true => vec![ABSTAINED.to_string()],
                    false => self.labels(&answer.prediction).into_iter().map(String::from).collect(),
                };
                return Ok(DeletionPath { steps, changed_to: Some(labels) });
            }
        }
        Ok(DeletionPath { steps, changed_to: None })
    }

    fn feature_contributions(
        &self,
        row: &[f32],
        logits: &[f64],
        label: usize,
        n: usize,
    ) -> FeatureContributions {
        let (coef, intercept) = (self.classifier().coef(), self.classifier().intercept());
        let d = row.len();
        let weights = |column: usize| &coef[column * d..][..d];
        let is_binary = self.thresholds().is_none() && intercept.len() == 1;
        let (weights, intercept, against): (Vec<f64>, f64, _) = if is_binary {
            let sign = if label == 1 { 1.0 } else { -1.0 };
            (weights(0).iter().map(|w| sign * w).collect(), sign * intercept[0], None)
        } else if self.classifier().link() != Some(Link::Softmax) {
            // Label sets and one-vs-rest: the label has weights of its own.
            (weights(label).to_vec(), intercept[label], None)
        } else {
            let others: Vec<f64> = logits
                .iter()
                .enumerate()
                .map(|(k, &z)| if k == label { f64::NEG_INFINITY } else { z })
                .collect();
            let other = largest(&others);
            let difference = weights(label).iter().zip(weights(other)).map(|(a, b)| a - b).collect();
            (difference, intercept[label] - intercept[other], Some(self.classes()[other].clone()))
        };
        let term = |(feature, (&value, &weight)): (usize, (&f32, &f64))| {
            let value = f64::from(value);
            FeatureContribution { feature, value, weight, contribution: value * weight }
        };
        let mut terms: Vec<FeatureContribution> = row.iter().zip(&weights).enumerate().map(term).collect();
        let sum = terms.iter().map(|term| term.contribution).sum();
        terms.sort_by(|a, b| b.contribution.abs().total_cmp(&a.contribution.abs()));
        terms.truncate(n);
        FeatureContributions { against, largest: terms, sum, intercept, total: sum + intercept }
    }
}

/// The features of texts. Texts with the same tokens, as where a repeated word or one beyond the encoder's limit is left out, are
/// encoded once.
fn encode(encoder: &SentenceEncoder, texts: &[String], n_encodings: &mut usize) -> Result<Matrix> {
    let encodings = encoder.tokenizer().encode_batch(texts)?;
    let (mut known, mut distinct): (HashMap<&[u32], usize>, Vec<Encoding>) = Default::default();
    let mut places = Vec::with_capacity(texts.len());
    for encoding in &encodings {
        places.push(*known.entry(&encoding.input_ids).or_insert_with(|| {
            distinct.push(encoding.clone());
            distinct.len() - 1
        }));
    }
    *n_encodings += distinct.len();
    Ok(encoder.embed_encodings(&distinct)?.select_rows(&places))
}

/// A prediction with the logit of each label's probability.
struct Answer {
    prediction: Prediction,
    logits: Vec<f64>,
}

/// The index of the largest number, the first of equal ones.
fn largest(numbers: &[f64]) -> usize {
    (0..numbers.len()).reduce(|best, i| if numbers[i] > numbers[best] { i } else { best }).unwrap_or(0)
}

/// `ln(p / (1 - p))` of one class under softmax, without rounding where `p` is near 0 or 1: its decision value minus the logarithm of
/// the sum of the others' exponentials.
fn against_all(decisions: &[f64], class: usize) -> f64 {
    let others = || decisions.iter().enumerate().filter(|(k, _)| *k != class).map(|(_, z)| *z);
    let most = others().fold(f64::NEG_INFINITY, f64::max);
    decisions[class] - (most + others().map(|z| (z - most).exp()).sum::<f64>().ln())
}

/// Constant labels have infinite logits, which no word changes.
fn difference(with: f64, without: f64) -> f64 {
    if with == without { 0.0 } else { with - without }
}
