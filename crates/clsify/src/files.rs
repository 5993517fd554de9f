//! Files and folders that appear whole or not at all.
//!
//! Everything is written to a temporary sibling and renamed into place. A temporary that is dropped unfinished is
//! removed; one that is alive when the process is told to stop is removed by [`remove_unfinished`], which a signal
//! handler calls. What else has to be undone then (a child process that writes there) registers with
//! [`on_interrupt`].

use std::fs;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
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

    /// Creates what stands at the path, unless [`remove_unfinished`] was there first: it would not come again.
    fn create<T>(&self, create: impl FnOnce(&Path) -> std::io::Result<T>) -> std::io::Result<T> {
        let unfinished = unfinished();
        if !unfinished.contains(&self.0) {
            return Err(std::io::Error::other("the process is being stopped"));
        }
        create(&self.0)
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
        temporary.create(|path| fs::create_dir_all(path)).map_err(|e| Error::io(&temporary.0, &e))?;
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
    if is_written_in_place(path) {
        let mut out = BufWriter::new(open_in_place(path)?);
        return write(&mut out).and_then(|()| out.flush()).map_err(io);
    }
    let mut out = BufWriter::new(AtomicFile::create(path)?);
    write(&mut out).and_then(|()| out.flush()).map_err(io)?;
    out.into_inner().map_err(|e| io(e.into_error()))?.commit()
}

