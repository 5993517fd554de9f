//! What is odd about a data set, as plain structs: the JSON report. Lines are those of the file, counted from 1.

use serde::Serialize;

/// What [`diagnose`](super::diagnose) found. Keys are stable; more may be added.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DoctorReport {
    /// Sentences that occur more than once, whatever their case and spaces, in the order of their first lines.
    pub duplicates: Vec<Duplicate>,
    /// Sentences that are nearly an earlier one, the most similar first.
    pub near_duplicates: Vec<NearDuplicate>,
    /// Sentences, whatever their case and spaces, that have more than one label.
    pub conflicts: Vec<Conflict>,
    /// Rows of the test file that are, or nearly are, rows of the data: exact ones first, then the most similar.
    pub leakage: Vec<Leak>,
    /// Sentences that are longer than the encoder reads.
    pub truncated: Truncated,
    /// Rows of each class, sorted by class.
    pub class_balance: Vec<ClassShare>,
    /// Rows whose label is probably wrong, the most suspect first.
    pub label_issues: Vec<LabelIssue>,
    /// What was left out, and why.
    pub notes: Vec<String>,
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
    /// Whether both have the same label.
    pub same_label: bool,
}

/// A sentence with more than one label.
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
    /// Whether they are the same but for case and spaces.
    pub exact: bool,
}

/// Sentences that lose their end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Truncated {
    /// Tokens that are read of a sentence, special tokens included.
    pub max_length: usize,
    /// How many are longer.
    pub n: usize,
    /// Their lines.
    pub lines: Vec<usize>,
}

/// A class and its rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassShare {
    /// The class.
    pub label: String,
    /// Its rows.
    pub n: usize,
    /// Their share of all rows, from 0 to 1.
    pub share: f64,
}

/// A row whose label may be wrong.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelIssue {
    /// The sentence.
    pub text: String,
    /// The label that it has.
    pub label: String,
    /// The most probable label.
    pub suggested: String,
    /// The probability of the label that it has, from 0 to 1; the lower, the more suspect.
    pub score: f64,
    /// The line.
    pub line: usize,
}
