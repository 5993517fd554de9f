//! Options for reading a file: its format, its columns, its header, and the number of records.

use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};

use super::formats::binary::Binary;
use super::formats::dialect::{Delimiter, Quoting};
use super::formats::gzip::inner_name;
use super::label_separator::LabelSeparator;

/// Options for reading a file. By default the format follows the extension, the columns are detected, and the whole
/// file is read.
///
/// # Header
/// A TSV or CSV file has a header if [`Header::Present`] says so, if a column is requested by name, or if the first
/// row contains both a known sentence column (`sentence`, `text`, `review`, `question`, ...) and a known label column
/// (`label`, `class`, `category`, `sentiment`, ...), in any case. A row with only one of the two may be a header or a
/// record: that is an error, and [`header`](Self::header) or a column's name resolves it. If no label is needed
/// ([`Sentences`](super::Sentences)), the name of a sentence column is enough, and a CSV file of several columns must
/// have it.
///
/// # Columns
/// With a header, the columns are the requested ones, otherwise those with known names. Without one, there must be
/// exactly two columns: the sentence first, then the label; if the first rows look as if the label, or a number,
/// comes first, that is an error that asks. If exactly one of two columns is known, the other one is the other
/// column. Further columns are ignored, but only if the columns to read are requested or have known names. A
/// [`weight_column`](Self::weight_column) and a [`group_column`](Self::group_column) are set aside first.
///
/// # Delimiter
/// A first line such as `sep=;` states it. Without one, the fields of a CSV file are separated by commas, or by
/// semicolons, tabs or vertical bars if only these make a header with a known or requested name. If the first rows
/// are divided by another delimiter without such a header, that is an error that asks.
///
/// ```
/// use clsify::dataset::{Column, Dataset, DatasetOptions, Delimiter, Format, Header, Quoting};
/// let csv = "17,praise,a treat\n18,blame,a chore\n";
/// let options = DatasetOptions {
///     format: Some(Format::Csv),
///     text_column: Some(Column::Index(2)),
///     label_column: Some(Column::Index(1)),
///     label_columns: Vec::new(),
///     multi_label: None,
///     weight_column: None,
///     group_column: None,
///     group_duplicates: false,
///     header: Header::Absent,
///     delimiter: Some(Delimiter::COMMA),
///     quoting: Quoting::Auto,
///     limit: Some(1000),
///     skip_bad_rows: false,
///     allow_one_class: false,
/// };
/// let dataset = Dataset::read(csv.as_bytes(), "stdin", &options)?;
/// assert_eq!(dataset.sentences(), ["a treat", "a chore"]);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DatasetOptions {
    /// The format; `None` follows the file's extension, or the one before `.gz` if the file is compressed.
    pub format: Option<Format>,
    /// The sentence column.
    pub text_column: Option<Column>,
    /// The label column; [`Sentences`](super::Sentences) ignores it.
    pub label_column: Option<Column>,
    /// Columns with one label each, instead of a label column: 1 if the sentence has the label, 0 if not; `true`,
    /// `false`, `1.0` and `0.0` mean the same. The label is the column's name, or its number if there is no header.
    /// They make label sets, so they require [`multi_label`](Self::multi_label); [`Sentences`](super::Sentences)
    /// ignores them.
    pub label_columns: Vec<Column>,
    /// The separator of labels in a cell, if sentences may have several labels or none; with `None` each has one
    /// label. In JSONL a label may then also be an array of strings, numbers or booleans that do not contain the
    /// separator. [`Sentences`](super::Sentences) ignores it.
    pub multi_label: Option<LabelSeparator>,
    /// The column with the sample weight of each record; without one all weights are equal.
    /// [`Sentences`](super::Sentences) ignores it.
    pub weight_column: Option<Column>,
    /// The column with the group of each record, such as its author: no split and no fold divides a group. Every
    /// record needs a value there. [`Sentences`](super::Sentences) ignores it.
    pub group_column: Option<Column>,
    /// True if records with equal sentences, ignoring case and spaces, also belong together.
    pub group_duplicates: bool,
    /// States whether the first row of a TSV or CSV file names the columns; JSONL and lines have no header.
    pub header: Header,
    /// The character between the fields of a TSV or CSV file; `None` follows the format, or the file if it shows
    /// another one.
    pub delimiter: Option<Delimiter>,
    /// The meaning of double quotes in a TSV or CSV file.
    pub quoting: Quoting,
    /// The number of records to read, at least 1; the rest of the file is not read.
    pub limit: Option<usize>,
    /// True if labelled records that cannot be used are left out instead of being an error: those without a sentence
    /// or a label, with a bad weight, and those that cannot be read. A file that cannot be read to its end is always
    /// an error.
    pub skip_bad_rows: bool,
    /// True if all rows may have one class, or in a multi-label file no label at all. Rows that only score a
    /// classifier may; training needs two classes. The default is false.
    pub allow_one_class: bool,
}

