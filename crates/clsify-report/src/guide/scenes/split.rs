//! 9. The shuffled split: the rows of the file as dots, and the part that each of them went to.

use clsify::dataset::Dataset;
use clsify::dataset::normalised;
use clsify::split::{SplitOptions, TestSize};
use clsify::studies::{WalkedSentence, Walkthrough};
use serde_json::{Value, json};

use crate::charts::axis::grouped;
use crate::guide::detail::Detail;
use crate::guide::scene::{Cell, OfSentence, Row, Scene, of_sentences, pack_f32, pack_u8, pack_u16};
use crate::guide::words::{Words, words};

/// The most dots of the figure.
const MOST_DOTS: usize = 2000;

/// Stands for a label that the classifier does not know.
const UNKNOWN: u16 = u16::MAX;

pub(super) fn scene(walkthrough: &Walkthrough, _: &Detail) -> Scene {
    let parts = Parts::of(walkthrough);
    Scene {
        id: "split",
        title: match parts.has_two_files {
            true => words("Two files", "两个文件"),
            false => words("Shuffle and split", "打乱并划分"),
        },
        caption: caption(walkthrough, &parts),
        code: code(walkthrough, &parts),
        columns: vec![
            words("label", "标签"),
            words("training rows", "训练集行数"),
            words("share", "占比"),
            words("test rows", "测试集行数"),
            words("share", "占比"),
        ],
        rows: Some(rows(walkthrough, &parts)),
        shared: shared(walkthrough, &parts),
        sentences: of_sentences(&walkthrough.sentences, |sentence| of_one(walkthrough, &parts, sentence)),
    }
}

/// The rows of both parts with their labels.
struct Parts {
    /// True if the test rows are those of a file of their own.
    has_two_files: bool,
    /// The number of rows that a dot stands for.
    every: usize,
    /// The label indices of each row of the data.
    data: Vec<Vec<u16>>,
    /// Those of each row of the test file.
    test_file: Vec<Vec<u16>>,
    /// For each row of the data: true if it is a test row, and its place in its part.
    places: Vec<(bool, usize)>,
}

impl Parts {
    fn of(walkthrough: &Walkthrough) -> Self {
        let has_two_files = walkthrough.split.test.is_empty();
        let labels = |dataset: &Dataset| -> Vec<Vec<u16>> {
            let index = |label: &String| {
                walkthrough.classifier.classes().binary_search(label).map_or(UNKNOWN, |index| index as u16)
            };
            dataset.label_sets().iter().map(|labels| labels.iter().map(index).collect()).collect()
        };
        let data = labels(walkthrough.dataset);
        let test_file = if has_two_files { labels(&walkthrough.held_out) } else { Vec::new() };
        let mut places = vec![(false, 0); data.len()];
        let split = &walkthrough.split;
        split.train.iter().enumerate().for_each(|(place, &row)| places[row] = (false, place));
        split.test.iter().enumerate().for_each(|(place, &row)| places[row] = (true, place));
        let every = (data.len() + test_file.len()).div_ceil(MOST_DOTS);
        Parts { has_two_files, every, data, test_file, places }
    }

    /// The numbers of training rows and of test rows.
    fn sizes(&self) -> [usize; 2] {
        let n_test = self.places.iter().filter(|(is_test, _)| *is_test).count() + self.test_file.len();
        [self.data.len() + self.test_file.len() - n_test, n_test]
    }

    /// The numbers of training rows and of test rows with a label.
    fn counts(&self, label: usize) -> [usize; 2] {
        let mut counts = [0; 2];
        let has = |labels: &[u16]| labels.contains(&(label as u16));
        let rows = self.data.iter().zip(&self.places).filter(|(labels, _)| has(labels));
        rows.for_each(|(_, &(is_test, _))| counts[usize::from(is_test)] += 1);
        counts[1] += self.test_file.iter().filter(|labels| has(labels)).count();
        counts
    }
}

fn number(n: usize) -> String {
    grouped(n as f64, 0)
}

/// The options of the split, if the model has kept them.
fn options<'a>(walkthrough: &'a Walkthrough) -> Option<&'a SplitOptions> {
    walkthrough.training.rows.as_ref()?.split.as_ref()
}

