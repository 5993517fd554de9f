//! A file to upload with its hash, and its bytes as the body of a request.
//!
//! A file is read twice: for its hash, which the hub wants first, and for the upload. The second reading is hashed too, and its
//! last bytes are not sent if the hash differs.

use std::io::{Read, Seek, SeekFrom};
use std::time::SystemTime;

use clsify_base::error::{Error, ErrorKind, Result};
use sha2::{Digest, Sha256};

use crate::observer::FetchObserver;
use crate::upload::{Content, UploadFile};

/// The hub decides by the first bytes of a file how it is to be uploaded.
const SAMPLE_BYTES: usize = 512;

pub(super) struct HashedFile<'a> {
    file: &'a UploadFile,
    pub(super) size: u64,
    /// In lower-case hexadecimal digits.
    pub(super) sha256: String,
    /// The first 512 bytes.
    pub(super) sample: Vec<u8>,
    modified: Option<SystemTime>,
}

impl<'a> HashedFile<'a> {
    pub(super) fn of(file: &'a UploadFile) -> Result<Self> {
        let mut hashed = HashedFile {
            file,
            size: file.n_bytes()?,
            sha256: String::new(),
            sample: Vec::new(),
            modified: modified(file),
        };
        let (mut sha256, mut size) = (Sha256::new(), 0);
        let mut source = hashed.from(0)?;
        let mut buffer = vec![0; 64 * 1024];
        let mut sample = Vec::new();
        loop {
            let count = source.read(&mut buffer).map_err(|e| hashed.io(e))?;
            if count == 0 {
                break;
            }
            let wanted = SAMPLE_BYTES.saturating_sub(sample.len()).min(count);
            sample.extend_from_slice(&buffer[..wanted]);
            sha256.update(&buffer[..count]);
            size += count as u64;
        }
        drop(source);
        if size != hashed.size {
            return Err(hashed.changed());
        }
        hashed.sha256 = hexadecimal(sha256);
        hashed.sample = sample;
        Ok(hashed)
    }

    pub(super) fn name(&self) -> &str {
        self.file.name()
    }

    fn from(&self, start: u64) -> Result<Box<dyn Read + '_>> {
        Ok(match self.file.content() {
            Content::Bytes(bytes) => {
                Box::new(&bytes[usize::try_from(start).unwrap_or(usize::MAX).min(bytes.len())..])
            }
            Content::File(_, file) => {
                let mut file = file;
                file.seek(SeekFrom::Start(start)).map_err(|e| self.io(e))?;
                Box::new(file)
            }
        })
    }

    /// The bytes from `start` on, `length` of them. `before` is the state of the hash at `start`.
    pub(super) fn body<'b>(
        &'b self,
        start: u64,
        length: u64,
        before: Sha256,
        observer: &'b dyn FetchObserver,
    ) -> Result<FileBody<'b>> {
        let source = self.from(start)?;
        Ok(FileBody {
            file: self,
            source,
            hash: before,
            done: start,
            end: start + length,
            observer,
            changed: false,
        })
    }

    /// All bytes of a small file.
    pub(super) fn bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.from(0)?.take(self.size).read_to_end(&mut bytes).map_err(|e| self.io(e))?;
        match hexadecimal(Sha256::new_with_prefix(&bytes)) == self.sha256 {
            true => Ok(bytes),
            false => Err(self.changed()),
        }
    }

    /// Checks that the file has the size and the time of its hash.
    pub(super) fn check_unchanged(&self) -> Result<()> {
        match self.file.n_bytes()? == self.size && modified(self.file) == self.modified {
            true => Ok(()),
            false => Err(self.changed()),
        }
    }

    pub(super) fn changed(&self) -> Error {
        Error::new(ErrorKind::Fetch, "the file has changed while it was pushed")
            .at(self.place())
            .with_hint("push again when nothing writes to the model's folder")
    }

    fn io(&self, error: std::io::Error) -> Error {
        Error::from_io(error).at(self.place())
    }

    fn place(&self) -> String {
        match self.file.content() {
            Content::Bytes(_) => self.name().to_string(),
            Content::File(path, _) => path.display().to_string(),
        }
    }
}

