//! `doctor --multi-label` on a file with known faults.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use common::{Sandbox, encoder, json_lines, keys};
use serde_json::{Value, json};

/// The labels of each row in any order: the topics of the sentence, and `good`; the last third has no topic.
fn rows() -> Vec<(String, Vec<&'static str>)> {
    let about = |i: usize| {
        [
            (format!("the film number {i} is wonderful"), vec!["good", "film"]),
            (format!("film {i} was a quiet bore"), vec!["film"]),
            (format!("this old song of {i} minutes is wonderful"), vec!["song", "good"]),
            (format!("the song after {i} o'clock was a quiet bore"), vec!["song"]),
            (format!("rain fell on {i} houses"), vec![]),
        ]
    };
    (0..10).flat_map(about).collect()
}

/// `rows()` with one label removed from line 1 and one added to line 7, and at the end a duplicate of line 2 with the
/// same labels in another order and a duplicate of line 3 without labels.
fn faulty() -> Vec<(String, Vec<&'static str>)> {
    let mut rows = rows();
    rows[0].1 = vec!["film"];
    rows[6].1 = vec!["good", "film"];
    rows.push(("FILM 0  was a quiet bore".to_string(), vec!["film"]));
    rows.push(("this old song of 0 minutes is wonderful".to_string(), vec![]));
    rows
}

fn tsv(rows: &[(String, Vec<&str>)]) -> String {
    rows.iter().map(|(text, labels)| format!("{text}\t{}\n", labels.join("; "))).collect()
}

fn jsonl(rows: &[(String, Vec<&str>)]) -> String {
    rows.iter().map(|(text, labels)| json!({"text": text, "label": labels}).to_string() + "\n").collect()
}

fn report(sandbox: &Sandbox, data: &str, more: &[&str]) -> Value {
    let mpnet = encoder("mpnet");
    let args = ["doctor", "-q", data, "--multi-label", ";", "--encoder", &mpnet, "--json"];
    serde_json::from_str(&sandbox.succeed(&[&args, more].concat())).unwrap()
}

/// Oracle: the faults that were put into the file. Cells with spaces and in any order mean the same, and so do JSONL
/// arrays.
#[test]
fn the_faults_of_label_sets_are_found() {
    let sandbox = Sandbox::new();
    sandbox.write("reviews.tsv", tsv(&faulty()));
    sandbox.write("reviews.jsonl", jsonl(&faulty()));
    sandbox.write("test.tsv", "The film number 3 is wonderful\tfilm;good\nrain fell on 4 houses\tgood\n");
    let more = ["--test-data", "test.tsv", "--c", "1"];
    let found = report(&sandbox, "reviews.tsv", &[&more[..], &["--output", "issues.jsonl"]].concat());
    assert_eq!(report(&sandbox, "reviews.jsonl", &["--c", "1"])["label_issues"], found["label_issues"]);
    assert_eq!(found["n_rows"], 52);
    assert_eq!(found["quoting"], json!([]), "an empty cell is a sentence without a label");
    assert_eq!(found["label_sets"], json!({"n_label_sets": 5, "n_without_label": 11, "n_with_several": 20}));
    let classes = found["class_balance"].as_array().unwrap();
    let classes: Vec<(&Value, &Value)> = classes.iter().map(|class| (&class["label"], &class["n"])).collect();
    assert_eq!(
        classes,
        [(&json!("film"), &json!(21)), (&json!("good"), &json!(20)), (&json!("song"), &json!(20))]
    );
    assert_eq!(
        found["duplicates"],
        json!([{"text": "film 0 was a quiet bore", "lines": [2, 51]},
               {"text": "this old song of 0 minutes is wonderful", "lines": [3, 52]}])
    );
    assert_eq!(
        found["conflicts"],
        json!([{"text": "this old song of 0 minutes is wonderful",
                "labels": [{"label": "", "lines": [52]}, {"label": "good;song", "lines": [3]}]}])
    );
    let leaks: Vec<&Value> =
        found["leakage"].as_array().unwrap().iter().filter(|l| l["exact"] == true).collect();
    assert_eq!((&leaks[0]["line"], &leaks[0]["same_label"]), (&json!(16), &json!(true)));
    assert_eq!((&leaks[1]["line"], &leaks[1]["same_label"]), (&json!(25), &json!(false)));

    let issues = found["label_issues"].as_array().unwrap();
    assert_eq!(keys(&issues[0]), ["label", "line", "neighbours", "of_label", "score", "suggested", "text"]);
    let of_line = |line: u64| issues.iter().filter(move |issue| issue["line"] == line);
    let pairs: Vec<(u64, &str)> =
        issues.iter().map(|i| (i["line"].as_u64().unwrap(), i["of_label"].as_str().unwrap())).collect();
    let mut first = pairs[..4].to_vec();
    first.sort_unstable();
    assert_eq!(first, [(1, "good"), (7, "good"), (52, "good"), (52, "song")], "{issues:#?}");
    // Both lines of a row have the same suggestion.
    assert!(of_line(52).all(|issue| issue["label"] == "" && issue["suggested"] == "good;song"));
    assert_eq!(of_line(1).next().unwrap()["suggested"], "film;good");
    assert_eq!(of_line(7).next().unwrap()["suggested"], "film");
    let written = std::fs::read_to_string(sandbox.path("issues.jsonl")).unwrap();
    assert_eq!(&json_lines(&written), issues);

    let all = report(&sandbox, "reviews.tsv", &["--c", "1", "--all"]);
    let all = all["label_issues"].as_array().unwrap();
    let mut lines: Vec<u64> = all.iter().map(|issue| issue["line"].as_u64().unwrap()).collect();
    assert!(all.iter().map(|issue| issue["score"].as_f64().unwrap()).is_sorted());
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines, (1..=52).collect::<Vec<u64>>());
    let is_issue = |issue: &&Value| issues.iter().any(|other| other["line"] == issue["line"]);
    assert!(all.iter().all(|issue| is_issue(&issue) || issue["label"] == issue["suggested"]));
}

