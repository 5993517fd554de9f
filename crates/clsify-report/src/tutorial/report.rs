//! The report of the tutorial, `tutorial.json`: the report of the training, and all other numbers that the steps
//! show.

use std::sync::Arc;

use clsify::dataset::Dataset;
use clsify::error::Result;
use clsify::model::{Prediction, SentenceEncoder};
use clsify::tokenizer::{Encoding, PaddedBatch};
use clsify::training::{Trained, TrainingReport};
use serde::Serialize;

/// The number of sentences, row numbers and features that a step shows.
const N_SHOWN: usize = 5;
const N_ROW_NUMBERS: usize = 10;
const N_FEATURES: usize = 4;
/// The number of sentences that show padding, the shortest of the first hundred.
const N_PADDED: usize = 3;

/// The report of the tutorial.
#[derive(Debug, Clone, Serialize)]
pub struct TutorialReport {
    #[serde(flatten)]
    /// The report of the training.
    pub training: TrainingReport,
    /// The predictions for the sentences of the last step.
    pub predictions: Vec<SentencePrediction>,
    /// The other numbers of the steps.
    pub story: Story,
    /// The report of the run with a tuned encoder, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tuned: Option<TrainingReport>,
}

/// The numbers that the steps show in addition to the report of the training.
#[derive(Debug, Clone, Serialize)]
pub struct Story {
    /// The first sentences and their labels.
    pub sentences: Vec<Labelled>,
    /// The article's sentence as the encoder reads it.
    pub tokens: Tokens,
    /// The shape of the encoder.
    pub encoder: EncoderShape,
    /// Some sentences as a padded batch.
    pub padding: Padding,
    /// The features of the first sentences.
    pub features: Vec<FirstFeatures>,
    /// The numbers of the training rows, in the order in which they were drawn.
    pub train_indices: Vec<usize>,
    /// The scores that the article reports.
    pub article: ArticleScores,
    /// The size of the grid search.
    pub grid_search: GridSize,
    /// The dot product of the first prediction.
    pub prediction: DotProduct,
    /// The time that the run took.
    pub seconds: StorySeconds,
}

/// A row of the data.
#[derive(Debug, Clone, Serialize)]
pub struct Labelled {
    /// The sentence.
    pub text: String,
    /// The label.
    pub label: String,
}

/// The article's sentence as the encoder reads it.
#[derive(Debug, Clone, Serialize)]
pub struct Tokens {
    /// The sentence.
    pub text: String,
    /// The tokens.
    pub tokens: Vec<String>,
    /// The token ids.
    pub input_ids: Vec<u32>,
    /// Rows of the embedding table.
    pub vocab_size: usize,
}

/// The part of the encoder's shape that the report of the training does not have.
#[derive(Debug, Clone, Serialize)]
pub struct EncoderShape {
    /// Attention heads per layer.
    pub num_attention_heads: usize,
}

/// Some short sentences as a padded batch, and the size of the padded batch of all sentences.
#[derive(Debug, Clone, Serialize)]
pub struct Padding {
    /// The sentences.
    pub sentences: Vec<String>,
    /// The token ids, padded to the longest of these sentences.
    pub input_ids: Vec<Vec<u32>>,
    /// 1 for a token, 0 for padding.
    pub attention_mask: Vec<Vec<u8>>,
    /// The number of positions: the number of sentences times the number of tokens of the longest.
    pub n_places: usize,
    /// The share of these positions that hold a token.
    pub share_of_tokens: f64,
}

/// Some features of a sentence.
#[derive(Debug, Clone, Serialize)]
pub struct FirstFeatures {
    /// The sentence.
    pub text: String,
    /// The first features.
    pub first: Vec<f32>,
    /// The last feature.
    pub last: f32,
}

