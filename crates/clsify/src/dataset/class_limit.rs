//! A limit on the number of classes: more classes usually mean that the wrong column was read as the label.

use crate::error::{Error, ErrorKind, Result};

/// The maximum number of classes without confirmation. The cost of fits and the size of reports grow with the number
/// of classes.
const MOST_CLASSES: usize = 1000;

/// From this many rows on, more classes than half the rows are not accepted: the rule of scikit-learn's
/// `type_of_target`.
const LEAST_ROWS: usize = 21;

/// Fails if there are so many classes, or labels, that the columns are probably swapped: more than `most`, or if that
/// is not given, more than 1,000, or more than half of more than 20 rows.
///
/// # Errors
/// [`ErrorKind::Dataset`] with a hint, but without the name of the file.
///
/// ```
/// use clsify::dataset::check_class_count;
/// assert!(check_class_count(2, 5572, None).is_ok());
/// let error = check_class_count(4534, 5572, None).unwrap_err();
/// assert_eq!(error.to_string(), "expected at most 1000 classes in 5572 rows, got 4534");
/// assert!(check_class_count(4534, 5572, Some(5000)).is_ok());
/// ```
pub fn check_class_count(n_classes: usize, n_rows: usize, most: Option<usize>) -> Result<()> {
    let usual = if n_rows < LEAST_ROWS { MOST_CLASSES } else { MOST_CLASSES.min(n_rows.div_ceil(2)) };
    let most = most.unwrap_or(usual);
    if n_classes <= most {
        return Ok(());
    }
    let s = if most == 1 { "" } else { "es" };
    let message = format!("expected at most {most} class{s} in {n_rows} rows, got {n_classes}");
    let hint = format!(
        "check that the sentences and the labels are not swapped: --text-column and --label-column; if there are so many \
         classes: --max-classes {n_classes}"
    );
    Err(Error::new(ErrorKind::Dataset, message).with_hint(hint))
}
