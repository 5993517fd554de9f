//! The options of a walk through a classifier.

use crate::dataset::Dataset;
use crate::model::encode::Encoded;

/// The options of [`walk_through`](super::walk_through).
#[derive(Debug, Clone)]
pub struct WalkthroughOptions<'a> {
    /// The held-out rows, if the classifier was scored on a separate file.
    pub test: Option<&'a Dataset>,
    /// The features of the data, if they are known.
    pub encoded: Option<Encoded>,
    /// The name of the data in errors. The default is `data`.
    pub data_name: String,
    /// The name of the test rows in errors. The default is `test data`.
    pub test_name: String,
    /// The reader's own sentences, which come first.
    pub sentences: Vec<String>,
    /// The maximum number of sentences. The default is 50. There are fewer if the sentences are so long that their explanation would
    /// take minutes.
    pub n_sentences: usize,
}

impl Default for WalkthroughOptions<'_> {
    fn default() -> Self {
        WalkthroughOptions {
            test: None,
            encoded: None,
            data_name: "data".to_string(),
            test_name: "test data".to_string(),
            sentences: Vec::new(),
            n_sentences: 50,
        }
    }
}
