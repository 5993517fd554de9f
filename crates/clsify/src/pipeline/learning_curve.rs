//! How accuracy grows with the number of training rows, and whether more of them would help.
//!
//! The encoder goes over the sentences once. Each repeat puts the training rows into an order of its own, of which the first
//! 50, 100, 200, ... are fitted on: parts of one another, each with the shares of the classes. The held-out rows are the same
//! for all, and no fit sees them.

use serde::Serialize;

use super::observer::{Observer, Stage};
use super::sentence_encoder::SentenceEncoder;
use super::train::{check_classes, class_ids, split};
use super::training_report::EncoderReport;
use super::{TestRows, list};
use crate::classifier::{
    ClassWeight, LogisticRegression, LogisticRegressionOptions, MostFrequent, Samples, Scaling,
    StandardScaler,
};
use crate::dataset::{Dataset, DatasetSummary};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{CurveRuns, Forecast, forecast, mean_and_std, wilson_ci95};
use crate::split::{SplitOptions, stratified_order};

/// The first size where there are rows enough for three.
const FIRST: usize = 50;

/// What the caller chooses of a learning curve.
#[derive(Debug, Clone)]
pub struct LearningCurveOptions {
    /// Where the held-out rows come from. The default is a quarter of the data.
    pub test: TestRows,
    /// What is done to the features of the rows of each fit.
    pub scaling: Scaling,
    /// C and class weights, the same for every size.
    pub classifier: LogisticRegressionOptions,
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
            test: TestRows::Split(SplitOptions::default()),
            scaling: Scaling::default(),
            classifier: LogisticRegressionOptions::default(),
            sizes: Vec::new(),
            n_repeats: 5,
            seed: 0,
        }
    }
}

/// What [`learning_curve`] finds.
#[derive(Debug, Clone, Serialize)]
pub struct LearningCurve {
    /// The labelled sentences.
    pub dataset: DatasetSummary,
    /// The encoder and what was taken from it.
    pub encoder: EncoderReport,
    /// Inverse of the regularisation's strength.
    #[serde(rename = "C")]
    pub c: f64,
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
    /// The held-out accuracy of the most frequent class of all training rows.
    pub baseline_accuracy: f64,
    /// By rising size; the last is all training rows.
    pub points: Vec<CurvePoint>,
    /// What twice the rows would give; nothing where there are fewer than three sizes.
    pub forecast: Option<Forecast>,
}

/// One number of training rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Training rows.
    pub n_rows: usize,
    /// The held-out accuracy of each repeat.
    pub accuracies: Vec<f64>,
    /// Their mean.
    pub accuracy: f64,
    /// Their standard deviation (divided by their number): what the choice of training rows does.
    pub accuracy_std: f64,
    /// Wilson's 95 % interval of the mean, for as many held-out rows: what the choice of those does.
    pub accuracy_ci95: [f64; 2],
}

/// Fits on ever more of the training rows, and scores on the held-out rows.
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
///     println!("{} rows: {:.3}", point.n_rows, point.accuracy);
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
    let mut labels = dataset.classes();
    labels.extend(test_dataset.iter().flat_map(|test| test.classes()));
    labels.sort();
    labels.dedup();
    let ids = class_ids(dataset, &labels);
    // What can be refused without features is refused before the expensive encoder.
    options.classifier.check()?;
    let mut split = split(&ids, &options.test)?;
    // A row that counts nothing would only take the place of another.
    if let Some(weights) = dataset.weights() {
        split.train.retain(|&row| weights[row] > 0.0);
    }
    let w_train: Option<Vec<f64>> =
        dataset.weights().map(|weights| split.train.iter().map(|&row| weights[row]).collect());
    let y_train: Vec<usize> = split.train.iter().map(|&row| ids[row]).collect();
    let y_test: Vec<usize> = match test_dataset {
        Some(test) => class_ids(test, &labels),
        None => split.test.iter().map(|&row| ids[row]).collect(),
    };
    check_classes(&y_train, None, &labels)?;
    let sizes = sizes(options, y_train.len())?;
    let unseen: Vec<&str> = (0..labels.len())
        .filter(|id| y_test.contains(id) && !y_train.contains(id))
        .map(|id| labels[id].as_str())
        .collect();
    if !unseen.is_empty() {
        let unseen = list(&unseen);
        observer.note(&format!("no training row has the label {unseen}: such test rows count as wrong"));
    }

    let encoded = encoder.encode(dataset.sentences(), observer)?;
    let x_train = encoded.features.select_rows(&split.train);
    let x_test = match test_dataset {
        Some(test) => encoder.encode(test.sentences(), observer)?.features,
        None => encoded.features.select_rows(&split.test),
    };
    let orders: Vec<Vec<usize>> = (0..options.n_repeats)
        .map(|i| stratified_order(&y_train, options.seed.wrapping_add(i as u32)))
        .collect();
    let mut runs = Vec::with_capacity(sizes.len());
    observer.start(Stage::Fit, (sizes.len() - 1) * options.n_repeats + 1);
    let mut n_fits = 0;
    for &n_rows in &sizes {
        // All rows are the same rows in any order.
        let parts: Vec<Vec<usize>> = if n_rows == y_train.len() {
            vec![(0..n_rows).collect()]
        } else {
            orders.iter().map(|order| order[..n_rows].to_vec()).collect()
        };
        let mut is_right = Vec::with_capacity(parts.len());
        for rows in parts {
            let y: Vec<usize> = rows.iter().map(|&row| y_train[row]).collect();
            let weights: Option<Vec<f64>> =
                w_train.as_ref().map(|weights| rows.iter().map(|&row| weights[row]).collect());
            let x = x_train.select_rows(&rows);
            let samples = Samples::new(&x, &y, labels.len()).weighted(weights.as_deref());
            let predicted = fit(&samples, options)?.predict(&x_test);
            is_right.push(predicted.iter().zip(&y_test).map(|(p, y)| p == y).collect());
            n_fits += 1;
            observer.advance(Stage::Fit, n_fits);
        }
        runs.push(CurveRuns { n_rows, is_right });
    }
    observer.finish(Stage::Fit);
    let baseline = MostFrequent::fit_weighted(&y_train, labels.len(), w_train.as_deref())?.class_id();
    let n_baseline = y_test.iter().filter(|&&y| y == baseline).count();
    Ok(LearningCurve {
        dataset: dataset.summary(),
        encoder: EncoderReport::of(encoder),
        c: options.classifier.c,
        class_weight: options.classifier.class_weight,
        scaling: options.scaling,
        n_train: y_train.len(),
        n_test: y_test.len(),
        seed: options.seed,
        baseline_accuracy: n_baseline as f64 / y_test.len() as f64,
        points: runs.iter().map(CurvePoint::of).collect::<Result<_>>()?,
        forecast: if runs.len() < 3 { None } else { Some(forecast(&runs, options.seed)?) },
    })
}

