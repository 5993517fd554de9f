//! Training with label sets: from a fit to its calibration, the thresholds of its labels and its scores.

use super::label_set_scores::{
    ConstantBaseline, ConstantScores, CostEffect, LabelSetScores, ThresholdsReport,
};
use super::plan::{Fit, Outcome, Plan};
use super::train_options::TrainOptions;
use super::train_test_rows::{EncodedRows, counting_sets, scored};
use super::training_report::TrainingScores;
use crate::classifier::{ClassWeight, LinearClassifier, OneVsRest, above};
use crate::decision::calibration::that_count;
use crate::decision::label_calibration::LabelCalibrators;
use crate::decision::thresholds::Thresholds;
use crate::error::{Error, Result};
use crate::evaluation::{
    LabelPrecisionRecall, MultiLabelEvaluation, ProbabilityScores, WeightedMultiLabelScores,
};
use crate::model::label_ids::{among, sets, targets};
use crate::notes::cautions::{ConstantAnswer, note_below_baseline, note_perfect};
use crate::notes::list::list;
use crate::observer::Observer;
use crate::targets::{LabelIndicator, Targets};

/// Calibrates a fit, chooses the thresholds of its labels and scores it.
pub(crate) fn outcome(
    plan: &Plan,
    (fit, plain): (&Fit, &OneVsRest),
    rows: &EncodedRows,
    options: &TrainOptions,
    observer: &dyn Observer,
) -> Result<Outcome> {
    let (own, labels) = (&plan.rows.own, &plan.rows.labels);
    let (y_train, y_test) = (sets(&plan.rows.train)?, sets(&plan.rows.test)?);
    let w_test = plan.rows.test.sample_weight();
    let baseline = baseline((&plan.rows.train, y_train), own, (y_test, w_test), labels)?;

    let constant = plain.constant();
    let logits = &fit.held_out_logits;
    let (_, held_out) = fit.held_out(&rows.x_train, &plan.rows.train);
    let (y_held_out, w_held_out) = (sets(&held_out)?, held_out.sample_weight());
    let calibrators = LabelCalibrators::fit(options.calibration, logits, y_held_out, w_held_out, constant)?;
    let classifier = calibrators.folded(plain.clone());
    let out_of_fold = calibrators.probabilities(logits);
    let rule = &plan.thresholds;
    let decides = *rule != Thresholds::Half;
    let chosen = rule.choose(&out_of_fold, y_held_out, w_held_out, (own, classifier.constant()))?;
    if !chosen.never_given.is_empty() {
        let labels = list(&chosen.never_given.iter().map(String::as_str).collect::<Vec<&str>>());
        observer.warn(&format!(
            "no threshold reaches this precision for the label {labels} on out-of-fold predictions: it is never assigned"
        ));
    }

    let (half, thresholds) = (vec![0.5; own.len()], chosen.thresholds());
    // The columns of the classifier; a label that only test rows have is not among them.
    let own_test = match plan.rows.test_dataset {
        Some(test) => targets(test, own)?,
        None => targets(plan.rows.dataset, own)?.select_rows(scored(&plan.rows.split)),
    };
    let own_y_test = sets(&own_test)?;
    let p_test = classifier.predict_proba(&rows.x_test);
    let scores = |p: &[f64]| ProbabilityScores::of_labels(p, own_y_test, that_count(w_test));
    let probabilities = scores(&p_test)?;
    let before = scores(&plain.predict_proba(&rows.x_test))?;
    let predicted = |thresholds: &[f64]| among(&above(&p_test, thresholds), own, labels);
    let evaluate = |y_pred: &LabelIndicator| MultiLabelEvaluation::from_predictions(y_test, y_pred, labels);
    let mean_cost = match rule {
        Thresholds::Costs(costs) => {
            let cost = |y: &LabelIndicator, p: &[f64], t: &[f64]| costs.mean_cost(y, &above(p, t), own);
            Some(CostEffect {
                out_of_fold_at_half: cost(y_held_out, &out_of_fold, &half),
                out_of_fold: cost(y_held_out, &out_of_fold, &thresholds),
                test_at_half: cost(own_y_test, &p_test, &half),
                test: cost(own_y_test, &p_test, &thresholds),
            })
        }
        _ => None,
    };
    let y_pred = predicted(&thresholds)?;
    let test = evaluate(&y_pred)?;
    // Class weights and decision rules trade micro F1 for something else.
    if !decides && options.classifier.class_weight == ClassWeight::None {
        let ConstantBaseline { most_frequent_set, every_label } = &baseline;
        let constant = match every_label.micro_f1 > most_frequent_set.micro_f1 {
            true => ConstantAnswer { name: "always assigning every label", score: every_label.micro_f1 },
            false => ConstantAnswer {
                name: "always assigning the most frequent set",
                score: most_frequent_set.micro_f1,
            },
        };
        note_below_baseline(observer, "micro F1", test.micro_average.f1, constant);
    }
    if plan.rows.n_seen == 0 {
        note_perfect(observer, "subset accuracy", test.subset_accuracy, y_test.n_samples());
    }
    let train_predicted = classifier.predict(&rows.x_train, &thresholds);
    let evaluate_own =
        |y: &LabelIndicator, y_pred: &LabelIndicator| MultiLabelEvaluation::from_predictions(y, y_pred, own);
    Ok(Outcome {
        classes: own.clone(),
        scores: TrainingScores::LabelSets(Box::new(LabelSetScores {
            baseline,
            calibration: calibrators.report(own, fit.n_splits, &before, &probabilities),
            thresholds: ThresholdsReport {
                chosen_by: rule.clone(),
                n_splits: decides.then_some(fit.n_splits),
                per_label: chosen.per_label,
                never_given: chosen.never_given,
                out_of_fold: decides
                    .then(|| evaluate_own(y_held_out, &above(&out_of_fold, &thresholds)))
                    .transpose()?,
                mean_cost,
            },
            train: evaluate_own(y_train, &train_predicted)?,
            test_weighted: WeightedMultiLabelScores::of(y_test, &y_pred, w_test)?,
            test_at_half: decides.then(|| evaluate(&predicted(&half)?)).transpose()?,
            test,
        })),
        probabilities,
        precision_recall: LabelPrecisionRecall::of_label_sets(&p_test, own_y_test, own)?,
        classifier: LinearClassifier::LabelSets(classifier),
    })
}

fn baseline(
    (train, y_train): (&Targets, &LabelIndicator),
    own: &[String],
    (y_test, w_test): (&LabelIndicator, Option<&[f64]>),
    labels: &[String],
) -> Result<ConstantBaseline> {
    let always = |answer: &[bool]| {
        let rows = LabelIndicator::new(answer.repeat(y_test.n_samples()), own.len())?;
        let y_pred = among(&rows, own, labels)?;
        let evaluation = MultiLabelEvaluation::from_predictions(y_test, &y_pred, labels)?;
        let weighted = WeightedMultiLabelScores::of(y_test, &y_pred, w_test)?;
        let given = own.iter().zip(answer).filter(|(_, given)| **given).map(|(label, _)| label.clone());
        Ok::<_, Error>(ConstantScores::of(given.collect(), &evaluation, weighted))
    };
    let counting = counting_sets(train)?;
    let seen: Vec<bool> = (0..own.len()).map(|id| counting.count(id) > 0).collect();
    Ok(ConstantBaseline {
        most_frequent_set: always(y_train.most_frequent_row(train.sample_weight()))?,
        every_label: always(&seen)?,
    })
}
