//! JSONL: one JSON object a line, its sentence a string, its label a string, a number or a boolean; where a sentence may
//! have several labels also an array of these.
//!
//! Values under other keys are skipped, not built. The keys are those asked for, else the known names in the first
//! object, and stay the same for the whole file. A key that occurs twice in an object counts where it stands last.

use std::fmt;
use std::io::Read;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::error::{Error, ErrorKind, Result};

use super::columns::{find_known_keys, quoted};
use super::examples::Example;
use super::lines::LineReader;
use super::multi_label::LabelSeparator;
use super::options::{Column, DatasetOptions};
use super::suggest::{list, suggestion};

pub(super) struct JsonlReader<R> {
    lines: LineReader<R>,
    options: DatasetOptions,
    labelled: bool,
    /// Where a sentence may have several labels: what stands between them in a cell.
    pub(super) separator: Option<LabelSeparator>,
    /// Those of the first object.
    keys: Option<Keys>,
    /// Whether the first object has not the keys, so that no other is looked at.
    has_no_keys: bool,
}

impl<R: Read> JsonlReader<R> {
    pub(super) fn new(lines: LineReader<R>, options: DatasetOptions, labelled: bool) -> Self {
        JsonlReader { lines, options, labelled, separator: None, keys: None, has_no_keys: false }
    }

    pub(super) fn lines(&self) -> &LineReader<R> {
        &self.lines
    }

    /// Whether the keys are known.
    pub(super) fn is_settled(&self) -> bool {
        self.keys.is_some()
    }

    /// Whether the first object has not the keys.
    pub(super) fn has_no_keys(&self) -> bool {
        self.has_no_keys
    }

    pub(super) fn next(&mut self) -> Result<Option<Example>> {
        while let Some(line) = self.lines.next_line()? {
            if line.text.trim().is_empty() {
                continue;
            }
            let (options, labelled, has_no_keys) = (&self.options, self.labelled, &mut self.has_no_keys);
            let choose = |object: &Object<'_>| {
                let keys = Keys::choose(object, options, labelled);
                *has_no_keys = keys.is_err();
                keys
            };
            return read_object(line.text, &mut self.keys, choose, self.separator.as_ref(), line.number)
                .map(Some)
                .map_err(|error| error.at(format!("line {}", line.number)));
        }
        Ok(None)
    }
}

