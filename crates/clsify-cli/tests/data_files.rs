//! Data files in all formats: JSON arrays, fastText lines, gzip, label columns, and rows that cannot be used.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use std::io::Write;

use common::{Sandbox, encoder, json_lines, read_json, reviews};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

fn gzip(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes.as_ref()).unwrap();
    encoder.finish().unwrap()
}

/// The rows of `reviews.tsv` as JSON objects.
fn objects() -> Vec<Value> {
    let rows = reviews();
    let rows = rows.lines().map(|row| row.split_once('\t').unwrap());
    rows.map(|(text, label)| json!({"text": text, "label": label})).collect()
}

/// Oracle: the report of the same rows as TSV.
#[test]
fn the_same_rows_give_the_same_model_in_every_form() {
    let sandbox = Sandbox::with_reviews();
    let bert = encoder("bert");
    let report = |data: &str, more: &[&str], input: &[u8]| -> Value {
        let args = ["train", "-q", "--encoder", &bert, "--json", "-", "--output", "m", "--data", data];
        let outcome = sandbox.run_with_input(&[&args, more].concat(), input);
        assert_eq!(outcome.code, Some(0), "{data}: {}", outcome.stderr);
        let mut report: Value = serde_json::from_str(&outcome.stdout).unwrap();
        report.as_object_mut().unwrap().remove("seconds");
        report
    };
    let expected = report("reviews.tsv", &[], b"");
    let array = serde_json::to_string(&objects()).unwrap();
    let pretty = serde_json::to_string_pretty(&objects()).unwrap();
    let fasttext: String = reviews()
        .lines()
        .map(|row| row.split_once('\t').unwrap())
        .map(|(text, label)| format!("__label__{label} {text}\n"))
        .collect();
    for (name, bytes) in [
        ("a.json", array.clone().into_bytes()),
        ("b.json", pretty.into_bytes()),
        ("c.json.gz", gzip(&array)),
        ("d.txt", fasttext.clone().into_bytes()),
        ("e.ft.txt.gz", gzip(&fasttext)),
        ("f.tsv.gz", gzip(reviews())),
        ("g.tsv", gzip(reviews())),
    ] {
        sandbox.write(name, bytes);
        assert_eq!(report(name, &[], b""), expected, "{name}");
    }
    assert_eq!(report("-", &["--format", "tsv"], &gzip(reviews())), expected);
    assert_eq!(report("-", &["--format", "json"], array.as_bytes()), expected);
    assert_eq!(report("-", &["--format", "fasttext"], fasttext.as_bytes()), expected);

    // `predict` and `embed` ignore labels, which are never part of a sentence.
    let answers = sandbox.succeed(&["predict", "m", "--input", "reviews.tsv"]);
    for name in ["a.json", "d.txt", "e.ft.txt.gz", "f.tsv.gz"] {
        assert_eq!(sandbox.succeed(&["predict", "m", "--input", name]), answers, "{name}");
    }
    sandbox.write("sentences.json", "[\"a fine film\",\n\"a bore\"]");
    assert_eq!(sandbox.succeed(&["predict", "m", "--input", "sentences.json"]).lines().count(), 2);
    sandbox.succeed(&["embed", "-q", "--encoder", &bert, "--input", "c.json.gz", "--output", "c.npy"]);
    sandbox.succeed(&["embed", "-q", "--encoder", &bert, "--input", "reviews.tsv", "--output", "r.npy"]);
    assert!(std::fs::read(sandbox.path("c.npy")).unwrap() == std::fs::read(sandbox.path("r.npy")).unwrap());
}

