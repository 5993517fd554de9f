//! How micro F1 grows with the number of training rows, where a sentence may have several labels.

use super::train::{FOLDS, MultiLabelTestRows, check_labels, label_set_folds, note_unseen, split};
use super::{among, indicator, union};
use crate::classifier::{
    LabelIndicator, LogisticRegressionOptions, MultiLabelSamples, OneVsRest, Scaling, StandardScaler,
};
use crate::dataset::{MultiLabelDataset, MultiLabelSummary};
use crate::error::Result;
use crate::evaluation::{MultiLabelEvaluation, RatioScore, mean_and_std, multi_label_grid_search};
use crate::pipeline::cautions::{check_some_known, note_seen_in_training};
use crate::pipeline::label_notes::note_label_spelling;
use crate::pipeline::learning_curve::{CurveFit, fit_sizes, points_and_forecast, sizes};
use crate::pipeline::seen_sentences::SeenSentences;
use crate::pipeline::{
    CurveForecast, CurveScores, CurveScoring, EncoderReport, LearningCurve, LearningCurveOptions, Observer,
    SentenceEncoder,
};
use crate::split::{label_set_order, of_rows};

/// As [`learning_curve`](crate::pipeline::learning_curve), with one logistic regression a label and the threshold 0.5: by micro F1,
/// and where held-out rows have weights, by weight. The baseline is the most frequent set or every label, whichever has the
/// better micro F1 on the training rows.
///
/// # Errors
/// As there, and for [`train_multi_label`](crate::pipeline::train_multi_label).
///
/// ```no_run
/// use clsify::dataset::{DatasetOptions, MultiLabelDataset};
/// use clsify::pipeline::{
///     LearningCurveOptions, SentenceEncoder, SentenceEncoderOptions, multi_label_learning_curve,
/// };
/// let dataset = MultiLabelDataset::load("news.tsv".as_ref(), &";".parse()?, &DatasetOptions::default())?;
/// let encoder = SentenceEncoder::load("all-MiniLM-L6-v2".as_ref(), SentenceEncoderOptions::default(), &())?;
/// let curve = multi_label_learning_curve(&encoder, &dataset, &LearningCurveOptions::default(), &())?;
/// println!("{:.3}", curve.points[0].score);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn multi_label_learning_curve(
    encoder: &SentenceEncoder,
    dataset: &MultiLabelDataset,
    options: &LearningCurveOptions<MultiLabelTestRows>,
    observer: &dyn Observer,
) -> Result<LearningCurve<MultiLabelSummary>> {
    let test_dataset = match &options.test {
        MultiLabelTestRows::Dataset(test) => Some(test),
        MultiLabelTestRows::Split(_) => None,
    };
    let own = dataset.classes();
    let labels = union(&own, test_dataset.map(MultiLabelDataset::classes).unwrap_or_default());
    // What can be refused without features is refused before the expensive encoder.
    options.check_classifier()?;
    let mut split = split(dataset, &own, &options.test)?;
    let weights = |rows: &[usize]| -> Option<Vec<f64>> {
        dataset.weights().map(|weights| rows.iter().map(|&row| weights[row]).collect())
    };
    // A row that counts nothing would only take the place of another.
    if let Some(weights) = dataset.weights() {
        split.train.retain(|&row| weights[row] > 0.0);
    }
    let w_train = weights(&split.train);
    let w_test = match test_dataset {
        Some(test) => test.weights().map(<[f64]>::to_vec),
        None => weights(&split.test),
    };
    let w_test = w_test.filter(|weights| weights.iter().any(|&w| w > 0.0));
    let y_train = indicator(dataset, &own)?.select_rows(&split.train);
    let g_train = of_rows(dataset.groups(), &split.train);
    let y_test = match test_dataset {
        Some(test) => indicator(test, &labels)?,
        None => indicator(dataset, &labels)?.select_rows(&split.test),
    };
    let sizes = sizes(&options.sizes, options.n_repeats, y_train.n_samples())?;
    check_labels(&y_train, &own, observer)?;
    if let Some(test) = test_dataset {
        check_some_known(&test.classes(), &own, "the training rows").map_err(|e| e.at("test rows"))?;
    }
    note_unseen(&y_test, &labels, &own, observer);
    note_label_spelling(observer, &labels, None);
    let seen = SeenSentences::of(split.train.iter().map(|&row| &dataset.sentences()[row]));
    let n_seen = match test_dataset {
        Some(test) => seen.count(test.sentences()),
        None => seen.count(split.test.iter().map(|&row| &dataset.sentences()[row])),
    };
    note_seen_in_training(observer, (n_seen, y_test.n_samples()), test_dataset.is_none());

    let encoded = encoder.encode_lines(dataset.sentences(), dataset.lines(), observer)?;
    let x_train = encoded.features.select_rows(&split.train);
    let x_test = match test_dataset {
        Some(test) => {
            let encoded = encoder.encode_lines(test.sentences(), test.lines(), observer);
            encoded.map_err(|error| error.at("test data"))?.features
        }
        None => encoded.features.select_rows(&split.test),
    };
    let half = vec![0.5; own.len()];
    let sets = y_train.to_sets();
    let order = |i| label_set_order(&sets, &sizes, options.seed.wrapping_add(i as u32));
    let orders: Vec<Vec<usize>> = (0..options.n_repeats).map(order).collect();
    let fits = fit_sizes(&sizes, &orders, observer, |rows| {
        let (x, y) = (x_train.select_rows(rows), y_train.select_rows(rows));
        let weights: Option<Vec<f64>> =
            w_train.as_ref().map(|weights| rows.iter().map(|&row| weights[row]).collect());
        let groups = of_rows(g_train.as_deref(), rows);
        let samples = MultiLabelSamples::new(&x, &y).weighted(weights.as_deref());
        let (fitted, c) = fit(&samples, groups.as_deref(), options)?;
        let y_pred = among(&fitted.predict(&x_test, &half), &own, &labels)?;
        Ok(CurveFit {
            c,
            score: RatioScore::micro_f1(&y_test, &y_pred, w_test.as_deref())?,
            other: MultiLabelEvaluation::from_predictions(&y_test, &y_pred, &labels)?,
        })
    })?;
    let baseline = constant_answer(&y_train, w_train.as_deref())?;
    let always = LabelIndicator::new(baseline.repeat(y_test.n_samples()), own.len())?;
    let baseline_score =
        RatioScore::micro_f1(&y_test, &among(&always, &own, &labels)?, w_test.as_deref())?.score();
    let (points, forecast) = points_and_forecast(&fits, options.seed, |fits| Ok(means(fits)))?;
    Ok(LearningCurve {
        dataset: dataset.summary(),
        encoder: EncoderReport::of(encoder),
        c: options.classifier.c,
        grid_search: options.grid_search.clone(),
        class_weight: options.classifier.class_weight,
        scaling: options.scaling,
        n_train: y_train.n_samples(),
        n_test: y_test.n_samples(),
        seed: options.seed,
        scoring: if w_test.is_some() { CurveScoring::WeightedF1Micro } else { CurveScoring::F1Micro },
        baseline_labels: own.iter().zip(&baseline).filter(|(_, is)| **is).map(|(l, _)| l.clone()).collect(),
        baseline_score,
        baseline_accuracy: None,
        points,
        forecast: forecast.map(|found| CurveForecast { found, accuracy: None }),
    })
}

