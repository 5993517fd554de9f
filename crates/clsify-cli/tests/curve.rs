//! `curve` for files of all sizes.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use common::{Sandbox, encoder, keys};
use serde_json::{Value, json};

fn curve(sandbox: &Sandbox, more: &[&str]) -> Value {
    let bert = encoder("bert");
    let args = [&["curve", "-q", "--encoder", &bert, "--data", "reviews.tsv", "--json"], more].concat();
    serde_json::from_str(&sandbox.succeed(&args)).unwrap()
}

/// Oracle: `train` with the same options, for the last point and the baseline.
#[test]
fn the_last_point_is_what_train_gives() {
    let sandbox = Sandbox::with_reviews();
    for more in
        [&["--stratify", "--c", "1"][..], &["--stratify", "--layers", "1", "--pooling", "mean", "--c", "0.1"]]
    {
        let report = curve(&sandbox, more);
        let bert = encoder("bert");
        let train =
            ["train", "-q", "--encoder", &bert, "--data", "reviews.tsv", "--output", "m", "--json", "-"];
        let trained: Value = serde_json::from_str(&sandbox.succeed(&[&train[..], more].concat())).unwrap();
        let points = report["points"].as_array().unwrap();
        let last = points.last().unwrap();
        assert_eq!(last["accuracy"], trained["test"]["accuracy"]);
        assert_eq!(last["accuracy_ci95"], trained["test"]["accuracy_ci95"]);
        assert_eq!(report["baseline_accuracy"], trained["baseline"]["test_accuracy"]);
        assert_eq!(report["C"], trained["classifier"]["C"]);
        let expected = [
            "C",
            "accuracies",
            "accuracy",
            "accuracy_ci95",
            "accuracy_std",
            "n_rows",
            "score",
            "score_ci95",
            "score_std",
            "scores",
        ];
        assert_eq!(keys(last), expected);
        for point in points {
            for (key, accuracy) in
                [("score", "accuracy"), ("scores", "accuracies"), ("score_ci95", "accuracy_ci95")]
            {
                assert_eq!(point[key], point[accuracy]);
            }
        }
        assert_eq!(
            (&report["scoring"], &report["baseline_score"]),
            (&json!("accuracy"), &report["baseline_accuracy"])
        );
        assert_eq!(report["forecast"]["accuracy"], report["forecast"]["score"]);
        // With fewer than 200 rows, the sizes begin at an eighth of them.
        let sizes: Vec<&Value> = points.iter().map(|point| &point["n_rows"]).collect();
        assert_eq!(sizes, [&json!(2), &json!(4), &json!(8), &json!(16), &json!(18)]);
        let forecast = &report["forecast"];
        assert_eq!(forecast["n_rows"], 36);
        assert!(forecast["gain"].as_f64().unwrap() >= 0.0);
    }
}

/// Weighted rows about one topic, both or none.
fn news() -> String {
    let rows: String = (0..15)
        .map(|i| {
            format!(
                "a stunning film number {i}\tfilm\t1\nthis is terrible ! {i}\tanger\t2\n\
                 a stunning film , this is terrible ! {i}\tanger;film\t3\nwho is {i} ?\t\t0\n"
            )
        })
        .collect();
    format!("text\tlabel\tweight\n{rows}")
}

fn news_curve(sandbox: &Sandbox, more: &[&str]) -> Value {
    let bert = encoder("bert");
    let args = ["curve", "-q", "--encoder", &bert, "--data", "news.tsv", "--multi-label", ";", "--json"];
    serde_json::from_str(&sandbox.succeed(&[&args[..], more].concat())).unwrap()
}

