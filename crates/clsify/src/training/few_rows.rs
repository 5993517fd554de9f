//! The choice of layers and C with few rows: few candidates, scored by leave-one-out in closed form.
//!
//! With few rows the score of a candidate is uncertain by several points, so a choice among many of them is mostly
//! luck. Here the mean of the upper half of the layers, side by side, is taken unless another candidate is clearly
//! better; costs play no part. Candidates are compared by the squared error of ridge regressions on targets of 1 and
//! -1, each without its row or its row's group: see [`LeaveOut`]. Squared errors use all of a score, not only its
//! sign, and no fit is needed for any of them. Source: Rifkin, Yeo and Poggio (2003), "Regularized least-squares
//! classification".

use std::ops::Range;

use super::candidates::{columns, selection_features};
use super::selection::{
    Candidate, N_BOOTSTRAPS, Optimism, Selection, SelectionOptions, SelectionRule, selection_c_values,
};
use super::selection_rows::{expected, interval, row_scores};
use crate::classifier::{ClassWeight, LeaveOut, StandardScaler};
use crate::encoder::EncoderConfig;
use crate::error::Result;
use crate::evaluation::{Resample, RowScores, Scoring, bias_corrected};
use crate::features::{FeatureOptions, Layers, Pooling};
use crate::matrix::Matrix;
use crate::observer::{Observer, Stage, advance};
use crate::targets::{Labels, Targets};

/// The candidates with few rows, the default first.
pub(crate) fn few_candidates(config: &EncoderConfig) -> Vec<FeatureOptions> {
    let n = config.num_hidden_layers;
    let mut all: Vec<FeatureOptions> = Vec::new();
    for first in [n / 2 + 1, 1, n] {
        let layers = Layers::Range { first: first.min(n), last: n }.canonical(n).unwrap_or_default();
        let features = FeatureOptions::from(Pooling::Mean).of_layers(layers);
        if !all.contains(&features) {
            all.push(features);
        }
    }
    all
}

/// The regressions that stand for a classifier in comparisons.
#[derive(Debug)]
pub(crate) struct Regressions<'a> {
    targets: &'a Targets,
    /// The ids of the columns of [`values`](Self::values).
    ids: Vec<usize>,
    /// `[n_rows, n_ids]`: 1 for the labels of a row, -1 for others.
    values: Vec<f64>,
    /// The weight of each row.
    weights: Vec<f64>,
    /// Rows that are left out together.
    parts: Vec<Vec<usize>>,
}

impl<'a> Regressions<'a> {
    /// The regressions of these rows, which all have a positive weight.
    pub(crate) fn of(targets: &'a Targets, class_weight: ClassWeight) -> Self {
        let n = targets.len();
        let mut weights = targets.sample_weight().map_or(vec![1.0; n], <[f64]>::to_vec);
        let (ids, values): (Vec<usize>, Vec<f64>) = match targets.labels() {
            Labels::Classes { class_ids, n_classes } => {
                let mut of_class = vec![0.0; *n_classes];
                class_ids.iter().zip(&weights).for_each(|(&id, weight)| of_class[id] += weight);
                let ids: Vec<usize> = (0..*n_classes).filter(|&id| of_class[id] > 0.0).collect();
                if class_weight == ClassWeight::Balanced {
                    let mean = of_class.iter().sum::<f64>() / ids.len() as f64;
                    weights
                        .iter_mut()
                        .zip(class_ids)
                        .for_each(|(weight, &id)| *weight *= mean / of_class[id]);
                }
                let values = class_ids.iter().flat_map(|own| ids.iter().map(move |id| sign(id == own)));
                let values = values.collect();
                (ids, values)
            }
            // The weights of balanced classes would differ from label to label, and change no comparison much.
            Labels::Sets(labels) => {
                ((0..labels.n_labels()).collect(), labels.rows().flatten().map(|&has| sign(has)).collect())
            }
        };
        let parts = match targets.groups() {
            None => (0..n).map(|row| vec![row]).collect(),
            Some(groups) => {
                let mut rows: Vec<usize> = (0..n).collect();
                rows.sort_by_key(|&row| groups[row]);
                rows.chunk_by(|&a, &b| groups[a] == groups[b]).map(<[usize]>::to_vec).collect()
            }
        };
        Regressions { targets, ids, values, weights, parts }
    }

    /// The closed form for features that are already scaled.
    pub(crate) fn leave_out(&self, features: &Matrix) -> LeaveOut {
        LeaveOut::new(features, &self.weights, self.parts.clone())
    }

