//! File formats: they turn the bytes of a file into records.
//!
//! ```text
//! bytes -> text      gzip is decompressed, other binary files are named         source.rs, gzip.rs, binary.rs
//!       -> lines     UTF-8, line ends, byte-order mark, a limit on the length   lines.rs, head.rs
//!       -> rows      the fields of a line, or of several in quotes              rows.rs, tsv.rs, csv.rs
//!                    by the delimiter and quoting that are asked for or found   dialect.rs, sniff.rs
//!       -> records   sentence and label among the fields of a row               table.rs, one_hot.rs
//!                    among the values of a JSON object                          jsonl.rs, json_array.rs, json_object.rs
//!                    among the words of a line                                  fasttext.rs
//! ```
//!
//! [`Records`] is their common interface. `columns.rs`, beside this folder, determines which columns of a table
//! contain the sentence and the label.

pub(super) mod binary;
mod csv;
pub(super) mod dialect;
mod fasttext;
pub(super) mod gzip;
mod head;
mod json_array;
mod json_object;
mod jsonl;
mod lines;
mod one_hot;
mod row_reader;
mod sniff;
mod source;
mod table;
mod tsv;

use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

use self::csv::CsvReader;
use self::fasttext::{FastTextReader, take_apart};
use self::json_array::JsonArray;
use self::json_object::{Form, ObjectReader};
use self::jsonl::JsonlReader;
use self::source::{LABEL_PREFIX, Source};
use self::table::Table;
use self::tsv::TsvReader;
use super::LabelSeparator;
use super::example::{Example, Fields};
use super::options::{DatasetOptions, Format};
use crate::error::{Error, ErrorKind, Result};

pub use self::dialect::{Delimiter, Quoting};
pub use self::lines::{Line, LineReader};

/// Reads the records of a file one by one, in any format.
pub(super) enum Records<R> {
    Tsv(Table<TsvReader<Source<R>>>),
    Csv(Table<CsvReader<Source<R>>>),
    Jsonl(JsonlReader<Source<R>>),
    JsonArray(JsonArray<Source<R>>),
    FastText(FastTextReader<Source<R>>),
}

impl<R: Read> Records<R> {
    /// Reads the first bytes, which determine the kind of file.
    pub(super) fn open(reader: R, name: &str, options: &DatasetOptions, labelled: bool) -> Result<Self> {
        let place = |error: Error| error.at(name);
        let format = match options.format_of(name).map_err(place) {
            Ok(format) => format,
            // The content of the file decides rather than its extension; without an extension nothing is read.
            Err(error) if Path::new(name).extension().is_some() => {
                return Err(Source::new(reader, name).err().unwrap_or(error));
            }
            Err(error) => return Err(error),
        };
        options.check(format, labelled).map_err(place)?;
        let no_labels = || {
            let message = "expected labelled sentences, got the format of one sentence per line";
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
        Ok(Records::of(source, format, options, labelled))
    }

    fn of(source: Source<R>, format: Format, options: &DatasetOptions, labelled: bool) -> Self {
        let is_array = source.starts_with(b"[") && !source.starts_with(b"[\0");
        let objects = |form| ObjectReader::new(options.clone(), labelled, form);
        let table = options.clone();
        match format {
            Format::Tsv | Format::Csv => {
                let delimiter = options.delimiter.unwrap_or(format.delimiter());
                let lines = LineReader::new(source);
                match format.has_quotes(options.quoting) {
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
        }
    }

    /// From now on a label cell may contain several labels or none, and is not split.
    pub(super) fn keep_label_cells(&mut self, separator: &LabelSeparator) {
        let of_cells = match self {
            Records::Tsv(table) => &mut table.separator,
            Records::Csv(table) => &mut table.separator,
            Records::Jsonl(reader) => &mut reader.objects.separator,
            Records::JsonArray(array) => &mut array.objects.separator,
            Records::FastText(reader) => &mut reader.separator,
        };
        *of_cells = Some(separator.clone());
    }

    /// From now on a blank line of a table with one column is a record without a sentence.
    pub(super) fn take_blank_lines(&mut self) {
        match self {
            Records::Tsv(table) => table.takes_blank_lines = true,
            Records::Csv(table) => table.takes_blank_lines = true,
            Records::Jsonl(_) | Records::JsonArray(_) | Records::FastText(_) => {}
        }
    }

    /// The next record, empty or not; `None` at the end. The error does not contain the name of the file.
    pub(super) fn next(&mut self) -> Result<Option<Example>> {
        match self {
            Records::Tsv(table) => table.next(),
            Records::Csv(table) => table.next(),
            Records::Jsonl(reader) => reader.next(),
            Records::JsonArray(array) => array.next(),
            Records::FastText(reader) => reader.next(),
        }
    }

    /// The number of bytes that have been parsed; for a compressed file the number of compressed bytes read.
    pub(super) fn n_bytes(&self) -> u64 {
        let (source, n_bytes) = match (self.lines(), self) {
            (Some(lines), _) => (lines.source(), lines.n_bytes()),
            (None, Records::JsonArray(array)) => (array.source(), array.n_bytes()),
            (None, _) => return 0,
        };
        source.n_compressed().unwrap_or(n_bytes)
    }

    /// Returns true if records after an unreadable one can be read: not before the columns are known, and not if the
    /// record did not end.
    pub(super) fn can_go_on(&self) -> bool {
        match self {
            Records::Tsv(table) => table.is_settled() && !table.lines().is_broken(),
            Records::Csv(table) => table.is_settled() && !table.lines().is_broken(),
            Records::Jsonl(reader) => !reader.lines().is_broken(),
            Records::JsonArray(array) => !array.is_broken(),
            Records::FastText(reader) => !reader.lines().is_broken(),
        }
    }

    /// As [`can_go_on`](Self::can_go_on), for sentences without labels.
    pub(super) fn can_go_on_without_labels(&self) -> bool {
        let is_settled = match self {
            Records::Tsv(table) => table.is_settled() || !table.can_have_header(),
            Records::Csv(table) => table.is_settled() && !table.is_open(),
            Records::Jsonl(reader) => !reader.objects.has_no_keys(),
            Records::JsonArray(array) => !array.objects.has_no_keys() && !array.is_broken(),
            Records::FastText(_) => true,
        };
        is_settled && !self.lines().is_some_and(|lines| lines.is_wide() || lines.has_failed())
    }

    /// Returns true if the last record extends to the point where the reader gave up, so that it may have swallowed
    /// others.
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Records::Csv(table) if table.is_open())
    }

    /// The start of the last record, readable or not: its line, or in a JSON array its number.
    pub(super) fn line(&self) -> usize {
        match self {
            Records::Tsv(table) => table.line(),
            Records::Csv(table) => table.line(),
            Records::Jsonl(reader) => reader.lines().number(),
            Records::JsonArray(array) => array.number(),
            Records::FastText(reader) => reader.lines().number(),
        }
    }

    /// The start of the last record, for a message.
    pub(super) fn place(&self) -> String {
        match self {
            Records::JsonArray(array) => array.place(),
            _ => format!("line {}", self.line()),
        }
    }

    /// The unit of [`line`](Self::line).
    pub(super) fn unit(&self) -> &'static str {
        match self {
            Records::JsonArray(_) => "record",
            _ => "line",
        }
    }

