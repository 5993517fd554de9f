//! 4. Words become ids: the words of a sentence, the tokens that the tokenizer makes of them, and their ids.

use clsify::model::TracedToken;
use clsify::studies::WalkedSentence;
use serde_json::json;

use crate::guide::detail::Detail;
use crate::guide::scene::{Cell, OfSentence, Row, Scene, of_sentences};
use crate::guide::walk::Walk;
use crate::guide::walked::word_of_tokens;
use crate::guide::words::{Words, words};

pub(super) fn scene(walk: &Walk, _: &Detail) -> Scene {
    let encoder = walk.classifier.encoder();
    let vocab_size = encoder.config().vocab_size;
    Scene {
        id: "words",
        title: words("Words become ids", "从词到编号"),
        caption: words(
            "The tokenizer splits words into tokens from its vocabulary, adds special tokens, and replaces each token by its id, its row \
             number in the vocabulary.",
            "分词器把词切分成词表中的词元，加上特殊词元，再把每个词元换成编号（id），即它在词表中的行号。",
        ),
        code: format!(
            "tokenizer.encode(sentence)  # a list of ids from 0 to {}",
            vocab_size.saturating_sub(1)
        ),
        columns: vec![
            words("position", "位置"),
            words("token", "词元"),
            words("id", "编号"),
            words("bytes in the sentence", "在句中的字节范围"),
            words("text", "原文"),
        ],
        rows: None,
        shared: json!({ "vocabulary": vocab_size, "maxLength": encoder.tokenizer().max_length() }),
        sentences: of_sentences(walk.sentences, |sentence| {
            let tokens = &sentence.trace.tokens;
            OfSentence {
                line: Some(line(sentence)),
                rows: Some(
                    tokens.iter().enumerate().map(|(i, token)| row(i, token, &sentence.text)).collect(),
                ),
                data: json!({
                    "tokens": tokens.iter().map(|token| &token.token).collect::<Vec<_>>(),
                    "ids": tokens.iter().map(|token| token.id).collect::<Vec<_>>(),
                    "words": word_of_tokens(sentence),
                    // Tokens that are neither special nor of the sentence are those of the encoder's prompt.
                    "special": positions(tokens, |token| token.is_special),
                    "prompt": prompt(tokens),
                    "truncated": sentence.trace.is_truncated,
                }),
            }
        }),
    }
}

fn positions(tokens: &[TracedToken], is_wanted: impl Fn(&TracedToken) -> bool) -> Vec<usize> {
    tokens.iter().enumerate().filter(|(_, token)| is_wanted(token)).map(|(i, _)| i).collect()
}

/// The tokens of the encoder's prompt: those before the sentence that stand for none of its text.
fn prompt(tokens: &[TracedToken]) -> Vec<usize> {
    let start = tokens.iter().position(|token| token.range.is_some()).unwrap_or(tokens.len());
    positions(&tokens[..start], |token| !token.is_special)
}

fn line(sentence: &WalkedSentence) -> Words {
    let (tokens, n_words) = (&sentence.trace.tokens, sentence.explanation.words.len());
    let n_special = positions(tokens, |token| token.is_special).len();
    let n_prompt = prompt(tokens).len();
    let n_own = tokens.len() - n_special - n_prompt;
    let n_all = tokens.len();
    let (mut en, mut zh) = (
        format!(
            "The sentence has {n_words} words, which become {n_own} tokens; with {n_special} special tokens it has {n_all}."
        ),
        format!(
            "这个句子有 {n_words} 个词，切分成 {n_own} 个词元；加上 {n_special} 个特殊词元，共 {n_all} 个。"
        ),
    );
    let is_unknown = |token: &TracedToken| matches!(token.token.as_str(), "[UNK]" | "<unk>");
    let n_unknown = positions(tokens, is_unknown).len();
    if n_unknown > 0 {
        en += &format!(
            " Number of unknown tokens among them, for text that the vocabulary does not cover: {n_unknown}."
        );
        zh += &format!("其中 {n_unknown} 个是未知词元，代表词表无法表示的文字。");
    }
    if n_prompt > 0 {
        en +=
            &format!(" {n_prompt} of them belong to the prompt that the encoder puts before every sentence.");
        zh += &format!("其中 {n_prompt} 个属于编码器放在每个句子之前的提示语。");
    }
    if sentence.trace.is_truncated {
        en += " The sentence is longer than the limit, so it was truncated.";
        zh += "句子超过长度上限，因此被截断。";
    }
    words(en, zh)
}

fn row(position: usize, token: &TracedToken, text: &str) -> Row {
    let (bytes, part): (Cell, Cell) = match &token.range {
        Some(range) => (format!("{}..{}", range.start, range.end).into(), text[range.clone()].into()),
        None if token.is_special => ("".into(), words("special token", "特殊词元").into()),
        None => ("".into(), "".into()),
    };
    vec![position.into(), token.token.as_str().into(), token.id.to_string().into(), bytes, part]
}