/// The accuracies on SST-2 (Stanford Sentiment Treebank) that the article reports.
#[derive(Debug, Clone, Serialize)]
pub struct ArticleScores {
    /// The range of the accuracy of logistic regression on the frozen DistilBERT.
    pub accuracy: [f64; 2],
    /// The accuracy of the fine-tuned DistilBERT.
    pub distilbert_fine_tuned: f64,
    /// The accuracy of the fine-tuned BERT.
    pub bert_fine_tuned: f64,
    /// The highest accuracy that the article mentions.
    pub best_known: f64,
}

/// The article's numbers.
pub const ARTICLE: ArticleScores = ArticleScores {
    accuracy: [0.81, 0.82],
    distilbert_fine_tuned: 0.907,
    bert_fine_tuned: 0.949,
    best_known: 0.968,
};

/// The size of the grid search.
#[derive(Debug, Clone, Serialize)]
pub struct GridSize {
    /// Values of C.
    pub n_values: usize,
    /// Fits: values of C times folds.
    pub n_fits: usize,
}

/// The dot product of features and weights that yields the probability of the article's sentence.
#[derive(Debug, Clone, Serialize)]
pub struct DotProduct {
    /// The index of each term's feature.
    pub feature: Vec<usize>,
    /// The feature of each term.
    pub value: Vec<f64>,
    /// The weight of each term.
    pub weight: Vec<f64>,
    /// Their products.
    pub product: Vec<f64>,
    /// The sum of all products, including those not shown here.
    pub sum: f64,
    /// The intercept.
    pub intercept: f64,
    /// The sum plus the intercept.
    pub logit: f64,
    /// The class whose probability is computed.
    pub class: String,
    /// The probability.
    pub probability: f64,
}

/// The time that the run took, including downloads.
#[derive(Debug, Clone, Serialize)]
pub struct StorySeconds {
    /// The time for finding the sentences and the encoder, and for downloading them if needed.
    pub fetch: f64,
    /// The time from the start to the last prediction.
    pub total: f64,
}

/// The prediction for one sentence.
#[derive(Debug, Clone, Serialize)]
pub struct SentencePrediction {
    /// The sentence.
    pub text: String,
    /// The tokens.
    pub tokens: Vec<String>,
    /// The token ids.
    pub input_ids: Vec<u32>,
    /// The logits.
    pub logits: Vec<f64>,
    /// The label.
    pub label: String,
    /// The probability.
    pub probability: f64,
}

/// The first sentences and their labels.
pub fn first_sentences(dataset: &Dataset) -> Vec<Labelled> {
    let rows = dataset.sentences().iter().zip(dataset.labels());
    rows.take(N_SHOWN).map(|(text, label)| Labelled { text: text.clone(), label: label.clone() }).collect()
}

impl Tokens {
    /// Encodes a sentence.
    ///
    /// # Errors
    /// As for [`Tokenizer::encode`](clsify::tokenizer::Tokenizer::encode).
    pub fn of(text: &str, encoder: &SentenceEncoder) -> Result<Self> {
        let encoding = encoder.tokenizer().encode(text)?;
        Ok(Tokens {
            text: text.to_string(),
            tokens: encoder.tokenizer().tokens(&encoding),
            input_ids: encoding.input_ids,
            vocab_size: encoder.config().vocab_size,
        })
    }
}

impl Padding {
    /// Pads some of the shortest sentences of a training run, of different lengths if possible.
    pub fn of(trained: &Trained, dataset: &Dataset) -> Self {
        let (encodings, counts) = (&trained.encoded.encodings, trained.encoded.counts);
        let mut shortest: Vec<usize> = (0..encodings.len().min(100)).collect();
        shortest.sort_by_key(|&row| encodings[row].len());
        // Of different lengths, so that there is padding to see.
        let mut different = shortest.clone();
        different.dedup_by_key(|row| encodings[*row].len());
        if different.len() >= N_PADDED {
            shortest = different;
        }
        shortest.truncate(N_PADDED);
        let shown: Vec<Encoding> = shortest.iter().map(|&row| encodings[row].clone()).collect();
        let padded = PaddedBatch::new(&shown, trained.classifier.encoder().tokenizer().pad_id());
        let n_places = encodings.len() * counts.max_tokens;
        Padding {
            sentences: shortest.iter().map(|&row| dataset.sentences()[row].clone()).collect(),
            input_ids: padded.input_ids,
            attention_mask: padded.attention_mask,
            n_places,
            share_of_tokens: counts.n_tokens as f64 / n_places as f64,
        }
    }
}

