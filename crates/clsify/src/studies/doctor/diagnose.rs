//! Checks labelled sentences before anything is trained: damage, duplicates, contradictions, leakage, and labels that
//! are probably wrong.
//!
//! The checks of the text are in `texts.rs` and `dataset`, those of label counts in `classes.rs`, those of vectors in
//! `vectors.rs` and `labels.rs`.

use super::classes::{class_balance, label_sets};
use super::options::DoctorOptions;
use super::report::{DoctorReport, Leak, LeftOut, Truncated};
use super::texts::{Texts, conflict, duplicate, scripts};
use super::vectors::{Findings, TestFile, at_most_one, examine};
use crate::dataset::{Dataset, Inspected};
use crate::error::Result;
use crate::model::sentence_encoder::SentenceEncoder;

/// The encoder for the checks by vector, or the reason why there is none.
pub type EncoderOrReason<'a> = std::result::Result<&'a SentenceEncoder, String>;

/// Checks a data set, and its overlap with a test file.
///
/// Without an encoder only the checks that need none are run. The report gives the reason for each check that is left
/// out; this includes labels that cannot be checked (only one class, or none with one row per fold).
///
/// If sentences may have several labels, duplicates, contradictions and leakage compare whole sets, and suspect
/// labels are single labels. Sample weights apply to the fits that judge the labels, and nowhere else.
///
/// # Errors
/// As for [`SentenceEncoder::encode`].
///
/// ```
/// use clsify::dataset::{DatasetOptions, Inspected};
/// use clsify::studies::{DoctorOptions, diagnose};
/// let tsv = "a treat\tgood\na chore\tbad\nA  treat\tbad\n";
/// let data = Inspected::read(tsv.as_bytes(), "reviews.tsv", &DatasetOptions::default())?;
/// let report = diagnose(Err("text only".into()), &data, None, &DoctorOptions::default())?;
/// assert_eq!(report.duplicates[0].lines, [1, 3]);
/// assert_eq!(report.conflicts[0].labels[0].label, "bad");
/// assert_eq!((report.left_out[0].check, &report.left_out[0].reason[..]), ("near_duplicates", "text only"));
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn diagnose(
    encoder: EncoderOrReason<'_>,
    data: &Inspected,
    test: Option<&Inspected>,
    options: &DoctorOptions,
) -> Result<DoctorReport> {
    let dataset = &data.dataset;
    let texts = Texts::of(dataset);
    let groups = texts.repeated();
    let exact = test.map(|test| texts.first_same(&Texts::of(&test.dataset))).unwrap_or_default();
    let test_data = test;
    let test = test.map(|test| TestFile { dataset: &test.dataset, exact: &exact });
    let findings = match &encoder {
        Ok(encoder) => examine(encoder, data, &texts, test.as_ref(), options)?,
        Err(reason) => without_encoder(reason, test.as_ref()),
    };
    let mut left_out = findings.left_out;
    let leakage = match &test {
        Some(test) => leaks(dataset, test, &findings.near_leaks),
        None => {
            left_out.push(LeftOut { check: "leakage", reason: "no test file was given".into() });
            Vec::new()
        }
    };
    for (data, whose) in [(Some(data), ""), (test_data, " of the test file")] {
        let n_more = data.map_or(0, |data| data.n_refused - data.refused.len());
        if n_more > 0 {
            let reason = format!("{n_more} more records{whose} cannot be used, and are not listed");
            left_out.push(LeftOut { check: "quoting", reason });
        }
    }
    let truncated: Vec<usize> = findings.truncated.iter().map(|&row| dataset.lines()[row]).collect();
    Ok(DoctorReport {
        n_rows: dataset.len(),
        n_groups: dataset.groups().map(crate::split::n_groups),
        quoting: data.damage(),
        test_quoting: test_data.map(Inspected::damage).unwrap_or_default(),
        duplicates: groups.iter().map(|rows| duplicate(dataset, rows)).collect(),
        near_duplicates: findings.near_duplicates,
        conflicts: groups.iter().filter_map(|rows| conflict(dataset, rows)).collect(),
        leakage,
        truncated: Truncated {
            max_length: encoder.ok().map(|encoder| encoder.tokenizer().max_length()),
            n: truncated.len(),
            lines: truncated,
        },
        label_sets: label_sets(data),
        class_balance: class_balance(data, test_data),
        scripts: scripts(dataset),
        label_issues: findings.label_issues,
        left_out,
    })
}

fn without_encoder(reason: &str, test: Option<&TestFile<'_>>) -> Findings {
    let left_out = |check| LeftOut { check, reason: reason.to_string() };
    let mut findings = Findings {
        near_leaks: vec![None; test.map_or(0, |test| test.dataset.len())],
        left_out: ["near_duplicates", "truncated", "label_issues"].map(left_out).into(),
        ..Findings::default()
    };
    if test.is_some() {
        let reason = format!("exact duplicates only: {reason}");
        findings.left_out.push(LeftOut { check: "leakage", reason });
    }
    findings
}

fn leaks(dataset: &Dataset, test: &TestFile<'_>, near: &[Option<(usize, f32)>]) -> Vec<Leak> {
    let leak = |row: usize| {
        let exact = test.exact[row];
        let (other, cosine) = exact.map(|other| (other, 1.0)).or(near[row])?;
        Some(Leak {
            text: test.dataset.sentences()[row].clone(),
            test_line: test.dataset.lines()[row],
            data_text: dataset.sentences()[other].clone(),
            line: dataset.lines()[other],
            cosine: at_most_one(cosine),
            exact: exact.is_some(),
            same_label: test.dataset.labels()[row] == dataset.labels()[other],
        })
    };
    let mut leaks: Vec<Leak> = (0..test.dataset.len()).filter_map(leak).collect();
    leaks.sort_by(|a, b| b.exact.cmp(&a.exact).then(b.cosine.total_cmp(&a.cosine)));
    leaks
}
