//! What can be said about labelled sentences by their text alone.
//!
//! Sentences are the same when they are so in lower case with single spaces.

use std::collections::{BTreeMap, HashMap};

use super::doctor_report::{
    ClassShare, Conflict, Duplicate, LabelLines, MinorityScript, MixedScripts, ScriptShare, Scripts,
};
use crate::dataset::{Dataset, mixed_word, script_of};

/// Rows of a script that fewer rows than this share are in are listed.
const MINORITY: f64 = 0.1;

/// The texts by which sentences are compared.
pub(super) struct Texts(Vec<String>);

impl Texts {
    pub(super) fn of(dataset: &Dataset) -> Self {
        let normalised = |text: &String| text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
        Texts(dataset.sentences().iter().map(normalised).collect())
    }

    /// The rows of each text that occurs more than once, in the order of the first.
    pub(super) fn repeated(&self) -> Vec<Vec<usize>> {
        let mut rows_of: HashMap<&str, Vec<usize>> = HashMap::with_capacity(self.0.len());
        for (row, text) in self.0.iter().enumerate() {
            rows_of.entry(text).or_default().push(row);
        }
        let mut groups: Vec<Vec<usize>> = rows_of.into_values().filter(|rows| rows.len() > 1).collect();
        groups.sort();
        groups
    }

    /// The first row here with the text of each row there.
    pub(super) fn first_same(&self, others: &Texts) -> Vec<Option<usize>> {
        let mut first: HashMap<&str, usize> = HashMap::with_capacity(self.0.len());
        for (row, text) in self.0.iter().enumerate() {
            first.entry(text).or_insert(row);
        }
        others.0.iter().map(|text| first.get(text.as_str()).copied()).collect()
    }
}

pub(super) fn duplicate(dataset: &Dataset, rows: &[usize]) -> Duplicate {
    let lines = rows.iter().map(|&row| dataset.lines()[row]).collect();
    Duplicate { text: dataset.sentences()[rows[0]].clone(), lines }
}

pub(super) fn conflict(dataset: &Dataset, rows: &[usize]) -> Option<Conflict> {
    let mut lines_of: BTreeMap<&String, Vec<usize>> = BTreeMap::new();
    for &row in rows {
        lines_of.entry(&dataset.labels()[row]).or_default().push(dataset.lines()[row]);
    }
    let text = dataset.sentences()[rows[0]].clone();
    let labels = |(label, lines): (&String, Vec<usize>)| LabelLines { label: label.clone(), lines };
    (lines_of.len() > 1).then(|| Conflict { text, labels: lines_of.into_iter().map(labels).collect() })
}

pub(super) fn class_balance(dataset: &Dataset) -> Vec<ClassShare> {
    let counts = dataset.summary().class_counts;
    // Labels that a person would read as the same.
    let mut written: HashMap<String, Vec<&String>> = HashMap::new();
    counts.keys().for_each(|label| written.entry(plain(label)).or_default().push(label));
    let share = |n: usize| n as f64 / dataset.len() as f64;
    let class = |(label, &n): (&String, &usize)| {
        let like = written[&plain(label)].iter().find(|other| **other != label);
        let hint = match like {
            Some(other) => Some(format!("differs from {other} only in case, quotes or spaces: one class?")),
            None => hint(label, n, dataset.len(), counts.len()),
        };
        ClassShare { label: label.clone(), n, share: share(n), hint }
    };
    counts.iter().map(class).collect()
}

fn plain(label: &str) -> String {
    label.to_lowercase().chars().filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\'')).collect()
}

/// What the number of rows of a class means for a classifier, where it means something.
fn hint(label: &str, n: usize, of: usize, n_classes: usize) -> Option<String> {
    let share = n as f64 / of as f64;
    let rows = if n == 1 { "row" } else { "rows" };
    if n_classes == 1 {
        return Some(format!("every row is of class {label}: there is nothing to tell apart"));
    }
    if n < 5 {
        return Some(format!(
            "class {label} has {n} {rows} of {of}: too few to learn from or to test with; collect more, or merge it with another class"
        ));
    }
    if n < 30 {
        return Some(format!(
            "class {label} has {n} rows of {of}: its scores will be rough; collect more if it matters"
        ));
    }
    if share * (n_classes as f64) < 0.2 {
        return Some(format!(
            "class {label} has {n} rows of {of}: it will rarely be predicted; consider --class-weight balanced"
        ));
    }
    (share > 0.9).then(|| {
        format!("class {label} has {n} rows of {of}: always saying {label} is right that often, so look at F1, not at accuracy")
    })
}

/// The scripts of the sentences, the most frequent first; rows of rare ones; words that mix them.
pub(super) fn scripts(dataset: &Dataset) -> Scripts {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_get_hints_by_their_rows() {
        let rows = |label: &'static str, n: usize| (0..n).map(move |i| (format!("{label} {i}"), label));
        let dataset = |parts: &[(&'static str, usize)]| {
            Dataset::from_pairs(parts.iter().flat_map(|&(label, n)| rows(label, n))).unwrap()
        };
        let hints = |parts: &[(&'static str, usize)]| -> Vec<Option<String>> {
            class_balance(&dataset(parts)).into_iter().map(|class| class.hint).collect()
        };
        let [a, b] = &hints(&[("a", 96), ("b", 4)])[..] else { panic!() };
        assert!(a.as_deref().unwrap().starts_with("class a has 96 rows of 100: always saying a"));
        assert!(b.as_deref().unwrap().starts_with("class b has 4 rows of 100: too few"));
        assert_eq!(hints(&[("a", 60), ("b", 40)]), [None, None]);
        let few = hints(&[("a", 60), ("b", 29)]);
        assert!(few[1].as_deref().unwrap().contains("29 rows of 89: its scores will be rough"));
        let rare = hints(&[("a", 460), ("b", 40)]);
        assert!(rare[1].as_deref().unwrap().contains("--class-weight balanced"));
        let twins = hints(&[("Good", 50), ("bad", 50), ("good", 50)]);
        assert!(twins[0].as_deref().unwrap().starts_with("differs from good only"), "{twins:?}");
        assert_eq!(twins[1], None);
    }
}
