//! Reads a file to its end, including records that no classifier can be trained on.

use std::io::Read;
use std::path::Path;

use super::damage::text_damage;
use super::damage_kind::Damage;
use super::examples::Examples;
use super::labelled::Dataset;
use super::options::DatasetOptions;
use super::source_file::open;
use crate::error::{ErrorKind, Result};

/// The content of a file as a [`Dataset`] with any number of classes, and the records that were refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspected {
    /// The records that can be trained on, at least one.
    pub dataset: Dataset,
    /// The refused records, in the order of the file: those without a sentence or label, with a bad weight or label
    /// column, and those that cannot be read; the first 10,000.
    pub refused: Vec<Damage>,
    /// The number of refused records.
    pub n_refused: usize,
}

impl Inspected {
    /// Reads a file.
    ///
    /// # Errors
    /// Those of [`Dataset::load`] about the options, about a file that cannot be read at all (it is not text, or its
    /// columns are not known), and about a file without any usable record.
    pub fn load(path: impl AsRef<Path>, options: &DatasetOptions) -> Result<Self> {
        let path = path.as_ref();
        Inspected::read(open(path)?, &path.display().to_string(), options)
    }

    /// Reads bytes; `name` appears in errors and, if no format is chosen, determines it.
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
        let mut dataset = Dataset::empty(options.multi_label.as_ref());
        loop {
            let example = match examples.next_good() {
                Ok(Some(example)) => example,
                Ok(None) => break,
                // This happens only if the file ends before its first record, or cannot be read at all.
                Err(error) if dataset.is_empty() || error.kind() == ErrorKind::Io => {
                    return Err(examples.take_refused().first_error.unwrap_or(error).at(name));
                }
                Err(error) => {
                    examples.refuse_unreadable(error, "; what follows was not read");
                    break;
                }
            };
            dataset.push(example);
        }
        dataset.settle_groups(examples.groups_duplicates);
        let refused = examples.take_refused();
        match refused.first_error {
            Some(error) if dataset.is_empty() => Err(error.at(name)),
            _ => Ok(Inspected { dataset, refused: refused.rows, n_refused: refused.n }),
        }
    }

    /// The refused records, and signs of damage in the sentences of the others, in the order of the file.
    ///
    /// ```
    /// use clsify::dataset::{DatasetOptions, Inspected};
    /// let tsv = "fish &amp; chips\t1\n\t0\n";
    /// let inspected = Inspected::read(tsv.as_bytes(), "reviews.tsv", &DatasetOptions::default())?;
    /// let lines: Vec<usize> = inspected.damage().iter().map(|damage| damage.line).collect();
    /// assert_eq!(lines, [1, 2]);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn damage(&self) -> Vec<Damage> {
        let mut all = self.refused.clone();
        all.extend(text_damage(&self.dataset));
        all.sort_by_key(|damage| (damage.line, damage.kind));
        all
    }
}

impl From<Dataset> for Inspected {
    /// Wraps a data set without refused records.
    fn from(dataset: Dataset) -> Self {
        Inspected { dataset, refused: Vec::new(), n_refused: 0 }
    }
}
