//! Files of skops: a zip file with `schema.json` and arrays in `.npy` files.

use std::collections::HashMap;
use std::io::{Cursor, Read};

use clsify_base::error::Result;
use serde_json::Value;
use zip::ZipArchive;

use crate::container::{MAX_BYTES, bounded};
use crate::error::bad;
use crate::objects::{Heap, Id, Node, read_npy};
use crate::pickle::names;

/// The maximum size of `schema.json`, which takes many times as much memory as objects.
const MAX_SCHEMA_BYTES: u64 = 1 << 24;

type Archive<'b> = ZipArchive<Cursor<&'b [u8]>>;

/// Reads the one object of a file.
pub(crate) fn read(bytes: &[u8], heap: &mut Heap) -> Result<Id> {
    let archive = ZipArchive::new(Cursor::new(bytes))
        .map_err(|e| bad(format!("damaged zip file: {e}")).caused_by(e))?;
    let mut reader = Reader { archive, heap, known: HashMap::new(), n_left: MAX_BYTES };
    if reader.archive.index_for_name("schema.json").is_none() {
        return Err(bad("expected a file of skops, got a zip file without schema.json").with_hint(
            "files of torch.save are zip files too: save a LogisticRegression head with joblib.dump",
        ));
    }
    let schema = reader.entry("schema.json", MAX_SCHEMA_BYTES)?;
    let schema: Value = serde_json::from_slice(&schema)
        .map_err(|e| bad(format!("not valid JSON: {e}")).caused_by(e).at("schema.json"))?;
    reader.node(&schema).map_err(|e| e.at("schema.json"))
}

struct Reader<'h, 'a, 'b> {
    archive: Archive<'b>,
    heap: &'h mut Heap<'a>,
    /// Objects by their `__id__`, to which later ones refer.
    known: HashMap<i64, Id>,
    n_left: u64,
}

impl Reader<'_, '_, '_> {
    /// The content of an entry; all entries together are bounded.
    fn entry(&mut self, name: &str, max: u64) -> Result<Vec<u8>> {
        let damaged = |e: &dyn std::fmt::Display| bad(format!("damaged zip file: {e}")).at(name.to_string());
        let entry = self.archive.by_name(name).map_err(|e| match e {
            zip::result::ZipError::CompressionMethodNotSupported(method) => {
                let message =
                    format!("expected entries that are stored or deflated, got compression method {method}");
                bad(message)
                    .at(name.to_string())
                    .with_hint("save the estimator without the argument compression of skops.io.dump")
            }
            e => damaged(&e),
        })?;
        let bytes = bounded(entry.take(self.n_left.min(max) + 1)).map_err(|e| damaged(&e))?;
        if bytes.len() as u64 > max {
            return Err(bad(format!("expected at most {max} bytes, got more")).at(name.to_string()));
        }
        self.n_left = (self.n_left.checked_sub(bytes.len() as u64)).ok_or_else(|| {
            bad(format!("expected at most {MAX_BYTES} bytes after decompression, got more"))
        })?;
        Ok(bytes)
    }

    /// An object. The depth is bounded by that of the JSON.
    fn node(&mut self, json: &Value) -> Result<Id> {
        let text = |key: &str| json[key].as_str().unwrap_or_default();
        let loader = text("__loader__");
        let number = json["__id__"].as_i64();
        if let Some(id) = number.and_then(|number| self.known.get(&number)).filter(|_| loader == "CachedNode")
        {
            return Ok(*id);
        }
        let content = &json["content"];
        let id = match loader {
            "JsonNode" => {
                let text = content.as_str().unwrap_or_default();
                match serde_json::from_str(text) {
                    Ok(value) => self.value(&value)?,
                    // Python's JSON has numbers that JSON does not have.
                    Err(_) if matches!(text, "NaN" | "Infinity" | "-Infinity") => {
                        self.heap.add(Node::Float(f64::NAN))?
                    }
                    Err(e) => return Err(bad(format!("not valid JSON: {e}")).caused_by(e)),
                }
            }
            "DictNode" => self.dict(json)?,
            "ListNode" => {
                let all = self.nodes(content)?;
                self.heap.add(Node::List(all))?
            }
            "TupleNode" => {
                let all = self.nodes(content)?;
                self.heap.add(Node::Tuple(all))?
            }
            "SetNode" => {
                let all = self.nodes(content)?;
                self.heap.add(Node::Set(all))?
            }
            "ObjectNode" => {
                let class = self.global(text("__module__"), text("__class__"))?;
                let arguments = self.heap.add(Node::Tuple(Vec::new()))?;
                let state = if content.is_object() { Some(self.node(content)?) } else { None };
                self.heap.add(Node::Object { class, arguments, state })?
            }
            "NdArrayNode" => self.array(json)?,
            // Types, functions, random states and sparse matrices: a classifier that needs one is refused by it.
            _ => self.global(text("__module__"), text("__class__"))?,
        };
        if let Some(number) = number {
            self.known.insert(number, id);
        }
        Ok(id)
    }

    fn nodes(&mut self, json: &Value) -> Result<Vec<Id>> {
        let all = json.as_array().ok_or_else(|| bad("expected a list"))?;
        all.iter().map(|json| self.node(json)).collect()
    }

    fn dict(&mut self, json: &Value) -> Result<Id> {
        let entries = json["content"].as_object().ok_or_else(|| bad("expected a dictionary"))?;
        let mut pairs = Vec::new();
        for (key, value) in entries {
            pairs.push((self.heap.add(Node::Text(key.clone().into()))?, self.node(value)?));
        }
        self.heap.add(Node::Dict(pairs))
    }

    fn global(&mut self, module: &str, name: &str) -> Result<Id> {
        names::check(module, name)?;
        self.heap.add(Node::Global { module: module.to_string().into(), name: name.to_string().into() })
    }

    /// A value of JSON.
    fn value(&mut self, value: &Value) -> Result<Id> {
        let node = match value {
            Value::Null => Node::None,
            Value::Bool(value) => Node::Bool(*value),
            Value::Number(n) => match (n.as_i64(), n.as_f64()) {
                (Some(n), _) => Node::Int(n),
                (None, Some(x)) => Node::Float(x),
                (None, None) => Node::LargeInt,
            },
            Value::String(text) => Node::Text(text.clone().into()),
            Value::Array(all) => {
                Node::List(all.iter().map(|value| self.value(value)).collect::<Result<Vec<Id>>>()?)
            }
            Value::Object(_) => return Err(bad("expected a number, a text or a list in JSON")),
        };
        self.heap.add(node)
    }

    /// An array of numbers in a file, or an array of objects as a list.
    fn array(&mut self, json: &Value) -> Result<Id> {
        if json["type"] == "json" {
            let all = self.nodes(&json["content"])?;
            return self.heap.add(Node::List(all));
        }
        let file = json["file"].as_str().ok_or_else(|| bad("expected the file of an array"))?.to_string();
        let bytes = self.entry(&file, MAX_BYTES)?;
        let array = read_npy(&bytes).map_err(|e| e.at(file))?;
        self.heap.add(Node::Array(Box::new(array)))
    }
}
