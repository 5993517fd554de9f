//! 1. The verdict: two sentences with their labels, and how often such labels are right.

use clsify::studies::WalkedSentence;
use serde_json::{Value, json};

use crate::guide::decided::answered;
use crate::guide::detail::Detail;
use crate::guide::scene::{OfSentence, Scene, of_sentences};
use crate::guide::walk::Walk;
use crate::guide::walked::{joined, metric_name, pooling_name};
use crate::guide::words::words;

pub(super) fn scene(walk: &Walk, _: &Detail) -> Scene {
    let encoder = walk.classifier.encoder();
    let labels = walk.classifier.classes();
    Scene {
        id: "verdict",
        title: words("The verdict", "预测结果"),
        caption: match walk.sentences {
            [_] => words(
                "A program read this sentence and gave it a label. This page shows every number in between.",
                "程序读入这个句子，为它预测标签。本页展示这中间的每一个数字。",
            ),
            _ => words(
                "A program read these sentences and gave each one a label. This page shows every number in between.",
                "程序读入这些句子，为每一句预测标签。本页展示这中间的每一个数字。",
            ),
        },
        code: "classifier.predict([sentence])".to_string(),
        columns: vec![words("label", "标签"), words("probability", "概率")],
        rows: None,
        shared: json!({
            "accuracy": walk.data.map(|data| data.score),
            "interval": walk.data.map(|data| data.score_ci95),
            "baseline": walk.data.map(|data| data.baseline),
            "nTest": walk.data.map(|data| data.held_out.len()),
            "metric": metric_name(walk.classifier),
            "answered": walk.data.and_then(answered),
            "encoder": encoder.name(),
            "hiddenSize": encoder.n_features(),
            "pooling": pooling_name(walk),
            "partner": partner(walk),
        }),
        sentences: of_sentences(walk.sentences, |sentence| {
            let probabilities = &sentence.prediction.probabilities;
            let rows = labels.iter().zip(probabilities);
            let labels = joined(&sentence.explanation.labels);
            let predicted = match sentence.prediction.abstained {
                true => words(
                    format!("The classifier abstains; its best guess is {}", labels.en),
                    format!("分类器弃权，最佳猜测是 {}", labels.zh),
                ),
                false => words(
                    format!("The predicted label is {}", labels.en),
                    format!("预测的标签是 {}", labels.zh),
                ),
            };
            OfSentence {
                line: Some(match &sentence.labels {
                    Some(given) => {
                        let given = joined(given);
                        words(
                            format!("{}; the label given by a person is {}.", predicted.en, given.en),
                            format!("{}，人工标签是 {}。", predicted.zh, given.zh),
                        )
                    }
                    None => words(format!("{}.", predicted.en), format!("{}。", predicted.zh)),
                }),
                rows: Some(
                    rows.map(|(label, p)| vec![label.as_str().into(), format!("{p:.4}").into()]).collect(),
                ),
                data: Value::Null,
            }
        }),
    }
}

/// The index of the sentence that is shown beside the first one: the next one with another answer.
fn partner(walk: &Walk) -> usize {
    let sentences = walk.sentences;
    let other = |sentence: &WalkedSentence| sentence.explanation.labels != sentences[0].explanation.labels;
    sentences.iter().position(other).unwrap_or(sentences.len().min(2) - 1)
}