/// The classifier of these rows, for features as they are.
fn fit(samples: &Samples, options: &LearningCurveOptions) -> Result<LogisticRegression> {
    if options.scaling == Scaling::None {
        return LogisticRegression::fit(samples, &options.classifier);
    }
    let scaler = StandardScaler::fit_weighted(samples.features, samples.sample_weight);
    let scaled = scaler.transform(samples.features);
    let samples = Samples { features: &scaled, ..*samples };
    Ok(scaler.unscaled(LogisticRegression::fit(&samples, &options.classifier)?))
}

/// Rising, the last of them all rows.
fn sizes(options: &LearningCurveOptions, n_train: usize) -> Result<Vec<usize>> {
    let bad = |message: String| Err(Error::new(ErrorKind::InvalidArgument, message).at("learning curve"));
    if options.n_repeats == 0 {
        return bad("expected at least 1 repeat, got 0".to_string());
    }
    if let Some(size) = options.sizes.iter().find(|&&size| !(2..=n_train).contains(&size)) {
        return bad(format!("expected sizes from 2 to the {n_train} training rows, got {size}"));
    }
    let mut sizes = options.sizes.clone();
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

impl CurvePoint {
    fn of(run: &CurveRuns) -> Result<Self> {
        let n_test = run.is_right[0].len();
        let share =
            |is_right: &Vec<bool>| is_right.iter().filter(|&&right| right).count() as f64 / n_test as f64;
        let accuracies: Vec<f64> = run.is_right.iter().map(share).collect();
        let (accuracy, accuracy_std) = mean_and_std(&accuracies);
        let n_right = ((accuracy * n_test as f64).round() as usize).min(n_test);
        let accuracy_ci95 = wilson_ci95(n_right, n_test)?;
        Ok(CurvePoint { n_rows: run.n_rows, accuracies, accuracy, accuracy_std, accuracy_ci95 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_double_up_to_all_rows() {
        let of = |n_train| sizes(&LearningCurveOptions::default(), n_train).unwrap();
        assert_eq!(of(5190), [50, 100, 200, 400, 800, 1600, 3200, 5190]);
        assert_eq!(of(400), [50, 100, 200, 400]);
        assert_eq!(of(200), [50, 100, 200]);
        assert_eq!(of(199), [24, 48, 96, 192, 199]);
        assert_eq!(of(18), [2, 4, 8, 16, 18]);
        assert_eq!(of(2), [2]);
        let asked = |sizes: &[usize], n_repeats| LearningCurveOptions {
            sizes: sizes.to_vec(),
            n_repeats,
            ..LearningCurveOptions::default()
        };
        assert_eq!(sizes(&asked(&[30, 10, 30], 1), 40).unwrap(), [10, 30, 40]);
        for (wanted, n_repeats) in [(&[1][..], 1), (&[41], 1), (&[10], 0)] {
            assert!(sizes(&asked(wanted, n_repeats), 40).is_err(), "{wanted:?}");
        }
    }
}
