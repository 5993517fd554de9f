//! Descriptions of labels as a prior of the classifier: a few short texts per label say what it means.
//!
//! The mean vector of a label's texts, minus the mean over labels, is a direction; the similarities of a sentence to
//! the directions are added to its logits, and the classifier learns the rest: `z = w . x + b + τ o(x)`. So the
//! penalty draws the weights towards the descriptions instead of towards zero. An offset that is linear in the
//! features becomes part of `coef` and `intercept`, so a saved model needs nothing else.
//!
//! The weight τ and C are chosen together, by leave-one-out in closed form ([`LeaveOut`](crate::classifier::LeaveOut)).
//! Squared errors that exceed the smallest by at most one part in the number of rows count as equal, because with few
//! rows they differ by chance. Of these choices the largest weight is taken, and then the strongest penalty:
//! descriptions vary less than rows do.

use serde::Serialize;

use super::few_rows::Regressions;
use super::selection_rows::MAX_FEW_ROWS;
use crate::classifier::{ClassWeight, LogisticRegression, StandardScaler};
use crate::dataset::Dataset;
use crate::error::{Error, ErrorKind, Result};
use crate::matrix::Matrix;
use crate::notes::list::list;
use crate::observer::Observer;
use crate::targets::Targets;

/// The weights of the descriptions that are tried. The offset with weight 1 has a mean square of 1 over the training
/// rows and labels, as the targets of the regressions do.
const WEIGHTS: [f64; 5] = [0.0, 0.25, 0.5, 1.0, 2.0];
/// The scale of the logits without rows: the one with the lowest log loss on the test rows of SST-2, TREC and SUBJ
/// lies between 12 and 24, for features divided by the root mean square of the descriptions.
const SCALE_WITHOUT_ROWS: f64 = 20.0;

/// The role of descriptions of the labels.
///
/// ```no_run
/// use clsify::dataset::{Dataset, DatasetOptions};
/// use clsify::model::SentenceEncoderOptions;
/// use clsify::training::{Describe, FeatureChoice, TrainOptions, train_selected};
/// let rows = Dataset::load("train.tsv", &DatasetOptions::default())?;
/// let texts = Dataset::from_pairs([("a good film", "1"), ("a bad film", "0")])?;
/// let options = TrainOptions { describe: Describe::Labels(texts), ..TrainOptions::default() };
/// let encoder = SentenceEncoderOptions::default();
/// let trained = train_selected("all-mpnet-base-v2", encoder, &rows, options, FeatureChoice::default())?;
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub enum Describe {
    /// There are none.
    #[default]
    Nothing,
    /// Texts with the label that they describe; every label of the data has at least one.
    Labels(Dataset),
    /// The data set has descriptions instead of labelled sentences: the classifier knows nothing else.
    Only,
}

/// The descriptions of a training run, in `descriptions` of its report.
///
/// ```
/// use clsify::training::DescriptionsReport;
/// fn line(report: &DescriptionsReport) -> String {
///     let weight = report.weight.map_or("without rows".to_string(), |weight| format!("weight {weight}"));
///     format!("{} texts, {weight}", report.n_texts)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DescriptionsReport {
    /// The number of texts.
    pub n_texts: usize,
    /// The weight of the descriptions, chosen by leave-one-out; `None` without rows, and with too many for it.
    pub weight: Option<f64>,
    /// The share of training rows whose label is that of the most similar description; `None` without a weight.
    pub agreement: Option<f64>,
}

