//! 2. The data: the first rows with their labels, the number of rows per label, and the lengths in tokens.

use clsify::studies::Walkthrough;
use serde_json::json;

use crate::guide::data_rows::{bin_width, data_row, histogram, lengths};
use crate::guide::detail::Detail;
use crate::guide::scene::{OfSentence, Row, Scene, of_sentences};
use crate::guide::walked::joined;
use crate::guide::words::{Words, words};

/// The number of labels with rows and a histogram of their own: the most frequent ones.
const MAX_GROUPS: usize = 40;
/// The number of rows that are shown of each label, as pandas shows of a table.
const N_FIRST: usize = 5;
/// The number of rows of all labels together.
const MAX_ROWS: usize = 120;
/// The maximum length of a row's text, in characters.
const MAX_TEXT: usize = 200;
const MAX_BINS: usize = 30;

/// The rows with one label, or without any.
struct Group {
    /// `None` for the rows without a label.
    label: Option<String>,
    rows: Vec<usize>,
}

pub(super) fn scene(walkthrough: &Walkthrough, _: &Detail) -> Scene {
    let (dataset, counts) = (walkthrough.dataset, &walkthrough.data.encoded.counts);
    let (summary, sets, lengths) = (dataset.summary(), dataset.label_sets(), lengths(walkthrough));
    let n_rows = dataset.len();
    let groups = groups(&dataset.classes(), &sets, dataset.separator().is_some());
    let max = lengths.iter().copied().max().unwrap_or(0);
    let width = bin_width(max, MAX_BINS);
    let lengths_of = |rows: &[usize]| rows.iter().map(|&row| lengths[row]).collect::<Vec<_>>();
    let shown = &groups[..groups.len().min(MAX_GROUPS)];
    let first = first_rows(n_rows, shown);
    let cut = |text: &str| match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    };
    let n_several = sets.iter().filter(|labels| labels.len() > 1).count();
    Scene {
        id: "data",
        title: words("The data", "数据"),
        caption: match dataset.separator() {
            None => words(
                "Each row holds a sentence and the label that a person gave it. The classifier learns from such rows.",
                "每一行包含一个句子和它的人工标签。分类器就从这样的数据中学习。",
            ),
            Some(_) => words(
                "Each row holds a sentence and the labels that a person gave it: one, several or none. The classifier learns from such rows.",
                "每一行包含一个句子和它的人工标签：可以有一个、多个，也可以没有。分类器就从这样的数据中学习。",
            ),
        },
        code: format!("dataset.head({N_FIRST}); dataset.label.value_counts()"),
        columns: vec![
            words("label", "标签"),
            words("rows", "行数"),
            words("share of rows", "占全部行的比例"),
            words("mean length (tokens)", "平均长度（词元）"),
            words("maximum length (tokens)", "最大长度（词元）"),
        ],
        rows: Some(
            groups
                .iter()
                .map(|group| statistics(group_name(group), &lengths_of(&group.rows), n_rows))
                .chain([statistics(words("all rows", "所有行"), &lengths, n_rows)])
                .chain([
                    count(words("duplicate rows", "重复的行"), summary.n_duplicates, n_rows),
                    count(words("rows that were truncated", "被截断的行"), counts.n_truncated, n_rows),
                ])
                .collect(),
        ),
        shared: json!({
            "nRows": n_rows,
            "several": dataset.separator().map(|_| n_several),
            "groups": shown.iter().map(|group| json!({
                "label": group.label,
                "count": group.rows.len(),
                "bins": histogram(lengths_of(&group.rows), width, max),
                "first": group.rows.iter().take(n_first(shown.len())).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "others": groups.len() - shown.len(),
            "binWidth": width,
            "bins": histogram(lengths.iter().copied(), width, max),
            "longest": max,
            "limit": walkthrough.classifier.encoder().tokenizer().max_length(),
            "duplicates": summary.n_duplicates,
            "conflicts": summary.n_conflicting,
            "truncated": counts.n_truncated,
            "rows": first.iter().map(|&row| json!({
                "row": row,
                "text": cut(&dataset.sentences()[row]),
                "labels": sets[row],
            })).collect::<Vec<_>>(),
        }),
        sentences: of_sentences(&walkthrough.sentences, |sentence| {
            let n_tokens = sentence.trace.tokens.len();
            let row = data_row(walkthrough, sentence);
            OfSentence {
                line: Some(match (&sentence.labels, row) {
                    (Some(given), Some(row)) => {
                        let given = joined(given);
                        words(
                            format!(
                                "This sentence is row {row} of {n_rows}, counted from 0. Its label is {}, and it has {n_tokens} tokens (see step 4).",
                                given.en
                            ),
                            format!(
                                "这个句子是 {n_rows} 行中的第 {row} 行（从 0 数起），标签是 {}，长度为 {n_tokens} 个词元（见第 4 步）。",
                                given.zh
                            ),
                        )
                    }
                    (Some(given), None) => {
                        let given = joined(given);
                        words(
                            format!(
                                "This sentence is from the test file. Its label is {}, and it has {n_tokens} tokens (see step 4).",
                                given.en
                            ),
                            format!(
                                "这个句子来自测试文件，标签是 {}，长度为 {n_tokens} 个词元（见第 4 步）。",
                                given.zh
                            ),
                        )
                    }
                    (None, _) => words(
                        format!(
                            "This sentence is your own, so it has no given label. It has {n_tokens} tokens (see step 4)."
                        ),
                        format!("这是你自己的句子，没有人工标签，长度为 {n_tokens} 个词元（见第 4 步）。"),
                    ),
                }),
                rows: None,
                data: json!({ "row": row, "tokens": n_tokens }),
            }
        }),
    }
}

/// The labels with their rows: in order if there are few, otherwise by number of rows.
fn groups(classes: &[String], sets: &[Vec<String>], has_sets: bool) -> Vec<Group> {
    let mut groups: Vec<Group> =
        classes.iter().map(|class| Group { label: Some(class.clone()), rows: Vec::new() }).collect();
    let mut without = Vec::new();
    for (row, labels) in sets.iter().enumerate() {
        for label in labels {
            if let Ok(i) = classes.binary_search(label) {
                groups[i].rows.push(row);
            }
        }
        if labels.is_empty() {
            without.push(row);
        }
    }
    if groups.len() > 12 {
        groups.sort_by_key(|group| std::cmp::Reverse(group.rows.len()));
    }
    if has_sets {
        groups.insert(0, Group { label: None, rows: without });
    }
    groups
}

fn group_name(group: &Group) -> Words {
    joined(group.label.as_slice())
}

fn n_first(n_groups: usize) -> usize {
    (MAX_ROWS / n_groups.max(1)).clamp(1, N_FIRST)
}

/// The first rows of the data and of each group, sorted.
fn first_rows(n_rows: usize, groups: &[Group]) -> Vec<usize> {
    let of_groups = groups.iter().flat_map(|group| group.rows.iter().copied().take(n_first(groups.len())));
    let rows: std::collections::BTreeSet<usize> = (0..n_rows.min(N_FIRST)).chain(of_groups).collect();
    rows.into_iter().collect()
}

fn statistics(name: Words, lengths: &[usize], n_rows: usize) -> Row {
    let mut row = count(name, lengths.len(), n_rows);
    if !lengths.is_empty() {
        let mean = lengths.iter().sum::<usize>() as f64 / lengths.len() as f64;
        row[3] = format!("{mean:.1}").into();
        row[4] = lengths.iter().copied().max().unwrap_or(0).into();
    }
    row
}

fn count(name: Words, n: usize, n_rows: usize) -> Row {
    let share = 100.0 * n as f64 / n_rows as f64;
    vec![name.into(), n.into(), format!("{share:.1}%").into(), "".into(), "".into()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(sets: &[&[&str]]) -> Vec<Vec<String>> {
        sets.iter().map(|set| set.iter().map(ToString::to_string).collect()).collect()
    }

    #[test]
    fn a_row_is_counted_for_each_of_its_labels_or_as_one_without() {
        let sets = owned(&[&["b"], &["a", "b"], &[], &["b"]]);
        let groups = groups(&["a".to_string(), "b".to_string()], &sets, true);
        let rows: Vec<(Option<&str>, &[usize])> =
            groups.iter().map(|g| (g.label.as_deref(), &g.rows[..])).collect();
        assert_eq!(rows, [(None, &[2][..]), (Some("a"), &[1][..]), (Some("b"), &[0, 1, 3][..])]);
        assert_eq!(first_rows(4, &groups), [0, 1, 2, 3]);
    }

    #[test]
    fn statistics_of_a_label() {
        let texts = |row: Row| row.iter().map(|cell| cell.words().en).collect::<Vec<_>>();
        assert_eq!(texts(statistics(words("a", "a"), &[3, 4, 8], 12)), ["a", "3", "25.0%", "5.0", "8"]);
        assert_eq!(texts(statistics(words("a", "a"), &[], 12)), ["a", "0", "0.0%", "", ""]);
    }
}
