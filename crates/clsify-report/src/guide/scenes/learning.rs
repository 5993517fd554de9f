//! 10. Learning: the loss and the weights step by step, and the scores of other values of C.

use clsify::classifier::{ClassWeight, Scaling};
use clsify::decision::Calibration;
use clsify::evaluation::GridSearch;
use clsify::model::{SavedForm, SentenceClassifier};
use clsify::studies::{LearningStep, Walkthrough};
use serde_json::{Value, json};

use crate::charts::axis::grouped;
use crate::guide::detail::Detail;
use crate::guide::scene::{Row, Scene, pack_f32, pack_u16};
use crate::guide::standardised::FitFeatures;
use crate::guide::tuned::{is_own_fit, is_tuned};
use crate::guide::walked::metric_name;
use crate::guide::words::{Words, words};

/// The most weights in the page.
const MOST_WEIGHTS: usize = 18_000;

/// The weights of a label that are kept before steps are left out.
const FINE: usize = 240;

pub(super) fn scene(walkthrough: &Walkthrough, _: &Detail) -> Scene {
    let steps = steps(walkthrough);
    Scene {
        id: "learning",
        title: words("Learning", "学习"),
        caption: caption(walkthrough),
        code: formula(walkthrough),
        columns: vec![
            words("steps", "步数"),
            words("log loss", "对数损失"),
            words("objective", "目标函数"),
            words("|w|", "|w|"),
        ],
        rows: Some(rows(walkthrough, &steps)),
        shared: shared(walkthrough, &steps),
        sentences: Vec::new(),
    }
}

/// The steps with the weights that the penalty is about: those of standardised features if the fit standardised them.
fn steps(walkthrough: &Walkthrough) -> Vec<LearningStep> {
    let (fit, [_, d]) = (FitFeatures::of(Some(walkthrough)), shape(walkthrough));
    let convert = |step: &LearningStep| {
        let mut step = step.clone();
        for (coef, intercept) in step.coef.chunks_exact_mut(d).zip(&mut step.intercept) {
            let (weights, shifted) = fit.weights(coef, *intercept);
            coef.copy_from_slice(&weights);
            *intercept = shifted;
        }
        step.coef_norm = step.coef.iter().map(|w| w * w).sum::<f64>().sqrt();
        step
    };
    walkthrough.learning.steps.iter().map(convert).collect()
}

/// The numbers of rows of weights and of features.
fn shape(walkthrough: &Walkthrough) -> [usize; 2] {
    let classifier = walkthrough.classifier.classifier();
    let k = classifier.intercept().len();
    [k, classifier.coef().len() / k]
}

fn caption(walkthrough: &Walkthrough) -> Words {
    let another = another_fit(walkthrough);
    let [subject, subject_zh] = match another {
        None => ["Training", "训练就是"],
        Some(_) => ["This fit", "这次拟合"],
    };
    let [k, d] = shape(walkthrough);
    let (n_weights, n_train) = (grouped(d as f64, 0), grouped(walkthrough.split.train.len() as f64, 0));
    let mut text = match k {
        1 => words(
            format!(
                "{subject} finds {n_weights} weights and one intercept that give the labels of the {n_train} training rows a high \
                 probability while the weights stay small."
            ),
            format!(
                "{subject_zh}找出 {n_weights} 个权重和一个截距，使 {n_train} 行训练数据的标签概率尽可能大，同时权重不过大。"
            ),
        ),
        _ => words(
            format!(
                "For each of the {k} labels, {} finds {n_weights} weights and one intercept. They give the labels of the {n_train} \
                 training rows a high probability while the weights stay small.",
                subject.to_lowercase()
            ),
            format!(
                "{subject_zh}为 {k} 个标签各找出 {n_weights} 个权重和一个截距，使 {n_train} 行训练数据的标签概率尽可能大，同时权重不过大。"
            ),
        ),
    };
    if let Some(another) = &another {
        text = words(format!("{} {}", another.en, text.en), format!("{}{}", another.zh, text.zh));
    }
    if let Some(calibration) = calibration(walkthrough.classifier) {
        text.en = format!("{} {}", text.en, calibration.en);
        text.zh.push_str(&calibration.zh);
    }
    text
}

