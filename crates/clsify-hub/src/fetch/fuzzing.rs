//! Private functions of this crate for the fuzz targets; compiled with `--cfg fuzzing` only.

use std::path::{Path, PathBuf};

use clsify_base::error::Result;

use super::{archive, example_data};

/// Unpacks all entries of a zip below a prefix.
///
/// # Errors
/// The archive is malformed, or an entry would leave its folder.
pub fn unpack_zip(archive: &Path, prefix: &str, target: &Path) -> Result<()> {
    archive::unpack_zip(archive, prefix, &|_| true, target)
}

/// Joins the one entry of each zip whose path contains `piece`.
///
/// # Errors
/// An archive is malformed or does not have exactly one such entry; the SHA-256 differs.
pub fn join_pieces(archives: &[PathBuf], piece: &str, joined: &Path, sha256: &str) -> Result<()> {
    archive::join_pieces(&mut archives.iter().cloned().map(Ok), piece, joined, sha256)
}

/// The bytes of an entry of a gzipped tar.
///
/// # Errors
/// The archive is malformed or has no such file.
pub fn tar_gz_entry(bytes: &[u8], path: &str) -> Result<Vec<u8>> {
    archive::tar_gz_entry("archive.tar.gz", bytes, path)
}

/// Converts rated sentences to labelled ones, and returns the number of sentences left out.
///
/// # Errors
/// A line has another form.
pub fn labelled(ratings: &[u8]) -> Result<(String, usize)> {
    example_data::labelled(ratings)
}
