//! Parses the name of a model: a folder, or a repository of the hub with an optional revision.

use std::path::{Path, PathBuf};

use crate::encoder_name::{check_id, check_revision, is_spelt_like_a_path};

#[derive(Debug, PartialEq)]
pub(crate) enum ModelName {
    Folder(PathBuf),
    Repository { id: String, revision: String },
}

impl ModelName {
    /// Parses a repository if the text is `USER/NAME`, with `@REVISION` if wanted, and cannot be a path: neither it nor a folder
    /// `USER` exists.
    pub(crate) fn parse(text: &str) -> Self {
        let path = Path::new(text);
        let exists = |path: &Path| path.symlink_metadata().is_ok();
        let is_path = exists(path)
            || is_spelt_like_a_path(text)
            || path.parent().is_some_and(|p| p.is_dir() || exists(p));
        match repository(text).filter(|_| !is_path) {
            Some((id, revision)) => ModelName::Repository { id, revision },
            None => ModelName::Folder(path.to_path_buf()),
        }
    }
}

/// The parts of `USER/NAME@REVISION`; the revision is `main` by default.
pub(crate) fn repository(text: &str) -> Option<(String, String)> {
    let (id, revision) = text.split_once('@').unwrap_or((text, "main"));
    let fine = id.contains('/') && check_id(id).is_ok() && check_revision(revision).is_ok();
    fine.then(|| (id.to_string(), revision.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_a_folder_unless_it_can_only_be_a_hub_id() {
        let folder =
            |text: &str| assert_eq!(ModelName::parse(text), ModelName::Folder(text.into()), "{text}");
        // `src` is a folder beside this crate's manifest, where tests run.
        for text in
            ["model", "./user/model", "/user/model", "../user/model", "src/model", "a/b/c", "a/b c", ""]
        {
            folder(text);
        }
        folder("user/mo..del");
        folder("user/model@../x");
        let parsed = |text: &str| match ModelName::parse(text) {
            ModelName::Repository { id, revision } => (id, revision),
            ModelName::Folder(_) => panic!("{text} is a folder"),
        };
        assert_eq!(parsed("user/model"), ("user/model".into(), "main".into()));
        assert_eq!(parsed("user/model@v1/x"), ("user/model".into(), "v1/x".into()));
    }
}
