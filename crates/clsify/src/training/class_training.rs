//! Training with one class per sentence: from a fit to its calibration, its decision rule and its scores.

use super::class_scores::{BaselineReport, ClassScores, TrainScore};
use super::fits::N_SPLITS;
use super::plan::{Fit, Outcome, Plan};
use super::train_options::TrainOptions;
use super::train_test_rows::EncodedRows;
use super::training_report::TrainingScores;
use crate::classifier::{ClassWeight, LinearClassifier, LogisticRegression, MostFrequent, Samples};
use crate::decision::Decision;
use crate::decision::calibration::{self, Calibrator};
use crate::decision::choose_rule::{self, DecisionOptions, DecisionReport, Scored};
use crate::error::Result;
use crate::evaluation::{
    Evaluation, LabelPrecisionRecall, baseline_cross_val_score, mean_and_std, weighted_accuracy,
};
use crate::notes::cautions::{ConstantAnswer, counts, note_below_baseline, note_perfect, quoted};
use crate::observer::Observer;
use crate::split::n_groups;

/// Calibrates a fit, chooses its decision rule and scores it; `y_train` and `y_test` are ids of all labels.
pub(crate) fn outcome(
    plan: &Plan,
    (fit, plain): (&Fit, &LogisticRegression),
    rows: &EncodedRows,
    options: &TrainOptions,
    observer: &dyn Observer,
) -> Result<Outcome> {
    let labels = &plan.rows.labels;
    let train = Samples::of_classes(&rows.x_train, &plan.rows.train)?;
    let test = Samples::of_classes(&rows.x_test, &plan.rows.test)?;
    let (y_train, y_test) = (train.class_ids, test.class_ids);
    let (most_frequent, baseline) = baseline(&train, &test)?;

    let (x_held_out, held_out) = fit.held_out(&rows.x_train, &plan.rows.train);
    let held_out = Samples::of_classes(&x_held_out, &held_out)?;
    let calibrator = Calibrator::fit(options.calibration, plain, &fit.held_out_logits, &held_out)?;
    let classifier = calibrator.folded(plain.clone())?;
    let own = (classifier.classes(), &labels[..]);
    let scores = |probabilities: &[f64]| {
        calibration::scores(probabilities, own.0, (y_test, test.sample_weight), labels.len())
    };
    let p_test = classifier.predict_proba(&rows.x_test);
    let probabilities = scores(&p_test)?;
    let calibration = calibrator.report(&scores(&plain.predict_proba(&rows.x_test))?, &probabilities);
    let decided = match options.decision != DecisionOptions::default() {
        true => {
            let probabilities = calibrator.probabilities(&fit.held_out_logits, labels.len(), own.0);
            let (y_true, weights) = (held_out.class_ids, held_out.sample_weight);
            let train = Scored { probabilities: &probabilities, y_true, weights };
            let test = Scored { probabilities: &p_test, y_true: y_test, weights: test.sample_weight };
            Some(choose_rule::report(&options.decision, train, test, own)?)
        }
        false => None,
    };
    decided.as_ref().and_then(DecisionReport::note).iter().for_each(|note| observer.warn(note));
    let rule = decided.as_ref().map_or(Decision::default(), |decided| decided.rule.clone());

    let predicted = choose_rule::class_ids(&rule, &classifier, &rows.x_test);
    let evaluation = Evaluation::from_predictions(y_test, &predicted, labels)?;
    // Class weights and decision rules trade accuracy for something else.
    if options.classifier.class_weight == ClassWeight::None && rule.is_most_probable() {
        let constant = format!("always answering {}", quoted(&labels[most_frequent]));
        let constant = ConstantAnswer { name: &constant, score: baseline.test_accuracy };
        note_below_baseline(observer, "accuracy", evaluation.accuracy, constant);
    }
    if plan.rows.n_seen == 0 {
        note_perfect(observer, "accuracy", evaluation.accuracy, y_test.len());
    }
    let train_predicted = choose_rule::class_ids(&rule, &classifier, &rows.x_train);
    Ok(Outcome {
        classes: own.0.iter().map(|&id| labels[id].clone()).collect(),
        scores: TrainingScores::Classes(Box::new(ClassScores {
            baseline,
            train: TrainScore { accuracy: accuracy(&train_predicted, y_train) },
            test_weighted_accuracy: test.sample_weight.and_then(|w| weighted_accuracy(y_test, &predicted, w)),
            test: evaluation,
            calibration,
            decision: decided,
        })),
        probabilities,
        precision_recall: LabelPrecisionRecall::of_classes(&p_test, own.0, y_test, labels)?,
        classifier: LinearClassifier::Classes(classifier),
    })
}

/// The share of rows that are predicted correctly.
pub(crate) fn accuracy(predicted: &[usize], y: &[usize]) -> f64 {
    let n_correct = predicted.iter().zip(y).filter(|(p, y)| p == y).count();
    n_correct as f64 / y.len() as f64
}

/// The most frequent class of the training rows, and the scores of always predicting it.
fn baseline(train: &Samples, test: &Samples) -> Result<(usize, BaselineReport)> {
    let baseline = MostFrequent::fit_weighted(train.class_ids, train.n_classes, train.sample_weight)?;
    let always = vec![baseline.class_id(); test.class_ids.len()];
    let largest = counts(train.class_ids, train.n_classes).into_iter().max().unwrap_or(0);
    // Folds need a class with at least one row per fold, or one group per fold.
    let scores = match N_SPLITS.min(train.groups.map_or(largest, n_groups)) {
        n_splits @ 2.. => Some(mean_and_std(&baseline_cross_val_score(train, n_splits)?)),
        _ => None,
    };
    let report = BaselineReport {
        cv_mean: scores.map(|s| s.0),
        cv_std: scores.map(|s| s.1),
        cv_by_weight: train.sample_weight.is_some(),
        test_accuracy: accuracy(&always, test.class_ids),
        test_weighted_accuracy: test
            .sample_weight
            .and_then(|w| weighted_accuracy(test.class_ids, &always, w)),
    };
    Ok((baseline.class_id(), report))
}
