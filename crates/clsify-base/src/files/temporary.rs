//! Temporary files and folders: their names, their locks, and the removal of those whose process is gone.
//!
//! The lock is the system's own (`flock`) and ends with the process. A process that creates a temporary locks it and
//! then checks that it still has its name; a process that removes an abandoned temporary holds its lock meanwhile. So
//! no temporary is removed while it is in use, on every file system with locks; on one without locks nothing is
//! removed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::interrupt::{self, TEMPORARY};
use super::modes;
use crate::error::{Error, ErrorKind, Result};

/// The number of random letters and digits in a name.
const RANDOM_LENGTH: usize = 12;

/// The end of the name of a folder that is being replaced in two steps.
pub(super) const BACKUP: &str = ".old";

/// The largest number of bytes of the target's name in the name of a temporary: together they must fit into the 255
/// bytes of most file systems.
const MOST_NAME_BYTES: usize = 200;

/// A path beside the target, registered to be removed when this value is dropped.
pub(super) struct Temporary {
    path: PathBuf,
}

impl Temporary {
    /// Creates a locked file in this folder for a target of this name; `of_old` is the file to replace, if there is
    /// one.
    pub(super) fn file(
        folder: &Path,
        name: &str,
        of_old: Option<&fs::Metadata>,
    ) -> std::io::Result<(Self, File)> {
        create(folder, name, |path| {
            let file = modes::creating(of_old).open(path)?;
            lock_new(&file, path)?;
            Ok(file)
        })
    }

    /// Creates a folder that only this user can enter, locked if the system can lock folders.
    pub(super) fn folder(folder: &Path, name: &str) -> std::io::Result<(Self, FolderLock)> {
        create(folder, name, |path| {
            fs::create_dir(path)?;
            // Until it is locked, another process may take it for abandoned.
            let or_gone = |e: std::io::Error| if path.exists() { e } else { taken() };
            let usual_mode = modes::close_folder(path).map_err(or_gone)?;
            let file = open_folder(path);
            match &file {
                Some(file) => lock_new(file, path)?,
                None if !path.exists() => return Err(taken()),
                None => {}
            }
            Ok(FolderLock { _file: file, usual_mode })
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        interrupt::remove(&self.path);
    }
}

/// The lock that keeps others from removing a folder, and the mode that it would have had.
pub(super) struct FolderLock {
    _file: Option<File>,
    pub(super) usual_mode: modes::Mode,
}

/// Creates something under an unpredictable free name and registers it.
fn create<T>(
    folder: &Path,
    name: &str,
    mut at: impl FnMut(&Path) -> std::io::Result<T>,
) -> std::io::Result<(Temporary, T)> {
    let (path, created) =
        at_random_name(folder, name, TEMPORARY, |path| interrupt::register(path, || at(path)))?;
    Ok((Temporary { path }, created))
}

fn at_random_name<T>(
    folder: &Path,
    name: &str,
    end: &str,
    at: impl FnMut(&Path) -> std::io::Result<T>,
) -> std::io::Result<(PathBuf, T)> {
    let prefix = format!(".{}.", shortened(name));
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(end).rand_bytes(RANDOM_LENGTH).disable_cleanup(true);
    let (created, path) = builder.make_in(folder, at)?.into_parts();
    Ok((path.to_path_buf(), created))
}

/// The folder of a path and the name in it.
pub(super) fn split(target: &Path) -> Result<(&Path, String)> {
    let name = target.file_name().ok_or_else(|| {
        Error::new(ErrorKind::InvalidArgument, "expected a path that ends in a name")
            .at(target.display().to_string())
    })?;
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok((folder, name.to_string_lossy().into_owned()))
}

fn shortened(name: &str) -> &str {
    let mut end = name.len().min(MOST_NAME_BYTES);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

/// Moves `target` to a backup beside it, which is not registered.
pub(super) fn move_to_backup(target: &Path) -> std::io::Result<PathBuf> {
    let (folder, name) = split(target).map_err(std::io::Error::other)?;
    Ok(at_random_name(folder, &name, BACKUP, |path| fs::rename(target, path))?.0)
}

/// Locks what has just been created. Fails as if the name were taken if another process considered it abandoned.
fn lock_new(file: &File, path: &Path) -> std::io::Result<()> {
    match file.try_lock() {
        Ok(()) if is_at(file, path) => Ok(()),
        Err(fs::TryLockError::Error(_)) => Ok(()),
        Ok(()) | Err(fs::TryLockError::WouldBlock) => Err(taken()),
    }
}

/// The error that asks for another name.
fn taken() -> std::io::Error {
    std::io::Error::from(std::io::ErrorKind::AlreadyExists)
}

/// Returns true if an open file still has its name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |m: fs::Metadata| (m.dev(), m.ino());
    file.metadata().ok().map(id).is_some_and(|open| fs::symlink_metadata(path).ok().map(id) == Some(open))
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

/// A handle for locking a folder, if the system supports it.
pub(super) fn open_folder(path: &Path) -> Option<File> {
    if cfg!(unix) { File::open(path).ok() } else { None }
}

/// An empty folder beside the path that it prepares; only this user can enter it. It is removed with its content when
/// dropped, or by [`remove_unfinished`](super::remove_unfinished).
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let target = folder.path().join("target");
/// let work = clsify_base::files::TemporaryFolder::beside(&target)?;
/// std::fs::write(work.path().join("part.1"), b"...").unwrap();
/// let path = work.path().to_path_buf();
/// drop(work);
/// assert!(!path.exists());
/// # Ok::<(), clsify_base::error::Error>(())
/// ```
pub struct TemporaryFolder {
    temporary: Temporary,
    _lock: FolderLock,
}

impl std::fmt::Debug for TemporaryFolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TemporaryFolder").field(&self.path()).finish()
    }
}

impl TemporaryFolder {
    /// Creates the folder, and the folders above it.
    ///
    /// # Errors
    /// An I/O error with the path.
    pub fn beside(target: impl AsRef<Path>) -> Result<Self> {
        let target = target.as_ref();
        let (folder, name) = split(target)?;
        let io = |e: std::io::Error| Error::io(folder, e);
        fs::create_dir_all(folder).map_err(io)?;
        let (temporary, lock) = Temporary::folder(folder, &name).map_err(io)?;
        Ok(TemporaryFolder { temporary, _lock: lock })
    }

