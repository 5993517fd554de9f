//! Detects that the two columns of a table without known names are not a sentence and its label, in this order.
//!
//! Labels and numbers are shorter than sentences, have fewer words and occur more often. Each sign has exceptions, so
//! it counts only if all rows agree, and the result is an error that asks for the name or number of a column.

use std::collections::HashSet;

use ::csv::StringRecord;

/// Returns true if column `b` rather than `a` looks like the sentences: the cells of `a` have no letters, or never
/// two words, or few distinct values, in contrast to `b`. Cells with several labels may have more words than a
/// sentence.
pub(super) fn is_sentence_second(
    first: &StringRecord,
    rest: &[StringRecord],
    a: usize,
    b: usize,
    is_multi_label: bool,
) -> bool {
    // The first row may be a header, whose words are not evidence.
    let rows = if rest.is_empty() { std::slice::from_ref(first) } else { rest };
    let cells = rows.iter().filter_map(|row| Some((row.get(a)?.trim(), row.get(b)?.trim())));
    let cells: Vec<(&str, &str)> = cells.filter(|(a, b)| !a.is_empty() && !b.is_empty()).collect();
    let starts_with_sentence = first.get(a).is_some_and(has_words);
    let mostly_second = |has: fn(&str) -> bool| {
        !starts_with_sentence
            && cells.iter().all(|(a, _)| !has(a))
            && 2 * cells.iter().filter(|(_, b)| has(b)).count() > cells.len()
    };
    // A single row may be an exception.
    let is_sure = cells.len() > 1 || !first.get(a).is_some_and(has_letters);
    if is_sure && mostly_second(has_letters) {
        return true;
    }
    if is_multi_label {
        return false;
    }
    let n_characters = |of: fn(&(&str, &str)) -> usize| cells.iter().map(of).sum::<usize>();
    let (length_a, length_b) =
        (n_characters(|(a, _)| a.chars().count()), n_characters(|(_, b)| b.chars().count()));
    if cells.len() > 1 && mostly_second(has_words) && length_b > 2 * length_a {
        return true;
    }
    let distinct = |of: fn(&(&str, &str)) -> String| cells.iter().map(of).collect::<HashSet<_>>().len();
    let (distinct_a, distinct_b) = (distinct(|(a, _)| a.to_string()), distinct(|(_, b)| b.to_string()));
    cells.len() >= 10
        && 2 * distinct_a <= cells.len()
        && 10 * distinct_b > 9 * cells.len()
        && length_b > 2 * length_a
}

/// Returns true if the first row looks like a header among records: it has one word where the others have several
/// and, if there is a label, a label that no other row has.
pub(super) fn is_header_alone(
    first: &StringRecord,
    rest: &[StringRecord],
    sentence: usize,
    label: Option<usize>,
) -> bool {
    let is_word = first.get(sentence).is_some_and(|name| has_letters(name) && !has_words(name));
    let with_words = rest.iter().filter(|row| row.get(sentence).is_some_and(has_words)).count();
    let is_of_its_own = |label: usize| {
        let name = first.get(label).unwrap_or_default().trim();
        has_letters(name) && rest.iter().all(|row| row.get(label).is_none_or(|other| other.trim() != name))
    };
    rest.len() > 1 && is_word && 2 * with_words > rest.len() && label.is_none_or(is_of_its_own)
}

fn has_letters(text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
}

fn has_words(text: &str) -> bool {
    text.split_whitespace().nth(1).is_some()
}
