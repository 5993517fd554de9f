//! A folder for caches if the user has no home: in the shared folder for temporary files, where somebody else may
//! have taken a predictable name.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The folder for caches of a user without `HOME`: below the home folder of the user database, otherwise a private
/// one.
pub(crate) fn of_user() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let find = || match home_of_user() {
        Some(home) => home.join(".cache"),
        // This folder cannot be created, so nothing is cached, and callers that need the cache report it.
        None => below(&std::env::temp_dir()).unwrap_or_else(|| "/nonexistent".into()),
    };
    FOLDER.get_or_init(find).clone()
}

/// The home folder of the user database, which also exists for a process without `HOME`.
pub(crate) fn home_of_user() -> Option<PathBuf> {
    std::env::home_dir().filter(|home| home.is_absolute() && home.is_dir() && home != Path::new("/"))
}

/// A folder below `shared` that belongs to this user and that nobody else can enter. It is the same one each time,
/// unless somebody else has taken its name; then it is a new one. `None` if none can be created.
pub(crate) fn below(shared: &Path) -> Option<PathBuf> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        let folder = shared.join(format!("clsify-{}", rustix::process::geteuid().as_raw()));
        // Existence and owner are checked below.
        let _ = std::fs::DirBuilder::new().mode(0o700).create(&folder);
        if is_private(&folder) {
            return Some(folder);
        }
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix("clsify-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(shared).ok().map(tempfile::TempDir::keep)
}

/// Returns true for a real folder, not a link, of this user that is closed to all others.
#[cfg(unix)]
fn is_private(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let me = rustix::process::geteuid().as_raw();
    std::fs::symlink_metadata(folder).is_ok_and(|of| of.is_dir() && of.uid() == me && of.mode() & 0o077 == 0)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    #[test]
    fn the_folder_is_the_same_each_time_and_only_for_this_user() {
        let shared = tempfile::tempdir().unwrap();
        let folder = below(shared.path()).unwrap();
        assert_eq!(std::fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        assert_eq!(below(shared.path()).unwrap(), folder);
    }

    /// Things that another user may have planted: an open folder, a link to one, a file. (Testing another owner would
    /// need another user.)
    #[test]
    fn what_somebody_else_may_have_put_there_is_not_used() {
        let shared = tempfile::tempdir().unwrap();
        let name = below(shared.path()).unwrap();
        let elsewhere = shared.path().join("elsewhere");
        std::fs::create_dir(&elsewhere).unwrap();
        std::fs::set_permissions(&name, std::fs::Permissions::from_mode(0o777)).unwrap();
        let open = below(shared.path()).unwrap();
        std::fs::remove_dir(&name).unwrap();
        symlink(&elsewhere, &name).unwrap();
        let linked = below(shared.path()).unwrap();
        std::fs::remove_file(&name).unwrap();
        std::fs::write(&name, "").unwrap();
        let file = below(shared.path()).unwrap();
        for folder in [&open, &linked, &file] {
            assert!(*folder != name && is_private(folder), "{}", folder.display());
        }
        assert_eq!(std::fs::read_dir(&elsewhere).unwrap().count(), 0);
    }
}
