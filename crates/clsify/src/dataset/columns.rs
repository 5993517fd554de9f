//! Finds the columns of the sentence, the label, the weight and the group, and decides whether the first row is a
//! header.

use ::csv::StringRecord;

use crate::error::{Error, ErrorKind, Result};
use crate::files::shell_word;

use super::flag::is_set;
use super::messages::{expected_columns, list, n_columns, quoted, suggestion};
use super::options::{Column, DatasetOptions, Format, Header};
use super::order::{is_header_alone, is_sentence_second};

/// Names of sentence columns; if a header has several of them, the first in this list is used.
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

/// Names of label columns; if a header has several of them, the first in this list is used.
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
    /// The number of fields of every row.
    pub(super) count: usize,
    pub(super) sentence: usize,
    pub(super) label: Option<usize>,
    /// Columns with one label each, used instead of a label column, and their labels.
    pub(super) one_hot: Vec<(usize, String)>,
    pub(super) weight: Option<usize>,
    pub(super) group: Option<usize>,
    pub(super) has_header: bool,
}

/// The start of a table.
pub(super) struct FirstRows<'a> {
    pub(super) first: &'a StringRecord,
    /// Some of the rows after the first one.
    pub(super) rest: &'a [StringRecord],
    pub(super) format: Format,
    pub(super) is_multi_label: bool,
}

