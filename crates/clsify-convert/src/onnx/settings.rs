//! `config.json` and `tokenizer_config.json` of the folder, as transformers and transformers.js read them.

use std::path::Path;

use clsify::classifier::LinearClassifier;
use clsify::encoder::{Activation, EncoderConfig};
use clsify::model::SentenceClassifier;
use clsify_base::error::Result;
use clsify_base::files::write_atomically;
use serde_json::{Map, Value, json};

use super::tokenizer::Ends;
use crate::error::bad;

/// The key of `config.json` with everything that only this program knows.
pub(super) const OWN: &str = "clsify";

/// The family's name in transformers.js and the prefix of its classes. The graph contains all that is special about a family, so
/// that one which transformers.js does not know can have the name of another with the same inputs.
fn family(model_type: &str) -> (&str, &str) {
    match model_type {
        "distilbert" => ("distilbert", "DistilBert"),
        "mpnet" => ("mpnet", "MPNet"),
        "roberta" => ("roberta", "Roberta"),
        "xlm-roberta" => ("xlm-roberta", "XLMRoberta"),
        "electra" => ("electra", "Electra"),
        "camembert" => ("camembert", "Camembert"),
        _ => ("bert", "Bert"),
    }
}

/// The content of `config.json`. `notes` says what the graph does not do.
pub(super) fn config(
    classifier: &SentenceClassifier,
    notes: &[String],
    prompt_is_inside: bool,
    has_file_beside: bool,
) -> Value {
    let shape = classifier.encoder().config();
    let (model_type, class) = family(&shape.model_type);
    let classes = classifier.classes();
    let names: Map<String, Value> =
        classes.iter().enumerate().map(|(id, name)| (id.to_string(), json!(name))).collect();
    let ids: Map<String, Value> =
        classes.iter().enumerate().map(|(id, name)| (name.clone(), json!(id))).collect();
    let problem = match classifier.classifier() {
        LinearClassifier::Classes(_) => "single_label_classification",
        LinearClassifier::LabelSets(_) => "multi_label_classification",
    };
    // Without the dtype, a browser asks for a quantized file.
    let mut of_javascript = json!({"dtype": "fp32"});
    if has_file_beside {
        of_javascript["use_external_data_format"] = json!(true);
    }
    json!({
        "architectures": [format!("{class}ForSequenceClassification")],
        "model_type": model_type,
        "problem_type": problem,
        "id2label": names,
        "label2id": ids,
        "vocab_size": shape.vocab_size,
        "hidden_size": shape.hidden_size,
        "num_hidden_layers": shape.num_hidden_layers,
        "num_attention_heads": shape.num_attention_heads,
        "intermediate_size": shape.intermediate_size,
        "max_position_embeddings": shape.max_position_embeddings,
        "hidden_act": activation(shape),
        "pad_token_id": classifier.encoder().tokenizer().pad_id(),
        "transformers.js_config": of_javascript,
        OWN: own(classifier, notes, prompt_is_inside),
    })
}

fn activation(shape: &EncoderConfig) -> &'static str {
    match shape.activation {
        Activation::Gelu => "gelu",
        Activation::GeluTanh => "gelu_new",
        Activation::Relu => "relu",
        Activation::Silu => "silu",
    }
}

/// The classifier's own settings, those that the graph cannot hold included.
fn own(classifier: &SentenceClassifier, notes: &[String], prompt_is_inside: bool) -> Value {
    let (saved, encoder) = (classifier.metadata(), classifier.encoder());
    let mut own = json!({
        "clsify_version": env!("CARGO_PKG_VERSION"),
        "not_in_the_graph": notes,
        "encoder": {"name": saved.encoder.name, "model_type": saved.encoder.model_type, "dtype": saved.encoder.dtype},
        "features": encoder.features(),
        "max_length": encoder.tokenizer().max_length(),
    });
    let mut add = |key: &str, value: Value| own[key] = value;
    match encoder.tokenizer().prompt() {
        "" => {}
        prompt => add("prompt", json!({"text": prompt, "is_in_tokenizer": prompt_is_inside})),
    }
    if encoder.lowercase() {
        add("lowercase", json!(true));
    }
    match &saved.multi_label {
        Some(labels) => add("multi_label", json!(labels)),
        None => {
            add("decision", json!(saved.decision));
            add("link", json!(saved.link));
        }
    }
    own
}

/// The content of `tokenizer_config.json`: `tokenizer.json` is used as it is, with this limit.
pub(super) fn tokenizer_config(ends: &Ends, pad_token: &str, max_length: usize, side: &str) -> Value {
    let mut config = json!({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": max_length,
        "pad_token": pad_token,
        "padding_side": "right",
        "truncation_side": side,
        "model_input_names": ["input_ids", "attention_mask"],
        "clean_up_tokenization_spaces": false,
    });
    if let [cls] = &ends.before[..] {
        config["cls_token"] = json!(cls.text);
    }
    if let [sep] = &ends.after[..] {
        config["sep_token"] = json!(sep.text);
    }
    config
}

/// Writes an object as a file.
pub(super) fn write_json(path: &Path, json: &Value) -> Result<()> {
    let text = serde_json::to_string_pretty(json).map_err(|e| bad(e.to_string()).caused_by(e))?;
    write_atomically(path, |out| writeln!(out, "{text}"))
}
