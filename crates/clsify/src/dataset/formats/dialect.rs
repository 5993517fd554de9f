//! The dialect of a table: its delimiter and its quoting.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::dataset::messages::quoted;
use crate::error::{Error, ErrorKind, Result};

/// The character between the fields of a table: one ASCII character other than a quote, a letter, a digit or a line end.
///
/// ```
/// use clsify::dataset::Delimiter;
/// assert_eq!(";".parse::<Delimiter>()?, Delimiter::SEMICOLON);
/// assert_eq!("tab".parse::<Delimiter>()?, "\t".parse::<Delimiter>()?);
/// assert!("::".parse::<Delimiter>().is_err());
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Delimiter(u8);

impl Delimiter {
    /// `,`: the delimiter of CSV.
    pub const COMMA: Delimiter = Delimiter(b',');
    /// `;`: the delimiter of spreadsheets in locales with a decimal comma.
    pub const SEMICOLON: Delimiter = Delimiter(b';');
    /// The tab: the delimiter of TSV.
    pub const TAB: Delimiter = Delimiter(b'\t');
    /// `|`
    pub const PIPE: Delimiter = Delimiter(b'|');

    /// The delimiters that can be detected.
    pub(super) const USUAL: [Delimiter; 4] =
        [Delimiter::COMMA, Delimiter::SEMICOLON, Delimiter::TAB, Delimiter::PIPE];

    pub(super) fn byte(self) -> u8 {
        self.0
    }

    /// Its name in a message.
    pub(super) fn name(self) -> String {
        match self {
            Delimiter::COMMA => "comma".to_string(),
            Delimiter::SEMICOLON => "semicolon".to_string(),
            Delimiter::TAB => "tab".to_string(),
            Delimiter::PIPE => "vertical bar".to_string(),
            other => format!("{} character", quoted(&char::from(other.0).to_string())),
        }
    }

    /// The option that selects it, as typed into a shell.
    pub(super) fn option(self) -> String {
        match self {
            Delimiter::COMMA => "--delimiter \",\"".to_string(),
            Delimiter::TAB => "--delimiter tab".to_string(),
            other => format!("--delimiter \"{}\"", char::from(other.0)),
        }
    }
}

impl FromStr for Delimiter {
    type Err = Error;

    /// Parses the character itself, `tab`, or `\t`.
    fn from_str(text: &str) -> Result<Self> {
        match text.as_bytes() {
            b"tab" | b"\\t" => Ok(Delimiter::TAB),
            [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"\"\r\n\0".contains(byte) => {
                Ok(Delimiter(*byte))
            }
            _ => {
                let message = format!(
                    "expected one ASCII character other than a letter, a digit or a quote, such as ; or |, or tab, got {}",
                    quoted(text)
                );
                Err(Error::new(ErrorKind::InvalidArgument, message))
            }
        }
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Delimiter::TAB => f.write_str("tab"),
            Delimiter(byte) => write!(f, "{}", char::from(byte)),
        }
    }
}

impl TryFrom<String> for Delimiter {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Delimiter> for String {
    fn from(delimiter: Delimiter) -> Self {
        delimiter.to_string()
    }
}

/// The meaning of double quotes in a table; the names are those of Python's `csv`.
///
/// ```
/// use clsify::dataset::{Dataset, DatasetOptions, Quoting};
/// let tsv = "text\tlabel\n\"\"\"fine\"\", she said\"\tgood\nawful\tbad\n";
/// let options = DatasetOptions { quoting: Quoting::Minimal, ..DatasetOptions::default() };
/// let dataset = Dataset::read(tsv.as_bytes(), "pandas.tsv", &options)?;
/// assert_eq!(dataset.sentences(), ["\"fine\", she said", "awful"]);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quoting {
    /// `minimal` for CSV, `none` for TSV.
    #[default]
    Auto,
    /// A field that starts with a double quote ends with one, and a quote inside it is written twice, as in RFC 4180
    /// and in all files that pandas writes, TSV included.
    Minimal,
    /// A quote is a character like any other.
    None,
}

impl FromStr for Quoting {
    type Err = Error;

    /// Parses `auto`, `minimal` or `none`.
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "auto" => Ok(Quoting::Auto),
            "minimal" => Ok(Quoting::Minimal),
            "none" => Ok(Quoting::None),
            _ => {
                let message = format!("expected auto, minimal or none, got {}", quoted(text));
                Err(Error::new(ErrorKind::InvalidArgument, message))
            }
        }
    }
}
