//! Remembers the sha256 of files that have not changed since they were hashed, so that a large file is read only once
//! for it.
//!
//! ```text
//! FOLDER/<sha256 of the path>.sha256       stamp of the file, its sha256, the sha256 of these two lines
//! ```
//!
//! The stamp is the metadata of the file: length, times, inode. An entry that does not match the file, or whose own
//! checksum is wrong, is ignored. Entries are written atomically, and the oldest are removed if there are many.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use crate::checkpoint_folder::check_is_file;
use crate::error::{Error, Result};
use crate::files::{remove_abandoned, write_atomically};

/// The maximum number of files that are remembered.
const MAX_ENTRIES: usize = 1000;

const EXTENSION: &str = "sha256";

/// A file that has just changed may change again without a change of its times, which some file systems record in
/// steps of two seconds.
const SETTLED: Duration = Duration::from_secs(3);

/// The folder with the hashes of files, if they are remembered.
#[derive(Debug, Clone, Default)]
pub(crate) struct HashMemory(Option<PathBuf>);

impl HashMemory {
    /// Uses this folder, which is created when the first hash is stored; with `None` nothing is remembered.
    pub(crate) fn new(folder: Option<PathBuf>) -> Self {
        HashMemory(folder)
    }

    /// The sha256 of a file, in hexadecimal.
    pub(crate) fn sha256(&self, path: &Path) -> Result<String> {
        let io = |e: std::io::Error| Error::io(path, e);
        check_is_file(path)?;
        let Some(entry) = self.entry(path) else { return hash(path).map_err(io) };
        let stamp = stamp(path).map_err(io)?;
        if let Some(sha256) = read(&entry, &stamp) {
            return Ok(sha256);
        }
        let sha256 = hash(path).map_err(io)?;
        if is_settled(path) && self::stamp(path).map_err(io)? == stamp {
            // If the entry cannot be written, the file is hashed again next time.
            let _ = self.write(&entry, &stamp, &sha256);
        }
        Ok(sha256)
    }

    fn entry(&self, path: &Path) -> Option<PathBuf> {
        let path = fs::canonicalize(path).ok()?;
        let name = hexadecimal(Sha256::new().chain_update(path.as_os_str().as_encoded_bytes()));
        Some(self.0.as_ref()?.join(name).with_extension(EXTENSION))
    }

    fn write(&self, entry: &Path, stamp: &str, sha256: &str) -> Result<()> {
        let Some(folder) = &self.0 else { return Ok(()) };
        fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
        make_room(folder);
        write_atomically(entry, |out| write!(out, "{stamp}\n{sha256}\n{}\n", check(stamp, sha256)))
    }
}

/// The sha256 in an entry, if it is for the file with this stamp.
fn read(entry: &Path, stamp: &str) -> Option<String> {
    let mut text = String::new();
    fs::File::open(entry).ok()?.take(4096).read_to_string(&mut text).ok()?;
    let mut lines = text.lines();
    let (of, sha256, checked) = (lines.next()?, lines.next()?, lines.next()?);
    (of == stamp && checked == check(stamp, sha256)).then(|| sha256.to_string())
}

fn check(stamp: &str, sha256: &str) -> String {
    hexadecimal(Sha256::new().chain_update(format!("{stamp}\n{sha256}\n")))
}

/// The stamp of a file, which changes when the file does.
fn stamp(path: &Path) -> std::io::Result<String> {
    let metadata = fs::metadata(path)?;
    let modified = metadata.modified()?.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        // The change time, unlike the modification time, cannot be set by programs.
        let (device, inode) = (metadata.dev(), metadata.ino());
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        Ok(format!("{} {modified} {}.{:09} {device} {inode}", metadata.len(), changed.0, changed.1))
    }
    #[cfg(not(unix))]
    Ok(format!("{} {modified}", metadata.len()))
}

fn is_settled(path: &Path) -> bool {
    let Ok(metadata) = fs::metadata(path) else { return false };
    let is_old = |time: SystemTime| SystemTime::now().duration_since(time).is_ok_and(|age| age > SETTLED);
    #[cfg(unix)]
    {
        let seconds = u64::try_from(std::os::unix::fs::MetadataExt::ctime(&metadata)).unwrap_or(u64::MAX);
        let changed = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
        changed.is_some_and(is_old)
    }
    #[cfg(not(unix))]
    metadata.modified().is_ok_and(is_old)
}

/// Removes the oldest entries until there is room for one more.
fn make_room(folder: &Path) {
    remove_abandoned(folder, |name| Path::new(name).extension().is_some_and(|end| end == EXTENSION));
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let entries = entries.filter(|e| e.path().extension().is_some_and(|extension| extension == EXTENSION));
    let mut entries: Vec<(SystemTime, PathBuf)> =
        entries.filter_map(|e| Some((e.metadata().ok()?.modified().ok()?, e.path()))).collect();
    entries.sort();
    let n_too_many = (entries.len() + 1).saturating_sub(MAX_ENTRIES);
    for (_, path) in &entries[..n_too_many] {
        // Another process may have removed it first.
        let _ = fs::remove_file(path);
    }
}

