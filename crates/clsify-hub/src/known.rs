//! The encoders that have a short name: what `clsify list` shows.

use serde::Serialize;

/// An encoder with a short name. All sizes are those of the original checkpoint.
///
/// ```
/// let mpnet = clsify_hub::known_encoders().iter().find(|e| e.name == "all-mpnet-base-v2").unwrap();
/// assert_eq!((mpnet.model_type, mpnet.hidden_size, mpnet.num_hidden_layers), ("mpnet", 768, 12));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct KnownEncoder {
    /// The short name, which `--encoder` and `pull` take.
    pub name: &'static str,
    /// The repository at the model hub.
    pub hub_id: &'static str,
    /// Other ids of the same repository; caches hold it under any of them.
    pub hub_aliases: &'static [&'static str],
    /// `model_type` of its `config.json`.
    pub model_type: &'static str,
    /// Width of the hidden states.
    pub hidden_size: usize,
    /// Number of transformer layers.
    pub num_hidden_layers: usize,
    /// Number of parameters, in millions.
    pub parameters_millions: f32,
    /// What a download from the hub amounts to, in megabytes (10^6 bytes).
    pub download_mb: u32,
    /// Whether the Python package index has it too.
    pub from_package_index: bool,
    /// One line on what it is good for.
    pub about: &'static str,
    /// A sentence-transformers folder: complete only with its `modules.json`.
    #[serde(skip)]
    pub(crate) sentence_transformers: bool,
}

// Parameters and sizes: of the `model.safetensors` files. The article's encoder comes first.
static KNOWN: [KnownEncoder; 4] = [
    KnownEncoder {
        name: "distilbert-base-uncased",
        hub_id: "distilbert-base-uncased",
        hub_aliases: &["distilbert/distilbert-base-uncased"],
        model_type: "distilbert",
        hidden_size: 768,
        num_hidden_layers: 6,
        parameters_millions: 66.4,
        download_mb: 268,
        from_package_index: false,
        about: "the article's encoder: BERT distilled to half its layers",
        sentence_transformers: false,
    },
    KnownEncoder {
        name: "bert-base-uncased",
        hub_id: "bert-base-uncased",
        hub_aliases: &["google-bert/bert-base-uncased"],
        model_type: "bert",
        hidden_size: 768,
        num_hidden_layers: 12,
        parameters_millions: 109.5,
        download_mb: 440,
        from_package_index: false,
        about: "the original English BERT",
        sentence_transformers: false,
    },
    KnownEncoder {
        name: "all-MiniLM-L6-v2",
        hub_id: "sentence-transformers/all-MiniLM-L6-v2",
        hub_aliases: &[],
        model_type: "bert",
        hidden_size: 384,
        num_hidden_layers: 6,
        parameters_millions: 22.7,
        download_mb: 92,
        from_package_index: true,
        about: "small and fast, trained for sentence embeddings (mean pooling)",
        sentence_transformers: true,
    },
    KnownEncoder {
        name: "all-mpnet-base-v2",
        hub_id: "sentence-transformers/all-mpnet-base-v2",
        hub_aliases: &[],
        model_type: "mpnet",
        hidden_size: 768,
        num_hidden_layers: 12,
        parameters_millions: 109.5,
        download_mb: 439,
        from_package_index: true,
        about: "the most accurate of these, trained for sentence embeddings (mean pooling)",
        sentence_transformers: true,
    },
];

/// The encoders that have a short name, the article's first.
pub fn known_encoders() -> &'static [KnownEncoder] {
    &KNOWN
}

/// The known encoder of this name or hub id.
pub(crate) fn find(text: &str) -> Option<&'static KnownEncoder> {
    KNOWN.iter().find(|e| e.name == text || e.hub_id == text || e.hub_aliases.contains(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_finds_its_encoder() {
        for encoder in known_encoders() {
            for text in [encoder.name, encoder.hub_id].iter().chain(encoder.hub_aliases) {
                assert_eq!(find(text).map(|e| e.name), Some(encoder.name));
            }
        }
        assert_eq!(find("all-minilm"), None);
    }

    #[test]
    fn what_is_said_to_be_at_the_package_index_has_a_recipe() {
        for encoder in known_encoders() {
            assert_eq!(
                crate::package_index::recipe(encoder.name).is_some(),
                encoder.from_package_index,
                "{}",
                encoder.name
            );
        }
    }
}
