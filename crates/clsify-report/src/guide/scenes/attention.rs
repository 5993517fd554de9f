//! 7. Attention: where the first token looks in every head, and how little that says about the reason for the label.

use clsify::explanation::WordContribution;
use clsify::studies::WalkedSentence;
use serde_json::{Value, json};

use crate::guide::detail::Detail;
use crate::guide::kendall::{median, tau_b};
use crate::guide::scene::{OfSentence, Row, Scene, pack_u8};
use crate::guide::traced::{is_one_position, n_shown, tokens};
use crate::guide::walk::Walk;
use crate::guide::walked::{first_token, word_of_tokens};
use crate::guide::words::{Words, words};

pub(super) fn scene(walk: &Walk, detail: &Detail) -> Scene {
    let config = walk.classifier.encoder().config();
    let of_words: Vec<Option<Vec<OfWord>>> =
        walk.sentences.iter().map(|sentence| of_words(walk, sentence)).collect();
    let taus: Vec<Option<f64>> = of_words.iter().map(|of_words| tau(of_words.as_deref()?)).collect();
    let median = median(taus.iter().flatten().copied().collect());
    let head_size = config.hidden_size / config.num_attention_heads.max(1);
    let bias = if config.model_type == "mpnet" { " + position_bias" } else { "" };
    let has_layers = n_layers(walk) > 0;
    let sentences = walk.sentences.iter().enumerate().map(|(i, sentence)| OfSentence {
        line: Some(line(walk, taus[i], median)),
        rows: Some(rows(sentence, of_words[i].as_deref())),
        data: data(sentence, taus[i], detail.maps(i, sentence)),
    });
    Scene {
        id: "attention",
        title: words("Attention", "注意力"),
        caption: if has_layers {
            words(
                "In every attention head, each token gathers information from all tokens, in shares that sum to 100%. The figure begins \
                 with the shares of the first token. These shares do not explain the label.",
                "在每一层的每个注意力头里，每个词元按一定份额从所有词元汇集信息，份额合计 100%。图中先显示首个词元的份额。\
                 这些份额并不能解释标签。",
            )
        } else {
            words(
                "In a layer, each token gathers information from all tokens. This classifier uses the embeddings, the state before the \
                 first layer, so no attention has happened yet.",
                "在每一层里，每个词元从所有词元汇集信息。这个分类器使用嵌入，即进入第 1 层之前的状态，所以注意力还没有发生。",
            )
        },
        code: format!(
            "attention = softmax(q @ k.T / sqrt({head_size}){bias})  # [n_tokens, n_tokens]; {}",
            if has_layers { "the first row is drawn" } else { "not computed here" }
        ),
        columns: vec![
            words("word", "词"),
            attention_name(walk),
            words("contribution (word deleted)", "贡献（删除该词）"),
        ],
        rows: None,
        shared: json!({
            "nHeads": config.num_attention_heads,
            "from": pooled_name(walk),
            "median": median,
            "taus": taus,
        }),
        sentences: sentences.collect(),
    }
}

/// The numbers of the figure: steps of half a percent, `[layers, 1 + heads, tokens]` for the first token, where the first of the heads
/// is their mean; with maps `[layers, tokens, tokens]`, and with those of all heads `[layers, heads, tokens, tokens]`.
fn data(sentence: &WalkedSentence, tau: Option<f64>, [has_all, has_mean]: [bool; 2]) -> Value {
    let layers = Layers::of(sentence);
    let n = n_shown(sentence);
    let each = || (0..layers.n()).flat_map(|layer| (0..layers.n_heads).map(move |head| (layer, head)));
    let shown = |row: &[f32]| row[..n].iter().map(|&p| half_percents(f64::from(p))).collect::<Vec<_>>();
    let shown_mean =
        |layer, query| layers.mean(layer, query)[..n].iter().map(|&p| half_percents(p)).collect::<Vec<_>>();
    let first = (0..layers.n()).flat_map(|layer| {
        let heads = (0..layers.n_heads).flat_map(move |head| shown(layers.row(layer, head, 0)));
        shown_mean(layer, 0).into_iter().chain(heads)
    });
    let mean = || (0..layers.n()).flat_map(|layer| (0..n).flat_map(move |query| shown_mean(layer, query)));
    let all = || {
        each().flat_map(|(layer, head)| (0..n).flat_map(move |query| shown(layers.row(layer, head, query))))
    };
    json!({
        "tokens": tokens(sentence),
        "nLayers": layers.n(),
        "first": pack_u8(first),
        "mean": has_mean.then(|| pack_u8(mean())),
        "all": has_all.then(|| pack_u8(all())),
        "tau": tau,
    })
}

