//! 12. The score: how often the classifier is right, how sure that is, and whether its probabilities can be believed.

use std::collections::BTreeMap;

use clsify::evaluation::{Metrics, PairedCounts, PrecisionRecallCurve, ReliabilityBin, Scores, wilson_ci95};
use clsify::studies::{WalkedSentence, Walkthrough};
use serde_json::{Value, json};

use crate::guide::decided::{answered, gained};
use crate::guide::detail::Detail;
use crate::guide::scene::{Cell, OfSentence, Row, Scene, of_sentences, pack_f32};
use crate::guide::threshold::{abstains, thresholds};
use crate::guide::walked::{metric_name, percent};
use crate::guide::words::{Words, words};
use crate::text::shorten;

/// Up to this number of classes, the confusion matrix is drawn; beyond, its largest cells off the diagonal are listed.
const MOST_CLASSES_OF_MATRIX: usize = 30;

/// The number of those cells.
const N_WORST_PAIRS: usize = 20;

/// The maximum length of a sentence below the matrix, in characters.
const MAX_TEXT: usize = 90;

pub(super) fn scene(walkthrough: &Walkthrough, _: &Detail) -> Scene {
    let report = &walkthrough.report;
    let rows = Rows::of(walkthrough);
    let (confusion, averages) = match &report.test {
        Metrics::Classes(test) => (
            Some(&test.confusion_matrix),
            vec![("macro", test.macro_average), ("weighted", test.weighted_average)],
        ),
        Metrics::LabelSets(test) => (
            None,
            vec![
                ("micro", test.micro_average),
                ("macro", test.macro_average),
                ("weighted", test.weighted_average),
            ],
        ),
    };
    let is_drawn = rows.names.len() <= MOST_CLASSES_OF_MATRIX;
    let probabilities = &report.probabilities;
    Scene {
        id: "score",
        title: words("How good, how reliable", "有多准，有多可信"),
        caption: caption(walkthrough),
        code: code(walkthrough),
        columns: vec![
            words("label", "标签"),
            words("precision", "精确率"),
            words("recall", "召回率"),
            words("F1", "F1"),
            words("held-out rows with the label", "有此标签的留出行数"),
        ],
        rows: Some(table(walkthrough, &averages)),
        shared: json!({
            "score": walkthrough.score,
            "interval": walkthrough.score_ci95,
            "baseline": walkthrough.baseline,
            "baselineName": baseline_name(walkthrough),
            "metric": metric_name(walkthrough.classifier),
            "nTest": walkthrough.held_out.len(),
            "nSeen": report.n_seen,
            "paired": paired(walkthrough, &rows),
            "calibration": { "ece": probabilities.scores.ece, "brier": probabilities.scores.brier, "logLoss": probabilities.scores.log_loss },
            "bins": bins(&probabilities.reliability),
            "names": rows.names,
            "scores": per_label(&report.test).iter().map(|(_, s)| json!([s.precision, s.recall, s.f1, s.support])).collect::<Vec<_>>(),
            "confusion": confusion.filter(|_| is_drawn),
            "worst": confusion.filter(|_| !is_drawn).map(|confusion| worst_pairs(confusion)),
            "cells": cells(walkthrough, &rows),
            "curves": curves(walkthrough, &rows),
            "hasThresholds": thresholds(walkthrough).is_some(),
            "abstains": abstains(walkthrough),
        }),
        sentences: of_sentences(&walkthrough.sentences, |sentence| OfSentence {
            line: Some(line(walkthrough, &rows, sentence)),
            rows: None,
            data: json!({ "cell": cell(&rows, sentence), "bin": bin(walkthrough, sentence) }),
        }),
    }
}

/// The held-out rows by the labels of the report, which are those of the classifier and those that only the held-out rows have.
struct Rows {
    names: Vec<String>,
    /// The ids in `names` that a person gave to each row, ascending.
    given: Vec<Vec<usize>>,
    /// Those that the classifier assigns.
    predicted: Vec<Vec<usize>>,
    /// The position in `names` of each label of the classifier.
    own: Vec<usize>,
    is_multi_label: bool,
}

