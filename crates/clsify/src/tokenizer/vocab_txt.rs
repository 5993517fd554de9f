//! A WordPiece tokenizer from `vocab.txt` and `tokenizer_config.json`, the form that checkpoints had before
//! `tokenizer.json`.

use std::path::Path;

use serde_json::Value;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::processors::bert::BertProcessing;
use tokenizers::{AddedToken, Model};

use super::bad;
use crate::checkpoint_folder::{read_text, refuse_pointer};
use crate::error::{Error, Result};

/// Builds what `BertTokenizer` of transformers builds from the same two files.
pub(super) fn load(folder: &Path) -> Result<tokenizers::Tokenizer> {
    let vocab_path = folder.join("vocab.txt");
    let config_path = folder.join("tokenizer_config.json");
    let text = read_text(&config_path).map_err(|e| match e.hint() {
        Some(_) => e,
        None => e.with_hint("without tokenizer.json, vocab.txt needs tokenizer_config.json beside it"),
    })?;
    refuse_pointer(&vocab_path)?;
    let config: Value = serde_json::from_str(&text)
        .map_err(|e| bad(format!("not valid JSON: {e}")).at(config_path.display().to_string()))?;
    if !config.is_object() {
        return Err(bad("expected a JSON object").at(config_path.display().to_string()));
    }
    if let Some(class) = config.get("tokenizer_class").and_then(Value::as_str) {
        let wordpiece = ["BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer", "MPNetTokenizer"];
        if !wordpiece.contains(&class.trim_end_matches("Fast")) {
            return Err(bad(format!(
                "expected \"tokenizer_class\" to be a WordPiece tokenizer, got {class:?}"
            ))
            .at(config_path.display().to_string())
            .with_hint("save it with transformers' AutoTokenizer, which writes tokenizer.json"));
        }
    }

    let place = |e: Error| e.at(vocab_path.display().to_string());
    let special =
        |key: &str, default: &str| special_token(&config, key).unwrap_or_else(|| default.to_string());
    let mpnet = config.get("tokenizer_class").and_then(Value::as_str).is_some_and(|c| c.starts_with("MPNet"));
    let [unk, sep, pad, cls, mask] = match mpnet {
        false => [("unk", "[UNK]"), ("sep", "[SEP]"), ("pad", "[PAD]"), ("cls", "[CLS]"), ("mask", "[MASK]")],
        true => [("unk", "[UNK]"), ("sep", "</s>"), ("pad", "<pad>"), ("cls", "<s>"), ("mask", "<mask>")],
    }
    .map(|(name, default)| special(&format!("{name}_token"), default));

    let model = WordPiece::from_file(&vocab_path.to_string_lossy())
        .unk_token(unk.clone())
        .build()
        .map_err(|e| place(bad(e.to_string())))?;
    let id = |token: &str| {
        model
            .token_to_id(token)
            .ok_or_else(|| place(bad(format!("the special token {token:?} is not in the vocabulary"))))
    };
    let processor = BertProcessing::new((sep.clone(), id(&sep)?), (cls.clone(), id(&cls)?));
    id(&unk)?;
    let flag = |key: &str, default: bool| config.get(key).and_then(Value::as_bool).unwrap_or(default);
    let normalizer = BertNormalizer::new(
        true,
        flag("tokenize_chinese_chars", true),
        config.get("strip_accents").and_then(Value::as_bool),
        flag("do_lower_case", true),
    );
    let mut tokenizer = tokenizers::Tokenizer::new(model);
    tokenizer
        .with_normalizer(Some(normalizer))
        .map_err(|e| place(bad(e.to_string())))?
        .with_pre_tokenizer(Some(BertPreTokenizer))
        .with_post_processor(Some(processor));
    let specials = [unk, sep, pad, cls, mask].into_iter().map(|token| AddedToken::from(token, true));
    tokenizer.add_special_tokens(specials).map_err(|e| place(bad(e.to_string())))?;
    Ok(tokenizer)
}

/// A special token of `tokenizer_config.json`: a string, or an object with `content`.
fn special_token(config: &Value, key: &str) -> Option<String> {
    let value = config.get(key)?;
    value.as_str().or_else(|| value.get("content")?.as_str()).map(str::to_string)
}
