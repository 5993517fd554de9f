//! The costs of mistakes for label sets, from a CSV file with one row per label.
//!
//! ```csv
//! label,false_positive,false_negative
//! urgent,1,20
//! ```

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::costs_csv::{self, bad};
use crate::error::{Error, ErrorKind, Result};
use crate::targets::LabelIndicator;

const HEADER: [&str; 3] = ["label", "false_positive", "false_negative"];

/// The costs of mistakes by label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LabelCosts {
    costs: BTreeMap<String, LabelCost>,
}

/// The costs of mistakes about one label; numbers of at least 0, at least one of which is positive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LabelCost {
    /// The cost of assigning the label to a row that lacks it.
    pub false_positive: f64,
    /// The cost of not assigning the label to a row that has it.
    pub false_negative: f64,
}

impl LabelCost {
    /// The probability above which assigning the label has the lower expected cost: `fp / (fp + fn)`. Source: Elkan
    /// (2001), "The foundations of cost-sensitive learning".
    ///
    /// ```
    /// use clsify::decision::LabelCost;
    /// assert_eq!(LabelCost { false_positive: 1.0, false_negative: 3.0 }.threshold(), 0.25);
    /// ```
    pub fn threshold(&self) -> f64 {
        // Written as a quotient, so that the sum of large costs is not infinite.
        1.0 / (1.0 + self.false_negative / self.false_positive)
    }
}

impl LabelCosts {
    /// Reads a file.
    ///
    /// # Errors
    /// As for [`parse`](Self::parse), and I/O errors.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let (text, name) = costs_csv::load(path)?;
        Self::parse(&text, &name)
    }

    /// Parses a text; `name` is its name in messages.
    ///
    /// # Errors
    /// [`ErrorKind::Dataset`] with the line if the header differs, if a row does not have three cells, if a label
    /// occurs twice, or if costs are not finite numbers of at least 0 with one above 0.
    ///
    /// ```
    /// use clsify::decision::LabelCosts;
    /// let text = "label,false_positive,false_negative\nurgent,1,20\n";
    /// assert_eq!(LabelCosts::parse(text, "costs.csv")?.threshold("urgent"), 1.0 / 21.0);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn parse(text: &str, name: &str) -> Result<Self> {
        let mut rows = costs_csv::rows(text, name);
        if let Some((header, place)) = rows.next().transpose()?.filter(|(header, _)| *header != HEADER) {
            let message = format!("expected the header {}, got {}", HEADER.join(","), header.join(","));
            return Err(bad(message).at(place).with_hint(
                "with --multi-label a row says what giving a label wrongly costs, and what missing it",
            ));
        }
        let mut costs = BTreeMap::new();
        for row in rows {
            let (cells, place) = row?;
            let [label, false_positive, false_negative] = &cells[..] else {
                return Err(bad(format!("expected 3 cells, got {}", cells.len())).at(place));
            };
            let cost = |cell| costs_csv::cost(cell, || format!("{label:?}"), &place);
            let cost =
                LabelCost { false_positive: cost(false_positive)?, false_negative: cost(false_negative)? };
            if cost.false_positive == 0.0 && cost.false_negative == 0.0 {
                let message = format!("expected a cost above 0 for {label:?}, got two of 0");
                return Err(bad(message).at(place));
            }
            if costs.insert(label.to_string(), cost).is_some() {
                return Err(
                    bad(format!("expected one row for each label, got a second one for {label:?}")).at(place)
                );
            }
        }
        if costs.is_empty() {
            let message = format!("expected the header {} and a row for a label", HEADER.join(","));
            return Err(bad(message).at(name));
        }
        Ok(LabelCosts { costs })
    }

    /// The threshold of a label; 0.5 if the file does not contain it.
    pub fn threshold(&self, label: &str) -> f64 {
        self.costs.get(label).map_or(0.5, LabelCost::threshold)
    }

    /// The mean cost of the answers per row; `labels` names the columns.
    pub(crate) fn mean_cost(
        &self,
        y_true: &LabelIndicator,
        y_pred: &LabelIndicator,
        labels: &[String],
    ) -> f64 {
        let of_labels: Vec<Option<&LabelCost>> = labels.iter().map(|label| self.costs.get(label)).collect();
        let of_answer =
            |((cost, truth), given): ((&Option<&LabelCost>, &bool), &bool)| match (cost, truth, given) {
                (Some(cost), false, true) => cost.false_positive,
                (Some(cost), true, false) => cost.false_negative,
                _ => 0.0,
            };
        let of_row = |(truth, given): (&[bool], &[bool])| -> f64 {
            of_labels.iter().zip(truth).zip(given).map(of_answer).sum()
        };
        y_true.rows().zip(y_pred.rows()).map(of_row).sum::<f64>() / y_true.n_samples() as f64
    }

    /// Checks that the labels are those of the data.
    pub(crate) fn check(&self, all: &[String]) -> Result<()> {
        let known: HashSet<&String> = all.iter().collect();
        let Some(unknown) = self.costs.keys().find(|label| !known.contains(label)) else { return Ok(()) };
        let known: Vec<&str> = all.iter().map(String::as_str).collect();
        let known = crate::notes::list::list(&known);
        let message = format!("no row of the data has the label {unknown:?}, the labels are {known}");
        Err(Error::new(ErrorKind::InvalidArgument, message).at("cost matrix"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_read_and_counted() {
        let costs = LabelCosts::parse(
            "\u{feff}label, false_positive, false_negative\n\"a,b\",1,3\nc,2,0\nd,0,5\n",
            "costs.csv",
        )
        .unwrap();
        let thresholds = ["a,b", "c", "d", "e"].map(|label| costs.threshold(label));
        assert_eq!(thresholds, [0.25, 1.0, 0.0, 0.5]);
        let of = |sets: &[Vec<usize>]| LabelIndicator::from_sets(sets, 3).unwrap();
        let labels = ["a,b", "c", "e"].map(String::from);
        let (truth, given) = (of(&[vec![0], vec![2]]), of(&[vec![1], vec![0]]));
        // The first row misses one label and is wrongly assigned another, the second is wrongly assigned one; `e` has
        // no costs.
        assert_eq!(costs.mean_cost(&truth, &given, &labels), (3.0 + 2.0 + 1.0) / 2.0);
    }

    #[test]
    fn bad_files_are_named_with_their_line() {
        for (text, expected) in [
            ("", "costs.csv: expected the header label,false_positive,false_negative and a row"),
            (
                "true,a,b\na,0,1\n",
                "costs.csv: line 1: expected the header label,false_positive,false_negative",
            ),
            ("label,false_positive,false_negative\na,1\n", "costs.csv: line 2: expected 3 cells, got 2"),
            (
                "label,false_positive,false_negative\na,1,-1\n",
                "line 2: cost of \"a\": expected a number of at least 0, got \"-1\"",
            ),
            ("label,false_positive,false_negative\na,0,0\n", "line 2: expected a cost above 0"),
            (
                "label,false_positive,false_negative\na,1,1\na,1,1\n",
                "line 3: expected one row for each label",
            ),
        ] {
            let error = LabelCosts::parse(text, "costs.csv").unwrap_err().to_string();
            assert!(error.contains(expected), "{text:?}: {error}");
        }
        let costs = LabelCosts::parse("label,false_positive,false_negative\na,1,1\n", "costs.csv").unwrap();
        let error = costs.check(&["b".to_string()]).unwrap_err().to_string();
        assert!(error.contains("no row of the data has the label \"a\", the labels are b"), "{error}");
    }
}
