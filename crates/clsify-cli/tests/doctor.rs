//! `doctor` on a file with known faults.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use common::{Sandbox, encoder, json_lines, keys, reviews};
use serde_json::{Value, json};

/// `reviews()` with a wrong label in line 3, and at the end a duplicate of line 1 (case and spaces differ) and of
/// line 2 with the other label.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let wrong = reviews().replace("film number 1 is wonderful\tgood", "film number 1 is wonderful\tbad");
    let more = "The  FILM number 0 is wonderful\tgood\nfilm 0 was a quiet bore\tgood\n";
    sandbox.write("reviews.tsv", wrong + more);
    sandbox.write("test.tsv", "film 7 was a QUIET bore\tbad\nnobody knows\tgood\n");
    sandbox
}

fn report(sandbox: &Sandbox, more: &[&str]) -> Value {
    let bert = encoder("bert");
    let args = [&["doctor", "-q", "reviews.tsv", "--encoder", &bert, "--json"], more].concat();
    serde_json::from_str(&sandbox.succeed(&args)).unwrap()
}

/// Oracle: the faults that were put into the file.
#[test]
fn the_faults_of_a_file_are_found() {
    let sandbox = sandbox();
    let report = report(&sandbox, &["--test-data", "test.tsv", "--output", "issues.jsonl", "--c", "0.1"]);
    for key in [
        "duplicates",
        "near_duplicates",
        "conflicts",
        "leakage",
        "truncated",
        "class_balance",
        "label_issues",
        "quoting",
        "scripts",
        "left_out",
    ] {
        assert!(report.get(key).is_some(), "{key} is missing");
    }
    assert_eq!(
        report["duplicates"],
        json!([{"text": "the film number 0 is wonderful", "lines": [1, 25]},
               {"text": "film 0 was a quiet bore", "lines": [2, 26]}])
    );
    assert_eq!(
        report["conflicts"],
        json!([{"text": "film 0 was a quiet bore",
                "labels": [{"label": "bad", "lines": [2]}, {"label": "good", "lines": [26]}]}])
    );
    let leak = &report["leakage"][0];
    assert_eq!(leak["exact"], true);
    assert_eq!((&leak["test_line"], &leak["line"]), (&json!(1), &json!(16)));
    assert_eq!(
        report["class_balance"][0],
        json!({"label": "bad", "n": 13, "share": 0.5, "hint": "class bad has 13 rows of 26: its scores will be rough; collect more if it matters"})
    );
    assert_eq!(report["truncated"]["n"], 0);
    let issues = report["label_issues"].as_array().unwrap();
    assert_eq!(keys(&issues[0]), ["label", "line", "neighbours", "score", "suggested", "text"]);
    for issue in issues {
        let neighbours = issue["neighbours"].as_array().unwrap();
        let cosines: Vec<f64> = neighbours.iter().map(|n| n["cosine"].as_f64().unwrap()).collect();
        assert!(neighbours.len() == 3 && cosines.iter().rev().is_sorted(), "{neighbours:?}");
        assert!(neighbours.iter().all(|n| n["line"] != issue["line"]));
    }
    let mut lines: Vec<u64> = issues.iter().take(2).map(|issue| issue["line"].as_u64().unwrap()).collect();
    lines.sort_unstable();
    assert_eq!(lines, [3, 26], "{issues:?}");
    assert!(issues.iter().all(|issue| issue["label"] != issue["suggested"]));
    let written = std::fs::read_to_string(sandbox.path("issues.jsonl")).unwrap();
    assert_eq!(&json_lines(&written), issues);
}

#[test]
fn the_whole_ranking_is_there_for_the_asking() {
    let sandbox = sandbox();
    let all = report(&sandbox, &["--all"]);
    let scores: Vec<f64> =
        all["label_issues"].as_array().unwrap().iter().map(|i| i["score"].as_f64().unwrap()).collect();
    assert!(scores.len() == 26 && scores.is_sorted());
}

