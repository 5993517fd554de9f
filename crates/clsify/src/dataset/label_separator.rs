//! The separator of labels in a cell such as `politics;sport`.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::messages::quoted;
use crate::error::{Error, ErrorKind, Result};

/// The separator of labels in a cell.
///
/// ```
/// use clsify::dataset::LabelSeparator;
/// let separator: LabelSeparator = ";".parse()?;
/// assert_eq!(separator.split(" sport; politics;;sport "), ["politics", "sport"]);
/// assert_eq!(separator.join(&["politics", "sport"]), "politics;sport");
/// assert!("".parse::<LabelSeparator>().is_err());
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LabelSeparator(String);

impl LabelSeparator {
    /// Splits a cell into sorted, distinct labels; whitespace around them is ignored, and empty parts are not labels.
    pub fn split(&self, cell: &str) -> Vec<String> {
        let labels: BTreeSet<&str> =
            cell.split(self.0.as_str()).map(str::trim).filter(|label| !label.is_empty()).collect();
        labels.into_iter().map(str::to_string).collect()
    }

    /// Joins labels to a cell; fails if one contains the separator.
    pub(super) fn cell<L: AsRef<str>>(&self, labels: &[L]) -> Result<String> {
        if let Some(label) = labels.iter().map(AsRef::as_ref).find(|label| label.contains(&self.0)) {
            let message =
                format!("expected labels without the separator {}, got {}", quoted(&self.0), quoted(label));
            let hint = "choose another separator with --multi-label";
            return Err(Error::new(ErrorKind::Dataset, message).with_hint(hint));
        }
        Ok(self.join(labels))
    }

    /// Joins labels to a cell.
    pub fn join<L: AsRef<str>>(&self, labels: &[L]) -> String {
        labels.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(&self.0)
    }
}

impl FromStr for LabelSeparator {
    type Err = Error;

    /// Parses any non-empty text of one line.
    fn from_str(text: &str) -> Result<Self> {
        if text.is_empty() || text.contains(['\n', '\r']) {
            let message = "expected a separator of labels such as ; without a line break, got none";
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        Ok(LabelSeparator(text.to_string()))
    }
}

impl TryFrom<String> for LabelSeparator {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<LabelSeparator> for String {
    fn from(separator: LabelSeparator) -> String {
        separator.0
    }
}

impl fmt::Display for LabelSeparator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