fn caption(walkthrough: &Walkthrough, parts: &Parts) -> Words {
    let [n_train, n_test] = parts.sizes().map(number);
    if parts.has_two_files {
        return words(
            format!(
                "The classifier is trained on the {n_train} rows of one file and tested on the {n_test} rows of another. Nothing is shuffled."
            ),
            format!("分类器用一个文件的 {n_train} 行训练，用另一个文件的 {n_test} 行测试；没有打乱顺序。"),
        );
    }
    let (n, seed) = (number(parts.data.len()), walkthrough.training.seed);
    let mut text = words(
        format!(
            "The {n} rows are shuffled with seed {seed}. The classifier is trained on {n_train} of them and tested on {n_test} held-out rows."
        ),
        format!("{n} 行数据用随机种子 {seed} 打乱：{n_train} 行用来训练分类器，{n_test} 行留出来测试。"),
    );
    if options(walkthrough).is_some_and(|options| options.stratify) {
        text.en.push_str(" The split is stratified: both parts keep the class proportions.");
        text.zh.push_str("划分是分层的：两部分中各类别的比例保持一致。");
    }
    if walkthrough.dataset.groups().is_some() {
        text.en.push_str(" Rows of one group stay in the same part.");
        text.zh.push_str("同一组的行留在同一部分。");
    }
    text
}

fn code(walkthrough: &Walkthrough, parts: &Parts) -> String {
    if parts.has_two_files {
        return "classifier.fit(X_train, y_train); classifier.score(X_test, y_test)".to_string();
    }
    let training = walkthrough.training;
    let (test_size, stratify) = match options(walkthrough) {
        Some(SplitOptions { test_size: TestSize::Fraction(share), stratify, .. }) => {
            (format!("{share}"), *stratify)
        }
        Some(SplitOptions { test_size: TestSize::Count(n), stratify, .. }) => (n.to_string(), *stratify),
        _ => (training.n_test.to_string(), false),
    };
    let stratify = if stratify { ", stratify=y" } else { "" };
    format!(
        "X_train, X_test, y_train, y_test = train_test_split(X, y, test_size={test_size}, random_state={}{stratify})",
        training.seed
    )
}

fn rows(walkthrough: &Walkthrough, parts: &Parts) -> Vec<Row> {
    let sizes = parts.sizes();
    let row = |name: Cell, [train, test]: [usize; 2]| -> Row {
        let share = |n: usize, of: usize| format!("{:.1}%", 100.0 * n as f64 / of.max(1) as f64);
        vec![
            name,
            number(train).into(),
            share(train, sizes[0]).into(),
            number(test).into(),
            share(test, sizes[1]).into(),
        ]
    };
    let labels = walkthrough.classifier.classes().iter().enumerate();
    labels
        .map(|(i, label)| row(label.as_str().into(), parts.counts(i)))
        .chain([row(words("all rows", "所有行").into(), sizes)])
        .collect()
}