#[test]
fn limits_are_said_and_tables_are_short() {
    let sandbox = sandbox();
    let bert = encoder("bert");
    let short = report(&sandbox, &["--max-length", "4"]);
    assert_eq!((&short["truncated"]["n"], &short["truncated"]["max_length"]), (&json!(26), &json!(4)));
    let few = report(&sandbox, &["--limit", "3"]);
    let (check, reason) = left_out(&few)[0].clone();
    assert!(check == "label_issues" && reason.contains("5"), "{few}");
    let text = sandbox.succeed(&["doctor", "-q", "reviews.tsv", "--encoder", &bert]);
    for line in ["duplicates: 2", "conflicting labels: 1", "also in the test file: not checked"] {
        assert!(text.lines().any(|l| l == line), "{line}: {text}");
    }
}

/// The checks that were left out, with the reason.
fn left_out(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let left_out = report["left_out"].as_array().unwrap();
    left_out.iter().map(|left| (text(&left["check"]), text(&left["reason"]))).collect()
}

/// The line and kind of each damage.
fn damage(report: &Value) -> Vec<(u64, String)> {
    let of =
        |damage: &Value| (damage["line"].as_u64().unwrap(), damage["kind"].as_str().unwrap().to_string());
    report["quoting"].as_array().unwrap().iter().map(of).collect()
}

fn text_only(sandbox: &Sandbox, more: &[&str]) -> Value {
    let args = [&["doctor", "-q", "--text-only", "--json"], more].concat();
    serde_json::from_str(&sandbox.succeed(&args)).unwrap()
}

/// Oracle: the damage that was done to the file, and its line numbers in an editor.
#[test]
fn damage_is_found_at_its_line() {
    let sandbox = Sandbox::new();
    let csv = [
        "text,label",                             // 1
        "\"a quoted\nline break\",good",          // 2, 3
        "fine,bad",                               // 4
        "\"\"\"all in quotes\"\"\",good",         // 5
        ",bad",                                   // 6
        "no label,",                              // 7
        "too,many,columns",                       // 8
        "fish &amp; chips,good",                  // 9
        "\"swallowed,bad\nfine,good\nend\",good", // 10, 11, 12
        "clichÃ©,bad",                            // 13
        "one\\nline,good",                        // 14
        "\"a \"bad\" quote\",good",               // 15
        "tab\there,bad",                          // 16
    ]
    .join("\n");
    sandbox.write("damaged.csv", csv + "\n");
    let report = text_only(&sandbox, &["damaged.csv"]);
    let expected = [
        (5, "quotes_around"),
        (6, "empty_sentence"),
        (7, "empty_label"),
        (8, "unreadable"),
        (9, "html"),
        (10, "swallowed_rows"),
        (13, "mojibake"),
        (14, "literal_escape"),
        (15, "unreadable"),
        (16, "swallowed_columns"),
    ];
    assert_eq!(damage(&report), expected.map(|(line, kind)| (line, kind.to_string())));
    assert_eq!(report["quoting"][3]["text"], "too,many,columns");
    assert_eq!(report["quoting"][3]["message"], "expected 2 columns, got 3");
    assert_eq!(report["n_rows"], 8);
    // An unclosed quote extends to the end of the file; the report names its line.
    sandbox.write("open.csv", "text,label\nfine,1\n\"never closed,0\nlost,1\n");
    let report = text_only(&sandbox, &["open.csv"]);
    assert_eq!(damage(&report), [(3, "unreadable".to_string())]);
    assert_eq!(report["quoting"][0]["text"], "\"never closed,0\nlost,1\n");
    assert_eq!(report["quoting"][0]["message"], "expected a closing quote, got the end of the file");
    // In the other formats, reading continues after a bad record.
    sandbox.write(
        "bad.jsonl",
        "{\"text\": \"a\", \"label\": 1}\n{\"text\": \"b\"\n{\"text\": \" \", \"label\": 0}\n",
    );
    let found = damage(&text_only(&sandbox, &["bad.jsonl"]));
    assert_eq!(found, [(2, "unreadable".to_string()), (3, "empty_sentence".to_string())]);
    sandbox.write("bad.tsv", b"a\t1\nb\xff\t0\nc\t0\n");
    assert_eq!(damage(&text_only(&sandbox, &["bad.tsv"])), [(2, "unreadable".to_string())]);
}

