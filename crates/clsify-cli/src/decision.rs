//! Options for how probabilities become answers, and what became of them in words.

use std::path::PathBuf;
use std::str::FromStr;

use clap::error::ErrorKind;
use clap::{Args, ValueEnum};
use clsify::classifier::Decision;
use clsify::pipeline::{
    ABSTAINED, CostMatrix, DecisionEffect, DecisionOptions, DecisionReport, DecisionScores, Thresholds,
};

use crate::table::{Table, shorten};

/// How probabilities become answers: one rule at most.
#[derive(Args)]
#[group(multiple = false)]
pub(crate) struct DecisionArgs {
    /// Answer ? instead of a label where the most probable one has less than this probability
    #[arg(long, value_name = "P", allow_negative_numbers = true, value_parser = share)]
    abstain_below: Option<f64>,

    /// Likewise, with the probability at which this share of the answers is right and most sentences are answered, by the
    /// training rows out of their folds
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true, value_parser = share)]
    target_precision: Option<f64>,

    /// A threshold for each label, so that rare ones get their chance, by the training rows out of their folds: f1_macro has
    /// the best macro F1; with --multi-label f1 has the best F1 of each label, and half is 0.5 for all, as if not given
    #[arg(long, value_enum, value_name = "SCORE")]
    thresholds: Option<ThresholdsArg>,

    /// Answer the label of least expected cost. CSV: a header with the predicted labels, then a row for each true label
    #[arg(long, value_name = "FILE.csv")]
    cost_matrix: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ThresholdsArg {
    #[value(name = "f1_macro")]
    F1Macro,
    F1,
    Half,
}

impl DecisionArgs {
    /// The rule that is wanted where a sentence has one label; a file is read now.
    pub(crate) fn options(&self) -> anyhow::Result<DecisionOptions> {
        Ok(match (self.abstain_below, self.target_precision, self.thresholds, &self.cost_matrix) {
            (Some(threshold), ..) => DecisionOptions::AbstainBelow(threshold),
            (_, Some(target), ..) => DecisionOptions::TargetPrecision(target),
            (_, _, Some(ThresholdsArg::F1Macro), _) => DecisionOptions::F1Macro,
            (_, _, Some(ThresholdsArg::F1 | ThresholdsArg::Half), _) => {
                return Err(misused(
                    "--thresholds f1 and half are for --multi-label; without it there is f1_macro",
                ));
            }
            (.., Some(path)) => DecisionOptions::CostMatrix(CostMatrix::load(path)?),
            (None, None, None, None) => DecisionOptions::MostProbable,
        })
    }

    /// Above which probability a label is given where a sentence may have several.
    pub(crate) fn of_labels(&self) -> anyhow::Result<Thresholds> {
        match self.thresholds {
            Some(ThresholdsArg::F1Macro) => Err(misused(
                "--thresholds f1_macro is for one label a sentence; with --multi-label there are f1 and half",
            )),
            Some(ThresholdsArg::F1) => Ok(Thresholds::F1),
            Some(ThresholdsArg::Half) | None => Ok(Thresholds::Half),
        }
    }
}

/// An error of the command line, which clap itself cannot see.
fn misused(message: &str) -> anyhow::Error {
    clap::Error::raw(
        ErrorKind::ArgumentConflict,
        format!("{message}\n\nFor more information, try '--help'.\n"),
    )
    .into()
}

fn share(text: &str) -> Result<f64, String> {
    match f64::from_str(text) {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(share),
        _ => Err("expected a number between 0 and 1".to_string()),
    }
}

/// The rule of a training run, and what it does.
pub(crate) fn decision_text(report: &DecisionReport, classes: &[String]) -> String {
    let mut text = rule_text(&report.rule, classes);
    if let Some(target) = report.target_precision {
        text.push_str(&format!("             chosen so that {target} of the answers are right\n"));
    }
    text.push_str(&effects_text(
        &report.rule,
        &[("training rows, out of their folds", &report.out_of_fold), ("held-out rows", &report.test)],
    ));
    text
}

/// What a saved rule does on the rows of an evaluation.
pub(crate) fn evaluated_text(rule: &Decision, effect: &DecisionEffect, classes: &[String]) -> String {
    rule_text(rule, classes) + &effects_text(rule, &[("these rows", effect)])
}

fn rule_text(rule: &Decision, classes: &[String]) -> String {
    match rule {
        Decision::MostProbable => "\ndecision     the most probable label\n".to_string(),
        Decision::AbstainBelow(threshold) => format!(
            "\ndecision     the most probable label from probability {threshold:.4} on, {ABSTAINED} below; the scores above \
             count best guesses\n"
        ),
        Decision::ClassThresholds(thresholds) => {
            let pairs = classes.iter().zip(thresholds).take(12);
            let pairs: Vec<String> =
                pairs.map(|(label, t)| format!("{} {t:.4}", shorten(label, 40))).collect();
            let more = if classes.len() > 12 { ", ..." } else { "" };
            format!("\ndecision     the label most times above its threshold: {}{more}\n", pairs.join(", "))
        }
        Decision::CostMatrix(_) => "\ndecision     the label of least expected cost\n".to_string(),
    }
}

/// A row for each set of rows, before and after.
fn effects_text(rule: &Decision, effects: &[(&str, &DecisionEffect)]) -> String {
    let score = |x: Option<f64>| x.map_or("-".to_string(), |x| format!("{x:.4}"));
    let has_costs = matches!(rule, Decision::CostMatrix(_));
    let cost_name = has_costs.then(|| "mean cost".to_string());
    let head = ["", "answered", "accuracy", "macro f1"].map(String::from);
    let mut table = Table::new(head.into_iter().chain(cost_name));
    for (name, effect) in effects {
        let mut row = |name: String, scores: &DecisionScores| {
            let answered = format!("{} of {}", scores.n_answered, scores.n_rows);
            let cells = [name, answered, score(scores.accuracy), score(scores.f1_macro)];
            table.row(cells.into_iter().chain(has_costs.then(|| score(scores.mean_cost))));
        };
        row(format!("{name}: most probable"), &effect.before);
        row(format!("{name}: by this rule"), &effect.after);
    }
    table.to_string()
}
