//! `--group-column` and `--group-duplicates` in all commands that split data or make folds.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use std::collections::BTreeSet;

use common::{Sandbox, encoder};
use serde_json::Value;

/// Sixty rows by fifteen authors; each sentence of the first ten rows occurs again in the next ten.
fn reviews() -> String {
    let row = |i: usize| {
        let film = if i < 20 { i % 10 } else { i };
        let (text, label) = match i % 2 {
            0 => (format!("the film number {film} is wonderful"), "good"),
            _ => (format!("film {film} was a quiet bore"), "bad"),
        };
        format!("{text},{label},author {}\n", i % 15)
    };
    format!("text,label,author\n{}", (0..60).map(row).collect::<String>())
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("reviews.csv", reviews());
    sandbox
}

fn report(sandbox: &Sandbox, more: &[&str]) -> Value {
    let bert = encoder("bert");
    let train =
        ["train", "-q", "--encoder", &bert, "--data", "reviews.csv", "--output", "model", "--json", "-"];
    serde_json::from_str(&sandbox.succeed(&[&train, more].concat())).unwrap()
}

fn test_rows(report: &Value) -> BTreeSet<u64> {
    let rows = report["split"]["test_indices"].as_array().unwrap();
    rows.iter().map(|row| row.as_u64().unwrap()).collect()
}

/// Oracle: scikit-learn 1.9.1,
/// `next(GroupShuffleSplit(1, test_size=0.25, random_state=3).split(x, groups=[f"author {i % 15}" for i in range(60)]))[1]`.
#[test]
fn the_split_is_that_of_scikit_learn() {
    let sandbox = sandbox();
    let expected: Vec<u64> = vec![1, 7, 12, 14, 16, 22, 27, 29, 31, 37, 42, 44, 46, 52, 57, 59];
    for more in [&[][..], &["--multi-label", ";"]] {
        let args = [&["--group-column", "author", "--seed", "3"], more].concat();
        let report = report(&sandbox, &args);
        assert_eq!(report["split"]["test_indices"], serde_json::json!(expected), "{more:?}");
        assert_eq!(report["dataset"]["n_groups"], 15);
        // The name of the column is saved, the groups are not.
        for entry in std::fs::read_dir(sandbox.path("model")).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            assert!(!String::from_utf8_lossy(&bytes).contains("author 1"));
        }
    }
    assert!(report(&sandbox, &[])["dataset"].get("n_groups").is_none());
}

#[test]
fn folds_go_by_groups_wherever_there_are_folds() {
    let sandbox = sandbox();
    let more: [&[&str]; 5] = [
        &["--grid-search"],
        &["--features", "auto"],
        &["--calibration", "temperature"],
        &["--multi-label", ";", "--thresholds", "f1", "--grid-search"],
        &["--multi-label", ";", "--features", "auto"],
    ];
    for more in more {
        let grouped = [&["--group-column", "author"], more].concat();
        let found = report(&sandbox, &grouped);
        assert!(
            test_rows(&found).iter().all(|row| test_rows(&found).contains(&((row + 15) % 60))),
            "{more:?}"
        );
        // Four authors are too few for five folds, but enough to leave one out.
        let four = reviews()
            .lines()
            .enumerate()
            .map(|(i, line)| match i {
                0 => format!("{line}\n"),
                _ => format!("{} {}\n", line.rsplit_once(' ').unwrap().0, i % 5),
            })
            .collect::<String>();
        sandbox.write("four.csv", four);
        let bert = encoder("bert");
        let args = [
            "train",
            "-q",
            "--encoder",
            &bert,
            "--data",
            "four.csv",
            "--output",
            "other",
            "--group-column",
            "author",
        ];
        if more.contains(&"auto") {
            let outcome = sandbox.run(&[&args, more].concat());
            assert_eq!(outcome.code, Some(0), "{more:?}: {}", outcome.stderr);
            std::fs::remove_dir_all(sandbox.path("other")).unwrap();
            continue;
        }
        let error = sandbox.fail(&[&args, more].concat());
        assert!(
            error.contains("expected at least 5 groups for 5 folds, got 4") || error.contains("got 3"),
            "{more:?}: {error}"
        );
    }
}

