//! Hints about the spelling of labels, for `doctor`, training and evaluation, and for classes and label sets.

use crate::dataset::{
    LabelSeparator, Spellings, is_part_of_a_list, odd_character, python_list, shown, spelled_otherwise,
    spellings,
};
use crate::observer::Observer;

/// The number of groups of labels that are named.
const MOST: usize = 3;

/// A hint for a label that is a list of labels, or a part of one that was split at the separator.
pub(crate) fn list_hint(label: &str, separator: Option<&LabelSeparator>) -> Option<String> {
    let items = python_list(label);
    let part = match &items {
        Some(_) => "",
        None if separator.is_some() && is_part_of_a_list(label) => "a part of ",
        None => return None,
    };
    // The given separator, if this label does not contain it.
    let given =
        separator.map(ToString::to_string).filter(|separator| part.is_empty() && !label.contains(separator));
    let unused = || [";", "|", "/"].into_iter().find(|separator| !label.contains(separator));
    let separator = given.unwrap_or_else(|| unused().unwrap_or(";").to_string());
    let cell = match items.as_deref() {
        None => format!("pos{separator}neg"),
        Some([]) => "an empty cell".to_string(),
        Some(items) => shown(&items.join(&separator)),
    };
    Some(format!(
        "{} looks like {part}a Python list of labels: write it as {cell} and read the file with --multi-label {separator:?}",
        shown(label)
    ))
}

/// A hint for a label with a character that is invisible, or that looks like a space but is another character.
pub(crate) fn odd_character_hint(label: &str) -> Option<String> {
    let code = u32::from(odd_character(label)?);
    let seen = if matches!(odd_character(label), Some(c) if c.is_whitespace()) {
        "is not a plain space"
    } else {
        "cannot be seen"
    };
    Some(format!(
        "label {} contains a character that {seen} (U+{code:04X}): remove it, or answers will contain it too",
        shown(label)
    ))
}

/// Notes labels that are probably one class, and labels that are lists.
pub(crate) fn note_label_spelling(
    observer: &dyn Observer,
    labels: &[String],
    separator: Option<&LabelSeparator>,
) {
    let found = spellings(labels);
    if !found.is_empty() {
        let group = |all: &Spellings| {
            let names: Vec<String> = all.labels.iter().map(|label| shown(label)).collect();
            format!("{} (they differ only in {})", names.join(" and "), all.difference)
        };
        let named: Vec<String> = found.iter().take(MOST).map(group).collect();
        observer.warn(&format!(
            "labels that are probably one class: {}{}. Write each label in one way; clsify doctor shows them all",
            named.join("; "),
            and_more(found.len())
        ));
    }
    let hints: Vec<String> = labels.iter().filter_map(|label| list_hint(label, separator)).collect();
    if let Some(first) = hints.first() {
        let n = hints.len() - 1;
        let more = match n {
            0 => String::new(),
            1 => "; 1 more label is a list too".to_string(),
            n => format!("; {n} more labels are lists too"),
        };
        observer.warn(&format!("label {first}{more}"));
    }
}

/// Notes labels that a classifier knows in another spelling.
pub(crate) fn note_known_otherwise(observer: &dyn Observer, unknown: &[String], known: &[String]) {
    let pairs: Vec<String> = unknown
        .iter()
        .filter_map(|label| {
            let (other, difference) = spelled_otherwise(label, known)?;
            Some(format!("{} for {} (they differ only in {difference})", shown(other), shown(label)))
        })
        .collect();
    if !pairs.is_empty() {
        let (named, more) = (pairs[..pairs.len().min(MOST)].join("; "), and_more(pairs.len()));
        observer.warn(&format!("the classifier knows {named}{more}: write labels as in its training data"));
    }
}

fn and_more(n: usize) -> String {
    if n > MOST { format!("; and {} more", n - MOST) } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_named_with_what_to_write_instead() {
        let hint = |label: &str, separator: Option<&str>| {
            list_hint(label, separator.map(|s| s.parse().unwrap()).as_ref())
        };
        assert_eq!(
            hint("['pos', 'x']", None).unwrap(),
            "['pos', 'x'] looks like a Python list of labels: write it as pos;x and read the file with --multi-label \";\""
        );
        assert!(
            hint("['a;b', 'x']", None)
                .unwrap()
                .contains("write it as a;b|x and read the file with --multi-label \"|\"")
        );
        assert!(hint("['pos', 'x']", Some("|")).unwrap().contains("write it as pos|x and"));
        assert!(
            hint("['pos'", Some(","))
                .unwrap()
                .contains("a part of a Python list of labels: write it as pos;neg and")
        );
        assert!(hint("[]", None).unwrap().contains("write it as an empty cell"));
        assert_eq!((hint("['pos'", None), hint("pos", Some(","))), (None, None));
    }
}
