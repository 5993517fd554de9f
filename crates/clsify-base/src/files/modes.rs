//! Modes and owners: a file or folder that replaces another one is readable by the same users, never by more.

use std::fs::{self, Metadata, OpenOptions};
use std::path::Path;

/// The permissions of a folder, if the system has modes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mode(#[cfg_attr(not(unix), allow(dead_code))] u32);

/// Options to create a file with: if it replaces one, only for this user until it is given the modes of that file.
pub(super) fn creating(of_old: Option<&Metadata>) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    if of_old.is_some() {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = of_old;
    options
}

/// Removes all access to a new folder except this user's; returns the mode that it was created with.
pub(super) fn close_folder(path: &Path) -> std::io::Result<Mode> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let mode = fs::symlink_metadata(path)?.mode() & 0o7777;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
        Ok(Mode(mode))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        Ok(Mode(0))
    }
}

/// Restores the mode of a folder that [`close_folder`] closed.
pub(super) fn open_again(path: &Path, mode: Mode) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode.0))
    }
    #[cfg(not(unix))]
    {
        let _ = (path, mode);
        Ok(())
    }
}

/// Gives `path` the modes of what it replaces, and the owner and group if that is allowed.
///
/// If the group cannot be kept, the group that it has instead gets no access.
pub(super) fn keep(of_old: &Metadata, path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
        // The mode of a link does not determine who may read.
        if of_old.is_symlink() {
            return Ok(());
        }
        let new = fs::symlink_metadata(path)?;
        let mut mode = of_old.mode() & 0o7777;
        let is_ours = (new.uid(), new.gid()) == (of_old.uid(), of_old.gid());
        if !is_ours
            && chown(path, Some(of_old.uid()), Some(of_old.gid())).is_err()
            && new.gid() != of_old.gid()
            && chown(path, None, Some(of_old.gid())).is_err()
        {
            mode &= !0o2070;
        }
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
    }
    #[cfg(not(unix))]
    {
        let _ = (of_old, path);
        Ok(())
    }
}

/// Gives every file and folder below `new` the modes of the one with the same name below `old`, and `new` those of
/// `old`.
pub(super) fn keep_all(old: &Path, new: &Path) -> std::io::Result<()> {
    let Ok(of_old) = fs::symlink_metadata(old) else { return Ok(()) };
    let of_new = fs::symlink_metadata(new)?;
    if of_old.file_type() != of_new.file_type() || of_new.is_symlink() {
        return Ok(());
    }
    if of_new.is_dir() {
        for entry in fs::read_dir(new)? {
            let name = entry?.file_name();
            keep_all(&old.join(&name), &new.join(&name))?;
        }
    }
    keep(&of_old, new)
}
