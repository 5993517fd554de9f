//! The choice of layers, pooling and C by cross-validation over all candidates, on training rows only.
//!
//! The encoder processes the rows once and returns all its layers; each candidate is some of the columns, scaled. All
//! candidates share the same folds. The choice follows the one-standard-error rule: the cheapest of the candidates
//! that are not clearly worse than the best, unless another one is at least as good and no more expensive. "Clearly"
//! refers to the paired difference, row by row. A candidate's C is the one with the lowest log loss, whatever the
//! score is: log loss uses how confident each prediction is, not only whether it is right, and so depends less on
//! chance. The optimism of the chosen candidate's score is estimated from the same predictions ([`bias_corrected`]).
//! This code does not depend on the form of the labels, because it uses [`Targets`].

use rayon::prelude::*;
use serde::Serialize;

use super::candidates::{candidates, columns, is_wide, selection_features};
use super::fits::{N_SPLITS, compared_logits, held_out_logits};
use super::selection_rows::{expected, interval, row_scores, selection_rows};
use super::selection_rule::{Cost, Runs, choose, top, undominated};
use crate::classifier::{LogisticRegressionOptions, StandardScaler};
use crate::encoder::EncoderConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{Resample, RowScores, Scoring, bias_corrected};
use crate::features::FeatureOptions;
use crate::matrix::Matrix;
use crate::observer::{Observer, Progress, Stage, advance, check_cancelled};
use crate::targets::Targets;

/// The gradient tolerance for comparing candidates; the reported scores of the chosen one come from its optimum.
const TOL: f64 = 1e-3;
/// The maximum number of steps of a fit for comparison: most take fewer than 50, and those with extremely large
/// weights never converge.
const MAX_ITER: usize = 300;
/// The number of values of C, from 1e-5, four per power of ten.
const N_C: i32 = 20;
/// The number of values of C that are fitted together before the search decides whether larger ones can be better.
/// Smaller batches share less work.
const C_VALUES_AT_ONCE: usize = 16;
/// The number of bootstrap samples for estimating the optimism.
pub(crate) const N_BOOTSTRAPS: usize = 500;

/// The options of a choice of features.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct SelectionOptions {
    /// The score by which candidates are compared. The default is accuracy.
    pub(crate) scoring: Scoring,
    /// The class weights, and the stopping criterion for the fit of the chosen candidate; its C is ignored.
    pub(crate) classifier: LogisticRegressionOptions,
}

/// A candidate, with its scores and costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidate {
    /// The features.
    pub features: FeatureOptions,
    /// The number of features per sentence.
    pub n_features: usize,
    /// The operations for a sentence of mean length, as the cost of a prediction; a multiply-add counts as two.
    pub operations: f64,
    /// The C with the lowest log loss, the smallest of equal ones.
    #[serde(rename = "C")]
    pub c: f64,
    /// The score of the out-of-fold predictions with this C.
    pub score: f64,
    /// Its 95 % interval: Wilson's for accuracy, with weights for the effective number of rows; otherwise 1.96
    /// standard errors to either side (for F1 by the jackknife).
    pub score_ci95: [f64; 2],
    /// The share of rows that are predicted correctly, weighted by sample weight; for label sets the subset accuracy.
    pub accuracy: f64,
    /// The 95 % interval of the accuracy.
    pub accuracy_ci95: [f64; 2],
    /// The difference between the best candidate's score and this one's.
    pub behind: f64,
    /// The standard error of that paired difference.
    pub behind_standard_error: f64,
}

/// The expected score of the choice on rows that it has not seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Optimism {
    /// The expected score: that of choices made on rows drawn with replacement, on the rows not drawn.
    pub score: f64,
    /// The middle 95 % of these scores, extended to at least the chosen candidate's interval moved to `score`: even
    /// if all choices are correct about all rows, the score is not certain.
    pub score_ci95: [f64; 2],
    /// The difference between the chosen candidate's score and the expected score.
    pub optimism: f64,
    /// The number of bootstrap samples.
    pub n_bootstraps: usize,
}

/// The way in which a candidate was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SelectionRule {
    /// The cheapest of many candidates that is not clearly worse than the best, by cross-validation.
    CheapestNotClearlyWorse,
    /// With few rows: the upper half of the layers, unless one of few candidates is clearly better by leave-one-out.
    LeaveOneOut,
}

/// All candidates, the best first, and the chosen one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Selection {
    /// The score by which candidates were compared.
    pub scoring: Scoring,
    /// The way in which the candidate was chosen.
    pub rule: SelectionRule,
    /// The cheapest candidate that is not clearly worse than the best, or one that is at least as good and no more
    /// expensive; its score comes from fits at their optimum. With few rows the choice of
    /// [`SelectionRule::LeaveOneOut`].
    pub chosen: Candidate,
    /// The optimism of its score.
    pub optimism: Option<Optimism>,
    /// From the best score to the worst.
    pub candidates: Vec<Candidate>,
    /// The chosen candidate's scores, for a comparison with another encoder's choice on the same rows.
    #[serde(skip)]
    pub chosen_scores: RowScores,
    /// The number of rows that were used; no test row is among them.
    pub n_rows: usize,
    /// The number of folds per candidate; by leave-one-out that of rows, or of groups if rows have groups.
    pub n_splits: usize,
    /// The values of C per candidate, ascending: the largest are left out if log loss rose before them. For layers
    /// side by side only those around the best of single layers are used.
    pub c_values: Vec<f64>,
}