/// A share in steps of half a percent.
fn half_percents(share: f64) -> u8 {
    (200.0 * share).round().clamp(0.0, 200.0) as u8
}

/// The attention of a sentence.
#[derive(Clone, Copy)]
struct Layers<'a> {
    sentence: &'a WalkedSentence,
    n_tokens: usize,
    n_heads: usize,
}

impl<'a> Layers<'a> {
    fn of(sentence: &'a WalkedSentence) -> Self {
        let n_tokens = sentence.trace.tokens.len();
        let n_rows = sentence.trace.attention_probs.first().map_or(0, |probs| probs.rows());
        Layers { sentence, n_tokens, n_heads: n_rows / n_tokens.max(1) }
    }

    fn n(&self) -> usize {
        self.sentence.trace.attention_probs.len()
    }

    /// The shares that a token takes of each.
    fn row(&self, layer: usize, head: usize, query: usize) -> &'a [f32] {
        self.sentence.trace.attention_probs[layer].row(head * self.n_tokens + query)
    }

    /// The mean of these shares over the heads.
    fn mean(&self, layer: usize, query: usize) -> Vec<f64> {
        let mut mean = vec![0.0; self.n_tokens];
        for head in 0..self.n_heads {
            let row = self.row(layer, head, query);
            mean.iter_mut().zip(row).for_each(|(sum, &p)| *sum += f64::from(p) / self.n_heads as f64);
        }
        mean
    }
}

/// The attention to a word and its contribution.
struct OfWord {
    word: String,
    attention: f64,
    contribution: f64,
}

impl OfWord {
    fn row(&self) -> Row {
        let attention = format!("{:.1}%", 100.0 * self.attention);
        vec![self.word.as_str().into(), attention.into(), format!("{:+.4}", self.contribution).into()]
    }
}

/// The attention that the pooled positions pay to each word in the topmost layer, and the word's contribution to the label's logit.
/// Words that were truncated are left out. `None` if no layer is used.
fn of_words(walk: &Walk, sentence: &WalkedSentence) -> Option<Vec<OfWord>> {
    let layers = Layers::of(sentence);
    let top = layers.n().checked_sub(1)?;
    let first = walk.classifier.encoder().features().n_prompt_tokens.min(layers.n_tokens - 1);
    let positions = first..if is_one_position(walk) { first + 1 } else { layers.n_tokens };
    let rows: Vec<Vec<f64>> = positions.map(|query| layers.mean(top, query)).collect();
    let of_tokens: Vec<f64> = (0..layers.n_tokens)
        .map(|key| rows.iter().map(|row| row[key]).sum::<f64>() / rows.len() as f64)
        .collect();
    let attention = per_word(&word_of_tokens(sentence), &of_tokens, sentence.explanation.words.len());
    let words = sentence.explanation.words.iter().zip(attention);
    let of_word = words.filter_map(|(word, attention)| {
        Some(OfWord { word: word.word.clone(), attention: attention?, contribution: word.contribution })
    });
    Some(of_word.collect())
}

/// The rows of the table: at least one.
fn rows(sentence: &WalkedSentence, of_words: Option<&[OfWord]>) -> Vec<Row> {
    let rows: Vec<Row> = match of_words {
        Some(of_words) => of_words.iter().map(OfWord::row).collect(),
        None => sentence.explanation.words.iter().map(row_without_layers).collect(),
    };
    if rows.is_empty() {
        return vec![vec![
            words("(no word with a token)", "（没有带词元的词）").into(),
            "".into(),
            "".into(),
        ]];
    }
    rows
}

fn row_without_layers(word: &WordContribution) -> Row {
    let attention = words("none: the embeddings come before the first layer", "没有：嵌入在第 1 层之前");
    vec![word.word.as_str().into(), attention.into(), format!("{:+.4}", word.contribution).into()]
}

/// The sum over each word's tokens; `None` for a word without a token.
fn per_word(word_of_tokens: &[Option<usize>], of_tokens: &[f64], n_words: usize) -> Vec<Option<f64>> {
    let mut sums = vec![None; n_words];
    for (word, value) in word_of_tokens.iter().zip(of_tokens) {
        if let Some(sum) = word.and_then(|word| sums.get_mut(word)) {
            *sum = Some(sum.unwrap_or(0.0) + value);
        }
    }
    sums
}