    /// The path of the folder.
    pub fn path(&self) -> &Path {
        self.temporary.path()
    }
}

/// Removes the leftovers of killed processes beside `target`, but nothing that a living process uses.
pub fn remove_leftovers(target: impl AsRef<Path>) {
    let target = target.as_ref();
    let Ok((folder, name)) = split(target) else { return };
    remove_abandoned(folder, |of| of == shortened(&name));
}

/// Removes from a folder the leftovers of killed processes for targets whose name is `wanted`: `.NAME.RANDOM.tmp`,
/// and `.NAME.RANDOM.old` if it is superseded.
pub fn remove_abandoned(folder: impl AsRef<Path>, wanted: impl Fn(&str) -> bool) {
    let folder = folder.as_ref();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_superseded = |of: &str| fs::symlink_metadata(folder.join(of)).is_ok();
        let is_leftover = target_of(&name, TEMPORARY).is_some_and(&wanted)
            || target_of(&name, BACKUP).is_some_and(|of| wanted(of) && is_superseded(of));
        if is_leftover && let Some(_lock) = lock_abandoned(&entry.path()) {
            interrupt::remove_any(&entry.path());
        }
    }
}

/// The abandoned backups of a folder, oldest first.
pub(super) fn backups(target: &Path) -> Vec<PathBuf> {
    let Ok((folder, name)) = split(target) else { return Vec::new() };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<(Option<std::time::SystemTime>, PathBuf)> = entries
        .filter(|e| target_of(&e.file_name().to_string_lossy(), BACKUP) == Some(shortened(&name)))
        .map(|e| (e.metadata().and_then(|m| m.modified()).ok(), e.path()))
        .collect();
    found.sort();
    found.into_iter().map(|(_, path)| path).collect()
}

