//! Folders of SetFit: a sentence-transformers folder with `model_head.pkl` and `config_setfit.json`.

use std::path::Path;

use clsify_base::error::Result;
use clsify_base::files::read_file;
use serde_json::Value;

use crate::error::bad;
use crate::file::read_sklearn;
use crate::head::Head;

const HEAD: &str = "model_head.pkl";
const CONFIG: &str = "config_setfit.json";

/// The maximum size of `config_setfit.json`.
const MAX_CONFIG_BYTES: u64 = 1 << 24;

/// A folder of SetFit, without its encoder.
#[derive(Debug, Clone, PartialEq)]
pub struct SetFit {
    /// The classifier.
    pub head: Head,
    /// The names of its labels in the order of [`Head::labels`]; `None` if these are the names.
    pub names: Option<Vec<String>>,
}

/// Reads the classifier of a SetFit folder; the encoder is the folder itself.
///
/// # Errors
/// As for [`read_sklearn`]; [`ErrorKind::Model`](clsify_base::error::ErrorKind::Model) if the folder has no head, or if
/// `config_setfit.json` is malformed.
pub fn read_setfit(folder: impl AsRef<Path>) -> Result<SetFit> {
    let folder = folder.as_ref();
    let (head, config) = (folder.join(HEAD), folder.join(CONFIG));
    if folder.is_dir() && !head.exists() {
        return Err(bad(format!("expected a folder of SetFit with {HEAD}, got one without it"))
            .at(folder.display().to_string())
            .with_hint("save the model with SetFit's save_pretrained"));
    }
    let mut head = read_sklearn(&head)?;
    let place = config.display().to_string();
    let json = match config.exists() {
        true => read_config(&config)?,
        // Versions of SetFit before 1.0 have none.
        false => Value::Object(serde_json::Map::new()),
    };
    head.normalize |= match &json["normalize_embeddings"] {
        Value::Null => false,
        Value::Bool(value) => *value,
        other => {
            return Err(bad(format!("normalize_embeddings: expected true or false, got {other}")).at(place));
        }
    };
    let names = match &json["labels"] {
        Value::Null => None,
        Value::Array(all) => {
            let texts = all.iter().map(|name| match name {
                Value::String(text) => Some(text.clone()),
                Value::Number(n) => Some(n.to_string()),
                _ => None,
            });
            let texts = texts.collect::<Option<Vec<String>>>();
            Some(texts.ok_or_else(|| bad("labels: expected texts").at(place.clone()))?)
        }
        other => return Err(bad(format!("labels: expected a list, got {other}")).at(place)),
    };
    let names = names.map(|names| names_of(&head, &names)).transpose().map_err(|e| e.at(place))?.flatten();
    Ok(SetFit { head, names })
}

fn read_config(path: &Path) -> Result<Value> {
    let json: Result<Value, _> = serde_json::from_slice(&read_file(path, MAX_CONFIG_BYTES)?);
    match json {
        Ok(json) if json.is_object() => Ok(json),
        Ok(_) => Err(bad("expected an object of JSON").at(path.display().to_string())),
        Err(e) => Err(bad(format!("not valid JSON: {e}")).caused_by(e).at(path.display().to_string())),
    }
}

/// SetFit names the classes 0, 1, ... of a head by this list, and leaves classes that are texts as they are.
fn names_of(head: &Head, names: &[String]) -> Result<Option<Vec<String>>> {
    // In Python, False and True are the numbers 0 and 1.
    let number = |label: &String| match label.as_str() {
        "False" => Some(0),
        "True" => Some(1),
        label => label.parse::<usize>().ok(),
    };
    let numbers: Option<Vec<usize>> = head.labels.iter().map(number).collect();
    let Some(numbers) = numbers else { return Ok(None) };
    let name = |&n: &usize| {
        names.get(n).cloned().ok_or_else(|| {
            bad(format!("labels: expected a name for the class {n}, got {} names", names.len()))
                .with_hint("correct the list, or remove it to keep the numbers")
        })
    };
    numbers.iter().map(name).collect::<Result<Vec<String>>>().map(Some)
}
