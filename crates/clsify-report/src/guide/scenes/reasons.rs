//! 11. One prediction as arithmetic, and why: the terms of the logit, and the words that carried it.

use clsify::studies::WalkedSentence;
use serde_json::json;

use super::learning::calibration;
use crate::guide::decided::rule;
use crate::guide::detail::Detail;
use crate::guide::scene::{OfSentence, Row, Scene, of_sentences, pack_f32, pack_f64, pack_u16};
use crate::guide::standardised::FitFeatures;
use crate::guide::walk::Walk;
use crate::guide::walked::{explained_label, joined, label_name};
use crate::guide::words::{Words, words};
use crate::text::legible;

/// The most terms of a sum that are shown one by one.
const N_TERMS: [usize; 2] = [12, 8];

/// Every label of a sentence is kept up to this many; of more, some are.
const MOST_LABELS: usize = 10;
const N_KEPT: usize = 6;

/// The most labels in the list of logits.
const N_LISTED: usize = 12;

pub(super) fn scene(walk: &Walk, _: &Detail) -> Scene {
    let classifier = walk.classifier;
    let k = classifier.classifier().intercept().len();
    let fit = FitFeatures::of(walk.data);
    Scene {
        id: "reasons",
        title: words("One prediction as arithmetic, and why", "一次预测的计算过程与依据"),
        caption: caption(walk),
        code: code(walk, &fit),
        columns: vec![
            words("term", "项"),
            match fit.are_scaled() {
                true => words("standardised feature", "标准化的特征"),
                false => words("feature", "特征"),
            },
            words("weight", "权重"),
            words("feature × weight", "特征 × 权重"),
        ],
        rows: None,
        shared: json!({
            "kind": match (k, classifier.thresholds()) {
                (_, Some(_)) => "sets",
                (1, None) => "two",
                _ => "classes",
            },
            "thresholds": classifier.thresholds(),
            "nFeatures": classifier.classifier().coef().len() / k,
            "scaled": fit.are_scaled(),
            "rule": rule(walk.classifier),
            "hasNeighbours": walk.sentences.iter().any(|s| !s.explanation.neighbours.is_empty()),
        }),
        sentences: of_sentences(walk.sentences, |sentence| of_one(walk, &fit, sentence)),
    }
}

fn code(walk: &Walk, fit: &FitFeatures) -> String {
    let (x, scaled) = if fit.are_scaled() { ("z", "z = (x - mean) / std;  ") } else { ("x", "") };
    let rest = match (walk.classifier.classes().len(), walk.classifier.thresholds()) {
        (_, Some(_)) => {
            "W[label] @ {x} + b[label];  p = 1 / (1 + exp(-logit));  assigned = p > threshold[label]"
        }
        (2, None) => "w @ {x} + b;  p = 1 / (1 + exp(-logit))",
        _ => "W @ {x} + b;  p = exp(logit) / exp(logit).sum()",
    };
    format!("{scaled}logit = {}", rest.replace("{x}", x))
}

fn caption(walk: &Walk) -> Words {
    let mut text = words(
        "Features times weights, plus the intercept, give the logit; the logit gives the probability. Removing words shows which of them matter.",
        "特征与权重相乘，再加上截距，得到 logit；logit 再换算成概率。去掉一些词，就能看出哪些词在起作用。",
    );
    if let Some(calibration) = calibration(walk.classifier) {
        text.en = format!("{} {}", text.en, calibration.en);
        text.zh.push_str(&calibration.zh);
    }
    text
}

/// A decision value as a sum.
struct Sum {
    /// The largest terms by magnitude: feature, value, weight.
    terms: Vec<(usize, f64, f64)>,
    /// The sum of all other terms.
    rest: f64,
    intercept: f64,
    /// All terms and the intercept.
    total: f64,
}

impl Sum {
    fn of(values: &[f64], weights: &[f64], intercept: f64, n: usize) -> Self {
        let mut terms: Vec<(usize, f64, f64)> =
            values.iter().zip(weights).enumerate().map(|(i, (&value, &weight))| (i, value, weight)).collect();
        let total = terms.iter().map(product).sum::<f64>() + intercept;
        terms.sort_by(|a, b| product(b).abs().total_cmp(&product(a).abs()));
        let rest = terms.iter().skip(n).map(product).sum();
        terms.truncate(n);
        Sum { terms, rest, intercept, total }
    }
}

