//! `advise`, `curve` and `tutorial` with `--tune`: their numbers against those of `train --tune`, and what they print.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use std::fs;

use common::{Outcome, Sandbox, encoder, read_json};
use serde_json::{Value, json};

/// Options with which a tiny encoder learns.
const QUICK: [&str; 8] =
    ["--tune", "--epochs", "30", "--no-dropout", "--learning-rate", "0.001", "--tune-dtype", "f32"];

/// A file `train.tsv` of sentences with a word that tells the label, and a folder for temporary files.
fn sandbox(n: usize) -> Sandbox {
    let sandbox = Sandbox::new();
    let word = |i: usize| ["film", "story", "actor"][i * 7919 % 1009 % 3];
    let line = |i: usize| {
        let (label, own) = if i.is_multiple_of(2) { ("up", "good") } else { ("down", "bad") };
        format!("{} {own} {}\t{label}\n", word(i), word(3 * i + 1))
    };
    sandbox.write("train.tsv", (0..n).map(line).collect::<String>());
    fs::create_dir(sandbox.path("temporary")).unwrap();
    sandbox
}

/// Runs a command with `--tune`, which leaves nothing behind in the folder for temporary files.
fn run(sandbox: &Sandbox, command: &str, more: &[&str]) -> Outcome {
    let bert = encoder("bert");
    let own = [command, "--encoder", &bert, "--data", "train.tsv"];
    let args = [&own[..], &QUICK, more].concat();
    let output = sandbox.command(&args).env("TMPDIR", sandbox.path("temporary")).output().unwrap();
    let outcome = Outcome::of(&output);
    assert_eq!(outcome.code, Some(0), "{args:?}: {}", outcome.stderr);
    assert_eq!(fs::read_dir(sandbox.path("temporary")).unwrap().count(), 0, "{args:?}");
    outcome
}

fn report(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.stdout).unwrap()
}

/// Oracle: `train --tune` by the command that is advised, on rows held out once and in folds.
#[test]
fn advice_about_tuning_is_what_train_gives() {
    for (n_rows, n_splits) in [(480, 1), (120, 4)] {
        let sandbox = sandbox(n_rows);
        let outcome = run(&sandbox, "advise", &["--json", "--seed", "2", "--chart", "chart.svg"]);
        assert!(outcome.stderr.contains("note: tuning takes about "), "{}", outcome.stderr);
        let advice = &report(&outcome)[0];
        let tuned = &advice["tuned"];
        assert_eq!(tuned["n_splits"], n_splits);
        assert!(
            tuned["estimated_seconds"].as_f64().unwrap() > 0.0 && tuned["seconds"].as_f64().unwrap() > 0.0
        );

        let command = advice["tune_command"].as_str().unwrap();
        assert!(command.contains(" --tune --epochs 30 --learning-rate 0.001 --no-dropout --tune-dtype f32 "));
        let args: Vec<&str> = command.split(' ').skip(1).chain(["-q", "--json", "report.json"]).collect();
        sandbox.succeed(&args);
        let trained = read_json(&sandbox.path("report.json"));
        for score in ["tuned", "frozen", "n_held_out", "is_kept", "epochs"] {
            assert_eq!(trained["tuning"][score], tuned[score], "{score}");
        }
        assert_eq!(tuned["is_kept"], true);
        assert_eq!(trained["test"]["accuracy"], tuned["test_accuracy"]);
        assert_eq!(trained["test"]["accuracy_ci95"], tuned["test_accuracy_ci95"]);

        let n_candidates = advice["selection"]["candidates"].as_array().unwrap().len();
        let svg = fs::read_to_string(sandbox.path("chart.svg")).unwrap();
        // The tuned encoder and its ring, and three in the legend.
        assert_eq!(svg.matches("<circle").count(), n_candidates + 2 + 3);
        assert!(svg.contains("tuned in ") && svg.contains(">tuned encoder</text>"), "{svg}");
    }
}

#[test]
fn advice_says_what_tuning_costs_only_if_it_is_asked_for() {
    let sandbox = sandbox(120);
    let text = run(&sandbox, "advise", &[]).stdout;
    for part in ["minutes to train", "tuned, mean of the last layer", "training rows, in 4 folds"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        text.contains("The choice: ") && (text.contains("Without tuning:") || text.contains("Tuning is not"))
    );
    let bert = encoder("bert");
    let outcome = sandbox.run(&["advise", "--encoder", &bert, "--data", "train.tsv", "--json"]);
    assert!(!outcome.stderr.contains("tuning"), "{}", outcome.stderr);
    let advice = &report(&outcome)[0];
    assert_eq!((&advice["tuned"], &advice["tune_command"]), (&Value::Null, &Value::Null));
    // A log loss is above 0, and less of it is better.
    let advice = &report(&run(&sandbox, "advise", &["--json", "--scoring", "log_loss"]))[0];
    let [low, score, high] = ["/tuned/tuned/ci95/0", "/tuned/tuned/score", "/tuned/tuned/ci95/1"]
        .map(|place| advice.pointer(place).unwrap().as_f64().unwrap());
    assert!(0.0 <= low && low <= score && score <= high, "{low} {score} {high}");
}

