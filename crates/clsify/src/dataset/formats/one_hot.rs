//! One column per label, 1 where a sentence has it and 0 where it has not: label sets as scikit-learn's indicator matrix has
//! them, and as many published data sets do.
//!
//! The columns become the cell that other files have: the labels, with the separator between them.

use crate::dataset::LabelSeparator;
use crate::dataset::example::Example;
use crate::dataset::messages::quoted;
use crate::error::Result;

/// A record of these columns' names and cells, once the names are known to [`fit`]. A cell that is neither yes nor no is a
/// fault of the record.
pub(super) fn example<'a>(
    line: usize,
    sentence: &str,
    columns: impl Iterator<Item = (&'a str, &'a str)>,
    separator: &LabelSeparator,
) -> Example {
    let mut labels = Vec::new();
    let mut bad = None;
    for (name, cell) in columns {
        match is_set(cell) {
            Some(true) => labels.push(name),
            Some(false) => {}
            None => {
                bad = bad.or_else(|| {
                    Some(format!("expected 0 or 1 in the column {}, got {}", quoted(name), quoted(cell)))
                });
            }
        }
    }
    let mut example = Example::with_cell(line, sentence, &separator.join(&labels));
    example.bad_label = bad;
    example
}

/// Whether names of columns can stand in a cell.
pub(super) fn fit<'a>(names: impl Iterator<Item = &'a str>, separator: &LabelSeparator) -> Result<()> {
    separator.cell(&names.collect::<Vec<&str>>()).map(drop)
}

/// What a cell says; nothing else than these is guessed at.
pub(in crate::dataset) fn is_set(cell: &str) -> Option<bool> {
    let cell = cell.trim();
    if cell.eq_ignore_ascii_case("true") {
        return Some(true);
    }
    if cell.eq_ignore_ascii_case("false") {
        return Some(false);
    }
    match cell.parse::<f64>() {
        Ok(0.0) => Some(false),
        Ok(1.0) => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_and_ones_are_told_from_all_else() {
        for cell in ["1", " 1 ", "1.0", "1.000", "true", "True", "TRUE", "1e0"] {
            assert_eq!(is_set(cell), Some(true), "{cell:?}");
        }
        for cell in ["0", "0.0", "-0.0", "false", "False"] {
            assert_eq!(is_set(cell), Some(false), "{cell:?}");
        }
        for cell in ["", "-1", "2", "0.5", "yes", "nan", "NaN", "x", "null"] {
            assert_eq!(is_set(cell), None, "{cell:?}");
        }
    }
}