fn modified(file: &UploadFile) -> Option<SystemTime> {
    match file.content() {
        Content::Bytes(_) => None,
        Content::File(_, file) => file.metadata().ok()?.modified().ok(),
    }
}

fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A part of a file as it is sent.
pub(super) struct FileBody<'a> {
    file: &'a HashedFile<'a>,
    source: Box<dyn Read + 'a>,
    /// Of all bytes before `done`.
    hash: Sha256,
    done: u64,
    end: u64,
    observer: &'a dyn FetchObserver,
    changed: bool,
}

impl FileBody<'_> {
    /// Returns true if the bytes are not those of the hash.
    pub(super) fn has_changed(&self) -> bool {
        self.changed
    }

    /// The state of the hash after the bytes that were read.
    pub(super) fn hash(self) -> Sha256 {
        self.hash
    }
}

impl Read for FileBody<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.end - self.done).unwrap_or(usize::MAX).min(buffer.len());
        if left == 0 {
            return Ok(0);
        }
        let count = self.source.read(&mut buffer[..left])?;
        self.hash.update(&buffer[..count]);
        self.done += count as u64;
        let is_whole = self.done == self.file.size;
        if count == 0 || (is_whole && hexadecimal(self.hash.clone()) != self.file.sha256) {
            self.changed = true;
            return Err(std::io::Error::other("the file has changed"));
        }
        self.observer.bytes(self.file.name(), self.done, self.file.size);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf abcdef | sha256sum`
    const ABCDEF: &str = "bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721";

    fn file(text: &str) -> (tempfile::NamedTempFile, UploadFile) {
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(path.path(), text).unwrap();
        let file = UploadFile::of_file("a.txt", path.path(), path.reopen().unwrap());
        (path, file)
    }

    fn read(body: &mut FileBody<'_>) -> Option<String> {
        let mut text = String::new();
        body.read_to_string(&mut text).ok().map(|_| text)
    }

    #[test]
    fn parts_are_those_of_the_hash() {
        let bytes = UploadFile::of_bytes("a.txt", b"abcdef".to_vec());
        for file in [&bytes, &file("abcdef").1] {
            let hashed = HashedFile::of(file).unwrap();
            assert_eq!(
                (hashed.size, hashed.sha256.as_str(), &hashed.sample[..]),
                (6, ABCDEF, &b"abcdef"[..])
            );
            let mut first = hashed.body(0, 4, Sha256::new(), &()).unwrap();
            assert_eq!(read(&mut first).as_deref(), Some("abcd"));
            let mut second = hashed.body(4, 2, first.hash(), &()).unwrap();
            assert_eq!(read(&mut second).as_deref(), Some("ef"));
            assert_eq!(hashed.bytes().unwrap(), b"abcdef");
            hashed.check_unchanged().unwrap();
        }
    }

    #[test]
    fn the_last_bytes_of_a_file_that_has_changed_are_not_sent() {
        for text in ["abcdeX", "Xbcdef", "abc"] {
            let (path, file) = file("abcdef");
            let hashed = HashedFile::of(&file).unwrap();
            std::fs::write(path.path(), text).unwrap();
            let mut body = hashed.body(0, 6, Sha256::new(), &()).unwrap();
            let mut sent = [0; 6];
            let mut n_sent = 0;
            while let Ok(n @ 1..) = body.read(&mut sent[n_sent..]) {
                n_sent += n;
            }
            assert!(body.has_changed() && n_sent < 6, "{text}");
            let error = hashed.bytes().unwrap_err().to_string();
            let place = path.path().display();
            assert_eq!(error, format!("{place}: the file has changed while it was pushed"), "{text}");
        }
    }
}
