//! The records of a file, one by one: what every reader gives, checked.

use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};

use super::columns::quoted;
use super::csv::CsvReader;
use super::damage::{Damage, DamageKind};
use super::dialect::Delimiter;
use super::fasttext::FastTextReader;
use super::json_array::JsonArray;
use super::json_object::{Form, ObjectReader};
use super::jsonl::JsonlReader;
use super::lines::LineReader;
use super::options::{DatasetOptions, Format};
use super::refused::Refused;
use super::source::{LABEL_PREFIX, Source};
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
    /// What it belongs together with, where a column says so; empty where nothing stands there.
    pub(super) group: Option<String>,
    /// What is wrong with its label columns.
    pub(super) bad_label: Option<String>,
    /// Whether `label` is a cell of any number of labels.
    is_cell: bool,
}

impl Example {
    /// A record as it stands; `label` is `None` when labels are not wanted.
    pub(super) fn new(line: usize, sentence: &str, label: Option<&str>) -> Self {
        let label = label.map_or(String::new(), |label| label.trim().to_string());
        let sentence = sentence.to_string();
        Example {
            sentence,
            label,
            line,
            weight: None,
            bad_weight: None,
            group: None,
            bad_label: None,
            is_cell: false,
        }
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
        } else if self.group.as_ref().is_some_and(String::is_empty) {
            (DamageKind::EmptyGroup, error("expected a group, got an empty cell in the group column"))
        } else if let Some(message) = &self.bad_label {
            (DamageKind::BadLabel, error(message))
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

    /// The same record with its group; [`fault`](Self::fault) tells of an empty one.
    pub(super) fn grouped(self, group: Option<&str>) -> Self {
        Example { group: group.map(|group| group.trim().to_string()), ..self }
    }

    /// A record whose label cell may be empty and is not taken apart.
    pub(super) fn with_cell(line: usize, sentence: &str, cell: &str) -> Self {
        Example { is_cell: true, ..Example::new(line, sentence, Some(cell)) }
    }
}

/// Reads a file to its end, or to the limit: at least one record, or an error. After an error nothing follows.
pub(super) struct Examples<R> {
    pub(super) records: Records<Source<R>>,
    pub(super) name: String,
    labelled: bool,
    limit: usize,
    pub(super) n_read: usize,
    pub(super) is_over: bool,
    /// Whether a file without a record is no error.
    pub(super) may_be_empty: bool,
    /// How many records could be used, where the others are passed over.
    n_good: usize,
    /// Whether records that cannot be used are passed over.
    skips: bool,
    /// Those that were.
    refused: Refused,
    /// Whether records with the same sentence belong together.
    pub(super) groups_duplicates: bool,
}

pub(super) enum Records<R> {
    Tsv(Table<TsvReader<R>>),
    Csv(Table<CsvReader<R>>),
    Jsonl(JsonlReader<R>),
    JsonArray(JsonArray<R>),
    FastText(FastTextReader<R>),
}

impl<R: Read> Examples<R> {
    /// Reads the first bytes, which tell what the file is.
    pub(super) fn new(reader: R, name: &str, options: &DatasetOptions, labelled: bool) -> Result<Self> {
        if labelled && !options.label_columns.is_empty() && options.multi_label.is_none() {
            let message = "expected one label column, got columns of one label each, which make label sets";
            let hint =
                "name one label column; label columns are for models of label sets (train --label-columns)";
            return Err(Error::new(ErrorKind::InvalidArgument, message).at(name).with_hint(hint));
        }
        let mut examples = Examples::open(reader, name, options, labelled)?;
        // A label cell may be empty then, and stays whole.
        if let Some(separator) = options.multi_label.as_ref().filter(|_| labelled) {
            match &mut examples.records {
                Records::Tsv(table) => table.separator = Some(separator.clone()),
                Records::Csv(table) => table.separator = Some(separator.clone()),
                Records::Jsonl(reader) => reader.objects.separator = Some(separator.clone()),
                Records::JsonArray(array) => array.objects.separator = Some(separator.clone()),
                Records::FastText(reader) => reader.separator = Some(separator.clone()),
            }
        }
        Ok(examples)
    }

