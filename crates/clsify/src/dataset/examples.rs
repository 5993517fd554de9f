//! The records of a file, one by one: what every reader gives, checked.

use std::borrow::Cow;
use std::io::Read;

use crate::error::{Error, ErrorKind, Result};

use super::columns::quoted;
use super::csv::CsvReader;
use super::damage::DamageKind;
use super::dialect::Delimiter;
use super::jsonl::JsonlReader;
use super::lines::LineReader;
use super::multi_label::LabelSeparator;
use super::options::{DatasetOptions, Format};
use super::table::Table;
use super::tsv::TsvReader;

/// One record.
pub(super) struct Example {
    pub(super) sentence: String,
    /// Empty when labels are not wanted; the whole cell when it may hold several.
    pub(super) label: String,
    pub(super) line: usize,
    /// How much it counts, where a column says so.
    pub(super) weight: Option<f64>,
    /// What stands there instead of a weight.
    bad_weight: Option<String>,
    /// Whether `label` is a cell of any number of labels.
    is_cell: bool,
}

impl Example {
    /// A record as it stands; `label` is `None` when labels are not wanted.
    pub(super) fn new(line: usize, sentence: &str, label: Option<&str>) -> Self {
        let label = label.map_or(String::new(), |label| label.trim().to_string());
        let sentence = sentence.to_string();
        Example { sentence, label, line, weight: None, bad_weight: None, is_cell: false }
    }

    /// What is wrong with the record, in a word and in an error that does not know the place.
    pub(super) fn fault(&self, labelled: bool) -> Option<(DamageKind, Error)> {
        let error = |message: &str| Error::new(ErrorKind::Dataset, message);
        Some(if self.sentence.is_empty() {
            (DamageKind::EmptySentence, error("expected a sentence, got an empty one"))
        } else if labelled && self.sentence.trim().is_empty() {
            (DamageKind::EmptySentence, error("expected a sentence, got only whitespace"))
        } else if let Some(text) = &self.bad_weight {
            let message = format!("expected a weight, a number of at least 0, got {}", quoted(text));
            (DamageKind::BadWeight, error(&message))
        } else if labelled && self.label.is_empty() && !self.is_cell {
            let hint = "where a sentence may have several labels or none: --multi-label";
            (DamageKind::EmptyLabel, error("expected a label, got an empty one").with_hint(hint))
        } else {
            return None;
        })
    }

    /// The same, where a word is not needed.
    pub(super) fn check(&self, labelled: bool) -> Result<()> {
        self.fault(labelled).map_or(Ok(()), |(_, error)| Err(error))
    }

    /// The same record with its weight, a finite number of at least 0; [`fault`](Self::fault) tells of another.
    pub(super) fn weighted(self, weight: Option<&str>) -> Self {
        let Some(text) = weight.map(str::trim) else { return self };
        match text.parse::<f64>() {
            Ok(weight) if weight.is_finite() && weight >= 0.0 => Example { weight: Some(weight), ..self },
            _ => Example { bad_weight: Some(text.to_string()), ..self },
        }
    }

    /// A record whose label cell may be empty and is not taken apart.
    pub(super) fn with_cell(line: usize, sentence: &str, cell: &str) -> Self {
        Example { is_cell: true, ..Example::new(line, sentence, Some(cell)) }
    }
}

/// Reads a file to its end, or to the limit: at least one record, or an error. After an error nothing follows.
pub(super) struct Examples<R> {
    pub(super) records: Records<R>,
    pub(super) name: String,
    labelled: bool,
    limit: usize,
    pub(super) n_read: usize,
    pub(super) is_over: bool,
    /// Whether a file without a record is no error.
    pub(super) may_be_empty: bool,
}

pub(super) enum Records<R> {
    Tsv(Table<TsvReader<R>>),
    Csv(Table<CsvReader<R>>),
    Jsonl(JsonlReader<R>),
}

