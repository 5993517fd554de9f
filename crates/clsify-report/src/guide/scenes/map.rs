//! 13. The map: all sentences as dots, along the direction that the classifier has learnt and across it, with the mistakes.

use std::collections::BTreeSet;

use clsify::matrix::Matrix;
use clsify::model::Prediction;
use clsify::studies::{PrincipalComponents, WalkedSentence, Walkthrough};
use serde_json::{Value, json};

use crate::guide::detail::Detail;
use crate::guide::scene::{OfSentence, Row, Scene, of_sentences, pack_f32, pack_u16};
use crate::guide::threshold::{abstains, thresholds};
use crate::guide::walked::{joined, label_name};
use crate::guide::words::{Words, words};
use crate::text::shorten;

/// The length of each of the two lists.
const N_LISTED: usize = 8;

/// The logits of label sets are kept for every label, for at most this many rows and labels together.
const MOST_LOGITS: usize = 60_000;

/// The maximum length of a sentence in the table, in characters.
const MAX_TABLE_TEXT: usize = 120;

pub(super) fn scene(walkthrough: &Walkthrough, detail: &Detail) -> Scene {
    let shown = Shown::of(walkthrough, detail);
    let (mistakes, near) = lists(walkthrough, &shown);
    let (logits, views) = views(walkthrough, &shown);
    let texts: Vec<String> = shown.rows.iter().map(|row| shorten(row.text, detail.max_map_text)).collect();
    let given: Vec<&[usize]> = shown.rows.iter().map(|row| row.given.as_slice()).collect();
    let predicted: Vec<&[usize]> = shown.rows.iter().map(|row| row.predicted.as_slice()).collect();
    let (is_multi_label, n_labels) =
        (walkthrough.classifier.thresholds().is_some(), walkthrough.classifier.classes().len());
    Scene {
        id: "map",
        title: words("The map and the mistakes", "地图与错误"),
        caption: words(
            "Sentences with similar features lie close together. A ring marks a held-out sentence with a wrong prediction.",
            "特征相似的句子彼此靠近；带圈的是预测错误的留出句子。",
        ),
        code: match (n_labels == 2, is_multi_label) {
            (_, true) => "x = features @ coef[label] + intercept[label];  y = PCA(1).fit_transform(features - features @ Q @ Q.T)  \
                # Q, R = np.linalg.qr(coef.T)"
                .to_string(),
            (true, false) => "x = features @ coef[0] + intercept[0];  y = PCA(1).fit_transform(features - np.outer(features @ w, w))  \
                # w = coef[0] / |coef[0]|"
                .to_string(),
            (false, false) => "PCA(2).fit_transform(features @ coef.T + intercept)".to_string(),
        },
        columns: vec![
            words("list", "列表"),
            words("sentence", "句子"),
            words("given label", "人工标签"),
            words("predicted label", "预测标签"),
            words("probability", "概率"),
        ],
        rows: Some(table(walkthrough, &shown, [&mistakes, &near])),
        shared: json!({
            "nHeldOut": shown.n_held_out,
            "nTrain": shown.n_train,
            "nAllHeldOut": walkthrough.held_out.len(),
            "nAllTrain": walkthrough.split.train.len(),
            "texts": texts,
            "given": sets(&given, is_multi_label),
            "predicted": sets(&predicted, is_multi_label),
            "abstained": (0..shown.rows.len()).filter(|&i| shown.rows[i].abstained).collect::<Vec<_>>(),
            "picks": shown.picks,
            "mistakes": mistakes,
            "near": near,
            "logits": logits,
            "boundaries": boundaries(walkthrough),
            "abstains": abstains(walkthrough).map(|ends| ends.map(logit)),
            "views": views,
        }),
        sentences: of_sentences(&walkthrough.sentences, |sentence| OfSentence {
            line: Some(line(walkthrough, sentence)),
            rows: None,
            data: Value::Null,
        }),
    }
}

/// A row on the map.
struct ShownRow<'a> {
    text: &'a str,
    features: &'a [f32],
    /// The ids of the given labels that the classifier knows; none for the reader's own sentences.
    given: Vec<usize>,
    predicted: Vec<usize>,
    /// `predicted` is only the best guess.
    abstained: bool,
    /// For held-out rows.
    prediction: Option<&'a Prediction>,
    is_wrong: bool,
}

/// The rows on the map: held-out rows, training rows, and the reader's own sentences.
struct Shown<'a> {
    rows: Vec<ShownRow<'a>>,
    n_held_out: usize,
    n_train: usize,
    /// The row of each sentence of the page.
    picks: Vec<usize>,
}