impl DatasetOptions {
    /// The format of the file of this name.
    pub(super) fn format_of(&self, name: &str) -> Result<Format> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        let extension = Path::new(inner_name(name)).extension().and_then(|e| e.to_str());
        // A file with a delimiter is a table, whatever its extension.
        if let Some(delimiter) = self.delimiter {
            let known = extension.and_then(Format::from_extension).filter(|format| *format != Format::Lines);
            let of_delimiter = if delimiter == Delimiter::TAB { Format::Tsv } else { Format::Csv };
            return Ok(known.unwrap_or(of_delimiter));
        }
        let message = match extension {
            Some(extension) => match Format::from_extension(extension) {
                Some(format) => return Ok(format),
                None => {
                    format!(
                        "expected the extension tsv, csv, jsonl or txt, got {}",
                        super::messages::quoted(extension)
                    )
                }
            },
            None => "expected the extension tsv, csv, jsonl or txt, got none".to_string(),
        };
        let hint = match Binary::of_name(inner_name(name)) {
            Some(binary) => binary.hint(name),
            None => "say what the file is: --format tsv, csv, jsonl, fasttext or lines".to_string(),
        };
        Err(Error::new(ErrorKind::Dataset, message).with_hint(hint))
    }

    /// Checks for contradictions between options before the file is read.
    pub(super) fn check(&self, format: Format, labelled: bool) -> Result<()> {
        let invalid = |message: &str| Err(Error::new(ErrorKind::InvalidArgument, message));
        if self.limit == Some(0) {
            return invalid("expected a limit of at least 1 record, got 0");
        }
        let label_column = self.label_column.as_ref().filter(|_| labelled);
        let weight_column = self.weight_column.as_ref().filter(|_| labelled);
        let is_table = matches!(format, Format::Tsv | Format::Csv);
        let group_column = self.group_column.as_ref().filter(|_| labelled);
        let asked = [self.text_column.as_ref(), label_column, weight_column, group_column];
        let label_columns = if labelled { self.label_columns.as_slice() } else { &[] };
        let named = asked.into_iter().flatten().chain(label_columns).any(Column::is_name);
        if is_table && named && self.header == Header::Absent {
            return invalid("expected column numbers for a file without a header, got a column name");
        }
        if format == Format::Lines && (self.text_column.is_some() || label_column.is_some()) {
            return invalid("expected no column for one sentence per line, got one");
        }
        if !is_table && self.delimiter.is_some() {
            return invalid("expected no delimiter for a file that is neither TSV nor CSV, got one");
        }
        let has_columns = asked.into_iter().any(|column| column.is_some()) || !label_columns.is_empty();
        if format == Format::FastText && has_columns {
            return invalid("expected no column for lines of fastText, got one");
        }
        if label_column.is_some() && !label_columns.is_empty() {
            return invalid("expected a label column or columns of one label each, got both");
        }
        if asked.into_iter().flatten().any(|column| label_columns.contains(column)) {
            return invalid(
                "expected label columns apart from those of the sentence, the weight and the group",
            );
        }
        if (1..label_columns.len()).any(|i| label_columns[..i].contains(&label_columns[i])) {
            return invalid("expected every label column once");
        }
        if self.text_column.is_some() && self.text_column.as_ref() == label_column {
            return invalid("expected two columns, got the same one for the sentence and the label");
        }
        if weight_column.is_some() && [self.text_column.as_ref(), label_column].contains(&weight_column) {
            return invalid(
                "expected a column of its own for the weight, got that of the sentence or the label",
            );
        }
        if group_column.is_some() && asked[..3].contains(&group_column) {
            return invalid(
                "expected a column of its own for the group, got that of the sentence, the label or the weight",
            );
        }
        Ok(())
    }
}

