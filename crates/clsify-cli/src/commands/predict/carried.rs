//! Records of the input followed by an answer: CSV with all columns, or JSONL with all keys. The first record
//! determines the names of the answer's columns or keys for the whole output.

use std::collections::HashSet;

use clsify::dataset::Fields;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::records::Records;

/// The columns of CSV, determined by the first record.
pub(super) struct Columns {
    names: Vec<String>,
    /// The column of the sentence, if the first record shows it.
    sentence: Option<usize>,
    /// True if records are JSON objects.
    of_objects: bool,
}

impl Columns {
    /// The names of the header, or the keys of the first object. Columns without names are numbered from 0; the
    /// column is `sentence` if a line is one sentence, or if there are no records.
    pub(super) fn of(group: Option<&Records>) -> Self {
        let plain = |names| Columns { names, sentence: Some(0), of_objects: false };
        let Some((group, row)) = group.and_then(|group| Some((group, group.rows.first()?))) else {
            return plain(vec!["sentence".to_string()]);
        };
        match (&group.header, &row.fields) {
            (Some(names), _) => plain(names.clone()),
            (None, Fields::Row(cells)) if cells.len() > 1 => {
                plain((0..cells.len()).map(|i| i.to_string()).collect())
            }
            (None, Fields::Row(_)) => plain(vec!["sentence".to_string()]),
            (None, Fields::Object(text)) => {
                let members = members(text);
                let is_sentence = |value: &RawValue| Some(cell(value).as_str()) == group.sentence(row);
                let sentence = members.iter().position(|(_, value)| is_sentence(value));
                let names = members.into_iter().map(|(key, _)| key).collect();
                Columns { names, sentence, of_objects: true }
            }
        }
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The first key of a record that has no column.
    pub(super) fn key_without_column(&self, fields: &Fields) -> Option<String> {
        let Fields::Object(text) = fields else { return None };
        let has_column = |key: &String| self.names.contains(key);
        let mut keys = members(text).into_iter().map(|(key, _)| key);
        keys.find(|key| !has_column(key)).filter(|_| self.of_objects)
    }

    /// The names of an answer's columns, changed if a column of the input has the same name.
    pub(super) fn free_names(&self, names: Vec<String>) -> Vec<String> {
        let mut taken: HashSet<String> = self.names.iter().cloned().collect();
        let free = |name: String| {
            let name = free_name(name, |name| taken.contains(name));
            taken.insert(name.clone());
            name
        };
        names.into_iter().map(free).collect()
    }

    /// The cells of a record in these columns. Of an object, strings are written as they are, null as an empty cell,
    /// and other values as JSON. If an array holds both objects and strings, only the sentence is written for a
    /// record of another kind than the first.
    pub(super) fn cells(&self, fields: &Fields, sentence: Option<&str>) -> Vec<String> {
        match fields {
            Fields::Row(cells) if !self.of_objects => {
                let mut cells = cells.clone();
                cells.resize(self.names.len(), String::new());
                cells
            }
            Fields::Object(text) if self.of_objects => {
                let members = members(text);
                // If a key occurs twice, the last value counts.
                let cell = |name: &String| {
                    members.iter().rfind(|(key, _)| key == name).map(|(_, value)| cell(value))
                };
                self.names.iter().map(|name| cell(name).unwrap_or_default()).collect()
            }
            _ => {
                let mut cells = vec![String::new(); self.names.len()];
                if let Some(cell) = self.sentence.and_then(|i| cells.get_mut(i)) {
                    *cell = sentence.unwrap_or_default().to_string();
                }
                cells
            }
        }
    }
}

/// Returns the name itself if it is free, otherwise the name after `predicted_`, with a number behind it if needed.
fn free_name(name: String, is_taken: impl Fn(&str) -> bool) -> String {
    if !is_taken(&name) {
        return name;
    }
    let predicted = format!("predicted_{name}");
    let numbered = (2..).map(|n| format!("{predicted}_{n}"));
    let mut names = std::iter::once(predicted.clone()).chain(numbered);
    names.find(|name| !is_taken(name)).unwrap_or(predicted)
}

/// The members of an object with the text of their values; empty if the text is no object.
fn members(text: &str) -> Vec<(String, Box<RawValue>)> {
    struct Members(Vec<(String, Box<RawValue>)>);

    impl<'de> serde::Deserialize<'de> for Members {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;

            impl<'de> serde::de::Visitor<'de> for Visitor {
                type Value = Members;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }

                fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                    let mut members = Vec::new();
                    while let Some(member) = map.next_entry()? {
                        members.push(member);
                    }
                    Ok(Members(members))
                }
            }

