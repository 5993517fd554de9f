//! Which column is the sentence, which the label and which the weight, and whether the first row is a header.

use ::csv::StringRecord;

use crate::error::{Error, ErrorKind, Result};

use super::options::{Column, DatasetOptions, Header};
use super::table::expected_columns;

/// Names of sentence columns; where a header has several of them, the first in this list counts.
const SENTENCE_NAMES: [&str; 14] = [
    "sentence",
    "text",
    "review",
    "question",
    "utterance",
    "query",
    "comment",
    "tweet",
    "message",
    "content",
    "headline",
    "title",
    "document",
    "body",
];

/// Names of label columns, likewise.
const LABEL_NAMES: [&str; 11] = [
    "label",
    "labels",
    "class",
    "category",
    "sentiment",
    "target",
    "intent",
    "topic",
    "emotion",
    "polarity",
    "tag",
];

/// The columns of a table.
pub(super) struct Columns {
    /// How many fields every row has.
    pub(super) count: usize,
    pub(super) sentence: usize,
    pub(super) label: Option<usize>,
    pub(super) weight: Option<usize>,
    pub(super) has_header: bool,
}

/// Settles the columns of a table by its first row; the error does not know the line.
pub(super) fn choose(
    first: &StringRecord,
    header: Header,
    options: &DatasetOptions,
    labelled: bool,
) -> Result<Columns> {
    let names: Vec<&str> = first.iter().map(str::trim).collect();
    let label_option = options.label_column.as_ref().filter(|_| labelled);
    let weight_option = options.weight_column.as_ref().filter(|_| labelled);
    let has_header = match header {
        Header::Present => true,
        Header::Absent => false,
        Header::Auto => {
            let asked = [options.text_column.as_ref(), label_option, weight_option];
            asked.into_iter().flatten().any(Column::is_name) || is_header(&names, labelled)?
        }
    };
    let known = |known_names: &[&str]| if has_header { find_known(&names, known_names) } else { None };
    let asked = |option: Option<&Column>| option.map(|column| find(column, &names)).transpose();
    let asked_sentence = asked(options.text_column.as_ref())?;
    let asked_label = asked(label_option)?;
    let weight = asked(weight_option)?;
    let is_free = |i: &usize| weight != Some(*i);
    let mut sentence =
        asked_sentence.or_else(|| known(&SENTENCE_NAMES).filter(|&i| Some(i) != asked_label && is_free(&i)));
    let mut label =
        asked_label.or_else(|| known(&LABEL_NAMES).filter(|&i| Some(i) != asked_sentence && is_free(&i)));
    let count = names.len();
    let free: Vec<usize> = (0..count).filter(is_free).collect();
    let other = |i: usize| free.iter().copied().find(|&free| free != i);
    match (labelled, free.len(), sentence, label) {
        (_, 2, None, None) => (sentence, label) = (Some(free[0]), Some(free[1])),
        (_, 2, Some(i), None) => label = other(i),
        (_, 2, None, Some(i)) => sentence = other(i),
        // Without labels and without names, the first column is as good as it gets.
        (false, 1, None, _) => sentence = Some(0),
        (false, _, None, _) if !has_header => sentence = Some(0),
        _ => {}
    }
    if weight.is_some() && (weight == sentence || weight == label) {
        let message = "expected a column of its own for the weight, got that of the sentence or the label";
        return Err(Error::new(ErrorKind::InvalidArgument, message));
    }
    match (sentence, label) {
        (Some(sentence), Some(label)) if labelled && sentence == label => {
            let message = format!("expected two columns, got column {label} for the sentence and the label");
            Err(Error::new(ErrorKind::InvalidArgument, message))
        }
        (Some(sentence), Some(label)) if labelled => {
            if has_header {
                check_unique(&names, sentence)?;
                check_unique(&names, label)?;
                weight.iter().try_for_each(|&weight| check_unique(&names, weight))?;
            }
            Ok(Columns { count, sentence, label: Some(label), weight, has_header })
        }
        (Some(sentence), _) if !labelled => {
            if has_header {
                check_unique(&names, sentence)?;
            }
            Ok(Columns { count, sentence, label: None, weight: None, has_header })
        }
        _ => Err(undecided(&names, has_header, sentence, labelled, weight.is_some())),
    }
}