/// The format of a file.
///
/// ```
/// use clsify::dataset::Format;
/// assert_eq!("ndjson".parse::<Format>()?, Format::Jsonl);
/// assert_eq!("xlsx".parse::<Format>().unwrap_err().to_string(), r#"expected tsv, csv, jsonl, fasttext or lines, got "xlsx""#);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Fields separated by tabs, one record per line; quotes are ordinary characters. Extension `tsv`.
    Tsv,
    /// RFC 4180: fields separated by commas, in double quotes where needed. Extension `csv`.
    Csv,
    /// One JSON object per line, or one JSON array of objects. Extensions `jsonl`, `ndjson`, and `json`.
    Jsonl,
    /// fastText's `__label__positive a treat`: labels with their prefix, then the sentence. Extensions `ft`,
    /// `fasttext`, and `txt` if the first line starts with `__label__`.
    FastText,
    /// One sentence per line, without labels. Extension `txt`.
    Lines,
}

impl Format {
    fn from_extension(extension: &str) -> Option<Format> {
        match extension.to_ascii_lowercase().as_str() {
            "tsv" => Some(Format::Tsv),
            "csv" => Some(Format::Csv),
            "jsonl" | "ndjson" | "json" => Some(Format::Jsonl),
            "ft" | "fasttext" => Some(Format::FastText),
            "txt" => Some(Format::Lines),
            _ => None,
        }
    }
}

impl FromStr for Format {
    type Err = Error;

    /// Parses `lines`, or any of the extensions.
    fn from_str(text: &str) -> Result<Self> {
        let format = if text.eq_ignore_ascii_case("lines") {
            Some(Format::Lines)
        } else {
            Format::from_extension(text)
        };
        format.ok_or_else(|| {
            let got = super::messages::quoted(text);
            let message = format!("expected tsv, csv, jsonl, fasttext or lines, got {got}");
            Error::new(ErrorKind::InvalidArgument, message)
        })
    }
}

/// A column, by its name in the header or by its number, counted from 0 as pandas and scikit-learn do.
///
/// When parsed from text, digits are a number and everything else is a name. JSONL has no order of columns, so the
/// number is looked up as a key.
///
/// ```
/// use clsify::dataset::Column;
/// assert_eq!("1".parse::<Column>()?, Column::Index(1));
/// assert_eq!("review".parse::<Column>()?, Column::Name("review".to_string()));
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Column {
    /// The column with exactly this name; whitespace around names in a header is ignored.
    Name(String),
    /// The column with this number; the first is 0.
    Index(usize),
}

impl Column {
    pub(super) fn is_name(&self) -> bool {
        matches!(self, Column::Name(_))
    }
}

impl FromStr for Column {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "expected a column's name or number, got nothing",
            ));
        }
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(index) if is_number => Ok(Column::Index(index)),
            _ => Ok(Column::Name(text.to_string())),
        }
    }
}

/// States whether the first row of a TSV or CSV file names the columns.
///
/// ```
/// use clsify::dataset::Header;
/// assert_eq!("absent".parse::<Header>()?, Header::Absent);
/// assert_eq!(Header::default(), Header::Auto);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Header {
    /// The first row decides, with the rules in [`DatasetOptions`].
    #[default]
    Auto,
    /// The first row names the columns.
    Present,
    /// The first row is a record.
    Absent,
}

impl FromStr for Header {
    type Err = Error;

    /// Parses `auto`, `present` or `absent`.
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "auto" => Ok(Header::Auto),
            "present" => Ok(Header::Present),
            "absent" => Ok(Header::Absent),
            _ => {
                let message =
                    format!("expected auto, present or absent, got {}", super::messages::quoted(text));
                Err(Error::new(ErrorKind::InvalidArgument, message))
            }
        }
    }
}