    /// The penalty whose regression is about a logistic regression with this C.
    ///
    /// Where logits are small, the loss is quadratic in them, with its minimum at `2 f` for two classes, `K f / 2` for
    /// `K` of them, if `f` is the target of the regression; the ratio of its curvature to the penalty gives this.
    pub(crate) fn penalty(&self, c: f64) -> f64 {
        if self.ids.len() == 2 || self.is_of_sets() { 4.0 / c } else { self.ids.len() as f64 / c }
    }

    /// The number by which a prediction is multiplied to be a logit; for two classes there is one per class.
    pub(crate) fn logit_scale(&self) -> f64 {
        if self.is_of_sets() { 2.0 } else { self.ids.len() as f64 / 2.0 }
    }

    fn is_of_sets(&self) -> bool {
        matches!(self.targets.labels(), Labels::Sets(_))
    }

    /// The targets `[n_rows, n_ids]`.
    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }

    /// The classes or labels of the columns.
    pub(crate) fn ids(&self) -> &[usize] {
        &self.ids
    }

    /// The negated squared error of predictions `[n_rows, n_ids]`, the mean over columns, row by row.
    pub(crate) fn score(&self, predictions: &[f64]) -> RowScores {
        let k = self.ids.len();
        let rows = predictions.chunks_exact(k).zip(self.values.chunks_exact(k));
        let error = |(p, y): (&[f64], &[f64])| {
            -p.iter().zip(y).map(|(p, y)| (p - y) * (p - y)).sum::<f64>() / k as f64
        };
        RowScores::mean(rows.map(error).collect(), self.targets.sample_weight())
    }

    /// The logits of predictions, `[n_rows, n_labels]`; `-inf` for a class without rows.
    fn logits(&self, predictions: &[f64]) -> Vec<f64> {
        let (n_labels, scale) = (self.targets.n_labels(), self.logit_scale());
        let mut logits = vec![f64::NEG_INFINITY; self.targets.len() * n_labels];
        for (to, from) in logits.chunks_exact_mut(n_labels).zip(predictions.chunks_exact(self.ids.len())) {
            self.ids.iter().zip(from).for_each(|(&id, p)| to[id] = scale * p);
        }
        logits
    }
}

fn sign(is_own: bool) -> f64 {
    if is_own { 1.0 } else { -1.0 }
}

/// A candidate with the C of its least squared error.
struct Fitted {
    features: FeatureOptions,
    c: f64,
    errors: RowScores,
    logits: Vec<f64>,
}

/// The chosen candidate of a resample, whose second half has the squared errors: the first, unless another one has a
/// smaller error by more than one standard error of the paired difference.
fn choose(resample: &Resample) -> usize {
    let n = resample.scores.len() / 2;
    let errors = &resample.scores[n..];
    let best = (1..n).fold(0, |best, i| if errors[i] > errors[best] { i } else { best });
    let (above, standard_error) = resample.above(n + best, n);
    if above > standard_error { best } else { 0 }
}

