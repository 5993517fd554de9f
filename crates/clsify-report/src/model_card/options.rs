//! What the user adds to a model card.

/// What a model card says beside what the model records.
#[derive(Debug, Clone, Default)]
pub struct CardOptions {
    /// The repository, `USER/NAME`, with `@REVISION` unless it is the branch `main`.
    pub repo: String,
    /// The hub id of the encoder, if it has one.
    pub base_model: Option<String>,
    /// The hub's id of the licence, such as `mit`.
    pub license: Option<String>,
    /// Codes of languages, such as `en`.
    pub languages: Vec<String>,
    /// True if the repository gets the training sentences.
    pub has_sentences: bool,
}
