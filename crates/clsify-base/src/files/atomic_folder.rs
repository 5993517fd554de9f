//! One folder, put under its name when it is whole.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use super::place::{check_is_end, resolve};
use super::shell_word::shell_word;
use super::temporary::{
    Temporary, backups, is_temporary_name, lock_abandoned, move_to_backup, open_folder, remove_leftovers,
    split,
};
use super::{interrupt, modes};
use crate::error::{Error, ErrorKind, Result};

/// Other processes may replace the same folder: each time that one comes between counts.
const MOST_ATTEMPTS: usize = 8;
/// The same for readers, whom a process that replaces a folder without pause may overtake often.
const MOST_READS: usize = 100;

/// Fills a folder; it appears under its name only when `fill` has succeeded, and replaces what stood there. A link is
/// followed.
///
/// The caller decides beforehand whether what stands at `path` may be replaced, and carries over what has to stay
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
    // Only now that a whole folder stands under the name: what a killed process left may have been one.
    remove_leftovers(&target);
    Ok(())
}

/// Makes the entries of a folder last; where the system cannot, it does so in its own time.
fn sync_folder(path: &Path) {
    if let Some(folder) = open_folder(path) {
        let _ = folder.sync_all();
    }
}

/// Puts the new folder under the name. The old one is then the temporary, or gone.
fn put(new: &Temporary, target: &Path) -> std::io::Result<()> {
    let mut attempt = 1;
    loop {
        // No signal handler removes anything meanwhile: for a moment there may be no whole folder under the name.
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

/// Another process has put a folder there, or taken it away.
fn is_overtaken(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, NotFound};
    matches!(error.kind(), DirectoryNotEmpty | AlreadyExists | NotFound)
}

/// Exchanges two folders, in one step where the system can.
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

/// Moves the old folder aside and the new one to its place. Killed in between, the old one is a backup that
/// [`recover_folder`] finds.
fn replace_in_two_steps(new: &Path, target: &Path) -> std::io::Result<()> {
    // Whoever finds the backup while this process lives waits.
    let lock = open_folder(target).filter(|folder| folder.try_lock().is_ok());
    let backup = move_to_backup(target)?;
    if let Err(error) = fs::rename(new, target) {
        // If even that fails, the first error is the one to report.
        let _ = fs::rename(&backup, target);
        return Err(error);
    }
    // Under a temporary's name: half removed it must not be taken for a backup.
    if fs::rename(&backup, new).is_ok() {
        interrupt::remove_any(new);
    }
    drop(lock);
    Ok(())
}

/// Puts back a folder that a killed process had moved aside, if nothing stands at `path`. A process that lives is waited for.
///
/// # Errors
/// [`ErrorKind::Io`] with the backup when it cannot be moved.
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

/// Reads a folder that another process may replace meanwhile: `read` runs again if it did, so that what it returns is of one
/// folder. One that a killed process has moved aside is put back first.
///
/// # Errors
/// The error of `read` or of [`recover_folder`], and one if the folder is replaced during each of a hundred reads.
pub fn read_folder<T>(path: impl AsRef<Path>, mut read: impl FnMut() -> Result<T>) -> Result<T> {
    let path = path.as_ref();
    let mut attempt = 1;
    loop {
        recover_folder(path)?;
        // Held open, so that its number is not given to another folder.
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

/// Gives the folder `new` what `old` holds beside the names of `own`: files as further names of the same file where the file
/// system can, else as copies. Temporaries of killed processes are left out.
///
/// # Errors
/// An I/O error with the path of what cannot be carried over.
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
            fs::copy(&path, &target).map_err(io)?;
        }
    }
    Ok(())
}
