//! Learning curves: accuracy by the number of training rows, and a forecast for more rows.
//!
//! Each sentence is encoded once. Each repeat orders the training rows in its own way and fits on the first 50, 100,
//! 200, ... of them, so smaller parts are contained in larger ones, and each has the shares of the classes. The
//! held-out rows are the same for all, and no fit sees them.

use serde::Serialize;

use super::curve_scores::{
    CurveScores, CurveScoring, Unweighted, answers, constant_answer, scores, scoring, unweighted,
};
use super::tuned_curve::TunedCurve;
use crate::classifier::{ClassWeight, LinearClassifier, LogisticRegressionOptions, Scaling};
use crate::dataset::{Dataset, DatasetSummary};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{CurveRuns, Forecast, RatioScore, forecast, mean_and_std};
use crate::matrix::Matrix;
use crate::model::encode::Encoded;
use crate::model::encoder_report::EncoderReport;
use crate::model::sentence_encoder::SentenceEncoder;
use crate::notes::cautions::{SeenRows, note_seen_in_training};
use crate::observer::{Observer, Progress, Stage, advance, check_cancelled};
use crate::split::nested_order;
use crate::targets::Targets;
use crate::training::fits::{N_SPLITS, learnable_folds, search_c};
use crate::training::train_test_rows::{Rows, TestRows};

/// The first size, if there are enough rows for three sizes.
const FIRST: usize = 50;

/// The options of a learning curve.
#[derive(Debug, Clone)]
pub struct LearningCurveOptions {
    /// The source of the held-out rows. The default is a quarter of the data.
    pub test: TestRows,
    /// The scaling of features in each fit.
    pub scaling: Scaling,
    /// C and class weights, the same for every size.
    pub classifier: LogisticRegressionOptions,
    /// The values of C from which each fit chooses by cross-validation on its own rows; a fit on too few rows for
    /// folds uses the C of `classifier`. The default is no search.
    pub grid_search: Option<Vec<f64>>,
    /// The numbers of training rows; all rows are always added as the last. Empty means 50, 100, 200, ..., or with
    /// fewer than 200 rows, from an eighth of them.
    pub sizes: Vec<usize>,
    /// The number of fits per size except the last, each on other rows. The default is 5.
    pub n_repeats: usize,
    /// The seed for drawing rows.
    pub seed: u32,
}

impl Default for LearningCurveOptions {
    fn default() -> Self {
        LearningCurveOptions {
            test: TestRows::default(),
            scaling: Scaling::default(),
            classifier: LogisticRegressionOptions::default(),
            grid_search: None,
            sizes: Vec::new(),
            n_repeats: 5,
            seed: 0,
        }
    }
}

impl LearningCurveOptions {
    /// Checks C and the class weights.
    fn check_classifier(&self) -> Result<()> {
        self.classifier.check()?;
        let Some(c_values) = &self.grid_search else { return Ok(()) };
        if c_values.is_empty() {
            return Err(Error::new(ErrorKind::InvalidArgument, "expected at least one C").at("grid search"));
        }
        c_values.iter().try_for_each(|&c| LogisticRegressionOptions { c, ..self.classifier }.check())
    }
}

/// The result of [`learning_curve`].
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct LearningCurve {
    /// The counts of the labelled sentences.
    pub dataset: DatasetSummary,
    /// The encoder and its features.
    pub encoder: EncoderReport,
    /// Inverse of the regularisation strength, if it was not searched.
    #[serde(rename = "C")]
    pub c: f64,
    /// The values of C that were searched, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grid_search: Option<Vec<f64>>,
    /// The weighting of the classes.
    pub class_weight: ClassWeight,
    /// The scaling of the features.
    pub scaling: Scaling,
    /// The number of training rows, without those of weight 0.
    pub n_train: usize,
    /// The number of held-out rows.
    pub n_test: usize,
    /// The seed with which rows were drawn.
    pub seed: u32,
    /// The metric on the curve's vertical axis.
    pub scoring: CurveScoring,
    /// The best constant answer for all training rows: the most frequent class, or a set of labels.
    pub baseline_labels: Vec<String>,
    /// Its held-out score.
    pub baseline_score: f64,
    /// Its held-out accuracy, where each row counts once; for classes only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline_accuracy: Option<f64>,
    /// The points by increasing size; the last one has all training rows.
    pub points: Vec<CurvePoint>,
    /// The expected score with twice the rows; `None` with fewer than three sizes.
    pub forecast: Option<CurveForecast>,
    /// The scores of tuned encoders, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tuned: Option<TunedCurve>,
}

