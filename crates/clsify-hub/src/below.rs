//! Converts names from outside (an archive, the hub, a JSON file) to paths that stay inside a folder.

use std::path::{Path, PathBuf};

pub(crate) use clsify_base::encoder_files::is_below;

/// The path of `name` below `folder`; `None` if it would leave the folder.
///
/// The name is checked in the form in which it is joined: strip a prefix before this call, not after it.
pub(crate) fn join_below(folder: &Path, name: &str) -> Option<PathBuf> {
    is_below(name).then(|| folder.join(name))
}

/// Names assembled from the parts of path traversals, for property tests.
#[cfg(test)]
pub(crate) fn hostile_names() -> impl proptest::strategy::Strategy<Value = String> {
    let part = proptest::sample::select(vec![
        "", ".", "..", "...", "p", "etc", "a.json", "C:", "..\\..", "\\", "~", " ", "\0", "é", "/", "//",
    ]);
    proptest::strategy::Strategy::prop_map(proptest::collection::vec(part, 0..6), |parts| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use std::path::Component;

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_that_leave_their_folder() {
        for bad in ["", "..", "a/../b", "/a", "//a", "a\\b", "c:x", "./a", "a/..", "a\0b"] {
            assert_eq!(join_below(Path::new("f"), bad), None, "{bad:?}");
        }
        assert_eq!(join_below(Path::new("f"), "a/b.json"), Some(PathBuf::from("f/a/b.json")));
    }

    proptest! {
        /// Oracle: the path followed by hand, part by part.
        #[test]
        fn no_name_leaves_its_folder(name in hostile_names()) {
            let folder = Path::new("/cache/folder");
            let Some(joined) = join_below(folder, &name) else { return Ok(()) };
            let mut walked = PathBuf::new();
            for component in joined.components() {
                match component {
                    Component::ParentDir => prop_assert!(walked.pop()),
                    Component::CurDir => {}
                    other => walked.push(other),
                }
            }
            prop_assert!(walked.starts_with(folder) && walked != folder, "{name:?} became {walked:?}");
        }
    }
}
