//! Parses the name of an encoder: a folder, a known name, or a repository of the hub with an optional revision.

use std::path::{Path, PathBuf};

use clsify_base::error::{Error, ErrorKind, Result};

use crate::known::{self, KnownEncoder};

/// The parsed form of `--encoder`.
#[derive(Debug, PartialEq)]
pub(crate) enum EncoderName {
    Folder(PathBuf),
    Repository(Repository),
}

/// A repository of the hub.
#[derive(Debug, PartialEq)]
pub(crate) struct Repository {
    /// The name in messages: the known name, or the id and revision as given.
    pub(crate) name: String,
    /// Ids under which caches and the hub may have it, the most likely first. Never empty.
    pub(crate) ids: Vec<String>,
    pub(crate) revision: String,
    pub(crate) known: Option<&'static KnownEncoder>,
}

impl EncoderName {
    /// Parses a folder if one exists or if the text looks like a path; otherwise a known name; otherwise a hub id.
    pub(crate) fn parse(text: &str, home: Option<&Path>) -> Result<Self> {
        let path = expand_home(text, home);
        if path.is_dir() {
            return Ok(EncoderName::Folder(path));
        }
        if path.is_symlink() && !path.exists() {
            // The name may also be a hub id, but a link of this name was meant to be the folder.
            return Err(Error::io(&path, std::io::ErrorKind::NotFound.into())
                .with_hint("restore the folder that the link leads to, or remove the link"));
        }
        if is_spelt_like_a_path(text) || path.is_file() {
            let found = if path.exists() { "expected a folder, got a file" } else { "no such folder" };
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let nearest = known::nearest_as_hint(&name);
            return Err(Error::new(ErrorKind::Fetch, found).at(text.to_string()).with_hint(format!(
                "give a folder that holds an encoder, or a name without a path{nearest}"
            )));
        }
        Ok(EncoderName::Repository(Repository::parse(text)?))
    }
}

impl Repository {
    /// Returns true if the package index can replace the hub: it has only one version.
    pub(crate) fn is_default_revision(&self) -> bool {
        self.revision == "main"
    }

    /// Parses a known name or a hub id, whatever folders exist.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let (id, revision) = match text.split_once('@') {
            Some((id, revision)) => (id, revision),
            None => (text, "main"),
        };
        check_id(id).and_then(|()| check_revision(revision)).map_err(|reason| {
            Error::new(ErrorKind::Fetch, format!("neither a folder nor a hub id: {reason}"))
                .at(format!("encoder {text:?}"))
                .with_hint(format!(
                    "a hub id is NAME or ORGANISATION/NAME, then @REVISION if wanted; a folder must exist{}",
                    known::nearest_as_hint(id)
                ))
        })?;
        let known = known::find(id);
        let mut ids: Vec<String> = Vec::new();
        // An id is tried as it was given, a short name only if it is also an id.
        let spellings = known.map(|k| std::iter::once(k.hub_id).chain(k.hub_aliases.iter().copied()));
        ids.extend(spellings.into_iter().flatten().map(String::from));
        match ids.iter().position(|candidate| candidate == id) {
            Some(position) => ids[..=position].rotate_right(1),
            None if known.is_none() => ids.push(id.to_string()),
            None => {}
        }
        let name = match known {
            Some(known) if revision == "main" => known.name.to_string(),
            _ => text.to_string(),
        };
        Ok(Repository { name, ids, revision: revision.to_string(), known })
    }
}

/// Expands `~` and `~/x` as a shell does.
pub(crate) fn expand_home(text: &str, home: Option<&Path>) -> PathBuf {
    match (text.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home.to_path_buf(),
        (Some(rest), Some(home)) if rest.starts_with(std::path::is_separator) => {
            home.join(rest.trim_start_matches(std::path::is_separator))
        }
        _ => PathBuf::from(text),
    }
}

pub(crate) fn is_spelt_like_a_path(text: &str) -> bool {
    let separator = text.contains(std::path::is_separator);
    Path::new(text).is_absolute()
        || (separator && text.starts_with(['.', '/', '~', '\\']))
        || matches!(text, "." | ".." | "~")
}

