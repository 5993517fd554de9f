//! Checks archives and unpacks the wanted files; nothing is written outside the target folder.

use std::fs::{self, File};
use std::io::{BufReader, Read, Write};
use std::path::Path;

use clsify_base::error::{Error, ErrorKind, Result};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use crate::below::{is_below, join_below};

/// The SHA-256 of a file, in lower-case hexadecimal digits.
pub(crate) fn sha256_of(path: &Path) -> Result<String> {
    let io = |e: std::io::Error| Error::io(path, e);
    let mut hasher = Sha256::new();
    copy_hashed(&mut File::open(path).map_err(io)?, &mut std::io::sink(), &mut hasher).map_err(io)?;
    Ok(hex(hasher))
}

/// The SHA-256 of a text, in lower-case hexadecimal digits.
pub(crate) fn sha256_of_text(text: &str) -> String {
    hex(Sha256::new_with_prefix(text))
}

/// The hash that git gives to this content: the SHA-1 of `blob LENGTH`, a zero byte and the content.
pub(crate) fn git_blob_sha1_of(path: &Path) -> Result<String> {
    let io = |e: std::io::Error| Error::io(path, e);
    let mut file = File::open(path).map_err(io)?;
    let mut hasher = Sha1::new();
    hasher.update(format!("blob {}\0", file.metadata().map_err(io)?.len()));
    copy_hashed(&mut file, &mut std::io::sink(), &mut hasher).map_err(io)?;
    Ok(hex(hasher))
}

/// Fails unless the file has this SHA-256.
pub(crate) fn check_sha256(path: &Path, expected: &str) -> Result<()> {
    let found = sha256_of(path)?;
    if found == expected {
        return Ok(());
    }
    Err(wrong_sha256(path, expected, &found))
}

fn wrong_sha256(path: &Path, expected: &str, found: &str) -> Error {
    Error::new(ErrorKind::Fetch, format!("expected sha256 {expected}, got {found}"))
        .at(file_name(path))
        .with_hint("what was downloaded is not the file that this version of clsify knows; it was not used")
}

fn hex(hasher: impl Digest) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn copy_hashed(from: &mut impl Read, to: &mut impl Write, hasher: &mut impl Digest) -> std::io::Result<()> {
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        hasher.update(&buffer[..count]);
        to.write_all(&buffer[..count])?;
    }
}

fn malformed(archive: &Path, error: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Fetch, format!("malformed archive: {error}")).at(file_name(archive))
}

fn open_zip(path: &Path) -> Result<ZipArchive<BufReader<File>>> {
    let file = File::open(path).map_err(|e| Error::io(path, e))?;
    ZipArchive::new(BufReader::new(file)).map_err(|e| malformed(path, e))
}

/// Unpacks the entries of a zip that lie below `prefix` (which ends in a slash) and whose path below it is `wanted`.
///
/// # Errors
/// An entry whose path leaves its folder, wanted or not: such an archive is not trusted at all.
pub(crate) fn unpack_zip(
    archive: &Path,
    prefix: &str,
    wanted: &dyn Fn(&str) -> bool,
    target: &Path,
) -> Result<()> {
    let mut zip = open_zip(archive)?;
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).map_err(|e| malformed(archive, e))?;
        let name = entry.name().map_err(|e| malformed(archive, e))?.into_owned();
        if !is_below(name.trim_end_matches('/')) {
            return Err(malformed(archive, format!("the entry {name:?} leaves its folder")));
        }
        let Some(inner) = name.strip_prefix(prefix).filter(|inner| wanted(inner)) else { continue };
        if entry.is_dir() || entry.is_symlink() {
            continue;
        }
        // The name `p//etc/x` itself stays inside its folder, but below the prefix `p/` it becomes the absolute path
        // `/etc/x`.
        let path = join_below(target, inner)
            .ok_or_else(|| malformed(archive, format!("the entry {name:?} leaves its folder")))?;
        let announced = entry.size();
        if write_entry(&mut entry, announced, &path).map_err(|e| e.at(file_name(archive)))? > announced {
            let message = format!("the entry {name:?} has more than the {announced} bytes that it announces");
            return Err(malformed(archive, message));
        }
    }
    Ok(())
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Writes at most one byte more than announced, and returns the number of bytes written. Never writes through a link.
fn write_entry(entry: &mut impl Read, announced: u64, path: &Path) -> Result<u64> {
    let io = |e: std::io::Error| Error::io(path, e);
    fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(io)?;
    let mut file = File::create_new(path).map_err(io)?;
    let written = std::io::copy(&mut entry.take(announced.saturating_add(1)), &mut file).map_err(io)?;
    file.sync_all().map_err(io)?;
    Ok(written)
}