/// One of the fits of each size: the places of its rows in the training rows, and its score.
pub(super) type FirstFits = Vec<(Vec<usize>, RatioScore)>;

/// The scores for one number of training rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CurvePoint {
    /// The number of training rows.
    pub n_rows: usize,
    /// The C of each repeat.
    #[serde(rename = "C")]
    pub c: Vec<f64>,
    /// The held-out score of each repeat.
    pub scores: Vec<f64>,
    /// Their mean.
    pub score: f64,
    /// Their population standard deviation: the uncertainty from the choice of training rows.
    pub score_std: f64,
    /// Wilson's 95 % interval of the mean, for the effective number of held-out rows: the uncertainty from the choice
    /// of those rows.
    pub score_ci95: [f64; 2],
    /// Unweighted scores, in which each held-out row counts once.
    #[serde(flatten)]
    pub unweighted: CurveScores,
}

/// The expected score with twice the rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CurveForecast {
    /// The forecast.
    #[serde(flatten)]
    pub found: Forecast,
    /// Its score, if that is an unweighted accuracy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
}

/// One fit: its C, its score on the held-out rows, and additional scores.
struct CurveFit {
    c: f64,
    score: RatioScore,
    unweighted: Unweighted,
}

/// Fits on increasing numbers of training rows, and scores on the held-out rows: classes by accuracy; label sets,
/// with the threshold 0.5, by micro F1. If held-out rows have weights, the scores are weighted. The baseline is the
/// most frequent class; for label sets the most frequent set or every label, whichever has the better micro F1 on the
/// training rows.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] if a size is not between 2 and the number of training rows, or if there is no
/// repeat; otherwise as for [`train`](crate::training::train()).
///
/// ```no_run
/// use clsify::dataset::{Dataset, DatasetOptions};
/// use clsify::model::SentenceEncoder;
/// use clsify::studies::{LearningCurveOptions, learning_curve};
/// let dataset = Dataset::load("train.tsv", &DatasetOptions::default())?;
/// let encoder = SentenceEncoder::load("all-MiniLM-L6-v2")?;
/// let curve = learning_curve(&encoder, &dataset, &LearningCurveOptions::default())?;
/// for point in &curve.points {
///     println!("{} rows: {:.3}", point.n_rows, point.score);
/// }
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn learning_curve(
    encoder: &SentenceEncoder,
    dataset: &Dataset,
    options: &LearningCurveOptions,
) -> Result<LearningCurve> {
    measure(encoder, None, dataset, options).map(|(curve, _)| curve)
}