impl Rows {
    fn of(walkthrough: &Walkthrough) -> Self {
        let names: Vec<String> =
            per_label(&walkthrough.report.test).iter().map(|(name, _)| name.clone()).collect();
        let id = |name: &String| names.binary_search(name).ok();
        let own: Vec<usize> = walkthrough.classifier.classes().iter().filter_map(id).collect();
        let given =
            walkthrough.held_out.label_sets().iter().map(|set| set.iter().filter_map(id).collect()).collect();
        let predictions = &walkthrough.held_out_rows.predictions;
        let predicted = predictions.iter().map(|p| p.label_ids.iter().map(|&k| own[k]).collect()).collect();
        Rows { given, predicted, own, is_multi_label: walkthrough.classifier.thresholds().is_some(), names }
    }

    /// The cell of a row for classes: given, then predicted.
    fn cell(&self, row: usize) -> Option<[usize; 2]> {
        Some([*self.given[row].first()?, *self.predicted[row].first()?])
    }
}

fn per_label(metrics: &Metrics) -> &[(String, Scores)] {
    match metrics {
        Metrics::Classes(test) => &test.per_class,
        Metrics::LabelSets(test) => &test.per_label,
    }
}

fn caption(walkthrough: &Walkthrough) -> Words {
    let (score, [low, high]) = (100.0 * walkthrough.score, walkthrough.score_ci95.map(|limit| 100.0 * limit));
    let n = walkthrough.held_out.len();
    let decided: Vec<Words> = answered(walkthrough).into_iter().chain(gained(walkthrough)).collect();
    let en: String = decided.iter().map(|text| format!(" {}", text.en)).collect();
    let zh: String = decided.iter().map(|text| text.zh.as_str()).collect();
    let [sentences, sentences_zh] = match walkthrough.report.n_seen {
        Some(n) if n > 0 => ["held-out sentences", "留出的句子"],
        _ => ["sentences that it has not seen", "没见过的句子"],
    };
    match &walkthrough.report.test {
        Metrics::Classes(_) => words(
            format!(
                "The classifier is right for about {score:.0} of 100 {sentences}. Because only {n} were tested, this number \
                 has a 95% confidence interval from {low:.0} to {high:.0}.{en} The reliability chart shows whether predictions with a \
                 probability of 90% are correct 9 times out of 10."
            ),
            format!(
                "对{sentences_zh}，分类器每 100 句约判对 {score:.0} 句。因为只测试了 {n} 句，这个数的 95% 置信区间是 {low:.0} 到 {high:.0}。{zh}\
                 可靠性图显示：概率为 90% 的预测，是否真的每 10 个判对 9 个。"
            ),
        ),
        Metrics::LabelSets(_) => words(
            format!(
                "Micro F1 counts both missed and wrong labels. It is {score:.0} out of 100 here, with a 95% confidence interval from {low:.0} \
                 to {high:.0}. Each label has its own threshold, and so its own trade-off between the two kinds of mistakes."
            ),
            format!(
                "微平均 F1 同时计入漏标和错标：这里是 {score:.0}（满分 100），95% 置信区间为 {low:.0} 到 {high:.0}。\
                 每个标签有自己的阈值，也就各自在两类错误之间取舍。"
            ),
        ),
    }
}

fn code(walkthrough: &Walkthrough) -> String {
    let score = walkthrough.score;
    match &walkthrough.report.test {
        Metrics::Classes(test) => {
            let n_right: usize = (0..test.confusion_matrix.len()).map(|k| test.confusion_matrix[k][k]).sum();
            format!(
                "accuracy = correct rows / rows = {n_right} / {} = {score:.4}",
                walkthrough.held_out.len()
            )
        }
        Metrics::LabelSets(_) => {
            let rows = Rows::of(walkthrough);
            let both = rows
                .given
                .iter()
                .zip(&rows.predicted)
                .map(|(g, p)| g.iter().filter(|k| p.contains(k)).count());
            let n_both: usize = both.sum();
            let [n_given, n_predicted] =
                [&rows.given, &rows.predicted].map(|sets| sets.iter().map(Vec::len).sum::<usize>());
            let (n_missed, n_wrong) = (n_given - n_both, n_predicted - n_both);
            format!(
                "micro F1 = 2 TP / (2 TP + FP + FN) = {} / ({} + {n_wrong} + {n_missed}) = {score:.4}",
                2 * n_both,
                2 * n_both
            )
        }
    }
}