impl<R: Read> Examples<R> {
    /// Reads nothing yet.
    pub(super) fn new(reader: R, name: &str, options: &DatasetOptions, labelled: bool) -> Result<Self> {
        let place = |error: Error| error.at(name);
        let format = options.format_of(name).map_err(place)?;
        options.check(format, labelled).map_err(place)?;
        if format == Format::Lines && labelled {
            let message = "expected labelled sentences, got the format of one sentence a line";
            let hint = "if the file has labels, say how they are separated: --format tsv, csv or jsonl";
            return Err(place(Error::new(ErrorKind::Dataset, message).with_hint(hint)));
        }
        let lines = LineReader::new(reader);
        let options = options.clone();
        let limit = options.limit.unwrap_or(usize::MAX);
        let records = match format {
            Format::Tsv | Format::Csv => {
                let delimiter = options.delimiter.unwrap_or(Delimiter::of(format));
                match options.quoting.is_minimal(format) {
                    true => {
                        Records::Csv(Table::new(CsvReader::new(lines, delimiter), format, options, labelled))
                    }
                    false => {
                        Records::Tsv(Table::new(TsvReader::new(lines, delimiter), format, options, labelled))
                    }
                }
            }
            Format::Lines => {
                Records::Tsv(Table::new(TsvReader::whole_lines(lines), format, options, labelled))
            }
            Format::Jsonl => Records::Jsonl(JsonlReader::new(lines, options, labelled)),
        };
        Ok(Examples {
            records,
            name: name.to_string(),
            labelled,
            limit,
            n_read: 0,
            is_over: false,
            may_be_empty: false,
        })
    }

    /// Records whose label cell may be empty, and stays whole.
    pub(super) fn multi_label(
        reader: R,
        name: &str,
        options: &DatasetOptions,
        separator: &LabelSeparator,
    ) -> Result<Self> {
        let mut examples = Examples::new(reader, name, options, true)?;
        match &mut examples.records {
            Records::Tsv(table) => table.is_multi_label = true,
            Records::Csv(table) => table.is_multi_label = true,
            Records::Jsonl(reader) => reader.separator = Some(separator.clone()),
        }
        Ok(examples)
    }

    /// Bytes of the file that have been taken apart.
    pub(super) fn n_bytes(&self) -> u64 {
        self.lines().n_bytes()
    }

    /// After a record that cannot be read: whether those after it can. Not before the columns are known, and not where
    /// the record did not end.
    pub(super) fn can_go_on(&self) -> bool {
        let is_settled = match &self.records {
            Records::Tsv(table) => table.is_settled(),
            Records::Csv(table) => table.is_settled(),
            Records::Jsonl(reader) => reader.is_settled(),
        };
        is_settled && !self.is_over && !self.lines().is_broken()
    }

    /// Where the record last read starts, whether it could be read or not.
    pub(super) fn line(&self) -> usize {
        match &self.records {
            Records::Tsv(table) => table.line(),
            Records::Csv(table) => table.line(),
            Records::Jsonl(reader) => reader.lines().number(),
        }
    }

    /// That record as it stands in the file, as far as it is text.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match &self.records {
            Records::Tsv(table) => table.text(),
            Records::Csv(table) => table.text(),
            Records::Jsonl(reader) => reader.lines().text(),
        }
    }

    pub(super) fn lines(&self) -> &LineReader<R> {
        match &self.records {
            Records::Tsv(table) => table.lines(),
            Records::Csv(table) => table.lines(),
            Records::Jsonl(reader) => reader.lines(),
        }
    }

    fn read(&mut self) -> Result<Option<Example>> {
        let example = self.read_unchecked()?;
        if let Some(example) = &example {
            let place = |error: Error| error.at(format!("line {}", example.line));
            example.check(self.labelled).map_err(place)?;
        }
        Ok(example)
    }

    /// The next record, empty or not; the error does not know the file.
    pub(super) fn read_unchecked(&mut self) -> Result<Option<Example>> {
        if self.n_read == self.limit {
            return Ok(None);
        }
        let example = match &mut self.records {
            Records::Tsv(table) => table.next()?,
            Records::Csv(table) => table.next()?,
            Records::Jsonl(reader) => reader.next()?,
        };
        self.is_over |= example.is_none();
        if example.is_none() && self.n_read == 0 && !self.may_be_empty {
            return Err(match self.lines().number() {
                0 => Error::new(ErrorKind::Dataset, "expected sentences, got an empty file"),
                last => Error::new(ErrorKind::Dataset, "expected a record, got the end of the file")
                    .at(format!("line {last}")),
            });
        }
        self.n_read += usize::from(example.is_some());
        Ok(example)
    }
}

impl<R: Read> Iterator for Examples<R> {
    type Item = Result<Example>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let example = self.read().map_err(|error| error.at(self.name.as_str())).transpose();
        self.is_over = !matches!(example, Some(Ok(_)));
        example
    }
}