#[test]
fn files_that_are_no_text_are_refused_by_every_command() {
    let sandbox = Sandbox::with_model();
    let bert = encoder("bert");
    sandbox.write("t.parquet", b"PAR1\x15\x04\x15\0PAR1");
    sandbox.write("cut.tsv.gz", &gzip(reviews())[..100]);
    for (file, expected) in [
        ("t.parquet", "t.parquet: expected text, got Parquet"),
        ("cut.tsv.gz", "expected whole gzip data, got the end of the file"),
    ] {
        for args in [
            &["train", "--encoder", &bert, "--output", "m2", "--data", file][..],
            &["train", "--encoder", &bert, "--output", "m2", "--data", file, "--skip-bad-rows"],
            &["train", "--encoder", &bert, "--output", "m2", "--data", "reviews.tsv", "--test-data", file],
            &["evaluate", "model", "--data", file],
            &["compare", "model", "model", "--data", file],
            &["advise", "--encoder", &bert, "--data", file],
            &["curve", "--encoder", &bert, "--data", file],
            &["predict", "model", "--input", file],
            &["embed", "--encoder", &bert, "--output", "x.npy", "--input", file],
        ] {
            let mut outcome = sandbox.run(args);
            if args[0] == "predict" && file == "cut.tsv.gz" {
                // The sentences before the cut are answered.
                assert!(outcome.stdout.lines().count() > 2, "{}", outcome.stdout);
                outcome.stdout.clear();
            }
            let message = outcome.error_line("a file that is no text");
            assert!(message.ends_with(expected), "{args:?}: {message}");
        }
    }
    let doctor = sandbox.run(&["doctor", "--text-only", "t.parquet"]);
    assert_eq!(doctor.code, Some(1));
    assert!(
        doctor.stderr.contains("pandas.read_parquet('t.parquet').to_csv('t.csv', index=False)"),
        "{}",
        doctor.stderr
    );
}

/// Reviews with twelve bad rows of each of four kinds, and their lines.
fn dirty() -> (String, Vec<usize>) {
    let (mut text, mut bad) = (String::new(), Vec::new());
    for (i, row) in reviews().lines().enumerate() {
        text.push_str(&format!("{row}\n"));
        if i % 2 == 1 {
            text.push_str(
                ["\tgood\n", "a film without a label\t\n", "three\tcolumns\tgood\n", "  \tbad\n"][i / 2 % 4],
            );
            bad.push(i + 1 + bad.len() + 1);
        }
    }
    (text, bad)
}

/// Oracle: the same commands on a file with only the good rows.
#[test]
fn bad_rows_are_left_out_and_named_when_asked_for() {
    let sandbox = Sandbox::with_model();
    let bert = encoder("bert");
    let (text, bad) = dirty();
    assert_eq!(bad.len(), 12);
    sandbox.write("dirty.tsv", &text);
    let train = ["train", "--encoder", &bert, "--json", "-", "--output", "m2", "--data"];
    let with_test = ["--test-data", "dirty.tsv"];
    let evaluate = ["evaluate", "model", "--json", "-", "--data"];
    let compare = ["compare", "model", "model", "--json", "--data"];
    let advise = ["advise", "--encoder", &bert, "--json", "--data"];
    let curve = ["curve", "--encoder", &bert, "--json", "--sizes", "8,12,18", "--data"];
    for (args, more) in [
        (&train[..], &[][..]),
        (&train, &with_test),
        (&evaluate, &[]),
        (&compare, &[]),
        (&advise, &[]),
        (&curve, &[]),
        (&curve, &with_test),
    ] {
        let strict = sandbox.run(&[args, &["dirty.tsv"], more].concat());
        assert_eq!(strict.code, Some(1), "{args:?}");
        assert!(
            strict.stderr.contains("dirty.tsv: line 3: expected a sentence, got an empty one"),
            "{}",
            strict.stderr
        );
        assert!(strict.stderr.contains("--skip-bad-rows"), "{}", strict.stderr);

        let outcome = sandbox.run(&[args, &["dirty.tsv", "--skip-bad-rows"], more].concat());
        assert_eq!(outcome.code, Some(0), "{args:?}: {}", outcome.stderr);
        let lines: Vec<&str> = outcome.stderr.lines().collect();
        let at = lines.iter().position(|line| *line == "note: 12 bad rows of dirty.tsv skipped:").unwrap();
        for (line, place) in lines[at + 1..].iter().zip(&bad[..10]) {
            assert!(line.starts_with(&format!("  line {place}: expected ")), "{line}");
        }
        assert_eq!(lines[at + 11], "  ... and 2 more; clsify doctor lists them");
        let n_notes = lines.iter().filter(|line| line.starts_with("note: 12 bad rows")).count();
        assert_eq!(n_notes, if more.is_empty() { 1 } else { 2 });

        let clean: Vec<&str> =
            more.iter().map(|arg| if *arg == "dirty.tsv" { "reviews.tsv" } else { arg }).collect();
        let expected = sandbox.run(&[args, &["reviews.tsv"], &clean].concat());
        let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let (found, expected) = (json(&outcome.stdout), json(&expected.stdout));
        if found["dataset"].is_object() {
            assert_eq!(found["dataset"]["n_skipped"], 12);
            assert!(expected["dataset"].get("n_skipped").is_none());
        }
        if !more.is_empty() && args[0] == "train" {
            assert_eq!(found["test_data"]["dataset"]["n_skipped"], 12);
        }
        let part = |report: &Value| match args[0] {
            "train" | "evaluate" => report["test"].clone(),
            "compare" => report["a"]["test"].clone(),
            "advise" => report[0]["selection"]["chosen"].clone(),
            _ => report["points"].clone(),
        };
        assert!(!part(&found).is_null(), "{found}");
        assert_eq!(part(&found), part(&expected), "{args:?}");
    }
}