impl<'a> Shown<'a> {
    fn of(walkthrough: &'a Walkthrough, detail: &Detail) -> Self {
        let classes = walkthrough.classifier.classes();
        let n_logits = walkthrough.classifier.thresholds().map_or(1, |_| classes.len());
        let most = detail.n_map_rows.min((MOST_LOGITS / n_logits).max(100));
        let picked = walkthrough.sentences.iter().filter_map(|sentence| sentence.held_out_row);
        let held_out: BTreeSet<usize> = evenly(walkthrough.held_out.len(), most).chain(picked).collect();
        let train = &walkthrough.split.train;
        let train: Vec<usize> =
            evenly(train.len(), most.saturating_sub(held_out.len())).map(|i| train[i]).collect();
        let given_sets = [walkthrough.held_out.label_sets(), walkthrough.dataset.label_sets()];
        let row =
            |walked: &'a clsify::studies::WalkedRows, text: &'a str, given: &Vec<String>, row: usize| {
                let prediction = &walked.predictions[row];
                let is_wrong = walkthrough.classifier.labels(prediction)
                    != given.iter().map(String::as_str).collect::<Vec<_>>();
                ShownRow {
                    text,
                    features: walked.encoded.features.row(row),
                    given: given.iter().filter_map(|label| classes.binary_search(label).ok()).collect(),
                    predicted: prediction.label_ids.clone(),
                    abstained: prediction.abstained,
                    prediction: Some(prediction),
                    is_wrong,
                }
            };
        let of_held_out = held_out.iter().map(|&i| {
            row(&walkthrough.held_out_rows, &walkthrough.held_out.sentences()[i], &given_sets[0][i], i)
        });
        let of_train = train
            .iter()
            .map(|&i| row(&walkthrough.data, &walkthrough.dataset.sentences()[i], &given_sets[1][i], i));
        let mut rows: Vec<ShownRow> = of_held_out.chain(of_train).collect();
        let mut picks = Vec::new();
        for sentence in &walkthrough.sentences {
            let place = sentence.held_out_row.and_then(|row| held_out.iter().position(|&other| other == row));
            picks.push(place.unwrap_or(rows.len()));
            if place.is_none() {
                rows.push(ShownRow {
                    text: &sentence.text,
                    features: &sentence.features,
                    given: Vec::new(),
                    predicted: sentence.prediction.label_ids.clone(),
                    abstained: sentence.prediction.abstained,
                    prediction: None,
                    is_wrong: false,
                });
            }
        }
        Shown { rows, n_held_out: held_out.len(), n_train: train.len(), picks }
    }

    /// The features of all rows.
    fn features(&self) -> Matrix {
        let n_features = self.rows[0].features.len();
        let values = self.rows.iter().flat_map(|row| row.features.iter().copied()).collect();
        Matrix::from_vec(values, self.rows.len(), n_features).expect("rows of equal length")
    }
}

/// At most `most` of `n` rows, evenly spread.
fn evenly(n: usize, most: usize) -> impl Iterator<Item = usize> {
    let m = most.min(n);
    (0..m).map(move |i| i * n / m)
}

/// Label ids, packed if there is one per row; 65535 stands for a label that the classifier does not know, and for none.
fn sets(of_rows: &[&[usize]], is_multi_label: bool) -> Value {
    match is_multi_label {
        true => json!(of_rows),
        false => pack_u16(of_rows.iter().map(|ids| ids.first().map_or(u16::MAX, |&id| id as u16))),
    }
}

