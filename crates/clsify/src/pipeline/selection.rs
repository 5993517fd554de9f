//! Which layers, which pooling, which C? Cross-validation over every candidate, on training rows alone.
//!
//! The encoder goes over the rows once and gives all its layers; each candidate is some of the columns, scaled. Folds are the
//! same for all. The choice is by one standard error: of the candidates that are not clearly worse than the best the one
//! that costs the least. "Clearly" is paired, row by row: candidates are right and wrong on much the same rows, so that
//! their difference is known better than either score.

use std::ops::Range;

use rayon::prelude::*;
use serde::Serialize;

use super::observer::{Observer, Stage};
use super::sentence_encoder::SentenceEncoder;
use crate::classifier::{LogisticRegressionOptions, Samples, StandardScaler};
use crate::encoder::EncoderConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{cross_val_predict, wilson_ci95};
use crate::features::{FeatureOptions, Layers, Pooling};
use crate::split::{SplitOptions, TestSize, train_test_split};

/// Rows that take part in a choice; of more a stratified sample is drawn.
const MAX_ROWS: usize = 10_000;
/// Layers that stand side by side in the widest candidates.
const MAX_SIDE_BY_SIDE: usize = 4;
/// A gradient that is small enough to compare candidates; the final fit goes on to its optimum.
const TOL: f64 = 1e-5;
const N_SPLITS: usize = 5;

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
    /// The share of rows that the classifiers of the other folds predict right with this C.
    pub accuracy: f64,
    /// Wilson's 95 % interval of it.
    pub accuracy_ci95: [f64; 2],
    /// By how much the best candidate's accuracy is above this one's.
    pub behind: f64,
    /// The standard error of that difference, row by row.
    pub behind_standard_error: f64,
}

/// All candidates, the best first, and the one that was chosen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Selection {
    /// The cheapest that is not clearly worse than the best.
    pub chosen: Candidate,
    /// By falling accuracy.
    pub candidates: Vec<Candidate>,
    /// Which rows the chosen one predicts right: for a comparison with another encoder's choice on the same rows.
    #[serde(skip)]
    pub chosen_is_right: Vec<bool>,
    /// Rows that took part; no test row is among them.
    pub n_rows: usize,
    /// Folds a candidate.
    pub n_splits: usize,
    /// Values of C a candidate.
    pub c_values: Vec<f64>,
}

/// The features that hold every candidate's.
pub fn selection_features() -> FeatureOptions {
    FeatureOptions::from(vec![Pooling::Cls, Pooling::Mean]).of_layers(Layers::All)
}