fn product(&(_, value, weight): &(usize, f64, f64)) -> f64 {
    value * weight
}

/// The sum that decides about a label: its logit, or with more than two classes its lead over the strongest other class.
fn decisive_sum(
    walk: &Walk,
    fit: &FitFeatures,
    sentence: &WalkedSentence,
    label: usize,
) -> (Sum, Option<usize>) {
    let fitted = walk.classifier.classifier();
    let (coef, intercept, d) = (fitted.coef(), fitted.intercept(), sentence.features.len());
    let n = N_TERMS[usize::from(walk.classifier.classes().len() > 2)];
    let row = |row: usize| &coef[row * d..][..d];
    let sum = |coef: &[f64], intercept: f64| {
        let (weights, intercept) = fit.weights(coef, intercept);
        Sum::of(&fit.values(&sentence.features), &weights, intercept, n)
    };
    if walk.classifier.thresholds().is_some() {
        return (sum(row(label), intercept[label]), None);
    }
    if intercept.len() == 1 {
        let sign = if label == 1 { 1.0 } else { -1.0 };
        let coef: Vec<f64> = row(0).iter().map(|w| sign * w).collect();
        return (sum(&coef, sign * intercept[0]), None);
    }
    let rival = by_probability(sentence).into_iter().find(|&other| other != label).unwrap_or(label);
    let coef: Vec<f64> = row(label).iter().zip(row(rival)).map(|(a, b)| a - b).collect();
    (sum(&coef, intercept[label] - intercept[rival]), Some(rival))
}

/// The labels, the most probable one first.
fn by_probability(sentence: &WalkedSentence) -> Vec<usize> {
    let probabilities = &sentence.prediction.probabilities;
    let mut labels: Vec<usize> = (0..probabilities.len()).collect();
    labels.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
    labels
}

/// The labels with details: the explained one, those that a person gave, and the most probable ones.
fn kept_labels(walk: &Walk, sentence: &WalkedSentence) -> Vec<usize> {
    let classes = walk.classifier.classes();
    let given = sentence.labels.iter().flatten().filter_map(|label| classes.binary_search(label).ok());
    let mut kept = Vec::new();
    let wanted = [explained_label(walk.classifier, sentence)].into_iter().chain(given);
    for label in wanted.chain(by_probability(sentence)) {
        if !kept.contains(&label) {
            kept.push(label);
        }
    }
    if classes.len() > MOST_LABELS {
        kept.truncate(N_KEPT);
    }
    kept
}

fn of_one(walk: &Walk, fit: &FitFeatures, sentence: &WalkedSentence) -> OfSentence {
    let (explanation, kept) = (&sentence.explanation, kept_labels(walk, sentence));
    let sums: Vec<(Sum, Option<usize>)> =
        kept.iter().map(|&label| decisive_sum(walk, fit, sentence, label)).collect();
    let terms = || sums.iter().flat_map(|(sum, _)| &sum.terms);
    let listed: Vec<usize> = by_probability(sentence).into_iter().take(N_LISTED).collect();
    let scores = scores(walk, fit, sentence);
    let contributions = |of: &[f64]| -> Vec<f32> { kept.iter().map(|&label| of[label] as f32).collect() };
    let data = json!({
        "kept": kept,
        "rivals": sums.iter().map(|(_, rival)| *rival).collect::<Vec<_>>(),
        // [n_kept, n_terms]
        "features": pack_u16(terms().map(|term| term.0 as u16)),
        "values": pack_f64(terms().map(|term| term.1)),
        "weights": pack_f64(terms().map(|term| term.2)),
        // [n_kept, 3]
        "sums": pack_f64(sums.iter().flat_map(|(sum, _)| [sum.rest, sum.intercept, sum.total])),
        "listed": listed,
        "scores": pack_f64(listed.iter().map(|&label| scores[label])),
        // ln(p / (1 - p)) of the kept labels.
        "logits": pack_f64(kept.iter().map(|&label| explanation.classes[label].logit)),
        // [n_words, n_kept] and [n_words - 1, n_kept]
        "words": pack_f32(explanation.words.iter().flat_map(|word| contributions(&word.contributions))),
        "pairs": pack_f32(explanation.pairs.iter().flat_map(|pair| contributions(&pair.contributions))),
        "path": explanation.path.as_ref().map(|path| json!({
            "words": path.steps.iter().map(|step| step.word).collect::<Vec<_>>(),
            "logits": pack_f64(path.steps.iter().map(|step| step.logit)),
            "changedTo": path.changed_to.as_ref().map(|labels| joined(labels)),
        })),
        "nEncodings": explanation.n_encodings,
        "neighbours": explanation.neighbours,
    });
    let rows = rows(walk, fit, sentence, &sums[0]);
    OfSentence { line: Some(line(walk, sentence)), rows: Some(rows), data }
}