/// The learning curve, and the first fit of each size; `known` are the features of the data, if they were computed before.
pub(super) fn measure(
    encoder: &SentenceEncoder,
    known: Option<Encoded>,
    dataset: &Dataset,
    options: &LearningCurveOptions,
) -> Result<(LearningCurve, FirstFits)> {
    let observer = encoder.observer();
    // Checks that need no features come before the expensive encoder.
    options.check_classifier()?;
    // A row of weight 0 would only take the place of another one.
    let rows = Rows::of(dataset, &options.test, true)?;
    let (n_train, n_test) = (rows.train.len(), rows.test.len());
    let sizes = sizes(&options.sizes, options.n_repeats, n_train)?;
    rows.check(observer)?;
    let seen = SeenRows { n_seen: rows.n_seen, n_rows: n_test };
    note_seen_in_training(observer, seen, rows.test_dataset.is_none());
    let features = rows.encode(encoder, known)?;

    let order = |i| nested_order(&rows.train, &sizes, options.seed.wrapping_add(i as u32));
    let orders: Vec<Vec<usize>> = (0..options.n_repeats).map(order).collect();
    let fits = fit_sizes(&sizes, &orders, observer, |own| {
        let (x, targets) = (features.x_train.select_rows(own), rows.train.select_rows(own));
        let (fitted, c) = fit(&x, &targets, options, &|_| check_cancelled(observer))?;
        let (score, unweighted) = scores(&rows, &answers(&fitted, &features.x_test))?;
        Ok(CurveFit { c, score, unweighted })
    })?;
    let baseline = constant_answer(&rows)?;
    let (baseline_score, unweighted) = scores(&rows, &vec![baseline.clone(); n_test])?;
    let scoring = scoring(&rows);
    let first_rows = |n: usize| if n == n_train { (0..n).collect() } else { orders[0][..n].to_vec() };
    let first = fits.iter().map(|(n, fits)| (first_rows(*n), fits[0].score.clone())).collect();
    let (mut points, forecast) = points_and_forecast(&fits, options.seed)?;
    for point in &mut points {
        // For unweighted accuracy, the interval from counts is used, which has smaller rounding errors.
        if let (CurveScoring::Accuracy, CurveScores::Classes { accuracy_ci95, .. }) =
            (scoring, &point.unweighted)
        {
            point.score_ci95 = *accuracy_ci95;
        }
    }
    let curve = LearningCurve {
        dataset: dataset.summary(),
        encoder: EncoderReport::of(encoder),
        c: options.classifier.c,
        grid_search: options.grid_search.clone(),
        class_weight: options.classifier.class_weight,
        scaling: options.scaling,
        n_train,
        n_test,
        seed: options.seed,
        scoring,
        baseline_labels: baseline.iter().map(|&id| rows.own[id].clone()).collect(),
        baseline_score: baseline_score.score(),
        baseline_accuracy: match unweighted {
            Unweighted::Classes(accuracy) => Some(accuracy.score()),
            Unweighted::LabelSets(_) => None,
        },
        points,
        forecast: forecast.map(|found| CurveForecast {
            accuracy: (scoring == CurveScoring::Accuracy).then_some(found.score),
            found,
        }),
        tuned: None,
    };
    Ok((curve, first))
}

/// The classifier of these rows, for unscaled features, and its C.
fn fit(
    features: &Matrix,
    targets: &Targets,
    options: &LearningCurveOptions,
    progress: Progress,
) -> Result<(LinearClassifier, f64)> {
    let scaler = options.scaling.fit(features, targets.sample_weight());
    let scaled = scaler.as_ref().map(|scaler| scaler.transform(features));
    let features = scaled.as_ref().unwrap_or(features);
    let c = match &options.grid_search {
        Some(c_values) if learnable_folds(targets, N_SPLITS).is_ok() => {
            search_c(features, targets, (c_values, N_SPLITS), &options.classifier, progress)?.best_c
        }
        _ => options.classifier.c,
    };
    let fit_options = LogisticRegressionOptions { c, ..options.classifier };
    Ok((
        LinearClassifier::fit_scaled(features, targets, &fit_options, progress)?.unscaled(scaler.as_ref()),
        c,
    ))
}

