//! Which layers, which pooling, which C? Cross-validation over every candidate, on training rows alone.
//!
//! The encoder goes over the rows once and gives all its layers; each candidate is some of the columns, scaled. Folds are the
//! same for all. The choice is by one standard error: of the candidates that are not clearly worse than the best the one
//! that costs the least. "Clearly" is paired, row by row. By how much the chosen one's score is too good, because it was
//! chosen, is estimated from the same predictions ([`bias_corrected`]).

use rayon::prelude::*;
use serde::Serialize;

use super::candidates::{candidates, columns, is_wide, selection_features};
use super::observer::{Observer, Stage};
use crate::classifier::{LogisticRegressionOptions, Samples, StandardScaler};
use crate::encoder::EncoderConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{
    Resample, RowScores, Scoring, bias_corrected, compare_logits, out_of_fold_logits, wilson_ci95,
};
use crate::features::FeatureOptions;
use crate::matrix::Matrix;
use crate::split::{SplitOptions, StratifiedKFold, TestSize, train_test_split};

/// Rows that take part in a choice; of more a stratified sample is drawn.
const MAX_ROWS: usize = 10_000;
/// A gradient that is small enough to compare candidates; what is reported of the chosen one is of its optimum.
const TOL: f64 = 1e-3;
/// Folds a candidate.
pub(super) const N_SPLITS: usize = 5;
/// Values of C, from 1e-5, four to a power of ten.
const N_C: i32 = 20;
/// Draws that estimate the optimism.
const N_BOOTSTRAPS: usize = 500;

/// What a choice goes by.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SelectionOptions {
    /// What is compared. The default is accuracy.
    pub scoring: Scoring,
    /// Class weights, and when the fit of the chosen one stops; its C is not looked at.
    pub classifier: LogisticRegressionOptions,
}

/// A choice of features, and how it did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidate {
    /// The features.
    pub features: FeatureOptions,
    /// Numbers a sentence.
    pub n_features: usize,
    /// Operations for a sentence of the mean length, a multiply-add counted as two: what a prediction costs.
    pub operations: f64,
    /// The best C, the smallest of equals.
    #[serde(rename = "C")]
    pub c: f64,
    /// The score with this C of what the classifiers of the other folds say of each row.
    pub score: f64,
    /// Its 95 % interval: Wilson's for accuracy, else 1.96 standard errors to either side (macro F1: by the jackknife).
    pub score_ci95: [f64; 2],
    /// The share of rows that are predicted right.
    pub accuracy: f64,
    /// Wilson's 95 % interval of it.
    pub accuracy_ci95: [f64; 2],
    /// By how much the best candidate's score is better than this one's.
    pub behind: f64,
    /// The standard error of that difference, row by row.
    pub behind_standard_error: f64,
}

/// What the choice is worth on rows that it has not seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Optimism {
    /// The score to expect: choices made on rows drawn with replacement, scored on the rows not drawn.
    pub score: f64,
    /// The middle 95 % of these scores.
    pub score_ci95: [f64; 2],
    /// By how much the chosen candidate's score is better than that.
    pub optimism: f64,
    /// How often rows were drawn.
    pub n_bootstraps: usize,
}

/// All candidates, the best first, and the one that was chosen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Selection {
    /// What was compared.
    pub scoring: Scoring,
    /// The cheapest that is not clearly worse than the best. Its score is of fits at their optimum.
    pub chosen: Candidate,
    /// How far its score is too good because it was chosen.
    pub optimism: Option<Optimism>,
    /// From the best score to the worst.
    pub candidates: Vec<Candidate>,
    /// The chosen one's scores, for a comparison with another encoder's choice on the same rows.
    #[serde(skip)]
    pub chosen_scores: RowScores,
    /// Rows that took part; no test row is among them.
    pub n_rows: usize,
    /// Folds a candidate.
    pub n_splits: usize,
    /// Values of C a candidate; where layers stand side by side those around the best of single layers.
    pub c_values: Vec<f64>,
}

/// The rows that take part in a choice, ascending: all, or of many a sample with the shares of the classes.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] when there are too few rows or classes for five folds.
pub fn selection_rows(class_ids: &[usize]) -> Result<Vec<usize>> {
    let place =
        |e: Error| e.at("choice of features").with_hint("give more rows, or choose --layers and --pooling");
    let mut rows: Vec<usize> = (0..class_ids.len()).collect();
    if class_ids.len() > MAX_ROWS {
        let test_size = TestSize::Count(class_ids.len() - MAX_ROWS);
        let options = SplitOptions { seed: 0, test_size, stratify: true };
        rows = train_test_split(class_ids, &options).map_err(place)?.train;
        rows.sort_unstable();
    }
    let own: Vec<usize> = rows.iter().map(|&i| class_ids[i]).collect();
    let folds = StratifiedKFold { n_splits: N_SPLITS, shuffle: None }.split(&own).map_err(place)?;
    if folds.iter().any(|fold| fold.train.iter().all(|&i| own[i] == own[fold.train[0]])) {
        let message = "expected at least 2 classes in the training rows of every fold, got only one";
        return Err(place(Error::new(ErrorKind::InvalidArgument, message)));
    }
    Ok(rows)
}

