//! Checks of labelled sentences by their vectors: near-duplicates, leakage, and the neighbours of suspect labels.
//!
//! Two sentences are near-duplicates by the cosine similarity of their standardised features, because the raw
//! features of one encoder all have similar directions.
//!
//! Rows are processed in parts of at most [`DoctorOptions::part_rows`]: with two parts each has every second row, so
//! that it contains all classes of a file that is sorted by class. Only the vectors of one part and of the test rows
//! are in memory at a time.

use std::collections::BTreeSet;

use super::labels::{Judged, Labels, Suspect};
use super::nearest::{Among, UnitRows, nearest};
use super::options::DoctorOptions;
use super::report::{LabelIssue, LeftOut, NearDuplicate, Neighbour};
use super::texts::Texts;
use crate::classifier::StandardScaler;
use crate::dataset::{Dataset, Inspected};
use crate::error::{ErrorKind, Result};
use crate::matrix::Matrix;
use crate::model::sentence_encoder::SentenceEncoder;
use crate::split::of_rows;

/// The number of neighbours of a suspect label.
const N_NEIGHBOURS: usize = 3;

/// The findings of the checks by vector.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) near_duplicates: Vec<NearDuplicate>,
    /// For each test row: the nearest row of the data, and the cosine.
    pub(crate) near_leaks: Vec<Option<(usize, f32)>>,
    /// Rows that are longer than the encoder's limit, in order.
    pub(crate) truncated: Vec<usize>,
    pub(crate) label_issues: Vec<LabelIssue>,
    pub(crate) left_out: Vec<LeftOut>,
}

/// A test file: its rows, and those of them that are also in the data.
pub(crate) struct TestFile<'a> {
    pub(crate) dataset: &'a Dataset,
    pub(crate) exact: &'a [Option<usize>],
}

/// Encodes and compares the rows, part by part.
pub(crate) fn examine(
    encoder: &SentenceEncoder,
    data: &Inspected,
    texts: &Texts,
    test: Option<&TestFile<'_>>,
    options: &DoctorOptions,
) -> Result<Findings> {
    let dataset = &data.dataset;
    let (n, part_rows) = (dataset.len(), options.part_rows.max(1));
    let n_parts = n.div_ceil(part_rows);
    let mut findings = Findings::default();
    if n_parts > 1 {
        findings.leave_out(
            "near_duplicates",
            format!("the {n} rows were compared in {n_parts} parts: near-duplicates in different parts were not searched for"),
        );
    }
    let mut is_first = vec![true; n];
    texts.repeated().iter().flat_map(|rows| &rows[1..]).for_each(|&row| is_first[row] = false);
    let test = match test {
        Some(test) => Some(EncodedTest::new(encoder, test, part_rows, &mut findings)?),
        None => None,
    };
    let labels = Labels::of(data);
    let mut unjudged = BTreeSet::new();
    let mut failures = BTreeSet::new();
    for part in 0..n_parts {
        let rows: Vec<usize> = (part..n).step_by(n_parts).collect();
        let sentences: Vec<&str> = rows.iter().map(|&row| dataset.sentences()[row].as_str()).collect();
        let lines: Vec<usize> = rows.iter().map(|&row| dataset.lines()[row]).collect();
        let encoded = encoder.encode_lines(&sentences, &lines)?;
        let is_truncated = |&(_, encoding): &(&usize, &crate::tokenizer::Encoding)| encoding.is_truncated;
        let truncated = rows.iter().zip(&encoded.encodings).filter(is_truncated);
        findings.truncated.extend(truncated.map(|(&row, _)| row));
        let features = encoded.features;
        // The similarity of sentences does not depend on sample weights.
        let scaler = StandardScaler::fit(&features);
        let unit = UnitRows::new(scaler.transform(&features));
        let weights: Option<Vec<f64>> =
            dataset.weights().map(|weights| rows.iter().map(|&row| weights[row]).collect());
        let weighted =
            weights.as_deref().map(|weights| StandardScaler::fit_weighted(&features, Some(weights)));
        let features = weighted.as_ref().unwrap_or(&scaler).transform(&features);
        let part = Part { dataset, rows: &rows, unit: &unit };
        findings.near_duplicates.extend(part.near_duplicates(&is_first, options.near_duplicate_threshold));
        if let Some(test) = &test {
            test.find(&part, &scaler, options.near_duplicate_threshold, &mut findings.near_leaks);
        }
        let groups = of_rows(dataset.groups(), &rows);
        let (weights, groups) = (weights.as_deref(), groups.as_deref());
        let judged = Judged { rows: &rows, features: &features, weights, groups };
        match labels.suspects(&judged, options, encoder.observer(), &mut unjudged) {
            Ok(suspects) => findings.label_issues.extend(part.label_issues(suspects)),
            Err(error) if error.kind() == ErrorKind::Interrupted => return Err(error),
            Err(error) => drop(failures.insert(error.to_string())),
        }
    }
    findings.truncated.sort_unstable();
    findings.near_duplicates.sort_by(|a, b| b.cosine.total_cmp(&a.cosine).then(a.line.cmp(&b.line)));
    findings.label_issues.sort_by(|a, b| a.score.total_cmp(&b.score).then(a.line.cmp(&b.line)));
    failures.into_iter().for_each(|reason| findings.leave_out("label_issues", reason));
    if !unjudged.is_empty() {
        let unjudged = crate::notes::list::list(&unjudged.into_iter().collect::<Vec<_>>());
        let reason = match labels {
            Labels::Classes { .. } => format!("classes with too few rows for five folds: {unjudged}"),
            Labels::Sets { .. } => {
                format!("labels that all rows of four in five folds have, or none: {unjudged}")
            }
        };
        findings.leave_out("label_issues", reason);
    }
    Ok(findings)
}