/// Fits on the first rows of each order, up to each size; on all rows only once, because they are the same in any
/// order.
fn fit_sizes(
    sizes: &[usize],
    orders: &[Vec<usize>],
    observer: &dyn Observer,
    fit: impl Fn(&[usize]) -> Result<CurveFit>,
) -> Result<Vec<(usize, Vec<CurveFit>)>> {
    let n_train = orders[0].len();
    observer.start(Stage::Fit, (sizes.len() - 1) * orders.len() + 1);
    let mut n_fits = 0;
    let mut fits = Vec::with_capacity(sizes.len());
    for &n_rows in sizes {
        let parts: Vec<Vec<usize>> = match n_rows == n_train {
            true => vec![(0..n_rows).collect()],
            false => orders.iter().map(|order| order[..n_rows].to_vec()).collect(),
        };
        let mut of_size = Vec::with_capacity(parts.len());
        for rows in parts {
            of_size.push(fit(&rows)?);
            n_fits += 1;
            advance(observer, Stage::Fit, n_fits)?;
        }
        fits.push((n_rows, of_size));
    }
    observer.finish(Stage::Fit);
    Ok(fits)
}

/// Combines the fits of each size into points, and makes the forecast.
fn points_and_forecast(
    fits: &[(usize, Vec<CurveFit>)],
    seed: u32,
) -> Result<(Vec<CurvePoint>, Option<Forecast>)> {
    let point = |(n_rows, fits): &(usize, Vec<CurveFit>)| {
        let scores: Vec<f64> = fits.iter().map(|fit| fit.score.score()).collect();
        let (score, score_std) = mean_and_std(&scores);
        Ok(CurvePoint {
            n_rows: *n_rows,
            c: fits.iter().map(|fit| fit.c).collect(),
            scores,
            score,
            score_std,
            score_ci95: RatioScore::mean_ci95(fits.iter().map(|fit| &fit.score)),
            unweighted: unweighted(fits.iter().map(|fit| &fit.unweighted))?,
        })
    };
    let points = fits.iter().map(point).collect::<Result<Vec<_>>>()?;
    let run = |(n_rows, fits): &(usize, Vec<CurveFit>)| CurveRuns {
        n_rows: *n_rows,
        scores: fits.iter().map(|fit| fit.score.clone()).collect(),
    };
    let runs: Vec<CurveRuns> = fits.iter().map(run).collect();
    let forecast = if runs.len() < 3 { None } else { Some(forecast(&runs, seed)?) };
    Ok((points, forecast))
}

/// The sizes in increasing order, ending with all rows.
fn sizes(asked: &[usize], n_repeats: usize, n_train: usize) -> Result<Vec<usize>> {
    let bad = |message: String| Err(Error::new(ErrorKind::InvalidArgument, message).at("learning curve"));
    if n_repeats == 0 {
        return bad("expected at least 1 repeat, got 0".to_string());
    }
    if let Some(size) = asked.iter().find(|&&size| !(2..=n_train).contains(&size)) {
        return bad(format!("expected sizes from 2 to the {n_train} training rows, got {size}"));
    }
    let mut sizes = asked.to_vec();
    if sizes.is_empty() {
        let first = if n_train < 4 * FIRST { (n_train / 8).max(2) } else { FIRST };
        sizes.extend(
            std::iter::successors(Some(first), |size| Some(2 * size)).take_while(|&size| size < n_train),
        );
    }
    sizes.push(n_train);
    sizes.sort_unstable();
    sizes.dedup();
    Ok(sizes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_double_up_to_all_rows() {
        let of = |n_train| sizes(&[], 5, n_train).unwrap();
        assert_eq!(of(5190), [50, 100, 200, 400, 800, 1600, 3200, 5190]);
        assert_eq!(of(400), [50, 100, 200, 400]);
        assert_eq!(of(200), [50, 100, 200]);
        assert_eq!(of(199), [24, 48, 96, 192, 199]);
        assert_eq!(of(18), [2, 4, 8, 16, 18]);
        assert_eq!(of(2), [2]);
        assert_eq!(sizes(&[30, 10, 30], 1, 40).unwrap(), [10, 30, 40]);
        for (wanted, n_repeats) in [(&[1][..], 1), (&[41], 1), (&[10], 0)] {
            assert!(sizes(wanted, n_repeats, 40).is_err(), "{wanted:?}");
        }
    }
}
