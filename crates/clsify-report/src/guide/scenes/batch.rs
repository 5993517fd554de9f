//! 5. The batch: the token ids of the rows as one matrix, with its padding and its attention mask.

use std::collections::HashSet;

use clsify::tokenizer::Encoding;
use serde_json::{Value, json};

use crate::guide::detail::Detail;
use crate::guide::scene::{OfSentence, Row, Scene, of_sentences, pack_u8, pack_u16};
use crate::guide::walk::Walk;
use crate::guide::walked::word_of_tokens;
use crate::guide::words::{Words, words};

/// The number of first columns whose tokens are spelled out.
const N_SPELLED: usize = 9;
/// The maximum number of token ids on the page.
const MAX_IDS: usize = 80_000;

pub(super) fn scene(walk: &Walk, detail: &Detail) -> Scene {
    let tokenizer = walk.classifier.encoder().tokenizer();
    let encodings = walk.encodings();
    let [n_rows, n_columns, n_tokens] = walk.counts();
    let (n_cells, pad_id) = (n_rows * n_columns, tokenizer.pad_id());
    let n_padding = n_cells - n_tokens;
    let padding_share = n_padding as f64 / n_cells.max(1) as f64;
    let shown = &encodings[..n_shown(&encodings, detail.n_batch_rows)];
    let padding = || Encoding { input_ids: vec![pad_id], token_type_ids: vec![0], is_truncated: false };
    let spell = |id: u32| {
        tokenizer
            .tokens(&Encoding { input_ids: vec![id], token_type_ids: vec![0], is_truncated: false })
            .concat()
    };
    let ids = || shown.iter().flat_map(|encoding| encoding.input_ids.iter().copied());
    let is_wide = ids().any(|id| id > u32::from(u16::MAX));
    let quantity = |name: Words, n: String| -> Row { vec![name.into(), n.into()] };
    Scene {
        id: "batch",
        title: words("The batch", "批次"),
        caption: words(
            "Sentences are padded to the length of the longest one, so that their ids form a matrix. The attention mask tells the encoder \
             to ignore the padding. clsify computes the same vectors without processing the padding at all.",
            "较短的句子用填充词元补齐到最长句子的长度，使编号排成一个矩阵；注意力掩码让编码器忽略填充。clsify 只计算真正的词元，得到的向量相同，还省去了填充部分的计算。",
        ),
        code: format!("input_ids.shape == attention_mask.shape == ({n_rows}, {n_columns})"),
        columns: vec![words("quantity", "量"), words("value", "值")],
        rows: Some(vec![
            quantity(words("rows (sentences)", "行（句子）"), n_rows.to_string()),
            quantity(
                words("columns (tokens of the longest sentence)", "列（最长句子的词元数）"),
                n_columns.to_string(),
            ),
            quantity(words("cells", "单元格"), n_cells.to_string()),
            quantity(
                words("cells with a token (mask 1)", "含词元的单元格（掩码为 1）"),
                n_tokens.to_string(),
            ),
            quantity(words("cells with padding (mask 0)", "填充单元格（掩码为 0）"), n_padding.to_string()),
            quantity(words("share of padding", "填充所占比例"), format!("{:.1}%", 100.0 * padding_share)),
            quantity(words("id of the padding token", "填充词元的编号"), pad_id.to_string()),
        ]),
        shared: json!({
            "nRows": n_rows,
            "nColumns": n_columns,
            "nTokens": n_tokens,
            "paddingShare": padding_share,
            "padId": pad_id,
            "padToken": tokenizer.tokens(&padding()).concat(),
            // No encoder has more than 65,535 positions.
            "lengths": pack_u16(shown.iter().map(|encoding| encoding.len().min(usize::from(u16::MAX)) as u16)),
            "low": pack_u16(ids().map(|id| (id & 0xffff) as u16)),
            "high": if is_wide { pack_u8(ids().map(|id| (id >> 16) as u8)) } else { Value::Null },
            "nSpelled": N_SPELLED,
            "spelled": spelled(shown).into_iter().map(spell).collect::<Vec<_>>(),
            "special": special_ids(walk),
        }),
        sentences: of_sentences(walk.sentences, |sentence| {
            let (n, row) = (sentence.trace.tokens.len(), walk.row_of(sentence));
            let n_padding = n_columns.saturating_sub(n);
            OfSentence {
                line: Some(match row {
                    Some(_) if n_rows == 1 => words(
                        "A sentence alone has no padding. With a second sentence, the shorter one is padded to the length of the longer.",
                        "单独一个句子没有填充。再加一个句子时，较短的会用填充补到较长的长度。",
                    ),
                    Some(row) => words(
                        format!(
                            "This sentence is row {row}: {n} tokens, then padding of length {n_padding} up to the last column, {}.",
                            n_columns - 1
                        ),
                        format!(
                            "这个句子是第 {row} 行（从 0 数起）：先是 {n} 个词元，再是 {n_padding} 个填充词元，直到最后的第 {} 列。",
                            n_columns - 1
                        ),
                    ),
                    None if n <= n_columns => words(
                        format!(
                            "This sentence is not a row of the data. Its row would have {n} tokens, then padding of length {n_padding}."
                        ),
                        format!(
                            "这个句子不在数据中。若作为一行加入，它有 {n} 个词元和 {n_padding} 个填充词元。"
                        ),
                    ),
                    None => words(
                        format!(
                            "This sentence is not a row of the data. Its {n} tokens would make the matrix wider by {} columns.",
                            n - n_columns
                        ),
                        format!("这个句子不在数据中。它有 {n} 个词元，会使矩阵增加 {} 列。", n - n_columns),
                    ),
                }),
                rows: None,
                data: json!({
                    "row": row,
                    "words": word_of_tokens(sentence).into_iter().take(N_SPELLED + 3).collect::<Vec<_>>(),
                }),
            }
        }),
    }
}

