//! Calibration and decision rule of a model card.

use clsify::decision::{ABSTAINED, Calibration, LabelCosts, Platt, Rule, Thresholds};
use clsify::model::{SavedClassForm, SavedForm, SavedLabels, SavedModel};

use super::markdown::{escaped, table};
use super::scores::MOST_LABELS;
use crate::text::n_shown;

/// What was done to probabilities, and how they become answers.
pub(super) fn answers(saved: &SavedModel) -> String {
    let form = saved.training.as_ref().map(|training| &training.form);
    let decision = match &saved.multi_label {
        Some(labels) => label_sets(saved, labels, form),
        None => classes(saved),
    };
    format!("{}\n\n{decision}", calibration(saved, form))
}

fn calibration(saved: &SavedModel, form: Option<&SavedForm>) -> String {
    let fitted = "fitted on out-of-fold predictions of the training rows";
    match form {
        Some(SavedForm::Classes(SavedClassForm { platt: Some(Platt { scale, offset }), .. })) => {
            format!(
                "The probabilities are calibrated: Platt scaling of the logits, {scale:.4} z {offset:+.4}, {fitted}."
            )
        }
        Some(SavedForm::Classes(SavedClassForm { temperature: Some(temperature), .. })) => {
            format!(
                "The probabilities are calibrated: logits are divided by the temperature {temperature:.4}, {fitted}."
            )
        }
        Some(SavedForm::LabelSets(of_sets)) if of_sets.calibration == Calibration::Temperature => {
            format!("The probabilities are calibrated: a temperature per label, {fitted}.")
        }
        Some(SavedForm::LabelSets(of_sets)) if of_sets.calibration == Calibration::Platt => {
            format!("The probabilities are calibrated: Platt scaling per label, {fitted}.")
        }
        Some(_) => {
            "The probabilities are not calibrated: they are those of the logistic regression.".to_string()
        }
        None => match saved.imported {
            Some(_) => "The probabilities are those of the imported classifier.".to_string(),
            None => "It is not known whether the probabilities are calibrated.".to_string(),
        },
    }
}

fn classes(saved: &SavedModel) -> String {
    let shown = n_shown(saved.classes.len(), MOST_LABELS);
    let more = "The rest is in `clsify.json`.\n";
    let more = if saved.classes.len() > shown { format!("\n{more}") } else { String::new() };
    let mut text = match &saved.decision.rule {
        Rule::MostProbable => "The answer is the most probable label.\n".to_string(),
        Rule::ClassThresholds(thresholds) => {
            let pairs = saved.classes.iter().zip(thresholds).take(shown);
            let rows = pairs.map(|(label, threshold)| vec![escaped(label), format!("{threshold:.4}")]);
            let table = table(&["label", "threshold"], rows);
            format!(
                "The answer is the label with the highest ratio of probability to threshold.\n\n{table}{more}"
            )
        }
        // A larger table is not legible.
        Rule::CostMatrix(costs) if costs.len() <= 12 => {
            let labels: Vec<String> = saved.classes.iter().map(|label| escaped(label)).collect();
            let header: Vec<&str> = std::iter::once("").chain(labels.iter().map(String::as_str)).collect();
            let rows = labels.iter().zip(costs).map(|(label, row)| {
                std::iter::once(label.clone()).chain(row.iter().map(ToString::to_string)).collect()
            });
            let table = table(&header, rows);
            format!(
                "The answer is the label with the lowest expected cost. Rows are true labels, columns answers.\n\n{table}"
            )
        }
        Rule::CostMatrix(_) => {
            "The answer is the label with the lowest expected cost; `clsify.json` has the costs.\n"
                .to_string()
        }
    };
    if let Some(threshold) = saved.decision.abstain_below {
        text.push_str(&format!(
            "\nThe model abstains if the probability of that label is below {threshold:.4}; `clsify predict` then prints `{ABSTAINED}`.\n"
        ));
    }
    text
}

fn label_sets(saved: &SavedModel, labels: &SavedLabels, form: Option<&SavedForm>) -> String {
    let chosen = match form {
        Some(SavedForm::LabelSets(of_sets)) => match &of_sets.thresholds {
            Thresholds::Half | Thresholds::AbstainBelow(_) => "they were given".to_string(),
            Thresholds::F1 => "chosen for the best F1 of each label".to_string(),
            Thresholds::TargetPrecision(target) => {
                format!("chosen so that {target} of the assigned labels are correct")
            }
            Thresholds::Costs(LabelCosts { .. }) => "chosen for the lowest expected cost".to_string(),
        },
        _ => "they were given".to_string(),
    };
    let shown = n_shown(saved.classes.len(), MOST_LABELS);
    let pairs = saved.classes.iter().zip(&labels.thresholds).take(shown);
    let rows = pairs.map(|(label, threshold)| vec![escaped(label), format!("{threshold:.4}")]);
    let more = match saved.classes.len() > shown {
        true => "\nThe rest is in `clsify.json`.\n",
        false => "",
    };
    format!(
        "A label is assigned if its probability is above its threshold ({chosen}).\n\n{}{more}",
        table(&["label", "threshold"], rows)
    )
}
