//! A settings file of sentence-transformers: a JSON object, whose values are interpreted as in Python.

use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::checkpoint_folder::{is_there, read_json};
use crate::error::{Error, ErrorKind, Result};

/// The object in a file; an error about a value of the wrong type names its key.
#[derive(Debug)]
pub(super) struct SettingsFile {
    pub(super) json: Map<String, Value>,
    path: PathBuf,
}

impl SettingsFile {
    pub(super) fn read(path: PathBuf) -> Result<Self> {
        match read_json(&path, ErrorKind::Config)? {
            Value::Object(json) => Ok(SettingsFile { json, path }),
            _ => Err(bad("expected a JSON object").at(path.display().to_string())),
        }
    }

    /// Reads a file; an empty object if it does not exist.
    pub(super) fn read_if_there(path: PathBuf) -> Result<Self> {
        match is_there(&path)? {
            true => Self::read(path),
            false => Ok(SettingsFile { json: Map::new(), path }),
        }
    }

    /// Adds the file to an error.
    pub(super) fn place<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|e| e.at(self.path.display().to_string()))
    }

    fn find(&self, key: &str) -> Option<&Value> {
        self.json.get(key).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<&str>> {
        let text = |value: &'_ Value| bad(format!("\"{key}\": expected a text, got {value}"));
        self.find(key).map(|value| value.as_str().ok_or_else(|| text(value))).transpose()
    }

    /// A boolean: `default` if the key is missing. Null is false, as in Python. Python would convert any other value
    /// to true or false; here it is an error.
    pub(super) fn flag(&self, key: &str, default: bool) -> Result<bool> {
        match self.json.get(key) {
            None => Ok(default),
            Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(bad(format!("\"{key}\": expected true or false, got {other}"))),
        }
    }

    pub(super) fn size(&self, key: &str) -> Result<Option<usize>> {
        let wrong =
            |value: &Value| bad(format!("\"{key}\": expected a whole number of at least 1, got {value}"));
        let size = |value: &Value| value.as_u64().filter(|&n| n > 0).and_then(|n| usize::try_from(n).ok());
        self.find(key).map(|value| size(value).ok_or_else(|| wrong(value))).transpose()
    }

    /// Checks that a module after pooling uses the sentence's vector: since version 5 it may use others.
    pub(super) fn check_is_of_sentence(&self) -> Result<()> {
        for key in ["module_input_name", "module_output_name"] {
            if let Some(name) = self.text(key)?.filter(|&name| name != "sentence_embedding") {
                return Err(bad(format!("\"{key}\": expected \"sentence_embedding\", got {name:?}")));
            }
        }
        Ok(())
    }
}

pub(super) fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message)
}
