//! Builds a tokenizer of one of transformers' own classes: its model with the normalizer, the pre-tokenizer, the
//! added tokens and the special tokens that the class and its settings determine.

use tokenizers::models::unigram::Unigram;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::metaspace::{Metaspace, PrependScheme};
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::whitespace::WhitespaceSplit;
use tokenizers::processors::bert::BertProcessing;
use tokenizers::{AddedVocabulary, ModelWrapper, NormalizerWrapper, PreTokenizerWrapper};

use super::added_token;
use super::class::{AS_STORED_HINT, Class};
use super::settings::Settings;
use super::tokenizer_error::bad;
use crate::error::Result;

/// Configures a tokenizer as its class and settings determine; `unk_id` is that of a stored Unigram model. Returns
/// the id of the unknown token of a Unigram model.
pub(super) fn build(
    tokenizer: &mut tokenizers::Tokenizer,
    settings: &Settings,
    unk_id: Option<usize>,
) -> Result<Option<usize>> {
    let class = settings.class;
    let unk_id = match class {
        Class::AsStored => unk_id,
        _ => divide(tokenizer, settings, unk_id)?,
    };
    let named: Vec<_> = settings.named.iter().map(|(_, token)| token.clone()).collect();
    added_token::add(tokenizer, &settings.listed, &named, &settings.extra)?;
    tokenizer.set_encode_special_tokens(settings.split_special_tokens);
    if let Some(names) = class.ends() {
        let end = |name: &str| {
            let token = settings.token(name);
            let token = token.map(|token| token.content.clone());
            let id = match (&token, class, name) {
                (Some(content), ..) => tokenizer.token_to_id(content),
                // The token that transformers uses in place of null.
                (None, Class::Bert, "sep_token") => Some(3),
                (None, Class::Bert, _) if settings.token("sep_token").is_none() => Some(3),
                (None, Class::Bert, _) | (None, Class::MpNet, "sep_token") => Some(2),
                (None, Class::MpNet, _) => Some(0),
                (None, ..) => None,
            };
            let token = token.unwrap_or_default();
            id.map(|id| (token.clone(), id))
                .ok_or_else(|| bad(format!("{name:?}: the token {token:?} is not in the vocabulary")))
        };
        let [first, last] = names.map(end);
        tokenizer.with_post_processor(Some(BertProcessing::new(last?, first?)));
    }
    Ok(unk_id)
}

/// Sets the normalizer and pre-tokenizer, before any token is added.
fn divide(
    tokenizer: &mut tokenizers::Tokenizer,
    settings: &Settings,
    unk_id: Option<usize>,
) -> Result<Option<usize>> {
    let class = settings.class;
    tokenizer.with_added_vocabulary(AddedVocabulary::default());
    let unknown = settings.token("unk_token").map_or("None", |token| token.content.as_str()).to_string();
    let (model, unk_id): (Option<ModelWrapper>, _) = match (class.model(), tokenizer.get_model()) {
        ("WordPiece", ModelWrapper::WordPiece(model)) => {
            let mut model = model.clone();
            model.unk_token = unknown;
            model.continuing_subword_prefix = "##".to_string();
            model.max_input_chars_per_word = 100;
            (Some(model.into()), None)
        }
        ("BPE", ModelWrapper::BPE(model)) => {
            let mut model = model.clone();
            model.dropout = None;
            model.unk_token = None;
            model.fuse_unk = false;
            model.byte_fallback = false;
            model.ignore_merges = false;
            (Some(model.into()), None)
        }
        ("Unigram", ModelWrapper::Unigram(model)) => {
            let wanted = match class {
                Class::Camembert => model.iter().position(|(token, _)| *token == unknown).unwrap_or(0),
                _ => 3,
            };
            let is_so = unk_id == Some(wanted) && !model.byte_fallback();
            let changed =
                (!is_so).then(|| Unigram::from(model.iter().cloned().collect(), Some(wanted), false));
            let changed = changed.transpose().map_err(|e| bad(e.to_string()).caused_by(e))?;
            (changed.map(ModelWrapper::from), Some(wanted))
        }
        (expected, model) => {
            let got = match model {
                ModelWrapper::BPE(_) => "BPE",
                ModelWrapper::WordPiece(_) => "WordPiece",
                ModelWrapper::WordLevel(_) => "WordLevel",
                ModelWrapper::Unigram(_) => "Unigram",
            };
            let message = format!("expected a {expected} model, which its tokenizer class needs, got {got}");
            return Err(bad(message).with_hint(AS_STORED_HINT));
        }
    };
    if let Some(model) = model {
        tokenizer.with_model(model);
    }
    let (normalizer, pre_tokenizer): (Option<NormalizerWrapper>, PreTokenizerWrapper) = match class.model() {
        "WordPiece" => {
            let normalizer = BertNormalizer::new(
                true,
                settings.tokenize_chinese_chars,
                settings.strip_accents,
                settings.lowercase,
            );
            (Some(normalizer.into()), BertPreTokenizer.into())
        }
        "BPE" => (None, ByteLevel::new(settings.add_prefix_space, true, true).into()),
        _ => {
            let scheme = match settings.add_prefix_space {
                true => PrependScheme::Always,
                false => PrependScheme::Never,
            };
            let words = vec![WhitespaceSplit.into(), Metaspace::new('▁', scheme, true).into()];
            (tokenizer.get_normalizer().and_then(precompiled), Sequence::new(words).into())
        }
    };
    tokenizer.with_normalizer(normalizer).map_err(|e| bad(e.to_string()).caused_by(e))?;
    tokenizer.with_pre_tokenizer(Some(pre_tokenizer));
    Ok(unk_id)
}

/// The character map of SentencePiece, the only part of a stored normalizer that its classes use.
fn precompiled(normalizer: &NormalizerWrapper) -> Option<NormalizerWrapper> {
    let is_map = |normalizer: &&NormalizerWrapper| matches!(normalizer, NormalizerWrapper::Precompiled(_));
    match normalizer {
        NormalizerWrapper::Sequence(normalizers) => normalizers.as_ref().iter().find(is_map).cloned(),
        other => Some(other).filter(is_map).cloned(),
    }
}