#[test]
fn scripts_are_told_apart() {
    let sandbox = Sandbox::new();
    let more = "хороший фильм\tgood\na gre\u{430}t film\tgood\n";
    sandbox.write("mixed.tsv", reviews() + more);
    let scripts = text_only(&sandbox, &["mixed.tsv"])["scripts"].clone();
    let shares: Vec<&Value> = scripts["shares"].as_array().unwrap().iter().map(|s| &s["script"]).collect();
    assert_eq!(shares, ["Latin", "Cyrillic"]);
    assert_eq!(scripts["minority"], json!([{"text": "хороший фильм", "line": 25, "script": "Cyrillic"}]));
    assert_eq!(scripts["mixed"], json!([{"text": "a gre\u{430}t film", "line": 26, "word": "gre\u{430}t"}]));
}

/// The sandbox is offline and has no encoder.
#[test]
fn without_an_encoder_the_text_is_checked_and_the_rest_is_named() {
    let sandbox = sandbox();
    let args = ["doctor", "-q", "reviews.tsv", "--json", "--test-data", "test.tsv"];
    let report: Value = serde_json::from_str(&sandbox.succeed(&args)).unwrap();
    assert_eq!(
        (report["duplicates"].as_array().unwrap().len(), report["conflicts"].as_array().unwrap().len()),
        (2, 1)
    );
    assert_eq!(report["leakage"].as_array().unwrap().len(), 1);
    let left_out = left_out(&report);
    let checks: Vec<&str> = left_out.iter().map(|(check, _)| check.as_str()).collect();
    assert_eq!(checks, ["near_duplicates", "truncated", "label_issues", "leakage"]);
    assert!(left_out.iter().all(|(_, reason)| reason.contains("no encoder: ")), "{left_out:?}");
    let text = sandbox.succeed(&["doctor", "-q", "reviews.tsv"]);
    for line in ["suspect labels: not checked", "near-duplicates: not checked", "duplicates: 2"] {
        assert!(text.lines().any(|l| l == line), "{line}: {text}");
    }
    // An encoder that was requested by name, or that a requested check needs, must be available.
    sandbox.fail(&["doctor", "-q", "reviews.tsv", "--encoder", "all-MiniLM-L6-v2"]);
    sandbox.fail(&["doctor", "-q", "reviews.tsv", "--output", "issues.jsonl"]);
    sandbox.fail(&["doctor", "-q", "reviews.tsv", "--fail-on", "label-issues"]);
}

/// Oracle: the damage that was done to the test file. Its other rows are still compared with the data.
#[test]
fn a_damaged_test_file_is_read_like_the_data() {
    let sandbox = sandbox();
    sandbox.write(
        "test.tsv",
        "fish &amp; chips\tgood\nthree\tcolumns\tbad\nfilm 7 was a QUIET bore\tbad\n\tgood\n",
    );
    let args = ["reviews.tsv", "--test-data", "test.tsv"];
    let report = text_only(&sandbox, &args);
    assert_eq!(report["quoting"], json!([]));
    let found = json!({"quoting": report["test_quoting"]});
    let expected = [(1, "html"), (2, "unreadable"), (4, "empty_sentence")];
    assert_eq!(damage(&found), expected.map(|(line, kind)| (line, kind.to_string())));
    assert_eq!((&report["leakage"][0]["test_line"], &report["leakage"][0]["line"]), (&json!(3), &json!(16)));
    let text = sandbox.succeed(&[&["doctor", "-q", "--text-only"], &args[..]].concat());
    assert!(text.lines().any(|line| line == "damaged or empty in the test file: 3"), "{text}");
    let failed = sandbox.run(&[&["doctor", "-q", "--text-only", "--fail-on", "quoting"], &args[..]].concat());
    assert_eq!(failed.stderr, "error: reviews.tsv: checks of --fail-on found: quoting 3\n");
    // Without any good row, or without the file, there is nothing to compare with.
    sandbox.write("test.tsv", "\tgood\n");
    let error = sandbox.fail(&[&["doctor", "--text-only"], &args[..]].concat());
    assert_eq!(error, "test.tsv: line 1: expected a sentence, got an empty one");
}

