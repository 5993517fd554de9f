//! Records of the input with an answer behind them: CSV with all columns, JSONL with all keys.

use std::collections::HashSet;

use clsify::dataset::Fields;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::records::Records;

/// The columns of CSV, settled by the first record.
pub(super) struct Columns {
    names: Vec<String>,
    /// Where the sentence stands, if the first record tells.
    sentence: Option<usize>,
    /// Whether records are objects.
    of_objects: bool,
}

impl Columns {
    /// The names of the header; the keys of the first object; numbers counted from 0 where columns have no names; `sentence`
    /// where a line is one, or nothing is known.
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

    /// The same names, changed where a column has one of them already.
    pub(super) fn free_names(&self, names: Vec<String>) -> Vec<String> {
        let mut taken: HashSet<String> = self.names.iter().cloned().collect();
        let free = |name: String| {
            let name = free_name(name, |name| taken.contains(name));
            taken.insert(name.clone());
            name
        };
        names.into_iter().map(free).collect()
    }

    /// The cells of a record below these columns: of an object, strings as they are, null as nothing, and the JSON of all else. Where
    /// an array holds objects and strings, a record unlike the first one has its sentence alone.
    pub(super) fn cells(&self, fields: &Fields, sentence: Option<&str>) -> Vec<String> {
        match fields {
            Fields::Row(cells) if !self.of_objects => {
                let mut cells = cells.clone();
                cells.resize(self.names.len(), String::new());
                cells
            }
            Fields::Object(text) if self.of_objects => {
                let members = members(text);
                // A key that occurs twice counts where it stands last.
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

/// The name itself, or with `predicted_` before it, or with a number behind that.
fn free_name(name: String, is_taken: impl Fn(&str) -> bool) -> String {
    if !is_taken(&name) {
        return name;
    }
    let predicted = format!("predicted_{name}");
    let numbered = (2..).map(|n| format!("{predicted}_{n}"));
    let mut names = std::iter::once(predicted.clone()).chain(numbered);
    names.find(|name| !is_taken(name)).unwrap_or(predicted)
}

/// The members of an object with the text of their values; none where it is no object.
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

/// A record as an object, with all of its keys, followed by the members of an answer.
///
/// The text of an object is kept, so that its numbers stay as they were written.
pub(super) fn with_answer(
    fields: &Fields,
    header: Option<&[String]>,
    answer: Vec<(String, Value)>,
) -> String {
    let mut own: Vec<(String, String)> = Vec::new();
    match fields {
        Fields::Object(text) => {
            own.extend(members(text).into_iter().map(|(key, value)| (key, value.get().to_string())));
        }
        Fields::Row(cells) => {
            let name = |i: usize| match header {
                Some(names) => names.get(i).cloned(),
                None if cells.len() == 1 => Some("text".to_string()),
                None => Some(i.to_string()),
            };
            let named = cells.iter().enumerate().filter_map(|(i, cell)| Some((name(i)?, cell)));
            own.extend(named.map(|(name, cell)| (name, Value::from(cell.as_str()).to_string())));
        }
    }
    for (key, value) in answer {
        let key = free_name(key, |key| own.iter().any(|(other, _)| other == key));
        own.push((key, value.to_string()));
    }
    // A line break between two members is white space; inside a string there is none.
    let member = |(key, value): &(String, String)| {
        format!("{}:{}", Value::from(key.as_str()), value.replace(['\n', '\r'], " "))
    };
    format!("{{{}}}", own.iter().map(member).collect::<Vec<_>>().join(","))
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
        let object = |text: &str| with_answer(&Fields::Object(text.to_string()), None, answer());
        assert_eq!(
            object(r#" {"z": 1.10, "text": "a\nb", "big": 123456789012345678901} "#),
            r#"{"z":1.10,"text":"a\nb","big":123456789012345678901,"label":"good"}"#
        );
        assert_eq!(object("{}"), r#"{"label":"good"}"#);
        assert_eq!(object("{broken"), r#"{"label":"good"}"#);
        assert_eq!(
            object(r#"{"label": "x", "predicted_label": null}"#),
            r#"{"label":"x","predicted_label":null,"predicted_label_2":"good"}"#
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
