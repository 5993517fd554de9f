//! The encoders that have a short name, as shown by `clsify list`.

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
    /// The short name, as accepted by `--encoder` and `pull`.
    pub name: &'static str,
    /// The repository at the model hub.
    pub hub_id: &'static str,
    /// Other ids of the same repository; caches may contain it under any of them.
    pub hub_aliases: &'static [&'static str],
    /// `model_type` of its `config.json`.
    pub model_type: &'static str,
    /// The size of the hidden states.
    pub hidden_size: usize,
    /// The number of transformer layers.
    pub num_hidden_layers: usize,
    /// The number of parameters, in millions.
    pub parameters_millions: f32,
    /// The size of a download from the hub, in megabytes (10^6 bytes).
    pub download_mb: u32,
    /// True if the Python package index also has it.
    pub from_package_index: bool,
    /// One line about its strengths.
    pub about: &'static str,
    /// True for a sentence-transformers folder, which is complete only with its `modules.json`.
    #[serde(skip)]
    pub(crate) sentence_transformers: bool,
}

// Parameters and sizes are those of the `model.safetensors` files. The article's encoder comes first.
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

/// A hint for an unknown name, to be appended to another hint; empty for a known name.
pub(crate) fn nearest_as_hint(text: &str) -> String {
    match (find(text), nearest(text)) {
        (Some(_), _) => String::new(),
        (None, Some(nearest)) => {
            format!("; `clsify list` shows the encoders with a short name, of which {nearest} is the nearest")
        }
        (None, None) => "; `clsify list` shows the encoders with a short name".to_string(),
    }
}

/// The known name that was probably meant: equal except for case and punctuation, one that begins with it or contains
/// it, or one within a few edits.
fn nearest(text: &str) -> Option<&'static str> {
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    let id = text.split('@').next().unwrap_or(text);
    let wanted = plain(id.rsplit('/').next().unwrap_or(id));
    if wanted.len() < 4 {
        return None;
    }
    let rank = |name: &str| {
        let name = plain(name);
        match edit_distance(&wanted, &name) {
            _ if name.starts_with(&wanted) => Some(0),
            _ if name.contains(&wanted) => Some(1),
            distance if distance <= 1 + wanted.len() / 3 => Some(1 + distance),
            _ => None,
        }
    };
    let ranked = KNOWN.iter().filter_map(|known| Some((rank(known.name)?, known.name)));
    ranked.min_by_key(|(rank, _)| *rank).map(|(_, name)| name)
}

/// The Levenshtein distance: the number of letters that must be inserted, deleted or replaced.
fn edit_distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.bytes().enumerate() {
            let exchanged = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = exchanged.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_the_one_that_was_meant() {
        for (text, expected) in [
            ("all-minilm-l6-v2", Some("all-MiniLM-L6-v2")),
            ("all-MiniLM-L6", Some("all-MiniLM-L6-v2")),
            ("MiniLM", Some("all-MiniLM-L6-v2")),
            ("sentence-transformers/all-MiniLM-L12-v2", Some("all-MiniLM-L6-v2")),
            ("org/all_mpnet_base_v2@main", Some("all-mpnet-base-v2")),
            ("all-mpnet-v2", Some("all-mpnet-base-v2")),
            ("distillbert-base-uncased", Some("distilbert-base-uncased")),
            ("distilbert", Some("distilbert-base-uncased")),
            ("bert", Some("bert-base-uncased")),
            ("bert-base-cased", Some("bert-base-uncased")),
            ("roberta-large", None),
            ("gpt", None),
            ("", None),
        ] {
            assert_eq!(nearest(text), expected, "{text:?}");
        }
        assert_eq!(nearest_as_hint("bert-base-uncased"), "");
        assert!(nearest_as_hint("MiniLM").ends_with("of which all-MiniLM-L6-v2 is the nearest"));
    }

    #[test]
    fn distances_are_levenshteins() {
        for (a, b, distance) in
            [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("same", "same", 0)]
        {
            assert_eq!(edit_distance(a, b), distance);
        }
    }

    #[test]
    fn every_spelling_finds_its_encoder() {
        for encoder in known_encoders() {
            for text in [encoder.name, encoder.hub_id].iter().chain(encoder.hub_aliases) {
                assert_eq!(find(text).map(|e| e.name), Some(encoder.name));
            }
        }
        assert_eq!(find("all-minilm"), None);
    }
}