/// Checks that the descriptions are those of these classes, each text of one label.
pub(crate) fn check(descriptions: &Dataset, classes: &[String]) -> Result<()> {
    let described = descriptions.classes();
    let missing: Vec<&str> =
        classes.iter().filter(|class| !described.contains(class)).map(String::as_str).collect();
    if !missing.is_empty() {
        let message = format!("expected a description of every label, got none of {}", list(&missing));
        let unknown: Vec<&str> =
            described.iter().filter(|label| !classes.contains(label)).map(String::as_str).collect();
        let hint = match unknown.as_slice() {
            [] => "add a line with a text and this label for each".to_string(),
            unknown => format!("the data has no rows with {}: is this one of them, misspelt?", list(unknown)),
        };
        return Err(bad(message).at("descriptions").with_hint(hint));
    }
    let unknown = descriptions.labels().iter().position(|label| !classes.contains(label));
    if let Some(row) = unknown {
        let label = &descriptions.labels()[row];
        let message = format!("expected a label of the data, got {label:?}");
        return Err(bad(message)
            .at(line(descriptions, row))
            .with_hint("correct the label, or remove the line"));
    }
    check_texts(descriptions)
}

/// Checks that no text describes two labels.
pub(crate) fn check_texts(descriptions: &Dataset) -> Result<()> {
    let (texts, labels) = (descriptions.sentences(), descriptions.labels());
    let clash = (0..texts.len()).find_map(|i| {
        (0..i).find(|&j| texts[i].trim() == texts[j].trim() && labels[i] != labels[j]).map(|j| (i, j))
    });
    let Some((i, j)) = clash else { return Ok(()) };
    let message = format!("expected a text of one label, got {:?} and {:?}", labels[j], labels[i]);
    Err(bad(message).at(line(descriptions, i)).with_hint("describe each label by what sets it apart"))
}

/// The mean of the rows of each class, `[n_classes, n_features]`.
pub(crate) fn class_means(features: &Matrix, class_ids: &[usize], n_classes: usize) -> Matrix {
    let mut counts = vec![0.0f64; n_classes];
    let mut sums = vec![0.0f64; n_classes * features.cols()];
    for (row, &id) in class_ids.iter().enumerate() {
        counts[id] += 1.0;
        let sum = &mut sums[id * features.cols()..][..features.cols()];
        sum.iter_mut().zip(features.row(row)).for_each(|(sum, &x)| *sum += f64::from(x));
    }
    let mut means = Matrix::zeros(n_classes, features.cols());
    for (id, sum) in sums.chunks_exact(features.cols().max(1)).enumerate() {
        let count = counts[id].max(1.0);
        means.row_mut(id).iter_mut().zip(sum).for_each(|(mean, sum)| *mean = (sum / count) as f32);
    }
    means
}

/// A linear function per label that is added to the logits.
#[derive(Debug, Clone)]
pub(crate) struct Prior {
    /// `[n_classes, n_features]`, of the scaled features.
    coef: Vec<f64>,
    /// `[n_classes]`.
    intercept: Vec<f64>,
    /// The chosen C.
    pub(crate) c: f64,
    pub(crate) weight: f64,
    pub(crate) agreement: f64,
}

