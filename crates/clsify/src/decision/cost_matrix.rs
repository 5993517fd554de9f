//! The costs of mistakes, from a CSV file: the header has the predicted labels, and every row a true label and its
//! costs.
//!
//! ```csv
//! true,ham,spam
//! ham,0,10
//! spam,1,0
//! ```

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::costs_csv::{self, bad};
use crate::error::{Error, ErrorKind, Result};

/// The costs of answers by true label.
#[derive(Debug, Clone, PartialEq)]
pub struct CostMatrix {
    /// The name of the file, for messages.
    name: String,
    labels: Vec<String>,
    /// `[n_labels][n_labels]`: true label, then answer.
    costs: Vec<Vec<f64>>,
}

impl CostMatrix {
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
    /// [`ErrorKind::Dataset`] with the line if a row is not as long as the header, if a label occurs twice or has no
    /// row or no column, if a cost is not a finite number of at least 0, or if there are more than 4,096 labels,
    /// because the number of costs is the square of the number of labels.
    ///
    /// ```
    /// use clsify::decision::CostMatrix;
    /// let costs = CostMatrix::parse("true,spam,ham\nham,10,0\nspam,0,1\n", "costs.csv")?;
    /// let sorted = ["ham".to_string(), "spam".to_string()];
    /// assert_eq!(costs.of_classes(&sorted)?, [[0.0, 10.0], [1.0, 0.0]]);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn parse(text: &str, name: &str) -> Result<Self> {
        let mut rows = costs_csv::rows(text, name);
        let Some((header, place)) = rows.next().transpose()? else {
            return Err(bad("expected a header with the predicted labels, got an empty file").at(name));
        };
        let labels: Vec<String> = header[1..].to_vec();
        if labels.len() < 2 {
            return Err(
                bad("expected a first cell and at least two predicted labels, separated by commas").at(place)
            );
        }
        let mut places = HashMap::with_capacity(labels.len());
        for (class, label) in labels.iter().enumerate() {
            if places.insert(label.as_str(), class).is_some() {
                return Err(bad(format!("expected every label once, got {label:?} twice")).at(place));
            }
        }
        let mut costs: Vec<Option<Vec<f64>>> = vec![None; labels.len()];
        for row in rows {
            let (cells, place) = row?;
            if cells.len() != header.len() {
                let message =
                    format!("expected {} cells as in the header, got {}", header.len(), cells.len());
                return Err(bad(message).at(place));
            }
            let truth = &cells[0];
            let Some(&class) = places.get(truth.as_str()) else {
                let message = format!("the true label {truth:?} is not among the header's labels");
                return Err(bad(message).at(place).with_hint("every label needs a row and a column"));
            };
            if costs[class].is_some() {
                return Err(bad(format!("expected one row for every label, got a second one for {truth:?}"))
                    .at(place));
            }
            let cost = |(answer, cell): (&String, &String)| {
                costs_csv::cost(cell, || format!("the answer {answer:?} for {truth:?}"), &place)
            };
            costs[class] = Some(labels.iter().zip(&cells[1..]).map(cost).collect::<Result<_>>()?);
        }
        let costs = labels.iter().zip(costs).map(|(label, row)| {
            row.ok_or_else(|| {
                bad(format!("expected a row for every label of the header, got none for {label:?}")).at(name)
            })
        });
        let costs = costs.collect::<Result<_>>()?;
        Ok(CostMatrix { name: name.to_string(), labels, costs })
    }

    /// The costs in the order of a classifier's classes, `[n_classes][n_classes]`: true class, then answer.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if a class has no costs.
    pub fn of_classes(&self, classes: &[String]) -> Result<Vec<Vec<f64>>> {
        let known: HashMap<&String, usize> = self.labels.iter().zip(0..).collect();
        let place = |class: &String| {
            known.get(class).copied().ok_or_else(|| {
                let message = format!("expected a row and a column for every label, got none for {class:?}");
                Error::new(ErrorKind::InvalidArgument, message).at(self.name.as_str())
            })
        };
        let places: Vec<usize> = classes.iter().map(place).collect::<Result<_>>()?;
        Ok(places.iter().map(|&i| places.iter().map(|&j| self.costs[i][j]).collect()).collect())
    }

    /// Checks that the labels occur in the data; `all` may contain more labels than the training rows.
    pub(crate) fn check(&self, all: &[String]) -> Result<()> {
        let known: HashSet<&String> = all.iter().collect();
        let Some(unknown) = self.labels.iter().find(|label| !known.contains(label)) else { return Ok(()) };
        let known: Vec<&str> = all.iter().map(String::as_str).collect();
        let message = format!(
            "no row of the data has the label {unknown:?}, the labels are {}",
            crate::notes::list::list(&known)
        );
        Err(Error::new(ErrorKind::InvalidArgument, message).at(self.name.as_str()))
    }
}
