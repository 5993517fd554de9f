//! The score by which choices are compared.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};

/// The score by which choices are compared; the names are those of scikit-learn. It is weighted by sample weight, if
/// there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scoring {
    /// The share of rows that are predicted correctly; for label sets the subset accuracy.
    #[default]
    Accuracy,
    /// The mean F1 over classes or labels: each has the same weight, however few rows it has.
    F1Macro,
    /// F1 of all answers together: frequent labels have more influence. With one label per row it is the accuracy.
    F1Micro,
    /// The mean of `-ln` of the true class's probability, for label sets of each label's true answer; lower is
    /// better.
    LogLoss,
}

impl Scoring {
    /// All scores.
    pub const ALL: [Scoring; 4] = [Scoring::Accuracy, Scoring::F1Macro, Scoring::F1Micro, Scoring::LogLoss];

    /// Returns true if higher is better.
    pub fn is_more_better(self) -> bool {
        self != Scoring::LogLoss
    }

    /// Orders two scores; the greater is the better one.
    pub fn compare(self, a: f64, b: f64) -> Ordering {
        match self.is_more_better() {
            true => a.total_cmp(&b),
            false => b.total_cmp(&a),
        }
    }
}

impl fmt::Display for Scoring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Scoring::Accuracy => "accuracy",
            Scoring::F1Macro => "f1_macro",
            Scoring::F1Micro => "f1_micro",
            Scoring::LogLoss => "log_loss",
        })
    }
}

impl FromStr for Scoring {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Scoring::ALL.into_iter().find(|scoring| scoring.to_string() == text).ok_or_else(|| {
            let message = format!("expected accuracy, f1_macro, f1_micro or log_loss, got {text:?}");
            Error::new(ErrorKind::InvalidArgument, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for scoring in Scoring::ALL {
            assert_eq!(scoring.to_string().parse::<Scoring>().unwrap(), scoring);
        }
        assert!("f1".parse::<Scoring>().is_err());
    }
}
