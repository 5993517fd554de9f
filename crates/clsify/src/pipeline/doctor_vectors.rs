//! What can be said about labelled sentences by their vectors: near repeats, near leaks, labels that are probably wrong.
//!
//! Sentences are nearly the same by the cosine of their standardised features: raw features of one encoder all point much
//! the same way.
//!
//! Rows are taken in parts of at most [`DoctorOptions::part_rows`]: every second row if there are two parts, so that each
//! has all classes of a file that is sorted by class. Vectors of one part and of the test rows are in memory at a time.

use std::collections::BTreeSet;

use super::doctor::DoctorOptions;
use super::doctor_report::{LabelIssue, LeftOut, NearDuplicate, Neighbour};
use super::doctor_texts::Texts;
use super::nearest::{Among, UnitRows, nearest};
use super::observer::{Observer, Stage};
use super::sentence_encoder::SentenceEncoder;
use super::train::class_ids;
use crate::classifier::{LogisticRegressionOptions, Samples, StandardScaler};
use crate::dataset::Dataset;
use crate::error::Result;
use crate::evaluation::{RankedLabel, out_of_fold_logits, rank_labels, softmax};
use crate::matrix::Matrix;

/// Folds of the labels' ranking.
const N_SPLITS: usize = 5;

/// Rows that stand beside a suspect label.
const N_NEIGHBOURS: usize = 3;

/// What the vectors say.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) near_duplicates: Vec<NearDuplicate>,
    /// Of each test row: the data's row that is nearest, and the cosine.
    pub(super) near_leaks: Vec<Option<(usize, f32)>>,
    /// Rows that are longer than the encoder reads, in order.
    pub(super) truncated: Vec<usize>,
    pub(super) label_issues: Vec<LabelIssue>,
    pub(super) left_out: Vec<LeftOut>,
}

/// A test file: its rows, and which of them are in the data word by word.
pub(super) struct TestFile<'a> {
    pub(super) dataset: &'a Dataset,
    pub(super) exact: &'a [Option<usize>],
}

/// Encodes and compares, part by part.
pub(super) fn examine(
    encoder: &SentenceEncoder,
    dataset: &Dataset,
    texts: &Texts,
    test: Option<&TestFile<'_>>,
    options: &DoctorOptions,
    observer: &dyn Observer,
) -> Result<Findings> {
    let (n, part_rows) = (dataset.len(), options.part_rows.max(1));
    let n_parts = n.div_ceil(part_rows);
    let mut findings = Findings::default();
    if n_parts > 1 {
        findings.leave_out(
            "near_duplicates",
            format!("the {n} rows were compared in {n_parts} parts, each with one row of every {n_parts}: repeats in different parts were not looked for"),
        );
    }
    let mut is_first = vec![true; n];
    texts.repeated().iter().flat_map(|rows| &rows[1..]).for_each(|&row| is_first[row] = false);
    let test = match test {
        Some(test) => Some(EncodedTest::new(encoder, test, part_rows, observer, &mut findings)?),
        None => None,
    };
    let labels = Labels::of(dataset);
    let mut lonely = BTreeSet::new();
    let mut failures = BTreeSet::new();
    for part in 0..n_parts {
        let rows: Vec<usize> = (part..n).step_by(n_parts).collect();
        let sentences: Vec<&str> = rows.iter().map(|&row| dataset.sentences()[row].as_str()).collect();
        let encoded = encoder.encode(&sentences, observer)?;
        let is_truncated = |&(_, encoding): &(&usize, &crate::tokenizer::Encoding)| encoding.is_truncated;
        let truncated = rows.iter().zip(&encoded.encodings).filter(is_truncated);
        findings.truncated.extend(truncated.map(|(&row, _)| row));
        let scaler = StandardScaler::fit(&encoded.features);
        let features = scaler.transform(&encoded.features);
        drop(encoded);
        let unit = UnitRows::new(features.clone());
        let part = Part { dataset, rows: &rows, unit: &unit };
        findings.near_duplicates.extend(part.near_duplicates(&is_first, options.near_duplicate_threshold));
        if let Some(test) = &test {
            test.find(&part, &scaler, options.near_duplicate_threshold, &mut findings.near_leaks);
        }
        observer.start(Stage::Fit, 0);
        let ranking = part.rank(&labels, &features, options, &mut lonely);
        observer.finish(Stage::Fit);
        match ranking {
            Ok(ranking) => findings.label_issues.extend(part.label_issues(&labels, &ranking)),
            Err(error) => drop(failures.insert(error.to_string())),
        }
    }
    findings.truncated.sort_unstable();
    findings.near_duplicates.sort_by(|a, b| b.cosine.total_cmp(&a.cosine).then(a.line.cmp(&b.line)));
    findings.label_issues.sort_by(|a, b| a.score.total_cmp(&b.score).then(a.line.cmp(&b.line)));
    failures.into_iter().for_each(|reason| findings.leave_out("label_issues", reason));
    if !lonely.is_empty() {
        let lonely: Vec<&str> = lonely.into_iter().collect();
        findings.leave_out("label_issues", format!("classes with one row: {}", super::list(&lonely)));
    }
    Ok(findings)
}

impl Findings {
    fn leave_out(&mut self, check: &'static str, reason: String) {
        self.left_out.push(LeftOut { check, reason });
    }
}

/// Classes, and the class of each row.
struct Labels {
    classes: Vec<String>,
    class_ids: Vec<usize>,
}

impl Labels {
    fn of(dataset: &Dataset) -> Self {
        let classes = dataset.classes();
        Labels { class_ids: class_ids(dataset, &classes), classes }
    }
}

/// Some rows of the data and their vectors.
struct Part<'a> {
    dataset: &'a Dataset,
    rows: &'a [usize],
    unit: &'a UnitRows,
}