/// The number of first rows that are drawn.
fn n_shown(encodings: &[Encoding], max_rows: usize) -> usize {
    let ends = encodings.iter().scan(0, |end, encoding| {
        *end += encoding.len();
        Some(*end)
    });
    ends.take(max_rows).take_while(|&end| end <= MAX_IDS).count().max(1).min(encodings.len())
}

/// The distinct ids of the first columns, in the order of their first occurrence, in which the script counts them too.
fn spelled(encodings: &[Encoding]) -> Vec<u32> {
    let mut seen = HashSet::new();
    let first = encodings.iter().flat_map(|encoding| encoding.input_ids.iter().take(N_SPELLED));
    first.copied().filter(|&id| seen.insert(id)).collect()
}

/// The ids of the special tokens of sentences.
fn special_ids(walk: &Walk) -> Vec<u32> {
    let tokens = walk.sentences.iter().flat_map(|sentence| &sentence.trace.tokens);
    let mut ids: Vec<u32> = tokens.filter(|token| token.is_special).map(|token| token.id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoding(ids: &[u32]) -> Encoding {
        Encoding { input_ids: ids.to_vec(), token_type_ids: vec![0; ids.len()], is_truncated: false }
    }

    #[test]
    fn rows_are_drawn_up_to_the_limits() {
        let encodings = [encoding(&[1, 2, 3]), encoding(&[1, 3]), encoding(&[1, 4, 5, 3])];
        assert_eq!(n_shown(&encodings, 9), 3);
        assert_eq!(n_shown(&encodings, 2), 2);
        let long = vec![encoding(&vec![7; MAX_IDS / 2 + 1]); 3];
        assert_eq!(n_shown(&long, 9), 1);
        assert_eq!(n_shown(&long[..1], 0), 1);
    }

    #[test]
    fn ids_are_spelled_once_in_the_order_of_their_occurrence() {
        let long: Vec<u32> = (10..30).collect();
        let encodings = [encoding(&[1, 5, 3]), encoding(&[1, 4, 5, 3]), encoding(&long)];
        assert_eq!(spelled(&encodings), [vec![1, 5, 3, 4], (10..19).collect()].concat());
    }
}
