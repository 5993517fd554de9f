//! Errors of clap, help, completions and `list`.

mod common;

use common::{Sandbox, json_lines};

const COMMANDS: [&str; 15] = [
    "tutorial",
    "doctor",
    "curve",
    "train",
    "evaluate",
    "compare",
    "predict",
    "import",
    "export",
    "embed",
    "tokenize",
    "bench",
    "pull",
    "list",
    "completions",
];

#[test]
fn wrong_command_lines_exit_with_2_and_say_what_is_expected() {
    let sandbox = Sandbox::with_reviews();
    let train = ["train", "--encoder", "e", "--data", "reviews.tsv", "--output", "m"];
    let with = |more: &[&'static str]| [&train[..], more].concat();
    for (args, expected) in [
        (with(&["--c", "-1"]), "'-1' for '--c <C>': expected a positive number"),
        (with(&["--c", "0"]), "expected a positive number"),
        (with(&["--c", "inf"]), "expected a positive number"),
        (with(&["--c", "nan"]), "expected a positive number"),
        (with(&["--c-grid", "1,-2"]), "'-2' for '--c-grid <C,C,...>': expected a positive number"),
        (with(&["--c-grid", "1,,2"]), "expected a positive number"),
        (with(&["--test-size", "1.5"]), "expected a share between 0 and 1, or a number of rows"),
        (with(&["--test-size", "0"]), "expected a share between 0 and 1, or a number of rows"),
        (with(&["--test-size", "-0.25"]), "expected a share between 0 and 1, or a number of rows"),
        (with(&["--test-size", "0.5", "--test-data", "t.tsv"]), "cannot be used with"),
        (with(&["--limit", "0"]), "expected a whole number of at least 1"),
        (with(&["--limit", "-3"]), "expected a whole number of at least 1"),
        (with(&["--seed", "-1"]), "-1 is not in 0..=4294967295"),
        (with(&["--seed", "4294967296"]), "4294967296 is not in 0..=4294967295"),
        (with(&["--pooling", "sum"]), "expected cls, mean, max, several joined by +, or auto"),
        (with(&["--pooling", "cls+cls"]), "expected every pooling once"),
        (
            with(&["--layers", "3-1"]),
            "expected last, all, a layer such as 9 or some such as 9-12, got \"3-1\"",
        ),
        (with(&["--features", "auto", "--layers", "2"]), "cannot be used with"),
        (with(&["--features", "auto", "--grid-search"]), "cannot be used with"),
        (with(&["--features", "best"]), "[possible values: auto, article]"),
        (with(&["--features", "auto", "--c", "2"]), "'--features auto' cannot be used with '--c'"),
        (with(&["--features", "auto", "--c-grid", "1,2"]), "cannot be used with '--c-grid'"),
        (
            with(&["--features", "article", "--scoring", "accuracy"]),
            "cannot be used with '--features article'",
        ),
        (with(&["--pooling", "mean", "--scoring", "accuracy"]), "cannot be used with '--pooling'"),
        (with(&["--scaling", "some"]), "[possible values: auto, none, standard]"),
        (with(&["--calibration", "isotonic"]), "[possible values: none, temperature, platt]"),
        (with(&["--abstain-below", "1.5"]), "expected a number between 0 and 1"),
        (with(&["--target-precision", "-0.9"]), "expected a number between 0 and 1"),
        (with(&["--abstain-below", "0.9", "--target-precision", "0.9"]), "cannot be used with"),
        (with(&["--thresholds", "f1_macro", "--cost-matrix", "c.csv"]), "cannot be used with"),
        (with(&["--thresholds", "f2"]), "[possible values: f1_macro, f1, half]"),
        (with(&["--thresholds", "f1"]), "without it there is f1_macro"),
        (with(&["--class-weight", "half"]), "[possible values: none, balanced]"),
        (with(&["--format", "xlsx"]), "expected tsv, csv, jsonl, fasttext or lines, got \"xlsx\""),
        (with(&["--header", "maybe"]), "expected auto, present or absent, got \"maybe\""),
        (with(&["--threads", "0"]), "0 is not in 1..=1024"),
        (with(&["--threads", "-1"]), "-1 is not in 1..=1024"),
        (with(&["-q", "-v"]), "cannot be used with"),
        (with(&["--no-such-option"]), "unexpected argument '--no-such-option'"),
        (with(&["stray"]), "unexpected argument 'stray'"),
        (vec!["train", "--output", "m"], "--data <FILE>"),
        (vec!["embed", "--encoder", "e", "--input", "x"], "--output <OUT.npy>"),
        (vec!["tokenize", "--encoder", "e"], "<TEXT>..."),
        (vec!["predict"], "<MODEL>"),
        (vec!["predict", "m", "--dtype", "f16"], "[possible values: f32, bf16, int8, auto]"),
        (vec!["bench"], "--encoder <ENCODER>"),
        (vec!["bench", "--encoder", "e", "--limit", "0"], "expected a whole number of at least 1"),
        (vec!["predict", "m", "-x"], "use '-- -x'"),
        (vec!["predict", "m", "--output-format", "xml"], "[possible values: text, json, tsv, csv, jsonl]"),
        (vec!["completions", "cmd"], "possible values: bash"),
        (vec!["no-such-command"], "unrecognized subcommand 'no-such-command'"),
        (vec![], "Usage: clsify"),
    ] {
        let before = sandbox.entries();
        let outcome = sandbox.run(&args);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{args:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(expected), "{args:?}: {}", outcome.stderr);
        assert_eq!(sandbox.entries(), before, "{args:?}");
    }
}

/// An option that would have no effect is an error, before anything is read.
#[test]
fn options_for_a_file_need_the_file() {
    let sandbox = Sandbox::new();
    for option in [&["--format", "csv"][..], &["--text-column", "x"], &["--header", "absent"]] {
        for (args, expected) in [
            (&["predict", "m", "a"][..], "cannot be used with"),
            (&["predict", "m"], "--input <FILE>"),
            (&["bench", "--encoder", "e"], "--input <FILE>"),
            (&["tutorial"], "--data <FILE>"),
        ] {
            let outcome = sandbox.run(&[args, option].concat());
            assert_eq!(outcome.code, Some(2), "{args:?} {option:?}: {}", outcome.stderr);
            assert!(outcome.stderr.contains(expected), "{args:?} {option:?}: {}", outcome.stderr);
        }
    }
    let outcome = sandbox.run(&["tutorial", "--skip-bad-rows"]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
}

/// A file is not written under the extension of another format.
#[test]
fn forms_that_are_not_written_are_refused_by_their_extension() {
    let sandbox = Sandbox::with_reviews();
    for (args, output) in [
        (&["predict", "m", "--output", "out.xlsx", "a"][..], "out.xlsx"),
        (&["evaluate", "m", "--data", "reviews.tsv", "--chart", "chart.PNG"], "chart.PNG"),
        (&["evaluate", "m", "--data", "reviews.tsv", "--errors", "errors.parquet"], "errors.parquet"),
        (&["embed", "--encoder", "e", "--input", "reviews.tsv", "--output", "x.npz"], "x.npz"),
    ] {
        let error = sandbox.fail(args);
        let expected = format!("{output}: expected the name of a text file, page, SVG or NumPy array");
        assert!(error.starts_with(&expected), "{error}");
    }
}

#[test]
fn every_command_has_help_with_an_example() {
    let sandbox = Sandbox::new();
    let help = sandbox.succeed(&["--help"]);
    for command in COMMANDS {
        assert!(help.contains(&format!("\n  {command} ")), "{command}");
        for flag in ["--help", "-h"] {
            let text = sandbox.succeed(&[command, flag]);
            let example = text.split("Example").nth(1).unwrap_or_default();
            assert!(example.contains(&format!("clsify {command}")), "{command}: {text}");
            assert!(text.contains("--threads <N>") && text.contains("--quiet"), "{text}");
        }
    }
    assert!(help.contains("Examples:\n  clsify tutorial"));
    assert!(sandbox.succeed(&["--version"]).starts_with("clsify 0."));
}

#[test]
fn completions_name_commands_and_options() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = sandbox.succeed(&["completions", shell]);
        assert!(script.contains("tokenize") && script.contains("bundle-encoder"), "{shell}");
    }
}

