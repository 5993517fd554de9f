//! `tutorial.json`: the report of the training, and every number of the story that is not in it.

use std::sync::Arc;

use clsify::dataset::Dataset;
use clsify::model::{Prediction, SentenceEncoder};
use clsify::tokenizer::{Encoding, PaddedBatch};
use clsify::training::{Trained, TrainingReport};
use serde::Serialize;

/// Rows, tokens or numbers that stand for all.
const N_SHOWN: usize = 5;
const N_ROW_NUMBERS: usize = 10;
const N_FEATURES: usize = 4;
/// Sentences that show padding, the shortest of the first hundred.
const N_PADDED: usize = 3;

/// The file.
#[derive(Serialize)]
pub(super) struct TutorialReport {
    #[serde(flatten)]
    pub(super) training: TrainingReport,
    pub(super) predictions: Vec<SentencePrediction>,
    pub(super) story: Story,
}

/// What the story shows beside the report of the training.
#[derive(Serialize)]
pub(super) struct Story {
    /// The first sentences and their labels.
    pub(super) sentences: Vec<Labelled>,
    pub(super) tokens: Tokens,
    pub(super) encoder: EncoderShape,
    pub(super) padding: Padding,
    pub(super) features: Vec<FirstFeatures>,
    /// The numbers of the training rows, in the order in which they were drawn.
    pub(super) train_indices: Vec<usize>,
    pub(super) article: ArticleScores,
    pub(super) grid_search: GridSize,
    pub(super) prediction: DotProduct,
    pub(super) seconds: StorySeconds,
}

/// A row of the data.
#[derive(Serialize)]
pub(super) struct Labelled {
    pub(super) text: String,
    pub(super) label: String,
}

/// The article's sentence as the encoder reads it.
#[derive(Serialize)]
pub(super) struct Tokens {
    pub(super) text: String,
    pub(super) tokens: Vec<String>,
    pub(super) input_ids: Vec<u32>,
    /// Rows of the embedding table.
    pub(super) vocab_size: usize,
}

/// What the report of the training does not say of the encoder.
#[derive(Serialize)]
pub(super) struct EncoderShape {
    pub(super) num_attention_heads: usize,
}

/// Short sentences as a rectangle, and what the rectangle of all would hold.
#[derive(Serialize)]
pub(super) struct Padding {
    pub(super) sentences: Vec<String>,
    pub(super) input_ids: Vec<Vec<u32>>,
    pub(super) attention_mask: Vec<Vec<u8>>,
    /// Sentences times the tokens of the longest.
    pub(super) n_places: usize,
    /// The share of the places that hold a token.
    pub(super) share_of_tokens: f64,
}

/// Some numbers of a sentence's features.
#[derive(Serialize)]
pub(super) struct FirstFeatures {
    pub(super) text: String,
    pub(super) first: Vec<f32>,
    pub(super) last: f32,
}

/// What the article reports for SST-2, its encoder frozen or fine-tuned, and the best that it knows of.
#[derive(Serialize)]
pub(super) struct ArticleScores {
    pub(super) accuracy: [f64; 2],
    pub(super) distilbert_fine_tuned: f64,
    pub(super) bert_fine_tuned: f64,
    pub(super) best_known: f64,
}

/// The article's numbers; SST-2 stands for Stanford Sentiment Treebank.
pub(super) const ARTICLE: ArticleScores = ArticleScores {
    accuracy: [0.81, 0.82],
    distilbert_fine_tuned: 0.907,
    bert_fine_tuned: 0.949,
    best_known: 0.968,
};

/// How many fits a search for C took.
#[derive(Serialize)]
pub(super) struct GridSize {
    pub(super) n_values: usize,
    pub(super) n_fits: usize,
}

/// How the features of the article's sentence become a probability.
#[derive(Serialize)]
pub(super) struct DotProduct {
    /// The number of each term.
    pub(super) feature: Vec<usize>,
    pub(super) value: Vec<f64>,
    pub(super) weight: Vec<f64>,
    pub(super) product: Vec<f64>,
    /// Of all terms, not only of those here.
    pub(super) sum: f64,
    pub(super) intercept: f64,
    pub(super) logit: f64,
    /// The class that the logit speaks for.
    pub(super) class: String,
    pub(super) probability: f64,
}

/// Where the time went, downloads included.
#[derive(Serialize)]
pub(super) struct StorySeconds {
    /// Finding the sentences and the encoder, and fetching what was not there.
    pub(super) fetch: f64,
    /// From the start to the last prediction.
    pub(super) total: f64,
}

/// One answer.
#[derive(Serialize)]
pub(super) struct SentencePrediction {
    pub(super) text: String,
    pub(super) tokens: Vec<String>,
    pub(super) input_ids: Vec<u32>,
    pub(super) logits: Vec<f64>,
    pub(super) label: String,
    pub(super) probability: f64,
}

pub(super) fn sentences(dataset: &Dataset) -> Vec<Labelled> {
    let rows = dataset.sentences().iter().zip(dataset.labels());
    rows.take(N_SHOWN).map(|(text, label)| Labelled { text: text.clone(), label: label.clone() }).collect()
}

impl Tokens {
    pub(super) fn of(text: &str, encoder: &SentenceEncoder) -> anyhow::Result<Self> {
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
    pub(super) fn of(trained: &Trained, dataset: &Dataset) -> Self {
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

pub(super) fn features(trained: &Trained, dataset: &Dataset) -> Vec<FirstFeatures> {
    let features = &trained.encoded.features;
    let of_row = |i: usize| FirstFeatures {
        text: dataset.sentences()[i].clone(),
        first: features.row(i).iter().copied().take(N_FEATURES).collect(),
        last: features.row(i)[features.cols() - 1],
    };
    (0..features.rows().min(N_SHOWN)).map(of_row).collect()
}

/// The numbers of the first rows of a part of the data.
pub(super) fn first_rows(rows: &[usize]) -> &[usize] {
    &rows[..rows.len().min(N_ROW_NUMBERS)]
}

pub(super) fn predict(trained: &Trained, sentences: &[String]) -> anyhow::Result<Vec<SentencePrediction>> {
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
    pub(super) fn of(trained: &Trained, prediction: &SentencePrediction) -> anyhow::Result<Self> {
        let classifier = &trained.classifier;
        // What is to be noted of the sentence has been.
        let encoder = classifier.encoder().clone().with_observer(Arc::new(()));
        let features = encoder.encode(&[&prediction.text])?.features;
        // With two classes the one weight vector speaks for the second; with more, each class has its own.
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
