//! Reads `config.json` of a checkpoint: one description of the transformer block for all families.
//!
//! Only this file knows the key names of Hugging Face; everywhere else a DistilBERT's `dim` is a `hidden_size`.

use std::path::Path;

use serde_json::{Map, Value};

use crate::checkpoint_folder::{python_json, read_text, transformer_folder};
use crate::error::{Error, ErrorKind, Result};

/// The supported values of `model_type`.
pub const MODEL_TYPES: [&str; 8] =
    ["distilbert", "bert", "mpnet", "roberta", "xlm-roberta", "electra", "camembert", "ernie"];

/// The activation function of the feed-forward part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// The erf form of GELU.
    Gelu,
    /// The tanh approximation of GELU (`gelu_new`, `gelu_pytorch_tanh`).
    GeluTanh,
    /// `max(x, 0)`.
    Relu,
    /// `x / (1 + e^-x)`.
    Silu,
}

/// The shape of an encoder, read from `config.json`.
///
/// All families share the same post-norm block; they differ only in these fields.
#[derive(Debug, Clone, PartialEq)]
pub struct EncoderConfig {
    /// The family, one of [`MODEL_TYPES`].
    pub model_type: String,
    /// The number of rows of the word embedding table.
    pub vocab_size: usize,
    /// The size of the hidden states.
    pub hidden_size: usize,
    /// The size of the embeddings; differs from `hidden_size` in small ELECTRA encoders.
    pub embedding_size: usize,
    /// The number of transformer layers.
    pub num_hidden_layers: usize,
    /// The number of attention heads per layer, each of size `hidden_size / num_attention_heads`.
    pub num_attention_heads: usize,
    /// The size of the hidden layer in the feed-forward part.
    pub intermediate_size: usize,
    /// The number of rows of the position embedding table.
    pub max_position_embeddings: usize,
    /// The number of rows of the token type table; 0 if the family has none.
    pub type_vocab_size: usize,
    /// The number added to the variance in every layer normalisation.
    pub layer_norm_eps: f32,
    /// The activation function of the feed-forward part.
    pub activation: Activation,
    /// The padding id in the position rule of RoBERTa, CamemBERT and MPNet: a token's position is this number plus
    /// its index (from 1) among the tokens with another id. `None`: positions count from 0.
    pub position_padding_id: Option<u32>,
    /// The id of the padding token, whose embedding never learns; `None` if there is none.
    pub padding_id: Option<u32>,
    /// The probability with which training drops numbers of a hidden state: after the embeddings, and after the
    /// feed-forward network. 0.1 if `config.json` has no probability.
    pub hidden_dropout_prob: f32,
    /// The probability with which training drops numbers after the attention; 0 in DistilBERT, which drops none there.
    pub attention_output_dropout_prob: f32,
    /// The probability with which training drops attention probabilities. 0.1 if `config.json` has no probability.
    pub attention_probs_dropout_prob: f32,
    /// The number of buckets of MPNet's relative attention bias; `None` if the family has none.
    pub relative_attention_num_buckets: Option<usize>,
}

