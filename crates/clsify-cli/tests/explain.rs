//! `explain` on a model whose answers without each word are known from `predict`.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use common::{Sandbox, encoder, json_lines};
use serde_json::Value;

const TEXT: &str = "a  quiet bore , film number 3";
const WORDS: [&str; 7] = ["a", "quiet", "bore", ",", "film", "number", "3"];

fn explain(sandbox: &Sandbox, more: &[&str]) -> Vec<Value> {
    let args = [&["explain", "-q", "model", "--json"], more].concat();
    serde_json::from_str(&sandbox.succeed(&args)).unwrap()
}

/// The probability of each label for some texts, as `predict` gives them.
fn predict(sandbox: &Sandbox, texts: &[String]) -> Vec<Value> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let args = [&["predict", "-q", "model", "-p", "--output-format", "json"][..], &texts].concat();
    json_lines(&sandbox.succeed(&args))
}

fn logit(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value}"))
}

/// Oracle: `predict` on the same text without the words. A contribution is the difference of two logits near 0, of which each is
/// right to some 1e-12.
#[test]
fn contributions_are_what_predict_says_without_the_words() {
    for labels in [&["good", "bad"][..], &["good", "bad", "fine"]] {
        let sandbox = Sandbox::with_reviews();
        let bert = encoder("bert");
        let mut data = common::reviews();
        if labels.len() == 3 {
            data.extend((0..12).map(|i| format!("nothing to say about film {i} either way\tfine\n")));
        }
        sandbox.write("data.tsv", data);
        sandbox.succeed(&["train", "-q", "--encoder", &bert, "--data", "data.tsv", "--output", "model"]);
        let explanation = &explain(&sandbox, &[TEXT])[0];
        let without = |gone: &[usize]| -> String {
            let kept = WORDS.iter().enumerate().filter(|(i, _)| !gone.contains(i)).map(|(_, word)| *word);
            kept.collect::<Vec<_>>().join(" ")
        };
        let alone: Vec<String> = (0..7).map(|i| without(&[i])).collect();
        let pairs: Vec<String> = (0..6).map(|i| without(&[i, i + 1])).collect();
        let answers = predict(&sandbox, &[&[TEXT.to_string()][..], &alone, &pairs].concat());
        let label = explanation["label"].as_str().unwrap();
        assert_eq!(explanation["label"], answers[0]["label"]);
        let base = number(&answers[0]["probabilities"][label]);
        assert!((number(&explanation["logit"]) - logit(base)).abs() < 1e-9, "{explanation}");
        assert_eq!(explanation["n_encodings"], 1 + 7 + 6);
        for (i, word) in WORDS.iter().enumerate() {
            let (found, answer) = (&explanation["words"][i], &answers[1 + i]);
            assert_eq!(found["word"], *word);
            let (start, end) =
                (found["start"].as_u64().unwrap() as usize, found["end"].as_u64().unwrap() as usize);
            assert_eq!(&TEXT[start..end], *word);
            let p = number(&answer["probabilities"][label]);
            assert!(
                (number(&found["contribution"]) - (logit(base) - logit(p))).abs() < 1e-9,
                "{word}: {found}"
            );
            assert_eq!(number(&found["probability_without"]), p);
            // All classes at once.
            for (k, class) in explanation["classes"].as_array().unwrap().iter().enumerate() {
                let name = class["label"].as_str().unwrap();
                let (with, without) =
                    (number(&answers[0]["probabilities"][name]), number(&answer["probabilities"][name]));
                let expected = logit(with) - logit(without);
                assert!((number(&found["contributions"][k]) - expected).abs() < 1e-9, "{word}, {name}");
            }
        }
        for i in 0..6 {
            let found = &explanation["pairs"][i];
            assert_eq!(found["words"], serde_json::json!([i, i + 1]));
            let expected = logit(base) - logit(number(&answers[8 + i]["probabilities"][label]));
            assert!((number(&found["contribution"]) - expected).abs() < 1e-9);
            let apart = number(&explanation["words"][i]["contribution"])
                + number(&explanation["words"][i + 1]["contribution"]);
            assert!((number(&found["interaction"]) - (expected - apart)).abs() < 1e-9);
        }
        // The terms of the decision add up to it: with two classes to the logit.
        let features = &explanation["features"];
        let total = number(&features["sum"]) + number(&features["intercept"]);
        assert!((number(&features["total"]) - total).abs() < 1e-12 && total > 0.0);
        match labels.len() {
            2 => {
                assert!((total - number(&explanation["logit"])).abs() < 1e-9 && features["against"].is_null())
            }
            _ => {
                let other = number(&answers[0]["probabilities"][features["against"].as_str().unwrap()]);
                assert!((total - (base / other).ln()).abs() < 1e-9, "{features}");
            }
        }
    }
}

