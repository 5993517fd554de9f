//! What is not a linear classifier with probabilities.

use clsify_base::error::Error;

use crate::objects::View;

/// Classifiers that are linear, but have no probabilities.
const WITHOUT_PROBABILITIES: [&str; 5] =
    ["LinearSVC", "RidgeClassifier", "RidgeClassifierCV", "Perceptron", "PassiveAggressiveClassifier"];

/// Parts of a pipeline that have no classes.
const NOT_CLASSIFIERS: [&str; 6] = [
    "StandardScaler",
    "Normalizer",
    "LabelEncoder",
    "LabelBinarizer",
    "TfidfVectorizer",
    "ColumnTransformer",
];

/// The error about an estimator.
pub(super) fn refuse(view: &View, module: &str, name: &str) -> Error {
    let expected = "expected a LogisticRegression, alone or in a Pipeline, OneVsRestClassifier, MultiOutputClassifier or CalibratedClassifierCV";
    let of_scikit_learn = module.starts_with("sklearn.");
    let why = match name {
        _ if !of_scikit_learn => "which is not an estimator of scikit-learn",
        _ if WITHOUT_PROBABILITIES.contains(&name) => "which has no probabilities",
        "SGDClassifier" => "whose loss may be another one",
        "ClassifierChain" => "whose classifiers take each other's answers as features",
        _ if NOT_CLASSIFIERS.contains(&name) => "which is not a classifier",
        _ => "which is not a linear classifier",
    };
    let hint = match name {
        "ClassifierChain" => "train it again with a OneVsRestClassifier or MultiOutputClassifier",
        _ => {
            "train a LogisticRegression on the same vectors and save it, or let clsify train on the same data"
        }
    };
    let name = if of_scikit_learn { name.to_string() } else { format!("{module}.{name}") };
    view.error(format!("{expected}, got {name}, {why}")).with_hint(hint)
}
