//! How accuracy grows with the number of training rows, and whether more of them would help.
//!
//! The encoder goes over the sentences once. Each repeat puts the training rows into an order of its own, of which the first
//! 50, 100, 200, ... are fitted on: parts of one another, each with the shares of the classes. The held-out rows are the same
//! for all, and no fit sees them.

use serde::Serialize;

use crate::classifier::{
    ClassWeight, LinearClassifier, LogisticRegressionOptions, MostFrequent, Scaling, above,
};
use crate::dataset::{Dataset, DatasetSummary};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{
    CurveRuns, Forecast, MultiLabelEvaluation, RatioScore, forecast, mean_and_std, wilson_ci95,
};
use crate::matrix::Matrix;
use crate::model::encoder_report::EncoderReport;
use crate::model::label_ids::{among, sets};
use crate::model::sentence_encoder::SentenceEncoder;
use crate::notes::cautions::{SeenRows, note_seen_in_training};
use crate::observer::{Observer, Stage};
use crate::split::nested_order;
use crate::targets::{LabelIndicator, Labels, Targets};
use crate::training::fits::{N_SPLITS, learnable_folds, search_c};
use crate::training::rows::{Rows, TestRows};

/// The first size where there are rows enough for three.
const FIRST: usize = 50;

/// What the caller chooses of a learning curve.
#[derive(Debug, Clone)]
pub struct LearningCurveOptions {
    /// Where the held-out rows come from. The default is a quarter of the data.
    pub test: TestRows,
    /// The scaling of features in each fit.
    pub scaling: Scaling,
    /// C and class weights, the same for every size.
    pub classifier: LogisticRegressionOptions,
    /// The values of C of which each fit takes the best over folds of its own rows; a fit on rows too few for folds takes the C
    /// of `classifier`. The default is no search: that C for all.
    pub grid_search: Option<Vec<f64>>,
    /// Numbers of training rows; all of them come last in any case. Empty: 50, 100, 200, ...; with fewer than 200 rows from
    /// an eighth of them.
    pub sizes: Vec<usize>,
    /// Fits for each size but the last, on other rows each. The default is 5.
    pub n_repeats: usize,
    /// Seed of the rows that are drawn.
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
    /// Whether C and the class weights can be fitted with.
    fn check_classifier(&self) -> Result<()> {
        self.classifier.check()?;
        let Some(c_values) = &self.grid_search else { return Ok(()) };
        if c_values.is_empty() {
            return Err(Error::new(ErrorKind::InvalidArgument, "expected at least one C").at("grid search"));
        }
        c_values.iter().try_for_each(|&c| LogisticRegressionOptions { c, ..self.classifier }.check())
    }
}

/// What the held-out rows are scored by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CurveScoring {
    /// The share of rows whose class is right.
    Accuracy,
    /// The same, each row counted by its weight.
    WeightedAccuracy,
    /// F1 of all labels of all rows together.
    F1Micro,
    /// The same, each row counted by its weight.
    WeightedF1Micro,
}

/// What [`learning_curve`] finds.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct LearningCurve {
    /// The labelled sentences.
    pub dataset: DatasetSummary,
    /// The encoder and what was taken from it.
    pub encoder: EncoderReport,
    /// Inverse of the regularisation's strength, where it was not searched.
    #[serde(rename = "C")]
    pub c: f64,
    /// The values of C that were searched, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grid_search: Option<Vec<f64>>,
    /// How much a row counted.
    pub class_weight: ClassWeight,
    /// What was done to the features.
    pub scaling: Scaling,
    /// All training rows, without those of weight 0.
    pub n_train: usize,
    /// Held-out rows.
    pub n_test: usize,
    /// Seed of the rows that were drawn.
    pub seed: u32,
    /// What the curve is a curve of.
    pub scoring: CurveScoring,
    /// The constant answer that is the least to beat, by all training rows: the most frequent class, or a set of labels.
    pub baseline_labels: Vec<String>,
    /// Its held-out score.
    pub baseline_score: f64,
    /// Its held-out accuracy, each row counted once; of classes only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline_accuracy: Option<f64>,
    /// By rising size; the last is all training rows.
    pub points: Vec<CurvePoint>,
    /// What twice the rows would give; nothing where there are fewer than three sizes.
    pub forecast: Option<CurveForecast>,
}

/// One number of training rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CurvePoint {
    /// Training rows.
    pub n_rows: usize,
    /// The C of each repeat.
    #[serde(rename = "C")]
    pub c: Vec<f64>,
    /// The held-out score of each repeat.
    pub scores: Vec<f64>,
    /// Their mean.
    pub score: f64,
    /// Their standard deviation (divided by their number): what the choice of training rows does.
    pub score_std: f64,
    /// Wilson's 95 % interval of the mean, for as many rows as the held-out ones are worth: what the choice of those does.
    pub score_ci95: [f64; 2],
    /// Scores in which each held-out row counts once.
    #[serde(flatten)]
    pub unweighted: CurveScores,
}