#[test]
fn bad_rows_are_left_out_in_every_format_and_of_label_sets() {
    let sandbox = Sandbox::new();
    let bert = encoder("bert");
    let good: Vec<String> = objects().iter().map(Value::to_string).collect();
    let bad = [
        r#"{"text":"","label":"good"}"#,
        r#"{"text":"x"}"#,
        r#"{"text":"x","label":null}"#,
        r#"{"text":7,"label":"bad"}"#,
        r#"{"text":"x",,}"#,
    ];
    let lines: Vec<&str> =
        good[..3].iter().map(String::as_str).chain(bad).chain(good[3..].iter().map(String::as_str)).collect();
    let csv: String = reviews().replace('\t', ",") + "\"a \"b\" c\",good\n,good\n";
    let joined = reviews().replace('\t', ",") + "\"open,good\nx,bad\ny \"so\",bad\n";
    let fasttext: String = reviews()
        .lines()
        .map(|row| row.split_once('\t').unwrap())
        .map(|(text, label)| format!("__label__{label} {text}\n"))
        .collect::<String>()
        + "no label\n__label__a __label__b x\n";
    let mut latin = reviews().into_bytes();
    latin.extend_from_slice(b"caf\xe9\tgood\n");
    for (name, bytes, n, first) in [
        ("a.jsonl", lines.join("\n").into_bytes(), 5, "line 4: expected a sentence, got an empty one"),
        (
            "a.json",
            format!("[{}]", lines.join(",")).into_bytes(),
            5,
            "record 4 (line 1): expected a sentence, got an empty one",
        ),
        ("a.csv", csv.clone().into_bytes(), 2, "line 25: expected a comma after the closing quote, got"),
        ("b.csv", joined.into_bytes(), 1, "(with all of lines 25 to 27)"),
        ("a.txt", fasttext.into_bytes(), 2, "line 25: expected a label, got an empty one"),
        ("a.tsv", latin, 1, "line 25: expected UTF-8, got the byte 0xe9 at byte 4"),
    ] {
        sandbox.write(name, bytes);
        let args = [
            "train",
            "--encoder",
            &bert,
            "--output",
            "m",
            "--json",
            "r.json",
            "--skip-bad-rows",
            "--data",
            name,
        ];
        let outcome = sandbox.run(&args);
        assert_eq!(outcome.code, Some(0), "{name}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(first), "{name}: {}", outcome.stderr);
        let dataset = &read_json(&sandbox.path("r.json"))["dataset"];
        assert_eq!(
            (dataset["n_samples"].as_u64(), dataset["n_skipped"].as_u64()),
            (Some(24), Some(n)),
            "{name}"
        );
    }
    // If a sentence may have several labels, an empty label cell is not a bad row.
    let sets = reviews().replace("bad\n", "\n") + "\tgood\nx\ty\tz\n";
    sandbox.write("sets.tsv", sets);
    let args = ["--encoder", &bert, "--data", "sets.tsv", "--multi-label", ";", "--skip-bad-rows"];
    let outcome = sandbox.run(&[&["train", "--output", "m", "--json", "r.json"], &args[..]].concat());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("note: 2 bad rows of sets.tsv skipped:\n  line 25: expected a sentence"),
        "{}",
        outcome.stderr
    );
    let dataset = &read_json(&sandbox.path("r.json"))["dataset"];
    assert_eq!((&dataset["n_samples"], &dataset["n_skipped"]), (&json!(24), &json!(2)));
    for args in [
        &["evaluate", "m", "--data", "sets.tsv", "--skip-bad-rows"][..],
        &["compare", "m", "m", "--data", "sets.tsv", "--skip-bad-rows"],
        &[&["curve", "--sizes", "8,12,18"], &args[..]].concat(),
        &[&["advise"], &args[..]].concat(),
    ] {
        let outcome = sandbox.run(args);
        assert_eq!(outcome.code, Some(0), "{args:?}: {}", outcome.stderr);
        assert!(
            outcome.stderr.contains("note: 2 bad rows of sets.tsv skipped:"),
            "{args:?}: {}",
            outcome.stderr
        );
    }
    // The command that `advise` prints reads the same rows.
    let advice = sandbox.succeed(&[&["advise", "--json"], &args[..]].concat());
    let advice: Value = serde_json::from_str(&advice).unwrap();
    assert!(advice[0]["command"].as_str().unwrap().contains(" --skip-bad-rows"), "{}", advice[0]["command"]);
}