    /// The number of the last line, if the format has lines.
    pub(super) fn last_line(&self) -> Option<usize> {
        self.lines().map(LineReader::number)
    }

    /// Returns true if a whole line has arrived that has not been read.
    pub(super) fn has_buffered_line(&self) -> bool {
        self.lines().is_some_and(LineReader::has_buffered_line)
    }

    /// The names of the columns, once the first record has been read; `None` without a header.
    pub(super) fn names(&self) -> Option<&[String]> {
        match self {
            Records::Tsv(table) => table.names(),
            Records::Csv(table) => table.names(),
            Records::Jsonl(_) | Records::JsonArray(_) | Records::FastText(_) => None,
        }
    }

    /// The raw text of the last record.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Records::Tsv(table) => table.text(),
            Records::Csv(table) => table.text(),
            Records::Jsonl(reader) => reader.lines().text(),
            Records::JsonArray(array) => array.text(),
            Records::FastText(reader) => reader.lines().text(),
        }
    }

    /// The fields of the last record.
    pub(super) fn fields(&self) -> Fields {
        match self {
            Records::Tsv(table) => Fields::Row(table.cells()),
            Records::Csv(table) => Fields::Row(table.cells()),
            Records::Jsonl(_) | Records::JsonArray(_) => fields_of_json(&self.text()),
            // Labels are not part of a sentence.
            Records::FastText(_) => Fields::Row(vec![take_apart(&self.text()).1]),
        }
    }

    fn lines(&self) -> Option<&LineReader<Source<R>>> {
        match self {
            Records::Tsv(table) => Some(table.lines()),
            Records::Csv(table) => Some(table.lines()),
            Records::Jsonl(reader) => Some(reader.lines()),
            Records::FastText(reader) => Some(reader.lines()),
            Records::JsonArray(_) => None,
        }
    }
}

/// The fields of a JSON record: an object as it is written, or a string, which is a sentence.
fn fields_of_json(text: &str) -> Fields {
    match serde_json::from_str::<String>(text) {
        Ok(sentence) => Fields::Row(vec![sentence]),
        Err(_) => Fields::Object(text.to_string()),
    }
}
