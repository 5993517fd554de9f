//! The JSON report of the checks, as plain structs. Lines are those of the file, counted from 1.

use serde::Serialize;

use crate::dataset::Damage;

/// The findings of [`diagnose`](crate::studies::diagnose). Keys are stable; more may be added.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DoctorReport {
    /// The number of rows that were checked: those with a sentence and a label.
    pub n_rows: usize,
    /// The number of groups of rows that no fold divides, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_groups: Option<usize>,
    /// Records that cannot be used, and sentences that look as if the file had been written or read with the wrong
    /// quoting or encoding, in the order of the file.
    pub quoting: Vec<Damage>,
    /// The damage in the test file.
    pub test_quoting: Vec<Damage>,
    /// Sentences that occur more than once, ignoring case and spaces, in the order of their first lines.
    pub duplicates: Vec<Duplicate>,
    /// Sentences that are near-duplicates of an earlier one, the most similar first.
    pub near_duplicates: Vec<NearDuplicate>,
    /// Sentences, ignoring case and spaces, that occur with different labels or label sets.
    pub conflicts: Vec<Conflict>,
    /// Rows of the test file that are, or nearly are, rows of the data: exact ones first, then the most similar.
    pub leakage: Vec<Leak>,
    /// Sentences that are longer than the encoder reads.
    pub truncated: Truncated,
    /// The counts of labels per sentence, if sentences may have several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_sets: Option<LabelSets>,
    /// The number of rows of each class, or with each label, sorted by label.
    pub class_balance: Vec<ClassShare>,
    /// The scripts of the sentences.
    pub scripts: Scripts,
    /// Rows whose label is probably wrong, the most suspect first.
    pub label_issues: Vec<LabelIssue>,
    /// Checks that were left out, or done only in part.
    pub left_out: Vec<LeftOut>,
}

/// A check that was left out, or done only in part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The report's key for it.
    pub check: &'static str,
    /// The reason.
    pub reason: String,
}

/// A sentence that occurs more than once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Duplicate {
    /// The sentence as it is written first.
    pub text: String,
    /// Its lines.
    pub lines: Vec<usize>,
}

/// A sentence that is a near-duplicate of an earlier one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NearDuplicate {
    /// The later sentence.
    pub text: String,
    /// Its line.
    pub line: usize,
    /// The most similar earlier sentence.
    pub other_text: String,
    /// Its line.
    pub other_line: usize,
    /// The cosine of their standardised features, at most 1.
    pub cosine: f64,
    /// True if both have the same label.
    pub same_label: bool,
}

/// A sentence with more than one label, or more than one set of labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// The sentence as it is written first.
    pub text: String,
    /// The lines of each label, sorted by label.
    pub labels: Vec<LabelLines>,
}

/// The lines where a sentence has a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelLines {
    /// The label.
    pub label: String,
    /// The lines.
    pub lines: Vec<usize>,
}

/// A row of the test file that also occurs in the data.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Leak {
    /// The sentence in the test file.
    pub text: String,
    /// Its line there.
    pub test_line: usize,
    /// The sentence in the data.
    pub data_text: String,
    /// Its first line there.
    pub line: usize,
    /// The cosine of their standardised features; 1 if the sentences are equal, ignoring case and spaces.
    pub cosine: f64,
    /// True if the sentences are equal, ignoring case and spaces.
    pub exact: bool,
    /// True if both have the same label.
    pub same_label: bool,
}

/// The scripts of the sentences.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scripts {
    /// The number of sentences whose main script is each of these, the most frequent first; sentences without letters
    /// have none.
    pub shares: Vec<ScriptShare>,
    /// Sentences in a script that is the main script of fewer than a tenth of them.
    pub minority: Vec<MinorityScript>,
    /// Sentences with a word that mixes scripts that look alike.
    pub mixed: Vec<MixedScripts>,
}

/// A script and its number of rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScriptShare {
    /// Its name, such as `Latin`.
    pub script: &'static str,
    /// The number of rows.
    pub n: usize,
    /// Their share of all rows, from 0 to 1.
    pub share: f64,
}

/// A sentence in a rare script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MinorityScript {
    /// The sentence.
    pub text: String,
    /// Its line.
    pub line: usize,
    /// The script of most of its letters.
    pub script: &'static str,
}

/// A sentence with a word in several scripts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MixedScripts {
    /// The sentence.
    pub text: String,
    /// Its line.
    pub line: usize,
    /// The first such word.
    pub word: String,
}

/// Sentences that are truncated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Truncated {
    /// The maximum number of tokens per sentence, including special tokens; `None` without an encoder.
    pub max_length: Option<usize>,
    /// The number of longer sentences.
    pub n: usize,
    /// Their lines.
    pub lines: Vec<usize>,
}

/// The counts of labels per sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelSets {
    /// The number of distinct label sets, including the empty set if it occurs.
    pub n_label_sets: usize,
    /// The number of rows without a label.
    pub n_without_label: usize,
    /// The number of rows with more than one label.
    pub n_with_several: usize,
}

/// A class or label, and its number of rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassShare {
    /// The class.
    pub label: String,
    /// The number of rows.
    pub n: usize,
    /// Their share of all rows, from 0 to 1.
    pub share: f64,
    /// A hint, if the number of rows matters for a classifier.
    pub hint: Option<String>,
}

/// A row whose label may be wrong; if rows may have several labels, a row and one label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelIssue {
    /// The sentence.
    pub text: String,
    /// The label that it has; if it may have several, the cell of all.
    pub label: String,
    /// The most probable label; if it may have several, the cell with all suspect labels of the row corrected.
    pub suggested: String,
    /// The suspect label, present or missing, if a sentence may have several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of_label: Option<String>,
    /// The probability of the label in the file, from 0 to 1; a lower one is more suspect.
    pub score: f64,
    /// The line.
    pub line: usize,
    /// The rows with the most similar sentences, the most similar first: three if there are enough.
    pub neighbours: Vec<Neighbour>,
}

/// A neighbour of a suspect row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Neighbour {
    /// The sentence.
    pub text: String,
    /// The label that it has.
    pub label: String,
    /// Its line.
    pub line: usize,
    /// The cosine of their standardised features, at most 1.
    pub cosine: f64,
}
