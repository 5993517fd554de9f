//! The decision rule of the classifier and its effect on the held-out rows, in words.

use clsify::decision::{DecisionEffect, Rule};
use clsify::model::{EvaluationForm, SentenceClassifier};
use clsify::studies::Walkthrough;

use super::walked::percent;
use super::words::{Words, words};
use crate::text::list_item;

/// The rule that makes an answer of the probabilities.
pub(super) fn rule(classifier: &SentenceClassifier) -> Words {
    let Some(decision) = classifier.decision() else {
        return words(
            "A label is assigned if its probability is above its threshold.",
            "只有概率高于阈值的标签才会给出。",
        );
    };
    let mut text = match &decision.rule {
        Rule::MostProbable => words("The most probable label is the answer.", "答案是概率最大的标签。"),
        Rule::ClassThresholds(thresholds) => {
            let classes = classifier.classes().iter().zip(thresholds).take(8);
            let list = classes
                .map(|(class, t)| format!("{} {t:.4}", list_item(class)))
                .collect::<Vec<_>>()
                .join(", ");
            words(
                format!(
                    "The answer is the label with the largest ratio of probability to threshold (thresholds: {list})."
                ),
                format!("答案是概率与阈值之比最大的标签（阈值：{list}）。"),
            )
        }
        Rule::CostMatrix(_) => words(
            "The answer is the label with the lowest expected cost according to the cost matrix of the model.",
            "答案是期望代价最小的标签，代价由模型的代价矩阵给出。",
        ),
    };
    if let Some(least) = decision.abstain_below {
        text.en.push_str(&format!(
            " The classifier abstains if the probability of the answer is below {least:.4}."
        ));
        text.zh.push_str(&format!("如果答案的概率低于 {least:.4}，分类器就弃权。"));
    }
    text
}

/// How many held-out rows a classifier that may abstain answers, and how many of these answers are correct; `None` if it may not.
pub(super) fn answered(walkthrough: &Walkthrough) -> Option<Words> {
    walkthrough.classifier.decision()?.abstain_below?;
    let found = &effect(walkthrough)?.after;
    let (n, all, coverage) = (found.n_answered, found.n_rows, percent(found.coverage));
    let (Some(accuracy), Some(interval)) = (found.accuracy, found.accuracy_ci95) else {
        return Some(words(
            format!("This counts best guesses: the classifier abstains on all {all} rows."),
            format!("这里把最佳猜测也算作答案：分类器对全部 {all} 行都弃权。"),
        ));
    };
    let (accuracy, [low, high]) = (percent(accuracy), interval.map(percent));
    Some(words(
        format!(
            "This counts the best guesses where the classifier abstains. It answers {n} of these {all} rows ({coverage}), and {accuracy} of \
             its answers are correct (95% confidence interval {low} to {high})."
        ),
        format!(
            "这里把弃权时的最佳猜测也算作答案。在这 {all} 行中，分类器回答了 {n} 行（{coverage}），其中 {accuracy} 判对（95% 置信区间 {low} 到 {high}）。"
        ),
    ))
}

/// What the rule gains over the most probable label, which it replaces; `None` if it does not replace it.
pub(super) fn gained(walkthrough: &Walkthrough) -> Option<Words> {
    let DecisionEffect { before, after } = effect(walkthrough)?;
    let accuracy = percent(before.accuracy?);
    match walkthrough.classifier.decision()?.rule {
        Rule::MostProbable => None,
        Rule::ClassThresholds(_) => {
            let [before, after] = [before.f1_macro?, after.f1_macro?].map(percent);
            Some(words(
                format!(
                    "The thresholds of the labels trade accuracy for macro F1: the most probable label would have an accuracy of {accuracy} \
                     and a macro F1 of {before}; the answers of the classifier have a macro F1 of {after}."
                ),
                format!(
                    "各标签的阈值用准确率换取宏平均 F1：取概率最大的标签时，准确率为 {accuracy}，宏平均 F1 为 {before}；分类器的答案的宏平均 F1 为 {after}。"
                ),
            ))
        }
        Rule::CostMatrix(_) => {
            let (before, after) = (before.mean_cost?, after.mean_cost?);
            Some(words(
                format!(
                    "The classifier minimises costs, not errors: the most probable label would have an accuracy of {accuracy} and a mean \
                     cost of {before:.4}; the answers of the classifier have a mean cost of {after:.4}."
                ),
                format!(
                    "分类器要最小化的是代价，而不是错误数：取概率最大的标签时，准确率为 {accuracy}，平均代价为 {before:.4}；分类器的答案的平均代价为 {after:.4}。"
                ),
            ))
        }
    }
}

/// The effect of the rule on the held-out rows, unless it is the most probable label.
fn effect<'a>(walkthrough: &'a Walkthrough) -> Option<&'a DecisionEffect> {
    match &walkthrough.report.form {
        EvaluationForm::Classes { decision, .. } => decision.as_ref().map(|decided| &decided.effect),
        EvaluationForm::LabelSets { .. } => None,
    }
}
