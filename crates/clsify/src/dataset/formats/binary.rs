//! Recognises binary files that contain tables, by their first bytes or their extension, and explains how to convert
//! them.

use std::path::Path;

use crate::error::{Error, ErrorKind};
use crate::files::shell_word;

use super::gzip;

/// A kind of file that is not read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dataset) enum Binary {
    Parquet,
    Arrow,
    Excel,
    Zip,
    Tar,
    Bzip2,
    Xz,
    Zstd,
    SevenZip,
    Sqlite,
}

/// The first bytes of each kind of file.
const MAGIC: [(&[u8], Binary); 9] = [
    (b"PAR1", Binary::Parquet),
    (b"ARROW1\0\0", Binary::Arrow),
    (b"PK\x03\x04", Binary::Zip),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Binary::Excel),
    (b"BZh91AY&SY", Binary::Bzip2),
    (b"\xfd7zXZ\0", Binary::Xz),
    (b"\x28\xb5\x2f\xfd", Binary::Zstd),
    (b"7z\xbc\xaf\x27\x1c", Binary::SevenZip),
    (b"SQLite format 3\0", Binary::Sqlite),
];

const EXTENSIONS: [(&str, Binary); 18] = [
    ("parquet", Binary::Parquet),
    ("pq", Binary::Parquet),
    ("arrow", Binary::Arrow),
    ("feather", Binary::Arrow),
    ("xlsx", Binary::Excel),
    ("xlsm", Binary::Excel),
    ("xls", Binary::Excel),
    ("ods", Binary::Excel),
    ("zip", Binary::Zip),
    ("tar", Binary::Tar),
    ("tgz", Binary::Tar),
    ("bz2", Binary::Bzip2),
    ("xz", Binary::Xz),
    ("zst", Binary::Zstd),
    ("7z", Binary::SevenZip),
    ("sqlite", Binary::Sqlite),
    ("sqlite3", Binary::Sqlite),
    ("db", Binary::Sqlite),
];

impl Binary {
    /// Recognises a file by its first bytes; a spreadsheet is also a ZIP archive, and `name` distinguishes them if
    /// possible.
    pub(super) fn of_bytes(start: &[u8], name: &str) -> Option<Self> {
        let (_, binary) = *MAGIC.iter().find(|(magic, _)| start.starts_with(magic))?;
        let holds = |part: &[u8]| start.windows(part.len()).any(|window| window == part);
        let is_sheet = Binary::of_name(name) == Some(Binary::Excel)
            || [&b"[Content_Types].xml"[..], b"xl/", b"opendocument.spreadsheet"].into_iter().any(holds);
        Some(if binary == Binary::Zip && is_sheet { Binary::Excel } else { binary })
    }

    /// Recognises a file by the extension of its name.
    pub(in crate::dataset) fn of_name(name: &str) -> Option<Self> {
        let extension = Path::new(name).extension()?.to_str()?.to_ascii_lowercase();
        EXTENSIONS.iter().find(|(other, _)| *other == extension).map(|&(_, binary)| binary)
    }

    /// Returns true if more bytes are needed to recognise the file.
    pub(super) fn may_be(start: &[u8]) -> bool {
        // Enough of an archive to contain the name of its first file.
        let is_short_zip = start.starts_with(b"PK\x03\x04") && start.len() < 100;
        is_short_zip || MAGIC.iter().any(|(magic, _)| is_part(start, magic))
    }

    /// The kind of file in words, for a message.
    pub(super) fn what(self) -> &'static str {
        match self {
            Binary::Parquet => "Parquet",
            Binary::Arrow => "Arrow or Feather",
            Binary::Excel => "a spreadsheet",
            Binary::Zip => "a ZIP archive",
            Binary::Tar => "a tar archive",
            Binary::Bzip2 => "bzip2 data",
            Binary::Xz => "xz data",
            Binary::Zstd => "Zstandard data",
            Binary::SevenZip => "a 7z archive",
            Binary::Sqlite => "an SQLite database",
        }
    }

    /// The hint for the file of this name.
    pub(in crate::dataset) fn hint(self, name: &str) -> String {
        let pandas = |function: &str, extension: &str| {
            let (from, to) = names(name, extension);
            format!("python3 -c \"import pandas; pandas.{function}('{from}').to_csv('{to}', index=False)\"")
        };
        let file = shell_word(&names(name, self.extension()).0);
        match self {
            Binary::Parquet => format!("convert it to CSV: {}", pandas("read_parquet", "parquet")),
            Binary::Arrow => format!("convert it to CSV: {}", pandas("read_feather", "feather")),
            Binary::Excel => {
                format!("save it as CSV (UTF-8), or convert it: {}", pandas("read_excel", "xlsx"))
            }
            Binary::Zip => format!("unpack it and give the data file: unzip {file}"),
            Binary::Tar => format!("unpack it and give the data file: tar -xf {file}"),
            Binary::Bzip2 => format!("decompress it: bunzip2 -k {file}"),
            Binary::Xz => format!("decompress it: xz -dk {file}"),
            Binary::Zstd => format!("decompress it: zstd -d {file}"),
            Binary::SevenZip => format!("unpack it and give the data file: 7z x {file}"),
            Binary::Sqlite => {
                format!("export its table: sqlite3 -header -csv {file} 'SELECT * FROM table_name' > data.csv")
            }
        }
    }

    /// The error for a file that starts like this.
    pub(super) fn error(self, name: &str) -> Error {
        let message = format!("expected text, got {}", self.what());
        Error::new(ErrorKind::Dataset, message).at(name).with_hint(self.hint(name))
    }

    fn extension(self) -> &'static str {
        EXTENSIONS.iter().find(|(_, binary)| *binary == self).map_or("", |(extension, _)| extension)
    }
}

/// Returns true if `start` is a proper prefix of `whole`.
pub(super) fn is_part(start: &[u8], whole: &[u8]) -> bool {
    start.len() < whole.len() && whole.starts_with(start)
}

/// The names of the file and of the CSV file to write, quoted for a shell.
fn names(name: &str, extension: &str) -> (String, String) {
    let is_plain = |c: char| !c.is_control() && !"'\"\\$`!".contains(c);
    let path = Path::new(gzip::inner_name(name));
    if !name.chars().all(is_plain) || name.starts_with('-') || path.extension().is_none() {
        return (format!("data.{extension}"), "data.csv".to_string());
    }
    // The file itself must not be overwritten if its extension is wrong.
    let is_csv = path.extension().is_some_and(|extension| extension == "csv");
    let to = path.with_extension(if is_csv { "converted.csv" } else { "csv" });
    (name.to_string(), to.display().to_string())
}
