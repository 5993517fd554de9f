//! `tutorial`: the numbers and the text of its steps, and the cache.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use std::collections::HashSet;

use common::{Sandbox, encoder, read_json};
use serde_json::Value;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let rows = (0..60).map(|i| match i % 3 {
        0 => format!("the {i}th film is a wonderful and moving work\t1\n"),
        1 => format!("number {i} was a dull , quiet bore\t0\n"),
        _ => format!("take {i}\t{}\n", i % 2),
    });
    sandbox.write("reviews.tsv", rows.collect::<String>());
    sandbox
}

/// All numbers of a JSON value, and the lengths of its arrays.
fn numbers(value: &Value, found: &mut Vec<f64>) {
    match value {
        Value::Number(number) => found.extend(number.as_f64()),
        Value::Array(values) => {
            found.push(values.len() as f64);
            values.iter().for_each(|value| numbers(value, found));
        }
        Value::Object(fields) => fields.values().for_each(|value| numbers(value, found)),
        _ => {}
    }
}

/// The numbers of a line as they are written, without those that are part of a word.
fn written(line: &str) -> Vec<String> {
    let is_part = |c: char| c.is_ascii_digit() || c == '.' || c == '-';
    line.split(|c: char| !(is_part(c) || c.is_alphanumeric() || c == '_' || c == '#'))
        .map(|word| word.trim_matches('.').trim_start_matches("--"))
        .filter(|word| {
            word.parse::<f64>().is_ok() && word.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        })
        .map(str::to_string)
        .collect()
}

/// Oracle: `tutorial.json`. Each number in the text is one of its numbers, rounded to as many digits, or a percentage
/// of it.
#[test]
fn every_number_of_the_story_is_in_the_report() {
    let sandbox = sandbox();
    let bert = encoder("bert");
    let args = ["tutorial", "--encoder", &bert, "--data", "reviews.tsv", "--output", "t", "--json", "r.json"];
    let story = sandbox.succeed(&[&args[..], &["--tune", "--epochs", "2"]].concat());
    let report = read_json(&sandbox.path("t/tutorial.json"));
    assert_eq!(report, read_json(&sandbox.path("r.json")));
    let mut known = Vec::new();
    numbers(&report, &mut known);
    let texts: HashSet<&str> = report["story"]["sentences"]
        .as_array()
        .unwrap()
        .iter()
        .chain(report["story"]["features"].as_array().unwrap())
        .map(|row| row["text"].as_str().unwrap())
        .chain(
            report["story"]["padding"]["sentences"].as_array().unwrap().iter().map(|s| s.as_str().unwrap()),
        )
        .collect();
    let mut n_checked = 0;
    for line in story.lines() {
        // Headings, the plan and commands are numbered, and sentences contain numbers.
        let is_heading = line.split_once(". ").is_some_and(|(n, _)| n.parse::<u32>().is_ok());
        if is_heading || line.starts_with("The plan: ") || line.contains("rows with the encoder. 2.") {
            continue;
        }
        if texts.iter().any(|text| line.trim_start().starts_with(&text[..text.len().min(20)])) {
            continue;
        }
        for number in written(line) {
            let value: f64 = number.parse().unwrap();
            let digits = number.split_once('.').map_or(0, |(_, digits)| digits.len() as i32);
            let half = 0.5 * 10f64.powi(-digits) * (1.0 + 1e-9);
            let is_known = known.iter().any(|&x| {
                (x - value).abs() <= half || (line.contains('%') && (100.0 * x - value).abs() <= half)
            });
            // Parts of names and formulas: position 0, labels 0 and 1, the ones of the formula.
            assert!(is_known || ["0", "1"].contains(&number.as_str()), "{number}: {line}");
            n_checked += 1;
        }
    }
    assert!(n_checked > 150, "{n_checked}");
}

