//! A file that appears under its name when it is complete.

use std::fs::{self, File};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::place::{check_replaceable_at, is_written_in_place, open_in_place, resolve};
use super::temporary::{Temporary, remove_leftovers, split};
use super::{interrupt, modes};
use crate::error::{Error, ErrorKind, Result};

/// Writes a file through a buffered writer; the file appears under its name only when `write` has succeeded.
///
/// # Errors
/// The error of `write`, or an I/O error with the path.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("greeting.txt");
/// clsify_base::files::write_atomically(&path, |out| out.write_all(b"hello"))?;
/// assert_eq!(std::fs::read(&path).unwrap(), b"hello");
/// # Ok::<(), clsify_base::error::Error>(())
/// ```
pub fn write_atomically(
    path: impl AsRef<Path>,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<()> {
    let path = path.as_ref();
    let io = |e: std::io::Error| Error::io(path, e);
    if is_written_in_place(path) {
        let mut out = BufWriter::new(open_in_place(path)?);
        return write(&mut out).and_then(|()| out.flush()).map_err(io);
    }
    let mut out = BufWriter::new(AtomicFile::create(path)?);
    write(&mut out).and_then(|()| out.flush()).map_err(io)?;
    out.into_inner().map_err(|e| io(e.into_error()))?.commit()
}

/// A file that appears under its name with [`commit`](Self::commit), and never if it is dropped before.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// use std::io::Write;
/// let path = folder.path().join("greeting.txt");
/// let mut file = clsify_base::files::AtomicFile::create(&path)?;
/// file.write_all(b"hello").unwrap();
/// assert!(!path.exists());
/// file.commit()?;
/// assert!(path.exists());
/// # Ok::<(), clsify_base::error::Error>(())
/// ```
pub struct AtomicFile {
    file: File,
    temporary: Temporary,
    target: PathBuf,
    path: PathBuf,
}

impl AtomicFile {
    /// Creates the temporary file beside `path`, and removes those that killed processes have left there.
    ///
    /// # Errors
    /// An I/O error with the path, also if a folder is there.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        if path.is_dir() {
            return Err(
                Error::new(ErrorKind::Io, "expected a file, got a folder").at(path.display().to_string())
            );
        }
        // A link is followed to its file: the link itself belongs to the user and stays.
        let target = resolve(path);
        let old = fs::symlink_metadata(&target).ok();
        if let Some(old) = &old {
            check_replaceable_at(&target, old)?;
        }
        remove_leftovers(&target);
        let (folder, name) = split(&target)?;
        let (temporary, file) =
            Temporary::file(folder, &name, old.as_ref()).map_err(|e| Error::io(path, e))?;
        if let Some(old) = &old {
            modes::keep(old, temporary.path()).map_err(|e| Error::io(path, e))?;
        }
        Ok(AtomicFile { file, temporary, target, path: path.to_path_buf() })
    }

    /// Renames the file to its final name.
    ///
    /// # Errors
    /// An I/O error with the path.
    pub fn commit(self) -> Result<()> {
        let io = |e: std::io::Error| Error::io(&self.path, e);
        self.file.sync_all().map_err(io)?;
        // The rename comes before the file is closed, because its lock keeps others from removing it.
        interrupt::uninterrupted(|_| fs::rename(self.temporary.path(), &self.target)).map_err(io)
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