/// Checks the hub's rule: one or two segments of ASCII letters, digits, `-`, `_`, `.`; neither `--` nor `..`.
pub(crate) fn check_id(id: &str) -> Result<(), String> {
    let segments: Vec<&str> = id.split('/').collect();
    if segments.len() > 2 {
        return Err(format!("expected at most one \"/\", got {}", segments.len() - 1));
    }
    for segment in segments {
        if segment.is_empty() {
            return Err("a part is empty".into());
        }
        if let Some(odd) = segment.chars().find(|c| !(c.is_ascii_alphanumeric() || "-_.".contains(*c))) {
            return Err(format!("{odd:?} is not allowed in it"));
        }
        if segment.contains("..") || segment.contains("--") {
            return Err("\"..\" and \"--\" are not allowed in it".into());
        }
        if segment.starts_with(['-', '.']) || segment.ends_with(['-', '.']) {
            return Err("a part may not start or end with \"-\" or \".\"".into());
        }
        if segment.len() > 96 {
            return Err("a part is longer than 96 characters".into());
        }
    }
    Ok(())
}

/// Checks that a branch, tag or commit can be a path below `refs/`.
pub(crate) fn check_revision(revision: &str) -> Result<(), String> {
    let fine = !revision.is_empty()
        && revision.len() <= 200
        && !revision.contains("..")
        && revision.split('/').all(|part| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        });
    if fine { Ok(()) } else { Err(format!("{revision:?} is not a revision")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(text: &str) -> Repository {
        match EncoderName::parse(text, None).unwrap() {
            EncoderName::Repository(repository) => repository,
            EncoderName::Folder(path) => panic!("{} is a folder", path.display()),
        }
    }

    #[test]
    fn known_names_and_ids_share_one_list_of_ids() {
        let by_name = repository("distilbert-base-uncased");
        assert_eq!(by_name.ids, ["distilbert-base-uncased", "distilbert/distilbert-base-uncased"]);
        let by_alias = repository("distilbert/distilbert-base-uncased");
        assert_eq!(by_alias.ids, ["distilbert/distilbert-base-uncased", "distilbert-base-uncased"]);
        assert_eq!(by_alias.name, "distilbert-base-uncased");
        assert_eq!(repository("all-MiniLM-L6-v2").ids, ["sentence-transformers/all-MiniLM-L6-v2"]);
        assert_eq!(repository("sentence-transformers/all-MiniLM-L6-v2").name, "all-MiniLM-L6-v2");
    }

    #[test]
    fn any_other_id_stands_for_itself() {
        let tagged = repository("org/tiny_bert.v2@release/1.0");
        assert_eq!(tagged.ids, ["org/tiny_bert.v2"]);
        assert_eq!(
            (tagged.revision.as_str(), tagged.name.as_str()),
            ("release/1.0", "org/tiny_bert.v2@release/1.0")
        );
        assert!(tagged.known.is_none() && !tagged.is_default_revision());
    }

    #[test]
    fn folders_win_over_names() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("enc")).unwrap();
        let text = folder.path().join("enc").display().to_string();
        assert_eq!(EncoderName::parse(&text, None).unwrap(), EncoderName::Folder(text.into()));
        let expanded = EncoderName::parse("~/enc", Some(folder.path())).unwrap();
        assert_eq!(expanded, EncoderName::Folder(folder.path().join("enc")));
    }

    #[test]
    #[cfg(unix)]
    fn a_link_that_leads_nowhere_is_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("enc");
        std::os::unix::fs::symlink("gone", &link).unwrap();
        let error = EncoderName::parse(&link.display().to_string(), None).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{}: the link leads to gone, which does not exist", link.display())
        );
    }

    #[test]
    fn what_is_neither_is_an_error_that_says_why() {
        for (text, expected) in [
            ("./absent", "./absent: no such folder"),
            ("/absent/x", "/absent/x: no such folder"),
            ("a/b/c", "expected at most one \"/\", got 2"),
            ("org/..", "are not allowed in it"),
            ("a--b", "are not allowed in it"),
            ("org/na me", "' ' is not allowed in it"),
            ("naïve", "'ï' is not allowed in it"),
            ("", "a part is empty"),
            ("-x", "may not start"),
            ("bert@../../x", "is not a revision"),
            ("bert@", "is not a revision"),
        ] {
            let error = EncoderName::parse(text, None).unwrap_err();
            assert!(error.to_string().contains(expected), "{text}: {error}");
            assert_eq!(error.kind(), ErrorKind::Fetch);
        }
    }
}
