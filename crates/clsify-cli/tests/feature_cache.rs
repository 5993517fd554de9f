//! The feature cache from the user's side: options, a second run, two processes, kills.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use common::{Sandbox, encoder};
use serde_json::Value;

const KNOWN: &str = "sentences are known from an earlier run";

/// The files of a cache in the sandbox.
fn rows(sandbox: &Sandbox, cache: &str) -> Vec<PathBuf> {
    let folders = fs::read_dir(sandbox.path(cache)).into_iter().flatten();
    folders
        .flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap())
        .map(|f| f.unwrap().path())
        .collect()
}

/// A report without its times.
fn without_seconds(report: &str) -> Value {
    let mut report: Value = serde_json::from_str(report).unwrap();
    report.as_object_mut().unwrap().remove("seconds");
    report
}

#[test]
fn a_second_train_with_another_c_and_evaluate_use_the_first() {
    let sandbox = Sandbox::with_reviews();
    let bert = encoder("bert");
    let train = [
        "train",
        "-v",
        "--encoder",
        &bert,
        "--data",
        "reviews.tsv",
        "--output",
        "model",
        "--json",
        "-",
        "--features",
        "article",
    ];
    let evaluate = ["evaluate", "-v", "model", "--data", "reviews.tsv", "--json", "-"];
    let first = sandbox.run(&train);
    assert!(first.code == Some(0) && !first.stderr.contains(KNOWN), "{}", first.stderr);
    let plain = sandbox.succeed(&[&train[..], &["--no-cache"]].concat());
    assert_eq!(without_seconds(&first.stdout), without_seconds(&plain));
    let other_c = [&train[..], &["--c", "0.5"]].concat();
    for args in [&other_c[..], &evaluate] {
        let outcome = sandbox.run(args);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(&format!("24 of 24 {KNOWN}")), "{}", outcome.stderr);
        assert!(!outcome.stderr.contains("encoding tokens"), "{}", outcome.stderr);
        let plain = sandbox.run(&[args, &["--no-cache"]].concat());
        assert!(
            plain.stderr.contains("encoding tokens") && !plain.stderr.contains(KNOWN),
            "{}",
            plain.stderr
        );
        assert_eq!(without_seconds(&outcome.stdout), without_seconds(&plain.stdout));
    }
}

#[test]
fn options() {
    let sandbox = Sandbox::with_reviews();
    let bert = encoder("bert");
    let train =
        ["train", "--encoder", &bert, "--data", "reviews.tsv", "--output", "model", "--features", "article"];
    for size in ["0", "100", "5kB", "1.5 GB", "1GiB"] {
        let cache = format!("cache {size}");
        sandbox.succeed(&[&train[..], &["-q", "--cache-dir", &cache, "--cache-size", size]].concat());
        assert_eq!(rows(&sandbox, &cache).len(), usize::from(size.len() > 3 || size == "5kB"), "{size}");
    }
    for wrong in [
        &["--cache-size", "-1"][..],
        &["--cache-size", "many"],
        &["--cache-size", "5XB"],
        &["--cache-size", "1e30GB"],
        &["--cache-size", ""],
        &["--no-cache", "--cache-dir", "x"],
    ] {
        assert_eq!(sandbox.run(&[&train[..], wrong].concat()).code, Some(2), "{wrong:?}");
    }
    let inside = sandbox.fail(&[&train[..], &["--cache-dir", "model/cache"]].concat());
    assert_eq!(inside, "model/cache: lies in the model's folder: choose another --cache-dir");
    sandbox.write("file", "");
    let outcome = sandbox.run(&[&train[..], &["--cache-dir", "file"]].concat());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("note: features are not kept for a later run: file/"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn two_processes_at_once_and_kills_at_any_moment() {
    let sandbox = Sandbox::new();
    let data: String = (0..3000).map(|i| format!("the film number {i} is quiet\t{}\n", i % 2)).collect();
    sandbox.write("many.tsv", data);
    let bert = encoder("bert");
    let args = |output: &'static str, more: &[&'static str]| {
        let all =
            ["train", "-q", "--encoder", &bert, "--data", "many.tsv", "--json", "-", "--output", output];
        // Without the choice of features, because it takes longer than the encoder, which is to be killed here.
        let all = [&all[..], &["--features", "article"]].concat();
        all.iter().chain(more).map(ToString::to_string).collect::<Vec<String>>()
    };
    let plain = sandbox.command(&args("plain", &["--no-cache"])).output().unwrap();
    let expected = without_seconds(&String::from_utf8_lossy(&plain.stdout));
    for delay in [0, 50, 100, 200, 300, 400, 600, 800] {
        let mut children: Vec<_> = ["a", "b"]
            .map(|output| sandbox.command(&args(output, &["--cache-dir", "cache"])).spawn().unwrap())
            .into();
        std::thread::sleep(Duration::from_millis(delay));
        let mut killed = children.remove(0);
        killed.kill().unwrap();
        killed.wait().unwrap();
        let other = children.remove(0).wait_with_output().unwrap();
        assert_eq!(without_seconds(&String::from_utf8_lossy(&other.stdout)), expected, "{delay} ms");
        // The next run uses what was left, and the one after it encodes nothing.
        let again = sandbox.command(&args("c", &["--cache-dir", "cache"])).output().unwrap();
        assert_eq!(without_seconds(&String::from_utf8_lossy(&again.stdout)), expected, "{delay} ms");
        fs::remove_dir_all(sandbox.path("cache")).unwrap();
    }
}
