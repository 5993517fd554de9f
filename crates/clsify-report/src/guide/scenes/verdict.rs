//! 1. The verdict: two sentences with their labels, and how often such labels are right.

use clsify::studies::{WalkedSentence, Walkthrough};
use serde_json::{Value, json};

use crate::guide::detail::Detail;
use crate::guide::scene::{OfSentence, Scene, of_sentences};
use crate::guide::walked::{joined, metric_name, pooling_name};
use crate::guide::words::words;

pub(super) fn scene(walkthrough: &Walkthrough, _: &Detail) -> Scene {
    let encoder = walkthrough.classifier.encoder();
    let labels = walkthrough.classifier.classes();
    Scene {
        id: "verdict",
        title: words("The verdict", "判断"),
        caption: words(
            "A program read these sentences and gave each a label; this page shows every number in between.",
            "程序读了这些句子，给每一句贴上标签；本页展示其间的每一个数字。",
        ),
        code: "classifier.predict([sentence])".to_string(),
        columns: vec![words("label", "标签"), words("probability", "概率")],
        rows: None,
        shared: json!({
            "accuracy": walkthrough.score,
            "interval": walkthrough.score_ci95,
            "baseline": walkthrough.baseline,
            "nTest": walkthrough.held_out.len(),
            "metric": metric_name(walkthrough),
            "encoder": encoder.name(),
            "hiddenSize": encoder.config().hidden_size,
            "pooling": pooling_name(walkthrough),
            "partner": partner(walkthrough),
        }),
        sentences: of_sentences(walkthrough, |sentence| {
            let probabilities = &sentence.prediction.probabilities;
            let rows = labels.iter().zip(probabilities);
            let predicted = joined(&sentence.explanation.labels);
            OfSentence {
                line: Some(match &sentence.labels {
                    Some(given) => {
                        let given = joined(given);
                        words(
                            format!("The label is {}; a person gave it {}.", predicted.en, given.en),
                            format!("程序给出的标签是 {}，人给的标签是 {}。", predicted.zh, given.zh),
                        )
                    }
                    None => words(
                        format!("The label is {}.", predicted.en),
                        format!("程序给出的标签是 {}。", predicted.zh),
                    ),
                }),
                rows: Some(rows.map(|(label, p)| vec![label.as_str().into(), format!("{p:.4}").into()]).collect()),
                data: Value::Null,
            }
        }),
    }
}

/// The index of the sentence that is shown beside the first one: the next one with another answer.
fn partner(walkthrough: &Walkthrough) -> usize {
    let sentences = &walkthrough.sentences;
    let other = |sentence: &WalkedSentence| {
        sentence.explanation.labels != sentences[0].explanation.labels
    };
    sentences.iter().position(other).unwrap_or(sentences.len().min(2) - 1)
}