/// Oracle: `train` with the same options, for the last point, the weighted scores and the search for C.
#[test]
fn the_last_point_of_label_sets_is_what_train_gives() {
    let sandbox = Sandbox::new();
    sandbox.write("news.tsv", news());
    let bert = encoder("bert");
    let cases: [(&[&str], &str); 4] = [
        (&["--c", "0.01"], "f1_micro"),
        (&["--c", "0.01", "--weight-column", "2"], "weighted_f1_micro"),
        (&["--scaling", "standard", "--test-data", "news.tsv", "--weight-column", "2"], "f1_micro"),
        (&["--c-grid", "0.001,0.1,10"], "f1_micro"),
    ];
    for (more, scoring) in cases {
        let report = news_curve(&sandbox, more);
        let train = [
            "train",
            "-q",
            "--encoder",
            &bert,
            "--data",
            "news.tsv",
            "--multi-label",
            ";",
            "--output",
            "m",
            "--json",
            "-",
        ];
        let trained: Value = serde_json::from_str(&sandbox.succeed(&[&train[..], more].concat())).unwrap();
        assert_eq!(report["scoring"], scoring);
        let points = report["points"].as_array().unwrap();
        let last = points.last().unwrap();
        assert_eq!(last["f1_micro"], trained["test"]["micro"]["f1"]);
        assert_eq!(last["f1_macro"], trained["test"]["macro"]["f1"]);
        assert_eq!(last["subset_accuracy"], trained["test"]["subset_accuracy"]);
        let score = match scoring {
            "f1_micro" => &trained["test"]["micro"]["f1"],
            _ => &trained["test_weighted"]["micro_f1"],
        };
        assert_eq!(&last["score"], score);
        assert_eq!(last["C"], json!([trained["classifier"]["C"]]));
        let [low, high] = [0, 1].map(|end| last["score_ci95"][end].as_f64().unwrap());
        let score = score.as_f64().unwrap();
        assert!(0.0 <= low && low <= score && score <= high && high <= 1.0, "{low} {score} {high}");
        let baselines = ["most_frequent_set", "every_label"].map(|name| &trained["baseline"][name]);
        let baseline = baselines.iter().find(|b| b["labels"] == report["baseline_labels"]).unwrap();
        if scoring == "f1_micro" {
            assert_eq!(report["baseline_score"], baseline["micro_f1"]);
        }
        assert_eq!(report.get("baseline_accuracy"), None);
        let forecast = &report["forecast"];
        assert!(forecast["gain"].as_f64().unwrap() >= 0.0 && forecast.get("accuracy").is_none());
        assert!(forecast["score"].as_f64().unwrap() <= 1.0);
        assert_eq!(report, news_curve(&sandbox, more));
    }
}

