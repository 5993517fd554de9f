//! Reads and checks the records of a file one by one: good records, refused records, and the end of the file.

use std::io::Read;

use super::damage_kind::{Damage, DamageKind};
use super::example::Example;
use super::formats::Records;
use super::options::DatasetOptions;
use super::refused::Refused;
use crate::error::{Error, ErrorKind, Result};

/// Reads a file to its end, or to the limit: at least one record, or an error. Nothing follows an error.
pub(super) struct Examples<R> {
    pub(super) records: Records<R>,
    pub(super) name: String,
    labelled: bool,
    limit: usize,
    pub(super) n_read: usize,
    pub(super) is_over: bool,
    /// True if a file without records is allowed.
    pub(super) may_be_empty: bool,
    /// The number of usable records when the others are skipped.
    n_good: usize,
    /// True if unusable records are skipped.
    skips: bool,
    /// The skipped records.
    refused: Refused,
    /// True if records with the same sentence belong together.
    pub(super) groups_duplicates: bool,
}

impl<R: Read> Examples<R> {
    /// Reads the first bytes, which determine the kind of file.
    pub(super) fn new(reader: R, name: &str, options: &DatasetOptions, labelled: bool) -> Result<Self> {
        if labelled && !options.label_columns.is_empty() && options.multi_label.is_none() {
            let message = "expected one label column, got columns of one label each, which make label sets";
            let hint =
                "name one label column; label columns are for models of label sets (train --label-columns)";
            return Err(Error::new(ErrorKind::InvalidArgument, message).at(name).with_hint(hint));
        }
        let mut examples = Examples::open(reader, name, options, labelled)?;
        // A label cell may then be empty, and is not split.
        if let Some(separator) = options.multi_label.as_ref().filter(|_| labelled) {
            examples.records.keep_label_cells(separator);
        }
        Ok(examples)
    }

    fn open(reader: R, name: &str, options: &DatasetOptions, labelled: bool) -> Result<Self> {
        Ok(Examples {
            records: Records::open(reader, name, options, labelled)?,
            name: name.to_string(),
            labelled,
            limit: options.limit.unwrap_or(usize::MAX),
            n_read: 0,
            is_over: false,
            may_be_empty: false,
            n_good: 0,
            skips: options.skip_bad_rows && labelled,
            refused: Refused::default(),
            groups_duplicates: options.group_duplicates && labelled,
        })
    }

    /// The number of bytes that have been parsed; for a compressed file the number of compressed bytes read.
    pub(super) fn n_bytes(&self) -> u64 {
        self.records.n_bytes()
    }

    /// Returns true if records after an unreadable one can be read.
    fn can_go_on(&self) -> bool {
        self.records.can_go_on() && !self.is_over
    }

    /// Returns the next usable record; unusable ones before it are refused. An error means that reading cannot
    /// continue; it does not contain the name of the file.
    pub(super) fn next_good(&mut self) -> Result<Option<Example>> {
        loop {
            let error = match self.read_unchecked() {
                Ok(None) => return Ok(None),
                Ok(Some(example)) => match example.fault(self.labelled) {
                    None => return Ok(Some(example)),
                    Some((kind, error)) => {
                        let message = error.to_string();
                        self.refused.add(error.at(self.records.place()), "", |_| {
                            Damage::new(example.line, &example.sentence, kind, message)
                        });
                        continue;
                    }
                },
                Err(error) => error,
            };
            // Rows that a quote has swallowed were not checked; only `Inspected` skips them.
            if !self.can_go_on() || self.skips && self.records.is_open() {
                return Err(error);
            }
            self.refuse_unreadable(error, "");
        }
    }

    /// Refuses the last record, which could not be parsed; `more` is appended to the message.
    pub(super) fn refuse_unreadable(&mut self, error: Error, more: &str) {
        let records = &self.records;
        let (line, place, text) =
            (records.line(), format!("{}: ", records.place()), records.text().into_owned());
        // Lines that a quote has joined may have been meant as several rows.
        let joined = match records.last_line().unwrap_or(line) {
            last if last > line => format!(" (with all of lines {line} to {last})"),
            _ => String::new(),
        };
        self.refused.add(error, &joined, |error| {
            let message = error.to_string();
            // The place is not repeated, unless it is another line of the record.
            let message = message.strip_prefix(&place).unwrap_or(&message);
            Damage::new(line, &text, DamageKind::Unreadable, format!("{message}{more}"))
        });
    }

    /// Returns the refused records at the end.
    pub(super) fn take_refused(&mut self) -> Refused {
        std::mem::take(&mut self.refused)
    }

    /// Returns the next record; an unusable record is an error without the name of the file.
    fn read(&mut self) -> Result<Option<Example>> {
        let example = self.read_unchecked()?;
        if let Some(example) = &example {
            example.check(self.labelled).map_err(|error| error.at(self.records.place()))?;
        }
        Ok(example)
    }

    /// As [`read`](Self::read), with a hint if other records could be read in spite of the error.
    fn read_or_advise(&mut self) -> Result<Option<Example>> {
        self.read().map_err(|error| match error.hint() {
            None if self.labelled && self.n_read > 0 && self.can_go_on() => {
                error.with_hint("leave such rows out with --skip-bad-rows, or list them all: clsify doctor")
            }
            _ => error,
        })
    }

    /// Returns the next usable record; an error if there are records and none is usable.
    fn read_or_skip(&mut self) -> Result<Option<Example>> {
        let read = match self.next_good() {
            Err(error) if !self.is_over => return Err(error),
            Ok(Some(example)) => {
                self.n_good += 1;
                return Ok(Some(example));
            }
            read => read,
        };
        match self.refused.first_error.take() {
            Some(error) if self.n_good == 0 => {
                let n = self.refused.n;
                let hint =
                    format!("correct the file: none of its {n} rows can be used; the first of them is shown");
                Err(error.with_hint(hint))
            }
            _ => read,
        }
    }

    /// Returns the next record, empty or not; the error does not contain the name of the file.
    pub(super) fn read_unchecked(&mut self) -> Result<Option<Example>> {
        if self.n_read == self.limit {
            return Ok(None);
        }
        let example = self.records.next()?;
        self.is_over |= example.is_none();
        if example.is_none() && self.n_read == 0 && !self.may_be_empty {
            return Err(match self.records.last_line() {
                None => Error::new(ErrorKind::Dataset, "expected a record, got an empty array"),
                Some(0) => Error::new(ErrorKind::Dataset, "expected sentences, got an empty file"),
                Some(last) => Error::new(ErrorKind::Dataset, "expected a record, got the end of the file")
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
        let read = if self.skips { self.read_or_skip() } else { self.read_or_advise() };
        let example = read.map_err(|error| error.at(self.name.as_str())).transpose();
        self.is_over = !matches!(example, Some(Ok(_)));
        example
    }
}