fn table(walkthrough: &Walkthrough, averages: &[(&str, Scores)]) -> Vec<Row> {
    let row = |name: Cell, s: &Scores| -> Row {
        vec![
            name,
            percent(s.precision).into(),
            percent(s.recall).into(),
            percent(s.f1).into(),
            s.support.into(),
        ]
    };
    let mut rows: Vec<Row> = per_label(&walkthrough.report.test)
        .iter()
        .map(|(name, scores)| row(name.as_str().into(), scores))
        .collect();
    for (name, scores) in averages {
        let zh = match *name {
            "micro" => "微平均",
            "macro" => "宏平均",
            _ => "加权平均",
        };
        rows.push(row(words(format!("{name} average"), zh).into(), scores));
    }
    rows
}

fn baseline_name(walkthrough: &Walkthrough) -> Words {
    match &walkthrough.report.test {
        Metrics::Classes(_) => {
            let name = walkthrough.most_frequent.map_or("", |k| &walkthrough.classifier.classes()[k]);
            words(format!("always answering {name}"), format!("总是回答 {name}"))
        }
        Metrics::LabelSets(_) => words("assigning every label", "给出所有标签"),
    }
}

/// The comparison with the baseline, row by row, for classes.
fn paired(walkthrough: &Walkthrough, rows: &Rows) -> Option<Value> {
    let constant = rows.own[walkthrough.most_frequent?];
    let is_right = |row: usize, k: usize| rows.given[row] == [k];
    let n = rows.given.len();
    let baseline: Vec<bool> = (0..n).map(|row| is_right(row, constant)).collect();
    let model: Vec<bool> = (0..n).map(|row| rows.given[row] == rows.predicted[row]).collect();
    let counts = PairedCounts::of(&baseline, &model).ok()?;
    Some(json!({
        "onlyModel": counts.only_b,
        "onlyBaseline": counts.only_a,
        "difference": counts.difference(),
        "interval": counts.difference_ci95().ok()?,
        "p": counts.mcnemar_exact(),
    }))
}

/// The bins that have rows, each with its range, its mean probability, its accuracy and the interval of that.
fn bins(bins: &[ReliabilityBin]) -> Vec<Value> {
    let n_bins = bins.len() as f64;
    let bin = |(i, bin): (usize, &ReliabilityBin)| {
        let (mean, accuracy) = (bin.mean_probability?, bin.accuracy?);
        let n_right = (accuracy * bin.n_rows as f64).round() as usize;
        Some(json!({
            "range": [i as f64 / n_bins, (i + 1) as f64 / n_bins],
            "n": bin.n_rows,
            "mean": mean,
            "accuracy": accuracy,
            "interval": wilson_ci95(n_right, bin.n_rows).ok()?,
        }))
    };
    bins.iter().enumerate().filter_map(bin).collect()
}

/// `[given, predicted, rows]` of the largest cells off the diagonal.
fn worst_pairs(confusion: &[Vec<usize>]) -> Vec<[usize; 3]> {
    let mut pairs: Vec<[usize; 3]> = confusion
        .iter()
        .enumerate()
        .flat_map(|(i, row)| row.iter().enumerate().map(move |(j, &n)| [i, j, n]))
        .filter(|[i, j, n]| i != j && *n > 0)
        .collect();
    pairs.sort_by_key(|&[i, j, n]| (std::cmp::Reverse(n), i, j));
    pairs.truncate(N_WORST_PAIRS);
    pairs
}

