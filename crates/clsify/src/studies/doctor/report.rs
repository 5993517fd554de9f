//! What is odd about a data set, as plain structs: the JSON report. Lines are those of the file, counted from 1.

use serde::Serialize;

use crate::dataset::Damage;

/// What [`diagnose`](crate::studies::diagnose) found. Keys are stable; more may be added.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DoctorReport {
    /// Rows that were looked at: those with a sentence and a label.
    pub n_rows: usize,
    /// Groups of rows that no fold divides, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_groups: Option<usize>,
    /// Records that cannot be used, and sentences that look as if the file had been written or read with the wrong
    /// quoting or encoding, in the order of the file.
    pub quoting: Vec<Damage>,
    /// The same of the test file.
    pub test_quoting: Vec<Damage>,
    /// Sentences that occur more than once, whatever their case and spaces, in the order of their first lines.
    pub duplicates: Vec<Duplicate>,
    /// Sentences that are nearly an earlier one, the most similar first.
    pub near_duplicates: Vec<NearDuplicate>,
    /// Sentences, whatever their case and spaces, that occur with different labels or sets of labels.
    pub conflicts: Vec<Conflict>,
    /// Rows of the test file that are, or nearly are, rows of the data: exact ones first, then the most similar.
    pub leakage: Vec<Leak>,
    /// Sentences that are longer than the encoder reads.
    pub truncated: Truncated,
    /// Where a sentence may have several labels: how many have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_sets: Option<LabelSets>,
    /// Rows of each class, or with each label, sorted by it.
    pub class_balance: Vec<ClassShare>,
    /// The scripts that the sentences are written in.
    pub scripts: Scripts,
    /// Rows whose label is probably wrong, the most suspect first.
    pub label_issues: Vec<LabelIssue>,
    /// Checks that were not done, or not in full.
    pub left_out: Vec<LeftOut>,
}

/// A check that was not done, or not in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The report's key for it.
    pub check: &'static str,
    /// Why.
    pub reason: String,
}

/// A sentence that occurs more than once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Duplicate {
    /// As it is written first.
    pub text: String,
    /// Where it stands.
    pub lines: Vec<usize>,
}

/// A sentence that is nearly an earlier one.
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
    /// As it is written first.
    pub text: String,
    /// Where it has which label, sorted by label.
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

/// A row of the test file that the data has too.
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
    /// The cosine of their standardised features; 1 where the sentences are the same but for case and spaces.
    pub cosine: f64,
    /// True if they are the same but for case and spaces.
    pub exact: bool,
    /// True if both have the same label.
    pub same_label: bool,
}

/// The scripts of the sentences.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scripts {
    /// How many sentences are mostly in each, the most frequent first; sentences without letters are in none.
    pub shares: Vec<ScriptShare>,
    /// Sentences in a script that fewer than a tenth of them are in.
    pub minority: Vec<MinorityScript>,
    /// Sentences with a word whose letters are of scripts that look alike.
    pub mixed: Vec<MixedScripts>,
}

/// A script and its rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScriptShare {
    /// Its name, such as `Latin`.
    pub script: &'static str,
    /// Its rows.
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
    /// The script that most of its letters are in.
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

/// Sentences that lose their end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Truncated {
    /// Tokens that are read of a sentence, special tokens included; nothing without an encoder.
    pub max_length: Option<usize>,
    /// How many are longer.
    pub n: usize,
    /// Their lines.
    pub lines: Vec<usize>,
}

/// How many labels sentences have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelSets {
    /// Distinct sets of labels, the empty one included where it occurs.
    pub n_label_sets: usize,
    /// Rows without a label.
    pub n_without_label: usize,
    /// Rows with more than one label.
    pub n_with_several: usize,
}

/// A class, or one label of several, and its rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassShare {
    /// The class.
    pub label: String,
    /// Its rows.
    pub n: usize,
    /// Their share of all rows, from 0 to 1.
    pub share: f64,
    /// What the number means for a classifier, where it means something.
    pub hint: Option<String>,
}

/// A row whose label may be wrong; where it may have several, a row and one label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelIssue {
    /// The sentence.
    pub text: String,
    /// The label that it has; where it may have several, the cell of all.
    pub label: String,
    /// The most probable label; where it may have several, the cell with all suspect labels of the row corrected.
    pub suggested: String,
    /// Which label is suspect, present or missing, where a sentence may have several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of_label: Option<String>,
    /// The probability of what the file says, from 0 to 1; the lower, the more suspect.
    pub score: f64,
    /// The line.
    pub line: usize,
    /// The rows with the most similar sentences, the most similar first; three where there are so many.
    pub neighbours: Vec<Neighbour>,
}

/// A row beside a suspect one.
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
