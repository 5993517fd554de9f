//! A file without a name, for data that does not fit into memory.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

use crate::error::{Error, Result};

/// A file for data that does not fit into memory, in the folder for temporary files (`TMPDIR`). It has no name, so it
/// disappears when it is closed, however the process ends.
pub struct ScratchFile(File);

impl ScratchFile {
    /// Creates an empty file that only this user can open.
    ///
    /// # Errors
    /// An I/O error with the folder.
    pub fn create() -> Result<Self> {
        tempfile::tempfile().map(ScratchFile).map_err(|e| Error::io(std::env::temp_dir(), e))
    }
}

impl Read for ScratchFile {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for ScratchFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

impl Seek for ScratchFile {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}