/// A candidate with one C, and its accuracy.
struct Point {
    c: f64,
    accuracy: f64,
    accuracy_ci95: [f64; 2],
}

/// A configuration with its scores row by row.
struct Scored {
    point: Point,
    scores: RowScores,
    /// The log losses, by which its C is chosen.
    losses: RowScores,
}

/// The values of C for a choice with scaled features: 20 from 0.00001 to 0.56, four per power of ten.
///
/// ```
/// let c_values = clsify::training::selection_c_values();
/// assert_eq!((c_values.len(), c_values[0]), (20, 1e-5));
/// assert!((c_values[4] / c_values[0] - 10.0).abs() < 1e-12);
/// ```
pub fn selection_c_values() -> Vec<f64> {
    (0..N_C).map(|i| 1e-5 * 10f64.powf(0.25 * f64::from(i))).collect()
}

/// Chooses layers, pooling and C with these rows only. `features` are [`selection_features`] of an encoder,
/// `mean_tokens` is the mean length of a sentence.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] if features and targets do not match, as for [`selection_rows`], or if these are
/// not all of those rows.
pub(crate) fn select_features(
    features: &Matrix,
    config: &EncoderConfig,
    mean_tokens: usize,
    targets: &Targets,
    options: &SelectionOptions,
    observer: &dyn Observer,
) -> Result<Selection> {
    let (n, width) = (selection_rows(targets)?.len(), selection_features().n_features(config)?);
    if features.shape() != [n, width] || targets.len() != n {
        let got = (features.shape(), targets.len());
        let message = format!("expected features {n} x {width} of {n} rows that take part, got {got:?}");
        return Err(Error::new(ErrorKind::InvalidArgument, message).at("choice of features"));
    }
    let scaled = |features_of: &FeatureOptions| -> Result<Matrix> {
        let own = features.select_columns(&columns(features_of, config)?);
        Ok(StandardScaler::fit_weighted(&own, targets.sample_weight()).transform(&own))
    };
    let all = candidates(config);
    // The best C also depends on the number of rows, among which the penalty is divided.
    let c_values = selection_c_values();
    let fits = c_values.len() * N_SPLITS;
    observer.start(Stage::GridSearch, all.len() * fits);
    let uncounted: Progress = &|_| check_cancelled(observer);
    let mut found: Vec<(FeatureOptions, Vec<Scored>)> = Vec::with_capacity(all.len());
    for features in all {
        let x = scaled(&features)?;
        // The best C of layers side by side is that of single layers or slightly lower, and fits with many features
        // are slow.
        let own = if is_wide(&features) { around_best(&found, &c_values) } else { &c_values };
        let max_iter = options.classifier.max_iter.min(MAX_ITER);
        let fit_options = LogisticRegressionOptions { tol: TOL, max_iter, ..options.classifier };
        let mut points: Vec<Scored> = Vec::with_capacity(own.len());
        for part in own.chunks(C_VALUES_AT_ONCE) {
            let logits = compared_logits(&x, targets, part, &fit_options, uncounted)?;
            let scored =
                part.par_iter().zip(&logits).map(|(&c, logits)| scored(c, logits, targets, options.scoring));
            points.extend(scored.collect::<Result<Vec<_>>>()?);
            if is_past_best(&points) {
                break;
            }
        }
        found.push((features, points));
        advance(observer, Stage::GridSearch, found.len() * fits)?;
    }
    observer.finish(Stage::GridSearch);

    // The cheaper candidate comes first, so that the first of equal ones is the cheapest.
    let mut costs = Vec::with_capacity(found.len());
    for (features, _) in &found {
        let operations = features.operations(config, mean_tokens);
        costs.push(Cost { operations, n_features: features.n_features(config)? });
    }
    let mut order: Vec<usize> = (0..found.len()).collect();
    order.sort_by(|&a, &b| costs[a].total_cmp(&costs[b]));
    let costs: Vec<Cost> = order.iter().map(|&i| costs[i]).collect();
    let mut found: Vec<Option<_>> = found.into_iter().map(Some).collect();
    let (mut owners, mut points, mut runs) = (Vec::new(), Vec::new(), Vec::new());
    let (mut all_scores, mut losses) = (Vec::new(), Vec::new());
    for (features, own) in order.iter().filter_map(|&i| found[i].take()) {
        runs.push(points.len()..points.len() + own.len());
        owners.push(features);
        for Scored { point, scores, losses: own_losses } in own {
            points.push(point);
            all_scores.push(scores);
            losses.push(own_losses);
        }
    }
    // The losses follow all scores, in the same order.
    all_scores.append(&mut losses);

    let candidates = Runs { runs: &runs, costs: &costs };
    let (_, mut place) = choose(&candidates, &Resample::of_all(&all_scores));
    let n_points = points.len();
    let mut refitted = Vec::new();
    let owner = loop {
        // The reported scores of the chosen candidate come from its optimum.
        let owner = runs.iter().position(|run| run.contains(&place)).unwrap_or(0);
        let x = scaled(&owners[owner])?;
        let fit_options = LogisticRegressionOptions { c: points[place].c, ..options.classifier };
        let logits = held_out_logits(&x, targets, &fit_options, N_SPLITS, uncounted)?;
        let at_optimum = scored(fit_options.c, &logits, targets, options.scoring)?;
        (points[place], all_scores[place]) = (at_optimum.point, at_optimum.scores);
        all_scores[n_points + place] = at_optimum.losses;
        refitted.push(place);
        // At the optimum a candidate may get a row wrong, so that another one is chosen.
        let (_, winner) = undominated(&candidates, (owner, place), &Resample::of_all(&all_scores));
        if runs[owner].contains(&winner) {
            break owner;
        }
        place = winner;
        if refitted.contains(&winner) {
            break runs.iter().position(|run| run.contains(&place)).unwrap_or(0);
        }
    };

    let resample = Resample::of_all(&all_scores);
    let tops: Vec<usize> = runs.iter().map(|run| top(run, &resample)).collect();
    let sign = if options.scoring.is_more_better() { 1.0 } else { -1.0 };
    let mut list = Vec::with_capacity(owners.len());
    let best = tops
        .iter()
        .copied()
        .fold(tops[0], |best, i| if resample.scores[i] > resample.scores[best] { i } else { best });
    for ((candidate, features), &top) in owners.into_iter().enumerate().zip(&tops) {
        // The chosen candidate keeps the C that was refitted.
        let at = if top != place && runs[owner].contains(&top) { place } else { top };
        let (behind, behind_standard_error) = resample.above(best, at);
        list.push(Candidate {
            n_features: costs[candidate].n_features,
            operations: costs[candidate].operations,
            features,
            c: points[at].c,
            score: sign * all_scores[at].score,
            score_ci95: interval(targets, options.scoring, &all_scores[at])?,
            accuracy: points[at].accuracy,
            accuracy_ci95: points[at].accuracy_ci95,
            behind,
            behind_standard_error,
        });
    }
    let chosen = list[owner].clone();
    list.sort_by(|a, b| (sign * b.score).total_cmp(&(sign * a.score)));
    let worth = bias_corrected(&all_scores, N_BOOTSTRAPS, |resample| choose(&candidates, resample).1);
    let optimism = worth.map(|worth| {
        let scored = (chosen.score, chosen.score_ci95);
        let (score, score_ci95) = expected(options.scoring, worth.score, worth.score_ci95, scored);
        Optimism {
            score,
            score_ci95,
            optimism: sign * (chosen.score - score),
            n_bootstraps: worth.n_bootstraps,
        }
    });
    Ok(Selection {
        scoring: options.scoring,
        chosen,
        optimism,
        candidates: list,
        chosen_scores: all_scores.swap_remove(place),
        n_rows: n,
        n_splits: N_SPLITS,
        c_values,
        rule: SelectionRule::CheapestNotClearlyWorse,
    })
}

