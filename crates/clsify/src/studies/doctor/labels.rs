//! Finds labels that are probably wrong, with classifiers that have not seen them.
//!
//! For sentences with one label, it uses confident learning over the classes. For sentences with several, each label
//! is a problem of two classes, present or absent, and a suspect is a sentence and a label.

use std::collections::BTreeSet;

use super::options::DoctorOptions;
use crate::classifier::{LogisticRegressionOptions, MultiLabelSamples, Samples};
use crate::dataset::{Inspected, LabelSeparator};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{out_of_fold_logits, out_of_fold_probabilities, rank_labels, softmax};
use crate::matrix::Matrix;
use crate::model::label_ids::class_ids;
use crate::observer::{Observer, Stage, advance, check_cancelled};
use crate::split::{Split, label_set_folds};
use crate::targets::LabelIndicator;
use crate::training::fits::N_SPLITS;

/// More classes than this usually mean that the wrong column was read; fitting cost grows linearly with the number of
/// classes.
const MOST_CLASSES: usize = 1_000;

/// The number of labels that are fitted at a time, which limits the memory.
const LABELS_AT_A_TIME: usize = 64;

/// Some rows of the data, with standardised features.
pub(crate) struct Judged<'a> {
    pub(crate) rows: &'a [usize],
    pub(crate) features: &'a Matrix,
    /// The weight of each row in the fits.
    pub(crate) weights: Option<&'a [f64]>,
    /// Groups that folds keep together.
    pub(crate) groups: Option<&'a [usize]>,
}

impl Judged<'_> {
    fn counts(&self, place: usize) -> bool {
        self.weights.is_none_or(|weights| weights[place] > 0.0)
    }
}

/// A label to report.
pub(crate) struct Suspect {
    /// The index of the row among those judged.
    pub(crate) place: usize,
    /// The suspect label, present or missing; `None` if each row has one label.
    pub(crate) of_label: Option<String>,
    /// The label that the row should probably have.
    pub(crate) suggested: String,
    /// The probability of the label in the file.
    pub(crate) score: f64,
}

/// The labels of the rows.
pub(crate) enum Labels {
    /// One class per row.
    Classes { classes: Vec<String>, class_ids: Vec<usize> },
    /// A set of labels per row, as ascending ids.
    Sets { labels: Vec<String>, sets: Vec<Vec<usize>>, separator: LabelSeparator },
}

impl Labels {
    pub(crate) fn of(data: &Inspected) -> Self {
        let Some(separator) = data.dataset.separator() else {
            let classes = data.dataset.classes();
            return Labels::Classes { class_ids: class_ids(&data.dataset, &classes), classes };
        };
        let labels: Vec<String> = data.dataset.classes();
        let ids =
            |set: Vec<String>| set.iter().filter_map(|label| labels.binary_search(label).ok()).collect();
        Labels::Sets {
            sets: data.dataset.label_sets().into_iter().map(ids).collect(),
            labels,
            separator: separator.clone(),
        }
    }

    /// The labels of some rows to report; those that cannot be judged are added to `unjudged`.
    pub(crate) fn suspects<'l>(
        &'l self,
        judged: &Judged<'_>,
        options: &DoctorOptions,
        observer: &dyn Observer,
        unjudged: &mut BTreeSet<&'l str>,
    ) -> Result<Vec<Suspect>> {
        check_weights(judged.weights)?;
        let classifier = LogisticRegressionOptions { c: options.c, ..LogisticRegressionOptions::default() };
        match self {
            Labels::Classes { classes, class_ids } => {
                observer.start(Stage::Fit, 0);
                let suspects = of_classes(
                    judged,
                    (classes, class_ids),
                    &classifier,
                    options.rank_all,
                    unjudged,
                    observer,
                );
                observer.finish(Stage::Fit);
                suspects
            }
            Labels::Sets { labels, sets, separator } => {
                let sets: Vec<&[usize]> = judged.rows.iter().map(|&row| &sets[row][..]).collect();
                let folds = label_set_folds(sets.len(), judged.groups, N_SPLITS)?;
                let learnable = learnable(&sets, labels.len(), &folds, judged);
                unjudged.extend((0..labels.len()).filter(|&id| !learnable[id]).map(|id| labels[id].as_str()));
                let learnable: Vec<usize> = (0..labels.len()).filter(|&id| learnable[id]).collect();
                if learnable.is_empty() {
                    let message =
                        "expected a label that some rows have and others lack in every fold, got none";
                    return Err(Error::new(ErrorKind::InvalidArgument, message));
                }
                observer.start(Stage::Fit, learnable.len() * folds.len());
                let pairs = of_sets(judged, &sets, &learnable, &folds, &classifier, observer);
                observer.finish(Stage::Fit);
                Ok(suspect_pairs(pairs?, &sets, labels, separator, options.rank_all))
            }
        }
    }
}

fn check_weights(weights: Option<&[f64]>) -> Result<()> {
    let message = match weights.map(|weights| weights.iter().sum::<f64>()) {
        Some(0.0) => "expected at least one weight above 0, got only 0",
        Some(sum) if !sum.is_finite() => "expected weights with a finite sum, got one that is not",
        _ => return Ok(()),
    };
    Err(Error::new(ErrorKind::InvalidArgument, message))
}