/// Chooses layers and C with at most [`MAX_FEW_ROWS`](super::selection_rows::MAX_FEW_ROWS) rows; the arguments are those of
/// [`select_features`](super::selection::select_features), and have been checked.
pub(crate) fn select_few(
    features: &Matrix,
    config: &EncoderConfig,
    mean_tokens: usize,
    targets: &Targets,
    options: &SelectionOptions,
    observer: &dyn Observer,
) -> Result<Selection> {
    let regressions = Regressions::of(targets, options.classifier.class_weight);
    let (all, c_values) = (few_candidates(config), selection_c_values());
    observer.start(Stage::GridSearch, all.len() * c_values.len());
    let mut fitted: Vec<Fitted> = Vec::with_capacity(all.len());
    for own in all {
        let x = features.select_columns(&columns(&own, config)?);
        let x = StandardScaler::fit_weighted(&x, targets.sample_weight()).transform(&x);
        let leave_out = regressions.leave_out(&x);
        let mut best: Option<Fitted> = None;
        for &c in &c_values {
            let predictions = leave_out.predictions(regressions.values(), regressions.penalty(c));
            let errors = regressions.score(&predictions);
            if best.as_ref().is_none_or(|best| errors.score > best.errors.score) {
                let logits = regressions.logits(&predictions);
                best = Some(Fitted { features: own.clone(), c, errors, logits });
            }
        }
        fitted.extend(best);
        advance(observer, Stage::GridSearch, fitted.len() * c_values.len())?;
    }
    observer.finish(Stage::GridSearch);

    let mut all_scores: Vec<RowScores> =
        fitted.iter().map(|own| row_scores(targets, options.scoring, &own.logits)).collect();
    all_scores.extend(fitted.iter().map(|own| own.errors.clone()));
    let resample = Resample::of_all(&all_scores);
    let owner = choose(&resample);
    let scores: Range<usize> = 0..fitted.len();
    let best = scores.fold(0, |best, i| if resample.scores[i] > resample.scores[best] { i } else { best });
    let sign = if options.scoring.is_more_better() { 1.0 } else { -1.0 };
    let mut list = Vec::with_capacity(fitted.len());
    for (i, own) in fitted.iter().enumerate() {
        let right = row_scores(targets, Scoring::Accuracy, &own.logits);
        let (behind, behind_standard_error) = resample.above(best, i);
        list.push(Candidate {
            n_features: own.features.n_features(config)?,
            operations: own.features.operations(config, mean_tokens),
            features: own.features.clone(),
            c: own.c,
            score: sign * all_scores[i].score,
            score_ci95: interval(targets, options.scoring, &all_scores[i])?,
            accuracy: right.score,
            accuracy_ci95: interval(targets, Scoring::Accuracy, &right)?,
            behind,
            behind_standard_error,
        });
    }
    let chosen = list[owner].clone();
    list.sort_by(|a, b| (sign * b.score).total_cmp(&(sign * a.score)));
    let optimism = bias_corrected(&all_scores, N_BOOTSTRAPS, choose).map(|worth| {
        let scored = (chosen.score, chosen.score_ci95);
        let (score, score_ci95) = expected(options.scoring, worth.score, worth.score_ci95, scored);
        let optimism = sign * (chosen.score - score);
        Optimism { score, score_ci95, optimism, n_bootstraps: worth.n_bootstraps }
    });
    debug_assert_eq!(features.cols(), selection_features().n_features(config)?);
    Ok(Selection {
        scoring: options.scoring,
        chosen,
        optimism,
        candidates: list,
        chosen_scores: all_scores.swap_remove(owner),
        n_rows: targets.len(),
        n_splits: regressions.parts.len(),
        c_values,
        rule: SelectionRule::LeaveOneOut,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn numbers(value: &Value) -> Vec<f64> {
        value
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|x| x.as_f64().map_or_else(|| numbers(x), |x| vec![x]))
            .collect()
    }

    /// Oracle: scikit-learn 1.9.1, `Ridge` fitted again without each row or group, and the penalty that
    /// `RidgeClassifierCV` chooses. Tolerance: rounding of f64 with penalties of at least 0.1.
    #[test]
    fn rows_left_out_are_predicted_as_by_scikit_learn() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/sklearn/leave_out.json");
        let json: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        for case in json["cases"].as_array().unwrap() {
            let ids: Vec<usize> = numbers(&case["class_ids"]).iter().map(|&id| id as usize).collect();
            let n_classes = ids.iter().max().unwrap() + 1;
            let x: Vec<f32> = numbers(&case["features"]).iter().map(|&x| x as f32).collect();
            let (n, d) = (ids.len(), x.len() / ids.len());
            let groups = case["groups"].is_array().then(|| numbers(&case["groups"]));
            let weights = case["weights"].is_array().then(|| numbers(&case["weights"]));
            let targets = Targets::classes(ids, n_classes)
                .grouped(groups.map(|groups| groups.iter().map(|&group| group as usize).collect()))
                .weighted(weights);
            let regressions = Regressions::of(&targets, ClassWeight::None);
            let leave_out = regressions.leave_out(&Matrix::from_vec(x, n, d).unwrap());
            let penalties = numbers(&case["penalties"]);
            let mut best = (f64::NEG_INFINITY, 0.0);
            for (&penalty, expected) in penalties.iter().zip(case["predictions"].as_array().unwrap()) {
                let got = leave_out.predictions(regressions.values(), penalty);
                for (got, expected) in got.iter().zip(numbers(expected)) {
                    assert!((got - expected).abs() < 1e-6, "penalty {penalty}: {got} {expected}");
                }
                let score = regressions.score(&got).score;
                best = if score > best.0 { (score, penalty) } else { best };
            }
            if let Some(expected) = case["best_penalty"].as_f64() {
                assert_eq!(best.1, expected);
            }
        }
    }

    /// Oracle: by hand. Small encoders have fewer candidates.
    #[test]
    fn candidates_are_ranges_up_to_the_last_layer() {
        let config = |n_layers: usize| {
            EncoderConfig::from_json(&format!(
                r#"{{"model_type": "bert", "vocab_size": 9, "hidden_size": 4, "num_hidden_layers": {n_layers},
                     "num_attention_heads": 2, "intermediate_size": 8, "max_position_embeddings": 16}}"#
            ))
            .unwrap()
        };
        let names = |n| few_candidates(&config(n)).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(12), ["mean of layers 7-12", "mean of layers 1-12", "mean"]);
        assert_eq!(names(6), ["mean of layers 4-6", "mean of layers 1-6", "mean"]);
        assert_eq!(names(2), ["mean", "mean of layers 1-2"]);
        assert_eq!(names(1), ["mean"]);
    }
}