#[test]
fn a_file_of_bad_rows_or_one_that_cannot_be_read_on_is_an_error() {
    let sandbox = Sandbox::new();
    let bert = encoder("bert");
    for (name, text, message) in [
        ("all.tsv", "\ta\nb\t\n\tc\n".to_string(), "all.tsv: line 1: expected a sentence, got an empty one"),
        (
            "all.jsonl",
            "{\n\"text\"\n".to_string(),
            "all.jsonl: line 1: expected a JSON object, got broken JSON at byte 1: EOF while parsing an object",
        ),
        (
            "open.csv",
            reviews().replace('\t', ",") + "\"never closed,good\nx,bad\n",
            "open.csv: line 25: expected a closing quote, got the end of the file",
        ),
        (
            "cut.json",
            "[{\"text\":\"a\",\"label\":1},{\"text\":\"b\",\"label\":2}".to_string(),
            "cut.json: line 1: expected a comma or ] after record 2, got the end of the file",
        ),
        (
            "one.tsv",
            "a\tx\n\ty\n".to_string(),
            "one.tsv: line 1: expected at least 2 classes, got only \"x\"",
        ),
    ] {
        sandbox.write(name, text);
        assert_eq!(
            sandbox.fail(&["train", "--encoder", &bert, "--output", "m", "--skip-bad-rows", "--data", name]),
            message
        );
    }
    let outcome =
        sandbox.run(&["train", "--encoder", &bert, "--output", "m", "--skip-bad-rows", "--data", "all.tsv"]);
    assert!(outcome.stderr.contains("none of its 3 rows can be used"), "{}", outcome.stderr);
}

/// Forty rows with the labels of the multi-label tests' `news`, one column per label.
fn one_hot(yes: &str, no: &str) -> String {
    let mut csv = "id,sentence,anger,film,weight\n".to_string();
    for (i, row) in news().iter().enumerate() {
        let flag = |label: &str| if row.1.contains(&label) { yes } else { no };
        csv.push_str(&format!("{i},{},{},{},{}\n", row.0, flag("anger"), flag("film"), 1 + i % 3));
    }
    csv
}

fn news() -> Vec<(String, Vec<&'static str>)> {
    (0..10)
        .flat_map(|i| {
            [
                (format!("a stunning film number {i}"), vec!["film"]),
                (format!("this is terrible ! {i}"), vec!["anger"]),
                (format!("a stunning film ; this is terrible ! {i}"), vec!["anger", "film"]),
                (format!("who is {i} ?"), vec![]),
            ]
        })
        .collect()
}