/// A file that appears under its name with [`commit`](Self::commit), and not at all when it is dropped before.
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("clsify-doc-atomic-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// use std::io::Write;
/// let path = folder.join("greeting.txt");
/// let mut file = clsify::files::AtomicFile::create(&path)?;
/// file.write_all(b"hello").unwrap();
/// assert!(!path.exists());
/// file.commit()?;
/// assert!(path.exists());
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub struct AtomicFile {
    // Before the temporary, so that it is closed when that is removed.
    file: fs::File,
    temporary: Temporary,
    target: PathBuf,
    path: PathBuf,
}

impl AtomicFile {
    /// Creates the temporary file beside `path`.
    ///
    /// # Errors
    /// An I/O error with the path, also when a folder stands there.
    pub fn create(path: &Path) -> Result<Self> {
        if path.is_dir() {
            return Err(
                Error::new(ErrorKind::Io, "expected a file, got a folder").at(path.display().to_string())
            );
        }
        // Through a link to the file behind it: the link itself is the user's and stays.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let temporary = Temporary::beside(&target)?;
        let file = temporary.create(|path| fs::File::create(path)).map_err(|e| Error::io(path, &e))?;
        Ok(AtomicFile { file, temporary, target, path: path.to_path_buf() })
    }

    /// Puts the file under its name.
    ///
    /// # Errors
    /// An I/O error with the path.
    pub fn commit(self) -> Result<()> {
        let io = |e: std::io::Error| Error::io(&self.path, &e);
        self.file.sync_all().map_err(io)?;
        drop(self.file);
        fs::rename(&self.temporary.0, &self.target).map_err(io)
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl Seek for AtomicFile {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.file.seek(to)
    }
}

/// A file for what does not fit into memory, in the folder for temporary files (`TMPDIR`); it is gone when it is
/// dropped, and where the system allows it has no name at all.
pub struct ScratchFile {
    // Before the temporary, as above.
    file: fs::File,
    _temporary: Temporary,
}

impl ScratchFile {
    /// Creates an empty file that only this user can open.
    ///
    /// # Errors
    /// An I/O error with the folder.
    pub fn create() -> Result<Self> {
        let folder = std::env::temp_dir();
        let temporary = Temporary::beside(&folder.join("clsify"))?;
        let mut options = fs::OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = temporary.create(|path| options.open(path)).map_err(|e| Error::io(&folder, &e))?;
        // Unix keeps the file until it is closed; elsewhere this fails and the temporary's drop removes it.
        let _ = fs::remove_file(&temporary.0);
        Ok(ScratchFile { file, _temporary: temporary })
    }
}

impl Read for ScratchFile {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Write for ScratchFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl Seek for ScratchFile {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.file.seek(to)
    }
}

/// Whether the process was started with standard output closed (`command >&-`), so that what is printed would be lost without
/// an error; `false` where that is not known.
pub fn stdout_was_closed() -> bool {
    clsify_kernels::startup::stdout_was_closed()
}

/// Opens what [`is_written_in_place`].
///
/// # Errors
/// An I/O error with the path.
pub fn open_in_place(path: &Path) -> Result<fs::File> {
    fs::OpenOptions::new().append(true).open(path).map_err(|e| Error::io(path, &e))
}

/// Whether what is written to this path goes straight there: a device or pipe cannot be replaced by a rename, nor can a
/// file that is open already.
pub fn is_written_in_place(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|m| !m.is_file() && !m.is_dir()) || (path.exists() && is_open_file(path))
}

/// Whether a path is a name for a file that a process has open: `/dev/stdout`, `/dev/fd/1`, `/proc/self/fd/1`.
///
/// With stdout redirected to a file these lead to a plain file, but a rename would replace the name in `/dev`.
fn is_open_file(path: &Path) -> bool {
    const MOST_LINKS: usize = 8;
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

/// Fails now, rather than after minutes of work, where a file or folder could not be put at `path`.
///
/// Nothing is left behind. Folders above `path` that are missing are taken for ones that will be created.
///
/// # Errors
/// An I/O error with the nearest folder that exists, [`ErrorKind::InvalidArgument`] when the path ends in no name.
///
/// ```
/// clsify::files::check_writable(&std::env::temp_dir().join("new/model"))?;
/// assert!(clsify::files::check_writable("/".as_ref()).is_err());
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn check_writable(path: &Path) -> Result<()> {
    if is_written_in_place(path) {
        return Ok(());
    }
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let mut probe = target.as_path();
    loop {
        let temporary = Temporary::beside(probe)?;
        let folder = probe.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match temporary.create(|path| fs::create_dir(path)) {
            Ok(()) => return Ok(()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && !folder.exists() => probe = folder,
            // Some file systems, such as /proc, answer that what should be created is not there.
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let error = Error::new(ErrorKind::Io, "nothing can be written here");
                return Err(error.at(folder.display().to_string()));
            }
            Err(e) => {
                return Err(Error::io(folder, &e).with_hint("this program has to write into that folder"));
            }
        }
    }
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
    temporary.create(|path| fs::create_dir(path)).map_err(io)?;
    fill(&temporary.0)?;
    // Another process may put a folder there between the two renames: then that one is the older, and is replaced.
    const MOST_ATTEMPTS: usize = 8;
    let mut attempt = 1;
    loop {
        let old = Temporary::beside(path)?;
        match swap(&temporary.0, path, &old.0) {
            Err(e) if is_taken(&e) && attempt < MOST_ATTEMPTS => attempt += 1,
            result => return result.map_err(io),
        }
    }
}

fn is_taken(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::DirectoryNotEmpty | std::io::ErrorKind::AlreadyExists)
}

/// Moves what stands at `path`, if anything, to `old` and `new` to `path`, or leaves all as it was.
fn swap(new: &Path, path: &Path, old: &Path) -> std::io::Result<()> {
    // While this is held no signal handler removes `old`, which for a moment is the only whole folder.
    let _unfinished = unfinished();
    let had_old = match fs::rename(path, old) {
        Ok(()) => true,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => false,
        Err(e) => return Err(e),
    };
    let result = fs::rename(new, path);
    if result.is_err() && had_old {
        // If even that fails, the first error is the one to report.
        let _ = fs::rename(old, path);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A signal between the choice of a name and its use: what is created then would be left for good.
    #[test]
    fn after_an_interrupt_nothing_is_created() {
        let folder = std::env::temp_dir().join(format!("clsify-interrupt-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let temporary = Temporary::beside(&folder.join("x.npy")).unwrap();
        // What `remove_unfinished` does, without touching the temporaries of other tests.
        unfinished().retain(|path| path != &temporary.0);
        let error = temporary.create(|path| fs::File::create(path)).unwrap_err();
        assert_eq!(error.to_string(), "the process is being stopped");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        fs::remove_dir_all(&folder).unwrap();
    }
}
