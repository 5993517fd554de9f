//! Checks of label counts: classes that are rare, duplicated, or nearly everywhere.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::report::{ClassShare, LabelSets};
use crate::dataset::{Inspected, Spellings, shown, spellings};
use crate::notes::label_notes::{list_hint, odd_character_hint};

/// A label of fewer rows than this share is rarely assigned, if sentences may have several labels.
const SELDOM: f64 = 0.02;

/// A label of more rows than this share is hardly informative.
const NEARLY_ALL: f64 = 0.9;

/// The counts of labels per sentence, if sentences may have several.
pub(crate) fn label_sets(data: &Inspected) -> Option<LabelSets> {
    data.dataset.separator()?;
    let sets = data.dataset.label_sets();
    let n_rows_with =
        |is_meant: &dyn Fn(usize) -> bool| sets.iter().filter(|set| is_meant(set.len())).count();
    Some(LabelSets {
        n_label_sets: data.dataset.labels().iter().collect::<BTreeSet<_>>().len(),
        n_without_label: n_rows_with(&|n| n == 0),
        n_with_several: n_rows_with(&|n| n > 1),
    })
}

/// The number of rows of each label, with a hint if the number matters for a classifier.
///
/// Labels of the test file are only compared with those of the data.
pub(crate) fn class_balance(data: &Inspected, test: Option<&Inspected>) -> Vec<ClassShare> {
    let mut rows_of: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (row, labels) in data.dataset.label_sets().into_iter().enumerate() {
        labels.into_iter().for_each(|label| rows_of.entry(label).or_default().push(row));
    }
    let of_test: BTreeSet<String> = test.into_iter().flat_map(|test| test.dataset.classes()).collect();
    let spellings = spellings(rows_of.keys().chain(&of_test));
    let of_spelling = |all: &Spellings, label: &String| {
        let other = all.other(label)?;
        let whose = if rows_of.contains_key(other) { "" } else { " of the test file" };
        let (label, other, difference) = (shown(label), shown(other), all.difference);
        Some(format!(
            "{label} differs from {other}{whose} only in {difference}: if they are one class, write it in one way"
        ))
    };
    let spelled: HashMap<&String, &Spellings> =
        spellings.iter().flat_map(|all| all.labels.iter().map(move |label| (label, all))).collect();
    let mut with_rows: HashMap<&[usize], Vec<&String>> = HashMap::new();
    rows_of.iter().for_each(|(label, rows)| with_rows.entry(rows).or_default().push(label));
    let (of, n_classes) = (data.dataset.len(), rows_of.len());
    let class = |(label, rows): (&String, &Vec<usize>)| {
        let n = rows.len();
        let twin = with_rows[&rows[..]].iter().find(|other| **other != label);
        let by_name = list_hint(label, data.dataset.separator())
            .or_else(|| spelled.get(label).and_then(|all| of_spelling(all, label)))
            .or_else(|| odd_character_hint(label));
        let hint = match (by_name, twin) {
            (Some(hint), _) => Some(hint),
            (None, Some(other)) if n >= FEW && n < of => Some(format!(
                "label {label} stands on the same {n} rows as {other}: are they two names for one label?"
            )),
            _ if data.dataset.separator().is_some() => label_hint(label, n, of),
            _ => class_hint(label, n, of, n_classes),
        };
        ClassShare { label: label.clone(), n, share: n as f64 / of as f64, hint }
    };
    rows_of.iter().map(class).collect()
}

/// Fewer rows than this cannot be divided into five folds; with fewer than [`ROUGH`] scores are uncertain.
const FEW: usize = 5;
const ROUGH: usize = 30;

fn few_rows(what: &str, n: usize, of: usize) -> Option<String> {
    let rows = if n == 1 { "row" } else { "rows" };
    if n < FEW {
        return Some(format!(
            "{what} has {n} {rows} of {of}: too few to learn from or to test with; collect more, or merge it with another"
        ));
    }
    (n < ROUGH)
        .then(|| format!("{what} has {n} rows of {of}: its scores will be rough; collect more if it matters"))
}

/// A hint about the number of rows of a class, if every row has one class.
fn class_hint(label: &str, n: usize, of: usize, n_classes: usize) -> Option<String> {
    let share = n as f64 / of as f64;
    if n_classes == 1 {
        return Some(format!("every row is of class {label}: there is nothing to distinguish"));
    }
    if let Some(hint) = few_rows(&format!("class {label}"), n, of) {
        return Some(hint);
    }
    if share * (n_classes as f64) < 0.2 {
        return Some(format!(
            "class {label} has {n} rows of {of}: it will rarely be predicted; consider --class-weight balanced"
        ));
    }
    (share > NEARLY_ALL).then(|| {
        format!("class {label} has {n} rows of {of}: always predicting {label} is right that often, so look at F1, not at accuracy")
    })
}

