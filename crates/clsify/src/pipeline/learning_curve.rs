//! How accuracy grows with the number of training rows, and whether more of them would help.
//!
//! The encoder goes over the sentences once. Each repeat puts the training rows into an order of its own, of which the first
//! 50, 100, 200, ... are fitted on: parts of one another, each with the shares of the classes. The held-out rows are the same
//! for all, and no fit sees them.

use serde::Serialize;

use super::cautions::{check_some_known, note_labels, note_seen_in_training};
use super::label_notes::note_label_spelling;
use super::observer::{Observer, Stage};
use super::seen_sentences::SeenSentences;
use super::sentence_encoder::SentenceEncoder;
use super::train::{N_SPLITS, check_classes, class_ids, labels, split};
use super::training_report::EncoderReport;
use super::{TestRows, calibration};
use crate::classifier::{
    ClassWeight, LogisticRegression, LogisticRegressionOptions, MostFrequent, Samples, Scaling,
    StandardScaler,
};
use crate::dataset::{Dataset, DatasetSummary};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{CurveRuns, Forecast, RatioScore, forecast, grid_search, mean_and_std, wilson_ci95};
use crate::split::{of_rows, stratified_order};

/// The first size where there are rows enough for three.
const FIRST: usize = 50;

/// What the caller chooses of a learning curve; `T` says where the held-out rows come from.
#[derive(Debug, Clone)]
pub struct LearningCurveOptions<T = TestRows> {
    /// Where the held-out rows come from. The default is a quarter of the data.
    pub test: T,
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

impl<T: Default> Default for LearningCurveOptions<T> {
    fn default() -> Self {
        LearningCurveOptions {
            test: T::default(),
            scaling: Scaling::default(),
            classifier: LogisticRegressionOptions::default(),
            grid_search: None,
            sizes: Vec::new(),
            n_repeats: 5,
            seed: 0,
        }
    }
}

impl<T> LearningCurveOptions<T> {
    /// Whether C and the class weights can be fitted with.
    pub(super) fn check_classifier(&self) -> Result<()> {
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

/// What [`learning_curve`] finds; `D` is what is said of the data.
#[derive(Debug, Clone, Serialize)]
pub struct LearningCurve<D = DatasetSummary> {
    /// The labelled sentences.
    pub dataset: D,
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
pub(super) struct CurveFit<S> {
    pub(super) c: f64,
    pub(super) score: RatioScore,
    pub(super) other: S,
}

/// Fits on ever more of the training rows, and scores on the held-out rows: by accuracy, and where these have weights, by weight.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] when a size is not from 2 to the number of training rows, or there is no repeat; else as
/// for [`train`](super::train).
///
/// ```no_run
/// use clsify::dataset::{Dataset, DatasetOptions};
/// use clsify::pipeline::{LearningCurveOptions, SentenceEncoder, SentenceEncoderOptions, learning_curve};
/// let dataset = Dataset::load("train.tsv".as_ref(), &DatasetOptions::default())?;
/// let encoder = SentenceEncoder::load("all-MiniLM-L6-v2".as_ref(), SentenceEncoderOptions::default(), &())?;
/// let curve = learning_curve(&encoder, &dataset, &LearningCurveOptions::default(), &())?;
/// for point in &curve.points {
///     println!("{} rows: {:.3}", point.n_rows, point.score);
/// }
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn learning_curve(
    encoder: &SentenceEncoder,
    dataset: &Dataset,
    options: &LearningCurveOptions,
    observer: &dyn Observer,
) -> Result<LearningCurve> {
    let test_dataset = match &options.test {
        TestRows::Dataset(test) => Some(test),
        TestRows::Split(_) => None,
    };
    let labels = labels(dataset, &options.test);
    let ids = class_ids(dataset, &labels);
    // What can be refused without features is refused before the expensive encoder.
    options.check_classifier()?;
    let mut split = split((&ids, dataset.groups()), &labels, &options.test)?;
    let weights = |rows: &[usize]| -> Option<Vec<f64>> {
        dataset.weights().map(|weights| rows.iter().map(|&row| weights[row]).collect())
    };
    // A row that counts nothing would only take the place of another.
    if let Some(weights) = dataset.weights() {
        split.train.retain(|&row| weights[row] > 0.0);
    }
    let w_train = weights(&split.train);
    let g_train = of_rows(dataset.groups(), &split.train);
    let w_test = match test_dataset {
        Some(test) => test.weights().map(<[f64]>::to_vec),
        None => weights(&split.test),
    };
    let w_test = w_test.filter(|weights| weights.iter().any(|&w| w > 0.0));
    let y_train: Vec<usize> = split.train.iter().map(|&row| ids[row]).collect();
    let y_test: Vec<usize> = match test_dataset {
        Some(test) => class_ids(test, &labels),
        None => split.test.iter().map(|&row| ids[row]).collect(),
    };
    check_classes(&y_train, None, &labels)?;
    let sizes = sizes(&options.sizes, options.n_repeats, y_train.len())?;
    if let Some(test) = test_dataset {
        check_some_known(&test.classes(), &dataset.classes(), "the training rows")
            .map_err(|e| e.at("test rows"))?;
    }
    note_labels(observer, &labels, (&y_train, None), &y_test);
    note_label_spelling(observer, &labels, None);
    let seen = SeenSentences::of(split.train.iter().map(|&row| &dataset.sentences()[row]));
    let n_seen = match test_dataset {
        Some(test) => seen.count(test.sentences()),
        None => seen.count(split.test.iter().map(|&row| &dataset.sentences()[row])),
    };
    note_seen_in_training(observer, (n_seen, y_test.len()), test_dataset.is_none());

    let encoded = encoder.encode_lines(dataset.sentences(), dataset.lines(), observer)?;
    let x_train = encoded.features.select_rows(&split.train);
    let x_test = match test_dataset {
        Some(test) => {
            let encoded = encoder.encode_lines(test.sentences(), test.lines(), observer);
            encoded.map_err(|error| error.at("test data"))?.features
        }
        None => encoded.features.select_rows(&split.test),
    };
    let scored = |predicted: &dyn Fn(usize) -> usize| -> Result<(RatioScore, RatioScore)> {
        let is_right: Vec<bool> = (0..y_test.len()).map(|row| predicted(row) == y_test[row]).collect();
        let of = |weights| RatioScore::accuracy(&is_right, weights);
        Ok((of(w_test.as_deref())?, of(None)?))
    };
    let orders: Vec<Vec<usize>> = (0..options.n_repeats)
        .map(|i| stratified_order(&y_train, options.seed.wrapping_add(i as u32)))
        .collect();
    let fits = fit_sizes(&sizes, &orders, observer, |rows| {
        let y: Vec<usize> = rows.iter().map(|&row| y_train[row]).collect();
        let weights: Option<Vec<f64>> =
            w_train.as_ref().map(|weights| rows.iter().map(|&row| weights[row]).collect());
        let x = x_train.select_rows(rows);
        let groups = of_rows(g_train.as_deref(), rows);
        let samples =
            Samples::new(&x, &y, labels.len()).weighted(weights.as_deref()).grouped(groups.as_deref());
        let (fitted, c) = fit(&samples, options)?;
        let predicted = fitted.predict(&x_test);
        let (score, other) = scored(&|row| predicted[row])?;
        Ok(CurveFit { c, score, other })
    })?;
    let baseline = MostFrequent::fit_weighted(&y_train, labels.len(), w_train.as_deref())?.class_id();
    let (baseline_score, baseline_accuracy) = scored(&|_| baseline)?;
    let scoring = if w_test.is_some() { CurveScoring::WeightedAccuracy } else { CurveScoring::Accuracy };
    let (mut points, forecast) = points_and_forecast(&fits, options.seed, accuracies)?;
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
        n_train: y_train.len(),
        n_test: y_test.len(),
        seed: options.seed,
        scoring,
        baseline_labels: vec![labels[baseline].clone()],
        baseline_score: baseline_score.score(),
        baseline_accuracy: Some(baseline_accuracy.score()),
        points,
        forecast: forecast.map(|found| CurveForecast {
            accuracy: (scoring == CurveScoring::Accuracy).then_some(found.score),
            found,
        }),
    })
}

/// The classifier of these rows, for features as they are, and its C.
fn fit(samples: &Samples, options: &LearningCurveOptions) -> Result<(LogisticRegression, f64)> {
    let scaler = (options.scaling == Scaling::Standard)
        .then(|| StandardScaler::fit_weighted(samples.features, samples.sample_weight));
    let scaled = scaler.as_ref().map(|scaler| scaler.transform(samples.features));
    let samples = Samples { features: scaled.as_ref().unwrap_or(samples.features), ..*samples };
    let c = match &options.grid_search {
        Some(c_values) if calibration::check_folds(samples.class_ids, samples.groups, N_SPLITS).is_ok() => {
            grid_search(&samples, c_values, &options.classifier, N_SPLITS, &|_| {})?.best_c
        }
        _ => options.classifier.c,
    };
    let fitted = LogisticRegression::fit(&samples, &LogisticRegressionOptions { c, ..options.classifier })?;
    Ok(match &scaler {
        Some(scaler) => (scaler.unscaled(fitted), c),
        None => (fitted, c),
    })
}

/// Fits on the first rows of each order, as many as each size says; on all of them once, as they are the same rows in any order.
pub(super) fn fit_sizes<S>(
    sizes: &[usize],
    orders: &[Vec<usize>],
    observer: &dyn Observer,
    fit: impl Fn(&[usize]) -> Result<CurveFit<S>>,
) -> Result<Vec<(usize, Vec<CurveFit<S>>)>> {
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

/// What the fits of each size say together, and of twice the rows; `other` puts together what is said beside the score.
pub(super) fn points_and_forecast<S>(
    fits: &[(usize, Vec<CurveFit<S>>)],
    seed: u32,
    other: impl Fn(&[CurveFit<S>]) -> Result<CurveScores>,
) -> Result<(Vec<CurvePoint>, Option<Forecast>)> {
    let point = |(n_rows, fits): &(usize, Vec<CurveFit<S>>)| {
        let scores: Vec<f64> = fits.iter().map(|fit| fit.score.score()).collect();
        let (score, score_std) = mean_and_std(&scores);
        Ok(CurvePoint {
            n_rows: *n_rows,
            c: fits.iter().map(|fit| fit.c).collect(),
            scores,
            score,
            score_std,
            score_ci95: RatioScore::mean_ci95(fits.iter().map(|fit| &fit.score)),
            unweighted: other(fits)?,
        })
    };
    let points = fits.iter().map(point).collect::<Result<Vec<_>>>()?;
    let run = |(n_rows, fits): &(usize, Vec<CurveFit<S>>)| CurveRuns {
        n_rows: *n_rows,
        scores: fits.iter().map(|fit| fit.score.clone()).collect(),
    };
    let runs: Vec<CurveRuns> = fits.iter().map(run).collect();
    let forecast = if runs.len() < 3 { None } else { Some(forecast(&runs, seed)?) };
    Ok((points, forecast))
}

/// Accuracies in which each row counts once.
fn accuracies(fits: &[CurveFit<RatioScore>]) -> Result<CurveScores> {
    let n_test = fits[0].other.n_samples();
    let accuracies: Vec<f64> = fits.iter().map(|fit| fit.other.score()).collect();
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
pub(super) fn sizes(asked: &[usize], n_repeats: usize, n_train: usize) -> Result<Vec<usize>> {
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