/// Oracle: `curve` without tuning for the frozen encoder, and `train --tune`, which with so few rows learns from all of them.
#[test]
fn a_curve_has_the_frozen_and_the_tuned_score() {
    let sandbox = sandbox(160);
    let rows = ["--sizes", "20,60", "--repeats", "2"];
    let curve = |more: &[&str]| report(&run(&sandbox, "curve", &[&rows[..], &["--json"], more].concat()));
    let found = curve(&["--pooling", "mean", "--chart", "curve.svg"]);
    let bert = encoder("bert");
    let own = ["curve", "-q", "--encoder", &bert, "--data", "train.tsv", "--pooling", "mean", "--json"];
    let frozen: Value = serde_json::from_str(&sandbox.succeed(&[&own[..], &rows].concat())).unwrap();
    assert_eq!(found["points"], frozen["points"]);
    assert_eq!(frozen["tuned"], Value::Null);

    let points = found["tuned"]["points"].as_array().unwrap();
    let number = |point: &Value, name: &str| point[name].as_f64().unwrap();
    for (point, frozen) in points.iter().zip(frozen["points"].as_array().unwrap()) {
        assert_eq!((&point["n_rows"], &point["frozen_score"]), (&frozen["n_rows"], &frozen["scores"][0]));
        let gain = number(point, "tuned_score") - number(point, "frozen_score");
        assert!((gain - number(point, "gain")).abs() < 1e-12);
        assert_eq!(point["epochs"], 30);
    }
    assert_eq!(points.len(), 3);
    assert!(found["tuned"]["estimated_seconds"].as_f64().unwrap() > 0.0);
    let svg = fs::read_to_string(sandbox.path("curve.svg")).unwrap();
    assert!(svg.contains("tuned, 20 rows: ") && svg.contains("With a tuned encoder: 20 rows "), "{svg}");

    let trained = ["train", "-q", "--encoder", &bert, "--data", "train.tsv", "--output", "model", "--json"];
    let trained: Value = serde_json::from_str(&sandbox.succeed(&[&trained[..], &QUICK].concat())).unwrap();
    assert_eq!(trained["tuning"]["is_kept"], true);
    assert_eq!(trained["test"]["accuracy"], points[2]["tuned_score"]);

    // Without options for features the frozen encoder has those that `train` chooses.
    let chosen = curve(&[]);
    let trained = ["train", "-q", "--encoder", &bert, "--data", "train.tsv", "--output", "model", "--json"];
    let trained: Value = serde_json::from_str(&sandbox.succeed(&trained)).unwrap();
    assert_eq!(chosen["C"], trained["classifier"]["C"]);
    assert_eq!(chosen["scaling"], "standard");
    assert_eq!(chosen["points"][2]["score"], trained["test"]["accuracy"]);
    assert_eq!(chosen["tuned"]["points"][2]["tuned_score"], points[2]["tuned_score"]);
}

#[test]
fn a_curve_says_whether_tuning_pays() {
    let sandbox = sandbox(160);
    let outcome = run(&sandbox, "curve", &["--sizes", "60", "--pooling", "mean"]);
    assert!(outcome.stderr.contains("note: tuning for 2 numbers of rows takes about "), "{}", outcome.stderr);
    let judgements = ["Tuning pays from ", "Tuning does not pay", "These rows do not show that tuning pays"];
    assert!(judgements.iter().any(|text| outcome.stdout.contains(text)), "{}", outcome.stdout);
    let heads = |line: &str| line.split_whitespace().take(5).eq(["rows", "frozen", "95", "%", "interval"]);
    assert!(outcome.stdout.lines().any(heads), "{}", outcome.stdout);
}

