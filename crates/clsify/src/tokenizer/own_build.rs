//! The tokenizer classes of transformers that ignore the `tokenizer.json` beside them: they build their own tokenizer
//! around its vocabulary, or read other files.
//!
//! Those of `class.rs` are built here too. For two of the others, a `tokenizer.json` is accepted if it equals the
//! tokenizer that the class builds; all others are refused.

use clsify_base::encoder_files::TOKENIZER;
use serde_json::{Map, Value};
use tokenizers::models::bpe::BPE;
use tokenizers::{ModelWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper};

use super::class::AS_STORED_HINT;
use super::tokenizer_error::bad;
use crate::error::Result;

/// Names of classes of transformers 5.23, without `Tokenizer`.
const NAMES: &str = "\
    Albert Barthez Bartpho BertGeneration BertJapanese Bertweet BigBird BioGpt Blenderbot BlenderbotSmall ByT5 CLIP CTRL \
    Canine Clvp CodeGen CodeLlama Cohere Cpm CpmAnt Deberta DebertaV2 Dia Esm Esmc FSMT FastSpeech2Conformer Flaubert \
    Funnel GPT2 GPTNeoX GPTNeoXJapanese GPTSw3 Gemma Herbert Lasr LayoutLMv2 LayoutLMv3 LayoutXLM Llama Luke M2M100 MBart \
    MBart50 MLuke Marian MarkupLM Mgpstr MyT5 Nllb Nougat OpenAIGPT PLBart Pegasus Perceiver Phobert Pop2Piano ProphetNet \
    Qwen2 Qwen3_5 Rag Reformer RemBert RoCBert RoFormer SeamlessM4T Siglip Siglip2 Speech2Text SpeechT5 Splinter T5 Tapas \
    Tipsv2 Udop VideoPrism Vits Wav2Vec2CTC Wav2Vec2PhonemeCTC Whisper XGLM XLM XLNet";

/// Checks that a class uses the stored tokenizer as it is, or would build the same one.
///
/// # Errors
/// [`ErrorKind::Tokenizer`](crate::error::ErrorKind::Tokenizer) with the class.
pub(super) fn check(
    class: &str,
    settings: &Map<String, Value>,
    stored: &tokenizers::Tokenizer,
) -> Result<()> {
    let Some(name) = class.strip_suffix("Tokenizer") else { return Ok(()) };
    if !NAMES.split_whitespace().any(|known| known == name) {
        return Ok(());
    }
    let problem = match name {
        "GPT2" if is_gpt2(settings, stored) => return Ok(()),
        "Herbert" if is_herbert(settings, stored) => return Ok(()),
        // AutoTokenizer does the same, because many files with this class name are of another class.
        "Llama" if is_of_bytes(stored) => return Ok(()),
        "GPT2" | "Herbert" => format!("builds another tokenizer than that of {TOKENIZER}"),
        _ => format!("builds its own tokenizer, whatever {TOKENIZER} says"),
    };
    let message = format!("\"tokenizer_class\": {class:?} {problem}, which clsify does not");
    Err(bad(message).with_hint(AS_STORED_HINT))
}

/// `GPT2Tokenizer`: byte-level BPE.
fn is_gpt2(settings: &Map<String, Value>, stored: &tokenizers::Tokenizer) -> bool {
    let add_prefix_space = settings.get("add_prefix_space").and_then(Value::as_bool).unwrap_or(false);
    let is_divided_so = match stored.get_pre_tokenizer() {
        Some(PreTokenizerWrapper::ByteLevel(bytes)) => {
            bytes.use_regex && bytes.add_prefix_space == add_prefix_space
        }
        _ => false,
    };
    stored.get_normalizer().is_none() && is_divided_so && is_bpe(stored, None, "")
}

/// `HerbertTokenizer`: BPE of words, with fixed ids of the special tokens.
fn is_herbert(settings: &Map<String, Value>, stored: &tokenizers::Tokenizer) -> bool {
    let token = |name: &str, default: &str| {
        let token = settings.get(name);
        let text = token.and_then(|token| token.as_str().or_else(|| token.get("content")?.as_str()));
        text.unwrap_or(default).to_string()
    };
    let is_normalized_so = match stored.get_normalizer() {
        Some(NormalizerWrapper::BertNormalizer(bert)) => {
            bert.clean_text
                && bert.handle_chinese_chars
                && !bert.lowercase
                && bert.strip_accents == Some(false)
        }
        _ => false,
    };
    let has_ends = match stored.get_post_processor() {
        Some(PostProcessorWrapper::Bert(ends)) => {
            ends.cls == (token("cls_token", "<s>"), 0) && ends.sep == (token("sep_token", "</s>"), 2)
        }
        _ => false,
    };
    is_normalized_so
        && matches!(stored.get_pre_tokenizer(), Some(PreTokenizerWrapper::BertPreTokenizer(_)))
        && has_ends
        && is_bpe(stored, Some(&token("unk_token", "<unk>")), "</w>")
}

/// Returns true if the model is BPE with this unknown token and this end-of-word suffix, and no other options.
fn is_bpe(stored: &tokenizers::Tokenizer, unknown: Option<&str>, end_of_word: &str) -> bool {
    let ModelWrapper::BPE(BPE {
        dropout,
        unk_token,
        continuing_subword_prefix: prefix,
        end_of_word_suffix: suffix,
        fuse_unk,
        byte_fallback,
        ignore_merges,
        ..
    }) = stored.get_model()
    else {
        return false;
    };
    unk_token.as_deref() == unknown
        && prefix.as_deref().unwrap_or_default().is_empty()
        && suffix.as_deref().unwrap_or_default() == end_of_word
        && dropout.is_none()
        && !(*fuse_unk || *byte_fallback || *ignore_merges)
}

/// Returns true if texts are divided into bytes.
fn is_of_bytes(stored: &tokenizers::Tokenizer) -> bool {
    match stored.get_pre_tokenizer() {
        Some(PreTokenizerWrapper::ByteLevel(_)) => true,
        Some(PreTokenizerWrapper::Sequence(parts)) => {
            parts.as_ref().iter().any(|part| matches!(part, PreTokenizerWrapper::ByteLevel(_)))
        }
        _ => false,
    }
}