/// Appends the entry of each zip whose path contains `piece` to `joined`, in the order of the archives, and checks
/// the result against its SHA-256.
pub(crate) fn join_pieces(
    archives: &mut dyn Iterator<Item = Result<std::path::PathBuf>>,
    piece: &str,
    joined: &Path,
    sha256: &str,
) -> Result<()> {
    let io = |e: std::io::Error| Error::io(joined, e);
    let mut out = File::create_new(joined).map_err(io)?;
    let mut hasher = Sha256::new();
    for archive in archives {
        let archive = archive?;
        let mut zip = open_zip(&archive)?;
        let names: Vec<String> = zip.file_names().flatten().map(|name| name.into_owned()).collect();
        let [name] = &names.iter().filter(|name| name.contains(piece)).collect::<Vec<_>>()[..] else {
            return Err(malformed(&archive, format!("expected one entry with {piece:?} in its path")));
        };
        let mut entry = zip.by_name(name).map_err(|e| malformed(&archive, e))?;
        copy_hashed(&mut entry, &mut out, &mut hasher).map_err(io)?;
    }
    out.flush().map_err(io)?;
    let found = hex(hasher);
    if found == sha256 { Ok(()) } else { Err(wrong_sha256(joined, sha256, &found)) }
}

/// The maximum size of an entry of a tar: such entries are read into memory.
const MAX_TAR_ENTRY_BYTES: u64 = 64 << 20;

/// The bytes of one entry of a gzipped tar, which must be a regular file. Nothing is unpacked.
pub(crate) fn tar_gz_entry(archive: &str, bytes: impl Read, path: &str) -> Result<Vec<u8>> {
    let wrong = |e: std::io::Error| malformed(Path::new(archive), e);
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(bytes));
    for entry in tar.entries().map_err(wrong)? {
        let mut entry = entry.map_err(wrong)?;
        if entry.path_bytes().as_ref() == path.as_bytes() {
            let malformed = |message: String| malformed(Path::new(archive), message);
            if !entry.header().entry_type().is_file() {
                return Err(malformed(format!("{path:?} is not a regular file")));
            }
            let mut content = Vec::new();
            entry.by_ref().take(MAX_TAR_ENTRY_BYTES + 1).read_to_end(&mut content).map_err(wrong)?;
            if content.len() as u64 > MAX_TAR_ENTRY_BYTES {
                return Err(malformed(format!("{path:?} has more than {MAX_TAR_ENTRY_BYTES} bytes")));
            }
            return Ok(content);
        }
    }
    Err(malformed(Path::new(archive), format!("it has no {path:?}")))
}

