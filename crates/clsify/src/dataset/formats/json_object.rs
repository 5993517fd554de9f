//! One record in JSON: an object with a sentence and a label, from a line of JSONL or from a JSON array.
//!
//! The sentence is a string, the label a string, a number or a boolean; if sentences may have several labels, it may
//! also be an array of these. Values of other keys are skipped without being built. The keys are the requested ones,
//! otherwise the known names in the first object, and stay the same for the whole file. If a key occurs twice in an
//! object, its last value counts.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::one_hot;
use crate::dataset::LabelSeparator;
use crate::dataset::columns::{find_known_keys, label_columns_option};
use crate::dataset::example::Example;
use crate::dataset::flag::is_set;
use crate::dataset::messages::{list, quoted, suggestion};
use crate::dataset::options::{Column, DatasetOptions};
use crate::error::{Error, ErrorKind, Result};

/// Parses records, and remembers the keys of sentence and label.
pub(super) struct ObjectReader {
    options: DatasetOptions,
    labelled: bool,
    /// The separator of labels in a cell, if sentences may have several labels.
    pub(super) separator: Option<LabelSeparator>,
    /// The form of the file, for hints.
    form: Form,
    /// The keys of the first object.
    keys: Option<Keys>,
    /// True if the first object lacks the keys, so that no other object is read.
    has_no_keys: bool,
}

/// The form of a file of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One record per line.
    Lines,
    /// Records in an array.
    Array,
}

impl ObjectReader {
    pub(super) fn new(options: DatasetOptions, labelled: bool, form: Form) -> Self {
        ObjectReader { options, labelled, separator: None, form, keys: None, has_no_keys: false }
    }

    /// Returns true if the first object lacks the keys.
    pub(super) fn has_no_keys(&self) -> bool {
        self.has_no_keys
    }

    /// Parses the record in `text`; the error does not contain the place. If no label is needed, a string is a
    /// sentence.
    pub(super) fn read(&mut self, text: &str, number: usize) -> Result<Example> {
        if !self.labelled && kind_of(text) == "a string" {
            let sentence: String = serde_json::from_str(text).map_err(|error| broken("string", error))?;
            return Ok(Example::new(number, &sentence, None));
        }
        let object = Object::parse(text, self.form)?;
        let keys = match &self.keys {
            Some(keys) => keys,
            None => {
                let chosen = Keys::choose(&object, &self.options, self.labelled);
                self.has_no_keys = chosen.is_err();
                let chosen = chosen?;
                if let Some(separator) = &self.separator {
                    one_hot::fit(chosen.one_hot.iter().map(String::as_str), separator)?;
                }
                &*self.keys.insert(chosen)
            }
        };
        let sentence = sentence(&keys.sentence, object.value(&keys.sentence)?)?;
        let weight = keys.weight.as_ref().map(|key| weight(key, object.value(key)?)).transpose()?;
        let group = keys.group.as_ref().map(|key| label(key, object.value(key)?)).transpose()?;
        let example = match (&keys.label, &self.separator) {
            (None, Some(separator)) => {
                let cell = |key: &String| -> Result<(String, String)> {
                    Ok((key.clone(), flag(object.value(key)?)))
                };
                let cells: Vec<(String, String)> = keys.one_hot.iter().map(cell).collect::<Result<_>>()?;
                let cells = cells.iter().map(|(key, cell)| (key.as_str(), cell.as_str()));
                one_hot::example(number, &sentence, cells, separator)
            }
            (Some(key), Some(separator)) => {
                Example::with_cell(number, &sentence, &label_cell(key, object.value(key)?, separator)?)
            }
            (key, _) => {
                let label = key.as_ref().map(|key| label(key, object.value(key)?)).transpose()?;
                Example::new(number, &sentence, label.as_deref())
            }
        };
        Ok(example.weighted(weight.as_deref()).grouped(group.as_deref()))
    }
}

/// The keys of the sentence and, if labels are needed, of the label, the weight and the group.
struct Keys {
    sentence: String,
    label: Option<String>,
    /// Keys with one label each, instead of a label key.
    one_hot: Vec<String>,
    weight: Option<String>,
    group: Option<String>,
}

