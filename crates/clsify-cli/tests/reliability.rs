//! `train --chart` and `evaluate --chart`: reliability diagrams.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use common::{Sandbox, encoder};
use serde_json::Value;

/// Oracle: the bins of the report: one dot for each that has rows, and one in the legend for each set of
/// probabilities.
#[test]
fn a_diagram_has_a_dot_for_each_bin_before_and_after() {
    let sandbox = Sandbox::with_reviews();
    let bert = encoder("bert");
    let args =
        ["train", "-q", "--encoder", &bert, "--data", "reviews.tsv", "--output", "model", "--chart", "c.svg"];
    for (more, names) in [
        (&["--json", "-"][..], &["as trained: calibration error"][..]),
        (
            &["--json", "-", "--calibration", "temperature"],
            &["before calibration: calibration error", "after it: calibration error"],
        ),
    ] {
        let report: Value = serde_json::from_str(&sandbox.succeed(&[&args[..], more].concat())).unwrap();
        let svg = std::fs::read_to_string(sandbox.path("c.svg")).unwrap();
        let filled = |bins: &Value| bins.as_array().unwrap().iter().filter(|bin| bin["n_rows"] != 0).count();
        let before = &report["calibration"]["reliability"]["before"];
        let n = filled(&report["probabilities"]["reliability"])
            + if before.is_null() { 0 } else { filled(before) };
        assert_eq!(svg.matches("<circle").count(), n + names.len(), "{svg}");
        assert!(names.iter().all(|name| svg.contains(name)), "{svg}");
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n") && !svg.contains("NaN"), "{svg}");
    }
    let text = sandbox.succeed(&[&args[..8], &["--calibration", "platt"]].concat());
    let diagram =
        text.lines().skip_while(|line| !line.contains("observed")).take_while(|line| !line.is_empty());
    assert!((2..=15).contains(&diagram.count()), "{text}");

    let evaluate = ["evaluate", "-q", "model", "--data", "reviews.tsv"];
    assert!(sandbox.succeed(&evaluate).contains("probabilities  expected calibration error 0."));
    let svg = sandbox.succeed(&[&evaluate[..], &["--chart", "-", "--json", "e.json"]].concat());
    assert!(svg.starts_with("<svg ") && svg.contains("as saved: calibration error"), "{svg}");
    let scores = common::read_json(&sandbox.path("e.json"));
    let gap = |bin: &Value| {
        let number = |name: &str| bin[name].as_f64().unwrap_or(0.0);
        number("weight") * (number("accuracy") - number("mean_probability")).abs()
    };
    let gaps: f64 = scores["probabilities"]["reliability"].as_array().unwrap().iter().map(gap).sum();
    assert!((gaps / 24.0 - scores["probabilities"]["ece"].as_f64().unwrap()).abs() < 1e-12);
}

#[test]
fn what_is_wrong_is_said() {
    let sandbox = Sandbox::with_model();
    let bert = encoder("bert");
    let train = ["train", "-q", "--encoder", &bert, "--data", "reviews.tsv", "--output", "model"];
    let evaluate = ["evaluate", "-q", "model", "--data", "reviews.tsv"];
    for command in [&train[..], &evaluate] {
        let fail = |more: &[&str]| sandbox.fail(&[command, more].concat());
        assert_eq!(fail(&["--chart", "no/c.svg"]), "no: no such folder");
        assert_eq!(fail(&["--chart", "-", "--json", "-"]), "stdout: expected --json or --chart -, got both");
    }
    let inside = sandbox.fail(&[&train[..], &["--chart", "model/c.svg"]].concat());
    assert!(inside.contains("--chart"), "{inside}");
}

/// A typing mistake must destroy neither the data nor the report.
#[test]
fn what_is_read_is_not_written_over_and_nothing_is_written_twice() {
    let sandbox = Sandbox::with_model();
    let bert = encoder("bert");
    let data = std::fs::read(sandbox.path("reviews.tsv")).unwrap();
    let train = ["train", "-q", "--encoder", &bert, "--data", "reviews.tsv", "--output", "model"];
    let evaluate = ["evaluate", "-q", "model", "--data", "reviews.tsv"];
    for command in [&train[..], &evaluate] {
        let fail = |more: &[&str]| sandbox.fail(&[command, more].concat());
        for option in ["--chart", "--json"] {
            let over = fail(&[option, "./reviews.tsv"]);
            assert_eq!(over, "./reviews.tsv: expected a file to write, got one to read");
        }
        assert_eq!(
            fail(&["--chart", "both", "--json", "./both"]),
            "both: expected different files to write, got one twice"
        );
        sandbox.succeed(&[command, &["--chart", "c.svg", "--json", "c.json"]].concat());
    }
    std::fs::write(sandbox.path("costs.csv"), "true,0,1\n0,0,1\n1,1,0\n").unwrap();
    let over = sandbox.fail(&[&train[..], &["--cost-matrix", "costs.csv", "--json", "costs.csv"]].concat());
    assert!(over.starts_with("costs.csv: expected a file to write"), "{over}");
    assert_eq!(std::fs::read(sandbox.path("reviews.tsv")).unwrap(), data);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let sandbox = Sandbox::with_model();
    let mut child = sandbox
        .command(&["evaluate", "-q", "model", "--data", "reviews.tsv", "--chart", "-"])
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
