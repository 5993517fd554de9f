//! 1. Labelled sentences: reads a TSV, CSV or JSONL file into parallel vectors of sentences, labels and line numbers.
//!
//! ```text
//! bytes -> records   what a file is, and how its records are written      formats/
//!          columns   which field is the sentence, which the label         columns.rs, order.rs
//!       -> examples  neither may be empty                                 example.rs, examples.rs
//!       -> data set  at least two classes                                 this file
//! ```
//!
//! A file is read once, record by record. Its columns and its header are determined by its first row, with the rules
//! in [`DatasetOptions`]; if that row is ambiguous, the result is an error that asks, not a guess. An error names the
//! file, the line, what was expected and what was found.
//!
//! - **TSV**: one record per line, fields separated by tabs; quotes and backslashes are ordinary characters, unless
//!   [`Quoting`] says otherwise.
//! - **CSV**: RFC 4180, with any [`Delimiter`]. A field in double quotes may contain delimiters, line breaks, and
//!   quotes written twice. Text after a closing quote is an error, and so is a quote that is never closed: lenient
//!   readers silently lose rows there.
//! - **JSONL**: one object per line, or an array of objects. A label may be a string, a number or a boolean; a number
//!   keeps its text.
//! - **fastText**: one sentence per line; the words that start with `__label__` are its labels.
//! - **Lines**: one sentence per line, without labels, for [`Sentences`] only.
//!
//! Blank lines are skipped, except in files with one column and no labels: there an empty line between sentences is
//! an error, because results are matched to lines by position. Blank lines at the end are not records.
//!
//! With [`DatasetOptions::multi_label`] a sentence may have several labels or none: its label is a cell of labels,
//! and [`Dataset::label_sets`] returns them separately.
//!
//! A file may be compressed with gzip, whatever its name is. A binary file, such as Parquet or a spreadsheet, is an
//! error that explains how to convert it.
//!
//! This module knows no tokens and no class ids; labels are always strings, and `1` stays `"1"`.

mod class_limit;
mod columns;
mod damage;
mod damage_kind;
mod example;
mod examples;
mod flag;
mod formats;
mod groups;
mod inspected;
mod label_separator;
mod label_spelling;
mod labelled;
mod messages;
mod options;
mod order;
mod records;
mod refused;
mod scripts;
mod sentences;
mod source_file;
mod summary;

pub use self::class_limit::check_class_count;
pub use self::damage::text_damage;
pub use self::damage_kind::{Damage, DamageKind};
pub use self::example::Fields;
pub use self::formats::{Delimiter, Line, LineReader, Quoting};
pub use self::groups::normalised;
pub use self::inspected::Inspected;
pub use self::label_separator::LabelSeparator;
pub(crate) use self::label_spelling::{
    Spellings, is_part_of_a_list, odd_character, python_list, shown, spelled_otherwise, spellings,
};
pub use self::labelled::{Dataset, SkippedRows};
pub use self::options::{Column, DatasetOptions, Format, Header};
pub use self::records::SentenceRecord;
pub use self::scripts::{mixed_word, script_of};
pub use self::sentences::{SentenceReader, Sentences};
pub use self::summary::{DatasetSummary, LabelCounts};