/// The decision value of each label; with two classes those of the second and its negative.
fn scores(walk: &Walk, fit: &FitFeatures, sentence: &WalkedSentence) -> Vec<f64> {
    let fitted = walk.classifier.classifier();
    let d = sentence.features.len();
    let constant = |label: usize| fitted.constant().and_then(|constant| constant[label]);
    let score = |label: usize| match constant(label) {
        Some(true) => f64::INFINITY,
        Some(false) => f64::NEG_INFINITY,
        None => {
            let (weights, intercept) =
                fit.weights(&fitted.coef()[label * d..][..d], fitted.intercept()[label]);
            Sum::of(&fit.values(&sentence.features), &weights, intercept, 0).total
        }
    };
    match fitted.intercept().len() {
        1 if walk.classifier.thresholds().is_none() => vec![-score(0), score(0)],
        k => (0..k).map(score).collect(),
    }
}

fn line(walk: &Walk, sentence: &WalkedSentence) -> Words {
    let explanation = &sentence.explanation;
    let (label, p, z) = (label_name(&explanation.label), explanation.probability, explanation.logit);
    let mut carrying: Vec<_> = explanation.words.iter().filter(|word| word.contribution > 0.0).collect();
    carrying.sort_by(|a, b| b.contribution.total_cmp(&a.contribution));
    let list = |open: &str, close: &str| {
        let words = carrying.iter().take(3);
        words.map(|w| format!("{open}{}{close} ({:+.2})", w.word, w.contribution)).collect::<Vec<_>>()
    };
    let is_certain = walk.classifier.thresholds().is_some() || walk.classifier.classes().len() == 2;
    let name = if is_certain { words("The logit", " logit ") } else { words("The log-odds", "对数几率") };
    let mut text = words(
        format!("{} of {} is {z:+.4}, so its probability is {p:.4}.", name.en, label.en),
        format!("{} 的{}是 {z:+.4}，因此概率是 {p:.4}。", label.zh, name.zh),
    );
    if !carrying.is_empty() {
        text.en.push_str(&format!(" The words that support it most: {}.", list("“", "”").join(", ")));
        text.zh.push_str(&format!("最支持它的词：{}。", list("“", "”").join("、")));
    }
    if let Some(path) = &explanation.path {
        let removed = |open: &str, close: &str| -> Vec<String> {
            path.steps
                .iter()
                .map(|step| format!("{open}{}{close}", explanation.words[step.word].word))
                .collect()
        };
        match &path.changed_to {
            Some(labels) if path.steps.len() <= 8 => {
                let to = joined(labels);
                text.en.push_str(&format!(
                    " Without {}, the answer is {}.",
                    removed("“", "”").join(", "),
                    to.en
                ));
                text.zh.push_str(&format!("去掉 {} 后，答案变成 {}。", removed("“", "”").join("、"), to.zh));
            }
            Some(labels) => {
                let (n, to) = (path.steps.len(), joined(labels));
                text.en.push_str(&format!(" The answer becomes {} after {n} words are removed.", to.en));
                text.zh.push_str(&format!("去掉 {n} 个词后，答案变成 {}。", to.zh));
            }
            None => {
                let (en, zh) = match explanation.gives_label() {
                    true => ("stays", "仍是"),
                    false => ("never becomes", "也不会变成"),
                };
                text.en.push_str(&format!(" The answer {en} {}, even if all words are removed.", label.en));
                text.zh.push_str(&format!("即使去掉所有词，答案{zh} {}。", label.zh));
            }
        }
    }
    text
}

/// A number with its sign.
fn signed(x: f64) -> String {
    let text = legible(x, 6);
    if text.starts_with('-') { text } else { format!("+{text}") }
}