#[test]
fn advise_curve_and_doctor_take_groups() {
    let sandbox = sandbox();
    let bert = encoder("bert");
    let more: [&[&str]; 2] = [&[], &["--multi-label", ";"]];
    for more in more {
        for group in [&["--group-column", "author"][..], &["--group-duplicates"]] {
            for command in ["advise", "curve"] {
                let args = [command, "-q", "--encoder", &bert, "--data", "reviews.csv"];
                let text = sandbox.succeed(&[&args, group, more].concat());
                assert!(command == "curve" || text.contains(&group.join(" ")), "{text}");
            }
        }
        let options = [&["--group-column", "author", "--group-duplicates"], more].concat();
        let args = [&["doctor", "-q", "reviews.csv", "--encoder", &bert, "--json"], &options[..]].concat();
        let grouped: Value = serde_json::from_str(&sandbox.succeed(&args)).unwrap();
        assert_eq!(grouped["n_groups"], 5, "authors that share a sentence are one group");
        let args = [&["doctor", "-q", "reviews.csv", "--encoder", &bert, "--json", "--all"], more].concat();
        let plain: Value = serde_json::from_str(&sandbox.succeed(&args)).unwrap();
        assert!(plain.get("n_groups").is_none());
        let args = [&args[..], &["--group-column", "author"]].concat();
        let by_author: Value = serde_json::from_str(&sandbox.succeed(&args)).unwrap();
        assert_ne!(plain["label_issues"], by_author["label_issues"], "other folds, other judges");
    }
}

/// Oracle: the ten sentences that occur twice.
#[test]
fn equal_sentences_are_kept_on_one_side_or_noted() {
    let sandbox = sandbox();
    let bert = encoder("bert");
    for more in [&[][..], &["--multi-label", ";"]] {
        let train = [
            "train",
            "--encoder",
            &bert,
            "--data",
            "reviews.csv",
            "--output",
            "model",
            "--json",
            "report.json",
        ];
        let outcome = sandbox.run(&[&train, more].concat());
        let stderr = outcome.stderr.replace('\n', " ");
        assert!(stderr.contains("test rows are also in the training rows"), "{stderr}");
        assert!(
            stderr.contains("keep equal sentences on one side of the split with --group-duplicates"),
            "{stderr}"
        );
        let outcome = sandbox.run(&[&train, &["--group-duplicates"][..], more].concat());
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert!(!outcome.stderr.contains("also in the training rows"), "{}", outcome.stderr);
        let report = common::read_json(&sandbox.path("report.json"));
        assert_eq!(
            (&report["split"]["n_test_in_training"], &report["dataset"]["n_groups"]),
            (&0.into(), &50.into())
        );
        let test = test_rows(&report);
        assert!((0..10).all(|row| test.contains(&row) == test.contains(&(row + 10))), "{test:?}");
    }
}

#[test]
fn what_groups_cannot_do_is_refused_before_the_encoder() {
    let sandbox = sandbox();
    sandbox.write(
        "one.csv",
        reviews()
            .replace("author 1", "author 0")
            .lines()
            .map(|line| {
                format!(
                    "{}\n",
                    line.rsplit_once(" ")
                        .filter(|(start, _)| start.ends_with("author"))
                        .map_or(line.to_string(), |(start, _)| format!("{start} 1"))
                )
            })
            .collect::<String>(),
    );
    sandbox.write("gap.csv", reviews().replacen("author 3", "", 1));
    let bert = encoder("bert");
    for (data, more, expected) in [
        ("one.csv", &[][..], "expected at least 2 groups for a split, got 1"),
        ("gap.csv", &[], "gap.csv: line 5: expected a group, got an empty cell"),
        ("reviews.csv", &["--stratify"], "got both"),
        ("reviews.csv", &["--test-size", "15"], "expected 1 to 14 of 15 groups, got 15"),
    ] {
        for kind in [&[][..], &["--multi-label", ";"]] {
            let train = [
                "train",
                "-q",
                "--encoder",
                &bert,
                "--data",
                data,
                "--output",
                "model",
                "--group-column",
                "author",
            ];
            let error = sandbox.fail(&[&train, more, kind].concat());
            assert!(error.contains(expected), "{data} {more:?}: {error}");
        }
    }
    let train = [
        "train",
        "--encoder",
        &bert,
        "--data",
        "gap.csv",
        "--output",
        "model",
        "--group-column",
        "author",
        "--skip-bad-rows",
    ];
    let outcome = sandbox.run(&train);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("1 bad row of gap.csv skipped"), "{}", outcome.stderr);
}
