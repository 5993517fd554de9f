//! Labels that are probably the same class, and labels that are lists, in all commands that read labels.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use common::{Sandbox, encoder};
use serde_json::Value;

/// Six rows of each label, as CSV with quotes.
fn csv(labels: &[&str]) -> String {
    let row = |(i, label): (usize, &&str)| {
        let label = label.replace('"', "\"\"");
        (0..6).map(|j| format!("sentence number {i} {j},\"{label}\"\n")).collect::<String>()
    };
    format!("text,label\n{}", labels.iter().enumerate().map(row).collect::<String>())
}

fn hints(sandbox: &Sandbox, args: &[&str]) -> Vec<String> {
    let args = [&["doctor", "-q", "--text-only", "--json"], args].concat();
    let report: Value = serde_json::from_str(&sandbox.succeed(&args)).unwrap();
    let classes = report["class_balance"].as_array().unwrap();
    classes.iter().map(|class| class["hint"].as_str().unwrap_or_default().to_string()).collect()
}

/// Oracle: pairs that differ in Python, but for which `unicodedata.normalize("NFKC", a).casefold()` or `float` are
/// equal once invisible characters are removed.
#[test]
fn doctor_sees_that_two_labels_may_be_one_class() {
    for (a, b, difference) in [
        ("café", "cafe\u{301}", "how Unicode composes their characters (NFC or NFD)"),
        ("pos", "p\u{200b}os", "invisible characters"),
        ("pos", "po\u{ad}s", "invisible characters"),
        ("not spam", "not\u{a0}spam", "invisible characters"),
        ("1", "1.0", "how a number is written"),
        ("1", "01", "how a number is written"),
        ("1", "1,0", "how a number is written"),
        ("True", "true", "case"),
        ("Yes", "yes", "case"),
        ("１", "1", "the width or style of characters"),
        ("Ⅳ", "IV", "the width or style of characters"),
        ("not spam", "not  spam", "spaces"),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write("data.csv", csv(&[a, b, "other"]));
        let found = hints(&sandbox, &["data.csv"]);
        let n = found
            .iter()
            .filter(|hint| hint.contains(&format!("only in {difference}: if they are one class")))
            .count();
        assert_eq!(n, 2, "{a:?} {b:?}: {found:?}");
        // The same holds for label sets.
        sandbox.write("sets.csv", csv(&[&format!("{a};x"), &format!("{b};y"), "x;y"]));
        let found = hints(&sandbox, &["sets.csv", "--multi-label", ";"]);
        let n = found
            .iter()
            .filter(|hint| hint.contains(&format!("only in {difference}: if they are one class")))
            .count();
        assert_eq!(n, 2, "{a:?} {b:?}: {found:?}");
    }
}

#[test]
fn json_values_that_are_one_label_are_no_two_classes() {
    let sandbox = Sandbox::new();
    let rows = |label: &str| {
        (0..6)
            .map(|i| format!("{{\"text\": \"{i} {}\", \"label\": {label}}}\n", label.replace('"', "")))
            .collect::<String>()
    };
    sandbox.write("data.jsonl", [rows("1"), rows("\"1\""), rows("2")].concat());
    assert_eq!(hints(&sandbox, &["data.jsonl"]).len(), 2, "1 and \"1\" are one label");
    sandbox.write("data.jsonl", [rows("true"), rows("\"True\""), rows("1"), rows("1.0")].concat());
    let found = hints(&sandbox, &["data.jsonl"]).join("\n");
    assert!(found.contains("true differs from True only in case: if they are one class"), "{found}");
    assert!(found.contains("1.0 differs from 1 only in how a number is written"), "{found}");
}

#[test]
fn doctor_names_lists_and_characters_that_cannot_be_seen() {
    let sandbox = Sandbox::new();
    sandbox.write("data.csv", csv(&["['pos', 'x']", "['neg']", "a\u{feff}b", "plain"]));
    let found = hints(&sandbox, &["data.csv"]).join("\n");
    assert!(
        found.contains("['pos', 'x'] looks like a Python list of labels: write it as pos;x and read the file with --multi-label \";\""),
        "{found}"
    );
    assert!(found.contains("['neg'] looks like a Python list"), "{found}");
    assert!(
        found.contains("label a\\ufeffb contains a character that cannot be seen (U+FEFF): remove it"),
        "{found}"
    );
    for (separator, part) in [(";", "looks like a Python list"), (",", "looks like a part of a Python list")]
    {
        let found = hints(&sandbox, &["data.csv", "--multi-label", separator]).join("\n");
        assert!(found.contains(part), "{separator}: {found}");
    }
    let text = sandbox.succeed(&["doctor", "-q", "--text-only", "data.csv"]);
    assert!(text.contains("--multi-label"), "{text}");
}

#[test]
fn doctor_compares_labels_with_those_of_the_test_file() {
    let sandbox = Sandbox::new();
    sandbox.write("data.csv", csv(&["pos", "neg"]));
    sandbox.write("test.csv", csv(&["Pos", "neg"]));
    let found = hints(&sandbox, &["data.csv", "--test-data", "test.csv"]);
    assert!(found[1].contains("pos differs from Pos of the test file only in case"), "{found:?}");
}

/// Training, curves and scores report such labels too.
#[test]
fn other_commands_point_at_such_labels() {
    let sandbox = Sandbox::new();
    let bert = encoder("bert");
    sandbox.write("data.csv", csv(&["1", "1.0", "['pos', 'x']", "other"]));
    let one = "labels that are probably one class: 1 and 1.0 (they differ only in how a number is written)";
    let list = "label ['pos', 'x'] looks like a Python list of labels";
    let train = ["train", "--encoder", &bert, "--data", "data.csv", "--output", "model"];
    let curve = ["curve", "--encoder", &bert, "--data", "data.csv"];
    for (args, more) in [
        (&train[..], &[][..]),
        (&train, &["--multi-label", "|"]),
        (&curve, &[]),
        (&curve, &["--multi-label", "|"]),
    ] {
        let outcome = sandbox.run(&[args, more].concat());
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let stderr = outcome.stderr.replace("\n", " ");
        assert!(stderr.contains(one) && stderr.contains(list), "{args:?} {more:?}: {stderr}");
    }
    sandbox.write("train.csv", csv(&["pos", "neg", "x"]));
    sandbox.write("test.csv", csv(&["Pos", "neg", "x"]));
    let more: [&[&str]; 2] = [&[], &["--multi-label", ";"]];
    for more in more {
        sandbox.succeed(
            &[&["train", "-q", "--encoder", &bert, "--data", "train.csv", "--output", "model"], more]
                .concat(),
        );
        for args in [
            &["evaluate", "model", "--data", "test.csv"][..],
            &["compare", "model", "model", "--data", "test.csv"],
        ] {
            let outcome = sandbox.run(args);
            let expected = "the classifier knows pos for Pos (they differ only in case)";
            assert!(outcome.stderr.replace("\n", " ").contains(expected), "{args:?}: {}", outcome.stderr);
        }
    }
}
