//! Any bytes as the files of a saved model with classes or label sets: if it loads, it gives probabilities, and saved
//! again it gives the same ones.
#![no_main]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use clsify::model::{SaveOptions, SentenceClassifier};
use clsify_fuzz::{SENTENCES, checked, empty, own_folder, write_encoder, write_files};
use libfuzzer_sys::fuzz_target;

/// An upper bound for the rounding error of a sum of some hundred probabilities.
const TOLERANCE: f64 = 1e-9;

static FOLDER: LazyLock<PathBuf> = LazyLock::new(own_folder);

fn check(folder: &Path, again: &Path) {
    let Some(classifier) = checked(SentenceClassifier::load(folder)) else { return };
    let Some(predictions) = checked(classifier.predict(&SENTENCES)) else { return };
    assert_eq!(predictions.len(), SENTENCES.len());
    for prediction in &predictions {
        let probabilities = &prediction.probabilities;
        assert_eq!(probabilities.len(), classifier.classes().len());
        assert_eq!(classifier.labels(prediction).len(), prediction.label_ids.len());
        assert!(probabilities.iter().all(|p| (0.0..=1.0).contains(p)), "{probabilities:?}");
        if classifier.separator().is_none() {
            assert_eq!(prediction.label_ids.len(), 1);
            assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < TOLERANCE, "{probabilities:?}");
        }
    }
    if checked(classifier.save_with(again, SaveOptions { bundle_encoder: true })).is_some() {
        let loaded = SentenceClassifier::load(again).expect("a model that was saved can be loaded");
        assert_eq!(loaded.predict(&SENTENCES).expect("it predicts as before"), predictions);
    }
}

fuzz_target!(|data: &[u8]| {
    let (folder, again) = (FOLDER.join("model"), FOLDER.join("again"));
    empty(&folder);
    empty(&again);
    write_files(&folder, &["clsify.json", "classifier.safetensors"], data);
    write_encoder(&folder.join("encoder"));
    check(&folder, &again);
});