#[test]
fn list_works_without_a_network() {
    let sandbox = Sandbox::new();
    let lines = json_lines(&sandbox.succeed(&["list", "--json"]));
    let table = sandbox.succeed(&["list"]);
    for name in ["distilbert-base-uncased", "bert-base-uncased", "all-MiniLM-L6-v2", "all-mpnet-base-v2"] {
        assert!(lines.iter().any(|line| line["name"] == name && line["folder"].is_null()), "{name}");
        assert!(table.contains(name), "{table}");
    }
}

#[test]
fn pull_of_a_folder_prints_its_path_and_nothing_else() {
    let sandbox = Sandbox::new();
    let folder = common::encoder("bert");
    let outcome = sandbox.run(&["pull", &folder]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    assert_eq!(outcome.stdout, format!("{folder}\n"));
}

#[test]
fn what_is_printed_can_go_to_a_file() {
    let sandbox = Sandbox::with_model();
    let bert = common::encoder("bert");
    let commands: [&[&str]; 5] = [
        &["evaluate", "-q", "model", "--data", "reviews.tsv"],
        &["curve", "-q", "--encoder", &bert, "--data", "reviews.tsv", "--json"],
        &["list"],
        &["list", "--json"],
        &["tokenize", "-q", "--encoder", &bert, "film"],
    ];
    for args in commands {
        let printed = sandbox.succeed(args);
        assert!(!printed.is_empty());
        assert_eq!(sandbox.succeed(&[args, &["--output", "-"]].concat()).len(), printed.len(), "{args:?}");
        assert_eq!(sandbox.succeed(&[args, &["--output", "out"]].concat()), "", "{args:?}");
        let written = std::fs::read_to_string(sandbox.path("out")).unwrap();
        // A report contains the time that it took.
        assert_eq!(written.lines().count(), printed.lines().count(), "{args:?}");
        std::fs::remove_file(sandbox.path("out")).unwrap();
        let error = sandbox.fail(&[args, &["--output", "none/out"]].concat());
        assert_eq!(error, "none: no such folder");
    }
    let speed = ["bench", "-q", "--encoder", &bert, "--limit", "2", "--dtype", "f32", "--output", "out"];
    assert_eq!(sandbox.succeed(&speed), "");
    assert!(std::fs::read_to_string(sandbox.path("out")).unwrap().starts_with("encoder "));
    let same = ["evaluate", "model", "--data", "reviews.tsv", "--output", "reviews.tsv"];
    assert_eq!(sandbox.fail(&same), "reviews.tsv: expected a file to write, got one to read");
}
