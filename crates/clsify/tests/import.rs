//! A classifier of another library on an encoder: saved, loaded and explained like any other.
//!
//! Oracle: the definition of normalised sigmoids, and of a logit as `ln(p / (1 - p))`.
#![allow(clippy::unwrap_used)]

mod support;

use clsify::classifier::{LinearClassifier, Link, LogisticRegression};
use clsify::explanation::ExplainOptions;
use clsify::model::{ImportedClassifier, SavedImport, SavedModel, SentenceClassifier, SentenceEncoder};
use support::fixtures;

fn encoder() -> SentenceEncoder {
    SentenceEncoder::load(fixtures().join("transformers/bert")).unwrap()
}

fn imported(n_features: usize, classes: &[&str]) -> ImportedClassifier {
    let n = classes.len();
    let coef = (0..n * n_features).map(|i| ((i * 7919) % 101) as f64 / 100.0 - 0.5).collect();
    let intercept = (0..n).map(|i| 0.3 * i as f64 - 0.2).collect();
    let classifier = LogisticRegression::from_parts(coef, intercept, n).unwrap();
    let text = |text: &str| text.to_string();
    ImportedClassifier {
        classifier: LinearClassifier::Classes(classifier.with_link(Link::NormalizedSigmoids)),
        classes: classes.iter().map(|class| text(class)).collect(),
        normalize: true,
        separator: ";".parse().unwrap(),
        origin: SavedImport {
            library: text("scikit-learn 1.9.1"),
            estimator: text("OneVsRestClassifier(LogisticRegression)"),
            file: text("head.joblib"),
            sha256: text(""),
        },
    }
}

/// Tolerance: rounding in f64.
#[test]
fn normalised_sigmoids_are_saved_and_explained() {
    let classifier = SentenceClassifier::import(encoder(), imported(32, &["a", "b", "c"])).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    classifier.save(&path).unwrap();
    let saved = SavedModel::read(&path).unwrap();
    assert_eq!(
        (saved.format_version, saved.link, saved.features.normalize),
        (5, Link::NormalizedSigmoids, true)
    );
    assert_eq!((&saved.metrics, &saved.training), (&None, &None));
    assert!(saved.trained().unwrap_err().to_string().contains("got an imported one"));

    let loaded = SentenceClassifier::load(&path).unwrap();
    let texts = ["a visually stunning film", "a quiet bore"];
    let features = loaded.encoder().encode(&texts).unwrap().features;
    let logits = loaded.classifier().decision_function(&features);
    let predictions = loaded.predict(&texts).unwrap();
    assert_eq!(predictions, classifier.predict(&texts).unwrap());
    for (i, (prediction, logits)) in predictions.iter().zip(logits.chunks_exact(3)).enumerate() {
        let length: f32 = features.row(i).iter().map(|x| x * x).sum();
        assert!((length - 1.0).abs() < 1e-5, "{length}");
        let sigmoids: Vec<f64> = logits.iter().map(|z| 1.0 / (1.0 + (-z).exp())).collect();
        let total: f64 = sigmoids.iter().sum();
        for (p, sigmoid) in prediction.probabilities.iter().zip(&sigmoids) {
            assert!((p - sigmoid / total).abs() < 1e-12, "{p}, expected {}", sigmoid / total);
        }
    }
    for (explanation, logits) in
        loaded.explain(&texts, &ExplainOptions::default()).unwrap().iter().zip(logits.chunks_exact(3))
    {
        for class in &explanation.classes {
            let expected = (class.probability / (1.0 - class.probability)).ln();
            assert!((class.logit - expected).abs() < 1e-9, "{}, expected {expected}", class.logit);
        }
        // The features add up to the decision value of the label alone.
        let label = loaded.classes().iter().position(|class| *class == explanation.label).unwrap();
        assert_eq!(explanation.features.against, None);
        assert!((explanation.features.total - logits[label]).abs() < 1e-9);
    }
}

#[test]
fn a_classifier_of_another_encoder_is_refused() {
    for (imported, expected) in [
        (
            imported(31, &["a", "b", "c"]),
            "import: expected a classifier of 32 features, as the encoder bert gives, got one of 31",
        ),
        (imported(32, &["b", "a", "c"]), "expected 3 classes, sorted and different"),
        (imported(32, &["a", "b", "b"]), "expected 3 classes, sorted and different"),
    ] {
        let error = SentenceClassifier::import(encoder(), imported).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// A model has either a training or an origin.
#[test]
fn metadata_of_both_kinds_or_of_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    SentenceClassifier::import(encoder(), imported(32, &["a", "b", "c"])).unwrap().save(&path).unwrap();
    let json = path.join("clsify.json");
    let text = std::fs::read_to_string(&json).unwrap();
    for (from, to, expected) in [
        ("\"imported\"", "\"unknown\"", "missing field `metrics`"),
        ("\"normalized_sigmoids\"", "\"cosine\"", "unknown variant `cosine`"),
        ("    \"b\",\n", "", "expected a link only for three or more classes"),
        ("\"format_version\": 5", "\"format_version\": 6", "expected format_version 1 to 5, got 6"),
    ] {
        assert!(text.contains(from), "{from}: {text}");
        std::fs::write(&json, text.replace(from, to)).unwrap();
        let error = SavedModel::read(&path).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
