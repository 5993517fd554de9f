//! Output paths: where a path leads, and whether it can be written, checked before any work is done.

use std::fs::{self, File, Metadata, OpenOptions};
use std::path::{Component, Path, PathBuf};

use super::temporary::{Temporary, split};
use crate::error::{Error, ErrorKind, Result};

/// The number of links that Linux follows in one path.
const MOST_LINKS: usize = 40;

/// The target of a path: the path itself, or the end of its links, even if nothing exists there yet.
///
/// ```
/// let here = std::env::current_dir().unwrap();
/// assert_eq!(clsify_base::files::resolve(&here.join("src/..")), here.canonicalize().unwrap());
/// assert_eq!(clsify_base::files::resolve("new"), std::path::Path::new("new"));
/// ```
pub fn resolve(path: impl AsRef<Path>) -> PathBuf {
    let path = path.as_ref();
    let mut path = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        if let Ok(path) = fs::canonicalize(&path) {
            return path;
        }
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => break,
        }
    }
    path
}

/// Returns true if a path leads to this folder or into it; neither has to exist.
///
/// ```
/// use clsify_base::files::is_inside;
/// assert!(is_inside("model/new.json", "model"));
/// assert!(!is_inside("model/../new.json", "model"));
/// ```
pub fn is_inside(path: impl AsRef<Path>, folder: impl AsRef<Path>) -> bool {
    let (path, folder) = (path.as_ref(), folder.as_ref());
    in_full(path).zip(in_full(folder)).is_some_and(|(path, folder)| path.starts_with(folder))
}

/// A path without links and dots, as far as it exists.
fn in_full(path: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(resolve(path)).ok()?;
    let mut full = PathBuf::new();
    for component in absolute.components() {
        match component {
            Component::ParentDir => drop(full.pop()),
            Component::CurDir => {}
            other => full.push(other),
        }
        full = fs::canonicalize(&full).unwrap_or(full);
    }
    Some(full)
}

/// Opens a file that [`is_written_in_place`].
///
/// # Errors
/// An I/O error with the path.
pub fn open_in_place(path: impl AsRef<Path>) -> Result<File> {
    let path = path.as_ref();
    OpenOptions::new().append(true).open(path).map_err(|e| Error::io(path, e))
}

/// Returns true if data for this path is written directly: a device or pipe cannot be replaced by a rename, nor can a
/// file that is already open.
pub fn is_written_in_place(path: impl AsRef<Path>) -> bool {
    let path = path.as_ref();
    fs::metadata(path).is_ok_and(|m| !m.is_file() && !m.is_dir()) || (path.exists() && is_open_file(path))
}

/// Returns true if a path names a file that a process has open: `/dev/stdout`, `/dev/fd/1`, `/proc/self/fd/1`.
///
/// If stdout is redirected to a file, these lead to a plain file, but a rename would replace the name in `/dev`.
fn is_open_file(path: &Path) -> bool {
    let mut path = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        let Some(folder) = path.parent().and_then(|folder| fs::canonicalize(folder).ok()) else {
            return false;
        };
        if folder.starts_with("/proc") || folder.starts_with("/dev/fd") {
            return true;
        }
        match fs::read_link(&path) {
            Ok(target) => path = folder.join(target),
            Err(_) => return false,
        }
    }
    false
}

/// Fails before the work starts if no file can be written at `path`.
///
/// Nothing is left behind. Missing folders above `path` are assumed to be created later.
///
/// # Errors
/// An I/O error with the nearest folder that exists; [`ErrorKind::InvalidArgument`] if the path does not end in a
/// name, or if what exists there cannot be replaced.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// clsify_base::files::check_writable(&folder.path().join("new/report.json"))?;
/// assert!(clsify_base::files::check_writable("/").is_err());
/// # Ok::<(), clsify_base::error::Error>(())
/// ```
pub fn check_writable(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    if is_written_in_place(path) {
        return Ok(());
    }
    let target = resolve(path);
    if let Ok(old) = fs::symlink_metadata(&target) {
        check_replaceable_at(&target, &old)?;
    }
    probe(&target)
}