/// A hint about the number of rows with a label, if rows may have several.
fn label_hint(label: &str, n: usize, of: usize) -> Option<String> {
    if n == of {
        return Some(format!("every row has the label {label}: there is nothing to learn about it"));
    }
    if let Some(hint) = few_rows(&format!("label {label}"), n, of) {
        return Some(hint);
    }
    let share = n as f64 / of as f64;
    if share < SELDOM {
        return Some(format!(
            "label {label} has {n} rows of {of}: it will rarely be assigned; consider --thresholds f1"
        ));
    }
    (share > NEARLY_ALL).then(|| {
        format!("label {label} has {n} rows of {of}: always assigning it is right that often; should its absence be the label?")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Dataset, DatasetOptions};

    #[test]
    fn classes_get_hints_by_their_rows() {
        let rows = |label: &'static str, n: usize| (0..n).map(move |i| (format!("{label} {i}"), label));
        let dataset = |parts: &[(&'static str, usize)]| {
            Dataset::from_pairs(parts.iter().flat_map(|&(label, n)| rows(label, n))).unwrap()
        };
        let hints = |parts: &[(&'static str, usize)]| -> Vec<Option<String>> {
            class_balance(&dataset(parts).into(), None).into_iter().map(|class| class.hint).collect()
        };
        let [a, b] = &hints(&[("a", 96), ("b", 4)])[..] else { panic!() };
        assert!(a.as_deref().unwrap().starts_with("class a has 96 rows of 100: always predicting a"));
        assert!(b.as_deref().unwrap().starts_with("class b has 4 rows of 100: too few"));
        assert_eq!(hints(&[("a", 60), ("b", 40)]), [None, None]);
        let few = hints(&[("a", 60), ("b", 29)]);
        assert!(few[1].as_deref().unwrap().contains("29 rows of 89: its scores will be rough"));
        let rare = hints(&[("a", 460), ("b", 40)]);
        assert!(rare[1].as_deref().unwrap().contains("--class-weight balanced"));
        let twins = hints(&[("Good", 50), ("bad", 50), ("good", 50)]);
        assert!(twins[0].as_deref().unwrap().starts_with("Good differs from good only"), "{twins:?}");
        assert!(twins[2].as_deref().unwrap().starts_with("good differs from Good only"), "{twins:?}");
        assert_eq!(twins[1], None);
    }

    #[test]
    fn labels_of_a_set_get_hints_of_their_own() {
        let rows = (0..2000).map(|i| {
            let mut cell = "all;most".to_string();
            for (label, is_there) in [
                ("all", true),
                ("half", i % 2 == 0),
                ("other half", i % 2 == 0),
                ("Half", i == 7),
                ("few", i < 4),
                ("rough", i < 12),
                ("rare", i < 35),
                ("some", i % 3 == 0),
            ] {
                cell += &if is_there { format!(";{label}") } else { String::new() };
            }
            format!("row {i}\t{}\n", if i < 100 { cell.replace(";most", "") } else { cell })
        });
        let tsv: String = rows.chain(["no label\t\n".to_string()]).collect();
        let read = |tsv: &str| {
            let multi_label = Some(";".parse().unwrap());
            let options = DatasetOptions { multi_label, ..DatasetOptions::default() };
            Inspected::read(tsv.as_bytes(), "x.tsv", &options).unwrap()
        };
        let data = read(&tsv);
        let found = label_sets(&data).unwrap();
        // Odd rows from 35 to 99 that are not divisible by three have only the label `all`: 22 rows.
        assert_eq!((found.n_without_label, found.n_with_several), (1, 1978));
        let hints: BTreeMap<String, String> =
            class_balance(&data, None).into_iter().map(|c| (c.label, c.hint.unwrap_or_default())).collect();
        let starts = |label: &str, start: &str| assert!(hints[label].starts_with(start), "{hints:?}");
        starts("few", "label few has 4 rows of 2001: too few");
        starts("rough", "label rough has 12 rows of 2001: its scores");
        starts("rare", "label rare has 35 rows of 2001: it will rarely be assigned");
        starts("most", "label most has 1900 rows of 2001: always assigning it");
        starts("Half", "Half differs from half only");
        starts("half", "half differs from Half only");
        starts("other half", "label other half stands on the same 1000 rows as half");
        starts("some", "");
        assert_eq!(hints["some"], "");
        let every = class_balance(&read("a\tx\nb\tx\n"), None);
        assert_eq!(
            every[0].hint.as_deref(),
            Some("every row has the label x: there is nothing to learn about it")
        );
        assert_eq!(label_sets(&Dataset::from_pairs([("a", "x"), ("b", "y")]).unwrap().into()), None);
    }
}