            deserializer.deserialize_map(Visitor)
        }
    }

    serde_json::from_str::<Members>(text).map(|members| members.0).unwrap_or_default()
}

fn cell(value: &RawValue) -> String {
    match value.get() {
        "null" => String::new(),
        text if text.starts_with('"') => serde_json::from_str(text).unwrap_or_default(),
        text => text.to_string(),
    }
}

/// The keys of the answers in JSON objects, determined by the first record.
pub(super) struct Keys {
    /// The names of an answer's members, and the keys under which they are written.
    keys: Vec<(String, String)>,
}

impl Keys {
    /// An answer's members keep their names unless the first record has a key of the same name.
    pub(super) fn of(group: Option<&Records>, names: Vec<String>) -> Self {
        let first = group.and_then(|group| Some((group, group.rows.first()?)));
        let own = first.map_or(Vec::new(), |(group, row)| own_members(&row.fields, group.header.as_deref()));
        let mut taken: HashSet<String> = own.into_iter().map(|(key, _)| key).collect();
        let key = |name: String| {
            let key = free_name(name.clone(), |key| taken.contains(key));
            taken.insert(key.clone());
            (name, key)
        };
        Keys { keys: names.into_iter().map(key).collect() }
    }

    /// The first key of a record that is also a key of the answers, so that the record's value is renamed, and its
    /// new name.
    pub(super) fn moved(&self, fields: &Fields) -> Option<(String, String)> {
        let Fields::Object(text) = fields else { return None };
        let own: Vec<String> = members(text).into_iter().map(|(key, _)| key).collect();
        let key = own.iter().find(|key| self.is_answers(key))?;
        Some((
            key.clone(),
            moved_name(key, |name| self.is_answers(name) || own.iter().any(|key| key == name)),
        ))
    }

    fn is_answers(&self, key: &str) -> bool {
        self.keys.iter().any(|(_, answers)| answers == key)
    }

    /// Returns a record as a JSON object with all of its keys, followed by the members of an answer.
    ///
    /// The text of an object is kept, so that its numbers stay as they were written.
    pub(super) fn with_answer(
        &self,
        fields: &Fields,
        header: Option<&[String]>,
        answer: Vec<(String, Value)>,
    ) -> String {
        let mut all = own_members(fields, header);
        for i in 0..all.len() {
            if self.is_answers(&all[i].0) {
                let is_taken = |name: &str| self.is_answers(name) || all.iter().any(|(key, _)| key == name);
                all[i].0 = moved_name(&all[i].0, is_taken);
            }
        }
        for (name, value) in answer {
            let key = self.keys.iter().find(|(other, _)| *other == name).map(|(_, key)| key.clone());
            all.push((key.unwrap_or(name), value.to_string()));
        }
        // Line breaks between two members are whitespace; JSON strings contain none.
        let member = |(key, value): &(String, String)| {
            format!("{}:{}", Value::from(key.as_str()), value.replace(['\n', '\r'], " "))
        };
        format!("{{{}}}", all.iter().map(member).collect::<Vec<_>>().join(","))
    }
}

