//! Clean-up when the process is told to stop.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The end of the name of a temporary.
pub(super) const TEMPORARY: &str = ".tmp";

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
    if !is_folder {
        let _ = fs::remove_file(path);
        return;
    }
    // Another thread may still be writing into the folder. Under another name it cannot find it.
    let moved = other_name(path).filter(|to| fs::rename(path, to).is_ok());
    let _ = fs::remove_dir_all(moved.as_deref().unwrap_or(path));
}

/// The name of another temporary for the same target.
fn other_name(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?.strip_suffix(TEMPORARY)?;
    let (start, last) = name.split_at_checked(name.len().checked_sub(1)?)?;
    Some(path.with_file_name(format!("{start}{}{TEMPORARY}", if last == "0" { '1' } else { '0' })))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The other thread writes until it finds its folder gone, as the main thread does while a signal is handled.
    #[test]
    fn a_folder_is_removed_while_another_thread_writes_into_it() {
        let parent = tempfile::tempdir().unwrap();
        for round in 0..20 {
            let folder = parent.path().join(format!(".model{round}.aB3dE6gH9jK2{TEMPORARY}"));
            fs::create_dir(&folder).unwrap();
            let inside = folder.clone();
            let writer = std::thread::spawn(move || {
                let write = |i: u32| fs::write(inside.join(format!("file{i}")), [0; 100]);
                (0..100_000).map(write).take_while(std::io::Result::is_ok).count()
            });
            while !folder.join("file6").exists() && !writer.is_finished() {
                std::thread::yield_now();
            }
            remove_any(&folder);
            assert!((1..100_000).contains(&writer.join().unwrap()));
            assert_eq!(fs::read_dir(&parent).unwrap().count(), 0, "round {round}");
        }
    }
}