/// Some sentences of each cell, those that can be picked first: `[given, predicted, sentences]`, or for label sets `[label, kind,
/// sentences]`, where the kind is 0 for given and predicted, 1 for only given, 2 for only predicted, and 3 for neither.
fn cells(walkthrough: &Walkthrough, rows: &Rows) -> Vec<Value> {
    let n_names = rows.names.len();
    let most = match n_names {
        0..=12 => 5,
        13..=MOST_CLASSES_OF_MATRIX => 2,
        _ => 1,
    };
    let picked = walkthrough.sentences.iter().enumerate();
    let pick_of: BTreeMap<usize, usize> =
        picked.filter_map(|(pick, of)| Some((of.held_out_row?, pick))).collect();
    let picks = pick_of.keys().copied();
    let others = (0..rows.given.len()).filter(|row| !pick_of.contains_key(row));
    let mut cells: BTreeMap<[usize; 2], Vec<Value>> = BTreeMap::new();
    for row in picks.chain(others) {
        let of_row: Vec<[usize; 2]> = match rows.is_multi_label {
            false => rows.cell(row).into_iter().collect(),
            true => (0..n_names).map(|k| [k, kind(&rows.given[row], &rows.predicted[row], k)]).collect(),
        };
        for cell in of_row {
            let listed = cells.entry(cell).or_default();
            if listed.len() < most {
                listed.push(match pick_of.get(&row) {
                    Some(pick) => (*pick).into(),
                    None => shorten(&walkthrough.held_out.sentences()[row], MAX_TEXT).into(),
                });
            }
        }
    }
    cells.into_iter().map(|([i, j], sentences)| json!([i, j, sentences])).collect()
}

fn kind(given: &[usize], predicted: &[usize], k: usize) -> usize {
    match (given.contains(&k), predicted.contains(&k)) {
        (true, true) => 0,
        (true, false) => 1,
        (false, true) => 2,
        (false, false) => 3,
    }
}

/// For each label the correct and the wrong rows among those with a probability above a threshold: `t / (n - 1)` for each of `n`
/// thresholds, then that of the classifier. Of two classes, only the second has a curve; the other one mirrors it.
fn curves(walkthrough: &Walkthrough, rows: &Rows) -> Vec<Value> {
    let classes = walkthrough.classifier.classes();
    let n_grid = if classes.len() <= MOST_CLASSES_OF_MATRIX { 101 } else { 21 };
    let own_thresholds = thresholds(walkthrough);
    let labels = if classes.len() == 2 && !rows.is_multi_label { 1..2 } else { 0..classes.len() };
    let predictions = &walkthrough.held_out_rows.predictions;
    labels
        .filter_map(|k| {
            let (p, has_label): (Vec<f64>, Vec<bool>) = predictions
                .iter()
                .zip(&rows.given)
                .map(|(prediction, given)| (prediction.probabilities[k], given.contains(&rows.own[k])))
                .unzip();
            let curve = PrecisionRecallCurve::of(&p, &has_label).ok()?;
            let grid: Vec<[usize; 2]> =
                (0..n_grid).map(|t| curve.counts_above(t as f64 / (n_grid - 1) as f64)).collect();
            let own = own_thresholds.as_ref().map(|of| {
                let [right, wrong] = curve.counts_above(of[k]);
                json!({ "threshold": of[k], "right": right, "wrong": wrong })
            });
            let [support, _] = curve.n_rows();
            Some(json!({
                "label": k,
                "support": support,
                "right": pack_f32(grid.iter().map(|counts| counts[0] as f32)),
                "wrong": pack_f32(grid.iter().map(|counts| counts[1] as f32)),
                "own": own,
            }))
        })
        .collect()
}

/// The cell of a sentence, or for label sets the kinds of its labels.
fn cell(rows: &Rows, sentence: &WalkedSentence) -> Value {
    match (sentence.held_out_row, rows.is_multi_label) {
        (None, _) => Value::Null,
        (Some(row), false) => json!(rows.cell(row)),
        (Some(row), true) => {
            let kinds = (0..rows.names.len()).map(|k| kind(&rows.given[row], &rows.predicted[row], k));
            json!(kinds.collect::<Vec<_>>())
        }
    }
}

/// The bin of the sentence among those that are drawn: that of its most probable class. For label sets a sentence has many answers.
fn bin(walkthrough: &Walkthrough, sentence: &WalkedSentence) -> Option<usize> {
    if walkthrough.classifier.thresholds().is_some() {
        return None;
    }
    let bins = &walkthrough.report.probabilities.reliability;
    let p = sentence.prediction.probabilities.iter().copied().fold(0.0, f64::max);
    let bin = ((p * bins.len() as f64).ceil() as usize).clamp(1, bins.len()) - 1;
    let is_drawn = |bin: &ReliabilityBin| bin.mean_probability.is_some();
    is_drawn(&bins[bin]).then(|| bins[..bin].iter().filter(|bin| is_drawn(bin)).count())
}

