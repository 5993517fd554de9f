//! 4. `hidden_states` -> features `[n_samples, n_features]`: pooling, and the computation for all sentences.

mod cache;
mod chunks;
mod dense;
mod extract;
mod layers;
mod loading_arguments;
mod module;
mod npy;
mod options;
mod pooling;
mod sentence_transformers;
mod settings_file;

use std::path::{Path, PathBuf};

pub use cache::{CacheOptions, FeatureCache};
pub use dense::{DenseActivation, DenseLayer, DenseResidual};
pub use extract::{TokenCounts, extract};
pub(crate) use extract::{
    check, check_finite, check_finite_row, check_poolings, check_tokens, extract_unchecked, extract_with,
    features_of_hidden_state,
};
pub use layers::Layers;
pub(crate) use module::Head;
pub use module::Module;
pub use npy::{NpyWriter, save_npy};
pub use options::FeatureOptions;
pub use pooling::{Pooling, pooling_names};
pub(crate) use sentence_transformers::mean_pooling_files;
pub use sentence_transformers::{SentenceTransformer, prompt_text};

use clsify_kernels::normalize::l2_normalize;

use crate::error::Result;
use crate::matrix::Matrix;

/// Divides every row by its Euclidean length, as [`FeatureOptions::normalize`] does; a row of zeros stays.
///
/// ```
/// use clsify::{features::normalize_rows, matrix::Matrix};
/// let mut rows = Matrix::from_vec(vec![3.0, 4.0, 0.0, 0.0], 2, 2)?;
/// normalize_rows(&mut rows);
/// assert_eq!(rows.as_slice(), [0.6, 0.8, 0.0, 0.0]);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn normalize_rows(rows: &mut Matrix) {
    let width = rows.cols();
    l2_normalize(rows.as_mut_slice(), width);
}

/// The files in an encoder's folder that affect vectors after pooling: those of its dense layers.
pub(crate) fn feature_files(options: &FeatureOptions) -> Vec<PathBuf> {
    options.modules.iter().flat_map(Module::files).collect()
}

/// The existing files of a sentence-transformers folder: they contain settings and no weights.
///
/// # Errors
/// Those of a malformed `modules.json`.
pub(crate) fn sentence_transformers_files(folder: &Path) -> Result<Vec<PathBuf>> {
    sentence_transformers::files(folder)
}
