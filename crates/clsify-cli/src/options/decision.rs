//! Options for how probabilities become answers.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{Args, ValueEnum};
use clsify::decision::{Abstention, CostMatrix, DecisionOptions, LabelCosts, RuleOptions};

use super::misuse::misused;

/// Options for decision rules: one rule, and a threshold for abstaining.
#[derive(Args)]
pub(crate) struct DecisionArgs {
    /// Abstain (answer ?) if the label's probability is below P; with --multi-label assign only labels with a higher
    /// probability
    #[arg(long, value_name = "P", allow_negative_numbers = true, value_parser = share, conflicts_with = "target_precision")]
    abstain_below: Option<f64>,

    /// Choose the abstention threshold from out-of-fold predictions: the highest coverage at which SHARE of the
    /// answers are correct
    ///
    /// With --multi-label each label has its own threshold: of the sentences that are assigned the label, at least
    /// this share has it.
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true, value_parser = share)]
    target_precision: Option<f64>,

    /// Choose a threshold per label from out-of-fold predictions, so that rare labels are found: f1_macro has the
    /// best macro F1
    ///
    /// With --multi-label, `f1` has the best F1 of each label, and `half` is 0.5 for all labels, which is the
    /// default.
    #[arg(long, value_enum, value_name = "SCORE", conflicts_with = "cost_matrix")]
    thresholds: Option<ThresholdsArg>,

    /// Answer the label with the lowest expected cost; the costs are read from this CSV file
    ///
    /// The header has the predicted labels, and each row a true label and the costs of the predictions. With
    /// --multi-label the header is label,false_positive,false_negative, with one row per label whose threshold should
    /// not be 0.5.
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
    /// The file that costs are read from.
    pub(crate) fn cost_file(&self) -> Option<&Path> {
        self.cost_matrix.as_deref()
    }

    /// The decision options; reads the cost file.
    pub(crate) fn options(&self, of_label_sets: bool) -> anyhow::Result<DecisionOptions> {
        let rule = match (self.thresholds, &self.cost_matrix, of_label_sets) {
            (Some(ThresholdsArg::F1 | ThresholdsArg::Half), _, false) => {
                return Err(misused(
                    "--thresholds f1 and half are for --multi-label; without it there is f1_macro",
                ));
            }
            (Some(ThresholdsArg::F1Macro), _, true) => {
                return Err(misused(
                    "--thresholds f1_macro is for one label per sentence; with --multi-label there are f1 and half",
                ));
            }
            (Some(ThresholdsArg::F1Macro | ThresholdsArg::F1), ..) => RuleOptions::F1Macro,
            (None, Some(path), false) => RuleOptions::CostMatrix(CostMatrix::load(path)?),
            (None, Some(path), true) => RuleOptions::LabelCosts(LabelCosts::load(path)?),
            (Some(ThresholdsArg::Half), ..) | (None, None, _) => RuleOptions::MostProbable,
        };
        let below = self.abstain_below.map(Abstention::Below);
        let abstention = below.or(self.target_precision.map(Abstention::TargetPrecision));
        let has_rule = self.thresholds.is_some() || self.cost_matrix.is_some();
        if of_label_sets && has_rule && abstention.is_some() {
            return Err(misused(
                "with --multi-label a label has one threshold: expected one of --abstain-below, --target-precision, \
                 --thresholds and --cost-matrix, got two",
            ));
        }
        Ok(DecisionOptions { rule, abstention })
    }
}

fn share(text: &str) -> Result<f64, String> {
    match f64::from_str(text) {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(share),
        _ => Err("expected a number between 0 and 1".to_string()),
    }
}