/// A candidate with one C, and how many rows it predicts right.
struct Point {
    c: f64,
    n_right: usize,
}

/// Chooses layers, pooling and C by these rows, which are all that the choice sees. `features` are
/// [`selection_features`] of an encoder, `mean_tokens` is the length of a sentence.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] when features and classes do not go together, or as for [`selection_rows`].
pub fn select_features(
    features: &Matrix,
    (config, mean_tokens): (&EncoderConfig, usize),
    class_ids: &[usize],
    n_classes: usize,
    options: &SelectionOptions,
    observer: &dyn Observer,
) -> Result<Selection> {
    let (n, width) = (class_ids.len(), selection_features().n_features(config)?);
    if features.shape() != [n, width] {
        let message = format!("expected features {n} x {width}, got {:?}", features.shape());
        return Err(Error::new(ErrorKind::InvalidArgument, message).at("choice of features"));
    }
    selection_rows(class_ids)?;
    let scaled = |features_of: &FeatureOptions| -> Result<Matrix> {
        let x = features.select_columns(&columns(features_of, config)?);
        Ok(StandardScaler::fit(&x).transform(&x))
    };
    let all = candidates(config);
    // C is of rows, too: the penalty is shared among them.
    let c_values: Vec<f64> = (0..N_C).map(|i| 1e-5 * 10f64.powf(0.25 * f64::from(i))).collect();
    let fits = c_values.len() * N_SPLITS;
    observer.start(Stage::GridSearch, all.len() * fits);
    let mut found: Vec<(FeatureOptions, Vec<(Point, RowScores)>)> = Vec::with_capacity(all.len());
    for features in all {
        let x = scaled(&features)?;
        let samples = Samples::new(&x, class_ids, n_classes);
        // Where single layers do best, layers side by side do too or a little below; wide fits are slow.
        let own = if is_wide(&features) { around_best(&found, &c_values) } else { &c_values };
        let fit_options = LogisticRegressionOptions { tol: TOL, ..options.classifier };
        let logits = compare_logits(&samples, own, &fit_options, N_SPLITS)?;
        let points =
            own.par_iter().zip(&logits).map(|(&c, logits)| scores(c, logits, &samples, options.scoring));
        found.push((features, points.collect()));
        observer.advance(Stage::GridSearch, found.len() * fits);
    }
    observer.finish(Stage::GridSearch);

    // The cheaper first, so that the first of equals is the cheapest.
    let mut costs = Vec::with_capacity(found.len());
    for (features, _) in &found {
        costs.push((features.operations(config, mean_tokens), features.n_features(config)?));
    }
    let mut order: Vec<usize> = (0..found.len()).collect();
    order.sort_by(|&a, &b| costs[a].0.total_cmp(&costs[b].0).then(costs[a].1.cmp(&costs[b].1)));
    let mut found: Vec<Option<_>> = found.into_iter().map(Some).collect();
    let (mut owners, mut points, mut row_scores, mut runs) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (features, own) in order.iter().filter_map(|&i| found[i].take()) {
        runs.push(points.len()..points.len() + own.len());
        owners.push(features);
        for (point, scores) in own {
            points.push(point);
            row_scores.push(scores);
        }
    }

    // What is said of the chosen one is of its optimum.
    let (_, place) = choose(&runs, &Resample::of_all(&row_scores));
    let owner = runs.iter().position(|run| run.contains(&place)).unwrap_or(0);
    let x = scaled(&owners[owner])?;
    let samples = Samples::new(&x, class_ids, n_classes);
    let fit_options = LogisticRegressionOptions { c: points[place].c, ..options.classifier };
    let logits = out_of_fold_logits(&samples, &fit_options, N_SPLITS)?;
    (points[place], row_scores[place]) = scores(fit_options.c, &logits, &samples, options.scoring);

    let resample = Resample::of_all(&row_scores);
    let tops: Vec<usize> = runs.iter().map(|run| top(run, &resample)).collect();
    let sign = if options.scoring.is_more_better() { 1.0 } else { -1.0 };
    let mut list = Vec::with_capacity(owners.len());
    let best = tops
        .iter()
        .copied()
        .fold(tops[0], |best, i| if resample.scores[i] > resample.scores[best] { i } else { best });
    for ((run, features), &top) in order.iter().zip(owners).zip(&tops) {
        // The chosen one keeps the C that was refitted.
        let at = if top != place && runs[owner].contains(&top) { place } else { top };
        let (behind, behind_standard_error) = resample.above(best, at);
        let (score, error, n_right) =
            (sign * row_scores[at].score, row_scores[at].standard_error(), points[at].n_right);
        let accuracy_ci95 = wilson_ci95(n_right, n)?;
        list.push(Candidate {
            n_features: costs[*run].1,
            operations: costs[*run].0,
            features,
            c: points[at].c,
            score,
            score_ci95: match options.scoring {
                Scoring::Accuracy => accuracy_ci95,
                _ => [score - 1.96 * error, score + 1.96 * error],
            },
            accuracy: n_right as f64 / n as f64,
            accuracy_ci95,
            behind,
            behind_standard_error,
        });
    }
    let chosen = list[owner].clone();
    list.sort_by(|a, b| (sign * b.score).total_cmp(&(sign * a.score)));
    let worth = bias_corrected(&row_scores, N_BOOTSTRAPS, |resample| choose(&runs, resample).1);
    let optimism = worth.map(|worth| {
        let [low, high] = worth.score_ci95.map(|score| sign * score);
        Optimism {
            score: sign * worth.score,
            score_ci95: [low.min(high), low.max(high)],
            optimism: sign * chosen.score - worth.score,
            n_bootstraps: worth.n_bootstraps,
        }
    });
    Ok(Selection {
        scoring: options.scoring,
        chosen,
        optimism,
        candidates: list,
        chosen_scores: row_scores.swap_remove(place),
        n_rows: n,
        n_splits: N_SPLITS,
        c_values,
    })
}

