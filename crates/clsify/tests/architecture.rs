//! The rules of `ARCHITECTURE.md`, as far as they can be checked in the text of the sources.
//!
//! Oracle: `src/lib.rs`, whose order of modules determines which module may use which, and the sources themselves.
#![allow(clippy::unwrap_used)]

mod imports;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All Rust files below a folder with their texts, sorted by path; never empty.
fn sources(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.insert(path.clone(), fs::read_to_string(path).unwrap());
            }
        }
    }
    assert!(!found.is_empty(), "{}", folder.display());
    found
}

/// The code of a file without comments and examples in documentation. Strings are kept, which makes the checks
/// stricter than necessary.
fn code(text: &str) -> String {
    let lines = text.lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line });
    lines.map(|line| line.split(" // ").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The modules of a crate in the order of `lib.rs`. In `clsify`, the modules that it re-exports from `clsify-base`
/// come first.
fn modules(name: &str) -> Vec<String> {
    let lib = fs::read_to_string(crates().join(name).join("src/lib.rs")).unwrap();
    let declared = |line: &str| {
        line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod ")?.strip_suffix(';').map(str::to_string)
    };
    let passed_on: &[&str] = if name == "clsify" { &["error", "files"] } else { &[] };
    passed_on.iter().map(ToString::to_string).chain(lib.lines().filter_map(declared)).collect()
}

/// The files of a crate with their texts, by their paths below `src`.
fn files(name: &str) -> BTreeMap<String, String> {
    let src = crates().join(name).join("src");
    let inside = |path: &Path| path.strip_prefix(&src).unwrap().to_string_lossy().replace('\\', "/");
    sources(&src).into_iter().map(|(path, text)| (inside(&path), text)).collect()
}

/// The top-level module that a file belongs to.
fn module_of(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap()
}

/// R2: inside `clsify` and `clsify-report` a module uses only modules declared above it in `lib.rs`.
#[test]
fn a_module_uses_only_modules_above_it() {
    for (name, n_modules, n_expected) in [("clsify", 11, 300), ("clsify-report", 5, 30)] {
        let modules = modules(name);
        assert!(modules.len() >= n_modules, "{modules:?}");
        let position = |name: &str| modules.iter().position(|module| module == name);
        let mut n_uses = 0;
        for (file, used) in imports::uses(&files(name)) {
            let own = module_of(&file);
            if own == "lib" {
                continue;
            }
            assert!(position(own).is_some(), "{file}: not in lib.rs");
            for used in used.iter().map(|file| module_of(file)) {
                assert!(
                    position(used) <= position(own),
                    "{file}: {own} uses {used}, which lib.rs declares below it"
                );
                n_uses += 1;
            }
        }
        assert!(n_uses > n_expected, "only {n_uses} uses were found in {name}");
    }
}

/// R2: the uses between files have no cycles, unit tests aside.
#[test]
fn no_files_use_each_other_in_a_circle() {
    let without_tests = |text: String| text.split("#[cfg(test)]\nmod ").next().unwrap().to_string();
    for entry in fs::read_dir(crates()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let texts = files(&name).into_iter().filter(|(file, _)| !file.ends_with("tests.rs"));
        let texts = texts.map(|(file, text)| (file, without_tests(text))).collect();
        let circle = imports::circle(&imports::uses(&texts));
        assert_eq!(circle, None, "{name}: each of these files uses the next one");
    }
}

/// A command uses only its own files below `commands`; code that commands share is outside that folder.
#[test]
fn a_command_uses_no_other_command() {
    let command = |file: &str| {
        file.strip_prefix("commands/").map(|file| file.split(['/', '.']).next().unwrap().to_string())
    };
    let mut n_uses = 0;
    for (file, used) in imports::uses(&files("clsify-cli")) {
        let Some(own) = command(&file) else { continue };
        for used in used {
            n_uses += 1;
            assert!(command(&used).is_none_or(|other| other == own), "{file} uses {used}");
        }
    }
    assert!(n_uses > 50, "only {n_uses} uses were found");
}

/// R3: the tokenizer uses no floats, the encoder no labels; split, classifier, evaluation and decision use neither
/// text nor transformers.
#[test]
fn stages_know_only_what_they_are_given() {
    let forbidden: [(&str, &[&str]); 7] = [
        ("tokenizer", &["dataset"]),
        ("encoder", &["dataset"]),
        ("features", &["dataset"]),
        ("split", &["dataset", "tokenizer", "encoder", "features"]),
        ("classifier", &["dataset", "tokenizer", "encoder", "features"]),
        ("evaluation", &["dataset", "tokenizer", "encoder", "features"]),
        ("decision", &["dataset", "tokenizer", "encoder", "features"]),
    ];
    let files = files("clsify");
    for (file, used) in imports::uses(&files) {
        let own = module_of(&file);
        let mut forbidden =
            forbidden.iter().filter(|(module, _)| *module == own).flat_map(|(_, names)| *names);
        assert_eq!(forbidden.find(|name| used.iter().any(|used| module_of(used) == **name)), None, "{file}");
        let code = code(&files[&file]);
        assert!(own != "tokenizer" || !code.contains("f32") && !code.contains("f64"), "{file}: floats");
    }
}

/// R1: dependencies in the manifests point from the other crates to `clsify`, and from there to base and kernels. R5
/// depends on this.
#[test]
fn crates_point_in_one_direction() {
    let allowed: [(&str, &[&str]); 9] = [
        ("clsify-base", &[]),
        ("clsify-kernels", &[]),
        ("clsify", &["clsify-base", "clsify-kernels"]),
        ("clsify-report", &["clsify"]),
        ("clsify-hub", &["clsify-base"]),
        ("clsify-convert", &["clsify", "clsify-base"]),
        ("clsify-server", &["clsify", "clsify-report"]),
        (
            "clsify-cli",
            &["clsify", "clsify-report", "clsify-hub", "clsify-convert", "clsify-server", "clsify-kernels"],
        ),
        ("clsify-python", &["clsify", "clsify-hub", "clsify-convert", "clsify-report", "clsify-cli"]),
    ];
    assert_eq!(fs::read_dir(crates()).unwrap().count(), allowed.len());
    for entry in fs::read_dir(crates()).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let Some((_, allowed)) = allowed.iter().find(|(crate_name, _)| *crate_name == name) else {
            panic!("{name}: a crate that this test does not know");
        };
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let (mut section, mut used) = ("", Vec::new());
        for line in manifest.lines() {
            if line.starts_with('[') {
                section = line;
            } else if section == "[dependencies]" && line.starts_with("clsify") {
                used.push(line.split(['.', ' ', '=']).next().unwrap());
            }
        }
        assert!(used.iter().all(|used| allowed.contains(used)), "{name}: uses {used:?}, may use {allowed:?}");
    }
}

