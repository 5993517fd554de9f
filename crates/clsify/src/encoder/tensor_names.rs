//! The tensor names in the checkpoints of each family.
//!
//! No other file knows them. A prefix such as `distilbert.` or `bert.`, which comes from a model with a head, is
//! detected; the tensors of heads and poolers are ignored.

use std::collections::BTreeSet;

use crate::error::{Error, ErrorKind, Result};

/// The name, without `.weight` or `.bias`, of each part of an encoder.
#[derive(Debug)]
pub(crate) struct TensorNames {
    prefix: String,
    /// The prefixes of other encoders among the same tensors, sorted.
    passed_over: Vec<String>,
    spelling: &'static Spelling,
    /// Old checkpoints converted from TensorFlow use `gamma` and `beta` instead of `weight` and `bias`.
    gamma_beta: bool,
}

#[derive(Debug)]
struct Spelling {
    layer: &'static str,
    query: &'static str,
    key: &'static str,
    value: &'static str,
    attention_output: &'static str,
    attention_norm: &'static str,
    intermediate: &'static str,
    output: &'static str,
    output_norm: &'static str,
}

const BERT: Spelling = Spelling {
    layer: "encoder.layer",
    query: "attention.self.query",
    key: "attention.self.key",
    value: "attention.self.value",
    attention_output: "attention.output.dense",
    attention_norm: "attention.output.LayerNorm",
    intermediate: "intermediate.dense",
    output: "output.dense",
    output_norm: "output.LayerNorm",
};

const MPNET: Spelling = Spelling {
    query: "attention.attn.q",
    key: "attention.attn.k",
    value: "attention.attn.v",
    attention_output: "attention.attn.o",
    attention_norm: "attention.LayerNorm",
    ..BERT
};

const DISTILBERT: Spelling = Spelling {
    layer: "transformer.layer",
    query: "attention.q_lin",
    key: "attention.k_lin",
    value: "attention.v_lin",
    attention_output: "attention.out_lin",
    attention_norm: "sa_layer_norm",
    intermediate: "ffn.lin1",
    output: "ffn.lin2",
    output_norm: "output_layer_norm",
};

const WORD_EMBEDDINGS: &str = "embeddings.word_embeddings.weight";

/// The parts of a layer that consist of a matrix and a bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinearPart {
    /// The queries of the attention.
    Query,
    /// The keys of the attention.
    Key,
    /// The values of the attention.
    Value,
    /// The projection of the attention's context.
    AttentionOutput,
    /// The first product of the feed-forward part, before its activation.
    Intermediate,
    /// The second product of the feed-forward part.
    Output,
}

/// The parts of a layer that are a layer normalisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NormPart {
    /// The normalisation after the attention.
    Attention,
    /// The normalisation after the feed-forward part.
    Output,
}

