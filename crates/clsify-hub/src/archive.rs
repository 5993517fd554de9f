//! Checks archives and unpacks the wanted files of them; nothing lands outside the target folder.

use std::fs::{self, File};
use std::io::{BufReader, Read, Write};
use std::path::Path;

use clsify::error::{Error, ErrorKind, Result};
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use crate::checkpoint_files::is_below;

/// The SHA-256 of a file, in lower-case hexadecimal digits.
pub(crate) fn sha256_of(path: &Path) -> Result<String> {
    let io = |e: std::io::Error| Error::io(path, &e);
    let mut hasher = Sha256::new();
    copy_hashed(&mut File::open(path).map_err(io)?, &mut std::io::sink(), &mut hasher).map_err(io)?;
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
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Error::new(ErrorKind::Fetch, format!("expected sha256 {expected}, got {found}"))
        .at(name)
        .with_hint("what was downloaded is not the file that this version of clsify knows; it was not used")
}

fn hex(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn copy_hashed(from: &mut impl Read, to: &mut impl Write, hasher: &mut Sha256) -> std::io::Result<()> {
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
    let name = archive.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Error::new(ErrorKind::Fetch, format!("malformed archive: {error}")).at(name)
}

fn open_zip(path: &Path) -> Result<ZipArchive<BufReader<File>>> {
    let file = File::open(path).map_err(|e| Error::io(path, &e))?;
    ZipArchive::new(BufReader::new(file)).map_err(|e| malformed(path, e))
}

/// Unpacks the entries of a zip that lie below `prefix` (with a slash at its end) and that `wanted` takes, by their
/// path below the prefix.
///
/// # Errors
/// An entry whose path leaves its folder, wanted or not: such an archive is not to be trusted at all.
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
        write_entry(&mut entry, &target.join(inner)).map_err(|e| e.at(malformed_place(archive)))?;
    }
    Ok(())
}

fn malformed_place(archive: &Path) -> String {
    archive.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn write_entry(entry: &mut impl Read, path: &Path) -> Result<()> {
    let io = |e: std::io::Error| Error::io(path, &e);
    fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(io)?;
    let mut file = File::create_new(path).map_err(io)?;
    std::io::copy(entry, &mut file).map_err(io)?;
    file.sync_all().map_err(io)
}

/// Appends the one entry of each zip whose path contains `piece` to `joined`, in the order of the archives, and
/// checks the whole against its SHA-256.
pub(crate) fn join_pieces(
    archives: &mut dyn Iterator<Item = Result<std::path::PathBuf>>,
    piece: &str,
    joined: &Path,
    sha256: &str,
) -> Result<()> {
    let io = |e: std::io::Error| Error::io(joined, &e);
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

/// The bytes of one entry of a gzipped tar.
pub(crate) fn tar_gz_entry(archive: &str, bytes: impl Read, path: &str) -> Result<Vec<u8>> {
    let wrong = |e: std::io::Error| malformed(Path::new(archive), e);
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(bytes));
    for entry in tar.entries().map_err(wrong)? {
        let mut entry = entry.map_err(wrong)?;
        if entry.path_bytes().as_ref() == path.as_bytes() {
            let mut content = Vec::new();
            entry.read_to_end(&mut content).map_err(wrong)?;
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
        for name in ["../evil", "p/../../evil", "/evil", "p\\..\\evil"] {
            let folder = tempfile::tempdir().unwrap();
            let archive = folder.path().join("a.zip");
            zip_of(&archive, &[(name, b"x"), ("p/config.json", b"{}")]);
            let error = unpack_zip(&archive, "p/", &|_| true, &folder.path().join("out")).unwrap_err();
            assert!(error.to_string().contains("leaves its folder"), "{name}: {error}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{name}");
        }
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
