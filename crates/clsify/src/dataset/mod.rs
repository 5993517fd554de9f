//! 1. Labelled sentences: a TSV, CSV or JSONL file in, parallel vectors of sentences, labels and line numbers out.
//!
//! ```text
//! bytes -> records   what a file is, and how its records are written      formats/
//!          columns   which field is the sentence, which the label         columns.rs, order.rs
//!       -> examples  neither may be empty                                 example.rs, examples.rs
//!       -> data set  at least two classes                                 this file
//! ```
//!
//! A file is read once, record by record. What a file leaves open (its columns, its header) is settled by its first
//! row, by rules in [`DatasetOptions`], and where that row may be read in two ways the answer is an error that asks,
//! not a guess. An error names the file, the line, what was expected and what was found.
//!
//! - **TSV**: one record a line, fields separated by tabs; quotes and backslashes are ordinary characters, unless
//!   [`Quoting`] says otherwise.
//! - **CSV**: RFC 4180, with any [`Delimiter`]. A field in double quotes may hold delimiters, line breaks, and quotes written
//!   twice. Text after a closing quote is an error, as is a quote that is never closed: lenient readers lose rows there
//!   without a word.
//! - **JSONL**: one object a line, or an array of objects. A label may be a string, a number or a boolean; of a number its
//!   text is kept.
//! - **fastText**: one sentence a line, the words that start with `__label__` are its labels.
//! - **Lines**: one sentence a line, no labels: for [`Sentences`] only.
//!
//! Blank lines are skipped, except where a line is a sentence, in a file with one column: there an empty line between
//! sentences is an error, since results are matched to lines by position. Blank lines at the end are no records.
//!
//! With [`DatasetOptions::multi_label`] a sentence may have several labels or none: its label is a cell of labels, and
//! [`Dataset::label_sets`] has them one by one.
//!
//! A file may be compressed by gzip, whatever its name says. A file that holds no text, such as Parquet or a spreadsheet, is an
//! error that says how to convert it.
//!
//! This module knows no tokens and no class ids; labels are strings throughout, and `1` stays `"1"`.

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
pub(crate) use self::groups::normalised;
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