#[test]
fn tables_show_the_label_in_question() {
    let sandbox = Sandbox::new();
    sandbox.write("reviews.tsv", tsv(&faulty()));
    let mpnet = encoder("mpnet");
    let outcome =
        sandbox.run(&["doctor", "reviews.tsv", "--multi-label", ";", "--encoder", &mpnet, "--c", "1"]);
    let text = outcome.stdout;
    assert!(text.starts_with("rows: 52, 20 with several labels, 11 without any\n"), "{text}");
    assert!(text.contains("\nconflicting label sets: 1\n"), "{text}");
    assert!(text.contains("none (line 52), good;song (line 3)"), "{text}");
    let row = |line: &str| text.lines().rfind(|l| l.trim_start().starts_with(line)).unwrap().to_string();
    assert!(row("1 ").contains("+ good") && row("7 ").contains("- good"), "{text}");
    assert!(!outcome.stderr.contains("is the separator"), "{}", outcome.stderr);
    // The same message as that of `train`.
    let wrong = sandbox.run(&["doctor", "reviews.tsv", "--multi-label", "|", "--text-only"]);
    let note = r#"note: no sentence of reviews.tsv has several labels: check that "|" is the separator"#;
    assert!(wrong.stderr.lines().any(|line| line == note), "{}", wrong.stderr);
}

/// Oracle: the labels that some rows of every four folds have and others do not.
#[test]
fn labels_without_examples_are_left_out_and_named() {
    let sandbox = Sandbox::new();
    let mut rows = rows();
    rows.iter_mut().for_each(|(_, labels)| labels.push("every"));
    rows[5].1.push("once");
    sandbox.write("reviews.tsv", tsv(&rows));
    let found = report(&sandbox, "reviews.tsv", &["--all"]);
    let reason = "labels that all rows of four in five folds have, or none: every, once";
    let left_out = json!({"check": "label_issues", "reason": reason});
    assert!(found["left_out"].as_array().unwrap().contains(&left_out), "{}", found["left_out"]);
    let issues = found["label_issues"].as_array().unwrap();
    assert!(issues.iter().all(|issue| issue["of_label"] != "every" && issue["of_label"] != "once"));
    // Without labels, or with too few rows, all other checks still run.
    for (name, text, reason) in [
        (
            "none.tsv",
            "a b\t\nc d\t\n".repeat(9),
            "expected a label that some rows have and others lack in every fold, got none",
        ),
        ("few.tsv", "a b\tx\nc d\ty;x\n".to_string(), "expected at least 5 rows for 5 folds, got 2"),
    ] {
        sandbox.write(name, text);
        let found = report(&sandbox, name, &[]);
        let left_out = found["left_out"].as_array().unwrap();
        let reasons: Vec<&str> = left_out
            .iter()
            .filter(|l| l["check"] == "label_issues")
            .map(|l| l["reason"].as_str().unwrap())
            .collect();
        assert!(reasons.iter().any(|found| found.ends_with(reason)), "{found}");
    }
    assert_eq!(sandbox.run(&["doctor", "few.tsv", "--multi-label", "", "--text-only"]).code, Some(2));
}

/// Oracle: rows of weight 0 have exchanged labels, which can only be detected if they are not learned from.
#[test]
fn rows_of_weight_0_are_judged_and_teach_nothing() {
    let sandbox = Sandbox::new();
    let exchanged =
        |labels: &[&str]| if labels.contains(&"good") { vec!["news"] } else { vec!["good", "film"] };
    let rows = rows();
    let (mut text, mut expected) = (String::new(), Vec::new());
    for (i, (sentence, labels)) in rows.iter().enumerate() {
        let (labels, weight) = if i % 2 == 0 { (labels.clone(), 2) } else { (exchanged(labels), 0) };
        text += &format!("{sentence}\t{}\t{weight}\n", labels.join(";"));
        expected.extend((i % 2 == 1).then_some((i + 1) as u64));
    }
    sandbox.write("reviews.tsv", text);
    let lines = |more: &[&str]| {
        let found = report(
            &sandbox,
            "reviews.tsv",
            &[&["--c", "1", "--text-column", "0", "--label-column", "1"], more].concat(),
        );
        let issues = found["label_issues"].as_array().unwrap().iter();
        let good = issues.filter(|issue| issue["of_label"] == "good");
        let mut lines: Vec<u64> = good.map(|issue| issue["line"].as_u64().unwrap()).collect();
        lines.sort_unstable();
        (lines, found["left_out"].clone())
    };
    let (found, left_out) = lines(&["--weight-column", "2"]);
    assert_eq!(found, expected);
    assert_eq!(left_out[0]["reason"], "labels that all rows of four in five folds have, or none: news");
    assert_ne!(lines(&[]).0, expected);
}