/// Small archives for tests.
#[cfg(test)]
pub(crate) mod samples {
    use super::*;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    pub(crate) fn zip_of(path: &Path, entries: &[(&str, &[u8])]) {
        let mut zip = ZipWriter::new(File::create(path).unwrap());
        for (name, content) in entries {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap();
    }

    pub(crate) fn tar_gz_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut tar = tar::Builder::new(encoder);
        for (name, content) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            tar.append_data(&mut header, name, *content).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::samples::{tar_gz_of, zip_of};
    use super::*;

    // `printf hello | sha256sum`
    const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

    #[test]
    fn only_wanted_entries_below_the_prefix_are_unpacked() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("a.zip");
        zip_of(
            &archive,
            &[
                ("p/config.json", b"{}"),
                ("p/1_Pooling/config.json", b"[]"),
                ("p/desktop.ini", b""),
                ("q/x", b""),
            ],
        );
        let target = folder.path().join("out");
        unpack_zip(&archive, "p/", &|name| name.ends_with(".json"), &target).unwrap();
        assert_eq!(fs::read(target.join("1_Pooling/config.json")).unwrap(), b"[]");
        assert_eq!(fs::read_dir(&target).unwrap().count(), 2);
    }

    #[test]
    fn an_entry_that_leaves_its_folder_condemns_the_archive() {
        for name in ["../evil", "p/../../evil", "/evil", "p\\..\\evil", "p//evil", "p/./evil", "p/C:evil"] {
            let folder = tempfile::tempdir().unwrap();
            let archive = folder.path().join("a.zip");
            zip_of(&archive, &[(name, b"x"), ("p/config.json", b"{}")]);
            let error = unpack_zip(&archive, "p/", &|_| true, &folder.path().join("out")).unwrap_err();
            assert!(error.to_string().contains("leaves its folder"), "{name}: {error}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{name}");
        }
    }