fn scores(c: f64, logits: &[f64], samples: &Samples, scoring: Scoring) -> (Point, RowScores) {
    let of = |scoring| RowScores::of(scoring, logits, samples.class_ids, samples.n_classes);
    let right = of(Scoring::Accuracy);
    let n_right = right.rows.iter().filter(|&&row| row > 0.0).count();
    (Point { c, n_right }, if scoring == Scoring::Accuracy { right } else { of(scoring) })
}

/// The best of some configurations, the first of equals.
fn top(run: &std::ops::Range<usize>, resample: &Resample) -> usize {
    run.clone().fold(run.start, |top, i| if resample.scores[i] > resample.scores[top] { i } else { top })
}

/// The best configuration, and the best of the cheapest candidate within one standard error of it. `runs` are the
/// configurations of each candidate, the cheapest first.
fn choose(runs: &[std::ops::Range<usize>], resample: &Resample) -> (usize, usize) {
    let tops = || runs.iter().map(|run| top(run, resample));
    let best = tops().reduce(|best, i| if resample.scores[i] > resample.scores[best] { i } else { best });
    let best = best.unwrap_or(0);
    let is_near = |&i: &usize| {
        let (behind, error) = resample.above(best, i);
        behind <= error
    };
    (best, tops().find(is_near).unwrap_or(best))
}

/// The best C of the candidates so far, with more below than above: more numbers want a stronger penalty.
fn around_best<'a>(found: &[(FeatureOptions, Vec<(Point, RowScores)>)], c_values: &'a [f64]) -> &'a [f64] {
    let points = found.iter().flat_map(|(_, points)| points);
    let best = points.max_by(|a, b| a.1.score.total_cmp(&b.1.score)).map(|(point, _)| point.c);
    let at = best.and_then(|best| c_values.iter().position(|&c| c == best)).unwrap_or(0);
    &c_values[at.saturating_sub(5)..(at + 2).min(c_values.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[f64]) -> RowScores {
        RowScores { score: rows.iter().sum::<f64>() / rows.len() as f64, rows: rows.to_vec() }
    }

    /// Oracle: by hand. The last is best; the second is behind by 1 of 5 rows, which is no more than its standard error; the
    /// first by three, which is more.
    #[test]
    fn the_cheapest_within_one_standard_error_is_chosen() {
        let scores = [
            of(&[0.0, 0.0, 1.0, 0.0, 1.0]),
            of(&[1.0, 1.0, 0.0, 1.0, 1.0]),
            of(&[0.0, 0.0, 0.0, 0.0, 0.0]),
            of(&[1.0, 1.0, 1.0, 1.0, 1.0]),
        ];
        assert_eq!(choose(&[0..1, 1..3, 3..4], &Resample::of_all(&scores)), (3, 1));
        assert_eq!(choose(&[0..1, 3..4], &Resample::of_all(&scores)), (3, 3));
    }

    /// Of more rows than take part each class gives its share, and the same rows every time.
    #[test]
    fn of_many_rows_a_stratified_sample_takes_part() {
        let class_ids: Vec<usize> = (0..40_000).map(|i| usize::from(i % 10 == 0)).collect();
        let rows = selection_rows(&class_ids).unwrap();
        assert_eq!(rows.len(), MAX_ROWS);
        assert!(rows.is_sorted_by(|a, b| a < b));
        assert_eq!(rows.iter().filter(|&&i| class_ids[i] == 1).count(), MAX_ROWS / 10);
        assert_eq!(rows, selection_rows(&class_ids).unwrap());
        assert_eq!(selection_rows(&class_ids[..MAX_ROWS]).unwrap().len(), MAX_ROWS);
    }

    #[test]
    fn what_cannot_be_divided_into_folds_is_refused() {
        assert!(selection_rows(&[0, 1, 0]).unwrap_err().to_string().contains("folds"));
        assert!(selection_rows(&[1; 50]).unwrap_err().to_string().contains("2 classes"));
    }
}