/// Oracle: the number of damaged lines that were written. The first ones are listed, shortened, and the others are
/// counted.
#[test]
fn garbage_is_counted_and_not_kept() {
    let sandbox = Sandbox::new();
    let long = "x".repeat(5_000);
    sandbox.write("garbage.csv", format!("text,label\nfine,good\n{long}\n{}", "garbage\n".repeat(12_345)));
    let report = text_only(&sandbox, &["garbage.csv"]);
    assert_eq!(report["quoting"].as_array().unwrap().len(), 10_000);
    assert_eq!(report["quoting"][0]["text"], format!("{}…", "x".repeat(1_000)));
    let more = ("quoting".to_string(), "2346 more records cannot be used, and are not listed".to_string());
    assert!(left_out(&report).contains(&more), "{}", report["left_out"]);
    // A line that never ends is the last one.
    let endless = "y".repeat((16 << 20) + 1);
    sandbox.write("endless.tsv", format!("fine\tgood\n{endless}\nlost\tbad\n"));
    let report = text_only(&sandbox, &["endless.tsv"]);
    assert_eq!(damage(&report), [(2, "unreadable".to_string())]);
    let message = "expected a line of at most 16777216 bytes, got a longer one; what follows was not read";
    assert_eq!((&report["quoting"][0]["message"], &report["n_rows"]), (&json!(message), &json!(1)));
    sandbox.write("endless.tsv", endless);
    sandbox.fail(&["doctor", "--text-only", "endless.tsv"]);
}

#[test]
fn a_run_fails_on_what_it_is_told_to() {
    let sandbox = sandbox();
    let run = |more: &[&str]| {
        sandbox.run(&[&["doctor", "-q", "reviews.tsv", "--text-only", "--json"], more].concat())
    };
    let failed = run(&["--fail-on", "conflicts,quoting,leakage", "--test-data", "test.tsv"]);
    assert_eq!(failed.code, Some(1));
    assert_eq!(failed.stderr, "error: reviews.tsv: checks of --fail-on found: conflicts 1, leakage 1\n");
    let report: Value = serde_json::from_str(&failed.stdout).unwrap();
    assert_eq!(report["conflicts"].as_array().unwrap().len(), 1);
    assert_eq!(run(&["--fail-on", "quoting,scripts"]).code, Some(0));
    for wrong in [&["--fail-on", "leakage"][..], &["--fail-on", "nothing"], &["--encoder", "x"], &["--all"]] {
        assert_eq!(run(wrong).code, Some(2), "{wrong:?}");
    }
    let error = sandbox.fail(&["doctor", "reviews.tsv", "--text-only", "--fail-on", "truncated"]);
    assert_eq!(error, "--fail-on truncated: needs an encoder, which --text-only leaves out");
}