impl Prior {
    /// Chooses the weight of descriptions `[n_classes, n_features]` for scaled features, and C from these values.
    pub(crate) fn choose(
        features: &Matrix,
        targets: &Targets,
        class_weight: ClassWeight,
        descriptions: &Matrix,
        c_values: &[f64],
    ) -> Self {
        let (k, d) = (targets.n_labels(), features.cols());
        let rows = targets.counting_rows();
        let own = targets.select_rows(&rows);
        let x = features.select_rows(&rows);
        let regressions = Regressions::of(&own, class_weight);
        let mut coef = directions(descriptions);
        let mut offset = products(&x, &coef, k);
        // The offset is centred and has a mean square of 1.
        let n = rows.len().max(1) as f64;
        let mut intercept = vec![0.0; k];
        offset.chunks_exact(k).for_each(|row| intercept.iter_mut().zip(row).for_each(|(b, o)| *b -= o / n));
        offset.chunks_exact_mut(k).for_each(|row| row.iter_mut().zip(&intercept).for_each(|(o, b)| *o += b));
        let of_ids = |offset: &[f64]| -> Vec<f64> {
            offset.chunks_exact(k).flat_map(|row| regressions.ids().iter().map(|&id| row[id])).collect()
        };
        let mut own_offset = of_ids(&offset);
        let square = own_offset.iter().map(|o| o * o).sum::<f64>() / own_offset.len().max(1) as f64;
        let scale = if square > 0.0 { square.sqrt().recip() } else { 0.0 };
        own_offset.iter_mut().for_each(|o| *o *= scale);

        let leave_out = regressions.leave_out(&x);
        let mut tried: Vec<(f64, f64, f64)> = Vec::with_capacity(WEIGHTS.len() * c_values.len());
        for &c in c_values {
            let penalty = regressions.penalty(c);
            let [of_rows, of_offset] =
                [regressions.values(), &own_offset].map(|values| leave_out.predictions(values, penalty));
            for weight in WEIGHTS {
                let parts = of_rows.iter().zip(of_offset.iter().zip(&own_offset));
                let predictions: Vec<f64> = parts.map(|(p, (q, o))| p - weight * q + weight * o).collect();
                tried.push((weight, c, -regressions.score(&predictions).score));
            }
        }
        let least = tried.iter().map(|tried| tried.2).fold(f64::INFINITY, f64::min);
        let equal = tried.iter().filter(|tried| tried.2 <= (1.0 + 1.0 / n) * least);
        // The largest weight, and then the smallest C, which is the strongest penalty.
        let best = equal.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
        let &(weight, c, _) = best.unwrap_or(&(0.0, c_values[0], 0.0));

        let top = |row: &[f64]| (0..row.len()).fold(0, |top, i| if row[i] > row[top] { i } else { top });
        let columns = regressions.ids().len();
        let pairs = own_offset.chunks_exact(columns).zip(regressions.values().chunks_exact(columns));
        let n_agree = pairs.filter(|(offset, values)| top(offset) == top(values)).count();
        let factor = regressions.logit_scale() * weight * scale;
        coef.iter_mut().chain(&mut intercept).for_each(|w| *w *= factor);
        debug_assert_eq!(coef.len(), k * d);
        Prior { coef, intercept, c, weight, agreement: n_agree as f64 / n }
    }

    /// The offsets of rows, `[n_rows, n_classes]`.
    pub(crate) fn offsets(&self, features: &Matrix) -> Vec<f64> {
        let k = self.intercept.len();
        let mut offsets = products(features, &self.coef, k);
        offsets
            .chunks_exact_mut(k)
            .for_each(|row| row.iter_mut().zip(&self.intercept).for_each(|(o, b)| *o += b));
        offsets
    }

    /// The classifier of all logits, from one of the logits without the offset.
    pub(crate) fn added_to(&self, classifier: LogisticRegression) -> LogisticRegression {
        let d = classifier.n_features();
        let of = |id: usize| (&self.coef[id * d..][..d], self.intercept[id]);
        match *classifier.classes() {
            [no, yes] => {
                let (no, yes) = (of(no), of(yes));
                let coef: Vec<f64> = yes.0.iter().zip(no.0).map(|(yes, no)| yes - no).collect();
                classifier.plus(&coef, &[yes.1 - no.1])
            }
            _ => {
                let parts = classifier.classes().iter().map(|&id| of(id));
                let (coef, intercept): (Vec<&[f64]>, Vec<f64>) = parts.unzip();
                classifier.plus(&coef.concat(), &intercept)
            }
        }
    }
}