fn line(walkthrough: &Walkthrough, rows: &Rows, sentence: &WalkedSentence) -> Words {
    let Some(row) = sentence.held_out_row else {
        return words(
            "This sentence has no given label, so these numbers do not include it.",
            "这个句子没有人工标签，因此不计入这些数字。",
        );
    };
    if rows.is_multi_label {
        let (given, predicted) = (&rows.given[row], &rows.predicted[row]);
        let n_both = given.iter().filter(|k| predicted.contains(k)).count();
        let (n_missed, n_wrong) = (given.len() - n_both, predicted.len() - n_both);
        return words(
            format!(
                "Given labels of the picked sentence: {n_both} predicted, {n_missed} missed. Predicted but not given: {n_wrong}."
            ),
            format!(
                "对所选句子，人工标签中有 {n_both} 个预测到、{n_missed} 个漏掉；另有 {n_wrong} 个预测的标签不在人工标签中。"
            ),
        );
    }
    let Some(cell @ [given, predicted]) = rows.cell(row) else { return words("", "") };
    let n = (0..rows.given.len()).filter(|&row| rows.cell(row) == Some(cell)).count();
    let (given_name, predicted_name) = (&rows.names[given], &rows.names[predicted]);
    let p = sentence.prediction.probabilities.iter().copied().fold(0.0, f64::max);
    let drawn = bins(&walkthrough.report.probabilities.reliability);
    let (en, zh) = match bin(walkthrough, sentence).map(|bin| &drawn[bin]) {
        None => (String::new(), String::new()),
        Some(bin) => {
            let [low, high] = [0, 1].map(|end| percent(bin["range"][end].as_f64().unwrap_or(0.0)));
            let accuracy = percent(bin["accuracy"].as_f64().unwrap_or(0.0));
            let n = &bin["n"];
            (
                format!(
                    " Its largest probability is {}; among the {n} held-out rows between {low} and {high}, {accuracy} are correct.",
                    percent(p)
                ),
                format!(
                    "它的最大概率是 {}；概率在 {low} 到 {high} 之间的 {n} 行留出数据中，{accuracy} 判对。",
                    percent(p)
                ),
            )
        }
    };
    // The cell counts best guesses, as the scores do.
    let [what, what_zh] = match sentence.prediction.abstained {
        true => ["best guess, on which the classifier abstains,", "最佳猜测（分类器弃权）"],
        false => ["predicted label", "预测标签"],
    };
    words(
        format!(
            "The picked sentence is one of {n} held-out rows with the given label {given_name} and the {what} {predicted_name}.{en}"
        ),
        format!(
            "所选句子是人工标签为 {given_name}、{what_zh}为 {predicted_name} 的 {n} 行留出数据之一。{zh}"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_pairs_are_the_largest_cells_off_the_diagonal() {
        let confusion = [vec![9, 2, 0], vec![3, 9, 2], vec![0, 1, 9]];
        assert_eq!(worst_pairs(&confusion), [[1, 0, 3], [0, 1, 2], [1, 2, 2], [2, 1, 1]]);
    }

    #[test]
    fn a_label_is_found_missed_wrong_or_rightly_absent() {
        let kinds = [0, 1, 2, 3].map(|k| kind(&[0, 1], &[0, 2], k));
        assert_eq!(kinds, [0, 1, 2, 3]);
    }

    #[test]
    fn empty_bins_are_not_drawn() {
        let empty = ReliabilityBin { n_rows: 0, weight: 0.0, mean_probability: None, accuracy: None };
        let full =
            ReliabilityBin { n_rows: 4, weight: 4.0, mean_probability: Some(0.8), accuracy: Some(0.75) };
        let drawn = bins(&[empty, full]);
        assert_eq!((drawn.len(), &drawn[0]["range"], &drawn[0]["n"]), (1, &json!([0.5, 1.0]), &json!(4)));
        assert_eq!(drawn[0]["interval"], json!(wilson_ci95(3, 4).unwrap()));
    }
}