/// Kendall's tau-b between the attention and the size of the contributions.
fn tau(of_words: &[OfWord]) -> Option<f64> {
    let attention: Vec<f64> = of_words.iter().map(|word| word.attention).collect();
    let sizes: Vec<f64> = of_words.iter().map(|word| word.contribution.abs()).collect();
    tau_b(&attention, &sizes)
}

/// The positions whose attention is compared with the contributions: those that are pooled.
fn pooled_name(walk: &Walk) -> Words {
    let n_prompt = walk.classifier.encoder().features().n_prompt_tokens;
    match (is_one_position(walk), n_prompt) {
        (true, 0) => {
            let token = first_token(walk);
            words(format!("from {token}"), format!("{token} 的"))
        }
        (true, n) => words(format!("from position {n}"), format!("位置 {n} 的")),
        (false, 0) => words("averaged over all positions", "对所有位置取平均的"),
        (false, _) => words("averaged over the pooled positions", "对被池化的位置取平均的"),
    }
}

/// The number of layers that are computed; 0 if the features are the embeddings.
fn n_layers(walk: &Walk) -> usize {
    walk.sentences[0].trace.attention_probs.len()
}

fn attention_name(walk: &Walk) -> Words {
    let from = pooled_name(walk);
    let layer = n_layers(walk);
    if layer == 0 {
        return words("attention", "注意力");
    }
    words(
        format!("attention in layer {layer}, {}, mean over heads", from.en),
        format!("第 {layer} 层，{}注意力，各头的平均", from.zh),
    )
}

fn line(walk: &Walk, tau: Option<f64>, median: Option<f64>) -> Words {
    let (n, step) = (walk.sentences.len(), walk.step_of_reasons());
    let layer = n_layers(walk);
    if layer == 0 {
        return words(
            "The classifier uses the embeddings, which come before the first layer: no attention has happened yet, so there is nothing \
             to compare with the contributions.",
            "分类器使用嵌入，它在第 1 层之前：注意力还没有发生，所以没有可以与贡献比较的东西。",
        );
    }
    let from = pooled_name(walk);
    let median = |en: bool| match median {
        _ if n == 1 => String::new(),
        Some(median) if en => format!(" The median of the {n} sentences on this page is {median:+.2}."),
        Some(median) => format!("本页 {n} 个句子的中位数是 {median:+.2}。"),
        None => String::new(),
    };
    let Some(tau) = tau else {
        return words(
            format!(
                "This sentence has too few different words to compare attention with contributions.{}",
                median(true)
            ),
            format!("这个句子里不同的词太少，无法比较注意力与贡献。{}", median(false)),
        );
    };
    words(
        format!(
            "For this sentence, Kendall's tau-b between the attention to the words (layer {layer}, {}, mean over heads) and the size of \
             their contributions (step {step}) is {tau:+.2}; 1 means the same order, 0 no relation.{}",
            from.en,
            median(true)
        ),
        format!(
            "在这个句子里，各个词得到的注意力（第 {layer} 层，{}注意力，各头的平均）与各个词的贡献大小（见第 {step} 步）之间，肯德尔 τ-b 相关系数为 {tau:+.2}：\
             1 表示顺序相同，0 表示无关。{}",
            from.zh,
            median(false)
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_to_half_percents() {
        let rounded = [0.0, 0.002_4, 0.002_6, 0.125, 0.5, 0.996, 0.998, 1.0, 1.000_001].map(half_percents);
        assert_eq!(rounded, [0, 0, 1, 25, 100, 199, 200, 200, 200]);
    }

    #[test]
    fn attention_is_summed_over_the_tokens_of_a_word() {
        let words = [None, Some(0), Some(1), Some(1), None];
        assert_eq!(per_word(&words, &[0.5, 0.125, 0.125, 0.25, 0.0], 3), [Some(0.125), Some(0.375), None]);
    }

    #[test]
    fn tau_ignores_the_sign_of_contributions() {
        let of = |attention, contribution| OfWord { word: String::new(), attention, contribution };
        assert_eq!(tau(&[of(0.1, 0.2), of(0.2, -0.4), of(0.3, 0.6)]), Some(1.0));
        assert_eq!(tau(&[of(0.1, 0.2), of(0.2, -0.2)]), None);
    }
}