fn read_object(
    text: &str,
    keys: &mut Option<Keys>,
    choose: impl FnOnce(&Object<'_>) -> Result<Keys>,
    separator: Option<&LabelSeparator>,
    line: usize,
) -> Result<Example> {
    let object = Object::from_line(text)?;
    let keys = match keys {
        Some(keys) => keys,
        None => keys.insert(choose(&object)?),
    };
    let sentence = sentence(&keys.sentence, object.value(&keys.sentence)?)?;
    let weight = keys.weight.as_ref().map(|key| weight(key, object.value(key)?)).transpose()?;
    let example = match (&keys.label, separator) {
        (Some(key), Some(separator)) => {
            Example::with_cell(line, &sentence, &label_cell(key, object.value(key)?, separator)?)
        }
        (key, _) => {
            let label = key.as_ref().map(|key| label(key, object.value(key)?)).transpose()?;
            Example::new(line, &sentence, label.as_deref())
        }
    };
    Ok(example.weighted(weight.as_deref()))
}

/// The keys of the sentence and, where labels are wanted, of the label and the weight.
struct Keys {
    sentence: String,
    label: Option<String>,
    weight: Option<String>,
}

impl Keys {
    fn choose(object: &Object<'_>, options: &DatasetOptions, labelled: bool) -> Result<Self> {
        let names = object.keys();
        let (sentence, label) = find_known_keys(&names);
        let weight = options.weight_column.as_ref().filter(|_| labelled).map(|column| match column {
            Column::Name(name) => name.clone(),
            Column::Index(index) => index.to_string(),
        });
        let is_free = |&i: &usize| weight.as_deref() != Some(names[i]);
        let (sentence, label) = (sentence.filter(is_free), label.filter(is_free));
        let choose = |option: Option<&Column>, known: Option<usize>, what: &str| match (option, known) {
            (Some(Column::Name(name)), _) => Ok(name.clone()),
            (Some(Column::Index(index)), _) => Ok(index.to_string()),
            (None, Some(known)) => Ok(names[known].to_string()),
            (None, None) => {
                let message = format!("expected a {what} key, got {}", object.describe_keys());
                let hint = "say which keys to read: --text-column and --label-column";
                Err(Error::new(ErrorKind::Dataset, message).with_hint(hint))
            }
        };
        let sentence = choose(options.text_column.as_ref(), sentence, "sentence")?;
        let label =
            if labelled { Some(choose(options.label_column.as_ref(), label, "label")?) } else { None };
        if label.as_ref() == Some(&sentence) {
            let message =
                format!("expected two keys, got {} for the sentence and the label", quoted(&sentence));
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        if weight.is_some() && (weight.as_ref() == Some(&sentence) || weight == label) {
            let message = "expected a key of its own for the weight, got that of the sentence or the label";
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        Ok(Keys { sentence, label, weight })
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
        // As it stands in the file: 1.10 is another label than 1.1.
        "a number" | "a boolean" => Ok(text.to_string()),
        _ => Err(unexpected(key, "a string, a number or a boolean", text)),
    }
}

/// The labels under a key as one cell, an array's joined by the separator.
fn label_cell(key: &str, value: &RawValue, separator: &LabelSeparator) -> Result<String> {
    let text = value.get();
    if kind_of(text) != "an array" {
        return label(key, value);
    }
    let values: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| broken(&error))?;
    let labels = values.into_iter().map(|value| label(key, value)).collect::<Result<Vec<String>>>()?;
    if let Some(label) = labels.iter().find(|label| separator.split(label).len() > 1) {
        let message = format!(
            "expected labels without the separator {} in an array under {}, got {}",
            quoted(&separator.to_string()),
            quoted(key),
            quoted(label)
        );
        return Err(
            Error::new(ErrorKind::Dataset, message).with_hint("choose another --multi-label separator")
        );
    }
    Ok(separator.join(&labels))
}

/// A number, or one in quotes.
fn weight(key: &str, value: &RawValue) -> Result<String> {
    let text = value.get();
    match kind_of(text) {
        "a string" => decode(key, text),
        "a number" => Ok(text.to_string()),
        _ => Err(unexpected(key, "a number", text)),
    }
}

/// The characters of a JSON string. Escapes are looked at only here, so half of a surrogate pair is found here.
fn decode(key: &str, text: &str) -> Result<String> {
    serde_json::from_str(text).map_err(|error| {
        let message =
            format!("expected a string under {}, got a broken one: {}", quoted(key), reason(&error));
        Error::new(ErrorKind::Dataset, message)
    })
}

fn unexpected(key: &str, expected: &str, text: &str) -> Error {
    let message = format!("expected {expected} under {}, got {}", quoted(key), kind_of(text));
    Error::new(ErrorKind::Dataset, message)
}

/// What a JSON text is, by its first character.
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

/// An object's members, their values not yet read.
struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Object<'a> {
    fn from_line(text: &'a str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| {
            let kind = kind_of(text);
            let (error, spans_lines) = match error.classify() {
                Category::Data => (
                    Error::new(ErrorKind::Dataset, format!("expected a JSON object, got {kind}")),
                    kind == "an array",
                ),
                category => (broken(&error), category == Category::Eof),
            };
            if spans_lines {
                return error
                    .with_hint("JSONL is one whole object a line; to make it of a JSON array: jq -c '.[]'");
            }
            error.with_hint("JSONL is one object a line: {\"text\": \"...\", \"label\": \"...\"}")
        })
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(key, _)| key.as_str()).collect()
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

fn broken(error: &serde_json::Error) -> Error {
    let message =
        format!("expected a JSON object, got broken JSON at byte {}: {}", error.column(), reason(error));
    Error::new(ErrorKind::Dataset, message)
}

/// The crate's message without its position, which counts lines within the line.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_string()
}
