//! Hints can be followed: each is carried out as written, and the run then succeeds or gives the next hint.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Sandbox, encoder};

/// The error and the hint of a run that must fail.
fn failure(sandbox: &Sandbox, args: &[&str]) -> (String, String) {
    let error = sandbox.fail(args);
    let stderr = sandbox.run(args).stderr;
    let hint = stderr.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap_or_default().to_string();
    (error, hint)
}

/// Labelled rows under a header.
fn rows(header: &str, row: impl Fn(usize) -> String) -> String {
    let rows: String = (0..24).map(|i| format!("{}\n", row(i))).collect();
    format!("{header}\n{rows}")
}

fn one_hot(header: &str) -> String {
    rows(header, |i| format!("the film number {i} is fine,{},{}", i % 2, i / 2 % 2))
}

fn train<'a>(encoder: &'a str, data: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let train = ["train", "-q", "--encoder", encoder, "--features", "article", "--output", "model"];
    [&train[..], &["--data", data], more].concat()
}

/// The labels of the model.
fn classes(sandbox: &Sandbox) -> String {
    common::read_json(&sandbox.path("model/clsify.json"))["classes"].to_string()
}

#[test]
fn a_header_over_label_columns_by_number_is_no_row() {
    let sandbox = Sandbox::new();
    let bert = encoder("bert");
    sandbox.write("unknown.csv", one_hot("remark,a,b"));
    sandbox.write("known.csv", one_hot("text,a,b"));
    sandbox.write("weight.tsv", rows("remark\tmood\tw", |i| format!("the film {i} is fine\t{}\t1.5", i % 2)));
    let ask = "hint: add --header present if it is a header, --header absent if it is not";
    for (file, more) in [
        ("unknown.csv", &["--label-columns", "1,2"][..]),
        ("unknown.csv", &["--label-columns", "1,2", "--text-column", "0", "--skip-bad-rows"]),
        ("weight.tsv", &["--weight-column", "2"]),
    ] {
        let args = train(&bert, file, more);
        let (error, hint) = failure(&sandbox, &args);
        assert!(
            error.contains("line 1: expected a first row that is clearly a header or a record"),
            "{error}"
        );
        assert_eq!(format!("hint: {hint}"), ask);
        sandbox.succeed(&[&args[..], &["--header", "present"]].concat());
        let expected = if file == "unknown.csv" { r#"["a","b"]"# } else { r#"["0","1"]"# };
        assert_eq!(classes(&sandbox), expected);
    }
    // A first row with the name of a sentence column, and words where records have 0 and 1, is a header.
    sandbox.succeed(&train(&bert, "known.csv", &["--label-columns", "1,2"]));
    assert_eq!(classes(&sandbox), r#"["a","b"]"#);
    // A record may also start with that word; a bad cell is not taken for a header.
    sandbox.write("word.csv", one_hot("text,1,0"));
    let (_, hint_of_word) = failure(&sandbox, &train(&bert, "word.csv", &["--label-columns", "1,2"]));
    assert_eq!(format!("hint: {hint_of_word}"), ask);
    sandbox.write("bad.csv", one_hot("a fine day,x,0"));
    let (error, _) = failure(&sandbox, &train(&bert, "bad.csv", &["--label-columns", "1,2"]));
    assert_eq!(error, "bad.csv: line 1: expected 0 or 1 in the column \"1\", got \"x\"");
}

#[test]
fn a_name_that_occurs_twice_is_replaced_by_a_number() {
    let sandbox = Sandbox::new();
    let bert = encoder("bert");
    let cells = |i: usize| format!("the film number {i} is fine,other {i},{},{}", i % 2, i / 2 % 2);
    for (name, header, more, error, hint_of_it, followed) in [
        (
            "text.csv",
            "text,text,label,x",
            &[][..],
            r#"expected one column "text", got 2"#,
            "choose one of them by its number: --text-column 0 or --text-column 1, and add --header present",
            &["--text-column", "1", "--header", "present"][..],
        ),
        (
            "label.csv",
            "text,x,label,label",
            &[],
            r#"expected one column "label", got 2"#,
            "choose one of them by its number: --label-column 2 or --label-column 3, and add --header present",
            &["--label-column", "3", "--header", "present"],
        ),
        (
            "columns.csv",
            "text,x,a,a",
            &["--label-columns", "a"],
            r#"expected one column "a", got 2"#,
            "choose columns by their numbers: --label-columns 2, and add --header present",
            &["--label-columns", "2", "--header", "present"],
        ),
    ] {
        sandbox.write(name, rows(header, cells));
        let found = failure(&sandbox, &train(&bert, name, more));
        assert_eq!(found, (format!("{name}: line 1: {error}"), hint_of_it.to_string()));
        sandbox.succeed(&train(&bert, name, followed));
    }
    // Two label columns with the same name are one label; giving column numbers does not help.
    let both = ["--label-columns", "2,3", "--header", "present"];
    let (error, hint) = failure(&sandbox, &train(&bert, "columns.csv", &both));
    assert_eq!(
        error,
        "columns.csv: line 1: expected a name of its own for each label column, got \"a\" again"
    );
    assert_eq!(hint, "give column 3, counted from 0, another name in the header");
    // A command without labels does not suggest options for them.
    let embed = ["embed", "-q", "--encoder", &bert, "--output", "x.npy", "--input", "text.csv"];
    assert!(!sandbox.run(&embed).stderr.contains("--label-column"));
    sandbox.succeed(&[&embed[..], &["--text-column", "0"]].concat());
}

#[test]
fn label_columns_are_named_where_zeros_and_ones_stand() {
    let sandbox = Sandbox::new();
    let bert = encoder("bert");
    sandbox.write("known.csv", one_hot("text,a,big b"));
    sandbox.write("unknown.csv", one_hot("remark,a,big b"));
    let objects = |i: usize| {
        format!(r#"{{"text": "film number {i} is fine", "a": {}, "big b": {}}}"#, i % 2, i / 2 % 2)
    };
    sandbox.write("keys.jsonl", (0..24).map(|i| objects(i) + "\n").collect::<String>());
    let option = "--label-columns 'a,big b'";
    for file in ["known.csv", "unknown.csv", "keys.jsonl"] {
        let args = train(&bert, file, &[]);
        assert!(failure(&sandbox, &args).1.contains(option), "{file}: {:?}", failure(&sandbox, &args));
        sandbox.succeed(&train(&bert, file, &["--label-columns", "a,big b"]));
        for args in [
            &["evaluate", "-q", "model", "--data", file][..],
            &["compare", "-q", "model", "model", "--data", file],
            &["doctor", "-q", "--text-only", file],
        ] {
            assert!(failure(&sandbox, args).1.contains(option), "{args:?}");
            sandbox.succeed(&[args, &["--label-columns", "a,big b"]].concat());
        }
    }
    // They do not apply to a model with one label per sentence.
    let sandbox = Sandbox::with_model();
    sandbox.write("known.csv", one_hot("text,a,b"));
    let evaluate = ["evaluate", "model", "--data", "known.csv"];
    assert!(!failure(&sandbox, &evaluate).1.contains("--label-columns"));
}

#[test]
fn no_command_is_advised_to_take_an_option_that_it_lacks() {
    let sandbox = Sandbox::with_model();
    let bert = encoder("bert");
    let label = |i: usize| ["__label__good", "__label__bad", "__label__good __label__bad"][i % 3];
    let lines: String = (0..24).map(|i| format!("{} film number {i}\n", label(i))).collect();
    sandbox.write("two.txt", lines);
    for args in [
        &["evaluate", "-q", "model", "--data", "two.txt"][..],
        &["compare", "-q", "model", "model", "--data", "two.txt"],
        &["tutorial", "-q", "--encoder", &bert, "--data", "two.txt", "--output", "new"],
    ] {
        let (error, hint) = failure(&sandbox, args);
        assert!(error.starts_with("two.txt: line 3: expected one label per line, got 2"), "{error}");
        assert!(hint.contains("--skip-bad-rows") && !hint.contains("--multi-label"), "{hint}");
        if args[0] != "tutorial" {
            sandbox.succeed(&[args, &["--skip-bad-rows"]].concat());
        }
    }
    sandbox.write("empty.tsv", "fine film\tgood\nbad film\t\n");
    let (_, empty) = failure(&sandbox, &["evaluate", "-q", "model", "--data", "empty.tsv"]);
    assert!(!empty.contains("--multi-label"), "{empty}");
    // Without labels there is no label column.
    sandbox.write("label.csv", "remark,label\na fine film,good\na bad film,bad\n");
    sandbox.write("label.jsonl", "{\"remark\": \"a fine film\", \"label\": \"good\"}\n");
    for file in ["label.csv", "label.jsonl"] {
        for args in [
            &["predict", "-q", "model", "--input", file][..],
            &["embed", "-q", "--encoder", &bert, "--output", "x.npy", "--input", file],
        ] {
            let (_, hint) = failure(&sandbox, args);
            assert!(hint.contains("--text-column") && !hint.contains("--label-column"), "{hint}");
            sandbox.succeed(&[args, &["--text-column", "remark"]].concat());
        }
    }
}

/// Two rows cannot be split with the proportions of their classes; eight can.
#[test]
fn stratify_is_advised_where_it_helps() {
    let sandbox = Sandbox::new();
    let bert = encoder("bert");
    sandbox.write("two.tsv", "fine film\tgood\nbad film\tbad\n");
    for command in ["curve", "train"] {
        let args = [command, "-q", "--encoder", &bert, "--data", "two.tsv"];
        let output: &[&str] =
            if command == "train" { &["--output", "new", "--features", "article"] } else { &[] };
        let (_, hint) = failure(&sandbox, &[&args[..], output].concat());
        assert_eq!(hint, "give more rows of each class", "{command}");
    }
    // All training rows that seed 0 draws of these have the same class.
    let lone = (0..8).find(|&i| {
        let rows = |j: usize| {
            format!("film number {j}\t{}\n", if j == i || j == (i + 1) % 8 { "rare" } else { "usual" })
        };
        sandbox.write("few.tsv", (0..8).map(rows).collect::<String>());
        let outcome = sandbox.run(&train(&bert, "few.tsv", &["--test-size", "3"]));
        outcome.stderr.contains("--stratify")
    });
    assert!(lone.is_some(), "no such split");
    sandbox.succeed(&train(&bert, "few.tsv", &["--test-size", "3", "--stratify"]));
}

/// A path in a hint is quoted as one word of the command line.
#[test]
fn paths_in_hints_are_quoted() {
    let sandbox = Sandbox::new();
    sandbox.write("Q3 data.zip", b"PK\x03\x04 and so on, until the reader has seen what this is: an archive, in truth, and no table of text");
    let (_, hint_of_zip) = failure(&sandbox, &["doctor", "--text-only", "Q3 data.zip"]);
    assert_eq!(hint_of_zip, "unpack it and give the data file: unzip 'Q3 data.zip'");
    sandbox.write("Q3 data.parquet", b"PAR1 and so on");
    let (_, hint_of_parquet) = failure(&sandbox, &["doctor", "--text-only", "Q3 data.parquet"]);
    assert!(
        hint_of_parquet.contains("read_parquet('Q3 data.parquet').to_csv('Q3 data.csv'"),
        "{hint_of_parquet}"
    );
}
