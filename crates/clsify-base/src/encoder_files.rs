//! The names of the files in an encoder's folder: one list for reading and for downloading.

use std::path::{Component, Path};

/// The shape of the encoder.
pub const CONFIG: &str = "config.json";

/// The tokenizer with its vocabulary.
pub const TOKENIZER: &str = "tokenizer.json";

/// The vocabulary of WordPiece if there is no [`TOKENIZER`].
pub const VOCAB: &str = "vocab.txt";

/// The vocabulary of byte-level BPE if there is no [`TOKENIZER`].
pub const VOCAB_JSON: &str = "vocab.json";

/// The merges that belong to [`VOCAB_JSON`].
pub const MERGES: &str = "merges.txt";

/// The settings of the tokenizer; the other two names of [`TOKENIZER_SETTINGS`] are older.
pub const TOKENIZER_CONFIG: &str = "tokenizer_config.json";

/// Files that change the tokens of a sentence, wherever the vocabulary comes from.
pub const TOKENIZER_SETTINGS: [&str; 3] = [TOKENIZER_CONFIG, "special_tokens_map.json", "added_tokens.json"];

/// The settings of the `Transformer` module of sentence-transformers. The first file that exists is used; the last
/// six names are those of versions before 1.
pub const TRANSFORMER_CONFIGS: [&str; 7] = [
    "sentence_bert_config.json",
    "sentence_roberta_config.json",
    "sentence_distilbert_config.json",
    "sentence_camembert_config.json",
    "sentence_albert_config.json",
    "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json",
];

/// The file that makes a folder one of sentence-transformers.
pub const MODULES: &str = "modules.json";

/// The prompts of a folder of sentence-transformers.
pub const PROMPTS: &str = "config_sentence_transformers.json";

/// The weights in one file.
pub const WEIGHTS: &str = "model.safetensors";

/// The list of the shards of larger weights.
pub const WEIGHTS_INDEX: &str = "model.safetensors.index.json";

/// Weights in a format that is not read.
pub const LEGACY_WEIGHTS: &str = "pytorch_model.bin";

/// The small files that may lie beside the weights.
pub fn beside_weights() -> impl Iterator<Item = &'static str> {
    [CONFIG, TOKENIZER, VOCAB, VOCAB_JSON, MERGES]
        .into_iter()
        .chain(TOKENIZER_SETTINGS)
        .chain(TRANSFORMER_CONFIGS)
}

/// All files that an encoder's folder may contain, except shards of weights and the folders of modules; also those
/// that are not read.
pub fn of_an_encoder() -> impl Iterator<Item = &'static str> {
    beside_weights().chain([MODULES, PROMPTS, WEIGHTS, WEIGHTS_INDEX, LEGACY_WEIGHTS]).chain([
        "tokenizer.model",
        "sentencepiece.bpe.model",
        "spiece.model",
    ])
}

/// Returns true if a relative path that a file names stays below that file's folder, on every system.
///
/// ```
/// use clsify_base::encoder_files::is_below;
/// assert!(is_below("2_Dense/config.json"));
/// assert!(!is_below("../config.json") && !is_below("/etc/passwd") && !is_below("a\\b"));
/// ```
pub fn is_below(path: &str) -> bool {
    !path.is_empty()
        && !path.contains(['\\', ':', '\0'])
        && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}
