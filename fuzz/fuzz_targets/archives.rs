//! Any bytes as an archive, and archives of entries with any name and kind: nothing appears outside the target
//! folder, there is no link inside it, and it contains no more than the archive announces.
#![no_main]

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use clsify_fuzz::{SEPARATOR, checked, empty, files_below, own_folder, write};
use clsify_hub::fuzzing::{join_pieces, labelled, tar_gz_entry, unpack_zip};
use libfuzzer_sys::fuzz_target;
use zip::write::SimpleFileOptions;

/// Stands for the absolute path of a folder that no entry may write to.
const OUTSIDE: &str = "@";
const WANTED: &str = "d/a";

static FOLDER: LazyLock<PathBuf> = LazyLock::new(own_folder);

/// The entries of an archive: a byte for the kind, a line for the name, and the rest.
fn entries(data: &[u8]) -> impl Iterator<Item = (u8, String, &[u8])> {
    data.split(|byte| *byte == SEPARATOR).filter_map(|entry| {
        let (kind, entry) = entry.split_first()?;
        let end = entry.iter().position(|byte| *byte == b'\n').unwrap_or(entry.len());
        let name = String::from_utf8_lossy(&entry[..end]).replace(OUTSIDE, &outside().display().to_string());
        Some((*kind, name, entry.get(end + 1..).unwrap_or_default()))
    })
}

fn outside() -> PathBuf {
    FOLDER.join("outside")
}

fn zip_of(data: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (kind, name, content) in entries(data) {
        let options = SimpleFileOptions::default();
        // Entries that cannot be written, such as a second entry with the same name, are left out.
        let _ = match kind % 4 {
            0 => zip.add_symlink(name, String::from_utf8_lossy(content), options),
            1 => zip.add_directory(name, options),
            _ => zip.start_file(name, options).and_then(|()| Ok(zip.write_all(content)?)),
        };
    }
    zip.finish().map(Cursor::into_inner).unwrap_or_default()
}

fn tar_of(data: &[u8]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (kind, name, content) in entries(data) {
        let mut header = tar::Header::new_gnu();
        let length = name.len().min(100);
        header.as_old_mut().name[..length].copy_from_slice(&name.as_bytes()[..length]);
        header.set_entry_type(tar::EntryType::new(kind));
        header.set_size(content.len() as u64);
        header.set_cksum();
        tar.append(&header, content).expect("a vector can be written");
    }
    tar.into_inner().expect("a vector can be written")
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(data).expect("a vector can be written");
    gzip.finish().expect("a vector can be written")
}

/// Checks that there are only the earlier files, and regular files and folders below the target.
fn check_sandbox(target: &Path, before: &[&str]) {
    let before: Vec<PathBuf> = before.iter().map(|name| FOLDER.join(name)).collect();
    for (path, metadata) in files_below(&FOLDER) {
        match path.starts_with(target) {
            true => assert!(metadata.is_dir() || metadata.is_file(), "{path:?}"),
            false => assert!(before.contains(&path), "{path:?}"),
        }
    }
    let untouched = fs::read(outside().join("file")).expect("the file is still there");
    assert_eq!(untouched, b"untouched");
}

fn check_zip(bytes: &[u8], prefix: &str) {
    empty(&FOLDER);
    write(&outside(), "file", b"untouched");
    write(&FOLDER, "a.zip", bytes);
    let (archive, target) = (FOLDER.join("a.zip"), FOLDER.join("out"));
    checked(unpack_zip(&archive, prefix, &target));
    check_sandbox(&target, &["a.zip", "outside", "outside/file"]);
    let joined = target.join("joined");
    empty(&target);
    checked(join_pieces(&[archive.clone(), archive], "a", &joined, ""));
    check_sandbox(&target, &["a.zip", "outside", "outside/file"]);
}

fn check_tar_gz(bytes: &[u8]) {
    if let Some(content) = checked(tar_gz_entry(bytes, WANTED))
        && let Some((text, _)) = checked(labelled(&content))
    {
        assert!(text.lines().all(|line| line.ends_with("\t0") || line.ends_with("\t1")));
    }
}

fuzz_target!(|data: &[u8]| {
    let [kind, data @ ..] = data else { return };
    let prefix = if kind & 8 == 0 { "p/" } else { "" };
    match kind % 5 {
        0 => check_zip(data, prefix),
        1 => check_zip(&zip_of(data), prefix),
        2 => check_tar_gz(data),
        3 => check_tar_gz(&gzip(data)),
        _ => check_tar_gz(&gzip(&tar_of(data))),
    }
});