fn of_classes<'l>(
    judged: &Judged<'_>,
    (classes, class_ids): (&'l [String], &[usize]),
    classifier: &LogisticRegressionOptions,
    rank_all: bool,
    unjudged: &mut BTreeSet<&'l str>,
    observer: &dyn Observer,
) -> Result<Vec<Suspect>> {
    let n_classes = classes.len();
    if n_classes > MOST_CLASSES {
        let message = format!("expected at most {MOST_CLASSES} classes, got {n_classes}");
        return Err(Error::new(ErrorKind::InvalidArgument, message));
    }
    let class_ids: Vec<usize> = judged.rows.iter().map(|&row| class_ids[row]).collect();
    let samples =
        Samples::new(judged.features, &class_ids, n_classes).weighted(judged.weights).grouped(judged.groups);
    let logits = out_of_fold_logits(&samples, classifier, N_SPLITS, &|_| check_cancelled(observer))?;
    let ranking = rank_labels(&softmax(&logits, n_classes), &class_ids, n_classes)?;
    // If the training rows of a fold lack a class, its probability is always 0 in the held-out rows.
    let is_judged = |place: usize| logits[place * n_classes + class_ids[place]] > f64::NEG_INFINITY;
    unjudged.extend((0..class_ids.len()).filter(|&i| !is_judged(i)).map(|i| classes[class_ids[i]].as_str()));
    let reported = ranking.into_iter().filter(|r| (rank_all || r.is_issue) && is_judged(r.row));
    let suspect = |ranked: crate::evaluation::RankedLabel| Suspect {
        place: ranked.row,
        of_label: None,
        suggested: classes[ranked.suggested].clone(),
        score: ranked.self_confidence,
    };
    Ok(reported.map(suspect).collect())
}

/// For each label, whether in every fold some training rows with a positive weight have it and others lack it.
fn learnable(sets: &[&[usize]], n_labels: usize, folds: &[Split], judged: &Judged<'_>) -> Vec<bool> {
    let mut learnable = vec![true; n_labels];
    for fold in folds {
        let (mut counts, mut n) = (vec![0; n_labels], 0);
        for &place in fold.train.iter().filter(|&&place| judged.counts(place)) {
            n += 1;
            sets[place].iter().for_each(|&id| counts[id] += 1);
        }
        learnable.iter_mut().zip(counts).for_each(|(learnable, count)| *learnable &= 0 < count && count < n);
    }
    learnable
}

/// A row and a label, and the probability of what the file says about them.
struct Pair {
    place: usize,
    label: usize,
    score: f64,
    is_issue: bool,
}

/// The pairs that are issues, and every row's most suspect pair.
fn of_sets(
    judged: &Judged<'_>,
    sets: &[&[usize]],
    learnable: &[usize],
    folds: &[Split],
    classifier: &LogisticRegressionOptions,
    observer: &dyn Observer,
) -> Result<Vec<Pair>> {
    let mut issues = Vec::new();
    let mut least: Vec<Option<Pair>> = (0..sets.len()).map(|_| None).collect();
    let mut n_done = 0;
    for labels in learnable.chunks(LABELS_AT_A_TIME) {
        let own = |set: &&[usize]| set.iter().filter_map(|id| labels.binary_search(id).ok()).collect();
        let own: Vec<Vec<usize>> = sets.iter().map(own).collect();
        let indicator = LabelIndicator::from_sets(&own, labels.len())?;
        let samples = MultiLabelSamples::new(judged.features, &indicator).weighted(judged.weights);
        let progress = |done| advance(observer, Stage::Fit, n_done + done);
        let probabilities = out_of_fold_probabilities(&samples, classifier, folds, &progress)?;
        n_done += labels.len() * folds.len();
        for (column, &label) in labels.iter().enumerate() {
            let of_label = probabilities.iter().skip(column).step_by(labels.len());
            let no_and_yes: Vec<f64> = of_label.flat_map(|&p| [1.0 - p, p]).collect();
            let has_it: Vec<usize> = indicator.column(column).into_iter().map(usize::from).collect();
            for ranked in rank_labels(&no_and_yes, &has_it, 2)? {
                let (place, score) = (ranked.row, ranked.self_confidence);
                let pair = Pair { place, label, score, is_issue: ranked.is_issue };
                if pair.is_issue {
                    issues.push(pair);
                } else if least[place].as_ref().is_none_or(|least| score < least.score) {
                    least[place] = Some(pair);
                }
            }
        }
    }
    let mut has_issue = vec![false; sets.len()];
    issues.iter().for_each(|pair| has_issue[pair.place] = true);
    issues.extend(least.into_iter().flatten().filter(|pair| !has_issue[pair.place]));
    Ok(issues)
}

/// The suggestion for a row corrects all its suspect labels, so that all its lines have the same one.
fn suspect_pairs(
    mut pairs: Vec<Pair>,
    sets: &[&[usize]],
    labels: &[String],
    separator: &LabelSeparator,
    rank_all: bool,
) -> Vec<Suspect> {
    let mut corrected: Vec<BTreeSet<usize>> = sets.iter().map(|set| set.iter().copied().collect()).collect();
    for pair in pairs.iter().filter(|pair| pair.is_issue) {
        let set = &mut corrected[pair.place];
        if !set.remove(&pair.label) {
            set.insert(pair.label);
        }
    }
    pairs.retain(|pair| rank_all || pair.is_issue);
    pairs.sort_by(|a, b| a.score.total_cmp(&b.score).then(a.place.cmp(&b.place)));
    let suspect = |pair: Pair| {
        let set: Vec<&String> = corrected[pair.place].iter().map(|&id| &labels[id]).collect();
        Suspect {
            place: pair.place,
            of_label: Some(labels[pair.label].clone()),
            suggested: separator.join(&set),
            score: pair.score,
        }
    };
    pairs.into_iter().map(suspect).collect()
}