fn shared(walkthrough: &Walkthrough, parts: &Parts) -> Value {
    let picked: Vec<usize> = walkthrough.sentences.iter().filter_map(|s| row_of(walkthrough, s)).collect();
    let [of_data, of_tests] = if parts.has_two_files { [&[][..], &picked] } else { [&picked[..], &[]] };
    let drawn = drawn_rows(parts.data.len(), parts.every, of_data);
    let drawn_tests = drawn_rows(parts.test_file.len(), parts.every, of_tests);
    let places =
        || drawn.iter().map(|&row| parts.places[row]).chain(drawn_tests.iter().map(|&row| (true, row)));
    let labels: Vec<&Vec<u16>> = drawn
        .iter()
        .map(|&row| &parts.data[row])
        .chain(drawn_tests.iter().map(|&row| &parts.test_file[row]))
        .collect();
    let lines = walkthrough.dataset.lines();
    let offset = lines.first().copied().unwrap_or(1);
    let is_regular = lines.iter().enumerate().all(|(row, &line)| line == row + offset);
    let seed = (!parts.has_two_files).then_some(walkthrough.training.seed);
    let first = |rows: &[usize]| rows.iter().take(8).copied().collect::<Vec<_>>();
    json!({
        "twoFiles": parts.has_two_files,
        "seed": seed,
        "sizes": parts.sizes(),
        "nData": parts.data.len(),
        "every": parts.every,
        "counts": (0..walkthrough.classifier.classes().len()).map(|label| parts.counts(label)).collect::<Vec<_>>(),
        "nDrawn": drawn.len(),
        // The row that a dot shows, as an offset to the first one that it stands for.
        "offset": pack_u16(drawn.iter().chain(&drawn_tests).map(|row| (row % parts.every) as u16)),
        "isTest": pack_u8(places().map(|(is_test, _)| u8::from(is_test))),
        // Exact up to 2^24.
        "place": pack_f32(places().map(|(_, place)| place as f32)),
        "nLabels": pack_u8(labels.iter().map(|labels| labels.len().min(255) as u8)),
        "labels": pack_u16(labels.iter().flat_map(|labels| labels.iter().copied().take(255))),
        // The line of the first row, if every row is one line of the file.
        "firstLine": is_regular.then_some(offset),
        "first": [first(&walkthrough.split.train), first(&walkthrough.split.test)],
    })
}

/// One row of each `every` rows: the first one, or the first that is picked, so that its dot is in the right part.
fn drawn_rows(n_rows: usize, every: usize, picked: &[usize]) -> Vec<usize> {
    let mut drawn: Vec<usize> = (0..n_rows).step_by(every).collect();
    picked.iter().rev().for_each(|row| drawn[row / every] = *row);
    drawn
}

/// The row of a sentence in the data, or in the test file if there is one.
fn row_of(walkthrough: &Walkthrough, sentence: &WalkedSentence) -> Option<usize> {
    let place = sentence.held_out_row?;
    Some(walkthrough.split.test.get(place).copied().unwrap_or(place))
}

fn of_one(walkthrough: &Walkthrough, parts: &Parts, sentence: &WalkedSentence) -> OfSentence {
    let Some(place) = sentence.held_out_row else {
        let line = words(
            "This sentence is your own, so it is in neither part.",
            "这是你自己的句子，不属于任何一部分。",
        );
        return OfSentence { line: Some(line), data: json!({ "row": null }), ..OfSentence::default() };
    };
    let row = row_of(walkthrough, sentence).unwrap_or(place);
    let learned = match is_training_sentence(walkthrough, &sentence.text) {
        false => words("the classifier did not learn from it", "分类器训练时没有用到它"),
        true => words("but the training rows have the same sentence", "但训练数据中也有这个句子"),
    };
    let line = match parts.has_two_files {
        true => words(
            format!("This sentence is row {} of the test file; {}.", number(row), learned.en),
            format!("这个句子是测试文件的第 {} 行；{}。", number(row), learned.zh),
        ),
        false => words(
            format!(
                "This sentence is row {} of the file and became test row {}; {}.",
                number(row),
                number(place),
                learned.en
            ),
            format!(
                "这个句子是文件的第 {} 行，打乱后是测试集的第 {} 行；{}。",
                number(row),
                number(place),
                learned.zh
            ),
        ),
    };
    OfSentence { line: Some(line), data: json!({ "row": row }), ..OfSentence::default() }
}

/// Returns true if a training row has the same sentence, ignoring case and spaces.
fn is_training_sentence(walkthrough: &Walkthrough, text: &str) -> bool {
    let (sentences, own) = (walkthrough.dataset.sentences(), normalised(text));
    walkthrough.split.train.iter().any(|&row| normalised(&sentences[row]) == own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_shows_the_picked_row_of_those_that_it_stands_for() {
        assert_eq!(drawn_rows(8, 3, &[]), [0, 3, 6]);
        assert_eq!(drawn_rows(8, 3, &[7, 1, 2]), [1, 3, 7], "of two in one dot, the first");
        assert_eq!(drawn_rows(3, 1, &[2]), [0, 1, 2]);
        assert_eq!(drawn_rows(0, 1, &[]), [0; 0]);
    }
}