impl EncoderConfig {
    /// Reads `config.json` of a checkpoint folder.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] if the file cannot be read, [`ErrorKind::Config`] if it is malformed, lacks a key, or
    /// describes something that is not supported.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref();
        let path = transformer_folder(folder).join("config.json");
        let text = read_text(&path).map_err(|e| match e.hint() {
            Some(_) => e,
            None => {
                e.with_hint("an encoder is a folder with config.json, model.safetensors and tokenizer.json")
            }
        })?;
        Self::from_json(&text).map_err(|e| e.at(path.display().to_string()))
    }

    /// Reads the text of a `config.json`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`], as for [`load`](Self::load).
    ///
    /// ```
    /// use clsify::encoder::EncoderConfig;
    /// let config = EncoderConfig::from_json(
    ///     r#"{"model_type": "distilbert", "vocab_size": 30522, "dim": 768, "n_layers": 6, "n_heads": 12,
    ///         "hidden_dim": 3072, "max_position_embeddings": 512, "activation": "gelu"}"#,
    /// )?;
    /// assert_eq!((config.hidden_size, config.num_hidden_layers, config.max_tokens()), (768, 6, 512));
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn from_json(text: &str) -> Result<Self> {
        let json =
            python_json(text.as_bytes()).map_err(|e| bad(format!("not valid JSON: {e}")).caused_by(e))?;
        let json = json.as_object().ok_or_else(|| bad("expected a JSON object"))?;
        let fields = Fields(json);
        let model_type = fields.text("model_type")?.ok_or_else(|| {
            bad("missing \"model_type\"").with_hint(format!("expected one of {}", MODEL_TYPES.join(", ")))
        })?;
        if !MODEL_TYPES.contains(&model_type) {
            return Err(bad(format!("unsupported \"model_type\": {model_type:?}"))
                .with_hint(format!("supported are {}", MODEL_TYPES.join(", "))));
        }
        let distilbert = model_type == "distilbert";
        let key = |usual, in_distilbert| if distilbert { in_distilbert } else { usual };
        // Three keys of DistilBERT may also have their usual name (`attribute_map` of transformers), which takes
        // precedence.
        let either = |usual, in_distilbert| match distilbert && !json.contains_key(usual) {
            true => in_distilbert,
            false => usual,
        };
        let [width, n_layers, n_heads] =
            [("hidden_size", "dim"), ("num_hidden_layers", "n_layers"), ("num_attention_heads", "n_heads")]
                .map(|(usual, in_distilbert)| either(usual, in_distilbert));

        if let Some(other) = fields.text("position_embedding_type")?.filter(|&t| t != "absolute") {
            return Err(bad(format!(
                "unsupported \"position_embedding_type\": {other:?}, expected \"absolute\""
            )));
        }
        if fields.flag("is_decoder")? {
            return Err(bad("\"is_decoder\" is true: expected an encoder, got a decoder"));
        }
        if model_type == "ernie" && fields.flag("use_task_id")? {
            return Err(bad("\"use_task_id\" is true: expected an encoder without task ids")
                .with_hint("choose an ernie whose config.json does not set use_task_id"));
        }
        let activation = match fields.text(key("hidden_act", "activation"))?.unwrap_or("gelu") {
            "gelu" => Activation::Gelu,
            "gelu_new" | "gelu_pytorch_tanh" => Activation::GeluTanh,
            "relu" => Activation::Relu,
            "silu" | "swish" => Activation::Silu,
            other => {
                return Err(bad(format!("unsupported \"{}\": {other:?}", key("hidden_act", "activation")))
                    .with_hint("supported are gelu, gelu_new, gelu_pytorch_tanh, relu and silu"));
            }
        };
        let hidden_size = fields.size(width)?;
        let hidden_dropout_prob = fields.dropout(key("hidden_dropout_prob", "dropout"));
        let config = EncoderConfig {
            vocab_size: fields.size("vocab_size")?,
            hidden_size,
            embedding_size: match model_type {
                "electra" => fields.size_or("embedding_size", hidden_size)?,
                _ => hidden_size,
            },
            num_hidden_layers: fields.size(n_layers)?,
            num_attention_heads: fields.size(n_heads)?,
            intermediate_size: fields.size(key("intermediate_size", "hidden_dim"))?,
            max_position_embeddings: fields.size_or("max_position_embeddings", 512)?,
            type_vocab_size: match model_type {
                "distilbert" | "mpnet" => 0,
                _ => fields.size_or("type_vocab_size", 2)?,
            },
            // DistilBERT's configuration has no such key; its code uses 1e-12.
            layer_norm_eps: if distilbert {
                1e-12
            } else {
                fields.number_or("layer_norm_eps", 1e-12)? as f32
            },
            activation,
            position_padding_id: match model_type {
                "mpnet" => Some(1),
                "roberta" | "xlm-roberta" | "camembert" => Some(fields.token_id_or("pad_token_id", 1)?),
                _ => None,
            },
            padding_id: match model_type {
                "mpnet" => Some(1),
                "roberta" | "xlm-roberta" | "camembert" => Some(fields.token_id_or("pad_token_id", 1)?),
                _ => fields.0.get("pad_token_id").map_or(Some(0), |id| u32::try_from(id.as_u64()?).ok()),
            },
            hidden_dropout_prob,
            attention_output_dropout_prob: if distilbert { 0.0 } else { hidden_dropout_prob },
            attention_probs_dropout_prob: fields
                .dropout(key("attention_probs_dropout_prob", "attention_dropout")),
            relative_attention_num_buckets: match model_type {
                "mpnet" => Some(fields.size_or("relative_attention_num_buckets", 32)?),
                _ => None,
            },
            model_type: model_type.to_string(),
        };
        if !config.hidden_size.is_multiple_of(config.num_attention_heads) {
            return Err(bad(format!(
                "expected \"{width}\" to be a multiple of \"{n_heads}\", got {} and {}",
                config.hidden_size, config.num_attention_heads
            )));
        }
        if config.max_tokens() < 3 {
            return Err(bad(format!(
                "expected \"max_position_embeddings\" to leave room for 3 tokens, got {}",
                config.max_position_embeddings
            )));
        }
        if config.relative_attention_num_buckets.is_some_and(|n| n < 4 || !n.is_multiple_of(4)) {
            return Err(bad("expected \"relative_attention_num_buckets\" to be a positive multiple of 4"));
        }
        Ok(config)
    }

    /// The maximum number of tokens per sentence, including special tokens.
    pub fn max_tokens(&self) -> usize {
        let first_position = self.position_padding_id.map_or(0, |padding_id| padding_id as usize + 1);
        self.max_position_embeddings.saturating_sub(first_position)
    }
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message)
}