/// The keys of a record, each once, and the JSON of their values.
fn own_members(fields: &Fields, header: Option<&[String]>) -> Vec<(String, String)> {
    let mut own: Vec<(String, String)> = Vec::new();
    match fields {
        Fields::Object(text) => {
            for (key, value) in members(text) {
                // If a key occurs twice, the last value counts.
                own.retain(|(other, _)| *other != key);
                own.push((key, value.get().to_string()));
            }
        }
        Fields::Row(cells) => {
            let names = match header {
                Some(names) => distinct(names),
                None if cells.len() == 1 => vec!["text".to_string()],
                None => (0..cells.len()).map(|i| i.to_string()).collect(),
            };
            let json = |cell: &String| Value::from(cell.as_str()).to_string();
            own.extend(names.into_iter().zip(cells.iter().map(json)));
        }
    }
    own
}

/// Returns the names of columns, with a number after a name that occurred before.
fn distinct(names: &[String]) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::with_capacity(names.len());
    for (i, name) in names.iter().enumerate() {
        let mut numbered = (2..).map(|n| format!("{name}_{n}"));
        let is_free = |new: &String| !names.contains(new) && !distinct.contains(new);
        let name = if names[..i].contains(name) { numbered.find(is_free) } else { Some(name.clone()) };
        distinct.extend(name);
    }
    distinct
}

/// Returns the name after `input_`, with a number behind it if needed.
fn moved_name(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let moved = format!("input_{name}");
    let numbered = (2..).map(|n| format!("{moved}_{n}"));
    std::iter::once(moved.clone()).chain(numbered).find(|name| !is_taken(name)).unwrap_or(moved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::csv_line;
    use serde_json::{Map, json};

    fn answer() -> Vec<(String, Value)> {
        Map::from_iter([("label".to_string(), json!("good"))]).into_iter().collect()
    }

    #[test]
    fn an_object_keeps_its_keys_their_order_and_the_text_of_its_numbers() {
        let object = |text: &str| {
            let keys = [("label".to_string(), "label".to_string())];
            Keys { keys: keys.into() }.with_answer(&Fields::Object(text.to_string()), None, answer())
        };
        assert_eq!(
            object(r#" {"z": 1.10, "text": "a\nb", "big": 123456789012345678901} "#),
            r#"{"z":1.10,"text":"a\nb","big":123456789012345678901,"label":"good"}"#
        );
        assert_eq!(object("{}"), r#"{"label":"good"}"#);
        assert_eq!(object("{broken"), r#"{"label":"good"}"#);
        assert_eq!(
            object(r#"{"label": "x", "predicted_label": null}"#),
            r#"{"input_label":"x","predicted_label":null,"label":"good"}"#
        );
        assert_eq!(
            object(r#"{"label": "x", "input_label": 1, "a": 1, "a": 2}"#),
            r#"{"input_label_2":"x","input_label":1,"a":2,"label":"good"}"#
        );
    }

    #[test]
    fn cells_are_quoted_where_csv_needs_it() {
        let line = |cells: &[&str]| csv_line(cells.iter().map(|cell| cell.to_string()));
        assert_eq!(
            line(&["a", "b,c", "say \"x\"", "two\nlines", " y", ""]),
            "a,\"b,c\",\"say \"\"x\"\"\",\"two\nlines\",\" y\","
        );
    }

    #[test]
    fn columns_of_one_name_are_told_apart() {
        let names = ["label", "label", "label_2", "text", "label"].map(String::from);
        assert_eq!(distinct(&names), ["label", "label_3", "label_2", "text", "label_4"]);
    }

    #[test]
    fn names_of_columns_do_not_collide() {
        let names = vec!["label".into(), "predicted_label".into(), "p_good".into()];
        let columns = Columns { names, sentence: None, of_objects: false };
        let names = ["label", "p_bad", "p_good", "p_bad"].map(String::from).to_vec();
        assert_eq!(
            columns.free_names(names),
            ["predicted_label_2", "p_bad", "predicted_p_good", "predicted_p_bad"]
        );
    }
}