/// Reads and hashes the file.
fn hash(path: &Path) -> std::io::Result<String> {
    hash_all(fs::File::open(path)?)
}

fn hash_all(mut file: impl Read) -> std::io::Result<String> {
    let mut sha256 = Sha256::new();
    let mut buffer = vec![0; 128 << 10];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hexadecimal(sha256)),
            Ok(n) => sha256.update(&buffer[..n]),
            // A read was interrupted by a signal that the process survives; it is repeated, also on network file
            // systems.
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

pub(crate) fn hexadecimal(sha256: Sha256) -> String {
    sha256.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "../../fixtures/transformers/bert/config.json";

    /// The only entry of a folder.
    fn entry(folder: &Path) -> PathBuf {
        let mut entries = fs::read_dir(folder).unwrap();
        let entry = entries.next().unwrap().unwrap().path();
        assert!(entries.next().is_none());
        entry
    }

    #[test]
    fn a_hash_is_remembered_and_a_spoilt_entry_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let (file, memory) = (Path::new(CONFIG), HashMemory::new(Some(folder.path().join("hashes"))));
        let expected = hash(file).unwrap();
        assert_eq!(memory.sha256(file).unwrap(), expected);
        let entry = entry(&folder.path().join("hashes"));
        let text = fs::read_to_string(&entry).unwrap();

        // The content of a valid entry is used without reading the file.
        let (stamp, other) = (stamp(file).unwrap(), "0".repeat(64));
        fs::write(&entry, format!("{stamp}\n{other}\n{}\n", check(&stamp, &other))).unwrap();
        assert_eq!(memory.sha256(file).unwrap(), other);

        let digit = text.lines().nth(1).unwrap().chars().next().unwrap();
        let flipped = text.replacen(&format!("\n{digit}"), if digit == '0' { "\n1" } else { "\n0" }, 1);
        for spoilt in ["", "\n\n\n", &text[..text.len() / 2], &text[1..], &flipped] {
            fs::write(&entry, spoilt).unwrap();
            assert_eq!(memory.sha256(file).unwrap(), expected, "{spoilt:?}");
            assert_eq!(fs::read_to_string(&entry).unwrap(), text, "{spoilt:?}");
        }
        fs::write(&entry, b"\xff\xfe").unwrap();
        assert_eq!(memory.sha256(file).unwrap(), expected);
    }

    #[test]
    fn a_file_that_changes_is_hashed_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (file, hashes) = (folder.path().join("file"), folder.path().join("hashes"));
        let memory = HashMemory::new(Some(hashes.clone()));
        fs::write(&file, "one").unwrap();
        let modified = fs::metadata(&file).unwrap().modified().unwrap();
        let one = memory.sha256(&file).unwrap();
        assert!(!hashes.exists(), "a file that has just changed is not remembered");
        std::thread::sleep(SETTLED + Duration::from_millis(1100));
        assert_eq!(memory.sha256(&file).unwrap(), one);
        assert!(entry(&hashes).exists());
        fs::write(&file, "two").unwrap();
        assert_ne!(memory.sha256(&file).unwrap(), one);
        // The file has the same length, and the same modification time.
        if cfg!(unix) {
            fs::File::options().append(true).open(&file).unwrap().set_modified(modified).unwrap();
            assert_ne!(memory.sha256(&file).unwrap(), one);
        }
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_no_error_and_a_missing_file_is() {
        let memory = HashMemory::new(Some(Path::new(CONFIG).join("below a file")));
        assert_eq!(memory.sha256(Path::new(CONFIG)).unwrap(), hash(Path::new(CONFIG)).unwrap());
        let error = memory.sha256(Path::new("nowhere")).unwrap_err();
        assert_eq!(error.to_string(), "nowhere: no such file or folder");
    }

    /// Oracle: the hash of the same bytes without an interruption.
    #[test]
    fn an_interrupted_read_goes_on() {
        struct Interrupted<'a>(&'a [u8], bool);
        impl Read for Interrupted<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                self.1 = !self.1;
                if self.1 {
                    return Err(std::io::ErrorKind::Interrupted.into());
                }
                let end = buffer.len().min(1);
                self.0.read(&mut buffer[..end])
            }
        }
        assert_eq!(hash_all(Interrupted(b"abc", false)).unwrap(), hash_all(&b"abc"[..]).unwrap());
    }

    #[test]
    fn the_oldest_entries_go() {
        let folder = tempfile::tempdir().unwrap();
        for i in 0..MAX_ENTRIES + 5 {
            let path = folder.path().join(format!("{i}.{EXTENSION}"));
            let file = fs::File::create(path).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1000 + i as u64)).unwrap();
        }
        make_room(folder.path());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), MAX_ENTRIES - 1);
        assert!(!folder.path().join("5.sha256").exists() && folder.path().join("6.sha256").exists());
    }
}
