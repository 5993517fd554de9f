//! Any bytes as a file of joblib, pickle or skops: what is read is a linear classifier with finite probabilities.
#![no_main]

use clsify::matrix::Matrix;
use clsify_convert::sklearn_head;
use clsify_fuzz::checked;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let Some(head) = checked(sklearn_head(file)) else { return };
    let (n_features, n_labels) = (head.n_features(), head.labels().len());
    assert!(n_features > 0 && n_labels > 0);
    let separator = ";".parse().expect("a separator");
    let Some(imported) = checked(head.imported(None, separator)) else { return };
    let zeros = Matrix::from_vec(vec![0.0; n_features], 1, n_features).expect("one row");
    let probabilities = imported.classifier.predict_proba(&zeros);
    assert_eq!(probabilities.len(), n_labels);
    assert!(probabilities.iter().all(|p| (0.0..=1.0).contains(p)), "{probabilities:?}");
});
