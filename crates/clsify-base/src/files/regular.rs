//! Reading files that other programs wrote: only regular files, and at most as many bytes as were asked for.

use std::fs::{File, FileType};
use std::io::Read;
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};

/// Opens a regular file.
///
/// # Errors
/// [`ErrorKind::Io`] with the path, also for a folder, a pipe or a device.
pub fn open_file(path: impl AsRef<Path>) -> Result<File> {
    let path = path.as_ref();
    check_is_file(path)?;
    File::open(path).map_err(|e| Error::io(path, e))
}

/// Copies a file.
///
/// # Errors
/// An I/O error with the path that cannot be read or written.
pub fn copy_file(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
    let (from, to) = (from.as_ref(), to.as_ref());
    // The error of a copy does not tell which of the two it is about.
    std::fs::copy(from, to).map(drop).map_err(|e| match File::open(from) {
        Ok(_) => Error::io(to, e),
        Err(e) => Error::io(from, e),
    })
}

/// Checks that a path is a regular file without opening it, because opening a pipe waits for its other end.
///
/// # Errors
/// As for [`open_file`].
pub fn check_is_file(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let kind = std::fs::metadata(path).map_err(|e| Error::io(path, e))?.file_type();
    if kind.is_file() {
        return Ok(());
    }
    let got = if kind.is_dir() { "a folder" } else { irregular(kind) };
    Err(Error::new(ErrorKind::Io, format!("expected a file, got {got}")).at(path.display().to_string()))
}

/// The kind of a path that is neither a file nor a folder.
fn irregular(kind: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return "a pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
    }
    let _ = kind;
    "a device"
}

/// Reads the bytes of a file, at most `max_bytes`.
///
/// # Errors
/// [`ErrorKind::Io`] with the path, also if there are more bytes.
///
/// ```
/// use clsify_base::files::read_file;
/// let error = read_file("/dev/zero", 100).unwrap_err();
/// # #[cfg(unix)]
/// assert_eq!(error.to_string(), "/dev/zero: expected a file, got a device");
/// ```
pub fn read_file(path: impl AsRef<Path>, max_bytes: u64) -> Result<Vec<u8>> {
    let path = path.as_ref();
    let file = open_file(path)?;
    let io = |e: std::io::Error| Error::io(path, e);
    let mut bytes = Vec::new();
    // A file that is known to be too long is not read at all.
    if file.metadata().map_err(io)?.len() <= max_bytes {
        file.take(max_bytes + 1).read_to_end(&mut bytes).map_err(io)?;
        if bytes.len() as u64 <= max_bytes {
            return Ok(bytes);
        }
    }
    Err(Error::new(ErrorKind::Io, format!("expected at most {max_bytes} bytes"))
        .at(path.display().to_string()))
}