/// Typed access to the keys of a JSON object; an error names the key.
///
/// An optional number may be missing but not null, which also represents NaN: transformers calculates with NaN, and
/// refuses null.
struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    fn find(&self, key: &str) -> Option<&'a Value> {
        self.0.get(key).filter(|v| !v.is_null())
    }

    fn text(&self, key: &str) -> Result<Option<&'a str>> {
        self.find(key)
            .map(|v| v.as_str().ok_or_else(|| bad(format!("\"{key}\": expected a string, got {v}"))))
            .transpose()
    }

    /// False if the key is missing.
    fn flag(&self, key: &str) -> Result<bool> {
        let wrong = |v: &Value| bad(format!("\"{key}\": expected true or false, got {v}"));
        self.find(key).map_or(Ok(false), |v| v.as_bool().ok_or_else(|| wrong(v)))
    }

    fn size(&self, key: &str) -> Result<usize> {
        let value = self.find(key).ok_or_else(|| bad(format!("missing \"{key}\"")))?;
        size(key, value)
    }

    fn size_or(&self, key: &str, default: usize) -> Result<usize> {
        self.0.get(key).map_or(Ok(default), |value| size(key, value))
    }

    fn number_or(&self, key: &str, default: f64) -> Result<f64> {
        let Some(value) = self.0.get(key) else { return Ok(default) };
        let number = value.as_f64().filter(|x| x.is_finite() && *x >= 0.0);
        number.ok_or_else(|| bad(format!("\"{key}\": expected a number of at least 0, got {value}")))
    }

    /// Only training uses it, so that a strange value stops no other use of an encoder.
    fn dropout(&self, key: &str) -> f32 {
        let probability = self.find(key).and_then(Value::as_f64).filter(|p| (0.0..1.0).contains(p));
        probability.unwrap_or(0.1) as f32
    }

    fn token_id_or(&self, key: &str, default: u32) -> Result<u32> {
        let Some(value) = self.0.get(key) else { return Ok(default) };
        let id = value.as_u64().filter(|&n| n < 1 << 28);
        id.map(|n| n as u32).ok_or_else(|| bad(format!("\"{key}\": expected a token id, got {value}")))
    }
}

fn size(key: &str, value: &Value) -> Result<usize> {
    // The limit keeps every product of two sizes far from overflow; real encoders stay below a few million.
    const MAX: u64 = (1 << 28) - 1;
    let size = value.as_u64().filter(|n| (1..=MAX).contains(n));
    size.map(|n| n as usize)
        .ok_or_else(|| bad(format!("\"{key}\": expected a whole number from 1 to {MAX}, got {value}")))
}