/// Oracle: the same file in one part. All rows of a file sorted by class are judged, and near leaks are found in all
/// parts.
#[test]
fn many_rows_are_taken_in_parts() {
    let sandbox = Sandbox::new();
    let (reviews, mut sorted) = (reviews(), Vec::new());
    sorted.extend(reviews.lines());
    sorted.sort_by_key(|line| line.ends_with("good"));
    sandbox.write("reviews.tsv", sorted.join("\n"));
    sandbox.write("test.tsv", "the film numbers 3 is wonderful\tgood\nfilm 4 was the quiet bore\tbad\n");
    let run = |more: &[&str]| {
        report(
            &sandbox,
            &[&["--all", "--test-data", "test.tsv", "--near-duplicate-threshold", "-1"], more].concat(),
        )
    };
    let (whole, parts) = (run(&[]), run(&["--part-rows", "12"]));
    assert_eq!(left_out(&whole), []);
    let reason =
        "the 24 rows were compared in 2 parts: near-duplicates in different parts were not searched for";
    assert_eq!(left_out(&parts), [("near_duplicates".to_string(), reason.to_string())]);
    let lines = |report: &Value| {
        let issues = report["label_issues"].as_array().unwrap();
        let mut lines: Vec<u64> = issues.iter().map(|issue| issue["line"].as_u64().unwrap()).collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(lines(&whole), (1..=24).collect::<Vec<u64>>());
    assert_eq!(lines(&parts), lines(&whole));
    assert_eq!(parts["leakage"].as_array().unwrap().len(), 2);
    // Only the first row of a part has no earlier row.
    let n_near = |report: &Value| report["near_duplicates"].as_array().unwrap().len();
    assert_eq!((n_near(&whole), n_near(&parts)), (23, 22));
    let near = parts["near_duplicates"].as_array().unwrap();
    assert!(near.iter().all(|n| n["line"].as_u64().unwrap() % 2 == n["other_line"].as_u64().unwrap() % 2));
    let few = run(&["--part-rows", "1"]);
    let reason =
        "1 of the 2 test rows, evenly spaced, were compared by vector; all exact duplicates were found";
    assert!(left_out(&few).contains(&("leakage".to_string(), reason.to_string())), "{few}");
}

#[test]
fn files_that_leave_little_to_check_are_checked() {
    let sandbox = Sandbox::new();
    let bert = encoder("bert");
    for (name, text, n_rows) in [
        ("one.tsv", "a treat\t1\n".to_string(), 1),
        ("class.tsv", "a treat\t1\na chore\t1\n".to_string(), 2),
        ("same.tsv", "a treat\t1\nA treat\t0\n".repeat(20), 40),
        ("huge.tsv", format!("{}\t1\na chore\t0\n", "word ".repeat(400_000)), 2),
    ] {
        sandbox.write(name, text);
        let report: Value =
            serde_json::from_str(&sandbox.succeed(&["doctor", "-q", name, "--encoder", &bert, "--json"]))
                .unwrap();
        assert_eq!(report["n_rows"], n_rows);
        assert_eq!(report["near_duplicates"].as_array().unwrap().len(), 0, "{name}: {report}");
        sandbox.succeed(&["doctor", "-q", name, "--encoder", &bert]);
    }
    for (name, bytes, expected) in [
        ("empty.tsv", &b""[..], "empty.tsv: expected sentences, got an empty file"),
        ("binary.tsv", b"\x7fELF\x02\x00\x01", "binary.tsv: line 1: expected text, got a NUL byte at byte 6"),
        ("nothing.tsv", b"\t1\n\t0\n", "nothing.tsv: line 1: expected a sentence, got an empty one"),
        ("columns.csv", b"text,label\na\nb\n", "columns.csv: line 2: expected 2 columns, got 1"),
    ] {
        sandbox.write(name, bytes);
        assert_eq!(sandbox.fail(&["doctor", name, "--encoder", &bert]), expected);
    }
}

/// A reader that closes the pipe, such as `head -1`, is not an error; tables, JSON and lines of suspect labels all go
/// to stdout.
#[test]
fn a_closed_pipe_ends_it_quietly() {
    let sandbox = sandbox();
    let bert = encoder("bert");
    let args = ["doctor", "-q", "reviews.tsv", "--encoder", &bert];
    for more in [&[][..], &["--json"], &["--all", "--output", "-"], &["--multi-label", ";"]] {
        let mut child = sandbox.command(&[&args[..], more].concat()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), &output.stderr[..]), (Some(0), &b""[..]), "{more:?}");
    }
}