/// Whether the first row is a header, by the names in it. A row that may be one or not is an error.
fn is_header(names: &[&str], labelled: bool) -> Result<bool> {
    match (find_known(names, &SENTENCE_NAMES), find_known(names, &LABEL_NAMES)) {
        (Some(_), Some(_)) => Ok(true),
        (Some(_), None) if !labelled => Ok(true),
        (None, None) => Ok(false),
        // One column: too few anyway, or a sentence.
        _ if names.len() == 1 => Ok(false),
        _ => {
            let message = format!(
                "expected a header that names a sentence and a label column, or none, got {}",
                list(names)
            );
            let hint = "if it is a header, name its columns: --text-column and --label-column; if it is a record: \
                        --header absent";
            Err(Error::new(ErrorKind::Dataset, message).with_hint(hint))
        }
    }
}

fn undecided(
    names: &[&str],
    has_header: bool,
    sentence: Option<usize>,
    labelled: bool,
    weighted: bool,
) -> Error {
    let expected = if weighted { 3 } else { 2 };
    let hint = "say which columns to read: --text-column and --label-column, by name or by number from 0";
    let message = match sentence {
        _ if !has_header || names.len() < expected => {
            let error = Error::new(ErrorKind::Dataset, expected_columns(expected, names.len()));
            return if names.len() < expected { error } else { error.with_hint(hint) };
        }
        Some(_) => format!("expected a label column, got the columns {}", list(names)),
        None if labelled => {
            format!("expected a sentence and a label column, got the columns {}", list(names))
        }
        None => format!("expected a sentence column, got the columns {}", list(names)),
    };
    Error::new(ErrorKind::Dataset, message).with_hint(hint)
}

/// The column that was asked for.
fn find(column: &Column, names: &[&str]) -> Result<usize> {
    let message = match column {
        Column::Index(index) if *index < names.len() => return Ok(*index),
        Column::Index(index) => {
            format!("expected a column {index}, counted from 0, got {} columns", names.len())
        }
        Column::Name(name) => match names.iter().position(|other| *other == name.trim()) {
            Some(index) => return Ok(index),
            None => format!("expected a column {}, got the columns {}", quoted(name), list(names)),
        },
    };
    Err(Error::new(ErrorKind::Dataset, message))
}

/// The position of the known name that comes first in `known_names`.
pub(super) fn find_known(names: &[&str], known_names: &[&str]) -> Option<usize> {
    known_names.iter().find_map(|known| names.iter().position(|name| name.eq_ignore_ascii_case(known)))
}

/// The known sentence key and label key of a JSON object.
pub(super) fn find_known_keys(keys: &[&str]) -> (Option<usize>, Option<usize>) {
    (find_known(keys, &SENTENCE_NAMES), find_known(keys, &LABEL_NAMES))
}

fn check_unique(names: &[&str], index: usize) -> Result<()> {
    let name = names[index];
    match names.iter().filter(|other| **other == name).count() {
        1 => Ok(()),
        n => {
            let error =
                Error::new(ErrorKind::Dataset, format!("expected one column {}, got {n}", quoted(name)));
            Err(error.with_hint("choose by number from 0: --text-column and --label-column"))
        }
    }
}

/// Text from a file, for a message: short, in quotes, on one line.
pub(super) fn quoted(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// Names from a file, for a message.
pub(super) fn list(names: &[&str]) -> String {
    const MOST: usize = 8;
    let mut text = names.iter().take(MOST).map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    if names.len() > MOST {
        text.push_str(&format!(" and {} more", names.len() - MOST));
    }
    text
}
