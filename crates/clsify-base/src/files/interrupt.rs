//! Clean-up when the process is told to stop.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The temporary files and folders of this process.
struct Unfinished {
    paths: Vec<PathBuf>,
    /// Set for good by [`remove_unfinished`].
    is_stopping: bool,
}

static UNFINISHED: Mutex<Unfinished> = Mutex::new(Unfinished { paths: Vec::new(), is_stopping: false });

fn unfinished() -> MutexGuard<'static, Unfinished> {
    // A panic while the lock is held cannot leave the list inconsistent, because every critical section changes it in
    // one call.
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The actions that [`on_interrupt`] registered, each under its own number.
static ACTIONS: Mutex<Vec<Action>> = Mutex::new(Vec::new());

type Action = (u64, Box<dyn FnMut() + Send>);

fn actions() -> MutexGuard<'static, Vec<Action>> {
    ACTIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `action` when [`remove_unfinished`] is called while the returned guard is alive, before anything is removed.
///
/// This is meant for work that must be saved or ended first: a child process that writes into a temporary folder, or
/// results that are only in memory. The action may write files, but must not call this function.
///
/// ```
/// let guard = clsify_base::files::on_interrupt(|| { /* end the child process */ });
/// drop(guard); // the child has ended by itself: nothing is left to do
/// ```
pub fn on_interrupt(action: impl FnMut() + Send + 'static) -> InterruptGuard {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    actions().push((number, Box::new(action)));
    InterruptGuard(number)
}

/// Keeps an action of [`on_interrupt`] registered until it is dropped.
#[derive(Debug)]
#[must_use = "the action is withdrawn as soon as the guard is dropped"]
pub struct InterruptGuard(u64);

impl Drop for InterruptGuard {
    fn drop(&mut self) {
        actions().retain(|(number, _)| *number != self.0);
    }
}

/// Removes every temporary file and folder that is being written; afterwards none can be created. Signal handlers
/// call it right before the process exits.
pub fn remove_unfinished() {
    for (_, action) in actions().iter_mut() {
        action();
    }
    let mut unfinished = unfinished();
    unfinished.is_stopping = true;
    for path in unfinished.paths.drain(..) {
        remove_any(&path);
    }
}

/// Creates a temporary and registers its path, in one step as seen by [`remove_unfinished`].
pub(super) fn register<T>(path: &Path, create: impl FnOnce() -> std::io::Result<T>) -> std::io::Result<T> {
    uninterrupted(|paths| {
        let created = create()?;
        paths.push(path.to_path_buf());
        Ok(created)
    })
}

/// Runs a change of several steps without [`remove_unfinished`] in between; fails if that has already run.
pub(super) fn uninterrupted<T>(
    change: impl FnOnce(&mut Vec<PathBuf>) -> std::io::Result<T>,
) -> std::io::Result<T> {
    let mut unfinished = unfinished();
    if unfinished.is_stopping {
        return Err(std::io::Error::other("the process is being stopped"));
    }
    change(&mut unfinished.paths)
}

/// Removes a temporary and its registration.
pub(super) fn remove(path: &Path) {
    remove_any(path);
    unfinished().paths.retain(|other| other != path);
}

/// Removes a file, a folder with its content, or a link, which is not followed.
pub(super) fn remove_any(path: &Path) {
    let is_folder = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir());
    // A failure is ignored: the path is a temporary of ours, as its name shows.
    let _ = if is_folder { fs::remove_dir_all(path) } else { fs::remove_file(path) };
}