/// Scores beside that of the curve; each held-out row counts once.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum CurveScores {
    /// Of classes.
    Classes {
        /// The held-out accuracy of each repeat.
        accuracies: Vec<f64>,
        /// Their mean.
        accuracy: f64,
        /// Their standard deviation.
        accuracy_std: f64,
        /// Wilson's 95 % interval of the mean.
        accuracy_ci95: [f64; 2],
    },
    /// Of sets of labels: means over the repeats.
    LabelSets {
        /// F1 of all labels of all rows together.
        f1_micro: f64,
        /// The mean of the labels' F1.
        f1_macro: f64,
        /// The share of rows whose whole set is right.
        subset_accuracy: f64,
    },
}

/// What twice the rows would give.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CurveForecast {
    /// What is found.
    #[serde(flatten)]
    pub found: Forecast,
    /// Its score, where that is an accuracy in which each row counts once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
}

/// One fit: its C, its score on the held-out rows, and what else is said of them.
struct CurveFit {
    c: f64,
    score: RatioScore,
    unweighted: Unweighted,
}

/// Scores in which each held-out row counts once.
enum Unweighted {
    /// Accuracy.
    Classes(RatioScore),
    LabelSets(Box<MultiLabelEvaluation>),
}

/// Fits on ever more of the training rows, and scores on the held-out rows: classes by accuracy; label sets, with the threshold 0.5,
/// by micro F1. Where held-out rows have weights, by weight. The baseline is the most frequent class; of label sets the most
/// frequent set or every label, whichever has the better micro F1 on the training rows.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] when a size is not from 2 to the number of training rows, or there is no repeat; else as
/// for [`train`](crate::training::train()).
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
    let observer = encoder.observer();
    // What can be refused without features is refused before the expensive encoder.
    options.check_classifier()?;
    // A row that counts nothing would only take the place of another.
    let rows = Rows::of(dataset, &options.test, true)?;
    let (n_train, n_test) = (rows.train.len(), rows.test.len());
    let sizes = sizes(&options.sizes, options.n_repeats, n_train)?;
    rows.check(observer)?;
    let seen = SeenRows { n_seen: rows.n_seen, n_rows: n_test };
    note_seen_in_training(observer, seen, rows.test_dataset.is_none());
    let features = rows.encode(encoder, None)?;

    let order = |i| nested_order(&rows.train, &sizes, options.seed.wrapping_add(i as u32));
    let orders: Vec<Vec<usize>> = (0..options.n_repeats).map(order).collect();
    let fits = fit_sizes(&sizes, &orders, observer, |own| {
        let (x, targets) = (features.x_train.select_rows(own), rows.train.select_rows(own));
        let (fitted, c) = fit(&x, &targets, options)?;
        let (score, unweighted) = scores(&rows, &answers(&fitted, &features.x_test))?;
        Ok(CurveFit { c, score, unweighted })
    })?;
    let baseline = constant_answer(&rows)?;
    let (baseline_score, unweighted) = scores(&rows, &vec![baseline.clone(); n_test])?;
    let scoring = scoring(&rows);
    let (mut points, forecast) = points_and_forecast(&fits, options.seed)?;
    for point in &mut points {
        // Of the same number the interval of counts, which rounds less.
        if let (CurveScoring::Accuracy, CurveScores::Classes { accuracy_ci95, .. }) =
            (scoring, &point.unweighted)
        {
            point.score_ci95 = *accuracy_ci95;
        }
    }
    Ok(LearningCurve {
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
    })
}

/// By accuracy or micro F1, by weight where the held-out rows have weights.
fn scoring(rows: &Rows) -> CurveScoring {
    match (rows.test.labels(), rows.test.weight_that_counts()) {
        (Labels::Classes { .. }, None) => CurveScoring::Accuracy,
        (Labels::Classes { .. }, Some(_)) => CurveScoring::WeightedAccuracy,
        (Labels::Sets(_), None) => CurveScoring::F1Micro,
        (Labels::Sets(_), Some(_)) => CurveScoring::WeightedF1Micro,
    }
}

/// The ids of the labels that a fit gives to each row: one each of classes; of label sets those above 0.5.
fn answers(fitted: &LinearClassifier, features: &Matrix) -> Vec<Vec<usize>> {
    match fitted {
        LinearClassifier::Classes(fitted) => {
            fitted.predict(features).into_iter().map(|id| vec![id]).collect()
        }
        LinearClassifier::LabelSets(fitted) => {
            above(&fitted.predict_proba(features), &vec![0.5; fitted.n_labels()]).to_sets()
        }
    }
}

