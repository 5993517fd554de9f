//! The cache of this crate, for encoders of the package index and example data.

use std::path::{Path, PathBuf};

use crate::checkpoint_files;
use crate::known::known_encoders;

pub(crate) const ARTICLE_NAME: &str = "SST-2";
pub(crate) const VADER_NAME: &str = "movie reviews of vaderSentiment";

/// The folder of an encoder from the package index.
pub(crate) fn encoder_folder(own_cache: &Path, name: &str) -> PathBuf {
    own_cache.join("encoders").join(name)
}

/// The folder, if an earlier download has completed it.
pub(crate) fn find_encoder(own_cache: &Path, name: &str) -> Option<PathBuf> {
    let folder = encoder_folder(own_cache, name);
    let is_from_index = known_encoders().iter().any(|known| known.name == name && known.from_package_index);
    (is_from_index && checkpoint_files::missing(&folder, true).is_empty()).then_some(folder)
}

/// A file of labelled sentences.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ExampleData {
    /// A TSV file without a header: `sentence<TAB>label`, labels `1` (positive) and `0` (negative).
    pub path: PathBuf,
    /// The name of the sentences.
    pub name: String,
    /// One line that says where the sentences come from, and why.
    pub why: String,
}

/// The two sources of example data, the article's first.
pub(crate) fn article_path(own_cache: &Path) -> PathBuf {
    own_cache.join("data").join("sst2-train.tsv")
}

pub(crate) fn vader_path(own_cache: &Path) -> PathBuf {
    own_cache.join("data").join("movie-reviews-vader.tsv")
}

/// The file of an earlier download.
pub(crate) fn find_example_data(own_cache: &Path) -> Option<ExampleData> {
    let article = article_path(own_cache);
    if article.is_file() {
        let why = "the article's own sentences, fetched before".to_string();
        return Some(ExampleData { path: article, name: ARTICLE_NAME.to_string(), why });
    }
    let path = vader_path(own_cache);
    let why = format!(
        "fetched before, when the article's sentences were not available; remove {} to try those again",
        path.display()
    );
    path.is_file().then(|| ExampleData { path, name: VADER_NAME.to_string(), why })
}
