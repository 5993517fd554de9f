//! Files that appear complete or not at all: temporary names, links, modes, leftovers of killed processes, and paths
//! that cannot be written.
//!
//! Oracle: the folder before and after the write.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use clsify_base::error::ErrorKind;
use clsify_base::files::{
    AtomicFile, check_folder_writable, check_writable, is_inside, read_folder, write_atomically,
    write_folder_atomically,
};

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.collect();
    names.sort();
    names
}

fn write(path: &Path, text: &str) {
    write_atomically(path, |out| out.write_all(text.as_bytes())).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn a_temporary_name_cannot_be_foreseen_and_what_is_planted_is_not_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let (target, victim) = (folder.path().join("x.json"), folder.path().join("victim"));
    fs::write(&victim, "precious").unwrap();
    let pid = std::process::id();
    for count in 0..200 {
        symlink(&victim, folder.path().join(format!(".x.json.{pid}-{count}.tmp"))).unwrap();
    }
    let first = AtomicFile::create(&target).unwrap();
    let second = AtomicFile::create(&target).unwrap();
    let mut temporaries = names(folder.path());
    temporaries.retain(|name| !fs::symlink_metadata(folder.path().join(name)).unwrap().is_symlink());
    assert_eq!(temporaries.len(), 3, "two temporaries and the victim: {temporaries:?}");
    first.commit().unwrap();
    second.commit().unwrap();
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
}

/// Links that lead to each other are refused and stay; no file with the mode of a link is written in their place.
#[test]
fn links_in_a_circle_are_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let paths = ["a", "b", "itself"].map(|name| folder.path().join(name));
    symlink("b", &paths[0]).unwrap();
    symlink("a", &paths[1]).unwrap();
    symlink("itself", &paths[2]).unwrap();
    for path in &paths {
        for result in [
            check_writable(path),
            check_folder_writable(path),
            write_atomically(path, |out| out.write_all(b"x")),
            write_folder_atomically(path, |_| Ok(())),
        ] {
            let error = result.unwrap_err();
            assert!(error.to_string().ends_with("got links that form a loop"), "{error}");
            assert!(fs::symlink_metadata(path).unwrap().is_symlink());
        }
    }
    assert_eq!(names(folder.path()), ["a", "b", "itself"]);
}

#[test]
fn the_next_write_of_the_same_name_removes_what_a_killed_process_has_left() {
    let folder = tempfile::tempdir().unwrap();
    let left = folder.path().join(".x.json.aaaaaaaaaaaa.tmp");
    let others = [".y.json.aaaaaaaaaaaa.tmp", ".x.json.tmp", ".x.json.aaaaaaaaaaaa.tmp.txt"];
    for name in others {
        fs::write(folder.path().join(name), "").unwrap();
    }
    fs::write(&left, "half").unwrap();
    write(&folder.path().join("x.json"), "whole");
    let mut expected = [&others[..], &["x.json"]].concat();
    expected.sort_unstable();
    assert_eq!(names(folder.path()), expected);
}

#[test]
fn what_is_replaced_keeps_its_mode_and_a_link_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("file"), folder.path().join("link"));
    write(&file, "new");
    let usual = mode(&file);
    for private in [0o600, 0o640, 0o444] {
        fs::set_permissions(&file, fs::Permissions::from_mode(private)).unwrap();
        write(&file, "again");
        assert_eq!(mode(&file), private);
    }
    symlink("file", &link).unwrap();
    write(&link, "through it");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!((fs::read_to_string(&file).unwrap().as_str(), mode(&file)), ("through it", 0o444));
    // A link to a file that does not exist yet creates that file, as an ordinary write does.
    symlink("later", folder.path().join("dangling")).unwrap();
    write(&folder.path().join("dangling"), "later");
    assert_eq!(mode(&folder.path().join("later")), usual);
    assert_eq!(names(folder.path()), ["dangling", "file", "later", "link"]);
}