impl TensorNames {
    /// Finds the names of a family and the prefix that this checkpoint uses.
    ///
    /// # Errors
    /// [`ErrorKind::Checkpoint`] if there is no encoder, or if there are several and transformers would not load one
    /// of them.
    pub(crate) fn find<'a>(model_type: &str, names: impl Iterator<Item = &'a str> + Clone) -> Result<Self> {
        let spelling = match model_type {
            "distilbert" => &DISTILBERT,
            "mpnet" => &MPNET,
            _ => &BERT,
        };
        let (prefix, passed_over) = find_prefix(model_type, spelling.layer, names.clone())?;
        let old_norm = format!("{prefix}embeddings.LayerNorm.gamma");
        let gamma_beta = names.clone().any(|name| name == old_norm);
        Ok(TensorNames { prefix, passed_over, spelling, gamma_beta })
    }

    /// The prefixes of other encoders among the same tensors, sorted.
    pub(crate) fn passed_over(&self) -> &[String] {
        &self.passed_over
    }

    pub(crate) fn word_embeddings(&self) -> String {
        format!("{}{WORD_EMBEDDINGS}", self.prefix)
    }

    pub(crate) fn position_embeddings(&self) -> String {
        format!("{}embeddings.position_embeddings.weight", self.prefix)
    }

    pub(crate) fn token_type_embeddings(&self) -> String {
        format!("{}embeddings.token_type_embeddings.weight", self.prefix)
    }

    pub(crate) fn embedding_norm(&self) -> [String; 2] {
        self.norm_of(format!("{}embeddings.LayerNorm", self.prefix))
    }

    pub(crate) fn embedding_projection(&self) -> [String; 2] {
        weight_and_bias(&format!("{}embeddings_project", self.prefix))
    }

    pub(crate) fn relative_attention_bias(&self) -> String {
        format!("{}encoder.relative_attention_bias.weight", self.prefix)
    }

    pub(crate) fn linear(&self, layer: usize, part: LinearPart) -> [String; 2] {
        let s = self.spelling;
        let part = match part {
            LinearPart::Query => s.query,
            LinearPart::Key => s.key,
            LinearPart::Value => s.value,
            LinearPart::AttentionOutput => s.attention_output,
            LinearPart::Intermediate => s.intermediate,
            LinearPart::Output => s.output,
        };
        weight_and_bias(&format!("{}{}.{layer}.{part}", self.prefix, s.layer))
    }

    pub(crate) fn norm(&self, layer: usize, part: NormPart) -> [String; 2] {
        let part = match part {
            NormPart::Attention => self.spelling.attention_norm,
            NormPart::Output => self.spelling.output_norm,
        };
        self.norm_of(format!("{}{}.{layer}.{part}", self.prefix, self.spelling.layer))
    }

    fn norm_of(&self, stem: String) -> [String; 2] {
        if self.gamma_beta {
            [format!("{stem}.gamma"), format!("{stem}.beta")]
        } else {
            weight_and_bias(&stem)
        }
    }
}

/// The prefix of the encoder to load and those of others, sorted. A single prefix is always used; of several, the one
/// that transformers loads: the family's own, or none. Layers without word embeddings are never loaded as an encoder,
/// but transformers would mix them with the one that it loads.
fn find_prefix<'a>(
    model_type: &str,
    layer: &str,
    names: impl Iterator<Item = &'a str> + Clone,
) -> Result<(String, Vec<String>)> {
    let is_prefix = |prefix: &&str| prefix.is_empty() || prefix.ends_with('.');
    let prefixes: BTreeSet<&str> =
        names.clone().filter_map(|name| name.strip_suffix(WORD_EMBEDDINGS)).filter(is_prefix).collect();
    let first_layer = format!("{layer}.0.");
    let layers = names.filter_map(|name| name.find(&first_layer).map(|at| &name[..at])).filter(is_prefix);
    let all: BTreeSet<&str> = layers.chain(prefixes.iter().copied()).collect();
    let own = match model_type {
        "xlm-roberta" | "camembert" => "roberta.".to_string(),
        other => format!("{other}."),
    };
    let preferred: Vec<&str> = all.iter().copied().filter(|p| p.is_empty() || *p == own).collect();
    let chosen = match (preferred.as_slice(), prefixes.len()) {
        (_, 0) => {
            let message = format!("tensor {WORD_EMBEDDINGS:?}: missing, under any prefix");
            return Err(Error::new(ErrorKind::Checkpoint, message)
                .with_hint(format!("config.json says model_type {model_type:?}; is it the right folder?")));
        }
        ([chosen], _) if prefixes.contains(chosen) => *chosen,
        ([], 1) => prefixes.first().copied().unwrap_or_default(),
        _ => {
            let found: Vec<String> = all.iter().map(|prefix| format!("{prefix:?}")).collect();
            let message = format!("expected one encoder, got tensors of {}", found.join(", "));
            return Err(Error::new(ErrorKind::Checkpoint, message).with_hint(format!(
                "save the encoder that you want alone, with tensors named {WORD_EMBEDDINGS:?} and so on"
            )));
        }
    };
    let others = all.iter().filter(|prefix| **prefix != chosen).map(ToString::to_string).collect();
    Ok((chosen.to_string(), others))
}