/// Determines the columns of a table from its first rows; the error does not contain the line.
pub(super) fn choose(
    rows: &FirstRows<'_>,
    header: Header,
    options: &DatasetOptions,
    labelled: bool,
) -> Result<Columns> {
    let names: Vec<&str> = rows.first.iter().map(str::trim).collect();
    let label_option = options.label_column.as_ref().filter(|_| labelled);
    let weight_option = options.weight_column.as_ref().filter(|_| labelled);
    let group_option = options.group_column.as_ref().filter(|_| labelled);
    let label_columns = if labelled { options.label_columns.as_slice() } else { &[] };
    let has_one_hot = !label_columns.is_empty();
    let has_header = match header {
        Header::Present => true,
        Header::Absent => false,
        Header::Auto => {
            let asked = [options.text_column.as_ref(), label_option, weight_option, group_option];
            asked.into_iter().flatten().chain(label_columns).any(Column::is_name)
                || is_header(rows, &names, options, labelled)?
        }
    };
    let known = |known_names: &[&str]| if has_header { find_known(&names, known_names) } else { None };
    let asked = |option: Option<&Column>| option.map(|column| find(column, &names)).transpose();
    let asked_sentence = asked(options.text_column.as_ref())?;
    let asked_label = asked(label_option)?;
    let weight = asked(weight_option)?;
    let group = asked(group_option)?;
    let one_hot = label_columns.iter().map(|column| find(column, &names)).collect::<Result<Vec<usize>>>()?;
    if header == Header::Auto && !has_header && is_no_record(rows, &names, &one_hot, weight) {
        return Err(ask_for_header(&names));
    }
    let is_free = |i: &usize| weight != Some(*i) && group != Some(*i) && !one_hot.contains(i);
    let mut sentence =
        asked_sentence.or_else(|| known(&SENTENCE_NAMES).filter(|&i| Some(i) != asked_label && is_free(&i)));
    let mut label = asked_label.or_else(|| {
        known(&LABEL_NAMES).filter(|&i| !has_one_hot && Some(i) != asked_sentence && is_free(&i))
    });
    let count = names.len();
    let free: Vec<usize> = (0..count).filter(is_free).collect();
    let other = |i: usize| free.iter().copied().find(|&free| free != i);
    match (labelled, free.len(), sentence, label) {
        _ if has_one_hot => sentence = sentence.or(free.first().copied().filter(|_| free.len() == 1)),
        // The other column has a name for something else, and without labels nothing shows which column is meant.
        (false, 2, None, None) if has_header => {}
        (_, 2, None, None) => {
            check_order(rows, header, labelled, free[0], free[1])?;
            (sentence, label) = (Some(free[0]), Some(free[1]));
        }
        (_, 2, Some(i), None) => label = other(i),
        (_, 2, None, Some(i)) => sentence = other(i),
        (false, 1, None, _) => sentence = Some(0),
        _ => {}
    }
    if let Some(sentence) = sentence
        && header == Header::Auto
        && !has_header
        && (!labelled || label.is_some())
    {
        check_header_is_said(rows, sentence, label.filter(|_| labelled), asked_sentence.is_some())?;
    }
    if weight.is_some() && (weight == sentence || weight == label) {
        let message = "expected a column of its own for the weight, got that of the sentence or the label";
        return Err(Error::new(ErrorKind::InvalidArgument, message));
    }
    if group.is_some() && (group == sentence || group == label || group == weight) {
        let message =
            "expected a column of its own for the group, got that of the sentence, the label or the weight";
        return Err(Error::new(ErrorKind::InvalidArgument, message));
    }
    let beside: Vec<usize> = weight.into_iter().chain(group).collect();
    let names_of = Names { names: &names, header };
    let check_named = |sentence: usize, label: Option<usize>| {
        if !has_header {
            return Ok(());
        }
        names_of.check_unique(Some(sentence), options.text_column.as_ref(), "--text-column")?;
        names_of.check_unique(label, label_option, "--label-column")?;
        names_of.check_unique(weight, weight_option, "--weight-column")?;
        names_of.check_unique(group, group_option, "--group-column")?;
        names_of.check_label_columns(&one_hot, label_columns)
    };
    match (sentence, label) {
        (Some(sentence), None) if has_one_hot => {
            check_named(sentence, None)?;
            let name = |&i: &usize| if has_header { names[i].to_string() } else { i.to_string() };
            let one_hot: Vec<(usize, String)> = one_hot.iter().map(|i| (*i, name(i))).collect();
            check_one_hot(sentence, &beside, &one_hot)?;
            Ok(Columns { count, sentence, label: None, one_hot, weight, group, has_header })
        }
        (Some(sentence), Some(label)) if labelled && sentence == label => {
            let message = format!("expected two columns, got column {label} for the sentence and the label");
            Err(Error::new(ErrorKind::InvalidArgument, message))
        }
        (Some(sentence), Some(label)) if labelled => {
            check_named(sentence, Some(label))?;
            let one_hot = Vec::new();
            Ok(Columns { count, sentence, label: Some(label), one_hot, weight, group, has_header })
        }
        (Some(sentence), _) if !labelled => {
            check_named(sentence, None)?;
            let (one_hot, weight, group) = (Vec::new(), None, None);
            Ok(Columns { count, sentence, label: None, one_hot, weight, group, has_header })
        }
        _ if has_one_hot => Err(no_sentence(&names)),
        _ => {
            let of_labels = label_columns_hint(rows, &names, options, labelled);
            Err(undecided(&names, has_header, sentence, labelled, beside.len(), of_labels))
        }
    }
}

/// Checks that two columns without known names can be taken for the sentence and the label, in this order.
fn check_order(rows: &FirstRows<'_>, header: Header, labelled: bool, a: usize, b: usize) -> Result<()> {
    let shown = || format!("{}, {}", quoted(&rows.first[a]), quoted(&rows.first[b]));
    let name_it = "say which column to read: --text-column, by name or by number from 0";
    if is_sentence_second(rows.first, rows.rest, a, b, rows.is_multi_label) {
        let message = format!("expected the sentence first and the label second, got {}", shown());
        let hint = match labelled {
            true => format!(
                "say which column is which: --text-column {b} --label-column {a} if they are swapped, --text-column {a} if \
                 not"
            ),
            false => name_it.to_string(),
        };
        return Err(Error::new(ErrorKind::Dataset, message).with_hint(hint));
    }
    if labelled || header != Header::Auto {
        return Ok(());
    }
    // TSV with two columns and no header is a common format of labelled sentences; CSV without a header is not.
    if rows.format == Format::Csv || is_header_alone(rows.first, rows.rest, a, Some(b)) {
        let message = format!("expected a header that names a sentence column, got {}", shown());
        let hint =
            format!("{name_it}; if there is no header, and the sentence stands first: --header absent");
        return Err(Error::new(ErrorKind::Dataset, message).with_hint(hint));
    }
    Ok(())
}

