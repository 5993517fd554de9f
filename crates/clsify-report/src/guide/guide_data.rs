//! The data of a guide, from which its script draws: the sentences, the labels and the scenes.

use clsify::studies::{Choice, WalkedSentence};
use serde::Serialize;
use serde_json::{Value, json};

use super::walk::Walk;
use super::walked::explained_label;
use super::words::{Lang, Words, words};

/// The title of a guide in both languages.
pub(super) const TITLE: [&str; 2] = ["From a sentence to its label", "从句子到标签"];

/// Everything that the script needs; scenes as `S` writes them.
pub(super) fn guide_data<S: Serialize>(walk: &Walk, scenes: &[S], lang: Lang) -> Value {
    let classifier = walk.classifier;
    let sentence = |sentence: &WalkedSentence| {
        json!({
            "text": sentence.text,
            "pieces": pieces(sentence),
            "given": sentence.labels,
            "predicted": sentence.explanation.labels,
            "abstained": sentence.prediction.abstained,
            "label": explained_label(classifier, sentence),
            "probability": sentence.prediction.probabilities,
            "why": reason(sentence.choice),
        })
    };
    json!({
        "lang": if lang == Lang::Zh { "zh" } else { "en" },
        "title": words(TITLE[0], TITLE[1]),
        "labels": classifier.classes(),
        "multiLabel": classifier.thresholds().is_some(),
        "abstains": classifier.abstains(),
        "sentences": walk.sentences.iter().map(sentence).collect::<Vec<_>>(),
        "scenes": scenes,
    })
}

/// The text in parts, of which each is a word with its index or what stands between words.
fn pieces(sentence: &WalkedSentence) -> Vec<Value> {
    let mut pieces = Vec::new();
    let mut end = 0;
    let between = |pieces: &mut Vec<Value>, text: &str| {
        if !text.is_empty() {
            pieces.push(json!({ "text": text, "word": null }));
        }
    };
    for (i, word) in sentence.explanation.words.iter().enumerate() {
        between(&mut pieces, &sentence.text[end..word.start]);
        pieces.push(json!({ "text": word.word, "word": i }));
        end = word.end;
    }
    between(&mut pieces, &sentence.text[end..]);
    pieces
}

fn reason(choice: Choice) -> Words {
    match choice {
        Choice::Own => words("your own sentence", "你自己的句子"),
        Choice::ConfidentMistake => words("a confident mistake", "有把握却判错"),
        Choice::NearBoundary => words("close to the decision boundary", "接近决策边界"),
        _ => words("sampled evenly from the held-out rows", "从留出数据中均匀抽取"),
    }
}
