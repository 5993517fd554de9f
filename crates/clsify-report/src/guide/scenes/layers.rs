//! 6. Inside the encoder: how much each layer changes each token, and what the classifier would say of each layer.

use clsify::matrix::Matrix;
use clsify::studies::WalkedSentence;
use serde_json::{Value, json};

use crate::guide::detail::Detail;
use crate::guide::scene::{Cell, OfSentence, Row, Scene, of_sentences, pack_f32};
use crate::guide::traced::{is_one_position, layer_name, n_shown, tokens, used_layers};
use crate::guide::walk::Walk;
use crate::guide::walked::{explained_label, label_name};
use crate::guide::words::{Words, words};

/// With more labels than this, the figure has the logits of the explained one alone.
const MOST_LABELS: usize = 8;

pub(super) fn scene(walk: &Walk, _: &Detail) -> Scene {
    let encoder = walk.classifier.encoder();
    let used = used_layers(walk);
    Scene {
        id: "layers",
        title: words("Inside the encoder", "编码器内部"),
        caption: words(
            "In each layer, every token gathers information from the other tokens, and its vector changes.",
            "在每一层，每个词元都从其他词元汇集信息，自己的向量也随之改变。",
        ),
        code: "change = np.linalg.norm(hidden_states[l] - hidden_states[l - 1], axis=-1) \
               / np.linalg.norm(hidden_states[l - 1], axis=-1)"
            .to_string(),
        columns: vec![
            words("layer", "层"),
            words("mean change", "平均变化"),
            words("largest change", "最大变化"),
            words("token with the largest change", "变化最大的词元"),
            words("logit of the classifier", "分类器的 logit"),
        ],
        rows: None,
        shared: json!({
            "used": [used.start(), used.end()],
            "nLayers": encoder.config().num_hidden_layers,
            "hiddenSize": encoder.config().hidden_size,
            "isOnePosition": is_one_position(walk),
            "nPrompt": encoder.features().n_prompt_tokens,
        }),
        sentences: of_sentences(walk.sentences, |sentence| of_sentence(walk, sentence)),
    }
}

fn of_sentence(walk: &Walk, sentence: &WalkedSentence) -> OfSentence {
    let changes = changes(sentence);
    let logits = logits(walk, sentence);
    let of_label = logits.first().map(|of_label| &of_label.by_layer[..]);
    let shown =
        |of_layer: &Vec<f64>| of_layer.iter().take(n_shown(sentence)).map(|&x| x as f32).collect::<Vec<_>>();
    OfSentence {
        line: Some(line(walk, sentence, &changes, of_label)),
        rows: Some(rows(sentence, &changes, of_label)),
        data: json!({
            "tokens": tokens(sentence),
            "changes": pack_f32(changes.iter().flat_map(shown)),
            "means": changes.iter().map(|of_layer| mean(of_layer)).collect::<Vec<_>>(),
            "logits": logits.iter().map(OfLabel::json).collect::<Vec<_>>(),
        }),
    }
}

/// Of each layer and each token, the length of the change divided by the length before it.
fn changes(sentence: &WalkedSentence) -> Vec<Vec<f64>> {
    let states = sentence.trace.hidden_states.windows(2);
    let of_layer = |states: &[Matrix]| {
        (0..states[0].rows()).map(|token| change(states[0].row(token), states[1].row(token))).collect()
    };
    states.map(of_layer).collect()
}