/// The features of the first sentences.
pub fn first_features(trained: &Trained, dataset: &Dataset) -> Vec<FirstFeatures> {
    let features = &trained.encoded.features;
    let of_row = |i: usize| FirstFeatures {
        text: dataset.sentences()[i].clone(),
        first: features.row(i).iter().copied().take(N_FEATURES).collect(),
        last: features.row(i)[features.cols() - 1],
    };
    (0..features.rows().min(N_SHOWN)).map(of_row).collect()
}

/// The first row numbers of a part of the data.
pub(super) fn first_rows(rows: &[usize]) -> &[usize] {
    &rows[..rows.len().min(N_ROW_NUMBERS)]
}

/// The predictions for some sentences, with tokens and logits.
///
/// # Errors
/// As for [`SentenceEncoder::encode`].
pub fn predict(trained: &Trained, sentences: &[String]) -> Result<Vec<SentencePrediction>> {
    let (classifier, encoder) = (&trained.classifier, trained.classifier.encoder());
    let encoded = encoder.encode(sentences)?;
    let logits = classifier.classifier().decision_function(&encoded.features);
    let columns = logits.len() / sentences.len();
    let predictions = classifier.predict_features(&encoded.features);
    let rows = sentences.iter().zip(&encoded.encodings).zip(logits.chunks_exact(columns)).zip(predictions);
    let prediction =
        |(((text, encoding), logits), prediction): (((&String, &Encoding), &[f64]), Prediction)| {
            SentencePrediction {
                text: text.clone(),
                tokens: encoder.tokenizer().tokens(encoding),
                input_ids: encoding.input_ids.clone(),
                logits: logits.to_vec(),
                label: classifier.labels(&prediction).concat(),
                probability: prediction.probabilities[prediction.label_ids[0]],
            }
        };
    Ok(rows.map(prediction).collect())
}

impl DotProduct {
    /// The terms of one prediction.
    ///
    /// # Errors
    /// As for [`SentenceEncoder::encode`].
    pub fn of(trained: &Trained, prediction: &SentencePrediction) -> Result<Self> {
        let classifier = &trained.classifier;
        // Notes about this sentence have been made already.
        let encoder = classifier.encoder().clone().with_observer(Arc::new(()));
        let features = encoder.encode(&[&prediction.text])?.features;
        // With two classes, the only weight vector is that of the second class; with more classes, each has its own.
        let (column, class) = match prediction.logits.len() {
            1 => (0, classifier.classes()[1].clone()),
            _ => {
                let place = classifier.classes().iter().position(|class| *class == prediction.label);
                (place.unwrap_or(0), prediction.label.clone())
            }
        };
        let d = features.cols();
        let coef = &classifier.classifier().coef()[column * d..][..d];
        let values: Vec<f64> = features.row(0).iter().map(|&x| f64::from(x)).collect();
        let terms: Vec<f64> = coef.iter().zip(&values).map(|(w, x)| w * x).collect();
        let shown: Vec<usize> = (0..d.saturating_sub(1).min(N_FEATURES)).chain([d - 1]).collect();
        let logit = prediction.logits[column];
        Ok(DotProduct {
            value: shown.iter().map(|&i| values[i]).collect(),
            weight: shown.iter().map(|&i| coef[i]).collect(),
            product: shown.iter().map(|&i| terms[i]).collect(),
            feature: shown,
            sum: terms.iter().sum(),
            intercept: classifier.classifier().intercept()[column],
            logit,
            class,
            probability: match prediction.logits.len() {
                1 => 1.0 / (1.0 + (-logit).exp()),
                _ => prediction.probability,
            },
        })
    }
}
