//! The scores of a classifier with one class per sentence, in words.

use clsify::decision::Platt;
use clsify::evaluation::Evaluation;
use clsify::training::{BaselineReport, ClassScores, ClassifierReport};

use super::calibration::calibrated;
use super::decision::decision_text;
use crate::table::Table;
use crate::text::{shorten, six_digits};

/// Describes a training run with one class per sentence.
pub(super) fn summary(classifier: &ClassifierReport, found: &ClassScores, classes: &[String]) -> String {
    let mut text = format!("classifier   C {}, {}\n", six_digits(classifier.c), convergence(classifier));
    text.push_str(&baseline(&found.baseline));
    text.push_str(&format!("accuracy on the training rows {:.4}\n\n", found.train.accuracy));
    text.push_str(&scores(&found.test));
    text.push_str(&weighted(found.test_weighted_accuracy, found.baseline.test_weighted_accuracy));
    if let Some(calibration) = &found.calibration {
        let fitted = match (calibration.temperature, calibration.platt) {
            (_, Some(Platt { scale, offset })) => format!("logits {scale:.4} z {offset:+.4}"),
            (temperature, None) => format!("temperature {:.4}", temperature.unwrap_or(1.0)),
        };
        text.push_str(&format!("\ncalibration  {fitted}: "));
        let reliability = &calibration.reliability.after;
        text.push_str(&calibrated(calibration.before, calibration.after, reliability));
    }
    if let Some(decision) = &found.decision {
        text.push_str(&decision_text(decision, classes));
    }
    text
}

/// The score of the most frequent class. The text says if training rows are weighted by sample weight in the folds.
fn baseline(baseline: &BaselineReport) -> String {
    let by_weight = if baseline.cv_by_weight { " by weight" } else { "" };
    let cv = match (baseline.cv_mean, baseline.cv_std) {
        (Some(mean), Some(std)) => format!(" (cross-validated{by_weight} {mean:.3} +- {std:.3})"),
        _ => String::new(),
    };
    format!("baseline     {:.4}{cv}: always the most frequent class{by_weight}\n", baseline.test_accuracy)
}

/// A clause that says whether a fit converged, for the subject "it has".
pub(crate) fn convergence(classifier: &ClassifierReport) -> String {
    if classifier.converged {
        return format!("converged after {} iterations", classifier.n_iter);
    }
    format!(
        "NOT converged after {} iterations (gradient {:.1e})",
        classifier.n_iter, classifier.gradient_max_norm
    )
}

/// The weighted accuracy, if rows have sample weights, and that of the baseline if it is known.
pub(super) fn weighted(accuracy: Option<f64>, baseline: Option<f64>) -> String {
    let baseline = baseline.map_or(String::new(), |baseline| format!(" (baseline {baseline:.4})"));
    let line = |accuracy| format!("\nweighted     {accuracy:.4}: accuracy with sample weights{baseline}\n");
    accuracy.map_or(String::new(), line)
}

/// The maximum number of classes of a confusion matrix that fits on a screen.
const MOST_MATRIX_CLASSES: usize = 20;

/// The accuracy, the scores per class and the confusion matrix.
pub(crate) fn scores(test: &Evaluation) -> String {
    let n: usize = test.confusion_matrix.iter().flatten().sum();
    let [low, high] = test.accuracy_ci95;
    let s = if n == 1 { "" } else { "s" };
    let short = |name: &String| shorten(name, 40);
    let mut text =
        format!("accuracy     {:.4} on {n} row{s} (95 % interval {low:.3} to {high:.3})\n\n", test.accuracy);
    let mut table = Table::new(["", "precision", "recall", "f1", "support"]);
    let averages =
        [("macro".to_string(), &test.macro_average), ("weighted".to_string(), &test.weighted_average)];
    for (name, s) in test.per_class.iter().map(|(name, scores)| (short(name), scores)).chain(averages) {
        let score = |x: f64| format!("{x:.4}");
        table.row([name, score(s.precision), score(s.recall), score(s.f1), s.support.to_string()]);
    }
    text.push_str(&table.to_string());
    if test.per_class.len() > MOST_MATRIX_CLASSES {
        text.push_str("\nThe confusion matrix, too wide to show, is in the report (--json).\n");
        return text;
    }
    text.push_str("\nconfusion matrix (rows: true, columns: predicted)\n");
    let mut matrix =
        Table::new(std::iter::once(String::new()).chain(test.per_class.iter().map(|(name, _)| short(name))));
    for ((name, _), row) in test.per_class.iter().zip(&test.confusion_matrix) {
        matrix.row(std::iter::once(short(name)).chain(row.iter().map(ToString::to_string)));
    }
    text.push_str(&matrix.to_string());
    text
}