impl Keys {
    fn choose(object: &Object<'_>, options: &DatasetOptions, labelled: bool) -> Result<Self> {
        let names = object.keys();
        let (sentence, label) = find_known_keys(&names);
        let weight = options.weight_column.as_ref().filter(|_| labelled).map(key_of);
        let group = options.group_column.as_ref().filter(|_| labelled).map(key_of);
        let is_free = |&i: &usize| [&weight, &group].into_iter().all(|key| key.as_deref() != Some(names[i]));
        let (sentence, label) = (sentence.filter(is_free), label.filter(is_free));
        let wants_label = labelled && options.label_columns.is_empty();
        let has = |option: &Option<Column>, known: Option<usize>| option.is_some() || known.is_some();
        let has_label = !wants_label || has(&options.label_column, label);
        let hint = |what: &str| {
            // Rows that score a model with one label per sentence cannot have label columns.
            let may_be_sets = wants_label && (options.multi_label.is_some() || !options.allow_one_class);
            let of_labels = Some(object.flags()).filter(|keys| may_be_sets && !has_label && keys.len() > 1);
            let of_labels = of_labels.and_then(|keys| label_columns_option(&keys)).unwrap_or_default();
            match what {
                "sentence" if has_label => "say which key holds the sentence: --text-column".to_string(),
                "sentence" => format!("say which keys to read: --text-column and --label-column{of_labels}"),
                _ => format!("say which key holds the label: --label-column{of_labels}"),
            }
        };
        let choose = |option: Option<&Column>, known: Option<usize>, what: &str| match (option, known) {
            (Some(column), _) => Ok(key_of(column)),
            (None, Some(known)) => Ok(names[known].to_string()),
            (None, None) => {
                let message = format!("expected a {what} key, got {}", object.describe_keys());
                Err(Error::new(ErrorKind::Dataset, message).with_hint(hint(what)))
            }
        };
        let sentence = choose(options.text_column.as_ref(), sentence, "sentence")?;
        let label =
            if wants_label { Some(choose(options.label_column.as_ref(), label, "label")?) } else { None };
        let one_hot = if labelled { options.label_columns.as_slice() } else { &[] };
        let one_hot: Vec<String> = one_hot.iter().map(key_of).collect();
        if one_hot.contains(&sentence) || weight.as_ref().is_some_and(|weight| one_hot.contains(weight)) {
            let message = "expected label keys apart from those of the sentence and the weight";
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        if label.as_ref() == Some(&sentence) {
            let message =
                format!("expected two keys, got {} for the sentence and the label", quoted(&sentence));
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        if weight.is_some() && (weight.as_ref() == Some(&sentence) || weight == label) {
            let message = "expected a key of its own for the weight, got that of the sentence or the label";
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        if group.as_ref().is_some_and(|group| one_hot.contains(group))
            || group.is_some() && (group.as_ref() == Some(&sentence) || group == label || group == weight)
        {
            let message =
                "expected a key of its own for the group, got that of the sentence, a label or the weight";
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        Ok(Keys { sentence, label, one_hot, weight, group })
    }
}

fn sentence(key: &str, value: &RawValue) -> Result<String> {
    let text = value.get();
    if kind_of(text) != "a string" {
        return Err(unexpected(key, "a string", text));
    }
    decode(key, text)
}

fn label(key: &str, value: &RawValue) -> Result<String> {
    let text = value.get();
    match kind_of(text) {
        "a string" => decode(key, text),
        // The text is kept as it is in the file: 1.10 is another label than 1.1.
        "a number" | "a boolean" => Ok(text.to_string()),
        _ => Err(unexpected(key, "a string, a number or a boolean", text)),
    }
}

/// The labels of a key as one cell; those of an array are joined by the separator.
fn label_cell(key: &str, value: &RawValue, separator: &LabelSeparator) -> Result<String> {
    let text = value.get();
    if kind_of(text) != "an array" {
        return label(key, value);
    }
    let values: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| broken("array", error))?;
    let labels = values.into_iter().map(|value| label(key, value)).collect::<Result<Vec<String>>>()?;
    separator.cell(&labels).map_err(|error| error.at(format!("array under {}", quoted(key))))
}

/// The name or number of a column as a key.
fn key_of(column: &Column) -> String {
    match column {
        Column::Name(name) => name.clone(),
        Column::Index(index) => index.to_string(),
    }
}

/// The text of a value that states whether a sentence has a label.
fn flag(value: &RawValue) -> String {
    let text = value.get();
    serde_json::from_str(text).unwrap_or_else(|_| text.to_string())
}

/// A number, possibly in quotes.
fn weight(key: &str, value: &RawValue) -> Result<String> {
    let text = value.get();
    match kind_of(text) {
        "a string" => decode(key, text),
        "a number" => Ok(text.to_string()),
        _ => Err(unexpected(key, "a number", text)),
    }
}

/// Decodes a JSON string. Escapes are only decoded here, so half of a surrogate pair is detected here.
fn decode(key: &str, text: &str) -> Result<String> {
    serde_json::from_str(text).map_err(|error| {
        let message =
            format!("expected a string under {}, got a broken one: {}", quoted(key), reason(&error));
        Error::new(ErrorKind::Dataset, message).caused_by(error)
    })
}

fn unexpected(key: &str, expected: &str, text: &str) -> Error {
    let message = format!("expected {expected} under {}, got {}", quoted(key), kind_of(text));
    let error = Error::new(ErrorKind::Dataset, message);
    match kind_of(text) {
        "an object" => {
            error.with_hint("write one object per record; with pandas: to_json(path, orient=\"records\")")
        }
        _ => error,
    }
}

/// The type of a JSON text, by its first character.
fn kind_of(text: &str) -> &'static str {
    match text.trim_start().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        Some(b'-' | b'0'..=b'9') => "a number",
        _ => "no JSON",
    }
}

/// The members of an object, with unparsed values.
struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Object<'a> {
    fn parse(text: &'a str, form: Form) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| {
            let category = error.classify();
            let error = match category {
                Category::Data => {
                    Error::new(ErrorKind::Dataset, format!("expected a JSON object, got {}", kind_of(text)))
                }
                _ => broken("object", error),
            };
            error.with_hint(match (form, category) {
                (Form::Array, _) => "a JSON array holds one object per record: [{\"text\": \"...\", \"label\": \"...\"}, ...]",
                (Form::Lines, Category::Eof) => {
                    "JSONL is one whole object per line; put objects of several lines into an array, between [ and ]"
                }
                (Form::Lines, _) => "JSONL is one object per line: {\"text\": \"...\", \"label\": \"...\"}",
            })
        })
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(key, _)| key.as_str()).collect()
    }

    /// The keys whose values may state whether a sentence has a label.
    fn flags(&self) -> Vec<&str> {
        let is_flag = |(_, value): &&(String, &RawValue)| is_set(&flag(value)).is_some();
        self.0.iter().filter(is_flag).map(|(key, _)| key.as_str()).collect()
    }

    fn describe_keys(&self) -> String {
        if self.0.is_empty() { "an empty object".to_string() } else { list(&self.keys()) }
    }

    fn value(&self, key: &str) -> Result<&'a RawValue> {
        match self.0.iter().rfind(|(other, _)| other == key) {
            Some((_, value)) => Ok(value),
            None => {
                let message = format!("expected the key {}, got {}", quoted(key), self.describe_keys());
                let error = Error::new(ErrorKind::Dataset, message);
                Err(match suggestion(key, &self.keys(), "key") {
                    Some(hint) => error.with_hint(hint),
                    None => error,
                })
            }
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Members).map(Object)
    }
}

fn broken(what: &str, error: serde_json::Error) -> Error {
    let message =
        format!("expected a JSON {what}, got broken JSON at byte {}: {}", error.column(), reason(&error));
    Error::new(ErrorKind::Dataset, message).caused_by(error)
}

/// The crate's message without its position, which is relative to this line.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_string()
}
