//! What every reader fills: sentences, labels and lines, checked one by one.

use std::io::Read;

use crate::error::{Error, ErrorKind, Result};

use super::lines::LineReader;
use super::options::{DatasetOptions, Format};
use super::{csv, jsonl, table, tsv};

pub(super) struct Examples {
    pub(super) sentences: Vec<String>,
    /// Empty when labels are not wanted.
    pub(super) labels: Vec<String>,
    pub(super) lines: Vec<usize>,
    pub(super) labelled: bool,
    limit: usize,
}

impl Examples {
    pub(super) fn new(labelled: bool, limit: Option<usize>) -> Self {
        let (sentences, labels, lines) = Default::default();
        Examples { sentences, labels, lines, labelled, limit: limit.unwrap_or(usize::MAX) }
    }

    /// Reads a whole file, or as much of it as the limit allows; at least one record.
    pub(super) fn read(
        reader: impl Read,
        name: &str,
        options: &DatasetOptions,
        labelled: bool,
    ) -> Result<Self> {
        let mut examples = Examples::new(labelled, options.limit);
        examples.fill(reader, name, options).map_err(|error| error.at(name))?;
        Ok(examples)
    }

    fn fill(&mut self, reader: impl Read, name: &str, options: &DatasetOptions) -> Result<()> {
        let format = options.format_of(name)?;
        options.check(format, self.labelled)?;
        if format == Format::Lines && self.labelled {
            let error = Error::new(
                ErrorKind::Dataset,
                "expected labelled sentences, got the format of one sentence a line",
            );
            return Err(error.with_hint(
                "if the file has labels, say how they are separated: --format tsv, csv or jsonl",
            ));
        }
        let mut lines = LineReader::new(reader);
        match format {
            Format::Tsv => table::read(tsv::TsvReader::new(&mut lines), options, self)?,
            Format::Csv => table::read(csv::CsvReader::new(&mut lines), options, self)?,
            Format::Lines => table::read(tsv::TsvReader::whole_lines(&mut lines), options, self)?,
            Format::Jsonl => jsonl::read(&mut lines, options, self)?,
        }
        if self.sentences.is_empty() {
            return Err(match lines.number() {
                0 => Error::new(ErrorKind::Dataset, "expected sentences, got an empty file"),
                last => Error::new(ErrorKind::Dataset, "expected a record, got the end of the file")
                    .at(format!("line {last}")),
            });
        }
        Ok(())
    }

    /// Whether as many records were read as were asked for.
    pub(super) fn is_full(&self) -> bool {
        self.sentences.len() >= self.limit
    }

    /// Takes one record; the error does not know the place.
    pub(super) fn push(&mut self, line: usize, sentence: &str, label: Option<&str>) -> Result<()> {
        let dataset_error = |message| Err(Error::new(ErrorKind::Dataset, message));
        if sentence.is_empty() {
            return dataset_error("expected a sentence, got an empty one");
        }
        if self.labelled {
            if sentence.trim().is_empty() {
                return dataset_error("expected a sentence, got only whitespace");
            }
            let label = label.unwrap_or_default().trim();
            if label.is_empty() {
                return dataset_error("expected a label, got an empty one");
            }
            self.labels.push(label.to_string());
        }
        self.sentences.push(sentence.to_string());
        self.lines.push(line);
        Ok(())
    }
}
