//! Files and folders that appear whole or not at all.
//!
//! Everything is written to a temporary sibling and renamed into place. A temporary that is dropped unfinished is
//! removed; one that is alive when the process is told to stop is removed by [`remove_unfinished`], which a signal
//! handler calls. What else has to be undone then (a child process that writes there) registers with
//! [`on_interrupt`].

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, ErrorKind, Result};

static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn unfinished() -> std::sync::MutexGuard<'static, Vec<PathBuf>> {
    // A panic while the list is held cannot leave it inconsistent: every critical section is one push or retain.
    UNFINISHED.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// What [`on_interrupt`] registered, each under its own number.
static ACTIONS: Mutex<Vec<Action>> = Mutex::new(Vec::new());

type Action = (u64, Box<dyn FnMut() + Send>);

fn actions() -> std::sync::MutexGuard<'static, Vec<Action>> {
    ACTIONS.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Runs `action` when [`remove_unfinished`] is called while the returned guard is alive, before anything is removed.
///
/// Meant for what writes into a temporary folder from outside this process: a child that has to be ended first.
///
/// ```
/// let guard = clsify::files::on_interrupt(|| { /* end the child process */ });
/// drop(guard); // the child has ended by itself: nothing is left to do
/// ```
pub fn on_interrupt(action: impl FnMut() + Send + 'static) -> InterruptGuard {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    actions().push((number, Box::new(action)));
    InterruptGuard(number)
}

/// Keeps an action of [`on_interrupt`] registered; dropping it withdraws the action.
#[derive(Debug)]
#[must_use = "the action is withdrawn as soon as the guard is dropped"]
pub struct InterruptGuard(u64);

impl Drop for InterruptGuard {
    fn drop(&mut self) {
        actions().retain(|(number, _)| *number != self.0);
    }
}

/// Removes every temporary file and folder that is being written. For signal handlers, right before the process exits.
pub fn remove_unfinished() {
    for (_, action) in actions().iter_mut() {
        action();
    }
    for path in unfinished().drain(..) {
        remove_any(&path);
    }
}

fn remove_any(path: &Path) {
    // Nothing can be done about a failure here: the path is a temporary of ours with a name that says so.
    let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
}

/// A path beside `target`, unused until now, that is removed when this value is dropped.
struct Temporary(PathBuf);

impl Temporary {
    fn beside(target: &Path) -> Result<Self> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let name = target.file_name().ok_or_else(|| {
            Error::new(ErrorKind::InvalidArgument, "expected a path that ends in a name")
                .at(target.display().to_string())
        })?;
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!(".{}.{}-{count}.tmp", name.to_string_lossy(), std::process::id());
        let path = target.with_file_name(name);
        unfinished().push(path.clone());
        Ok(Temporary(path))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        remove_any(&self.0);
        unfinished().retain(|path| path != &self.0);
    }
}

/// An empty folder beside the path that it prepares; removed with all it holds when dropped or by
/// [`remove_unfinished`].
///
/// ```
/// # let target = std::env::temp_dir().join(format!("clsify-doc-folder-{}", std::process::id()));
/// let work = clsify::files::TemporaryFolder::beside(&target)?;
/// std::fs::write(work.path().join("part.1"), b"...").unwrap();
/// let path = work.path().to_path_buf();
/// drop(work);
/// assert!(!path.exists());
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub struct TemporaryFolder(Temporary);

impl TemporaryFolder {
    /// Creates the folder, and the folders above it.
    ///
    /// # Errors
    /// An I/O error with the path.
    pub fn beside(target: &Path) -> Result<Self> {
        let temporary = Temporary::beside(target)?;
        fs::create_dir_all(&temporary.0).map_err(|e| Error::io(&temporary.0, &e))?;
        Ok(TemporaryFolder(temporary))
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        &self.0.0
    }
}

/// Removes what processes that were killed have left beside `target`.
///
/// Only for a caller that holds a lock which keeps every other writer of `target` out, and before it creates a
/// temporary of its own: a temporary that is in use looks the same.
pub fn remove_leftovers(target: &Path) {
    let (Some(folder), Some(name)) = (target.parent(), target.file_name()) else { return };
    let prefix = format!(".{}.", name.to_string_lossy());
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(&prefix) && name.ends_with(".tmp") {
            remove_any(&entry.path());
        }
    }
}

/// Writes a file through a buffered writer; the file appears under its name only when `write` has succeeded.
///
/// # Errors
/// The error of `write`, or an I/O error with the path.
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("clsify-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// let path = folder.join("greeting.txt");
/// clsify::files::write_atomically(&path, |out| out.write_all(b"hello"))?;
/// assert_eq!(std::fs::read(&path).unwrap(), b"hello");
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn write_atomically(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<()> {
    let io = |e: std::io::Error| Error::io(path, &e);
    // A device or pipe (/dev/stdout, /dev/null) cannot be replaced by a rename: it is written in place.
    if fs::metadata(path).is_ok_and(|m| !m.is_file() && !m.is_dir()) {
        let mut out = BufWriter::new(fs::OpenOptions::new().write(true).open(path).map_err(io)?);
        return write(&mut out).and_then(|()| out.flush()).map_err(io);
    }
    if path.is_dir() {
        return Err(Error::new(ErrorKind::Io, "expected a file, got a folder").at(path.display().to_string()));
    }
    let temporary = Temporary::beside(path)?;
    let mut out = BufWriter::new(fs::File::create(&temporary.0).map_err(io)?);
    write(&mut out).and_then(|()| out.flush()).map_err(io)?;
    let file = out.into_inner().map_err(|e| io(e.into_error()))?;
    file.sync_all().map_err(io)?;
    drop(file);
    fs::rename(&temporary.0, path).map_err(io)
}

/// Fills a folder; it appears under its name only when `fill` has succeeded, and replaces what stood there.
///
/// The caller decides beforehand whether what stands at `path` may be replaced.
///
/// # Errors
/// The error of `fill`, or an I/O error with the path.
pub fn write_folder_atomically(path: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let io = |e: std::io::Error| Error::io(path, &e);
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        fs::create_dir_all(parent).map_err(|e| Error::io(parent, &e))?;
    }
    let temporary = Temporary::beside(path)?;
    fs::create_dir(&temporary.0).map_err(io)?;
    fill(&temporary.0)?;
    if path.exists() {
        let old = Temporary::beside(path)?;
        fs::rename(path, &old.0).map_err(io)?;
        if let Err(error) = fs::rename(&temporary.0, path) {
            // Put back what stood there; if even that fails, the first error is the one to report.
            let _ = fs::rename(&old.0, path);
            return Err(io(error));
        }
        return Ok(());
    }
    fs::rename(&temporary.0, path).map_err(io)
}