/// The classifier of these rows, for features as they are, and its C.
fn fit(
    samples: &MultiLabelSamples,
    groups: Option<&[usize]>,
    options: &LearningCurveOptions<MultiLabelTestRows>,
) -> Result<(OneVsRest, f64)> {
    let scaler = (options.scaling == Scaling::Standard)
        .then(|| StandardScaler::fit_weighted(samples.features, samples.sample_weight));
    let scaled = scaler.as_ref().map(|scaler| scaler.transform(samples.features));
    let samples = MultiLabelSamples { features: scaled.as_ref().unwrap_or(samples.features), ..*samples };
    let folds = label_set_folds(samples.labels.n_samples(), groups, FOLDS.n_splits);
    let c = match (&options.grid_search, folds) {
        (Some(c_values), Ok(folds)) => {
            multi_label_grid_search(&samples, c_values, &options.classifier, &folds, &|_| {})?.best_c
        }
        _ => options.classifier.c,
    };
    let fitted = OneVsRest::fit(&samples, &LogisticRegressionOptions { c, ..options.classifier })?;
    Ok(match &scaler {
        Some(scaler) => (fitted.unscaled(scaler), c),
        None => (fitted, c),
    })
}

/// The most frequent set, or every label that a row has: whichever has the better micro F1 on these rows.
fn constant_answer(y_train: &LabelIndicator, weights: Option<&[f64]>) -> Result<Vec<bool>> {
    let most_frequent = y_train.most_frequent_row(weights).to_vec();
    let every: Vec<bool> = (0..y_train.n_labels()).map(|id| y_train.count(id) > 0).collect();
    let score = |answer: &[bool]| {
        let always = LabelIndicator::new(answer.repeat(y_train.n_samples()), y_train.n_labels())?;
        RatioScore::micro_f1(y_train, &always, weights).map(|score| score.score())
    };
    Ok(if score(&every)? > score(&most_frequent)? { every } else { most_frequent })
}

fn means(fits: &[CurveFit<MultiLabelEvaluation>]) -> CurveScores {
    let mean = |score: fn(&MultiLabelEvaluation) -> f64| {
        mean_and_std(&fits.iter().map(|fit| score(&fit.other)).collect::<Vec<f64>>()).0
    };
    CurveScores::LabelSets {
        f1_micro: mean(|test| test.micro_average.f1),
        f1_macro: mean(|test| test.macro_average.f1),
        subset_accuracy: mean(|test| test.subset_accuracy),
    }
}
