//! Converts rows of fields to examples: the first row determines the columns, and every other row must have as many
//! fields.

use std::borrow::Cow;

use ::csv::StringRecord;

use super::lines::LineReader;
use super::one_hot;
use super::row_reader::RowReader;
use super::sniff::{Sample, Sniffer};
use crate::dataset::LabelSeparator;
use crate::dataset::columns::{self, Columns, FirstRows};
use crate::dataset::example::Example;
use crate::dataset::messages::expected_columns;
use crate::dataset::options::{DatasetOptions, Format, Header};
use crate::error::{Error, ErrorKind, Result};

/// The records of a table.
pub(in crate::dataset) struct Table<T> {
    rows: T,
    format: Format,
    options: DatasetOptions,
    labelled: bool,
    /// The separator of labels in a cell, if sentences may have several labels: a cell may then be empty, and is not
    /// split.
    pub(super) separator: Option<LabelSeparator>,
    /// True if a blank line is a record without a sentence, in files with one sentence per line.
    pub(super) takes_blank_lines: bool,
    /// Determined by the first row.
    columns: Option<Columns>,
    /// The first rows, inspected before the first one is read.
    sample: Option<Sample>,
    /// The header, if there is one.
    names: Option<Vec<String>>,
    /// The first of the blank lines before the next record.
    empty_line: Option<usize>,
    /// The record that follows blank lines, while these are returned as records.
    after_blanks: Option<Example>,
    record: StringRecord,
}

impl<T: RowReader> Table<T> {
    pub(super) fn new(rows: T, format: Format, options: DatasetOptions, labelled: bool) -> Self {
        Table {
            rows,
            format,
            options,
            labelled,
            separator: None,
            takes_blank_lines: false,
            columns: None,
            names: None,
            sample: None,
            empty_line: None,
            after_blanks: None,
            record: StringRecord::new(),
        }
    }

    pub(super) fn lines(&self) -> &LineReader<T::Source> {
        self.rows.lines()
    }

    /// Returns true if the columns are known.
    pub(super) fn is_settled(&self) -> bool {
        self.columns.is_some()
    }

    /// The line where the last row starts, readable or not.
    pub(super) fn line(&self) -> usize {
        self.rows.line()
    }

    /// Returns true if the last row may have swallowed others.
    pub(super) fn is_open(&self) -> bool {
        self.rows.is_open()
    }

