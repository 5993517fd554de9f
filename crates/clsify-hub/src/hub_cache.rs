//! The hub's cache on disk, which all libraries of the hub share: reading it, and paths in it.
//!
//! ```text
//! models--ORG--NAME/refs/REVISION         the commit, one line
//! models--ORG--NAME/snapshots/COMMIT/PATH link to ../../blobs/ETAG
//! models--ORG--NAME/blobs/ETAG            the bytes; ETAG.part while they arrive, ETAG.lock held by who fetches them;
//!                                         an ETAG that is not a hash is followed by one (`blob.rs`)
//! models--ORG--NAME/.no_exist/COMMIT/PATH empty: the repository is known not to have PATH
//! ```

use std::path::{Path, PathBuf};

use clsify_base::files::read_file;
use hf_hub::{Cache, Repo, RepoType};

use crate::checkpoint_files::{self, MODULES};
use crate::encoder_name::Repository;

/// A commit has 40 digits.
const MAX_REFERENCE_BYTES: u64 = 1024;

/// A revision of a repository in the cache.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) folder: PathBuf,
    pub(crate) id: String,
    pub(crate) commit: String,
    /// Empty if it is complete.
    pub(crate) missing: Vec<String>,
    /// Files that affect the encoder's vectors and may exist in the repository: other libraries download only the
    /// files that they need, so the cache does not tell.
    pub(crate) undecided: Vec<String>,
}

/// Returns the first snapshot that is complete and has no undecided file; otherwise a complete one; otherwise an
/// incomplete one.
pub(crate) fn find(cache: &Path, repository: &Repository) -> Option<Snapshot> {
    let snapshots = repository.ids.iter().filter_map(|id| snapshot(cache, id, repository));
    snapshots.min_by_key(|snapshot| (!snapshot.missing.is_empty(), !snapshot.undecided.is_empty()))
}

fn snapshot(cache: &Path, id: &str, repository: &Repository) -> Option<Snapshot> {
    let revision = &repository.revision;
    let place = Place::new(cache, id, revision);
    let commit = if is_commit(revision) { revision.clone() } else { place.read_ref()? };
    let folder = place.snapshot(&commit);
    if !folder.is_dir() {
        return None;
    }
    let is_absent = |name: &str| place.absence_marker(&commit, name).exists();
    let is_of_sentences = repository.known.map(|known| known.sentence_transformers);
    let expects_modules = is_of_sentences == Some(true) && !is_absent(MODULES);
    let missing = checkpoint_files::missing(&folder, expects_modules);
    let mut undecided = checkpoint_files::undecided(&folder);
    undecided.retain(|name| is_of_sentences != Some(false) && !is_absent(name));
    Some(Snapshot { folder, id: id.to_string(), commit, missing, undecided })
}

/// Returns true if a revision is a commit: 40 hexadecimal digits.
pub(crate) fn is_commit(revision: &str) -> bool {
    revision.len() == 40 && revision.chars().all(|c| c.is_ascii_hexdigit())
}

/// The paths of one repository and revision in a cache.
pub(crate) struct Place {
    folder: PathBuf,
    repo: Repo,
    cache: Cache,
}

impl Place {
    pub(crate) fn new(cache: &Path, id: &str, revision: &str) -> Self {
        let repo = Repo::with_revision(id.to_string(), RepoType::Model, revision.to_string());
        Place { folder: cache.join(repo.folder_name()), repo, cache: Cache::new(cache.to_path_buf()) }
    }

    pub(crate) fn repo(&self) -> Repo {
        self.repo.clone()
    }

    #[cfg(feature = "fetch")]
    pub(crate) fn blob(&self, etag: &str) -> PathBuf {
        self.cache.repo(self.repo()).blob_path(etag)
    }

    pub(crate) fn snapshot(&self, commit: &str) -> PathBuf {
        self.cache.repo(self.repo()).pointer_path(commit)
    }

    pub(crate) fn reference(&self) -> PathBuf {
        self.folder.join("refs").join(self.repo.revision())
    }

    pub(crate) fn absence_marker(&self, commit: &str, file: &str) -> PathBuf {
        self.folder.join(".no_exist").join(commit).join(file)
    }