fn scored(c: f64, logits: &[f64], targets: &Targets, scoring: Scoring) -> Result<Scored> {
    let right = row_scores(targets, Scoring::Accuracy, logits);
    let accuracy_ci95 = interval(targets, Scoring::Accuracy, &right)?;
    let point = Point { c, accuracy: right.score, accuracy_ci95 };
    let scores = if scoring == Scoring::Accuracy { right } else { row_scores(targets, scoring, logits) };
    Ok(Scored { point, scores, losses: row_scores(targets, Scoring::LogLoss, logits) })
}

/// Returns true if the last two values of C, which ascend, are worse than an earlier one: log loss falls with C and
/// then rises, and fits with the weakest penalties take the longest.
fn is_past_best(points: &[Scored]) -> bool {
    let losses = || points.iter().map(|point| point.losses.score);
    let best = losses().fold(f64::NEG_INFINITY, f64::max);
    points.len() > 2 && losses().rev().take(2).all(|loss| loss < best)
}

/// The best C of the candidates so far, and lower ones: more features need a stronger penalty.
fn around_best<'a>(found: &[(FeatureOptions, Vec<Scored>)], c_values: &'a [f64]) -> &'a [f64] {
    let all = found.iter().flat_map(|(_, scored)| scored);
    let best = all.max_by(|a, b| a.losses.score.total_cmp(&b.losses.score)).map(|best| best.point.c);
    let at = best.and_then(|best| c_values.iter().position(|&c| c == best)).unwrap_or(0);
    &c_values[at.saturating_sub(4)..=at]
}
