//! A folder that appears under its name when it is complete.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use super::place::{check_is_end, resolve};
use super::regular::copy_file;
use super::shell_word::shell_word;
use super::temporary::{
    Temporary, backups, is_temporary_name, lock_abandoned, move_to_backup, open_folder, remove_leftovers,
    split,
};
use super::{interrupt, modes};
use crate::error::{Error, ErrorKind, Result};

/// The number of attempts when other processes replace the same folder in between.
const MOST_ATTEMPTS: usize = 8;
/// The number of attempts of a reader, which a process that replaces a folder without pause may overtake often.
const MOST_READS: usize = 100;

/// Fills a folder; it appears under its name only when `fill` has succeeded, and replaces an earlier folder. A link
/// is followed.
///
/// The caller decides beforehand whether the content of `path` may be replaced, and carries over what has to stay
/// ([`carry_over`]).
///
/// # Errors
/// The error of `fill`, or an I/O error with the path.
pub fn write_folder_atomically(path: impl AsRef<Path>, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let path = path.as_ref();
    let io = |e: std::io::Error| Error::io(path, e);
    let target = resolve(path);
    let (parent, name) = split(&target)?;
    fs::create_dir_all(parent).map_err(|e| Error::io(parent, e))?;
    recover_folder(&target)?;
    if let Ok(old) = fs::symlink_metadata(&target) {
        check_is_end(&target, &old)?;
    }
    let (temporary, lock) = Temporary::folder(parent, &name).map_err(io)?;
    fill(temporary.path())?;
    modes::open_again(temporary.path(), lock.usual_mode).map_err(io)?;
    modes::keep_all(&target, temporary.path()).map_err(io)?;
    sync_folder(temporary.path());
    put(&temporary, &target).map_err(io)?;
    sync_folder(parent);
    // Only now is there a complete folder under the name: a leftover of a killed process may have been one.
    remove_leftovers(&target);
    Ok(())
}

/// Flushes the entries of a folder to the disk, if the system supports it.
fn sync_folder(path: &Path) {
    if let Some(folder) = open_folder(path) {
        let _ = folder.sync_all();
    }
}

/// Puts the new folder under the name. The old one is then the temporary, or gone.
fn put(new: &Temporary, target: &Path) -> std::io::Result<()> {
    let mut attempt = 1;
    loop {
        // Signal handlers must not remove anything here, because for a moment there may be no complete folder under
        // the name.
        let result = interrupt::uninterrupted(|_| match fs::symlink_metadata(target) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => fs::rename(new.path(), target),
            _ => exchange(new.path(), target),
        });
        match result {
            Err(e) if is_overtaken(&e) && attempt < MOST_ATTEMPTS => attempt += 1,
            result => return result,
        }
    }
}

/// Returns true if another process has put a folder there, or taken it away.
fn is_overtaken(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, NotFound};
    matches!(error.kind(), DirectoryNotEmpty | AlreadyExists | NotFound)
}

/// Exchanges two folders, in one step if the system supports it.
fn exchange(new: &Path, target: &Path) -> std::io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, new, CWD, target, RenameFlags::EXCHANGE) {
            Err(Errno::NOSYS | Errno::INVAL | Errno::NOTSUP | Errno::PERM) => {}
            result => return Ok(result?),
        }
    }
    replace_in_two_steps(new, target)
}

/// Moves the old folder aside and the new one to its place. If the process is killed in between, [`recover_folder`]
/// finds the old folder as a backup.
fn replace_in_two_steps(new: &Path, target: &Path) -> std::io::Result<()> {
    // Other processes that find the backup wait as long as this process lives.
    let lock = open_folder(target).filter(|folder| folder.try_lock().is_ok());
    let backup = move_to_backup(target)?;
    if let Err(error) = fs::rename(new, target) {
        // If even that fails, the first error is the one to report.
        let _ = fs::rename(&backup, target);
        return Err(error);
    }
    // The backup is renamed to a temporary's name first: half removed, it must not look like a backup.
    if fs::rename(&backup, new).is_ok() {
        interrupt::remove_any(new);
    }
    drop(lock);
    Ok(())
}