/// Oracle: `predict` on the text without the words of the path, step by step.
#[test]
fn a_path_ends_at_the_first_step_that_changes_the_answer() {
    let sandbox = Sandbox::with_model();
    let texts = [TEXT, "film number 1 is wonderful", "is wonderful is quiet is a bore"];
    let mut n_abstained = 0;
    for (threshold, text) in
        ["0.5", "0.6", "0.7", "0.8", "0.9"].into_iter().flat_map(|t| texts.map(|text| (t, text)))
    {
        let train =
            ["train", "-q", "--encoder", &encoder("bert"), "--data", "reviews.tsv", "--output", "model"];
        sandbox.succeed(&[&train[..], &["--features", "article", "--abstain-below", threshold]].concat());
        let explanation = &explain(&sandbox, &["--path", text])[0];
        let (path, label) = (&explanation["path"], explanation["label"].as_str().unwrap());
        let words: Vec<&str> = text.split_whitespace().collect();
        let steps: Vec<usize> = path["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| step["word"].as_u64().unwrap() as usize)
            .collect();
        let without = |gone: &[usize]| -> String {
            let kept = words.iter().enumerate().filter(|(i, _)| !gone.contains(i)).map(|(_, word)| *word);
            kept.collect::<Vec<_>>().join(" ")
        };
        let gives = |answer: &Value| answer["abstained"] == false && answer["label"] == label;
        let is_given = gives(&predict(&sandbox, &[text.to_string()])[0]);
        for n in 1..=steps.len() {
            // What each of the words that are left would do; without all of them there is no text to ask about.
            let left: Vec<usize> = (0..words.len()).filter(|word| !steps[..n - 1].contains(word)).collect();
            let texts: Vec<String> =
                left.iter().map(|&word| without(&[&steps[..n - 1], &[word]].concat())).collect();
            if texts.iter().any(String::is_empty) {
                continue;
            }
            let answers = predict(&sandbox, &texts);
            let p = |i: usize| number(&answers[i]["probabilities"][label]);
            let chosen = left.iter().position(|&word| word == steps[n - 1]).unwrap();
            let moves = |i: usize| if is_given { p(i) >= p(chosen) } else { p(i) <= p(chosen) };
            assert!((0..left.len()).all(moves), "{text}: step {n}");
            assert_eq!(number(&path["steps"][n - 1]["probability"]), p(chosen));
            let has_changed = gives(&answers[chosen]) != is_given;
            assert_eq!(has_changed, n == steps.len() && !path["changed_to"].is_null(), "{text}: step {n}");
            if has_changed && answers[chosen]["abstained"] == true {
                assert_eq!(path["changed_to"], serde_json::json!(["?"]), "{path}");
                n_abstained += 1;
            }
        }
        assert!(!path["changed_to"].is_null() || steps.len() == words.len(), "{path}");
    }
    assert!(n_abstained > 0);
}

/// Oracle: a logit of a label of a set is its decision value, which `predict` gives as a probability.
#[test]
fn label_sets_are_explained_label_by_label() {
    let sandbox = Sandbox::new();
    let bert = encoder("bert");
    let data: String = (0..20)
        .map(|i| match i % 4 {
            0 => format!("a wonderful film number {i}\tgood;film\n"),
            1 => format!("a bore of a film number {i}\tbad;film\n"),
            2 => format!("a wonderful meal number {i}\tgood\n"),
            _ => format!("a table and {i} chairs\t\n"),
        })
        .collect();
    sandbox.write("data.tsv", data);
    sandbox.succeed(&[
        "train",
        "-q",
        "--encoder",
        &bert,
        "--data",
        "data.tsv",
        "--multi-label",
        ";",
        "--output",
        "model",
    ]);
    let text = "a wonderful film";
    let of_film = &explain(&sandbox, &["--label", "film", "--path", text])[0];
    assert_eq!(of_film["label"], "film");
    let answers = predict(&sandbox, &[text.to_string(), "wonderful film".to_string()]);
    let p = |i: usize| number(&answers[i]["probabilities"]["film"]);
    let found = &of_film["words"][0];
    assert!((number(&found["contribution"]) - (logit(p(0)) - logit(p(1)))).abs() < 1e-9, "{found}");
    assert_eq!(of_film["labels"], answers[0]["labels"]);
    let most_probable = &explain(&sandbox, &[text])[0];
    let best = number(&most_probable["probability"]);
    assert!(
        most_probable["classes"]
            .as_array()
            .unwrap()
            .iter()
            .all(|class| number(&class["probability"]) <= best)
    );
}

#[test]
fn the_text_shows_marks_without_colour_and_the_page_holds_no_markup_of_the_text() {
    let sandbox = Sandbox::with_model();
    let text = "</script> \u{1b}[31m <b>bold</b> & שלום 🙂 \"quoted\"";
    let shown = sandbox.succeed(&["explain", "-q", "model", "--path", "--html", "page.html", text]);
    assert!(
        shown.lines().any(|line| line.contains('+') || line.contains('-')) && shown.contains("encoded"),
        "{shown}"
    );
    assert!(!shown.contains('\u{1b}'), "{shown}");
    let page = std::fs::read_to_string(sandbox.path("page.html")).unwrap();
    assert!(!page.contains("<b>") && !page.contains("</script>") && !page.contains('\u{1b}'), "{page}");
    assert!(
        page.contains("&lt;b&gt;bold&lt;/b&gt;") && page.contains("שלום") && page.contains("🙂"),
        "{page}"
    );
    assert!(page.contains("Content-Security-Policy\" content=\"default-src 'none'"), "{page}");
    // On stdout alone.
    assert_eq!(sandbox.succeed(&["explain", "-q", "model", "--path", "--html", "-", text]), page);
    // In a file the text is the same.
    assert_eq!(sandbox.succeed(&["explain", "-q", "model", "--path", "--output", "out.txt", text]), "");
    assert_eq!(std::fs::read_to_string(sandbox.path("out.txt")).unwrap(), shown);
}

#[test]
fn what_cannot_be_explained_is_said() {
    let sandbox = Sandbox::with_model();
    let error = sandbox.run(&["explain", "-q", "model", "fine", " \t "]);
    assert_eq!(error.code, Some(1));
    assert!(error.stderr.contains("sentence 2: expected a text with at least one word"), "{}", error.stderr);
    let error = sandbox.run(&["explain", "-q", "model", "--label", "nice", "fine"]);
    assert!(error.stderr.contains("expected a label of the model, got \"nice\""), "{}", error.stderr);
    assert!(error.stderr.contains("the labels are: bad, good"), "{}", error.stderr);
    let error = sandbox.run(&["explain", "-q", "model", "--json", "--html", "-", "fine"]);
    assert!(error.stderr.contains("stdout: expected --json or --html -, got both"), "{}", error.stderr);
    assert_eq!(sandbox.run(&["explain", "-q", "model"]).code, Some(2));
    // A label that is not the answer, and never becomes it, and one that stays: by `predict` on what is left.
    for (label, verb) in [("good", "never becomes good"), ("bad", "stays bad")] {
        let said = sandbox.run(&["explain", "-q", "model", "--path", "--label", label, "fine"]).stdout;
        assert!(said.contains(&format!("The answer {verb}, even without any word")), "{said}");
    }
    // A word may be longer than any width that a format string can have.
    let long = "x".repeat(70_000);
    assert!(sandbox.run(&["explain", "-q", "model", &long]).stdout.contains(&long));
    // What the encoder has not read is said, and encoded once: here all but the first 510 words.
    let text = "fine ".repeat(600);
    let said = sandbox.run(&["explain", "-q", "model", &text]).stdout;
    assert!(said.contains("the words that it has not read contribute 0"), "{said}");
    let explanation = &explain(&sandbox, &[&text])[0];
    assert_eq!((&explanation["is_truncated"], explanation["n_encodings"].as_u64()), (&true.into(), Some(2)));
    // A text of one word has no pair.
    let explanation = &explain(&sandbox, &["fine"])[0];
    assert_eq!(
        (explanation["words"].as_array().unwrap().len(), explanation["n_encodings"].as_u64()),
        (1, Some(2))
    );
}

/// Oracle: the file names of the folder, and the sentences of the data.
#[test]
fn training_sentences_are_kept_only_if_asked_for() {
    let sandbox = Sandbox::with_model();
    let holds = |name: &str, text: &str| {
        let files = std::fs::read_dir(sandbox.path(name))
            .unwrap()
            .map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
        files.into_iter().any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
    };
    assert!(!holds("model", "film 3 was a quiet bore"));
    assert!(explain(&sandbox, &[TEXT])[0]["neighbours"].is_null());
    let bert = encoder("bert");
    let train = [
        "train",
        "-q",
        "--encoder",
        &bert,
        "--data",
        "reviews.tsv",
        "--features",
        "article",
        "--output",
        "model",
    ];
    sandbox.succeed(&[&train[..], &["--keep-neighbours"]].concat());
    assert!(holds("model", "film 3 was a quiet bore"));
    let text = "film 3 was a quiet bore";
    let found = explain(&sandbox, &[text])[0]["neighbours"].clone();
    let found = found.as_array().unwrap();
    assert_eq!(found.len(), 5);
    // The split of seed 0 trains on this row; the nearest sentence to it is itself.
    assert_eq!((&found[0]["text"], &found[0]["label"]), (&text.into(), &"bad".into()), "{found:?}");
    assert!(number(&found[0]["cosine"]) > 0.999);
    assert!(found.is_sorted_by(|a, b| number(&a["cosine"]) >= number(&b["cosine"])));
    let shown = sandbox.succeed(&["explain", "-q", "model", text]);
    assert!(shown.contains("training sentence") && shown.contains("film 3 was a quiet bore"), "{shown}");
    // Trained again without, the folder has them no longer.
    sandbox.succeed(&train);
    assert!(!holds("model", "film 3 was a quiet bore"));
}