/// The classifier without rows: that of the nearest mean of the descriptions, `[n_classes, n_features]`. `texts` are
/// the features of all descriptions, and `width` columns at a time, those of one layer, are divided by their root
/// mean square.
pub(crate) fn without_rows(texts: &Matrix, means: &Matrix, width: usize) -> Result<LogisticRegression> {
    let (k, d) = (means.rows(), means.cols());
    let mut centre = vec![0.0; d];
    (0..k).for_each(|id| {
        centre.iter_mut().zip(means.row(id)).for_each(|(c, &x)| *c += f64::from(x) / k as f64)
    });
    let width = if width > 0 && d.is_multiple_of(width) { width } else { d };
    let mut squares = vec![0.0; d / width];
    for row in 0..texts.rows() {
        for (column, (&x, centre)) in texts.row(row).iter().zip(&centre).enumerate() {
            squares[column / width] += (f64::from(x) - centre).powi(2);
        }
    }
    let divisor = (texts.rows() * width) as f64;
    let squares: Vec<f64> = squares.iter().map(|sum| (sum / divisor).max(f64::MIN_POSITIVE)).collect();
    let factor = SCALE_WITHOUT_ROWS / d as f64;
    let (mut coef, mut intercept) = (vec![0.0; k * d], vec![0.0; k]);
    for (id, (coef, intercept)) in coef.chunks_exact_mut(d).zip(&mut intercept).enumerate() {
        for (column, w) in coef.iter_mut().enumerate() {
            let v = f64::from(means.row(id)[column]) - centre[column];
            *w = factor * v / squares[column / width];
            *intercept -= *w * (centre[column] + 0.5 * v);
        }
    }
    match k {
        2 => {
            let (no, yes) = coef.split_at(d);
            let coef = yes.iter().zip(no).map(|(yes, no)| yes - no).collect();
            LogisticRegression::of_descriptions(coef, vec![intercept[1] - intercept[0]], k)
        }
        _ => LogisticRegression::of_descriptions(coef, intercept, k),
    }
}

/// The scaled descriptions, `[n_classes, n_features]`.
pub(crate) fn scaled(descriptions: &Matrix, scaler: Option<&StandardScaler>) -> Matrix {
    scaler.map_or_else(|| descriptions.clone(), |scaler| scaler.transform(descriptions))
}

/// Notes that descriptions have no part in the classifier, or that the rows contradict them.
pub(crate) fn note(prior: Option<&Prior>, n_labels: usize, observer: &dyn Observer) {
    let Some(prior) = prior else {
        return observer.note(&format!(
            "the descriptions have no part in the classifier: with more than {MAX_FEW_ROWS} rows it learns from rows alone"
        ));
    };
    let share = 100.0 * prior.agreement;
    if prior.agreement <= 1.0 / n_labels as f64 {
        observer.warn(&format!(
            "the descriptions disagree with the rows: only {share:.0} % of them have the label of the most similar description; check the labels of both"
        ));
    } else if prior.weight == 0.0 {
        observer.note(&format!(
            "the descriptions have no part in the classifier: rows alone predict better, and {share:.0} % of them have the label of the most similar description"
        ));
    }
}

/// The report of descriptions with this part in the classifier.
pub(crate) fn report(n_texts: usize, prior: Option<&Prior>) -> DescriptionsReport {
    DescriptionsReport {
        n_texts,
        weight: prior.map(|prior| prior.weight),
        agreement: prior.map(|prior| prior.agreement),
    }
}

/// Returns true if there are few enough rows for a weight by leave-one-out.
pub(crate) fn are_few(targets: &Targets) -> bool {
    targets.counting_rows().len() <= MAX_FEW_ROWS
}

/// Each row minus the mean of all rows.
fn directions(means: &Matrix) -> Vec<f64> {
    let (k, d) = (means.rows(), means.cols());
    let mean: Vec<f64> =
        (0..d).map(|j| (0..k).map(|id| f64::from(means.row(id)[j])).sum::<f64>() / k as f64).collect();
    (0..k).flat_map(|id| means.row(id).iter().zip(&mean).map(|(&x, mean)| f64::from(x) - mean)).collect()
}

/// `features [n, d]` times the transpose of `weights [k, d]`.
fn products(features: &Matrix, weights: &[f64], k: usize) -> Vec<f64> {
    let d = features.cols();
    let dot = |row: &[f32], w: &[f64]| row.iter().zip(w).map(|(&x, w)| f64::from(x) * w).sum::<f64>();
    (0..features.rows())
        .flat_map(|i| (0..k).map(move |id| (i, id)))
        .map(|(i, id)| dot(features.row(i), &weights[id * d..][..d]))
        .collect()
}

/// The place of a text in its file.
fn line(descriptions: &Dataset, row: usize) -> String {
    format!("descriptions: line {}", descriptions.lines()[row])
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}
