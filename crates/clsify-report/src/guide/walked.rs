//! What several scenes derive from a walk: names, spellings and the words that tokens belong to.

use clsify::explanation::WordContribution;
use clsify::features::Pooling;
use clsify::model::SentenceClassifier;
use clsify::studies::WalkedSentence;

use super::walk::Walk;
use super::words::{Words, same, words};
use crate::text::label_list;

/// The name of what is pooled, as the scenes call it: `[CLS]`, `mean`, `max`, or several of them.
pub(super) fn pooling_name(walk: &Walk) -> Words {
    let encoder = walk.classifier.encoder();
    let name = |pooling: &Pooling| match pooling {
        Pooling::Cls => same(first_token(walk)),
        Pooling::Mean => words("mean", "平均"),
        Pooling::Max => words("maximum", "最大值"),
    };
    let names: Vec<Words> = encoder.features().poolings.iter().map(name).collect();
    let join = |of: fn(&Words) -> &str| names.iter().map(of).collect::<Vec<_>>().join(" + ");
    words(join(|w| &w.en), join(|w| &w.zh))
}

/// The first token of every sentence as the vocabulary spells it, such as `[CLS]` or `<s>`.
pub(super) fn first_token(walk: &Walk) -> String {
    walk.sentences[0].trace.tokens.first().map(|token| token.token.clone()).unwrap_or_default()
}

/// The index of the word that each token belongs to; `None` for special tokens and those of the prompt.
pub(super) fn word_of_tokens(sentence: &WalkedSentence) -> Vec<Option<usize>> {
    let words: &[WordContribution] = &sentence.explanation.words;
    let word_at = |byte: usize| words.iter().position(|word| (word.start..word.end).contains(&byte));
    let range = |token: &clsify::model::TracedToken| token.range.clone();
    sentence.trace.tokens.iter().map(|token| range(token).and_then(|range| word_at(range.start))).collect()
}

/// The index of the label that the explanation is about.
pub(super) fn explained_label(classifier: &SentenceClassifier, sentence: &WalkedSentence) -> usize {
    let label = &sentence.explanation.label;
    classifier.classes().binary_search(label).unwrap_or(0)
}

/// A label within a sentence: a number is called "label 1", because alone it would be taken for a value.
pub(super) fn label_name(label: &str) -> Words {
    let digits = label.strip_prefix(['+', '-']).unwrap_or(label);
    match !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || c == '.') {
        true => words(format!("label {label}"), format!("标签 {label}")),
        false => same(label),
    }
}

/// The name of the main score.
pub(super) fn metric_name(classifier: &SentenceClassifier) -> Words {
    match classifier.thresholds() {
        None => words("accuracy", "准确率"),
        Some(_) => words("micro F1", "微平均 F1"),
    }
}

/// The labels of a set as one text.
pub(super) fn joined<S: AsRef<str>>(labels: &[S]) -> Words {
    match labels {
        [] => words("no label", "无标签"),
        labels => same(label_list(labels)),
    }
}

/// A share in percent, with one decimal.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_called_a_label() {
        assert_eq!(label_name("1"), words("label 1", "标签 1"));
        assert_eq!(label_name("-1.0").en, "label -1.0");
        assert_eq!(
            [label_name("HUM"), label_name("-"), label_name("1st")].map(|name| name.en),
            ["HUM", "-", "1st"]
        );
    }
}