/// Fails if the first row looks like a header but has no known name. Read as a record, it would be answered, or
/// become a class of its own. A column given by number does not tell whether there is a header. TSV often has none,
/// CSV usually has one.
fn check_header_is_said(
    rows: &FirstRows<'_>,
    sentence: usize,
    label: Option<usize>,
    by_number: bool,
) -> Result<()> {
    let (n_columns, is_csv) = (rows.first.len(), rows.format == Format::Csv);
    let is_header = |label| is_header_alone(rows.first, rows.rest, sentence, label);
    let looks_like_one = match label {
        Some(label) => is_csv && is_header(Some(label)),
        None if n_columns == 1 => is_csv && is_header(None),
        None => {
            let mut others = (0..n_columns).filter(|other| *other != sentence);
            is_csv && by_number || others.any(|other| is_header(Some(other)))
        }
    };
    if !looks_like_one {
        return Ok(());
    }
    let names: Vec<&str> = rows.first.iter().map(str::trim).collect();
    Err(ask_for_header(&names))
}

fn ask_for_header(names: &[&str]) -> Error {
    let message = format!("expected a first row that is clearly a header or a record, got {}", list(names));
    Error::new(ErrorKind::Dataset, message)
        .with_hint("add --header present if it is a header, --header absent if it is not")
}

/// Returns true if the first row has words where records have numbers: in every label column, or in the weight
/// column.
fn is_no_record(rows: &FirstRows<'_>, names: &[&str], one_hot: &[usize], weight: Option<usize>) -> bool {
    let has_words = |columns: &[usize], is_number: fn(&str) -> bool| {
        let of_rest = |row: &StringRecord| columns.iter().any(|&i| row.get(i).is_some_and(is_number));
        !columns.is_empty()
            && columns.iter().all(|&i| names[i].contains(char::is_alphabetic) && !is_number(names[i]))
            && (rows.rest.is_empty() || rows.rest.iter().any(of_rest))
    };
    has_words(one_hot, |cell| is_set(cell).is_some())
        || has_words(weight.as_slice(), |cell| cell.trim().parse::<f64>().is_ok())
}

/// Returns true if the first row is a header, according to its names. An ambiguous row is an error.
fn is_header(rows: &FirstRows<'_>, names: &[&str], options: &DatasetOptions, labelled: bool) -> Result<bool> {
    let known_sentence = find_known(names, &SENTENCE_NAMES);
    if labelled && !options.label_columns.is_empty() {
        // These columns are given by number, so their content distinguishes a header from a record.
        let is_flag = |column: &Column| match column {
            Column::Index(i) => names.get(*i).is_some_and(|cell| is_set(cell).is_some()),
            Column::Name(_) => false,
        };
        return match (known_sentence.is_some(), options.label_columns.iter().any(is_flag)) {
            (true, true) => Err(ask_for_header(names)),
            (is_known, _) => Ok(is_known),
        };
    }
    match (known_sentence, find_known(names, &LABEL_NAMES)) {
        (Some(_), Some(_)) => Ok(true),
        (Some(_), None) if !labelled => Ok(true),
        (None, None) => Ok(false),
        // A single column is either too few, or the sentence.
        _ if names.len() == 1 => Ok(false),
        _ => {
            let (columns, options) = match labelled {
                true => {
                    let of_labels = label_columns_hint(rows, names, options, labelled).unwrap_or_default();
                    let named = "name its columns: --text-column and --label-column";
                    ("a sentence and a label column", format!("{named}{of_labels}"))
                }
                false => ("a sentence column", "name its sentence column: --text-column".to_string()),
            };
            let message = format!("expected a header that names {columns}, or none, got {}", list(names));
            let hint = format!("if it is a header, {options}; if it is a record: --header absent");
            Err(Error::new(ErrorKind::Dataset, message).with_hint(hint))
        }
    }
}

