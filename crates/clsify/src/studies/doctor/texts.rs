//! Checks of labelled sentences by their text alone.
//!
//! Sentences are compared in lower case with single spaces.

use std::collections::{BTreeMap, HashMap};

use super::report::{Conflict, Duplicate, LabelLines, MinorityScript, MixedScripts, ScriptShare, Scripts};
use crate::dataset::{Dataset, mixed_word, normalised, script_of};

/// The rows of a script are listed if they are fewer than this share.
const MINORITY: f64 = 0.1;

/// The form of the sentences in which they are compared.
pub(crate) struct Texts(Vec<String>);

impl Texts {
    pub(crate) fn of(dataset: &Dataset) -> Self {
        Texts(dataset.sentences().iter().map(|text| normalised(text)).collect())
    }

    /// The rows of each text that occurs more than once, in the order of the first rows.
    pub(crate) fn repeated(&self) -> Vec<Vec<usize>> {
        let mut rows_of: HashMap<&str, Vec<usize>> = HashMap::with_capacity(self.0.len());
        for (row, text) in self.0.iter().enumerate() {
            rows_of.entry(text).or_default().push(row);
        }
        let mut groups: Vec<Vec<usize>> = rows_of.into_values().filter(|rows| rows.len() > 1).collect();
        groups.sort();
        groups
    }

    /// For each row of `others`, the first row here with the same text.
    pub(crate) fn first_same(&self, others: &Texts) -> Vec<Option<usize>> {
        let mut first: HashMap<&str, usize> = HashMap::with_capacity(self.0.len());
        for (row, text) in self.0.iter().enumerate() {
            first.entry(text).or_insert(row);
        }
        others.0.iter().map(|text| first.get(text.as_str()).copied()).collect()
    }
}

pub(crate) fn duplicate(dataset: &Dataset, rows: &[usize]) -> Duplicate {
    let lines = rows.iter().map(|&row| dataset.lines()[row]).collect();
    Duplicate { text: dataset.sentences()[rows[0]].clone(), lines }
}

pub(crate) fn conflict(dataset: &Dataset, rows: &[usize]) -> Option<Conflict> {
    let mut lines_of: BTreeMap<&String, Vec<usize>> = BTreeMap::new();
    for &row in rows {
        lines_of.entry(&dataset.labels()[row]).or_default().push(dataset.lines()[row]);
    }
    let text = dataset.sentences()[rows[0]].clone();
    let labels = |(label, lines): (&String, Vec<usize>)| LabelLines { label: label.clone(), lines };
    (lines_of.len() > 1).then(|| Conflict { text, labels: lines_of.into_iter().map(labels).collect() })
}

/// The scripts of the sentences, the most frequent first; rows of rare scripts; words that mix scripts.
pub(crate) fn scripts(dataset: &Dataset) -> Scripts {
    let of_row: Vec<Option<&'static str>> = dataset.sentences().iter().map(|s| script_of(s)).collect();
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    of_row.iter().flatten().for_each(|script| *counts.entry(script).or_default() += 1);
    let share = |n: usize| n as f64 / dataset.len() as f64;
    let share_of = |(&script, &n): (&&'static str, &usize)| ScriptShare { script, n, share: share(n) };
    let mut shares: Vec<ScriptShare> = counts.iter().map(share_of).collect();
    shares.sort_by(|a, b| b.n.cmp(&a.n).then(a.script.cmp(b.script)));
    let most = shares.first().map(|share| share.script);
    let rows = || dataset.sentences().iter().zip(dataset.lines()).zip(&of_row);
    let minority = rows().filter_map(|((text, &line), script)| {
        let script = (*script)?;
        let is_minority = share(counts[script]) < MINORITY && Some(script) != most;
        is_minority.then(|| MinorityScript { text: text.clone(), line, script })
    });
    let mixed = rows().filter_map(|((text, &line), _)| {
        Some(MixedScripts { text: text.clone(), line, word: mixed_word(text)?.to_string() })
    });
    Scripts { minority: minority.collect(), mixed: mixed.collect(), shares }
}
