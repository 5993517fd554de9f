//! An encoder that was found or downloaded.

use std::path::PathBuf;

/// The folder of an encoder.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Located {
    /// The folder that holds `config.json`, the tokenizer's files and the weights.
    pub folder: PathBuf,
    /// The known name, the hub id (with its revision), or the folder as given.
    pub name: String,
    /// The origin of the folder.
    pub origin: Origin,
}

/// The origin of an encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A folder that the caller named.
    Folder,
    /// The hub's cache; it was already there.
    HubCache,
    /// The hub: downloaded by this call.
    Hub,
    /// The Python package index: downloaded by this call or an earlier one.
    PackageIndex,
}
