//! Text and names from a file, formatted for messages.

/// Text from a file: short, in quotes, on one line.
pub(super) fn quoted(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// The message about a row with an unexpected number of columns.
pub(super) fn expected_columns(expected: usize, got: usize) -> String {
    format!("expected {}, got {got}", n_columns(expected))
}

pub(super) fn n_columns(n: usize) -> String {
    format!("{n} column{}", if n == 1 { "" } else { "s" })
}

/// A list of names from a file, up to a readable number.
pub(super) fn list(names: &[&str]) -> String {
    const MOST: usize = 20;
    // "and 1 more" would be no shorter than the name that it hides.
    let n_shown = if names.len() == MOST + 1 { names.len() } else { names.len().min(MOST) };
    let mut text = names[..n_shown].iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    if names.len() > n_shown {
        text.push_str(&format!(" and {} more", names.len() - n_shown));
    }
    text
}

/// A hint for an unknown name: the nearest of `names`, if it is near enough.
pub(super) fn suggestion(name: &str, names: &[&str], what: &str) -> Option<String> {
    nearest(name, names)
        .map(|nearest| format!("check the spelling: did you mean the {what} {}?", quoted(nearest)))
}

/// The name with the smallest edit distance, at most one edit per three characters; names that differ only in case
/// are equal.
fn nearest<'a>(name: &str, names: &[&'a str]) -> Option<&'a str> {
    let wanted = lower_case(name);
    let distances = names.iter().map(|other| (edit_distance(&wanted, &lower_case(other)), *other));
    let (distance, nearest) = distances.min_by_key(|(distance, _)| *distance)?;
    let most = wanted.len().max(nearest.chars().count()).div_ceil(3);
    (distance <= most && distance < wanted.len()).then_some(nearest)
}

/// The first characters in lower case; a longer text is not a name.
fn lower_case(name: &str) -> Vec<char> {
    name.trim().chars().take(100).flat_map(char::to_lowercase).collect()
}

/// The number of insertions, deletions, replacements and swaps of neighbours that turn one text into the other (the
/// optimal string alignment distance).
fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before_last[j - 2] + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_one_that_may_have_been_meant() {
        let names = ["id", "body", "Title", "star rating", "日付"];
        for (name, expected) in [
            ("bodi", Some("body")),
            ("BODY", Some("body")),
            ("bdoy", Some("body")),
            ("titel", Some("Title")),
            ("star_rating", Some("star rating")),
            ("日 付", Some("日付")),
            ("text", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, &names), expected, "{name:?}");
        }
        assert_eq!(nearest("a", &[]), None);
    }

    #[test]
    fn a_list_never_hides_exactly_one_name() {
        let names = ["c"; 40];
        assert_eq!(list(&names[..21]).matches("\"c\"").count(), 21);
        assert!(!list(&names[..21]).contains("more"));
        assert!(list(&names[..22]).ends_with("\"c\" and 2 more"));
    }
}