/// Chooses layers, pooling and C from these sentences, which are all that the choice sees. `encoder` gives
/// [`selection_features`].
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] when the encoder gives other features, or there are too few rows for five folds; else as
/// for [`SentenceEncoder::encode`].
pub fn select_features<S: AsRef<str> + Sync>(
    encoder: &SentenceEncoder,
    sentences: &[S],
    class_ids: &[usize],
    n_classes: usize,
    options: &LogisticRegressionOptions,
    observer: &dyn Observer,
) -> Result<Selection> {
    if *encoder.features() != selection_features() {
        let message = format!("expected features {}, got {}", selection_features(), encoder.features());
        return Err(Error::new(ErrorKind::InvalidArgument, message).at("selection"));
    }
    let rows = sample(class_ids)?;
    if rows.len() < class_ids.len() {
        let (n, of) = (rows.len(), class_ids.len());
        observer.note(&format!("choosing features by {n} of {of} rows, in the shares of their classes"));
    }
    let class_ids: Vec<usize> = rows.iter().map(|&i| class_ids[i]).collect();
    let sentences: Vec<&str> = rows.iter().map(|&i| sentences[i].as_ref()).collect();
    let encoded = encoder.encode(&sentences, observer)?;
    let config = encoder.config();
    let mean_tokens = encoded.counts.n_tokens.div_ceil(rows.len().max(1));

    let all = candidates(config);
    // C is of rows, too: the penalty is shared among them.
    let c_values: Vec<f64> = (0..10).map(|i| 1e-5 * 10f64.powf(0.5 * f64::from(i))).collect();
    observer.start(Stage::GridSearch, all.len() * c_values.len() * N_SPLITS);
    let mut scored: Vec<(Candidate, Vec<bool>)> = Vec::with_capacity(all.len());
    for (done, features) in all.into_iter().enumerate() {
        let x = encoded.features.select_columns(&columns(&features, config)?);
        let x = StandardScaler::fit(&x).transform(&x);
        let samples = Samples::new(&x, &class_ids, n_classes);
        // Where single layers do best, layers side by side do too; wide fits are slow.
        let near = match features.layers {
            Layers::Range { first, last } if first < last => around_best(&scored, &c_values),
            _ => c_values.clone(),
        };
        let fit_options = LogisticRegressionOptions { tol: TOL.max(options.tol), ..*options };
        let predicted = cross_val_predict(&samples, &near, &fit_options, N_SPLITS)?;
        let right: Vec<Vec<bool>> = predicted
            .par_iter()
            .map(|predicted| predicted.iter().zip(&class_ids).map(|(p, y)| p == y).collect())
            .collect();
        let count = |right: &[bool]| right.iter().filter(|&&right| right).count();
        let best =
            (0..near.len()).fold(0, |best, i| if count(&right[i]) > count(&right[best]) { i } else { best });
        let n_right = count(&right[best]);
        let candidate = Candidate {
            n_features: features.n_features(config)?,
            operations: features.operations(config, mean_tokens),
            features,
            c: near[best],
            accuracy: n_right as f64 / rows.len() as f64,
            accuracy_ci95: wilson_ci95(n_right, rows.len())?,
            behind: 0.0,
            behind_standard_error: 0.0,
        };
        scored.push((candidate, right[best].clone()));
        observer.advance(Stage::GridSearch, (done + 1) * c_values.len() * N_SPLITS);
    }
    observer.finish(Stage::GridSearch);
    // Of equals the cheaper first.
    scored.sort_by(|(a, _), (b, _)| {
        let cost = a.operations.total_cmp(&b.operations).then(a.n_features.cmp(&b.n_features));
        b.accuracy.total_cmp(&a.accuracy).then(cost)
    });
    let best = scored.first().map(|(_, right)| right.clone()).unwrap_or_default();
    for (candidate, right) in &mut scored {
        (candidate.behind, candidate.behind_standard_error) = paired_difference(&best, right);
    }
    let (candidates, mut right): (Vec<Candidate>, Vec<Vec<bool>>) = scored.into_iter().unzip();
    let chosen = cheapest(&candidates)
        .ok_or_else(|| Error::new(ErrorKind::InvalidArgument, "expected at least one candidate"))?;
    let place = candidates.iter().position(|candidate| *candidate == chosen).unwrap_or(0);
    let (chosen, chosen_is_right) = (candidates[place].clone(), right.swap_remove(place));
    Ok(Selection { chosen, candidates, chosen_is_right, n_rows: rows.len(), n_splits: N_SPLITS, c_values })
}

/// The least operations, then the least numbers, among those within one standard error of the best.
fn cheapest(candidates: &[Candidate]) -> Option<Candidate> {
    let eligible = candidates.iter().filter(|c| c.behind <= c.behind_standard_error);
    let cheaper = |a: &&Candidate, b: &&Candidate| {
        a.operations.total_cmp(&b.operations).then(a.n_features.cmp(&b.n_features))
    };
    eligible.min_by(cheaper).cloned()
}

/// The mean of `a - b` over rows, and its standard error.
///
/// ```
/// let (mean, error) = clsify::pipeline::paired_difference(&[true, true, false, true], &[true, false, false, true]);
/// assert_eq!((mean, error), (0.25, 0.25));
/// ```
pub fn paired_difference(a: &[bool], b: &[bool]) -> (f64, f64) {
    let n = a.len() as f64;
    let differences = || a.iter().zip(b).map(|(&a, &b)| f64::from(u8::from(a)) - f64::from(u8::from(b)));
    let mean = differences().sum::<f64>() / n;
    let variance = differences().map(|d| (d - mean) * (d - mean)).sum::<f64>() / (n - 1.0).max(1.0);
    (mean, (variance / n).sqrt())
}

/// Every layer, pooled in each way; then the last and the middle ones side by side.
fn candidates(config: &EncoderConfig) -> Vec<FeatureOptions> {
    let n = config.num_hidden_layers;
    let (cls, mean) = (vec![Pooling::Cls], vec![Pooling::Mean]);
    let both = vec![Pooling::Cls, Pooling::Mean];
    let of = |poolings: &Vec<Pooling>, first: usize, last: usize| {
        let layers = Layers::Range { first, last }.canonical(n).unwrap_or_default();
        FeatureOptions::from(poolings.clone()).of_layers(layers)
    };
    let mut all = vec![of(&mean, 0, 0)]; // every sentence has the same [CLS] there
    for layer in 1..=n {
        all.extend([&cls, &mean, &both].map(|poolings| of(poolings, layer, layer)));
    }
    for width in 2..=MAX_SIDE_BY_SIDE.min(n) {
        for last in [n, n - n / 6, n - n / 3].into_iter().filter(|&last| last >= width) {
            let features = of(&both, last + 1 - width, last);
            // Three in each place are much like two and four.
            if width != 3 && !all.contains(&features) {
                all.push(features);
            }
        }
    }
    all
}