#[test]
fn curves_of_label_sets_are_shown() {
    let sandbox = Sandbox::new();
    sandbox.write("news.tsv", news());
    let bert = encoder("bert");
    let args =
        ["curve", "-q", "--encoder", &bert, "--data", "news.tsv", "--multi-label", ";", "--chart", "c.svg"];
    for (more, name) in [(&[][..], "micro F1"), (&["--weight-column", "2"], "weighted micro F1")] {
        let text = sandbox.succeed(&[&args[..], more].concat());
        for part in [name, "macro F1", "subset", "always the labels anger;film\n", "Twice the rows ("] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let svg = std::fs::read_to_string(sandbox.path("c.svg")).unwrap();
        let capitalised = name[..1].to_uppercase() + &name[1..];
        assert!(svg.contains(&format!(">{capitalised} by the number of training rows: ")), "{svg}");
        assert!(svg.contains(&format!("<desc id=\"desc\">{capitalised} on 15 held-out rows")), "{svg}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
    let mut child = sandbox.command(&args).spawn().unwrap();
    drop(child.stdout.take());
    let outcome = common::Outcome::of(&child.wait_with_output().unwrap());
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    // Two rows with equal label sets leave nothing to fit: both predictions are constant.
    sandbox.write("few.tsv", "a film\tfilm\na film 2\tfilm\nwho ?\tanger\nterrible\tanger;film\n");
    let few =
        ["curve", "-q", "--encoder", &bert, "--data", "few.tsv", "--multi-label", ";", "--repeats", "20"];
    let text = sandbox.succeed(&[&few[..], &["--test-data", "news.tsv"]].concat());
    assert!(text.contains("micro F1"), "{text}");
}

/// Oracle: the same search by `train`, for the last point. Sizes too small for folds keep `--c`.
#[test]
fn every_fit_chooses_its_own_c() {
    let sandbox = Sandbox::with_reviews();
    let more = ["--stratify", "--c-grid", "0.001,1,100", "--c", "7", "--sizes", "2,4,12"];
    let report = curve(&sandbox, &more);
    let bert = encoder("bert");
    let train = ["train", "-q", "--encoder", &bert, "--data", "reviews.tsv", "--output", "m", "--json", "-"];
    let trained: Value = serde_json::from_str(&sandbox.succeed(&[&train[..], &more[..5]].concat())).unwrap();
    let points = report["points"].as_array().unwrap();
    assert_eq!(report["grid_search"], json!([0.001, 1.0, 100.0]));
    assert_eq!(points[0]["C"], json!([7.0, 7.0, 7.0, 7.0, 7.0]));
    assert_eq!(points[1]["C"], json!([7.0, 7.0, 7.0, 7.0, 7.0]));
    assert!(
        points[2]["C"].as_array().unwrap().iter().all(|c| [0.001, 1.0, 100.0].contains(&c.as_f64().unwrap()))
    );
    assert_eq!(points[3]["C"], json!([trained["grid_search"]["best_C"]]));
    assert_eq!(points[3]["accuracy"], trained["test"]["accuracy"]);
    let text = sandbox.succeed(&[
        "curve",
        "-q",
        "--encoder",
        &bert,
        "--data",
        "reviews.tsv",
        "--stratify",
        "--grid-search",
    ]);
    assert!(text.contains("C chosen from 20 values by cross-validation"), "{text}");
    assert_eq!(curve(&sandbox, &["--c", "7"]).get("grid_search"), None);
}

/// Oracle: the weighted accuracy of `train` with the same options.
#[test]
fn a_curve_by_weight_is_of_the_accuracy_by_weight() {
    let sandbox = Sandbox::new();
    let reviews: String = common::reviews()
        .lines()
        .zip([1, 2, 5].iter().cycle())
        .map(|(row, w)| format!("{row}\t{w}\n"))
        .collect();
    sandbox.write("reviews.tsv", reviews);
    let more = ["--weight-column", "2", "--stratify", "--c", "0.001"];
    let report = curve(&sandbox, &more);
    let bert = encoder("bert");
    let train = ["train", "-q", "--encoder", &bert, "--data", "reviews.tsv", "--output", "m", "--json", "-"];
    let trained: Value = serde_json::from_str(&sandbox.succeed(&[&train[..], &more].concat())).unwrap();
    assert_eq!(report["scoring"], "weighted_accuracy");
    let last = report["points"].as_array().unwrap().last().unwrap();
    let (got, expected) =
        (last["score"].as_f64().unwrap(), trained["test_weighted_accuracy"].as_f64().unwrap());
    assert!((got - expected).abs() < 1e-12, "expected {expected}, got {got}");
    assert_eq!(last["accuracy"], trained["test"]["accuracy"]);
    assert_eq!(report["forecast"].get("accuracy"), None);
    // A test file has no weights: each row counts once.
    sandbox.write("test.tsv", common::reviews());
    assert_eq!(curve(&sandbox, &["--weight-column", "2", "--test-data", "test.tsv"])["scoring"], "accuracy");
}

#[test]
fn the_same_seed_gives_the_same_curve() {
    let sandbox = Sandbox::with_reviews();
    let more = ["--sizes", "4,8", "--repeats", "3", "--seed", "1"];
    let (one, other) = (curve(&sandbox, &more), curve(&sandbox, &[&more[..], &["--threads", "1"]].concat()));
    assert_eq!(one, other);
    assert_eq!(one["points"][0]["accuracies"].as_array().unwrap().len(), 3);
}

#[test]
fn tables_and_charts_say_what_was_found() {
    let sandbox = Sandbox::with_reviews();
    sandbox.copy_encoder("bert", "a <b> & \"c\"");
    let args = [
        "curve",
        "-q",
        "--encoder",
        "a <b> & \"c\"",
        "--data",
        "reviews.tsv",
        "--stratify",
        "--chart",
        "curve.svg",
    ];
    let text = sandbox.succeed(&args);
    for part in [
        "baseline     0.5000",
        "95 % interval",
        "Twice the rows (36): about ",
        "Fitted without its last point",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let svg = std::fs::read_to_string(sandbox.path("curve.svg")).unwrap();
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"") && svg.ends_with("</svg>\n"));
    assert!(
        svg.contains("<title id=\"title\">Learning curve of a &lt;b&gt; &amp; &quot;c&quot;</title>"),
        "{svg}"
    );
    assert!(
        svg.contains("<desc id=\"desc\">Accuracy on 6 held-out rows with 95 % interval: 2 rows "),
        "{svg}"
    );
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    assert_eq!(svg.matches("<circle").count(), 5);
    for label in [">36</text>", ">18</text>", ">16</text>", ">training rows (logarithmic)</text>"] {
        assert!(svg.contains(label), "{label}: {svg}");
    }
    let on_stdout = sandbox.succeed(&[&args[..7], &["--chart", "-"]].concat());
    assert!(on_stdout.starts_with("<svg "), "{on_stdout}");
}

/// Two rows are enough for a curve with one point and without a forecast.
#[test]
fn the_smallest_files_have_a_curve() {
    let sandbox = Sandbox::with_reviews();
    sandbox.write("two.tsv", "fine\tgood\nfar too long\tbad\n");
    let bert = encoder("bert");
    let args = ["curve", "-q", "--encoder", &bert, "--data", "two.tsv", "--test-data", "reviews.tsv"];
    let text = sandbox.succeed(&[&args[..], &["--chart", "curve.svg"]].concat());
    assert!(text.contains("Three numbers of rows are needed"), "{text}");
    let svg = std::fs::read_to_string(sandbox.path("curve.svg")).unwrap();
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
}

#[test]
fn what_is_wrong_is_said() {
    let sandbox = Sandbox::with_reviews();
    sandbox.write("one.tsv", "fine\tgood\nfiner\tgood\n");
    let bert = encoder("bert");
    for (args, expected) in [
        (vec!["--data", "one.tsv"], "one.tsv: lines 1 to 2: expected at least 2 classes"),
        (vec!["--data", "none.tsv"], "none.tsv: "),
        (
            vec!["--data", "reviews.tsv", "--sizes", "4,19"],
            "learning curve: expected sizes from 2 to the 18 training rows, got 19",
        ),
        (
            vec!["--data", "reviews.tsv", "--sizes", "1"],
            "learning curve: expected sizes from 2 to the 18 training rows, got 1",
        ),
        (vec!["--data", "reviews.tsv", "--chart", "no/curve.svg"], "no: no such folder"),
        (vec!["--data", "reviews.tsv", "--chart", "-", "--json"], "stdout: expected --json or --chart -"),
    ] {
        let error = sandbox.fail(&[&["curve", "-q", "--encoder", &bert], &args[..]].concat());
        assert!(error.contains(expected), "{args:?}: {error}");
    }
    for args in [
        &["--repeats", "0"][..],
        &["--sizes", "0"],
        &["--c", "0"],
        &["--test-size", "2.5"],
        &["--c-grid", "1,-1"],
        &["--multi-label", ""],
    ] {
        let outcome = sandbox.run(&[&["curve", "--data", "reviews.tsv"], args].concat());
        assert_eq!(outcome.code, Some(2), "{args:?}: {}", outcome.stderr);
    }
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let sandbox = Sandbox::with_reviews();
    let bert = encoder("bert");
    for more in [&["--json"][..], &["--chart", "-"], &[]] {
        let args = [&["curve", "-q", "--encoder", &bert, "--data", "reviews.tsv"], more].concat();
        let mut child = sandbox.command(&args).spawn().unwrap();
        drop(child.stdout.take());
        let outcome = common::Outcome::of(&child.wait_with_output().unwrap());
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{args:?}");
    }
}