/// Oracle: the same rows with the labels in one cell.
#[test]
fn label_columns_are_label_sets_in_every_command() {
    let sandbox = Sandbox::new();
    let bert = encoder("bert");
    let cells: String = news()
        .iter()
        .enumerate()
        .map(|(i, (text, labels))| format!("{text}\t{}\t{}\n", labels.join(";"), 1 + i % 3))
        .collect();
    sandbox.write("cells.tsv", format!("sentence\tlabel\tweight\n{cells}"));
    let object = |(text, labels): &(String, Vec<&str>)| json!({"text": text, "anger": labels.contains(&"anger"), "film": u8::from(labels.contains(&"film"))});
    let objects: Vec<Value> = news().iter().map(object).collect();
    for (name, text) in [
        ("a.csv", one_hot("1", "0")),
        ("b.csv", one_hot("True", "False")),
        ("c.csv", one_hot("1.0", "0.0")),
        ("d.tsv", one_hot("true", "0").replace(',', "\t")),
        ("e.json", serde_json::to_string(&objects).unwrap()),
        ("f.jsonl", objects.iter().map(|object| format!("{object}\n")).collect()),
    ] {
        sandbox.write(name, text);
    }
    let run = |args: &[&str], data: &str, columns: &[&str]| -> Value {
        let args = [args, &["--data", data], columns].concat();
        let outcome = sandbox.run(&args);
        assert_eq!(outcome.code, Some(0), "{args:?}: {}", outcome.stderr);
        assert!(!outcome.stderr.contains("stands between"), "{}", outcome.stderr);
        let mut report: Value = serde_json::from_str(&outcome.stdout).unwrap();
        // Times differ.
        if let Some(report) = report.as_object_mut() {
            report.remove("seconds");
        }
        report
    };
    let (cell, columns) = (&["--multi-label", ";"][..], &["--label-columns", "anger,film"][..]);
    let train = ["train", "--encoder", &bert, "--output", "m", "--json", "-"];
    let expected = run(&train, "cells.tsv", cell);
    for name in ["a.csv", "b.csv", "c.csv", "d.tsv", "e.json", "f.jsonl"] {
        assert_eq!(run(&train, name, columns), expected, "{name}");
    }
    let by_number = ["--label-columns", "2,3", "--text-column", "1", "--header", "present"];
    assert_eq!(run(&train, "a.csv", &by_number), expected);
    let weighted = |columns: &[&'static str]| [columns, &["--weight-column", "weight"]].concat();
    assert_eq!(run(&train, "a.csv", &weighted(columns)), run(&train, "cells.tsv", &weighted(cell)));

    let evaluate = ["evaluate", "m", "--json", "-"];
    assert_eq!(run(&evaluate, "b.csv", columns), run(&evaluate, "cells.tsv", &[]));
    let compare = ["compare", "m", "m", "--json"];
    assert_eq!(run(&compare, "e.json", columns)["micro_f1"], run(&compare, "cells.tsv", &[])["micro_f1"]);
    let curve = ["curve", "--encoder", &bert, "--json", "--sizes", "10,16,24"];
    assert_eq!(run(&curve, "a.csv", columns), run(&curve, "cells.tsv", cell));
    let with_test = ["--label-columns", "anger,film", "--test-data", "b.csv"];
    assert_eq!(run(&train, "a.csv", &with_test)["test"]["n_samples"], 40);
    let advise = ["advise", "--encoder", &bert, "--json"];
    let advice = run(&advise, "a.csv", columns);
    assert_eq!(advice[0]["selection"]["chosen"], run(&advise, "cells.tsv", cell)[0]["selection"]["chosen"]);
    assert!(
        advice[0]["command"].as_str().unwrap().contains("--label-columns 'anger,film'"),
        "{}",
        advice[0]["command"]
    );
    let doctor = |file: &str, columns: &[&str]| {
        let text = sandbox.succeed(&[&["doctor", file, "--text-only", "--json"], columns].concat());
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let (of_columns, of_cells) = (doctor("a.csv", columns), doctor("cells.tsv", cell));
    assert_eq!(of_columns["label_sets"], of_cells["label_sets"]);
    assert_eq!(of_columns["class_balance"], of_cells["class_balance"]);
    // Answers have the names of the columns.
    let answers = json_lines(&sandbox.succeed(&[
        "predict",
        "m",
        "--output-format",
        "json",
        "a stunning film number 3",
    ]));
    assert!(answers[0]["labels"].is_array(), "{answers:?}");
}

#[test]
fn what_is_wrong_with_label_columns_is_said() {
    let sandbox = Sandbox::with_model();
    let bert = encoder("bert");
    let csv = one_hot("1", "0");
    sandbox.write("minus.csv", csv.replacen("film number 1,0,1", "film number 1,0,-1", 1));
    sandbox.write("empty.csv", csv.replacen("film number 1,0,1", "film number 1,,1", 1));
    sandbox.write("good.csv", &csv);
    sandbox.write("unknown.csv", csv.replacen("sentence", "remark", 1));
    let train = |file: &str, columns: &str, more: &[&str]| {
        sandbox.fail(
            &[
                &["train", "--encoder", &bert, "--output", "m", "--data", file, "--label-columns", columns],
                more,
            ]
            .concat(),
        )
    };
    assert_eq!(
        train("minus.csv", "anger,film", &[]),
        "minus.csv: line 6: expected 0 or 1 in the column \"film\", got \"-1\""
    );
    assert_eq!(
        train("empty.csv", "anger,film", &[]),
        "empty.csv: line 6: expected 0 or 1 in the column \"anger\", got \"\""
    );
    assert!(train("good.csv", "anger,flim", &[]).contains("expected a column \"flim\", got the columns"));
    assert!(train("unknown.csv", "anger,film", &[]).contains("expected a sentence column, got the columns"));
    assert!(
        train("good.csv", "sentence,film", &["--text-column", "sentence"])
            .contains("expected label columns apart from")
    );
    assert!(train("good.csv", "film,film", &[]).contains("expected every label column once"));
    assert!(train("good.csv", "film,3", &[]).contains("expected label columns apart from each other"));
    assert!(
        train("good.csv", "anger,film", &["--multi-label", "i"])
            .contains("expected labels without the separator \"i\", got \"film\"")
    );
    let both = sandbox.run(&[
        "train",
        "--encoder",
        &bert,
        "--output",
        "m",
        "--data",
        "good.csv",
        "--label-columns",
        "film",
        "--label-column",
        "anger",
    ]);
    assert_eq!(both.code, Some(2), "{}", both.stderr);
    let single = sandbox.fail(&["evaluate", "model", "--data", "good.csv", "--label-columns", "anger,film"]);
    assert!(single.contains("expected one label column, got columns of one label each"), "{single}");
    // Such rows can be left out, and a label that no row has is reported.
    sandbox.write(
        "none.csv",
        csv.replace("anger,film", "film,none").replace("film number 2,0,1", "film number 2,x,1"),
    );
    let outcome = sandbox.run(&[
        "train",
        "--encoder",
        &bert,
        "--output",
        "m",
        "--data",
        "minus.csv",
        "--label-columns",
        "anger,film",
        "--skip-bad-rows",
    ]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("note: 1 bad row of minus.csv skipped:\n  line 6: expected 0 or 1"),
        "{}",
        outcome.stderr
    );
    sandbox.write(
        "zero.csv",
        "text,a,b\nx,1,0\ny,0,0\nz,1,0\nw,0,0\n".to_string() + &"v,1,0\nu,0,0\n".repeat(9),
    );
    let outcome = sandbox.run(&[
        "train",
        "--encoder",
        &bert,
        "--output",
        "m",
        "--data",
        "zero.csv",
        "--label-columns",
        "a,b",
    ]);
    assert!(outcome.stderr.contains("note: no row of zero.csv has the label \"b\""), "{}", outcome.stderr);
}

/// The number of a column does not show whether the first row is a header, so it must be stated.
#[test]
fn a_header_is_no_sentence_where_the_column_is_a_number() {
    let sandbox = Sandbox::with_model();
    sandbox.write("h.csv", "id,remark\n1,fine day\n2,bad day\n");
    sandbox.write("h.tsv", "id\tremark\n1\tfine day\n2\tbad day\n3\ta day\n");
    for file in ["h.csv", "h.tsv"] {
        let predict = ["predict", "model", "--input", file, "--text-column", "1"];
        let error = sandbox.fail(&predict);
        let expected = "expected a first row that is clearly a header or a record, got \"id\", \"remark\"";
        assert!(error.contains(expected), "{error}");
        let n = std::fs::read_to_string(sandbox.path(file)).unwrap().lines().count();
        for (header, n) in [("present", n - 1), ("absent", n)] {
            let answers = sandbox.succeed(&[&predict[..], &["-q", "--header", header]].concat());
            assert_eq!(answers.lines().count(), n, "{file} {header}");
        }
    }
    let bert = encoder("bert");
    let embed = ["embed", "--encoder", &bert, "--input", "h.csv", "--text-column", "1", "--output", "x.npy"];
    assert!(sandbox.fail(&embed).contains("clearly a header or a record"));
    // TSV without a header is common.
    sandbox.write("plain.tsv", "1\tfine day\n2\tbad day\n");
    let predict = ["predict", "-q", "model", "--input", "plain.tsv", "--text-column", "1"];
    assert_eq!(sandbox.succeed(&predict).lines().count(), 2);
}

/// The sentence in the output is the one that was classified.
#[test]
fn sentences_are_carried_without_labels_and_from_json_strings() {
    let sandbox = Sandbox::with_model();
    sandbox.write("f.txt", "__label__good a treat\nanother __label__bad day\n");
    sandbox.write("s.json", "[\"a treat\", \"another day\"]");
    for file in ["f.txt", "s.json"] {
        let predict = ["predict", "-q", "model", "--input", file, "--output"];
        sandbox.succeed(&[&predict[..], &["o.csv"]].concat());
        sandbox.succeed(&[&predict[..], &["o.jsonl"]].concat());
        let csv = std::fs::read_to_string(sandbox.path("o.csv")).unwrap();
        let rows: Vec<&str> = csv.lines().map(|line| line.split(',').next().unwrap()).collect();
        assert_eq!(rows, ["sentence", "a treat", "another day"], "{file}");
        let jsonl = std::fs::read_to_string(sandbox.path("o.jsonl")).unwrap();
        assert!(jsonl.starts_with("{\"text\":\"a treat\",\"label\":"), "{file}: {jsonl}");
    }
}

/// In an array of objects and strings all sentences are kept; a key that appears late is reported.
#[test]
fn a_mixed_array_keeps_its_sentences() {
    let sandbox = Sandbox::with_model();
    sandbox.write("o.json", r#"[{"id": 1, "text": "a treat"}, "a chore", {"text": "a film", "late": 2}]"#);
    sandbox.write("s.json", r#"["a treat", {"id": 1, "text": "a chore"}, "a film"]"#);
    for (file, expected) in [
        ("o.json", &["id,text", "1,a treat", ",a chore", ",a film"][..]),
        ("s.json", &["sentence", "a treat", "a chore", "a film"][..]),
    ] {
        let outcome = sandbox.run(&["predict", "model", "--input", file, "--output", "o.csv"]);
        let csv = std::fs::read_to_string(sandbox.path("o.csv")).unwrap();
        let rows: Vec<&str> = csv.lines().map(|line| line.rsplit_once(',').unwrap().0).collect();
        assert_eq!(rows, expected, "{file}");
        let note = "note: the key \"late\" of record 3 is left out";
        assert_eq!(outcome.stderr.contains(note), file == "o.json", "{}", outcome.stderr);
    }
    sandbox.write("bad.json", r#"["a treat", " "]"#);
    let error = sandbox.run(&["predict", "model", "--input", "bad.json"]).stderr;
    assert!(error.contains("bad.json: record 2: expected a sentence"), "{error}");
}

/// Contradictory options are refused before anything is read or written.
#[test]
fn contradictions_on_the_command_line_are_refused() {
    let sandbox = Sandbox::with_model();
    for output in ["o.csv.gz", "o.jsonl.GZ"] {
        let error = sandbox.fail(&["predict", "model", "--input", "reviews.tsv", "--output", output]);
        assert!(error.contains("expected a name without .gz"), "{error}");
        let error = sandbox.fail(&["evaluate", "model", "--data", "reviews.tsv", "--errors", output]);
        assert!(error.contains("expected a name without .gz"), "{error}");
    }
    let train = ["train", "--encoder", &encoder("bert"), "--format", "tsv", "--output", "m"];
    let error = sandbox.fail(&[&train[..], &["--data", "-", "--test-data", "-"]].concat());
    assert!(error.contains("stdin: expected at most one input"), "{error}");
    for grid in [&["--grid-search"][..], &["--c-grid", "1,2"]] {
        let args = [&train[..], &["--data", "reviews.tsv", "--c", "3"], grid].concat();
        let stderr = sandbox.run(&args).stderr;
        assert!(stderr.contains(&format!("note: --c 3 has no effect: {} chooses", grid[0])), "{stderr}");
    }
    let error = sandbox.run(&[&train[..], &["--data", "reviews.tsv", "--delimiter", "é"]].concat()).stderr;
    assert!(error.contains("one ASCII character"), "{error}");
}

/// Hints can be followed as they are written.
#[test]
fn hints_fit_the_file() {
    let sandbox = Sandbox::with_model();
    sandbox.write("p.csv", b"PAR1\x15\x04\x15\x10");
    assert!(
        sandbox.run(&["predict", "model", "--input", "p.csv"]).stderr.contains(".to_csv('p.converted.csv'")
    );
    sandbox.write("mixed.csv", "text,label\nfine day;good\nbad day;bad\n");
    let error = sandbox.run(&["evaluate", "model", "--data", "mixed.csv"]).stderr;
    assert!(
        error.contains("if a semicolon separates the fields here") && error.contains("--delimiter \";\""),
        "{error}"
    );
    sandbox.write("quoted.csv", "text,label\n\"fine, day\",good\n");
    let error = sandbox.run(&["evaluate", "model", "--data", "quoted.csv", "--quoting", "none"]).stderr;
    assert!(error.contains("holds no comma") && error.contains("--quoting minimal"), "{error}");
    sandbox.write("two.csv", "text,label\nfine day,good\nbad day,bad\n");
    let error = sandbox
        .run(&["curve", "--data", "two.csv", "--group-column", "text", "--encoder", &encoder("bert")])
        .stderr;
    assert!(error.contains("--group-column need columns other"), "{error}");
    let labelled = "__label__good a treat\n";
    let outcome = sandbox.run_with_input(&["predict", "model"], labelled.as_bytes());
    assert!(outcome.stderr.contains("--format fasttext removes labels"), "{}", outcome.stderr);
}

/// A label of the model without a column would count as absent in every row.
#[test]
fn labels_without_a_column_are_named() {
    let sandbox = Sandbox::new();
    let rows: String =
        (0..12).map(|i| format!("film {i} is wonderful,1,0\nfilm {i} was a bore,0,1\n")).collect();
    sandbox.write("t.csv", format!("text,good,bad\n{rows}"));
    let bert = encoder("bert");
    let train =
        ["train", "-q", "--encoder", &bert, "--data", "t.csv", "--output", "m", "--features", "article"];
    sandbox.succeed(&[&train[..], &["--label-columns", "good,bad"]].concat());
    let data = ["--data", "t.csv", "--text-column", "text", "--label-columns", "good"];
    let note = "note: --label-columns names no column for the model's label \"bad\"";
    for command in [&["evaluate", "m"][..], &["compare", "m", "m"]] {
        let outcome = sandbox.run(&[command, &data].concat());
        assert!(outcome.stderr.contains(note), "{command:?}: {}", outcome.stderr);
    }
}

/// A page of an error or a login, saved under the name of an encoder's file.
#[test]
fn a_web_page_is_no_encoder() {
    let sandbox = Sandbox::with_reviews();
    for name in ["model.safetensors", "config.json", "tokenizer.json"] {
        sandbox.copy_encoder("bert", "e");
        sandbox.write(&format!("e/{name}"), format!("\n<!DOCTYPE html><html>{}</html>", "x".repeat(2000)));
        let embed = ["embed", "--encoder", "e", "--input", "reviews.tsv", "--output", "o.npy"];
        let error = sandbox.fail(&embed);
        assert!(error.contains("got a web page"), "{name}: {error}");
        std::fs::remove_dir_all(sandbox.path("e")).unwrap();
    }
}