/// The frozen part is that of a run without tuning.
#[test]
fn the_tutorial_ends_with_the_tuned_encoder() {
    let sandbox = sandbox(160);
    let bert = encoder("bert");
    sandbox.succeed(&["tutorial", "-q", "--encoder", &bert, "--data", "train.tsv", "--output", "t"]);
    let mut frozen = read_json(&sandbox.path("t/tutorial.json"));
    let outcome = run(&sandbox, "tutorial", &["--output", "t"]);
    assert!(outcome.stderr.contains("note: tuning takes about "), "{}", outcome.stderr);
    for part in ["14. The article's last step: fine-tuning", "  dummy ", "  tuned encoder ", "t/tuned"] {
        assert!(outcome.stdout.contains(part), "{part}: {}", outcome.stdout);
    }
    let mut report = read_json(&sandbox.path("t/tutorial.json"));
    let tuned = report["tuned"].take();
    assert_eq!(tuned["tuning"]["is_kept"], true);
    assert_eq!(tuned["split"]["test_indices"], report["split"]["test_indices"]);
    for report in [&mut frozen, &mut report] {
        report["story"]["seconds"] = json!(null);
        for name in ["seconds", "tuned"] {
            report.as_object_mut().unwrap().remove(name);
        }
    }
    assert_eq!(report, frozen);
    let accuracy = format!("  {:.3}", tuned["test"]["accuracy"].as_f64().unwrap());
    let line = outcome.stdout.lines().find(|line| line.starts_with("  tuned encoder")).unwrap();
    assert!(line.contains(&accuracy), "{line}");
    // The model of the tutorial is the frozen one; the tuned one needs nothing else.
    assert!(sandbox.path("t/guide.html").exists() && !sandbox.path("t/encoder").exists());
    assert!(sandbox.succeed(&["predict", "t/tuned", "-q", "film good story"]).starts_with("up"));
    // Again over the same folder.
    run(&sandbox, "tutorial", &["--output", "t", "-q"]);
}

#[test]
fn options_that_do_not_fit_are_refused() {
    let (sandbox, bert) = (sandbox(120), encoder("bert"));
    for command in ["advise", "curve", "tutorial"] {
        let own = [command, "--encoder", &bert, "--data", "train.tsv"];
        for (more, expected) in [(["--epochs", "3"], "--tune"), (["--tune", "--resume"], "--resume")] {
            let outcome = sandbox.run(&[&own[..], &more].concat());
            assert_eq!(outcome.code, Some(2), "{command} {more:?}: {}", outcome.stderr);
            assert!(outcome.stderr.contains(expected), "{command} {more:?}: {}", outcome.stderr);
        }
        let error = sandbox.fail(&[&own[..], &["--tune", "--learning-rate", "5"]].concat());
        assert!(error.contains("learning rate: expected a number above 0, at most 1, got 5"), "{error}");
    }
}

/// An interrupt ends each of them and leaves nothing.
#[cfg(unix)]
#[test]
fn an_interrupt_leaves_nothing() {
    use std::io::{BufRead, BufReader};
    let (sandbox, bert) = (sandbox(480), encoder("bert"));
    for command in ["advise", "curve", "tutorial"] {
        let before = sandbox.entries();
        let args =
            [command, "--encoder", &bert, "--data", "train.tsv", "--tune", "--epochs", "900", "--no-cache"];
        let mut child = sandbox.command(&args).env("TMPDIR", sandbox.path("temporary")).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let mut lines = lines.skip_while(|line| !line.starts_with("note: tuning "));
        assert!(lines.next().is_some(), "{command} ended");
        let id = child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        lines.for_each(drop);
        assert_eq!(child.wait().unwrap().code(), Some(130), "{command}");
        assert_eq!(sandbox.entries(), before, "{command}");
    }
}

/// Label sets are scored by micro F1.
#[test]
fn label_sets_are_tuned_too() {
    let sandbox = sandbox(0);
    let line = |i: usize| match i % 4 {
        0 => format!("a good film {}\tup;film\n", i % 12),
        1 => format!("a bad film {}\tdown;film\n", i % 12),
        2 => format!("a good story {}\tup\n", i % 12),
        _ => format!("nothing {}\t\n", i % 12),
    };
    sandbox.write("train.tsv", (0..160).map(line).collect::<String>());
    let sets = ["--multi-label", ";", "--json"];
    let curve =
        report(&run(&sandbox, "curve", &[&sets[..], &["--sizes", "60", "--pooling", "mean"]].concat()));
    assert_eq!(curve["scoring"], "f1_micro");
    for point in curve["tuned"]["points"].as_array().unwrap() {
        assert!(point["tuned_score"].as_f64().unwrap() > 0.5, "{point}");
    }
    let advice = &report(&run(&sandbox, "advise", &sets))[0];
    assert_eq!(advice["tuned"]["scoring"], "f1_micro");
    assert!(advice["tuned"]["test_f1_micro"].as_f64().unwrap() > 0.5, "{}", advice["tuned"]);
}