    fn open(reader: R, name: &str, options: &DatasetOptions, labelled: bool) -> Result<Self> {
        let place = |error: Error| error.at(name);
        let format = match options.format_of(name).map_err(place) {
            Ok(format) => format,
            // What the file is says more than its extension does; without one nothing is waited for.
            Err(error) if Path::new(name).extension().is_some() => {
                return Err(Source::new(reader, name).err().unwrap_or(error));
            }
            Err(error) => return Err(error),
        };
        options.check(format, labelled).map_err(place)?;
        let no_labels = || {
            let message = "expected labelled sentences, got the format of one sentence a line";
            let hint =
                "if the file has labels, say how they are separated: --format tsv, csv, jsonl or fasttext";
            place(Error::new(ErrorKind::Dataset, message).with_hint(hint))
        };
        if options.format == Some(Format::Lines) && labelled {
            return Err(no_labels());
        }
        let source = Source::new(reader, name)?;
        let format = match format {
            Format::Lines if options.format.is_none() && source.starts_with(LABEL_PREFIX) => Format::FastText,
            Format::Lines if labelled => return Err(no_labels()),
            format => format,
        };
        let is_array = source.starts_with(b"[") && !source.starts_with(b"[\0");
        let objects = |form| ObjectReader::new(options.clone(), labelled, form);
        let table = options.clone();
        let records = match format {
            Format::Tsv | Format::Csv => {
                let delimiter = options.delimiter.unwrap_or(Delimiter::of(format));
                let lines = LineReader::new(source);
                match options.quoting.is_minimal(format) {
                    true => {
                        Records::Csv(Table::new(CsvReader::new(lines, delimiter), format, table, labelled))
                    }
                    false => {
                        Records::Tsv(Table::new(TsvReader::new(lines, delimiter), format, table, labelled))
                    }
                }
            }
            Format::Lines => {
                let lines = TsvReader::whole_lines(LineReader::new(source));
                Records::Tsv(Table::new(lines, format, table, labelled))
            }
            Format::FastText => Records::FastText(FastTextReader::new(LineReader::new(source), labelled)),
            Format::Jsonl if is_array => Records::JsonArray(JsonArray::new(source, objects(Form::Array))),
            Format::Jsonl => Records::Jsonl(JsonlReader::new(LineReader::new(source), objects(Form::Lines))),
        };
        Ok(Examples {
            records,
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

    /// Bytes of the file that have been taken apart; of a compressed file those that have been read.
    pub(super) fn n_bytes(&self) -> u64 {
        let (source, n_bytes) = match (self.lines(), &self.records) {
            (Some(lines), _) => (lines.source(), lines.n_bytes()),
            (None, Records::JsonArray(array)) => (array.source(), array.n_bytes()),
            (None, _) => return 0,
        };
        source.n_compressed().unwrap_or(n_bytes)
    }

    /// After a record that cannot be read: whether those after it can. Not before the columns are known, and not where
    /// the record did not end.
    pub(super) fn can_go_on(&self) -> bool {
        let is_settled = match &self.records {
            Records::Tsv(table) => table.is_settled(),
            Records::Csv(table) => table.is_settled(),
            Records::Jsonl(_) | Records::JsonArray(_) | Records::FastText(_) => true,
        };
        let is_broken = match &self.records {
            Records::JsonArray(array) => array.is_broken(),
            _ => self.lines().is_some_and(LineReader::is_broken),
        };
        is_settled && !self.is_over && !is_broken
    }

    /// Where the record last read starts, whether it could be read or not: its line, in a JSON array its number.
    pub(super) fn line(&self) -> usize {
        match &self.records {
            Records::Tsv(table) => table.line(),
            Records::Csv(table) => table.line(),
            Records::Jsonl(reader) => reader.lines().number(),
            Records::JsonArray(array) => array.number(),
            Records::FastText(reader) => reader.lines().number(),
        }
    }

    /// The same for a message.
    pub(super) fn place(&self) -> String {
        match &self.records {
            Records::JsonArray(array) => array.place(),
            _ => format!("line {}", self.line()),
        }
    }

    /// That record as it stands in the file, as far as it is text.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match &self.records {
            Records::Tsv(table) => table.text(),
            Records::Csv(table) => table.text(),
            Records::Jsonl(reader) => reader.lines().text(),
            Records::JsonArray(array) => array.text(),
            Records::FastText(reader) => reader.lines().text(),
        }
    }

    /// The lines of the file, where they are what is read.
    pub(super) fn lines(&self) -> Option<&LineReader<Source<R>>> {
        match &self.records {
            Records::Tsv(table) => Some(table.lines()),
            Records::Csv(table) => Some(table.lines()),
            Records::Jsonl(reader) => Some(reader.lines()),
            Records::FastText(reader) => Some(reader.lines()),
            Records::JsonArray(_) => None,
        }
    }

    /// The next record that can be used; those before it that cannot are refused. The error is about what cannot be read
    /// on; it does not know the file.
    pub(super) fn next_good(&mut self) -> Result<Option<Example>> {
        loop {
            let error = match self.read_unchecked() {
                Ok(None) => return Ok(None),
                Ok(Some(example)) => match example.fault(self.labelled) {
                    None => return Ok(Some(example)),
                    Some((kind, error)) => {
                        let message = error.to_string();
                        self.refused.add(error.at(self.place()), "", |_| {
                            Damage::new(example.line, &example.sentence, kind, message)
                        });
                        continue;
                    }
                },
                Err(error) => error,
            };
            // Rows that a quote has swallowed were not looked at: to pass over these is for `Inspected`.
            if !self.can_go_on() || self.skips && self.is_open() {
                return Err(error);
            }
            self.refuse_unreadable(error, "");
        }
    }

    fn is_open(&self) -> bool {
        match &self.records {
            Records::Csv(table) => table.is_open(),
            _ => false,
        }
    }

    /// Refuses the record last read, which could not be taken apart; `more` ends the message.
    pub(super) fn refuse_unreadable(&mut self, error: Error, more: &str) {
        let (line, place, text) = (self.line(), format!("{}: ", self.place()), self.text().into_owned());
        // What a quote has joined may be meant as several rows.
        let joined = match self.lines().map_or(line, LineReader::number) {
            last if last > line => format!(" (with all of lines {line} to {last})"),
            _ => String::new(),
        };
        self.refused.add(error, &joined, |error| {
            let message = error.to_string();
            // The place is said once, unless it is another line of the record.
            let message = message.strip_prefix(&place).unwrap_or(&message);
            Damage::new(line, &text, DamageKind::Unreadable, format!("{message}{more}"))
        });
    }

    /// The records that were refused so far; asked for at the end.
    pub(super) fn take_refused(&mut self) -> Refused {
        std::mem::take(&mut self.refused)
    }

    /// The next record, where one that cannot be used is an error that does not know the file.
    fn read(&mut self) -> Result<Option<Example>> {
        let example = self.read_unchecked()?;
        if let Some(example) = &example {
            example.check(self.labelled).map_err(|error| error.at(self.place()))?;
        }
        Ok(example)
    }

    /// The same, with advice where others could be read in spite of it.
    fn read_or_advise(&mut self) -> Result<Option<Example>> {
        self.read().map_err(|error| match error.hint() {
            None if self.labelled && self.n_read > 0 && self.can_go_on() => {
                error.with_hint("leave such rows out with --skip-bad-rows, or list them all: clsify doctor")
            }
            _ => error,
        })
    }

    /// The next record that can be used; an error if there are records and none can.
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
                    format!("mend the file: none of its {n} rows can be used, of which the first is shown");
                Err(error.with_hint(hint))
            }
            _ => read,
        }
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
            Records::JsonArray(array) => array.next()?,
            Records::FastText(reader) => reader.next()?,
        };
        self.is_over |= example.is_none();
        if example.is_none() && self.n_read == 0 && !self.may_be_empty {
            return Err(match self.lines().map(LineReader::number) {
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
