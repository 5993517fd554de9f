//! A file read to its end in spite of records that no classifier can be trained on.

use std::io::Read;
use std::path::Path;

use super::damage::{Damage, DamageKind, text_damage_of};
use super::examples::Examples;
use super::{Dataset, DatasetOptions, LabelSeparator, open};
use crate::error::{Error, ErrorKind, Result};

/// Refused records that are kept: of a file of garbage the first ones are enough to see what it is.
const MOST_REFUSED: usize = 10_000;

/// What [`Dataset`] reads, whatever its number of classes, and the records that it would have refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspected {
    /// The records that can be trained on, at least one. Where a sentence may have several labels, its label here is a cell:
    /// the labels sorted, each once, with the separator between them; nothing where it has none.
    pub dataset: Dataset,
    /// Records without a sentence or label, with a bad weight, and those that cannot be read, in the order of the file;
    /// the first 10,000.
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
        let dataset = Dataset { sentences: Vec::new(), labels: Vec::new(), lines: Vec::new(), weights: None };
        let mut all = Inspected { separator: separator.cloned(), ..Inspected::from(dataset) };
        let mut first_error = None;
        loop {
            let example = match examples.read_unchecked() {
                Ok(Some(example)) => example,
                Ok(None) => break,
                // Only where the file ends before its first record, or cannot be read at all.
                Err(error) if !examples.can_go_on() && all.is_hopeless(&error) => {
                    return Err(first_error.unwrap_or(error).at(name));
                }
                Err(error) => {
                    let (line, message) = (examples.line(), error.to_string());
                    // The place is said once, unless it is another line of the record.
                    let mut message =
                        message.strip_prefix(&format!("line {line}: ")).unwrap_or(&message).to_string();
                    if !examples.can_go_on() {
                        message.push_str("; what follows was not read");
                    }
                    all.refuse(|| Damage::new(line, &examples.text(), DamageKind::Unreadable, message));
                    if !examples.can_go_on() {
                        break;
                    }
                    first_error = first_error.or(Some(error));
                    continue;
                }
            };
            if let Some((kind, error)) = example.fault(true) {
                all.refuse(|| Damage::new(example.line, &example.sentence, kind, error.to_string()));
                first_error = first_error.or(Some(error.at(format!("line {}", example.line))));
                continue;
            }
            // All records have one, or none.
            if let Some(weight) = example.weight {
                all.dataset.weights.get_or_insert_default().push(weight);
            }
            let label = match separator {
                Some(separator) => separator.join(&separator.split(&example.label)),
                None => example.label,
            };
            all.dataset.sentences.push(example.sentence);
            all.dataset.labels.push(label);
            all.dataset.lines.push(example.line);
        }
        match first_error {
            Some(error) if all.dataset.is_empty() => Err(error.at(name)),
            _ => Ok(all),
        }
    }

    /// Whether nothing has been read that could be looked at in spite of the error.
    fn is_hopeless(&self, error: &Error) -> bool {
        self.dataset.is_empty() || error.kind() == ErrorKind::Io
    }

    fn refuse(&mut self, damage: impl FnOnce() -> Damage) {
        self.n_refused += 1;
        if self.refused.len() < MOST_REFUSED {
            self.refused.push(damage());
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