impl Part<'_> {
    fn near_duplicates(&self, is_first: &[bool], threshold: f32) -> Vec<NearDuplicate> {
        let dataset = self.dataset;
        let are_first = |a: usize, b: usize| is_first[self.rows[a]] && is_first[self.rows[b]];
        let found = nearest(self.unit, self.unit, Among::Earlier, 1, threshold, &are_first);
        let near = |(i, found): (usize, Vec<(usize, f32)>)| {
            let &(other, cosine) = found.first()?;
            let (row, other) = (self.rows[i], self.rows[other]);
            Some(NearDuplicate {
                text: dataset.sentences()[row].clone(),
                line: dataset.lines()[row],
                other_text: dataset.sentences()[other].clone(),
                other_line: dataset.lines()[other],
                cosine: at_most_one(cosine),
                same_label: dataset.labels()[row] == dataset.labels()[other],
            })
        };
        found.into_iter().enumerate().filter_map(near).collect()
    }

    /// The labels that are to be reported, by the judgement of classifiers that have not seen them; classes with one row
    /// are not, and are added to `lonely`.
    fn rank<'l>(
        &self,
        labels: &'l Labels,
        features: &Matrix,
        options: &DoctorOptions,
        lonely: &mut BTreeSet<&'l str>,
    ) -> Result<Vec<RankedLabel>> {
        let n_classes = labels.classes.len();
        let class_ids: Vec<usize> = self.rows.iter().map(|&row| labels.class_ids[row]).collect();
        let samples = Samples::new(features, &class_ids, n_classes);
        let classifier = LogisticRegressionOptions { c: options.c, ..LogisticRegressionOptions::default() };
        let logits = out_of_fold_logits(&samples, &classifier, N_SPLITS)?;
        let ranking = rank_labels(&softmax(&logits, n_classes), &class_ids, n_classes)?;
        // The fold that holds out the only row of a class has no example: its probability is 0 whatever it says.
        let mut counts = vec![0; n_classes];
        class_ids.iter().for_each(|&id| counts[id] += 1);
        lonely.extend((0..n_classes).filter(|&id| counts[id] == 1).map(|id| labels.classes[id].as_str()));
        let is_reported =
            |ranked: &RankedLabel| (options.rank_all || ranked.is_issue) && counts[class_ids[ranked.row]] > 1;
        Ok(ranking.into_iter().filter(is_reported).collect())
    }

    fn label_issues(&self, labels: &Labels, ranking: &[RankedLabel]) -> Vec<LabelIssue> {
        let dataset = self.dataset;
        let suspects: Vec<usize> = ranking.iter().map(|ranked| ranked.row).collect();
        let others = |query: usize, key: usize| suspects[query] != key;
        let queries = self.unit.select(&suspects);
        let found = nearest(&queries, self.unit, Among::All, N_NEIGHBOURS, -1.0, &others);
        let neighbour = |&(i, cosine): &(usize, f32)| {
            let row = self.rows[i];
            Neighbour {
                text: dataset.sentences()[row].clone(),
                label: dataset.labels()[row].clone(),
                line: dataset.lines()[row],
                cosine: at_most_one(cosine),
            }
        };
        let issue = |(ranked, found): (&RankedLabel, Vec<(usize, f32)>)| {
            let row = self.rows[ranked.row];
            LabelIssue {
                text: dataset.sentences()[row].clone(),
                label: dataset.labels()[row].clone(),
                suggested: labels.classes[ranked.suggested].clone(),
                score: ranked.self_confidence,
                line: dataset.lines()[row],
                neighbours: found.iter().map(neighbour).collect(),
            }
        };
        ranking.iter().zip(found).map(issue).collect()
    }
}

/// Those test rows that are compared by vector.
struct EncodedTest<'a> {
    exact: &'a [Option<usize>],
    rows: Vec<usize>,
    features: Matrix,
}

impl<'a> EncodedTest<'a> {
    fn new(
        encoder: &SentenceEncoder,
        test: &TestFile<'a>,
        most: usize,
        observer: &dyn Observer,
        findings: &mut Findings,
    ) -> Result<Self> {
        let n = test.dataset.len();
        let rows: Vec<usize> = (0..n).step_by(n.div_ceil(most).max(1)).collect();
        if rows.len() < n {
            let compared = rows.len();
            findings.leave_out(
                "leakage",
                format!("{compared} of the {n} test rows, evenly spaced, were compared by vector; exact repeats are all found"),
            );
        }
        findings.near_leaks = vec![None; n];
        let sentences: Vec<&str> = rows.iter().map(|&row| test.dataset.sentences()[row].as_str()).collect();
        let features = encoder.encode(&sentences, observer)?.features;
        Ok(EncodedTest { exact: test.exact, rows, features })
    }

    /// Keeps the nearest row of this part where it is nearer than those of earlier parts.
    fn find(
        &self,
        part: &Part<'_>,
        scaler: &StandardScaler,
        threshold: f32,
        leaks: &mut [Option<(usize, f32)>],
    ) {
        let queries = UnitRows::new(scaler.transform(&self.features));
        let is_new = |query: usize, _: usize| self.exact[self.rows[query]].is_none();
        let found = nearest(&queries, part.unit, Among::All, 1, threshold, &is_new);
        for (&row, found) in self.rows.iter().zip(found) {
            let leak = &mut leaks[row];
            if let Some(&(i, cosine)) = found.first()
                && leak.is_none_or(|(_, known)| cosine > known)
            {
                *leak = Some((part.rows[i], cosine));
            }
        }
    }
}

/// A cosine of `f32` may be above 1 by rounding.
pub(super) fn at_most_one(cosine: f32) -> f64 {
    f64::from(cosine.min(1.0))
}
