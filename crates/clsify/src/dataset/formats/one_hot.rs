//! One column per label, 1 where a sentence has it and 0 where it has not: label sets as scikit-learn's indicator matrix has
//! them, and as many published data sets do.
//!
//! The columns become the cell that other files have: the labels, with the separator between them.

use crate::dataset::LabelSeparator;
use crate::dataset::example::Example;
use crate::dataset::flag::is_set;
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

/// Checks that names of columns can stand in a cell.
pub(super) fn fit<'a>(names: impl Iterator<Item = &'a str>, separator: &LabelSeparator) -> Result<()> {
    separator.cell(&names.collect::<Vec<&str>>()).map(drop)
}
