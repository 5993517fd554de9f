//! The candidates for the choice of features, and their columns among the encoded features.

use std::ops::Range;

use crate::encoder::EncoderConfig;
use crate::error::Result;
use crate::features::{FeatureOptions, Layers, Pooling};

/// The maximum number of layers side by side.
const MAX_SIDE_BY_SIDE: usize = 4;

/// The features that contain those of every candidate.
pub fn selection_features() -> FeatureOptions {
    FeatureOptions::from(vec![Pooling::Cls, Pooling::Mean]).of_layers(Layers::All)
}

/// Every layer with each pooling; then the last and the middle layers side by side.
pub(crate) fn candidates(config: &EncoderConfig) -> Vec<FeatureOptions> {
    let n = config.num_hidden_layers;
    let (cls, mean) = (vec![Pooling::Cls], vec![Pooling::Mean]);
    let both = vec![Pooling::Cls, Pooling::Mean];
    let of = |poolings: &Vec<Pooling>, first: usize, last: usize| {
        let layers = Layers::Range { first, last }.canonical(n).unwrap_or_default();
        FeatureOptions::from(poolings.clone()).of_layers(layers)
    };
    let mut all = vec![of(&mean, 0, 0)]; // every sentence has the same [CLS] there
    for layer in 1..=n {
        all.extend([&cls, &mean, &both].map(|poolings| of(poolings, layer, layer)));
    }
    for width in 2..=MAX_SIDE_BY_SIDE.min(n) {
        for last in [n, n - n / 6, n - n / 3].into_iter().filter(|&last| last >= width) {
            let features = of(&both, last + 1 - width, last);
            // Three layers would be much like two and four.
            if width != 3 && !all.contains(&features) {
                all.push(features);
            }
        }
    }
    all
}

/// Returns true if there are several layers side by side.
pub(crate) fn is_wide(features: &FeatureOptions) -> bool {
    match features.layers {
        Layers::Range { first, last } => first < last,
        Layers::All => true,
        Layers::Last => false,
    }
}

/// The columns of a candidate among [`selection_features`].
pub(crate) fn columns(features: &FeatureOptions, config: &EncoderConfig) -> Result<Vec<Range<usize>>> {
    let all = selection_features().poolings;
    let blocks = features.layers.resolve(config.num_hidden_layers)?.flat_map(|layer| {
        let places = features.poolings.iter().filter_map(|p| all.iter().position(|other| other == p));
        places.map(move |place| (layer * 2 + place) * config.hidden_size).collect::<Vec<_>>()
    });
    Ok(blocks.map(|start| start..start + config.hidden_size).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(n_layers: usize) -> EncoderConfig {
        let json = format!(
            r#"{{"model_type": "bert", "vocab_size": 9, "hidden_size": 4, "num_hidden_layers": {n_layers},
                 "num_attention_heads": 2, "intermediate_size": 8, "max_position_embeddings": 16}}"#
        );
        EncoderConfig::from_json(&json).unwrap()
    }

    /// Every candidate occurs once, and is a part of the encoded features; the article's [CLS] of the last layer is
    /// among them.
    #[test]
    fn candidates_are_parts_of_what_is_encoded() {
        for n_layers in [1, 2, 3, 6, 12, 24] {
            let config = config(n_layers);
            let all = candidates(&config);
            assert!(all.contains(&FeatureOptions::default()), "{n_layers}");
            let width = selection_features().n_features(&config).unwrap();
            for (i, features) in all.iter().enumerate() {
                assert!(!all[..i].contains(features), "{n_layers}: {features} twice");
                let columns = columns(features, &config).unwrap();
                let n: usize = columns.iter().map(ExactSizeIterator::len).sum();
                assert_eq!(n, features.n_features(&config).unwrap(), "{features}");
                assert!(columns.iter().all(|range| range.end <= width), "{features}");
            }
        }
    }
}