/// The name (or its start) that a temporary's name was made for; `None` for every other name.
pub(super) fn target_of<'a>(name: &'a str, end: &str) -> Option<&'a str> {
    let (target, random) = name.strip_prefix('.')?.strip_suffix(end)?.rsplit_once('.')?;
    let is_random = random.len() == RANDOM_LENGTH && random.bytes().all(|b| b.is_ascii_alphanumeric());
    (is_random && !target.is_empty()).then_some(target)
}

/// Returns true if a name is that of a temporary or a backup.
pub(super) fn is_temporary_name(name: &str) -> bool {
    target_of(name, TEMPORARY).or_else(|| target_of(name, BACKUP)).is_some()
}

/// The lock of a temporary whose process is gone; `None` if the process lives, or if that cannot be known.
pub(super) fn lock_abandoned(path: &Path) -> Option<File> {
    let metadata = fs::symlink_metadata(path).ok()?;
    let file = match metadata.is_dir() {
        true => open_folder(path)?,
        false if metadata.is_file() => open_no_follow(File::options().read(true), path).ok()?,
        false => return None,
    };
    file.try_lock().ok()?;
    Some(file)
}

/// Opens a file unless its name is a link.
///
/// # Errors
/// The error of the system, which differs between systems if the name is a link.
pub fn open_no_follow(options: &mut std::fs::OpenOptions, path: impl AsRef<Path>) -> std::io::Result<File> {
    let path = path.as_ref();
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        // `NONBLOCK` avoids waiting for the other end of a pipe.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags.bits().cast_signed());
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn names_are_recognised_exactly() {
        assert_eq!(target_of(".x.npy.aB3dE6gH9jK2.tmp", TEMPORARY), Some("x.npy"));
        for other in [
            "x.npy.aB3dE6gH9jK2.tmp",
            ".x.npy.short.tmp",
            ".aB3dE6gH9jK2.tmp",
            ".x.aB3dE6-H9jK2.tmp",
            ".x.tmp",
        ] {
            assert_eq!(target_of(other, TEMPORARY), None, "{other}");
        }
    }

    #[test]
    fn what_is_in_use_stays_and_what_is_abandoned_goes() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("x.npy");
        let (file, lock) = Temporary::file(folder.path(), "x.npy", None).unwrap();
        let (work, work_lock) = Temporary::folder(folder.path(), "x.npy").unwrap();
        fs::write(folder.path().join(".x.npy.aaaaaaaaaaaa.tmp"), "left").unwrap();
        fs::create_dir_all(folder.path().join(".x.npy.bbbbbbbbbbbb.tmp/inner")).unwrap();
        // Another file's temporary, a file that is not a temporary, and a superseded backup of a target that does not
        // exist.
        let kept = [".x.npy.dddddddddddd.old", ".y.npy.cccccccccccc.tmp", ".x.npy.tmp"];
        kept.iter().for_each(|name| fs::write(folder.path().join(name), "").unwrap());
        remove_leftovers(&target);
        let mut expected: Vec<String> = kept.iter().map(|name| name.to_string()).collect();
        for path in [file.path(), work.path()] {
            expected.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
        expected.sort();
        assert_eq!(names(folder.path()), expected);
        // Without its lock it looks like a leftover of a killed process.
        let path = file.path().to_path_buf();
        std::mem::forget(file);
        drop(lock);
        remove_leftovers(&target);
        assert!(!path.exists());
        drop((work, work_lock));
        assert_eq!(names(folder.path()).len(), kept.len());
    }

    #[test]
    #[cfg(unix)]
    fn a_planted_link_is_neither_followed_nor_taken_for_ours() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, target) = (folder.path().join("victim"), folder.path().join("x"));
        fs::write(&victim, "precious").unwrap();
        let link = folder.path().join(".x.aaaaaaaaaaaa.tmp");
        std::os::unix::fs::symlink(&victim, &link).unwrap();
        remove_leftovers(&target);
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
        assert!(fs::symlink_metadata(&link).is_ok());
    }

    #[test]
    fn the_longest_name_of_a_file_system_has_a_temporary() {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("{}é", "n".repeat(253));
        fs::write(folder.path().join(&name), "").unwrap();
        let (temporary, _lock) = Temporary::file(folder.path(), &name, None).unwrap();
        assert!(temporary.path().exists());
    }
}