fn change(before: &[f32], after: &[f32]) -> f64 {
    let squares = |numbers: &mut dyn Iterator<Item = f64>| numbers.map(|x| x * x).sum::<f64>();
    let apart = squares(&mut before.iter().zip(after).map(|(b, a)| f64::from(*a) - f64::from(*b)));
    (apart / squares(&mut before.iter().map(|b| f64::from(*b)))).sqrt()
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

/// The logits of a label by hidden state, from the embeddings to the layer that is used.
struct OfLabel {
    label: usize,
    /// The label whose logit is subtracted; `None` for label sets and for two classes.
    against: Option<usize>,
    by_layer: Vec<f64>,
}

impl OfLabel {
    fn json(&self) -> Value {
        json!({ "label": self.label, "against": self.against, "byLayer": self.by_layer })
    }
}

/// The logits that the classifier gives to the features of each layer, the explained label first; none if the features combine layers,
/// since the classifier then cannot read one.
fn logits(walk: &Walk, sentence: &WalkedSentence) -> Vec<OfLabel> {
    let classifier = walk.classifier;
    let encoder = classifier.encoder();
    let decisions = |features: &[f32]| {
        let row = Matrix::from_vec(features.to_vec(), 1, features.len()).ok()?;
        Some(classifier.classifier().decision_function(&row))
    };
    let n_states = sentence.trace.hidden_states.len();
    let of_layers = (0..n_states).map(|layer| {
        // The layer of the classifier has the very features of the prediction.
        let is_last = layer + 1 == n_states;
        let features = encoder.features_of_layer(&sentence.trace, layer)?;
        decisions(if is_last { &sentence.features } else { &features })
    });
    let Some(of_layers) = of_layers.collect::<Option<Vec<Vec<f64>>>>() else { return Vec::new() };
    let Some(last) = of_layers.last() else { return Vec::new() };
    let (explained, n_labels) = (explained_label(walk.classifier, sentence), classifier.classes().len());
    let others = (0..n_labels).filter(|&label| label != explained && n_labels <= MOST_LABELS);
    let is_set = classifier.thresholds().is_some();
    let labels = std::iter::once(explained).chain(others);
    labels
        .map(|label| {
            let is_binary = !is_set && last.len() == 1;
            let against = (!is_set && !is_binary).then(|| largest_but(last, label));
            let of_layer = |z: &Vec<f64>| match against {
                Some(other) => z[label] - z[other],
                None if is_binary && label == 0 => -z[0],
                None if is_binary => z[0],
                None => z[label],
            };
            OfLabel { label, against, by_layer: of_layers.iter().map(of_layer).collect() }
        })
        .collect()
}

/// The index of the largest number but that of `label`; the first of equal ones.
fn largest_but(numbers: &[f64], label: usize) -> usize {
    let others = (0..numbers.len()).filter(|&i| i != label);
    others.reduce(|best, i| if numbers[i] > numbers[best] { i } else { best }).unwrap_or(label)
}

fn rows(sentence: &WalkedSentence, changes: &[Vec<f64>], logits: Option<&[f64]>) -> Vec<Row> {
    let logit = |layer: usize| -> Cell {
        match logits {
            Some(logits) => format!("{:+.4}", logits[layer]).into(),
            None => "".into(),
        }
    };
    let embeddings: Row = vec![layer_name(0).into(), "".into(), "".into(), "".into(), logit(0)];
    let of_layer = |(layer, of_layer): (usize, &Vec<f64>)| -> Row {
        let token = largest_but(of_layer, usize::MAX);
        vec![
            layer_name(layer).into(),
            format!("{:.4}", mean(of_layer)).into(),
            format!("{:.4}", of_layer[token]).into(),
            sentence.trace.tokens[token].token.as_str().into(),
            logit(layer),
        ]
    };
    std::iter::once(embeddings).chain((1..).zip(changes).map(of_layer)).collect()
}

fn line(walk: &Walk, sentence: &WalkedSentence, changes: &[Vec<f64>], logits: Option<&[f64]>) -> Words {
    let used = used_layers(walk);
    let label = label_name(&sentence.explanation.label);
    let (mut en, mut zh) = match (changes.first(), changes.last()) {
        (Some(first), Some(last)) => {
            let (first, last, n) = (mean(first), mean(last), changes.len());
            (
                format!(
                    "In this sentence, layer 1 changes the vector of a token by {first:.2} times the length of the vector on average; layer {n} \
                     changes it by {last:.2} times."
                ),
                format!(
                    "在这个句子里，第 1 层对词元向量的改变量平均是向量长度的 {first:.2} 倍，第 {n} 层是 {last:.2} 倍。"
                ),
            )
        }
        _ => (
            "The features of this model are the embeddings: no layer is used.".to_string(),
            "这个模型的特征就是嵌入，没有用到任何一层。".to_string(),
        ),
    };
    let (more_en, more_zh) = match logits.and_then(<[f64]>::last) {
        Some(logit) => {
            let name = layer_name(*used.end());
            (
                format!(
                    " The classifier was trained on the features of {}, which give {} a logit of {logit:+.2}. The logits of the other \
                     layers are hypothetical, because the classifier was not trained on them.",
                    match used.end() {
                        0 => "the embeddings".to_string(),
                        _ => name.en,
                    },
                    label.en
                ),
                format!(
                    "分类器是用{}的特征训练的，由此得到 {} 的 logit 是 {logit:+.2}；其他各层的 logit 只是假设，因为分类器没有用它们训练过。",
                    name.zh, label.zh
                ),
            )
        }
        None => (
            format!(
                " The features combine layers {} to {}, so the classifier cannot be applied to a single layer.",
                used.start(),
                used.end()
            ),
            format!("特征由第 {} 到第 {} 层拼接而成，因此分类器不能用于单独一层。", used.start(), used.end()),
        ),
    };
    en.push_str(&more_en);
    zh.push_str(&more_zh);
    words(en, zh)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_change_is_relative_to_the_length_before() {
        assert_eq!(change(&[3.0, 4.0], &[3.0, 4.0]), 0.0);
        assert_eq!(change(&[3.0, 4.0], &[0.0, 0.0]), 1.0);
        assert_eq!(change(&[0.0, 2.0], &[3.0, 6.0]), 2.5);
    }

    #[test]
    fn the_runner_up_is_another_label() {
        assert_eq!(largest_but(&[3.0, 1.0, 2.0], 0), 2);
        assert_eq!(largest_but(&[3.0, 1.0, 2.0], 1), 0);
        assert_eq!(largest_but(&[1.0, 1.0], usize::MAX), 0);
    }
}
