//! A file of settings of sentence-transformers: a JSON object, whose values are read as Python reads them.

use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::checkpoint_folder::{is_there, read_json};
use crate::error::{Error, ErrorKind, Result};

/// The object of a file; a key of the wrong type names itself.
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

    /// An empty one where there is no file.
    pub(super) fn read_if_there(path: PathBuf) -> Result<Self> {
        match is_there(&path)? {
            true => Self::read(path),
            false => Ok(SettingsFile { json: Map::new(), path }),
        }
    }

    /// The same with the file in front of an error.
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

    /// A switch: `default` where the key is missing. Null is false, as it is for Python, which takes any other value that is
    /// not a boolean for true or false as well; here that is an error.
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

    /// Checks that a module after pooling is about the vector of the sentence: since version 5 it may be about others.
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