/// Restores a folder that a killed process had moved aside, if nothing is at `path`. It waits for a process that is
/// alive.
///
/// # Errors
/// [`ErrorKind::Io`] with the backup if it cannot be moved.
pub fn recover_folder(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    const PATIENCE: usize = 200;
    let target = resolve(path);
    for _ in 0..PATIENCE {
        if fs::symlink_metadata(&target).is_ok() {
            return Ok(());
        }
        let Some(backup) = backups(&target).pop() else { return Ok(()) };
        if let Some(_lock) = lock_abandoned(&backup) {
            return match fs::rename(&backup, &target) {
                Err(_) if backup.exists() => {
                    let message = "a process was ended while it replaced this folder";
                    Err(Error::new(ErrorKind::Io, message).at(path.display().to_string()).with_hint(format!(
                        "move it back: mv {} {}",
                        shell_word(&backup.display().to_string()),
                        shell_word(&target.display().to_string())
                    )))
                }
                _ => Ok(()),
            };
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// Reads a folder that another process may replace meanwhile. If it did, `read` runs again, so that the result comes
/// from one folder. A folder that a killed process has moved aside is restored first.
///
/// # Errors
/// The error of `read` or of [`recover_folder`], and one if the folder is replaced during each of a hundred reads.
pub fn read_folder<T>(path: impl AsRef<Path>, mut read: impl FnMut() -> Result<T>) -> Result<T> {
    let path = path.as_ref();
    let mut attempt = 1;
    loop {
        recover_folder(path)?;
        // The folder is held open, so that its inode number is not given to another folder.
        let before = open_folder(path);
        let result = read();
        if is_same(before.as_ref(), path) {
            return result;
        }
        if attempt == MOST_READS {
            let message =
                format!("another process has replaced the folder {MOST_READS} times while it was read");
            return Err(Error::new(ErrorKind::Io, message)
                .at(path.display().to_string())
                .with_hint("try again when that process has ended"));
        }
        attempt += 1;
    }
}

#[cfg(unix)]
fn is_same(before: Option<&File>, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let before = before.and_then(|folder| folder.metadata().ok());
    let now = fs::metadata(path).ok();
    let id = |of: fs::Metadata| (of.dev(), of.ino());
    before.map(id) == now.map(id)
}

#[cfg(not(unix))]
fn is_same(_: Option<&File>, _: &Path) -> bool {
    true
}

/// Gives the folder `new` the content of `old` except the names of `own`: files as hard links if the file system
/// supports them, otherwise as copies. Temporaries of killed processes are left out.
///
/// # Errors
/// An I/O error with the path that cannot be carried over.
pub fn carry_over(old: impl AsRef<Path>, new: impl AsRef<Path>, own: &dyn Fn(&str) -> bool) -> Result<()> {
    let (old, new) = (old.as_ref(), new.as_ref());
    let Ok(entries) = fs::read_dir(old) else { return Ok(()) };
    for entry in entries {
        let path = entry.map_err(|e| Error::io(old, e))?.path();
        let name = path.file_name().unwrap_or_default();
        let text = name.to_string_lossy();
        if own(&text) || (is_temporary_name(&text) && lock_abandoned(&path).is_some()) {
            continue;
        }
        let target = new.join(name);
        let io = |e: std::io::Error| Error::io(&path, e);
        if fs::symlink_metadata(&path).map_err(io)?.is_dir() {
            fs::create_dir(&target).map_err(io)?;
            carry_over(&path, &target, &|_| false)?;
        } else if fs::hard_link(&path, &target).is_err() {
            copy_file(&path, &target)?;
        }
    }
    Ok(())
}
