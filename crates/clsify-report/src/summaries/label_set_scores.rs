//! Scores of label sets in words, after a training run or an evaluation.

use clsify::dataset::LabelSeparator;
use clsify::decision::{Calibration, LabelThreshold, Thresholds};
use clsify::evaluation::{MultiLabelEvaluation, WeightedMultiLabelScores};
use clsify::training::{ClassifierReport, ConstantScores, LabelSetScores, ThresholdsReport};

use super::calibration::calibrated;
use crate::table::Table;
use crate::text::{label_list, n_shown, shorten, six_digits};

/// Describes a training run with label sets; `separator` joins labels.
pub(super) fn summary(
    classifier: &ClassifierReport,
    scores: &LabelSetScores,
    separator: Option<&LabelSeparator>,
) -> String {
    let stopped = match classifier.n_not_converged {
        None | Some(0) => format!("all converged after at most {} iterations", classifier.n_iter),
        Some(n) => format!("{n} NOT converged (gradient {:.1e})", classifier.gradient_max_norm),
    };
    let mut text = format!(
        "classifier   one per label, C {}, {stopped}\nthresholds   {}\n",
        six_digits(classifier.c),
        thresholds(&scores.thresholds)
    );
    let constant = |answer: &str, scores: &ConstantScores| {
        let weighted = scores.weighted.map_or(String::new(), |weighted| {
            format!("; weighted {:.4} and {:.4}", weighted.subset_accuracy, weighted.micro_f1)
        });
        format!(
            "{answer}: subset accuracy {:.4}, micro F1 {:.4}, macro F1 {:.4}{weighted}\n",
            scores.subset_accuracy, scores.micro_f1, scores.macro_f1
        )
    };
    let most_frequent = &scores.baseline.most_frequent_set;
    let answer = match most_frequent.labels.as_slice() {
        [] => "always no label (the most frequent label set)".to_string(),
        labels => {
            let labels = separator.map_or_else(|| labels.concat(), |separator| separator.join(labels));
            format!("always {} (the most frequent label set)", shorten(&labels, 40))
        }
    };
    text.push_str(&format!("baseline     {}", constant(&answer, most_frequent)));
    text.push_str(&format!("             {}", constant("always every label", &scores.baseline.every_label)));
    text.push_str(&format!(
        "on the training rows: subset accuracy {:.4}, micro F1 {:.4}, macro F1 {:.4}\n\n",
        scores.train.subset_accuracy, scores.train.micro_average.f1, scores.train.macro_average.f1
    ));
    text.push_str(&table(&scores.test, Some(&scores.thresholds.per_label)));
    text.push_str(&weighted(scores.test_weighted));
    if let Some(half) = &scores.test_at_half {
        text.push_str(&format!(
            "\nwith the threshold 0.5 for every label: subset accuracy {:.4}, Hamming loss {:.4}, micro F1 {:.4}, \
             macro F1 {:.4}\n",
            half.subset_accuracy, half.hamming_loss, half.micro_average.f1, half.macro_average.f1
        ));
    }
    if let Some(out_of_fold) = &scores.thresholds.out_of_fold {
        let micro = &out_of_fold.micro_average;
        text.push_str(&format!(
            "out-of-fold on the training rows, with these thresholds: micro precision {:.4}, recall {:.4}, F1 {:.4}, \
             macro F1 {:.4}\n",
            micro.precision, micro.recall, micro.f1, out_of_fold.macro_average.f1
        ));
    }
    if let Some(cost) = &scores.thresholds.mean_cost {
        text.push_str(&format!(
            "mean cost per row with 0.5 -> with these thresholds: {:.4} -> {:.4} out-of-fold, {:.4} -> {:.4} on the \
             held-out rows\n",
            cost.out_of_fold_at_half, cost.out_of_fold, cost.test_at_half, cost.test
        ));
    }
    if let Some(calibration) = &scores.calibration {
        let method = match calibration.method {
            Calibration::Platt => "Platt scaling",
            _ => "temperature scaling",
        };
        text.push_str(&format!(
            "\ncalibration  {method} per label ({} labels), over {} folds; means over all labels: ",
            calibration.per_label.len(),
            calibration.n_splits
        ));
        let reliability = &calibration.reliability.after;
        text.push_str(&calibrated(calibration.before, calibration.after, reliability));
        let as_they_are = &calibration.as_they_are;
        if !as_they_are.is_empty() {
            let shown = n_shown(as_they_are.len(), 1);
            let labels: Vec<String> = as_they_are[..shown].iter().map(|label| shorten(label, 40)).collect();
            let more = match as_they_are.len() - shown {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            text.push_str(&format!(
                "  not calibrated, constant or with too few rows: {}{more}\n",
                label_list(&labels)
            ));
        }
    }
    text
}

fn thresholds(thresholds: &ThresholdsReport) -> String {
    let folds = format!("over {} folds of the training rows", thresholds.n_splits.unwrap_or_default());
    let n_other = thresholds.per_label.iter().filter(|label| label.threshold != 0.5).count();
    let n = thresholds.per_label.len();
    match &thresholds.chosen_by {
        Thresholds::Half => "0.5 for every label".to_string(),
        Thresholds::AbstainBelow(p) => format!("{p} for every label"),
        Thresholds::F1 => format!("the best F1 of each label {folds}; {n_other} of {n} are not 0.5"),
        Thresholds::TargetPrecision(target) => format!(
            "the lowest at which the label has precision {target} {folds}; {} of {n} labels do not reach \
             it and are never assigned",
            thresholds.never_given.len()
        ),
        Thresholds::Costs(_) => {
            format!("the lowest expected cost of each label; {n_other} of {n} are not 0.5")
        }
    }
}

/// The scores of all labels together and of each label, with its threshold if `thresholds` are given.
pub(super) fn table(test: &MultiLabelEvaluation, thresholds: Option<&[LabelThreshold]>) -> String {
    let [low, high] = test.subset_accuracy_ci95;
    let s = if test.n_samples == 1 { "" } else { "s" };
    let mut text = format!(
        "subset accuracy {:.4} on {} row{s} (95 % interval {low:.3} to {high:.3})\nHamming loss    {:.4}\n\n",
        test.subset_accuracy, test.n_samples, test.hamming_loss
    );
    let titles = ["", "precision", "recall", "f1", "support"].into_iter();
    let mut table = Table::new(titles.chain(thresholds.map(|_| "threshold")));
    let averages = [
        ("micro", &test.micro_average),
        ("macro", &test.macro_average),
        ("weighted", &test.weighted_average),
        ("samples", &test.samples_average),
    ];
    let threshold_of = |label: &str| {
        let of_label = thresholds?.iter().find(|of_label| of_label.label == label)?;
        Some(format!("{:.4}", of_label.threshold))
    };
    let of_labels =
        test.per_label.iter().map(|(label, scores)| (shorten(label, 40), scores, threshold_of(label)));
    let averages = averages.into_iter().map(|(name, scores)| (name.to_string(), scores, None));
    for (name, s, threshold) in of_labels.chain(averages) {
        let score = |x: f64| format!("{x:.4}");
        let cells = [name, score(s.precision), score(s.recall), score(s.f1), s.support.to_string()];
        table.row(cells.into_iter().chain(threshold));
    }
    text.push_str(&table.to_string());
    text
}

/// The weighted scores, if rows have sample weights.
pub(super) fn weighted(scores: Option<WeightedMultiLabelScores>) -> String {
    scores.map_or(String::new(), |scores| {
        format!(
            "\nweighted     subset accuracy {:.4}, micro F1 {:.4}: scores with sample weights\n",
            scores.subset_accuracy, scores.micro_f1
        )
    })
}