/// As [`check_writable`], for a folder that is replaced as a whole.
///
/// # Errors
/// As for [`check_writable`]; [`ErrorKind::InvalidArgument`] also if the working directory lies in the folder and
/// would be removed with it.
pub fn check_folder_writable(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    check_writable(path)?;
    let is_working_directory =
        path.is_dir() && std::env::current_dir().is_ok_and(|here| is_inside(&here, path));
    if is_working_directory {
        let message = "expected a folder that can be replaced, got the working directory or one above it";
        return Err(Error::new(ErrorKind::InvalidArgument, message)
            .at(path.display().to_string())
            .with_hint("choose a new folder, or run the command from another directory"));
    }
    Ok(())
}

/// Fails if a rename cannot replace this path, which exists.
pub(super) fn check_replaceable_at(path: &Path, old: &Metadata) -> Result<()> {
    let refuse = |message: &str, hint: &str| {
        let error = Error::new(ErrorKind::InvalidArgument, message).at(path.display().to_string());
        Err(error.with_hint(hint))
    };
    check_is_end(path, old)?;
    let (Some(parent), Ok(of_parent)) = (path.parent(), parent_metadata(path)) else { return Ok(()) };
    if is_mount_point(path, old, &of_parent) {
        let what = if old.is_dir() { "folder" } else { "file" };
        return refuse(
            &format!("expected a {what} that can be replaced, got a mount point"),
            if old.is_dir() {
                "choose a new folder inside it"
            } else {
                "choose a file in a folder that is mounted"
            },
        );
    }
    if is_write_protected(path) {
        return refuse(
            "expected a file or folder that can be written, got one that is write-protected",
            "choose another path, or allow it to be written: chmod u+w",
        );
    }
    if is_protected(old, &of_parent) {
        let owner = "it belongs to another user, and only its owner can replace what lies in";
        return refuse(&format!("{owner} {}", parent.display()), "choose another path");
    }
    Ok(())
}

/// Fails if a path is still a link after [`resolve`], which means that its links form a loop. A rename would replace
/// the link.
pub(super) fn check_is_end(path: &Path, metadata: &Metadata) -> Result<()> {
    if !metadata.is_symlink() {
        return Ok(());
    }
    let message = "expected a usable path, got links that form a loop";
    Err(Error::new(ErrorKind::InvalidArgument, message)
        .at(path.display().to_string())
        .with_hint("remove the link, or choose another path"))
}

fn parent_metadata(path: &Path) -> std::io::Result<Metadata> {
    fs::metadata(path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

#[cfg(unix)]
fn is_mount_point(path: &Path, metadata: &Metadata, of_parent: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    if metadata.dev() != of_parent.dev() {
        return true;
    }
    #[cfg(target_os = "linux")]
    {
        // A bind mount of the same file system has the same device.
        use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
        let mounted = StatxAttributes::MOUNT_ROOT;
        statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::TYPE)
            .is_ok_and(|of| of.stx_attributes_mask.contains(mounted) && of.stx_attributes.contains(mounted))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = path;
        false
    }
}

#[cfg(not(unix))]
fn is_mount_point(_: &Path, _: &Metadata, _: &Metadata) -> bool {
    false
}

/// Returns true if this user may not write this file, although a rename could replace it.
#[cfg(unix)]
fn is_write_protected(path: &Path) -> bool {
    use rustix::fs::{Access, AtFlags, CWD, accessat};
    accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS) == Err(rustix::io::Errno::ACCESS)
}

#[cfg(not(unix))]
fn is_write_protected(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().readonly())
}

/// Returns true if the folder lets only owners rename its content, as `/tmp` does, and this user is not the owner.
#[cfg(unix)]
fn is_protected(metadata: &Metadata, of_parent: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    let me = rustix::process::geteuid();
    of_parent.mode() & 0o1000 != 0
        && !me.is_root()
        && ![metadata.uid(), of_parent.uid()].contains(&me.as_raw())
}

#[cfg(not(unix))]
fn is_protected(_: &Metadata, _: &Metadata) -> bool {
    false
}

/// Creates a folder beside the target, or beside the nearest missing folder above it, and removes it.
fn probe(target: &Path) -> Result<()> {
    let mut probe = target;
    loop {
        let (folder, name) = split(probe)?;
        match Temporary::folder(folder, &name) {
            Ok(_) => return Ok(()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && !folder.exists() => probe = folder,
            // Some file systems, such as /proc, report "not found" for a file that should be created.
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let error = Error::new(ErrorKind::Io, "nothing can be written here");
                return Err(error.at(folder.display().to_string()));
            }
            Err(e) => {
                return Err(Error::io(folder, e).with_hint("this program has to write into that folder"));
            }
        }
    }
}
