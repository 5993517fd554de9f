//! Thresholds for assigning labels: the rules, and the choice on out-of-fold predictions.

use serde::{Deserialize, Serialize};

use super::choose_rule::{Abstention, DecisionOptions, RuleOptions};
use super::label_costs::LabelCosts;
use crate::classifier::ClassWeight;
use crate::decision::{PrecisionThreshold, check_target, f1_thresholds, least_answered};
use crate::error::{Error, ErrorKind, Result};
use crate::targets::LabelIndicator;

/// The rule for the thresholds above which labels are assigned. Everything that is chosen is chosen on out-of-fold
/// predictions of the training rows, after calibration if there is any.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thresholds {
    /// 0.5 for every label.
    #[default]
    Half,
    /// The same threshold for every label.
    AbstainBelow(f64),
    /// For each label the threshold with the best F1.
    F1,
    /// For each label the lowest threshold at which this share of the rows that are assigned the label have it; a
    /// label that never reaches this is never assigned.
    TargetPrecision(f64),
    /// For each label the threshold with the lowest expected cost.
    Costs(LabelCosts),
}

/// The threshold of one label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelThreshold {
    /// The label.
    pub label: String,
    /// The label is assigned if its probability is above this.
    pub threshold: f64,
    /// Its F1 with this threshold on the out-of-fold predictions on which it was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub f1: Option<f64>,
    /// Its F1 with 0.5 on the same rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub f1_at_half: Option<f64>,
}

/// The chosen thresholds of all labels.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chosen {
    /// In the order of the labels.
    pub(crate) per_label: Vec<LabelThreshold>,
    /// Labels that are never assigned, because no threshold reaches the target.
    pub(crate) never_given: Vec<String>,
}

impl Chosen {
    /// The thresholds as numbers.
    pub(crate) fn thresholds(&self) -> Vec<f64> {
        self.per_label.iter().map(|label| label.threshold).collect()
    }
}

impl Thresholds {
    /// The rule that these options ask for.
    pub(crate) fn of(options: &DecisionOptions) -> Result<Self> {
        let rule = match &options.rule {
            RuleOptions::MostProbable => None,
            RuleOptions::F1Macro => Some(Thresholds::F1),
            RuleOptions::LabelCosts(costs) => Some(Thresholds::Costs(costs.clone())),
            RuleOptions::CostMatrix(_) => {
                return Err(bad("expected costs of labels, got a cost matrix of classes"));
            }
        };
        let abstention = options.abstention.map(|abstention| match abstention {
            Abstention::Below(threshold) => Thresholds::AbstainBelow(threshold),
            Abstention::TargetPrecision(target) => Thresholds::TargetPrecision(target),
        });
        match (rule, abstention) {
            (Some(_), Some(_)) => Err(bad("expected one rule for the thresholds of the labels, got two")),
            (rule, abstention) => Ok(rule.or(abstention).unwrap_or_default()),
        }
    }

    /// Checks that need no features, so that they run before features are computed. `labels` are all labels of the
    /// data.
    pub(crate) fn check(&self, labels: &[String], n_train: usize, class_weight: ClassWeight) -> Result<()> {
        match self {
            Thresholds::Half | Thresholds::F1 => Ok(()),
            Thresholds::AbstainBelow(p) if *p > 0.0 && *p < 1.0 => Ok(()),
            Thresholds::AbstainBelow(p) => Err(bad(format!("expected a threshold between 0 and 1, got {p}"))),
            Thresholds::TargetPrecision(target) => {
                check_target(*target)?;
                let least = least_answered(*target);
                if n_train >= least {
                    return Ok(());
                }
                let message = format!(
                    "expected at least {least} training rows for a target of {target}, got {n_train}"
                );
                Err(bad(message).with_hint("lower the target, or use more rows"))
            }
            Thresholds::Costs(_) if class_weight == ClassWeight::Balanced => {
                let message =
                    "a cost matrix needs the probabilities of the data, which balanced class weights change";
                Err(bad(message)
                    .with_hint("drop --class-weight: the costs already say how important each label is"))
            }
            Thresholds::Costs(costs) => costs.check(labels),
        }
    }

    /// The thresholds of these labels, from out-of-fold probabilities `[n_samples, n_labels]`, which are not used if
    /// the rule needs none. A constant label keeps 0.5.
    pub(crate) fn choose(
        &self,
        probabilities: &[f64],
        y_train: &LabelIndicator,
        sample_weight: Option<&[f64]>,
        (labels, constant): (&[String], &[Option<bool>]),
    ) -> Result<Chosen> {
        let plain = |label: &String, threshold| LabelThreshold {
            label: label.clone(),
            threshold,
            f1: None,
            f1_at_half: None,
        };
        let mut never_given = Vec::new();
        let ids = || labels.iter().enumerate();
        let per_label = match self {
            Thresholds::Half => labels.iter().map(|label| plain(label, 0.5)).collect(),
            Thresholds::AbstainBelow(p) => labels.iter().map(|label| plain(label, *p)).collect(),
            Thresholds::F1 => {
                let chosen = f1_thresholds(probabilities, y_train, sample_weight)?;
                let of_label = |(label, chosen): (&String, crate::decision::F1Threshold)| LabelThreshold {
                    f1: Some(chosen.f1),
                    f1_at_half: Some(chosen.f1_at_half),
                    ..plain(label, chosen.threshold)
                };
                labels.iter().zip(chosen).map(of_label).collect()
            }
            Thresholds::TargetPrecision(target) => {
                let of_label = |(id, label): (usize, &String)| {
                    if constant[id].is_some() {
                        return Ok(plain(label, 0.5));
                    }
                    let own: Vec<f64> =
                        probabilities.iter().copied().skip(id).step_by(labels.len()).collect();
                    let column = y_train.column(id);
                    let chosen = PrecisionThreshold::choose(&column, &own, sample_weight, *target)?;
                    if chosen.is_none() {
                        never_given.push(label.clone());
                    }
                    // No probability is above 1.
                    Ok(plain(label, chosen.map_or(1.0, |chosen| chosen.threshold)))
                };
                ids().map(of_label).collect::<Result<_>>()?
            }
            Thresholds::Costs(costs) => {
                let threshold = |id: usize, label| match constant[id] {
                    Some(_) => 0.5,
                    None => costs.threshold(label),
                };
                ids().map(|(id, label)| plain(label, threshold(id, label))).collect()
            }
        };
        Ok(Chosen { per_label, never_given })
    }
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).at("decision")
}
