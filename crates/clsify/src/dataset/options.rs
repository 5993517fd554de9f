//! What a caller may say about a file: its format, its columns, its header, how much of it to read.

use std::path::Path;
use std::str::FromStr;

use crate::error::{Error, ErrorKind, Result};

/// How to read a file. The default reads what the extension says, finds the columns, and reads to the end.
///
/// # Header
/// A TSV or CSV file has a header when [`Header::Present`] says so, when a column is asked for by name, or when the
/// first row names both a known sentence column (`sentence`, `text`, `review`, `question`, ...) and a known label
/// column (`label`, `class`, `category`, `sentiment`, ...), in capitals or not. A row that names only one of the two
/// may be a header or a record: that is an error, and [`header`](Self::header) or a column's name settles it. Where no
/// label is needed ([`Sentences`](super::Sentences)), the name of a sentence column is enough.
///
/// # Columns
/// With a header: the columns asked for, else the known names. Without one: the sentence first, then the label. Of
/// exactly two columns, one that is known leaves the other. Further columns are ignored, but only where it is said or
/// known by name which ones count. A [`weight_column`](Self::weight_column) is set aside first.
///
/// ```
/// use clsify::dataset::{Column, Dataset, DatasetOptions, Format, Header};
/// let csv = "17,praise,a treat\n18,blame,a chore\n";
/// let options = DatasetOptions {
///     format: Some(Format::Csv),
///     text_column: Some(Column::Index(2)),
///     label_column: Some(Column::Index(1)),
///     weight_column: None,
///     header: Header::Absent,
///     limit: Some(1000),
/// };
/// let dataset = Dataset::read(csv.as_bytes(), "stdin", &options)?;
/// assert_eq!(dataset.sentences(), ["a treat", "a chore"]);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DatasetOptions {
    /// The format; `None` follows the file's extension.
    pub format: Option<Format>,
    /// The sentence column.
    pub text_column: Option<Column>,
    /// The label column; [`Sentences`](super::Sentences) ignores it.
    pub label_column: Option<Column>,
    /// The column that says how much each record counts; without one they count the same. [`Sentences`](super::Sentences)
    /// ignores it.
    pub weight_column: Option<Column>,
    /// Whether the first row of a TSV or CSV file names the columns; JSONL and lines have no header.
    pub header: Header,
    /// The number of records to read, at least 1; what follows them is not looked at.
    pub limit: Option<usize>,
    /// Whether the rows may all be of one class, and in a multi-label file have no label at all. Rows that only score a
    /// classifier may; training needs two classes. The default is false.
    pub allow_one_class: bool,
}

impl DatasetOptions {
    /// The format of the file of this name.
    pub(super) fn format_of(&self, name: &str) -> Result<Format> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        let extension = Path::new(name).extension().and_then(|e| e.to_str());
        let message = match extension {
            Some(extension) => match Format::from_extension(extension) {
                Some(format) => return Ok(format),
                None => {
                    format!(
                        "expected the extension tsv, csv, jsonl or txt, got {}",
                        super::columns::quoted(extension)
                    )
                }
            },
            None => "expected the extension tsv, csv, jsonl or txt, got none".to_string(),
        };
        let hint = "say what the file is: --format tsv, csv, jsonl or lines";
        Err(Error::new(ErrorKind::Dataset, message).with_hint(hint))
    }

    /// Contradictions that need no file to be seen.
    pub(super) fn check(&self, format: Format, labelled: bool) -> Result<()> {
        let invalid = |message: &str| Err(Error::new(ErrorKind::InvalidArgument, message));
        if self.limit == Some(0) {
            return invalid("expected a limit of at least 1 record, got 0");
        }
        let label_column = self.label_column.as_ref().filter(|_| labelled);
        let weight_column = self.weight_column.as_ref().filter(|_| labelled);
        let is_table = matches!(format, Format::Tsv | Format::Csv);
        let asked = [self.text_column.as_ref(), label_column, weight_column];
        let named = asked.into_iter().flatten().any(Column::is_name);
        if is_table && named && self.header == Header::Absent {
            return invalid("expected column numbers for a file without a header, got a column name");
        }
        if format == Format::Lines && (self.text_column.is_some() || label_column.is_some()) {
            return invalid("expected no column for one sentence a line, got one");
        }
        if self.text_column.is_some() && self.text_column.as_ref() == label_column {
            return invalid("expected two columns, got the same one for the sentence and the label");
        }
        if weight_column.is_some() && [self.text_column.as_ref(), label_column].contains(&weight_column) {
            return invalid(
                "expected a column of its own for the weight, got that of the sentence or the label",
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
/// assert_eq!("xlsx".parse::<Format>().unwrap_err().to_string(), r#"expected tsv, csv, jsonl or lines, got "xlsx""#);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Fields separated by tabs, one record a line, quotes are ordinary characters. Extension `tsv`.
    Tsv,
    /// RFC 4180: fields separated by commas, in double quotes where needed. Extension `csv`.
    Csv,
    /// One JSON object a line. Extensions `jsonl`, `ndjson`, and `json`.
    Jsonl,
    /// One sentence a line, without labels. Extension `txt`.
    Lines,
}

impl Format {
    fn from_extension(extension: &str) -> Option<Format> {
        match extension.to_ascii_lowercase().as_str() {
            "tsv" => Some(Format::Tsv),
            "csv" => Some(Format::Csv),
            "jsonl" | "ndjson" | "json" => Some(Format::Jsonl),
            "txt" => Some(Format::Lines),
            _ => None,
        }
    }
}

impl FromStr for Format {
    type Err = Error;

    /// `lines`, or any of the extensions.
    fn from_str(text: &str) -> Result<Self> {
        let format = if text.eq_ignore_ascii_case("lines") {
            Some(Format::Lines)
        } else {
            Format::from_extension(text)
        };
        format.ok_or_else(|| {
            let message = format!("expected tsv, csv, jsonl or lines, got {}", super::columns::quoted(text));
            Error::new(ErrorKind::InvalidArgument, message)
        })
    }
}

/// A column, by its name in the header or by its number, counted from 0 as pandas and scikit-learn do.
///
/// From text, digits are a number and everything else is a name. In JSONL, which has no order, the number is looked
/// up as a key.
///
/// ```
/// use clsify::dataset::Column;
/// assert_eq!("1".parse::<Column>()?, Column::Index(1));
/// assert_eq!("review".parse::<Column>()?, Column::Name("review".to_string()));
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Column {
    /// The column with exactly this name; whitespace around names in a header does not count.
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

/// Whether the first row of a TSV or CSV file names the columns.
///
/// ```
/// use clsify::dataset::Header;
/// assert_eq!("absent".parse::<Header>()?, Header::Absent);
/// assert_eq!(Header::default(), Header::Auto);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Header {
    /// The first row decides, by the rules in [`DatasetOptions`].
    #[default]
    Auto,
    /// The first row names the columns.
    Present,
    /// The first row is a record.
    Absent,
}

impl FromStr for Header {
    type Err = Error;

    /// `auto`, `present` or `absent`.
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "auto" => Ok(Header::Auto),
            "present" => Ok(Header::Present),
            "absent" => Ok(Header::Absent),
            _ => {
                let message =
                    format!("expected auto, present or absent, got {}", super::columns::quoted(text));
                Err(Error::new(ErrorKind::InvalidArgument, message))
            }
        }
    }
}