/// The best C of the candidates so far, and its neighbours.
fn around_best(scored: &[(Candidate, Vec<bool>)], c_values: &[f64]) -> Vec<f64> {
    let best = scored.iter().map(|(c, _)| c).max_by(|a, b| a.accuracy.total_cmp(&b.accuracy));
    let at = best.and_then(|best| c_values.iter().position(|&c| c == best.c)).unwrap_or(0);
    c_values[at.saturating_sub(2)..(at + 2).min(c_values.len())].to_vec()
}

/// Where a candidate's numbers stand among [`selection_features`].
fn columns(features: &FeatureOptions, config: &EncoderConfig) -> Result<Vec<Range<usize>>> {
    let all = selection_features().poolings;
    let blocks = features.layers.resolve(config.num_hidden_layers)?.flat_map(|layer| {
        let places = features.poolings.iter().filter_map(|p| all.iter().position(|other| other == p));
        places.map(move |place| (layer * 2 + place) * config.hidden_size).collect::<Vec<_>>()
    });
    Ok(blocks.map(|start| start..start + config.hidden_size).collect())
}

/// The rows that take part, ascending.
fn sample(class_ids: &[usize]) -> Result<Vec<usize>> {
    if class_ids.len() <= MAX_ROWS {
        return Ok((0..class_ids.len()).collect());
    }
    let options =
        SplitOptions { seed: 0, test_size: TestSize::Count(class_ids.len() - MAX_ROWS), stratify: true };
    let mut rows = train_test_split(class_ids, &options)?.train;
    rows.sort_unstable();
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(n_layers: usize) -> EncoderConfig {
        let json = format!(
            r#"{{"model_type": "bert", "vocab_size": 9, "hidden_size": 4, "num_hidden_layers": {n_layers},
                 "num_attention_heads": 2, "intermediate_size": 8, "max_position_embeddings": 16}}"#
        );
        EncoderConfig::from_json(&json).unwrap()
    }

    /// Every candidate once, each a part of what the encoder gives; the last layer's [CLS], the article's, among them.
    #[test]
    fn candidates_are_parts_of_what_is_encoded() {
        for n_layers in [1, 2, 3, 6, 12, 24] {
            let config = config(n_layers);
            let all = candidates(&config);
            assert!(all.contains(&FeatureOptions::default()), "{n_layers}");
            let width = selection_features().n_features(&config).unwrap();
            for (i, features) in all.iter().enumerate() {
                assert!(!all[..i].contains(features), "{n_layers}: {features} twice");
                let columns = columns(features, &config).unwrap();
                let n: usize = columns.iter().map(ExactSizeIterator::len).sum();
                assert_eq!(n, features.n_features(&config).unwrap(), "{features}");
                assert!(columns.iter().all(|range| range.end <= width), "{features}");
            }
        }
    }

    fn candidate(accuracy: f64, operations: f64, behind: f64, error: f64) -> Candidate {
        Candidate {
            features: FeatureOptions::default(),
            n_features: 4,
            operations,
            c: 1.0,
            accuracy,
            accuracy_ci95: [0.0, 1.0],
            behind,
            behind_standard_error: error,
        }
    }

    #[test]
    fn the_cheapest_within_one_standard_error_is_chosen() {
        let best = candidate(0.9, 10.0, 0.0, 0.0);
        let near = candidate(0.89, 5.0, 0.01, 0.01);
        let cheap = candidate(0.85, 1.0, 0.05, 0.01);
        assert_eq!(cheapest(&[best.clone(), near.clone(), cheap.clone()]), Some(near));
        assert_eq!(cheapest(&[best.clone(), cheap]), Some(best));
        assert_eq!(cheapest(&[]), None);
    }

    /// Oracle: by hand: of four rows one is right for the first alone.
    #[test]
    fn differences_are_of_the_same_rows() {
        let (mean, error) = paired_difference(&[true, true, false, true], &[true, false, false, true]);
        assert_eq!((mean, error), (0.25, 0.25));
        assert_eq!(paired_difference(&[true, false], &[true, false]), (0.0, 0.0));
    }
}