impl Findings {
    fn leave_out(&mut self, check: &'static str, reason: String) {
        self.left_out.push(LeftOut { check, reason });
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

    fn label_issues(&self, suspects: Vec<Suspect>) -> Vec<LabelIssue> {
        let dataset = self.dataset;
        let places: Vec<usize> = suspects.iter().map(|suspect| suspect.place).collect();
        let others = |query: usize, key: usize| places[query] != key;
        let queries = self.unit.select(&places);
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
        let issue = |(suspect, found): (Suspect, Vec<(usize, f32)>)| {
            let row = self.rows[suspect.place];
            LabelIssue {
                text: dataset.sentences()[row].clone(),
                label: dataset.labels()[row].clone(),
                suggested: suspect.suggested,
                of_label: suspect.of_label,
                score: suspect.score,
                line: dataset.lines()[row],
                neighbours: found.iter().map(neighbour).collect(),
            }
        };
        suspects.into_iter().zip(found).map(issue).collect()
    }
}

/// The test rows that are compared by vector.
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
        findings: &mut Findings,
    ) -> Result<Self> {
        let n = test.dataset.len();
        let rows: Vec<usize> = (0..n).step_by(n.div_ceil(most).max(1)).collect();
        if rows.len() < n {
            let compared = rows.len();
            findings.leave_out(
                "leakage",
                format!("{compared} of the {n} test rows, evenly spaced, were compared by vector; all exact duplicates were found"),
            );
        }
        findings.near_leaks = vec![None; n];
        let sentences: Vec<&str> = rows.iter().map(|&row| test.dataset.sentences()[row].as_str()).collect();
        let lines: Vec<usize> = rows.iter().map(|&row| test.dataset.lines()[row]).collect();
        let encoded = encoder.encode_lines(&sentences, &lines);
        let features = encoded.map_err(|error| error.at("test data"))?.features;
        Ok(EncodedTest { exact: test.exact, rows, features })
    }

    /// Keeps the nearest row of this part if it is nearer than those of earlier parts.
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

/// A cosine in `f32` may be above 1 because of rounding.
pub(crate) fn at_most_one(cosine: f32) -> f64 {
    f64::from(cosine.min(1.0))
}