/// What these answers, ids of the training rows' labels, score on the held-out rows: by weight if these have any, and each row once.
fn scores(rows: &Rows, answers: &[Vec<usize>]) -> Result<(RatioScore, Unweighted)> {
    let weights = rows.test.weight_that_counts();
    match rows.test.labels() {
        Labels::Classes { class_ids, .. } => {
            let is_right: Vec<bool> = answers.iter().zip(class_ids).map(|(a, y)| a == &[*y]).collect();
            let of = |weights| RatioScore::accuracy(&is_right, weights);
            Ok((of(weights)?, Unweighted::Classes(of(None)?)))
        }
        Labels::Sets(y_test) => {
            let own = LabelIndicator::from_sets(answers, rows.own.len())?;
            let y_pred = among(&own, &rows.own, &rows.labels)?;
            let unweighted = MultiLabelEvaluation::from_predictions(y_test, &y_pred, &rows.labels)?;
            let score = RatioScore::micro_f1(y_test, &y_pred, weights)?;
            Ok((score, Unweighted::LabelSets(Box::new(unweighted))))
        }
    }
}

/// The constant answer that is the least to beat, by the training rows: ids of their labels.
fn constant_answer(rows: &Rows) -> Result<Vec<usize>> {
    let weights = rows.train.sample_weight();
    if let Labels::Classes { class_ids, n_classes } = rows.train.labels() {
        return Ok(vec![MostFrequent::fit_weighted(class_ids, *n_classes, weights)?.class_id()]);
    }
    let y_train = sets(&rows.train)?;
    let most_frequent = y_train.most_frequent_row(weights).to_vec();
    let every: Vec<bool> = (0..y_train.n_labels()).map(|id| y_train.count(id) > 0).collect();
    let score = |answer: &[bool]| {
        let always = LabelIndicator::new(answer.repeat(y_train.n_samples()), y_train.n_labels())?;
        RatioScore::micro_f1(y_train, &always, weights).map(|score| score.score())
    };
    let answer = if score(&every)? > score(&most_frequent)? { every } else { most_frequent };
    Ok((0..answer.len()).filter(|&id| answer[id]).collect())
}

/// The classifier of these rows, for features as they are, and its C.
fn fit(
    features: &Matrix,
    targets: &Targets,
    options: &LearningCurveOptions,
) -> Result<(LinearClassifier, f64)> {
    let scaler = options.scaling.fit(features, targets.sample_weight());
    let scaled = scaler.as_ref().map(|scaler| scaler.transform(features));
    let features = scaled.as_ref().unwrap_or(features);
    let c = match &options.grid_search {
        Some(c_values) if learnable_folds(targets, N_SPLITS).is_ok() => {
            search_c(features, targets, c_values, &options.classifier, &|_| {})?.best_c
        }
        _ => options.classifier.c,
    };
    let fit_options = LogisticRegressionOptions { c, ..options.classifier };
    Ok((LinearClassifier::fit_scaled(features, targets, &fit_options)?.unscaled(scaler.as_ref()), c))
}

/// Fits on the first rows of each order, as many as each size says; on all of them once, as they are the same rows in any order.
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
            observer.advance(Stage::Fit, n_fits);
        }
        fits.push((n_rows, of_size));
    }
    observer.finish(Stage::Fit);
    Ok(fits)
}

/// What the fits of each size say together, and of twice the rows.
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
            unweighted: unweighted(fits)?,
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

/// Scores in which each row counts once, of all repeats together.
fn unweighted(fits: &[CurveFit]) -> Result<CurveScores> {
    let (mut accuracies, mut evaluations, mut n_test) = (Vec::new(), Vec::new(), 0);
    for fit in fits {
        match &fit.unweighted {
            Unweighted::Classes(accuracy) => {
                n_test = accuracy.n_samples();
                accuracies.push(accuracy.score());
            }
            Unweighted::LabelSets(evaluation) => evaluations.push(evaluation),
        }
    }
    if accuracies.is_empty() {
        let mean = |score: fn(&MultiLabelEvaluation) -> f64| {
            mean_and_std(&evaluations.iter().map(|e| score(e)).collect::<Vec<f64>>()).0
        };
        return Ok(CurveScores::LabelSets {
            f1_micro: mean(|test| test.micro_average.f1),
            f1_macro: mean(|test| test.macro_average.f1),
            subset_accuracy: mean(|test| test.subset_accuracy),
        });
    }
    let (accuracy, accuracy_std) = mean_and_std(&accuracies);
    let n_right = ((accuracy * n_test as f64).round() as usize).min(n_test);
    Ok(CurveScores::Classes {
        accuracies,
        accuracy,
        accuracy_std,
        accuracy_ci95: wilson_ci95(n_right, n_test)?,
    })
}

/// Rising, the last of them all rows.
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
