//! A file read to its end in spite of records that no classifier can be trained on.

use std::io::Read;
use std::path::Path;

use super::damage::text_damage_of;
use super::damage_kind::Damage;
use super::examples::Examples;
use super::{Dataset, DatasetOptions, LabelSeparator, open};
use crate::error::{ErrorKind, Result};

/// What [`Dataset`] reads, whatever its number of classes, and the records that it would have refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspected {
    /// The records that can be trained on, at least one. Where a sentence may have several labels, its label here is a cell:
    /// the labels sorted, each once, with the separator between them; nothing where it has none.
    pub dataset: Dataset,
    /// Records without a sentence or label, with a bad weight or label column, and those that cannot be read, in the order of
    /// the file; the first 10,000.
    pub refused: Vec<Damage>,
    /// How many there are.
    pub n_refused: usize,
    /// What stands between the labels of a cell, where a sentence may have several.
    pub separator: Option<LabelSeparator>,
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
        Inspected::collect(Examples::new(reader, name, options, true)?, name, None)
    }

    /// Reads a file whose sentences may have several labels, or none.
    ///
    /// # Errors
    /// Those of [`load`](Self::load).
    pub fn load_multi_label(
        path: &Path,
        separator: &LabelSeparator,
        options: &DatasetOptions,
    ) -> Result<Self> {
        Inspected::read_multi_label(open(path)?, &path.display().to_string(), separator, options)
    }

    /// Reads bytes likewise; `name` stands in errors and, where no format is chosen, decides on it.
    ///
    /// # Errors
    /// Those of [`load`](Self::load).
    ///
    /// ```
    /// use clsify::dataset::{DatasetOptions, Inspected};
    /// let tsv = "the vote and the match\tsport; politics\nthe weather\t\n\tsport\n";
    /// let options = DatasetOptions::default();
    /// let inspected = Inspected::read_multi_label(tsv.as_bytes(), "news.tsv", &";".parse()?, &options)?;
    /// assert_eq!(inspected.dataset.labels(), ["politics;sport", ""]);
    /// assert_eq!(inspected.refused[0].line, 3);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn read_multi_label(
        reader: impl Read,
        name: &str,
        separator: &LabelSeparator,
        options: &DatasetOptions,
    ) -> Result<Self> {
        let examples = Examples::multi_label(reader, name, options, separator)?;
        Inspected::collect(examples, name, Some(separator))
    }

    fn collect<R: Read>(
        mut examples: Examples<R>,
        name: &str,
        separator: Option<&LabelSeparator>,
    ) -> Result<Self> {
        let mut dataset = Dataset::empty();
        loop {
            let mut example = match examples.next_good() {
                Ok(Some(example)) => example,
                Ok(None) => break,
                // Only where the file ends before its first record, or cannot be read at all.
                Err(error) if dataset.is_empty() || error.kind() == ErrorKind::Io => {
                    return Err(examples.take_refused().first_error.unwrap_or(error).at(name));
                }
                Err(error) => {
                    examples.refuse_unreadable(error, "; what follows was not read");
                    break;
                }
            };
            if let Some(separator) = separator {
                example.label = separator.join(&separator.split(&example.label));
            }
            dataset.push(example);
        }
        dataset.grouping.settle(&dataset.sentences, examples.groups_duplicates);
        let refused = examples.take_refused();
        match refused.first_error {
            Some(error) if dataset.is_empty() => Err(error.at(name)),
            _ => Ok(Inspected {
                dataset,
                refused: refused.rows,
                n_refused: refused.n,
                separator: separator.cloned(),
            }),
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
        all.extend(text_damage_of(&self.dataset, self.separator.as_ref()));
        all.sort_by_key(|damage| (damage.line, damage.kind));
        all
    }

    /// The labels of each sentence, sorted; one each, unless there is a separator.
    pub fn label_sets(&self) -> impl Iterator<Item = Vec<String>> {
        self.dataset.labels.iter().map(|label| match &self.separator {
            Some(separator) => separator.split(label),
            None => vec![label.clone()],
        })
    }
}

impl From<Dataset> for Inspected {
    /// With one label a sentence, and nothing refused.
    fn from(dataset: Dataset) -> Self {
        Inspected { dataset, refused: Vec::new(), n_refused: 0, separator: None }
    }
}