/// A hint to use label columns, if several columns contain only zeros and ones and the data may be label sets.
fn label_columns_hint(
    rows: &FirstRows<'_>,
    names: &[&str],
    options: &DatasetOptions,
    labelled: bool,
) -> Option<String> {
    // Rows that score a model with one label per sentence do not need this hint.
    let may_be = labelled && (options.multi_label.is_some() || !options.allow_one_class);
    let is_one =
        |i: &usize| rows.rest.iter().all(|row| row.get(*i).is_some_and(|cell| is_set(cell).is_some()));
    let columns: Vec<usize> = (0..names.len()).filter(is_one).collect();
    if !may_be || rows.rest.is_empty() || columns.len() < 2 {
        return None;
    }
    let names: Vec<&str> = columns.iter().map(|&i| names[i]).collect();
    Some(label_columns_option(&names).unwrap_or_else(|| {
        let numbers: Vec<String> = columns.iter().map(usize::to_string).collect();
        label_columns_text(&numbers.join(","))
    }))
}

/// The option for label columns with these names; `None` if a name cannot be given on the command line.
pub(super) fn label_columns_option(names: &[&str]) -> Option<String> {
    let can_be_given = |(i, name): (usize, &&str)| {
        let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
        !is_number && !name.contains(',') && !names[..i].contains(name)
    };
    names.iter().enumerate().all(can_be_given).then(|| label_columns_text(&names.join(",")))
}

fn label_columns_text(columns: &str) -> String {
    format!(", or, if 1 says that a sentence has a label, --label-columns {}", shell_word(columns))
}

fn undecided(
    names: &[&str],
    has_header: bool,
    sentence: Option<usize>,
    labelled: bool,
    n_beside: usize,
    of_labels: Option<String>,
) -> Error {
    let expected = 2 + n_beside;
    let hint = match labelled {
        true => "say which columns to read: --text-column and --label-column, by name or by number from 0",
        false => "say which column to read: --text-column, by name or by number from 0",
    };
    let taken =
        "; --weight-column and --group-column need columns other than those of the sentence and the label";
    let hint = format!("{hint}{}{}", of_labels.unwrap_or_default(), if n_beside > 0 { taken } else { "" });
    let message = match sentence {
        _ if !has_header || names.len() < expected => {
            let error = Error::new(ErrorKind::Dataset, expected_columns(expected, names.len()));
            return if names.len() < expected && n_beside == 0 { error } else { error.with_hint(hint) };
        }
        Some(_) => format!("expected a label column, got the columns {}", list(names)),
        None if labelled => {
            format!("expected a sentence and a label column, got the columns {}", list(names))
        }
        None => format!("expected a sentence column, got the columns {}", list(names)),
    };
    Error::new(ErrorKind::Dataset, message).with_hint(hint)
}

/// Checks that the label columns differ from each other and from all other columns.
fn check_one_hot(sentence: usize, beside: &[usize], one_hot: &[(usize, String)]) -> Result<()> {
    let is_taken = |(place, (i, _)): (usize, &(usize, String))| {
        *i == sentence || beside.contains(i) || one_hot[..place].iter().any(|(other, _)| other == i)
    };
    if !one_hot.iter().enumerate().any(is_taken) {
        return Ok(());
    }
    let message = "expected label columns apart from each other and from those of the sentence, the weight and the group";
    Err(Error::new(ErrorKind::InvalidArgument, message))
}

/// With label columns, several other columns may be the sentence.
fn no_sentence(names: &[&str]) -> Error {
    let message = format!("expected a sentence column, got the columns {}", list(names));
    let hint = "say which column holds the sentence: --text-column, by name or by number from 0";
    Error::new(ErrorKind::Dataset, message).with_hint(hint)
}

/// Finds the requested column.
fn find(column: &Column, names: &[&str]) -> Result<usize> {
    let (message, hint) = match column {
        Column::Index(index) if *index < names.len() => return Ok(*index),
        Column::Index(index) => (
            format!("expected a column {index}, counted from 0, got {}", n_columns(names.len())),
            format!("choose a number from 0 to {}", names.len().saturating_sub(1)),
        ),
        Column::Name(name) => match names.iter().position(|other| *other == name.trim()) {
            Some(index) => return Ok(index),
            None => (
                format!("expected a column {}, got the columns {}", quoted(name), list(names)),
                suggestion(name, names, "column")
                    .unwrap_or("choose one of these columns by its exact name".to_string()),
            ),
        },
    };
    Err(Error::new(ErrorKind::Dataset, message).with_hint(hint))
}