    pub(crate) fn read_ref(&self) -> Option<String> {
        let commit = String::from_utf8(read_file(self.reference(), MAX_REFERENCE_BYTES).ok()?).ok()?;
        let commit = commit.trim().to_string();
        // The content of a damaged file must not become a path.
        (!commit.is_empty() && commit.chars().all(|c| c.is_ascii_alphanumeric())).then_some(commit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoder_name::EncoderName;

    fn write(path: PathBuf, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn fill(cache: &Path, folder: &str, revision: &str, commit: &str, files: &[&str]) {
        write(cache.join(folder).join("refs").join(revision), &format!("{commit}\n"));
        for file in files {
            write(cache.join(folder).join("snapshots").join(commit).join(file), "[]");
        }
    }

    fn look(cache: &Path, text: &str) -> Option<Snapshot> {
        match EncoderName::parse(text, None).unwrap() {
            EncoderName::Repository(repository) => find(cache, &repository),
            EncoderName::Folder(_) => panic!("{text} is a folder"),
        }
    }

    #[test]
    fn both_spellings_of_a_canonical_id_are_looked_at() {
        let cache = tempfile::tempdir().unwrap();
        let cache = cache.path();
        assert!(look(cache, "bert-base-uncased").is_none());
        let all = ["config.json", "vocab.txt", "model.safetensors"];
        fill(cache, "models--bert-base-uncased", "main", "c1", &["config.json"]);
        assert_eq!(look(cache, "bert-base-uncased").unwrap().missing.len(), 2);
        fill(cache, "models--google-bert--bert-base-uncased", "main", "c2", &all);
        let found = look(cache, "bert-base-uncased").unwrap();
        assert!(found.missing.is_empty() && found.folder.ends_with("snapshots/c2"));
    }

    #[test]
    fn revisions_go_through_refs_unless_they_are_commits() {
        let cache = tempfile::tempdir().unwrap();
        let cache = cache.path();
        let commit = "0123456789abcdef0123456789abcdef01234567";
        fill(cache, "models--o--n", "release/1", commit, &["config.json", "vocab.txt", "model.safetensors"]);
        assert!(look(cache, "o/n").is_none());
        assert!(look(cache, "o/n@release/1").is_some());
        assert!(look(cache, &format!("o/n@{commit}")).is_some());
        write(cache.join("models--o--n/refs/main"), "../..");
        assert!(look(cache, "o/n").is_none());
    }

    #[test]
    fn sentence_transformers_need_their_modules_unless_known_to_have_none() {
        let cache = tempfile::tempdir().unwrap();
        let cache = cache.path();
        let folder = "models--sentence-transformers--all-MiniLM-L6-v2";
        fill(cache, folder, "main", "c", &["config.json", "vocab.txt", "model.safetensors"]);
        assert_eq!(look(cache, "all-MiniLM-L6-v2").unwrap().missing, ["modules.json"]);
        write(cache.join(folder).join(".no_exist/c/modules.json"), "");
        assert!(look(cache, "all-MiniLM-L6-v2").unwrap().missing.is_empty());
    }

    /// Oracle: the files that huggingface_hub leaves after `AutoTokenizer` and `AutoModel.from_pretrained`, which
    /// never ask for `modules.json`, and after `SentenceTransformer(...)`, which marks the files that the hub does
    /// not have.
    #[test]
    fn files_that_nobody_asked_for_are_undecided() {
        let cache = tempfile::tempdir().unwrap();
        let cache = cache.path();
        let undecided = |text: &str| look(cache, text).unwrap().undecided;
        let all = ["config.json", "vocab.txt", "model.safetensors"];
        fill(cache, "models--bert-base-uncased", "main", "c", &all);
        assert_eq!(undecided("bert-base-uncased"), [""; 0]);
        fill(cache, "models--o--n", "main", "c", &all);
        assert_eq!(undecided("o/n"), ["modules.json"]);
        write(cache.join("models--o--n/.no_exist/c/modules.json"), "");
        assert_eq!(undecided("o/n"), [""; 0]);

        fill(cache, "models--o--n", "main", "d", &[&all[..], &["modules.json"]].concat());
        assert_eq!(undecided("o/n").len(), 1 + checkpoint_files::TRANSFORMER_CONFIGS.len());
        fill(cache, "models--o--n", "main", "d", &["sentence_xlnet_config.json"]);
        assert_eq!(undecided("o/n"), ["config_sentence_transformers.json"]);
        write(cache.join("models--o--n/.no_exist/d/config_sentence_transformers.json"), "");
        assert_eq!(undecided("o/n"), [""; 0]);
    }
}