/// The coordinates of the maps, in the order of their switch, and the exact logits if one of the maps has them as its horizontal axis:
/// those of the second of two classes, or for label sets of all labels, label by label.
fn views(walkthrough: &Walkthrough, shown: &Shown) -> (Value, Vec<Value>) {
    let classifier = walkthrough.classifier.classifier();
    let features = shown.features();
    // The reader's own sentences are projected, but do not move the axes.
    let fitted: Vec<usize> = (0..shown.n_held_out + shown.n_train).collect();
    let fit = |rows: &Matrix, n, without: &[Vec<f64>]| {
        PrincipalComponents::fit(&rows.select_rows(&fitted), n, without)
    };
    let plain = fit(&features, 2, &[]);
    let plain_view = view("pca", &features, &plain, [|n| component(n, "the features", "特征"); 2]);
    let columns = classifier.intercept().len();
    let logits = classifier.decision_function(&features);
    let of_classes = walkthrough.classifier.thresholds().is_none();
    if of_classes && columns > 1 {
        let logits = logits.iter().map(|&z| z as f32).collect();
        let logits =
            Matrix::from_vec(logits, shown.rows.len(), columns).expect("one logit per row and class");
        let fitted = fit(&logits, 2, &[]);
        let named = |n| component(n, "the logits of all classes", "各类 logit ");
        return (Value::Null, vec![view("logits", &logits, &fitted, [named; 2]), plain_view]);
    }
    let n_features = features.cols();
    let weights: Vec<Vec<f64>> = classifier.coef().chunks_exact(n_features).map(<[f64]>::to_vec).collect();
    let rest = fit(&features, 1, &weights);
    let share = rest.explained_variance_ratio().first().copied().unwrap_or(0.0);
    let without = match of_classes {
        true => ("the weights' direction", "权重方向"),
        false => ("all labels' weight directions", "所有标签的权重方向"),
    };
    let across = words(
        format!(
            "1st principal component without {} ({:.1}% of the remaining variance)",
            without.0,
            100.0 * share
        ),
        format!("去掉{}后的第一主成分（占其余方差的 {:.1}%）", without.1, 100.0 * share),
    );
    let y = (0..features.rows()).map(|i| rest.project(features.row(i)).first().copied().unwrap_or(0.0));
    let by_label = (0..columns).flat_map(|k| logits.iter().skip(k).step_by(columns)).map(|&z| z as f32);
    let along = json!({ "id": "logit", "yName": across, "y": quantised(&y.collect::<Vec<_>>()) });
    (pack_f32(by_label), vec![along, plain_view])
}

/// The name of an axis from its number and the share of the variance along it.
fn component((n, share): (usize, f64), of: &str, of_zh: &str) -> Words {
    let (nth, nth_zh) = if n == 0 { ("1st", "第一") } else { ("2nd", "第二") };
    words(
        format!("{nth} principal component of {of} ({:.1}% of the variance)", 100.0 * share),
        format!("{of_zh}的{nth_zh}主成分（占方差的 {:.1}%）", 100.0 * share),
    )
}

fn view(
    id: &str,
    rows: &Matrix,
    fitted: &PrincipalComponents,
    name: [impl Fn((usize, f64)) -> Words; 2],
) -> Value {
    let at: Vec<Vec<f64>> = (0..rows.rows()).map(|i| fitted.project(rows.row(i))).collect();
    let axis = |n: usize| at.iter().map(|at| at.get(n).copied().unwrap_or(0.0)).collect::<Vec<f64>>();
    let share = |n: usize| fitted.explained_variance_ratio().get(n).copied().unwrap_or(0.0);
    json!({
        "id": id,
        "xName": name[0]((0, share(0))),
        "yName": name[1]((1, share(1))),
        "x": quantised(&axis(0)),
        "y": quantised(&axis(1)),
    })
}

/// Coordinates in 65,536 steps, finer than any screen, from the lowest to the highest.
fn quantised(values: &[f64]) -> Value {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let span = if high > low { high - low } else { 1.0 };
    json!([low, low + span, pack_u16(values.iter().map(|x| ((x - low) / span * 65535.0).round() as u16))])
}

/// The logit above which each label is assigned; of two classes, the second.
fn boundaries(walkthrough: &Walkthrough) -> Option<Vec<f64>> {
    let logits: Vec<f64> = thresholds(walkthrough)?.into_iter().map(logit).collect();
    Some(if walkthrough.classifier.thresholds().is_some() { logits } else { logits[1..].to_vec() })
}

fn logit(p: f64) -> f64 {
    (p / (1.0 - p)).ln().clamp(-1e3, 1e3)
}

/// The difference to another answer in units of probability: between the two most probable classes, or from the nearest threshold.
fn margin(walkthrough: &Walkthrough, prediction: &Prediction) -> f64 {
    let probabilities = &prediction.probabilities;
    match thresholds(walkthrough) {
        Some(thresholds) => {
            probabilities.iter().zip(&thresholds).map(|(p, t)| (p - t).abs()).fold(f64::INFINITY, f64::min)
        }
        None => {
            let mut sorted = probabilities.clone();
            sorted.sort_by(|a, b| b.total_cmp(a));
            sorted[0] - sorted[1]
        }
    }
}

/// The confident mistakes and the rows nearest to the boundary, among the held-out rows of the map.
fn lists(walkthrough: &Walkthrough, shown: &Shown) -> (Vec<usize>, Vec<usize>) {
    let held_out = shown.rows.iter().take(shown.n_held_out).enumerate();
    let margins = held_out.filter_map(|(i, row)| Some((i, margin(walkthrough, row.prediction?))));
    let mut by_margin: Vec<(usize, f64)> = margins.collect();
    by_margin.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    let near = by_margin.iter().map(|&(i, _)| i).take(N_LISTED).collect();
    let wrong = by_margin.iter().rev().map(|&(i, _)| i).filter(|&i| shown.rows[i].is_wrong);
    (wrong.take(N_LISTED).collect(), near)
}