/// Returns true if a row has a requested name, or if none is requested, a known name.
pub(super) fn is_named(row: &StringRecord, options: &DatasetOptions, labelled: bool) -> bool {
    let names: Vec<&str> = row.iter().map(str::trim).collect();
    let has = |asked: Option<&Column>, known_names: &[&str]| match asked {
        Some(Column::Name(name)) => names.contains(&name.trim()),
        Some(Column::Index(_)) => false,
        None => find_known(&names, known_names).is_some(),
    };
    let label_column = options.label_column.as_ref().filter(|_| labelled);
    let is_named = |column: &Column| matches!(column, Column::Name(name) if names.contains(&name.trim()));
    has(options.text_column.as_ref(), &SENTENCE_NAMES)
        || has(label_column, &LABEL_NAMES)
        || labelled && options.label_columns.iter().any(is_named)
}

/// The position of the known name that comes first in `known_names`.
pub(super) fn find_known(names: &[&str], known_names: &[&str]) -> Option<usize> {
    known_names.iter().find_map(|known| names.iter().position(|name| name.eq_ignore_ascii_case(known)))
}

/// The known sentence key and label key of a JSON object.
pub(super) fn find_known_keys(keys: &[&str]) -> (Option<usize>, Option<usize>) {
    (find_known(keys, &SENTENCE_NAMES), find_known(keys, &LABEL_NAMES))
}

/// The names of a header.
struct Names<'a> {
    names: &'a [&'a str],
    header: Header,
}

impl Names<'_> {
    /// Fails if other columns have the same name as the chosen one. A column requested by number is unambiguous.
    fn check_unique(&self, index: Option<usize>, asked: Option<&Column>, option: &str) -> Result<()> {
        let Some(index) = index.filter(|_| !matches!(asked, Some(Column::Index(_)))) else { return Ok(()) };
        let ways: Vec<String> = self.places(index).map(|i| format!("{option} {i}")).collect();
        if ways.len() == 1 {
            return Ok(());
        }
        Err(self.several(index, &format!("choose one of them by its number: {}", ways.join(" or "))))
    }

    /// As [`check_unique`](Self::check_unique), for label columns, whose names are the labels.
    fn check_label_columns(&self, columns: &[usize], asked: &[Column]) -> Result<()> {
        let by_name = columns.iter().zip(asked).filter(|(_, asked)| asked.is_name());
        if let Some((&index, _)) = by_name.into_iter().find(|(index, _)| self.places(**index).count() > 1) {
            let numbers: Vec<String> = columns.iter().map(usize::to_string).collect();
            let way = format!("choose columns by their numbers: --label-columns {}", numbers.join(","));
            return Err(self.several(index, &way));
        }
        let is_again = |(i, &index): (usize, &usize)| {
            columns[..i].iter().any(|&other| other != index && self.names[other] == self.names[index])
        };
        match columns.iter().enumerate().find(|&column| is_again(column)) {
            Some((_, &index)) => {
                let name = quoted(self.names[index]);
                let message = format!("expected a name of its own for each label column, got {name} again");
                let hint = format!("give column {index}, counted from 0, another name in the header");
                Err(Error::new(ErrorKind::Dataset, message).with_hint(hint))
            }
            None => Ok(()),
        }
    }

    /// The numbers of the columns with the same name as this column.
    fn places(&self, index: usize) -> impl Iterator<Item = usize> {
        let all = self.names.iter().enumerate();
        all.filter(move |(_, other)| **other == self.names[index]).map(|(i, _)| i)
    }

    fn several(&self, index: usize, way: &str) -> Error {
        let (name, n) = (quoted(self.names[index]), self.places(index).count());
        let error = Error::new(ErrorKind::Dataset, format!("expected one column {name}, got {n}"));
        // A column given by number does not tell whether there is a header.
        let header = if self.header == Header::Present { "" } else { ", and add --header present" };
        error.with_hint(format!("{way}{header}"))
    }
}