/// A warning, if the fit of the figure does not end with the weights of the classifier.
fn another_fit(walkthrough: &Walkthrough) -> Option<Words> {
    if is_tuned(walkthrough.classifier) {
        return Some(words(
            "The classifier was fine-tuned together with the encoder, and the model has not kept the steps of that training. The figure \
             shows another fit for comparison: a logistic regression on the features of the tuned encoder. All other scenes use the \
             fine-tuned weights.",
            "分类器与编码器一起微调，模型没有保存那次训练的步骤。图中画的是另一次拟合，仅供比较：在微调后的编码器的特征上做逻辑回归。其他各步都使用微调得到的权重。",
        ));
    }
    (!is_own_fit(walkthrough)).then(|| {
        words(
            "The figure shows a logistic regression on the features alone. It does not end with the weights of this model, which were \
             obtained in another way, for example with descriptions of the labels. All other scenes use the weights of the model.",
            "图中画的是只用特征做的逻辑回归。它的结果不是这个模型的权重：模型的权重由其他方法得到，例如用到了标签的描述。其他各步都使用模型自己的权重。",
        )
    })
}

/// The cross-validated scores of values of C. Those on the features of a tuned encoder mean little: it has learned from every fold.
fn search<'a>(walkthrough: &'a Walkthrough) -> Option<&'a GridSearch> {
    walkthrough.learning.search.as_ref().filter(|_| !is_tuned(walkthrough.classifier))
}

fn no_search(walkthrough: &Walkthrough) -> Words {
    match is_tuned(walkthrough.classifier) {
        true => words(
            "There is no cross-validation, because the tuned encoder has learned from the rows of every fold.",
            "没有做交叉验证，因为微调时编码器已经用到了每一折的数据。",
        ),
        false => {
            words("There are too few training rows for cross-validation.", "训练数据太少，无法做交叉验证。")
        }
    }
}

/// The calibration that came after the fit, if there was one.
pub(super) fn calibration(classifier: &SentenceClassifier) -> Option<Words> {
    let form = &classifier.metadata().trained().ok()?.form;
    let (name, zh, how) = match form {
        SavedForm::Classes(form) => match (form.temperature, form.platt) {
            (Some(t), _) => ("temperature scaling", "温度缩放", format!("T = {t:.4}")),
            (None, Some(p)) => {
                ("Platt scaling", "Platt 缩放", format!("{:.4} · logit {:+.4}", p.scale, p.offset))
            }
            (None, None) => return None,
        },
        SavedForm::LabelSets(form) => match form.calibration {
            Calibration::Temperature => {
                ("temperature scaling of each label", "各标签的温度缩放", String::new())
            }
            Calibration::Platt => ("Platt scaling of each label", "各标签的 Platt 缩放", String::new()),
            _ => return None,
        },
    };
    let (open, close) = if how.is_empty() { ("", "") } else { (" (", ")") };
    Some(words(
        format!(
            "After the fit, the probabilities were calibrated by {name}{open}{how}{close}. The weights that the model uses include this calibration."
        ),
        format!(
            "拟合之后，概率又经过{zh}{}{how}{}校准；模型实际使用的权重已包含这一校准。",
            open.replace(" (", "（"),
            close.replace(')', "）")
        ),
    ))
}

/// The objective of the fit.
fn formula(walkthrough: &Walkthrough) -> String {
    let training = walkthrough.training;
    let is_weighted =
        training.class_weight == ClassWeight::Balanced || walkthrough.dataset.weights().is_some();
    let (weight, total) = if is_weighted { ("sᵢ ", "Σᵢ sᵢ") } else { ("", "n") };
    let x = match training.scaling {
        Scaling::None => "xᵢ",
        Scaling::Standard => "(xᵢ − mean) / std",
    };
    format!(
        "w, b = argmin  1 / {total} · Σᵢ −{weight}ln p(yᵢ | w · {x} + b)  +  |w|² / (2 · C · {total}),  C = {}",
        four_digits(training.c)
    )
}

/// A number with four significant digits.
fn four_digits(x: f64) -> f64 {
    format!("{x:.3e}").parse().unwrap_or(x)
}

fn rows(walkthrough: &Walkthrough, steps: &[LearningStep]) -> Vec<Row> {
    let step = |step: &LearningStep| -> Row {
        vec![
            step.n_iter.into(),
            format!("{:.6}", step.loss).into(),
            format!("{:.6}", step.objective).into(),
            format!("{:.6}", step.coef_norm).into(),
        ]
    };
    let mut rows: Vec<Row> = steps.iter().map(step).collect();
    if let Some(search) = search(walkthrough) {
        let (score, n_folds) = (metric_name(walkthrough.classifier), walkthrough.learning.n_folds);
        rows.push(vec![
            words("C", "C").into(),
            words(
                format!("mean {} over {n_folds} folds of the training rows", score.en),
                format!("训练数据 {n_folds} 折的平均{}", score.zh),
            )
            .into(),
            words("standard deviation", "标准差").into(),
            "".into(),
        ]);
        rows.extend(search.points.iter().map(|point| -> Row {
            vec![
                four_digits(point.c).to_string().into(),
                format!("{:.6}", point.mean_test_score).into(),
                format!("{:.6}", point.std_test_score).into(),
                "".into(),
            ]
        }));
    }
    rows
}

