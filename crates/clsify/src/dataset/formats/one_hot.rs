//! Label columns: 1 if a sentence has the label, 0 if not. This is the form of scikit-learn's indicator matrix and of
//! many published data sets.
//!
//! The columns are converted to the label cell that other files have, with the separator between the labels.

use crate::dataset::LabelSeparator;
use crate::dataset::example::Example;
use crate::dataset::flag::is_set;
use crate::dataset::messages::quoted;
use crate::error::Result;

/// Creates a record from the names and cells of these columns, after [`fit`] has checked the names. A cell that is
/// neither true nor false is a fault of the record.
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

/// Checks that the names of columns can be labels in a cell.
pub(super) fn fit<'a>(names: impl Iterator<Item = &'a str>, separator: &LabelSeparator) -> Result<()> {
    separator.cell(&names.collect::<Vec<&str>>()).map(drop)
}
