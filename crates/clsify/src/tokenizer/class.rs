//! The tokenizer classes of transformers that determine how a text is divided, whatever `tokenizer.json` says.
//!
//! In transformers 5 these classes use only the vocabulary of `tokenizer.json` (or of older files), and build the
//! rest from `tokenizer_config.json` and their own defaults. The classes in `own_build.rs` do the same. Every other
//! class uses `tokenizer.json` as it is.

use serde_json::{Map, Value};

use super::added_token::Token;

/// The hint for a `tokenizer.json` that is not of its class.
pub(super) const AS_STORED_HINT: &str = "set \"tokenizer_class\" in tokenizer_config.json to \"PreTrainedTokenizerFast\" to take tokenizer.json as it is";

/// The classes whose vocabulary can be read without a `tokenizer.json`, for messages.
pub(super) const WITH_VOCABULARY: &str =
    "a BertTokenizer, MPNetTokenizer or RobertaTokenizer (\"tokenizer_class\" of tokenizer_config.json)";

/// A tokenizer class, as far as it affects token ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// `BertTokenizer` and equivalent classes: WordPiece between `[CLS]` and `[SEP]`.
    Bert,
    /// WordPiece between `<s>` and `</s>`.
    MpNet,
    /// Byte-level BPE; `BartTokenizer` and `LongformerTokenizer` are equivalent.
    Roberta,
    /// SentencePiece's Unigram model.
    XlmRoberta,
    /// SentencePiece's Unigram model with other special tokens.
    Camembert,
    /// Any other class: `tokenizer.json` as it is.
    AsStored,
}

/// The name of the class, from `tokenizer_class` of `tokenizer_config.json` or of `config.json`, without `Fast`.
pub(super) fn name_of<'a>(
    tokenizer_config: &'a Map<String, Value>,
    config: &'a Map<String, Value>,
) -> Option<&'a str> {
    let name = |config: &'a Map<String, Value>| {
        config.get("tokenizer_class")?.as_str().filter(|name| !name.is_empty())
    };
    let name = name(tokenizer_config).or_else(|| name(config))?;
    Some(name.strip_suffix("Fast").unwrap_or(name))
}

/// Returns true if a class lowercases whatever its settings say: those of DPR ignore `do_lower_case`.
pub(super) fn always_lowercases(name: &str) -> bool {
    name.starts_with("DPR")
}

impl Class {
    /// The class that transformers would choose: by `tokenizer_class` of `tokenizer_config.json` or of `config.json`,
    /// otherwise by the family.
    pub(super) fn of(tokenizer_config: &Map<String, Value>, config: &Map<String, Value>) -> Self {
        let by_family = || match config.get("model_type").and_then(Value::as_str) {
            Some("bert" | "distilbert" | "electra" | "ernie") => Class::Bert,
            Some("mpnet") => Class::MpNet,
            Some("roberta") => Class::Roberta,
            Some("xlm-roberta") => Class::XlmRoberta,
            Some("camembert") => Class::Camembert,
            _ => Class::AsStored,
        };
        name_of(tokenizer_config, config).map_or_else(by_family, Self::by_name)
    }

    fn by_name(name: &str) -> Self {
        match name {
            "BertTokenizer"
            | "DistilBertTokenizer"
            | "ElectraTokenizer"
            | "MobileBertTokenizer"
            | "SqueezeBertTokenizer"
            | "LayoutLMTokenizer"
            | "LxmertTokenizer"
            | "DPRQuestionEncoderTokenizer"
            | "DPRContextEncoderTokenizer"
            | "DPRReaderTokenizer" => Class::Bert,
            "MPNetTokenizer" => Class::MpNet,
            "RobertaTokenizer"
            | "BartTokenizer"
            | "LongformerTokenizer"
            | "LEDTokenizer"
            | "MvpTokenizer" => Class::Roberta,
            "XLMRobertaTokenizer" => Class::XlmRoberta,
            "CamembertTokenizer" => Class::Camembert,
            _ => Class::AsStored,
        }
    }

    /// The model that the class needs.
    pub(super) fn model(self) -> &'static str {
        match self {
            Class::Bert | Class::MpNet => "WordPiece",
            Class::Roberta => "BPE",
            Class::XlmRoberta | Class::Camembert => "Unigram",
            Class::AsStored => "any",
        }
    }

    /// The default of a special token with a name (`cls_token`) that no file sets.
    pub(super) fn default_token(self, name: &str) -> Option<Token> {
        let content = match (self, name) {
            (Class::AsStored, _) | (Class::Bert, "bos_token" | "eos_token") => return None,
            (Class::Bert, "cls_token") => "[CLS]",
            (Class::Bert, "sep_token") => "[SEP]",
            (Class::Bert, "pad_token") => "[PAD]",
            (Class::Bert, "mask_token") => "[MASK]",
            (Class::Bert | Class::MpNet, "unk_token") => "[UNK]",
            (_, "bos_token" | "cls_token") => "<s>",
            (_, "eos_token" | "sep_token") => "</s>",
            (_, "unk_token") => "<unk>",
            (_, "pad_token") => "<pad>",
            (_, "mask_token") => "<mask>",
            _ => return None,
        };
        Some(self.named(name, content))
    }

    /// A special token of which only name and text are known: some masks take the blanks before them.
    pub(super) fn named(self, name: &str, content: &str) -> Token {
        let mut token = Token::special(content);
        token.lstrip = name == "mask_token" && matches!(self, Class::MpNet | Class::Camembert);
        token
    }

    /// The default special tokens without a name.
    pub(super) fn default_extra(self) -> Vec<Token> {
        match self {
            Class::Camembert => ["<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED"].map(Token::special).to_vec(),
            _ => Vec::new(),
        }
    }

    /// The names of the tokens before and after a sentence.
    pub(super) fn ends(self) -> Option<[&'static str; 2]> {
        match self {
            Class::Bert | Class::MpNet | Class::Roberta => Some(["cls_token", "sep_token"]),
            Class::XlmRoberta | Class::Camembert => Some(["bos_token", "eos_token"]),
            Class::AsStored => None,
        }
    }
}
