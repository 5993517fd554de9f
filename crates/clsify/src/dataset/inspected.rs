//! A file read to its end in spite of records that no classifier can be trained on.

use std::io::Read;
use std::path::Path;

use super::damage::{Damage, DamageKind};
use super::examples::Examples;
use super::{Dataset, DatasetOptions, open};
use crate::error::Result;

/// What [`Dataset`] reads, whatever its number of classes, and the records that it would have refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspected {
    /// The records that can be trained on, at least one.
    pub dataset: Dataset,
    /// Records without a sentence or label, and those that cannot be read, in the order of the file.
    pub refused: Vec<Damage>,
}

impl Inspected {
    /// Reads a file.
    ///
    /// # Errors
    /// Those of [`Dataset::load`] about the options, about a file that cannot be read at all (it is not text, its
    /// columns are not known), and about a file without one good record.
    pub fn load(path: &Path, options: &DatasetOptions) -> Result<Self> {
        Inspected::read(open(path)?, &path.display().to_string(), options)
    }

    /// Reads bytes; `name` stands in errors and, where no format is chosen, decides on it.
    ///
    /// # Errors
    /// Those of [`load`](Self::load).
    ///
    /// ```
    /// use clsify::dataset::{DamageKind, DatasetOptions, Inspected};
    /// let tsv = "a treat\t1\n\t0\na chore\n";
    /// let inspected = Inspected::read(tsv.as_bytes(), "reviews.tsv", &DatasetOptions::default())?;
    /// assert_eq!(inspected.dataset.sentences(), ["a treat"]);
    /// let refused: Vec<_> = inspected.refused.iter().map(|damage| (damage.line, damage.kind)).collect();
    /// assert_eq!(refused, [(2, DamageKind::EmptySentence), (3, DamageKind::Unreadable)]);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn read(reader: impl Read, name: &str, options: &DatasetOptions) -> Result<Self> {
        let mut examples = Examples::new(reader, name, options, true)?;
        let mut dataset =
            Dataset { sentences: Vec::new(), labels: Vec::new(), lines: Vec::new(), weights: None };
        let mut refused = Vec::new();
        let mut first_error = None;
        loop {
            let example = match examples.read_unchecked() {
                Ok(Some(example)) => example,
                Ok(None) => break,
                // Only where the file ends before its first record, or cannot be read at all.
                Err(error) if !examples.can_go_on() => return Err(first_error.unwrap_or(error).at(name)),
                Err(error) => {
                    let (line, message) = (examples.line(), error.to_string());
                    // The place is said once, unless it is another line of the record.
                    let message =
                        message.strip_prefix(&format!("line {line}: ")).unwrap_or(&message).to_string();
                    refused.push(Damage::new(line, &examples.text(), DamageKind::Unreadable, message));
                    first_error = first_error.or(Some(error));
                    continue;
                }
            };
            match example.check(true) {
                Ok(()) => {
                    dataset.sentences.push(example.sentence);
                    dataset.labels.push(example.label);
                    dataset.lines.push(example.line);
                }
                Err(error) => {
                    let kind = match example.sentence.trim().is_empty() {
                        true => DamageKind::EmptySentence,
                        false => DamageKind::EmptyLabel,
                    };
                    refused.push(Damage::new(example.line, &example.sentence, kind, error.to_string()));
                    first_error = first_error.or(Some(error.at(format!("line {}", example.line))));
                }
            }
        }
        match first_error {
            Some(error) if dataset.is_empty() => Err(error.at(name)),
            _ => Ok(Inspected { dataset, refused }),
        }
    }
}

impl From<Dataset> for Inspected {
    fn from(dataset: Dataset) -> Self {
        Inspected { dataset, refused: Vec::new() }
    }
}
