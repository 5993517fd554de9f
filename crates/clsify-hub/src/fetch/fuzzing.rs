//! What the fuzz targets reach of this crate and no caller may: built with `--cfg fuzzing` only.

use std::path::{Path, PathBuf};

use clsify_base::error::Result;

use super::{archive, example_data};

/// Unpacks all entries of a zip below a prefix.
///
/// # Errors
/// An archive that is malformed, or that would leave its folder.
pub fn unpack_zip(archive: &Path, prefix: &str, target: &Path) -> Result<()> {
    archive::unpack_zip(archive, prefix, &|_| true, target)
}

/// Joins the one entry of each zip whose path contains `piece`.
///
/// # Errors
/// An archive that is malformed or has not one such entry; another SHA-256.
pub fn join_pieces(archives: &[PathBuf], piece: &str, joined: &Path, sha256: &str) -> Result<()> {
    archive::join_pieces(&mut archives.iter().cloned().map(Ok), piece, joined, sha256)
}

/// The bytes of an entry of a gzipped tar.
///
/// # Errors
/// An archive that is malformed or has no such file.
pub fn tar_gz_entry(bytes: &[u8], path: &str) -> Result<Vec<u8>> {
    archive::tar_gz_entry("archive.tar.gz", bytes, path)
}

/// Rated sentences as labelled ones, and how many were left out.
///
/// # Errors
/// Lines of another form.
pub fn labelled(ratings: &[u8]) -> Result<(String, usize)> {
    example_data::labelled(ratings)
}