fn weight_and_bias(stem: &str) -> [String; 2] {
    [format!("{stem}.weight"), format!("{stem}.bias")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_found_and_heads_are_ignored() {
        let names =
            ["cls.predictions.bias", "bert.embeddings.word_embeddings.weight", "bert.pooler.dense.weight"];
        let names = TensorNames::find("bert", names.into_iter()).unwrap();
        assert_eq!(names.word_embeddings(), "bert.embeddings.word_embeddings.weight");
        assert_eq!(names.linear(3, LinearPart::Query)[0], "bert.encoder.layer.3.attention.self.query.weight");
    }

    /// Oracle: transformers 5.23, `AutoModel.from_pretrained(..., output_loading_info=True)` on such files. It loads
    /// `bert.` or no prefix and ignores the other. If the first list has neither, it initialises new weights.
    #[test]
    fn of_two_encoders_the_one_of_transformers_is_taken_or_none() {
        let names = |prefixes: &[&str]| -> Vec<String> {
            prefixes.iter().map(|prefix| format!("{prefix}{WORD_EMBEDDINGS}")).collect()
        };
        let find = |prefixes: &[&str]| {
            TensorNames::find("bert", names(prefixes).iter().map(String::as_str))
                .map(|found| (found.prefix.clone(), found.passed_over.join(" ")))
                .map_err(|e| e.to_string())
        };
        assert_eq!(find(&["a.", "bert."]), Ok(("bert.".into(), "a.".into())));
        assert_eq!(find(&["roberta.", "", "a."]), Ok((String::new(), "a. roberta.".into())));
        assert_eq!(find(&["a."]), Ok(("a.".into(), String::new())));
        let both = |a, b| Err(format!("expected one encoder, got tensors of {a:?}, {b:?}"));
        assert_eq!(find(&["query.", "context."]), both("context.", "query."));
        // transformers uses both: each tensor comes from one or the other.
        assert_eq!(find(&["bert.", ""]), both("", "bert."));
        let own = TensorNames::find("camembert", names(&["a.", "roberta."]).iter().map(String::as_str));
        assert_eq!(own.unwrap().prefix, "roberta.");
    }

    /// Oracle: transformers 5.23 mixes the two if one has no prefix and the other its own prefix, and ignores any
    /// other.
    #[test]
    fn layers_alone_are_another_encoder() {
        let find = |model_type: &str, layer: &str, words: &str| {
            let names =
                [format!("{words}{WORD_EMBEDDINGS}"), format!("{layer}.0.attention.self.query.weight")];
            TensorNames::find(model_type, names.iter().map(String::as_str))
                .map(|found| (found.prefix.clone(), found.passed_over.join(" ")))
                .map_err(|e| e.to_string())
        };
        let both = |a, b| Err(format!("expected one encoder, got tensors of {a:?}, {b:?}"));
        assert_eq!(find("bert", "bert.encoder.layer", ""), both("", "bert."));
        assert_eq!(find("bert", "encoder.layer", "bert."), both("", "bert."));
        assert_eq!(find("camembert", "roberta.encoder.layer", ""), both("", "roberta."));
        assert_eq!(find("distilbert", "distilbert.transformer.layer", ""), both("", "distilbert."));
        assert_eq!(find("bert", "teacher.encoder.layer", ""), Ok((String::new(), "teacher.".into())));
        assert_eq!(find("bert", "bert.encoder.layer", "bert."), Ok(("bert.".into(), String::new())));
        assert_eq!(find("bert", "my_encoder.layer", ""), Ok((String::new(), String::new())));
    }

    #[test]
    fn a_checkpoint_without_word_embeddings_says_so() {
        let Err(error) = TensorNames::find("bert", ["logits.weight"].into_iter()) else { panic!("found") };
        assert!(error.to_string().contains("embeddings.word_embeddings.weight"), "{error}");
    }
}