#[test]
fn a_folder_is_closed_while_it_is_filled_and_then_as_open_as_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("model");
    for (before, after) in [(None, None), (Some(0o700), Some(0o700)), (Some(0o770), Some(0o770))] {
        if let Some(mode) = before {
            fs::set_permissions(&target, fs::Permissions::from_mode(mode)).unwrap();
        }
        write_folder_atomically(&target, |new| {
            assert_eq!(mode(new), 0o700);
            fs::write(new.join("part"), "x").unwrap();
            Ok(())
        })
        .unwrap();
        let plain = folder.path().join("plain");
        fs::create_dir(&plain).unwrap();
        assert_eq!(mode(&target), after.unwrap_or(mode(&plain)));
        fs::remove_dir(&plain).unwrap();
        assert_eq!(names(folder.path()), ["model"]);
    }
}

#[test]
fn places_that_cannot_be_replaced_are_known_before_any_work() {
    let hint = |error: &clsify_base::error::Error| error.hint().unwrap_or_default().to_string();
    let error = check_folder_writable(".").unwrap_err();
    assert_eq!(
        error.to_string(),
        ".: expected a folder that can be replaced, got the working directory or one above it"
    );
    assert_eq!(hint(&error), "choose a new folder, or run the command from another directory");
    assert!(check_folder_writable("..").unwrap_err().to_string().starts_with("..: "));
    // These exist on every Linux; the test does not write to them.
    if Path::new("/proc/self/mounts").exists() {
        for (path, what) in [("/proc", "folder"), ("/dev/shm", "folder")] {
            let error = check_writable(path).unwrap_err();
            let expected = format!("{path}: expected a {what} that can be replaced, got a mount point");
            assert_eq!((error.to_string(), error.kind()), (expected, ErrorKind::InvalidArgument));
            assert_eq!(hint(&error), "choose a new folder inside it");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    check_folder_writable(folder.path().join("new/deep")).unwrap();
    check_folder_writable(folder.path()).unwrap();
    assert_eq!(names(folder.path()).len(), 0);
}

#[test]
fn whether_a_path_lies_in_a_folder_is_asked_of_the_file_system() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("model")).unwrap();
    fs::write(path("model/r.json"), "").unwrap();
    symlink("model", path("link")).unwrap();
    symlink("model/r.json", path("report")).unwrap();
    for inside in [
        "model",
        "model/r.json",
        "link/r.json",
        "link/new.json",
        "report",
        "model/../model/x",
        "new/../model/x",
    ] {
        assert!(is_inside(path(inside), path("model")), "{inside}");
        assert!(is_inside(path(inside), path("link")), "{inside}");
    }
    for outside in ["r.json", "model/../r.json", "link/../r.json", "model2/r.json", ""] {
        assert!(!is_inside(path(outside), path("model")), "{outside}");
    }
}

#[test]
fn a_folder_that_is_replaced_during_every_read_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    let mut n_reads = 0;
    let mut replace = |most: usize| {
        n_reads += 1;
        if n_reads <= most {
            write_folder_atomically(&path, |new| {
                write(&new.join("file"), &n_reads.to_string());
                Ok(())
            })?;
        }
        Ok(n_reads)
    };
    // A file that was replaced while it was read is read again.
    assert_eq!(read_folder(&path, || replace(30)).unwrap(), 31);
    let error = read_folder(&path, || replace(usize::MAX)).unwrap_err();
    let expected = "another process has replaced the folder 100 times while it was read";
    assert_eq!(error.to_string(), format!("{}: {expected}", path.display()));
    assert_eq!(error.kind(), ErrorKind::Io);
    assert_eq!(names(folder.path()), ["model"]);
}

/// A file to which a shell's `>` cannot write is not replaced by a rename. Skipped for a user who can write
/// everything, such as root.
#[test]
fn what_is_write_protected_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    fs::write(&path, "kept").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    let may_write = fs::OpenOptions::new().append(true).open(&path).is_ok();
    let checked = check_writable(&path);
    assert_eq!(checked.is_ok(), may_write, "{checked:?}");
    assert!(may_write || checked.unwrap_err().to_string().contains("write-protected"));
}