fn shared(walkthrough: &Walkthrough, steps: &[LearningStep]) -> Value {
    let (learning, training) = (&walkthrough.learning, walkthrough.training);
    let [k, d] = shape(walkthrough);
    let Kept { steps: kept, features } = Kept::of(steps, k, d);
    let last = steps.last().map_or(&[][..], |step| &step.coef);
    let sorted: Vec<Vec<usize>> =
        last.chunks_exact(d).map(|weights| spread(&ascending(weights), features)).collect();
    let weights = kept.iter().flat_map(|&step| {
        let of_label = |(label, features): (usize, &Vec<usize>)| -> Vec<f32> {
            features.iter().map(|&feature| steps[step].coef[label * d + feature] as f32).collect()
        };
        sorted.iter().enumerate().flat_map(of_label).collect::<Vec<_>>()
    });
    let intercepts = kept.iter().flat_map(|&step| steps[step].intercept.iter().map(|&b| b as f32));
    json!({
        "steps": steps.iter().map(|s| json!([s.n_iter, s.loss, s.objective, s.coef_norm])).collect::<Vec<_>>(),
        "converged": training.converged,
        "scaled": training.scaling == Scaling::Standard,
        "isMeanOfLabels": walkthrough.classifier.thresholds().is_some(),
        "nTrain": training.n_train,
        // The steps of which there are weights.
        "kept": kept,
        "nLabels": k,
        "nFeatures": d,
        // Per label: the features in the order of the weights of the last step, perhaps not all of them.
        "nDrawn": features,
        "features": pack_u16(sorted.iter().flatten().map(|&feature| feature as u16)),
        // [n_kept, n_labels, n_drawn]
        "weights": pack_f32(weights),
        "intercepts": pack_f32(intercepts),
        "c": training.c,
        "metric": metric_name(walkthrough.classifier),
        "noSearch": no_search(walkthrough),
        "search": search(walkthrough).map(|search| json!({
            "best": search.best_c,
            "nFolds": learning.n_folds,
            "points": search.points.iter().map(|p| [p.c, p.mean_test_score, p.std_test_score]).collect::<Vec<_>>(),
        })),
    })
}

/// The steps of which there are weights, and the number of weights per label.
struct Kept {
    steps: Vec<usize>,
    features: usize,
}

impl Kept {
    /// As many steps as there is room for; if there are many labels or features, a spread of the sorted weights.
    fn of(steps: &[LearningStep], k: usize, d: usize) -> Self {
        let n = (MOST_WEIGHTS / (k * d.min(FINE))).clamp(2, steps.len().max(2));
        let steps = spread(&(0..steps.len()).collect::<Vec<_>>(), n);
        Kept { features: d.min((MOST_WEIGHTS / (k * steps.len())).max(8)), steps }
    }
}

/// `n` of these items at equal distances, with the first and the last one; all if there are no more.
fn spread(items: &[usize], n: usize) -> Vec<usize> {
    match items.len() <= n {
        true => items.to_vec(),
        false => (0..n).map(|i| items[i * (items.len() - 1) / (n - 1)]).collect(),
    }
}

/// The indices in the order of the numbers.
fn ascending(numbers: &[f64]) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..numbers.len()).collect();
    indices.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
    indices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_has_four_digits() {
        let rounded = [1.0, 0.005_623_413_251_903_491, 17_782.794].map(|c| four_digits(c).to_string());
        assert_eq!(rounded, ["1", "0.005623", "17780"]);
    }

    #[test]
    fn spreads_keep_both_ends() {
        let items: Vec<usize> = (10..20).collect();
        assert_eq!(spread(&items, 10), items);
        assert_eq!(spread(&items, 2), [10, 19]);
        assert_eq!(spread(&items, 4), [10, 13, 16, 19]);
        assert_eq!(ascending(&[0.5, -1.0, 0.0]), [1, 2, 0]);
    }
}