    /// Every file below a folder, without following links.
    fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .flat_map(|entry| match entry.file_type() {
                Ok(kind) if kind.is_dir() => files_below(&entry.path()),
                _ => vec![entry.path()],
            })
            .collect()
    }

    proptest::proptest! {
        /// Names that lead to a folder beside the target, by its absolute path or through `..`, must have no effect.
        #[test]
        fn whatever_its_entries_are_called_an_archive_writes_below_its_target(
            name in crate::below::hostile_names(),
            absolute: bool,
        ) {
            let sandbox = tempfile::tempdir().unwrap();
            let (archive, target) = (sandbox.path().join("a.zip"), sandbox.path().join("out"));
            let outside = sandbox.path().join("outside").display().to_string();
            let name = if absolute { format!("p/{outside}/{name}") } else { format!("p/{name}") };
            zip_of(&archive, &[(&name, b"x")]);
            let unpacked = unpack_zip(&archive, "p/", &|_| true, &target).is_ok();
            let written = files_below(sandbox.path());
            let inside = written.iter().filter(|path| path.starts_with(&target)).count();
            proptest::prop_assert_eq!(written.len(), 1 + inside, "{:?}", name);
            proptest::prop_assert!(unpacked || inside == 0, "{:?}", name);
        }
    }

    #[test]
    #[cfg(unix)]
    fn nothing_is_written_through_a_link() {
        let sandbox = tempfile::tempdir().unwrap();
        let (archive, target) = (sandbox.path().join("a.zip"), sandbox.path().join("out"));
        let outside = sandbox.path().join("outside");
        fs::create_dir(&outside).unwrap();
        let mut zip = zip::ZipWriter::new(File::create(&archive).unwrap());
        let options = zip::write::SimpleFileOptions::default();
        zip.add_symlink("p/link", outside.display().to_string(), options).unwrap();
        zip.start_file("p/link/x", options).unwrap();
        zip.write_all(b"x").unwrap();
        zip.finish().unwrap();
        unpack_zip(&archive, "p/", &|_| true, &target).unwrap();
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);

        // A link planted under the name of an entry is not followed either.
        let archive = sandbox.path().join("b.zip");
        zip_of(&archive, &[("p/x", b"x")]);
        let planted = sandbox.path().join("planted");
        fs::create_dir(&planted).unwrap();
        std::os::unix::fs::symlink(outside.join("x"), planted.join("x")).unwrap();
        unpack_zip(&archive, "p/", &|_| true, &planted).unwrap_err();
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    }

    #[test]
    fn an_entry_that_is_a_link_or_a_device_is_not_read() {
        for kind in
            [tar::EntryType::Symlink, tar::EntryType::Link, tar::EntryType::Char, tar::EntryType::Fifo]
        {
            let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            let mut tar = tar::Builder::new(encoder);
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(kind);
            header.set_size(0);
            header.set_link_name("/etc/passwd").unwrap();
            tar.append_data(&mut header, "d/a", &b""[..]).unwrap();
            let bytes = tar.into_inner().unwrap().finish().unwrap();
            let error = tar_gz_entry("t", &bytes[..], "d/a").unwrap_err();
            assert_eq!(error.to_string(), "t: malformed archive: \"d/a\" is not a regular file");
        }
    }

    /// Interrupted at every second call, as by a signal whose handler does not restart it.
    struct Interrupted<'a>(&'a [u8], bool);

    impl Read for Interrupted<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.1 = !self.1;
            if self.1 { Err(std::io::ErrorKind::Interrupted.into()) } else { self.0.read(&mut buffer[..1]) }
        }
    }

    #[test]
    fn hashing_goes_on_after_an_interrupted_read() {
        let mut hasher = Sha256::new();
        copy_hashed(&mut Interrupted(b"hello", false), &mut std::io::sink(), &mut hasher).unwrap();
        assert_eq!(hex(hasher), HELLO);
    }

    #[test]
    fn blobs_have_the_names_that_git_gives() {
        let file = tempfile::NamedTempFile::new().unwrap();
        // `printf hello | git hash-object --stdin`, then the hash of an empty file.
        fs::write(file.path(), "hello").unwrap();
        assert_eq!(git_blob_sha1_of(file.path()).unwrap(), "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0");
        fs::write(file.path(), "").unwrap();
        assert_eq!(git_blob_sha1_of(file.path()).unwrap(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
    }

    #[test]
    fn what_is_no_archive_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("a.zip");
        fs::write(&archive, "<html>").unwrap();
        let error = unpack_zip(&archive, "", &|_| true, folder.path()).unwrap_err();
        assert!(error.to_string().starts_with("a.zip: malformed archive"), "{error}");
        assert!(tar_gz_entry("a.tar.gz", &b"<html>"[..], "x").is_err());
    }

    #[test]
    fn pieces_are_joined_in_order_and_checked() {
        let folder = tempfile::tempdir().unwrap();
        let paths = [folder.path().join("1.whl"), folder.path().join("2.whl")];
        zip_of(&paths[0], &[("a/input/z.zip.001", b"hel"), ("meta", b"")]);
        zip_of(&paths[1], &[("b/input/z.zip.002", b"lo")]);
        let joined = folder.path().join("joined");
        join_pieces(&mut paths.iter().cloned().map(Ok), "/input/z.zip.", &joined, HELLO).unwrap();
        assert_eq!(fs::read(&joined).unwrap(), b"hello");
        check_sha256(&joined, HELLO).unwrap();

        fs::remove_file(&joined).unwrap();
        let error = join_pieces(&mut paths.iter().rev().cloned().map(Ok), "/input/z.zip.", &joined, HELLO);
        assert!(error.unwrap_err().to_string().starts_with("joined: expected sha256 2cf2"));
        fs::remove_file(&joined).unwrap();
        assert!(join_pieces(&mut paths.iter().cloned().map(Ok), "absent", &joined, HELLO).is_err());
    }

    #[test]
    fn one_entry_of_a_tar() {
        let bytes = tar_gz_of(&[("d/a", b"1"), ("d/b", b"22")]);
        assert_eq!(tar_gz_entry("t", &bytes[..], "d/b").unwrap(), b"22");
        let error = tar_gz_entry("t", &bytes[..], "d/c").unwrap_err();
        assert_eq!(error.to_string(), "t: malformed archive: it has no \"d/c\"");
        assert!(tar_gz_entry("t", &bytes[..bytes.len() / 2], "d/b").is_err());
    }
}