    /// The raw text of the last row, with invalid UTF-8 replaced.
    pub(super) fn text(&self) -> Cow<'_, str> {
        self.rows.text()
    }

    /// Returns true if a row can be a header; false if a line is a sentence.
    pub(super) fn can_have_header(&self) -> bool {
        self.rows.can_have_header()
    }

    /// The names of the columns, if the file has a header and it has been read.
    pub(super) fn names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    /// The cells of the last record; none if it could not be split.
    pub(super) fn cells(&self) -> Vec<String> {
        match self.after_blanks {
            // The record is a blank line.
            Some(_) => vec![String::new()],
            None => self.record.iter().map(str::to_string).collect(),
        }
    }

    pub(super) fn next(&mut self) -> Result<Option<Example>> {
        if let Some(example) = self.next_of_blanks() {
            return Ok(Some(example));
        }
        let header = if self.rows.can_have_header() { self.options.header } else { Header::Absent };
        if self.sample.is_none() {
            let sample = self.look_ahead()?;
            self.sample = Some(sample);
        }
        while let Some(row) = self.rows.next(&mut self.record)? {
            let (rows, record) = (&self.rows, &self.record);
            let place = || format!("line {}", row.line);
            let of_one_column = self.columns.as_ref().map(|columns| columns.count == 1);
            // In a file with one column whitespace is a sentence, and the first row may be one.
            let is_sentence = !self.labelled && of_one_column != Some(false) && !is_empty(record);
            if row.is_blank && !is_sentence {
                // In files with one sentence per line, this also applies at the end of the file.
                if self.takes_blank_lines && !self.rows.can_have_header() {
                    return Ok(Some(Example::new(row.line, "", None)));
                }
                self.empty_line = self.empty_line.or(Some(row.line));
                continue;
            }
            let columns = match &self.columns {
                Some(columns) => columns,
                None => {
                    let first_rows = FirstRows {
                        first: record,
                        rest: self
                            .sample
                            .as_ref()
                            .and_then(|sample| sample.rows.get(1..))
                            .unwrap_or_default(),
                        format: self.format,
                        is_multi_label: self.separator.is_some(),
                    };
                    let chosen = columns::choose(&first_rows, header, &self.options, self.labelled)
                        .map_err(|error| error.at(place()))?;
                    if let Some(separator) = &self.separator {
                        let names = chosen.one_hot.iter().map(|(_, name)| name.as_str());
                        one_hot::fit(names, separator).map_err(|error| error.at(place()))?;
                    }
                    let has_header = chosen.has_header;
                    let columns = &*self.columns.insert(chosen);
                    if has_header {
                        self.names = Some(record.iter().map(|name| name.trim().to_string()).collect());
                        check_empty_line(columns, self.empty_line)?;
                        continue;
                    }
                    columns
                }
            };
            if !self.takes_blank_lines {
                check_empty_line(columns, self.empty_line.take())?;
            }
            if record.len() != columns.count {
                let error = Error::new(ErrorKind::Dataset, expected_columns(columns.count, record.len()));
                return Err(with_hint(error, rows.hint(columns.count, record)).at(place()));
            }
            let sentence = record.get(columns.sentence).unwrap_or_default();
            let label = columns.label.map(|label| record.get(label).unwrap_or_default());
            let weight = columns.weight.map(|weight| record.get(weight).unwrap_or_default());
            let example = match (&self.separator, label) {
                (Some(separator), None) => {
                    let cells = columns.one_hot.iter();
                    let cells = cells.map(|(i, name)| (name.as_str(), record.get(*i).unwrap_or_default()));
                    one_hot::example(row.line, sentence, cells, separator)
                }
                (Some(_), Some(cell)) => Example::with_cell(row.line, sentence, cell),
                (None, label) => Example::new(row.line, sentence, label),
            };
            let group = columns.group.map(|group| record.get(group).unwrap_or_default());
            let example = example.weighted(weight).grouped(group);
            if self.takes_blank_lines && columns.count == 1 && self.empty_line.is_some() {
                self.after_blanks = Some(example);
                return Ok(self.next_of_blanks());
            }
            self.empty_line = None;
            return Ok(Some(example));
        }
        Ok(None)
    }

    /// Inspects the first rows and determines the delimiter.
    fn look_ahead(&mut self) -> Result<Sample> {
        if !self.rows.can_have_header() {
            return Ok(Sample::default());
        }
        let sniffer = Sniffer { format: self.format, options: &self.options, labelled: self.labelled };
        let (head, is_whole) = self.rows.lines_mut().peek(|head| sniffer.is_settled(head));
        let sample = sniffer.sample(head, is_whole)?;
        if let Some(delimiter) = sample.delimiter {
            self.rows.set_delimiter(delimiter);
        }
        if sample.has_separator_line {
            self.rows.lines_mut().next_line()?;
        }
        Ok(sample)
    }

    /// Returns the blank lines before a record one by one, and then the record.
    fn next_of_blanks(&mut self) -> Option<Example> {
        let example = self.after_blanks.take()?;
        match self.empty_line {
            Some(line) if line < example.line => {
                self.empty_line = Some(line + 1);
                self.after_blanks = Some(example);
                Some(Example::new(line, "", None))
            }
            _ => {
                self.empty_line = None;
                Some(example)
            }
        }
    }
}

fn is_empty(record: &StringRecord) -> bool {
    record.iter().all(str::is_empty)
}

/// Fails for an empty line before a record in a file with one column, where it would be an empty sentence.
fn check_empty_line(columns: &Columns, empty_line: Option<usize>) -> Result<()> {
    match empty_line {
        Some(line) if columns.count == 1 => {
            let error = Error::new(ErrorKind::Dataset, "expected a sentence, got an empty line");
            Err(error.at(format!("line {line}")))
        }
        _ => Ok(()),
    }
}

fn with_hint(error: Error, hint: Option<String>) -> Error {
    match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}