/// The dependencies of a package, with these arguments of `cargo tree`.
fn built_from(package: &[&str]) -> Vec<String> {
    let arguments = ["tree", "--offline", "--edges", "normal", "--prefix", "none", "--format", "{p}", "-p"];
    let output =
        Command::new(env!("CARGO")).args(arguments).args(package).current_dir(crates()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().filter_map(|line| line.split(' ').next()).map(String::from).collect()
}

/// The library has no network code and no command line, a program without the features `hub` and `serve` has no network
/// code, and the Python package has no server.
#[test]
fn nobody_builds_what_they_did_not_ask_for() {
    let network = ["ureq", "rustls", "tar", "tokio", "hyper", "axum"];
    let command_line = ["clsify-hub", "clsify-cli", "clap", "indicatif", "anyhow"];
    let library = built_from(&["clsify"]);
    assert!(library.iter().any(|name| name == "tokenizers"), "{library:?}");
    for name in network.iter().chain(&command_line) {
        assert!(!library.iter().any(|used| used == name), "clsify: {name}");
    }
    let [with, without] = [&["clsify-cli"][..], &["clsify-cli", "--no-default-features"]].map(built_from);
    for name in network {
        assert!(with.iter().any(|used| used == name), "clsify-cli: no {name}");
        assert!(!without.iter().any(|used| used == name), "clsify-cli without its features: {name}");
    }
    assert!(!with.iter().any(|name| name.starts_with("opentelemetry")), "{with:?}");
    let python = built_from(&["clsify-python"]);
    assert!(python.iter().any(|name| name == "clsify-cli"), "{python:?}");
    for name in ["clsify-server", "tokio", "axum"] {
        assert!(!python.iter().any(|used| used == name), "clsify-python: {name}");
    }
}

/// R4: only kernels contain `unsafe`, only programs print, and only the server is async.
#[test]
fn only_kernels_are_unsafe_and_only_programs_print() {
    for name in [
        "clsify-base",
        "clsify-kernels",
        "clsify",
        "clsify-report",
        "clsify-hub",
        "clsify-convert",
        "clsify-server",
        "clsify-python",
    ] {
        let folder = crates().join(name).join("src");
        // Tests may print what they skipped.
        for (path, text) in sources(&folder).into_iter().filter(|(path, _)| !path.ends_with("tests.rs")) {
            let code = code(&text).replace("unsafe_code", "");
            let place = path.display();
            for print in ["println!", "eprintln!", "print!(", "eprint!(", "dbg!", "io::stdout", "io::stderr"]
            {
                assert!(!code.contains(print), "{place}: {print}");
            }
            let is_unsafe =
                code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe");
            assert!(!is_unsafe || name == "clsify-kernels", "{place}: unsafe");
            let is_async =
                code.contains("async fn") || code.contains("async move") || code.contains(".await");
            assert!(!is_async || name == "clsify-server", "{place}: async");
        }
    }
    let cli = sources(&crates().join("clsify-cli/src"));
    let is_unsafe = |text: &String| code(text).contains("unsafe {") || code(text).contains("unsafe fn");
    assert!(!cli.values().any(is_unsafe));
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    assert!(lib.contains("#![forbid(unsafe_code)]"));
}

/// The texts in backquotes that are names of Rust files or folders, such as `layer.rs`, `formats/csv.rs` or `kernels/`.
fn named_files(line: &str) -> Vec<&str> {
    let quoted = line.split('`').skip(1).step_by(2);
    let is_path = |text: &&str| {
        text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_/.-".contains(c))
    };
    quoted.filter(|text| (text.ends_with(".rs") || text.ends_with('/')) && is_path(text)).collect()
}

/// Comments and the pages for contributors name only files that there are.
#[test]
fn every_named_file_exists() {
    let mut texts: Vec<(String, String)> = ["ARCHITECTURE.md", "CONTRIBUTING.md", "docs/guide.md"]
        .map(|page| (page.to_string(), fs::read_to_string(crates().join("..").join(page)).unwrap()))
        .into();
    let mut all = Vec::new();
    for entry in fs::read_dir(crates()).unwrap() {
        for folder in ["src", "tests", "benches"].map(|name| entry.as_ref().unwrap().path().join(name)) {
            // Its tests are written in Python.
            let has_sources = folder.is_dir() && !folder.ends_with("clsify-python/tests");
            for (path, text) in if has_sources { sources(&folder) } else { BTreeMap::new() } {
                let inside = path.strip_prefix(crates()).unwrap().to_string_lossy().replace('\\', "/");
                all.push(format!("/crates/{inside}"));
                let comments = text.lines().filter(|line| line.trim_start().starts_with("//"));
                texts.push((all[all.len() - 1].clone(), comments.collect::<Vec<_>>().join("\n")));
            }
        }
    }
    let mut n_named = 0;
    for (place, text) in &texts {
        for named in text.lines().flat_map(named_files).filter(|named| named.ends_with(".rs")) {
            n_named += 1;
            let is_there = crates().join("..").join(named).exists();
            assert!(
                is_there || all.iter().any(|path| path.ends_with(&format!("/{named}"))),
                "{place}: no {named}"
            );
        }
    }
    assert!(n_named > 80, "only {n_named} names were found");
}

/// A table of files at the head of a module lists the files of its folder, and no others.
#[test]
fn a_table_of_files_has_every_file_of_its_folder() {
    let mut n_tables = 0;
    for entry in fs::read_dir(crates()).unwrap() {
        for (path, text) in sources(&entry.unwrap().path().join("src")) {
            let rows = text.lines().skip_while(|line| !line.starts_with("//! | file |"));
            let rows = rows.take_while(|line| line.starts_with("//! |"));
            let mut listed: Vec<&str> =
                rows.filter_map(|row| row.split('|').nth(1)).flat_map(named_files).collect();
            if listed.is_empty() {
                continue;
            }
            n_tables += 1;
            let folder = if path.ends_with("mod.rs") {
                path.parent().unwrap().to_path_buf()
            } else {
                path.with_extension("")
            };
            let names = fs::read_dir(&folder).unwrap().map(|entry| {
                let entry = entry.unwrap();
                let end = if entry.path().is_dir() { "/" } else { "" };
                entry.file_name().into_string().unwrap() + end
            });
            let mut names: Vec<String> =
                names.filter(|name| !["mod.rs", "tests.rs", "tests/"].contains(&name.as_str())).collect();
            listed.sort_unstable();
            names.sort_unstable();
            assert_eq!(listed, names, "{}", path.display());
        }
    }
    assert!(n_tables >= 3, "only {n_tables} tables were found");
}

/// R4: the names of files and keys in Hugging Face's formats occur only in the files that read them.
#[test]
fn hugging_face_s_spelling_stays_where_files_are_read() {
    let words = [
        ("\"n_heads", &["encoder/config.rs"][..]),
        ("hidden_act", &["encoder/config.rs"]),
        ("model_type\"", &["encoder/config.rs", "tokenizer/class.rs"]),
        ("q_lin", &["encoder/tensor_names.rs"]),
        ("LayerNorm.", &["encoder/tensor_names.rs"]),
        ("\"encoder.layer", &["encoder/tensor_names.rs"]),
        ("weight_map", &["encoder/checkpoint.rs"]),
        ("pytorch_model", &["encoder/unsupported_weights.rs"]),
        ("pooling_mode", &["features/sentence_transformers.rs"]),
        ("modules.json", &["checkpoint_folder.rs"]),
        ("max_seq_length", &["features/sentence_transformers.rs"]),
        ("in_features\"", &["features/dense.rs"]),
        ("tokenizer_class", &["tokenizer/class.rs", "tokenizer/own_build.rs"]),
        (
            "do_lower_case",
            &["tokenizer/settings.rs", "tokenizer/class.rs", "features/sentence_transformers.rs"],
        ),
    ];
    for (file, text) in files("clsify") {
        // Unit tests at the end of a file may quote the names that they test.
        let code = code(text.split("#[cfg(test)]").next().unwrap());
        for (word, files) in words {
            assert!(files.contains(&file.as_str()) || !code.contains(word), "{file}: {word}");
        }
    }
}
