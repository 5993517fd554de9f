//! The records of a file, one by one: what every reader gives, checked.

use std::io::Read;

use crate::error::{Error, ErrorKind, Result};

use super::csv::CsvReader;
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
}

impl Example {
    /// Checks one record; the error does not know the place. `label` is `None` when labels are not wanted.
    pub(super) fn new(line: usize, sentence: &str, label: Option<&str>) -> Result<Self> {
        let dataset_error = |message| Err(Error::new(ErrorKind::Dataset, message));
        if sentence.is_empty() {
            return dataset_error("expected a sentence, got an empty one");
        }
        let label = match label.map(str::trim) {
            Some(_) if sentence.trim().is_empty() => {
                return dataset_error("expected a sentence, got only whitespace");
            }
            Some("") => return dataset_error("expected a label, got an empty one"),
            label => label.unwrap_or_default(),
        };
        Ok(Example { sentence: sentence.to_string(), label: label.to_string(), line })
    }

    /// Checks one record whose label cell may be empty and is not taken apart.
    pub(super) fn with_cell(line: usize, sentence: &str, cell: &str) -> Result<Self> {
        // Any label will do for the checks of the sentence.
        let checked = Example::new(line, sentence, Some("labels"))?;
        Ok(Example { label: cell.trim().to_string(), ..checked })
    }
}

/// Reads a file to its end, or to the limit: at least one record, or an error. After an error nothing follows.
pub(super) struct Examples<R> {
    records: Records<R>,
    name: String,
    limit: usize,
    n_read: usize,
    is_over: bool,
}

enum Records<R> {
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
            Format::Tsv => Records::Tsv(Table::new(TsvReader::new(lines), options, labelled)),
            Format::Csv => Records::Csv(Table::new(CsvReader::new(lines), options, labelled)),
            Format::Lines => Records::Tsv(Table::new(TsvReader::whole_lines(lines), options, labelled)),
            Format::Jsonl => Records::Jsonl(JsonlReader::new(lines, options, labelled)),
        };
        Ok(Examples { records, name: name.to_string(), limit, n_read: 0, is_over: false })
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

    fn lines(&self) -> &LineReader<R> {
        match &self.records {
            Records::Tsv(table) => table.lines(),
            Records::Csv(table) => table.lines(),
            Records::Jsonl(reader) => reader.lines(),
        }
    }

    fn read(&mut self) -> Result<Option<Example>> {
        if self.n_read == self.limit {
            return Ok(None);
        }
        let example = match &mut self.records {
            Records::Tsv(table) => table.next()?,
            Records::Csv(table) => table.next()?,
            Records::Jsonl(reader) => reader.next()?,
        };
        if example.is_none() && self.n_read == 0 {
            return Err(match self.lines().number() {
                0 => Error::new(ErrorKind::Dataset, "expected sentences, got an empty file"),
                last => Error::new(ErrorKind::Dataset, "expected a record, got the end of the file")
                    .at(format!("line {last}")),
            });
        }
        self.n_read += 1;
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