fn rows(
    walk: &Walk,
    fit: &FitFeatures,
    sentence: &WalkedSentence,
    (sum, rival): &(Sum, Option<usize>),
) -> Vec<Row> {
    let classes = walk.classifier.classes();
    let explanation = &sentence.explanation;
    let letter = if fit.are_scaled() { 'z' } else { 'x' };
    let term = |term: &(usize, f64, f64)| -> Row {
        let (feature, value, weight) = *term;
        vec![
            format!("{letter}{feature}").into(),
            signed(value).into(),
            signed(weight).into(),
            format!("{:+.6}", product(term)).into(),
        ]
    };
    let single = |name: Words, number: f64| -> Row {
        vec![name.into(), "".into(), "".into(), format!("{number:+.6}").into()]
    };
    let n_rest = sentence.features.len() - sum.terms.len();
    let label = label_name(&explanation.label);
    let total = match rival {
        None => words(format!("logit of {}", label.en), format!("{} 的 logit", label.zh)),
        Some(rival) => {
            let rival = label_name(&classes[*rival]);
            words(
                format!("logit of {} − logit of {}", label.en, rival.en),
                format!("{} 的 logit − {} 的 logit", label.zh, rival.zh),
            )
        }
    };
    let mut rows: Vec<Row> = sum.terms.iter().map(term).collect();
    rows.push(single(words(format!("{n_rest} other terms"), format!("其余 {n_rest} 项")), sum.rest));
    rows.push(single(words("intercept", "截距"), sum.intercept));
    rows.push(single(total, sum.total));
    rows.push(vec![
        words("word", "词").into(),
        words("contribution", "贡献").into(),
        words("probability without it", "去掉后的概率").into(),
        "".into(),
    ]);
    rows.extend(explanation.words.iter().map(|word| -> Row {
        vec![
            word.word.as_str().into(),
            format!("{:+.4}", word.contribution).into(),
            format!("{:.4}", word.probability_without).into(),
            "".into(),
        ]
    }));
    rows
}

#[cfg(test)]
mod tests {
    use clsify::classifier::{LogisticRegression, OneVsRest};
    use clsify::matrix::Matrix;

    use super::*;

    /// Numbers between -1 and 1 from a linear congruential generator.
    fn numbers(n: usize, seed: u64) -> Vec<f64> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        };
        (0..n).map(|_| next()).collect()
    }

    fn assert_close(sum: &Sum, logit: f64) {
        let terms: f64 = sum.terms.iter().map(product).sum();
        for total in [sum.total, terms + sum.rest + sum.intercept] {
            assert!((total - logit).abs() <= 1e-9 * logit.abs().max(1e-3), "{total} is not {logit}");
        }
    }

    /// Oracle: `decision_function` of the library.
    #[test]
    fn sums_are_the_logits_of_the_model() {
        let d = 768;
        for seed in 1..20 {
            let values: Vec<f32> = numbers(d, seed).into_iter().map(|x| 3.0 * x as f32).collect();
            let features = Matrix::from_vec(values.clone(), 1, d).unwrap();
            let (coef, intercept) = (numbers(3 * d, 100 + seed), numbers(3, 200 + seed));
            let row = |k: usize| &coef[k * d..][..d];
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();

            let two = LogisticRegression::from_parts(row(0).to_vec(), vec![intercept[0]], 2).unwrap();
            let sum = Sum::of(&values, row(0), intercept[0], 12);
            assert_close(&sum, two.decision_function(&features)[0]);
            assert!(sum.terms.windows(2).all(|pair| product(&pair[0]).abs() >= product(&pair[1]).abs()));

            let classes = LogisticRegression::from_parts(coef.clone(), intercept.clone(), 3).unwrap();
            let logits = classes.decision_function(&features);
            let difference: Vec<f64> = row(2).iter().zip(row(1)).map(|(a, b)| a - b).collect();
            assert_close(
                &Sum::of(&values, &difference, intercept[2] - intercept[1], 8),
                logits[2] - logits[1],
            );

            let sets = OneVsRest::from_parts(coef.clone(), intercept.clone(), vec![None; 3]).unwrap();
            assert_close(&Sum::of(&values, row(1), intercept[1], 8), sets.decision_function(&features)[1]);
        }
    }
}