#[test]
fn the_story_tells_what_the_article_explains() {
    let sandbox = sandbox();
    let bert = encoder("bert");
    let args = ["tutorial", "--encoder", &bert, "--data", "reviews.tsv", "--output", "t"];
    let story = sandbox.succeed(&args);
    let words = story.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "2. Two models",
        "The plan: 1. Turn all sentences into numbers with the encoder.",
        "DistilBERT, a smaller and faster version of BERT",
        "tokenizer.encode(\"a visually stunning rumination on love\") -> [",
        "one row per token",
        "the table of embeddings",
        "where the special token [CLS] stands",
        "DistilBERT reaches 90.7 % and the full-size BERT 94.9 %",
        "small differences are chance",
        "13. Sentences to try",
        "clsify train --encoder",
    ] {
        let part = part
            .replace("the table of embeddings", "table of embeddings")
            .replace("one row per token", "one per token");
        assert!(words.contains(&part), "{part}: {story}");
    }
    // The sentences whose ids are shown in step 5.
    let report = read_json(&sandbox.path("t/tutorial.json"));
    for sentence in report["story"]["padding"]["sentences"].as_array().unwrap() {
        assert!(story.contains(&format!("\n  {}\n    input_ids ", sentence.as_str().unwrap())), "{story}");
    }
    assert!(!story.contains("--pooling mean --grid-search"));
}

/// Several classes, one of them with a long name, and the user's own sentences.
#[test]
fn other_data_is_told_likewise() {
    let sandbox = Sandbox::new();
    let rows = (0..60).map(|i| format!("sentence {i} of kind {}\tkind {}\n", i % 3, ["a", "b", "c"][i % 3]));
    sandbox.write("kinds.tsv", rows.collect::<String>());
    let bert = encoder("bert");
    let args =
        ["tutorial", "--encoder", &bert, "--data", "kinds.tsv", "--output", "t", "--sentence", "of kind 1"];
    let story = sandbox.succeed(&args);
    assert!(story.contains("softmax") && story.contains("of kind 1 "), "{story}");
    let report = read_json(&sandbox.path("t/tutorial.json"));
    assert_eq!(report["predictions"].as_array().unwrap().len(), 2);
    let prediction = &report["story"]["prediction"];
    let (sum, intercept) = (prediction["sum"].as_f64().unwrap(), prediction["intercept"].as_f64().unwrap());
    assert!((sum + intercept - prediction["logit"].as_f64().unwrap()).abs() < 1e-5);
}

#[test]
fn features_are_kept_for_the_next_run() {
    let sandbox = sandbox();
    let bert = encoder("bert");
    let args = ["tutorial", "--encoder", &bert, "--data", "reviews.tsv", "--output", "t"];
    let first = sandbox.run(&args);
    assert!(first.stdout.contains("The encoder took "), "{}", first.stdout);
    let again = sandbox.run(&args);
    assert!(
        again.stdout.contains("The features of 60 of these sentences were in the cache"),
        "{}",
        again.stdout
    );
    let without_time = |text: &str| -> Vec<String> {
        text.lines()
            .filter(|line| !line.contains("second") && !line.contains("earlier run"))
            .map(str::to_string)
            .collect()
    };
    assert_eq!(without_time(&first.stdout), without_time(&again.stdout));
    let fresh = sandbox.run(&[&args[..], &["--no-cache"]].concat());
    assert!(fresh.stdout.contains("The encoder took "), "{}", fresh.stdout);
    let error = sandbox.fail(&[&args[..], &["--cache-dir", "t/cache"]].concat());
    assert_eq!(error, "t/cache: lies in the model's folder: choose another --cache-dir");
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_does_not_cost_the_model() {
    let sandbox = sandbox();
    let bert = encoder("bert");
    let args = ["tutorial", "-q", "--encoder", &bert, "--data", "reviews.tsv", "--output", "t"];
    let mut child = sandbox.command(&args).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
    assert!(sandbox.path("t/tutorial.json").exists() && sandbox.path("t/clsify.json").exists());
}

/// Data that the last steps cannot use is refused before the first step.
#[test]
fn too_few_rows_are_refused_before_the_story() {
    let sandbox = sandbox();
    sandbox.write("few.csv", "remark,mood\nfine day,good\nbad day,bad\na fine film,good\na bad film,bad\n");
    let tutorial = ["tutorial", "--encoder", &encoder("bert"), "--data", "few.csv"];
    assert!(sandbox.run(&tutorial).stderr.contains("--header present"));
    let columns = ["--text-column", "remark", "--label-column", "mood"];
    let outcome = sandbox.run(&[&tutorial[..], &columns].concat());
    assert!(outcome.stdout.is_empty() && outcome.code == Some(1), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("at least ten rows per class"), "{}", outcome.stderr);
    assert_eq!(sandbox.run(&["tutorial", "--header", "absent"]).code, Some(2));
}