fn table(walkthrough: &Walkthrough, shown: &Shown, [mistakes, near]: [&Vec<usize>; 2]) -> Vec<Row> {
    let classes = walkthrough.classifier.classes();
    let names = |ids: &[usize]| joined(&ids.iter().map(|&id| classes[id].as_str()).collect::<Vec<_>>());
    let row = |name: Words, i: &usize| -> Row {
        let row = &shown.rows[*i];
        let probability = row.prediction.map_or(String::new(), |prediction| {
            let predicted =
                prediction.label_ids.iter().map(|&k| format!("{:.4}", prediction.probabilities[k]));
            predicted.collect::<Vec<_>>().join(", ")
        });
        vec![
            name.into(),
            shorten(row.text, MAX_TABLE_TEXT).into(),
            names(&row.given).into(),
            match (row.abstained, names(&row.predicted)) {
                (true, guess) => words(
                    format!("abstains (best guess {})", guess.en),
                    format!("弃权（最佳猜测 {}）", guess.zh),
                )
                .into(),
                (false, predicted) => predicted.into(),
            },
            probability.into(),
        ]
    };
    let mistakes = mistakes.iter().map(|i| row(words("confident mistake", "有把握却判错"), i));
    let near = near.iter().map(|i| row(words("close to the decision boundary", "接近决策边界"), i));
    mistakes.chain(near).collect()
}

fn line(walkthrough: &Walkthrough, sentence: &WalkedSentence) -> Words {
    let classes = walkthrough.classifier.classes();
    let prediction = &sentence.prediction;
    let distance = margin(walkthrough, prediction);
    let (en, zh) = match &sentence.labels {
        None => ("It has no given label.".to_string(), "它没有人工标签。".to_string()),
        Some(given) => {
            let predicted = walkthrough.classifier.labels(prediction);
            let given = given.iter().map(String::as_str).collect::<Vec<_>>();
            match (predicted == given, joined(&given)) {
                (true, given) => {
                    (format!("Its given label is also {}.", given.en), format!("人工标签也是 {}。", given.zh))
                }
                (false, given) => (
                    format!(
                        "Its given label is {}: {}.",
                        given.en,
                        if prediction.abstained { "a wrong guess" } else { "a mistake" }
                    ),
                    format!(
                        "人工标签是 {}：{}。",
                        given.zh,
                        if prediction.abstained { "猜错了" } else { "判错了" }
                    ),
                ),
            }
        }
    };
    let predicted = joined(&walkthrough.classifier.labels(prediction));
    let (where_en, where_zh) = match walkthrough.classifier.thresholds() {
        Some(_) => (
            format!("the probability closest to its threshold differs from it by {distance:.4}"),
            format!("最接近阈值的那个概率与其阈值相差 {distance:.4}"),
        ),
        None if classes.len() == 2 => {
            let features = Matrix::from_vec(sentence.features.clone(), 1, sentence.features.len());
            let logit = features
                .map_or(f64::NAN, |row| walkthrough.classifier.classifier().decision_function(&row)[0]);
            (
                format!("the logit of {} is {logit:+.3}", label_name(&classes[1]).en),
                format!("{} 的 logit 是 {logit:+.3}", label_name(&classes[1]).zh),
            )
        }
        None => (
            format!("its probability is higher than that of the runner-up by {distance:.4}"),
            format!("其概率比第二名高 {distance:.4}"),
        ),
    };
    let answer = match prediction.abstained {
        true => words(
            format!("The classifier abstains on the picked sentence, its best guess is {}", predicted.en),
            format!("分类器对所选句子弃权，最佳猜测是 {}", predicted.zh),
        ),
        false => words(
            format!("The picked sentence is predicted as {}", predicted.en),
            format!("所选句子的预测是 {}", predicted.zh),
        ),
    };
    words(format!("{}: {where_en}. {en}", answer.en), format!("{}：{where_zh}。{zh}", answer.zh))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_spread_evenly() {
        assert_eq!(evenly(10, 4).collect::<Vec<_>>(), [0, 2, 5, 7]);
        assert_eq!(evenly(3, 10).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(evenly(3, 0).count(), 0);
    }

    #[test]
    fn coordinates_are_steps_between_the_extremes() {
        assert_eq!(quantised(&[-1.0, 3.0, 1.0]), json!([-1.0, 3.0, pack_u16([0, 65535, 32768])]));
        assert_eq!(quantised(&[2.0, 2.0]), json!([2.0, 3.0, pack_u16([0, 0])]));
    }
}
