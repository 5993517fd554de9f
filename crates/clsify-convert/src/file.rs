//! Reads a head from a file.

use std::path::Path;

use clsify::model::SavedImport;
use clsify_base::error::Result;
use clsify_base::files::read_file;
use sha2::{Digest, Sha256};

use crate::container::{Container, MAX_BYTES};
use crate::head::Head;
use crate::objects::{Heap, View};
use crate::{pickle, sklearn, skops};

/// Reads a classifier that scikit-learn has saved: a pickle of protocol 0 to 5, a file of joblib, compressed or not, or
/// a file of skops. Nothing of it is executed.
///
/// # Errors
/// [`ErrorKind::Io`](clsify_base::error::ErrorKind::Io) if the file cannot be read;
/// [`ErrorKind::Model`](clsify_base::error::ErrorKind::Model) if it is damaged or malicious, or if it holds something
/// other than a linear classifier with probabilities, which the error names.
///
/// ```no_run
/// let head = clsify_convert::read_sklearn("head.joblib")?;
/// println!("{} features, labels {}", head.n_features(), head.labels().join(", "));
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn read_sklearn(path: impl AsRef<Path>) -> Result<Head> {
    let path = path.as_ref();
    let bytes = read_file(path, MAX_BYTES)?;
    let head = sklearn_head(&bytes).map_err(|e| e.at(path.display().to_string()))?;
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Head { origin: SavedImport { file, ..head.origin }, ..head })
}

/// As [`read_sklearn`], for the bytes of a file.
///
/// # Errors
/// As for [`read_sklearn`].
pub fn sklearn_head(bytes: &[u8]) -> Result<Head> {
    let container = Container::of(bytes)?;
    let decompressed = container.decompress(bytes)?;
    let pickled = decompressed.as_deref().unwrap_or(bytes);
    let mut heap = Heap::default();
    let id = match container {
        Container::Zip => skops::read(bytes, &mut heap)?,
        _ => pickle::read(pickled, &mut heap)?,
    };
    let head = sklearn::head(&View::new(&heap, id))?;
    let sha256 = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Head { origin: SavedImport { sha256, ..head.origin }, ..head })
}
