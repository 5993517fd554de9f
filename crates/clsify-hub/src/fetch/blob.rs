//! The name of a hub file among the blobs of the cache, and the check of its content by that name.

use std::path::Path;

use clsify_base::error::{Error, Result};

use crate::fetch::archive::{git_blob_sha1_of, sha256_of, sha256_of_text};

/// The maximum length of an etag: with its suffix, a name stays below the 255 bytes of common file systems.
const MAX_ETAG_CHARS: usize = 128;

/// The name of a blob.
#[derive(Debug, PartialEq)]
pub(crate) struct BlobName {
    name: String,
    /// True if the name is the hash of the content: the SHA-256 of a large file, or git's SHA-1 of a smaller one.
    is_hash: bool,
}

impl BlobName {
    /// `None` if the etag cannot be used in a file name.
    ///
    /// An etag that is not a hash, such as those of some mirrors, can belong to several files, or to other content in
    /// the next commit. A hash of the commit and the path makes such names unique.
    pub(crate) fn new(etag: &str, commit: &str, path: &str) -> Option<Self> {
        let etag = bare(etag);
        let fine = !etag.is_empty()
            && etag.len() <= MAX_ETAG_CHARS
            && etag.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        if !fine {
            return None;
        }
        let is_hash = [40, 64].contains(&etag.len()) && etag.chars().all(|c| c.is_ascii_hexdigit());
        let name = match is_hash {
            true => etag.to_string(),
            false => format!("{etag}-{}", sha256_of_text(&format!("{commit}\0{path}"))),
        };
        Some(BlobName { name, is_hash })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn is_hash(&self) -> bool {
        self.is_hash
    }

    /// Returns true if the file has the announced size and, if the name is a hash, the content of that hash.
    pub(crate) fn fits(&self, file: &Path, announced: Option<u64>) -> Result<bool> {
        let bytes = std::fs::metadata(file).map_err(|e| Error::io(file, e))?.len();
        if announced.is_some_and(|announced| announced != bytes) {
            return Ok(false);
        }
        if !self.is_hash {
            return Ok(true);
        }
        let found = if self.name.len() == 64 { sha256_of(file)? } else { git_blob_sha1_of(file)? };
        Ok(found.eq_ignore_ascii_case(&self.name))
    }
}

/// The etag without its quotes and without the prefix of a weak etag.
pub(crate) fn bare(etag: &str) -> &str {
    etag.trim_start_matches("W/").trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    // `printf hello | git hash-object --stdin`
    const HELLO: &str = "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0";

    #[test]
    fn etags_become_file_names_or_nothing() {
        let hash = BlobName::new(&format!("W/\"{HELLO}\""), "c", "p").unwrap();
        assert_eq!((hash.name(), hash.is_hash()), (HELLO, true));
        let other = BlobName::new("\"ab-12\"", "c", "p").unwrap();
        // `printf 'c\0p' | sha256sum`
        let expected = "ab-12-29f73cfff78de4f16103e0bd9671d43d89f32d5a70eeeaf1b81d9e66d0cd021d";
        assert_eq!((other.name(), other.is_hash()), (expected, false));
        for bad in ["", "\"\"", "../x", "a/b", ".x", "a.part", &"a".repeat(129)] {
            assert_eq!(BlobName::new(bad, "c", "p"), None, "{bad:?}");
        }
    }

    #[test]
    fn etags_that_are_not_hashes_never_name_two_contents() {
        let name = |commit: &str, path: &str| BlobName::new("abc", commit, path).unwrap();
        assert_ne!(name("c", "a"), name("c", "b"));
        assert_ne!(name("c", "a"), name("d", "a"));
    }

    #[test]
    fn content_is_checked_by_size_and_hash() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "hello").unwrap();
        let fits = |etag: &str, announced| {
            BlobName::new(etag, "c", "p").unwrap().fits(file.path(), announced).unwrap()
        };
        assert!(fits(HELLO, Some(5)) && fits(&HELLO.to_uppercase(), None) && fits("abc", Some(5)));
        assert!(!fits(HELLO, Some(6)) && !fits(&HELLO.replace('b', "c"), Some(5)) && !fits("abc", Some(6)));
    }
}
