//! `--chart-dir`, and `--chart` of the commands that have no other test of it.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use common::{Sandbox, encoder};

/// The names of the files in a folder, sorted.
fn names(sandbox: &Sandbox, folder: &str) -> Vec<String> {
    let files = std::fs::read_dir(sandbox.path(folder)).unwrap();
    let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn read(sandbox: &Sandbox, path: &str) -> String {
    let svg = std::fs::read_to_string(sandbox.path(path)).unwrap();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n") && !svg.contains("NaN"), "{path}: {svg}");
    svg
}

/// Oracle: the table of docs/charts.md. The folder is created, and may exist; `--chart` draws the first chart.
#[test]
fn every_command_writes_its_charts() {
    let sandbox = Sandbox::with_model();
    let bert = encoder("bert");
    let scores = ["class_scores.svg", "confusion.svg", "precision_recall.svg", "reliability.svg"];
    for (command, first, expected) in [
        (
            vec!["train", "--encoder", &bert, "--data", "reviews.tsv", "--output", "new"],
            "reliability.svg",
            &scores[..],
        ),
        (vec!["evaluate", "model", "--data", "reviews.tsv"], "reliability.svg", &scores[..]),
        (
            vec!["curve", "--encoder", &bert, "--data", "reviews.tsv"],
            "learning_curve.svg",
            &["learning_curve.svg"],
        ),
        (
            vec!["advise", "--encoder", &bert, "--data", "reviews.tsv"],
            "score_by_speed.svg",
            &["score_by_speed.svg"],
        ),
        (vec!["compare", "model", "model", "--data", "reviews.tsv"], "comparison.svg", &["comparison.svg"]),
        (
            vec!["doctor", "--text-only", "--data", "reviews.tsv"],
            "class_balance.svg",
            &["class_balance.svg", "lengths.svg"],
        ),
    ] {
        let folder = format!("charts of {}", command[0]);
        let both = ["-q", "--chart-dir", &folder, "--chart", "one.svg"];
        for _ in 0..2 {
            let text = sandbox.succeed(&[&command[..], &both].concat());
            assert!(!text.is_empty() && !text.contains("<svg"), "{text}");
            assert_eq!(names(&sandbox, &folder), expected, "{command:?}");
        }
        assert_eq!(read(&sandbox, "one.svg"), read(&sandbox, &format!("{folder}/{first}")));
        let on_stdout = sandbox.succeed(&[&command[..], &["-q", "--chart", "-", "--json=r.json"]].concat());
        assert!(on_stdout.starts_with("<svg ") && on_stdout.ends_with("</svg>\n"), "{on_stdout}");
        assert!(common::read_json(&sandbox.path("r.json")).is_object() || command[0] == "advise");
        std::fs::remove_file(sandbox.path("r.json")).unwrap();
    }
}

/// The speed differs between two runs, so that only the marks are tested: measured and ceiling, and two in the legend.
#[test]
fn bench_draws_a_bar_and_its_ceiling() {
    let sandbox = Sandbox::new();
    let bert = encoder("bert");
    let bench = ["bench", "-q", "--encoder", &bert, "--dtype", "f32", "--limit", "8"];
    sandbox.succeed(&[&bench[..], &["--chart-dir", "charts"]].concat());
    assert_eq!(names(&sandbox, "charts"), ["speed.svg"]);
    let svg = read(&sandbox, "charts/speed.svg");
    assert_eq!((svg.matches("class=\"blue\"").count(), svg.matches("class=\"blue-hollow\"").count()), (2, 2));
    assert!(
        svg.contains("throughput (sentences per second)") && svg.contains("<desc id=\"desc\">f32: "),
        "{svg}"
    );
}

/// Label sets have no confusion matrix; doctor and compare show each label.
#[test]
fn label_sets_have_charts() {
    let sandbox = Sandbox::new();
    let row = |i: usize| format!("a text of number {i}\t{}\n", ["<film>;joy", "joy", "<film>", ""][i % 4]);
    sandbox.write("news.tsv", (0..40).map(row).collect::<String>());
    let bert = encoder("bert");
    let data = ["--data", "news.tsv", "-q", "--chart-dir", "charts"];
    let train = ["train", "--encoder", &bert, "--multi-label", ";", "--output", "model"];
    sandbox.succeed(&[&train[..], &data].concat());
    assert_eq!(names(&sandbox, "charts"), ["class_scores.svg", "precision_recall.svg", "reliability.svg"]);
    assert!(read(&sandbox, "charts/class_scores.svg").contains(">&lt;film&gt;</text>"));
    let svg = read(&sandbox, "charts/precision_recall.svg");
    assert!(svg.contains(">1 \u{b7} &lt;film&gt;</text>") && svg.contains(">2 \u{b7} joy</text>"), "{svg}");
    sandbox.succeed(&[&["compare", "model", "model"][..], &data].concat());
    let svg = read(&sandbox, "charts/comparison.svg");
    for name in ["micro F1", "subset accuracy", "accuracy of &lt;film&gt;", "accuracy of joy"] {
        assert!(svg.contains(&format!(">{name}</text>")), "{name}: {svg}");
    }
    sandbox.succeed(&[&["doctor", "--text-only", "--multi-label", ";"][..], &data].concat());
    assert!(read(&sandbox, "charts/class_balance.svg").contains(">2 labels, 40 rows: news.tsv</text>"));
}

#[test]
fn folders_that_cannot_be_written_are_refused_before_the_work() {
    let sandbox = Sandbox::with_model();
    let bert = encoder("bert");
    let train = ["train", "--encoder", &bert, "--data", "reviews.tsv", "--output", "model"];
    let evaluate = ["evaluate", "model", "--data", "reviews.tsv"];
    let compare = ["compare", "model", "model", "--data", "reviews.tsv"];
    let doctor = ["doctor", "--text-only", "--data", "reviews.tsv"];
    std::fs::create_dir(sandbox.path("kept")).unwrap();
    std::fs::copy(sandbox.path("reviews.tsv"), sandbox.path("kept/reliability.svg")).unwrap();
    let before = sandbox.entries();
    for (command, more, expected) in [
        (
            &train[..],
            &["--chart-dir", "model/charts"][..],
            "lies in the model's folder: choose another --chart-dir",
        ),
        (&train, &["--chart-dir", "model"], "lies in the model's folder: choose another --chart-dir"),
        (&evaluate, &["--chart-dir", "none/charts"], "none: no such folder"),
        (&evaluate, &["--chart-dir", "-"], "--chart-dir: expected a folder, got stdout"),
        (&evaluate, &["--chart-dir", "reviews.tsv"], "reviews.tsv: no such folder"),
        (
            &evaluate,
            &["--chart-dir", "new", "--json=new"],
            "new: expected different files to write, got one twice",
        ),
        (
            &evaluate,
            &["--chart-dir", "kept", "--json=kept/reliability.svg"],
            "kept/reliability.svg: expected different files to write, got one twice",
        ),
        (&compare, &["--chart", "-", "--json"], "stdout: expected --json or --chart -, got both"),
        (&compare, &["--chart", "-", "--output", "-"], "stdout: expected --chart - or --output -, got both"),
        (&doctor, &["--chart", "-", "--json"], "stdout: expected --json or --chart -, got both"),
    ] {
        let error = sandbox.fail(&[command, more].concat());
        assert!(error.contains(expected), "{command:?} {more:?}: {error}");
        assert_eq!(sandbox.entries(), before, "{more:?}");
    }
    let read =
        ["evaluate", "model", "--format", "tsv", "--data", "kept/reliability.svg", "--chart-dir", "kept"];
    let error = sandbox.fail(&read);
    assert_eq!(error, "kept/reliability.svg: expected a file to write, got one to read");
}
